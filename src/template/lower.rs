//! Rules to template.

mod conditions;
mod layers;
pub mod names;
mod restrictions;
mod roll_out;
mod trust;

use super::Format;
use super::fingerprints::Fingerprints;
use super::model::{Output, Parameter, Resource, Template, TemplateCondition, Value};
use crate::diagnostic::{Code, Diagnostic};
use crate::rules::formats::{
    ACCOUNT_PATTERN, LAYER_NAME_PART_PATTERN, OPTIONAL_ACCOUNT_PATTERN,
    OPTIONAL_ORGANIZATION_PATTERN, ORGANIZATION_PATTERN,
};
use crate::rules::model::{self as rules, ParameterKind, ParameterPattern, Rules, Why};
use crate::rules::text::{Part, Text};
use crate::source::Span;
use serde_json::Value as Json;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

pub use layers::LayersContext;
pub use roll_out::roll_out;
use trust::id_value;

/// The logical ID of the stack set.
pub const ROLL_OUT: &str = "RollOut";

/// The paths of the source and the template.
#[derive(Clone, Debug, Default)]
pub struct Placement {
    /// The file name of the source.
    pub source_name: String,
    /// The path from the template's folder to the source's, with `/` between folders; empty if they
    /// are the same.
    pub source_folder: String,
    /// The form of the output.
    pub shape: Shape,
    /// The form of each template.
    pub format: Format,
}

impl Placement {
    /// The placement of a source that is only checked. Its output is a folder, so that nothing asks
    /// whether one template can hold it.
    #[must_use]
    pub fn of_any_size() -> Self {
        Self {
            shape: Shape::Folder,
            ..Self::default()
        }
    }
}

/// The form of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// One template.
    #[default]
    Template,
    /// A folder with a template for each stack.
    Folder,
}

/// A template and where each of its resources comes from.
#[derive(Debug, Default)]
pub struct Lowered {
    /// The template.
    pub template: Template,
    /// For each resource, the place in the source that asks for it.
    pub origins: Vec<Span>,
    /// For each condition, the place in the source that depends on it.
    pub condition_origins: Vec<Span>,
    /// For each output, the layer in the source that it shows.
    pub output_origins: Vec<Span>,
    /// The reasons and last days of grants, by the indices of their resources.
    pub why: Vec<(usize, Arc<Why>)>,
    /// The versions that must be published only once.
    pub listed: Vec<ListedVersion>,
    /// The versions that exist already.
    pub adopted: Vec<AdoptedVersion>,
    /// Which resources each thing of the source became.
    pub source_map: SourceMap,
    /// How many resources each layer has, in the order of the layers.
    pub parts: Vec<LayerPart>,
    /// For each resource of the template that is rolled out, the place in the source that asks for
    /// it.
    pub rolled_out_origins: Vec<Span>,
    /// The logical IDs of resources that are gone: their memory is for those of others.
    spare_ids: Vec<String>,
}

/// How many resources a layer has.
#[derive(Clone, Debug)]
pub struct LayerPart {
    /// The name of the layer in the source.
    pub layer: String,
    /// The place that names it.
    pub span: Span,
    /// The number of its resources.
    pub resources: usize,
}

/// Which resources the things of a source became, by logical ID.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    /// The resources of each role, policy, boundary and guardrail, by its name in the source:
    /// several if its policy was split.
    pub blocks: HashMap<String, Vec<String>>,
    /// Every layer version.
    pub versions: Vec<VersionResources>,
}

/// The resources of a layer version.
#[derive(Clone, Debug)]
pub struct VersionResources {
    /// The name of its layer in the source.
    pub layer: Arc<str>,
    /// The name of its layer in AWS.
    pub layer_name: Arc<str>,
    /// Its label; none of a rolling version.
    pub label: Option<Arc<str>>,
    /// The version itself; `None` if it exists already.
    pub version: Option<Arc<str>>,
    /// Its ARN.
    pub arn: Value,
    /// The grants of a version that exists already, which has no resource to know it by.
    pub grants: Vec<String>,
    /// The SHA-256 of its archive, in hexadecimal digits, if the source pins it.
    pub sha256: Option<String>,
}

/// A listed version that this stack publishes.
#[derive(Debug)]
pub struct ListedVersion {
    /// The index of its resource.
    pub resource: usize,
    /// The name of its layer in the source.
    pub layer: Arc<str>,
    /// Its label.
    pub label: Arc<str>,
}

impl ListedVersion {
    /// Whether it is among the versions that are named by these labels.
    #[must_use]
    pub fn is_among(&self, labels: &[String]) -> bool {
        labels.iter().any(|label| **label == *self.label)
    }
}

/// A listed version that exists already.
#[derive(Debug)]
pub struct AdoptedVersion {
    /// The place that lists it.
    pub span: Span,
    /// The name of its layer in the source.
    pub layer: Arc<str>,
    /// Its ARN.
    pub arn: Value,
}

impl SourceMap {
    /// The ARNs of the versions that exist already.
    #[must_use]
    pub fn adopted_arns(&self) -> Vec<Json> {
        self.versions
            .iter()
            .filter(|version| version.version.is_none())
            .map(|version| version.arn.json())
            .collect()
    }

    /// The SHA-256 of the archives that the source pins, by the logical ID of the version.
    #[must_use]
    pub fn pinned(&self) -> HashMap<String, String> {
        self.versions
            .iter()
            .filter_map(|version| {
                let id = version.version.as_deref()?.to_owned();
                Some((id, version.sha256.clone()?))
            })
            .collect()
    }
}

/// The template of rules without errors.
pub fn lower(rules: &Rules, placement: &Placement, diagnostics: &mut Vec<Diagnostic>) -> Lowered {
    let mut lowered = Lowered::of(rules, placement);
    lowered.template.parameters = rules.parameters.iter().map(parameter).collect();
    layers::lower(rules, placement, &mut lowered);
    restrictions::lower(rules, &mut lowered);
    refuse_clashes(&lowered, rules, diagnostics);
    lowered
}

/// The template of rules without errors, without their layers.
pub fn lower_restrictions(rules: &Rules, placement: &Placement) -> Lowered {
    let mut lowered = Lowered::of(rules, placement);
    lowered.template.parameters = rules.parameters.iter().map(parameter).collect();
    restrictions::lower(rules, &mut lowered);
    lowered
}

impl Lowered {
    /// A template of a source, with nothing in it.
    #[must_use]
    pub fn of(rules: &Rules, placement: &Placement) -> Self {
        let description = rules.description.as_ref();
        Self {
            template: Template {
                source: placement.source_name.clone(),
                description: description.map(|description| description.value.clone()),
                ..Template::default()
            },
            ..Self::default()
        }
    }

    /// The place in the source that asks for each resource, by logical ID.
    #[must_use]
    pub fn places(&self) -> HashMap<String, Span> {
        let ids = self.template.resources.iter();
        let ids = ids.map(|resource| resource.id.clone());
        let own = ids.zip(self.origins.iter().copied());
        let rolled_out = self.rolled_out();
        let rolled_out = rolled_out.map(|(id, origin)| (format!("{ROLL_OUT}.{id}"), origin));
        own.chain(rolled_out).collect()
    }

    /// The place in the source that asks for a resource, in whichever template it is.
    #[must_use]
    pub fn origin(&self, id: &str) -> Option<Span> {
        let resources = self.template.resources.iter();
        let ids = resources.map(|resource| resource.id.as_str());
        let mut all = ids
            .zip(self.origins.iter().copied())
            .chain(self.rolled_out());
        all.find_map(|(known, origin)| (known == id).then_some(origin))
    }

    /// The resources that are rolled out, and the places that ask for them.
    fn rolled_out(&self) -> impl Iterator<Item = (&str, Span)> {
        let body = self.template.stack_set().map(|set| &set.body);
        let resources = body.into_iter().flat_map(|body| &body.resources);
        let ids = resources.map(|resource| resource.id.as_str());
        ids.zip(self.rolled_out_origins.iter().copied())
    }

    /// Removes everything that a layer adds.
    pub fn clear(&mut self) {
        let Self {
            template,
            origins,
            condition_origins,
            output_origins,
            why,
            listed,
            adopted,
            source_map,
            parts,
            rolled_out_origins,
            spare_ids,
        } = self;
        template.parameters.clear();
        template.conditions.clear();
        spare_ids.clear();
        spare_ids.extend(template.resources.drain(..).map(|resource| resource.id));
        template.outputs.clear();
        origins.clear();
        condition_origins.clear();
        output_origins.clear();
        why.clear();
        listed.clear();
        adopted.clear();
        source_map.blocks.clear();
        source_map.versions.clear();
        parts.clear();
        rolled_out_origins.clear();
    }

    /// A logical ID of two parts.
    fn id(&mut self, start: &str, end: &str) -> String {
        let mut id = self.spare_ids.pop().unwrap_or_default();
        id.clear();
        id.reserve_exact(start.len() + end.len());
        id.push_str(start);
        id.push_str(end);
        id
    }

    /// Makes room for so many more resources.
    pub fn reserve(&mut self, resources: usize) {
        self.template.resources.reserve_exact(resources);
        self.origins.reserve_exact(resources);
    }

    /// Adds a version that its layer lists, by the layer's name and its label.
    pub fn push_listed(
        &mut self,
        (layer, label): (Arc<str>, Arc<str>),
        resource: Resource,
        origin: Span,
    ) {
        self.listed.push(ListedVersion {
            resource: self.origins.len(),
            layer,
            label,
        });
        self.push(resource, origin);
    }

    /// Adds a resource.
    pub fn push(&mut self, resource: Resource, origin: Span) {
        self.template.resources.push(resource);
        self.origins.push(origin);
    }

    /// Adds a condition.
    pub fn push_condition(&mut self, condition: TemplateCondition, origin: Span) {
        self.template.conditions.push(condition);
        self.condition_origins.push(origin);
    }

    /// Adds an output.
    pub fn push_output(&mut self, output: Output, origin: Span) {
        self.template.outputs.push(output);
        self.output_origins.push(origin);
    }
}

fn parameter(parameter: &rules::Parameter) -> Parameter {
    let (kind, allowed) = match parameter.kind {
        ParameterKind::String => (
            "String",
            match &parameter.pattern {
                Some(ParameterPattern::LayerName) => Some((
                    LAYER_NAME_PART_PATTERN,
                    Some("must be 1 to 64 letters, digits, dashes and underscores"),
                )),
                Some(ParameterPattern::Written(pattern)) => Some((pattern.as_str(), None)),
                None => None,
            },
        ),
        ParameterKind::Account => (
            "String",
            Some((ACCOUNT_PATTERN, Some("must be an account ID: 12 digits"))),
        ),
        ParameterKind::Organization => (
            "String",
            Some((
                ORGANIZATION_PATTERN,
                Some("must be an organization ID, such as o-a1b2c3d4e5"),
            )),
        ),
        ParameterKind::OptionalAccount => (
            "String",
            Some((
                OPTIONAL_ACCOUNT_PATTERN,
                Some("must be an account ID, 12 digits, or empty"),
            )),
        ),
        ParameterKind::OptionalOrganization => (
            "String",
            Some((
                OPTIONAL_ORGANIZATION_PATTERN,
                Some("must be an organization ID, such as o-a1b2c3d4e5, or empty"),
            )),
        ),
        ParameterKind::Switch => ("String", None),
        ParameterKind::Number => ("Number", None),
        ParameterKind::Ssm => ("AWS::SSM::Parameter::Value<String>", None),
    };
    let default = parameter.default.as_ref();
    Parameter {
        name: parameter.name.value.clone(),
        description: parameter.description.clone(),
        kind,
        values: if parameter.kind == ParameterKind::Switch {
            ["true", "false"].map(str::to_owned).to_vec()
        } else {
            parameter.allowed.clone()
        },
        pattern: allowed.map(|(pattern, _)| pattern.to_owned()),
        constraint: allowed.and_then(|(_, words)| words),
        hidden: parameter.hidden,
        label: parameter.label.clone(),
        place: parameter.place,
        default: default.map(|default| default.value.clone()),
    }
}

/// The value for a text: `!Ref` if it is one parameter, `!Sub` if it contains parameters.
#[must_use]
pub fn value(text: &Text) -> Value {
    if let Some(literal) = text.as_literal() {
        return Value::string(literal);
    }
    if let Some(parameter) = text.as_parameter() {
        return Value::Ref(parameter.into());
    }
    let parts = text.parts().iter().map(|part| match part {
        Part::Literal(text) => text.replace("${", "${!"),
        Part::Parameter(name) => format!("${{{name}}}"),
    });
    Value::Sub(parts.collect::<String>().into())
}

/// Logical IDs, and where the source asks for them.
type SeenIds<'a> = HashMap<&'a str, Span>;

/// Refuses two parameters, resources, conditions or outputs of one logical ID.
fn refuse_clashes(lowered: &Lowered, rules: &Rules, diagnostics: &mut Vec<Diagnostic>) {
    let mut ids = Fingerprints::of(&lowered.template);
    ids.add_parameters(&lowered.template.parameters);
    if ids.are_distinct() {
        return;
    }
    let mut seen = SeenIds::new();
    seen.extend(
        rules
            .parameters
            .iter()
            .map(|parameter| (parameter.name.value.as_str(), parameter.name.span)),
    );
    let resources = lowered
        .template
        .resources
        .iter()
        .map(|resource| resource.id.as_str());
    let before = diagnostics.len();
    refuse_seen(resources.zip(&lowered.origins), &mut seen, diagnostics);
    let conditions = lowered.template.conditions.iter();
    let conditions = conditions.map(|condition| condition.id.as_str());
    refuse_seen(
        conditions.zip(&lowered.condition_origins),
        &mut seen,
        diagnostics,
    );
    if diagnostics.len() == before {
        // Layers whose resources clash have outputs that do too, and that is one mistake.
        let outputs = lowered
            .template
            .outputs
            .iter()
            .map(|output| output.id.as_str());
        refuse_seen(outputs.zip(&lowered.output_origins), &mut seen, diagnostics);
    }
}

fn refuse_seen<'a>(
    ids: impl Iterator<Item = (&'a str, &'a Span)>,
    seen: &mut SeenIds<'a>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for (id, &origin) in ids {
        match seen.entry(id) {
            Entry::Vacant(entry) => {
                entry.insert(origin);
            }
            Entry::Occupied(entry) => {
                let message = format!("two things would have the logical ID `{id}`");
                diagnostics.push(
                    Diagnostic::error(Code::LogicalIdClash, origin, message)
                        .label("this one")
                        .also(*entry.get(), "and this one")
                        .note("a logical ID is made of the letters and digits of the names")
                        .help(
                            "rename one of them; for a layer that is already published, use \
                                another name here and keep its name in AWS by `name`",
                        ),
                );
            }
        }
    }
}
