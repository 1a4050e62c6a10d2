//! Policy documents of IAM and Organizations, with the parts that this compiler writes. Their
//! version is always `2012-10-17`; without it, IAM reads policy variables as text (IAM User Guide,
//! `Version`).

use super::Value;
use std::borrow::Cow;
use std::sync::Arc;

/// A policy document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// `Statement`
    pub statements: Vec<Statement>,
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// `Sid`: letters and digits, once in a document.
    pub sid: Cow<'static, str>,
    /// `Effect`
    pub effect: Effect,
    /// `Principal`, in a trust policy only.
    pub principal: Option<PrincipalElement>,
    /// `Action`
    pub actions: &'static [&'static str],
    /// `Resource` or `NotResource`
    pub resources: Resources,
    /// `Condition`: all of them must hold.
    pub conditions: Vec<Condition>,
}

/// The resources of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resources {
    /// The resource that has the document: in a trust policy, the role.
    None,
    /// `Resource`
    These(Values),
    /// `NotResource`
    AllBut(Values),
}

impl Resources {
    /// The ARNs.
    #[must_use]
    pub fn arns(&self) -> Option<&Values> {
        match self {
            Self::None => None,
            Self::These(arns) | Self::AllBut(arns) => Some(arns),
        }
    }
}

/// Whether a statement allows or denies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// `Allow`
    Allow,
    /// `Deny`
    Deny,
}

impl Effect {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        }
    }
}

/// The principals of a statement in a trust policy, with their kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalElement {
    /// `AWS`, `Service` or `Federated`
    pub kind: &'static str,
    /// The principals.
    pub principals: Values,
}

/// One operator on one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The operator, with its set operator.
    pub operator: &'static str,
    /// The key.
    pub key: Key,
    /// The values.
    pub values: Values,
}

impl Condition {
    /// A condition by its three parts.
    #[must_use]
    pub fn new(operator: &'static str, key: Key, values: Values) -> Self {
        Self {
            operator,
            key,
            values,
        }
    }
}

/// A condition key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// One that this compiler knows.
    Known(&'static str),
    /// One of an identity provider.
    Provider(String),
}

impl Key {
    /// The key.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Known(name) => name,
            Self::Provider(name) => name,
        }
    }
}

/// One value, written as it is, or a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values {
    /// One value.
    One(Value),
    /// A list, even with one value: it will grow, one line for each value.
    Many(Vec<Remarked>),
}

impl Values {
    /// One text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::One(Value::string(text))
    }

    /// A list without remarks.
    #[must_use]
    pub fn list(values: Vec<Value>) -> Self {
        Self::Many(
            values
                .into_iter()
                .map(|value| Remarked {
                    value,
                    remark: None,
                })
                .collect(),
        )
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Many(values) if values.is_empty())
    }
}

/// A value and the source's name for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remarked {
    /// The value.
    pub value: Value,
    /// Written after it in a form that has comments.
    pub remark: Option<Arc<str>>,
}
