//! `layershare drift`

use super::Outcome;
use super::args::{DriftArguments, ReportFormat};
use super::declared::{Declared, DeclaredTemplate};
use super::disk;
use super::input::{self, Reading};
use super::messages::Messages;
use super::tree::Tree;
use crate::access::drift::{Drift, Kind, PhysicalIds, drift};
use crate::access::grants::{Grants, VersionId, Who};
use crate::cloudformation::{Template, read};
use crate::english::{count, list};
use crate::report::{self, drifted, terminal};
use crate::rules::formats;
use crate::rules::load::Root;
use crate::template::limits::Limits;
use anyhow::{anyhow, bail};
use serde_json::Value as Json;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

/// Compares the sharing that templates declare with the sharing that is live.
pub fn run(
    arguments: &DriftArguments,
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Outcome> {
    let mut reading = Reading::new(&Tree::Disk, arguments.values.values(), None, limits);
    reading.places = Some(RefCell::default());
    reading.is_about_deployed = true;
    let (mut folders, mut roots, mut printed) = (Vec::new(), Vec::new(), Vec::new());
    for (index, path) in arguments.files.iter().enumerate() {
        messages.progress("reading", index, arguments.files.len());
        if path.is_dir() {
            folders.push(path.clone());
            continue;
        }
        let root = disk::root(path)?;
        match live(&root) {
            Some(mut documents) => printed.append(&mut documents),
            None => roots.push(root),
        }
    }
    let lists = match &arguments.stack_resources {
        Some(path) => input::documents(path)?,
        None => Vec::new(),
    };
    let (lists, printed): (Vec<Json>, Vec<Json>) = lists
        .into_iter()
        .chain(printed)
        .partition(|document| list_of_resources(document).is_some());
    let (described, policies): (Vec<Json>, Vec<Json>) =
        printed.into_iter().partition(is_description);
    let archives = described.iter().map(archive).collect::<Result<_, _>>()?;
    let absent: Absent = lists.iter().filter_map(absent).collect();
    let has_live = !policies.is_empty() || !absent.is_empty();
    if roots.is_empty() && folders.is_empty() || !has_live {
        bail!("`drift` needs sources or templates, and live policies to compare them with");
    }
    let Some(templates) = reading.templates(roots, &folders, messages)? else {
        return Ok(Outcome::Findings);
    };
    let templates: Vec<Deployed> = templates
        .into_iter()
        .map(|declared| Deployed::new(declared, &reading, &absent))
        .collect();
    let declared = declared(&templates)?;
    refuse_unknown(&declared)?;
    let lists: Vec<HashMap<String, String>> = lists.iter().map(physical_ids).collect();
    if !lists.is_empty() {
        for one in templates.iter().filter(|one| one.is_deployed) {
            refuse_partial(&one.declared.template, &lists)?;
        }
    }
    let mut physical = PhysicalIds::new();
    for (id, name) in lists.into_iter().flatten() {
        physical.entry(id).or_default().push(name);
    }
    for names in physical.values_mut() {
        names.sort();
    }
    let live = Grants::of_policies(&policies)
        .map_err(|error| anyhow!("this is not a layer version's policy: {error}"))?;
    let mut found = drift(&declared, &live, &physical, &archives);
    for one in &templates {
        found.add_not_read(&one.declared.template, &declared);
    }
    let text = match arguments.format {
        ReportFormat::Text => report::drift_text(&found),
        ReportFormat::Markdown => report::drift_markdown(&found),
        ReportFormat::Json => format!("{:#}\n", report::drift_json(&found)),
    };
    messages.answer(&text)?;
    let places = reading.placed();
    messages.reported(&drifted(&found.findings, &places), &places.sources);
    summarize(&found, &absent, messages);
    Ok(if found.findings.is_empty() {
        Outcome::Fine
    } else {
        Outcome::Findings
    })
}

/// The live policies, if a file has any.
fn live(root: &Root) -> Option<Vec<Json>> {
    let documents = read::json_documents(&root.bytes).ok()?;
    let is_live = |document: &Json| {
        !input::is_template(document)
            && (document.get("Policy").is_some()
                || document.get("Statement").is_some()
                || is_description(document)
                || list_of_resources(document).is_some())
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

/// The names of stacks that do not exist, each with the region where it does not.
type Absent = BTreeSet<(String, String)>;

/// The stack that does not exist, if a list of resources says so, as the script of `live` does.
fn absent(printed: &Json) -> Option<(String, String)> {
    let text = |name| printed.get(name).and_then(Json::as_str).map(str::to_owned);
    let is_empty = list_of_resources(printed).is_some_and(Vec::is_empty);
    text("StackName").zip(text("Region")).filter(|_| is_empty)
}

/// A template, and the places of its stack.
struct Deployed {
    file: String,
    /// Its regions without those where the stack does not exist.
    declared: DeclaredTemplate,
    /// Whether its stack exists anywhere, as far as the given files show.
    is_deployed: bool,
}

impl Deployed {
    fn new(declared: Declared, reading: &Reading<'_>, absent: &Absent) -> Self {
        let (file, mut declared) = declared;
        let regions = &mut declared.regions;
        let stack = reading.stack_of(file.as_ref());
        let is_deployed = if regions.is_empty() {
            absent.iter().all(|(name, _)| *name != stack)
        } else {
            regions.retain(|region| !absent.contains(&(stack.clone(), region.clone())));
            !regions.is_empty()
        };
        Self {
            file,
            declared,
            is_deployed,
        }
    }

    /// The declared sharing of versions that exist: those that a stack would publish do not before
    /// it is deployed.
    fn grants(&self) -> Grants {
        let mut grants = Grants::of_template(&self.declared.template);
        grants.add_unshared(&self.declared.template, &self.declared.adopted);
        grants.versions.retain(|id, _| match id {
            VersionId::Resource(_) => self.is_deployed,
            VersionId::Arn(_) => true,
        });
        grants
    }
}

/// The sharing that templates declare together.
fn declared(templates: &[Deployed]) -> anyhow::Result<Grants> {
    let mut all = Grants::default();
    let mut files: HashMap<String, &str> = HashMap::new();
    for one in templates {
        for (id, mut version) in one.grants().versions {
            version.regions.clone_from(&one.declared.regions);
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

fn summarize(found: &Drift, absent: &Absent, messages: &mut Messages) {
    for (stack, region) in absent {
        messages.say(&format!(
            "the stack {} is not deployed in {}",
            terminal(stack),
            terminal(region)
        ));
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
            terminal(&found.not_read.join("; "))
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
        .any(|finding| finding.kind == Kind::Missing)
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
                .cases
                .first()
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

/// Refuses an incomplete list of a stack's resources: versions would be confused. Each list is of
/// one stack in one region.
fn refuse_partial(template: &Template, lists: &[HashMap<String, String>]) -> anyhow::Result<()> {
    let versions: Vec<&str> = template
        .resources()
        .filter(|resource| resource.kind == "AWS::Lambda::LayerVersion")
        .filter(|version| version.condition().is_none())
        .map(|version| version.id)
        .collect();
    let has = |list: &&HashMap<String, String>| versions.iter().any(|id| list.contains_key(*id));
    let mut own = lists.iter().filter(has).peekable();
    let missing = match own.peek() {
        None => versions.first(),
        Some(_) => own.find_map(|list| versions.iter().find(|id| !list.contains_key(**id))),
    };
    match missing {
        None => Ok(()),
        Some(missing) => bail!(
            "`{missing}` is not among the stack's resources: the list must be complete, as \
             `aws cloudformation list-stack-resources` prints it; `describe-stack-resources` stops \
            after 100"
        ),
    }
}

/// The resources of a stack, as `list-stack-resources` or `describe-stack-resources` prints them.
fn list_of_resources(printed: &Json) -> Option<&Vec<Json>> {
    printed
        .get("StackResourceSummaries")
        .or(printed.get("StackResources"))
        .and_then(Json::as_array)
}

/// The physical IDs of a stack's resources, without deleted and retained ones.
fn physical_ids(printed: &Json) -> HashMap<String, String> {
    let text = |resource: &Json, name| resource.get(name).and_then(Json::as_str).map(str::to_owned);
    let resources = list_of_resources(printed).into_iter().flatten();
    let is_gone = |resource: &&Json| {
        let status = resource.get("ResourceStatus").and_then(Json::as_str);
        matches!(status, Some("DELETE_COMPLETE" | "DELETE_SKIPPED"))
    };
    resources
        .filter(|resource| !is_gone(resource))
        .filter_map(|resource| {
            Some((
                text(resource, "LogicalResourceId")?,
                text(resource, "PhysicalResourceId")?,
            ))
        })
        .collect()
}
