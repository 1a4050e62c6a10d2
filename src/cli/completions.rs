//! `layershare completions`, and the answer to a shell that asks for completions.

use super::Outcome;
use super::args::{Arguments, CompletionsArguments};
use anyhow::Context;
use clap::CommandFactory;
use clap_complete::CompleteEnv;
use clap_complete::env::Shells;
use std::io::Write;

/// The variable that a shell sets to its own name when it asks.
const ASKS: &str = "LAYERSHARE_COMPLETE";

const NAME: &str = "layershare";

/// How a shell asks about words that only it can read: with quotes, variables or a home folder in
/// them.
fn in_its_words(shell: &str) -> &'static str {
    match shell {
        "bash" => include_str!("completions.bash"),
        "fish" => include_str!("completions.fish"),
        "zsh" => include_str!("completions.zsh"),
        _ => "",
    }
}

/// Prints the script that makes a shell ask this program for completions.
pub fn run(arguments: &CompletionsArguments) -> anyhow::Result<Outcome> {
    let shells = Shells::builtins();
    let shell = shells
        .completer(&arguments.shell)
        .with_context(|| format!("there are no completions for {}", arguments.shell))?;
    let mut script = Vec::new();
    shell.write_registration(ASKS, NAME, NAME, NAME, &mut script)?;
    script.extend_from_slice(in_its_words(&arguments.shell).as_bytes());
    std::io::stdout()
        .write_all(&script)
        .context("cannot write to standard output")?;
    Ok(Outcome::Fine)
}

/// Answers a shell that asks, and ends the program; does nothing if no shell does.
pub fn answer() {
    if std::env::var_os(ASKS).is_some() {
        CompleteEnv::with_factory(Arguments::command)
            .var(ASKS)
            .complete();
    }
}
