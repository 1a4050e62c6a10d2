//! Roles, policies and their documents.

use super::{Scalar, Sink, text, value};
use crate::template::model::{
    Document, ManagedPolicy, PrincipalElement, Remarked, Role, ServiceControlPolicy, Statement, Value, Values,
};

/// The name of a role's inline policy.
const INLINE_POLICY: &str = "layers";

pub fn role(sink: &mut impl Sink, role: &Role) {
    optional(sink, "RoleName", role.name.as_ref());
    text(sink, "Description", role.description.as_deref());
    text(sink, "Path", role.path.as_deref());
    optional(sink, "PermissionsBoundary", role.boundary.as_ref());
    list(sink, "ManagedPolicyArns", &role.managed);
    sink.key("AssumeRolePolicyDocument");
    document(sink, &role.trust);
    if role.policy.statements.is_empty() {
        return;
    }
    sink.key("Policies");
    sink.begin_list();
    sink.item();
    sink.begin_map();
    text(sink, "PolicyName", Some(INLINE_POLICY));
    sink.key("PolicyDocument");
    document(sink, &role.policy);
    sink.end_map();
    sink.end_list();
}

pub fn managed_policy(sink: &mut impl Sink, policy: &ManagedPolicy) {
    optional(sink, "ManagedPolicyName", policy.name.as_ref());
    text(sink, "Description", policy.description.as_deref());
    text(sink, "Path", policy.path.as_deref());
    list(sink, "Roles", &policy.roles);
    list(sink, "Users", &policy.users);
    list(sink, "Groups", &policy.groups);
    sink.key("PolicyDocument");
    document(sink, &policy.document);
}

pub fn service_control_policy(sink: &mut impl Sink, policy: &ServiceControlPolicy) {
    value(sink, "Name", &policy.name);
    text(sink, "Description", policy.description.as_deref());
    text(sink, "Type", Some("SERVICE_CONTROL_POLICY"));
    if !policy.targets.is_empty() {
        sink.key("TargetIds");
        remarked(sink, &policy.targets);
    }
    sink.key("Content");
    document(sink, &policy.document);
}

fn optional(sink: &mut impl Sink, key: &'static str, said: Option<&Value>) {
    if let Some(said) = said {
        value(sink, key, said);
    }
}

fn list(sink: &mut impl Sink, key: &'static str, values: &[Value]) {
    if values.is_empty() {
        return;
    }
    sink.key(key);
    sink.begin_list();
    for value in values {
        sink.item();
        sink.scalar(value.into(), None);
    }
    sink.end_list();
}

/// Writes a policy document.
pub fn document(sink: &mut impl Sink, document: &Document) {
    sink.begin_map();
    text(sink, "Version", Some("2012-10-17"));
    sink.key("Statement");
    sink.begin_list();
    for each in &document.statements {
        sink.item();
        statement(sink, each);
    }
    sink.end_list();
    sink.end_map();
}

/// Writes one statement of a document.
pub fn statement(sink: &mut impl Sink, statement: &Statement) {
    sink.begin_map();
    text(sink, "Sid", Some(&statement.sid));
    sink.key("Effect");
    sink.scalar(Scalar::Plain(statement.effect.name()), None);
    if let Some(PrincipalElement { kind, principals }) = &statement.principal {
        sink.key("Principal");
        sink.begin_map();
        sink.key(kind);
        values(sink, principals);
        sink.end_map();
    }
    sink.key("Action");
    match statement.actions {
        [action] => sink.scalar(Scalar::Text(action), None),
        actions => {
            sink.begin_list();
            for action in actions {
                sink.item();
                sink.scalar(Scalar::Text(action), None);
            }
            sink.end_list();
        }
    }
    if !statement.resources.is_empty() {
        sink.key("Resource");
        values(sink, &statement.resources);
    }
    conditions(sink, statement);
    sink.end_map();
}

/// Writes the conditions: a mapping of operators, each with its keys.
fn conditions(sink: &mut impl Sink, statement: &Statement) {
    if statement.conditions.is_empty() {
        return;
    }
    sink.key("Condition");
    sink.begin_map();
    for of_operator in statement.conditions.chunk_by(|a, b| a.operator == b.operator) {
        let operator = of_operator.first().map_or("", |condition| condition.operator);
        sink.name(operator);
        sink.begin_map();
        for condition in of_operator {
            sink.name(condition.key.name());
            values(sink, &condition.values);
        }
        sink.end_map();
    }
    sink.end_map();
}

fn values(sink: &mut impl Sink, values: &Values) {
    match values {
        Values::One(value) => sink.scalar(value.into(), None),
        Values::Many(values) => remarked(sink, values),
    }
}

fn remarked(sink: &mut impl Sink, values: &[Remarked]) {
    sink.begin_list();
    for each in values {
        sink.item();
        sink.scalar((&each.value).into(), each.remark.as_deref());
    }
    sink.end_list();
}
