//! Which principals of a template a policy is attached to, and who is in a group.

use super::document::not_certain;
use super::matching::Match;
use crate::cloudformation::{Resource, Template, World, function};
use crate::iam::document::Document;
use crate::partial::Text;
use serde_json::Value as Json;

pub(super) const ROLE: &str = "AWS::IAM::Role";
pub(super) const USER: &str = "AWS::IAM::User";
pub(super) const GROUP: &str = "AWS::IAM::Group";
pub(super) const MANAGED_POLICY: &str = "AWS::IAM::ManagedPolicy";
pub(super) const GUARDRAIL: &str = "AWS::Organizations::Policy";
pub(super) const PERMISSION_SET: &str = "AWS::SSO::PermissionSet";

/// Policies that are separate resources and name their principals in properties.
pub(super) const ATTACHED: [&str; 5] = [
    MANAGED_POLICY,
    "AWS::IAM::Policy",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::UserPolicy",
    "AWS::IAM::GroupPolicy",
];

/// The principals of a policy, by the properties that name them: several for a managed or inline
/// policy, one for the others.
pub(super) const ATTACHMENTS: [(&str, &str, &str); 6] = [
    ("Roles", "RoleName", ROLE),
    ("RoleName", "RoleName", ROLE),
    ("Users", "UserName", USER),
    ("UserName", "UserName", USER),
    ("Groups", "GroupName", GROUP),
    ("GroupName", "GroupName", GROUP),
];

/// Whether a policy that names `target` is attached to a principal with the name `own`, if it has
/// one.
pub(super) fn is_named(
    target: &Text,
    principal: &Resource<'_>,
    own: Option<&Text>,
    template: &Template,
) -> Match {
    if target.as_resource() == Some(principal.id) || own == Some(target) {
        return Match::Yes;
    }
    // The name of a resource of another type may be this one's name.
    let is_other_resource = target
        .as_resource()
        .and_then(|id| template.resource(id))
        .is_some_and(|other| other.kind == principal.kind);
    let is_literal = target.as_literal().is_some();
    let letters = (own.and_then(Text::as_literal), target.as_literal());
    match own {
        // IAM does not distinguish names that differ only in case.
        _ if matches!(letters, (Some(own), Some(name)) if own.eq_ignore_ascii_case(name)) => {
            Match::Maybe
        }
        // A name that only the deploy knows may be this one's, unless both are known.
        Some(own) if own.as_literal().is_none() && !is_other_resource => Match::Maybe,
        // Nobody writes a name that CloudFormation generates.
        Some(_) | None if is_literal || is_other_resource => Match::No,
        Some(_) | None => Match::Maybe,
    }
}

/// A policy of a template, or an addition to a group, that may be for a principal of another
/// template, by one of its names.
#[must_use]
pub(super) fn attachment_to<'t>(names: &[String], template: &'t Template) -> Option<&'t str> {
    let mut resources = template.resources();
    let found = resources.find(|resource| {
        let properties = resource.json.get("Properties");
        lists_of_principals(resource.kind)
            .into_iter()
            .filter_map(|list| properties?.get(list))
            .any(|targets| may_name(targets, names, template))
    });
    found.map(|resource| resource.id)
}

/// The properties of a type of resource that list principals.
fn lists_of_principals(kind: &str) -> Vec<&'static str> {
    match kind {
        "AWS::IAM::UserToGroupAddition" => vec!["Users"],
        _ if ATTACHED.contains(&kind) => ATTACHMENTS.iter().map(|(list, ..)| *list).collect(),
        _ => Vec::new(),
    }
}

/// Whether a value may name a principal of another template: by its name, whose case does not
/// matter, or by something that is not a resource of its own template.
fn may_name(targets: &Json, names: &[String], template: &Template) -> bool {
    match (targets, function(targets)) {
        (Json::String(name), _) => names.iter().any(|own| own.eq_ignore_ascii_case(name)),
        (_, Some(("Ref", id))) => !is_resource(id, template) && id != "AWS::NoValue",
        (_, Some(_)) => true,
        (Json::Array(items), None) => items.iter().any(|item| may_name(item, names, template)),
        (Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_), None) => false,
    }
}

/// Whether a value is the logical ID of a resource.
fn is_resource(id: &Json, template: &Template) -> bool {
    id.as_str()
        .is_some_and(|id| template.resource(id).is_some())
}

/// The users that the template adds to one of its groups with separate resources.
#[must_use]
pub(super) fn members(group: &Resource<'_>, world: &World<'_>) -> Vec<Text> {
    let own = group.text("GroupName", world);
    let mut found = Vec::new();
    for addition in world
        .template
        .resources()
        .filter(|one| one.kind == "AWS::IAM::UserToGroupAddition")
    {
        let is_of = addition.is_made(world)
            && addition.text("GroupName", world).is_none_or(|name| {
                is_named(&name, group, own.as_ref(), world.template) != Match::No
            });
        if is_of {
            for user in addition.items("Users", world) {
                found.push(match user.as_text() {
                    Some(name) => name.clone(),
                    None => Text::unknown("a user", user.to_string()),
                });
            }
        }
    }
    found
}

/// Why an inline policy may not be there.
pub(super) const SAME_NAME: &str =
    "another inline policy has its name and replaces it, or is replaced by it";

/// The name of an inline policy that is a resource of its own.
pub(super) fn inline_name(policy: &Resource<'_>, world: &World<'_>) -> Option<Text> {
    (policy.kind != MANAGED_POLICY)
        .then(|| policy.text("PolicyName", world))
        .flatten()
}

/// Whether two inline policies have the same name, whose case may not matter.
pub(super) fn is_same_name(one: Option<&Text>, other: Option<&Text>) -> bool {
    let (Some(one), Some(other)) = (one, other) else {
        return false;
    };
    let letters = (one.as_literal(), other.as_literal());
    one == other || matches!(letters, (Some(one), Some(other)) if one.eq_ignore_ascii_case(other))
}

/// The documents of a principal. Of inline policies with the same name, it has only one.
pub(super) fn only_one_of_a_name(own: Vec<(Option<Text>, Document)>) -> Vec<Document> {
    let names: Vec<Option<Text>> = own.iter().map(|(name, _)| name.clone()).collect();
    let is_shared = |name: Option<&Text>| {
        let same = names
            .iter()
            .filter(|other| is_same_name(other.as_ref(), name));
        same.count() > 1
    };
    own.into_iter()
        .map(|(name, document)| {
            if is_shared(name.as_ref()) {
                not_certain(document, SAME_NAME)
            } else {
                document
            }
        })
        .collect()
}
