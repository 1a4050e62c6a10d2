//! Whom and what a role or policy is about, beside the layers: who takes a role on, what a policy is attached to, what a
//! guardrail applies to and whom it spares. A change of these can let more be attached although every set of layers is
//! the same.

use super::policy::{Condition, Statement};
use super::subject::Subject;
use super::value::{Resource, Template};
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// What can be added and taken away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// More of these lets more be attached.
    pub widens: BTreeSet<String>,
    /// Fewer of these do.
    pub narrows: BTreeSet<String>,
}

/// The reach of what a resource is.
#[must_use]
pub fn reach(resource: &Resource<'_>, subject: &Subject, template: &Template) -> Reach {
    let mut reach = Reach::default();
    for (property, what) in [("Roles", "role"), ("Users", "user"), ("Groups", "group")] {
        let attached = texts(resource, property, template).map(|name| format!("is attached to {what} {name}"));
        if subject.restricts { reach.narrows.extend(attached) } else { reach.widens.extend(attached) }
    }
    let targets = texts(resource, "TargetIds", template).map(|target| format!("applies to {target}"));
    reach.narrows.extend(targets);
    if let Some(trust) = resource.property("AssumeRolePolicyDocument") {
        reach.widens.extend(trusts(trust, template));
    }
    let documents = || subject.all();
    let statements = documents().flat_map(|document| &document.statements);
    for statement in statements {
        if statement.denies { denied(statement, &mut reach) } else { allowed(statement, &mut reach) }
    }
    reach
}

fn texts<'t>(resource: &Resource<'t>, property: &str, template: &'t Template) -> impl Iterator<Item = String> {
    let values = resource.property(property).map(|value| template.items(value)).unwrap_or_default();
    values.into_iter().map(|value| template.text(value).to_string())
}

/// Whom a role trusts: every principal of every Allow, with the conditions that go with it.
fn trusts(document: &Json, template: &Template) -> Vec<String> {
    let statements = document.get("Statement").map(|value| template.items(value)).unwrap_or_default();
    let mut found = Vec::new();
    for statement in statements {
        let kinds = statement.get("Principal").and_then(Json::as_object);
        let Some(kinds) = kinds.filter(|_| statement.get("Effect") == Some(&Json::from("Allow"))) else {
            found.push(format!("has the trust {statement}"));
            continue;
        };
        let condition = statement.get("Condition").map_or_else(String::new, |condition| format!(" where {condition}"));
        for (kind, value) in kinds {
            let principals = template.items(value).into_iter().map(|one| template.text(one));
            found.extend(principals.map(|one| format!("trusts {kind} {one}{condition}")));
        }
    }
    found
}

/// What an Allow is about beside the layers.
fn allowed(statement: &Statement, reach: &mut Reach) {
    let not = if statement.resources.negated { "other than " } else { "" };
    let actions = statement.actions.patterns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let not_action = if statement.actions.negated { "everything but " } else { "" };
    // The layers that may be read are told with those that may be attached.
    if actions != "lambda:GetLayerVersion" {
        let resources = statement.resources.patterns.iter();
        reach.widens.extend(resources.map(|resource| format!("allows {not_action}{actions} on {not}{resource}")));
    }
    for condition in others(statement) {
        reach.narrows.insert(format!("allows {not_action}{actions} only where {}", shown(condition)));
    }
}

/// Whom and what a Deny spares.
fn denied(statement: &Statement, reach: &mut Reach) {
    for condition in others(statement) {
        let values = condition.values.iter();
        if condition.negated {
            reach.widens.extend(values.map(|value| format!("spares {} {value}", condition.key)));
        } else {
            reach.widens.insert(format!("denies only where {}", shown(condition)));
        }
    }
    let resources = statement.resources.patterns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if statement.resources.negated || resources != "*" {
        reach.widens.insert(format!(
            "denies only on {}{resources}",
            if statement.resources.negated { "other than " } else { "" }
        ));
    }
}

/// The conditions on anything but the layers.
fn others(statement: &Statement) -> impl Iterator<Item = &Condition> {
    statement.conditions.iter().filter(|condition| condition.key != "lambda:layer")
}

fn shown(condition: &Condition) -> String {
    let values = condition.values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let not = if condition.negated { "is not" } else { "is" };
    format!("{} {not} {values}", condition.key)
}
