//! The content of archives, in each format.

use super::escape::{cell, line as escaped};
use crate::archive::Contents;
use crate::archive::facts::ArchiveFacts;
use crate::diagnostic::Diagnostic;
use crate::english::{count, list};
use crate::source::Sources;
use serde_json::{Value as Json, json};

/// The schema of the report, in docs/schemas.
const SCHEMA: &str = "layershare/inspect/1";

/// An inspected archive.
#[derive(Debug)]
pub struct Inspected {
    /// Its name, as messages have it.
    pub name: String,
    /// Its content.
    pub contents: Contents,
    /// Its findings.
    pub diagnostics: Vec<Diagnostic>,
}

impl Inspected {
    /// Its facts, one line each.
    fn lines(&self) -> Vec<String> {
        let contents = &self.contents;
        let mut sizes = count(contents.files(), "file");
        if let Some(zipped) = contents.zipped {
            sizes += &format!(", {}", bytes(zipped));
        }
        sizes += &format!(", {} unzipped", bytes(contents.unzipped()));
        let mut lines = vec![sizes];
        lines.extend(
            contents
                .sha256
                .iter()
                .map(|digits| format!("sha256 {digits}")),
        );
        let facts = ArchiveFacts::of(contents);
        let machines: Vec<String> = facts
            .machines
            .iter()
            .map(|(machine, number)| format!("{number} for {machine}"))
            .collect();
        if !machines.is_empty() {
            lines.push(format!(
                "programs and libraries: {}",
                list(&machines, "and")
            ));
        }
        if !facts.pythons.is_empty() {
            let pythons: Vec<&str> = facts.pythons.iter().map(String::as_str).collect();
            lines.push(format!("modules for Python {}", list(&pythons, "and")));
        }
        lines.extend(facts.glibc.map(|minor| format!("needs glibc 2.{minor}")));
        lines
    }
}

/// The content of archives, for a terminal. Findings are messages.
#[must_use]
pub fn inspect_text(inspected: &[Inspected]) -> String {
    let mut text = String::new();
    for one in inspected {
        text.push_str(&escaped(&one.name));
        text.push('\n');
        for line in one.lines() {
            text.push_str(&format!("  {}\n", escaped(&line)));
        }
    }
    text
}

/// The content of archives and the findings, for a pull request.
#[must_use]
pub fn inspect_markdown(inspected: &[Inspected], sources: &Sources) -> String {
    let mut text = "## Archives of layers\n".to_owned();
    for one in inspected {
        text.push_str(&format!("\n### {}\n\n", cell(&one.name)));
        for line in one.lines() {
            text.push_str(&format!("- {}\n", cell(&line)));
        }
        if one.diagnostics.is_empty() {
            continue;
        }
        text.push_str("\n| where | what | code |\n| --- | --- | --- |\n");
        for found in &one.diagnostics {
            let source = sources.get(found.primary.span.file);
            let range = source.line(source.position(found.primary.span.start).line);
            let place = source.text().get(range).unwrap_or_default();
            let what = format!("{}: {}", found.severity.name(), found.message);
            let code = found.code.name();
            text.push_str(&format!("| {} | {} | {code} |\n", cell(place), cell(&what)));
        }
    }
    text
}

/// The content of archives and the findings, for programs, as `docs/schemas/inspect.json` says.
#[must_use]
pub fn inspect_json(inspected: &[Inspected], sources: &Sources) -> Json {
    let one = |one: &Inspected| {
        let (contents, facts) = (&one.contents, ArchiveFacts::of(&one.contents));
        let findings: Vec<Json> = one
            .diagnostics
            .iter()
            .map(|found| {
                let source = sources.get(found.primary.span.file);
                let position = source.position(found.primary.span.start);
                let range = source.line(position.line);
                json!({
                    "code": found.code.name(),
                    "severity": found.severity.name(),
                    "message": found.message,
                    "label": found.primary.text,
                    "entry": source.text().get(range),
                    "line": position.line,
                })
            })
            .collect();
        json!({
            "file": one.name,
            "sha256": contents.sha256,
            "zipped": contents.zipped,
            "unzipped": contents.unzipped(),
            "files": contents.files(),
            "architectures": facts.machines,
            "pythons": facts.pythons,
            "glibc": facts.glibc.map(|minor| format!("2.{minor}")),
            "findings": findings,
        })
    };
    let archives: Vec<Json> = inspected.iter().map(one).collect();
    json!({ "schema": SCHEMA, "archives": archives })
}

fn bytes(number: u64) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), "byte")
}
