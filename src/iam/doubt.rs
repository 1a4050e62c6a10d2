//! Why it is unknown whether policies allow something.

use super::document::{Condition, Element};
use super::gap::PolicyGap;
use super::provenance::Provenance;
use crate::partial::Text;
use std::fmt;

/// What a boundary leaves open (IAM User Guide, permissions boundaries).
#[cfg(any(test, feature = "internals"))]
const UNBOUNDED: &str = "whether a boundary limits what a resource's policy grants depends on how \
it names the principal";

/// Why an answer about policies is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// A policy or a statement is not understood, or may not apply.
    Gap(PolicyGap),
    /// A value of an element is unknown.
    Element(Element, UnknownValue),
    /// An element names only some of the functions that a request may be about.
    SomeFunctions(Element),
    /// Which functions an element names takes too many steps to decide.
    Functions(Element),
    /// Whether a condition holds is unknown.
    Condition(Box<Condition>, ConditionDoubt),
    /// The levels of the policies may be about different functions.
    OtherFunctions,
    /// The conditions have too many combinations.
    Allowances,
    /// A resource has a variable where IAM does not accept one.
    #[cfg(any(test, feature = "internals"))]
    EarlyVariable(Text),
    /// A principal is unknown.
    #[cfg(any(test, feature = "internals"))]
    Principal,
    /// A boundary may limit what the policy of a resource grants, or not.
    #[cfg(any(test, feature = "internals"))]
    Boundary,
    /// A doubt about a policy, or about a statement of it.
    In(Provenance, Box<Doubt>),
}

/// Why a value of a policy is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnknownValue {
    /// Only a deploy knows it.
    BeforeDeploy(Text),
    /// The key of a variable in it is unknown.
    Key(String),
    /// The key of a variable in it has several values.
    SeveralValues(String),
    /// A variable in it has no value. Nothing matches it; AWS does not document whether everything
    /// differs from it.
    WithoutValue(Text),
}

/// Why it is unknown whether a condition holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConditionDoubt {
    /// The request decides it.
    Request,
    /// The operator, or the way in which it is used, is not supported.
    Unsupported,
    /// The operator is not supported for layers.
    UnsupportedForLayers,
    /// Wildcards are not supported for the operator.
    Wildcards,
    /// It has no value to compare with.
    NoValue,
    /// One of its values is unknown.
    Value(UnknownValue),
    /// It compares the existence of a key with something other than true and false.
    NotTruth,
    /// The operator expects one value, and the key has several.
    SeveralValues,
    /// Without a value, one half of the operator holds, and the other half does not.
    AnyIfExists,
    /// A variable puts a wildcard into an ARN.
    WildcardOfVariable,
    /// It holds for some values of the key only.
    SomeValues,
}

impl Doubt {
    pub(super) fn condition(condition: &Condition, doubt: ConditionDoubt) -> Self {
        Self::Condition(Box::new(condition.clone()), doubt)
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gap(gap) => gap.fmt(f),
            Self::Element(element, value) => write!(f, "{element}: {value}"),
            Self::SomeFunctions(element) => write!(f, "its {element} is about some functions only"),
            Self::Functions(element) => write!(
                f,
                "{element}: the functions that it names are too complex to decide"
            ),
            Self::Condition(condition, ConditionDoubt::SomeValues) => {
                write!(f, "it is about some values only, by {}", condition.shown())
            }
            Self::Condition(condition, doubt) => write!(f, "{}{doubt}", condition.shown()),
            Self::OtherFunctions => {
                f.write_str("its policies and its boundary may be about different functions")
            }
            Self::Allowances => TooManyAllowances.fmt(f),
            #[cfg(any(test, feature = "internals"))]
            Self::EarlyVariable(pattern) => {
                write!(
                    f,
                    "`{pattern}` has a variable where IAM does not accept one"
                )
            }
            #[cfg(any(test, feature = "internals"))]
            Self::Principal => f.write_str("a principal is not known before a deploy"),
            #[cfg(any(test, feature = "internals"))]
            Self::Boundary => f.write_str(UNBOUNDED),
            Self::In(place, doubt) => write!(f, "{place}: {doubt}"),
        }
    }
}

impl fmt::Display for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BeforeDeploy(text) => write!(f, "`{text}` is not known before a deploy"),
            Self::Key(key) => write!(f, "`{key}` is not known"),
            Self::SeveralValues(key) => write!(f, "`{key}` has several values"),
            Self::WithoutValue(text) => {
                write!(f, "a variable of `{text}` has no value in the request")
            }
        }
    }
}

impl fmt::Display for ConditionDoubt {
    /// What follows the name of the condition.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Request => " depends on the request",
            Self::Unsupported => " is not supported",
            Self::UnsupportedForLayers => " is not supported for it",
            Self::Wildcards => " does not support wildcards",
            Self::NoValue => " has no value to compare with",
            Self::Value(value) => return write!(f, ": {value}"),
            Self::NotTruth => " compares with neither true nor false",
            Self::SeveralValues => ": the key has several values, and the operator expects one",
            Self::AnyIfExists => {
                ": `ForAnyValue` and `IfExists` contradict each other where the key is missing"
            }
            Self::WildcardOfVariable => ": a variable stands for a wildcard in an ARN",
            Self::SomeValues => " is about some values only",
        })
    }
}

/// The policies have more combinations of conditions than are distinguished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyAllowances;

impl fmt::Display for TooManyAllowances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("its policies have too many combinations of conditions")
    }
}

impl std::error::Error for TooManyAllowances {}
