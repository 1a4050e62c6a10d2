//! What is missing to understand a policy.

use std::fmt;

/// Why a policy or a statement is not understood, or may not apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyGap {
    /// The policy has no statements that can be read.
    NoStatements,
    /// Only a deploy knows the statement with this number.
    UnknownStatement(usize),
    /// It has this element, which is not supported.
    StrangeElement(String),
    /// Whether the statement allows or denies is unknown.
    UnknownEffect,
    /// The statement names no action.
    NoAction,
    /// The policy is a text that is not JSON.
    NotJson,
    /// Only a deploy knows the policy.
    BeforeDeploy,
    /// The policy is not in the template.
    NotInTemplate,
    /// The content of a managed policy is not in the template.
    ContentElsewhere,
    /// The policies of a group are not in the template.
    GroupElsewhere,
    /// Each account has its own policy of this name.
    OfEachAccount,
    /// Only a deploy knows the type of the policy.
    UnknownType,
    /// The policy and another one have one name, and one of them replaces the other.
    SameName,
    /// Only a deploy knows whether the policy is attached.
    MayBeAttached,
    /// Only a deploy knows whether the user is in the group with the policy.
    MayBeMember,
}

impl fmt::Display for PolicyGap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoStatements => "it has no statements that can be read",
            Self::UnknownStatement(number) => {
                return write!(f, "statement {number} is not known before a deploy");
            }
            Self::StrangeElement(element) => {
                return write!(f, "the element `{element}` is not supported");
            }
            Self::UnknownEffect => "whether it allows or denies is unknown",
            Self::NoAction => "it names no action",
            Self::NotJson => "it is not JSON",
            Self::BeforeDeploy => "it is not known before a deploy",
            Self::NotInTemplate => "it is not in the template",
            Self::ContentElsewhere => "the content of this policy is not in the template",
            Self::GroupElsewhere => "the policies of this group are not in the template",
            Self::OfEachAccount => "each account decides the content of this policy",
            Self::UnknownType => "its type is not known before a deploy",
            Self::SameName => {
                "another inline policy has its name and replaces it, or is replaced by it"
            }
            Self::MayBeAttached => "whether it is attached is not known before a deploy",
            Self::MayBeMember => "whether the user is in the group is not known before a deploy",
        })
    }
}
