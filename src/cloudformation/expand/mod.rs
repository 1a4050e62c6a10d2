//! What CloudFormation makes of a template before it deploys it: the loops of
//! `AWS::LanguageExtensions`, and the resources of the Serverless Application Model. Other macros
//! are not in the template, and are not expanded.

mod for_each;
pub mod nested;
mod sam;

use super::values::Values;
use serde_json::Value as Json;

/// A template in which loops and serverless resources are replaced by what they stand for, as far
/// as the values of its parameters are known. What is left of them is not understood, and named by
/// [`unread`](super::unread::unread).
#[must_use]
pub fn expanded(mut template: Json, values: &Values) -> Json {
    if has_transform(&template, "AWS::LanguageExtensions") {
        for_each::expand(&mut template, values);
    }
    if has_transform(&template, "AWS::Serverless-2016-10-31") {
        sam::expand(&mut template);
    }
    template
}

/// Whether a template names a transform.
fn has_transform(template: &Json, name: &str) -> bool {
    match template.get("Transform") {
        Some(Json::String(transform)) => transform == name,
        Some(Json::Array(transforms)) => transforms.iter().any(|transform| transform == name),
        _ => false,
    }
}
