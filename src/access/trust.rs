//! Who may assume a role.

use super::condition::at_most;
use crate::aws::arn::Arn;
use crate::iam::document::{Condition, Document, Effect, Statement};
use crate::iam::evaluate::{Answer, names_action};
use crate::partial::{Partial, Text};
use std::collections::HashMap;

/// Somebody who may assume a role, or may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedPrincipal {
    /// Whether they may.
    pub effect: Effect,
    /// The kind of principal, such as `AWS` or `Service`; empty if it is unknown.
    pub kind: String,
    /// The principal.
    pub principal: Partial,
    /// The conditions, as written.
    pub condition: Option<Partial>,
    /// The known meaning of the conditions.
    conditions: Vec<Condition>,
}

impl TrustedPrincipal {
    /// Whether a condition leaves out some accounts. With `Principal: '*'`, everybody in the role's
    /// own account may assume it without a permission of their own, unless that account is left out
    /// (IAM User Guide, `Principal`).
    #[must_use]
    pub fn leaves_out_own_account(&self) -> bool {
        let operators = self.condition.as_ref().and_then(Partial::as_map);
        operators.into_iter().flatten().any(|(operator, keys)| {
            operator.to_ascii_lowercase().contains("notequals")
                && keys.as_map().is_some_and(|keys| {
                    keys.keys()
                        .any(|key| key.eq_ignore_ascii_case("aws:PrincipalAccount"))
                })
        })
    }

    /// Whether this is about the same principal wherever another one is.
    fn is_weaker_than(&self, other: &Self) -> bool {
        self.effect == other.effect
            && self
                .conditions
                .iter()
                .all(|own| other.conditions.iter().any(|theirs| at_most(theirs, own)))
    }
}

/// The ones with this effect whose principals no other one covers.
pub(super) fn not_covered<'t>(
    all: &'t [TrustedPrincipal],
    others: &[TrustedPrincipal],
    effect: Effect,
) -> Vec<&'t TrustedPrincipal> {
    let mut by_principal: HashMap<(&str, String), Vec<&TrustedPrincipal>> = HashMap::new();
    for other in others {
        let key = (other.kind.as_str(), other.principal.to_string());
        by_principal.entry(key).or_default().push(other);
    }
    all.iter()
        .filter(|trust| trust.effect == effect)
        .filter(|trust| {
            let same = by_principal.get(&(trust.kind.as_str(), trust.principal.to_string()));
            !same
                .into_iter()
                .flatten()
                .any(|other| other.principal == trust.principal && other.is_weaker_than(trust))
        })
        .collect()
}

/// Who may assume a role: every principal of every statement about that, with its conditions.
pub(super) fn trusts(document: &Document) -> Vec<TrustedPrincipal> {
    let mut found = Vec::new();
    if let Some(problem) = &document.problem {
        let principal = Partial::Text(Text::unknown(
            problem.why.to_string(),
            problem.written.as_str(),
        ));
        found.push(TrustedPrincipal {
            effect: Effect::Allow,
            kind: String::new(),
            principal,
            condition: None,
            conditions: Vec::new(),
        });
    }
    for statement in document.statements.iter() {
        if statement.problem.is_none() && !is_about_assuming(statement) {
            continue;
        }
        let condition = statement.written.get("Condition").cloned();
        let trust = |kind: &str, principal: Partial| TrustedPrincipal {
            effect: statement.effect,
            kind: kind.to_owned(),
            principal,
            condition: condition.clone(),
            conditions: statement.conditions.clone(),
        };
        match &statement.principal {
            Some(principals) if !principals.negated && statement.problem.is_none() => {
                match &principals.element {
                    Partial::Map(kinds) => {
                        for (kind, value) in kinds {
                            found.extend(value.items().iter().map(|one| trust(kind, normal(one))));
                        }
                    }
                    other @ (Partial::Text(_) | Partial::List(_) | Partial::Null) => {
                        found.extend(other.items().iter().map(|one| trust("AWS", normal(one))));
                    }
                }
            }
            _ => found.push(trust("", statement.written.clone())),
        }
    }
    found
}

/// An account and the ARN of its root user are the same principal.
fn normal(principal: &Partial) -> Partial {
    let arn = principal.as_text().and_then(Arn::of);
    let account = arn.and_then(|arn| arn.root_account(Text::is));
    account.map_or_else(|| principal.clone(), Partial::Text)
}

/// Whether a statement is about assuming a role, in any way.
pub(super) fn is_about_assuming(statement: &Statement) -> bool {
    [
        "sts:AssumeRole",
        "sts:AssumeRoleWithSAML",
        "sts:AssumeRoleWithWebIdentity",
    ]
    .iter()
    .any(|action| names_action(&statement.actions, action) != Answer::No)
}
