//! Parameters of a template: the values that a deploy may give them.

use super::json::scalar;
use regex_lite::Regex;
use serde_json::Value as Json;
use std::sync::Arc;

/// A parameter that a template declares.
#[derive(Clone, Debug)]
pub struct DeclaredParameter {
    /// How its value is read.
    pub kind: DeclaredKind,
    /// Whether it is a number, which may be written in several ways.
    pub is_number: bool,
    /// Whether it is the ID of something of another service, such as a network.
    pub is_id: bool,
    /// `Default`
    pub default: Option<String>,
    /// `AllowedValues`
    pub(super) allowed: Option<Vec<String>>,
    /// `AllowedPattern`, which must match the whole value (CloudFormation User Guide, parameters).
    pattern: Option<Regex>,
    /// `MinLength` and `MaxLength`
    length: (usize, usize),
    /// Its identity among parameters that may have other values.
    pub identity: Arc<str>,
}

/// How the value of a parameter is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeclaredKind {
    /// It is the text that is given.
    Text,
    /// It is a list: the given text, split at its commas.
    List,
    /// It is looked up in the Systems Manager under the name that is given.
    LookedUp,
}

impl DeclaredParameter {
    /// The declaration of a name in a template.
    #[must_use]
    pub fn new(declared: &Json) -> Self {
        let text = |key: &str| declared.get(key).and_then(scalar);
        let written = text("Type").unwrap_or_else(|| "String".to_owned());
        let kind = if written.starts_with("AWS::SSM::Parameter::Value") {
            DeclaredKind::LookedUp
        } else if written == "CommaDelimitedList" || written.starts_with("List<") {
            DeclaredKind::List
        } else {
            DeclaredKind::Text
        };
        let allowed = declared.get("AllowedValues").and_then(Json::as_array);
        let allowed = allowed.map(|all| all.iter().filter_map(scalar).collect());
        let pattern = text("AllowedPattern").filter(|pattern| means_one_thing(pattern));
        let pattern = pattern.and_then(|pattern| Regex::new(&format!("^(?:{pattern})$")).ok());
        let number = |key: &str| text(key).and_then(|number| number.parse().ok());
        let length = (
            number("MinLength").unwrap_or(0),
            number("MaxLength").unwrap_or(usize::MAX),
        );
        Self {
            kind,
            is_number: written == "Number" || written == "List<Number>",
            is_id: ["AWS::EC2::", "AWS::Route53::"]
                .iter()
                .any(|service| written.contains(service)),
            default: text("Default"),
            allowed,
            pattern,
            length,
            identity: identity(declared, kind),
        }
    }

    /// Every value that a deploy may give, if the template lists them.
    #[must_use]
    pub fn allowed_values(&self) -> Option<&[String]> {
        self.allowed
            .as_deref()
            .filter(|_| self.kind == DeclaredKind::Text)
    }

    /// Whether a deploy may give this value. A pattern that is not understood allows everything.
    #[must_use]
    pub fn allows(&self, value: &str) -> bool {
        let length = value.chars().count();
        let is_listed = self
            .allowed
            .as_ref()
            .is_none_or(|all| all.iter().any(|allowed| allowed == value));
        let fits = self
            .pattern
            .as_ref()
            .is_none_or(|pattern| pattern.is_match(value));
        is_listed && fits && (self.length.0..=self.length.1).contains(&length)
    }

    /// Whether it can only be the ID of an account, as a handful of samples show. Lambda does not
    /// accept anything else that such a pattern may allow as a principal.
    #[must_use]
    pub fn is_account(&self) -> bool {
        const ACCOUNTS: [&str; 3] = ["012345678901", "123456789012", "998877665544"];
        const OTHERS: [&str; 7] = [
            "",
            "*",
            "1",
            "12345678901",
            "1234567890123",
            "a12345678901",
            "arn:aws:iam::123456789012:root",
        ];
        self.kind == DeclaredKind::Text
            && self.pattern.is_some()
            && ACCOUNTS.iter().all(|account| self.allows(account))
            && !OTHERS.iter().any(|other| self.allows(other))
    }
}

/// Whether a pattern is short, and means the same here as in Java, whose syntax CloudFormation uses
/// (CloudFormation User Guide, `AllowedPattern`): there, a class may contain a class or an
/// intersection, as `[0-9[*]]` does. Groups with flags are left out, too.
fn means_one_thing(pattern: &str) -> bool {
    /// No real pattern is nearly as long. Matching takes time and memory by the square.
    const LONGEST: usize = 1000;
    let mut is_class = false;
    let mut is_escaped = false;
    for (index, character) in pattern.char_indices() {
        let rest = &pattern[index..];
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '[' if is_class => return false,
            '[' => is_class = true,
            ']' => is_class = false,
            '&' if is_class && rest.starts_with("&&") => return false,
            '(' if !is_class && rest.starts_with("(?") && !rest.starts_with("(?:") => return false,
            _ => {}
        }
    }
    pattern.len() <= LONGEST
}

/// The declaration, without the keys that say nothing about the values that the parameter may hold.
/// The default is only one value among others, except for a parameter that is looked up: there it
/// names what is looked up.
fn identity(declared: &Json, kind: DeclaredKind) -> Arc<str> {
    let mut declared = declared.clone();
    if let Json::Object(keys) = &mut declared {
        for key in ["Description", "ConstraintDescription", "NoEcho"] {
            keys.shift_remove(key);
        }
        if kind != DeclaredKind::LookedUp {
            keys.shift_remove("Default");
        }
        keys.sort_keys();
    }
    declared.to_string().into()
}
