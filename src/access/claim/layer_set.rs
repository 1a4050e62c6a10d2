//! The set of a claim about an action on layers, as patterns for ARNs.

use crate::access::subject::Subject;
use crate::cloudformation::World;
use crate::iam::evaluate::ContextValues;
use crate::pattern::Pattern;
use crate::rules::layer_pattern;
use crate::rules::model::{LayerAction, LayerSet, Layers};
use crate::rules::text::{Part, Text};
use crate::template::lower::{SourceMap, names};
use serde_json::json;

/// What a source writes for the account of the subject of a claim.
const THIS_ACCOUNT: &str = "${aws:PrincipalAccount}";

/// The members of a set; `None` if one is unknown.
pub(super) fn patterns(
    set: &LayerSet,
    source_map: Option<&SourceMap>,
    subject: &Subject,
    world: &World<'_>,
) -> Option<Vec<Pattern>> {
    let members = set.members.iter();
    members
        .map(|member| match &member.layers {
            Layers::Matching(arn) => Some(Pattern::new(&filled_in(arn, subject, world)?)),
            Layers::Published { layer, label } => {
                let id = version_resource(layer, label, source_map)?;
                let arn = world.value(&json!({ "Ref": id }))?;
                arn.as_literal().map(Pattern::exactly)
            }
        })
        .collect()
}

/// Every layer that a claim about an action can be about; `None` for any. Nobody publishes or
/// shares the layers of another account.
pub(super) fn all_that_can_be_meant(
    action: LayerAction,
    subject: &Subject,
    world: &World<'_>,
) -> Option<Vec<Pattern>> {
    match action {
        LayerAction::Attach => None,
        LayerAction::Handle(right) => {
            let own = Part::Literal(THIS_ACCOUNT.to_owned());
            let every = layer_pattern::handled(right, own, &Text::literal("*"));
            Some(vec![Pattern::new(&filled_in(&every, subject, world)?)])
        }
    }
}

/// The logical ID of a version that the template publishes.
fn version_resource(layer: &str, label: &str, source_map: Option<&SourceMap>) -> Option<String> {
    let mut records = source_map.into_iter().flat_map(|map| &map.versions);
    match records.find(|one| &*one.layer == layer && one.label.as_deref() == Some(label)) {
        Some(record) => record.version.as_deref().map(str::to_owned),
        None => Some(names::version(layer, label)),
    }
}

/// An ARN with the values of its parameters, and of the subject's account.
fn filled_in(arn: &Text, subject: &Subject, world: &World<'_>) -> Option<String> {
    let mut text = String::new();
    for part in arn.parts() {
        match part {
            Part::Literal(literal) => text.push_str(literal),
            Part::Parameter(name) => {
                text.push_str(world.value(&json!({ "Ref": name }))?.as_literal()?);
            }
        }
    }
    if text.contains(THIS_ACCOUNT) {
        Some(text.replace(THIS_ACCOUNT, account_of(subject)?))
    } else {
        Some(text)
    }
}

/// The account of a subject, or its placeholder.
fn account_of(subject: &Subject) -> Option<&str> {
    let context = &subject.policies.request.context;
    match context.get("aws:principalaccount")? {
        ContextValues::Anybody(account) => Some(account),
        ContextValues::Known(accounts) => accounts.first().map(String::as_str),
        ContextValues::Unknown => None,
    }
}
