//! The differences between live and declared sharing, in each format.

use super::escape::{cell, terminal};
use crate::access::drift::Drift;
use serde_json::{Value as Json, json};

/// The schema of a drift, in docs/schemas.
const SCHEMA: &str = "layershare/drift/1";

/// For a terminal.
#[must_use]
pub fn drift_text(drift: &Drift) -> String {
    let mut text = String::new();
    for finding in &drift.findings {
        let (kind, version) = (finding.kind.name(), &finding.version);
        let line = format!("{kind}: {version}: {}", finding.about);
        text.push_str(&format!("{}\n", terminal(&line)));
        for command in &finding.commands {
            text.push_str(&format!("  {}\n", terminal(command)));
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
        let (kind, version) = (finding.kind.name(), &finding.version);
        let line = format!("{version}: {}", finding.about);
        text.push_str(&format!("- **{kind}**: {}\n", cell(&line)));
    }
    let commands: Vec<&String> = drift
        .findings
        .iter()
        .flat_map(|finding| &finding.commands)
        .collect();
    if !commands.is_empty() {
        text.push_str("\nThese commands fix it:\n\n```sh\n");
        for command in commands {
            text.push_str(&format!("{}\n", terminal(command)));
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
                "kind": finding.kind.name().replace(' ', "-"),
                "version": finding.version,
                "about": finding.about,
                "resource": finding.resource,
                "commands": finding.commands,
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
        "not_read": drift.not_read,
    })
}
