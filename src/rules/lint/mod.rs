//! What is allowed and doubtful. One rule a file; each looks at the rules and reports.

mod adopted_unshared;
mod expired_share;
mod fixed_key;
mod parameter_in_version;
mod rolling_parameter;
mod share_with_owner;

pub use expired_share::expired_shares;

use super::model::{Layer, Origin, Publication, Releases, Rules, Version};
use crate::diagnostic::Diagnostic;

/// Reports everything doubtful that does not depend on the day.
pub fn lint(rules: &Rules, diagnostics: &mut Vec<Diagnostic>) {
    for layer in &rules.layers {
        adopted_unshared::lint(layer, diagnostics);
        fixed_key::lint(layer, diagnostics);
        parameter_in_version::lint(layer, diagnostics);
        rolling_parameter::lint(rules, layer, diagnostics);
        share_with_owner::lint(rules, layer, diagnostics);
    }
}

fn listed(layer: &Layer) -> &[Version] {
    match &layer.releases {
        Releases::Listed(versions) => versions,
        Releases::Rolling(_) => &[],
    }
}

fn published(version: &Version) -> Option<&Publication> {
    match &version.origin {
        Origin::Published(publication) => Some(publication),
        Origin::Adopted(_) => None,
    }
}
