//! The policies that govern somebody, and how to take what is not known of them.

use super::document::{Document, Effect, PatternList, Statement};
use super::evaluate::{Answer, Request};
use crate::partial::{Partial, Text};

/// The condition key that names the layers of a request.
pub(super) const LAYER_KEY: &str = "lambda:layer";

/// The policies that govern one principal: a role with everything attached to it, or a single
/// policy.
#[derive(Clone, Debug, Default)]
pub struct EffectivePolicies {
    /// Of each level, one document must allow: what the principal has, and its boundary.
    pub levels: Vec<Vec<Document>>,
    /// What only denies.
    pub guardrails: Vec<Document>,
    /// What every request by the principal is known to contain.
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

    /// The same for a principal whose own policies allow everything: what is left is what its
    /// Denies and its boundary forbid, whatever else it is allowed.
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

/// A document without what it allows; none where nothing is left.
fn only_denies(mut document: Document) -> Option<Document> {
    document.problem = None;
    document
        .statements
        .retain(|statement| statement.effect == Effect::Deny);
    (!document.statements.is_empty()).then_some(document)
}

/// A document that allows everything: what stands for policies that are not there. It has no name,
/// and is not a cause of anything.
#[must_use]
pub fn allow_everything() -> Document {
    let every = || PatternList {
        negated: false,
        patterns: vec![Text::literal("*")],
    };
    let statement = Statement {
        sid: "statement 1".to_owned(),
        effect: Effect::Allow,
        principal: None,
        actions: every(),
        resources: every(),
        conditions: Vec::new(),
        problem: None,
        doubt: None,
        written: Partial::Null,
    };
    Document {
        has_variables: true,
        statements: vec![statement],
        ..Document::default()
    }
}

/// How statements are taken of which it is not known whether they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// To the least effect if they allow, and to the greatest if they deny: what is left is
    /// certain.
    Lower,
    /// The other way round: what is left out is excluded.
    Upper,
    /// As if they were not there.
    Understood,
}

impl Bound {
    /// Whether a statement counts of which this is known.
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

    /// Whether what is not known is taken as wide as it can be.
    pub(super) fn widens(self, effect: Effect) -> bool {
        matches!(
            (self, effect),
            (Self::Upper, Effect::Allow) | (Self::Lower, Effect::Deny)
        )
    }
}

pub(super) fn is_unclear(document: &Document) -> bool {
    document.problem.is_some()
        || document
            .statements
            .iter()
            .any(|statement| statement.problem.is_some())
}
