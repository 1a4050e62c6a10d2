//! `role NAME { … }`, `policy NAME { … }`, `boundary NAME { … }`, `guardrail NAME { … }`

use super::Resolver;
use super::iam_arn::IamArn;
use super::set::DeclaredLayers;
use crate::aws::arn::{Fields, LEAST_FIELDS};
use crate::aws::quotas;
use crate::diagnostic::{Code, Diagnostic};
use crate::english::{nearest, quote};
use crate::rules::formats;
use crate::rules::model::{
    Allow, AllowedHandling, Attachments, BoundaryReference, DeniedHandling, Deny, Handled, Id,
    LayerSet, Principal, Restriction, RestrictionForm, Role, Spanned, Target,
};
use crate::rules::scope::{self, may_be_missing};
use crate::rules::text::Text;
use crate::source::Span;
use crate::syntax::ast::{
    self, Attach, AttachKind, HandlingRight, Name, RestrictionKind, Rule, Value,
};
use crate::syntax::keyword::Keyword;
use std::sync::Arc;

/// The names that the restrictions of a source can use.
pub struct Names<'a> {
    /// The layers.
    pub layers: DeclaredLayers<'a>,
    /// The roles.
    pub roles: Vec<&'a str>,
    /// The boundaries.
    pub boundaries: Vec<&'a str>,
    /// The roles, policies, boundaries and guardrails.
    pub subjects: Vec<&'a str>,
}

/// The statements of a body, with a field for each that is allowed once.
#[derive(Default)]
struct RestrictionBody {
    physical_name: Option<Spanned<Text>>,
    path: Option<Spanned<String>>,
    description: Option<Spanned<String>>,
    allow: Option<Spanned<Allow>>,
    reads: Vec<Spanned<LayerSet>>,
    handling: Vec<Spanned<AllowedHandling>>,
    denied_handling: Vec<Spanned<DeniedHandling>>,
    denies: Vec<Spanned<Deny>>,
    functions: Vec<Spanned<String>>,
    exempt: Vec<Spanned<String>>,
    pass_roles: Vec<Spanned<Text>>,
    role: Role,
    boundary: Option<Span>,
    attachments: Attachments,
    targets: Vec<Target>,
}

impl RestrictionBody {
    fn deny(&mut self, value: Deny, span: Span) {
        self.denies.push(Spanned { value, span });
    }
}

impl Resolver<'_> {
    /// A role, policy, boundary or guardrail; `None` if it has no valid name, which is then
    /// reported.
    pub fn restriction(
        &mut self,
        declared: &ast::Restriction,
        names: &Names<'_>,
    ) -> Option<Restriction> {
        let (kind, name) = (declared.kind, &declared.name);
        if let Some(problem) = name_problem(&name.text) {
            let message = format!("{} cannot name a {}", quote(&name.text), kind.keyword());
            self.report(Diagnostic::error(Code::InvalidName, name.span, message).note(problem));
            return None;
        }
        let mut body = RestrictionBody::default();
        for statement in &declared.statements {
            self.statement(&statement.rule, statement.keyword, kind, names, &mut body);
        }
        if declared.complete {
            self.check_body(declared, &body);
        }
        let form = match kind {
            RestrictionKind::Role => RestrictionForm::Role(body.role),
            RestrictionKind::Policy => RestrictionForm::Policy(body.attachments),
            RestrictionKind::Boundary => RestrictionForm::Boundary,
            RestrictionKind::Guardrail => RestrictionForm::Guardrail(body.targets),
        };
        Some(Restriction {
            name: Spanned {
                value: name.text.clone(),
                span: name.span,
            },
            physical_name: body.physical_name,
            path: body.path,
            description: body.description,
            allow: body.allow,
            reads: body.reads,
            handling: body.handling,
            denies: body.denies,
            denied_handling: body.denied_handling,
            functions: body.functions,
            exempt: body.exempt,
            pass_roles: body.pass_roles,
            form,
        })
    }

    fn statement(
        &mut self,
        rule: &Rule,
        keyword: Span,
        kind: RestrictionKind,
        names: &Names<'_>,
        body: &mut RestrictionBody,
    ) {
        match rule {
            Rule::AllowNone(right) => self.allow(Allow::None(*right), keyword, body),
            Rule::Allow(right, items) => {
                let set = self.set(items, kind, &names.layers);
                self.allow(Allow::Layers(*right, set), keyword, body);
            }
            Rule::AllowRead(items) => body.reads.push(Spanned {
                value: self.set(items, kind, &names.layers),
                span: keyword,
            }),
            Rule::AllowRight(right, patterns) => body.handling.push(Spanned {
                value: self.allowed_handling(*right, patterns, names),
                span: keyword,
            }),
            Rule::DenyRight {
                right,
                except,
                patterns,
                span,
            } => {
                if patterns.is_empty() {
                    self.refuse_ambiguous(*right, *span, names);
                }
                let denied = self.denied_handling(*right, *except, patterns, names);
                self.deny_handling(denied, keyword, body);
            }
            Rule::DenyAll => body.deny(Deny::All, keyword),
            Rule::Deny(items) => {
                let set = self.set(items, kind, &names.layers);
                body.deny(Deny::Layers(set), keyword);
            }
            Rule::DenyAllExcept(items) => {
                let set = self.set(items, kind, &names.layers);
                self.deny_all_except(Deny::AllExcept(set), keyword, body);
            }
            Rule::Functions(patterns) => body.functions.extend(self.function_patterns(patterns)),
            Rule::Exempt(patterns) => body.exempt.extend(self.role_patterns(patterns)),
            Rule::Trust(principals) => self.trust_principals(principals, &mut body.role.trust),
            Rule::TrustService(service) => body.role.trust.extend(self.trust_service(service)),
            Rule::TrustOidc(oidc) => body.role.trust.extend(self.trust_oidc(oidc)),
            Rule::PassRole(arns) => body.pass_roles.extend(self.iam_arns(arns, IamArn::ROLES)),
            Rule::Managed(arns) => body.role.managed.extend(self.policy_arns(arns)),
            Rule::Boundary(reference) => self.boundary(reference, keyword, names, body),
            Rule::Attach(attach) => self.attach(attach, names, &mut body.attachments),
            Rule::Apply(targets) => self.targets(targets, &mut body.targets),
            Rule::Name(name) => self.physical_name(name, keyword, kind, body),
            Rule::Path(path) => self.path(path, keyword, kind, body),
            Rule::Description(text) => self.restriction_description(text, keyword, kind, body),
        }
    }

    fn allowed_handling(
        &mut self,
        right: HandlingRight,
        patterns: &[Name],
        names: &Names<'_>,
    ) -> AllowedHandling {
        AllowedHandling {
            right,
            names: self.layer_names(patterns, &names.layers),
        }
    }

    fn denied_handling(
        &mut self,
        right: HandlingRight,
        except: bool,
        patterns: &[Name],
        names: &Names<'_>,
    ) -> DeniedHandling {
        let listed = self.layer_names(patterns, &names.layers);
        let layers = match (patterns, except) {
            ([], _) => Handled::All,
            (_, false) => Handled::Named(listed),
            (_, true) => Handled::AllBut(listed),
        };
        DeniedHandling { right, layers }
    }

    fn allow(&mut self, allow: Allow, span: Span, body: &mut RestrictionBody) {
        let Some(first) = &body.allow else {
            body.allow = Some(Spanned { value: allow, span });
            return;
        };
        self.report(
            Diagnostic::error(Code::RepeatedStatement, span, "`allow` is repeated")
                .label("repeated here")
                .also(first.span, "first given here")
                .note(
                    "two of them do not add up: a function with layers from both would still be \
                refused",
                )
                .help("write one `allow` with all the layers, or a `policy` for each"),
        );
    }

    fn deny_all_except(&mut self, deny: Deny, span: Span, body: &mut RestrictionBody) {
        let first = body
            .denies
            .iter()
            .find(|deny| matches!(deny.value, Deny::AllExcept(_)))
            .map(|deny| deny.span);
        match first {
            None => body.denies.push(Spanned { value: deny, span }),
            Some(first) => self.report(
                Diagnostic::error(
                    Code::RepeatedStatement,
                    span,
                    "`deny all except` is repeated",
                )
                .label("repeated here")
                .also(first, "first given here")
                .note("together they would deny every layer that is not in both sets")
                .help("write one `deny all except` with all the layers"),
            ),
        }
    }

    fn deny_handling(&mut self, deny: DeniedHandling, span: Span, body: &mut RestrictionBody) {
        let is_open = |other: &&Spanned<DeniedHandling>| {
            other.value.right == deny.right && matches!(other.value.layers, Handled::AllBut(_))
        };
        let first = body.denied_handling.iter().find(is_open);
        if let (Handled::AllBut(_), Some(first)) = (&deny.layers, first) {
            let message = format!("`deny {} except` is repeated", deny.right.keyword());
            let first = first.span;
            return self.report(
                Diagnostic::error(Code::RepeatedStatement, span, message)
                    .label("repeated here")
                    .also(first, "first given here")
                    .note("together they would except only the names that both except")
                    .help("write one with all the patterns"),
            );
        }
        body.denied_handling.push(Spanned { value: deny, span });
    }

    /// Refuses a right that could be a layer of this source as well.
    fn refuse_ambiguous(&mut self, right: HandlingRight, span: Span, names: &Names<'_>) {
        let word = right.keyword();
        if !names.layers.contains_key(word.text()) {
            return;
        }
        let message = format!("`deny {word}` can be read in two ways");
        self.report(
            Diagnostic::error(Code::AmbiguousRule, span, message)
                .note(format!(
                    "`{word}` is an action on layers, and also a layer of this source"
                ))
                .help(format!(
                    "write `deny {word} *` for the action, or `deny {word} from this account` for \
                    the layer"
                )),
        );
    }

    fn function_patterns(&mut self, written: &[Value]) -> Vec<Spanned<String>> {
        self.patterns(written, "function", formats::function_pattern_problem)
    }

    fn role_patterns(&mut self, written: &[Value]) -> Vec<Spanned<String>> {
        self.patterns(written, "role", role_pattern_problem)
    }

    fn patterns(
        &mut self,
        written: &[Value],
        what: &str,
        problem: fn(&str) -> Option<&'static str>,
    ) -> Vec<Spanned<String>> {
        let mut patterns = Vec::with_capacity(written.len());
        for value in written {
            let Some(pattern) =
                self.scope
                    .literal(value, &format!("a pattern for {what}s"), self.diagnostics)
            else {
                continue;
            };
            match problem(&pattern) {
                None => patterns.push(Spanned {
                    value: pattern,
                    span: value.span,
                }),
                Some(problem) => {
                    let message = format!(
                        "{} is not a pattern for the names of {what}s",
                        quote(&pattern)
                    );
                    self.report(
                        Diagnostic::error(Code::InvalidPattern, value.span, message).note(problem),
                    );
                }
            }
        }
        patterns
    }

    fn policy_arns(&mut self, written: &[Value]) -> Vec<Spanned<Text>> {
        self.iam_arns(written, IamArn::POLICY)
    }

    fn iam_arns(&mut self, written: &[Value], form: IamArn) -> Vec<Spanned<Text>> {
        let found = written.iter().filter_map(|arn| self.iam_arn(arn, form));
        found.collect()
    }

    /// The ARN of something of IAM in which only the partition and the account may be parameters.
    fn iam_arn(&mut self, written: &Value, form: IamArn) -> Option<Spanned<Text>> {
        let arn = self.scope.text(written, self.diagnostics)?;
        let fields = Fields::of(&arn);
        let problem = if fields.count() == LEAST_FIELDS {
            let mut placed = fields.placed();
            placed.find_map(|(field, text)| form.field_problem(field, text))
        } else {
            Some("it does not have the six fields of such an ARN".to_owned())
        };
        if let Some(problem) = problem {
            let message = format!("{} is not the ARN of a {}", quote(&written.text), form.what);
            self.report(
                Diagnostic::error(Code::InvalidArn, written.span, message)
                    .note(problem)
                    .help(format!(
                        "it is written `arn:PARTITION:iam::ACCOUNT:{}NAME`",
                        form.prefix
                    )),
            );
            return None;
        }
        let account = fields.arn()?.account;
        if let Some(name) = account
            .as_parameter()
            .filter(|name| *name != "AWS::AccountId")
        {
            self.scope
                .account_parameter(name, written.span, self.diagnostics)?;
        }
        Some(Spanned {
            value: arn,
            span: written.span,
        })
    }

    fn boundary(
        &mut self,
        written: &Value,
        keyword: Span,
        names: &Names<'_>,
        body: &mut RestrictionBody,
    ) {
        if let Some(first) = body.boundary.replace(keyword) {
            return self.repeated(Keyword::Boundary, keyword, first);
        }
        if written.text.starts_with("arn:") {
            let arn = self.iam_arn(written, IamArn::POLICY);
            body.role.boundary = arn.map(|arn| BoundaryReference::Existing(arn.value));
            return;
        }
        if names.boundaries.contains(&written.text.as_str()) {
            body.role.boundary = Some(BoundaryReference::Declared(written.text.clone()));
            return;
        }
        let message = format!(
            "there is no boundary {} in this source",
            quote(&written.text)
        );
        let diagnostic = Diagnostic::error(Code::UnknownName, written.span, message);
        let near = nearest(&written.text, names.boundaries.iter().copied());
        self.report(diagnostic.suggest(
            written.span,
            near,
            "declare it, `boundary NAME { … }`, or give the ARN of a policy that exists",
        ));
    }

    fn attach(&mut self, attach: &Attach, names: &Names<'_>, attachments: &mut Attachments) {
        let (what, most) = match attach.kind {
            AttachKind::Role => ("a role's name", quotas::ROLE_NAME),
            AttachKind::User => ("a user's name", quotas::ROLE_NAME),
            AttachKind::Group => ("a group's name", quotas::POLICY_NAME),
        };
        for value in &attach.names {
            let Some(name) = self.scope.literal(value, what, self.diagnostics) else {
                continue;
            };
            let declared = attach.kind == AttachKind::Role && names.roles.contains(&name.as_str());
            let list = match attach.kind {
                _ if declared => &mut attachments.declared_roles,
                AttachKind::Role => &mut attachments.roles,
                AttachKind::User => &mut attachments.users,
                AttachKind::Group => &mut attachments.groups,
            };
            if !list.contains(&name) {
                list.push(name.clone());
            }
            if !declared && !formats::is_iam_name(&name, most) {
                let message = format!("{} is not {what}", quote(&name));
                let note =
                    format!("it is made of letters, digits and `_+=,.@-`, at most {most} of them");
                self.report(Diagnostic::error(Code::InvalidName, value.span, message).note(note));
            }
        }
    }

    /// Roots, units and accounts.
    pub(super) fn targets(&mut self, written: &[ast::Principal], targets: &mut Vec<Target>) {
        for target in written {
            if let ast::Principal::Named(word) = target
                && formats::is_target_id(&word.text)
            {
                let id = Id::Literal(word.text.clone());
                targets.push(Target {
                    id,
                    names: None,
                    span: word.span,
                });
                continue;
            }
            if let ast::Principal::Named(word) = target
                && formats::is_unit_id(&word.text)
            {
                self.report(not_a_unit(word));
                continue;
            }
            for (found, span) in self.scope.targets(target, self.diagnostics) {
                let index = match found {
                    scope::TargetPrincipal::Unit(id, name) => {
                        targets.push(Target {
                            id: Id::Literal(id),
                            names: name.map(Arc::from),
                            span,
                        });
                        continue;
                    }
                    scope::TargetPrincipal::Principal(index) => index,
                };
                match self.scope.principal(index) {
                    Some(Principal::Account(Id::Optional(name))) => {
                        self.diagnostics.push(may_be_missing(name, span));
                    }
                    Some(Principal::Account(id)) => {
                        targets.push(Target {
                            id: id.clone(),
                            names: self.scope.names_of(index),
                            span,
                        });
                    }
                    _ => self.report(
                        Diagnostic::error(
                            Code::InvalidTarget,
                            span,
                            "this is not a root, a unit or an account",
                        )
                        .help("for a whole organization, give the ID of its root: `r-…`"),
                    ),
                }
            }
        }
    }

    fn physical_name(
        &mut self,
        written: &Value,
        keyword: Span,
        kind: RestrictionKind,
        body: &mut RestrictionBody,
    ) {
        if let Some(first) = &body.physical_name {
            return self.repeated(Keyword::Name, keyword, first.span);
        }
        let Some(name) = self.scope.text(written, self.diagnostics) else {
            return;
        };
        let most = if kind == RestrictionKind::Role {
            quotas::ROLE_NAME
        } else {
            quotas::POLICY_NAME
        };
        let literals = name
            .as_literal()
            .map(|name| formats::is_iam_name(name, most));
        if literals == Some(false) {
            let message = format!("{} cannot name a {}", quote(&written.text), kind.keyword());
            let note = format!(
                "such a name is made of letters, digits and `_+=,.@-`, at most {most} of them"
            );
            self.report(Diagnostic::error(Code::InvalidName, written.span, message).note(note));
        }
        body.physical_name = Some(Spanned {
            value: name,
            span: keyword,
        });
    }

    fn path(
        &mut self,
        written: &Value,
        keyword: Span,
        kind: RestrictionKind,
        body: &mut RestrictionBody,
    ) {
        if let Some(first) = &body.path {
            return self.repeated(Keyword::Path, keyword, first.span);
        }
        let Some(path) = self.scope.literal(written, "a path", self.diagnostics) else {
            return;
        };
        let is_role = kind == RestrictionKind::Role;
        if !formats::is_role_path(&path) {
            let message = format!("{} is not an IAM path", quote(&path));
            self.report(
                Diagnostic::error(Code::InvalidName, written.span, message).note(
                    "it begins and ends with `/`, as in `/teams/platform/`, and has at most \
                    512 characters",
                ),
            );
        } else if !is_role && !formats::is_policy_path(&path) {
            let message = format!("{} is not a path for a managed policy", quote(&path));
            self.report(
                Diagnostic::error(Code::InvalidName, written.span, message)
                    .note(
                        "it is made of letters, digits, `.,+@=_-` and `/`, with no two `/` in a \
                    row",
                    )
                    .note("only the path of a role can have other characters"),
            );
        }
        body.path = Some(Spanned {
            value: path,
            span: keyword,
        });
    }

    fn restriction_description(
        &mut self,
        written: &Value,
        keyword: Span,
        kind: RestrictionKind,
        body: &mut RestrictionBody,
    ) {
        if let Some(first) = &body.description {
            return self.repeated(Keyword::Description, keyword, first.span);
        }
        let most = match kind {
            RestrictionKind::Guardrail => quotas::GUARDRAIL_DESCRIPTION,
            RestrictionKind::Role | RestrictionKind::Policy | RestrictionKind::Boundary => {
                quotas::POLICY_DESCRIPTION
            }
        };
        let Some(text) = self.plain_text(written, "a description", most) else {
            return;
        };
        // Only `CreateRole` has this pattern (IAM API reference, Organizations API reference).
        let in_latin = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
        let strange = text.chars().find(|&c| !in_latin(c));
        if let (RestrictionKind::Role, Some(strange)) = (kind, strange) {
            let message = format!(
                "IAM does not accept {} in the description of a role",
                quote(&strange.to_string())
            );
            self.report(
                Diagnostic::error(Code::InvalidDescription, written.span, message)
                    .note("only the characters of Latin-1 are allowed"),
            );
        }
        body.description = Some(Spanned {
            value: text,
            span: keyword,
        });
    }

    /// Looks for missing statements, and for statements without effect.
    fn check_body(&mut self, declared: &ast::Restriction, body: &RestrictionBody) {
        let (kind, span) = (declared.kind.keyword(), declared.name.span);
        let allows = body.allow.is_some() || !body.reads.is_empty() || !body.handling.is_empty();
        let denies = !body.denies.is_empty() || !body.denied_handling.is_empty();
        if declared.kind == RestrictionKind::Role {
            let said = |rule: &Rule| {
                matches!(
                    rule,
                    Rule::Trust(_) | Rule::TrustService(_) | Rule::TrustOidc(_)
                )
            };
            if !declared
                .statements
                .iter()
                .any(|statement| said(&statement.rule))
            {
                self.report(Diagnostic::error(Code::MissingTrust, span, "nobody can assume this \
                role").help(
                    "say who can: `trust ACCOUNT`, `trust service NAME` or `trust oidc PROVIDER \
                    subject PATTERN`",
                ));
            }
        } else if !allows && !denies && body.pass_roles.is_empty() {
            self.report(
                Diagnostic::error(Code::NoRules, span, format!("this {kind} has no rule"))
                    .note("IAM refuses a policy without statements")
                    .help("say what it denies or allows, as in `deny all except NAME`"),
            );
        }
        if let (None, Some(first)) = (&body.allow, body.functions.first()) {
            self.report(
                Diagnostic::warning(Code::NoEffect, first.span, "`functions` has no effect here")
                    .note("it limits `allow` to some functions, and there is no `allow`"),
            );
        }
        if let (false, Some(first)) = (denies, body.exempt.first()) {
            self.report(
                Diagnostic::warning(Code::NoEffect, first.span, "`exempt` has no effect here")
                    .note("it exempts roles from `deny`, and there is no `deny`"),
            );
        }
        let applies = declared
            .statements
            .iter()
            .any(|statement| matches!(statement.rule, Rule::Apply(_)));
        if declared.kind == RestrictionKind::Guardrail && !applies {
            self.report(
                Diagnostic::warning(Code::NoEffect, span, "this guardrail applies to nothing")
                    .help("add `apply to ID`, with the ID of a root, a unit or an account"),
            );
        }
    }
}

fn name_problem(name: &str) -> Option<&'static str> {
    (!formats::is_alias(name)).then_some(
        "a name begins with a letter and is made of letters, digits, `-` and `_`, at \
        most 100 of them",
    )
}

/// What is wrong with a pattern for exempt roles.
fn role_pattern_problem(pattern: &str) -> Option<&'static str> {
    if pattern.bytes().all(|byte| b"*?/".contains(&byte)) {
        return Some("it exempts every role, so the rules would bind nobody");
    }
    formats::role_pattern_problem(pattern)
}

/// A word that begins like the ID of a root or a unit.
fn not_a_unit(word: &Name) -> Diagnostic {
    let message = format!("{} is not the ID of a root or a unit", quote(&word.text));
    Diagnostic::error(Code::InvalidTarget, word.span, message)
        .note("a root is `r-` and 4 to 32 lower-case letters and digits")
        .note(
            "a unit is `ou-`, the characters of its root, `-`, and 8 to 32 lower-case letters and \
            digits",
        )
}
