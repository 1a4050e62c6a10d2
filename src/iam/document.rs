//! Policy documents of IAM and Organizations.
//!
//! A part that is not understood is kept with the reason. If it might matter, the answer to a
//! question is undecided, and never that it does not matter.

use super::gap::PolicyGap;
use super::provenance::{DocumentName, Provenance};
use crate::partial::{Partial, Text};
use std::fmt;
use std::sync::Arc;

/// A policy document.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// Its name in answers.
    pub name: DocumentName,
    /// Whether `${…}` in it is a policy variable: not in documents of older versions (IAM User
    /// Guide, `Version`).
    pub has_variables: bool,
    /// Its statements, which its copies share: thousands of principals may have it.
    pub statements: Arc<Vec<Statement>>,
    /// Why some of it is not understood, if so.
    pub problem: Option<Problem>,
}

/// Why something is not understood, and its written form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The reason.
    pub why: PolicyGap,
    /// Its identity among parts that are not understood for the same reason.
    pub written: String,
}

/// A statement.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Its `Sid`, or its number.
    pub sid: String,
    /// Whether it allows or denies.
    pub effect: Effect,
    /// `Principal` and `NotPrincipal`, in policies of resources.
    pub principal: Option<Principals>,
    /// `Action` or `NotAction`
    pub actions: PatternList,
    /// `Resource` or `NotResource`; every resource if it has neither.
    pub resources: PatternList,
    /// `Condition`: all of them must hold.
    pub conditions: Vec<Condition>,
    /// Why the effect of the statement is unknown, if it is.
    pub problem: Option<Problem>,
    /// Why it is not certain that the statement counts, if so: its policy may not be there, or not
    /// be attached.
    pub doubt: Option<PolicyGap>,
    /// The statement as it is written, without its `Sid`.
    pub written: Partial,
}

/// Whether a statement allows or denies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// `Allow`
    Allow,
    /// `Deny`
    Deny,
}

/// Who a statement of a resource's policy is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principals {
    /// Whether it is about everybody else: `NotPrincipal`.
    pub negated: bool,
    /// The element as it is written.
    pub element: Partial,
}

/// Patterns. One must match, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatternList {
    /// Whether none may match: `NotAction`, `NotResource`.
    pub negated: bool,
    /// The patterns.
    pub patterns: Vec<Text>,
}

impl PatternList {
    /// Whether it matches everything.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        !self.negated
            && self
                .patterns
                .iter()
                .any(|pattern| pattern.as_literal() == Some("*"))
    }
}

/// An element of a statement that lists patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// `Action`
    Action,
    /// `NotAction`
    NotAction,
    /// `Resource`
    Resource,
    /// `NotResource`
    NotResource,
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Action => "`Action`",
            Self::NotAction => "`NotAction`",
            Self::Resource => "`Resource`",
            Self::NotResource => "`NotResource`",
        })
    }
}

/// How the values of a key in a request are put to a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// The key has one value.
    One,
    /// `ForAllValues`: each must match; holds without values.
    All,
    /// `ForAnyValue`: one must match; does not hold without values.
    Any,
}

/// The operator of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Any other, or an unknown one, as written.
    Unsupported(String),
}

/// The name of an operator in policies.
#[derive(Clone, Debug)]
pub struct OperatorName {
    /// Without a prefix for several values, and without `IfExists`.
    pub name: &'static str,
    /// What it compares with.
    pub operator: Operator,
    /// Whether it is the negated form.
    pub negated: bool,
}

impl OperatorName {
    const fn new(name: &'static str, operator: Operator) -> Self {
        Self {
            name,
            operator,
            negated: false,
        }
    }

    const fn not(name: &'static str, operator: Operator) -> Self {
        Self {
            name,
            operator,
            negated: true,
        }
    }
}

/// Every supported operator by its name (IAM User Guide, "IAM JSON policy elements: Condition
/// operators").
pub static OPERATORS: [OperatorName; 12] = [
    OperatorName::new("StringEquals", Operator::Equals),
    OperatorName::not("StringNotEquals", Operator::Equals),
    OperatorName::new("StringEqualsIgnoreCase", Operator::EqualsIgnoreCase),
    OperatorName::not("StringNotEqualsIgnoreCase", Operator::EqualsIgnoreCase),
    OperatorName::new("StringLike", Operator::Like),
    OperatorName::not("StringNotLike", Operator::Like),
    OperatorName::new("ArnEquals", Operator::Arn),
    OperatorName::not("ArnNotEquals", Operator::Arn),
    OperatorName::new("ArnLike", Operator::Arn),
    OperatorName::not("ArnNotLike", Operator::Arn),
    OperatorName::new("Null", Operator::Null),
    OperatorName::new("Bool", Operator::Bool),
];

/// One operator on one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// How several values are dealt with.
    pub quantifier: Quantifier,
    /// Its operator.
    pub operator: Operator,
    /// Whether it is the negated form, as `StringNotLike` is.
    pub negated: bool,
    /// Whether it holds if the key is missing.
    pub if_exists: bool,
    /// The key, in lower case.
    pub key: String,
    /// The values.
    pub values: Vec<Text>,
}

impl Condition {
    /// What it compares and how, for messages: the operator by its whole name, and the key.
    #[must_use]
    pub fn shown(&self) -> String {
        let quantifier = match self.quantifier {
            Quantifier::One => "",
            Quantifier::All => "ForAllValues:",
            Quantifier::Any => "ForAnyValue:",
        };
        let not = if self.negated { "Not" } else { "" };
        let operator = match &self.operator {
            Operator::Equals => format!("String{not}Equals"),
            Operator::EqualsIgnoreCase => format!("String{not}EqualsIgnoreCase"),
            Operator::Like => format!("String{not}Like"),
            Operator::Arn => format!("Arn{not}Like"),
            Operator::Bool => "Bool".to_owned(),
            Operator::Null => "Null".to_owned(),
            // A condition that is not known has no key.
            Operator::Unsupported(what) if self.key.is_empty() => return what.clone(),
            // An operator that is not known keeps its prefix and its ending.
            Operator::Unsupported(written) => return format!("`{written}` of `{}`", self.key),
        };
        let if_exists = if self.if_exists { "IfExists" } else { "" };
        format!("`{quantifier}{operator}{if_exists}` of `{}`", self.key)
    }
}

impl Document {
    /// One of its statements, as the cause of an answer.
    #[must_use]
    pub fn provenance(&self, statement: &Statement) -> Provenance {
        Provenance {
            document: self.name.clone(),
            sid: Some(statement.sid.clone()),
        }
    }

    /// The document that a value is.
    #[must_use]
    pub fn read(name: impl Into<DocumentName>, value: &Partial) -> Self {
        let mut document = Self {
            name: name.into(),
            ..Self::default()
        };
        document.has_variables =
            value.get("Version").and_then(Partial::as_literal) == Some("2012-10-17");
        let Some(statements) = value.get("Statement") else {
            document.problem = Some(Problem::of(PolicyGap::NoStatements, value));
            return document;
        };
        let mut keys = value.as_map().into_iter().flat_map(|map| map.keys());
        if let Some(strange) = keys.find(|key| !DOCUMENT_ELEMENTS.contains(&key.as_str())) {
            let why = PolicyGap::StrangeElement(strange.clone());
            document.problem = Some(Problem::of(why, value.get(strange).unwrap_or(value)));
        }
        let mut read = Vec::new();
        for (index, statement) in statements.items().iter().enumerate() {
            if matches!(statement, Partial::Map(_)) {
                read.push(Statement::read(index, statement));
            } else {
                document.problem = Some(Problem::of(
                    PolicyGap::UnknownStatement(index + 1),
                    statements,
                ));
            }
        }
        document.statements = Arc::new(read);
        document
    }

    /// Whether it means the same as another one, whatever their names and Sids.
    #[must_use]
    pub fn means_the_same(&self, other: &Self) -> bool {
        let mut both = self.statements.iter().zip(other.statements.iter());
        self.has_variables == other.has_variables
            && self.problem == other.problem
            && (Arc::ptr_eq(&self.statements, &other.statements)
                || self.statements.len() == other.statements.len()
                    && both.all(|(own, other)| {
                        own.written == other.written && own.doubt == other.doubt
                    }))
    }
}

impl Problem {
    /// A problem with a value.
    #[must_use]
    pub fn of(why: PolicyGap, written: &Partial) -> Self {
        let mut identity = String::new();
        written.write_identity(&mut identity);
        Self {
            why,
            written: identity,
        }
    }
}

/// The elements of a policy document. IAM refuses others (IAM User Guide, "Grammar of the IAM JSON
/// policy language").
const DOCUMENT_ELEMENTS: [&str; 3] = ["Version", "Id", "Statement"];

/// The elements of a statement.
const ELEMENTS: [&str; 9] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

impl Statement {
    /// The element that names its resources.
    #[must_use]
    pub fn resource_element(&self) -> Element {
        if self.resources.negated {
            Element::NotResource
        } else {
            Element::Resource
        }
    }

    fn read(index: usize, value: &Partial) -> Self {
        let effect = value.get("Effect").and_then(Partial::as_text);
        let effect = effect.and_then(Text::as_literal);
        let sid = match value.get("Sid").and_then(Partial::as_text) {
            Some(sid) => sid.to_string(),
            None => format!("statement {}", index + 1),
        };
        let mut written = value.clone();
        if let Partial::Map(map) = &mut written {
            map.shift_remove("Sid");
        }
        let actions = patterns(value, "Action", "NotAction").unwrap_or_default();
        let problem = if let Some(strange) = strange_element(value) {
            Some(PolicyGap::StrangeElement(strange))
        } else if !matches!(effect, Some("Allow" | "Deny")) {
            Some(PolicyGap::UnknownEffect)
        } else if actions.patterns.is_empty() {
            Some(PolicyGap::NoAction)
        } else {
            None
        };
        Self {
            sid,
            effect: if effect == Some("Deny") {
                Effect::Deny
            } else {
                Effect::Allow
            },
            principal: principals(value),
            actions,
            resources: patterns(value, "Resource", "NotResource").unwrap_or_else(everything),
            conditions: value.get("Condition").map(conditions).unwrap_or_default(),
            problem: problem.map(|why| Problem::of(why, &written)),
            doubt: None,
            written,
        }
    }
}

impl Statement {
    /// Its identity as it is written. The order of values, the case of actions, and whether one
    /// value is in a list make no difference.
    #[must_use]
    pub fn identity(&self) -> String {
        let mut identity = String::new();
        match &self.written {
            Partial::Map(elements) => {
                let mut elements: Vec<(&String, &Partial)> = elements.iter().collect();
                elements.sort_by_key(|(element, _)| *element);
                for (element, value) in elements {
                    let ignores_case = element == "Action" || element == "NotAction";
                    let written = values_in_order(value, ignores_case);
                    identity.push_str(&format!("{element:?}: {written}, "));
                }
            }
            other @ (Partial::Text(_) | Partial::List(_) | Partial::Null) => {
                other.write_identity(&mut identity);
            }
        }
        identity
    }
}

/// The identity of a value in which lists have an order of their own. Only known texts can ignore
/// case: the names of two parameters may differ in nothing else.
fn values_in_order(value: &Partial, ignores_case: bool) -> String {
    match value {
        Partial::Map(map) => {
            let mut entries: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("{key:?}: {}", values_in_order(value, ignores_case)))
                .collect();
            entries.sort();
            format!("{{{}}}", entries.join(", "))
        }
        Partial::Null => "null".to_owned(),
        Partial::List(_) | Partial::Text(_) => {
            let mut items: Vec<String> = Vec::new();
            for item in value.items() {
                let mut written = String::new();
                item.write_identity(&mut written);
                let is_known = item.as_text().and_then(Text::as_literal).is_some();
                if ignores_case && is_known {
                    written.make_ascii_lowercase();
                }
                items.push(written);
            }
            items.sort();
            format!("[{}]", items.join(", "))
        }
    }
}

/// An element that no statement has. One element and its negated form exclude each other.
fn strange_element(value: &Partial) -> Option<String> {
    let map = value.as_map()?;
    if let Some(strange) = map.keys().find(|key| !ELEMENTS.contains(&key.as_str())) {
        return Some(strange.clone());
    }
    let pairs = [
        ("Action", "NotAction"),
        ("Resource", "NotResource"),
        ("Principal", "NotPrincipal"),
    ];
    let both = pairs
        .iter()
        .find(|(plain, negated)| map.contains_key(*plain) && map.contains_key(*negated));
    both.map(|(_, negated)| (*negated).to_owned())
}

fn principals(value: &Partial) -> Option<Principals> {
    let plain = value.get("Principal").map(|element| (false, element));
    let (negated, element) = plain.or_else(|| Some((true, value.get("NotPrincipal")?)))?;
    Some(Principals {
        negated,
        element: element.clone(),
    })
}

/// Every resource.
fn everything() -> PatternList {
    PatternList {
        negated: false,
        patterns: vec![Text::literal("*")],
    }
}

fn patterns(value: &Partial, plain: &str, negated: &str) -> Option<PatternList> {
    let (list, negated) = match (value.get(plain), value.get(negated)) {
        (Some(list), _) => (list, false),
        (None, Some(list)) => (list, true),
        (None, None) => return None,
    };
    Some(PatternList {
        negated,
        patterns: texts(list),
    })
}

/// The texts of a list; an item that is not a text is unknown.
fn texts(list: &Partial) -> Vec<Text> {
    let mut found = Vec::new();
    for item in list.items() {
        found.push(match item {
            Partial::Text(text) => text.clone(),
            other @ (Partial::List(_) | Partial::Map(_) | Partial::Null) => {
                Text::unknown("a value that is not text", other.to_string())
            }
        });
    }
    found
}

fn conditions(element: &Partial) -> Vec<Condition> {
    let Some(operators) = element.as_map() else {
        return vec![unknown_condition(
            "a condition that is not known before a deploy",
            element,
        )];
    };
    let mut conditions = Vec::new();
    for (operator, keys) in operators {
        let Some(keys) = keys.as_map() else {
            conditions.push(unknown_condition(
                &format!("{operator} with unknown keys"),
                keys,
            ));
            continue;
        };
        for (key, values) in keys {
            let mut condition = operator_of(operator);
            condition.key = key.to_ascii_lowercase();
            condition.values = texts(values);
            conditions.push(condition);
        }
    }
    conditions
}

/// An unknown condition; it keeps its written form.
fn unknown_condition(what: &str, written: &Partial) -> Condition {
    let mut identity = String::new();
    written.write_identity(&mut identity);
    Condition {
        quantifier: Quantifier::One,
        operator: Operator::Unsupported(what.to_owned()),
        negated: false,
        if_exists: false,
        key: String::new(),
        values: vec![Text::unknown("a condition", identity)],
    }
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
    let (rest, if_exists) = rest
        .strip_suffix("ifexists")
        .map_or((rest, false), |rest| (rest, true));
    let known = OPERATORS
        .iter()
        .find(|known| known.name.eq_ignore_ascii_case(rest));
    let (operator, negated) = match known {
        Some(known) => (known.operator.clone(), known.negated),
        None => (Operator::Unsupported(written.to_owned()), false),
    };
    Condition {
        quantifier,
        operator,
        negated,
        if_exists,
        key: String::new(),
        values: Vec::new(),
    }
}

/// A piece of a value of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyPiece<'t> {
    /// It stands for itself.
    Literal(&'t str),
    /// A policy variable, by the text between `${` and `}`.
    Variable(&'t str),
}

/// A value of a document in pieces, split at its policy variables.
#[must_use]
pub fn variables(text: &str, has_variables: bool) -> Vec<PolicyPiece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while has_variables
        && let Some((before, after)) = rest.split_once("${")
        && let Some((name, after)) = after.split_once('}')
    {
        pieces.push(PolicyPiece::Literal(before));
        pieces.push(PolicyPiece::Variable(name));
        rest = after;
    }
    pieces.push(PolicyPiece::Literal(rest));
    pieces
}
