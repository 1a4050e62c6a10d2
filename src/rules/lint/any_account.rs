//! An allowlist with layers of any AWS account: it includes every layer with a matching name,
//! whoever publishes it.

use super::Context;
use crate::diagnostic::{Code, Diagnostic};
use crate::rules::layer_pattern::account;
use crate::rules::model::Restriction;

pub fn lint(context: &Context<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let sets = context
        .rules
        .restrictions
        .iter()
        .flat_map(Restriction::allowlists);
    for member in sets.flat_map(|set| &set.members) {
        if account(&member.layers).is_some_and(|account| account == "*") {
            diagnostics.push(
                Diagnostic::warning(
                    Code::AnyAccount,
                    member.span,
                    "this includes layers of every AWS account",
                )
                .note(
                    "anybody can publish a layer with a matching name, and share it with everyone",
                )
                .help("write the account instead of `*`"),
            );
        }
    }
}
