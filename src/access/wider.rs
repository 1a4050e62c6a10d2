//! The ways in which one role or policy applies to more than another one.

use super::action_scope::ActionScope;
use super::trust::TrustedPrincipal;
use crate::cloudformation::stack_set::Recipient;
use crate::iam::document::{Condition, Effect, PatternList};
use crate::iam::provenance::DocumentName;
use crate::partial::Text;

/// One way in which an applicability is wider than another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wider {
    /// Whether it is there in the wider one only, or in the other one only.
    pub is_added: bool,
    /// What it is.
    pub what: Applies,
}

/// One part of an applicability.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applies {
    /// The policy is attached to this principal.
    To(Holder),
    /// The group has this member.
    Member(Text),
    /// The guardrail applies to this root, unit or account.
    Target(Text),
    /// A stack set rolls it out to these accounts.
    RolledOut(Recipient),
    /// It has this tag, which policies mention: the key, and the value.
    Tag(String, Text),
    /// It is exempt from a guardrail, or may be.
    Exempt {
        /// The guardrail.
        from: DocumentName,
        /// Whether it is for certain.
        is_certain: bool,
    },
    /// Whoever has this can act as the user.
    Credential(Credential),
    /// Somebody may assume it, or may not.
    Trust(TrustedPrincipal),
    /// One of its statements.
    Statement(Clause),
    /// One of its statements, on every resource.
    EveryResource(Clause),
    /// A Deny exempts whoever has this value for a condition key.
    Exempts(String, Text),
}

impl Applies {
    /// It, on the wider side only.
    pub(super) fn added(self) -> Wider {
        Wider {
            is_added: true,
            what: self,
        }
    }

    /// It, on the other side only.
    pub(super) fn taken(self) -> Wider {
        Wider {
            is_added: false,
            what: self,
        }
    }
}

/// What lets somebody act as a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A password.
    Password,
    /// The access key of the template with this logical ID.
    AccessKey(String),
}

/// A principal that a policy is attached to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Holder {
    /// The role with this name.
    Role(Text),
    /// The user with this name.
    User(Text),
    /// The group with this name.
    Group(Text),
}

/// A statement about actions on resources, without its conditions on layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Whether it allows or denies.
    pub effect: Effect,
    /// The actions; in a list of `Action`, those that matter here.
    pub actions: PatternList,
    /// The same actions, as they are compared.
    pub scope: ActionScope,
    /// The resources that matter here.
    pub resources: PatternList,
    /// The conditions, except those on layers.
    pub conditions: Vec<Condition>,
}
