//! Which principals of a template a policy is attached to, and who is in a group.

use crate::cloudformation::{Resource, Template, World};
use crate::partial::{Partial, Text};

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

/// Whether a name is that of a principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Match {
    No,
    Maybe,
    Yes,
}

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
            let name = |user: Partial| {
                user.as_text()
                    .cloned()
                    .unwrap_or_else(|| Text::unknown("a user", user.to_string()))
            };
            found.extend(addition.items("Users", world).into_iter().map(name));
        }
    }
    found
}
