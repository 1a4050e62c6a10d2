//! Nested stacks whose templates are local files, as they are before `aws cloudformation package`
//! uploads them: parent and child are read as one template.
//!
//! A child's declarations get the stack's logical ID before their own, with a dot between them,
//! which no logical ID has. Its parameters become the values from the parent.

use super::expanded;
use crate::cloudformation::json::{object, scalar};
use crate::cloudformation::values::Values;
use serde_json::{Map, Value as Json, json};

/// How deeply stacks may be nested.
const DEPTH: usize = 8;

/// A local template: its path and its content.
pub struct Child<P> {
    /// Its path, for its own children.
    pub place: P,
    /// The template.
    pub template: Json,
}

/// Reads the templates of nested stacks into their parent. `load` gets the place of a parent and a
/// path that the parent names, and returns the template there. If it returns none, the stack stays
/// as it is, and is unread.
pub fn with_children<P>(
    template: Json,
    place: &P,
    load: &dyn Fn(&P, &str) -> Option<Child<P>>,
) -> Json {
    inlined(template, place, load, 0)
}

fn inlined<P>(
    mut parent: Json,
    place: &P,
    load: &dyn Fn(&P, &str) -> Option<Child<P>>,
    depth: usize,
) -> Json {
    let stacks: Vec<(String, String)> = local_stacks(&parent);
    if depth >= DEPTH {
        return parent;
    }
    for (id, path) in stacks {
        let Some(child) = load(place, &path) else {
            continue;
        };
        // Only the child's own template is expanded: its parameters belong to the parent.
        let template = expanded(child.template, &Values::default());
        if !template.get("Resources").is_some_and(Json::is_object) || has_macro(&template) {
            continue;
        }
        let template = inlined(template, &child.place, load, depth + 1);
        put_in(&mut parent, &id, &template);
    }
    parent
}

/// The nested stacks of a template that name a file, with its path.
fn local_stacks(parent: &Json) -> Vec<(String, String)> {
    let resources = parent.get("Resources").and_then(Json::as_object);
    let local = resources
        .into_iter()
        .flatten()
        .filter_map(|(id, resource)| {
            let property = match resource.get("Type")?.as_str()? {
                "AWS::CloudFormation::Stack" => "TemplateURL",
                "AWS::Serverless::Application" => "Location",
                _ => return None,
            };
            let path = resource.get("Properties")?.get(property)?.as_str()?;
            let is_address = path.contains("://") || path.starts_with("//");
            (!is_address).then(|| (id.clone(), path.to_owned()))
        });
    local.collect()
}

/// Whether a template has a macro that is not expanded: in `Transform`, or beside the sections.
fn has_macro(template: &Json) -> bool {
    if object(Some(template)).any(|(section, _)| section.starts_with("Fn::")) {
        return true;
    }
    let known = |transform: &Json| {
        transform == "AWS::LanguageExtensions" || transform == "AWS::Serverless-2016-10-31"
    };
    match template.get("Transform") {
        None => false,
        Some(Json::Array(all)) => !all.iter().all(known),
        Some(one) => !known(one),
    }
}

/// The names of a child, and what stands for them in the parent.
struct Renamed<'c> {
    stack: &'c str,
    child: &'c Json,
    given: &'c Json,
}

/// Puts a child in place of its stack.
fn put_in(parent: &mut Json, stack: &str, child: &Json) {
    let Some(resource) = parent["Resources"]
        .as_object_mut()
        .and_then(|all| all.shift_remove(stack))
    else {
        return;
    };
    let given = resource["Properties"]
        .get("Parameters")
        .cloned()
        .unwrap_or_default();
    let renamed = Renamed {
        stack,
        child,
        given: &given,
    };
    let condition = resource.get("Condition").and_then(Json::as_str);
    for section in ["Mappings", "Conditions"] {
        for (name, value) in object(child.get(section)) {
            insert(parent, section, renamed.name(name), renamed.value(value));
        }
    }
    for (id, value) in object(child.get("Resources")) {
        let mut value = renamed.value(value);
        let own = value.get("Condition").and_then(Json::as_str);
        let own = own.map(|own| renamed.name(own));
        let both = match (condition, own) {
            (Some(outer), Some(own)) => {
                let name = format!("{stack}.{id} of {own}");
                let all = json!({ "Fn::And": [{ "Condition": outer }, { "Condition": own }] });
                insert(parent, "Conditions", name.clone(), all);
                Some(name)
            }
            (Some(outer), None) => Some(outer.to_owned()),
            (None, own) => own,
        };
        if let Some(both) = both {
            value["Condition"] = json!(both);
        }
        if let Some(retained) = retained(&resource, &value) {
            value["DeletionPolicy"] = retained.clone();
        }
        insert(parent, "Resources", renamed.name(id), value);
    }
    let mut outputs = Map::new();
    for (name, output) in object(child.get("Outputs")) {
        let value = output.get("Value").unwrap_or(&Json::Null);
        outputs.insert(name.clone(), renamed.value(value));
    }
    replace_outputs(parent, stack, &outputs);
}

/// The `DeletionPolicy` that a child's resource has from its stack: a stack that is retained keeps
/// all of its resources (CloudFormation User Guide, `DeletionPolicy`).
fn retained<'j>(stack: &'j Json, resource: &Json) -> Option<&'j Json> {
    let deletes = |policy: Option<&Json>| policy.is_none_or(|policy| policy == "Delete");
    let outer = stack.get("DeletionPolicy");
    (!deletes(outer) && deletes(resource.get("DeletionPolicy")))
        .then_some(outer)
        .flatten()
}

fn insert(parent: &mut Json, section: &str, name: String, value: Json) {
    if !parent[section].is_object() {
        parent[section] = json!({});
    }
    if let Some(all) = parent[section].as_object_mut() {
        all.insert(name, value);
    }
}

impl Renamed<'_> {
    fn name(&self, name: &str) -> String {
        format!("{}.{name}", self.stack)
    }

    fn declares(&self, section: &str, name: &str) -> bool {
        self.child
            .get(section)
            .is_some_and(|all| all.get(name).is_some())
    }

    /// The meaning of `Ref` of a child's name in the parent; `None` for any other name.
    fn reference(&self, name: &str) -> Option<Json> {
        if let Some(declared) = self.child.get("Parameters").and_then(|all| all.get(name)) {
            return Some(self.parameter(name, declared));
        }
        self.declares("Resources", name)
            .then(|| json!({ "Ref": self.name(name) }))
    }

    /// The value of a parameter of the child: what the parent gives, or else its default.
    fn parameter(&self, name: &str, declared: &Json) -> Json {
        let default = declared.get("Default").and_then(scalar).map(Json::from);
        let value = self.given.get(name).cloned().or(default);
        let Some(value) = value else {
            return json!({ "Fn::ParameterWithoutValue": self.name(name) });
        };
        let kind = declared
            .get("Type")
            .and_then(Json::as_str)
            .unwrap_or("String");
        if kind.starts_with("AWS::SSM::Parameter::Value") {
            return json!({ "Fn::ParameterOfSystemsManager": value });
        }
        if kind == "CommaDelimitedList" || kind.starts_with("List<") {
            return match scalar(&value) {
                Some(text) => Json::Array(
                    text.split(',')
                        .map(|item| Json::from(item.trim()))
                        .collect(),
                ),
                None => json!({ "Fn::Split": [",", value] }),
            };
        }
        value
    }

    fn value(&self, json: &Json) -> Json {
        let Json::Object(map) = json else {
            return match json {
                Json::Array(items) => {
                    Json::Array(items.iter().map(|item| self.value(item)).collect())
                }
                other => other.clone(),
            };
        };
        let all = || {
            Json::Object(
                map.iter()
                    .map(|(key, value)| (key.clone(), self.value(value)))
                    .collect(),
            )
        };
        let Some((function, argument)) = map.iter().next().filter(|_| map.len() == 1) else {
            return all();
        };
        match (function.as_str(), argument) {
            ("Ref", Json::String(name)) => self.reference(name).unwrap_or_else(|| json.clone()),
            ("Condition", Json::String(name)) => json!({ "Condition": self.name(name) }),
            ("Fn::If", Json::Array(parts)) => match parts.as_slice() {
                [Json::String(condition), then, otherwise] => {
                    let (then, otherwise) = (self.value(then), self.value(otherwise));
                    json!({ "Fn::If": [self.name(condition), then, otherwise] })
                }
                _ => all(),
            },
            ("Fn::FindInMap", Json::Array(parts)) => {
                let mut parts: Vec<Json> = parts.iter().map(|part| self.value(part)).collect();
                if let Some(Json::String(map)) = parts.first_mut() {
                    *map = self.name(map);
                }
                json!({ "Fn::FindInMap": parts })
            }
            ("Fn::GetAtt", Json::Array(parts)) => {
                let mut parts: Vec<Json> = parts.iter().map(|part| self.value(part)).collect();
                if let Some(Json::String(id)) = parts.first_mut() {
                    *id = self.name(id);
                }
                json!({ "Fn::GetAtt": parts })
            }
            ("Fn::GetAtt", Json::String(both)) => match both.split_once('.') {
                Some((id, attribute)) => json!({ "Fn::GetAtt": [self.name(id), attribute] }),
                None => json.clone(),
            },
            ("Fn::Sub", Json::String(text)) => self.substituted(text, &Map::new()),
            ("Fn::Sub", Json::Array(parts)) => match parts.as_slice() {
                [Json::String(text), Json::Object(own)] => self.substituted(text, own),
                _ => all(),
            },
            _ => all(),
        }
    }

    /// `Fn::Sub`, in which every name of the child is given by the mapping.
    fn substituted(&self, text: &str, own: &Map<String, Json>) -> Json {
        let mut values: Map<String, Json> = own
            .iter()
            .map(|(name, value)| (name.clone(), self.value(value)))
            .collect();
        let mut written = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            written.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                break;
            };
            let found = match name.split_once('.') {
                _ if name.starts_with('!') || own.contains_key(name) => None,
                Some((id, attribute)) if self.declares("Resources", id) => {
                    Some(json!({ "Fn::GetAtt": [self.name(id), attribute] }))
                }
                _ => self.reference(name),
            };
            match found {
                Some(value) => {
                    let key = format!("value{}", values.len());
                    written.push_str(&format!("${{{key}}}"));
                    values.insert(key, value);
                }
                None => written.push_str(&format!("${{{name}}}")),
            }
            rest = after;
        }
        written.push_str(rest);
        json!({ "Fn::Sub": [written, values] })
    }
}

/// Replaces references to a child's outputs in the parent by their values.
fn replace_outputs(json: &mut Json, stack: &str, outputs: &Map<String, Json>) {
    if let Some(found) = output(json, stack, outputs) {
        *json = found;
        return;
    }
    match json {
        Json::Array(items) => items
            .iter_mut()
            .for_each(|item| replace_outputs(item, stack, outputs)),
        Json::Object(map) => map
            .values_mut()
            .for_each(|value| replace_outputs(value, stack, outputs)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

fn output(json: &Json, stack: &str, outputs: &Map<String, Json>) -> Option<Json> {
    let map = json.as_object().filter(|map| map.len() == 1)?;
    if let Some(argument) = map.get("Fn::GetAtt") {
        let both = match argument {
            Json::String(both) => both.clone(),
            Json::Array(parts) => {
                format!("{}.{}", parts.first()?.as_str()?, parts.get(1)?.as_str()?)
            }
            _ => return None,
        };
        let name = both.strip_prefix(stack)?.strip_prefix(".Outputs.")?;
        return outputs.get(name).cloned();
    }
    let (text, own) = match map.get("Fn::Sub")? {
        Json::String(text) => (text, Map::new()),
        Json::Array(parts) => (
            parts.first().and_then(|text| match text {
                Json::String(text) => Some(text),
                _ => None,
            })?,
            parts
                .get(1)
                .and_then(Json::as_object)
                .cloned()
                .unwrap_or_default(),
        ),
        _ => return None,
    };
    let before = format!("${{{stack}.Outputs.");
    let (_, after) = text.split_once(&before)?;
    let (name, _) = after.split_once('}')?;
    let key = format!("output{}", own.len());
    let mut values = own;
    values.insert(key.clone(), outputs.get(name)?.clone());
    let text = text.replace(&format!("{before}{name}}}"), &format!("${{{key}}}"));
    let mut replaced = json!({ "Fn::Sub": [text, values] });
    replace_outputs(&mut replaced, stack, outputs);
    Some(replaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parent: Json, child: Json) -> Json {
        with_children(parent, &(), &|(), path| {
            (path == "child.yaml").then(|| Child {
                place: (),
                template: child.clone(),
            })
        })
    }

    fn stack(parameters: Json) -> Json {
        let properties = json!({ "TemplateURL": "child.yaml", "Parameters": parameters });
        json!({ "Type": "AWS::CloudFormation::Stack", "Condition": "C", "Properties": properties })
    }

    #[test]
    fn a_child_is_a_part_of_its_parent() {
        let parent = json!({ "Conditions": { "C": true },
            "Resources": { "S": stack(json!({ "P": { "Ref": "V" } })),
            "X": { "Type": "T", "Properties": { "A": { "Fn::GetAtt": ["S", "Outputs.O"] },
                "B": { "Fn::Sub": "x ${S.Outputs.O}" } } } } });
        let child = json!({ "Parameters": { "P": { "Type": "String" },
            "L": { "Type": "CommaDelimitedList", "Default": "a, b" } },
            "Conditions": { "D": { "Fn::Equals": [{ "Ref": "P" }, "p"] } },
            "Resources": { "R": { "Type": "T", "Condition": "D",
                "Properties": { "A": { "Ref": "P" }, "B": { "Ref": "L" },
                "S": { "Fn::Sub": "${P}-${R.Arn}-${AWS::Region}-${!x}" } } } },
            "Outputs": { "O": { "Value": { "Fn::GetAtt": ["R", "Arn"] } } } });
        let read = read(parent, child);
        let resource = &read["Resources"]["S.R"];
        assert_eq!(resource["Properties"]["A"], json!({ "Ref": "V" }));
        assert_eq!(resource["Properties"]["B"], json!(["a", "b"]));
        let text = json!(["${value0}-${value1}-${AWS::Region}-${!x}", { "value0": { "Ref": "V" },
            "value1": { "Fn::GetAtt": ["S.R", "Arn"] } }]);
        assert_eq!(resource["Properties"]["S"]["Fn::Sub"], text);
        let both = resource["Condition"].as_str().unwrap_or_default();
        assert_eq!(
            read["Conditions"][both],
            json!({ "Fn::And": [{ "Condition": "C" }, { "Condition": "S.D" }] })
        );
        assert_eq!(
            read["Conditions"]["S.D"],
            json!({ "Fn::Equals": [{ "Ref": "V" }, "p"] })
        );
        let arn = json!({ "Fn::GetAtt": ["S.R", "Arn"] });
        assert_eq!(read["Resources"]["X"]["Properties"]["A"], arn);
        assert_eq!(
            read["Resources"]["X"]["Properties"]["B"],
            json!({ "Fn::Sub": ["x ${output0}", { "output0": arn }] })
        );
        assert!(read["Resources"].get("S").is_none());
    }

    #[test]
    fn what_is_not_there_or_has_a_macro_stays() {
        let parent = json!({ "Resources": { "S": stack(json!({})) } });
        assert_eq!(with_children(parent.clone(), &(), &|(), _| None), parent);
        let child = json!({ "Transform": "Company", "Resources": {} });
        assert_eq!(read(parent.clone(), child), parent);
    }
}
