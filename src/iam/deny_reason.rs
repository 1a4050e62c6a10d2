//! Why a layer cannot be attached: the statement that denies it, or the missing permission.

use super::attach::{ATTACH, Analysis, Constraint, constraints};
use super::document::{Document, Effect, Statement};
use super::effective::{Bound, EffectivePolicies};
use super::evaluate::Answer;
use super::provenance::{DocumentName, Provenance};
use super::right::{Right, RightAnalysis};
use std::fmt;

/// Why a request with a layer is denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DenyReason {
    /// Explicitly: this statement denies it.
    Explicit(Provenance),
    /// Implicitly: nothing in these documents allows the action.
    Implicit(&'static str, Vec<DocumentName>),
    /// The layer is not among those that these statements allow.
    LayerNotAllowed(Vec<Provenance>),
    /// The action is allowed on other layers only, by these statements.
    ResourceNotAllowed(&'static str, Vec<Provenance>),
    /// The layer may be attached, but nothing in these documents allows reading it.
    CannotRead(Vec<DocumentName>),
}

impl fmt::Display for DenyReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Explicit(by) => write!(f, "{by} denies it"),
            Self::Implicit(action, documents) => {
                write!(f, "nothing{} allows {action}", within(documents))
            }
            Self::LayerNotAllowed(by) => {
                write!(
                    f,
                    "it is not among the layers that are allowed by {}",
                    joined(by, " and ")
                )
            }
            Self::ResourceNotAllowed(action, by) => {
                write!(
                    f,
                    "{action} is allowed on other layers only, by {}",
                    joined(by, " and ")
                )
            }
            Self::CannotRead(documents) => {
                write!(
                    f,
                    "`{}` on it is missing: nothing{} allows it",
                    Right::Read.action(),
                    within(documents)
                )
            }
        }
    }
}

fn joined<T: ToString>(items: &[T], between: &str) -> String {
    let shown: Vec<String> = items.iter().map(ToString::to_string).collect();
    shown.join(between)
}

fn within(documents: &[DocumentName]) -> String {
    if documents.is_empty() {
        String::new()
    } else {
        format!(" in {}", joined(documents, "; "))
    }
}

/// Why a request with only this layer is denied; `None` if that is not certain.
#[must_use]
pub fn deny_reason(policies: &EffectivePolicies, layer: &str) -> Option<DenyReason> {
    let mut first = None;
    for action in ATTACH {
        let analysis = Analysis {
            policies,
            action,
            bound: Bound::Upper,
        };
        match of_attaching(&analysis, layer) {
            Some(reason) => first = first.or(Some(reason)),
            // This action attaches it, so only the permission to read it can be missing.
            None => return of_reading(policies, layer),
        }
    }
    first
}

fn of_attaching(analysis: &Analysis<'_>, layer: &str) -> Option<DenyReason> {
    for (document, statement) in analysis.policies.statements() {
        if statement.effect == Effect::Deny
            && analysis.concerns(statement, document) == Answer::Yes
            && fits(analysis, document, statement, layer) == Some(true)
        {
            return Some(DenyReason::Explicit(document.provenance(statement)));
        }
    }
    analysis
        .policies
        .levels
        .iter()
        .find_map(|level| not_allowed(analysis, level, layer))
}

/// Why a level does not allow a layer; `None` if it may.
fn not_allowed(analysis: &Analysis<'_>, level: &[Document], layer: &str) -> Option<DenyReason> {
    let mut others = Vec::new();
    for document in level {
        if document.problem.is_some() {
            return None;
        }
        for statement in document
            .statements
            .iter()
            .filter(|statement| statement.effect == Effect::Allow)
        {
            match analysis.concerns(statement, document) {
                Answer::No => {}
                Answer::Yes if fits(analysis, document, statement, layer) == Some(false) => {
                    others.push(document.provenance(statement));
                }
                Answer::Yes | Answer::Unknown(_) => return None,
            }
        }
    }
    Some(if others.is_empty() {
        DenyReason::Implicit(analysis.action, names(level))
    } else {
        DenyReason::LayerNotAllowed(others)
    })
}

fn of_reading(policies: &EffectivePolicies, layer: &str) -> Option<DenyReason> {
    let analysis = RightAnalysis {
        policies,
        right: Right::Read,
        bound: Bound::Upper,
    };
    policies
        .levels
        .iter()
        .find(|level| !may_allow(&analysis, level, layer))
        .map(|level| DenyReason::CannotRead(names(level)))
}

/// Whether a level is known to allow a right on a layer.
fn may_allow(analysis: &RightAnalysis<'_>, level: &[Document], layer: &str) -> bool {
    level.iter().any(|document| {
        document.problem.is_some()
            || document.statements.iter().any(|statement| {
                statement.effect == Effect::Allow
                    && analysis.about(document, statement, layer) != Some(false)
            })
    })
}

/// Why a right on a layer is denied; `None` if that is not certain.
#[must_use]
pub fn right_denied(policies: &EffectivePolicies, right: Right, layer: &str) -> Option<DenyReason> {
    let analysis = RightAnalysis {
        policies,
        right,
        bound: Bound::Upper,
    };
    for (document, statement) in policies.statements() {
        if statement.effect == Effect::Deny
            && analysis.about(document, statement, layer) == Some(true)
        {
            return Some(DenyReason::Explicit(document.provenance(statement)));
        }
    }
    let level = policies
        .levels
        .iter()
        .find(|level| !may_allow(&analysis, level, layer))?;
    let mut others = Vec::new();
    for document in level {
        for statement in document.statements.iter() {
            if statement.effect == Effect::Allow
                && analysis.concerns(statement, document) == Answer::Yes
            {
                others.push(document.provenance(statement));
            }
        }
    }
    Some(if others.is_empty() {
        DenyReason::Implicit(right.action(), names(level))
    } else {
        DenyReason::ResourceNotAllowed(right.action(), others)
    })
}

fn names(level: &[Document]) -> Vec<DocumentName> {
    level.iter().map(|document| document.name.clone()).collect()
}

/// Whether a statement's conditions hold for a list of only this layer; `None` if that is unknown.
fn fits(
    analysis: &Analysis<'_>,
    document: &Document,
    statement: &Statement,
    layer: &str,
) -> Option<bool> {
    let mut fits = Some(true);
    for constraint in constraints(statement, document, &analysis.policies.request) {
        match constraint {
            Constraint::All(patterns, fit) | Constraint::Any(patterns, fit) => {
                let is_known = patterns.known.iter().any(|pattern| pattern.matches(layer));
                if !is_known && patterns.unknown.is_some() {
                    fits = None;
                } else if is_known != fit {
                    return Some(false);
                }
            }
            Constraint::Never => return Some(false),
            Constraint::Unclear(_) => fits = None,
        }
    }
    fits
}
