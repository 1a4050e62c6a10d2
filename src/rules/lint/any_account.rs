//! An allowlist with layers of any AWS account: whoever publishes a layer of a fitting name is on it.

use super::wildcard::account;
use crate::diagnostic::{Code, Diagnostic};
use crate::rules::model::{Deny, LayerSet, Restriction};

pub fn lint(restriction: &Restriction, diagnostics: &mut Vec<Diagnostic>) {
    for member in allowlists(restriction).flat_map(|set| &set.members) {
        if account(&member.layers).is_some_and(|account| account == "*") {
            diagnostics.push(
                Diagnostic::warning(Code::AnyAccount, member.span, "this takes in layers of every AWS account")
                    .note("anybody can publish a layer of a fitting name, and share it with everyone")
                    .help("write the account instead of `*`"),
            );
        }
    }
}

/// The sets whose layers may be attached.
pub fn allowlists(restriction: &Restriction) -> impl Iterator<Item = &LayerSet> {
    let allowed = restriction.allow.iter().filter_map(|allow| allow.value.set());
    allowed.chain(restriction.denies.iter().filter_map(|deny| match &deny.value {
        Deny::AllExcept(set) => Some(set),
        Deny::All | Deny::Layers(_) => None,
    }))
}
