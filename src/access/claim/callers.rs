//! The accounts of callers that a claim about a guardrail or a permission set is decided for, one
//! after the other.
//!
//! Both apply in several accounts, and they or the claim may name the account of the caller,
//! as `${aws:PrincipalAccount}` does. Then one answer for all accounts would be wrong.

use crate::access::attachment::PERMISSION_SET;
use crate::access::kind::SubjectKind;
use crate::access::placeholder::CALLER;
use crate::access::subject::Subject;
use crate::cloudformation::{Resource, Template, World};
use crate::rules::model::{LayerSet, Layers};
use serde_json::json;
use std::collections::BTreeSet;

/// How many accounts of callers a claim is decided for.
const MOST: usize = 1000;

/// The accounts whose callers are decided separately from those of any other account: the ones
/// that the guardrail or permission set, the claim or the stack names. None where all callers are
/// treated the same; `None` if there are too many.
pub(super) fn accounts(
    world: &World<'_>,
    subject: &Subject,
    ids: &[String],
    set: &LayerSet,
) -> Option<BTreeSet<String>> {
    let resources = ids.iter().filter_map(|id| world.template.resource(id));
    let resources: Vec<Resource<'_>> = resources.collect();
    let is_of_many_accounts = subject.kind == SubjectKind::Guardrail
        || resources.iter().any(|one| one.kind == PERMISSION_SET);
    let written: Vec<String> = resources
        .iter()
        .map(|resource| resource.json.to_string())
        .chain(arns(set))
        .collect();
    if !is_of_many_accounts || !written.iter().any(|text| names_the_caller(text)) {
        return Some(BTreeSet::new());
    }
    let mut accounts: BTreeSet<String> =
        written.iter().flat_map(|text| account_ids(text)).collect();
    let parameters = world.template.parameters();
    let parameters = parameters.filter(|(_, parameter)| parameter.is_account());
    for name in parameters.map(|(name, _)| name).chain(["AWS::AccountId"]) {
        let value = world.value(&json!({ "Ref": name }));
        accounts.extend(value.and_then(|value| value.as_literal().map(str::to_owned)));
    }
    (accounts.len() < MOST).then_some(accounts)
}

/// The accounts that a set names, and those that some resources name if a parameter could be one of
/// them. The placeholder for an unknown account must differ from all of these.
pub(super) fn accounts_beside_parameters(
    template: &Template,
    ids: &[String],
    set: &LayerSet,
) -> Vec<String> {
    let mut accounts: Vec<String> = arns(set).flat_map(|arn| account_ids(&arn)).collect();
    let mut parameters = template.parameters();
    if parameters.any(|(_, parameter)| parameter.is_account()) {
        for resource in ids.iter().filter_map(|id| template.resource(id)) {
            accounts.extend(account_ids(&resource.json.to_string()));
        }
    }
    accounts
}

/// The ARNs in a set.
pub(super) fn arns(set: &LayerSet) -> impl Iterator<Item = String> {
    let members = set.members.iter();
    members.filter_map(|member| match &member.layers {
        Layers::Matching(arn) => Some(arn.to_string()),
        Layers::Published { .. } => None,
    })
}

/// Whether a text names the key by which callers of different accounts differ.
fn names_the_caller(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains(&CALLER.to_ascii_lowercase())
}

/// The runs of exactly 12 digits in a text.
fn account_ids(text: &str) -> BTreeSet<String> {
    text.split(|character: char| !character.is_ascii_digit())
        .filter(|run| run.len() == 12)
        .map(str::to_owned)
        .collect()
}
