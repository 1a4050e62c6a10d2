//! The stacks of a folder: one template for each layer, one for resources that exist once in an
//! account, and one for resources that exist once in an organization.
//!
//! The list of them is the folder's `stacks.json`. Nothing in it changes with a release, so that
//! two releases of two layers meet in no file.

use super::lower::{LayerPart, Lowered};
use super::model::{Parameter, Properties, Resource, Template, TemplateCondition, Value};
use super::references::{needed_conditions, of_properties, references};
use crate::aws::quotas::{INLINE_TEMPLATE_BYTES, STACK_NAME};
use crate::diagnostic::{Code, Diagnostic};
use crate::english::quote;
use crate::source::Span;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// The name of the list of stacks in a folder.
pub const MANIFEST: &str = "stacks.json";

/// The name, without its extension, of the template for resources that exist once in an account.
pub const RESTRICTIONS: &str = "restrictions";

/// The name, without its extension, of the template with the stack set.
pub const ROLL_OUT: &str = "roll-out";

/// The name, without its extension, of the template for resources that exist once in an
/// organization.
pub const GUARDRAILS: &str = "guardrails";

/// Where a stack has its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StackScope {
    /// In every region: a layer.
    Region,
    /// Once in an account: roles, policies and boundaries.
    Account,
    /// Once in an organization: guardrails, and stack sets.
    Organization,
}

/// A stack and its template.
#[derive(Debug)]
pub struct Stack {
    /// The name of its template, without an extension.
    pub stem: String,
    /// Its scope.
    pub scope: StackScope,
    /// The place of the stack in the source.
    pub span: Span,
    /// Its template.
    pub lowered: Lowered,
    /// Whether a stack set deploys it.
    pub is_rolled_out: bool,
}

/// A stack, as `stacks.json` has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackEntry {
    /// The name of the stack.
    pub name: String,
    /// The file name of its template.
    pub template: String,
    /// Its scope.
    pub scope: StackScope,
    /// The regions that it is deployed to; none if the source names none.
    pub regions: Vec<String>,
    /// The capability that a deploy must acknowledge.
    pub capabilities: Vec<String>,
    /// The parameters of its template.
    pub parameters: Vec<EntryParameter>,
    /// Whether `aws cloudformation package` must upload its content first.
    pub package: bool,
    /// Whether its template is too large for a deploy without a bucket.
    pub bucket: bool,
    /// What its stack set rolls out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolls_out: Option<RollsOut>,
}

/// What a stack set rolls out, as `stacks.json` has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollsOut {
    /// The file name of the template that each account gets.
    pub template: String,
    /// The IDs of the root and the units whose accounts get it.
    pub units: Vec<String>,
    /// The regions that each account gets it in.
    pub regions: Vec<String>,
    /// The capability that its stacks need.
    pub capabilities: Vec<String>,
}

impl RollsOut {
    /// What a template rolls out; `extension` is that of every template.
    fn of(template: &Template, extension: &str) -> Option<Self> {
        let set = template.stack_set()?;
        let units = set.units.iter().filter_map(|unit| match &unit.value {
            Value::String(id) => Some(id.to_string()),
            Value::Ref(_) | Value::Sub(_) => None,
        });
        Some(Self {
            template: format!("{RESTRICTIONS}.{extension}"),
            units: units.collect(),
            regions: vec![set.region.clone()],
            capabilities: set.capability.map(str::to_owned).into_iter().collect(),
        })
    }
}

/// A parameter of a template, as `stacks.json` has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryParameter {
    /// Its name.
    pub name: String,
    /// Whether it has no default.
    pub required: bool,
}

impl StackEntry {
    /// The stack of a template that has so many bytes.
    #[must_use]
    pub fn new(
        name: String,
        template: String,
        scope: StackScope,
        regions: &[String],
        written: &Template,
        bytes: usize,
    ) -> Self {
        // Resources that exist once are in the first region.
        let regions = match scope {
            StackScope::Region => regions,
            StackScope::Account | StackScope::Organization => &regions[..regions.len().min(1)],
        };
        let extension = template
            .rsplit_once('.')
            .map_or("", |(_, extension)| extension);
        let rolls_out = RollsOut::of(written, extension);
        let parameters = written.parameters.iter().map(|parameter| EntryParameter {
            name: parameter.name.clone(),
            required: parameter.default.is_none(),
        });
        Self {
            name,
            template,
            scope,
            regions: regions.to_vec(),
            capabilities: written
                .capability()
                .map(str::to_owned)
                .into_iter()
                .collect(),
            parameters: parameters.collect(),
            package: written.needs_package(),
            bucket: bytes > INLINE_TEMPLATE_BYTES,
            rolls_out,
        }
    }
}

/// The name of a stack: letters, digits and dashes, a letter first (CloudFormation API reference,
/// `CreateStack`). `part` distinguishes the stacks of one source.
#[must_use]
pub fn stack_name(source: &str, part: Option<&str>) -> String {
    let plain = |text: &str| -> String {
        text.chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect()
    };
    let source = plain(source);
    let source = source.trim_matches('-');
    let mut name = match source.chars().next() {
        Some(first) if first.is_ascii_alphabetic() => source.to_owned(),
        Some(_) => format!("layers-{source}"),
        None => "layers".to_owned(),
    };
    if let Some(part) = part {
        name = format!("{name}-{}", plain(part));
    }
    name.truncate(STACK_NAME);
    name.trim_end_matches('-').to_owned()
}

/// The stacks of a source: its layers by name, then the others. Reports rules that separate
/// templates cannot express.
pub fn split(whole: Lowered, diagnostics: &mut Vec<Diagnostic>) -> Vec<Stack> {
    refuse_clashes(&whole, diagnostics);
    refuse_references(&whole, diagnostics);
    let Lowered {
        template:
            Template {
                source,
                description,
                parameters,
                conditions,
                mut resources,
                mut outputs,
            },
        mut origins,
        condition_origins,
        mut output_origins,
        mut listed,
        mut adopted,
        parts,
        source_map: _,
        why: _,
        rolled_out_origins,
    } = whole;
    let begin = || empty(&source, description.as_deref());
    let first = parts.last().map_or(0, |part| part.resources.end);
    let others = resources.split_off(first).into_iter();
    let others = others.zip(origins.split_off(first));
    let mut stacks = Vec::with_capacity(parts.len() + 3);
    // Each layer takes what is at the end.
    for part in parts.into_iter().rev() {
        let (first, first_output) = (part.resources.start, part.outputs.start);
        let mut lowered = begin();
        lowered.template.resources = resources.split_off(first);
        lowered.origins = origins.split_off(first);
        lowered.template.outputs = outputs.split_off(first_output);
        lowered.output_origins = output_origins.split_off(first_output);
        let before = listed.partition_point(|version| version.resource < first);
        lowered.listed = listed.split_off(before);
        for version in &mut lowered.listed {
            version.resource -= first;
        }
        let own = adopted.iter().rev();
        let own = own.take_while(|version| *version.layer == *part.layer);
        lowered.adopted = adopted.split_off(adopted.len() - own.count());
        stacks.push(of_layer(part, lowered));
    }
    stacks.reverse();
    push_restrictions(
        &mut stacks,
        others,
        &rolled_out_origins,
        [begin(), begin(), begin()],
    );
    add_conditions(&mut stacks, &conditions, &condition_origins);
    add_parameters(&mut stacks, &parameters);
    stacks
}

/// A template without resources, from a source.
fn empty(source: &str, description: Option<&str>) -> Lowered {
    Lowered {
        template: Template {
            source: source.to_owned(),
            description: description.map(str::to_owned),
            ..Template::default()
        },
        ..Lowered::default()
    }
}

/// The stack of a layer.
fn of_layer(part: LayerPart, lowered: Lowered) -> Stack {
    Stack {
        stem: part.layer,
        scope: StackScope::Region,
        span: part.span,
        lowered,
        is_rolled_out: false,
    }
}

/// Adds the resources that restrict principals: a stack for the account, one that rolls it out,
/// and one for the organization, each if it has a resource.
fn push_restrictions(
    stacks: &mut Vec<Stack>,
    resources: impl Iterator<Item = (Resource, Span)>,
    rolled_out_origins: &[Span],
    [mut account, mut roll_out, mut organization]: [Lowered; 3],
) {
    let mut is_rolled_out = false;
    for (resource, origin) in resources {
        match &resource.properties {
            Properties::ServiceControlPolicy(_) => organization.push(resource, origin),
            Properties::StackSet(set) => {
                is_rolled_out = true;
                account.template = set.body.clone();
                account.origins = rolled_out_origins.to_vec();
                roll_out.push(resource, origin);
            }
            Properties::LayerVersion(_)
            | Properties::Permission(_)
            | Properties::SsmParameter(_)
            | Properties::Role(_)
            | Properties::ManagedPolicy(_) => account.push(resource, origin),
        }
    }
    for (stem, scope, lowered) in [
        (RESTRICTIONS, StackScope::Account, account),
        (ROLL_OUT, StackScope::Organization, roll_out),
        (GUARDRAILS, StackScope::Organization, organization),
    ] {
        if let Some(&span) = lowered.origins.first() {
            stacks.push(Stack {
                stem: stem.to_owned(),
                scope,
                span,
                lowered,
                is_rolled_out: is_rolled_out && scope == StackScope::Account,
            });
        }
    }
}

/// Gives each stack the conditions that its resources rest on.
fn add_conditions(stacks: &mut [Stack], conditions: &[TemplateCondition], origins: &[Span]) {
    if conditions.is_empty() {
        return;
    }
    for stack in stacks.iter_mut().filter(|stack| !stack.is_rolled_out) {
        let needed = needed_conditions(&stack.lowered.template, conditions);
        let mut kept = Vec::new();
        for (condition, &origin) in conditions.iter().zip(origins) {
            if needed.contains(condition.id.as_str()) {
                kept.push((condition.clone(), origin));
            }
        }
        for (condition, origin) in kept {
            stack.lowered.push_condition(condition, origin);
        }
    }
}

/// Gives each stack the parameters that it names.
fn add_parameters(stacks: &mut [Stack], parameters: &[Parameter]) {
    if parameters.is_empty() {
        return;
    }
    for stack in stacks.iter_mut().filter(|stack| !stack.is_rolled_out) {
        let template = &mut stack.lowered.template;
        let named = references(template);
        for parameter in parameters {
            if named.contains(&parameter.name) {
                template.parameters.push(parameter.clone());
            }
        }
    }
}

/// Refuses layers whose templates would have the same name on a file system that does not
/// distinguish upper and lower case.
fn refuse_clashes(whole: &Lowered, diagnostics: &mut Vec<Diagnostic>) {
    let rolls_out = whole.template.stack_set().is_some();
    let mut seen: HashMap<String, Span> = HashMap::new();
    for part in &whole.parts {
        let stem = part.layer.to_ascii_lowercase();
        let message = format!(
            "the template {} needs a name that no other file has",
            quote(&part.layer)
        );
        let found = match stem.as_str() {
            RESTRICTIONS => {
                Some("`restrictions` is the template of roles, policies and boundaries")
            }
            GUARDRAILS => Some("`guardrails` is the template of guardrails"),
            "stacks" => Some("`stacks` is the list of all stacks"),
            ROLL_OUT if rolls_out => Some("`roll-out` is the template of the stack set"),
            _ => None,
        };
        let diagnostic = Diagnostic::error(Code::FileClash, part.span, message).help(
            "give the layer another name here; if it is published already, list its versions \
            by `version LABEL at ARN` under that name",
        );
        if let Some(why) = found {
            diagnostics.push(diagnostic.note(format!("in a folder, {why}")));
        } else if let Some(&other) = seen.get(&stem) {
            diagnostics.push(
                diagnostic
                    .also(other, "the other one")
                    .note("some file systems do not distinguish upper and lower case"),
            );
        } else {
            seen.insert(stem, part.span);
        }
    }
}

/// Refuses roles, policies and guardrails that name a version by its resource, which is in another
/// stack.
fn refuse_references(whole: &Lowered, diagnostics: &mut Vec<Diagnostic>) {
    let first = whole.parts.last().map_or(0, |part| part.resources.end);
    let others = &whole.template.resources[first..];
    if others.is_empty() {
        return;
    }
    let versions = whole.template.resources[..first].iter();
    let layers: HashSet<&str> = versions.map(|resource| resource.id.as_str()).collect();
    for (resource, &origin) in others.iter().zip(&whole.origins[first..]) {
        let names = of_properties(&resource.properties);
        if let Some(version) = names.iter().find(|name| layers.contains(name.as_str())) {
            let message =
                format!("this refers to the version `{version}`, which is in another stack");
            diagnostics.push(
                Diagnostic::error(Code::OtherStack, origin, message)
                    .note(
                        "in a folder each layer has its own stack, and only that stack knows the \
                            number of a version that it publishes",
                    )
                    .help(
                        "name all versions of the layer, `NAME` without `version`, or this one by \
                        its ARN",
                    ),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_have_names_that_cloudformation_takes() {
        assert_eq!(stack_name("shared", None), "shared");
        assert_eq!(stack_name("shared", Some("my_deps")), "shared-my-deps");
        assert_eq!(stack_name("3 shares", Some("a")), "layers-3-shares-a");
        assert_eq!(stack_name("", Some("a")), "layers-a");
        let long = stack_name("shared", Some(&"a".repeat(140)));
        assert_eq!(long.len(), 128);
    }
}
