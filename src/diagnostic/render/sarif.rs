//! For code scanning: SARIF 2.1.0.
//!
//! Source: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>, and what GitHub asks
//! for in addition (GitHub Docs, code security, SARIF support for code scanning).

use super::finding::{Finding, Place, fingerprints};
use crate::diagnostic::Code;
use serde_json::{Value as Json, json};

/// The schema that the document says of itself.
const SCHEMA: &str = concat!(
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/",
    "sarif-schema-2.1.0.json"
);

/// Findings as one JSON document.
pub fn render(findings: &[Finding]) -> String {
    let mut codes: Vec<Code> = Vec::new();
    let mut results = Vec::new();
    for (finding, fingerprint) in findings.iter().zip(fingerprints(findings)) {
        let rule = codes
            .iter()
            .position(|code| *code == finding.code)
            .unwrap_or(codes.len());
        if rule == codes.len() {
            codes.push(finding.code);
        }
        results.push(result(finding, rule, &fingerprint));
    }
    let rules: Vec<Json> = codes.iter().map(|code| rule(*code)).collect();
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "layershare",
                "fullName": concat!("layershare ", env!("CARGO_PKG_VERSION")),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "automationDetails": { "id": "layershare/" },
            // Our columns count characters; without this, they would be taken for units of UTF-16.
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{document:#}\n")
}

fn rule(code: Code) -> Json {
    let summary = sentence(code.summary());
    json!({
        "id": code.name(),
        "shortDescription": { "text": summary },
        "fullDescription": { "text": summary },
        "help": { "text": code.page(), "markdown": code.page() },
    })
}

fn result(finding: &Finding, rule: usize, fingerprint: &str) -> Json {
    let mut related = Vec::new();
    for (id, (place, text)) in finding.related.iter().enumerate() {
        related.push(json!({
            "id": id + 1,
            "message": { "text": text },
            "physicalLocation": physical(place),
        }));
    }
    let mut result = json!({
        "ruleId": finding.code.name(),
        "ruleIndex": rule,
        "level": finding.severity.name(),
        "message": { "text": finding.full_text() },
        "locations": [{ "physicalLocation": physical(&finding.place) }],
        "relatedLocations": related,
        "partialFingerprints": { "layershare/v1": fingerprint },
    });
    if let Some(fix) = &finding.fix {
        result["fixes"] = json!([{
            "description": { "text": fix.title },
            "artifactChanges": [{
                "artifactLocation": { "uri": fix.place.uri() },
                "replacements": [{
                    "deletedRegion": region(&fix.place),
                    "insertedContent": { "text": fix.replacement },
                }],
            }],
        }]);
    }
    result
}

fn physical(place: &Place) -> Json {
    json!({ "artifactLocation": { "uri": place.uri() }, "region": region(place) })
}

fn region(place: &Place) -> Json {
    json!({
        "startLine": place.start.line,
        "startColumn": place.start.column,
        "endLine": place.end.line,
        "endColumn": place.end.column,
    })
}

/// A summary as the sentence that SARIF asks for.
fn sentence(summary: &str) -> String {
    let mut characters = summary.chars();
    let first = characters
        .next()
        .map(|first| first.to_uppercase().to_string())
        .unwrap_or_default();
    format!("{first}{}.", characters.as_str())
}
