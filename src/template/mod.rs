//! Meaning to CloudFormation: the template, its limits, and its two written forms.

mod emit;
pub mod json;
pub mod limits;
pub mod lower;
mod measure;
pub mod model;
pub mod published;
pub mod read;
mod split;
pub mod yaml;

use model::Template;
use std::io::{self, Write};

/// The written form of a template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// YAML, for people: short tags, comments.
    #[default]
    Yaml,
    /// JSON, which says the same without comments.
    Json,
}

impl Template {
    /// Writes the template.
    ///
    /// # Errors
    ///
    /// What `to` meets.
    pub fn write(&self, format: Format, to: impl Write) -> io::Result<()> {
        match format {
            Format::Yaml => emit::emit(self, yaml::Yaml::new(to)),
            Format::Json => emit::emit(self, json::Json::new(to)),
        }
    }
}
