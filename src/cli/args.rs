//! The arguments of every command.

use super::completers;
use crate::access::kind::SubjectKind;
use crate::aws::arn::{Fields, LAYER_FIELDS};
use crate::aws::runtimes;
use crate::cloudformation::Values;
use crate::diagnostic::render::Form;
use crate::rules::formats;
use crate::template::Format;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;
use std::io::IsTerminal;
use std::path::PathBuf;

/// Shares AWS Lambda layers by rules: compiles NAME.layers to a CloudFormation template.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 fine, 1 findings, 2 wrong usage, or a file that cannot be read or \
                          written, 3 an undecided question."
)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
    /// How to write messages
    #[command(flatten)]
    pub messages: MessageArguments,
}

impl Arguments {
    /// The arguments of the process. A wrong one ends the program.
    pub fn of_process() -> Self {
        let mut tree = Self::command();
        let parsed = tree
            .try_get_matches_from_mut(std::env::args_os())
            .and_then(|mut matches| Self::from_arg_matches_mut(&mut matches));
        let Self { command, messages } =
            parsed.unwrap_or_else(|error| error.format(&mut tree).exit());
        // The program is short. To free the tree piece by piece would take a tenth of its time.
        std::mem::forget(tree);
        let messages = command.messages().or(&messages);
        Self { command, messages }
    }
}

// How messages are written, for every command.
#[derive(Debug, clap::Args)]
pub struct MessageArguments {
    /// When to use colors in messages; `auto` by default
    #[arg(long, value_enum, value_name = "WHEN")]
    pub color: Option<Color>,
    /// How to write messages, on standard error; `human` by default
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub message_format: Option<MessageFormat>,
    /// How many messages to write in full, 100 by default; 0 for all
    #[arg(long, value_name = "NUMBER", value_parser = most)]
    pub max_messages: Option<usize>,
    /// Write findings only: no counts, no next steps, no progress
    #[arg(short, long)]
    pub quiet: bool,
}

impl MessageArguments {
    /// These arguments, and `others` where these are not given.
    fn or(&self, others: &Self) -> Self {
        Self {
            color: self.color.or(others.color),
            message_format: self.message_format.or(others.message_format),
            max_messages: self.max_messages.or(others.max_messages),
            quiet: self.quiet || others.quiet,
        }
    }
}

// The arguments of a command, and how its messages are written. Every command has the latter for
// itself: clap copies each `global` argument into all commands whenever the program starts.
#[derive(Debug, clap::Args)]
pub struct With<T: clap::Args> {
    #[command(flatten)]
    pub own: T,
    #[command(flatten)]
    pub messages: MessageArguments,
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
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum MessageFormat {
    /// In full, with the source
    #[default]
    Human,
    /// One line each
    Short,
    /// One JSON object a line
    Json,
    /// `github` in a workflow of GitHub Actions, otherwise `human`
    Auto,
    /// Annotations of GitHub Actions
    Github,
    /// A code quality report of GitLab
    Gitlab,
    /// SARIF, for code scanning
    Sarif,
    /// JUnit's XML, for lists of tests
    Junit,
    /// Reviewdog's JSON
    Rdjson,
}

impl MessageFormat {
    /// The form of the messages of this run.
    pub fn form(self) -> Form {
        match self {
            Self::Human => Form::Human,
            Self::Short => Form::Short,
            Self::Json => Form::Json,
            Self::Auto if is_github_actions() => Form::Github,
            Self::Auto => Form::Human,
            Self::Github => Form::Github,
            Self::Gitlab => Form::Gitlab,
            Self::Sarif => Form::Sarif,
            Self::Junit => Form::Junit,
            Self::Rdjson => Form::Rdjson,
        }
    }
}

/// Whether a runner of GitHub Actions reads the output.
fn is_github_actions() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
        && !std::io::stderr().is_terminal()
}

/// What to do. The arguments of a command are built only when it is called. Their structures have
/// no documentation, since clap would use it for the command.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Show who can use which layer version, and which layers each role and policy may attach
    Access(With<AccessArguments>),
    /// Answer whether a claim holds for a source or a template: exits with 0 for yes, 1 for no, 3
    /// for undecided
    Ask(With<AskArguments>),
    /// Compile a source to a CloudFormation template
    Build(With<BuildArguments>),
    /// Look for mistakes, without writing anything
    Check(With<CheckArguments>),
    /// Show who gains and who loses what between two sources, templates or policies
    Diff(With<DiffArguments>),
    /// Compare the sharing declared in a source or template with live policies
    Drift(With<DriftArguments>),
    /// Print the shell script that collects the live policies for `drift`
    Live(With<LiveArguments>),
    /// Write the ARNs of published versions into their source, which then manages only their
    /// sharing
    Adopt(With<AdoptArguments>),
    /// Show the layers of the functions in templates and what is wrong with them, or who uses a
    /// layer
    #[command(disable_version_flag = true)]
    Uses(With<UsesArguments>),
    /// Show what is in the archives of layers and what is wrong with it
    Inspect(With<InspectArguments>),
    /// Format sources in place; standard input goes to standard output
    Fmt(With<FmtArguments>),
    /// Explain the code of a message, or list all codes
    Explain(With<ExplainArguments>),
    /// Write a source to start from
    Init(With<InitArguments>),
    /// Print completions for a shell
    Completions(With<CompletionsArguments>),
    /// Write the manual pages of this program into a folder
    Man(With<ManArguments>),
}

impl Command {
    /// How its messages are written.
    fn messages(&self) -> &MessageArguments {
        match self {
            Self::Access(With { messages, .. })
            | Self::Ask(With { messages, .. })
            | Self::Build(With { messages, .. })
            | Self::Check(With { messages, .. })
            | Self::Diff(With { messages, .. })
            | Self::Drift(With { messages, .. })
            | Self::Live(With { messages, .. })
            | Self::Adopt(With { messages, .. })
            | Self::Uses(With { messages, .. })
            | Self::Inspect(With { messages, .. })
            | Self::Fmt(With { messages, .. })
            | Self::Explain(With { messages, .. })
            | Self::Init(With { messages, .. })
            | Self::Completions(With { messages, .. })
            | Self::Man(With { messages, .. }) => messages,
        }
    }
}

#[derive(Debug, clap::Args)]
pub struct BuildArguments {
    /// The source; `-` is standard input
    #[arg(value_name = "FILE", add = completers::sources())]
    pub file: PathBuf,
    /// The file for the template, or a folder for a template of each stack; standard output by
    /// default
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// The format of the template
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: FormatArgument,
    /// Write nothing; exit with 1 and show the difference if OUT does not match the source
    #[arg(long, requires = "output")]
    pub check: bool,
    /// Allow LABEL, already published by OUT, to be published again under a new number
    #[arg(long, value_name = "LABEL", requires = "output")]
    pub republish: Vec<String>,
    /// Overwrite OUT although this program did not write it
    #[arg(long, requires = "output")]
    pub replace: bool,
}

#[derive(Debug, clap::Args)]
pub struct CheckArguments {
    /// The sources, or folders with them; `-` is standard input
    #[arg(required = true, value_name = "FILE", add = completers::sources())]
    pub files: Vec<PathBuf>,
    /// Report shares that expired before this date; today (in UTC) by default
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<Date>,
}

#[derive(Debug, clap::Args)]
pub struct AccessArguments {
    /// Sources, templates, policies of layer versions, or folders with templates and sources; `-`
    /// is standard input
    #[arg(required = true, value_name = "FILE", add = completers::readable())]
    pub files: Vec<PathBuf>,
    /// The format of the report
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: AccessFormat,
    /// The revision of the files, to show in the page and in JSON
    #[arg(long, value_name = "TEXT")]
    pub revision: Option<String>,
    /// What a policy in a file of its own is, if its content does not show it
    #[arg(long = "as", value_enum, value_name = "WHAT")]
    pub meant_as: Option<MeantAs>,
    /// The values of parameters
    #[command(flatten)]
    pub values: ValueArguments,
}

#[derive(Debug, clap::Args)]
pub struct DiffArguments {
    /// The old and the new side: each a source, a template, policies, or a folder; `-` is standard
    /// input. With `--base`, what to compare with that revision; the current folder by default
    #[arg(value_name = "PATH", add = completers::readable())]
    pub paths: Vec<PathBuf>,
    /// The old side is this revision of the git repository
    #[arg(long, value_name = "REVISION")]
    pub base: Option<String>,
    /// The format of the report
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: ReportFormat,
    /// Exit with 1 if anybody gains anything
    #[arg(long, value_enum, value_name = "WHAT")]
    pub fail_on: Option<FailOn>,
    /// What a policy in a file of its own is, if its content does not show it
    #[arg(long = "as", value_enum, value_name = "WHAT")]
    pub meant_as: Option<MeantAs>,
    /// Also list the functions that lose a layer: the templates and `serverless.yml` with them, or
    /// folders
    #[arg(long, value_name = "FILE", num_args = 1.., add = completers::templates())]
    pub uses: Vec<PathBuf>,
    #[command(flatten)]
    pub target: TargetArguments,
    /// The values of parameters, for both sides
    #[command(flatten)]
    pub values: ValueArguments,
}

/// What a policy in a file of its own is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MeantAs {
    /// A service control policy
    Guardrail,
    /// A permissions boundary
    Boundary,
    /// A policy that somebody has in addition to others
    Policy,
}

impl From<MeantAs> for SubjectKind {
    fn from(meant_as: MeantAs) -> Self {
        match meant_as {
            MeantAs::Guardrail => Self::Guardrail,
            MeantAs::Boundary => Self::Boundary,
            MeantAs::Policy => Self::Policy,
        }
    }
}

// The known values of a template's parameters. Without them, an answer is about every value that
// the template allows.
#[derive(Debug, clap::Args)]
pub struct ValueArguments {
    /// The value of a parameter of the template
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    pub parameters: Vec<(String, String)>,
    /// Use the defaults of all other parameters
    #[arg(long)]
    pub defaults: bool,
}

impl ValueArguments {
    /// The values.
    pub fn values(&self) -> Values {
        Values {
            given: self.parameters.clone(),
            defaults: self.defaults,
        }
    }
}

/// The format of a report about access.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum AccessFormat {
    /// For a terminal
    #[default]
    Text,
    /// For a pull request
    Markdown,
    /// For programs
    Json,
    /// One page that needs nothing else
    Html,
    /// A picture of who can use what
    Svg,
}

/// The format of a report that is not made for a browser.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum ReportFormat {
    /// For a terminal
    #[default]
    Text,
    /// For a pull request
    Markdown,
    /// For programs
    Json,
}

/// What a difference fails on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Somebody gains something
    Broader,
}

#[derive(Debug, clap::Args)]
pub struct AskArguments {
    /// Sources, templates, or folders with them; `-` is standard input
    #[arg(required = true, value_name = "FILE", add = completers::readable())]
    pub files: Vec<PathBuf>,
    /// The claim, such as `account 123456789012 can use deps`
    pub claim: String,
    /// The format of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: ReportFormat,
    /// What a policy in a file of its own is, if its content does not show it
    #[arg(long = "as", value_enum, value_name = "WHAT")]
    pub meant_as: Option<MeantAs>,
    /// The values of parameters
    #[command(flatten)]
    pub values: ValueArguments,
}

#[derive(Debug, clap::Args)]
pub struct DriftArguments {
    /// Sources, templates, or folders with them; and the output of `aws lambda
    /// get-layer-version-policy`, and of `get-layer-version`, for any number of versions; `-` is
    /// standard input
    #[arg(required = true, value_name = "FILE", add = completers::readable())]
    pub files: Vec<PathBuf>,
    /// The output of `aws cloudformation list-stack-resources` for the stack, to match live
    /// versions to the source
    #[arg(long, value_name = "JSON", add = completers::printed())]
    pub stack_resources: Option<PathBuf>,
    /// The format of the report
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: ReportFormat,
    /// The values of parameters
    #[command(flatten)]
    pub values: ValueArguments,
}

#[derive(Debug, clap::Args)]
pub struct AdoptArguments {
    /// The source that published the versions
    #[arg(value_name = "FILE", add = completers::sources())]
    pub file: PathBuf,
    /// What the script of `layershare live` collected, or the output of `aws cloudformation
    /// list-stack-resources`
    #[arg(required = true, value_name = "JSON", add = completers::printed())]
    pub lists: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub struct LiveArguments {
    /// Sources, templates, or folders with them; `-` is standard input
    #[arg(required = true, value_name = "FILE", add = completers::readable())]
    pub files: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub struct UsesArguments {
    /// The templates and `serverless.yml` with the functions, or folders with them; `-` is standard
    /// input
    #[arg(required = true, value_name = "FILE", add = completers::templates())]
    pub files: Vec<PathBuf>,
    /// Information about layers: sources, templates, and the output of `aws lambda
    /// list-layer-versions`, `get-layer-version` and `get-layer-version-policy`, or folders with
    /// them
    #[arg(long, value_name = "FILE", num_args = 1.., add = completers::readable())]
    pub catalog: Vec<PathBuf>,
    #[command(flatten)]
    pub target: TargetArguments,
    /// Who deploys the functions: a role, a user or a policy in these files or in the catalogue
    #[arg(long = "as", value_name = "ROLE", conflicts_with = "of")]
    pub deployer: Option<String>,
    /// List the functions that use this layer instead: its name, or its ARN without a version
    #[arg(long, value_name = "LAYER", conflicts_with = "catalog", value_parser = layer)]
    pub of: Option<String>,
    /// The version number, for `--of`
    #[arg(long, value_name = "NUMBER", requires = "of", value_parser = number)]
    pub version: Option<String>,
    /// The format of the report
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: ReportFormat,
}

// Where functions are deployed.
#[derive(Debug, clap::Args)]
pub struct TargetArguments {
    /// The region that the functions are deployed to
    #[arg(long, value_name = "REGION", value_parser = region)]
    pub region: Option<String>,
    /// The account that the functions are deployed to
    #[arg(long, value_name = "ID", value_parser = account)]
    pub account: Option<String>,
    /// The organization that the account is in
    #[arg(long, value_name = "ID", value_parser = organization, requires = "account")]
    pub organization: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct InspectArguments {
    /// The zip files, or the folders as `aws cloudformation package` would zip them
    #[arg(required = true, value_name = "FILE", add = completers::archives())]
    pub files: Vec<PathBuf>,
    /// The runtimes that the layer is for
    #[arg(long = "runtime", value_name = "NAME", num_args = 1..)]
    #[arg(value_parser = runtime, add = completers::runtimes())]
    pub runtimes: Vec<String>,
    /// The architectures that the layer is for
    #[arg(long = "architecture", value_name = "NAME", num_args = 1..)]
    #[arg(value_parser = architecture, add = completers::architectures())]
    pub architectures: Vec<String>,
    /// The format of the report
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: ReportFormat,
}

#[derive(Debug, clap::Args)]
pub struct FmtArguments {
    /// The sources, or folders with them; `-` is standard input
    #[arg(required = true, value_name = "FILE", add = completers::sources())]
    pub files: Vec<PathBuf>,
    /// Write nothing; exit with 1 and show the difference if a file is not formatted
    #[arg(long)]
    pub check: bool,
}

#[derive(Debug, clap::Args)]
pub struct ExplainArguments {
    /// The code, such as `everyone-without-reason`; without it, all codes are listed
    #[arg(add = completers::codes())]
    pub code: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct InitArguments {
    /// The file to write
    #[arg(default_value = "shared.layers", value_name = "FILE")]
    pub file: PathBuf,
}

#[derive(Debug, clap::Args)]
pub struct CompletionsArguments {
    /// The shell
    #[arg(value_parser = completers::SHELLS)]
    pub shell: String,
}

#[derive(Debug, clap::Args)]
pub struct ManArguments {
    /// The folder, such as `~/.local/share/man/man1`; it is made if it is not there
    #[arg(value_name = "FOLDER", value_hint = clap::ValueHint::DirPath)]
    pub folder: PathBuf,
}

/// The format of a template, as an argument.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum FormatArgument {
    /// YAML, with comments for its reviewers
    #[default]
    Yaml,
    /// JSON, the same without comments
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

/// The value of a parameter: `NAME=VALUE`.
fn parameter(argument: &str) -> Result<(String, String), String> {
    let (name, value) = argument
        .split_once('=')
        .ok_or("a parameter's value is given as NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn region(argument: &str) -> Result<String, String> {
    checked(
        argument,
        formats::is_region(argument),
        "a region, such as us-east-1",
    )
}

fn account(argument: &str) -> Result<String, String> {
    checked(
        argument,
        formats::is_account_id(argument),
        "an account ID: 12 digits",
    )
}

fn organization(argument: &str) -> Result<String, String> {
    checked(
        argument,
        formats::is_organization_id(argument),
        "an organization ID, such as o-a1b2c3d4e5",
    )
}

fn runtime(argument: &str) -> Result<String, String> {
    checked(
        argument,
        runtimes::support(argument).is_some(),
        "a runtime, such as python3.13",
    )
}

fn architecture(argument: &str) -> Result<String, String> {
    checked(
        argument,
        formats::ARCHITECTURES.contains(&argument),
        "x86_64 or arm64",
    )
}

fn most(argument: &str) -> Result<usize, String> {
    argument
        .parse()
        .map_err(|_| "expected a number, such as 20; 0 is for all".to_owned())
}

fn number(argument: &str) -> Result<String, String> {
    checked(
        argument,
        formats::is_version_number(argument),
        "the number of a version",
    )
}

/// The name of a layer, or its ARN: that of a version without its number.
fn layer(argument: &str) -> Result<String, String> {
    let fields = Fields::of(argument);
    let mut placed = fields.placed();
    let is_arn = fields.count() == LAYER_FIELDS
        && placed.all(|(field, text)| formats::is_layer_version_field(field, text));
    let is_layer = is_arn || formats::is_layer_name(argument);
    checked(
        argument,
        is_layer,
        "a layer's name, or its ARN without the number of a version, which `--version` takes",
    )
}

fn checked(argument: &str, is_right: bool, expected: &str) -> Result<String, String> {
    if is_right {
        Ok(argument.to_owned())
    } else {
        Err(format!("expected {expected}"))
    }
}
