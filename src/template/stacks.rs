//! The stacks of a folder: one template for each layer, one for resources that exist once in an
//! account, and one for resources that exist once in an organization.
//!
//! The list of them is the folder's `stacks.json`. Nothing in it changes with a release, so that
//! two releases of two layers meet in no file.

use super::emit::{self, Scalar, Sink};
use super::lower::Lowered;
use super::model::{Decision, Parameter, Properties, Template};
use crate::aws::quotas::{INLINE_TEMPLATE_BYTES, STACK_NAME};
use crate::diagnostic::{Code, Diagnostic};
use crate::english::quote;
use crate::source::Span;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;

/// The name of the list of stacks in a folder.
pub const MANIFEST: &str = "stacks.json";

/// The name, without its extension, of the template for resources that exist once in an account.
pub const RESTRICTIONS: &str = "restrictions";

/// The name, without its extension, of the template for resources that exist once in an
/// organization.
pub const GUARDRAILS: &str = "guardrails";

/// Where a stack has its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// In every region: a layer.
    Region,
    /// Once in an account: roles, policies and boundaries.
    Account,
    /// Once in an organization: guardrails.
    Organization,
}

/// A stack and its template.
#[derive(Debug)]
pub struct Stack {
    /// The name of its template, without an extension.
    pub stem: String,
    /// Its scope.
    pub scope: Scope,
    /// The place of the stack in the source.
    pub span: Span,
    /// Its template.
    pub lowered: Lowered,
}

/// A stack, as `stacks.json` has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The name of the stack.
    pub name: String,
    /// The file name of its template.
    pub template: String,
    /// Its scope.
    pub scope: Scope,
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
}

/// A parameter of a template, as `stacks.json` has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryParameter {
    /// Its name.
    pub name: String,
    /// Whether it has no default.
    pub required: bool,
}

impl Entry {
    /// The stack of a template that has so many bytes.
    #[must_use]
    pub fn new(
        name: String,
        template: String,
        scope: Scope,
        regions: &[String],
        written: &Template,
        bytes: usize,
    ) -> Self {
        // Resources that exist once are in the first region.
        let regions = match scope {
            Scope::Region => regions,
            Scope::Account | Scope::Organization => &regions[..regions.len().min(1)],
        };
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
                resources,
                outputs,
            },
        origins,
        condition_origins,
        output_origins,
        listed,
        adopted,
        parts,
        source_map: _,
        why: _,
    } = whole;
    let begin = || Lowered {
        template: Template {
            source: source.clone(),
            description: description.clone(),
            ..Template::default()
        },
        ..Lowered::default()
    };
    let mut resources = resources.into_iter().zip(origins);
    let mut outputs = outputs.into_iter().zip(output_origins);
    let mut listed = listed.into_iter().peekable();
    let mut adopted = adopted.into_iter().peekable();
    let mut stacks = Vec::with_capacity(parts.len() + 2);
    for part in parts {
        let mut lowered = begin();
        for (resource, origin) in resources.by_ref().take(part.resources.len()) {
            lowered.push(resource, origin);
        }
        for (output, origin) in outputs.by_ref().take(part.outputs.len()) {
            lowered.push_output(output, origin);
        }
        while let Some(mut version) =
            listed.next_if(|version| version.resource < part.resources.end)
        {
            version.resource -= part.resources.start;
            lowered.listed.push(version);
        }
        while let Some(version) = adopted.next_if(|version| version.layer == part.layer) {
            lowered.adopted.push(version);
        }
        stacks.push(Stack {
            stem: part.layer,
            scope: Scope::Region,
            span: part.span,
            lowered,
        });
    }
    let (mut account, mut organization) = (begin(), begin());
    for (resource, origin) in resources {
        match &resource.properties {
            Properties::ServiceControlPolicy(_) => organization.push(resource, origin),
            Properties::LayerVersion(_)
            | Properties::Permission(_)
            | Properties::SsmParameter(_)
            | Properties::Role(_)
            | Properties::ManagedPolicy(_) => account.push(resource, origin),
        }
    }
    for (stem, scope, lowered) in [
        (RESTRICTIONS, Scope::Account, account),
        (GUARDRAILS, Scope::Organization, organization),
    ] {
        if let Some(&span) = lowered.origins.first() {
            stacks.push(Stack {
                stem: stem.to_owned(),
                scope,
                span,
                lowered,
            });
        }
    }
    add_conditions(&mut stacks, &conditions, &condition_origins);
    add_parameters(&mut stacks, &parameters);
    stacks
}

/// Gives each stack the conditions that its resources rest on.
fn add_conditions(stacks: &mut [Stack], conditions: &[Decision], origins: &[Span]) {
    for stack in stacks {
        let needed = needed(&stack.lowered.template, conditions);
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
    for stack in stacks {
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
        let mut names = References::default();
        emit::properties(&mut names, &resource.properties);
        if let Some(version) = names.0.iter().find(|name| layers.contains(name.as_str())) {
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

/// The conditions that a template depends on, and those that they name.
fn needed<'a>(template: &'a Template, all: &'a [Decision]) -> HashSet<&'a str> {
    let of_resources = template
        .resources
        .iter()
        .map(|resource| &resource.condition);
    let of_outputs = template.outputs.iter().map(|output| &output.condition);
    let named = of_resources.chain(of_outputs).flatten();
    let mut open: Vec<&str> = named.map(|name| &**name).collect();
    let mut needed = HashSet::new();
    while let Some(name) = open.pop() {
        if needed.insert(name) {
            let decision = all.iter().find(|decision| decision.id == name);
            open.extend(
                decision
                    .into_iter()
                    .flat_map(|decision| decision.test.names()),
            );
        }
    }
    needed
}

/// The references of a template.
fn references(template: &Template) -> BTreeSet<String> {
    let mut names = References::default();
    for resource in &template.resources {
        emit::properties(&mut names, &resource.properties);
    }
    for condition in &template.conditions {
        emit::condition(&mut names, condition);
    }
    for output in &template.outputs {
        names.scalar((&output.value).into(), None);
    }
    names.0
}

/// Collects the references during a walk over a template.
#[derive(Default)]
struct References(BTreeSet<String>);

impl References {
    fn add(&mut self, name: &str) {
        if !self.0.contains(name) {
            self.0.insert(name.to_owned());
        }
    }
}

impl Sink for References {
    fn header(&mut self, _: &[String]) {}

    fn mark(&mut self) {}

    fn blank(&mut self) {}

    fn comment(&mut self, _: &str) {}

    fn begin_map(&mut self) {}

    fn end_map(&mut self) {}

    fn begin_list(&mut self) {}

    fn end_list(&mut self) {}

    fn key(&mut self, _: &'static str) {}

    fn name(&mut self, _: &str) {}

    fn item(&mut self) {}

    fn scalar(&mut self, scalar: Scalar<'_>, _: Option<&str>) {
        match scalar {
            Scalar::Plain(_) | Scalar::Text(_) => {}
            Scalar::Ref(name) => self.add(name),
            // `${!Name}` stands for itself, and no parameter is called `!Name`.
            Scalar::Sub(text) => text
                .split("${")
                .skip(1)
                .filter_map(|rest| rest.split_once('}'))
                .for_each(|(name, _)| self.add(name)),
        }
    }

    fn finish(self) -> io::Result<()> {
        Ok(())
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
