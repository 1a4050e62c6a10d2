//! The command line: the only part that prints, reads and writes files, and asks the time.

mod access;
mod ask;
mod build;
mod check;
mod disk;
mod drift;
mod explain;
mod fmt;
mod init;
mod input;
mod messages;
mod next;

use crate::access::subject::Kind;
use crate::cloudformation::Values;
use crate::template::Format;
use crate::template::limits::Limits;
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use jiff::civil::Date;
use messages::Messages;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// What a command came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing to complain about.
    Fine,
    /// The source or the template has findings.
    Findings,
    /// A question that is not understood: that is no answer.
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

/// Shares AWS Lambda layers by rules: compiles NAME.layers to a CloudFormation template.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 fine, 1 findings, 2 wrong usage, or a file that cannot be read or \
                          written, 3 a question that cannot be answered.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// When to use colors in messages
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: Color,
    /// How to write messages, on standard error
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    message_format: MessageFormat,
}

/// When messages are colored.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum Color {
    /// On a terminal that shows them.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How messages are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MessageFormat {
    /// In full, with the source.
    #[default]
    Human,
    /// One line each.
    Short,
    /// One JSON object a line.
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show who can use which layer version, and what roles and policies let attach
    Access(AccessArguments),
    /// Ask whether a claim holds of a source or a template: exits with 0 for yes, 1 for no, 3 if it cannot be told
    Ask(AskArguments),
    /// Compile a source to a CloudFormation template
    Build(BuildArguments),
    /// Look for mistakes, without writing anything
    Check {
        /// The sources; `-` is standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Report shares that end before this day, instead of today (in UTC)
        #[arg(long, value_name = "DATE")]
        as_of: Option<Date>,
    },
    /// Show who gains and who loses what between two sources, templates or policies
    Diff(DiffArguments),
    /// Compare the sharing that a source or a template says with live policies
    Drift(DriftArguments),
    /// Format sources in place; standard input goes to standard output
    Fmt {
        /// The sources; `-` is standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Write nothing; exit with 1 and show the difference if a file is not formatted
        #[arg(long)]
        check: bool,
    },
    /// Explain a code that a message names
    Explain {
        /// The code, such as `everyone-without-reason`
        code: String,
    },
    /// Write a source to start from
    Init {
        /// The file to write
        #[arg(default_value = "shared.layers", value_name = "FILE")]
        file: PathBuf,
    },
    /// Print a shell's completions for this program
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// The arguments of `build`.
#[derive(Debug, clap::Args)]
pub struct BuildArguments {
    /// The source; `-` is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where to write the template; standard output if left out
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// The form of the template
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: FormatArgument,
    /// Write nothing; exit with 1 and show the difference if OUT is not what the source says
    #[arg(long, requires = "output")]
    pub check: bool,
    /// Let a version that OUT publishes already be published again, under a new number
    #[arg(long, value_name = "LABEL", requires = "output")]
    pub republish: Vec<String>,
}

/// The arguments of `access`.
#[derive(Debug, clap::Args)]
pub struct AccessArguments {
    /// The source, the template, or the policies of layer versions; `-` is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The form of the report
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Report,
    /// What a policy is meant as that is in a file by itself, where its content does not say
    #[arg(long = "as", value_enum, value_name = "WHAT")]
    pub meant_as: Option<MeantAs>,
    /// The values of parameters
    #[command(flatten)]
    pub values: ValueArguments,
}

/// The arguments of `diff`.
#[derive(Debug, clap::Args)]
pub struct DiffArguments {
    /// What was: a source, a template, or policies; `-` is standard input
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// What is to be
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    /// The form of the report; `html` is for `access` only
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Report,
    /// Exit with 1 if anybody gains anything
    #[arg(long, value_enum, value_name = "WHAT")]
    pub fail_on: Option<FailOn>,
    /// What a policy is meant as that is in a file by itself, where its content does not say
    #[arg(long = "as", value_enum, value_name = "WHAT")]
    pub meant_as: Option<MeantAs>,
    /// The values of parameters, for both sides
    #[command(flatten)]
    pub values: ValueArguments,
}

/// What a policy in a file by itself is meant as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MeantAs {
    /// A service control policy
    Guardrail,
    /// A permissions boundary
    Boundary,
    /// A policy that somebody has in addition to others
    Policy,
}

impl From<MeantAs> for Kind {
    fn from(meant_as: MeantAs) -> Self {
        match meant_as {
            MeantAs::Guardrail => Self::Guardrail,
            MeantAs::Boundary => Self::Boundary,
            MeantAs::Policy => Self::Policy,
        }
    }
}

/// What is known of the values of a template's parameters. Without it, an answer is about every value that the template
/// allows.
#[derive(Debug, clap::Args)]
pub struct ValueArguments {
    /// The value of a parameter of the template
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = input::parameter)]
    pub parameters: Vec<(String, String)>,
    /// Take the defaults of all other parameters for their values
    #[arg(long)]
    pub defaults: bool,
}

impl ValueArguments {
    /// The values.
    pub fn values(&self) -> Values {
        Values { given: self.parameters.clone(), defaults: self.defaults }
    }
}

/// The form of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Report {
    /// For a terminal
    #[default]
    Text,
    /// For a pull request
    Markdown,
    /// For programs
    Json,
    /// One page that needs nothing else
    Html,
}

/// What a difference fails on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Somebody gains something
    Broader,
}

/// The arguments of `ask`.
#[derive(Debug, clap::Args)]
pub struct AskArguments {
    /// The source or the template; `-` is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The claim, such as `account 123456789012 can use deps`
    pub claim: String,
    /// What a policy is meant as that is in a file by itself, where its content does not say
    #[arg(long = "as", value_enum, value_name = "WHAT")]
    pub meant_as: Option<MeantAs>,
    /// The values of parameters
    #[command(flatten)]
    pub values: ValueArguments,
}

/// The arguments of `drift`.
#[derive(Debug, clap::Args)]
pub struct DriftArguments {
    /// The source or the template; `-` is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What `aws lambda get-layer-version-policy` printed, of any number of versions; `-` is standard input
    #[arg(required = true, value_name = "POLICY")]
    pub policies: Vec<PathBuf>,
    /// What `aws cloudformation list-stack-resources` printed of the stack, to see which version is which
    #[arg(long, value_name = "JSON")]
    pub stack_resources: Option<PathBuf>,
    /// The values of parameters
    #[command(flatten)]
    pub values: ValueArguments,
}

/// The form of a template, as an argument.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum FormatArgument {
    /// YAML, with comments for its reviewers
    #[default]
    Yaml,
    /// JSON, which says the same without comments
    Json,
}

impl From<FormatArgument> for Format {
    fn from(format: FormatArgument) -> Self {
        match format {
            FormatArgument::Yaml => Self::Yaml,
            FormatArgument::Json => Self::Json,
        }
    }
}

/// Runs the program with the arguments of the process.
pub fn run() -> ExitCode {
    run_with(Limits::default())
}

/// Runs the program under other limits than CloudFormation's, to measure how it grows beyond them.
pub fn run_with(limits: Limits) -> ExitCode {
    let arguments = Arguments::parse();
    let mut messages = Messages::new(arguments.color, arguments.message_format);
    match execute(arguments.command, limits, &mut messages) {
        Ok(outcome) => outcome.into(),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            messages.failure(&error);
            ExitCode::from(2)
        }
    }
}

fn execute(command: Command, limits: Limits, messages: &mut Messages) -> anyhow::Result<Outcome> {
    match command {
        Command::Access(arguments) => access::access(&arguments, limits, messages),
        Command::Ask(arguments) => ask::run(&arguments, messages),
        Command::Build(arguments) => build::build(&arguments, limits, messages),
        Command::Check { files, as_of } => check::check(&files, as_of, limits, messages),
        Command::Diff(arguments) => access::diff(&arguments, limits, messages),
        Command::Drift(arguments) => drift::run(&arguments, limits, messages),
        Command::Fmt { files, check } => fmt::fmt(&files, check, messages),
        Command::Explain { code } => explain::explain(&code),
        Command::Init { file } => init::init(&file, messages),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "layershare", &mut script);
            std::io::stdout().write_all(&script)?;
            Ok(Outcome::Fine)
        }
    }
}

/// Whether whoever reads the output has stopped reading, as `head` does: nobody is left to complain to.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    causes.any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}
