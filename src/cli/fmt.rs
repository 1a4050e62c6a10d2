//! `layershare fmt`

use super::Outcome;
use super::args::FmtArguments;
use super::disk;
use super::messages::Messages;
use super::tree::sources;
use crate::diagnostic::Diagnostic;
use crate::source::Sources;
use crate::syntax::format::format;
use crate::syntax::parser::parse;
use anyhow::{Context, bail};
use similar::TextDiff;
use std::io::{self, Write};
use std::path::Path;

/// Formats sources, or shows the changes of formatting.
pub fn run(arguments: &FmtArguments, messages: &mut Messages) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::Fine;
    let files = sources(&arguments.files)?;
    for (index, file) in files.iter().enumerate() {
        messages.progress("formatting", index, files.len());
        if one(file, arguments.check, messages)? == Outcome::Findings {
            outcome = Outcome::Findings;
        }
    }
    Ok(outcome)
}

fn one(file: &Path, check: bool, messages: &mut Messages) -> anyhow::Result<Outcome> {
    let root = disk::root(file)?;
    let Ok(text) = String::from_utf8(root.bytes) else {
        bail!("{} is not UTF-8, so it is left alone", root.name)
    };
    if !parses(&root.name, &text, messages) {
        return Ok(Outcome::Findings);
    }
    let Some(formatted) = format(&text) else {
        bail!(
            "{} is left alone: the formatter would have changed its meaning, which is a bug of \
            layershare",
            root.name
        )
    };
    if check {
        return show_difference(&root.name, &text, &formatted);
    }
    if disk::is_stdin(file) {
        io::stdout()
            .write_all(formatted.as_bytes())
            .context("cannot write to standard output")?;
    } else if text != formatted {
        disk::replace(file, |to| to.write_all(formatted.as_bytes()))?;
    }
    Ok(Outcome::Fine)
}

/// Whether the text can be read. If not, it reports why.
fn parses(name: &str, text: &str, messages: &mut Messages) -> bool {
    let mut sources = Sources::default();
    let file = sources.add(name, text);
    let (_, diagnostics) = parse(file, text);
    messages.diagnostics(&diagnostics, &sources);
    messages.summary(&diagnostics);
    !diagnostics.iter().any(Diagnostic::is_error)
}

fn show_difference(name: &str, text: &str, formatted: &str) -> anyhow::Result<Outcome> {
    if text == formatted {
        return Ok(Outcome::Fine);
    }
    let diff = TextDiff::from_lines(text, formatted);
    let shown = diff.unified_diff().header(name, "formatted").to_string();
    io::stdout()
        .write_all(shown.as_bytes())
        .context("cannot write to standard output")?;
    Ok(Outcome::Findings)
}
