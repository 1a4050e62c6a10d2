//! Templates from YAML or JSON, ours or anybody's, with every intrinsic function in its long form.

use serde_json::{Map, Value as Json};
use serde_yaml::Value as Yaml;

/// Why a text is not a template.
#[derive(Debug)]
pub enum ReadError {
    /// Neither YAML nor JSON; says why.
    Syntax(String),
    /// A key or a value that CloudFormation does not take; names it.
    Shape(String),
}

/// Reads a template.
///
/// # Errors
///
/// When the text is not YAML or JSON with a mapping at its top.
pub fn read(text: &str) -> Result<Json, ReadError> {
    let yaml: Yaml = serde_yaml::from_str(text).map_err(|error| ReadError::Syntax(error.to_string()))?;
    match long_form(yaml)? {
        Json::Object(template) => Ok(Json::Object(template)),
        _ => Err(ReadError::Shape("a template is a mapping".to_owned())),
    }
}

/// A YAML value as JSON: `!Sub x` becomes `{"Fn::Sub": "x"}`.
fn long_form(yaml: Yaml) -> Result<Json, ReadError> {
    Ok(match yaml {
        Yaml::Null => Json::Null,
        Yaml::Bool(value) => Json::Bool(value),
        Yaml::Number(number) => serde_json::to_value(number).map_err(|error| ReadError::Shape(error.to_string()))?,
        Yaml::String(text) => Json::String(text),
        Yaml::Sequence(items) => Json::Array(items.into_iter().map(long_form).collect::<Result<_, _>>()?),
        Yaml::Mapping(mapping) => {
            let mut object = Map::with_capacity(mapping.len());
            for (key, value) in mapping {
                object.insert(key_text(key)?, long_form(value)?);
            }
            Json::Object(object)
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            intrinsic(tag.trim_start_matches('!'), long_form(tagged.value)?)
        }
    })
}

fn key_text(key: Yaml) -> Result<String, ReadError> {
    match key {
        Yaml::String(text) => Ok(text),
        Yaml::Number(number) => Ok(number.to_string()),
        Yaml::Bool(value) => Ok(value.to_string()),
        other => Err(ReadError::Shape(format!("a key is a text, not {other:?}"))),
    }
}

fn intrinsic(tag: &str, value: Json) -> Json {
    let value = match value {
        Json::String(text) if tag == "GetAtt" => match text.split_once('.') {
            Some((resource, attribute)) => Json::from(vec![resource, attribute]),
            None => Json::String(text),
        },
        value => value,
    };
    let key = match tag {
        "Ref" | "Condition" => tag.to_owned(),
        _ => format!("Fn::{tag}"),
    };
    Json::Object(Map::from_iter([(key, value)]))
}
