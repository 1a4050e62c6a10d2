//! The sizes of policy documents, and how many of them one thing takes.

use crate::aws::quotas::{
    GUARDRAIL, GUARDRAIL_WARNED, GUARDRAILS_OF_A_TARGET, INLINE_POLICIES, MANAGED_POLICY,
    POLICIES_OF_A_ROLE, TRUST_POLICY,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::english::{count, thousands};
use crate::source::Span;
use crate::template::lower::Lowered;
use crate::template::measure::{self, Lengths};
use crate::template::model::{Document, Effect, Properties, Value, Values};
use std::collections::BTreeMap;

/// A kind of document with its own limit.
#[derive(Clone, Copy)]
enum DocumentKind {
    Trust,
    /// All inline policies of a role together.
    Inline,
    Managed,
    Guardrail,
}

impl DocumentKind {
    fn name(self) -> &'static str {
        match self {
            Self::Trust => "trust policy",
            Self::Inline => "inline policy",
            Self::Managed => "managed policy",
            Self::Guardrail => "service control policy",
        }
    }

    /// The most characters.
    fn most(self) -> usize {
        match self {
            Self::Trust => TRUST_POLICY,
            Self::Inline => INLINE_POLICIES,
            Self::Managed => MANAGED_POLICY,
            Self::Guardrail => GUARDRAIL,
        }
    }
}

/// The characters of a document, whatever a deploy fills in.
#[derive(Clone, Copy)]
struct Characters {
    least: usize,
    most: usize,
}

/// Reports documents that are too long, and roles and targets with too many of them.
pub fn check(lowered: &Lowered, diagnostics: &mut Vec<Diagnostic>) {
    let resources = lowered.template.resources.iter().zip(&lowered.origins);
    let limited = resources.flat_map(|(resource, &origin)| {
        let documents = documents(&resource.properties).into_iter();
        documents.map(move |(kind, document)| (kind, document, origin))
    });
    let mut limited = limited.peekable();
    if limited.peek().is_some() {
        // The lengths cover the ARNs of all versions, and most templates have no such document.
        let shortest = Lengths::shortest(&lowered.template);
        let longest = Lengths::longest(&lowered.template);
        for (kind, document, origin) in limited {
            let characters = Characters {
                least: measure::document(document, &shortest),
                most: measure::document(document, &longest),
            };
            diagnostics.extend(too_long(kind, document, characters, origin));
        }
    }
    count_policies(lowered, diagnostics);
    count_guardrails(lowered, diagnostics);
}

/// The documents of a resource whose size AWS limits.
fn documents(properties: &Properties) -> Vec<(DocumentKind, &Document)> {
    match properties {
        Properties::Role(role) => vec![
            (DocumentKind::Trust, &role.trust),
            (DocumentKind::Inline, &role.policy),
        ],
        Properties::ManagedPolicy(policy) => vec![(DocumentKind::Managed, &policy.document)],
        Properties::ServiceControlPolicy(policy) => {
            vec![(DocumentKind::Guardrail, &policy.document)]
        }
        // What a stack set rolls out is measured before the stack set is made.
        Properties::LayerVersion(_)
        | Properties::Permission(_)
        | Properties::SsmParameter(_)
        | Properties::StackSet(_) => Vec::new(),
    }
}

/// The message about a document of so many characters, if any.
fn too_long(
    kind: DocumentKind,
    document: &Document,
    characters: Characters,
    origin: Span,
) -> Option<Diagnostic> {
    let Characters { least, most } = characters;
    let (what, limit) = (kind.name(), thousands(kind.most()));
    let diagnostic = if least > kind.most() {
        Diagnostic::error(Code::PolicySize, origin, format!("this {what} is too long")).label(
            format!(
                "at least {} characters; the limit is {limit}",
                thousands(least)
            ),
        )
    } else if most > kind.most() {
        Diagnostic::warning(
            Code::PolicySize,
            origin,
            format!("this {what} may be too long"),
        )
        .label(format!(
            "{} to {} characters; the limit is {limit}",
            thousands(least),
            thousands(most)
        ))
        .note("the size depends on the partition, the region and the numbers of the versions")
    } else {
        return match kind {
            DocumentKind::Guardrail if most > GUARDRAIL_WARNED => {
                Some(long_guardrail(most, origin))
            }
            DocumentKind::Guardrail
            | DocumentKind::Trust
            | DocumentKind::Inline
            | DocumentKind::Managed => None,
        };
    };
    let items = count(longest_list(document), "item");
    let diagnostic = if has_allowlist(document) {
        diagnostic
            .note("an allowlist cannot be split: a layer would have to be in every part of it")
            .help(format!(
                "use fewer patterns than these {items}, as in `shared-* from ACCOUNT`"
            ))
    } else {
        diagnostic.help(format!("use fewer than these {items}"))
    };
    Some(match kind {
        DocumentKind::Inline => {
            diagnostic.help("or move the rules into a `policy` that is attached to the role")
        }
        DocumentKind::Trust | DocumentKind::Managed | DocumentKind::Guardrail => diagnostic,
    })
}

/// Whether a statement of the document lists all layers that may be attached.
fn has_allowlist(document: &Document) -> bool {
    document.statements.iter().any(|statement| {
        let first = statement
            .conditions
            .first()
            .map(|condition| condition.operator);
        matches!(
            (statement.effect, first),
            (Effect::Allow, Some("ForAllValues:StringLike"))
                | (Effect::Deny, Some("ForAnyValue:StringNotLike"))
        )
    })
}

/// The items of the longest list of a document.
fn longest_list(document: &Document) -> usize {
    let length = |values: &Values| match values {
        Values::One(_) => 1,
        Values::Many(values) => values.len(),
    };
    let lists = document.statements.iter().flat_map(|statement| {
        let principals = statement
            .principal
            .iter()
            .map(|principal| &principal.principals);
        let conditions = statement
            .conditions
            .iter()
            .map(|condition| &condition.values);
        principals
            .chain(conditions)
            .chain(statement.resources.arns())
    });
    lists.map(length).max().unwrap_or_default()
}

fn long_guardrail(characters: usize, origin: Span) -> Diagnostic {
    let message = "this service control policy is longer than the old quota";
    Diagnostic::warning(Code::PolicySize, origin, message)
        .label(format!(
            "{} characters; the old quota is {}",
            thousands(characters),
            thousands(GUARDRAIL_WARNED)
        ))
        .note(format!(
            "AWS Organizations accepts {} since May 2026, where the new quota is in effect",
            thousands(GUARDRAIL)
        ))
        .help("use fewer patterns, or check your quota")
}

/// Warns of a role with more managed policies than IAM takes by default.
fn count_policies(lowered: &Lowered, diagnostics: &mut Vec<Diagnostic>) {
    let resources = || {
        lowered
            .template
            .resources
            .iter()
            .map(|resource| &resource.properties)
    };
    for (resource, &origin) in lowered.template.resources.iter().zip(&lowered.origins) {
        let Properties::Role(role) = &resource.properties else {
            continue;
        };
        let own = Value::Ref(resource.id.as_str().into());
        let attached = resources().filter(|properties| match properties {
            Properties::ManagedPolicy(policy) => policy.roles.contains(&own),
            Properties::LayerVersion(_)
            | Properties::Permission(_)
            | Properties::SsmParameter(_)
            | Properties::Role(_)
            | Properties::ServiceControlPolicy(_)
            | Properties::StackSet(_) => false,
        });
        let policies = role.managed.len() + attached.count();
        if policies > POLICIES_OF_A_ROLE {
            let message = format!("this role has {}", count(policies, "managed policy"));
            diagnostics.push(
                Diagnostic::warning(Code::TooMany, origin, message).note(format!(
                    "IAM allows {POLICIES_OF_A_ROLE} without a quota increase"
                )),
            );
        }
    }
}

/// Warns of a root, unit or account with more guardrails than every quota takes.
fn count_guardrails(lowered: &Lowered, diagnostics: &mut Vec<Diagnostic>) {
    let mut applied: BTreeMap<&str, (usize, Span)> = BTreeMap::new();
    for (resource, &origin) in lowered.template.resources.iter().zip(&lowered.origins) {
        let Properties::ServiceControlPolicy(policy) = &resource.properties else {
            continue;
        };
        for target in &policy.targets {
            if let Value::String(id) = &target.value {
                applied
                    .entry(id)
                    .and_modify(|(number, _)| *number += 1)
                    .or_insert((1, origin));
            }
        }
    }
    for (id, (number, origin)) in applied {
        if number > GUARDRAILS_OF_A_TARGET {
            let message =
                format!("{number} service control policies of this source apply to `{id}`");
            diagnostics.push(
                Diagnostic::warning(Code::TooMany, origin, message)
                    .note(
                        "AWS Organizations allows 5 for each root, unit and account, or 10 since \
                            May \
                    2026",
                    )
                    .note("one of them is `FullAWSAccess`, unless somebody removed it"),
            );
        }
    }
}
