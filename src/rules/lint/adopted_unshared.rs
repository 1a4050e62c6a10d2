//! An existing version that no rule shares.

use super::Context;
use crate::diagnostic::{Code, Diagnostic};
use crate::english::quote;
use crate::rules::model::{Layer, Origin, Restriction, Rules};

pub fn lint(context: &Context<'_>, diagnostics: &mut Vec<Diagnostic>) {
    for layer in &context.rules.layers {
        lint_layer(context.rules, layer, diagnostics);
    }
}

fn lint_layer(rules: &Rules, layer: &Layer, diagnostics: &mut Vec<Diagnostic>) {
    let mut members = rules
        .restrictions
        .iter()
        .flat_map(Restriction::sets)
        .flat_map(|set| &set.members);
    let is_in_a_set = members.any(|member| member.declared.as_ref() == Some(&layer.name.value));
    if layer.publish.is_some() || is_in_a_set {
        return;
    }
    for version in layer.versions() {
        let has_use = !version.grants.is_empty() || version.publish.is_some();
        if matches!(version.origin, Origin::Adopted(_)) && !has_use {
            let message = format!("no rule shares version {}", quote(&version.label.value));
            diagnostics.push(
                Diagnostic::warning(Code::AdoptedUnshared, version.label.span, message)
                    .note("a version `at` an ARN exists already: only its sharing is managed here")
                    .help("share it, or remove the line"),
            );
        }
    }
}
