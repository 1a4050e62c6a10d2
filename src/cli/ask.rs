//! `layershare ask`

use super::Outcome;
use super::ahead::is_source;
use super::args::{AskArguments, ReportFormat};
use super::disk::{self, Disk};
use super::input::{self, Foreign, Given, Reading};
use super::messages::Messages;
use super::tree::Tree;
use crate::access::claim::{Facts, Verdict, verdict_of_all};
use crate::cloudformation::Template;
use crate::diagnostic::{Code, Diagnostic};
use crate::pipeline::Compiled;
use crate::pipeline::{compile_to_ask, compile_to_ask_by_names};
use crate::report::{self, AnswerReport};
use crate::rules::common::CommonNames;
use crate::rules::load::Root;
use crate::rules::model::Claim;
use crate::source::Sources;
use crate::template::limits::Limits;
use anyhow::{anyhow, bail};

/// Answers whether a claim holds, and why.
pub fn run(
    arguments: &AskArguments,
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Outcome> {
    let verdict = match arguments.files.as_slice() {
        [file] if !file.is_dir() => {
            let root = disk::root(file)?;
            if is_source(&root) {
                of_source(root, arguments, messages)?
            } else {
                of_others(vec![root], arguments, limits, messages)?
            }
        }
        _ => of_others(Vec::new(), arguments, limits, messages)?,
    };
    match verdict {
        Ok(verdict) => print(&verdict, arguments, messages),
        Err(outcome) => Ok(outcome),
    }
}

/// A verdict, or the outcome without one.
type AskedVerdict = Result<Verdict, Outcome>;

/// The verdict on a claim in the words of a source.
fn of_source(
    root: Root,
    arguments: &AskArguments,
    messages: &mut Messages,
) -> anyhow::Result<AskedVerdict> {
    let Some(compiled) = compiled(root, arguments, messages) else {
        return Ok(Err(Outcome::Misused));
    };
    let claim = claim(&compiled, arguments)?;
    let Some(lowered) = &compiled.lowered else {
        bail!("`{}` makes no template", arguments.files[0].display())
    };
    let values = arguments.values.values();
    let json = lowered
        .template
        .json()
        .ok_or_else(|| anyhow!("this is a bug of layershare: its own template cannot be read"))?;
    input::check_parameters(&json, &values, &arguments.files[0].display().to_string())?;
    let facts = Facts::new(Template::new(json, &values), Some(&lowered.source_map));
    Ok(Ok(facts.verdict(claim)))
}

/// The verdict on a claim in the words of a template: about one that is read already, or about all
/// files.
fn of_others(
    read: Vec<Root>,
    arguments: &AskArguments,
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<AskedVerdict> {
    let reading = Reading::new(
        &Tree::Disk,
        arguments.values.values(),
        arguments.meant_as.map(Into::into),
        limits,
    );
    let facts = |given, _: &[String]| {
        Ok(match given {
            Given::Source(json, ..) | Given::Foreign(Foreign::Template(json)) => {
                Facts::new(Template::new(json, &reading.values), None)
            }
            Given::Foreign(Foreign::Policies(grants)) => Facts::of_policies(grants),
            Given::Foreign(Foreign::Policy(json, kind)) => {
                Facts::of_policy_file(Template::new(json, &reading.values), kind)
            }
        })
    };
    let found = if read.is_empty() {
        reading.each(&arguments.files, messages, facts)?
    } else {
        reading.each_of(read, messages, facts)?
    };
    let Some(found) = found else {
        return Ok(Err(Outcome::Misused));
    };
    let Some(compiled) = named(&reading, arguments, messages)? else {
        return Ok(Err(Outcome::Misused));
    };
    let claim = claim(&compiled, arguments)?;
    let facts: Vec<Facts<'_>> = found.into_iter().map(|(_, facts)| facts).collect();
    Ok(Ok(verdict_of_all(&facts, claim)))
}

/// The claim, read with the names of the sources and of the sources of templates; `None` if there
/// are mistakes, which are then reported.
fn named(
    reading: &Reading<'_>,
    arguments: &AskArguments,
    messages: &mut Messages,
) -> anyhow::Result<Option<Compiled>> {
    let mut sources = Sources::default();
    let roots = reading.beside.roots(reading.tree);
    let names = CommonNames::of(roots, reading.tree, &mut sources);
    let claim = &arguments.claim;
    let compiled = compile_to_ask_by_names(&names, claim, reading.tree, &mut sources);
    for diagnostic in compiled.diagnostics.iter().filter(|one| one.is_error()) {
        if diagnostic.code == Code::MissingAccounts && names.lists_differ() {
            bail!("the sources have different lists of accounts: write the ID of an account");
        }
        let span = diagnostic.primary.span;
        let text = sources.get(span.file).text();
        let word = text.get(span.start as usize..span.end as usize);
        if let Some(why) = word.and_then(|word| names.refused(word)) {
            bail!("{why}");
        }
    }
    Ok(without_mistakes(compiled, &sources, messages))
}

/// A source with the claim in it; `None` if there are mistakes, which are then reported.
fn compiled(root: Root, arguments: &AskArguments, messages: &mut Messages) -> Option<Compiled> {
    let mut sources = Sources::default();
    let compiled = compile_to_ask(root, &arguments.claim, &Disk, &mut sources);
    without_mistakes(compiled, &sources, messages)
}

fn without_mistakes(
    mut compiled: Compiled,
    sources: &Sources,
    messages: &mut Messages,
) -> Option<Compiled> {
    compiled.diagnostics.retain(Diagnostic::is_error);
    if !compiled.diagnostics.is_empty() {
        messages.diagnostics(&compiled.diagnostics, sources);
        messages.summary(&compiled.diagnostics);
        return None;
    }
    Some(compiled)
}

fn claim<'c>(compiled: &'c Compiled, arguments: &AskArguments) -> anyhow::Result<&'c Claim> {
    let mut claims = compiled.rules.claims.iter();
    claims
        .next()
        .ok_or_else(|| anyhow!("`{}` is not a claim", arguments.claim))
}

fn print(
    verdict: &Verdict,
    arguments: &AskArguments,
    messages: &mut Messages,
) -> anyhow::Result<Outcome> {
    let answer = AnswerReport {
        claim: &arguments.claim,
        verdict,
        by_defaults: arguments.values.defaults,
    };
    let text = match arguments.format {
        ReportFormat::Text => report::answer_text(&answer),
        ReportFormat::Markdown => report::answer_markdown(&answer),
        ReportFormat::Json => format!("{:#}\n", report::answer_json(&answer)),
    };
    messages.answer(&text)?;
    Ok(match verdict {
        Verdict::Holds(_) => Outcome::Fine,
        Verdict::Fails(..) => Outcome::Findings,
        Verdict::Undecided(_) => Outcome::Undecided,
    })
}
