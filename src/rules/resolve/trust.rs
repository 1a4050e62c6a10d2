//! `trust …`: who may assume a role.

use super::Resolver;
use crate::aws::oidc::{GITHUB, Tenant, is_of_one_cluster, tenant};
use crate::diagnostic::{Code, Diagnostic};
use crate::english::quote;
use crate::rules::formats;
use crate::rules::model::{Id, Principal, Trust};
use crate::rules::scope::may_be_missing;
use crate::source::Span;
use crate::syntax::ast::{self, Oidc, Value};

impl Resolver<'_> {
    /// `trust PRINCIPALS`
    pub fn trust_principals(&mut self, principals: &[ast::Principal], trusted: &mut Vec<Trust>) {
        for (index, span) in self.scope.expand(principals, self.diagnostics) {
            let names = self.scope.names_of(index);
            let trust = match self.scope.principal(index) {
                Some(
                    Principal::Account(Id::Optional(name))
                    | Principal::Organization(Id::Optional(name)),
                ) => {
                    self.diagnostics.push(may_be_missing(name, span));
                    continue;
                }
                Some(Principal::Account(id)) => Trust::Account(id.clone(), names),
                Some(Principal::Organization(id)) => Trust::Organization(id.clone(), names),
                Some(Principal::Everyone) | None => {
                    self.report(
                        Diagnostic::error(
                            Code::UnrestrictedTrust,
                            span,
                            "a role cannot trust everyone",
                        )
                        .label("anybody with an AWS account could assume it")
                        .help(
                            "trust an account, an organization, a service or an identity provider",
                        ),
                    );
                    continue;
                }
            };
            if !trusted.contains(&trust) {
                trusted.push(trust);
            }
        }
    }

    /// `trust service NAME`
    pub fn trust_service(&mut self, written: &Value) -> Option<Trust> {
        let service = self
            .scope
            .literal(written, "a service's name", self.diagnostics)?;
        if formats::is_service(&service) {
            return Some(Trust::Service(service));
        }
        let message = format!("{} is not the name of an AWS service", quote(&service));
        let diagnostic = Diagnostic::error(Code::InvalidTrust, written.span, message);
        let full = format!("{service}.amazonaws.com");
        let is_short = formats::is_service(&full) && !service.contains('.');
        let near = is_short.then_some(full.as_str());
        self.report(diagnostic.suggest(
            written.span,
            near,
            "it is written as in `lambda.amazonaws.com`",
        ));
        None
    }

    /// `trust oidc PROVIDER subject PATTERN`
    pub fn trust_oidc(&mut self, oidc: &Oidc) -> Option<Trust> {
        let provider =
            self.scope
                .literal(&oidc.provider, "an identity provider", self.diagnostics)?;
        let subject = self
            .scope
            .literal(&oidc.subject, "a subject", self.diagnostics)?;
        if !formats::is_oidc_provider(&provider) {
            self.report(not_a_provider(&provider, oidc.provider.span));
            return None;
        }
        if let Some(Tenant::Claim(claim)) = tenant(&provider) {
            self.report(unfit(&provider, claim, oidc.provider.span));
            return None;
        }
        if let Some((problem, help)) = subject_problem(&provider, &subject) {
            let message = format!("the subject {} trusts strangers", quote(&subject));
            let diagnostic = Diagnostic::error(Code::UnrestrictedTrust, oidc.subject.span, message);
            self.report(diagnostic.note(problem).help(help));
            return None;
        }
        if !subject.chars().all(|c| matches!(c, ' '..='~')) {
            let message = format!("no token has the subject {}", quote(&subject));
            self.report(
                Diagnostic::error(Code::InvalidTrust, oidc.subject.span, message)
                    .note("a subject contains only ASCII"),
            );
            return None;
        }
        if subject.contains(['*', '?'])
            && tenant(&provider).is_none()
            && !is_of_one_cluster(&provider)
        {
            self.report(unknown_provider(&provider, oidc));
        }
        if provider == GITHUB && subject.strip_prefix("repo:").is_some_and(is_without_ids) {
            self.report(without_ids(oidc.subject.span));
        }
        Some(Trust::Oidc { provider, subject })
    }
}

/// Reports a provider for which the audience and the subject are not enough, or do not match.
fn unfit(provider: &str, claim: &str, span: Span) -> Diagnostic {
    let message = format!(
        "a role cannot trust {} by audience and subject",
        quote(provider)
    );
    let diagnostic = Diagnostic::error(Code::InvalidTrust, span, message);
    let diagnostic = match claim {
        "aud" => diagnostic.note(
            "the audience of its tokens names the tenant or the client, and this role would \
                require `sts.amazonaws.com`, so no token would match",
        ),
        _ => diagnostic.note(format!(
            "it also needs a condition on `{claim}`, which this \
        language does not have"
        )),
    };
    diagnostic.help("write the trust policy of this role by hand")
}

/// Why a pattern for subjects would let strangers in, if it would, and what to write instead.
fn subject_problem(provider: &str, subject: &str) -> Option<(&'static str, String)> {
    const SHARED: &str =
        "everybody can get a token from this provider, and the subject leaves the owner open";
    const UNNAMED: &str =
        "everybody can get a token from this provider, and the subject does not name its owner";
    let whole = || "write the whole subject; a role can have a `trust` for each".to_owned();
    if subject.contains("${") {
        let problem = "IAM fills in a policy variable from the request, so the caller would choose \
            the subject";
        return Some((problem, whole()));
    }
    let fixed = subject.split(['*', '?']).next().unwrap_or_default();
    let is_whole = fixed.len() == subject.len();
    match tenant(provider) {
        Some(Tenant::Prefix { before, end }) => {
            let help = || match provider {
                GITHUB => "write the owner out, as in `repo:OWNER@OWNER-ID/…`".to_owned(),
                _ => format!("write the owner out, as in `{before}OWNER{end}…`"),
            };
            let Some(rest) = fixed.strip_prefix(before) else {
                let tells = is_whole && (provider != GITHUB || names_owner(subject));
                return (!tells).then(|| (if is_whole { UNNAMED } else { SHARED }, help()));
            };
            match rest.split_once(end) {
                Some((owner, _)) if !owner.is_empty() => None,
                _ if is_whole && !rest.is_empty() && provider != GITHUB => None,
                _ if rest.contains('@') => {
                    let problem = "the subject leaves the owner's ID open, and others can take a \
                        name that is given up";
                    Some((problem, help()))
                }
                _ => Some((SHARED, help())),
            }
        }
        Some(Tenant::Subject) if !is_whole => {
            let problem = "everybody can get a token from this provider, and it is unknown which \
                part of the subject names the owner";
            Some((problem, whole()))
        }
        Some(Tenant::Subject | Tenant::Claim(_)) => None,
        None if fixed.is_empty() => Some((
            "its beginning is open, so anybody's token can match",
            whole(),
        )),
        // For an unknown provider, a subject must at least name the kind of its owner, and the
        // owner.
        None if !is_whole && whole_parts(fixed) < 2 => {
            let problem = "the text before the wildcard does not name the kind of owner and the \
                owner, up to a `:` or `/`";
            Some((
                problem,
                "write the owner out, as in `project:OWNER:*`".to_owned(),
            ))
        }
        None => None,
    }
}

/// How many parts of a text have something in them and end in `:` or `/`.
fn whole_parts(text: &str) -> usize {
    let ended = text
        .rfind([':', '/'])
        .and_then(|end| text.get(..end))
        .unwrap_or_default();
    ended
        .split([':', '/'])
        .filter(|part| !part.is_empty())
        .count()
}

/// Whether a subject of GitHub that does not begin with the repository names its owner by another
/// claim. Everybody can choose the claims in the subjects of their own repositories (GitHub,
/// "OpenID Connect reference", "Customizing the token claims"); so any other subject could be a
/// stranger's too.
fn names_owner(subject: &str) -> bool {
    const OWNERS: [&str; 6] = [
        "repository",
        "repository_id",
        "repository_owner",
        "repository_owner_id",
        "enterprise",
        "enterprise_id",
    ];
    let mut parts = subject.split(':');
    while let (Some(claim), Some(value)) = (parts.next(), parts.next()) {
        if OWNERS.contains(&claim) && !value.is_empty() {
            return true;
        }
    }
    false
}

/// Whether the owner or the repository after `repo:` in a subject of GitHub lacks its ID.
fn is_without_ids(rest: &str) -> bool {
    let (owner, rest) = rest.split_once('/').unwrap_or((rest, "*"));
    let repository = rest.split(':').next().unwrap_or_default();
    let open = repository.starts_with('*');
    !owner.contains('@') || !(open || repository.contains('@'))
}

fn not_a_provider(provider: &str, span: Span) -> Diagnostic {
    let message = format!(
        "{} is not the address of an identity provider",
        quote(provider)
    );
    let diagnostic = Diagnostic::error(Code::InvalidTrust, span, message);
    let bare = provider
        .trim_start_matches("https://")
        .trim_end_matches('/');
    if formats::is_oidc_provider(bare) {
        diagnostic.fix("IAM expects it without `https://`", span, bare)
    } else {
        diagnostic.help("it is written as in `token.actions.githubusercontent.com`")
    }
}

fn unknown_provider(provider: &str, oidc: &Oidc) -> Diagnostic {
    let message = format!(
        "whether strangers can get a token of {} is unknown",
        quote(provider)
    );
    Diagnostic::warning(Code::UnknownProvider, oidc.provider.span, message)
        .also(
            oidc.subject.span,
            "this trusts every token whose subject begins like that",
        )
        .help(
            "make sure that the text before the wildcard is yours alone, or write the whole \
            subject",
        )
}

fn without_ids(span: Span) -> Diagnostic {
    Diagnostic::remark(
        Code::SubjectWithoutId,
        span,
        "this subject names the owner and the repository without their IDs",
    )
    .note(
        "repositories that were created, renamed or moved after 15 July 2026 send \
             `repo:OWNER@OWNER-ID/REPO@REPO-ID:…`, which this does not match",
    )
    .note("somebody else can take a name that is given up, but not an ID")
    .help("`gh api repos/OWNER/REPO --jq '.owner.id, .id'` prints the IDs")
}
