//! An item of a set that another item covers.

use super::Context;
use crate::diagnostic::{Code, Diagnostic};
use crate::pattern::Pattern;
use crate::rules::layer_pattern::pattern;
use crate::rules::model::{LayerSet, Restriction, Rules};

/// The most members of a set that are compared with each other. A larger set fits in no policy, and
/// is reported for that.
const MOST: usize = 1000;

pub fn lint(context: &Context<'_>, diagnostics: &mut Vec<Diagnostic>) {
    for set in context
        .rules
        .restrictions
        .iter()
        .flat_map(Restriction::sets)
    {
        if set.members.len() <= MOST {
            lint_set(context.rules, set, diagnostics);
        }
    }
}

fn lint_set(rules: &Rules, set: &LayerSet, diagnostics: &mut Vec<Diagnostic>) {
    let arns: Vec<Pattern> = set
        .members
        .iter()
        .map(|member| pattern(rules, &member.layers))
        .collect();
    for (index, covered) in arns.iter().enumerate() {
        // Of two that cover each other, the second is redundant.
        let by = arns.iter().enumerate().position(|(other, pattern)| {
            other != index
                && pattern.plainly_covers(covered)
                && (other < index || !covered.plainly_covers(pattern))
        });
        let Some(by) = by.and_then(|by| set.members.get(by)) else {
            continue;
        };
        let Some(member) = set.members.get(index) else {
            continue;
        };
        diagnostics.push(
            Diagnostic::warning(
                Code::CoveredPattern,
                member.span,
                "this item is covered by another one",
            )
            .also(by.span, "this includes every layer of it"),
        );
    }
}
