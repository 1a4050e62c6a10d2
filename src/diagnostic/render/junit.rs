//! For test reports: JUnit's XML. Errors are failures; warnings and notes pass and show their text.
//!
//! Source: <https://github.com/testmoapp/junitxml>, which describes what services read.

use super::finding::Finding;
use crate::diagnostic::Severity;
use std::fmt::Write as _;

/// Findings as one XML document. Without findings it has one case that passes, since services treat
/// a document without cases as a mistake.
pub fn render(findings: &[Finding]) -> String {
    let failures = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    let tests = findings.len().max(1);
    let mut cases = String::new();
    if findings.is_empty() {
        cases.push_str("    <testcase name=\"no findings\" classname=\"layershare\"/>\n");
    }
    for finding in findings {
        // Writing to a string cannot fail.
        one(finding, &mut cases).unwrap_or_default();
    }
    let counts =
        format!("name=\"layershare\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\"");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n  <testsuite \
        {counts}>\n{cases}  </testsuite>\n\
         </testsuites>\n"
    )
}

fn one(finding: &Finding, cases: &mut String) -> std::fmt::Result {
    let (code, file, position) = (
        finding.code.name(),
        escaped(&finding.place.file),
        finding.place.start,
    );
    let (line, column) = (position.line, position.column);
    writeln!(
        cases,
        "    <testcase name=\"{code} at {line}:{column}\" classname=\"{file}\" file=\"{file}\" \
        line=\"{line}\">"
    )?;
    let text = escaped(&finding.full_text());
    match finding.severity {
        Severity::Error => {
            let message = escaped(&finding.message);
            writeln!(
                cases,
                "      <failure message=\"{message}\" type=\"{code}\">{text}</failure>"
            )?;
        }
        Severity::Warning | Severity::Note => {
            writeln!(
                cases,
                "      <system-out>{}: {text}</system-out>",
                finding.severity.name()
            )?;
        }
    }
    writeln!(cases, "    </testcase>")
}

/// Text for XML. Characters that XML does not allow become the replacement character.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(character),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(character),
        }
    }
    escaped
}
