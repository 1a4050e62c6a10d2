//! A template and its resources, with the values that a deploy gives its parameters as far as they
//! are known.

use super::case::{Setting, Variable, World};
use super::expand::expanded;
use super::functions::{function, written};
use super::parameter::{Kind, Parameter, scalar};
use crate::partial::{Origin, Partial, Piece, Text, Unknown};
use indexmap::IndexMap;
use serde_json::{Map, Value as Json};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What is known of the values that a deploy gives to parameters.
#[derive(Clone, Debug, Default)]
pub struct Values {
    /// These parameters, pseudo parameters among them, have these values.
    pub given: Vec<(String, String)>,
    /// Whether every other parameter has its default, if it has one.
    pub defaults: bool,
}

impl Values {
    /// These values, and whatever the template allows for the other parameters.
    #[must_use]
    pub fn given(given: &[(String, String)]) -> Self {
        Self {
            given: given.to_vec(),
            defaults: false,
        }
    }
}

/// A template.
#[derive(Debug)]
pub struct Template {
    json: Json,
    parameters: IndexMap<String, Parameter>,
    given: HashMap<String, String>,
    /// Whether parameters that are not given have their defaults.
    defaults: bool,
    /// The values that the template tells from others, by parameter: what conditions compare it
    /// with and the keys that mappings have for it.
    distinguished: HashMap<String, BTreeSet<String>>,
}

/// What stands for values that only a deploy tells, while a question about every deploy is decided:
/// values that stand nowhere in the template, so that what does not depend on them is true of every
/// deploy but those that the template names.
#[derive(Clone, Debug, Default)]
pub struct Placeholders {
    /// By the name of the parameter or pseudo parameter.
    parameters: HashMap<String, String>,
    /// The values of `Ref` of resources, by logical ID.
    resources: HashMap<String, String>,
    /// Values that the question distinguishes in addition, for parameters that hold an account.
    accounts: Vec<String>,
}

impl Placeholders {
    /// Adds the value of a parameter or pseudo parameter.
    pub fn parameter(&mut self, name: &str, value: String) {
        self.parameters.insert(name.to_owned(), value);
    }

    /// Adds the value of a resource.
    pub fn resource(&mut self, id: &str, value: String) {
        self.resources.insert(id.to_owned(), value);
    }

    /// Adds an account that a parameter may hold, since the question is about it.
    pub fn account(&mut self, id: &str) {
        if !self.accounts.iter().any(|known| known == id) {
            self.accounts.push(id.to_owned());
        }
    }

    /// What stands for a parameter or pseudo parameter.
    #[must_use]
    pub fn of_parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// What stands for a resource.
    #[must_use]
    pub fn of_resource(&self, id: &str) -> Option<&str> {
        self.resources.get(id).map(String::as_str)
    }

    /// Every resource that something stands for, by logical ID.
    #[must_use]
    pub fn resources(&self) -> Vec<(&str, &str)> {
        let mut all: Vec<(&str, &str)> = self
            .resources
            .iter()
            .map(|(id, value)| (id.as_str(), value.as_str()))
            .collect();
        all.sort_unstable();
        all
    }
}

impl Template {
    /// A template as [`read`](super::read::template) gives it.
    #[must_use]
    pub fn new(json: Json, values: &Values) -> Self {
        let json = expanded(json, values);
        let parameters = object(json.get("Parameters"))
            .map(|(name, declared)| (name.clone(), Parameter::new(declared)))
            .collect();
        let given = values.given.iter().cloned().collect();
        let distinguished = distinguished(&json);
        Self {
            json,
            parameters,
            given,
            defaults: values.defaults,
            distinguished,
        }
    }

    /// All of it, in the long form.
    #[must_use]
    pub fn json(&self) -> &Json {
        &self.json
    }

    /// A parameter that it declares.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.get(name)
    }

    /// The parameters that it declares.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &Parameter)> {
        self.parameters
            .iter()
            .map(|(name, parameter)| (name.as_str(), parameter))
    }

    /// The value of a parameter or pseudo parameter that is given.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<&str> {
        self.given.get(name).map(String::as_str)
    }

    /// Its resources that have a type, by logical ID, in the order in which they are written.
    pub fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        object(self.json.get("Resources")).filter_map(|(id, json)| Resource::new(id, json))
    }

    /// A resource that has a type, by its logical ID.
    #[must_use]
    pub fn resource(&self, id: &str) -> Option<Resource<'_>> {
        let (id, json) = self.json.get("Resources")?.as_object()?.get_key_value(id)?;
        Resource::new(id, json)
    }

    /// Whether a text may be this one at some deploy.
    #[must_use]
    pub fn may_be(&self, text: &Text, literal: &str) -> bool {
        if let Some(known) = text.as_literal() {
            return known == literal;
        }
        if let Some(name) = text.as_parameter()
            && let Some(parameter) = self.parameters.get(name)
        {
            return parameter.kind != Kind::Text || parameter.allows(literal);
        }
        // What is known of it must be there, in this order.
        let mut rest = literal;
        for (index, piece) in text.pieces().iter().enumerate() {
            let Piece::Literal(known) = piece else {
                continue;
            };
            match rest.find(known.as_str()) {
                Some(at) if index > 0 || at == 0 => rest = &rest[at + known.len()..],
                _ => return false,
            }
        }
        match text.pieces().last() {
            Some(Piece::Literal(known)) => literal.ends_with(known.as_str()),
            _ => true,
        }
    }

    /// What there is to choose from for a parameter that is not given.
    fn settings(&self, name: &str, placeholders: Option<&Placeholders>) -> Vec<Setting> {
        let parameter = self.parameters.get(name);
        let default = parameter.and_then(|parameter| parameter.default.clone());
        let setting = |value: &String| Setting::Is(value.clone(), default.as_ref() == Some(value));
        if let Some(all) = parameter.and_then(Parameter::allowed_values) {
            let allowed: Vec<Setting> = all.iter().map(setting).collect();
            return if allowed.is_empty() {
                vec![Setting::Other(Vec::new().into())]
            } else {
                allowed
            };
        }
        let is_text = parameter.is_none_or(|parameter| parameter.kind == Kind::Text);
        let mut values: Vec<String> = Vec::new();
        let mut add = |value: &String| {
            let is_allowed = parameter
                .is_none_or(|parameter| parameter.kind == Kind::List || parameter.allows(value));
            if is_allowed && !values.contains(value) {
                values.push(value.clone());
            }
        };
        if parameter.is_none_or(|parameter| parameter.kind != Kind::LookedUp) {
            default.iter().for_each(&mut add);
        }
        if is_text {
            self.distinguished
                .get(name)
                .into_iter()
                .flatten()
                .for_each(&mut add);
            if parameter.is_some_and(Parameter::is_account) {
                placeholders
                    .iter()
                    .flat_map(|placeholders| &placeholders.accounts)
                    .for_each(&mut add);
            }
        }
        let mut settings: Vec<Setting> = values.iter().map(setting).collect();
        settings.push(Setting::Other(values.into()));
        settings
    }
}

impl World<'_> {
    /// The value of a parameter or pseudo parameter, by `Ref`; `None` where the template has no
    /// such parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<Partial> {
        let declared = self.template.parameter(name);
        if declared.is_none() && !name.starts_with("AWS::") {
            return None;
        }
        let kind = declared.map_or(Kind::Text, |parameter| parameter.kind);
        let value = match self.setting(name, declared) {
            Setting::Is(value, _) => Some(value),
            Setting::Other(_) | Setting::Holds(_) => self
                .placeholders
                .and_then(|placeholders| placeholders.of_parameter(name))
                .map(str::to_owned),
        };
        let Some(value) = value else {
            let identity =
                declared.map_or_else(|| name.into(), |parameter| parameter.identity.clone());
            let origin = Origin::Parameter(name.to_owned());
            return Some(Partial::Text(Text::of(Unknown { origin, identity })));
        };
        Some(match kind {
            Kind::List => Partial::List(
                value
                    .split(',')
                    .map(|item| Partial::Text(written(item.trim())))
                    .collect(),
            ),
            Kind::Text | Kind::LookedUp => Partial::Text(written(&value)),
        })
    }

    /// What stands for a parameter of which only a deploy tells the value.
    #[must_use]
    pub fn placeholder(&self, name: &str) -> Option<&str> {
        self.placeholders?.of_parameter(name)
    }

    /// What is decided about a parameter in this world.
    pub(super) fn setting(&self, name: &str, declared: Option<&Parameter>) -> Setting {
        if let Some(value) = self.template.given(name) {
            return Setting::Is(value.to_owned(), false);
        }
        if self.template.defaults
            && let Some(parameter) = declared.filter(|parameter| parameter.kind != Kind::LookedUp)
            && let Some(default) = &parameter.default
        {
            return Setting::Is(default.clone(), true);
        }
        let variable = Variable::Parameter(name.to_owned());
        if let Some(decided) = self.decided(&variable) {
            return decided;
        }
        let mut settings = self.template.settings(name, self.placeholders).into_iter();
        match settings.next() {
            Some(only) if settings.len() == 0 => only,
            Some(first) => self.decide(variable, first, settings),
            None => Setting::Other(Arc::default()),
        }
    }
}

/// The values that a template tells from others, by parameter.
fn distinguished(json: &Json) -> HashMap<String, BTreeSet<String>> {
    let mut found = HashMap::new();
    if let Some(conditions) = json.get("Conditions") {
        compared(conditions, &mut found, 0);
    }
    if let Some(mappings) = json.get("Mappings").and_then(Json::as_object) {
        looked_up(json, mappings, &mut found, 0);
    }
    found
}

/// How deep conditions and functions are evaluated.
const DEPTH: usize = 128;

/// Adds what conditions compare parameters with.
fn compared(json: &Json, found: &mut HashMap<String, BTreeSet<String>>, depth: usize) {
    if depth > DEPTH {
        return;
    }
    if let Some(("Fn::Equals", Json::Array(sides))) = function(json)
        && let [left, right] = sides.as_slice()
    {
        for (parameter, value) in [(left, right), (right, left)] {
            if let (Some(("Ref", Json::String(name))), Some(value)) =
                (function(parameter), scalar(value))
            {
                found.entry(name.clone()).or_default().insert(value);
            }
        }
    }
    for inner in children(json) {
        compared(inner, found, depth + 1);
    }
}

/// Adds the keys that mappings have for parameters.
fn looked_up(
    json: &Json,
    mappings: &Map<String, Json>,
    found: &mut HashMap<String, BTreeSet<String>>,
    depth: usize,
) {
    if depth > DEPTH {
        return;
    }
    if let Some(("Fn::FindInMap", Json::Array(parts))) = function(json)
        && let [Json::String(mapping), first, second, ..] = parts.as_slice()
        && let Some(mapping) = mappings.get(mapping).and_then(Json::as_object)
    {
        if let Some(("Ref", Json::String(name))) = function(first) {
            found
                .entry(name.clone())
                .or_default()
                .extend(mapping.keys().cloned());
        }
        if let Some(("Ref", Json::String(name))) = function(second) {
            let rows = mapping.values().filter_map(Json::as_object);
            found
                .entry(name.clone())
                .or_default()
                .extend(rows.flat_map(Map::keys).cloned());
        }
    }
    for inner in children(json) {
        looked_up(inner, mappings, found, depth + 1);
    }
}

/// The values directly inside a value.
pub(super) fn children(json: &Json) -> Box<dyn Iterator<Item = &Json> + '_> {
    match json {
        Json::Array(items) => Box::new(items.iter()),
        Json::Object(map) => Box::new(map.values()),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
            Box::new(std::iter::empty())
        }
    }
}

/// A resource of a template.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'t> {
    /// Its logical ID.
    pub id: &'t str,
    /// Its type.
    pub kind: &'t str,
    /// All that the template says of it.
    pub json: &'t Json,
}

impl<'t> Resource<'t> {
    fn new(id: &'t str, json: &'t Json) -> Option<Self> {
        Some(Self {
            id,
            kind: json.get("Type")?.as_str()?,
            json,
        })
    }

    /// The condition on which it is made.
    #[must_use]
    pub fn condition(&self) -> Option<&'t str> {
        self.json.get("Condition").and_then(Json::as_str)
    }

    /// Whether it is made.
    #[must_use]
    pub fn is_made(&self, world: &World<'_>) -> bool {
        self.condition()
            .is_none_or(|condition| world.holds(condition))
    }

    /// A property; `None` where it is not there, or taken away by `AWS::NoValue`.
    #[must_use]
    pub fn property(&self, name: &str, world: &World<'_>) -> Option<Partial> {
        world.value(self.json.get("Properties")?.get(name)?)
    }

    /// A property that is a text.
    #[must_use]
    pub fn text(&self, name: &str, world: &World<'_>) -> Option<Text> {
        match self.property(name, world)? {
            Partial::Text(text) => Some(text),
            other @ (Partial::List(_) | Partial::Map(_) | Partial::Null) => Some(Text::unknown(
                format!("{name} is not a text"),
                other.to_string(),
            )),
        }
    }

    /// The items of a property that is a list, or the one value that it is.
    #[must_use]
    pub fn items(&self, name: &str, world: &World<'_>) -> Vec<Partial> {
        self.property(name, world)
            .map(|value| value.items().to_vec())
            .unwrap_or_default()
    }

    /// What becomes of it when it leaves the template, `DeletionPolicy`, or is replaced,
    /// `UpdateReplacePolicy`.
    #[must_use]
    pub fn policy(&self, name: &str, world: &World<'_>) -> Option<Partial> {
        world.value(self.json.get(name)?)
    }
}

/// The entries of a mapping; none of anything else.
pub(super) fn object(value: Option<&Json>) -> impl Iterator<Item = (&String, &Json)> {
    value
        .and_then(Json::as_object)
        .into_iter()
        .flat_map(Map::iter)
}
