//! For GitLab: a code quality report.
//!
//! Source: <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>

use super::finding::{Finding, fingerprints};
use crate::diagnostic::Severity;
use serde_json::json;

/// Findings as one JSON document.
pub fn render(findings: &[Finding]) -> String {
    let mut issues = Vec::new();
    for (finding, fingerprint) in findings.iter().zip(fingerprints(findings)) {
        issues.push(json!({
            "description": finding.full_text(),
            "check_name": finding.code.name(),
            "fingerprint": fingerprint,
            "severity": match finding.severity {
                Severity::Error => "major",
                Severity::Warning => "minor",
                Severity::Note => "info",
            },
            "location": {
                "path": finding.place.file,
                "lines": { "begin": finding.place.start.line, "end": finding.place.end.line },
            },
        }));
    }
    format!("{:#}\n", json!(issues))
}
