//! The parts of a template that this reader does not read and that could affect layers or
//! identities. Every such part is named.
//!
//! AWS's types that do not affect layers or identities are harmless, future ones included, unless
//! they name a call that shares a layer, changes an identity or deploys a template. For services
//! that do affect them, a type is read, is known to be harmless, or is named.

use super::calls;
use super::document::document;
use super::trust::is_about_assuming;
use crate::cloudformation::handed::Receivers;
use crate::cloudformation::stack_set::RolledOut;
use crate::cloudformation::unread::{Unread, unread};
use crate::cloudformation::unread_kind::UnreadKind;
use crate::cloudformation::{Resource, Template, is_fixed};
use crate::partial::Partial;
use serde_json::Value as Json;

/// Services whose resources can share layers or allow attaching them. The controls of Control Tower
/// are guardrails (Control Tower User Guide, "About controls").
const SERVICES: [&str; 11] = [
    "AWS::CloudFormation::",
    "AWS::ControlTower::",
    "AWS::IAM::",
    "AWS::IdentityStore::",
    "AWS::Lambda::",
    "AWS::Organizations::",
    "AWS::Proton::",
    "AWS::RolesAnywhere::",
    "AWS::SSO::",
    "AWS::Serverless::",
    "AWS::ServiceCatalog::",
];

/// Types of these services that are read.
pub const READ: [&str; 13] = [
    "AWS::IAM::Group",
    "AWS::IAM::GroupPolicy",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::User",
    "AWS::IAM::UserPolicy",
    "AWS::IAM::UserToGroupAddition",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::LayerVersionPermission",
    "AWS::Organizations::Policy",
    "AWS::SSO::PermissionSet",
];

/// Types of these services that neither share a layer nor allow attaching one (CloudFormation's
/// registry).
const HARMLESS: [&str; 39] = [
    "AWS::CloudFormation::HookDefaultVersion",
    "AWS::CloudFormation::HookTypeConfig",
    "AWS::CloudFormation::HookVersion",
    "AWS::CloudFormation::Interface",
    "AWS::CloudFormation::LambdaHook",
    "AWS::CloudFormation::GuardHook",
    "AWS::CloudFormation::Macro",
    "AWS::CloudFormation::ModuleDefaultVersion",
    "AWS::CloudFormation::ModuleVersion",
    "AWS::CloudFormation::PublicTypeVersion",
    "AWS::CloudFormation::Publisher",
    "AWS::CloudFormation::ResourceDefaultVersion",
    "AWS::CloudFormation::ResourceVersion",
    "AWS::CloudFormation::TypeActivation",
    "AWS::CloudFormation::WaitCondition",
    "AWS::CloudFormation::WaitConditionHandle",
    "AWS::IAM::AccessKey",
    "AWS::IAM::InstanceProfile",
    "AWS::IAM::OIDCProvider",
    "AWS::IAM::SAMLProvider",
    "AWS::IAM::ServerCertificate",
    "AWS::IAM::ServiceLinkedRole",
    "AWS::IAM::VirtualMFADevice",
    "AWS::Lambda::Alias",
    "AWS::Lambda::CapacityProvider",
    "AWS::Lambda::CodeSigningConfig",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Url",
    "AWS::Lambda::Version",
    "AWS::Organizations::Account",
    "AWS::Organizations::Organization",
    "AWS::Organizations::OrganizationalUnit",
    "AWS::ServiceCatalog::LaunchNotificationConstraint",
    "AWS::ServiceCatalog::Portfolio",
    "AWS::ServiceCatalog::TagOption",
    "AWS::ServiceCatalog::TagOptionAssociation",
];

/// Types of other services that create resources outside the template.
const MAKERS: [&str; 2] = [
    "AWS::Config::ConformancePack",
    "AWS::Config::OrganizationConformancePack",
];

/// Every unread part of a template that may share layers or allow attaching them. `read` is what
/// its stack sets roll out, as far as it is read.
#[must_use]
pub fn not_read(template: &Template, read: &[RolledOut]) -> Vec<Unread> {
    let receivers = Receivers::new(template);
    let mut found = unread(&receivers);
    for resource in template.resources() {
        if read.iter().any(|rolled_out| rolled_out.id == resource.id) {
            continue;
        }
        let joins =
            || joins_elsewhere(&resource, template).then_some(UnreadKind::JoinsUnknownGroup);
        match why_not_read(&resource).or_else(joins) {
            Some(kind) => found.push(Unread::resource(&resource, kind, resource.json, &receivers)),
            None if READ.contains(&resource.kind) => {}
            None => found.extend(calls::unread(&resource, &receivers)),
        }
    }
    found
}

/// The accounts and units of an organization, by their place in it: which guardrails apply to one
/// depends on it, and is not in the template. Also the resource control policies that may forbid
/// assuming roles. All these are named only if they change.
#[must_use]
pub fn places(template: &Template) -> Vec<Unread> {
    let mut found = Vec::new();
    let receivers = Receivers::new(template);
    for resource in template.resources() {
        let value = |name: &str| {
            let properties = resource.json.get("Properties");
            let value = properties.and_then(|all| all.get(name));
            value.cloned().unwrap_or(Json::Null)
        };
        let (kind, written) = match resource.kind {
            "AWS::Organizations::Account" => (UnreadKind::PlacedAccount, value("ParentIds")),
            "AWS::Organizations::OrganizationalUnit" => (UnreadKind::PlacedUnit, value("ParentId")),
            "AWS::Organizations::Organization" => {
                (UnreadKind::OrganizationFeatures, value("FeatureSet"))
            }
            "AWS::Organizations::Policy"
                if may_forbid_assuming(&value("Type"), &value("Content")) =>
            {
                let written = [value("Content"), value("TargetIds")];
                (
                    UnreadKind::ResourceControlPolicy,
                    Json::from(written.to_vec()),
                )
            }
            _ => continue,
        };
        found.push(Unread::resource(&resource, kind, &written, &receivers));
    }
    found
}

/// Whether a policy of an organization, by its type and content, may forbid assuming roles: a
/// resource control policy that names actions of STS, or all (Organizations User Guide, "Resource
/// control policies"). What a deploy decides may be one.
fn may_forbid_assuming(kind: &Json, content: &Json) -> bool {
    if is_fixed(kind) && kind.as_str() != Some("RESOURCE_CONTROL_POLICY") {
        return false;
    }
    if !is_fixed(content) {
        return true;
    }
    let content = document("", Some(&Partial::from(content)));
    content.problem.is_some() || content.statements.iter().any(is_about_assuming)
}

/// What a resource is that may do something which is not read; `None` if it does no such thing.
fn why_not_read(resource: &Resource<'_>) -> Option<UnreadKind> {
    let kind = resource.kind;
    if READ.contains(&kind) {
        let properties = resource.json.get("Properties").and_then(Json::as_object);
        let known = properties_of(kind);
        let strange =
            properties.and_then(|all| all.keys().find(|name| !known.contains(&name.as_str())));
        return strange.map(|name| UnreadKind::UnknownProperty {
            of: kind.to_owned(),
            property: name.clone(),
        });
    }
    let is_aws = kind.starts_with("AWS::") && !kind.ends_with("::MODULE");
    let is_harmless = is_aws
        && !MAKERS.contains(&kind)
        && (HARMLESS.contains(&kind) || !SERVICES.iter().any(|service| kind.starts_with(service)));
    (!is_harmless).then(|| UnreadKind::ResourceOfType(kind.to_owned()))
}

/// Whether a resource adds users to a group that is not in the template. The permissions of such a
/// group are not in the template either.
fn joins_elsewhere(resource: &Resource<'_>, template: &Template) -> bool {
    if resource.kind != "AWS::IAM::UserToGroupAddition" {
        return false;
    }
    let group = resource
        .json
        .get("Properties")
        .and_then(|all| all.get("GroupName"));
    let by_reference = group
        .and_then(|group| group.get("Ref"))
        .and_then(Json::as_str);
    let is_here = template.resources_of("AWS::IAM::Group").any(|other| {
        let name = other
            .json
            .get("Properties")
            .and_then(|all| all.get("GroupName"));
        by_reference == Some(other.id) || (name.is_some() && name == group)
    });
    !is_here
}

/// The properties of the types that are read (CloudFormation's registry).
const PROPERTIES: [(&str, &[&str]); 13] = [
    (
        "AWS::IAM::Group",
        &["GroupName", "ManagedPolicyArns", "Path", "Policies"],
    ),
    (
        "AWS::IAM::GroupPolicy",
        &["GroupName", "PolicyDocument", "PolicyName"],
    ),
    (
        "AWS::IAM::ManagedPolicy",
        &[
            "Description",
            "Groups",
            "ManagedPolicyName",
            "Path",
            "PolicyDocument",
            "Roles",
            "Tags",
            "Users",
        ],
    ),
    (
        "AWS::IAM::Policy",
        &["Groups", "PolicyDocument", "PolicyName", "Roles", "Users"],
    ),
    (
        "AWS::IAM::Role",
        &[
            "AssumeRolePolicyDocument",
            "Description",
            "ManagedPolicyArns",
            "MaxSessionDuration",
            "Path",
            "PermissionsBoundary",
            "Policies",
            "RoleName",
            "Tags",
        ],
    ),
    (
        "AWS::IAM::RolePolicy",
        &["PolicyDocument", "PolicyName", "RoleName"],
    ),
    (
        "AWS::IAM::User",
        &[
            "Groups",
            "LoginProfile",
            "ManagedPolicyArns",
            "Path",
            "PermissionsBoundary",
            "Policies",
            "Tags",
            "UserName",
        ],
    ),
    (
        "AWS::IAM::UserPolicy",
        &["PolicyDocument", "PolicyName", "UserName"],
    ),
    ("AWS::IAM::UserToGroupAddition", &["GroupName", "Users"]),
    (
        "AWS::Lambda::LayerVersion",
        &[
            "CompatibleArchitectures",
            "CompatibleRuntimes",
            "Content",
            "Description",
            "LayerName",
            "LicenseInfo",
        ],
    ),
    (
        "AWS::Lambda::LayerVersionPermission",
        &["Action", "LayerVersionArn", "OrganizationId", "Principal"],
    ),
    (
        "AWS::Organizations::Policy",
        &[
            "Content",
            "Description",
            "Name",
            "Tags",
            "TargetIds",
            "Type",
        ],
    ),
    (
        "AWS::SSO::PermissionSet",
        &[
            "CustomerManagedPolicyReferences",
            "Description",
            "InlinePolicy",
            "InstanceArn",
            "ManagedPolicies",
            "Name",
            "PermissionsBoundary",
            "RelayStateType",
            "SessionDuration",
            "Tags",
        ],
    ),
];

fn properties_of(kind: &str) -> &'static [&'static str] {
    let found = PROPERTIES.iter().find(|(known, _)| *known == kind);
    found.map_or(&[], |(_, properties)| *properties)
}
