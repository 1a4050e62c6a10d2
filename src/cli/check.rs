//! `layershare check`

use super::Outcome;
use super::archives::check_local;
use super::args::CheckArguments;
use super::disk::{self, Disk};
use super::messages::Messages;
use super::tree::{Tree, sources, without_parts};
use crate::diagnostic::{Diagnostic, has_errors};
use crate::pipeline::compile;
use crate::rules::lint::expired_shares;
use crate::rules::model::Rules;
use crate::source::{Sources, Span};
use crate::template::Format;
use crate::template::limits::{Limits, only_in_a_folder, template_size};
use crate::template::lower::{Lowered, Placement};
use crate::template::stacks::SourceStacks;
use jiff::tz::TimeZone;
use std::collections::HashSet;

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
    let mut said = HashSet::new();
    let files = without_parts(sources(&arguments.files)?, &Tree::Disk)?;
    for (index, file) in files.iter().enumerate() {
        messages.progress("checking", index, files.len());
        let root = disk::root(file)?;
        let folder = root.folder().to_path_buf();
        let mut sources = Sources::default();
        let mut compiled = compile(root, &Placement::of_any_size(), limits, &Disk, &mut sources);
        if let Some(lowered) = compiled.lowered.take() {
            let found = sizes(&compiled.rules, &lowered, limits, compiled.start);
            compiled.diagnostics.extend(found);
        }
        let of_archives = check_local(&compiled.rules, &folder, &mut sources)?;
        compiled.diagnostics.extend(of_archives);
        expired_shares(&compiled.rules, as_of, &mut compiled.diagnostics);
        compiled
            .diagnostics
            .sort_by_key(|diagnostic| diagnostic.primary.span);
        compiled.diagnostics.retain(|diagnostic| {
            let span = diagnostic.primary.span;
            let file = sources.get(span.file).name().to_owned();
            // Several sources may include the file.
            said.insert((file, span.start, span.end, diagnostic.message.clone()))
        });
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

/// The messages about the size of a source's template, or of its templates if it needs a folder.
fn sizes(rules: &Rules, lowered: &Lowered, limits: Limits, start: Span) -> Vec<Diagnostic> {
    let mut bytes = Vec::new();
    lowered.template.write(Format::Yaml, &mut bytes);
    let Some(note) = only_in_a_folder(rules, lowered, bytes.len(), limits, start) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let placement = Placement::of_any_size();
    // Rules that separate templates cannot express are mistakes only in a build to a folder.
    SourceStacks::new(rules, &placement, limits, start, &mut Vec::new()).each(|stack| {
        bytes.clear();
        stack.lowered.template.write(Format::Yaml, &mut bytes);
        let (bytes, stem) = (bytes.len(), Some(stack.stem.as_str()));
        found.extend(template_size(bytes, stem, limits, stack.span));
    });
    if found.is_empty() {
        found.push(note);
    }
    found
}
