//! `layershare uses`

use super::Outcome;
use super::args::{ReportFormat, UsesArguments};
use super::disk;
use super::input::{self, Reading};
use super::messages::Messages;
use super::tree::Tree;
use crate::cloudformation::{Template, Values, read};
use crate::diagnostic::has_errors;
use crate::report;
use crate::source::{FileId, Sources};
use crate::template::limits::Limits;
use crate::uses::catalog::Catalog;
use crate::uses::question::{User, Wanted, users};
use crate::uses::{File, Target, Uses};
use anyhow::anyhow;
use serde_json::Value as Json;
use std::path::{Path, PathBuf};

/// Shows the layers of functions and the findings, or the functions that use a layer.
pub fn run(
    arguments: &UsesArguments,
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Outcome> {
    let mut sources = Sources::default();
    let mut given = Vec::new();
    given.extend(
        arguments
            .region
            .clone()
            .map(|region| ("AWS::Region".to_owned(), region)),
    );
    given.extend(
        arguments
            .account
            .clone()
            .map(|account| ("AWS::AccountId".to_owned(), account)),
    );
    let values = Values::given(&given);
    let mut read = Vec::new();
    for (index, path) in arguments.files.iter().enumerate() {
        messages.progress("reading", index, arguments.files.len());
        read.push(template(path, &values, &mut sources)?);
    }
    let files = read
        .iter()
        .map(|(json, template, id)| File::new(json, template, *id, sources.get(*id).text()));
    let files: Vec<File<'_>> = files.collect();
    if let Some(layer) = &arguments.of {
        let wanted = Wanted {
            layer: layer.clone(),
            number: arguments.version.clone(),
        };
        return answer(&files, &wanted, arguments.format, &sources, messages);
    }
    let Some(catalog) = catalog(&arguments.catalog, limits, messages)? else {
        return Ok(Outcome::Findings);
    };
    let target = Target {
        region: arguments.region.clone(),
        account: arguments.account.clone(),
        organization: arguments.organization.clone(),
    };
    let mut uses = Uses::default();
    for file in &files {
        uses.add(file, &catalog, &target);
    }
    messages.answer(&match arguments.format {
        ReportFormat::Text => report::uses_text(&uses, &sources),
        ReportFormat::Markdown => report::uses_markdown(&uses, &sources),
        ReportFormat::Json => format!("{:#}\n", report::uses_json(&uses, &sources)),
    })?;
    messages.diagnostics(&uses.diagnostics, &sources);
    messages.summary(&uses.diagnostics);
    Ok(if has_errors(&uses.diagnostics) {
        Outcome::Findings
    } else {
        Outcome::Fine
    })
}

fn answer(
    files: &[File<'_>],
    wanted: &Wanted,
    format: ReportFormat,
    sources: &Sources,
    messages: &mut Messages,
) -> anyhow::Result<Outcome> {
    let found: Vec<User> = files.iter().flat_map(|file| users(file, wanted)).collect();
    messages.answer(&match format {
        ReportFormat::Text => report::users_text(&found, sources),
        ReportFormat::Markdown => report::users_markdown(&found, sources),
        ReportFormat::Json => format!("{:#}\n", report::users_json(&found, sources)),
    })?;
    Ok(if found.iter().any(|user| user.is_certain) {
        Outcome::Findings
    } else if found.is_empty() {
        Outcome::Fine
    } else {
        Outcome::Undecided
    })
}

/// A template as it is written and as it is read, and its file among the sources.
fn template(
    path: &Path,
    values: &Values,
    sources: &mut Sources,
) -> anyhow::Result<(Json, Template, FileId)> {
    let root = disk::root(path)?;
    let json = input::written_template(&root)?;
    let text = read::text(&root.bytes).map_err(|error| anyhow!("{}: {error}", root.name))?;
    let id = sources.add(root.name, text);
    let template = Template::new(json.clone(), values);
    Ok((json, template, id))
}

/// The layers in the files of a catalogue; `None` if a source has errors, which are then reported.
fn catalog(
    paths: &[PathBuf],
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Option<Catalog>> {
    // The layers are in another stack, which has its own values.
    let reading = Reading::new(&Tree::Disk, Values::default(), None, limits);
    let mut catalog = Catalog::default();
    for (index, path) in paths.iter().enumerate() {
        messages.progress("reading", index, paths.len());
        let root = disk::root(path)?;
        let name = root.name.clone();
        let is_source = input::is_source(&root);
        let documents = if is_source {
            Vec::new()
        } else {
            read::json_documents(&root.bytes).unwrap_or_default()
        };
        let mut printed = 0;
        for document in &documents {
            printed += usize::from(
                catalog
                    .add_printed(document)
                    .map_err(|error| anyhow!("{name}: {error}"))?,
            );
        }
        if printed == 0 {
            let Some(found) = reading.templates(vec![root], &[], messages)? else {
                return Ok(None);
            };
            for (name, (template, adopted, _)) in found {
                catalog.add_template(name, template, &adopted);
            }
        } else if printed < documents.len() {
            return Err(anyhow!(
                "{name} contains something that is neither a list of versions nor a policy"
            ));
        }
    }
    Ok(Some(catalog))
}
