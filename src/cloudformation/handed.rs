//! What an unread part of a template receives from the template: the resources and texts that it
//! names, by any function.

use super::json::{children, function, object};
use super::template::Template;
use super::world::explore;
use crate::partial::Partial;
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// How many resources a part receives at most, half of those that a deployed template may have
/// (CloudFormation User Guide, quotas). Beyond that, it may receive any.
const MOST: usize = 250;

/// What a part of a template receives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handed {
    /// The logical IDs of resources.
    ids: BTreeSet<String>,
    /// The texts, as a report shows them.
    texts: BTreeSet<String>,
    /// Whether it receives a value that only a deploy knows.
    is_unknown: bool,
}

impl Handed {
    /// What a value names, directly and by what it refers to.
    #[must_use]
    pub fn by(written: &Json, template: &Template) -> Self {
        let mut found = Self::default();
        found.add(written, template);
        found
    }

    /// Whether it receives a resource, a text with one of some names in it, or something unknown.
    #[must_use]
    pub fn has(&self, ids: &[&str], names: &[&str]) -> bool {
        let mut texts = self.texts.iter();
        // `DependsOn` names a resource by its logical ID.
        self.is_unknown
            || ids
                .iter()
                .any(|id| self.ids.contains(*id) || self.texts.contains(*id))
            || texts.any(|text| names.iter().any(|name| text.contains(name)))
    }

    /// The texts that it receives.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(String::as_str)
    }

    fn add(&mut self, json: &Json, template: &Template) {
        if let Json::String(text) = json {
            self.add_text(text, template);
        }
        if let Some((name, argument)) = function(json) {
            self.add_function(name, argument, json, template);
        } else if let Json::Object(map) = json {
            self.is_unknown |= map.keys().any(|key| key.starts_with("Fn::"));
        }
        children(json).for_each(|inner| self.add(inner, template));
    }

    /// Adds a text, and what it names as `Fn::Sub` would.
    fn add_text(&mut self, text: &str, template: &Template) {
        self.is_unknown |= text.contains("{{resolve:");
        for name in text.split("${").skip(1) {
            if let Some((name, _)) = name.split_once('}') {
                self.add_reference(name.split('.').next().unwrap_or(name), template);
            }
        }
        self.texts.insert(text.to_owned());
    }

    fn add_function(&mut self, name: &str, argument: &Json, whole: &Json, template: &Template) {
        let first = argument.get(0).unwrap_or(argument).as_str();
        match name {
            "Ref" => self.add_reference(first.unwrap_or_default(), template),
            "Fn::GetAtt" => {
                let id = first.and_then(|first| first.split('.').next());
                self.add_reference(id.unwrap_or_default(), template);
            }
            // Which row it is may depend on a deploy.
            "Fn::FindInMap" => {
                let mappings = template.json().get("Mappings");
                let mapping = first.and_then(|first| mappings?.get(first)).or(mappings);
                if let Some(mapping) = mapping {
                    self.add(mapping, template);
                }
            }
            "Fn::Join" | "Fn::Sub" | "Fn::ToJsonString" => self.add_values(whole, template),
            "Fn::If" | "Fn::Select" | "Fn::Split" | "Fn::Base64" | "Fn::Cidr" | "Fn::GetAZs"
            | "Fn::Length" | "Fn::And" | "Fn::Or" | "Fn::Not" | "Fn::Equals" | "Condition" => {}
            _ => self.is_unknown = true,
        }
    }

    /// Adds the values of a function in every case.
    fn add_values(&mut self, json: &Json, template: &Template) {
        match explore(template, None, |world| world.value(json)) {
            Ok(cases) => cases
                .into_iter()
                .filter_map(|(_, value)| value)
                .for_each(|value| self.add_known(&value)),
            Err(_) => self.is_unknown = true,
        }
    }

    fn add_known(&mut self, value: &Partial) {
        match value {
            Partial::Text(text) => {
                self.texts.insert(text.to_string());
            }
            Partial::List(items) => items.iter().for_each(|item| self.add_known(item)),
            Partial::Map(map) => map.values().for_each(|item| self.add_known(item)),
            Partial::Null => {}
        }
    }

    /// Adds what a reference by this name brings: the values of a parameter, or a resource and what
    /// its own properties name, since whoever has a resource may find out what it was given.
    ///
    /// Some things go no further. A resource of IAM gives nothing of its own away. A property that
    /// names a role says in whose name a service works, and `Layers` what a function runs with. A
    /// value of another resource that only a deploy knows is not a value that this part receives.
    fn add_reference(&mut self, name: &str, template: &Template) {
        if template.parameter(name).is_some() {
            match template.values_of(name) {
                Some(values) => self.texts.extend(values),
                None => self.is_unknown = true,
            }
            return;
        }
        if self.ids.len() >= MOST {
            self.is_unknown = true;
            return;
        }
        let is_new = self.ids.insert(name.to_owned());
        let Some(resource) = template.resource(name).filter(|_| is_new) else {
            return;
        };
        if resource.kind.starts_with("AWS::IAM::") {
            return;
        }
        let is_unknown = self.is_unknown;
        for (property, value) in object(resource.json.get("Properties")) {
            if !property.contains("Role") && property != "Layers" {
                self.add(value, template);
            }
        }
        self.is_unknown = is_unknown || self.ids.len() >= MOST;
    }
}
