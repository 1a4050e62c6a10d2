//! What a source means: every name resolved, every group expanded, one grant for each version and
//! principal.

mod claim;
mod condition;
mod restriction;

pub use claim::{Claim, ClaimKind, Claimed, LayerAction, Verb};
pub use condition::{DeployCondition, DeployFacts, Fact, is_possible};
pub use restriction::{
    Allow, AllowedHandling, Attachments, BoundaryReference, DeniedHandling, Deny, FunctionRight,
    Handled, HandlingRight, LayerSet, Layers, Restriction, RestrictionForm, Role, SetMember,
    Target, Trust,
};

use super::organization::Organization;
use super::text::Text;
use crate::source::Span;
pub use crate::syntax::keyword::ToolKeyword;
use jiff::civil::Date;
use std::sync::Arc;

/// A value and its place in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// The place.
    pub span: Span,
}

/// The meaning of a source.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// `stack`: the template's description.
    pub description: Option<Spanned<String>>,
    /// `regions`: where the layers are deployed; empty without the statement.
    pub regions: Vec<Spanned<String>>,
    /// `roll out`: the accounts that get the roles, policies and boundaries.
    pub roll_out: Option<RollOut>,
    /// The template's parameters, by name.
    pub parameters: Vec<Parameter>,
    /// Everybody that anything is shared with, accounts first, then organizations, then everyone.
    pub principals: Vec<NamedPrincipal>,
    /// The layers, by name.
    pub layers: Vec<Layer>,
    /// The roles, policies, boundaries and guardrails, by name.
    pub restrictions: Vec<Restriction>,
    /// The claims about the template, in the order of the source.
    pub claims: Vec<Claim>,
    /// The dates by which rules are meant to go.
    pub deadlines: Vec<Spanned<Date>>,
    /// The accounts that the accounts file lists.
    pub organization: Option<Arc<Organization>>,
}

/// The accounts that get the roles, policies and boundaries of a source from a stack set.
#[derive(Clone, Debug)]
pub struct RollOut {
    /// The place that asks for it.
    pub span: Span,
    /// The root or the units that the accounts are in.
    pub units: Vec<Target>,
    /// The region of the stacks.
    pub region: String,
    /// Whether a delegated administrator does it, and not the management account.
    pub by_delegate: bool,
}

impl Rules {
    /// The principal of a grant.
    #[must_use]
    pub fn principal(&self, grant: &Grant) -> Option<&NamedPrincipal> {
        self.principals.get(grant.principal as usize)
    }
}

/// A template parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name and where it is declared.
    pub name: Spanned<String>,
    /// The values that it may have.
    pub kind: ParameterKind,
    /// The value it has when none is given.
    pub default: Option<Spanned<String>>,
    /// Its description.
    pub description: Option<String>,
    /// The values that it may have; any that its type and pattern allow where empty.
    pub allowed: Vec<String>,
    /// What its values must look like, if the source says so or uses it in the name of a layer.
    pub pattern: Option<ParameterPattern>,
    /// The text that the console shows in place of its name.
    pub label: Option<String>,
    /// Its place among the parameters, as they are declared: those of the source first, then those
    /// of the files that it includes.
    pub place: usize,
    /// Whether the console and the API show its value to nobody.
    pub hidden: bool,
}

/// What the values of a parameter of type `string` must look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterPattern {
    /// A regular expression for the whole value.
    Written(String),
    /// A part of the name of a layer: neither empty, nor with anything that IAM would take for a
    /// wildcard.
    LayerName,
}

/// The values that a template parameter may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// Any text.
    String,
    /// An account ID, and nothing else.
    Account,
    /// An organization ID, and nothing else.
    Organization,
    /// An account ID, or nothing at all.
    OptionalAccount,
    /// An organization ID, or nothing at all.
    OptionalOrganization,
    /// `true` or `false`.
    Switch,
    /// A number.
    Number,
    /// The name of an SSM parameter, whose value is used.
    Ssm,
}

impl ParameterKind {
    /// Every kind, in the order in which messages list them.
    pub const ALL: &[Self] = &[
        Self::String,
        Self::Account,
        Self::Organization,
        Self::OptionalAccount,
        Self::OptionalOrganization,
        Self::Switch,
        Self::Number,
        Self::Ssm,
    ];

    /// The word for it in a source.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Account => "account",
            Self::Organization => "organization",
            Self::OptionalAccount => "optional account",
            Self::OptionalOrganization => "optional organization",
            Self::Switch => "switch",
            Self::Number => "number",
            Self::Ssm => "ssm",
        }
    }
}

/// An ID that is written out or given by a parameter of its type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Id {
    /// The ID itself, checked.
    Literal(String),
    /// The name of the parameter.
    Parameter(String),
    /// The name of a parameter that may be empty, and then stands for nobody.
    Optional(String),
}

/// Somebody a layer version can be shared with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Principal {
    /// One account.
    Account(Id),
    /// Every account of an organization.
    Organization(Id),
    /// Every AWS account.
    Everyone,
}

/// A principal and the source's name for it.
#[derive(Clone, Debug)]
pub struct NamedPrincipal {
    /// Who it is.
    pub principal: Principal,
    /// Its declared names in alphabetical order, with commas between them; `None` if it has none.
    pub names: Option<Arc<str>>,
}

/// A layer and its versions.
#[derive(Clone, Debug)]
pub struct Layer {
    /// The name by which the source knows it.
    pub name: Spanned<String>,
    /// The block that it is a variant of; `None` for a layer without variables.
    pub variant: Option<Variant>,
    /// The name by which AWS knows it.
    pub layer_name: Spanned<Text>,
    /// What happens to removed versions.
    pub old_versions: OldVersions,
    /// Its versions.
    pub releases: Releases,
    /// When it exists: with its versions, its grants and whatever shows their ARNs.
    pub exists: DeployFacts,
    /// The SSM parameter that holds the newest version's ARN.
    pub publish: Option<Spanned<Text>>,
}

impl Layer {
    /// Its listed versions, oldest first; none for a rolling layer.
    #[must_use]
    pub fn versions(&self) -> &[Version] {
        match &self.releases {
            Releases::Listed(versions) => versions,
            Releases::Rolling(_) => &[],
        }
    }

    /// The ARNs of its versions that exist already.
    pub fn adopted(&self) -> impl Iterator<Item = &Spanned<Text>> {
        self.versions()
            .iter()
            .filter_map(|version| match &version.origin {
                Origin::Adopted(arn) => Some(arn),
                Origin::Published(_) => None,
            })
    }
}

/// The data of a layer that is one of several from a block with variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// The name of the block.
    pub of: String,
    /// The value of each variable, in the order in which the block lists them.
    pub values: Vec<(String, String)>,
}

/// What happens to a version that leaves the source or is replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OldVersions {
    /// It stays.
    #[default]
    Keep,
    /// It is deleted.
    Delete,
}

/// How a layer's versions come about.
#[derive(Clone, Debug)]
pub enum Releases {
    /// One resource each, oldest first; never empty.
    Listed(Vec<Version>),
    /// One resource, replaced at each change.
    Rolling(Box<RollingVersion>),
}

/// A version with a label.
#[derive(Clone, Debug)]
pub struct Version {
    /// The label.
    pub label: Spanned<String>,
    /// Where it comes from.
    pub origin: Origin,
    /// Who may use it, in the order of [`Rules::principals`]. Most versions share theirs with the
    /// one before.
    pub grants: Arc<[Grant]>,
    /// The SSM parameter that holds its ARN, if it has one of its own.
    pub publish: Option<Spanned<Text>>,
}

/// The one version of a rolling layer.
#[derive(Clone, Debug)]
pub struct RollingVersion {
    /// What is published.
    pub publication: Publication,
    /// Who may use it, in the order of [`Rules::principals`].
    pub grants: Arc<[Grant]>,
}

/// Where a listed version comes from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// This stack publishes it.
    Published(Box<Publication>),
    /// It exists already, under this ARN.
    Adopted(Spanned<Text>),
}

/// The content of a published version.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The archive.
    pub content: Spanned<Content>,
    /// The SHA-256 of the archive, in hexadecimal digits, if the source pins it.
    pub sha256: Option<Spanned<String>>,
    /// What the version is.
    pub description: Option<Text>,
    /// The runtimes it lists as compatible.
    pub runtimes: Arc<[String]>,
    /// The architectures it lists as compatible.
    pub architectures: Arc<[String]>,
    /// Its license.
    pub license: Option<Text>,
}

/// The archive of a layer version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// An object in a bucket.
    S3 {
        /// The bucket.
        bucket: Text,
        /// The key.
        key: Text,
        /// The version of the object.
        object_version: Option<Text>,
        /// Whether Lambda reads the object where it is, and makes no copy.
        by_reference: bool,
    },
    /// A file or folder, relative to the folder of the source.
    Local(String),
}

/// The reasons and the last day of a grant, from its rules.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Why {
    /// All of it in words, for the template.
    pub text: Arc<str>,
    /// The reasons.
    pub because: Vec<String>,
    /// The last day; `None` if one of the rules has none.
    pub until: Option<Date>,
}

/// A finding of another tool that is intended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Suppressed {
    /// The tool.
    pub tool: ToolKeyword,
    /// The rule of the tool.
    pub rule: String,
    /// Why.
    pub because: String,
}

/// One principal's use of one version.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Who, as an index into [`Rules::principals`].
    pub principal: u32,
    /// When it is in effect; never where its layer does not exist.
    pub condition: DeployCondition,
    /// The reasons and the last day, if a rule has them.
    pub why: Option<Arc<Why>>,
    /// The intended findings of other tools, by tool and rule, if there are any.
    pub suppressed: Option<Arc<[Suppressed]>>,
    /// The place that leads to it.
    pub span: Span,
}
