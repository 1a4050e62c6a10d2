//! Intrinsic functions and conditions.

use super::case::{DeployFact, DeployVariable, Setting};
use super::json::{children, function, put_together, scalar, without_remarks, written};
use super::parameter::DeclaredKind;
use super::read::AMBIGUOUS;
use super::world::World;
use crate::partial::{Partial, Text, Unknown, UnknownOrigin};
use indexmap::IndexMap;
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

/// How deeply functions may be nested. Templates have a few levels.
const DEPTH: usize = 64;

/// The most work in one world: bytes of text, and evaluated values.
const WORK: usize = 16 << 20;

/// The longest text that functions may make. No property that matters is longer.
const LENGTH: usize = 64 << 10;

/// The most pieces of a text, known and unknown ones.
const PIECES: usize = 200;

/// The most characters of a function that are shown.
const SHOWN: usize = 80;

impl World<'_> {
    /// A value, evaluated; `None` if `AWS::NoValue` removes it.
    #[must_use]
    pub fn value(&self, json: &Json) -> Option<Partial> {
        self.value_at(json, 0)
    }

    fn value_at(&self, json: &Json, depth: usize) -> Option<Partial> {
        if depth > DEPTH || !self.spend(1) {
            return Some(unknown(
                "a value that is nested too deeply or too long",
                json,
            ));
        }
        match json {
            Json::Null => Some(Partial::Null),
            Json::String(text) => Some(Partial::Text(
                self.looked_up(text).unwrap_or_else(|| written(text)),
            )),
            Json::Number(_) | Json::Bool(_) => {
                scalar(json).map(|text| Partial::Text(Text::literal(text)))
            }
            Json::Array(items) => Some(Partial::List(self.list(items, depth))),
            Json::Object(map) => match function(json) {
                Some((name, argument)) if name != "Condition" => {
                    self.called(name, argument, json, depth + 1)
                }
                None if map.keys().any(|key| key.starts_with("Fn::")) => {
                    Some(unknown("a function beside other keys", json))
                }
                _ => Some(Partial::Map(self.map(map, depth))),
            },
        }
    }

    /// A text that looks up an SSM parameter that the template itself sets; `None` for any other.
    fn looked_up(&self, text: &str) -> Option<Text> {
        if !text.contains("{{resolve:ssm") {
            return None;
        }
        let stored = self.template.stored_in(text).into_iter();
        let carried: String = stored.map(|resource| resource.json.to_string()).collect();
        (!carried.is_empty()).then(|| Text::unknown(text, format!("{text} {carried}")))
    }

    /// The items of a list. A function that gives a list gives its items, as in `[!Ref Names]`.
    fn list(&self, items: &[Json], depth: usize) -> Vec<Partial> {
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            match self.value_at(item, depth + 1) {
                Some(Partial::List(inner)) if function(item).is_some() => values.extend(inner),
                Some(value) => values.push(value),
                None => {}
            }
        }
        values
    }

    fn map(&self, map: &Map<String, Json>, depth: usize) -> IndexMap<String, Partial> {
        let mut values = IndexMap::with_capacity(map.len());
        for (key, value) in map {
            if let Some(value) = self.value_at(value, depth + 1) {
                values.insert(key.clone(), value);
            }
        }
        values
    }

    fn called(&self, name: &str, argument: &Json, whole: &Json, depth: usize) -> Option<Partial> {
        let found = match name {
            "Ref" => match argument.as_str() {
                Some("AWS::NoValue") => return None,
                Some(name) => Some(self.reference(name)),
                None => None,
            },
            "Fn::If" => match self.chosen(argument) {
                Some(chosen) => return self.value_at(chosen, depth),
                None => None,
            },
            "Fn::GetAtt" => self.attribute_of(argument, depth),
            "Fn::Sub" => self
                .substituted(argument, depth)
                .map(|text| Partial::Text(put_together(text))),
            "Fn::Join" => self
                .joined(argument, depth)
                .map(|text| Partial::Text(put_together(text))),
            "Fn::FindInMap" => self.mapped(argument, depth),
            "Fn::Select" => self.selected(argument, depth),
            "Fn::Split" => self.split(argument, depth),
            "Fn::Length" => self.length(argument, depth),
            "Fn::ToJsonString" => self.json_string(argument, depth),
            AMBIGUOUS => {
                let shown = scalar(argument).unwrap_or_default();
                Some(unknown(
                    &format!("{shown}, which YAML readers read as different numbers"),
                    whole,
                ))
            }
            _ => None,
        };
        Some(found.unwrap_or_else(|| self.not_evaluated(name, argument)))
    }

    /// A function with an unknown value: its text, and the objects that it names, are its identity.
    fn not_evaluated(&self, name: &str, argument: &Json) -> Partial {
        let mut identity = format!("{name} {argument}");
        self.add_function(name, argument, &mut identity);
        self.add_named(argument, &mut identity);
        let shown = match argument {
            Json::String(text) => text.clone(),
            argument => argument.to_string(),
        };
        let shown: String = format!("{name} {shown}").chars().take(SHOWN).collect();
        Partial::Text(Text::unknown(shown, identity))
    }

    /// Adds the identities of the objects that a value names: parameters, resources, mappings and
    /// conditions.
    fn add_named(&self, json: &Json, to: &mut String) {
        if let Json::String(text) = json {
            let names = text
                .split("${")
                .skip(1)
                .filter_map(|rest| rest.split_once('}'));
            for (name, _) in names {
                let name = name.split('.').next().unwrap_or(name);
                self.add_parameter(name, to);
                to.push_str(&self.carried(name));
            }
        }
        if let Some((name, argument)) = function(json) {
            self.add_function(name, argument, to);
        }
        children(json).for_each(|inner| self.add_named(inner, to));
    }

    /// Adds the identities of the objects that a function itself names.
    fn add_function(&self, name: &str, argument: &Json, to: &mut String) {
        let first = argument.get(0).unwrap_or(argument).as_str();
        match (name, first) {
            ("Ref", Some(name)) => {
                self.add_parameter(name, to);
                to.push_str(&self.carried(name));
            }
            ("Fn::GetAtt", Some(id)) => {
                to.push_str(&self.carried(id.split('.').next().unwrap_or(id)));
            }
            ("Fn::FindInMap", mapping) => {
                if let Some(mappings) = self.template.json().get("Mappings") {
                    let mapping = mapping.and_then(|name| mappings.get(name));
                    to.push_str(&mapping.unwrap_or(mappings).to_string());
                }
            }
            ("Fn::If" | "Condition", Some(_)) => {
                if let Some(conditions) = self.template.json().get("Conditions") {
                    to.push_str(&conditions.to_string());
                }
            }
            _ => {}
        }
    }

    /// Whether the name or ARN of a resource stands for its content: dynamic references look up a
    /// value by its name, and a role trusts all that a provider of identities vouches for.
    fn stands_for_its_content(&self, id: &str) -> bool {
        self.template.resource(id).is_some_and(|resource| {
            matches!(
                resource.kind,
                "AWS::SSM::Parameter"
                    | "AWS::SecretsManager::Secret"
                    | "AWS::Cognito::IdentityPool"
                    | "AWS::IAM::OIDCProvider"
                    | "AWS::IAM::SAMLProvider"
            )
        })
    }

    /// The identity of the values that a resource of the template gives to others: its whole text,
    /// unless it is of a kind that is compared separately.
    fn carried(&self, id: &str) -> String {
        match self.template.resource(id) {
            Some(resource) if carries_values(resource.kind) || is_provider(resource.kind) => {
                without_remarks(resource.json).to_string()
            }
            Some(_) | None => String::new(),
        }
    }

    fn add_parameter(&self, name: &str, to: &mut String) {
        if let Some(parameter) = self.template.parameter(name) {
            to.push_str(&format!(
                " {name} {} {:?}",
                parameter.identity,
                self.setting(name, Some(parameter))
            ));
        }
    }

    fn reference(&self, name: &str) -> Partial {
        if let Some(value) = self.parameter(name) {
            return value;
        }
        if let Some(value) = self
            .placeholders
            .and_then(|placeholders| placeholders.of_resource(name))
        {
            return Partial::Text(Text::literal(value));
        }
        Partial::Text(
            match self
                .template
                .json()
                .get("Resources")
                .and_then(|all| all.get(name))
            {
                Some(_) => Text::of(Unknown {
                    origin: UnknownOrigin::Resource(name.to_owned(), None),
                    identity: if self.stands_for_its_content(name) {
                        self.carried(name).into()
                    } else {
                        "".into()
                    },
                }),
                None => Text::unknown(
                    format!("{name}, which is neither a parameter nor a resource"),
                    name,
                ),
            },
        )
    }

    fn attribute_of(&self, argument: &Json, depth: usize) -> Option<Partial> {
        let (id, attribute) = match argument {
            Json::String(both) => both
                .split_once('.')
                .map(|(id, rest)| (id.to_owned(), rest.to_owned()))?,
            Json::Array(parts) => match parts.as_slice() {
                [Json::String(id), attribute] => {
                    let attribute = self.text_at(attribute, depth)?;
                    (id.clone(), attribute.as_literal()?.to_owned())
                }
                _ => return None,
            },
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => return None,
        };
        Some(self.attribute(&id, &attribute, depth))
    }

    fn attribute(&self, id: &str, attribute: &str, depth: usize) -> Partial {
        let resource = self.template.resource(id);
        match (resource.map(|resource| resource.kind), attribute) {
            // The template itself sets the value.
            (Some("AWS::SSM::Parameter"), "Value") => {
                let written =
                    resource.and_then(|resource| resource.json.get("Properties")?.get("Value"));
                written
                    .and_then(|value| self.text_at(value, depth + 1))
                    .map_or_else(
                        || self.not_evaluated("Fn::GetAtt", &json!([id, attribute])),
                        Partial::Text,
                    )
            }
            // The same value by two names.
            (Some("AWS::Lambda::LayerVersion"), "LayerVersionArn") => self.reference(id),
            (Some("AWS::IAM::ManagedPolicy"), "PolicyArn") => self.reference(id),
            _ => {
                let origin = UnknownOrigin::Resource(id.to_owned(), Some(attribute.to_owned()));
                // An ARN names the resource, whatever else about it changes.
                let is_the_resource = attribute.ends_with("Arn");
                let identity = if is_the_resource && !self.stands_for_its_content(id) {
                    String::new()
                } else {
                    self.carried(id)
                };
                Partial::Text(Text::of(Unknown {
                    origin,
                    identity: identity.into(),
                }))
            }
        }
    }

    /// A value as a text; `None` if it is removed or not a text.
    fn text_at(&self, json: &Json, depth: usize) -> Option<Text> {
        match self.value_at(json, depth)? {
            Partial::Text(text) => Some(text),
            Partial::List(_) | Partial::Map(_) | Partial::Null => None,
        }
    }

    /// `Fn::Sub`, with a mapping of its own or without.
    fn substituted(&self, argument: &Json, depth: usize) -> Option<Text> {
        let (template, own) = match argument {
            Json::String(template) => (template.as_str(), None),
            Json::Array(parts) => match parts.as_slice() {
                [Json::String(template), Json::Object(own)] => (template.as_str(), Some(own)),
                [Json::String(template)] => (template.as_str(), None),
                _ => return None,
            },
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => return None,
        };
        // Evaluated once each, however often they are named.
        let mut values: IndexMap<&str, Text> = IndexMap::new();
        for (name, value) in own.into_iter().flatten() {
            values.insert(name, self.text_at(value, depth)?);
        }
        let mut text = Text::default();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("${") {
            text.append(written(before));
            let (name, after) = after.split_once('}')?;
            if let Some(literal) = name.strip_prefix('!') {
                text.push_str(&format!("${{{literal}}}"));
            } else if let Some(value) = values.get(name) {
                self.add(&mut text, value)?;
            } else {
                let value = match name.split_once('.') {
                    Some((id, attribute)) => self.attribute(id, attribute, depth),
                    None if name == "AWS::NoValue" => Partial::Text(Text::default()),
                    None => self.reference(name),
                };
                self.add(&mut text, value.as_text()?)?;
            }
            rest = after;
        }
        text.append(written(rest));
        Some(text)
    }

    /// Adds a text to another one, unless that makes it too long.
    fn add(&self, text: &mut Text, more: &Text) -> Option<()> {
        let length = text.len() + more.len();
        let pieces = text.pieces().len() + more.pieces().len();
        if length > LENGTH || pieces > PIECES || !self.spend(more.len()) {
            return None;
        }
        text.append(more.clone());
        Some(())
    }

    fn joined(&self, argument: &Json, depth: usize) -> Option<Text> {
        let [separator, list] = argument.as_array()?.as_slice() else {
            return None;
        };
        let separator = self.text_at(separator, depth)?;
        if let Some(whole) = self.split_by(&separator, list, depth) {
            return Some(whole);
        }
        let mut text = Text::default();
        for (index, part) in self.items_at(list, depth)?.iter().enumerate() {
            if index > 0 {
                self.add(&mut text, &separator)?;
            }
            self.add(&mut text, part.as_text()?)?;
        }
        Some(text)
    }

    /// The text that an `Fn::Split` by this separator splits: to join the list by it gives the text
    /// again.
    fn split_by(&self, separator: &Text, list: &Json, depth: usize) -> Option<Text> {
        let ("Fn::Split", argument) = function(list)? else {
            return None;
        };
        let [by, whole] = argument.as_array()?.as_slice() else {
            return None;
        };
        let by = self.text_at(by, depth)?;
        let is_same = !by.is_empty() && by.as_literal().is_some() && by == *separator;
        is_same.then(|| self.text_at(whole, depth)).flatten()
    }

    /// The items of a value that is a list; `None` of one that is not known to be one.
    fn items_at(&self, json: &Json, depth: usize) -> Option<Vec<Partial>> {
        match self.value_at(json, depth)? {
            Partial::List(items) => Some(items),
            Partial::Text(_) | Partial::Map(_) | Partial::Null => None,
        }
    }

    /// The one of two values that an `Fn::If` stands for.
    fn chosen<'j>(&self, argument: &'j Json) -> Option<&'j Json> {
        let [Json::String(condition), then, otherwise] = argument.as_array()?.as_slice() else {
            return None;
        };
        Some(if self.holds(condition) {
            then
        } else {
            otherwise
        })
    }

    /// `Fn::FindInMap`, with a default or without.
    fn mapped(&self, argument: &Json, depth: usize) -> Option<Partial> {
        let (map, first, second, default) = match argument.as_array()?.as_slice() {
            [map, first, second] => (map, first, second, None),
            [map, first, second, Json::Object(more)] => {
                (map, first, second, more.get("DefaultValue"))
            }
            _ => return None,
        };
        let mut row = self.template.json().get("Mappings");
        for key in [map, first, second] {
            let Some(key) = self.known(key, depth) else {
                // The row is unknown, unless the mapping does not have the key.
                let is_none = default.is_some() && self.is_in_no_row(key, row);
                return if is_none {
                    self.value_at(default?, depth)
                } else {
                    None
                };
            };
            row = row.and_then(|row| row.get(&key));
        }
        match (row, default) {
            (Some(found), _) => self.value_at(found, depth),
            (None, Some(default)) => self.value_at(default, depth),
            (None, None) => None,
        }
    }

    fn known(&self, json: &Json, depth: usize) -> Option<String> {
        self.text_at(json, depth)?.as_literal().map(str::to_owned)
    }

    /// Whether a value is a parameter that has none of the keys of a mapping.
    fn is_in_no_row(&self, json: &Json, row: Option<&Json>) -> bool {
        let (Some(("Ref", Json::String(name))), Some(row)) =
            (function(json), row.and_then(Json::as_object))
        else {
            return false;
        };
        match self.setting(name, self.template.parameter(name)) {
            Setting::Other(others) => row
                .keys()
                .all(|key| others.contains(key) || !self.is_possible(name, key)),
            Setting::Is(..) | Setting::Holds(_) => false,
        }
    }

    /// `Fn::Select`
    fn selected(&self, argument: &Json, depth: usize) -> Option<Partial> {
        let [index, list] = argument.as_array()?.as_slice() else {
            return None;
        };
        let index: usize = self.known(index, depth)?.parse().ok()?;
        self.items_at(list, depth)?.into_iter().nth(index)
    }

    /// `Fn::Split` of a known text, since an unknown value may contain the separator.
    fn split(&self, argument: &Json, depth: usize) -> Option<Partial> {
        let [separator, text] = argument.as_array()?.as_slice() else {
            return None;
        };
        let (separator, text) = (self.known(separator, depth)?, self.known(text, depth)?);
        if separator.is_empty() || !self.spend(text.len()) {
            return None;
        }
        let parts = text.split(separator.as_str());
        Some(Partial::List(
            parts
                .map(|part| Partial::Text(Text::literal(part)))
                .collect(),
        ))
    }

    /// `Fn::Length` of `AWS::LanguageExtensions`
    fn length(&self, argument: &Json, depth: usize) -> Option<Partial> {
        let items = self.items_at(argument, depth)?;
        Some(Partial::Text(Text::literal(items.len().to_string())))
    }

    /// `Fn::ToJsonString` of `AWS::LanguageExtensions`
    fn json_string(&self, argument: &Json, depth: usize) -> Option<Partial> {
        let value = self.value_at(argument, depth)?;
        value
            .is_known()
            .then(|| Partial::Text(Text::literal(value.to_string())))
    }

    /// Counts work; returns whether any is left.
    fn spend(&self, work: usize) -> bool {
        self.work.set(self.work.get().saturating_add(work));
        self.work.get() <= WORK
    }

    /// Whether a condition of the template holds.
    #[must_use]
    pub fn holds(&self, condition: &str) -> bool {
        self.holds_at(condition, 0)
    }

    fn holds_at(&self, condition: &str, depth: usize) -> bool {
        let known = self.conditions.borrow().get(condition).copied();
        if let Some(Some(holds)) = known {
            return holds;
        }
        let written = self
            .template
            .json()
            .get("Conditions")
            .and_then(|all| all.get(condition));
        let holds = match written {
            // If it is already being decided, it depends on itself.
            Some(written) if known.is_none() && depth < DEPTH => {
                self.conditions
                    .borrow_mut()
                    .insert(condition.to_owned(), None);
                self.truth(written, depth + 1)
            }
            _ => self.fact(
                DeployFact::Condition(condition.to_owned()),
                condition.to_owned(),
            ),
        };
        self.conditions
            .borrow_mut()
            .insert(condition.to_owned(), Some(holds));
        holds
    }

    fn truth(&self, condition: &Json, depth: usize) -> bool {
        if depth >= DEPTH || !self.spend(1) {
            return self.fact(
                DeployFact::Written(shortened(condition)),
                condition.to_string(),
            );
        }
        match function(condition) {
            Some(("Condition", Json::String(name))) => self.holds_at(name, depth),
            Some(("Fn::Not", Json::Array(arguments))) if arguments.len() == 1 => !arguments
                .iter()
                .any(|argument| self.truth(argument, depth + 1)),
            Some(("Fn::And", Json::Array(arguments))) => arguments
                .iter()
                .all(|argument| self.truth(argument, depth + 1)),
            Some(("Fn::Or", Json::Array(arguments))) => arguments
                .iter()
                .any(|argument| self.truth(argument, depth + 1)),
            Some(("Fn::Equals", Json::Array(sides))) if sides.len() == 2 => {
                self.equal(&sides[0], &sides[1], depth + 1)
            }
            _ => self.fact(
                DeployFact::Written(shortened(condition)),
                condition.to_string(),
            ),
        }
    }

    fn equal(&self, left: &Json, right: &Json, depth: usize) -> bool {
        let values = (self.value_at(left, depth), self.value_at(right, depth));
        let (Some(left_value), Some(right_value)) = &values else {
            return values.0.is_none() && values.1.is_none();
        };
        if left_value == right_value {
            return true;
        }
        let may_be_one_number = is_same_number(left_value, right_value)
            && (self.is_number(left) || self.is_number(right));
        if left_value.is_known() && right_value.is_known() && !may_be_one_number {
            return false;
        }
        for (parameter, value) in [(left, right_value), (right, left_value)] {
            if let (Some(value), Some(("Ref", Json::String(name)))) =
                (value.as_literal(), function(parameter))
                && let Setting::Other(others) = self.setting(name, self.template.parameter(name))
                && (others.iter().any(|other| other == value) || !self.is_possible(name, value))
            {
                return false;
            }
        }
        let mut sides = [String::new(), String::new()];
        left_value.write_identity(&mut sides[0]);
        right_value.write_identity(&mut sides[1]);
        sides.sort();
        let mut shown = [left_value.to_string(), right_value.to_string()];
        shown.sort();
        let [one, other] = shown;
        self.fact(DeployFact::Equal(one, other), sides.concat())
    }

    /// Whether a value is a number, or is made from a parameter that is one. AWS does not document
    /// how it writes the numbers that it compares.
    fn is_number(&self, json: &Json) -> bool {
        let is_number = |name: &str| {
            let parameter = self.template.parameter(name);
            parameter.is_some_and(|parameter| parameter.is_number)
        };
        match (json, function(json)) {
            (Json::Number(_), _) => true,
            (_, Some(("Ref", Json::String(name)))) => is_number(name),
            (Json::String(text), _) => text
                .split("${")
                .skip(1)
                .any(|rest| rest.split('}').next().is_some_and(is_number)),
            _ => children(json).any(|inner| self.is_number(inner)),
        }
    }

    /// Whether a parameter may have a value. The constraints of a parameter that is looked up apply
    /// to its name in Systems Manager.
    fn is_possible(&self, name: &str, value: &str) -> bool {
        self.template.parameter(name).is_none_or(|parameter| {
            parameter.kind == DeclaredKind::LookedUp || parameter.allows(value)
        })
    }

    /// Whether an undecidable fact holds: each answer is a separate world.
    fn fact(&self, fact: DeployFact, identity: String) -> bool {
        let variable = DeployVariable::Fact(Arc::new(fact), identity.into());
        let setting = self.decided(&variable).unwrap_or_else(|| {
            self.decide(variable, Setting::Holds(true), [Setting::Holds(false)])
        });
        setting == Setting::Holds(true)
    }
}

/// Whether resources of a type give values to others that nothing else compares: identities and
/// layers are compared separately, and resources that create others are reported as not read.
fn carries_values(kind: &str) -> bool {
    const OTHERS: [&str; 4] = [
        "AWS::CloudFormation::",
        "AWS::IAM::",
        "AWS::Lambda::",
        "AWS::Serverless::",
    ];
    kind.starts_with("AWS::") && !OTHERS.iter().any(|others| kind.starts_with(others))
}

/// Whether resources of a type say who may assume the roles that trust them.
fn is_provider(kind: &str) -> bool {
    matches!(kind, "AWS::IAM::OIDCProvider" | "AWS::IAM::SAMLProvider")
}

fn unknown(what: &str, json: &Json) -> Partial {
    Partial::Text(Text::unknown(what, json.to_string()))
}

fn shortened(json: &Json) -> String {
    let text = json.to_string();
    if text.chars().count() <= SHOWN {
        return text;
    }
    let start: String = text.chars().take(SHOWN).collect();
    format!("{start}…")
}

/// Whether two values are one number, which may be written in two ways.
fn is_same_number(one: &Partial, other: &Partial) -> bool {
    let number = |value: &Partial| value.as_literal().and_then(|text| text.parse::<f64>().ok());
    number(one).is_some_and(|one| number(other) == Some(one))
}
