//! What an unread part of a template receives from the template: the resources and texts that it
//! names, by any function.

use super::json::{children, function, object};
use super::template::Template;
use super::world::{WorkBudget, explore_within};
use crate::partial::Partial;
use serde_json::Value as Json;
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// How many resources a part receives at most, half of those that a deployed template may have
/// (CloudFormation User Guide, quotas). Beyond that, it may receive any.
const MOST: usize = 250;

/// What a part of a template receives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handed {
    /// The logical IDs of resources.
    ids: BTreeSet<String>,
    /// What it names itself, and what each of these resources and the mappings name. Parts that
    /// receive the same resource share what that names.
    named: Vec<Arc<NamedParts>>,
    /// Whether it receives a value that only a deploy knows.
    is_unknown: bool,
    /// Whether it receives a role, user, group or permission set that is not in the template.
    has_outsider: bool,
}

impl Handed {
    /// Whether it receives a role, user, group or permission set that is not in the template.
    #[must_use]
    pub fn has_outsider(&self) -> bool {
        self.has_outsider
    }

    /// Whether it receives a resource, a text with one of some names in it, or something unknown.
    #[must_use]
    pub fn has(&self, ids: &[&str], names: &[&str]) -> bool {
        // `DependsOn` names a resource by its logical ID.
        self.is_unknown
            || ids
                .iter()
                .any(|id| self.ids.contains(*id) || self.has_text(id))
            || self
                .texts()
                .any(|text| names.iter().any(|name| text.contains(name)))
    }

    fn has_text(&self, text: &str) -> bool {
        self.named.iter().any(|named| named.texts.contains(text))
    }

    /// The texts that it receives, as a report shows them; some of them more than once.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let texts = self.named.iter().flat_map(|named| &named.texts);
        texts.map(String::as_str)
    }
}

/// What a value names itself.
#[derive(Debug, Default, PartialEq, Eq)]
struct NamedParts {
    /// The logical IDs of resources, in the order in which they are named.
    ids: Vec<String>,
    /// The mappings, by their names; `None` for all.
    mappings: BTreeSet<Option<String>>,
    /// The texts.
    texts: BTreeSet<String>,
    /// Whether it has a value that only a deploy knows.
    is_unknown: bool,
}

/// What the parts of one template receive.
#[derive(Debug)]
pub struct Receivers<'t> {
    /// The template.
    pub template: &'t Template,
    /// The work that is left for all parts together.
    pub budget: WorkBudget,
    /// [`Receivers::decisions`], once they are needed.
    decisions: OnceCell<Arc<str>>,
    /// What the properties of resources name that they pass on, by logical ID.
    resources: RefCell<HashMap<String, Arc<NamedParts>>>,
    /// What mappings name, by their names; under `None`, all.
    mappings: RefCell<HashMap<Option<String>, Arc<NamedParts>>>,
}

impl<'t> Receivers<'t> {
    /// Of a template.
    #[must_use]
    pub fn new(template: &'t Template) -> Self {
        Self {
            template,
            budget: WorkBudget::of(template),
            decisions: OnceCell::new(),
            resources: RefCell::default(),
            mappings: RefCell::default(),
        }
    }

    /// All that decides about values of the template in a deploy.
    pub(super) fn decisions(&self) -> Arc<str> {
        let decisions = self.decisions.get_or_init(|| {
            let mut written = String::new();
            for section in ["Parameters", "Conditions", "Mappings"] {
                let section = self.template.json().get(section).unwrap_or(&Json::Null);
                written.push_str(&section.to_string());
            }
            written.into()
        });
        decisions.clone()
    }

    /// What a value names, directly and by what it refers to.
    #[must_use]
    pub fn handed(&self, written: &Json) -> Handed {
        let mut own = NamedParts::default();
        self.add(written, &mut own);
        // What others receive in a property for a role is the one that they work with.
        let kind = written
            .get("Type")
            .and_then(Json::as_str)
            .unwrap_or_default();
        let works_with = kind.starts_with("AWS::") && !kind.starts_with("AWS::CloudFormation::");
        let mut found = Handed {
            is_unknown: own.is_unknown,
            has_outsider: has_outsider(written, works_with, self.template),
            ..Handed::default()
        };
        let mut mappings: HashSet<Option<String>> = HashSet::new();
        // The last one is the next one to look at.
        let mut rest: Vec<String> = Vec::new();
        let mut next = Some((Arc::new(own), true));
        while let Some((named, is_own)) = next.take() {
            rest.extend(named.ids.iter().rev().cloned());
            for name in &named.mappings {
                let mapping = self.mapping(name.as_deref());
                found.is_unknown |= is_own && mapping.is_unknown;
                if mappings.insert(name.clone()) {
                    found.named.push(mapping);
                }
            }
            found.named.push(named);
            while let Some(id) = rest.pop() {
                if found.ids.contains(&id) {
                    continue;
                }
                if found.ids.len() >= MOST {
                    found.is_unknown = true;
                    return found;
                }
                next = self.passed_on(&id).map(|named| (named, false));
                found.ids.insert(id);
                if next.is_some() {
                    break;
                }
            }
        }
        found.is_unknown |= found.ids.len() >= MOST;
        found
    }

    /// What a mapping names. Which row of it somebody receives may depend on a deploy.
    fn mapping(&self, name: Option<&str>) -> Arc<NamedParts> {
        let key = name.map(str::to_owned);
        if let Some(known) = self.mappings.borrow().get(&key) {
            return known.clone();
        }
        let mut found = NamedParts::default();
        let mappings = self.template.json().get("Mappings");
        let mapping = match name {
            Some(name) => mappings.and_then(|all| all.get(name)),
            None => mappings,
        };
        if let Some(mapping) = mapping {
            self.add(mapping, &mut found);
        }
        let found = Arc::new(found);
        self.mappings.borrow_mut().insert(key, found.clone());
        found
    }

    /// What the own properties of a resource name, since whoever has the resource may find out what
    /// it was given.
    ///
    /// Some things go no further. A resource of IAM gives nothing of its own away. A property that
    /// names a role says in whose name a service works, and `Layers` what a function runs with. A
    /// value of another resource that only a deploy knows is not a value that this part receives.
    fn passed_on(&self, id: &str) -> Option<Arc<NamedParts>> {
        if let Some(known) = self.resources.borrow().get(id) {
            return Some(known.clone());
        }
        let resource = self.template.resource(id)?;
        if resource.kind.starts_with("AWS::IAM::") {
            return None;
        }
        let mut found = NamedParts::default();
        for (property, value) in object(resource.json.get("Properties")) {
            if !property.contains("Role") && property != "Layers" {
                self.add(value, &mut found);
            }
        }
        let found = Arc::new(found);
        self.resources
            .borrow_mut()
            .insert(id.to_owned(), found.clone());
        Some(found)
    }

    fn add(&self, json: &Json, to: &mut NamedParts) {
        if let Json::String(text) = json {
            self.add_text(text, to);
        }
        if let Some((name, argument)) = function(json) {
            self.add_function(name, argument, json, to);
        } else if let Json::Object(map) = json {
            to.is_unknown |= map.keys().any(|key| key.starts_with("Fn::"));
        }
        children(json).for_each(|inner| self.add(inner, to));
    }

    /// Adds a text, and what it names as `Fn::Sub` would.
    fn add_text(&self, text: &str, to: &mut NamedParts) {
        to.is_unknown |= text.contains("{{resolve:");
        for name in text.split("${").skip(1) {
            if let Some((name, _)) = name.split_once('}') {
                self.add_reference(name.split('.').next().unwrap_or(name), to);
            }
        }
        to.texts.insert(text.to_owned());
    }

    fn add_function(&self, name: &str, argument: &Json, whole: &Json, to: &mut NamedParts) {
        let first = argument.get(0).unwrap_or(argument).as_str();
        match name {
            "Ref" => self.add_reference(first.unwrap_or_default(), to),
            "Fn::GetAtt" => {
                let id = first.and_then(|first| first.split('.').next());
                self.add_reference(id.unwrap_or_default(), to);
            }
            "Fn::FindInMap" => {
                let mappings = self.template.json().get("Mappings");
                let is_there = |name: &&str| mappings.is_some_and(|all| all.get(*name).is_some());
                to.mappings
                    .insert(first.filter(is_there).map(str::to_owned));
            }
            "Fn::Join" | "Fn::Sub" | "Fn::ToJsonString" => self.add_values(whole, to),
            "Fn::If" | "Fn::Select" | "Fn::Split" | "Fn::Base64" | "Fn::Cidr" | "Fn::GetAZs"
            | "Fn::Length" | "Fn::And" | "Fn::Or" | "Fn::Not" | "Fn::Equals" | "Condition" => {}
            _ => to.is_unknown = true,
        }
    }

    /// Adds the values of a function in every case.
    fn add_values(&self, json: &Json, to: &mut NamedParts) {
        match explore_within(&self.budget, self.template, None, |world| world.value(json)) {
            Ok(cases) => cases
                .into_iter()
                .filter_map(|(_, value)| value)
                .for_each(|value| add_known(&value, to)),
            Err(_) => to.is_unknown = true,
        }
    }

    /// Adds a parameter with its values, or a resource.
    fn add_reference(&self, name: &str, to: &mut NamedParts) {
        if self.template.parameter(name).is_some() {
            match self.template.values_of(name) {
                Some(values) => to.texts.extend(values),
                None => to.is_unknown = true,
            }
        } else {
            to.ids.push(name.to_owned());
        }
    }
}

fn add_known(value: &Partial, to: &mut NamedParts) {
    match value {
        Partial::Text(text) => {
            to.texts.insert(text.to_string());
        }
        Partial::List(items) => items.iter().for_each(|item| add_known(item, to)),
        Partial::Map(map) => map.values().for_each(|item| add_known(item, to)),
        Partial::Null => {}
    }
}

/// Whether a value contains the ARN of somebody outside the template, or a name in a property for
/// such names. `works_with` says whether properties for a role are left out.
fn has_outsider(json: &Json, works_with: bool, template: &Template) -> bool {
    if let Json::String(text) = json {
        return is_identity(text);
    }
    let Json::Object(map) = json else {
        return children(json).any(|inner| has_outsider(inner, works_with, template));
    };
    map.iter().any(|(key, value)| {
        if NAMES.contains(&key.as_str()) {
            return is_outsider(value, template);
        }
        let is_own = works_with && key.contains("Role");
        !is_own && has_outsider(value, works_with, template)
    })
}

/// The properties that name identities in the types and calls of IAM and IAM Identity Center
/// (CloudFormation's registry; API references).
const NAMES: [&str; 7] = [
    "GroupName",
    "Groups",
    "PermissionSetArn",
    "RoleName",
    "Roles",
    "UserName",
    "Users",
];

/// Whether a value is a name, or a list with one, and none that a resource of the template has.
fn is_outsider(value: &Json, template: &Template) -> bool {
    if let Json::Array(items) = value {
        return items.iter().any(|item| is_outsider(item, template));
    }
    let name = match function(value) {
        Some(("Ref" | "Fn::GetAtt", argument)) => argument.get(0).unwrap_or(argument).as_str(),
        Some(_) | None => None,
    };
    let id = name.map(|name| name.split('.').next().unwrap_or(name));
    !value.is_null() && id.is_none_or(|id| template.resource(id).is_none())
}

/// Whether a text is the ARN of a role, user or group (IAM User Guide, IAM identifiers).
fn is_identity(text: &str) -> bool {
    const KINDS: [&str; 3] = ["role/", "user/", "group/"];
    let mut fields = text.splitn(6, ':');
    fields.next() == Some("arn")
        && fields.nth(1) == Some("iam")
        && fields
            .nth(2)
            .is_some_and(|name| KINDS.iter().any(|kind| name.starts_with(kind)))
}
