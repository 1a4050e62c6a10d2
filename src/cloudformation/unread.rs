//! The parts of a template that stand for content which CloudFormation inserts at a deploy and
//! which is not in the template.

use super::expand::{entries, transform_name};
use super::handed::{Handed, Receivers};
use super::json::mentions;
use super::template::Resource;
use super::unread_kind::UnreadKind;
use super::world::{World, explore_within};
use serde_json::Value as Json;
use std::sync::Arc;

/// A part of a template whose meaning is not in the template.
#[derive(Clone, Debug)]
pub struct Unread {
    /// Its place: a section, or a logical ID.
    pub place: String,
    /// What it is.
    pub kind: UnreadKind,
    /// The extent of its possible changes.
    pub extent: Extent,
    /// Its identity among parts at the same place.
    pub identity: String,
    /// All that decides about its values, if there are too many cases.
    pub decided_by: Option<Arc<str>>,
}

/// What an unread part can change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Everything: it may add, change or take away any resource.
    Template,
    /// What it receives: the resources and texts that it names.
    Handed(Handed),
}

impl Unread {
    /// A part that may change anything.
    pub fn anything(place: impl Into<String>, kind: UnreadKind, written: &Json) -> Self {
        let identity = written.to_string();
        Self {
            place: place.into(),
            kind,
            extent: Extent::Template,
            identity,
            decided_by: None,
        }
    }

    /// A resource that may create others from what it receives. `written` is the part of it that
    /// matters.
    #[must_use]
    pub fn resource(
        resource: &Resource<'_>,
        kind: UnreadKind,
        written: &Json,
        receivers: &Receivers<'_>,
    ) -> Self {
        let (identity, decided_by) = identity(resource, written, receivers);
        Self {
            place: resource.id.to_owned(),
            kind,
            extent: Extent::Handed(receivers.handed(written)),
            identity,
            decided_by,
        }
    }

    /// The same part, of which only this value counts as what it receives.
    #[must_use]
    pub fn receiving(self, written: &Json, receivers: &Receivers<'_>) -> Self {
        Self {
            extent: Extent::Handed(receivers.handed(written)),
            ..self
        }
    }

    /// The same part, whose identity has the values of what is written in it, too.
    fn with_values_of(mut self, written: &Json, receivers: &Receivers<'_>) -> Self {
        let value = |world: &World<'_>| world.value(written);
        match explore_within(&receivers.budget, receivers.template, None, value) {
            Ok(cases) => {
                for (case, value) in cases {
                    self.identity.push_str(&format!("{case:?}"));
                    if let Some(value) = value {
                        value.write_identity(&mut self.identity);
                    }
                }
            }
            Err(_) => self.decided_by = Some(receivers.decisions()),
        }
        self
    }

    /// Whether it is the same part of another template, and has the same effect there.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.place == other.place
            && self.kind == other.kind
            && self.identity == other.identity
            && self.decided_by == other.decided_by
    }

    /// Whether it can change a resource of the template, or something with one of these names.
    #[must_use]
    pub fn concerns(&self, ids: &[&str], names: &[&str]) -> bool {
        match &self.extent {
            Extent::Template => true,
            Extent::Handed(handed) => handed.has(ids, names),
        }
    }
}

/// A part of a resource as it is written, and its values in every case; or all that decides about
/// these, if there are too many cases.
fn identity(
    resource: &Resource<'_>,
    written: &Json,
    receivers: &Receivers<'_>,
) -> (String, Option<Arc<str>>) {
    let mut identity = written.to_string();
    let value = written.get("Properties").unwrap_or(written);
    let cases = explore_within(&receivers.budget, receivers.template, None, |world| {
        resource.is_made(world).then(|| world.value(value))
    });
    let Ok(cases) = cases else {
        return (identity, Some(receivers.decisions()));
    };
    for (case, made) in cases {
        identity.push_str(&format!("{case:?} {}", made.is_some()));
        if let Some(value) = made.flatten() {
            value.write_identity(&mut identity);
        }
    }
    (identity, None)
}

/// The parts whose meaning is not in the template, but for resources of types that make others.
#[must_use]
pub fn unread(receivers: &Receivers<'_>) -> Vec<Unread> {
    let json = receivers.template.json();
    let mut found = Vec::new();
    if let Some(transform) = json.get("Transform") {
        for entry in entries(transform) {
            let name = transform_name(entry);
            if name.is_none_or(|name| !READ_TRANSFORMS.contains(&name)) {
                let shown = entry
                    .as_str()
                    .map_or_else(|| entry.to_string(), str::to_owned);
                found.push(Unread::anything(
                    "Transform",
                    UnreadKind::Macro(shown),
                    entry,
                ));
            }
        }
    }
    for (section, value) in json.as_object().into_iter().flatten() {
        match section.as_str() {
            "Resources" => unread_resources(value, receivers, &mut found),
            "Transform" | "Metadata" | "Description" | "AWSTemplateFormatVersion" | "Outputs" => {}
            _ if !is_section(section) => {
                let kind = UnreadKind::UnknownSection;
                found.push(Unread::anything(section.as_str(), kind, value));
            }
            _ if section.starts_with("Fn::") => {
                let kind = UnreadKind::FunctionAsSection(section.clone());
                found.push(Unread::anything("the template", kind, value));
            }
            _ if mentions(value, &is_expansion) => {
                found.push(Unread::anything(
                    section.as_str(),
                    UnreadKind::SectionWithMacro,
                    value,
                ));
            }
            _ => {}
        }
    }
    found
}

/// The other sections that a template may have (CloudFormation User Guide, template sections; SAM
/// Specification, `Globals`). Another one is for a tool that changes the template before a deploy,
/// such as the modules of `aws cloudformation package`. By convention, a name with `x-` holds
/// values for YAML's anchors.
fn is_section(name: &str) -> bool {
    const SECTIONS: [&str; 7] = [
        "Conditions",
        "Globals",
        "Hooks",
        "Mappings",
        "Parameters",
        "Resources",
        "Rules",
    ];
    SECTIONS.contains(&name) || name.starts_with("Fn::") || name.starts_with("x-")
}

/// Transforms whose work the reader does itself, or that leave layers and identities alone: a hook
/// for deploys of ECS, and functions that rotate secrets (CloudFormation Template Reference,
/// `AWS::CodeDeployBlueGreen transform` and `AWS::SecretsManager transform`).
const READ_TRANSFORMS: [&str; 5] = [
    "AWS::CodeDeployBlueGreen",
    "AWS::LanguageExtensions",
    "AWS::SecretsManager-2020-07-23",
    "AWS::SecretsManager-2024-09-16",
    "AWS::Serverless-2016-10-31",
];

fn is_expansion(key: &str) -> bool {
    key == "Fn::Transform" || key.starts_with("Fn::ForEach")
}

fn unread_resources(resources: &Json, receivers: &Receivers<'_>, found: &mut Vec<Unread>) {
    let Some(resources) = resources.as_object() else {
        found.push(Unread::anything(
            "Resources",
            UnreadKind::NotResources,
            resources,
        ));
        return;
    };
    for (id, resource) in resources {
        if is_expansion(id) {
            let kind = UnreadKind::GeneratedResources;
            let part = Unread::anything(id.as_str(), kind, resource);
            found.push(part.with_values_of(resource, receivers));
        } else if !resource.get("Type").is_some_and(Json::is_string) {
            found.push(Unread::anything(
                id.as_str(),
                UnreadKind::ResourceWithoutType,
                resource,
            ));
        } else if mentions(resource, &is_expansion) {
            let part = Unread::anything(id.as_str(), UnreadKind::ResourceWithMacro, resource);
            found.push(part.with_values_of(resource, receivers));
        }
    }
}
