//! Diagnostics as text, a file for each form.

mod alike;
mod finding;
mod github;
mod gitlab;
mod human;
mod json;
mod junit;
mod rdjson;
mod sarif;
mod short;

use super::{Diagnostic, Severity};
use crate::english::{count, list};
use crate::source::Sources;
use alike::{Alike, alike};
use finding::Finding;
use std::collections::BTreeMap;

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
    /// How many more messages are written in full; `None` for all.
    room: Option<usize>,
    /// The messages for which there was no room.
    left: BTreeMap<Severity, usize>,
}

impl Report {
    /// A report without messages. It writes at most `most` messages in full; `None` for all.
    #[must_use]
    pub fn new(form: Form, most: Option<usize>) -> Self {
        Self {
            form,
            room: most,
            ..Self::default()
        }
    }

    /// Adds diagnostics. Returns the text to write now, with its line ends.
    #[must_use]
    pub fn add(&mut self, diagnostics: &[Diagnostic], sources: &Sources) -> String {
        match self.form {
            Form::Human => self.in_full(diagnostics, sources),
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

    /// Messages in full, up to the limit: errors before warnings, and these before notes.
    fn in_full(&mut self, diagnostics: &[Diagnostic], sources: &Sources) -> String {
        let mut messages = alike(diagnostics);
        if let Some(room) = &mut self.room {
            let mut order: Vec<usize> = (0..messages.len()).collect();
            order.sort_by_key(|index| messages.get(*index).map(|one| one.first.severity));
            order.truncate(*room);
            *room -= order.len();
            order.sort_unstable();
            let all = std::mem::take(&mut messages);
            for (index, message) in all.into_iter().enumerate() {
                if order.binary_search(&index).is_ok() {
                    messages.push(message);
                } else {
                    *self.left.entry(message.first.severity).or_default() += 1;
                }
            }
        }
        let text = messages
            .iter()
            .map(|one: &Alike<'_>| human::render(one, sources));
        text.collect()
    }

    /// The line with the number of messages beyond the limit, once.
    #[must_use]
    pub fn left(&mut self) -> String {
        let left = std::mem::take(&mut self.left);
        if left.is_empty() {
            return String::new();
        }
        let numbers: Vec<String> = left
            .iter()
            .map(|(severity, number)| count(*number, severity.name()))
            .collect();
        let number = left.values().sum();
        format!(
            "{} not shown: {}; `--max-messages 0` shows all\n",
            if number == 1 {
                "1 message is".to_owned()
            } else {
                format!("{} are", count(number, "message"))
            },
            list(&numbers, "and")
        )
    }

    /// The line that says why a run cannot continue. No document is written then, since it would
    /// look like one without findings.
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

    /// The text to write at the end, with its line ends: a document, even without findings.
    #[must_use]
    pub fn finish(mut self) -> String {
        match self.form {
            Form::Human => self.left(),
            Form::Short | Form::Json => String::new(),
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
    let mut report = Report::new(form, None);
    let text = report.add(diagnostics, sources);
    text + &report.finish()
}
