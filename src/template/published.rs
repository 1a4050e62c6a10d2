//! Prevents a build from publishing a version again, or deleting it while it is in use. The
//! existing template is the record.
//!
//! Every property of a layer version is create-only. So an edit of its description publishes it
//! again, under a new number, without the grants on the old one.

mod given_up;
pub mod moved;

use super::emit;
use super::json::Json as JsonSink;
use super::lower::{ListedVersion, Lowered};
use super::mark::is_marked;
use super::model::Properties;
use crate::diagnostic::{Code, Diagnostic};
use crate::english::{list, quote};
use crate::source::Span;
use serde_json::{Map, Value as Json};
use std::collections::{HashMap, HashSet};

type Object = Map<String, Json>;

/// The help for a second publication that is intended. It names no version, so that it is written
/// once for many versions.
const ON_PURPOSE: &str =
    "to publish a version again on purpose, build with `--republish LABEL`, which may be repeated";

/// The existing template.
#[derive(Debug)]
pub struct Earlier {
    /// As CloudFormation deploys it, without loops and serverless resources.
    deployed: Json,
    /// The logical IDs of its serverless layer versions, which CloudFormation replaces by others.
    serverless: HashSet<String>,
    /// Whether this program wrote it.
    pub is_marked: bool,
}

/// A layer version of the existing template.
struct ExistingVersion<'t> {
    id: &'t str,
    resource: &'t Json,
    properties: &'t Object,
    /// Whether the new template has its logical ID, with the same properties or others.
    stays: bool,
}

impl Earlier {
    /// A template: its text, its content, and that content after CloudFormation's transforms.
    #[must_use]
    pub fn new(text: &[u8], template: &Json, deployed: Json) -> Self {
        let is_marked = is_marked(text, template);
        let mut serverless = HashSet::new();
        for (id, resource) in object(&template["Resources"]) {
            if kind(resource) == Some("AWS::Serverless::LayerVersion") {
                serverless.insert(id.clone());
            }
        }
        Self {
            deployed,
            serverless,
            is_marked,
        }
    }

    fn resources(&self) -> impl Iterator<Item = (&String, &Json)> {
        object(&self.deployed["Resources"])
    }

    /// The layer versions of it, in their order.
    fn versions<'t>(&'t self, next: &HashSet<&str>) -> Vec<ExistingVersion<'t>> {
        let mut versions = Vec::new();
        for (id, resource) in self.resources() {
            let properties = resource.get("Properties").and_then(Json::as_object);
            if let Some(properties) =
                properties.filter(|_| kind(resource) == Some("AWS::Lambda::LayerVersion"))
            {
                let stays = next.contains(id.as_str()) && !self.serverless.contains(id);
                versions.push(ExistingVersion {
                    id,
                    resource,
                    properties,
                    stays,
                });
            }
        }
        versions
    }
}

fn object(value: &Json) -> impl Iterator<Item = (&String, &Json)> {
    value.as_object().into_iter().flatten()
}

fn kind(resource: &Json) -> Option<&str> {
    resource.get("Type").and_then(Json::as_str)
}

/// The properties of a resource as a reader of the template finds them.
fn written(properties: &Properties) -> Option<Object> {
    let mut bytes = Vec::new();
    let mut sink = JsonSink::new(&mut bytes);
    emit::properties(&mut sink, properties);
    emit::Sink::finish(sink);
    serde_json::from_slice(&bytes).ok()
}

/// Reports what a deploy over `earlier` would do to its versions: publish them a second time,
/// delete them, or delete their grants. `meant` are the labels that the user wants to publish
/// again. `start` is the place of the source as a whole.
pub fn check(
    earlier: &Earlier,
    lowered: &Lowered,
    meant: &[String],
    start: Span,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut next = HashSet::new();
    for resource in &lowered.template.resources {
        if matches!(resource.properties, Properties::LayerVersion(_)) {
            next.insert(resource.id.as_str());
        }
    }
    let versions = earlier.versions(&next);
    let republished = check_republished(earlier, &versions, lowered, meant, diagnostics);
    given_up::check(
        earlier,
        &versions,
        &republished,
        lowered,
        start,
        diagnostics,
    );
}

/// Reports the versions that the stack of another template has published already: that stack
/// stays, and this one would publish them again. `stack` is its name.
pub fn check_other(
    other: &Earlier,
    template: &str,
    stack: &str,
    lowered: &Lowered,
    meant: &[String],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let published = other.versions(&HashSet::new());
    let listed: HashMap<usize, &ListedVersion> = lowered
        .listed
        .iter()
        .map(|version| (version.resource, version))
        .collect();
    for (index, resource) in lowered.template.resources.iter().enumerate() {
        let version = listed.get(&index);
        if !matches!(resource.properties, Properties::LayerVersion(_))
            || version.is_some_and(|version| version.is_among(meant))
        {
            continue;
        }
        let Some(now) = written(&resource.properties) else {
            continue;
        };
        // A rolling layer may publish again under another name.
        let same = |before: &&ExistingVersion<'_>| {
            (version.is_some() && same_archive(before.properties, &now))
                || (before.id == resource.id
                    && before.properties.get("LayerName") == now.get("LayerName"))
        };
        if let Some(before) = published.iter().find(same) {
            let what = match version {
                Some(version) => format!(
                    "version {} of {}",
                    quote(&version.label),
                    quote(&version.layer)
                ),
                None => format!("the content of `{}`", resource.id),
            };
            let span = lowered.origins[index];
            diagnostics.push(published_by(&what, version, template, stack, before, span));
        }
    }
}

/// Reports the listed versions that would be published a second time; gives the logical IDs that
/// they have now.
fn check_republished<'t>(
    earlier: &Earlier,
    versions: &[ExistingVersion<'t>],
    lowered: &Lowered,
    meant: &[String],
    diagnostics: &mut Vec<Diagnostic>,
) -> HashSet<&'t str> {
    let mut republished = HashSet::new();
    let by_id: HashMap<&str, &ExistingVersion<'t>> = versions
        .iter()
        .map(|version| (version.id, version))
        .collect();
    for version in lowered
        .listed
        .iter()
        .filter(|version| !version.is_among(meant))
    {
        let resource = &lowered.template.resources[version.resource];
        let Some(now) = written(&resource.properties) else {
            continue;
        };
        let span = lowered.origins[version.resource];
        if let Some(before) = by_id
            .get(resource.id.as_str())
            .filter(|before| before.stays)
        {
            let changes = changes(before.properties, &now);
            if !changes.is_empty() {
                diagnostics.push(changed(version, &changes, span));
                republished.insert(before.id);
            }
            continue;
        }
        let mut gone = versions
            .iter()
            .filter(|before| !before.stays && same_archive(before.properties, &now));
        if let Some(before) = gone.by_ref().min_by_key(|before| before.id) {
            diagnostics.push(renamed(version, before, earlier, span));
            republished.insert(before.id);
        }
    }
    republished
}

/// Whether two versions differ at most in the name of their layer: a renamed layer publishes all of
/// its versions again.
fn same_archive(before: &Object, now: &Object) -> bool {
    let others = |name: &&String| *name != "LayerName";
    before
        .keys()
        .chain(now.keys())
        .filter(others)
        .all(|name| before.get(name) == now.get(name))
}

/// The properties that differ, each with its old and new value.
fn changes(before: &Object, now: &Object) -> Vec<String> {
    let names = before
        .keys()
        .chain(now.keys().filter(|name| !before.contains_key(*name)));
    let changed = names.filter(|name| before.get(*name) != now.get(*name));
    changed
        .map(|name| {
            format!(
                "{name}: {} before, {} now",
                shown(before.get(name)),
                shown(now.get(name))
            )
        })
        .collect()
}

fn shown(value: Option<&Json>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(Json::String(text)) => quote(text),
        Some(value) => quote(&value.to_string()),
    }
}

fn changed(version: &ListedVersion, changes: &[String], span: Span) -> Diagnostic {
    let message = format!(
        "version {} of {} would be published again",
        quote(&version.label),
        quote(&version.layer)
    );
    Diagnostic::error(Code::RepublishedVersion, span, message)
        .label("it is in the template already, with other properties")
        .note(list(changes, "and"))
        .note(
            "no property of a published version can change: it would get a new number, and its \
                users would stay on the old one",
        )
        .help(
            "keep the old value: write it in this version's own body, `version LABEL from … \
        { … }`",
        )
        .help(ON_PURPOSE)
}

fn published_by(
    what: &str,
    version: Option<&&ListedVersion>,
    template: &str,
    stack: &str,
    before: &ExistingVersion<'_>,
    span: Span,
) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        Code::RepublishedVersion,
        span,
        format!("{what} would be published again"),
    )
    .label(format!("{} publishes it already", quote(template)))
    .note("in another stack it is another resource: it would get a new number")
    .note(format!("its ARN is the physical ID of `{}`", before.id))
    .help(format!(
        "list the version by its ARN, `version LABEL at ARN`. To see the ARNs: aws cloudformation \
        list-stack-resources --stack-name {stack}"
    ));
    match version {
        Some(_) => diagnostic
            .help(
                "or let `layershare adopt` write the ARN of every version: `layershare live FILE > \
                live.sh`, `sh live.sh > live.json`, `layershare adopt FILE live.json`",
            )
            .help(ON_PURPOSE),
        None => diagnostic.help(
            "before that, make it a layer with listed versions in the old template, and deploy \
            that: `docs/sharing-over-time.md`, \"From rolling to listed versions\"",
        ),
    }
}

fn renamed(
    version: &ListedVersion,
    before: &ExistingVersion<'_>,
    earlier: &Earlier,
    span: Span,
) -> Diagnostic {
    let message = format!(
        "version {} of {} would be published again",
        quote(&version.label),
        quote(&version.layer)
    );
    let by_arn = "list the version by its ARN under its new name: `version LABEL at ARN`";
    let by_arn = match given_up::retention(before, earlier) {
        None => format!("or {by_arn}"),
        Some(first) => {
            format!("or deploy twice: first {first}, and deploy only that; then {by_arn}")
        }
    };
    Diagnostic::error(Code::RepublishedVersion, span, message)
        .label(format!(
            "it is in the template already, with the logical ID `{}`",
            before.id
        ))
        .note("under another logical ID it is another resource: it would get a new number")
        .help("keep the name of the layer and the label of the version as they were")
        .help(by_arn)
        .help(ON_PURPOSE)
}
