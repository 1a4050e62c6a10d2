//! `layershare drift`

use super::Outcome;
use super::args::{DriftArguments, ReportFormat};
use super::deployed::{Deployed, StackResources};
use super::disk;
use super::input::{self, Reading};
use super::messages::Messages;
use super::tree::Tree;
use crate::access::drift::{Drift, DriftKind, NotDeployed, PhysicalIds, drift};
use crate::access::grants::{Grants, VersionId, Who};
use crate::cloudformation::read;
use crate::english::{count, list};
use crate::report::{self, drift_not_read, drifted, terminal};
use crate::rules::formats;
use crate::rules::load::Root;
use crate::template::limits::Limits;
use anyhow::{anyhow, bail};
use serde_json::Value as Json;
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;

/// Compares the sharing that templates declare with the sharing that is live.
pub fn run(
    arguments: &DriftArguments,
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Outcome> {
    let mut reading = Reading::new(&Tree::Disk, arguments.values.values(), None, limits);
    reading.places = Some(RefCell::default());
    reading.is_about_deployed = true;
    let DriftInputs {
        folders,
        roots,
        printed,
    } = inputs(&arguments.files, messages)?;
    let lists = match &arguments.stack_resources {
        Some(path) => input::documents(path)?,
        None => Vec::new(),
    };
    let (lists, printed): (Vec<Json>, Vec<Json>) = lists
        .into_iter()
        .chain(printed)
        .partition(StackResources::is_list);
    let (described, policies): (Vec<Json>, Vec<Json>) =
        printed.into_iter().partition(is_description);
    let archives = described.iter().map(archive).collect::<Result<_, _>>()?;
    let lists: Vec<StackResources> = lists.iter().map(StackResources::new).collect();
    let has_live = !policies.is_empty() || lists.iter().any(|list| list.absent().is_some());
    if roots.is_empty() && folders.is_empty() || !has_live {
        bail!("`drift` needs sources or templates, and live policies to compare them with");
    }
    let Some(templates) = reading.templates(roots, &folders, messages)? else {
        return Ok(Outcome::Findings);
    };
    let templates: Vec<Deployed> = templates
        .into_iter()
        .map(|declared| Deployed::new(declared, &reading, &lists))
        .collect::<Result<_, _>>()?;
    let declared = declared(&templates)?;
    refuse_unknown(&declared)?;
    let not_deployed = not_deployed(&templates, &lists);
    let physical = physical(lists.into_iter().flat_map(|list| list.ids));
    let live = Grants::of_policies(&policies)
        .map_err(|error| anyhow!("this is not a layer version's policy: {error}"))?;
    let mut found = drift(&declared, &live, &physical, &archives, not_deployed);
    for one in &templates {
        found.add_not_read(&one.declared.template, &declared);
    }
    messages.answer(&reported(&found, arguments.format))?;
    let places = reading.placed();
    messages.reported(&drifted(&found.findings, &places), &places.sources);
    summarize(&found, messages);
    Ok(if found.findings.is_empty() {
        Outcome::Fine
    } else {
        Outcome::Findings
    })
}

fn reported(found: &Drift, format: ReportFormat) -> String {
    match format {
        ReportFormat::Text => report::drift_text(found),
        ReportFormat::Markdown => report::drift_markdown(found),
        ReportFormat::Json => format!("{:#}\n", report::drift_json(found)),
    }
}

/// The physical IDs of the resources of several stacks.
fn physical(ids: impl Iterator<Item = (String, String)>) -> PhysicalIds {
    let mut physical = PhysicalIds::new();
    for (id, name) in ids {
        physical.entry(id).or_default().push(name);
    }
    for names in physical.values_mut() {
        names.sort();
    }
    physical
}

/// The files and folders of a call, by what they are.
#[derive(Default)]
struct DriftInputs {
    folders: Vec<PathBuf>,
    /// Sources and templates.
    roots: Vec<Root>,
    /// What the AWS CLI printed.
    printed: Vec<Json>,
}

fn inputs(files: &[PathBuf], messages: &mut Messages) -> anyhow::Result<DriftInputs> {
    let mut found = DriftInputs::default();
    for (index, path) in files.iter().enumerate() {
        messages.progress("reading", index, files.len());
        if path.is_dir() {
            found.folders.push(path.clone());
            continue;
        }
        let root = disk::root(path)?;
        match live(&root) {
            Some(mut documents) => found.printed.append(&mut documents),
            None => found.roots.push(root),
        }
    }
    Ok(found)
}

/// The live policies, if a file has any.
fn live(root: &Root) -> Option<Vec<Json>> {
    let documents = read::json_documents(&root.bytes).ok()?;
    let is_live = |document: &Json| {
        !input::is_template(document)
            && (document.get("Policy").is_some()
                || document.get("Statement").is_some()
                || is_description(document)
                || StackResources::is_list(document))
    };
    (!documents.is_empty() && documents.iter().all(is_live)).then_some(documents)
}

/// Whether it is what `aws lambda get-layer-version` prints, or that part of it which says what the
/// archive is.
fn is_description(document: &Json) -> bool {
    document.get("LayerVersionArn").is_some()
        && document.get("Policy").is_none()
        && written_hash(document).is_some()
}

fn written_hash(document: &Json) -> Option<&Json> {
    let content = document.get("Content").unwrap_or(document);
    content.get("CodeSha256")
}

/// The ARN of a version that Lambda describes, and the SHA-256 of its archive.
fn archive(described: &Json) -> anyhow::Result<(String, String)> {
    let arn = described.get("LayerVersionArn").and_then(Json::as_str);
    let hash = written_hash(described).and_then(Json::as_str);
    match (arn, hash.and_then(formats::sha256_of_base64)) {
        (Some(arn), Some(hash)) => Ok((arn.to_owned(), hash)),
        _ => bail!("this is not what `aws lambda get-layer-version` prints: {described}"),
    }
}

/// What the stacks do not have yet: whole stacks, and versions of the others.
fn not_deployed(templates: &[Deployed], lists: &[StackResources]) -> Vec<NotDeployed> {
    let mut all: Vec<NotDeployed> = lists
        .iter()
        .filter_map(StackResources::absent)
        .map(|(stack, region)| NotDeployed {
            what: format!("the stack {stack}"),
            layer: None,
            region: region.to_owned(),
        })
        .collect();
    all.extend(templates.iter().flat_map(|one| one.not_deployed.clone()));
    all.sort();
    all.dedup();
    all
}

/// The sharing that templates declare together.
fn declared(templates: &[Deployed]) -> anyhow::Result<Grants> {
    let mut all = Grants::default();
    let mut files: HashMap<String, &str> = HashMap::new();
    for one in templates {
        for (id, mut version) in one.grants().versions {
            version.regions = one.regions(&id);
            if let VersionId::Resource(id) = &id {
                version.sha256 = one.declared.pinned.get(id).cloned();
                if let Some(other) = files.insert(id.clone(), &one.file) {
                    let file = &one.file;
                    bail!("{other} and {file} both have `{id}`: compare one after the other");
                }
            }
            all.merge(id, version);
        }
    }
    Ok(all)
}

fn summarize(found: &Drift, messages: &mut Messages) {
    for one in &found.not_deployed {
        messages.say(&terminal(&one.to_string()));
    }
    if found.findings.is_empty() {
        messages.say(&format!(
            "no drift in {}",
            count(found.compared, "layer version")
        ));
    } else {
        messages.say(&count(found.findings.len(), "difference"));
    }
    if !found.not_read.is_empty() {
        messages.say(&format!(
            "not read, and may share these versions: {}",
            terminal(&drift_not_read(found).join("; "))
        ));
    }
    if !found.not_seen.is_empty() {
        messages.say(&format!(
            "shared with nobody, and the files have no live policy of {}",
            terminal(&list(&found.not_seen, "and"))
        ));
    }
    if found
        .findings
        .iter()
        .any(|finding| finding.kind() == DriftKind::Missing && !finding.commands().is_empty())
    {
        messages.say(
            "the stack does not own a grant that you add by hand: it stays when its rule is \
                removed",
        );
    }
}

/// Refuses to compare with unknown principals.
fn refuse_unknown(declared: &Grants) -> anyhow::Result<()> {
    for (who, by) in declared
        .versions
        .values()
        .flat_map(|version| &version.grants)
    {
        match who {
            Who::Account(id) | Who::Organization(id) if id.as_literal().is_none() => {
                bail!("the value of `{id}` is unknown: pass it with `--parameter NAME=VALUE`")
            }
            Who::Unknown(why, _) => bail!("the template shares with somebody unknown: {why}"),
            Who::Everyone | Who::Owner | Who::Account(_) | Who::Organization(_) => {}
        }
        if let Some(by) = by.iter().find(|by| !by.is_always()) {
            let when = by
                .when
                .cases()
                .next()
                .map(ToString::to_string)
                .unwrap_or_default();
            bail!(
                "`{}` shares with {who} only if {when}: pass the values with `--parameter \
                    NAME=VALUE`, or use `--defaults`",
                by.id
            )
        }
    }
    Ok(())
}
