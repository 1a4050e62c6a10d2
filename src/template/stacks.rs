//! The stacks of a folder: one template for each layer, one for resources that exist once in an
//! account, and one for resources that exist once in an organization.
//!
//! The list of them is the folder's `stacks.json`. Nothing in it changes with a release, so that
//! two releases of two layers meet in no file.

use super::fingerprints::Fingerprints;
use super::limits::{self, Limits};
use super::lower::{LayersContext, Lowered, Placement, lower, lower_restrictions, roll_out};
use super::model::{Parameter, Properties, Template, Value};
use super::references::{of_properties, references};
use crate::aws::quotas::{INLINE_TEMPLATE_BYTES, STACK_NAME};
use crate::diagnostic::{Code, Diagnostic};
use crate::english::quote;
use crate::rules::model::{Layer, Rules};
use crate::source::Span;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The name of the list of stacks in a folder.
pub const MANIFEST: &str = "stacks.json";

/// The name, without its extension, of the template for resources that exist once in an account.
pub const RESTRICTIONS: &str = "restrictions";

/// The name, without its extension, of the template with the stack set.
pub const ROLL_OUT: &str = "roll-out";

/// The name, without its extension, of the template for resources that exist once in an
/// organization.
pub const GUARDRAILS: &str = "guardrails";

/// Where a stack exists.
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

/// The stacks of a source: its layers, then the others. The template of a layer is made when it is
/// asked for, so that few of them are in memory together.
#[derive(Debug)]
pub struct SourceStacks<'a> {
    /// What they are made from.
    pub rules: &'a Rules,
    /// The paths of the source and the folder.
    pub placement: &'a Placement,
    /// The limits of each of their templates.
    pub limits: Limits,
    /// The place of the source.
    pub span: Span,
    parameters: Vec<Parameter>,
    others: Vec<Stack>,
}

impl<'a> SourceStacks<'a> {
    /// The stacks of rules without errors. Reports limits that the source as a whole exceeds, and
    /// rules that separate templates cannot express. `span` is the place of the source.
    pub fn new(
        rules: &'a Rules,
        placement: &'a Placement,
        limits: Limits,
        span: Span,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Self {
        refuse_file_clashes(rules, diagnostics);
        let mut lowered = lower_restrictions(rules, placement);
        limits::check_restrictions(rules, &lowered, limits, span, diagnostics);
        roll_out(rules, placement.format, &mut lowered, diagnostics);
        let mut stacks = Self {
            rules,
            placement,
            limits,
            span,
            parameters: std::mem::take(&mut lowered.template.parameters),
            others: Vec::new(),
        };
        stacks.refuse_references(&lowered, diagnostics);
        stacks.push_restrictions(lowered);
        stacks
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.rules.layers.len() + self.others.len()
    }

    /// Whether a stack set deploys one of them.
    #[must_use]
    pub fn is_rolled_out(&self) -> bool {
        self.others.iter().any(|stack| stack.is_rolled_out)
    }

    /// The names of their templates, without extensions, and their scopes.
    pub fn names(&self) -> impl Iterator<Item = (&str, StackScope)> {
        let layers = self.rules.layers.iter();
        let layers = layers.map(|layer| (layer.name.value.as_str(), StackScope::Region));
        let others = self.others.iter();
        layers.chain(others.map(|stack| (stack.stem.as_str(), stack.scope)))
    }

    /// Makes the stacks.
    #[must_use]
    pub fn maker(&self) -> StackMaker<'_> {
        StackMaker {
            stacks: self,
            context: LayersContext::new(self.rules, self.placement),
            of_layer: Stack {
                stem: String::new(),
                scope: StackScope::Region,
                span: self.span,
                lowered: Lowered::of(self.rules, self.placement),
                is_rolled_out: false,
            },
        }
    }

    /// Calls `each` with every stack. Reports nothing.
    pub fn each(&self, mut each: impl FnMut(&Stack)) {
        let mut maker = self.maker();
        for index in 0..self.count() {
            maker.with(index, &mut Vec::new(), |stack, _| each(stack));
        }
    }

    /// Reports two things of one logical ID, if the fingerprints of two IDs of the stacks are
    /// equal.
    pub fn refuse_equal_ids(&self, mut ids: Fingerprints, diagnostics: &mut Vec<Diagnostic>) {
        ids.add_parameters(&self.parameters);
        if ids.are_distinct() {
            return;
        }
        let mut whole = lower(self.rules, self.placement, diagnostics);
        roll_out(self.rules, self.placement.format, &mut whole, diagnostics);
    }

    /// Refuses roles, policies and guardrails that name a version by its resource, which is in
    /// another stack.
    fn refuse_references(&self, others: &Lowered, diagnostics: &mut Vec<Diagnostic>) {
        let resources = others.template.resources.iter();
        let names = resources.map(|resource| of_properties(&resource.properties));
        let named: Vec<(BTreeSet<String>, Span)> =
            names.zip(others.origins.iter().copied()).collect();
        let is_known = |name: &String| {
            let mut parameters = self.parameters.iter();
            name.starts_with("AWS::") || parameters.any(|parameter| parameter.name == *name)
        };
        if named.iter().flat_map(|(names, _)| names).all(is_known) {
            return;
        }
        let mut layers = HashSet::new();
        self.each(|stack| {
            let resources = stack.lowered.template.resources.iter();
            layers.extend(resources.map(|resource| resource.id.clone()));
        });
        for (names, origin) in named {
            let version = names.iter().find(|name| layers.contains(*name));
            diagnostics.extend(version.map(|version| other_stack(version, origin)));
        }
    }

    /// Adds the resources that restrict principals: a stack for the account, one that rolls it out,
    /// and one for the organization, each if it has a resource.
    fn push_restrictions(&mut self, whole: Lowered) {
        let begin = || Lowered::of(self.rules, self.placement);
        let (mut account, mut roll_out, mut organization) = (begin(), begin(), begin());
        let mut is_rolled_out = false;
        for (resource, origin) in whole.template.resources.into_iter().zip(whole.origins) {
            match &resource.properties {
                Properties::ServiceControlPolicy(_) => organization.push(resource, origin),
                Properties::StackSet(set) => {
                    is_rolled_out = true;
                    account.template = set.body.clone();
                    account.origins.clone_from(&whole.rolled_out_origins);
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
                let mut stack = Stack {
                    stem: stem.to_owned(),
                    scope,
                    span,
                    lowered,
                    is_rolled_out: is_rolled_out && scope == StackScope::Account,
                };
                if !stack.is_rolled_out {
                    add_parameters(&mut stack.lowered, &self.parameters);
                }
                self.others.push(stack);
            }
        }
    }
}

/// Makes stacks, one at a time.
pub struct StackMaker<'a> {
    stacks: &'a SourceStacks<'a>,
    context: LayersContext<'a>,
    /// The stack of the last layer, whose memory the next one takes.
    of_layer: Stack,
}

impl StackMaker<'_> {
    /// Calls `take` with the stack at this index. Reports the limits that the stack exceeds.
    pub fn with<T>(
        &mut self,
        index: usize,
        diagnostics: &mut Vec<Diagnostic>,
        take: impl FnOnce(&Stack, &mut Vec<Diagnostic>) -> T,
    ) -> Option<T> {
        let SourceStacks { rules, others, .. } = self.stacks;
        let stack = match rules.layers.get(index) {
            Some(layer) => {
                self.layer(layer, diagnostics);
                &self.of_layer
            }
            None => others.get(index - rules.layers.len())?,
        };
        Some(take(stack, diagnostics))
    }

    /// Makes the stack of a layer.
    fn layer(&mut self, layer: &Layer, diagnostics: &mut Vec<Diagnostic>) {
        let SourceStacks {
            rules,
            limits,
            parameters,
            ..
        } = self.stacks;
        let Stack {
            stem,
            span,
            lowered,
            ..
        } = &mut self.of_layer;
        stem.clone_from(&layer.name.value);
        *span = layer.name.span;
        lowered.clear();
        self.context.lower(layer, lowered);
        add_parameters(lowered, parameters);
        limits::check_layer(rules, layer, lowered, *limits, diagnostics);
    }
}

/// Gives a template the parameters that it names.
fn add_parameters(lowered: &mut Lowered, parameters: &[Parameter]) {
    if parameters.is_empty() {
        return;
    }
    let named = references(&lowered.template);
    let named = parameters.iter().filter(|own| named.contains(&own.name));
    lowered.template.parameters = named.cloned().collect();
}

/// Refuses layers whose templates would have the same name on a file system that does not
/// distinguish upper and lower case.
fn refuse_file_clashes(rules: &Rules, diagnostics: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<String, Span> = HashMap::new();
    for Layer { name, .. } in &rules.layers {
        let stem = name.value.to_ascii_lowercase();
        let found = match stem.as_str() {
            RESTRICTIONS => {
                Some("`restrictions` is the template of roles, policies and boundaries")
            }
            GUARDRAILS => Some("`guardrails` is the template of guardrails"),
            "stacks" => Some("`stacks` is the list of all stacks"),
            ROLL_OUT if rules.roll_out.is_some() => {
                Some("`roll-out` is the template of the stack set")
            }
            _ => None,
        };
        let clash = || {
            let message = format!(
                "the template {} needs a name that no other file has",
                quote(&name.value)
            );
            Diagnostic::error(Code::FileClash, name.span, message).help(
                "give the layer another name here; if it is published already, list its versions \
                by `version LABEL at ARN` under that name",
            )
        };
        if let Some(why) = found {
            diagnostics.push(clash().note(format!("in a folder, {why}")));
        } else if let Some(&other) = seen.get(&stem) {
            diagnostics.push(
                clash()
                    .also(other, "the other one")
                    .note("some file systems do not distinguish upper and lower case"),
            );
        } else {
            seen.insert(stem, name.span);
        }
    }
}

/// The message about something that names a version by its resource.
fn other_stack(version: &str, origin: Span) -> Diagnostic {
    let message = format!("this refers to the version `{version}`, which is in another stack");
    Diagnostic::error(Code::OtherStack, origin, message)
        .note(
            "in a folder each layer has its own stack, and only that stack knows the number of a \
            version that it publishes",
        )
        .help("name all versions of the layer, `NAME` without `version`, or this one by its ARN")
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
