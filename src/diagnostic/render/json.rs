//! For programs: one JSON object a line.

use crate::diagnostic::{Diagnostic, Label};
use crate::source::{Sources, Span};
use serde::Serialize;

/// A place. Lines and columns count from 1, columns count characters; offsets count bytes from 0.
#[derive(Serialize)]
struct JsonPlace<'a> {
    file: &'a str,
    start: u32,
    end: u32,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    #[serde(skip_serializing_if = "str::is_empty")]
    label: &'a str,
}

#[derive(Serialize)]
struct FixMessage<'a> {
    title: &'a str,
    #[serde(flatten)]
    place: JsonPlace<'a>,
    replacement: &'a str,
}

#[derive(Serialize)]
struct Message<'a> {
    code: &'static str,
    severity: &'static str,
    message: &'a str,
    #[serde(flatten)]
    place: JsonPlace<'a>,
    related: Vec<JsonPlace<'a>>,
    notes: &'a [String],
    helps: &'a [String],
    fix: Option<FixMessage<'a>>,
}

/// Diagnostics as one line of JSON each.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&one(diagnostic, sources));
        text.push('\n');
    }
    text
}

/// Why a run cannot go on.
pub fn failure(why: &str) -> String {
    serde_json::json!({ "severity": "failure", "message": why }).to_string()
}

fn one(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let Label { span, text } = &diagnostic.primary;
    let message = Message {
        code: diagnostic.code.name(),
        severity: diagnostic.severity.name(),
        message: &diagnostic.message,
        place: place(sources, *span, text),
        related: diagnostic
            .secondary
            .iter()
            .map(|label| place(sources, label.span, &label.text))
            .collect(),
        notes: &diagnostic.notes,
        helps: &diagnostic.helps,
        fix: diagnostic.fix.as_ref().map(|fix| FixMessage {
            title: &fix.title,
            place: place(sources, fix.span, ""),
            replacement: &fix.replacement,
        }),
    };
    serde_json::to_string(&message).unwrap_or_default()
}

fn place<'a>(sources: &'a Sources, span: Span, label: &'a str) -> JsonPlace<'a> {
    let source = sources.get(span.file);
    let (start, end) = (source.position(span.start), source.position(span.end));
    JsonPlace {
        file: source.name(),
        start: span.start,
        end: span.end,
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        label,
    }
}
