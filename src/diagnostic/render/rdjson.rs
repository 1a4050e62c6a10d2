//! For reviewdog: its diagnostic format, in which a fix is a suggestion that a reviewer applies.
//!
//! Source: <https://github.com/reviewdog/reviewdog/blob/master/proto/rdf/reviewdog.proto>; its
//! columns count bytes.

use super::finding::{Finding, Place};
use crate::diagnostic::Severity;
use serde_json::{Value as Json, json};

/// Findings as one JSON document.
pub fn render(findings: &[Finding]) -> String {
    let mut diagnostics = Vec::new();
    for finding in findings {
        // A suggestion is about the file of its finding.
        let fix = finding
            .fix
            .as_ref()
            .filter(|fix| fix.place.file == finding.place.file);
        let suggestions: Vec<Json> = fix
            .iter()
            .map(|fix| json!({ "range": range(&fix.place), "text": fix.replacement }))
            .collect();
        diagnostics.push(json!({
            "message": finding.full_text(),
            "location": { "path": finding.place.file, "range": range(&finding.place) },
            "severity": match finding.severity {
                Severity::Error => "ERROR",
                Severity::Warning => "WARNING",
                Severity::Note => "INFO",
            },
            "code": { "value": finding.code.name() },
            "suggestions": suggestions,
        }));
    }
    format!(
        "{:#}\n",
        json!({ "source": { "name": "layershare" }, "diagnostics": diagnostics })
    )
}

fn range(place: &Place) -> Json {
    let (start, end) = place.byte_columns;
    json!({
        "start": { "line": place.start.line, "column": start },
        "end": { "line": place.end.line, "column": end },
    })
}
