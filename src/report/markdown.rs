//! Reports for a pull request.

use super::access::{AccessRows, GrantRow};
use super::diff::DiffSentences;
use super::escape::cell;
use super::mermaid;
use super::picture::Picture;
use crate::access::Access;
use crate::access::diff::Diff;

pub(super) fn access(access: &Access, rows: &AccessRows) -> String {
    let mut text = "## Who can use which layer\n\n".to_owned();
    for version in &rows.public {
        line(
            &mut text,
            &format!(
                "> **EVERYONE**, every AWS account, can use {}\n",
                cell(version)
            ),
        );
    }
    line(
        &mut text,
        "| layer | version | can be used by |\n| --- | --- | --- |",
    );
    for layer in &rows.layers {
        for version in &layer.versions {
            let who = if version.grants.is_empty() {
                "nobody but its owner".to_owned()
            } else {
                let grants: Vec<String> = version.grants.iter().map(GrantRow::sentence).collect();
                cells(&grants)
            };
            line(
                &mut text,
                &format!(
                    "| {} | {} | {who} |",
                    cell(&layer.heading()),
                    cell(&version.id)
                ),
            );
        }
    }
    line(
        &mut text,
        &format!("\n```mermaid\n{}```", mermaid::text(&Picture::of(access))),
    );
    if !rows.subjects.is_empty() {
        line(
            &mut text,
            "\n## What may be attached\n\n| by | layers |\n| --- | --- |",
        );
        for row in &rows.subjects {
            let subject = cell(&format!("{} {}", row.subject, row.verb));
            line(&mut text, &format!("| {subject} | {} |", cells(&row.lines)));
        }
    }
    if !rows.not_read.is_empty() {
        line(
            &mut text,
            "\n## Not read\n\nThe effect of these is not in the template.\n",
        );
        for (place, what) in &rows.not_read {
            line(&mut text, &format!("- {}: {}", cell(place), cell(what)));
        }
    }
    text
}

pub(super) fn diff(diff: &Diff, sentences: &DiffSentences, gained: &Picture) -> String {
    if diff.is_empty() {
        return "**Access to layers: no change.** Nobody gains or loses anything.\n".to_owned();
    }
    let broader = if diff.is_broader() {
        "broader"
    } else {
        "narrower"
    };
    let mut text = format!("## Access to layers: {broader}\n");
    for sentence in &sentences.loud {
        text.push_str(&format!("\n> **{}**\n", cell(sentence)));
    }
    for (title, sentences) in [
        ("Gained", &sentences.gained),
        ("Lost", &sentences.lost),
        ("Also", &sentences.notes),
    ] {
        if !sentences.is_empty() {
            text.push_str(&format!("\n### {title}\n\n"));
            for sentence in sentences {
                line(&mut text, &format!("- {}", cell(sentence)));
            }
        }
    }
    if !gained.lines.is_empty() {
        text.push_str("\n### Who can use what from now on\n\n");
        line(
            &mut text,
            &format!("```mermaid\n{}```", mermaid::text(gained)),
        );
    }
    text
}

fn cells(lines: &[String]) -> String {
    lines
        .iter()
        .map(|line| cell(line))
        .collect::<Vec<_>>()
        .join("<br>")
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}
