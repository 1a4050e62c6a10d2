//! The tree of one source file, before its names are resolved.

use super::keyword::Keyword;
use crate::source::Span;

/// A word that names something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The word.
    pub text: String,
    /// Its place.
    pub span: Span,
}

/// A word, or a text in quotes with its escapes undone. `${Name}` and `$${` are still as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The text.
    pub text: String,
    /// Its place, quotes included.
    pub span: Span,
}

/// A source file.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// Its statements, as listed.
    pub statements: Vec<Statement>,
}

/// A statement of the outermost level.
#[derive(Clone, Debug)]
pub enum Statement {
    /// `stack "text"`
    Stack(Value),
    /// `regions NAME, …`
    Regions(Vec<Value>, Span),
    /// `roll out to UNIT, … [in REGION] [by delegated-administrator]`
    RollOut(RollOut),
    /// `parameter NAME [TYPE] [= DEFAULT] ["text"]`
    Parameter(Parameter),
    /// `account NAME = ID`
    Account(Alias),
    /// `organization NAME = ID`
    Organization(Alias),
    /// `unit NAME = ID`
    Unit(Alias),
    /// `accounts from "FILE"`; none if the path cannot be read.
    Accounts(Option<Value>),
    /// `group NAME = PRINCIPALS`
    Group(Group),
    /// `include "FILE"`; none if the path cannot be read.
    Include(Option<Value>),
    /// `layer NAME { … }`
    Layer(Layer),
    /// `role`, `policy`, `boundary` or `guardrail NAME { … }`
    Restriction(Restriction),
    /// `expect CLAIM`
    Expect(Claim),
}

/// `roll out to UNIT, … [in REGION] [by delegated-administrator]`
#[derive(Clone, Debug)]
pub struct RollOut {
    /// The place of its first word.
    pub span: Span,
    /// The roots and units.
    pub targets: Vec<Principal>,
    /// The region.
    pub region: Option<Value>,
    /// Whether a delegated administrator does it, and not the management account.
    pub by_delegate: bool,
}

/// `parameter NAME [[optional] TYPE] [= DEFAULT] ["text"] [{ … }]`
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The parameter's name.
    pub name: Name,
    /// The place of `optional`.
    pub optional: Option<Span>,
    /// Its type, when one is written.
    pub kind: Option<Name>,
    /// Its default, if any.
    pub default: Option<Value>,
    /// Its description.
    pub description: Option<Value>,
    /// The statements of its body, as listed.
    pub statements: Vec<ParameterStatement>,
}

/// A statement in the body of a parameter.
#[derive(Clone, Debug)]
pub enum ParameterStatement {
    /// `allowed VALUE, …`
    Allowed(Vec<Value>),
    /// `pattern "REGEX"`
    Pattern(Value),
    /// `label "text"`
    Label(Value),
    /// `hidden`
    Hidden(Span),
}

/// `account NAME = ID`, `organization NAME = ID` or `unit NAME = ID`
#[derive(Clone, Debug)]
pub struct Alias {
    /// The name that stands for the id.
    pub name: Name,
    /// The ID; `None` if it could not be read, which has been reported.
    pub id: Option<Value>,
}

/// `group NAME = PRINCIPALS`
#[derive(Clone, Debug)]
pub struct Group {
    /// The group's name.
    pub name: Name,
    /// Who is in it.
    pub members: Vec<Principal>,
}

/// Somebody a layer can be shared with.
#[derive(Clone, Debug)]
pub enum Principal {
    /// `everyone`
    Everyone(Span),
    /// `account ID`
    Account(Value),
    /// `account "NAME"`, by the name that the organization gives it
    AccountCalled(Value),
    /// `organization ID`
    Organization(Value),
    /// `unit ID`
    Unit(Value),
    /// A declared name.
    Named(Name),
}

/// `layer NAME [for VARIABLE in WORD, …] { … }`
#[derive(Clone, Debug)]
pub struct Layer {
    /// The layer's name.
    pub name: Name,
    /// The variables, as listed: the layer stands for one layer for each combination of their
    /// values.
    pub variables: Vec<Variable>,
    /// The statements of its body, as listed.
    pub statements: Vec<LayerStatement>,
    /// Whether every statement of the body could be read.
    pub complete: bool,
    /// Whether the body contains a `<`, and so may contain a `<VARIABLE>`.
    pub has_variables: bool,
}

/// `for VARIABLE in WORD, …`
#[derive(Clone, Debug)]
pub struct Variable {
    /// The variable's name.
    pub name: Name,
    /// Its values, as listed.
    pub values: Vec<Name>,
}

/// A statement in the body of a layer.
#[derive(Clone, Debug)]
pub enum LayerStatement {
    /// `name WORD`
    Name(Value),
    /// A property that a version's own body may override.
    Property(Property),
    /// `version LABEL …`
    Version(Version),
    /// `content CONTENT`
    Content(Content),
    /// `old-versions keep` or `old-versions delete`
    OldVersions(Name),
    /// `exists when NAME …` or `exists unless NAME …`
    Exists(Exists),
    /// `share …`
    Share(Box<Share>),
    /// `publish to NAME`
    Publish(Publish),
}

/// A property of a layer version.
#[derive(Clone, Debug)]
pub struct Property {
    /// The keyword, for messages about the statement as a whole.
    pub keyword: Span,
    /// Which property, and its value.
    pub value: PropertyValue,
}

/// The properties that layers and versions have in common.
#[derive(Clone, Debug)]
pub enum PropertyValue {
    /// `description "text"`
    Description(Value),
    /// `runtimes NAME, …`
    Runtimes(Vec<Value>),
    /// `architectures NAME, …`
    Architectures(Vec<Value>),
    /// `license TEXT`
    License(Value),
}

impl PropertyValue {
    /// The word that it begins with.
    #[must_use]
    pub fn keyword(&self) -> Keyword {
        match self {
            Self::Description(_) => Keyword::Description,
            Self::Runtimes(_) => Keyword::Runtimes,
            Self::Architectures(_) => Keyword::Architectures,
            Self::License(_) => Keyword::License,
        }
    }
}

/// `version LABEL, … from CONTENT [{ … }]` or `version LABEL at ARN`
#[derive(Clone, Debug)]
pub struct Version {
    /// The labels, oldest first, one version each; exactly one for an existing version.
    pub labels: Vec<Name>,
    /// Where the versions come from.
    pub origin: Origin,
    /// The properties in the versions' own body.
    pub properties: Vec<Property>,
}

/// `to NAME`
#[derive(Clone, Debug)]
pub struct Publish {
    /// The label of the version whose ARN the SSM parameter holds, once the name is written out for
    /// each version; `None` for the newest.
    pub label: Option<Name>,
    /// The name of the SSM parameter.
    pub name: Value,
}

/// Where a listed version comes from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// `from CONTENT`: this stack publishes it.
    From(Content),
    /// `at ARN`: it exists already.
    At(Value),
}

/// `s3://BUCKET/KEY [object-version ID]` or a local path, `[sha256 DIGITS]` and `[by reference]`.
#[derive(Clone, Debug)]
pub struct Content {
    /// The address or the path.
    pub location: Value,
    /// The version of the S3 object.
    pub object_version: Option<Value>,
    /// The SHA-256 of the archive.
    pub sha256: Option<Value>,
    /// Where it is said that Lambda reads the object and does not copy it.
    pub by_reference: Option<Span>,
}

/// `exists when NAME [for VALUE, …]` or `exists unless NAME [for VALUE, …]`
#[derive(Clone, Debug)]
pub struct Exists {
    /// The word before the name, which stands for the statement as a whole in messages.
    pub keyword: Span,
    /// Whether the switch must be on; it must be off otherwise.
    pub when: bool,
    /// The switch.
    pub switch: Name,
    /// The values of variables whose variants are meant; all of them where empty.
    pub values: Vec<Name>,
}

/// `share [version LABEL, …] with PRINCIPALS [because "text"] [until DATE] [when NAME]
/// [unless NAME] [suppress TOOL RULE, …]`, or `share newest NUMBER with …`
#[derive(Clone, Debug)]
pub struct Share {
    /// The versions it is about; every version where empty.
    pub versions: Vec<Name>,
    /// The number of versions at the end of the list that it is about, instead.
    pub newest: Option<Name>,
    /// Who may use them.
    pub principals: Vec<Principal>,
    /// Why.
    pub because: Option<Value>,
    /// The last day of the rule.
    pub until: Option<Value>,
    /// The switch that must be on.
    pub when: Option<Name>,
    /// The switch that must be off.
    pub unless: Option<Name>,
    /// The findings of other tools that are intended.
    pub suppressed: Vec<Suppress>,
}

/// `suppress TOOL RULE, …`
#[derive(Clone, Debug)]
pub struct Suppress {
    /// The tool.
    pub tool: Name,
    /// The rules of the tool.
    pub rules: Vec<Name>,
}

/// The kinds of restrictions, by their keywords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestrictionKind {
    /// `role`
    Role,
    /// `policy`
    Policy,
    /// `boundary`
    Boundary,
    /// `guardrail`
    Guardrail,
}

impl RestrictionKind {
    /// The word.
    #[must_use]
    pub fn keyword(self) -> Keyword {
        match self {
            Self::Role => Keyword::Role,
            Self::Policy => Keyword::Policy,
            Self::Boundary => Keyword::Boundary,
            Self::Guardrail => Keyword::Guardrail,
        }
    }
}

/// `KIND NAME { … }`
#[derive(Clone, Debug)]
pub struct Restriction {
    /// Which kind.
    pub kind: RestrictionKind,
    /// Its name.
    pub name: Name,
    /// The statements of its body, as listed.
    pub statements: Vec<RestrictionStatement>,
    /// Whether every statement of the body could be read.
    pub complete: bool,
}

/// A statement in the body of a role, policy, boundary or guardrail.
#[derive(Clone, Debug)]
pub struct RestrictionStatement {
    /// The keyword, for messages about the statement as a whole.
    pub keyword: Span,
    /// What it says.
    pub rule: Rule,
}

/// A statement in the body of a role, policy, boundary or guardrail.
#[derive(Clone, Debug)]
pub enum Rule {
    /// `allow SET`, or `allow update SET`
    Allow(FunctionRight, Vec<SetItem>),
    /// `allow none`, or `allow update none`
    AllowNone(FunctionRight),
    /// `allow read SET`
    AllowRead(Vec<SetItem>),
    /// `allow publish PATTERN, …` or `allow share PATTERN, …`
    AllowRight(HandlingRight, Vec<Name>),
    /// `deny SET`
    Deny(Vec<SetItem>),
    /// `deny publish`, `deny publish PATTERN, …`, `deny publish except PATTERN, …`, or the same of
    /// `share`
    DenyRight {
        /// What is denied.
        right: HandlingRight,
        /// Whether the patterns are exceptions.
        except: bool,
        /// Patterns for the names of layers; none for every layer.
        patterns: Vec<Name>,
        /// The place of the right.
        span: Span,
    },
    /// `deny all`
    DenyAll,
    /// `deny all except SET`
    DenyAllExcept(Vec<SetItem>),
    /// `functions PATTERN, …`
    Functions(Vec<Value>),
    /// `exempt role PATTERN, …`
    Exempt(Vec<Value>),
    /// `trust PRINCIPALS`
    Trust(Vec<Principal>),
    /// `trust service NAME`
    TrustService(Value),
    /// `trust oidc PROVIDER subject PATTERN`
    TrustOidc(Oidc),
    /// `pass-role ARN, …`
    PassRole(Vec<Value>),
    /// `managed ARN, …`
    Managed(Vec<Value>),
    /// `path PATH`
    Path(Value),
    /// `name NAME`
    Name(Value),
    /// `description "text"`
    Description(Value),
    /// `boundary NAME`, or the ARN of one that exists
    Boundary(Value),
    /// `attach to role NAME, …`, `attach to user NAME, …` or `attach to group NAME, …`
    Attach(Attach),
    /// `apply to TARGET, …`
    Apply(Vec<Principal>),
}

/// The actions on functions, with the layers that a rule allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionRight {
    /// They may be created and configured.
    CreateAndUpdate,
    /// They may be configured, but not created: `update`.
    Update,
}

/// The actions on the layers of an account, other than attaching them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HandlingRight {
    /// Versions may be published: `publish`.
    Publish,
    /// Versions may be shared with others: `share`.
    Share,
}

impl HandlingRight {
    /// The word.
    #[must_use]
    pub fn keyword(self) -> Keyword {
        match self {
            Self::Publish => Keyword::Publish,
            Self::Share => Keyword::Share,
        }
    }

    /// The right that a word names.
    #[must_use]
    pub fn from_text(word: &str) -> Option<Self> {
        [Self::Publish, Self::Share]
            .into_iter()
            .find(|right| right.keyword().text() == word)
    }
}

/// `trust oidc PROVIDER subject PATTERN`
#[derive(Clone, Debug)]
pub struct Oidc {
    /// The identity provider's address, without `https://`.
    pub provider: Value,
    /// The subjects whose tokens are trusted.
    pub subject: Value,
}

/// `attach to role NAME, …`, `attach to user NAME, …` or `attach to group NAME, …`
#[derive(Clone, Debug)]
pub struct Attach {
    /// What has the names.
    pub kind: AttachKind,
    /// The names.
    pub names: Vec<Value>,
}

/// The kinds of principals that a managed policy can be attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachKind {
    /// IAM roles.
    Role,
    /// IAM users.
    User,
    /// IAM groups.
    Group,
}

/// An item of a layer set.
#[derive(Clone, Debug)]
pub enum SetItem {
    /// `NAME [version LABEL]`, a declared layer
    Layer {
        /// The layer's name.
        name: Name,
        /// The one version that is meant, instead of any.
        version: Option<Name>,
    },
    /// `PATTERN from ACCOUNT`
    From {
        /// A pattern for the layer's name.
        pattern: Name,
        /// Whose layers.
        owner: Owner,
    },
    /// An ARN, with wildcards or without
    Arn(Value),
}

/// Whose layers an item of a layer set is about.
#[derive(Clone, Debug)]
pub enum Owner {
    /// `this account`
    ThisAccount,
    /// An account, or a group of accounts.
    Principal(Principal),
}

/// `expect CLAIM`
#[derive(Clone, Debug)]
pub struct Claim {
    /// The keyword, for messages about the claim as a whole.
    pub keyword: Span,
    /// The content of a claim.
    pub kind: ClaimKind,
}

/// What a claim is about.
#[derive(Clone, Debug)]
pub enum ClaimKind {
    /// `[only] PRINCIPALS [in ORGANIZATION] can use LAYER`, or `cannot`
    Use {
        /// Whether nobody else can.
        only: bool,
        /// Who.
        principals: Vec<Principal>,
        /// The organization that they are in.
        member_of: Option<Principal>,
        /// Whether they can.
        can: bool,
        /// The layer.
        layer: Name,
        /// The one version that is meant, instead of all.
        version: Option<Name>,
    },
    /// `NAME can attach [only] SET`, or `cannot attach SET`; the same of `publish` and `share`
    Action {
        /// The role, policy, boundary or guardrail.
        subject: Name,
        /// The relation to the layers.
        verb: Verb,
        /// The action that is possible, or not.
        action: LayerAction,
    },
}

/// An action and its layers.
#[derive(Clone, Debug)]
pub enum LayerAction {
    /// `attach SET`
    Attach(Vec<SetItem>),
    /// `publish PATTERN, …` or `share PATTERN, …`
    Handle(HandlingRight, Vec<Name>),
}

/// The relation of a claim to the layers of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// It can be done to every one of them.
    Can,
    /// It can be done to none.
    Cannot,
    /// It can be done to none outside.
    Only,
}
