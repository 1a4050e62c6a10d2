//! What is unknown about functions and their layers. `Display` writes each as a sentence.

use crate::access::claim::Explanation;
use crate::access::grants::WhyUnknown;
use crate::cloudformation::TooManyCases;
use crate::cloudformation::case::Case;
use crate::cloudformation::cases::{AllCases, CasePart, SomeCases};
use crate::cloudformation::unread_kind::UnreadKind;
use crate::english::quote;
use crate::partial::Text;
use std::fmt;
use std::hash::{Hash, Hasher};

/// Something unknown about functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnknownFact {
    /// A deploy can decide too many cases.
    TooManyCases,
    /// Only a deploy knows the value of a layer.
    Value(String),
    /// Variables of a service refer to each other too often.
    EndlessVariables,
    /// Whether the one who deploys may attach a version.
    MayAttach {
        /// Who deploys.
        deployer: String,
        /// The version as it is written.
        version: String,
        /// Why.
        why: Box<Explanation>,
    },
    /// Whether an account may use a version.
    MayUse {
        /// The ID of the account.
        account: String,
        /// The version as it is written.
        version: String,
        /// Why.
        why: SharingDoubt,
    },
    /// How a part of the template changes the rest of it.
    ChangesOf(UnreadKind),
}

impl Hash for UnknownFact {
    /// Equal facts have equal versions. A hash does not need the reasons.
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Value(version)
            | Self::MayAttach { version, .. }
            | Self::MayUse { version, .. } => version.hash(state),
            Self::TooManyCases | Self::EndlessVariables | Self::ChangesOf(_) => {}
        }
    }
}

/// Why it is unknown whether a version is shared with an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SharingDoubt {
    /// It is shared with an account whose ID is unknown.
    Account(Text),
    /// It is shared with an organization whose ID is unknown.
    Organization(Text),
    /// It is shared with this organization, and the account may be in it.
    Member(String),
    /// It is shared with somebody unknown.
    Principal(WhyUnknown),
    /// It is shared in some cases only.
    SomeCases,
    /// The template in this file shares a version that may be this one.
    MayBeShared(String),
}

/// The cases in which a function has a layer, if it does not have it in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhenUsed {
    cases: SomeCases,
    /// How the cases relate to the defaults of the parameters.
    defaults: Defaults,
}

/// How some cases relate to the defaults of the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Defaults {
    /// They are the case of the defaults.
    These,
    /// They are all other cases.
    AllOthers,
    /// Something else.
    Mixed,
}

impl WhenUsed {
    /// Some cases of all; `None` if they are all.
    pub(super) fn of(some: &[Case], all: &AllCases) -> Option<Self> {
        let by_default = some.iter().filter(|case| case.is_by_default()).count();
        let mut cases = all.as_slice().iter();
        let are_others = some.len() + 1 == cases.len() && cases.any(Case::is_by_default);
        let defaults = if by_default == 1 && some.len() == 1 {
            Defaults::These
        } else if by_default == 0 && are_others {
            Defaults::AllOthers
        } else {
            Defaults::Mixed
        };
        let cases = SomeCases::of(&CasePart::among(all, some))?;
        Some(Self { cases, defaults })
    }
}

/// How many characters of cases are shown, if shorter words say the same. The values of parameters
/// are often whole ARNs, which nobody wants to read twice.
const SHOWN: usize = 60;

impl fmt::Display for WhenUsed {
    /// For use after *if*.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cases = self.cases.to_string();
        let is_long = cases.chars().count() > SHOWN;
        f.write_str(match self.defaults {
            Defaults::These if is_long => "the parameters have their defaults",
            Defaults::AllOthers if is_long => {
                "the parameters have other values than their defaults"
            }
            Defaults::These | Defaults::AllOthers | Defaults::Mixed => &cases,
        })
    }
}

impl fmt::Display for UnknownFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyCases => TooManyCases.fmt(f),
            Self::Value(value) => {
                write!(f, "only a deploy knows the value of {}", quote(value))
            }
            Self::EndlessVariables => f.write_str(
                "variables refer to each other too often for layershare to replace them",
            ),
            Self::MayAttach {
                deployer,
                version,
                why,
            } => {
                let version = quote(version);
                write!(f, "whether `{deployer}` may attach {version}: {why}")
            }
            Self::MayUse {
                account,
                version,
                why,
            } => {
                let version = quote(version);
                write!(f, "whether account {account} may use {version}: {why}")
            }
            Self::ChangesOf(part) => {
                write!(f, "the template does not contain the changes of {part}")
            }
        }
    }
}

impl fmt::Display for SharingDoubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "it is shared with account {id}"),
            Self::Organization(id) => write!(f, "it is shared with organization {id}"),
            Self::Member(id) => write!(
                f,
                "it is shared with organization {id}: pass the account's own with `--organization`"
            ),
            Self::Principal(why) => why.fmt(f),
            Self::SomeCases => f.write_str("it is shared in some cases"),
            Self::MayBeShared(file) => write!(f, "{file} may share it"),
        }
    }
}
