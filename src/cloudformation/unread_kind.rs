//! What a part of a template is that stands for something outside the template.

use std::fmt;

/// A kind of unread part. `Display` describes one such part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnreadKind {
    /// A macro that changes the whole template, as it is written.
    Macro(String),
    /// A section that CloudFormation does not know.
    UnknownSection,
    /// A function in the place of a section, by its name.
    FunctionAsSection(String),
    /// A section in which a macro inserts something.
    SectionWithMacro,
    /// Something other than resources in their section.
    NotResources,
    /// Resources that CloudFormation generates.
    GeneratedResources,
    /// A resource without a type, or with one that is not a text.
    ResourceWithoutType,
    /// A resource in which a macro inserts something.
    ResourceWithMacro,
    /// A resource of a type that is not read, or that deploys other templates.
    ResourceOfType(String),
    /// A resource of a type that is read, with a property that is not.
    UnknownProperty {
        /// The type.
        of: String,
        /// The name of the property.
        property: String,
    },
    /// A resource that names a call of an API. It may make that call.
    NamesCall {
        /// The type of the resource.
        by: String,
        /// The call.
        call: &'static str,
    },
    /// A resource of this type that makes a call which only a deploy knows.
    MakesUnknownCall(String),
    /// A resource that signs requests to an API, so that others can make any call of it.
    CallsService {
        /// The type of the resource.
        by: String,
        /// The service, as requests to it are signed.
        service: String,
    },
    /// A resource that runs a command.
    RunsCommand {
        /// The type of the resource.
        by: String,
        /// The command.
        command: &'static str,
    },
    /// Users join a group that is not in the template.
    JoinsUnknownGroup,
    /// An account with its place in an organization.
    PlacedAccount,
    /// A unit with its place in an organization.
    PlacedUnit,
    /// An organization with the features that it uses.
    OrganizationFeatures,
    /// A resource control policy that may forbid assuming roles.
    ResourceControlPolicy,
}

impl fmt::Display for UnreadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Macro(written) => write!(f, "the macro {written}"),
            Self::UnknownSection => f.write_str("a section that CloudFormation does not know"),
            Self::FunctionAsSection(name) => f.write_str(name),
            Self::SectionWithMacro => f.write_str("a part that a macro inserts"),
            Self::NotResources => f.write_str("something that is not a mapping of resources"),
            Self::GeneratedResources => f.write_str("resources that CloudFormation generates"),
            Self::ResourceWithoutType => f.write_str("a resource without a known type"),
            Self::ResourceWithMacro => f.write_str("a resource that a macro generates in part"),
            Self::ResourceOfType(name) => {
                let what = describe_type(name);
                write!(f, "{what} ({name})")
            }
            Self::UnknownProperty { of, property } => {
                write!(f, "{of} with the unknown property {property}")
            }
            Self::NamesCall { by, call } => {
                write!(f, "a resource ({by}) that names the call {call}")
            }
            Self::MakesUnknownCall(by) => {
                write!(
                    f,
                    "a resource ({by}) that makes a call that only a deploy knows"
                )
            }
            Self::CallsService { by, service } => {
                write!(f, "a resource ({by}) that signs requests to {service}")
            }
            Self::RunsCommand { by, command } => {
                write!(f, "a resource ({by}) that runs `{command}`")
            }
            Self::JoinsUnknownGroup => {
                f.write_str("users who join a group whose policies are not in the template")
            }
            Self::PlacedAccount => {
                f.write_str("an account that moves to another unit, where other guardrails apply")
            }
            Self::PlacedUnit => {
                f.write_str("a unit that moves to another one, where other guardrails apply")
            }
            Self::OrganizationFeatures => {
                f.write_str("an organization whose guardrails may no longer apply")
            }
            Self::ResourceControlPolicy => {
                f.write_str("a resource control policy that may forbid assuming roles")
            }
        }
    }
}

/// What a resource of a type is.
fn describe_type(name: &str) -> &'static str {
    match name {
        "AWS::Amplify::App" => "an app whose builds deploy templates",
        "AWS::Amplify::Branch" => "a branch of an app whose builds deploy templates",
        "AWS::Budgets::BudgetsAction" => "an action of a budget that attaches a policy",
        "AWS::CodeConnections::SyncConfiguration"
        | "AWS::CodeStarConnections::SyncConfiguration" => {
            "a repository whose templates are deployed"
        }
        "AWS::CodePipeline::Pipeline" => "a pipeline that deploys templates",
        "AWS::ElasticBeanstalk::ApplicationVersion" => "a bundle that can have resources",
        "AWS::ElasticBeanstalk::Environment" => "an environment whose bundle can have resources",
        "AWS::SageMaker::Project" => "a project that a product of Service Catalog creates",
        "AWS::CloudFormation::Stack" | "AWS::Serverless::Application" => "a nested stack",
        "AWS::CloudFormation::StackSet" => "a stack set",
        "AWS::CloudFormation::CustomResource" => "a custom resource",
        _ if name.starts_with("Custom::") => "a custom resource",
        _ if name.ends_with("::MODULE") => "a module",
        _ if name.starts_with("AWS::") => "a resource type that is not read",
        _ => "a third-party resource",
    }
}
