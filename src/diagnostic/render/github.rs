//! For GitHub Actions: workflow commands, which its runner shows at the lines of a pull request.
//!
//! The runner keeps ten errors and ten warnings of a step, so errors come first, and the rest is
//! counted. Source:
//! <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>, and the
//! limits of annotations in <https://github.com/actions/toolkit/blob/main/docs/problem-matchers.md>

use super::finding::Finding;
use crate::diagnostic::Severity;
use crate::english::count;

/// The most annotations of one severity in a step.
const LIMIT: usize = 10;

/// Findings as workflow commands, a line each.
pub fn render(findings: &[Finding]) -> String {
    let mut text = String::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let found: Vec<&Finding> = findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .collect();
        for finding in found.iter().take(LIMIT) {
            text.push_str(&one(finding));
        }
        if let Some(left) = found.len().checked_sub(LIMIT).filter(|left| *left > 0) {
            text.push_str(&format!("and {} more\n", count(left, severity.name())));
        }
    }
    text
}

/// Why a run cannot go on.
pub fn failure(why: &str) -> String {
    format!("::error::{}", data(why))
}

fn one(finding: &Finding) -> String {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let place = &finding.place;
    let mut properties = format!(
        "file={},line={},endLine={}",
        property(&place.file),
        place.start.line,
        place.end.line
    );
    // The runner shows columns within one line only.
    if place.start.line == place.end.line {
        properties.push_str(&format!(
            ",col={},endColumn={}",
            place.start.column, place.end.column
        ));
    }
    let title = property(finding.code.name());
    format!(
        "::{command} {properties},title={title}::{}\n",
        data(&finding.full_text())
    )
}

/// Text after the properties. Nothing in it can begin another command.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
