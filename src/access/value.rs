//! What the values of a template are once it is deployed, as far as the template and its parameters tell.
//!
//! What they do not tell stays unknown, with the reason, and is never guessed.

use crate::rules::formats::ACCOUNT_PATTERN;
use serde_json::{Map, Value as Json};
use std::collections::HashMap;
use std::fmt;

/// A text of a template, piece by piece.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Vec<Piece>);

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Piece {
    /// Known.
    Literal(String),
    /// The value of a parameter, or of a pseudo parameter, which the deploy decides.
    Parameter(String),
    /// The value that a resource has once it is made: its logical ID, and the attribute where one is asked for.
    Resource(String, Option<String>),
    /// Anything else, and why it is not known.
    Unknown(String),
}

impl Text {
    /// A text that is known.
    #[must_use]
    pub fn literal(text: impl Into<String>) -> Self {
        Self(vec![Piece::Literal(text.into())])
    }

    /// A text that is not known, and why.
    #[must_use]
    pub fn unknown(why: impl Into<String>) -> Self {
        Self(vec![Piece::Unknown(why.into())])
    }

    fn one(piece: Piece) -> Self {
        Self(vec![piece])
    }

    /// The pieces.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// The text, if all of it is known.
    #[must_use]
    pub fn as_literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The logical ID, if the text is what a resource is known by.
    #[must_use]
    pub fn as_resource(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Piece::Resource(id, _)] => Some(id),
            _ => None,
        }
    }

    fn push(&mut self, piece: Piece) {
        match (self.0.last_mut(), piece) {
            (_, Piece::Literal(text)) if text.is_empty() => {}
            (Some(Piece::Literal(last)), Piece::Literal(text)) => last.push_str(&text),
            (_, piece) => self.0.push(piece),
        }
    }

    fn append(&mut self, other: Self) {
        other.0.into_iter().for_each(|piece| self.push(piece));
    }
}

impl fmt::Display for Text {
    /// The text, with `${…}` for what is not known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Literal(text) => f.write_str(text),
            Piece::Parameter(name) | Piece::Resource(name, None) => write!(f, "${{{name}}}"),
            Piece::Resource(name, Some(attribute)) => write!(f, "${{{name}.{attribute}}}"),
            Piece::Unknown(why) => write!(f, "${{? {why}}}"),
        })
    }
}

/// A template and the values of its parameters.
#[derive(Debug)]
pub struct Template {
    json: Json,
    parameters: HashMap<String, Option<String>>,
    /// The ARNs that layer versions are assumed to have.
    assumed_arns: HashMap<String, String>,
}

/// The least number that a layer version is assumed to get: none that anybody would write.
const ASSUMED_VERSION: u64 = 100_000_000;

/// A number for a name, the same in every template (Fowler, Noll and Vo's hash, 1a).
fn stable(name: &str) -> u64 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    name.bytes().fold(0xcbf2_9ce4_8422_2325, mix) % 900_000_000_000
}

/// How deep functions may stand inside each other. CloudFormation's own templates have a few levels.
const DEPTH: usize = 64;

impl Template {
    /// A template as [`read`](crate::template::read::read) gives it. `given` are the values of parameters, those of
    /// pseudo parameters among them; any other parameter has its default, if it has one.
    #[must_use]
    pub fn new(json: Json, given: &[(String, String)]) -> Self {
        let mut parameters = HashMap::new();
        for (name, declared) in object(json.get("Parameters")) {
            // The default of a parameter that is looked up elsewhere is not its value.
            let kind = declared.get("Type").and_then(Json::as_str).unwrap_or("String");
            let own = !kind.starts_with("AWS::SSM::Parameter::Value");
            parameters.insert(name.clone(), declared.get("Default").and_then(scalar).filter(|_| own));
        }
        parameters.extend(given.iter().map(|(name, value)| (name.clone(), Some(value.clone()))));
        Self { json, parameters, assumed_arns: HashMap::new() }
    }

    /// The template as it would be in some account of which nothing is said: what the deploy decides has a value that
    /// stands nowhere in the template. Whatever does not depend on the account is true of every account but those that
    /// the template names.
    #[must_use]
    pub fn assumed(mut self) -> Self {
        let written = self.json.to_string();
        let account = |name: &str| {
            let candidates = (0..).map(|more| (100_000_000_000 + (stable(name) + more) % 900_000_000_000).to_string());
            candidates.into_iter().find(|candidate| !written.contains(candidate)).unwrap_or_default()
        };
        let usual = [("AWS::Partition", "aws"), ("AWS::Region", "us-east-1"), ("AWS::URLSuffix", "amazonaws.com")];
        for (name, value) in usual {
            self.parameters.entry(name.to_owned()).or_insert_with(|| Some(value.to_owned()));
        }
        self.parameters.entry("AWS::AccountId".to_owned()).or_insert_with(|| Some(account("AWS::AccountId")));
        let prefix = |name| self.parameters.get(name).cloned().flatten().unwrap_or_default();
        let (partition, region, owner) = (prefix("AWS::Partition"), prefix("AWS::Region"), prefix("AWS::AccountId"));
        let versions = self.resources().filter(|resource| resource.kind == "AWS::Lambda::LayerVersion");
        let arns: Vec<(String, String)> = versions
            .map(|resource| {
                let number = ASSUMED_VERSION + stable(resource.id) % ASSUMED_VERSION;
                let name = resource
                    .property("LayerName")
                    .map_or_else(|| resource.id.to_owned(), |name| self.text(name).to_string());
                (resource.id.to_owned(), format!("arn:{partition}:lambda:{region}:{owner}:layer:{name}:{number}"))
            })
            .collect();
        self.assumed_arns.extend(arns);
        let declared: Vec<(String, bool)> = object(self.json.get("Parameters"))
            .map(|(name, declared)| {
                let pattern = declared.get("AllowedPattern").and_then(Json::as_str);
                (name.clone(), pattern == Some(ACCOUNT_PATTERN))
            })
            .collect();
        for (name, is_account) in declared {
            let assumed = account(&name);
            let value = self.parameters.entry(name).or_default();
            if is_account && value.is_none() {
                *value = Some(assumed);
            }
        }
        self
    }

    /// The ARN that a layer version is assumed to have, by its logical ID.
    #[must_use]
    pub fn assumed_arn(&self, id: &str) -> Option<&str> {
        self.assumed_arns.get(id).map(String::as_str)
    }

    /// The ARNs that layer versions are assumed to have, with their logical IDs.
    pub fn assumed_arns(&self) -> Vec<(String, String)> {
        let mut arns: Vec<_> = self.assumed_arns.iter().map(|(id, arn)| (arn.clone(), id.clone())).collect();
        arns.sort();
        arns
    }

    /// The value of a parameter, where it is known.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name)?.as_deref()
    }

    /// Its resources, by logical ID, in the order in which they are written.
    pub fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        object(self.json.get("Resources")).filter_map(|(id, resource)| {
            Some(Resource {
                id,
                kind: resource.get("Type")?.as_str()?,
                condition: resource.get("Condition").and_then(Json::as_str),
                properties: resource.get("Properties"),
            })
        })
    }

    /// Whether a condition holds; `None` where that is not known.
    #[must_use]
    pub fn holds(&self, condition: &str) -> Option<bool> {
        let found = self.json.get("Conditions")?.get(condition)?;
        self.truth(found, 0)
    }

    fn truth(&self, condition: &Json, depth: usize) -> Option<bool> {
        let (function, argument) = function(condition).filter(|_| depth < DEPTH)?;
        let arguments = || argument.as_array().map(Vec::as_slice).unwrap_or_default();
        let all = || arguments().iter().map(|each| self.truth(each, depth + 1));
        match function {
            "Condition" => self.truth(self.json.get("Conditions")?.get(argument.as_str()?)?, depth + 1),
            "Fn::Not" => arguments().first().and_then(|each| self.truth(each, depth + 1)).map(|holds| !holds),
            "Fn::And" if all().any(|holds| holds == Some(false)) => Some(false),
            "Fn::Or" if all().any(|holds| holds == Some(true)) => Some(true),
            "Fn::And" => all().collect::<Option<Vec<_>>>().map(|_| true),
            "Fn::Or" => all().collect::<Option<Vec<_>>>().map(|_| false),
            "Fn::Equals" => {
                let [left, right] = arguments() else {
                    return None;
                };
                let (left, right) = (self.text_at(left, depth + 1), self.text_at(right, depth + 1));
                match (left.as_literal(), right.as_literal()) {
                    (Some(left), Some(right)) => Some(left == right),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The text that a value stands for.
    #[must_use]
    pub fn text(&self, value: &Json) -> Text {
        self.text_at(value, 0)
    }

    fn text_at(&self, value: &Json, depth: usize) -> Text {
        if let Some(text) = scalar(value) {
            return Text::literal(text);
        }
        let Some((name, argument)) = function(value) else {
            return Text::unknown("no text stands here");
        };
        if depth > DEPTH {
            return Text::unknown("its functions are nested too deeply");
        }
        let depth = depth + 1;
        let found = match name {
            "Ref" => argument.as_str().map(|name| self.reference(name)),
            "Fn::GetAtt" => attribute(argument).map(|(id, attribute)| self.attribute(id, attribute)),
            "Fn::Sub" => self.substituted(argument, depth),
            "Fn::Join" => self.joined(argument, depth),
            "Fn::If" => self.chosen(argument).map(|chosen| self.text_at(chosen, depth)),
            "Fn::FindInMap" => self.mapped(argument, depth),
            "Fn::Select" => self.selected(argument, depth),
            _ => None,
        };
        found.unwrap_or_else(|| Text::unknown(format!("`{name}` is not known before a deploy")))
    }

    /// The items that a value stands for; a text is one item.
    #[must_use]
    pub fn items<'j>(&'j self, value: &'j Json) -> Vec<&'j Json> {
        self.items_at(value, 0)
    }

    fn items_at<'j>(&'j self, value: &'j Json, depth: usize) -> Vec<&'j Json> {
        if let Some(items) = value.as_array().filter(|_| depth < DEPTH) {
            return items.iter().flat_map(|item| self.items_at(item, depth + 1)).collect();
        }
        match function(value) {
            Some(("Fn::If", argument)) if depth < DEPTH => match self.chosen(argument) {
                Some(chosen) => self.items_at(chosen, depth + 1),
                None => vec![value],
            },
            Some(("Ref", name)) if name.as_str() == Some("AWS::NoValue") => Vec::new(),
            _ => vec![value],
        }
    }

    fn reference(&self, name: &str) -> Text {
        if let Some(value) = self.parameters.get(name) {
            return Text::one(match value {
                Some(value) => Piece::Literal(value.clone()),
                None => Piece::Parameter(name.to_owned()),
            });
        }
        if name.starts_with("AWS::") {
            return Text::one(Piece::Parameter(name.to_owned()));
        }
        if let Some(arn) = self.assumed_arns.get(name) {
            return Text::literal(arn.as_str());
        }
        match self.resource(name) {
            Some(_) => Text::one(Piece::Resource(name.to_owned(), None)),
            None => Text::unknown(format!("`{name}` is neither a parameter nor a resource")),
        }
    }

    fn attribute(&self, id: &str, attribute: &str) -> Text {
        let kind = self.resource(id).and_then(|resource| resource.get("Type")).and_then(Json::as_str);
        match (kind, attribute) {
            (None, _) => Text::unknown(format!("`{id}` is no resource of the template")),
            // The same value by two names.
            (Some("AWS::Lambda::LayerVersion"), "LayerVersionArn") => self.reference(id),
            _ => Text::one(Piece::Resource(id.to_owned(), Some(attribute.to_owned()))),
        }
    }

    fn resource(&self, id: &str) -> Option<&Json> {
        self.json.get("Resources")?.get(id)
    }

    /// `Fn::Sub`, with a mapping of its own or without.
    fn substituted(&self, argument: &Json, depth: usize) -> Option<Text> {
        let (template, own) = match argument {
            Json::String(template) => (template.as_str(), None),
            Json::Array(parts) => match parts.as_slice() {
                [Json::String(template), Json::Object(own)] => (template.as_str(), Some(own)),
                _ => return None,
            },
            _ => return None,
        };
        let mut text = Text::default();
        let mut rest = template;
        while let Some((before, behind)) = rest.split_once("${") {
            text.push(Piece::Literal(before.to_owned()));
            let (name, behind) = behind.split_once('}')?;
            match (name.strip_prefix('!'), own.and_then(|own| own.get(name)), name.split_once('.')) {
                (Some(literal), _, _) => text.push(Piece::Literal(format!("${{{literal}}}"))),
                (None, Some(value), _) => text.append(self.text_at(value, depth)),
                (None, None, Some((id, attribute))) => text.append(self.attribute(id, attribute)),
                (None, None, None) => text.append(self.reference(name)),
            }
            rest = behind;
        }
        text.push(Piece::Literal(rest.to_owned()));
        Some(text)
    }

    fn joined(&self, argument: &Json, depth: usize) -> Option<Text> {
        let [Json::String(separator), parts] = argument.as_array()?.as_slice() else {
            return None;
        };
        let mut text = Text::default();
        for (index, part) in parts.as_array()?.iter().enumerate() {
            if index > 0 {
                text.push(Piece::Literal(separator.clone()));
            }
            text.append(self.text_at(part, depth));
        }
        Some(text)
    }

    /// The one of two values that an `Fn::If` stands for.
    fn chosen<'j>(&self, argument: &'j Json) -> Option<&'j Json> {
        let [Json::String(condition), then, otherwise] = argument.as_array()?.as_slice() else {
            return None;
        };
        Some(if self.holds(condition)? { then } else { otherwise })
    }

    fn mapped(&self, argument: &Json, depth: usize) -> Option<Text> {
        let [map, first, second] = argument.as_array()?.as_slice() else {
            return None;
        };
        let key = |value| self.text_at(value, depth).as_literal().map(str::to_owned);
        let found = self.json.get("Mappings")?.get(key(map)?)?.get(key(first)?)?.get(key(second)?)?;
        Some(self.text_at(found, depth))
    }

    /// `Fn::Select` from a list, or from a known text that `Fn::Split` cuts.
    fn selected(&self, argument: &Json, depth: usize) -> Option<Text> {
        let [index, list] = argument.as_array()?.as_slice() else {
            return None;
        };
        let index: usize = scalar(index)?.parse().ok()?;
        if let Some(items) = list.as_array() {
            return items.get(index).map(|item| self.text_at(item, depth));
        }
        let ("Fn::Split", argument) = function(list)? else {
            return None;
        };
        let [Json::String(separator), text] = argument.as_array()?.as_slice() else {
            return None;
        };
        let text = self.text_at(text, depth);
        text.as_literal()?.split(separator.as_str()).nth(index).map(Text::literal)
    }
}

/// A resource of a template.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'t> {
    /// Its logical ID.
    pub id: &'t str,
    /// Its type.
    pub kind: &'t str,
    /// The condition on which it is made.
    pub condition: Option<&'t str>,
    /// Its properties.
    pub properties: Option<&'t Json>,
}

impl<'t> Resource<'t> {
    /// A property.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&'t Json> {
        self.properties?.get(name)
    }
}

/// The entries of a mapping; none of anything else.
fn object(value: Option<&Json>) -> impl Iterator<Item = (&String, &Json)> {
    value.and_then(Json::as_object).into_iter().flat_map(Map::iter)
}

/// The text of a value without parts.
fn scalar(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(truth) => Some(truth.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// The function that a value is, and its argument.
#[must_use]
pub fn function(value: &Json) -> Option<(&str, &Json)> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    let (name, argument) = object.iter().next()?;
    (name == "Ref" || name == "Condition" || name.starts_with("Fn::")).then_some((name.as_str(), argument))
}

fn attribute(argument: &Json) -> Option<(&str, &str)> {
    match argument {
        Json::String(both) => both.split_once('.'),
        Json::Array(parts) => match parts.as_slice() {
            [Json::String(id), Json::String(attribute)] => Some((id, attribute)),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::read::read;

    const TEMPLATE: &str = "
Parameters:
  Given: {Type: String}
  Default: {Type: String, Default: d}
  Open: {Type: String}
  Looked: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /name}
Conditions:
  Yes: !Equals [!Ref Given, g]
  No: !Not [!Condition Yes]
  Both: !And [!Condition Yes, !Condition Maybe]
  Neither: !And [!Condition No, !Condition Maybe]
  Either: !Or [!Condition Yes, !Condition Maybe]
  Maybe: !Equals [!Ref Open, o]
  Round: !Not [!Condition Round]
Mappings:
  M: {g: {k: v}}
Resources:
  Layer: {Type: 'AWS::Lambda::LayerVersion'}
  Role: {Type: 'AWS::IAM::Role'}
";

    fn text(written: &str) -> String {
        let template = Template::new(read(TEMPLATE).unwrap_or_default(), &[("Given".to_owned(), "g".to_owned())]);
        let value = read(&format!("v: {written}")).unwrap_or_default();
        value.get("v").map_or_else(String::new, |value| template.text(value).to_string())
    }

    #[test]
    fn functions_give_what_is_known() {
        for (written, expected) in [
            ("plain", "plain"),
            ("12", "12"),
            ("!Ref Given", "g"),
            ("!Ref Default", "d"),
            ("!Ref Open", "${Open}"),
            ("!Ref Looked", "${Looked}"),
            ("!Ref AWS::Region", "${AWS::Region}"),
            ("!Ref Layer", "${Layer}"),
            ("!GetAtt Layer.LayerVersionArn", "${Layer}"),
            ("!GetAtt Role.Arn", "${Role.Arn}"),
            ("!Sub 'a:${Given}:${!aws:x}:${AWS::Region}:${Role.Arn}'", "a:g:${aws:x}:${AWS::Region}:${Role.Arn}"),
            ("!Sub ['${x}-${Given}', {x: !Ref Default}]", "d-g"),
            ("!Join [':', [a, !Ref Given, !Ref Open]]", "a:g:${Open}"),
            ("!If [Yes, a, b]", "a"),
            ("!If [No, a, b]", "b"),
            ("!If [Both, a, b]", "${? `Fn::If` is not known before a deploy}"),
            ("!If [Neither, a, b]", "b"),
            ("!If [Either, a, b]", "a"),
            ("!If [Round, a, b]", "${? `Fn::If` is not known before a deploy}"),
            ("!FindInMap [M, !Ref Given, k]", "v"),
            ("!Select [1, [a, b]]", "b"),
            ("!Select [2, !Split [':', 'a:b:c']]", "c"),
            ("!ImportValue x", "${? `Fn::ImportValue` is not known before a deploy}"),
            ("!Ref Nothing", "${? `Nothing` is neither a parameter nor a resource}"),
        ] {
            assert_eq!(text(written), expected, "{written}");
        }
    }
}
