//! The differences between live and declared sharing, in each format.

use super::escape::{cell, terminal, word};
use crate::access::drift::{Drift, DriftCommand, DriftFinding};
use crate::access::grants::Who;
use crate::aws::arn::Arn;
use serde_json::{Value as Json, json};

/// The schema of a drift, in docs/schemas.
const SCHEMA: &str = "layershare/drift/1";

/// A difference on one line: its kind, what it is about, and what differs.
pub(super) fn drift_line(finding: &DriftFinding) -> String {
    let kind = finding.kind().name();
    format!("{kind}: {}: {}", finding.version, finding.difference)
}

/// The parts that are not read and may share the versions.
#[must_use]
pub fn drift_not_read(drift: &Drift) -> Vec<String> {
    let parts = drift.not_read.iter();
    parts
        .map(|part| format!("{}, {}", part.place, part.kind))
        .collect()
}

/// The commands of the AWS CLI that fix a difference.
pub(super) fn commands(finding: &DriftFinding) -> Vec<String> {
    let mut texts = Vec::new();
    for command in finding.commands() {
        match command {
            DriftCommand::Remove { arn, sid } => texts.push(remove(arn, sid)),
            DriftCommand::Add { arn, who, sid } => texts.extend(add(arn, who, sid)),
        }
    }
    texts
}

/// The options that both commands have.
fn common(arn: &str) -> String {
    let version = Arn::of(arn).and_then(Arn::layer_version);
    let (region, name, number) = version.map_or(("", "", ""), |version| {
        (version.region, version.name, version.version)
    });
    format!(
        "--region {} --layer-name {} --version-number {}",
        word(region),
        word(name),
        word(number)
    )
}

fn remove(arn: &str, sid: &str) -> String {
    format!(
        "aws lambda remove-layer-version-permission {} --statement-id {}",
        common(arn),
        word(sid)
    )
}

fn add(arn: &str, who: &Who, sid: &str) -> Option<String> {
    let principal = match who {
        Who::Everyone => "--principal '*'".to_owned(),
        Who::Organization(id) => format!(
            "--principal '*' --organization-id {}",
            word(id.as_literal()?)
        ),
        Who::Account(id) => format!("--principal {}", word(id.as_literal()?)),
        Who::Unknown(..) | Who::Owner => return None,
    };
    let action = "--action lambda:GetLayerVersion";
    let sid = word(sid.get(..100).unwrap_or(sid));
    Some(format!(
        "aws lambda add-layer-version-permission {} --statement-id {sid} {action} {principal}",
        common(arn)
    ))
}

/// For a terminal.
#[must_use]
pub fn drift_text(drift: &Drift) -> String {
    let mut text = String::new();
    for finding in &drift.findings {
        let line = drift_line(finding);
        text.push_str(&format!("{}\n", terminal(&line)));
        for command in commands(finding) {
            text.push_str(&format!("  {}\n", terminal(&command)));
        }
    }
    text
}

/// For a pull request.
#[must_use]
pub fn drift_markdown(drift: &Drift) -> String {
    let mut text = if drift.findings.is_empty() {
        "**Sharing of layers: no drift.** Live policies match the rules.\n".to_owned()
    } else {
        differences(drift)
    };
    if !drift.not_deployed.is_empty() {
        text.push_str("\nNothing to compare yet:\n\n");
        for one in &drift.not_deployed {
            text.push_str(&format!("- {}\n", cell(&one.to_string())));
        }
    }
    text
}

fn differences(drift: &Drift) -> String {
    let mut text = "## Sharing of layers: drift\n\n".to_owned();
    for finding in &drift.findings {
        let kind = finding.kind().name();
        let line = format!("{}: {}", finding.version, finding.difference);
        text.push_str(&format!("- **{kind}**: {}\n", cell(&line)));
    }
    let commands: Vec<String> = drift.findings.iter().flat_map(commands).collect();
    if !commands.is_empty() {
        text.push_str("\nThese commands fix it:\n\n```sh\n");
        for command in commands {
            text.push_str(&format!("{}\n", terminal(&command)));
        }
        text.push_str("```\n");
    }
    text
}

/// For programs, following `docs/schemas/drift.json`.
#[must_use]
pub fn drift_json(drift: &Drift) -> Json {
    let findings: Vec<Json> = drift
        .findings
        .iter()
        .map(|finding| {
            json!({
                "kind": finding.kind().name().replace(' ', "-"),
                "version": finding.version.to_string(),
                "about": finding.difference.to_string(),
                "resource": finding.resource,
                "commands": commands(finding),
            })
        })
        .collect();
    let not_deployed: Vec<Json> = drift
        .not_deployed
        .iter()
        .map(|one| json!({ "what": one.what, "region": one.region }))
        .collect();
    json!({
        "schema": SCHEMA,
        "compared": drift.compared,
        "findings": findings,
        "not_seen": drift.not_seen,
        "not_deployed": not_deployed,
        "not_read": drift_not_read(drift),
    })
}
