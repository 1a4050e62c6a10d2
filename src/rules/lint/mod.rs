//! What is allowed and doubtful. One rule a file; each looks at the rules and reports.

mod adopted_unshared;
mod any_account;
mod aws_layers;
mod covered_pattern;
mod expired_share;
mod fixed_key;
mod named_description;
mod parameter_in_version;
mod rolling_parameter;
mod share_with_owner;
mod similar_name;
mod voided_rule;
mod wildcard;

pub use expired_share::expired_shares;

use super::load::Unit;
use super::model::{Layer, Origin, Publication, Releases, Rules, Version};
use crate::diagnostic::Diagnostic;

/// Reports everything doubtful that does not depend on the day, of the files of a source and of what they mean.
pub fn lint(units: &[Unit], rules: &Rules, diagnostics: &mut Vec<Diagnostic>) {
    similar_name::lint(units, diagnostics);
    for layer in &rules.layers {
        adopted_unshared::lint(rules, layer, diagnostics);
        fixed_key::lint(layer, diagnostics);
        parameter_in_version::lint(layer, diagnostics);
        rolling_parameter::lint(rules, layer, diagnostics);
        share_with_owner::lint(rules, layer, diagnostics);
    }
    for restriction in &rules.restrictions {
        any_account::lint(restriction, diagnostics);
        aws_layers::lint(restriction, diagnostics);
        covered_pattern::lint(rules, restriction, diagnostics);
        named_description::lint(restriction, diagnostics);
    }
    voided_rule::lint(rules, diagnostics);
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
