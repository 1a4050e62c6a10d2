//! Completes the arguments of commands while somebody types them in a shell.

use crate::aws::runtimes;
use crate::diagnostic::Code;
use crate::rules::formats;
use clap_complete::engine::{
    ArgValueCandidates, ArgValueCompleter, CompletionCandidate, PathCompleter,
};

/// The supported shells.
pub const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

/// Sources.
pub fn sources() -> ArgValueCompleter {
    files(&["layers"])
}

/// Templates.
pub fn templates() -> ArgValueCompleter {
    files(&["yaml", "yml", "json", "template"])
}

/// Files that reports on access can read: sources, templates and policies.
pub fn readable() -> ArgValueCompleter {
    files(&["layers", "yaml", "yml", "json", "template"])
}

/// The archives of layers.
pub fn archives() -> ArgValueCompleter {
    files(&["zip"])
}

/// Output of the AWS CLI.
pub fn printed() -> ArgValueCompleter {
    files(&["json"])
}

/// Files with one of the endings, and the folders on the way to them.
fn files(endings: &'static [&'static str]) -> ArgValueCompleter {
    ArgValueCompleter::new(PathCompleter::any().filter(|path| {
        let ending = path.extension().and_then(|ending| ending.to_str());
        path.is_file() && ending.is_some_and(|ending| endings.contains(&ending))
    }))
}

/// The codes of messages, each with its meaning.
pub fn codes() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let meant =
            |code: &Code| CompletionCandidate::new(code.name()).help(Some(code.summary().into()));
        Code::ALL.iter().map(meant).collect()
    })
}

/// The runtimes of Lambda.
pub fn runtimes() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        runtimes::all()
            .map(|(name, _)| CompletionCandidate::new(name))
            .collect()
    })
}

/// The architectures of Lambda.
pub fn architectures() -> ArgValueCandidates {
    ArgValueCandidates::new(|| formats::ARCHITECTURES.map(CompletionCandidate::new).into())
}
