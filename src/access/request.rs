//! What is known of every request by a subject.

use super::attachment::{GUARDRAIL, PERMISSION_SET, ROLE, USER};
use super::placeholder::CALLER;
use crate::cloudformation::{Resource, World};
use crate::iam::evaluate::{ContextValues, Request};
use serde_json::json;
use std::collections::HashMap;

/// The known content of every request by a subject. The holder of a policy is a principal that it
/// does not name.
pub(super) fn request(resource: &Resource<'_>, world: &World<'_>) -> Request {
    let partition = pseudo("AWS::Partition", world);
    let account = match resource.kind {
        // A guardrail is about callers in many accounts, and so is a permission set.
        GUARDRAIL | PERMISSION_SET => world.placeholder(CALLER).unwrap_or_default().to_owned(),
        _ => pseudo("AWS::AccountId", world),
    };
    let name = match resource.kind {
        ROLE => Some(("role", "RoleName")),
        USER => Some(("user", "UserName")),
        _ => None,
    };
    let principal = match name {
        Some((kind, property)) => match resource.text(property, world) {
            Some(name) if name.as_literal().is_some() => {
                let path = resource
                    .text("Path", world)
                    .map_or_else(|| "/".to_owned(), |path| path.to_string());
                ContextValues::Known(vec![format!(
                    "arn:{partition}:iam::{account}:{kind}{path}{name}"
                )])
            }
            _ => ContextValues::Unknown,
        },
        None if resource.kind == PERMISSION_SET => ContextValues::Unknown,
        None => ContextValues::Anybody(format!("arn:{partition}:iam::{account}:user/anybody")),
    };
    let is_given = world.template.given("AWS::AccountId").is_some();
    let account = match resource.kind {
        GUARDRAIL | PERMISSION_SET => ContextValues::Anybody(account),
        _ if is_given => ContextValues::Known(vec![account]),
        _ => ContextValues::Anybody(account),
    };
    let context = HashMap::from([
        ("aws:principalarn".to_owned(), principal),
        ("aws:principalaccount".to_owned(), account),
    ]);
    Request {
        is_open: true,
        context,
        ..Request::default()
    }
}

/// The value of a pseudo parameter in a world with placeholders.
pub(super) fn pseudo(name: &str, world: &World<'_>) -> String {
    world
        .value(&json!({ "Ref": name }))
        .and_then(|value| value.as_literal().map(str::to_owned))
        .unwrap_or_default()
}
