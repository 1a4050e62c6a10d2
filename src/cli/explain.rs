//! `layershare explain`

use super::Outcome;
use super::args::ExplainArguments;
use crate::diagnostic::Code;
use crate::english::nearest;
use anyhow::{Context, bail};
use std::fmt::Write as _;
use std::io::Write as _;

/// Prints the page of a code, or the list of all codes.
pub fn run(arguments: &ExplainArguments) -> anyhow::Result<Outcome> {
    let text = match &arguments.code {
        Some(name) => page(name)?.to_owned(),
        None => all(),
    };
    std::io::stdout()
        .write_all(text.as_bytes())
        .context("cannot write to standard output")?;
    Ok(Outcome::Fine)
}

fn page(name: &str) -> anyhow::Result<&'static str> {
    let Some(code) = Code::from_name(name) else {
        match nearest(name, Code::ALL.iter().map(|code| code.name())) {
            Some(near) => bail!("there is no code `{name}`; there is `{near}`"),
            None => bail!("there is no code `{name}`; `layershare explain` lists all"),
        }
    };
    Ok(code.page())
}

/// A line for each code: its name, its severity, and what it means.
fn all() -> String {
    let mut text = String::new();
    for code in Code::ALL {
        // Writing to a string cannot fail.
        writeln!(
            text,
            "{:<24} {:<17} {}",
            code.name(),
            code.severity_names(),
            code.summary()
        )
        .unwrap_or_default();
    }
    text
}
