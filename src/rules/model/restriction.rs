//! Which layers may be attached: roles, policies, boundaries and guardrails.

use super::{Id, Spanned};
use crate::rules::text::Text;
use crate::source::Span;
pub use crate::syntax::ast::{FunctionRight, HandlingRight};
use std::sync::Arc;

/// A role, policy, boundary or guardrail.
#[derive(Clone, Debug)]
pub struct Restriction {
    /// The name by which the source knows it.
    pub name: Spanned<String>,
    /// Its name in AWS, if the source gives one.
    pub physical_name: Option<Spanned<Text>>,
    /// Its path in IAM.
    pub path: Option<Spanned<String>>,
    /// What it is for.
    pub description: Option<Spanned<String>>,
    /// The layers that may be attached; at most one rule, since two would add up to more than
    /// either one.
    pub allow: Option<Spanned<Allow>>,
    /// The layers that may also be read.
    pub reads: Vec<Spanned<LayerSet>>,
    /// The layers that may be published and shared.
    pub handling: Vec<Spanned<AllowedHandling>>,
    /// The layers that may not be attached, whatever allows it.
    pub denies: Vec<Spanned<Deny>>,
    /// The layers that may not be published or shared, whatever allows it.
    pub denied_handling: Vec<Spanned<DeniedHandling>>,
    /// The functions that `allow` is about, as patterns for their names; all of them where empty.
    pub functions: Vec<Spanned<String>>,
    /// The roles that are exempt from the deny rules, as patterns for their names.
    pub exempt: Vec<Spanned<String>>,
    /// The roles that may be passed to functions, as ARNs with wildcards.
    pub pass_roles: Vec<Spanned<Text>>,
    /// Its kind in AWS.
    pub form: RestrictionForm,
}

/// The kind of a restriction in AWS, with its specific data.
#[derive(Clone, Debug)]
pub enum RestrictionForm {
    /// An IAM role with an inline policy.
    Role(Role),
    /// A managed policy.
    Policy(Attachments),
    /// A managed policy that serves as a permissions boundary.
    Boundary,
    /// A service control policy, and its targets.
    Guardrail(Vec<Target>),
}

/// The specific data of a role.
#[derive(Clone, Debug, Default)]
pub struct Role {
    /// Who may assume it; never empty.
    pub trust: Vec<Trust>,
    /// The managed policies it has besides, as ARNs.
    pub managed: Vec<Spanned<Text>>,
    /// Its permissions boundary.
    pub boundary: Option<BoundaryReference>,
}

/// A permissions boundary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BoundaryReference {
    /// A boundary of this source, by its name.
    Declared(String),
    /// A managed policy that exists, by its ARN.
    Existing(Text),
}

/// The principals that a managed policy is attached to.
#[derive(Clone, Debug, Default)]
pub struct Attachments {
    /// Roles of this source, by their names in it.
    pub declared_roles: Vec<String>,
    /// Roles that exist.
    pub roles: Vec<String>,
    /// Users.
    pub users: Vec<String>,
    /// Groups.
    pub groups: Vec<String>,
}

/// A root, a unit or an account that a guardrail applies to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its ID.
    pub id: Id,
    /// The source's name for it.
    pub names: Option<Arc<str>>,
    /// The place that names it.
    pub span: Span,
}

impl Restriction {
    /// Every set in its rules.
    pub fn sets(&self) -> impl Iterator<Item = &LayerSet> {
        let allowed = self.allow.iter().filter_map(|allow| allow.value.set());
        let read = self.reads.iter().map(|read| &read.value);
        let denied = self.denies.iter().filter_map(|deny| deny.value.set());
        allowed.chain(read).chain(denied)
    }

    /// The sets whose layers may be attached.
    pub fn allowlists(&self) -> impl Iterator<Item = &LayerSet> {
        let allowed = self.allow.iter().filter_map(|allow| allow.value.set());
        allowed.chain(self.denies.iter().filter_map(|deny| match &deny.value {
            Deny::AllExcept(set) => Some(set),
            Deny::All | Deny::Layers(_) => None,
        }))
    }
}

/// What may be attached.
#[derive(Clone, Debug)]
pub enum Allow {
    /// No layer; functions without layers are allowed.
    None(FunctionRight),
    /// The layers of a set, and no others.
    Layers(FunctionRight, LayerSet),
}

/// Layers that may be published or shared: patterns for the names of the stack's account.
#[derive(Clone, Debug)]
pub struct AllowedHandling {
    /// What may be done.
    pub right: HandlingRight,
    /// Patterns for their names.
    pub names: Vec<Spanned<Text>>,
}

/// Layers that may not be published or shared.
#[derive(Clone, Debug)]
pub struct DeniedHandling {
    /// What may not be done.
    pub right: HandlingRight,
    /// To which layers.
    pub layers: Handled,
}

/// Layers, by their names.
#[derive(Clone, Debug)]
pub enum Handled {
    /// All of them.
    All,
    /// Those whose names match one of the patterns.
    Named(Vec<Spanned<Text>>),
    /// Those whose names match none of the patterns.
    AllBut(Vec<Spanned<Text>>),
}

impl Allow {
    /// The set that the rule is about.
    #[must_use]
    pub fn set(&self) -> Option<&LayerSet> {
        match self {
            Self::Layers(_, set) => Some(set),
            Self::None(_) => None,
        }
    }
}

/// What may not be attached.
#[derive(Clone, Debug)]
pub enum Deny {
    /// Any layer.
    All,
    /// Any layer that is not in the set.
    AllExcept(LayerSet),
    /// The layers of a set.
    Layers(LayerSet),
}

impl Deny {
    /// The set that the rule is about.
    #[must_use]
    pub fn set(&self) -> Option<&LayerSet> {
        match self {
            Self::AllExcept(set) | Self::Layers(set) => Some(set),
            Self::All => None,
        }
    }
}

/// A set of layer versions; never empty.
#[derive(Clone, Debug, Default)]
pub struct LayerSet {
    /// Its members, as listed.
    pub members: Vec<SetMember>,
}

/// A member of a layer set.
#[derive(Clone, Debug)]
pub struct SetMember {
    /// Which layer versions.
    pub layers: Layers,
    /// The layer of this source that it names.
    pub declared: Option<String>,
    /// The source's name for their account.
    pub names: Option<Arc<str>>,
    /// The place that names them.
    pub span: Span,
}

/// Layer versions of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layers {
    /// Those whose ARN matches; `*` stands for any characters and `?` for one.
    Matching(Text),
    /// One version that this stack publishes.
    Published {
        /// The name of its layer in the source.
        layer: String,
        /// Its label.
        label: String,
    },
}

/// Who may assume a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// An account, and the source's name for it.
    Account(Id, Option<Arc<str>>),
    /// The accounts of an organization, and the source's name for it.
    Organization(Id, Option<Arc<str>>),
    /// An AWS service.
    Service(String),
    /// Who has a token of an OpenID Connect provider.
    Oidc {
        /// The provider's address, without `https://`.
        provider: String,
        /// The subjects of the tokens, with wildcards or without.
        subject: String,
    },
}
