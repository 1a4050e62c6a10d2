//! A rolling layer whose S3 key seems to stay the same when its object changes: CloudFormation
//! would see no change.

use super::Context;
use crate::diagnostic::{Code, Diagnostic};
use crate::rules::model::{Content, Layer, Releases};

pub fn lint(context: &Context<'_>, diagnostics: &mut Vec<Diagnostic>) {
    for layer in &context.rules.layers {
        lint_layer(layer, diagnostics);
    }
}

fn lint_layer(layer: &Layer, diagnostics: &mut Vec<Diagnostic>) {
    let Releases::Rolling(rolling) = &layer.releases else {
        return;
    };
    let content = &rolling.publication.content;
    let Content::S3 {
        bucket,
        key,
        object_version: None,
        by_reference: _,
    } = &content.value
    else {
        return;
    };
    // A key with a digit in it probably names a version or a hash, and one with a parameter changes
    // with it.
    let fixed = |key: &str| !key.contains(|c: char| c.is_ascii_digit());
    if bucket.as_literal().is_some() && key.as_literal().is_some_and(fixed) {
        diagnostics.push(
            Diagnostic::warning(
                Code::FixedKey,
                content.span,
                "this address does not change with \
            the archive",
            )
            .note(
                "CloudFormation compares templates, not objects: an archive uploaded over the \
                    old one is not \
                       published",
            )
            .help("put a version or a hash into the key, or add `object-version ${Parameter}`"),
        );
    }
}
