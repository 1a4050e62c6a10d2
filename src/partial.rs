//! Values that may be partly unknown: the values of a template after a deploy, as far as the
//! template determines them.
//!
//! An unknown part keeps its written form. Two unknown values are equal only if they are the same
//! value of the same template under the same parameters, so a comparison never confuses them.

use crate::aws::arn::ArnText;
use indexmap::IndexMap;
use serde_json::Value as Json;
use std::fmt;
use std::sync::Arc;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Partial {
    /// A string, a number or a truth value, as text: CloudFormation turns one into the other where
    /// it needs to.
    Text(Text),
    /// A list.
    List(Vec<Partial>),
    /// A mapping. Two are equal whatever the order of their keys.
    Map(IndexMap<String, Partial>),
    /// YAML's and JSON's `null`.
    Null,
}

impl Partial {
    /// A text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&Text> {
        match self {
            Self::Text(text) => Some(text),
            Self::List(_) | Self::Map(_) | Self::Null => None,
        }
    }

    /// The known text, if it is one.
    #[must_use]
    pub fn as_literal(&self) -> Option<&str> {
        self.as_text()?.as_literal()
    }

    /// A value of a mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Partial> {
        match self {
            Self::Map(map) => map.get(key),
            Self::Text(_) | Self::List(_) | Self::Null => None,
        }
    }

    /// The entries of a mapping, if it is one.
    #[must_use]
    pub fn as_map(&self) -> Option<&IndexMap<String, Partial>> {
        match self {
            Self::Map(map) => Some(map),
            Self::Text(_) | Self::List(_) | Self::Null => None,
        }
    }

    /// The items of a list; a value that is not a list is a list of itself, as policies and many
    /// properties take it.
    #[must_use]
    pub fn items(&self) -> &[Partial] {
        match self {
            Self::List(items) => items,
            Self::Null => &[],
            Self::Text(_) | Self::Map(_) => std::slice::from_ref(self),
        }
    }

    /// Whether nothing in it is unknown.
    #[must_use]
    pub fn is_known(&self) -> bool {
        match self {
            Self::Text(text) => text.as_literal().is_some(),
            Self::List(items) => items.iter().all(Self::is_known),
            Self::Map(map) => map.values().all(Self::is_known),
            Self::Null => true,
        }
    }

    /// Writes it so that different values are written differently: the identity of what a function
    /// was given.
    pub fn write_identity(&self, to: &mut String) {
        match self {
            Self::Text(text) => text.write_identity(to),
            Self::List(items) => {
                to.push('[');
                for item in items {
                    item.write_identity(to);
                    to.push(',');
                }
                to.push(']');
            }
            Self::Map(map) => {
                let mut keys: Vec<&String> = map.keys().collect();
                keys.sort();
                to.push('{');
                for key in keys {
                    to.push_str(&format!("{key:?}:"));
                    if let Some(value) = map.get(key) {
                        value.write_identity(to);
                    }
                    to.push(',');
                }
                to.push('}');
            }
            Self::Null => to.push_str("null"),
        }
    }
}

impl From<&Json> for Partial {
    /// A known value, without functions.
    fn from(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(truth) => Self::Text(Text::literal(truth.to_string())),
            Json::Number(number) => Self::Text(Text::literal(number.to_string())),
            Json::String(text) => Self::Text(Text::literal(text.as_str())),
            Json::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Json::Object(map) => Self::Map(
                map.iter()
                    .map(|(key, value)| (key.clone(), Self::from(value)))
                    .collect(),
            ),
        }
    }
}

impl fmt::Display for Partial {
    /// The value as JSON, with `${…}` for unknown parts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{:?}", text.to_string()),
            Self::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index > 0 { "," } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Map(map) => {
                f.write_str("{")?;
                for (index, (key, value)) in map.iter().enumerate() {
                    write!(f, "{}{key:?}:{value}", if index > 0 { "," } else { "" })?;
                }
                f.write_str("}")
            }
            Self::Null => f.write_str("null"),
        }
    }
}

/// A text in pieces; no two known pieces follow each other, and none is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Vec<Piece>);

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Piece {
    /// Known.
    Literal(String),
    /// Not known.
    Unknown(Unknown),
}

/// A value that only a deploy knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unknown {
    /// Where its value comes from.
    pub origin: UnknownOrigin,
    /// An identity among the unknown values of that origin.
    pub identity: Arc<str>,
}

/// Where an unknown value comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnknownOrigin {
    /// A parameter or pseudo parameter of the template, by its name.
    Parameter(String),
    /// A resource, by its logical ID, or an attribute of it.
    Resource(String, Option<String>),
    /// Anything else, in a few words.
    Other(String),
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            UnknownOrigin::Parameter(name) | UnknownOrigin::Resource(name, None) => {
                write!(f, "${{{name}}}")
            }
            UnknownOrigin::Resource(name, Some(attribute)) => write!(f, "${{{name}.{attribute}}}"),
            UnknownOrigin::Other(what) => write!(f, "${{? {what}}}"),
        }
    }
}

impl Text {
    /// A known text.
    #[must_use]
    pub fn literal(text: impl Into<String>) -> Self {
        let text = text.into();
        Self(if text.is_empty() {
            Vec::new()
        } else {
            vec![Piece::Literal(text)]
        })
    }

    /// An unknown text: a few words for it, and its identity.
    #[must_use]
    pub fn unknown(what: impl Into<String>, identity: impl Into<Arc<str>>) -> Self {
        Self::of(Unknown {
            origin: UnknownOrigin::Other(what.into()),
            identity: identity.into(),
        })
    }

    /// A text that is one unknown value.
    #[must_use]
    pub fn of(unknown: Unknown) -> Self {
        Self(vec![Piece::Unknown(unknown)])
    }

    /// The pieces.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// Whether it is known to be this text.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        self.as_literal() == Some(text)
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

    /// The unknown value, if the text is exactly one.
    #[must_use]
    pub fn as_unknown(&self) -> Option<&Unknown> {
        match self.0.as_slice() {
            [Piece::Unknown(unknown)] => Some(unknown),
            _ => None,
        }
    }

    /// The logical ID, if the text is the `Ref` of a resource.
    #[must_use]
    pub fn as_resource(&self) -> Option<&str> {
        match &self.as_unknown()?.origin {
            UnknownOrigin::Resource(id, None) => Some(id),
            UnknownOrigin::Resource(_, Some(_))
            | UnknownOrigin::Parameter(_)
            | UnknownOrigin::Other(_) => None,
        }
    }

    /// The name, if the text is the value of a parameter.
    #[must_use]
    pub fn as_parameter(&self) -> Option<&str> {
        match &self.as_unknown()?.origin {
            UnknownOrigin::Parameter(name) => Some(name),
            UnknownOrigin::Resource(..) | UnknownOrigin::Other(_) => None,
        }
    }

    /// The unknown values in it.
    pub fn unknowns(&self) -> impl Iterator<Item = &Unknown> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Unknown(unknown) => Some(unknown),
            Piece::Literal(_) => None,
        })
    }

    /// Adds a piece at the end.
    pub fn push(&mut self, piece: Piece) {
        match piece {
            Piece::Literal(text) => self.push_str(&text),
            Piece::Unknown(_) => self.0.push(piece),
        }
    }

    /// Adds a known text at the end.
    pub fn push_str(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if let Some(Piece::Literal(last)) = self.0.last_mut() {
            last.push_str(text);
        } else {
            self.0.push(Piece::Literal(text.to_owned()));
        }
    }

    /// Adds another text at the end.
    pub fn append(&mut self, other: Self) {
        for piece in other.0 {
            self.push(piece);
        }
    }

    /// The parts between the known `separator`s. An unknown value may contain more of them.
    #[must_use]
    pub fn split(&self, separator: char) -> Vec<Self> {
        let mut parts = vec![Self::default()];
        for piece in &self.0 {
            let Piece::Literal(text) = piece else {
                if let Some(last) = parts.last_mut() {
                    last.push(piece.clone());
                }
                continue;
            };
            for (index, part) in text.split(separator).enumerate() {
                if index > 0 {
                    parts.push(Self::default());
                }
                if let Some(last) = parts.last_mut() {
                    last.push_str(part);
                }
            }
        }
        parts
    }

    /// The number of known bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        let mut bytes = 0;
        for piece in &self.0 {
            bytes += match piece {
                Piece::Literal(text) => text.len(),
                Piece::Unknown(unknown) => unknown.identity.len(),
            };
        }
        bytes
    }

    /// Whether it is the empty text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn write_identity(&self, to: &mut String) {
        for piece in &self.0 {
            match piece {
                Piece::Literal(text) => to.push_str(&format!("{text:?}")),
                Piece::Unknown(unknown) => {
                    to.push_str(&format!("<{:?} {}>", unknown.origin, unknown.identity));
                }
            }
        }
        if self.0.is_empty() {
            to.push_str("\"\"");
        }
    }
}

impl ArnText<'_> for Text {
    type Part = Self;

    fn between_colons(&self) -> Vec<Self> {
        self.split(':')
    }
}

impl fmt::Display for Text {
    /// The text, with `${…}` for unknown parts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.0 {
            match piece {
                Piece::Literal(text) => f.write_str(text)?,
                Piece::Unknown(unknown) => write!(f, "{unknown}")?,
            }
        }
        Ok(())
    }
}
