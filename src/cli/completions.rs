//! `layershare completions`

use super::Outcome;
use super::args::{Arguments, CompletionsArguments};
use clap::CommandFactory;
use std::io::Write;

/// Prints a shell's completions for this program.
pub fn run(arguments: &CompletionsArguments) -> anyhow::Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Arguments::command(),
        "layershare",
        &mut script,
    );
    std::io::stdout().write_all(&script)?;
    Ok(Outcome::Fine)
}
