//! The parts of two subjects' policies that are not understood and may make a difference.

use super::condition::is_within;
use super::subject::Subject;
use crate::cloudformation::TooManyCases;
use crate::iam::attach::unclear;
use crate::iam::document::{Document, Effect, Statement};
use crate::iam::doubt::{Doubt, TooManyAllowances};
use crate::iam::effective::EffectivePolicies;
use crate::iam::provenance::Provenance;
use crate::iam::right::{self, Right};
use crate::pattern::BudgetExceeded;

/// Why it is unknown which of two subjects is wider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undecided {
    /// A deploy can decide too many cases.
    Cases,
    /// The policies have too many combinations of conditions.
    Allowances,
    /// The patterns take too long to compare.
    Patterns,
    /// A policy or statement is not understood.
    Part {
        /// Where it is.
        place: Provenance,
        /// Its unknown part.
        why: Doubt,
        /// Whether the wider subject does not have it.
        is_gone: bool,
    },
}

impl From<TooManyCases> for Undecided {
    fn from(TooManyCases: TooManyCases) -> Self {
        Self::Cases
    }
}

impl From<TooManyAllowances> for Undecided {
    fn from(TooManyAllowances: TooManyAllowances) -> Self {
        Self::Allowances
    }
}

impl From<BudgetExceeded> for Undecided {
    fn from(BudgetExceeded: BudgetExceeded) -> Self {
        Self::Patterns
    }
}

/// The same without boundaries that are not completely understood: these may allow everything.
pub(super) fn within_what_is_known(policies: &EffectivePolicies) -> EffectivePolicies {
    let mut known = policies.clone();
    let mut index = 0;
    known.levels.retain(|level| {
        index += 1;
        index == 1 || !level.iter().any(|document| has_unclear(policies, document))
    });
    known
}

fn has_unclear(policies: &EffectivePolicies, document: &Document) -> bool {
    document.problem.is_some()
        || document
            .statements
            .iter()
            .any(|statement| not_clear(policies, document, statement).is_some())
}

/// The unknown part of a statement that may matter for attaching, reading, publishing or sharing
/// layers.
fn not_clear(
    policies: &EffectivePolicies,
    document: &Document,
    statement: &Statement,
) -> Option<Doubt> {
    unclear(policies, document, statement).or_else(|| {
        Right::HANDLING
            .iter()
            .find_map(|right| right::unclear(policies, *right, document, statement))
    })
}

/// The parts that are not understood and differ between both sides, if they may widen access.
pub(super) fn undecided(narrow: Option<&Subject>, wide: Option<&Subject>) -> Vec<Undecided> {
    let (before, after) = (not_understood(narrow), not_understood(wide));
    let is_gone = wide.is_none() && narrow.is_some_and(|narrow| !narrow.kind.is_held_by_others());
    let mut found = Vec::new();
    for part in after.iter().filter(|part| part.may_allow) {
        let is_known = before.iter().any(|other| other.identity == part.identity);
        if !is_known && !part.only_bounds(narrow) && !part.is_within_one_of(narrow, wide) {
            found.push(part.undecided(false));
        }
    }
    for part in before.iter().filter(|part| part.may_deny && !is_gone) {
        let stays = after.iter().any(|other| other.identity == part.identity);
        if !stays && !part.is_within_one_of(wide, narrow) {
            found.push(part.undecided(true));
        }
    }
    found.dedup();
    found
}

/// A document or statement that is not understood.
struct NotUnderstood<'s> {
    identity: String,
    /// The level of its policy.
    level: usize,
    /// Whether its policy has variables, and the statement; none for a document.
    statement: Option<(bool, &'s Statement)>,
    place: Provenance,
    why: Doubt,
    may_allow: bool,
    may_deny: bool,
}

impl NotUnderstood<'_> {
    /// Whether it is part of a permissions boundary where the other side has none: whatever it
    /// means, it adds nothing.
    fn only_bounds(&self, other: Option<&Subject>) -> bool {
        other.is_some_and(|other| {
            self.level > 0 && self.level < GUARDRAILS && other.policies.levels.len() <= self.level
        })
    }

    /// Whether the other side has a statement with the same effect that covers all that this one
    /// may cover: whatever this one means, it adds nothing to that.
    fn is_within_one_of(&self, other: Option<&Subject>, own: Option<&Subject>) -> bool {
        let (Some(other), Some(own)) = (other, own) else {
            return false;
        };
        let Some((has_variables, statement)) = self.statement else {
            return false;
        };
        let documents = match other.policies.levels.get(self.level) {
            Some(documents) => documents,
            None if self.level == GUARDRAILS => &other.policies.guardrails,
            None => return false,
        };
        other.kind == own.kind
            && documents.iter().any(|document| {
                let mut statements = document.statements.iter();
                document.has_variables == has_variables
                    && statements.any(|wide| is_within(statement, wide))
            })
    }

    fn undecided(&self, is_gone: bool) -> Undecided {
        Undecided::Part {
            place: self.place.clone(),
            why: self.why.clone(),
            is_gone,
        }
    }
}

/// The level of guardrails among those of policies.
const GUARDRAILS: usize = usize::MAX;

fn not_understood(subject: Option<&Subject>) -> Vec<NotUnderstood<'_>> {
    let mut found = Vec::new();
    let Some(subject) = subject else {
        return found;
    };
    let policies = &subject.policies;
    let restricts = subject.kind.only_restricts();
    let levels = policies
        .levels
        .iter()
        .enumerate()
        .flat_map(|(index, level)| level.iter().map(move |one| (index, one)));
    let guardrails = policies
        .guardrails
        .iter()
        .map(|document| (GUARDRAILS, document));
    for (level, document) in levels.chain(guardrails) {
        if let Some(problem) = &document.problem {
            found.push(NotUnderstood {
                identity: format!("{level} {}", problem.written),
                level,
                statement: None,
                place: Provenance {
                    document: document.name.clone(),
                    sid: None,
                },
                why: Doubt::Gap(problem.why.clone()),
                may_allow: !restricts,
                may_deny: true,
            });
        }
        for statement in document.statements.iter() {
            let Some(why) = not_clear(policies, document, statement) else {
                continue;
            };
            let mut identity = format!("{level} {} ", document.has_variables);
            identity.push_str(&statement.identity());
            if let Some(doubt) = &statement.doubt {
                identity.push_str(&doubt.to_string());
            }
            let is_known = statement.problem.is_none();
            found.push(NotUnderstood {
                identity,
                level,
                statement: Some((document.has_variables, statement)),
                place: document.provenance(statement),
                why,
                may_allow: !restricts && (statement.effect == Effect::Allow || !is_known),
                may_deny: statement.effect == Effect::Deny || !is_known,
            });
        }
    }
    found
}
