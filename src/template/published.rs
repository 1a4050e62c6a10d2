//! Keeps a published version from being published again, or deleted while it is shared: the template that is there already is the record.
//!
//! Every property of a layer version is create-only, so that an edit of its description publishes it anew, under a new
//! number, without the grants that name the old one.

use super::emit;
use super::json::Json as JsonSink;
use super::lower::names::{self, pascal};
use super::lower::{ListedVersion, Lowered};
use super::model::Properties;
use crate::diagnostic::{Code, Diagnostic};
use crate::english::{list, quote};
use serde_json::{Map, Value as Json};
use std::collections::{HashMap, HashSet};

type Object = Map<String, Json>;

/// What a template publishes: the properties of its layer versions, by logical ID.
fn layer_versions(template: &Json) -> HashMap<&str, &Object> {
    let resources = template.get("Resources").and_then(Json::as_object);
    let versions = resources
        .into_iter()
        .flatten()
        .filter(|(_, resource)| resource.get("Type").and_then(Json::as_str) == Some("AWS::Lambda::LayerVersion"));
    versions.filter_map(|(id, resource)| Some((id.as_str(), resource.get("Properties")?.as_object()?))).collect()
}

/// The properties of a resource as a reader of the template finds them.
fn written(properties: &Properties) -> Option<Object> {
    let mut bytes = Vec::new();
    let mut sink = JsonSink::new(&mut bytes);
    emit::properties(&mut sink, properties);
    emit::Sink::finish(sink).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Reports the listed versions that a deploy over `earlier` would publish a second time. `meant` are the labels for
/// which the user says that it should.
pub fn check(earlier: &Json, lowered: &Lowered, meant: &[String], diagnostics: &mut Vec<Diagnostic>) {
    let known = layer_versions(earlier);
    let resources = &lowered.template.resources;
    let kept: HashSet<&str> = resources.iter().map(|resource| resource.id.as_str()).collect();
    for version in &lowered.listed {
        let resource = &resources[version.resource];
        let Some(now) = written(&resource.properties) else {
            continue;
        };
        if meant.contains(&version.label) {
            continue;
        }
        let span = lowered.origins[version.resource];
        if let Some(&before) = known.get(resource.id.as_str()) {
            let changes = changes(before, &now);
            if !changes.is_empty() {
                diagnostics.push(changed(version, &changes, span));
            }
            continue;
        }
        let gone = known.iter().filter(|(id, before)| !kept.contains(**id) && same_archive(before, &now));
        if let Some(id) = gone.map(|(id, _)| *id).min() {
            diagnostics.push(renamed(version, id, span));
        }
    }
    check_deleted(earlier, lowered, &kept, diagnostics);
}

/// Whether two versions differ in the name of their layer at the most: a renamed layer publishes all of its versions
/// again.
fn same_archive(before: &Object, now: &Object) -> bool {
    let others = |name: &&String| *name != "LayerName";
    before.keys().chain(now.keys()).filter(others).all(|name| before.get(name) == now.get(name))
}

/// Reports versions that a deploy over `earlier` would delete although the source goes on sharing them by their ARN.
fn check_deleted(earlier: &Json, lowered: &Lowered, kept: &HashSet<&str>, diagnostics: &mut Vec<Diagnostic>) {
    for version in &lowered.adopted {
        let layer = pascal(&version.layer);
        let ids = [names::version(&version.layer, &version.label), layer];
        let deleted = ids.iter().find(|id| {
            !kept.contains(id.as_str())
                && earlier["Resources"][id.as_str()]["DeletionPolicy"].as_str() == Some("Delete")
        });
        if let Some(id) = deleted {
            let message =
                format!("the deploy would delete a version of {} that may be this one", quote(&version.layer));
            diagnostics.push(
                Diagnostic::error(Code::DeletedVersion, version.span, message)
                    .label("only its sharing would be managed from now on")
                    .note(format!("`{id}` leaves the template, which says that it is deleted then"))
                    .help("first build and deploy with `old-versions keep`, then list the version by its ARN"),
            );
        }
    }
}

/// The properties that differ, each with its old and new value.
fn changes(before: &Object, now: &Object) -> Vec<String> {
    let names = before.keys().chain(now.keys().filter(|name| !before.contains_key(*name)));
    let changed = names.filter(|name| before.get(*name) != now.get(*name));
    changed.map(|name| format!("{name}: {} before, {} now", shown(before.get(name)), shown(now.get(name)))).collect()
}

fn shown(value: Option<&Json>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(Json::String(text)) => quote(text),
        Some(value) => quote(&value.to_string()),
    }
}

fn changed(version: &ListedVersion, changes: &[String], span: crate::source::Span) -> Diagnostic {
    let message = format!("version {} of {} would be published again", quote(&version.label), quote(&version.layer));
    Diagnostic::error(Code::RepublishedVersion, span, message)
        .label("it is in the template already, with other properties")
        .note(list(changes, "and"))
        .note(
            "no property of a published version can change: it would get a new number, and its users would not follow",
        )
        .help("keep the old value: write it in this version's own body, `version LABEL from … { … }`")
        .help(format!("if it is meant, build with `--republish {}`", version.label))
}

fn renamed(version: &ListedVersion, before: &str, span: crate::source::Span) -> Diagnostic {
    let message = format!("version {} of {} would be published again", quote(&version.label), quote(&version.layer));
    Diagnostic::error(Code::RepublishedVersion, span, message)
        .label(format!("it is in the template already, with the logical ID `{before}`"))
        .note("under another logical ID it is another resource: it would get a new number")
        .help("keep the name of the layer and the label of the version as they were")
        .help("or list the version by its ARN under its new name: `version LABEL at ARN`")
        .help(format!("if it is meant, build with `--republish {}`", version.label))
}
