//! Who may use a layer version, and why that is unknown.

use crate::cloudformation::{Decisions, TooManyCases};
use crate::partial::Text;
use std::cmp::Ordering;
use std::fmt;

/// Somebody who may use a layer version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// Every AWS account.
    Everyone,
    /// Every account of the organization with this ID.
    Organization(Text),
    /// The account with this ID.
    Account(Text),
    /// The account that owns the layer, which may always use it.
    Owner,
    /// Somebody unknown, who may be everyone: the reason, and what is written.
    Unknown(WhyUnknown, WrittenPrincipal),
}

/// Why a principal is unknown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum WhyUnknown {
    /// A deploy can decide too many cases for this grant.
    TooManyCases(String),
    /// This resource grants another action than using a version; `None` if it is unknown.
    OtherAction(String, Option<String>),
    /// It names no principal.
    NoPrincipal,
    /// This may not be the ID of an organization.
    NotAnOrganization(Text),
    /// It names an organization and one account.
    OrganizationAndAccount,
    /// This is not an account.
    NotAnAccount(Text),
    /// Only a deploy knows the principal, and it may be everyone.
    Open(Text),
    /// It has this element, which is not supported.
    Element(String),
    /// It does not allow exactly the use of a version.
    NotExactlyUse,
    /// Its principals are not accounts.
    NotAccounts,
    /// Its condition is not supported.
    Condition,
    /// This statement denied it to somebody, and is gone.
    NoLongerDenied(String),
}

/// A principal as it is written, by which two unknown ones are compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WrittenPrincipal {
    /// None.
    Missing,
    /// The principal of a grant.
    Alone(Text),
    /// The principal and the organization of a grant.
    InOrganization(Text, Text),
    /// A whole resource or statement, without its name.
    Whole(String),
    /// A whole resource with too many cases, and all that decides about it.
    Undecided(String, Decisions),
}

/// How many a grant reaches, the most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// Every AWS account.
    Everyone,
    /// Somebody unknown, who may be everyone.
    Unknown,
    /// The accounts of an organization.
    Organization,
    /// One account.
    Account,
    /// The account that owns the layer.
    Owner,
}

impl Reach {
    /// The word for one of them.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::Unknown => "unknown",
            Self::Organization => "organization",
            Self::Account => "account",
            Self::Owner => "owner",
        }
    }
}

impl Who {
    /// How many it reaches.
    #[must_use]
    pub fn reach(&self) -> Reach {
        match self {
            Self::Everyone => Reach::Everyone,
            Self::Unknown(..) => Reach::Unknown,
            Self::Organization(_) => Reach::Organization,
            Self::Account(_) => Reach::Account,
            Self::Owner => Reach::Owner,
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("everyone"),
            Self::Organization(id) => write!(f, "organization {id}"),
            Self::Account(id) => write!(f, "account {id}"),
            Self::Owner => f.write_str("the layer's own account"),
            Self::Unknown(why, _) => write!(f, "unknown, maybe everyone: {why}"),
        }
    }
}

impl fmt::Display for WhyUnknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyCases(id) => write!(f, "{id}: {TooManyCases}"),
            Self::OtherAction(id, Some(action)) => write!(f, "{id} grants {action}"),
            Self::OtherAction(id, None) => write!(f, "{id} grants an unknown action"),
            Self::NoPrincipal => f.write_str("it names no principal"),
            Self::NotAnOrganization(id) => write!(f, "`{id}` may not be an organization"),
            Self::OrganizationAndAccount => f.write_str("an organization needs the principal `*`"),
            Self::NotAnAccount(id) => write!(f, "`{id}` is not an account"),
            Self::Open(id) => write!(f, "the principal is {id}"),
            Self::Element(element) => write!(f, "the element `{element}` is not supported"),
            Self::NotExactlyUse => {
                f.write_str("it does not allow exactly `lambda:GetLayerVersion`")
            }
            Self::NotAccounts => f.write_str("its principals are not accounts"),
            Self::Condition => f.write_str("its condition is not supported"),
            Self::NoLongerDenied(sid) => write!(f, "whoever `{sid}` denied it to"),
        }
    }
}

impl Ord for WhyUnknown {
    /// In the order of their texts, in which reports list them. Two with one text differ in what
    /// is written.
    fn cmp(&self, other: &Self) -> Ordering {
        let texts = self.to_string().cmp(&other.to_string());
        texts.then_with(|| format!("{self:?}").cmp(&format!("{other:?}")))
    }
}

impl PartialOrd for WhyUnknown {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
