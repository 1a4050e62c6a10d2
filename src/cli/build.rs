//! `layershare build`

use super::archives::check_local;
use super::args::BuildArguments;
use super::disk::{self, Disk};
use super::messages::Messages;
use super::moving::templates_of;
use super::output::{
    compare, not_ours, record, refuse_unknown_labels, regions, source_folder, source_name, stem_of,
};
use super::{Outcome, folder, next};
use crate::diagnostic::has_errors;
use crate::english::{count, thousands};
use crate::pipeline::{Compiled, compile};
use crate::rules::load::Root;
use crate::source::Sources;
use crate::template::Format;
use crate::template::limits::{Limits, no_resource, template_size};
use crate::template::lower::{Lowered, Placement, Shape};
use crate::template::model::Template;
use crate::template::published;
use crate::template::stacks::{StackEntry, StackScope, stack_name};
use anyhow::{Context, bail};
use std::io::{self, Write};
use std::path::Path;

/// Compiles a source and writes, prints or compares its template, or the templates of a folder.
pub fn run(
    arguments: &BuildArguments,
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Outcome> {
    let root = disk::root(&arguments.file)?;
    if arguments.check && arguments.output.as_deref().is_some_and(disk::is_stdin) {
        bail!("`--check` needs a file, and `-o -` is standard output");
    }
    let output = arguments.output.as_deref();
    let output = output.filter(|output| !disk::is_stdin(output));
    if let Some(folder) = output.filter(|output| disk::is_folder(output)) {
        return folder::build(arguments, root, folder, limits, messages);
    }
    let placement = placement(arguments, &root, output)?;
    let mut sources = Sources::default();
    let source = root.path.clone();
    let folder = root.folder().to_path_buf();
    let mut compiled = compile(root, &placement, limits, &Disk, &mut sources);
    let diagnostics = &mut compiled.diagnostics;
    diagnostics.extend(check_local(&compiled.rules, &folder, &mut sources)?);
    if has_no_resource(compiled.lowered.as_ref()) {
        compiled.diagnostics.push(no_resource(compiled.start));
    }
    let earlier = output.map(disk::existing).transpose()?.flatten();
    // Written once, for its size, for the comparison, and to the output in one go.
    let written = written(compiled.lowered.as_ref(), arguments.format.into());
    let republish = &arguments.republish;
    if let Some(output) = output.filter(|_| earlier.as_ref() != Some(&written)) {
        check_folders(&mut compiled, republish, output, &folder)?;
    }
    let is_foreign = match (output, &earlier) {
        (Some(output), Some(earlier)) => {
            check_published(&mut compiled, republish, &written, earlier, output)?
        }
        (None, _) | (_, None) => false,
    };
    let diagnostics = &mut compiled.diagnostics;
    diagnostics.extend(template_size(written.len(), None, limits, compiled.start));
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.span);
    messages.diagnostics(diagnostics, &sources);
    messages.summary(diagnostics);
    let lowered = compiled.lowered.as_ref();
    let Some(lowered) = lowered.filter(|_| !has_errors(&compiled.diagnostics)) else {
        return Ok(Outcome::Findings);
    };
    if let Some(output) = output.filter(|_| is_foreign && !arguments.replace) {
        bail!(not_ours(output));
    }
    let outcome = match output {
        None => print(&written)?,
        Some(output) if arguments.check => compare(&written, output, earlier.as_deref(), messages)?,
        Some(output) => {
            let stem = stem_of(source.as_deref().unwrap_or(output));
            let (template, regions) = (&lowered.template, regions(&compiled.rules));
            write(template, &written, &stem, &regions, output, messages)?
        }
    };
    // The program ends here. Freeing a large template piece by piece would take longer than writing
    // it.
    std::mem::forget(compiled);
    Ok(outcome)
}

fn has_no_resource(lowered: Option<&Lowered>) -> bool {
    lowered.is_some_and(|lowered| lowered.template.resources.is_empty())
}

/// A template as bytes; none if there are errors.
fn written(lowered: Option<&Lowered>, format: Format) -> Vec<u8> {
    let mut written = Vec::new();
    if let Some(lowered) = lowered {
        lowered.template.write(format, &mut written);
    }
    written
}

/// Where a template is, seen from its source.
fn placement(
    arguments: &BuildArguments,
    root: &Root,
    output: Option<&Path>,
) -> anyhow::Result<Placement> {
    Ok(Placement {
        source_name: source_name(root),
        source_folder: match output {
            Some(output) => source_folder(root, output.parent().unwrap_or(Path::new("")))?,
            None => String::new(),
        },
        shape: Shape::Template,
        format: arguments.format.into(),
    })
}

/// Writes a template to its file, and says how to deploy it.
fn write(
    template: &Template,
    written: &[u8],
    stem: &str,
    regions: &[String],
    output: &Path,
    messages: &mut Messages,
) -> anyhow::Result<Outcome> {
    disk::replace(output, |file| file.write_all(written))?;
    messages.say(&format!(
        "wrote {}: {}, {} bytes",
        output.display(),
        count(template.resources.len(), "resource"),
        thousands(written.len())
    ));
    let entry = StackEntry::new(
        stack_name(stem, None),
        output.display().to_string(),
        StackScope::Region,
        regions,
        template,
        written.len(),
    );
    for line in next::steps(&entry, output) {
        messages.say(&line);
    }
    Ok(Outcome::Fine)
}

/// Compares what is compiled with the template that is there. Returns whether this program did not
/// write that template.
fn check_published(
    compiled: &mut Compiled,
    republish: &[String],
    written: &[u8],
    earlier: &[u8],
    output: &Path,
) -> anyhow::Result<bool> {
    let Some(lowered) = &compiled.lowered else {
        return Ok(false);
    };
    refuse_unknown_labels(republish, &compiled.rules)?;
    if written == earlier {
        return Ok(false);
    }
    let Some(record) = record(earlier, output)? else {
        return Ok(false);
    };
    published::check(
        &record,
        lowered,
        republish,
        compiled.start,
        &mut compiled.diagnostics,
    );
    Ok(!record.is_marked)
}

/// Reports the versions that a folder, which the source was built to, publishes already.
fn check_folders(
    compiled: &mut Compiled,
    republish: &[String],
    output: &Path,
    sources: &Path,
) -> anyhow::Result<()> {
    let Some(lowered) = &compiled.lowered else {
        return Ok(());
    };
    for (template, stack, other) in templates_of(output, sources, lowered)? {
        let problems = &mut compiled.diagnostics;
        published::check_other(&other, &template, &stack, lowered, republish, problems);
    }
    Ok(())
}

fn print(template: &[u8]) -> anyhow::Result<Outcome> {
    let mut to = io::stdout().lock();
    to.write_all(template)
        .and_then(|()| to.flush())
        .context("cannot write to standard output")?;
    Ok(Outcome::Fine)
}
