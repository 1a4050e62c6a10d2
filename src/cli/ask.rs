//! `layershare ask`

use super::Outcome;
use super::args::AskArguments;
use super::disk::{self, Disk};
use super::input::{self, Foreign};
use super::messages::Messages;
use crate::access::claim::{Facts, Verdict};
use crate::cloudformation::Template;
use crate::diagnostic::Diagnostic;
use crate::pipeline::compile_to_ask;
use crate::report::terminal;
use crate::rules::load::Root;
use crate::source::Sources;
use anyhow::{Context, anyhow};
use std::io::{self, Write};

/// Answers whether a claim holds, and why.
pub fn run(arguments: &AskArguments, messages: &mut Messages) -> anyhow::Result<Outcome> {
    let values = arguments.values.values();
    let root = disk::root(&arguments.file)?;
    let foreign = if input::is_source(&root) {
        None
    } else {
        Some(input::foreign(&root, arguments.meant_as.map(Into::into))?)
    };
    // A claim about something else than a source is read as if there were an empty one.
    let root = if foreign.is_some() {
        Root::in_memory(root.name, "")
    } else {
        root
    };
    let mut sources = Sources::default();
    let mut compiled = compile_to_ask(root, &arguments.claim, &Disk, &mut sources);
    compiled.diagnostics.retain(Diagnostic::is_error);
    if !compiled.diagnostics.is_empty() {
        messages.diagnostics(&compiled.diagnostics, &sources);
        messages.summary(&compiled.diagnostics);
        return Ok(Outcome::Misused);
    }
    let claim = compiled
        .rules
        .claims
        .first()
        .ok_or_else(|| anyhow!("`{}` is not a claim", arguments.claim))?;
    let facts = match (foreign, &compiled.lowered) {
        (Some(Foreign::Policies(grants)), _) => Facts::of_policies(grants),
        (Some(Foreign::Policy(json, kind)), _) => {
            Facts::of_policy_file(Template::new(json, &values), kind)
        }
        (Some(Foreign::Template(json)), _) => {
            input::check_parameters(&json, &values, &arguments.file)?;
            Facts::new(Template::new(json, &values), None)
        }
        (None, Some(lowered)) => {
            let json = lowered.template.json().ok_or_else(|| {
                anyhow!("this is a bug of layershare: its own template cannot be read")
            })?;
            input::check_parameters(&json, &values, &arguments.file)?;
            Facts::new(Template::new(json, &values), Some(&lowered.source_map))
        }
        (None, None) => anyhow::bail!("`{}` makes no template", arguments.file.display()),
    };
    let (answer, reason, outcome) = match facts.verdict(claim) {
        Verdict::Holds(why) => ("yes", why, Outcome::Fine),
        Verdict::Fails(why, causes) => ("no", with_causes(why, &causes), Outcome::Findings),
        Verdict::Undecided(why) => ("undecided", why, Outcome::Undecided),
    };
    let defaults = if arguments.values.defaults {
        ", by the defaults of the parameters"
    } else {
        ""
    };
    let line = terminal(&format!("{answer}{defaults}: {reason}"));
    writeln!(io::stdout().lock(), "{line}").context("cannot write to standard output")?;
    Ok(outcome)
}

fn with_causes(why: String, causes: &[crate::access::claim::Cause]) -> String {
    if causes.is_empty() {
        return why;
    }
    let causes: Vec<&str> = causes.iter().map(|cause| cause.shown.as_str()).collect();
    format!("{why} ({})", causes.join("; "))
}
