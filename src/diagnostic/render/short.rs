//! For editors and logs: one line each, `FILE:LINE:COLUMN: severity[code]: message`.

use crate::diagnostic::Diagnostic;
use crate::source::Sources;

/// Diagnostics as one line each.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&one(diagnostic, sources));
        text.push('\n');
    }
    text
}

fn one(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let span = diagnostic.primary.span;
    let source = sources.get(span.file);
    let position = source.position(span.start);
    format!(
        "{}:{}:{}: {}[{}]: {}",
        source.name(),
        position.line,
        position.column,
        diagnostic.severity.name(),
        diagnostic.code.name(),
        diagnostic.message
    )
}
