//! The calls that a resource makes, as far as it names them, and the templates that it deploys.
//!
//! A schedule, a state machine, an automation, a script or the code of a function can share a
//! layer, change an identity or deploy another template. A pipeline, the build of an app and a
//! bundle deploy templates that are not in this one.

use crate::cloudformation::handed::Receivers;
use crate::cloudformation::unread::Unread;
use crate::cloudformation::unread_kind::UnreadKind;
use crate::cloudformation::{Resource, children, explore_within, function};
use crate::partial::{Partial, Piece, Text};
use serde_json::Value as Json;

/// Types that deploy other templates or attach policies (Template Reference of CloudFormation:
/// `AWS::Amplify::Branch`, `AWS::Budgets::BudgetsAction`,
/// `AWS::CodeStarConnections::SyncConfiguration`, `AWS::SageMaker::Project`). The bundle of an
/// application can contain resources of any type (Elastic Beanstalk Developer Guide, "Adding and
/// customizing Elastic Beanstalk environment resources").
const DEPLOYING: [&str; 6] = [
    "AWS::Amplify::Branch",
    "AWS::Budgets::BudgetsAction",
    "AWS::CodeConnections::SyncConfiguration",
    "AWS::CodeStarConnections::SyncConfiguration",
    "AWS::ElasticBeanstalk::ApplicationVersion",
    "AWS::SageMaker::Project",
];

/// Types that deploy templates from elsewhere if they have this property: the repository of an app
/// (Amplify User Guide, "Deploying a backend"), and the bundle of an environment.
const DEPLOYING_FROM: [(&str, &str); 2] = [
    ("AWS::Amplify::App", "Repository"),
    ("AWS::ElasticBeanstalk::Environment", "VersionLabel"),
];

/// The providers of actions of a pipeline that deploy templates begin with these words
/// (`CodePipeline` User Guide, action structure reference).
const PROVIDERS: [&str; 2] = ["CloudFormation", "ServiceCatalog"];

/// Commands of a build that deploy templates or other code with resources. Options may stand
/// between their words.
const COMMANDS: [&str; 11] = [
    "amplify push",
    "ampx pipeline-deploy",
    "aws cloudformation deploy",
    "cdk deploy",
    "chalice deploy",
    "pulumi up",
    "sam deploy",
    "serverless deploy",
    "sls deploy",
    "sst deploy",
    "terraform apply",
];

/// The call that shares a layer version.
const SHARING_CALL: &str = "AddLayerVersionPermission";

/// Calls that change who may do what, publish or attach a layer, or deploy other templates.
const OTHER_CALLS: [&str; 42] = [
    "AddUserToGroup",
    "AttachCustomerManagedPolicyReferenceToPermissionSet",
    "AttachGroupPolicy",
    "AttachManagedPolicyToPermissionSet",
    "AttachRolePolicy",
    "AttachUserPolicy",
    "CreateAccessKey",
    "CreateAccountAssignment",
    "CreateLoginProfile",
    "CreatePolicyVersion",
    "CreateResource",
    "CreateStack",
    "CreateStackInstances",
    "CreateStackSet",
    "DeleteGroupPolicy",
    "DeleteInlinePolicyFromPermissionSet",
    "DeleteRolePermissionsBoundary",
    "DeleteRolePolicy",
    "DeleteUserPermissionsBoundary",
    "DeleteUserPolicy",
    "DetachGroupPolicy",
    "DetachPolicy",
    "DetachRolePolicy",
    "DetachUserPolicy",
    "DisablePolicyType",
    "ExecuteChangeSet",
    "PublishLayerVersion",
    "PutGroupPolicy",
    "PutInlinePolicyToPermissionSet",
    "PutRolePermissionsBoundary",
    "PutRolePolicy",
    "PutUserPermissionsBoundary",
    "PutUserPolicy",
    "RemoveUserFromGroup",
    "SetDefaultPolicyVersion",
    "UpdateAssumeRolePolicy",
    "UpdateFunctionConfiguration",
    "UpdateLoginProfile",
    "UpdatePolicy",
    "UpdateResource",
    "UpdateStack",
    "UpdateStackSet",
];

/// The services of these calls, as integrations with SDKs name them.
const SERVICES: [&str; 6] = [
    "cloudcontrol",
    "cloudformation",
    "iam",
    "lambda",
    "organizations",
    "ssoadmin",
];

/// The same services, as requests to them are signed (Service Authorization Reference).
const SIGNING_NAMES: [&str; 6] = [
    "cloudcontrolapi",
    "cloudformation",
    "iam",
    "lambda",
    "organizations",
    "sso",
];

/// Resources that send requests over HTTP and sign them, with the key of the service (Template
/// Reference: `AwsIamConfig` of a data source, `SigV4Authorization` of a rule).
const SIGNING: [(&str, &str); 2] = [
    ("AWS::AppSync::DataSource", "SigningServiceName"),
    ("AWS::IoT::TopicRule", "ServiceName"),
];

/// How integrations with SDKs begin: `arn:aws:states:::aws-sdk:iam:attachRolePolicy`.
const INTEGRATION: &str = "aws-sdk:";

/// How an integration of API Gateway names a call of a service after its name:
/// `arn:aws:apigateway:eu-west-1:iam:action/PutRolePolicy` (API Gateway API Reference,
/// `Integration`, `uri`).
const API_GATEWAY: [&str; 2] = [":action/", ":path/"];

/// Where layers are in Lambda's API: `POST /2018-10-31/layers/NAME/versions/NUMBER/policy` shares
/// a version (Lambda API Reference, `AddLayerVersionPermission`).
const LAYERS_PATH: &str = "2018-10-31/layers";

/// How those that make any call name the calls of others, in letters: integrations;
/// `aws:executeAwsApi`, `aws:executeScript`, `aws:createStack` and `AWS-UpdateCloudFormationStack`
/// in an automation. Others, such as an alarm, only watch for them.
const CALLERS: [&str; 10] = [
    "awssdkcloudcontrol",
    "awssdkcloudformation",
    "awssdkiam",
    "awssdkorganizations",
    "awssdkssoadmin",
    "awsexecuteawsapi",
    "awsexecutescript",
    "awscreatestack",
    "awsupdatestack",
    "awsupdatecloudformationstack",
];

/// How scripts name the calls of others.
const COMMAND_LINES: [&str; 5] = [
    "aws cloudcontrol",
    "aws cloudformation",
    "aws iam",
    "aws organizations",
    "aws sso-admin",
];

/// How code names the SDKs that make calls: those for Python, and the modules of the one for
/// JavaScript; and how a container names the image of the command line.
const SDKS: [&str; 4] = ["aws-cli", "boto3", "botocore", "@aws-sdk/"];

/// The older SDK for JavaScript, which is one module.
const MODULE: &str = "aws-sdk";

/// Properties that say which calls of others a resource watches for.
const WATCHING: [(&str, &str); 3] = [
    ("AWS::Events::Rule", "EventPattern"),
    ("AWS::Logs::MetricFilter", "FilterPattern"),
    ("AWS::Logs::SubscriptionFilter", "FilterPattern"),
];

/// Types whose resources make calls that a text of theirs names, so that it matters what their
/// functions put together.
const CALLING: [&str; 10] = [
    "AWS::ApiGateway::Method",
    "AWS::ApiGateway::RestApi",
    "AWS::AppSync::FunctionConfiguration",
    "AWS::AppSync::Resolver",
    "AWS::CodeBuild::Project",
    "AWS::SSM::Association",
    "AWS::SSM::Document",
    "AWS::SSM::MaintenanceWindowTask",
    "AWS::Scheduler::Schedule",
    "AWS::StepFunctions::StateMachine",
];

/// A call that matters here and that a resource names.
enum NamedCall {
    /// This one.
    Known(&'static str),
    /// One that only a deploy knows.
    Unknown,
}

/// What a resource deploys or calls, if it is something that matters here.
pub(super) fn unread(resource: &Resource<'_>, receivers: &Receivers<'_>) -> Option<Unread> {
    let kind = resource.kind;
    if kind == "AWS::CodePipeline::Pipeline"
        && let Some(deploys) = pipeline(resource, receivers)
    {
        return Some(deploys);
    }
    let properties = resource.json.get("Properties");
    let deploys_from = DEPLOYING_FROM.iter().any(|(deploying, from)| {
        *deploying == kind && properties.is_some_and(|all| all.get(from).is_some())
    });
    let what = if deploys_from || DEPLOYING.contains(&kind) {
        UnreadKind::ResourceOfType(kind.to_owned())
    } else {
        does(resource, receivers)?
    };
    Some(Unread::resource(resource, what, resource.json, receivers))
}

/// What a resource does by the calls and commands that it names.
fn does(resource: &Resource<'_>, receivers: &Receivers<'_>) -> Option<UnreadKind> {
    let kind = resource.kind;
    let by = kind.to_owned();
    match named_call(resource, receivers) {
        Some(NamedCall::Known(call)) => return Some(UnreadKind::NamesCall { by, call }),
        Some(NamedCall::Unknown) => return Some(UnreadKind::MakesUnknownCall(by)),
        None => {}
    }
    if let Some(signs) = signed_service(resource, receivers) {
        return Some(signs);
    }
    let is_build = kind == "AWS::CodeBuild::Project";
    let mut commands = COMMANDS.iter().filter(|_| is_build);
    let command = commands.find(|command| runs_anywhere(resource.json, command))?;
    Some(UnreadKind::RunsCommand { by, command })
}

/// The service to which a resource signs requests, if it matters here. Which calls these are may be
/// written elsewhere, as in the resolvers of a data source.
fn signed_service(resource: &Resource<'_>, receivers: &Receivers<'_>) -> Option<UnreadKind> {
    let (_, key) = SIGNING.iter().find(|(kind, _)| *kind == resource.kind)?;
    let properties = resource.json.get("Properties")?;
    let by = resource.kind.to_owned();
    let cases = explore_within(&receivers.budget, receivers.template, None, |world| {
        world.value(properties)
    });
    let Ok(cases) = cases else {
        return Some(UnreadKind::MakesUnknownCall(by));
    };
    let mut names = Vec::new();
    for (_, value) in &cases {
        add_values(value.as_ref()?, key, &mut names);
    }
    names.retain(|name| name.is_none_or(|name| SIGNING_NAMES.contains(&name)));
    Some(match names.first()? {
        Some(name) => UnreadKind::CallsService {
            by,
            service: (*name).to_owned(),
        },
        None => UnreadKind::MakesUnknownCall(by),
    })
}

/// Adds the texts that a key has anywhere in a value; `None` is one that only a deploy knows.
fn add_values<'a>(value: &'a Partial, key: &str, found: &mut Vec<Option<&'a str>>) {
    match value {
        Partial::Map(map) => {
            for (name, inner) in map {
                if name == key {
                    found.push(inner.as_literal());
                }
                add_values(inner, key, found);
            }
        }
        Partial::List(items) => items.iter().for_each(|item| add_values(item, key, found)),
        Partial::Text(_) | Partial::Null => {}
    }
}

/// The actions of a pipeline that deploy templates, with what they receive.
fn pipeline(resource: &Resource<'_>, receivers: &Receivers<'_>) -> Option<Unread> {
    let mut actions = Vec::new();
    deploying_actions(resource.json.get("Properties")?, &mut actions);
    if actions.is_empty() {
        return None;
    }
    let what = UnreadKind::ResourceOfType(resource.kind.to_owned());
    // The roles with which it deploys are no layers.
    let mut received = actions.clone();
    for action in &mut received {
        if let Some(Json::Object(configuration)) = action.get_mut("Configuration") {
            configuration.shift_remove("RoleArn");
        }
        if let Json::Object(map) = action {
            map.shift_remove("RoleArn");
        }
    }
    let part = Unread::resource(resource, what, &Json::Array(actions), receivers);
    Some(part.receiving(&Json::Array(received), receivers))
}

/// Adds the actions that deploy templates, or may.
fn deploying_actions(json: &Json, found: &mut Vec<Json>) {
    if let Some(id) = json.get("ActionTypeId") {
        let text = |key: &str| id.get(key).map(|value| value.as_str());
        let may_deploy = match (text("Category"), text("Provider")) {
            (_, Some(Some(provider))) => PROVIDERS.iter().any(|one| provider.starts_with(one)),
            (Some(Some(category)), _) => category == "Deploy",
            (_, Some(None)) | (None | Some(None), None) => true,
        };
        if may_deploy {
            found.push(json.clone());
        }
        return;
    }
    children(json).for_each(|inner| deploying_actions(inner, found));
}

/// The call that matters here, if a resource names one as an SDK, the command line or Python does.
/// Only letters count, and several texts may be joined into one.
fn named_call(resource: &Resource<'_>, receivers: &Receivers<'_>) -> Option<NamedCall> {
    let mut texts = Texts::default();
    let mut written = Vec::new();
    for (section, value) in resource.json.as_object().into_iter().flatten() {
        match value.as_object().filter(|_| section == "Properties") {
            Some(properties) => written.extend(
                properties
                    .iter()
                    .filter(|(name, _)| !WATCHING.contains(&(resource.kind, name)))
                    .map(|(_, value)| value),
            ),
            None => written.push(value),
        }
    }
    for value in &written {
        texts.add_written(value);
    }
    if CALLING.contains(&resource.kind) && written.iter().any(|value| has_function(value)) {
        let cases = explore_within(&receivers.budget, receivers.template, None, |world| {
            let values = written.iter().filter_map(|value| world.value(value));
            values.collect::<Vec<Partial>>()
        });
        match cases {
            Ok(cases) => {
                for value in cases.iter().flat_map(|(_, values)| values) {
                    texts.add(value);
                }
            }
            Err(_) => texts.has_open_call = true,
        }
    }
    texts.call()
}

/// The texts of a resource.
#[derive(Default)]
struct Texts {
    /// Their letters, in lower case.
    letters: String,
    /// Whether it makes calls of others by an integration or a command line.
    makes_calls: bool,
    /// Whether it names a call that only a deploy knows.
    has_open_call: bool,
    /// Whether it names the path of layers in Lambda's API.
    names_layers: bool,
}

impl Texts {
    fn add_written(&mut self, json: &Json) {
        if let Json::String(text) = json {
            self.add_text(text, false);
        }
        // The words of a command, as a container lists them.
        if let Json::Array(items) = json {
            let words: Vec<&str> = items.iter().filter_map(Json::as_str).collect();
            self.makes_calls |= makes_calls(&words.join(" "));
        }
        children(json).for_each(|inner| self.add_written(inner));
    }

    fn add(&mut self, value: &Partial) {
        match value {
            Partial::Text(text) => self.add_pieces(text),
            Partial::List(items) => items.iter().for_each(|item| self.add(item)),
            Partial::Map(map) => map.values().for_each(|item| self.add(item)),
            Partial::Null => {}
        }
    }

    fn add_pieces(&mut self, text: &Text) {
        let mut pieces = text.pieces().iter().peekable();
        while let Some(piece) = pieces.next() {
            if let Piece::Literal(literal) = piece {
                self.add_text(literal, pieces.peek().is_some());
            }
        }
    }

    fn add_text(&mut self, text: &str, goes_on: bool) {
        let all = text.chars().filter(char::is_ascii_alphabetic);
        self.letters
            .extend(all.map(|letter| letter.to_ascii_lowercase()));
        self.makes_calls |= makes_calls(text);
        for call in text.split(INTEGRATION).skip(1) {
            let service = call.split(':').next().unwrap_or(call);
            self.makes_calls |= SERVICES.iter().any(|one| service.eq_ignore_ascii_case(one));
            self.has_open_call |= goes_on && is_open(call);
        }
        self.names_layers |= text.contains(LAYERS_PATH);
        for (call, service) in API_GATEWAY.iter().flat_map(|kind| integrations(text, kind)) {
            // Lambda's own are in every API that invokes a function.
            if service == "lambda" {
                let path = call.trim_start_matches('/');
                self.has_open_call |= goes_on && LAYERS_PATH.starts_with(path);
            } else {
                self.makes_calls = true;
                self.has_open_call |= goes_on && call.chars().all(|c| c.is_ascii_alphanumeric());
            }
        }
    }

    /// Whether it shares a version by the path of its policy.
    fn shares_by_path(&self) -> bool {
        self.names_layers && self.letters.contains("policy")
    }

    fn call(&self) -> Option<NamedCall> {
        let calls = |one: &&&str| self.letters.contains(&one.to_ascii_lowercase());
        let is_made = self.makes_calls || CALLERS.iter().any(|one| self.letters.contains(one));
        let others = OTHER_CALLS.iter().filter(|_| is_made);
        let found = std::iter::once(&SHARING_CALL).chain(others).find(calls);
        match found.or(self.shares_by_path().then_some(&SHARING_CALL)) {
            Some(call) => Some(NamedCall::Known(call)),
            None if self.has_open_call => Some(NamedCall::Unknown),
            None => None,
        }
    }
}

/// What follows the names of services in integrations of API Gateway, with these names.
fn integrations<'a>(text: &'a str, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    text.match_indices(kind).filter_map(move |(at, _)| {
        let before = &text[..at];
        let service = SIGNING_NAMES.iter().find(|name| {
            before
                .strip_suffix(**name)
                .is_some_and(|start| start.is_empty() || start.ends_with(':'))
        })?;
        let rest = &text[at + kind.len()..];
        let end = rest.find(|c: char| c.is_whitespace() || c == '"');
        Some((&rest[..end.unwrap_or(rest.len())], *service))
    })
}

/// Whether a text runs the command line, or names an SDK.
fn makes_calls(text: &str) -> bool {
    COMMAND_LINES.iter().any(|command| runs(text, command))
        || SDKS.iter().any(|sdk| text.contains(sdk))
        || names_module(text)
}

/// Whether a text inside a value runs a command.
fn runs_anywhere(json: &Json, command: &str) -> bool {
    json.as_str().is_some_and(|text| runs(text, command))
        || children(json).any(|inner| runs_anywhere(inner, command))
}

/// Whether a text runs a command: the words of it in their order, with others between them at most,
/// such as `aws --region us-east-1 iam`, or `npx cdk --app . deploy`.
fn runs(text: &str, command: &str) -> bool {
    const ENDS: [char; 9] = ['\n', ';', '|', '&', '"', '\'', '`', '(', ')'];
    let Some((tool, _)) = command.split_once(' ') else {
        return false;
    };
    // An ARN has no spaces.
    text.contains(' ')
        && text.contains(tool)
        && text.split(ENDS).any(|line| {
            let mut words = line.split_whitespace();
            let mut wanted = command.split(' ').enumerate();
            wanted.all(|(index, wanted)| {
                words.any(|word| {
                    let name = word.rsplit('/').next().unwrap_or(word);
                    word == wanted || (index == 0 && name == wanted)
                })
            })
        })
}

/// Whether a text names the older SDK for JavaScript, and not an integration.
fn names_module(text: &str) -> bool {
    let mut after = text.split(MODULE).skip(1);
    after.any(|rest| !rest.starts_with(':'))
}

/// Whether the name of a call, after which an unknown value follows, is one of a service that
/// matters here, or of an unknown one.
fn is_open(call: &str) -> bool {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == ':';
    match call.split_once(':') {
        _ if !call.chars().all(is_name) => false,
        Some((service, _)) => SERVICES.iter().any(|one| service.eq_ignore_ascii_case(one)),
        None => true,
    }
}

fn has_function(json: &Json) -> bool {
    function(json).is_some() || children(json).any(has_function)
}
