//! `layershare explain`

use super::Outcome;
use crate::diagnostic::Code;
use crate::english::nearest;
use anyhow::{Context, bail};
use std::io::Write;

/// Prints the page of a code.
pub fn explain(name: &str) -> anyhow::Result<Outcome> {
    let Some(code) = Code::from_name(name) else {
        match nearest(name, Code::ALL.iter().map(|code| code.name())) {
            Some(near) => bail!("there is no code `{name}`; there is `{near}`"),
            None => bail!("there is no code `{name}`"),
        }
    };
    std::io::stdout().write_all(code.page().as_bytes()).context("cannot write to standard output")?;
    Ok(Outcome::Fine)
}
