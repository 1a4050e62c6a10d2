//! A CloudFormation template, with the parts that this compiler writes.

mod policy;

pub use policy::{
    Condition, Document, Effect, Key, PrincipalElement, Remarked, Resources, Statement, Values,
};

use crate::rules::model::Suppressed;
use std::sync::Arc;

/// A template.
#[derive(Clone, Debug, Default)]
pub struct Template {
    /// The file name of the source, for the first lines; not part of what CloudFormation reads.
    pub source: String,
    /// `Description`
    pub description: Option<String>,
    /// `Parameters`, in the order in which they are written.
    pub parameters: Vec<Parameter>,
    /// `Conditions`, in the order in which they are written.
    pub conditions: Vec<TemplateCondition>,
    /// `Resources`, in the order in which they are written.
    pub resources: Vec<Resource>,
    /// `Outputs`, in the order in which they are written.
    pub outputs: Vec<Output>,
}

/// A condition of the template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateCondition {
    /// Its name.
    pub id: String,
    /// What is asked.
    pub test: Test,
}

/// The test of a condition on the values of a deploy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// `Fn::Equals` of a parameter and a text.
    Equals(String, &'static str),
    /// `Fn::Not`
    Not(Box<Test>),
    /// `Fn::And`, of two to ten.
    And(Vec<Test>),
    /// `Fn::Or`, of two to ten.
    Or(Vec<Test>),
    /// Another condition, by its name.
    Named(String),
}

impl Test {
    /// The conditions that it names.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Equals(..) => Vec::new(),
            Self::Not(inner) => inner.names(),
            Self::And(inner) | Self::Or(inner) => inner.iter().flat_map(Self::names).collect(),
            Self::Named(name) => vec![name],
        }
    }
}

/// The values that a stack shows after a deploy. None has an `Export`: a stack that imports an ARN
/// would prevent this one from publishing the next version.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its name, which no parameter and no resource may have.
    pub id: String,
    /// `Description`
    pub description: String,
    /// `Condition`
    pub condition: Option<Arc<str>>,
    /// `Value`
    pub value: Value,
}

impl Template {
    /// Whether it names local files, which `aws cloudformation package` must upload before a
    /// deploy.
    #[must_use]
    pub fn needs_package(&self) -> bool {
        self.resources
            .iter()
            .any(|resource| match &resource.properties {
                Properties::LayerVersion(version) => matches!(version.content, Content::Local(_)),
                Properties::Permission(_)
                | Properties::SsmParameter(_)
                | Properties::Role(_)
                | Properties::ManagedPolicy(_)
                | Properties::ServiceControlPolicy(_)
                | Properties::StackSet(_) => false,
            })
    }

    /// Its stack set, if it has one.
    #[must_use]
    pub fn stack_set(&self) -> Option<&StackSet> {
        self.resources
            .iter()
            .find_map(|resource| match &resource.properties {
                Properties::StackSet(set) => Some(set.as_ref()),
                Properties::LayerVersion(_)
                | Properties::Permission(_)
                | Properties::SsmParameter(_)
                | Properties::Role(_)
                | Properties::ManagedPolicy(_)
                | Properties::ServiceControlPolicy(_) => None,
            })
    }

    /// The capability that a deploy must acknowledge before CloudFormation creates the IAM
    /// resources of the template, if any (CloudFormation API reference, `CreateStack`,
    /// `Capabilities`).
    #[must_use]
    pub fn capability(&self) -> Option<&'static str> {
        let mut needed = None;
        for resource in &self.resources {
            let name = match &resource.properties {
                Properties::Role(role) => &role.name,
                Properties::ManagedPolicy(policy) => &policy.name,
                Properties::LayerVersion(_)
                | Properties::Permission(_)
                | Properties::SsmParameter(_)
                | Properties::ServiceControlPolicy(_)
                | Properties::StackSet(_) => continue,
            };
            if name.is_some() {
                return Some("CAPABILITY_NAMED_IAM");
            }
            needed = Some("CAPABILITY_IAM");
        }
        needed
    }
}

/// A template parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// `Description`
    pub description: Option<String>,
    /// `Type`
    pub kind: &'static str,
    /// `AllowedValues`
    pub values: Vec<String>,
    /// `AllowedPattern`
    pub pattern: Option<String>,
    /// `ConstraintDescription`: what the pattern says, in words.
    pub constraint: Option<&'static str>,
    /// `Default`
    pub default: Option<String>,
    /// `NoEcho`
    pub hidden: bool,
    /// The text that the console shows in place of its name.
    pub label: Option<String>,
    /// Its place in the order in which the console shows the parameters.
    pub place: usize,
}

/// A value that CloudFormation may fill in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text that stands for itself.
    String(Arc<str>),
    /// `!Ref` of a parameter or a resource.
    Ref(Arc<str>),
    /// `!Sub` of a text, in which `${Name}` is filled in and `${!Name}` stands for `${Name}`.
    Sub(Arc<str>),
}

impl Value {
    /// A text that stands for itself.
    pub fn string(text: impl Into<Arc<str>>) -> Self {
        Self::String(text.into())
    }
}

/// What CloudFormation does with a removed resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletionPolicy {
    /// It is deleted.
    Delete,
    /// It stays, outside the stack.
    Retain,
    /// It stays, unless the operation that created it fails. A `DeletionPolicy` only.
    RetainExceptOnCreate,
}

impl DeletionPolicy {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Delete => "Delete",
            Self::Retain => "Retain",
            Self::RetainExceptOnCreate => "RetainExceptOnCreate",
        }
    }
}

/// A resource.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its logical ID.
    pub id: String,
    /// A remark for reviewers, written above it.
    pub comment: Option<Arc<str>>,
    /// `Condition`
    pub condition: Option<Arc<str>>,
    /// `DependsOn`
    pub depends_on: Option<Arc<str>>,
    /// `DeletionPolicy` and `UpdateReplacePolicy`: what happens to it when it leaves the template,
    /// and when it is replaced.
    pub policies: Option<(DeletionPolicy, DeletionPolicy)>,
    /// `Metadata`, by which other tools leave out findings, sorted by tool.
    pub suppressed: Option<Arc<[Suppressed]>>,
    /// `Type` and `Properties`.
    pub properties: Properties,
}

/// The properties of a resource, by its type.
#[derive(Clone, Debug)]
pub enum Properties {
    /// `AWS::Lambda::LayerVersion`
    LayerVersion(Box<LayerVersion>),
    /// `AWS::Lambda::LayerVersionPermission`
    Permission(Permission),
    /// `AWS::SSM::Parameter`
    SsmParameter(Box<SsmParameter>),
    /// `AWS::IAM::Role`
    Role(Box<Role>),
    /// `AWS::IAM::ManagedPolicy`
    ManagedPolicy(Box<ManagedPolicy>),
    /// `AWS::Organizations::Policy` of type `SERVICE_CONTROL_POLICY`
    ServiceControlPolicy(Box<ServiceControlPolicy>),
    /// `AWS::CloudFormation::StackSet` with service-managed permissions
    StackSet(Box<StackSet>),
}

/// `AWS::Lambda::LayerVersion`. Every property is create-only: a change publishes a new version.
#[derive(Clone, Debug)]
pub struct LayerVersion {
    /// `LayerName`
    pub name: Value,
    /// `Description`
    pub description: Option<Value>,
    /// `CompatibleRuntimes`
    pub runtimes: Arc<[String]>,
    /// `CompatibleArchitectures`
    pub architectures: Arc<[String]>,
    /// `LicenseInfo`
    pub license: Option<Value>,
    /// `Content`
    pub content: Content,
}

/// `Content` of a layer version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// An object in a bucket of the stack's region.
    S3 {
        /// `S3Bucket`
        bucket: Value,
        /// `S3Key`
        key: Value,
        /// `S3ObjectVersion`
        object_version: Option<Value>,
        /// Whether `S3ObjectStorageMode` is `REFERENCE`.
        by_reference: bool,
    },
    /// A path that `aws cloudformation package` uploads, relative to the template.
    Local(String),
}

/// `AWS::Lambda::LayerVersionPermission`. Every property is create-only.
#[derive(Clone, Debug)]
pub struct Permission {
    /// `LayerVersionArn`
    pub layer_version: Value,
    /// Who may use it.
    pub grantee: Arc<Grantee>,
}

/// A principal as its grants write it.
#[derive(Clone, Debug)]
pub struct Grantee {
    /// `Principal`
    pub principal: Value,
    /// `OrganizationId`
    pub organization: Option<Value>,
    /// The source's name for the principal.
    pub names: Option<Arc<str>>,
}

/// `AWS::SSM::Parameter` of type `String`.
#[derive(Clone, Debug)]
pub struct SsmParameter {
    /// `Name`
    pub name: Value,
    /// `Value`
    pub value: Value,
}

/// `AWS::IAM::Role`
#[derive(Clone, Debug)]
pub struct Role {
    /// `RoleName`
    pub name: Option<Value>,
    /// `Description`
    pub description: Option<String>,
    /// `Path`
    pub path: Option<String>,
    /// `PermissionsBoundary`
    pub boundary: Option<Value>,
    /// `ManagedPolicyArns`
    pub managed: Vec<Value>,
    /// `AssumeRolePolicyDocument`
    pub trust: Document,
    /// The document of its one inline policy; `None` without statements.
    pub policy: Document,
}

/// `AWS::IAM::ManagedPolicy`. Its name, description and path are create-only.
#[derive(Clone, Debug)]
pub struct ManagedPolicy {
    /// `ManagedPolicyName`
    pub name: Option<Value>,
    /// `Description`
    pub description: Option<String>,
    /// `Path`
    pub path: Option<String>,
    /// `Roles`
    pub roles: Vec<Value>,
    /// `Users`
    pub users: Vec<Value>,
    /// `Groups`
    pub groups: Vec<Value>,
    /// `PolicyDocument`
    pub document: Document,
}

/// `AWS::Organizations::Policy` of type `SERVICE_CONTROL_POLICY`
#[derive(Clone, Debug)]
pub struct ServiceControlPolicy {
    /// `Name`
    pub name: Value,
    /// `Description`
    pub description: Option<String>,
    /// `TargetIds`
    pub targets: Vec<Remarked>,
    /// `Content`
    pub document: Document,
}

/// `AWS::CloudFormation::StackSet` with service-managed permissions. Its name is that of the stack.
#[derive(Clone, Debug)]
pub struct StackSet {
    /// Whether `CallAs` is that of a delegated administrator.
    pub by_delegate: bool,
    /// `Capabilities`
    pub capability: Option<&'static str>,
    /// `Parameters`
    pub parameters: Vec<StackSetParameter>,
    /// `OrganizationalUnitIds`
    pub units: Vec<Remarked>,
    /// `Regions`: one, since IAM has none.
    pub region: String,
    /// `TemplateBody`
    pub body: Template,
}

/// The value of a parameter of the template that a stack set rolls out.
#[derive(Clone, Debug)]
pub struct StackSetParameter {
    /// `ParameterKey`
    pub name: String,
    /// `ParameterValue`
    pub value: Value,
}
