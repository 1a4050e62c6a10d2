//! `layershare ask`

use super::disk::{self, Disk};
use super::input;
use super::messages::Messages;
use super::{AskArguments, Outcome};
use crate::access::claim::{Ground, Verdict};
use crate::compile_to_ask;
use crate::diagnostic::has_errors;
use crate::rules::load::Root;
use crate::syntax::source::Sources;
use crate::template::Format;
use anyhow::Context;
use serde_json::Value as Json;
use std::io::{self, Write};

/// Answers whether a claim holds, and why.
pub fn run(arguments: &AskArguments, messages: &mut Messages) -> anyhow::Result<Outcome> {
    let root = disk::root(&arguments.file)?;
    let (root, template) = match input::is_source(&root) {
        true => (root, None),
        false => {
            let json = input::template_in(&root)?;
            (Root { name: root.name, path: None, bytes: Vec::new() }, Some(json))
        }
    };
    let mut sources = Sources::default();
    let compiled = compile_to_ask(root, &arguments.claim, &Disk, &mut sources);
    if has_errors(&compiled.diagnostics) {
        messages.diagnostics(&compiled.diagnostics, &sources);
        messages.summary(&compiled.diagnostics);
        return Ok(Outcome::Misused);
    }
    let json: Json = match (template, &compiled.lowered) {
        (Some(json), _) => json,
        (None, Some(lowered)) => {
            let mut written = Vec::new();
            lowered.template.write(Format::Json, &mut written)?;
            serde_json::from_slice(&written)?
        }
        (None, None) => Json::Null,
    };
    input::check_parameters(&json, &arguments.parameters, &arguments.file)?;
    let ground = Ground::new(&json, &arguments.parameters);
    let Some(claim) = compiled.rules.claims.first() else {
        anyhow::bail!("`{}` is not a claim", arguments.claim);
    };
    let (answer, reason, outcome) = match ground.verdict(claim) {
        Verdict::Holds(why) => ("yes", why, Outcome::Fine),
        Verdict::Fails(why, by) if by.is_empty() => ("no", why, Outcome::Findings),
        Verdict::Fails(why, by) => ("no", format!("{why} ({})", by.join("; ")), Outcome::Findings),
        Verdict::Undecided(why) => ("undecided", why, Outcome::Undecided),
    };
    let mut to = io::stdout().lock();
    let note = ground.assumption(&reason).map_or_else(String::new, |note| format!("; {note}"));
    writeln!(to, "{answer}: {reason}{note}").context("cannot write to standard output")?;
    Ok(outcome)
}
