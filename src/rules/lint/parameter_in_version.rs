//! A parameter inside the content or a text of a listed version: another value would publish the
//! version again. One that is the whole bucket, or stands in the name of the layer, has one value
//! in each stack, and is left alone.

use super::Context;
use crate::diagnostic::{Code, Diagnostic};
use crate::rules::model::{Content, Layer, Origin, Publication};
use crate::rules::text::Text;

pub fn lint(context: &Context<'_>, diagnostics: &mut Vec<Diagnostic>) {
    for layer in &context.rules.layers {
        lint_layer(layer, diagnostics);
    }
}

fn lint_layer(layer: &Layer, diagnostics: &mut Vec<Diagnostic>) {
    for version in layer.versions() {
        let Origin::Published(publication) = &version.origin else {
            continue;
        };
        let Publication {
            content,
            description,
            license,
            sha256: _,
            // These are words of the language, without parameters.
            runtimes: _,
            architectures: _,
        } = &**publication;
        let span = content.span;
        let content = match &content.value {
            Content::S3 {
                bucket,
                key,
                object_version,
                by_reference: _,
            } => {
                // A parameter that is the whole bucket tells stacks apart, not the versions of one.
                let bucket = Some(bucket).filter(|bucket| bucket.as_parameter().is_none());
                [bucket, Some(key), object_version.as_ref()]
            }
            Content::Local(_) => [None; 3],
        };
        let texts = [description, license].map(Option::as_ref);
        let texts = content.into_iter().chain(texts).flatten();
        let mut parameters = texts.flat_map(Text::parameters);
        // The value of a pseudo parameter is the same for the whole life of a stack.
        if let Some(name) = parameters.find(|name| !name.starts_with("AWS::")) {
            diagnostics.push(
                Diagnostic::remark(
                    Code::ParameterInVersion,
                    span,
                    format!("another value of `{name}` publishes this version again"),
                )
                .note(
                    "it would get a new number; `build` compares templates and does not know the \
                        value of the parameter",
                ),
            );
            return;
        }
    }
}
