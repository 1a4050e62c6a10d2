//! A parameter inside the content of a listed version: another value would publish the version again.

use super::{listed, published};
use crate::diagnostic::{Code, Diagnostic};
use crate::rules::model::{Content, Layer};
use crate::rules::text::Text;

pub fn lint(layer: &Layer, diagnostics: &mut Vec<Diagnostic>) {
    for version in listed(layer) {
        let Some(publication) = published(version) else {
            continue;
        };
        let Content::S3 { bucket, key, object_version } = &publication.content.value else {
            continue;
        };
        let texts = [Some(bucket), Some(key), object_version.as_ref()];
        let mut parameters = texts.into_iter().flatten().flat_map(Text::parameters);
        // The value of a pseudo parameter is the same for the whole life of a stack.
        if let Some(name) = parameters.find(|name| !name.starts_with("AWS::")) {
            diagnostics.push(
                Diagnostic::remark(
                    Code::ParameterInVersion,
                    publication.content.span,
                    format!("another value of `{name}` publishes this version again"),
                )
                .note("it would get a new number; only the template's text can be compared, not the parameter's value"),
            );
            return;
        }
    }
}
