//! `Fn::ForEach` (CloudFormation User Guide, `Fn::ForEach`).

use crate::cloudformation::json::scalar;
use crate::cloudformation::values::Values;
use serde_json::{Map, Value as Json};
use std::collections::HashSet;

/// Replaces an `Fn::Sub` without variables in `Ref` and `Fn::GetAtt` by the logical ID that it
/// gives. Both functions take an `Fn::Sub` under `AWS::LanguageExtensions` (CloudFormation Template
/// Reference, `AWS::LanguageExtensions transform`).
fn name_literally(json: &mut Json) {
    let id = match json {
        Json::Object(map) if map.len() == 1 => match map.iter_mut().next() {
            Some((key, value)) if key == "Ref" => Some(value),
            Some((key, value)) if key == "Fn::GetAtt" => value.get_mut(0),
            _ => None,
        },
        _ => None,
    };
    if let Some(id) = id {
        let substituted = id
            .as_object()
            .filter(|map| map.len() == 1)
            .and_then(|map| map.get("Fn::Sub"));
        if let Some(text) = substituted
            .and_then(Json::as_str)
            .filter(|text| !text.contains("${"))
        {
            *id = Json::from(text);
        }
    }
    match json {
        Json::Object(map) => map.values_mut().for_each(name_literally),
        Json::Array(items) => items.iter_mut().for_each(name_literally),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// The most entries that the loops of a template may make. CloudFormation takes 500 resources.
const MOST: usize = 10_000;

/// The most bytes of text that the loops of a template may make. CloudFormation takes a template of
/// 1 MB.
const MOST_BYTES: usize = 8_000_000;

/// How deeply loops and values may be nested.
const DEPTH: usize = 64;

/// Expands the loops in all sections that may have them. A loop with an unknown collection stays as
/// it is.
pub fn expand(template: &mut Json, values: &Values) {
    let parameters = template.get("Parameters").cloned().unwrap_or_default();
    let mut loops = Loops {
        parameters,
        values,
        made: 0,
        bytes: MOST_BYTES,
    };
    for section in ["Conditions", "Resources", "Outputs"] {
        if let Some(section) = template.get_mut(section) {
            loops.expand(section, 0);
            name_literally(section);
        }
    }
}

struct Loops<'v> {
    parameters: Json,
    values: &'v Values,
    made: usize,
    /// How many bytes of text they may still make.
    bytes: usize,
}

impl Loops<'_> {
    fn expand(&mut self, json: &mut Json, depth: usize) {
        if depth > DEPTH {
            return;
        }
        match json {
            Json::Object(map) => {
                if map.keys().any(|key| key.starts_with(LOOP)) {
                    *map = self.expanded(std::mem::take(map), depth);
                }
                map.values_mut()
                    .for_each(|value| self.expand(value, depth + 1));
            }
            Json::Array(items) => items
                .iter_mut()
                .for_each(|item| self.expand(item, depth + 1)),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }

    /// A mapping with the entries of its loops in their places. A loop that makes a key which
    /// exists already, or which another loop makes, stays as it is: AWS does not document which of
    /// the two counts.
    fn expanded(&mut self, map: Map<String, Json>, depth: usize) -> Map<String, Json> {
        let mut taken: HashSet<String> = map.keys().cloned().collect();
        let mut all = Map::new();
        for (key, value) in map {
            let made = if key.starts_with(LOOP) {
                self.entries(&value, depth)
            } else {
                None
            };
            match made {
                Some(made) if !made.keys().any(|made| taken.contains(made)) => {
                    taken.extend(made.keys().cloned());
                    all.extend(made);
                }
                _ => {
                    all.insert(key, value);
                }
            }
        }
        all
    }

    /// The entries that a loop makes: `[IDENTIFIER, COLLECTION, {KEY: VALUE}]`. `None` if the
    /// collection is unknown.
    fn entries(&mut self, written: &Json, depth: usize) -> Option<Map<String, Json>> {
        let [Json::String(identifier), collection, Json::Object(body)] =
            written.as_array()?.as_slice()
        else {
            return None;
        };
        let mut made = Map::new();
        for item in self.collection(collection)? {
            let mut round = Json::Object(body.clone());
            let replacement = Replacement::new(identifier, &item);
            if !replacement.replace(&mut round, &mut self.bytes, 0) {
                return None;
            }
            if let Json::Object(round) = &mut round
                && round.keys().any(|key| key.starts_with(LOOP))
            {
                *round = self.expanded(std::mem::take(round), depth + 1);
            }
            let Json::Object(round) = round else {
                return None;
            };
            self.made += round.len();
            for (key, value) in round {
                if self.made > MOST || made.insert(key, value).is_some() {
                    return None;
                }
            }
        }
        Some(made)
    }

    /// The texts that a loop goes through: a list, or the value of a parameter that is one.
    fn collection(&self, collection: &Json) -> Option<Vec<String>> {
        match collection {
            Json::Array(items) => {
                let mut all = Vec::new();
                for item in items {
                    match scalar(item) {
                        Some(text) => all.push(text),
                        None => all.extend(self.collection(item)?),
                    }
                }
                Some(all)
            }
            Json::Object(map) if map.len() == 1 => {
                let name = map.get("Ref")?.as_str()?;
                let declared = self.parameters.get(name)?;
                let given = self
                    .values
                    .given
                    .iter()
                    .find(|(known, _)| known == name)
                    .map(|(_, value)| value.clone());
                let default = || {
                    declared
                        .get("Default")
                        .and_then(scalar)
                        .filter(|_| self.values.defaults)
                };
                let value = given.or_else(default)?;
                let is_list = declared
                    .get("Type")
                    .and_then(Json::as_str)
                    .is_some_and(|kind| kind != "String");
                Some(if is_list {
                    value
                        .split(',')
                        .map(|item| item.trim().to_owned())
                        .collect()
                } else {
                    vec![value]
                })
            }
            _ => None,
        }
    }
}

/// The prefix of the names of loops.
const LOOP: &str = "Fn::ForEach::";

/// An item in place of a loop's identifier.
struct Replacement<'l> {
    identifier: &'l str,
    item: &'l str,
    /// The identifier as it stands in texts, and what takes its place. `&{Name}` keeps only letters
    /// and digits, as logical IDs require.
    in_texts: [(String, String); 2],
}

impl<'l> Replacement<'l> {
    fn new(identifier: &'l str, item: &'l str) -> Self {
        let letters = item.chars().filter(char::is_ascii_alphanumeric).collect();
        Self {
            identifier,
            item,
            in_texts: [
                (format!("${{{identifier}}}"), item.to_owned()),
                (format!("&{{{identifier}}}"), letters),
            ],
        }
    }

    /// Replaces the identifier in keys and texts, and in `Ref`. Returns whether that was possible:
    /// not if two keys become one, nor if it is nested too deeply, nor if it makes more than so
    /// many bytes.
    fn replace(&self, json: &mut Json, bytes: &mut usize, depth: usize) -> bool {
        if depth > DEPTH {
            return false;
        }
        if json.as_object().is_some_and(|map| {
            map.len() == 1 && map.get("Ref").and_then(Json::as_str) == Some(self.identifier)
        }) {
            *json = Json::from(self.item);
            return true;
        }
        match json {
            Json::String(text) => match self.replaced(text, bytes) {
                Some(replaced) => *text = replaced,
                None => return false,
            },
            Json::Array(items) => {
                let mut items = items.iter_mut();
                return items.all(|inner| self.replace(inner, bytes, depth + 1));
            }
            Json::Object(map) => {
                for (key, mut value) in std::mem::take(map) {
                    // An inner loop over the same name has its own.
                    let is_own = key.starts_with(LOOP)
                        && value.get(0).and_then(Json::as_str) == Some(self.identifier);
                    if !is_own && !self.replace(&mut value, bytes, depth + 1) {
                        return false;
                    }
                    let Some(key) = self.replaced(&key, bytes) else {
                        return false;
                    };
                    if map.insert(key, value).is_some() {
                        return false;
                    }
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
        true
    }

    /// A text with the item in it, if there are enough bytes left for it.
    fn replaced(&self, text: &str, bytes: &mut usize) -> Option<String> {
        let mut replaced = text.to_owned();
        for (identifier, item) in &self.in_texts {
            let times = replaced.matches(identifier).count();
            *bytes = bytes.checked_sub(replaced.len() + times * item.len())?;
            if times > 0 {
                replaced = replaced.replace(identifier, item);
            }
        }
        Some(replaced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn expanded(resources: Json, values: &Values) -> Json {
        let parameters = json!({ "Names": { "Type": "CommaDelimitedList", "Default": "x, y" } });
        let mut template = json!({ "Parameters": parameters, "Resources": resources });
        expand(&mut template, values);
        template["Resources"].take()
    }

    #[test]
    fn loops_make_their_entries_in_place() {
        let written = json!({"A": 1, "Fn::ForEach::L": ["I", ["a.b", "c"],
            {"G${I}": {"K": {"Ref": "I"}, "L": "&{I}!"}}], "B": 2});
        let expected =
            json!({"A": 1, "Ga.b": {"K": "a.b", "L": "ab!"}, "Gc": {"K": "c", "L": "c!"}, "B": 2});
        assert_eq!(expanded(written, &Values::default()), expected);
    }

    #[test]
    fn loops_stand_in_loops_and_in_properties() {
        let inner = json!(["J", ["1", "2"], {"R${I}${J}": {"P": {"Fn::ForEach::K": ["K", ["k"],
            {"${K}": "${I}${J}"}]}}}]);
        let written = json!({"Fn::ForEach::I": ["I", ["a"], {"Fn::ForEach::J": inner}]});
        let expected = json!({"Ra1": {"P": {"k": "a1"}}, "Ra2": {"P": {"k": "a2"}}});
        assert_eq!(expanded(written, &Values::default()), expected);
    }

    #[test]
    fn references_name_what_a_loop_made() {
        let written = json!({"Fn::ForEach::I": ["I", ["a"], {"R${I}": {
            "A": {"Ref": {"Fn::Sub": "L${I}"}}, "B": {"Fn::GetAtt": [{"Fn::Sub": "L${I}"}, "Arn"]},
                "C": {"Ref": {"Fn::Sub": "L${O}"}}
        }}]});
        let expected = json!({"Ra": {"A": {"Ref": "La"}, "B": {"Fn::GetAtt": ["La", "Arn"]},
            "C": {"Ref": {"Fn::Sub": "L${O}"}}}});
        assert_eq!(expanded(written, &Values::default()), expected);
    }

    #[test]
    fn a_loop_over_what_is_not_known_stays() {
        let written = json!({"Fn::ForEach::L": ["I", {"Ref": "Names"}, {"G${I}": {}}]});
        assert_eq!(expanded(written.clone(), &Values::default()), written);
        let defaults = Values {
            defaults: true,
            ..Values::default()
        };
        assert_eq!(
            expanded(written.clone(), &defaults),
            json!({"Gx": {}, "Gy": {}})
        );
    }

    #[test]
    fn a_loop_that_makes_a_key_twice_stays() {
        let own = json!({"Fn::ForEach::L": ["I", ["a", "b"], {"Same": {}}]});
        let others = json!({"Fn::ForEach::L": ["I", ["B"], {"${I}": 1}], "B": 2});
        let two_in_one = json!({"Fn::ForEach::L": ["I", ["B"], {"${I}": 1, "B": 2}]});
        let below =
            json!({"Fn::ForEach::L": ["I", ["pal"], {"A": {"Princi${I}": 1, "Principal": 2}}]});
        for twice in [own, others, two_in_one, below] {
            assert_eq!(expanded(twice.clone(), &Values::default()), twice);
        }
    }
}
