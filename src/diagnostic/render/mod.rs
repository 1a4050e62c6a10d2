//! Diagnostics as text, a file for each form.

mod human;
mod json;
mod short;

use super::Diagnostic;
use crate::source::Sources;

/// A form in which diagnostics are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// In full, with the source.
    #[default]
    Human,
    /// One line each.
    Short,
    /// One JSON object a line.
    Json,
}

/// The text of diagnostics about `sources`, with its line ends; empty where there are none.
#[must_use]
pub fn render(form: Form, diagnostics: &[Diagnostic], sources: &Sources) -> String {
    match form {
        Form::Human => human::render(diagnostics, sources),
        Form::Short => short::render(diagnostics, sources),
        Form::Json => json::render(diagnostics, sources),
    }
}
