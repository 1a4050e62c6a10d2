//! A template and its resources, with the values that a deploy gives its parameters as far as they
//! are known.

use super::case::Setting;
use super::expand::expanded;
use super::json::{children, function, object, scalar};
use super::parameter::{DeclaredKind, DeclaredParameter};
use super::values::{Placeholders, Values};
use crate::partial::{Piece, Text};
use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

/// A template.
#[derive(Clone, Debug)]
pub struct Template {
    json: Json,
    parameters: IndexMap<String, DeclaredParameter>,
    given: HashMap<String, String>,
    /// Whether parameters that are not given have their defaults.
    pub(super) defaults: bool,
    /// The values that the template distinguishes, by parameter: those that conditions compare it
    /// with, and the keys that mappings have for it.
    distinguished: HashMap<String, BTreeSet<String>>,
    /// The logical IDs of its resources by their types, in the order of the template.
    kinds: HashMap<String, Vec<String>>,
    /// [`Template::decisions`], once they are needed.
    decisions: OnceLock<Decisions>,
    /// The SSM parameters of the template by the length of their names, and by their names, once
    /// they are needed.
    stored: OnceLock<StoredParameters>,
}

/// SSM parameters by the length of their names, and by their names: each with its place among all.
type StoredParameters = BTreeMap<usize, HashMap<String, Vec<(usize, String)>>>;

/// All that decides about the resources of a template in a deploy, as it is written.
#[derive(Clone, Debug, PartialOrd, Ord)]
pub struct Decisions(Arc<str>);

impl PartialEq for Decisions {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Eq for Decisions {}

impl Hash for Decisions {
    /// By its length: thousands of resources have the same long text, and nothing else differs as
    /// seldom.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.len().hash(state);
    }
}

impl Template {
    /// A template as [`read`](super::read::template) gives it.
    #[must_use]
    pub fn new(json: Json, values: &Values) -> Self {
        let json = expanded(json, values);
        let parameters = object(json.get("Parameters"))
            .map(|(name, declared)| (name.clone(), DeclaredParameter::new(declared)))
            .collect();
        let given = values.given.iter().cloned().collect();
        let distinguished = distinguished(&json);
        let mut kinds: HashMap<String, Vec<String>> = HashMap::new();
        for (id, resource) in object(json.get("Resources")) {
            if let Some(resource) = Resource::new(id, resource) {
                let ids = kinds.entry(resource.kind.to_owned()).or_default();
                ids.push(id.clone());
            }
        }
        Self {
            json,
            parameters,
            given,
            defaults: values.defaults,
            distinguished,
            kinds,
            decisions: OnceLock::new(),
            stored: OnceLock::new(),
        }
    }

    /// All of it, in the long form.
    #[must_use]
    pub fn json(&self) -> &Json {
        &self.json
    }

    /// A parameter that it declares.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&DeclaredParameter> {
        self.parameters.get(name)
    }

    /// The parameters that it declares.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &DeclaredParameter)> {
        self.parameters
            .iter()
            .map(|(name, parameter)| (name.as_str(), parameter))
    }

    /// The value of a parameter or pseudo parameter that is given.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<&str> {
        self.given.get(name).map(String::as_str)
    }

    /// All that decides about its resources in a deploy, and the policies in it: an identity by
    /// which resources are compared that have too many cases.
    #[must_use]
    pub fn decisions(&self) -> Decisions {
        const IDENTITIES: [&str; 3] = ["AWS::IAM::", "AWS::Organizations::", "AWS::SSO::"];
        let decisions = self.decisions.get_or_init(|| {
            let mut written = String::new();
            for section in ["Parameters", "Conditions", "Mappings"] {
                let section = self.json.get(section).unwrap_or(&Json::Null);
                written.push_str(&section.to_string());
            }
            for resource in self.resources() {
                let decides = resource.kind == "AWS::SSM::Parameter"
                    || IDENTITIES.iter().any(|one| resource.kind.starts_with(one));
                if decides {
                    written.push_str(&format!("{:?} {}", resource.id, resource.json));
                }
            }
            Decisions(written.into())
        });
        decisions.clone()
    }

    /// The SSM parameters of the template whose names are in a text, in the order of the template.
    pub(super) fn stored_in(&self, text: &str) -> Vec<Resource<'_>> {
        let stored = self.stored.get_or_init(|| {
            let mut found = StoredParameters::new();
            let all = self.resources_of("AWS::SSM::Parameter").enumerate();
            for (place, resource) in all {
                let properties = resource.json.get("Properties");
                let name = properties.and_then(|all| all.get("Name"));
                if let Some(name) = name.and_then(Json::as_str) {
                    let same = found.entry(name.len()).or_default();
                    let ids = same.entry(name.to_owned()).or_default();
                    ids.push((place, resource.id.to_owned()));
                }
            }
            found
        });
        let mut found: BTreeMap<usize, &str> = BTreeMap::new();
        for (length, same) in stored.range(..=text.len()) {
            for start in 0..=text.len() - length {
                let name = text.get(start..start + length);
                let ids = name.and_then(|name| same.get(name)).into_iter().flatten();
                found.extend(ids.map(|(place, id)| (*place, id.as_str())));
            }
        }
        let ids = found.into_values();
        ids.filter_map(|id| self.resource(id)).collect()
    }

    /// Its resources that have a type, by logical ID, in the order in which they are written.
    pub fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        object(self.json.get("Resources")).filter_map(|(id, json)| Resource::new(id, json))
    }

    /// Its resources of one type, in the order in which they are written.
    pub fn resources_of(&self, kind: &str) -> impl Iterator<Item = Resource<'_>> {
        let ids = self.kinds.get(kind).into_iter().flatten();
        ids.filter_map(|id| self.resource(id))
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
            return parameter.kind != DeclaredKind::Text || parameter.allows(literal);
        }
        // Its known parts must occur, in this order.
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

    /// The values that a parameter may have: the given one, the allowed ones, or the default.
    /// `None` for a text that only a deploy knows.
    pub(super) fn values_of(&self, name: &str) -> Option<Vec<String>> {
        let parameter = self.parameters.get(name)?;
        match (self.given(name), parameter.kind) {
            _ if parameter.is_number || parameter.is_id => Some(Vec::new()),
            (_, DeclaredKind::LookedUp) => None,
            (Some(given), DeclaredKind::Text | DeclaredKind::List) => Some(vec![given.to_owned()]),
            (None, DeclaredKind::Text | DeclaredKind::List) => match &parameter.allowed {
                Some(allowed) => Some(allowed.clone()),
                None => Some(vec![parameter.default.clone()?]),
            },
        }
    }

    /// The choices for a parameter without a given value.
    pub(super) fn settings(&self, name: &str, placeholders: Option<&Placeholders>) -> Vec<Setting> {
        let parameter = self.parameters.get(name);
        let default = parameter.and_then(|parameter| parameter.default.clone());
        let setting =
            |value: &String| Setting::Is(value.as_str().into(), default.as_ref() == Some(value));
        if let Some(all) = parameter.and_then(DeclaredParameter::allowed_values) {
            let allowed: Vec<Setting> = all.iter().map(setting).collect();
            return if allowed.is_empty() {
                vec![Setting::Other(Vec::new().into())]
            } else {
                allowed
            };
        }
        let is_text = parameter.is_none_or(|parameter| parameter.kind == DeclaredKind::Text);
        let mut values: IndexSet<String> = IndexSet::new();
        let mut add = |value: &String| {
            let is_allowed = parameter.is_none_or(|parameter| {
                parameter.kind == DeclaredKind::List || parameter.allows(value)
            });
            if is_allowed {
                values.insert(value.clone());
            }
        };
        if parameter.is_none_or(|parameter| parameter.kind != DeclaredKind::LookedUp) {
            default.iter().for_each(&mut add);
        }
        if is_text {
            self.distinguished
                .get(name)
                .into_iter()
                .flatten()
                .for_each(&mut add);
            if name == "AWS::Region" {
                placeholders
                    .iter()
                    .flat_map(|placeholders| &placeholders.regions)
                    .for_each(&mut add);
            }
            if parameter.is_some_and(DeclaredParameter::is_account) {
                placeholders
                    .iter()
                    .flat_map(|placeholders| &placeholders.accounts)
                    .for_each(&mut add);
            }
        }
        let mut settings: Vec<Setting> = values.iter().map(setting).collect();
        settings.push(Setting::Other(values.into_iter().collect()));
        settings
    }
}

/// The values that a template distinguishes, by parameter.
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

/// Adds the values that conditions compare parameters with.
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

/// A resource of a template.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'t> {
    /// Its logical ID.
    pub id: &'t str,
    /// Its type.
    pub kind: &'t str,
    /// Its whole declaration in the template.
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
}
