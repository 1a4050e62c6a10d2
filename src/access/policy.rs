//! Policy documents of IAM and Organizations, as far as they are understood.
//!
//! What a document says that is not understood is kept with the reason. Whoever asks then gets no answer where it might
//! matter, and never the answer that it does not.

use super::value::{Template, Text, function};
use serde_json::Value as Json;

/// A policy document.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// What it is called: the logical ID of the resource that has it.
    pub name: String,
    /// Whether `${…}` in it stands for something of the request: not in documents of older versions (IAM User Guide,
    /// `Version`).
    pub has_variables: bool,
    /// Its statements.
    pub statements: Vec<Statement>,
    /// Why some of it is not understood, if so.
    pub problem: Option<String>,
}

/// A statement.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Its `Sid`, or its number.
    pub sid: String,
    /// Whether it denies.
    pub denies: bool,
    /// `Principal` and `NotPrincipal`, as they stand; in resource policies.
    pub principal: Option<Json>,
    /// `Action` or `NotAction`.
    pub actions: Names,
    /// `Resource` or `NotResource`; every resource where neither is said.
    pub resources: Names,
    /// `Condition`: all of them must hold.
    pub conditions: Vec<Condition>,
    /// Why some of it is not understood, if so.
    pub problem: Option<String>,
}

/// Patterns of which one must fit, or none.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Whether none must fit: `NotAction`, `NotResource`.
    pub negated: bool,
    /// The patterns.
    pub patterns: Vec<Text>,
}

/// How the values of a key in a request are put to a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// The key has one value.
    One,
    /// `ForAllValues`: each must fit; holds without values.
    All,
    /// `ForAnyValue`: one must fit; does not hold without values.
    Any,
}

/// What a condition compares by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `StringEquals`
    Equals,
    /// `StringEqualsIgnoreCase`
    EqualsIgnoreCase,
    /// `StringLike`
    Like,
    /// `ArnLike` and `ArnEquals`, which are the same
    Arn,
    /// `Null`
    Null,
    /// `Bool`
    Bool,
    /// Any other.
    Other,
}

/// One operator on one key.
#[derive(Clone, Debug)]
pub struct Condition {
    /// How several values are dealt with.
    pub quantifier: Quantifier,
    /// What it compares by.
    pub operator: Operator,
    /// Whether it is the operator's contrary, as `StringNotLike` is.
    pub negated: bool,
    /// Whether it holds where the key is missing.
    pub if_exists: bool,
    /// The key, in lower case.
    pub key: String,
    /// The values.
    pub values: Vec<Text>,
}

impl Document {
    /// The document that a value of a template is.
    #[must_use]
    pub fn read(name: &str, json: &Json, template: &Template) -> Self {
        let mut document = Self { name: name.to_owned(), ..Self::default() };
        let parsed;
        let json = match json {
            Json::String(text) => {
                parsed = serde_json::from_str(text).unwrap_or_default();
                &parsed
            }
            json => json,
        };
        let version = json.get("Version").map(|version| template.text(version));
        document.has_variables = version.as_ref().and_then(Text::as_literal) == Some("2012-10-17");
        let Some(statements) = json.get("Statement") else {
            document.problem = Some("it has no statements that can be read".to_owned());
            return document;
        };
        for (index, statement) in template.items(statements).into_iter().enumerate() {
            if function(statement).is_some() || !statement.is_object() {
                document.problem = Some(format!("statement {} is not known before a deploy", index + 1));
                continue;
            }
            document.statements.push(Statement::read(index, statement, template));
        }
        document
    }
}

impl Statement {
    fn read(index: usize, json: &Json, template: &Template) -> Self {
        let text = |name| json.get(name).map(|value| template.text(value));
        let effect = text("Effect");
        let sid = text("Sid").map_or_else(|| format!("statement {}", index + 1), |sid| sid.to_string());
        let mut statement = Self {
            sid,
            denies: effect.as_ref().and_then(Text::as_literal) == Some("Deny"),
            principal: json.get("Principal").or(json.get("NotPrincipal")).cloned(),
            actions: names(json, "Action", "NotAction", template).unwrap_or_default(),
            resources: names(json, "Resource", "NotResource", template).unwrap_or(everything()),
            conditions: Vec::new(),
            problem: None,
        };
        let known = ["Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition"];
        let strange = json.as_object().and_then(|all| all.keys().find(|key| !known.contains(&key.as_str())));
        if let Some(strange) = strange {
            statement.problem = Some(format!("`{strange}` is not looked into"));
        } else if !matches!(effect.as_ref().and_then(Text::as_literal), Some("Allow" | "Deny")) {
            statement.problem = Some("whether it allows or denies is not known".to_owned());
        } else if statement.actions.patterns.is_empty() {
            statement.problem = Some("it names no action".to_owned());
        }
        if let Some(conditions) = json.get("Condition") {
            match conditions_of(conditions, template) {
                Ok(conditions) => statement.conditions = conditions,
                Err(problem) => statement.problem = Some(problem),
            }
        }
        statement
    }
}

/// Every resource.
fn everything() -> Names {
    Names { negated: false, patterns: vec![Text::literal("*")] }
}

fn names(json: &Json, plain: &str, negated: &str, template: &Template) -> Option<Names> {
    let (value, negated) = match (json.get(plain), json.get(negated)) {
        (Some(value), _) => (value, false),
        (None, Some(value)) => (value, true),
        (None, None) => return None,
    };
    let patterns = template.items(value).into_iter().map(|item| template.text(item)).collect();
    Some(Names { negated, patterns })
}

fn conditions_of(json: &Json, template: &Template) -> Result<Vec<Condition>, String> {
    let operators = json.as_object().filter(|_| function(json).is_none());
    let operators = operators.ok_or("its condition is not known before a deploy")?;
    let mut conditions = Vec::new();
    for (operator, keys) in operators {
        let keys = keys.as_object().filter(|_| function(keys).is_none());
        let keys = keys.ok_or_else(|| format!("what `{operator}` compares is not known before a deploy"))?;
        for (key, values) in keys {
            let mut condition = operator_of(operator);
            condition.key = key.to_ascii_lowercase();
            condition.values = template.items(values).into_iter().map(|value| template.text(value)).collect();
            conditions.push(condition);
        }
    }
    Ok(conditions)
}

/// An operator by its name, whose case does not matter.
fn operator_of(written: &str) -> Condition {
    let lower = written.to_ascii_lowercase();
    let (quantifier, rest) = if let Some(rest) = lower.strip_prefix("forallvalues:") {
        (Quantifier::All, rest)
    } else if let Some(rest) = lower.strip_prefix("foranyvalue:") {
        (Quantifier::Any, rest)
    } else {
        (Quantifier::One, lower.as_str())
    };
    let (rest, if_exists) = rest.strip_suffix("ifexists").map_or((rest, false), |rest| (rest, true));
    let (operator, negated) = match rest {
        "stringequals" => (Operator::Equals, false),
        "stringnotequals" => (Operator::Equals, true),
        "stringequalsignorecase" => (Operator::EqualsIgnoreCase, false),
        "stringnotequalsignorecase" => (Operator::EqualsIgnoreCase, true),
        "stringlike" => (Operator::Like, false),
        "stringnotlike" => (Operator::Like, true),
        "arnlike" | "arnequals" => (Operator::Arn, false),
        "arnnotlike" | "arnnotequals" => (Operator::Arn, true),
        "null" => (Operator::Null, false),
        "bool" => (Operator::Bool, false),
        _ => (Operator::Other, false),
    };
    Condition { quantifier, operator, negated, if_exists, key: String::new(), values: Vec::new() }
}

/// A value of a document as the pieces that policy variables cut it into: what stands for itself, and, as errors, the
/// names of variables.
#[must_use]
pub fn variables(text: &str, has_variables: bool) -> Vec<Result<&str, &str>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${").filter(|_| has_variables) {
        let Some((name, behind)) = behind.split_once('}') else {
            break;
        };
        pieces.push(Ok(before));
        pieces.push(Err(name));
        rest = behind;
    }
    pieces.push(Ok(rest));
    pieces
}
