//! Meaning to CloudFormation: the template, its limits, and its two written forms.

mod emit;
pub mod fingerprints;
pub mod json;
pub mod limits;
pub mod lower;
pub mod mark;
mod measure;
pub mod model;
pub mod published;
mod references;
mod split;
pub mod stacks;
pub mod yaml;

use model::{Template, Value};
use serde_json::{Value as Json, json};

/// The bytes that most resources take at most, as room for a template before it is written.
const RESOURCE_BYTES: usize = 400;

/// The written form of a template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// YAML, for people: short tags, comments.
    #[default]
    Yaml,
    /// JSON, the same without comments; its `Metadata` name the writer.
    Json,
}

impl Template {
    /// Adds the written template to `to`.
    pub fn write(&self, format: Format, to: &mut Vec<u8>) {
        to.reserve(self.resources.len() * RESOURCE_BYTES);
        match format {
            Format::Yaml => emit::emit(self, yaml::Yaml::new(to)),
            Format::Json => emit::emit(self, json::Json::new(to)),
        }
    }

    /// The template as a reader of its JSON finds it; `None` if it cannot be read, which is a bug.
    #[must_use]
    pub fn json(&self) -> Option<Json> {
        let mut written = Vec::new();
        self.write(Format::Json, &mut written);
        serde_json::from_slice(&written).ok()
    }
}

impl Value {
    /// The value as a reader of the template's JSON finds it.
    #[must_use]
    pub fn json(&self) -> Json {
        match self {
            Self::String(text) => json!(text.as_ref()),
            Self::Ref(name) => json!({ "Ref": name.as_ref() }),
            Self::Sub(text) => json!({ "Fn::Sub": text.as_ref() }),
        }
    }
}
