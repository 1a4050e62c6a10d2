//! `layershare explain`

use super::Outcome;
use super::args::ExplainArguments;
use crate::diagnostic::Code;
use crate::english::{list, nearest, quote};
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
        let unknown = format!("there is no code {}", quote(name));
        match near(name).as_slice() {
            [] => bail!("{unknown}; `layershare explain` lists all"),
            [near] => bail!("{unknown}; a similar one is {near}"),
            several => bail!("{unknown}; similar ones are {}", list(several, "and")),
        }
    };
    Ok(code.page())
}

/// The codes that were probably meant: the one with a similar spelling, or else those with a word
/// in common, most words first.
fn near(name: &str) -> Vec<String> {
    /// The most codes that are named.
    const NAMED: usize = 5;
    let codes = || Code::ALL.iter().map(|code| code.name());
    if let Some(near) = nearest(name, codes()) {
        return vec![format!("`{near}`")];
    }
    let wanted = name.to_lowercase();
    let words = || {
        wanted
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.len() > 2)
    };
    // A short word resembles too many others.
    let is_like =
        |word: &str, code: &str| word.len() > 4 && nearest(word, code.split('-')).is_some();
    let common = |code: &str| {
        words()
            .filter(|word| code.contains(word) || is_like(word, code))
            .count()
    };
    let mut found: Vec<&str> = codes().filter(|code| common(code) > 0).collect();
    found.sort_by_key(|code| usize::MAX - common(code));
    found
        .iter()
        .take(NAMED)
        .map(|code| format!("`{code}`"))
        .collect()
}

/// A line for each code: its name, its severity and its meaning.
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
