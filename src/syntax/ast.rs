//! The tree of one source file: what is written, before any name in it has a meaning.

use super::source::Span;

/// A word that names something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The word.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// A word, or a text in quotes with its escapes undone. `${Name}` and `$${` are still as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The text.
    pub text: String,
    /// Where it stands, quotes included.
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
    /// `parameter NAME [TYPE] [= DEFAULT] ["text"]`
    Parameter(Parameter),
    /// `account NAME = ID`
    Account(Alias),
    /// `organization NAME = ID`
    Organization(Alias),
    /// `group NAME = PRINCIPALS`
    Group(Group),
    /// `include "FILE"`
    Include(Value),
    /// `layer NAME { … }`
    Layer(Layer),
}

/// `parameter NAME [TYPE] [= DEFAULT] ["text"]`
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The parameter's name.
    pub name: Name,
    /// Its type, when one is written.
    pub kind: Option<Name>,
    /// Its default, when there is one.
    pub default: Option<Value>,
    /// What it is for.
    pub description: Option<Value>,
}

/// `account NAME = ID` or `organization NAME = ID`
#[derive(Clone, Debug)]
pub struct Alias {
    /// The name that stands for the id.
    pub name: Name,
    /// The id; absent when what stands there could not be read, which has been reported.
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
    /// `organization ID`
    Organization(Value),
    /// A declared name.
    Named(Name),
}

/// `layer NAME { … }`
#[derive(Clone, Debug)]
pub struct Layer {
    /// The layer's name.
    pub name: Name,
    /// The statements of its body, as listed.
    pub statements: Vec<LayerStatement>,
    /// Whether every statement of the body could be read.
    pub complete: bool,
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
    /// `share …`
    Share(Share),
    /// `publish to NAME`
    Publish(Value),
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

/// `version LABEL from CONTENT [{ … }]` or `version LABEL at ARN`
#[derive(Clone, Debug)]
pub struct Version {
    /// The label.
    pub label: Name,
    /// Where the version comes from.
    pub origin: Origin,
    /// The properties in the version's own body.
    pub properties: Vec<Property>,
}

/// Where a listed version comes from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// `from CONTENT`: this stack publishes it.
    From(Content),
    /// `at ARN`: it exists already.
    At(Value),
}

/// `s3://BUCKET/KEY [object-version ID]` or a local path.
#[derive(Clone, Debug)]
pub struct Content {
    /// The address or the path.
    pub location: Value,
    /// The version of the S3 object.
    pub object_version: Option<Value>,
}

/// `share [version LABEL, …] with PRINCIPALS [because "text"] [until DATE]`
#[derive(Clone, Debug)]
pub struct Share {
    /// The keyword, for messages about the rule as a whole.
    pub keyword: Span,
    /// The versions it is about; every version where empty.
    pub versions: Vec<Name>,
    /// Who may use them.
    pub principals: Vec<Principal>,
    /// Why.
    pub because: Option<Value>,
    /// The last day on which the rule is meant to stand.
    pub until: Option<Value>,
}
