//! Cases: what a deploy decides about the parameters and conditions that an answer depends on.

use std::fmt;
use std::sync::Arc;

/// The most settings of a case that are shown.
const MOST_SHOWN: usize = 4;

/// Something that a deploy decides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeployVariable {
    /// The value of a parameter or pseudo parameter, by its name.
    Parameter(Arc<str>),
    /// A fact that the template cannot decide, and its identity.
    Fact(Arc<DeployFact>, Arc<str>),
}

/// A fact that a template cannot decide.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeployFact {
    /// The condition with this name holds.
    Condition(String),
    /// What is written holds; a long text is cut off.
    Written(String),
    /// Two values are equal.
    Equal(String, String),
}

impl fmt::Display for DeployFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Condition(name) => write!(f, "condition {name}"),
            Self::Written(written) => f.write_str(written),
            Self::Equal(one, other) => write!(f, "{one} equals {other}"),
        }
    }
}

impl fmt::Display for DeployVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(name) => f.write_str(name),
            Self::Fact(fact, _) => fact.fmt(f),
        }
    }
}

/// What a deploy decides about one variable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Setting {
    /// The parameter has this value; and whether that is its default.
    Is(Arc<str>, bool),
    /// The parameter has none of these values.
    Other(Arc<[String]>),
    /// The fact holds, or not.
    Holds(bool),
}

/// A case: the decisions about each variable that an answer depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Case(pub(super) Arc<[(DeployVariable, Setting)]>);

impl Case {
    /// Whether it is the only case there is.
    #[must_use]
    pub fn is_always(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is the case of the defaults.
    #[must_use]
    pub fn is_by_default(&self) -> bool {
        self.0
            .iter()
            .all(|(_, setting)| matches!(setting, Setting::Is(_, true)))
    }

    /// Whether one deploy can be a case of both.
    #[must_use]
    pub fn agrees(&self, other: &Self) -> bool {
        let mut decisions = self.0.iter().enumerate();
        decisions.all(|(place, (variable, setting))| {
            // Nearly always, both have the same variables in the same order.
            match other.0.get(place) {
                Some((known, theirs)) if known == variable => compatible(setting, theirs),
                Some(_) | None => {
                    let mut others = other.0.iter().filter(|(known, _)| known == variable);
                    others.all(|(_, known)| compatible(setting, known))
                }
            }
        })
    }

    /// Whether a parameter has its default in it.
    #[must_use]
    pub fn has_default(&self) -> bool {
        let mut settings = self.0.iter().map(|(_, setting)| setting);
        settings.any(|setting| matches!(setting, Setting::Is(_, true)))
    }

    /// Whether a deploy that names the values of `other`, and none where `other` has a default, may
    /// be in this case. The defaults are its own: they may be those of another template.
    #[must_use]
    pub fn has_defaults_as(&self, other: &Self) -> bool {
        self.0.iter().all(|(variable, setting)| {
            let mut others = other.0.iter().filter(|(known, _)| known == variable);
            match (others.next(), setting) {
                (Some((_, Setting::Is(_, true))), setting) => {
                    matches!(setting, Setting::Is(_, true))
                }
                (Some((_, named)), setting) => compatible(setting, named),
                (None, Setting::Is(..) | Setting::Other(_) | Setting::Holds(_)) => true,
            }
        })
    }

    /// Whether it decides nothing that another case leaves open.
    #[must_use]
    pub fn decides_no_more_than(&self, other: &Self) -> bool {
        let is_decided = |variable| other.0.iter().any(|(known, _)| known == variable);
        self.0.iter().all(|(variable, _)| is_decided(variable))
    }

    /// The value that a parameter has in it, if it has one.
    #[must_use]
    pub fn value_of(&self, parameter: &str) -> Option<&str> {
        self.0.iter().find_map(|decision| {
            let (DeployVariable::Parameter(name), Setting::Is(value, _)) = decision else {
                return None;
            };
            (**name == *parameter).then_some(&**value)
        })
    }

    /// The decisions.
    pub(super) fn decisions(&self) -> &[(DeployVariable, Setting)] {
        &self.0
    }

    /// The parameters that have this value in it.
    pub fn parameters_with(&self, value: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(move |decision| match decision {
            (DeployVariable::Parameter(name), Setting::Is(known, _)) if **known == *value => {
                Some(&**name)
            }
            _ => None,
        })
    }

    /// Without the variable at one place.
    pub(super) fn without_place(&self, place: usize) -> Self {
        let decisions = self.0.iter().enumerate();
        let others = decisions.filter(|(index, _)| *index != place);
        Self(others.map(|(_, decision)| decision.clone()).collect())
    }
}

fn compatible(a: &Setting, b: &Setting) -> bool {
    match (a, b) {
        (Setting::Is(a, _), Setting::Is(b, _)) => a == b,
        (Setting::Is(value, _), Setting::Other(others))
        | (Setting::Other(others), Setting::Is(value, _)) => {
            !others.iter().any(|other| **other == **value)
        }
        (Setting::Holds(a), Setting::Holds(b)) => a == b,
        (Setting::Other(_), Setting::Other(_))
        | (Setting::Holds(_), Setting::Is(..) | Setting::Other(_))
        | (Setting::Is(..) | Setting::Other(_), Setting::Holds(_)) => true,
    }
}

impl fmt::Display for Case {
    /// In words, for use after *if*: `Public is true and Stage is not prod`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (variable, setting)) in self.0.iter().enumerate() {
            if index == MOST_SHOWN {
                return write!(f, " and {} more have certain values", self.0.len() - index);
            }
            if index > 0 {
                f.write_str(" and ")?;
            }
            match setting {
                Setting::Is(value, true) => write!(f, "{variable} is {value:?} (its default)")?,
                Setting::Is(value, false) => write!(f, "{variable} is {value:?}")?,
                Setting::Other(others) if others.is_empty() => write!(f, "{variable} is anything")?,
                Setting::Other(others) if others.len() > 3 => {
                    write!(f, "{variable} is anything else")?;
                }
                Setting::Other(others) => {
                    let others: Vec<String> =
                        others.iter().map(|value| format!("{value:?}")).collect();
                    write!(f, "{variable} is not {}", others.join(" or "))?;
                }
                Setting::Holds(true) => variable.fmt(f)?,
                Setting::Holds(false) => write!(f, "not {variable}")?,
            }
        }
        Ok(())
    }
}
