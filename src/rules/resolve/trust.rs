//! `trust …`: who may take on a role.

use super::Resolver;
use crate::diagnostic::{Code, Diagnostic, quote};
use crate::rules::formats;
use crate::rules::model::{Principal, Trust};
use crate::syntax::ast::{self, Oidc, Value};

/// Identity providers that everybody can get a token of: what a subject of theirs begins with, up to its owner, and what
/// ends the owner.
///
/// GitHub: "OpenID Connect reference", the `sub` claim. GitLab: "ID token", the `sub` claim. HCP Terraform: "Workload
/// identity tokens", the `sub` claim. Buildkite: "OIDC with Buildkite", the `sub` claim.
const OPEN_PROVIDERS: &[(&str, &str, char)] = &[
    ("token.actions.githubusercontent.com", "repo:", '/'),
    ("gitlab.com", "project_path:", '/'),
    ("app.terraform.io", "organization:", ':'),
    ("agent.buildkite.com", "organization:", ':'),
];

impl Resolver<'_> {
    /// `trust PRINCIPALS`
    pub fn trust_principals(&mut self, principals: &[ast::Principal], trusted: &mut Vec<Trust>) {
        for (index, span) in self.scope.expand(principals, self.diagnostics) {
            let names = self.scope.names_of(index);
            let trust = match self.scope.principal(index) {
                Some(Principal::Account(id)) => Trust::Account(id.clone(), names),
                Some(Principal::Organization(id)) => Trust::Organization(id.clone(), names),
                Some(Principal::Everyone) | None => {
                    self.report(
                        Diagnostic::error(Code::UnrestrictedTrust, span, "a role cannot trust everyone")
                            .label("anybody with an AWS account could take it on")
                            .help("trust an account, an organization, a service or an identity provider"),
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
        let service = self.scope.literal(written, "a service's name", self.diagnostics)?;
        if formats::is_service(&service) {
            return Some(Trust::Service(service));
        }
        let message = format!("{} is not the name of an AWS service", quote(&service));
        let diagnostic = Diagnostic::error(Code::InvalidTrust, written.span, message);
        let full = format!("{service}.amazonaws.com");
        self.report(match formats::is_service(&full) {
            true if !service.contains('.') => diagnostic.fix(format!("write `{full}`"), written.span, full),
            _ => diagnostic.help("it is written as in `lambda.amazonaws.com`"),
        });
        None
    }

    /// `trust oidc PROVIDER subject PATTERN`
    pub fn trust_oidc(&mut self, oidc: &Oidc) -> Option<Trust> {
        let provider = self.scope.literal(&oidc.provider, "an identity provider", self.diagnostics)?;
        let subject = self.scope.literal(&oidc.subject, "a subject", self.diagnostics)?;
        if !formats::is_oidc_provider(&provider) {
            let message = format!("{} is not the address of an identity provider", quote(&provider));
            let diagnostic = Diagnostic::error(Code::InvalidTrust, oidc.provider.span, message);
            let bare = provider.trim_start_matches("https://").trim_end_matches('/');
            self.report(match formats::is_oidc_provider(bare) {
                true => diagnostic.fix("IAM knows it without `https://`", oidc.provider.span, bare),
                false => diagnostic.help("it is written as in `token.actions.githubusercontent.com`"),
            });
            return None;
        }
        if let Some(problem) = subject_problem(&provider, &subject) {
            let message = format!("the subject {} trusts strangers", quote(&subject));
            self.report(Diagnostic::error(Code::UnrestrictedTrust, oidc.subject.span, message).note(problem).help(
                match owner_in(&provider) {
                    Some((before, end)) => format!("write the owner out, as in `{before}OWNER{end}…`"),
                    None => "write whose tokens are trusted, with a wildcard at the end only".to_owned(),
                },
            ));
            return None;
        }
        if !subject.chars().all(|c| matches!(c, ' '..='~')) {
            let message = format!("no token has the subject {}", quote(&subject));
            self.report(Diagnostic::error(Code::InvalidTrust, oidc.subject.span, message).note("it is made of ASCII"));
            return None;
        }
        Some(Trust::Oidc { provider, subject })
    }
}

/// What stands before the owner in the subjects of a provider that is open to everybody, and what behind.
fn owner_in(provider: &str) -> Option<(&'static str, char)> {
    OPEN_PROVIDERS.iter().find(|(open, _, _)| *open == provider).map(|(_, before, end)| (*before, *end))
}

/// Why a pattern for subjects would let strangers in, if it would.
fn subject_problem(provider: &str, subject: &str) -> Option<&'static str> {
    if subject.contains("${") {
        return Some(
            "IAM fills a policy variable in from the request, so that the subject would be the caller's choice",
        );
    }
    let fixed = subject.split(['*', '?']).next().unwrap_or_default();
    if fixed.is_empty() {
        return Some("what it begins with is open, so that anybody's token can fit");
    }
    let is_whole = fixed.len() == subject.len();
    let Some((before, end)) = owner_in(provider) else {
        // Of a provider that is not known, a subject must at least say more than what kind of thing is its owner.
        let kind_only = fixed.strip_suffix(':').is_some_and(|kind| !kind.contains([':', '/']));
        return (kind_only && !is_whole).then_some("it says what the owner is, and not who");
    };
    let owner = fixed.strip_prefix(before).and_then(|rest| rest.split_once(end));
    (!is_whole && owner.is_none_or(|(owner, _)| owner.is_empty()))
        .then_some("everybody can get a token of this provider, and the owner in the subject is open")
}
