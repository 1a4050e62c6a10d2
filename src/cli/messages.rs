//! What goes to standard error.

use super::{Color, MessageFormat};
use crate::diagnostic::{Diagnostic, Severity, json, render};
use crate::english::count;
use crate::source::Sources;
use anstream::{AutoStream, ColorChoice};
use std::io::{Stderr, Write};

/// Writes messages, and counts what they say.
pub struct Messages {
    to: AutoStream<Stderr>,
    format: MessageFormat,
}

impl Messages {
    pub fn new(color: Color, format: MessageFormat) -> Self {
        let choice = match color {
            Color::Auto => AutoStream::choice(&std::io::stderr()),
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        Self { to: AutoStream::new(std::io::stderr(), choice), format }
    }

    /// Writes diagnostics. A standard error that nobody reads is nobody's loss.
    pub fn diagnostics(&mut self, diagnostics: &[Diagnostic], sources: &Sources) {
        for diagnostic in diagnostics {
            let text = match self.format {
                MessageFormat::Human => format!("{}\n", render::human(diagnostic, sources)),
                MessageFormat::Short => render::short(diagnostic, sources),
                MessageFormat::Json => json::json(diagnostic, sources),
            };
            if writeln!(self.to, "{text}").is_err() {
                return;
            }
        }
    }

    /// Says how many findings there were, for people.
    pub fn summary(&mut self, diagnostics: &[Diagnostic]) {
        let number = |severity| diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count();
        let (errors, warnings) = (number(Severity::Error), number(Severity::Warning));
        match (errors, warnings) {
            (0, 0) => {}
            (0, warnings) => self.say(&count(warnings, "warning")),
            (errors, 0) => self.say(&count(errors, "error")),
            (errors, warnings) => self.say(&format!("{}, {}", count(errors, "error"), count(warnings, "warning"))),
        }
    }

    /// Writes a line for people; nothing where programs read.
    pub fn say(&mut self, line: &str) {
        if self.format == MessageFormat::Human {
            writeln!(self.to, "{line}").unwrap_or_default();
        }
    }

    /// Writes why the program cannot go on.
    pub fn failure(&mut self, error: &anyhow::Error) {
        let text = format!("{error:#}");
        let line = match self.format {
            MessageFormat::Json => serde_json::json!({ "severity": "failure", "message": text }).to_string(),
            MessageFormat::Human | MessageFormat::Short => format!("layershare: {text}"),
        };
        writeln!(self.to, "{line}").unwrap_or_default();
    }
}
