//! The sizes of policy documents, and how many of them one thing takes.

use crate::aws::quotas::{
    GUARDRAIL, GUARDRAIL_WARNED, GUARDRAILS_OF_A_TARGET, INLINE_POLICIES, MANAGED_POLICY, POLICIES_OF_A_ROLE,
    TRUST_POLICY,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::english::{count, thousands};
use crate::source::Span;
use crate::template::lower::Lowered;
use crate::template::measure::{self, Lengths};
use crate::template::model::{Document, Effect, Properties, Value, Values};
use std::collections::BTreeMap;

/// Reports documents that are too long, and what has too many of them.
pub fn check(lowered: &Lowered, diagnostics: &mut Vec<Diagnostic>) {
    let lengths = (Lengths::shortest(&lowered.template), Lengths::longest(&lowered.template));
    let measured = |document| (measure::document(document, &lengths.0), measure::document(document, &lengths.1));
    let check = |document, what, most, origin| too_long(document, what, measured(document), most, origin);
    for (resource, &origin) in lowered.template.resources.iter().zip(&lowered.origins) {
        match &resource.properties {
            Properties::Role(role) => {
                diagnostics.extend(check(&role.trust, "trust policy", TRUST_POLICY, origin));
                diagnostics.extend(check(&role.policy, "inline policy", INLINE_POLICIES, origin));
            }
            Properties::ManagedPolicy(policy) => {
                diagnostics.extend(check(&policy.document, "managed policy", MANAGED_POLICY, origin));
            }
            Properties::ServiceControlPolicy(policy) => {
                diagnostics.extend(check(&policy.document, "service control policy", GUARDRAIL, origin));
                let (_, longest) = measured(&policy.document);
                diagnostics.extend(
                    (GUARDRAIL_WARNED + 1..=GUARDRAIL).contains(&longest).then(|| long_guardrail(longest, origin)),
                );
            }
            _ => {}
        }
    }
    count_policies(lowered, diagnostics);
    count_guardrails(lowered, diagnostics);
}

/// What is to be said about a document that has this many characters at the least and at the most.
fn too_long(
    document: &Document,
    what: &str,
    (least, longest): (usize, usize),
    most: usize,
    origin: Span,
) -> Option<Diagnostic> {
    let limit = thousands(most);
    let diagnostic = if least > most {
        let message = format!("this {what} is too long");
        let label = format!("{} characters at the least, of at most {limit}", thousands(least));
        Diagnostic::error(Code::PolicySize, origin, message).label(label)
    } else if longest > most {
        let message = format!("this {what} may be too long");
        let label = format!("{} to {} characters, of at most {limit}", thousands(least), thousands(longest));
        Diagnostic::warning(Code::PolicySize, origin, message)
            .label(label)
            .note("how many depends on the partition, the region and the numbers of the versions")
    } else {
        return None;
    };
    let items = longest_list(document);
    let whole = document.statements.iter().any(|statement| {
        let first = statement.conditions.first().map(|condition| condition.operator);
        matches!(
            (statement.effect, first),
            (Effect::Allow, Some("ForAllValues:StringLike")) | (Effect::Deny, Some("ForAnyValue:StringNotLike"))
        )
    });
    let diagnostic = match whole {
        true => diagnostic
            .note("an allowlist cannot be cut in two: a layer would have to be on both halves of it")
            .help(format!(
                "say the same with fewer patterns than these {}, as in `shared-* from ACCOUNT`",
                count(items, "item")
            )),
        false => diagnostic.help(format!("say the same with fewer than these {}", count(items, "item"))),
    };
    Some(match what {
        "inline policy" => diagnostic.help("or move the rules into a `policy` that is attached to the role"),
        _ => diagnostic,
    })
}

/// The items of the longest list of a document.
fn longest_list(document: &Document) -> usize {
    let length = |values: &Values| match values {
        Values::One(_) => 1,
        Values::Many(values) => values.len(),
    };
    let lists = document.statements.iter().flat_map(|statement| {
        let principals = statement.principal.iter().map(|principal| &principal.principals);
        let conditions = statement.conditions.iter().map(|condition| &condition.values);
        principals.chain(conditions).chain([&statement.resources])
    });
    lists.map(length).max().unwrap_or_default()
}

fn long_guardrail(characters: usize, origin: Span) -> Diagnostic {
    let message = "this service control policy is longer than the old quota";
    Diagnostic::warning(Code::PolicySize, origin, message)
        .label(format!("{} characters, of {}", thousands(characters), thousands(GUARDRAIL_WARNED)))
        .note(format!("Organizations takes {} since May 2026, where the new quota has arrived", thousands(GUARDRAIL)))
        .help("say the same with fewer patterns, or make sure of the quota")
}

/// Warns of a role with more managed policies than IAM takes by default.
fn count_policies(lowered: &Lowered, diagnostics: &mut Vec<Diagnostic>) {
    let resources = || lowered.template.resources.iter().map(|resource| &resource.properties);
    for (resource, &origin) in lowered.template.resources.iter().zip(&lowered.origins) {
        let Properties::Role(role) = &resource.properties else {
            continue;
        };
        let own = Value::Ref(resource.id.as_str().into());
        let attached = resources().filter(|properties| match properties {
            Properties::ManagedPolicy(policy) => policy.roles.contains(&own),
            _ => false,
        });
        let policies = role.managed.len() + attached.count();
        if policies > POLICIES_OF_A_ROLE {
            let message = format!("this role has {}", count(policies, "managed policy"));
            diagnostics.push(
                Diagnostic::warning(Code::TooMany, origin, message)
                    .note(format!("IAM takes {POLICIES_OF_A_ROLE}, unless a quota increase was asked for")),
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
                applied.entry(id).and_modify(|(number, _)| *number += 1).or_insert((1, origin));
            }
        }
    }
    for (id, (number, origin)) in applied {
        if number > GUARDRAILS_OF_A_TARGET {
            let message = format!("{number} service control policies of this source apply to `{id}`");
            diagnostics.push(
                Diagnostic::warning(Code::TooMany, origin, message)
                    .note("Organizations takes 5 for each root, unit and account, or 10 since May 2026")
                    .note("one of them is `FullAWSAccess`, unless it was taken away"),
            );
        }
    }
}
