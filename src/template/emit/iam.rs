//! Roles, policies and their documents.

use super::{Scalar, Sink, text, value};
use crate::template::model::{
    Condition, Document, ManagedPolicy, PrincipalElement, Remarked, Resources, Role,
    ServiceControlPolicy, Statement, Value, Values,
};

/// The name of a role's inline policy.
const INLINE_POLICY: &str = "layers";

pub fn role(sink: &mut impl Sink, role: &Role) {
    let Role {
        name,
        description,
        path,
        boundary,
        managed,
        trust,
        policy,
    } = role;
    optional(sink, "RoleName", name.as_ref());
    text(sink, "Description", description.as_deref());
    text(sink, "Path", path.as_deref());
    optional(sink, "PermissionsBoundary", boundary.as_ref());
    list(sink, "ManagedPolicyArns", managed);
    sink.key("AssumeRolePolicyDocument");
    document(sink, trust);
    if policy.statements.is_empty() {
        return;
    }
    sink.key("Policies");
    sink.begin_list();
    sink.item();
    sink.begin_map();
    text(sink, "PolicyName", Some(INLINE_POLICY));
    sink.key("PolicyDocument");
    document(sink, policy);
    sink.end_map();
    sink.end_list();
}

pub fn managed_policy(sink: &mut impl Sink, policy: &ManagedPolicy) {
    let ManagedPolicy {
        name,
        description,
        path,
        roles,
        users,
        groups,
        document: content,
    } = policy;
    optional(sink, "ManagedPolicyName", name.as_ref());
    text(sink, "Description", description.as_deref());
    text(sink, "Path", path.as_deref());
    list(sink, "Roles", roles);
    list(sink, "Users", users);
    list(sink, "Groups", groups);
    sink.key("PolicyDocument");
    document(sink, content);
}

pub fn service_control_policy(sink: &mut impl Sink, policy: &ServiceControlPolicy) {
    let ServiceControlPolicy {
        name,
        description,
        targets,
        document: content,
    } = policy;
    value(sink, "Name", name);
    text(sink, "Description", description.as_deref());
    text(sink, "Type", Some("SERVICE_CONTROL_POLICY"));
    if !targets.is_empty() {
        sink.key("TargetIds");
        remarked(sink, targets);
    }
    sink.key("Content");
    document(sink, content);
}

fn optional(sink: &mut impl Sink, key: &'static str, given: Option<&Value>) {
    if let Some(given) = given {
        value(sink, key, given);
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
    let Document { statements } = document;
    sink.begin_map();
    text(sink, "Version", Some("2012-10-17"));
    sink.key("Statement");
    sink.begin_list();
    for each in statements {
        sink.item();
        statement(sink, each);
    }
    sink.end_list();
    sink.end_map();
}

/// Writes one statement of a document.
pub fn statement(sink: &mut impl Sink, statement: &Statement) {
    let Statement {
        sid,
        effect,
        principal,
        actions,
        resources,
        conditions,
    } = statement;
    sink.begin_map();
    text(sink, "Sid", Some(sid));
    sink.key("Effect");
    sink.scalar(Scalar::Plain(effect.name()), None);
    if let Some(PrincipalElement { kind, principals }) = principal {
        sink.key("Principal");
        sink.begin_map();
        sink.key(kind);
        values(sink, principals);
        sink.end_map();
    }
    sink.key("Action");
    match *actions {
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
    match resources {
        Resources::None => {}
        Resources::These(arns) => {
            sink.key("Resource");
            values(sink, arns);
        }
        Resources::AllBut(arns) => {
            sink.key("NotResource");
            values(sink, arns);
        }
    }
    write_conditions(sink, conditions);
    sink.end_map();
}

/// Writes the conditions: a mapping of operators, each with its keys.
fn write_conditions(sink: &mut impl Sink, conditions: &[Condition]) {
    if conditions.is_empty() {
        return;
    }
    sink.key("Condition");
    sink.begin_map();
    for of_operator in conditions.chunk_by(|a, b| a.operator == b.operator) {
        let operator = of_operator
            .first()
            .map_or("", |condition| condition.operator);
        sink.name(operator);
        sink.begin_map();
        for condition in of_operator {
            let Condition {
                operator: _,
                key,
                values: compared,
            } = condition;
            sink.name(key.name());
            values(sink, compared);
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
    for Remarked { value, remark } in values {
        sink.item();
        sink.scalar(value.into(), remark.as_deref());
    }
    sink.end_list();
}
