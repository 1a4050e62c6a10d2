//! The policies that govern a principal, and how to treat their unknown parts.

use super::document::{Document, Effect, PatternList, Statement};
use super::evaluate::{Answer, Request};
use crate::partial::{Partial, Text};
use std::sync::Arc;

/// The condition key that names the layers of a request.
pub(super) const LAYER_KEY: &str = "lambda:layer";

/// The policies that govern one principal: a role with everything attached to it, or a single
/// policy.
#[derive(Clone, Debug, Default)]
pub struct EffectivePolicies {
    /// The levels: the principal's policies, and its boundary. One document of each must allow.
    pub levels: Vec<Vec<Document>>,
    /// The documents that only deny.
    pub guardrails: Vec<Document>,
    /// The known content of every request by the principal.
    pub request: Request,
}

impl EffectivePolicies {
    /// Every document.
    pub fn documents(&self) -> impl Iterator<Item = &Document> {
        self.levels.iter().flatten().chain(&self.guardrails)
    }

    /// Every statement, with its document.
    pub fn statements(&self) -> impl Iterator<Item = (&Document, &Statement)> {
        self.documents().flat_map(|document| {
            document
                .statements
                .iter()
                .map(move |statement| (document, statement))
        })
    }

    /// The same for a principal whose own policies allow everything. Only its Denies and its
    /// boundary remain, which forbid whatever else is allowed.
    #[must_use]
    pub fn whatever_is_allowed(&self) -> Self {
        let mut policies = self.clone();
        let own: Vec<Document> = policies
            .levels
            .first_mut()
            .map(std::mem::take)
            .unwrap_or_default();
        policies
            .guardrails
            .extend(own.into_iter().filter_map(only_denies));
        let everything = vec![allow_everything()];
        match policies.levels.first_mut() {
            Some(level) => *level = everything,
            None => policies.levels.push(everything),
        }
        policies
    }
}

/// A document without its Allow statements; `None` if nothing is left.
fn only_denies(mut document: Document) -> Option<Document> {
    document.problem = None;
    let is_deny = |statement: &&Statement| statement.effect == Effect::Deny;
    if !document
        .statements
        .iter()
        .all(|statement| is_deny(&statement))
    {
        let denies = document.statements.iter().filter(is_deny);
        document.statements = Arc::new(denies.cloned().collect());
    }
    (!document.statements.is_empty()).then_some(document)
}

/// A document that allows everything, in place of policies that are not known. It has no name, and
/// is not a cause of anything.
#[must_use]
pub fn allow_everything() -> Document {
    let every = PatternList {
        negated: false,
        patterns: vec![Text::literal("*")],
    };
    let statement = Statement {
        sid: "statement 1".to_owned(),
        effect: Effect::Allow,
        principal: None,
        actions: every.clone(),
        resources: every,
        conditions: Vec::new(),
        problem: None,
        doubt: None,
        written: Partial::Null,
    };
    Document {
        has_variables: true,
        statements: Arc::new(vec![statement]),
        ..Document::default()
    }
}

/// How to treat statements that may or may not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Allow with the least effect, and Deny with the greatest: the result is certainly allowed.
    Lower,
    /// The other way round: everything outside the result is certainly excluded.
    Upper,
    /// As if they were not there.
    Understood,
}

impl Bound {
    /// Whether a statement counts, given what is known about it.
    pub(super) fn counts(self, answer: &Answer, effect: Effect) -> bool {
        match (answer, self, effect) {
            (Answer::Yes, ..) => true,
            (Answer::No, ..) => false,
            (Answer::Unknown(_), Self::Lower, Effect::Deny)
            | (Answer::Unknown(_), Self::Upper, Effect::Allow) => true,
            (Answer::Unknown(_), Self::Lower, Effect::Allow)
            | (Answer::Unknown(_), Self::Upper, Effect::Deny)
            | (Answer::Unknown(_), Self::Understood, _) => false,
        }
    }

    /// Whether unknown parts are treated as widely as possible.
    pub(super) fn widens(self, effect: Effect) -> bool {
        matches!(
            (self, effect),
            (Self::Upper, Effect::Allow) | (Self::Lower, Effect::Deny)
        )
    }
}

/// Whether a part of a document is not understood.
#[must_use]
pub fn is_unclear(document: &Document) -> bool {
    document.problem.is_some()
        || document
            .statements
            .iter()
            .any(|statement| statement.problem.is_some())
}
