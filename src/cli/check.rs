//! `layershare check`

use super::Outcome;
use super::args::CheckArguments;
use super::disk::{self, Disk};
use super::messages::Messages;
use crate::compile;
use crate::diagnostic::has_errors;
use crate::rules::lint::expired_shares;
use crate::source::Sources;
use crate::template::Format;
use crate::template::limits::{Limits, template_size};
use crate::template::lower::Placement;
use jiff::tz::TimeZone;

/// Reports every mistake in the sources.
pub fn run(
    arguments: &CheckArguments,
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Outcome> {
    let as_of = arguments
        .as_of
        .unwrap_or_else(|| jiff::Timestamp::now().to_zoned(TimeZone::UTC).date());
    let mut found = Vec::new();
    for file in &arguments.files {
        let root = disk::root(file)?;
        let mut sources = Sources::default();
        let mut compiled = compile(root, &Placement::default(), limits, &Disk, &mut sources);
        if let Some(lowered) = &compiled.lowered {
            let mut bytes = Vec::new();
            lowered.template.write(Format::Yaml, &mut bytes)?;
            compiled
                .diagnostics
                .extend(template_size(bytes.len(), limits, compiled.start));
        }
        expired_shares(&compiled.rules, as_of, &mut compiled.diagnostics);
        compiled
            .diagnostics
            .sort_by_key(|diagnostic| diagnostic.primary.span);
        messages.diagnostics(&compiled.diagnostics, &sources);
        found.append(&mut compiled.diagnostics);
    }
    messages.summary(&found);
    Ok(if has_errors(&found) {
        Outcome::Findings
    } else {
        Outcome::Fine
    })
}
