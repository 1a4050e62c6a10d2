//! Which principals of a template a policy is attached to, and who is in a group.

use super::document::not_certain;
use super::matching::Match;
use super::wider::Credential;
use crate::cloudformation::{Resource, Template, WorkBudget, World, explore_within};
use crate::iam::document::Document;
use crate::iam::gap::PolicyGap;
use crate::partial::Text;
use serde_json::Value as Json;
use std::collections::{BTreeSet, HashMap, HashSet};

pub(super) const ROLE: &str = "AWS::IAM::Role";
pub(super) const USER: &str = "AWS::IAM::User";
pub(super) const GROUP: &str = "AWS::IAM::Group";
/// The type of a resource that adds users to a group.
pub(super) const ADDITION: &str = "AWS::IAM::UserToGroupAddition";
pub(super) const ACCESS_KEY: &str = "AWS::IAM::AccessKey";
pub(super) const MANAGED_POLICY: &str = "AWS::IAM::ManagedPolicy";
pub(super) const GUARDRAIL: &str = "AWS::Organizations::Policy";
pub(in crate::access) const PERMISSION_SET: &str = "AWS::SSO::PermissionSet";

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

/// The policies of a template that are separate resources, or the additions to groups, by what they
/// name as written: a template with thousands of principals and policies is read in proportion to
/// their number.
#[derive(Debug, Default)]
pub(super) struct Attached<'t> {
    /// All, in the order of the template.
    all: Vec<Resource<'t>>,
    /// By the principals that they name with `Ref`.
    by_reference: HashMap<&'t str, Vec<usize>>,
    /// By the names of principals, in lower case.
    by_name: HashMap<String, Vec<usize>>,
    /// Those that name a principal in any other way.
    by_function: Vec<usize>,
    /// Inline ones by their own names, in lower case; under `None`, those whose name is no literal.
    called: HashMap<Option<String>, Vec<usize>>,
}

impl<'t> Attached<'t> {
    /// The resources of a template that have one of these types.
    pub fn new(template: &'t Template, kinds: &[&str]) -> Self {
        let mut found = Self::default();
        for policy in template.resources() {
            if !kinds.contains(&policy.kind) {
                continue;
            }
            let index = found.all.len();
            found.all.push(policy);
            let Some(properties) = policy.json.get("Properties") else {
                continue;
            };
            if policy.kind != MANAGED_POLICY {
                let name = properties.get("PolicyName").and_then(literal);
                found.called.entry(name).or_default().push(index);
            }
            for (list, _, kind) in ATTACHMENTS {
                match properties.get(list) {
                    Some(Json::Array(targets)) => {
                        for target in targets {
                            found.add(index, target, kind, template);
                        }
                    }
                    Some(target) => found.add(index, target, kind, template),
                    None => {}
                }
            }
        }
        found
    }

    fn add(&mut self, index: usize, target: &'t Json, kind: &str, template: &'t Template) {
        let referred = target.get("Ref").and_then(Json::as_str);
        let referred = referred.and_then(|id| template.resource(id));
        let place = match (literal(target), referred) {
            (Some(name), _) => self.by_name.entry(name).or_default(),
            (None, Some(principal)) if principal.kind == kind => {
                self.by_reference.entry(principal.id).or_default()
            }
            (None, _) => &mut self.by_function,
        };
        place.push(index);
    }

    /// Those that may be attached to a principal.
    pub fn perhaps_to(&self, principal: &Resource<'_>) -> impl Iterator<Item = &Resource<'t>> {
        let mut found = BTreeSet::from_iter(&self.by_function);
        found.extend(self.by_reference.get(principal.id).into_iter().flatten());
        let names = ATTACHMENTS
            .iter()
            .filter(|(.., kind)| *kind == principal.kind);
        for name in names.filter_map(|(_, name, _)| principal.json.get("Properties")?.get(name)) {
            match literal(name) {
                Some(name) => found.extend(self.by_name.get(&name).into_iter().flatten()),
                None => found.extend(self.by_name.values().flatten()),
            }
        }
        found.into_iter().filter_map(|index| self.all.get(*index))
    }

    /// The inline ones that may have the name of this one.
    pub fn perhaps_called(&self, policy: &Resource<'_>) -> impl Iterator<Item = &Resource<'t>> {
        let name = policy
            .json
            .get("Properties")
            .and_then(|all| all.get("PolicyName"));
        let name = name.and_then(literal);
        let mut found: BTreeSet<&usize> = BTreeSet::new();
        if name.is_some() {
            found.extend(self.called.get(&name).into_iter().flatten());
            found.extend(self.called.get(&None).into_iter().flatten());
        } else {
            found.extend(self.called.values().flatten());
        }
        found.into_iter().filter_map(|index| self.all.get(*index))
    }
}

/// The identities and managed policies of a template by their names.
#[derive(Debug, Default)]
pub(super) struct NamedIdentities<'t> {
    /// By type and name, as written.
    by_name: HashMap<(&'t str, &'t str), Vec<Resource<'t>>>,
    /// Those whose name is written in any other way, by type.
    by_function: HashMap<&'t str, Vec<Resource<'t>>>,
}

impl<'t> NamedIdentities<'t> {
    pub fn new(template: &'t Template) -> Self {
        let mut found = Self::default();
        for resource in template.resources() {
            let property = match resource.kind {
                ROLE => "RoleName",
                USER => "UserName",
                GROUP => "GroupName",
                MANAGED_POLICY => "ManagedPolicyName",
                _ => continue,
            };
            let properties = resource.json.get("Properties");
            match properties.and_then(|all| all.get(property)) {
                None => {}
                Some(Json::String(name)) if !name.contains("{{") => {
                    let same = found.by_name.entry((resource.kind, name)).or_default();
                    same.push(resource);
                }
                Some(_) => {
                    let others = found.by_function.entry(resource.kind).or_default();
                    others.push(resource);
                }
            }
        }
        found
    }

    /// Those of a type that may have a name.
    pub fn perhaps_called<'s>(
        &'s self,
        kind: &'s str,
        name: &'s Text,
    ) -> impl Iterator<Item = &'s Resource<'t>> {
        let same = name
            .as_literal()
            .and_then(|name| self.by_name.get(&(kind, name)));
        let others = self.by_function.get(kind);
        same.into_iter().chain(others).flatten()
    }
}

/// The managed policies of a template that its roles, users and groups name in a property.
pub(super) fn named_by_principals<'t>(property: &str, template: &'t Template) -> HashSet<&'t str> {
    let mut ids = HashSet::new();
    for resource in template.resources() {
        if matches!(resource.kind, ROLE | USER | GROUP)
            && let Some(properties) = resource.json.get("Properties")
            && let Some(value) = properties.get(property)
        {
            named_resources(value, template, &mut ids);
        }
    }
    ids
}

/// Adds the logical IDs of the managed policies of a template that a value names, by `Ref` or its
/// like.
fn named_resources<'t>(value: &'t Json, template: &'t Template, ids: &mut HashSet<&'t str>) {
    match value {
        Json::String(text) => {
            if let Some(resource) = template
                .resource(text)
                .filter(|resource| resource.kind == MANAGED_POLICY)
            {
                ids.insert(resource.id);
            }
        }
        Json::Array(items) => items
            .iter()
            .for_each(|item| named_resources(item, template, ids)),
        Json::Object(map) => map
            .values()
            .for_each(|item| named_resources(item, template, ids)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// A name that is written out, in lower case.
fn literal(name: &Json) -> Option<String> {
    let name = name.as_str().filter(|name| !name.contains("{{"));
    name.map(str::to_ascii_lowercase)
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

/// A policy of a template, or an addition to a group, that may be for a principal of the template
/// `own`, by one of its names.
#[must_use]
pub(super) fn attachment_to<'t>(
    names: &[Text],
    own: &Template,
    template: &'t Template,
) -> Option<&'t str> {
    let budget = WorkBudget::of(template);
    let mut resources = template.resources();
    let found = resources.find(|resource| {
        lists_of_principals(resource.kind).into_iter().any(|list| {
            budget.spend(1);
            let targets =
                explore_within(&budget, template, None, |world| resource.items(list, world));
            let Ok(cases) = targets else {
                return true;
            };
            let mut targets = cases.iter().flat_map(|(_, targets)| targets);
            targets.any(|target| match target.as_text() {
                Some(target) => may_name(target, names, own, template),
                None => true,
            })
        })
    });
    found.map(|resource| resource.id)
}

/// The properties of a type of resource that list principals.
fn lists_of_principals(kind: &str) -> Vec<&'static str> {
    match kind {
        ADDITION => vec!["Users"],
        _ if ATTACHED.contains(&kind) => ATTACHMENTS.iter().map(|(list, ..)| *list).collect(),
        _ => Vec::new(),
    }
}

/// Whether a text of a template may name a principal of another one: by its name, whose case does
/// not matter, or by something that is not a resource of its own template.
fn may_name(
    target: &Text,
    names: &[Text],
    template_of_names: &Template,
    template: &Template,
) -> bool {
    let Some(target) = target.as_literal() else {
        let own = target.as_resource().and_then(|id| template.resource(id));
        return own.is_none();
    };
    names.iter().any(|name| match name.as_literal() {
        Some(name) => name.eq_ignore_ascii_case(target),
        None => template_of_names.may_be(name, target),
    })
}

/// The users that some additions add to a group.
#[must_use]
pub(super) fn members<'r>(
    group: &Resource<'_>,
    additions: impl Iterator<Item = &'r Resource<'r>>,
    world: &World<'_>,
) -> Vec<Text> {
    let own = group.text("GroupName", world);
    let mut found = Vec::new();
    for addition in additions {
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

/// How somebody can act as a user: with a password, and with those access keys that are the user's.
#[must_use]
pub(super) fn credentials<'r>(
    user: &Resource<'_>,
    keys: impl Iterator<Item = &'r Resource<'r>>,
    world: &World<'_>,
) -> Vec<Credential> {
    let mut found = Vec::new();
    if user.property("LoginProfile", world).is_some() {
        found.push(Credential::Password);
    }
    let own = user.text("UserName", world);
    for key in keys {
        if !key.is_made(world) {
            continue;
        }
        let is_active = key
            .text("Status", world)
            .is_none_or(|status| !status.is("Inactive"));
        let is_of = key
            .text("UserName", world)
            .is_some_and(|name| is_named(&name, user, own.as_ref(), world.template) != Match::No);
        if is_active && is_of {
            found.push(Credential::AccessKey(key.id.to_owned()));
        }
    }
    found
}

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
    let mut same: HashMap<Text, usize> = HashMap::new();
    for name in own.iter().filter_map(|(name, _)| name.as_ref()) {
        *same.entry(in_lower_case(name)).or_default() += 1;
    }
    own.into_iter()
        .map(|(name, document)| {
            let name = name.as_ref().map(in_lower_case);
            match name.and_then(|name| same.get(&name)) {
                Some(2..) => not_certain(document, &PolicyGap::SameName),
                Some(_) | None => document,
            }
        })
        .collect()
}

/// A name as those of inline policies are compared: as [`is_same_name`] says.
fn in_lower_case(name: &Text) -> Text {
    let known = name.as_literal().map(str::to_ascii_lowercase);
    known.map_or_else(|| name.clone(), Text::literal)
}
