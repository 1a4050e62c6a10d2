//! Expands a template as CloudFormation does before a deploy: the loops of
//! `AWS::LanguageExtensions`, and the resources of the Serverless Application Model. The code of
//! other macros is not in the template, so they are not expanded.

mod for_each;
pub mod nested;
mod sam;

pub use sam::ignores_global;

use super::values::Values;
use serde_json::Value as Json;

/// A template with loops and serverless resources replaced by their results, as far as the values
/// of its parameters are known. The rest is not understood, and [`unread`](super::unread::unread)
/// names it.
#[must_use]
pub fn expanded(mut template: Json, values: &Values) -> Json {
    if has_transform(&template, EXTENSIONS) {
        for_each::expand(&mut template, values);
    }
    if has_transform(&template, SERVERLESS) {
        sam::expand(&mut template);
    }
    template
}

/// Whether a template names something that is expanded.
#[must_use]
pub fn is_expanded(template: &Json) -> bool {
    has_transform(template, EXTENSIONS) || has_transform(template, SERVERLESS)
}

const EXTENSIONS: &str = "AWS::LanguageExtensions";
const SERVERLESS: &str = "AWS::Serverless-2016-10-31";

/// Whether a template names a transform.
fn has_transform(template: &Json, name: &str) -> bool {
    let named = template.get("Transform").map(entries).unwrap_or_default();
    named
        .iter()
        .any(|entry| transform_name(entry) == Some(name))
}

/// The entries of `Transform`: one, or a list of them.
#[must_use]
pub fn entries(transform: &Json) -> &[Json] {
    let list = transform.as_array().map(Vec::as_slice);
    list.unwrap_or(std::slice::from_ref(transform))
}

/// The name of the macro in an entry of `Transform`, which is the name alone or a mapping with it
/// (CloudFormation Template Reference, `Transform`).
#[must_use]
pub fn transform_name(entry: &Json) -> Option<&str> {
    entry.as_str().or_else(|| entry.get("Name")?.as_str())
}
