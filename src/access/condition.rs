//! Statements and their conditions, compared by their meaning.

use super::action_scope::include_all_that_matter;
use crate::iam::document::{Condition, Operator, PatternList, Statement};
use crate::partial::Text;
use crate::pattern::Pattern;
use std::collections::HashSet;

/// Whether another statement, which certainly counts, covers every request that this one covers and
/// that matters here.
pub(super) fn is_within(narrow: &Statement, wide: &Statement) -> bool {
    narrow.effect == wide.effect
        && narrow.principal == wide.principal
        && narrow.problem.is_none()
        && wide.problem.is_none()
        && wide.doubt.is_none()
        && patterns_within(&narrow.resources, &wide.resources, covers)
        && wide
            .conditions
            .iter()
            .all(|other| narrow.conditions.iter().any(|own| at_most(own, other)))
        && (patterns_within(&narrow.actions, &wide.actions, covers_action)
            || include_all_that_matter(&wide.actions, &narrow.actions))
}

fn patterns_within(
    narrow: &PatternList,
    wide: &PatternList,
    covers: fn(&Text, &Text) -> bool,
) -> bool {
    let each = |narrow: &Text| wide.patterns.iter().any(|wide| covers(wide, narrow));
    narrow == wide
        || wide.is_everything()
        || (!narrow.negated && !wide.negated && narrow.patterns.iter().all(each))
}

/// Whether one pattern matches every action that another one matches. Case makes no difference.
pub(super) fn covers_action(wide: &Text, narrow: &Text) -> bool {
    if wide == narrow {
        return true;
    }
    let (Some(wide), Some(narrow)) = (wide.as_literal(), narrow.as_literal()) else {
        return false;
    };
    let wide = Pattern::new(&wide.to_ascii_lowercase());
    wide.plainly_covers(&Pattern::new(&narrow.to_ascii_lowercase()))
}

/// Whether one condition holds only where another one does: the same one, or one with fewer values,
/// or with more where it is negated.
pub(super) fn at_most(own: &Condition, other: &Condition) -> bool {
    if own == other {
        return true;
    }
    if !are_alike(own, other) || own.values.is_empty() || other.values.is_empty() {
        return false;
    }
    if own.negated {
        are_within(&other.values, &own.values, &own.operator)
    } else {
        are_within(&own.values, &other.values, &own.operator)
    }
}

/// Whether two conditions differ in their values at most.
pub(super) fn are_alike(one: &Condition, other: &Condition) -> bool {
    let other = Condition {
        values: one.values.clone(),
        ..other.clone()
    };
    *one == other
}

/// Whether one of some values matches everything that each of some others matches.
fn are_within(some: &[Text], all: &[Text], operator: &Operator) -> bool {
    some.iter()
        .all(|value| all.iter().any(|wide| takes(operator, wide, value)))
}

/// Whether a value of a condition matches everything that another one matches. Variables are
/// compared as text.
fn takes(operator: &Operator, wide: &Text, narrow: &Text) -> bool {
    match operator {
        Operator::Like => {
            let has_variable = [wide, narrow]
                .iter()
                .any(|text| text.as_literal().is_none_or(|text| text.contains("${")));
            wide == narrow || (!has_variable && covers(wide, narrow))
        }
        Operator::Equals
        | Operator::EqualsIgnoreCase
        | Operator::Arn
        | Operator::Null
        | Operator::Bool => wide == narrow,
        // For other operators, it is unknown what several values mean together.
        Operator::Unsupported(_) => false,
    }
}

/// Some patterns, any of which may cover another one.
pub(super) struct Covering<'t> {
    written: HashSet<&'t Text>,
    /// Those with wildcards: the others cover nothing but themselves.
    wide: Vec<Pattern>,
}

impl<'t> Covering<'t> {
    pub fn of(patterns: impl Iterator<Item = &'t Text>) -> Self {
        let written: HashSet<&Text> = patterns.collect();
        let mut wide: Vec<Pattern> = Vec::new();
        for text in written.iter().filter_map(|text| text.as_literal()) {
            if text.contains(['*', '?']) {
                wide.push(Pattern::new(text));
            }
        }
        Self { written, wide }
    }

    /// Whether one of them matches everything that another pattern matches.
    pub fn covers(&self, narrow: &Text) -> bool {
        self.written.contains(narrow)
            || narrow.as_literal().is_some_and(|narrow| {
                let narrow = Pattern::new(narrow);
                self.wide.iter().any(|wide| wide.plainly_covers(&narrow))
            })
    }
}

/// Whether one pattern matches everything that another one matches.
pub(super) fn covers(wide: &Text, narrow: &Text) -> bool {
    wide == narrow
        || match (wide.as_literal(), narrow.as_literal()) {
            (Some(wide), Some(narrow)) => Pattern::new(wide).plainly_covers(&Pattern::new(narrow)),
            _ => false,
        }
}
