//! The JSON of a template: texts, functions, and what is inside a value.

use crate::partial::{Piece, Text, Unknown, UnknownOrigin};
use serde_json::{Map, Value as Json};

/// The beginning of a dynamic reference, which a deploy fills in (CloudFormation User Guide,
/// dynamic references).
const DYNAMIC: &str = "{{resolve:";

/// The text of a value without parts.
#[must_use]
pub fn scalar(value: &Json) -> Option<String> {
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
    (name == "Ref" || name == "Condition" || name.starts_with("Fn::"))
        .then_some((name.as_str(), argument))
}

/// Whether a value is the same in every case: no function is in it, and no dynamic reference. It is
/// not nested deeper than any policy.
#[must_use]
pub fn is_fixed(json: &Json) -> bool {
    is_fixed_at(json, 0)
}

fn is_fixed_at(json: &Json, depth: usize) -> bool {
    const DEEPEST: usize = 16;
    let own = match json {
        Json::String(text) => !text.contains("{{"),
        Json::Object(map) => map
            .keys()
            .all(|key| key != "Ref" && !key.starts_with("Fn::")),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) => true,
    };
    own && depth < DEEPEST && children(json).all(|inner| is_fixed_at(inner, depth + 1))
}

/// Whether a value contains a function of this name.
#[must_use]
pub fn mentions(json: &Json, is_it: &dyn Fn(&str) -> bool) -> bool {
    match json {
        Json::Object(map) => map
            .iter()
            .any(|(key, inner)| is_it(key) || mentions(inner, is_it)),
        Json::Array(items) => items.iter().any(|inner| mentions(inner, is_it)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}

/// Whether a key, a text or a number in a value contains a text.
#[must_use]
pub fn has_text(json: &Json, text: &str) -> bool {
    let own = match json {
        Json::String(written) => written.contains(text),
        Json::Object(map) => map.keys().any(|key| key.contains(text)),
        Json::Number(number) => number.to_string().contains(text),
        Json::Null | Json::Bool(_) | Json::Array(_) => false,
    };
    own || children(json).any(|inner| has_text(inner, text))
}

/// The values directly inside a value.
#[must_use]
pub fn children(json: &Json) -> Box<dyn Iterator<Item = &Json> + '_> {
    match json {
        Json::Array(items) => Box::new(items.iter()),
        Json::Object(map) => Box::new(map.values()),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
            Box::new(std::iter::empty())
        }
    }
}

/// The entries of a mapping; none of anything else.
pub fn object(value: Option<&Json>) -> impl Iterator<Item = (&String, &Json)> {
    value
        .and_then(Json::as_object)
        .into_iter()
        .flat_map(Map::iter)
}

/// A known text as written, in which dynamic references are unknown.
#[must_use]
pub fn written(text: &str) -> Text {
    let mut found = Text::default();
    let mut rest = text;
    while let Some(start) = rest.find(DYNAMIC) {
        let (before, reference) = rest.split_at(start);
        let end = reference
            .find("}}")
            .map_or(reference.len(), |end| end + "}}".len());
        let (reference, after) = reference.split_at(end);
        found.push_str(before);
        found.push(Piece::Unknown(Unknown {
            origin: UnknownOrigin::Other(reference.to_owned()),
            identity: reference.into(),
        }));
        rest = after;
    }
    found.push_str(rest);
    found
}

/// A text that functions have joined. If it contains a dynamic reference that no single part
/// contains, the whole text is unknown.
#[must_use]
pub fn put_together(text: Text) -> Text {
    let is_whole = |piece: &Piece| match piece {
        Piece::Literal(known) => !known.contains(DYNAMIC),
        Piece::Unknown(unknown) => match &unknown.origin {
            UnknownOrigin::Other(what) => !what.starts_with(DYNAMIC) || what.ends_with("}}"),
            UnknownOrigin::Parameter(_) | UnknownOrigin::Resource(..) => true,
        },
    };
    if text.pieces().iter().all(is_whole) {
        return text;
    }
    let shown = format!("a dynamic reference: {text}");
    Text::unknown(shown, format!("{text:?}"))
}

/// A resource without what only describes it. No value that it gives to others depends on that.
#[must_use]
pub fn without_remarks(resource: &Json) -> Json {
    let mut resource = resource.clone();
    if let Json::Object(attributes) = &mut resource {
        for remark in ["DependsOn", "Metadata"] {
            attributes.shift_remove(remark);
        }
        if let Some(Json::Object(properties)) = attributes.get_mut("Properties") {
            for remark in ["Description", "Tags"] {
                properties.shift_remove(remark);
            }
        }
    }
    resource
}
