//! The command line: the only part that prints, reads and writes files, and asks the time.

mod access;
mod adopt;
mod ahead;
mod archives;
mod args;
mod ask;
mod beside;
mod build;
mod built;
mod check;
mod completers;
mod completions;
mod declared;
mod deployed;
mod diff;
mod disk;
mod drafts;
mod drift;
mod explain;
mod fmt;
mod folder;
mod init;
mod input;
mod inputs;
mod inspect;
mod live;
mod man;
mod messages;
mod moving;
mod next;
mod output;
mod place;
mod plan;
mod progress;
mod separate;
mod stage;
mod tree;
mod uses;

use crate::template::limits::Limits;
use args::{Arguments, Command};
use messages::Messages;
use std::process::ExitCode;

/// The outcome of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing to complain about.
    Fine,
    /// The source or the template has findings.
    Findings,
    /// A question that is not understood has no answer.
    Misused,
    /// A question that cannot be answered.
    Undecided,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Fine => Self::SUCCESS,
            Outcome::Findings => Self::from(1),
            Outcome::Misused => Self::from(2),
            Outcome::Undecided => Self::from(3),
        }
    }
}

/// Runs the program with the arguments of the process.
#[must_use]
pub fn run() -> ExitCode {
    run_with(Limits::default())
}

/// Runs the program under other limits than CloudFormation's, to measure how it grows beyond them.
#[must_use]
pub fn run_with(limits: Limits) -> ExitCode {
    completions::answer();
    let arguments = Arguments::of_process();
    let mut messages = Messages::new(&arguments.messages);
    match execute(arguments.command, limits, &mut messages) {
        Ok(outcome) => {
            messages.finish();
            outcome.into()
        }
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            messages.failure(&error);
            ExitCode::from(2)
        }
    }
}

fn execute(command: Command, limits: Limits, messages: &mut Messages) -> anyhow::Result<Outcome> {
    match command {
        Command::Access(given) => access::run(&given.own, limits, messages),
        Command::Ask(given) => ask::run(&given.own, limits, messages),
        Command::Build(given) => build::run(&given.own, limits, messages),
        Command::Check(given) => check::run(&given.own, limits, messages),
        Command::Diff(given) => diff::run(&given.own, limits, messages),
        Command::Drift(given) => drift::run(&given.own, limits, messages),
        Command::Adopt(given) => adopt::run(&given.own, limits, messages),
        Command::Live(given) => live::run(&given.own, limits, messages),
        Command::Uses(given) => uses::run(&given.own, limits, messages),
        Command::Inspect(given) => inspect::run(&given.own, messages),
        Command::Fmt(given) => fmt::run(&given.own, messages),
        Command::Explain(given) => explain::run(&given.own),
        Command::Init(given) => init::run(&given.own, messages),
        Command::Completions(given) => completions::run(&given.own),
        Command::Man(given) => man::run(&given.own),
    }
}

/// Whether the reader of the output has stopped reading, as `head` does: there is nobody to report
/// it to.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let mut causes = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    causes.any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}
