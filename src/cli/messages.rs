//! The output to standard error.

use super::args::{Color, MessageArguments};
use super::progress::Progress;
use crate::diagnostic::render::{Form, Report};
use crate::diagnostic::{Diagnostic, Severity};
use crate::english::count;
use crate::source::Sources;
use anstream::{AutoStream, ColorChoice};
use anyhow::Context;
use std::io::{Stderr, Write};

/// How many messages are written in full by default.
const MAX_MESSAGES: usize = 100;

/// Writes messages and counts them.
pub struct Messages {
    to: AutoStream<Stderr>,
    form: Form,
    report: Report,
    is_quiet: bool,
    progress: Progress,
}

impl Messages {
    pub fn new(arguments: &MessageArguments) -> Self {
        let choice = match arguments.color.unwrap_or_default() {
            Color::Auto => AutoStream::choice(&std::io::stderr()),
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        let form = arguments.message_format.unwrap_or_default().form();
        let most = arguments.max_messages.unwrap_or(MAX_MESSAGES);
        Self {
            to: AutoStream::new(std::io::stderr(), choice),
            form,
            report: Report::new(form, Some(most).filter(|most| *most > 0)),
            is_quiet: arguments.quiet,
            progress: Progress::new(form == Form::Human && !arguments.quiet),
        }
    }

    /// Writes diagnostics. If nobody reads standard error, nothing is lost.
    pub fn diagnostics(&mut self, diagnostics: &[Diagnostic], sources: &Sources) {
        let text = self.report.add(diagnostics, sources);
        if !text.is_empty() {
            self.progress.clear();
        }
        self.to.write_all(text.as_bytes()).unwrap_or_default();
    }

    /// Writes the findings of a report in a form for programs; people have the report.
    pub fn reported(&mut self, diagnostics: &[Diagnostic], sources: &Sources) {
        if self.form != Form::Human {
            self.diagnostics(diagnostics, sources);
        }
    }

    /// Writes the number of findings, for people.
    pub fn summary(&mut self, diagnostics: &[Diagnostic]) {
        let left = self.report.left();
        self.to.write_all(left.as_bytes()).unwrap_or_default();
        let number = |severity| {
            diagnostics
                .iter()
                .filter(|diagnostic| diagnostic.severity == severity)
                .count()
        };
        let (errors, warnings) = (number(Severity::Error), number(Severity::Warning));
        match (errors, warnings) {
            (0, 0) => {}
            (0, warnings) => self.say(&count(warnings, "warning")),
            (errors, 0) => self.say(&count(errors, "error")),
            (errors, warnings) => self.say(&format!(
                "{}, {}",
                count(errors, "error"),
                count(warnings, "warning")
            )),
        }
    }

    /// Writes the answer of a command to standard output, in place of the progress that is there.
    pub fn answer(&mut self, text: &str) -> anyhow::Result<()> {
        self.progress.clear();
        let mut to = std::io::stdout().lock();
        to.write_all(text.as_bytes())
            .and_then(|()| to.flush())
            .context("cannot write to standard output")
    }

    /// Shows the progress of something slow, on a terminal.
    pub fn progress(&mut self, what: &str, done: usize, all: usize) {
        self.progress.show(what, done, all);
    }

    /// Writes a line for people; nothing where programs read.
    pub fn say(&mut self, line: &str) {
        if self.form == Form::Human && !self.is_quiet {
            self.progress.clear();
            writeln!(self.to, "{line}").unwrap_or_default();
        }
    }

    /// Writes the end of a complete run.
    pub fn finish(mut self) {
        self.progress.clear();
        self.to
            .write_all(self.report.finish().as_bytes())
            .unwrap_or_default();
    }

    /// Writes why the program cannot go on. No document is written then, which would look like one
    /// without findings.
    pub fn failure(&mut self, error: &anyhow::Error) {
        let text = format!("{error:#}");
        let line = self.report.failure(&text);
        self.progress.clear();
        writeln!(self.to, "{line}").unwrap_or_default();
    }
}
