//! The decision of policies about one request, as IAM documents it, in three values: allowed,
//! denied, or undecided with the reason. A part that is not understood is never treated as
//! harmless.

use super::document::{
    Condition, Element, Operator, PatternList, PolicyPiece, Quantifier, Statement, variables,
};
use super::doubt::{ConditionDoubt, Doubt, UnknownValue};
use crate::aws::arn;
use crate::partial::Text;
use crate::pattern::{Pattern, matches_in_any_case};
use std::collections::HashMap;

/// The values of a key in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextValues {
    /// These; none of them means the same as a missing key.
    Known(Vec<String>),
    /// One, which no policy names unless by this value: that of anybody. A policy that names
    /// another value may be about the principal of a request or not.
    Anybody(String),
    /// They are not known.
    Unknown,
}

/// A request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The ARN of who asks.
    pub principal: String,
    /// The action, such as `lambda:CreateFunction`.
    pub action: String,
    /// The ARN of the resource.
    pub resource: String,
    /// The condition keys, in lower case. Keys that follow from the ARN of the principal are added.
    pub context: HashMap<String, ContextValues>,
    /// Whether keys that are not in the context are unknown, since every request is meant, and not
    /// missing.
    pub is_open: bool,
}

impl Request {
    /// The values of a key; `None` if it is missing.
    fn values(&self, key: &str) -> Option<&ContextValues> {
        self.context
            .get(key)
            .or(self.is_open.then_some(&ContextValues::Unknown))
    }
}

/// Yes, no, or neither with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Certainly.
    Yes,
    /// Certainly not.
    No,
    /// Unknown; why.
    Unknown(Doubt),
}

impl Answer {
    /// Yes or no.
    #[must_use]
    pub fn from(truth: bool) -> Self {
        if truth { Self::Yes } else { Self::No }
    }

    /// Yes if both are, no if either is.
    #[must_use]
    pub fn and(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::No => Self::No,
            Self::Yes => other(),
            Self::Unknown(why) => match other() {
                Self::No => Self::No,
                Self::Yes | Self::Unknown(_) => Self::Unknown(why),
            },
        }
    }

    /// Yes if either is, no if both are.
    #[must_use]
    pub fn or(self, other: impl FnOnce() -> Self) -> Self {
        self.not().and(|| other().not()).not()
    }

    pub(super) fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            unknown @ Self::Unknown(_) => unknown,
        }
    }

    pub(super) fn any(mut answers: impl Iterator<Item = Self>) -> Self {
        answers
            .by_ref()
            .try_fold(Self::No, |found, next| match found.or(|| next) {
                Self::Yes => Err(Self::Yes),
                found @ (Self::No | Self::Unknown(_)) => Ok(found),
            })
            .unwrap_or_else(|yes| yes)
    }

    pub(super) fn all(answers: impl Iterator<Item = Self>) -> Self {
        Self::any(answers.map(Self::not)).not()
    }
}

/// Whether a statement counts that is about a request.
#[must_use]
pub fn counts(statement: &Statement) -> Answer {
    match &statement.doubt {
        None => Answer::Yes,
        Some(why) => Answer::Unknown(Doubt::Gap(why.clone())),
    }
}

/// Whether all conditions of a statement hold that are asked for.
#[must_use]
pub fn all_hold(
    statement: &Statement,
    request: &Request,
    has_variables: bool,
    is_asked: impl Fn(&Condition) -> bool,
) -> Answer {
    let asked = statement
        .conditions
        .iter()
        .filter(|condition| is_asked(condition));
    Answer::all(asked.map(|condition| holds(condition, request, has_variables)))
}

/// Whether an action is named; case does not matter (IAM User Guide, `Action`).
#[must_use]
pub fn names_action(names: &PatternList, action: &str) -> Answer {
    let named = Answer::any(
        names
            .patterns
            .iter()
            .map(|pattern| match pattern.as_literal() {
                Some(pattern) => Answer::from(matches_in_any_case(pattern, action)),
                None => {
                    let element = if names.negated {
                        Element::NotAction
                    } else {
                        Element::Action
                    };
                    let value = UnknownValue::BeforeDeploy(pattern.clone());
                    Answer::Unknown(Doubt::Element(element, value))
                }
            }),
    );
    if names.negated { named.not() } else { named }
}

/// A `Resource` as a pattern for this request, like [`value`].
///
/// # Errors
///
/// Why it is unknown.
pub fn resource_pattern(
    text: &Text,
    request: &Request,
    has_variables: bool,
) -> Result<Option<Pattern>, UnknownValue> {
    match text.as_literal() {
        Some(arn) if arn.starts_with("arn:") => {
            value(&Text::literal(arn::completed(arn)), request, has_variables)
        }
        Some(_) | None => value(text, request, has_variables),
    }
}

/// A value of a policy as a pattern for this request; `None` if a variable in it has no value, so
/// nothing matches (IAM User Guide, policy variables).
///
/// # Errors
///
/// Why it is not known.
pub fn value(
    text: &Text,
    request: &Request,
    has_variables: bool,
) -> Result<Option<Pattern>, UnknownValue> {
    let pieces = pieces(text, request, has_variables)?;
    Ok(pieces.map(joined))
}

/// The pattern of pieces. Wildcards in the value of a variable are literal.
fn joined(pieces: Vec<(String, bool)>) -> Pattern {
    pieces
        .into_iter()
        .fold(Pattern::new(""), |pattern, (piece, is_variable)| {
            pattern.then(if is_variable {
                Pattern::exactly(&piece)
            } else {
                Pattern::new(&piece)
            })
        })
}

/// The pieces of a value, each with whether it is a variable.
fn pieces(
    text: &Text,
    request: &Request,
    has_variables: bool,
) -> Result<Option<Vec<(String, bool)>>, UnknownValue> {
    let literal = text
        .as_literal()
        .ok_or_else(|| UnknownValue::BeforeDeploy(text.clone()))?;
    let mut pieces = Vec::new();
    for piece in variables(literal, has_variables) {
        pieces.push(match piece {
            PolicyPiece::Literal(literal) => (literal.to_owned(), false),
            PolicyPiece::Variable(name) => match variable(name, request)? {
                Some(value) => (value, true),
                None => return Ok(None),
            },
        });
    }
    Ok(Some(pieces))
}

/// The value of a policy variable.
fn variable(name: &str, request: &Request) -> Result<Option<String>, UnknownValue> {
    if matches!(name, "*" | "?" | "$") {
        return Ok(Some(name.to_owned()));
    }
    let (key, default) = match name.split_once(',') {
        Some((key, default)) => (
            key.trim(),
            Some(default.trim().trim_matches('\'').to_owned()),
        ),
        None => (name, None),
    };
    match request.values(&key.to_ascii_lowercase()) {
        Some(ContextValues::Unknown) => Err(UnknownValue::Key(key.to_owned())),
        Some(ContextValues::Anybody(value)) => Ok(Some(value.clone())),
        Some(ContextValues::Known(values)) if values.len() == 1 => Ok(values.first().cloned()),
        // A key with several values cannot be a variable.
        Some(ContextValues::Known(values)) if values.len() > 1 => {
            Err(UnknownValue::SeveralValues(key.to_owned()))
        }
        // A missing key, which a key without values is too, has the default.
        Some(ContextValues::Known(_)) | None => Ok(default),
    }
}

fn unknown(condition: &Condition, why: ConditionDoubt) -> Answer {
    Answer::Unknown(Doubt::condition(condition, why))
}

/// Whether a condition holds.
#[must_use]
pub fn holds(condition: &Condition, request: &Request, has_variables: bool) -> Answer {
    let found = match request.values(&condition.key) {
        Some(ContextValues::Unknown) => {
            return unknown(condition, ConditionDoubt::Request);
        }
        Some(ContextValues::Known(values)) => values.as_slice(),
        Some(ContextValues::Anybody(value)) => {
            return holds_of_anybody(condition, value, request, has_variables);
        }
        None => &[],
    };
    if condition.values.is_empty() {
        return unknown(condition, ConditionDoubt::NoValue);
    }
    let present = !found.is_empty();
    match (&condition.operator, condition.quantifier) {
        (Operator::Unsupported(_), _) => unknown(condition, ConditionDoubt::Unsupported),
        (Operator::Null, _) => is_missing(condition, !present),
        // `ForAnyValue` does not hold without values and `IfExists` does; which of them wins is not
        // documented.
        (_, Quantifier::Any) if !present && condition.if_exists => {
            unknown(condition, ConditionDoubt::AnyIfExists)
        }
        (_, _) if !present && condition.if_exists => Answer::Yes,
        (_, Quantifier::All) => Answer::all(
            found
                .iter()
                .map(|one| fits(condition, one, request, has_variables)),
        ),
        (_, Quantifier::Any) => Answer::any(
            found
                .iter()
                .map(|one| fits(condition, one, request, has_variables)),
        ),
        (_, Quantifier::One) => match found {
            [] => Answer::from(condition.negated),
            [one] if !is_list(&condition.key) => fits(condition, one, request, has_variables),
            _ => unknown(condition, ConditionDoubt::SeveralValues),
        },
    }
}

/// Whether a condition on the existence of a key holds, which is missing or not.
fn is_missing(condition: &Condition, missing: bool) -> Answer {
    Answer::any(
        condition
            .values
            .iter()
            .map(|value| match value.as_literal() {
                Some("true") => Answer::from(missing),
                Some("false") => Answer::from(!missing),
                _ => unknown(condition, ConditionDoubt::NotTruth),
            }),
    )
}

/// Whether a condition holds of anybody: of a principal that the policy does not name, unless by
/// this value. A condition that names others may hold of some principal; one that leaves others out
/// holds of everybody else.
fn holds_of_anybody(
    condition: &Condition,
    value: &str,
    request: &Request,
    has_variables: bool,
) -> Answer {
    let mut known = request.clone();
    known.context.insert(
        condition.key.clone(),
        ContextValues::Known(vec![value.to_owned()]),
    );
    match holds(condition, &known, has_variables) {
        Answer::No if !condition.negated => unknown(condition, ConditionDoubt::SomeValues),
        answer @ (Answer::Yes | Answer::No | Answer::Unknown(_)) => answer,
    }
}

/// Whether a key has a list of values, for which a condition without a set operator is not defined
/// (IAM User Guide, multivalued context keys; Service Authorization Reference).
fn is_list(key: &str) -> bool {
    matches!(
        key,
        "lambda:layer"
            | "lambda:subnetids"
            | "lambda:securitygroupids"
            | "aws:tagkeys"
            | "aws:principalorgpaths"
            | "aws:resourceorgpaths"
            | "aws:principalservicenameslist"
            | "aws:calledvia"
    )
}

/// Whether one value of a request meets a condition: it matches one of its values for a plain
/// operator, and none for a negated one.
fn fits(condition: &Condition, found: &str, request: &Request, has_variables: bool) -> Answer {
    let mut answers = Vec::with_capacity(condition.values.len());
    for written in &condition.values {
        answers.push(fits_value(
            condition,
            written,
            found,
            request,
            has_variables,
        ));
    }
    let fits = Answer::any(answers.into_iter());
    if condition.negated { fits.not() } else { fits }
}

/// Whether one value of a request matches one value of a condition, before a negation.
fn fits_value(
    condition: &Condition,
    written: &Text,
    found: &str,
    request: &Request,
    has_variables: bool,
) -> Answer {
    let pieces = match pieces(written, request, has_variables) {
        Ok(Some(pieces)) => pieces,
        Ok(None) if condition.negated => {
            let value = UnknownValue::WithoutValue(written.clone());
            return unknown(condition, ConditionDoubt::Value(value));
        }
        Ok(None) => return Answer::No,
        Err(value) => return unknown(condition, ConditionDoubt::Value(value)),
    };
    let written: String = pieces.iter().map(|(piece, _)| piece.as_str()).collect();
    match &condition.operator {
        Operator::Equals => Answer::from(written == found),
        Operator::EqualsIgnoreCase => Answer::from(written.to_lowercase() == found.to_lowercase()),
        Operator::Bool => Answer::from(written.eq_ignore_ascii_case(found)),
        Operator::Arn if pieces.iter().any(is_wildcard_of_variable) => {
            unknown(condition, ConditionDoubt::WildcardOfVariable)
        }
        Operator::Arn => Answer::from(arn_fits(&written, found)),
        Operator::Like => Answer::from(joined(pieces).matches(found)),
        Operator::Null | Operator::Unsupported(_) => {
            unknown(condition, ConditionDoubt::Unsupported)
        }
    }
}

/// Whether a variable has put a wildcard into a text.
fn is_wildcard_of_variable((piece, is_variable): &(String, bool)) -> bool {
    *is_variable && piece.contains(['*', '?'])
}

/// Whether an ARN matches a pattern, separately for each of the six parts between colons (IAM User
/// Guide, ARN condition operators).
fn arn_fits(pattern: &str, found: &str) -> bool {
    let (Some(patterns), Some(parts)) = (arn::parts(pattern), arn::parts(found)) else {
        return false;
    };
    let mut pairs = patterns.into_iter().zip(parts);
    pairs.all(|(pattern, part)| Pattern::new(pattern).matches(part))
}
