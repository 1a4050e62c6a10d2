//! `layershare drift`

use super::input::{self, problem};
use super::messages::Messages;
use super::{DriftArguments, Outcome};
use crate::access::drift::{Finding, Kind, PhysicalIds, drift};
use crate::access::grants::{Grants, Who};
use crate::diagnostic::count;
use crate::template::limits::Limits;
use anyhow::{Context, anyhow, bail};
use serde_json::Value as Json;
use std::io::{self, Write};

/// Compares the sharing that a template says with the sharing that is live.
pub fn run(arguments: &DriftArguments, limits: Limits, messages: &mut Messages) -> anyhow::Result<Outcome> {
    let Some(template) = input::template(&arguments.file, &arguments.parameters, limits, messages)? else {
        return Ok(Outcome::Findings);
    };
    let said = Grants::of_template(&template);
    refuse_unknown(&said)?;
    let physical = match &arguments.stack_resources {
        Some(path) => physical_ids(&input::documents(path)?),
        None => PhysicalIds::new(),
    };
    let mut policies = Vec::new();
    for path in &arguments.policies {
        policies.append(&mut input::documents(path)?);
    }
    let live = Grants::of_policies(&policies).map_err(|error| anyhow!("this is no policy: {}", problem(error)))?;
    let findings = drift(&said, &live, &physical);
    print(&findings).context("cannot write to standard output")?;
    if findings.is_empty() {
        messages.say(&format!("no drift: {} as the rules say", count(said.versions.len(), "layer version")));
        return Ok(Outcome::Fine);
    }
    messages.say(&count(findings.len(), "difference"));
    if findings.iter().any(|finding| finding.kind == Kind::Missing) {
        messages.say("a grant that is added by hand is not the stack's: it stays when its rule is removed");
    }
    Ok(Outcome::Findings)
}

/// Refuses to compare with somebody whom the template does not name.
fn refuse_unknown(said: &Grants) -> anyhow::Result<()> {
    for who in said.versions.values().flat_map(|version| version.grants.keys()) {
        match who {
            Who::Account(id) | Who::Organization(id) if id.as_literal().is_none() => {
                bail!("who `{id}` is must be known: give the value by `--parameter NAME=VALUE`")
            }
            Who::Unknown(why) => bail!("whom the template shares with is not known: {why}"),
            _ => {}
        }
    }
    Ok(())
}

/// What a stack's resources are called, as `describe-stack-resources` or `list-stack-resources` prints it.
fn physical_ids(printed: &[Json]) -> PhysicalIds {
    let lists = printed.iter().filter_map(|json| json.get("StackResources").or(json.get("StackResourceSummaries")));
    let resources = lists.filter_map(Json::as_array).flatten();
    let text = |resource: &Json, name| resource.get(name).and_then(Json::as_str).map(str::to_owned);
    resources
        .filter_map(|resource| Some((text(resource, "LogicalResourceId")?, text(resource, "PhysicalResourceId")?)))
        .collect()
}

fn print(findings: &[Finding]) -> io::Result<()> {
    let mut to = io::stdout().lock();
    for finding in findings {
        writeln!(to, "{}: {}: {}", finding.kind.name(), finding.version, finding.about)?;
        for command in &finding.commands {
            writeln!(to, "  {command}")?;
        }
    }
    to.flush()
}
