//! Diagnostics as text, a file for each form.

mod finding;
mod github;
mod gitlab;
mod human;
mod json;
mod junit;
mod rdjson;
mod sarif;
mod short;

use super::Diagnostic;
use crate::source::Sources;
use finding::Finding;

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
    /// Annotations of GitHub Actions.
    Github,
    /// A code quality report of GitLab.
    Gitlab,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit's XML, for lists of tests.
    Junit,
    /// Reviewdog's JSON, with fixes as suggestions.
    Rdjson,
}

/// The messages of one run. Some forms are written as they come, the others are one document at the
/// end.
#[derive(Debug, Default)]
pub struct Report {
    form: Form,
    findings: Vec<Finding>,
}

impl Report {
    /// A report without messages.
    #[must_use]
    pub fn new(form: Form) -> Self {
        Self {
            form,
            findings: Vec::new(),
        }
    }

    /// Adds diagnostics. Returns what is to be written now, with its line ends.
    #[must_use]
    pub fn add(&mut self, diagnostics: &[Diagnostic], sources: &Sources) -> String {
        match self.form {
            Form::Human => human::render(diagnostics, sources),
            Form::Short => short::render(diagnostics, sources),
            Form::Json => json::render(diagnostics, sources),
            Form::Github | Form::Gitlab | Form::Sarif | Form::Junit | Form::Rdjson => {
                let found = diagnostics
                    .iter()
                    .map(|diagnostic| Finding::new(diagnostic, sources));
                self.findings.extend(found);
                String::new()
            }
        }
    }

    /// The line that says why a run cannot go on. A document is not written then: it would look
    /// like one without findings.
    #[must_use]
    pub fn failure(&self, why: &str) -> String {
        match self.form {
            Form::Json => json::failure(why),
            Form::Github => github::failure(why),
            Form::Human | Form::Short | Form::Gitlab | Form::Sarif | Form::Junit | Form::Rdjson => {
                format!("layershare: {why}")
            }
        }
    }

    /// What is to be written at the end, with its line ends: a document, also where it has no
    /// finding in it.
    #[must_use]
    pub fn finish(self) -> String {
        match self.form {
            Form::Human | Form::Short | Form::Json => String::new(),
            Form::Github => github::render(&self.findings),
            Form::Gitlab => gitlab::render(&self.findings),
            Form::Sarif => sarif::render(&self.findings),
            Form::Junit => junit::render(&self.findings),
            Form::Rdjson => rdjson::render(&self.findings),
        }
    }
}

/// The text of diagnostics about `sources`, with its line ends.
#[must_use]
pub fn render(form: Form, diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let mut report = Report::new(form);
    let text = report.add(diagnostics, sources);
    text + &report.finish()
}
