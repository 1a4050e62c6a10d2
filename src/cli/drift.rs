//! `layershare drift`

use super::Outcome;
use super::args::DriftArguments;
use super::input;
use super::messages::Messages;
use crate::access::drift::{Drift, Finding, Kind, PhysicalIds, drift};
use crate::access::grants::{Grants, Who};
use crate::cloudformation::Template;
use crate::english::{count, list};
use crate::report::terminal;
use crate::template::limits::Limits;
use anyhow::{Context, anyhow, bail};
use serde_json::Value as Json;
use std::io::{self, Write};

/// Compares the sharing that a template declares with the sharing that is live.
pub fn run(
    arguments: &DriftArguments,
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Outcome> {
    let values = arguments.values.values();
    let Some((template, adopted)) = input::template(&arguments.file, &values, limits, messages)?
    else {
        return Ok(Outcome::Findings);
    };
    let mut declared = Grants::of_template(&template);
    refuse_unknown(&declared)?;
    declared.add_unshared(&template, &adopted);
    let physical = match &arguments.stack_resources {
        Some(path) => physical_ids(&input::documents(path)?),
        None => PhysicalIds::new(),
    };
    if arguments.stack_resources.is_some() {
        refuse_partial(&template, &physical)?;
    }
    let mut policies = Vec::new();
    for (index, path) in arguments.policies.iter().enumerate() {
        messages.progress("reading", index, arguments.policies.len());
        policies.append(&mut input::documents(path)?);
    }
    let live = Grants::of_policies(&policies)
        .map_err(|error| anyhow!("this is not a layer version's policy: {error}"))?;
    let found = drift(&declared, &live, &physical);
    print(&found.findings).context("cannot write to standard output")?;
    summarize(&found, messages);
    Ok(if found.findings.is_empty() {
        Outcome::Fine
    } else {
        Outcome::Findings
    })
}

fn summarize(found: &Drift, messages: &mut Messages) {
    if found.findings.is_empty() {
        messages.say(&format!(
            "no drift: {} as the rules say",
            count(found.compared, "layer version")
        ));
    } else {
        messages.say(&count(found.findings.len(), "difference"));
    }
    if !found.not_seen.is_empty() {
        messages.say(&format!(
            "shared with nobody, and no live policy was given of {}",
            terminal(&list(&found.not_seen, "and"))
        ));
    }
    if found
        .findings
        .iter()
        .any(|finding| finding.kind == Kind::Missing)
    {
        messages.say(
            "a grant that is added by hand is not the stack's: it stays when its rule is removed",
        );
    }
}

/// Refuses to compare with somebody whom the template does not name.
fn refuse_unknown(declared: &Grants) -> anyhow::Result<()> {
    for (who, by) in declared
        .versions
        .values()
        .flat_map(|version| &version.grants)
    {
        match who {
            Who::Account(id) | Who::Organization(id) if id.as_literal().is_none() => {
                bail!("who `{id}` is, is unknown: give the value by `--parameter NAME=VALUE`")
            }
            Who::Unknown(why, _) => bail!("who the template shares with is unknown: {why}"),
            Who::Everyone | Who::Owner | Who::Account(_) | Who::Organization(_) => {}
        }
        if let Some(by) = by.iter().find(|by| !by.is_always()) {
            let when = by
                .cases
                .first()
                .map(ToString::to_string)
                .unwrap_or_default();
            bail!(
                "`{}` shares with {who} if {when} only: give the values by `--parameter \
                NAME=VALUE`, or `--defaults`",
                by.id
            )
        }
    }
    Ok(())
}

/// Refuses a list of a stack's resources that is not all of it: its versions would be taken for
/// others.
fn refuse_partial(template: &Template, physical: &PhysicalIds) -> anyhow::Result<()> {
    let mut versions = template
        .resources()
        .filter(|resource| resource.kind == "AWS::Lambda::LayerVersion");
    if let Some(missing) =
        versions.find(|version| version.condition().is_none() && !physical.contains_key(version.id))
    {
        bail!(
            "the stack's resources do not have `{}`: a list of them must be whole, as \
             `aws cloudformation list-stack-resources` prints it; `describe-stack-resources` stops \
            after 100",
            missing.id
        )
    }
    Ok(())
}

/// What a stack's resources are called, as `list-stack-resources` or `describe-stack-resources`
/// prints it.
fn physical_ids(printed: &[Json]) -> PhysicalIds {
    let lists = printed.iter().filter_map(|json| {
        json.get("StackResourceSummaries")
            .or(json.get("StackResources"))
    });
    let resources = lists.filter_map(Json::as_array).flatten();
    let text = |resource: &Json, name| resource.get(name).and_then(Json::as_str).map(str::to_owned);
    resources
        .filter_map(|resource| {
            Some((
                text(resource, "LogicalResourceId")?,
                text(resource, "PhysicalResourceId")?,
            ))
        })
        .collect()
}

fn print(findings: &[Finding]) -> io::Result<()> {
    let mut to = io::stdout().lock();
    for finding in findings {
        let line = format!(
            "{}: {}: {}",
            finding.kind.name(),
            finding.version,
            finding.about
        );
        writeln!(to, "{}", terminal(&line))?;
        for command in &finding.commands {
            writeln!(to, "  {}", terminal(command))?;
        }
    }
    to.flush()
}
