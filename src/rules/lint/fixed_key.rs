//! A rolling layer whose S3 key seems to stay the same when its object changes: CloudFormation
//! would see no change.

use super::Context;
use crate::diagnostic::{Code, Diagnostic};
use crate::rules::model::{Content, Layer, Releases};
use crate::rules::text::{Part, Text};

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
    // An address with a parameter changes with it; the value of a pseudo parameter is the same for
    // the whole life of a stack.
    let mut parameters = bucket.parameters().chain(key.parameters());
    if parameters.all(|name| name.starts_with("AWS::")) && !has_digit(key) {
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

/// Whether a key has a digit in it: it probably names a version or a hash.
fn has_digit(key: &Text) -> bool {
    key.parts().iter().any(|part| match part {
        Part::Literal(text) => text.contains(|letter: char| letter.is_ascii_digit()),
        Part::Parameter(_) => false,
    })
}
