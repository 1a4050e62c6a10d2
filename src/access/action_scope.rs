//! The actions of a statement that matter here, whatever the words by which it names them.

use crate::iam::attach::ATTACH;
use crate::iam::document::PatternList;
use crate::iam::evaluate::{Answer, names_action};
use crate::iam::right::Right;
use crate::partial::Text;

/// Actions whose scope matters although they do not affect layers: passing a role to a function,
/// and those by which somebody gets what others have, or takes away what forbids something (Service
/// Authorization Reference: IAM, Organizations and IAM Identity Center).
const OTHERS: [&str; 32] = [
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:DeleteGroupPolicy",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DeleteUserPermissionsBoundary",
    "iam:DeleteUserPolicy",
    "iam:DetachGroupPolicy",
    "iam:DetachRolePolicy",
    "iam:DetachUserPolicy",
    "iam:PassRole",
    "iam:PutGroupPolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:PutUserPermissionsBoundary",
    "iam:PutUserPolicy",
    "iam:RemoveUserFromGroup",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
    "organizations:DetachPolicy",
    "organizations:DisablePolicyType",
    "organizations:UpdatePolicy",
    "sso:AttachCustomerManagedPolicyReferenceToPermissionSet",
    "sso:AttachManagedPolicyToPermissionSet",
    "sso:DeleteInlinePolicyFromPermissionSet",
    "sso:PutInlinePolicyToPermissionSet",
];

/// The actions of a statement that matter here, besides reading layers, which is compared
/// separately, layer by layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionScope {
    /// Those that it certainly names, one bit each.
    certain: u64,
    /// Those that it names, or may name.
    possible: u64,
}

impl ActionScope {
    /// The actions that `Action` or `NotAction` names.
    pub(super) fn of(actions: &PatternList) -> Self {
        let mut found = Self {
            certain: 0,
            possible: 0,
        };
        for (index, action) in mattering().enumerate() {
            let bit = 1 << index;
            match names_action(actions, action) {
                Answer::Yes => {
                    found.certain |= bit;
                    found.possible |= bit;
                }
                Answer::Unknown(_) => found.possible |= bit,
                Answer::No => {}
            }
        }
        found
    }

    /// Whether it names none of them.
    pub(super) fn is_empty(self) -> bool {
        self.possible == 0
    }

    /// Whether it certainly names every action that another one names.
    pub(super) fn names_all(self, other: Self) -> bool {
        other.possible & !self.certain == 0
    }
}

/// Whether some actions certainly include all of some others that matter here, reading layers among
/// them.
pub(super) fn include_all_that_matter(wide: &PatternList, narrow: &PatternList) -> bool {
    let read = Right::Read.action();
    let may_read = names_action(narrow, read) != Answer::No;
    (!may_read || names_action(wide, read) == Answer::Yes)
        && ActionScope::of(wide).names_all(ActionScope::of(narrow))
}

/// The actions that matter here.
fn mattering() -> impl Iterator<Item = &'static str> {
    let handling = Right::HANDLING.into_iter().map(Right::action);
    ATTACH.into_iter().chain(OTHERS).chain(handling)
}

/// A list of actions without those that make no difference here.
pub(super) fn that_matter(actions: &PatternList) -> PatternList {
    let mut found = actions.clone();
    // What is left of a `NotAction` is more than what it says.
    if !actions.negated {
        found.patterns.retain(|action| {
            let alone = PatternList {
                negated: false,
                patterns: vec![action.clone()],
            };
            let mut all = mattering().chain([Right::Read.action()]);
            all.any(|one| names_action(&alone, one) != Answer::No)
        });
    }
    found
}

/// A list of resources without those of services that have none of these actions.
pub(super) fn resources_that_matter(resources: &PatternList) -> PatternList {
    let mut found = resources.clone();
    found.patterns.retain(|one| !is_of_another_service(one));
    if found.patterns.is_empty() && resources.negated {
        return everything();
    }
    found
}

/// Every resource.
pub(super) fn everything() -> PatternList {
    PatternList {
        negated: false,
        patterns: vec![Text::literal("*")],
    }
}

/// Whether a resource is of one known service, which has none of the actions that matter here.
fn is_of_another_service(resource: &Text) -> bool {
    const SERVICES: [&str; 4] = ["iam", "lambda", "organizations", "sso"];
    let fields = resource.split(':');
    let [first, _, service, _, ..] = fields.as_slice() else {
        return false;
    };
    first.is("arn")
        && service.as_literal().is_some_and(|service| {
            !service.is_empty()
                && !service.contains(['*', '?', '$'])
                && !SERVICES.iter().any(|one| one.eq_ignore_ascii_case(service))
        })
}
