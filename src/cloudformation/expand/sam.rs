//! The Serverless Application Model, as far as layers and identities go: layer versions, and the
//! roles that functions and state machines are given (AWS SAM Developer Guide, resource and
//! property reference).

use crate::aws::{managed, sam_policies};
use serde_json::{Map, Value as Json, json};
use std::collections::HashSet;

/// Replaces the serverless resources of a template by their results.
pub fn expand(template: &mut Json) {
    let globals = template.get("Globals").cloned().unwrap_or_default();
    let Some(Json::Object(resources)) = template.get_mut("Resources") else {
        return;
    };
    let names: HashSet<String> = resources.keys().cloned().collect();
    let mut conditions = Map::new();
    let mut all = Map::with_capacity(resources.len());
    for (id, mut resource) in std::mem::take(resources) {
        let kind = resource
            .get("Type")
            .and_then(Json::as_str)
            .unwrap_or_default()
            .to_owned();
        match kind.as_str() {
            "AWS::Serverless::LayerVersion" => layer_version(&id, &mut resource),
            // AWS does not document which of two roles with one name is created: the function's
            // role stays unread.
            "AWS::Serverless::Function" | "AWS::Serverless::StateMachine"
                if names.contains(&format!("{id}Role")) => {}
            "AWS::Serverless::Function" => {
                with_globals(&mut resource, globals.get("Function"));
                let role = function_role(&id, &resource, &mut conditions);
                all.extend(role.map(|role| (format!("{id}Role"), role)));
                resource["Type"] = json!("AWS::Lambda::Function");
            }
            "AWS::Serverless::StateMachine" => {
                with_globals(&mut resource, globals.get("StateMachine"));
                let role = state_machine_role(&id, &resource);
                all.extend(role.map(|role| (format!("{id}Role"), role)));
                resource["Type"] = json!("AWS::StepFunctions::StateMachine");
            }
            // The results of these have nothing to do with layers or the user's policies.
            "AWS::Serverless::Api" => resource["Type"] = json!("AWS::ApiGateway::RestApi"),
            "AWS::Serverless::HttpApi" | "AWS::Serverless::WebSocketApi" => {
                resource["Type"] = json!("AWS::ApiGatewayV2::Api");
            }
            "AWS::Serverless::SimpleTable" => resource["Type"] = json!("AWS::DynamoDB::Table"),
            _ => {}
        }
        // A connector allows one resource to call another, with policies that do not mention
        // layers.
        if let Some(map) = resource.as_object_mut() {
            map.shift_remove("Connectors");
        }
        if kind != "AWS::Serverless::Connector" {
            all.insert(id, resource);
        }
    }
    *resources = all;
    if !conditions.is_empty()
        && let Some(template) = template.as_object_mut()
        && let Json::Object(known) = template.entry("Conditions").or_insert_with(|| json!({}))
    {
        known.extend(conditions);
    }
}

/// A layer version has the name of its resource, unless it gives another one, and is retained,
/// unless it says that it is deleted. SAM gives it another logical ID for each content; here it
/// keeps its own.
fn layer_version(id: &str, resource: &mut Json) {
    let retention = resource["Properties"]
        .get("RetentionPolicy")
        .and_then(Json::as_str)
        .map(str::to_ascii_lowercase);
    let deletion = if retention.as_deref() == Some("delete") {
        "Delete"
    } else {
        "Retain"
    };
    if retention.is_some() || resource.get("DeletionPolicy").is_none() {
        resource["DeletionPolicy"] = json!(deletion);
    }
    resource["Type"] = json!("AWS::Lambda::LayerVersion");
    if !resource["Properties"].is_object() {
        resource["Properties"] = json!({});
    }
    if let Some(properties) = resource["Properties"].as_object_mut() {
        properties.shift_remove("RetentionPolicy");
        properties.shift_remove("PublishLambdaVersion");
        if let Some(content) = properties.shift_remove("ContentUri") {
            properties.insert("Content".to_owned(), content);
        }
        properties.entry("LayerName").or_insert_with(|| json!(id));
    }
}

/// Adds the properties from `Globals` to every resource of a type, except those that the resource
/// ignores: its own properties win, lists are joined, mappings merged.
fn with_globals(resource: &mut Json, globals: Option<&Json>) {
    let Some(Json::Object(globals)) = globals else {
        return;
    };
    let globals = globals
        .iter()
        .filter(|(name, _)| !ignores_global(resource, name));
    let globals: Map<String, Json> = globals
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let own = resource["Properties"].take();
    resource["Properties"] = merged(Json::Object(globals), own);
}

/// Whether a resource ignores a property of `Globals`.
#[must_use]
pub fn ignores_global(resource: &Json, property: &str) -> bool {
    match resource.get("IgnoreGlobals") {
        Some(Json::Array(names)) => names.iter().any(|ignored| ignored == property),
        all => all.is_some_and(|all| all == "*"),
    }
}

/// Whether a mapping is an intrinsic function, which is one value.
fn is_function(map: &Map<String, Json>) -> bool {
    map.len() == 1
        && map
            .keys()
            .all(|key| key == "Ref" || key == "Condition" || key.starts_with("Fn::"))
}

fn merged(global: Json, own: Json) -> Json {
    match (global, own) {
        (global, Json::Null) => global,
        (Json::Object(mut global), Json::Object(own))
            if !is_function(&global) && !is_function(&own) =>
        {
            for (key, value) in own {
                let before = global.get_mut(&key).map(Json::take).unwrap_or_default();
                global.insert(key, merged(before, value));
            }
            Json::Object(global)
        }
        (Json::Array(mut global), Json::Array(own)) => {
            global.extend(own);
            Json::Array(global)
        }
        (_, own) => own,
    }
}

/// The role that SAM makes for a function without one: with the policies that the function lists,
/// and those that its other properties need.
fn function_role(id: &str, resource: &Json, conditions: &mut Map<String, Json>) -> Option<Json> {
    let properties = &resource["Properties"];
    let condition = match properties.get("Role") {
        None | Some(Json::Null) => resource.get("Condition").cloned(),
        Some(role) => Some(json!(condition_without_role(role, conditions)?)),
    };
    let mut managed = vec![managed_arn("service-role/AWSLambdaBasicExecutionRole")];
    if properties
        .get("Tracing")
        .is_some_and(|tracing| tracing != "Disabled")
    {
        managed.push(managed_arn("AWSXRayDaemonWriteAccess"));
    }
    if properties.get("VpcConfig").is_some() {
        managed.push(managed_arn("service-role/AWSLambdaVPCAccessExecutionRole"));
    }
    let trust = properties
        .get("AssumeRolePolicyDocument")
        .cloned()
        .unwrap_or_else(|| trust("lambda.amazonaws.com"));
    Some(role(
        &format!("{id}Role"),
        properties,
        managed,
        trust,
        "RolePath",
        condition,
    ))
}

/// The condition on which SAM makes a role for a function, where an `Fn::If` removes `Role` in one
/// of two cases.
fn condition_without_role(role: &Json, conditions: &mut Map<String, Json>) -> Option<String> {
    let [Json::String(condition), then, otherwise] = role.get("Fn::If")?.as_array()?.as_slice()
    else {
        return None;
    };
    let is_none = |value: &Json| value.get("Ref").and_then(Json::as_str) == Some("AWS::NoValue");
    if is_none(then) {
        return Some(condition.clone());
    }
    if !is_none(otherwise) {
        return None;
    }
    let negated = format!("NOT{condition}");
    conditions.insert(
        negated.clone(),
        json!({ "Fn::Not": [{ "Condition": condition }] }),
    );
    Some(negated)
}

fn state_machine_role(id: &str, resource: &Json) -> Option<Json> {
    let properties = &resource["Properties"];
    if properties.get("Role").is_some() || properties.get("Policies").is_none() {
        return None;
    }
    let mut managed = Vec::new();
    if properties
        .get("Tracing")
        .and_then(|tracing| tracing.get("Enabled"))
        == Some(&json!(true))
    {
        managed.push(managed_arn("AWSXRayDaemonWriteAccess"));
    }
    let condition = resource.get("Condition").cloned();
    Some(role(
        &format!("{id}Role"),
        properties,
        managed,
        trust("states.amazonaws.com"),
        "RolePath",
        condition,
    ))
}

fn role(
    name: &str,
    properties: &Json,
    mut managed: Vec<Json>,
    trust: Json,
    path: &str,
    condition: Option<Json>,
) -> Json {
    let mut inline = Vec::new();
    let listed = match properties.get("Policies") {
        None | Some(Json::Null) => &[][..],
        Some(Json::Array(all)) => all.as_slice(),
        Some(one) => std::slice::from_ref(one),
    };
    for (index, policy) in listed.iter().enumerate() {
        match converted(policy) {
            SamPolicy::Managed(arn) => managed.push(arn),
            SamPolicy::Document(document) => {
                let name = format!("{name}Policy{index}");
                inline.push(json!({ "PolicyName": name, "PolicyDocument": document }));
            }
        }
    }
    let mut role = json!({ "AssumeRolePolicyDocument": trust, "ManagedPolicyArns": managed,
        "Policies": inline });
    for (from, to) in [
        (path, "Path"),
        ("PermissionsBoundary", "PermissionsBoundary"),
    ] {
        if let Some(value) = properties.get(from) {
            role[to] = value.clone();
        }
    }
    let mut resource = json!({ "Type": "AWS::IAM::Role", "Properties": role });
    if let Some(condition) = condition {
        resource["Condition"] = condition;
    }
    resource
}

/// A policy of a function.
enum SamPolicy {
    Managed(Json),
    Document(Json),
}

/// A policy is the name or ARN of a managed policy, a document, or a template of SAM's with its
/// parameters. If a condition decides, it may be any of these in each case.
fn converted(policy: &Json) -> SamPolicy {
    match policy {
        Json::String(name) if name.starts_with("arn:") => SamPolicy::Managed(policy.clone()),
        Json::String(name) => {
            SamPolicy::Managed(managed::path_of(name).map_or_else(|| policy.clone(), managed_arn))
        }
        Json::Object(map) if map.contains_key("Statement") => SamPolicy::Document(policy.clone()),
        Json::Object(map) => match map.iter().next() {
            Some((function, Json::Array(branches)))
                if function == "Fn::If" && branches.len() == 3 =>
            {
                let (then, otherwise) = (converted(&branches[1]), converted(&branches[2]));
                let condition = &branches[0];
                let choice =
                    |then: Json, otherwise: Json| json!({ "Fn::If": [condition, then, otherwise] });
                match (then, otherwise) {
                    (SamPolicy::Managed(then), SamPolicy::Managed(otherwise)) => {
                        SamPolicy::Managed(choice(then, otherwise))
                    }
                    (then, otherwise) => {
                        SamPolicy::Document(choice(then.into_document(), otherwise.into_document()))
                    }
                }
            }
            Some((function, _)) if function == "Ref" || function.starts_with("Fn::") => {
                SamPolicy::Managed(policy.clone())
            }
            Some((name, _)) if sam_policies::is_harmless(name) => {
                SamPolicy::Document(empty_document())
            }
            _ => SamPolicy::Document(json!({ "Fn::ServerlessPolicyTemplate": policy })),
        },
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) => {
            SamPolicy::Document(json!({ "Fn::ServerlessPolicyTemplate": policy }))
        }
    }
}

impl SamPolicy {
    /// The document for the policy. `AWS::NoValue` leaves an empty policy.
    fn into_document(self) -> Json {
        match self {
            Self::Document(document) => document,
            Self::Managed(arn) if arn.get("Ref").and_then(Json::as_str) == Some("AWS::NoValue") => {
                empty_document()
            }
            Self::Managed(arn) => json!({ "Fn::ServerlessPolicyTemplate": arn }),
        }
    }
}

fn empty_document() -> Json {
    json!({ "Version": "2012-10-17", "Statement": [] })
}

fn managed_arn(path: &str) -> Json {
    json!({ "Fn::Sub": format!("arn:${{AWS::Partition}}:iam::aws:policy/{path}") })
}

fn trust(service: &str) -> Json {
    let statement = json!({ "Effect": "Allow", "Action": ["sts:AssumeRole"],
        "Principal": { "Service": [service] } });
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role_of(function: Json, globals: Json) -> Json {
        let mut template = json!({ "Globals": { "Function": globals }, "Resources":
            { "F": { "Type": "AWS::Serverless::Function", "Properties": function } } });
        expand(&mut template);
        template["Resources"]["FRole"].take()
    }

    #[test]
    fn a_function_without_a_role_is_given_one_with_its_policies() {
        let function = json!({ "Policies": ["AWSLambda_FullAccess",
            { "S3ReadPolicy": { "BucketName": "b" } },
            { "Statement": { "Effect": "Allow", "Action": "lambda:*", "Resource": "*" } }] });
        let role = role_of(
            function,
            json!({ "PermissionsBoundary": "arn:aws:iam::123456789012:policy/b" }),
        );
        let properties = &role["Properties"];
        assert_eq!(
            properties["PermissionsBoundary"],
            "arn:aws:iam::123456789012:policy/b"
        );
        assert_eq!(
            properties["ManagedPolicyArns"][1]["Fn::Sub"],
            "arn:${AWS::Partition}:iam::aws:policy/AWSLambda_FullAccess"
        );
        assert_eq!(properties["Policies"].as_array().map(Vec::len), Some(2));
        assert_eq!(
            properties["Policies"][0]["PolicyDocument"],
            empty_document()
        );
        assert_eq!(
            role_of(json!({ "Role": { "Ref": "Other" } }), json!({})),
            Json::Null
        );
    }

    #[test]
    fn a_template_of_policies_that_is_not_known_is_not_taken_for_harmless() {
        let role = role_of(
            json!({ "Policies": [{ "LayersAdminPolicy": {} }] }),
            json!({}),
        );
        let document = &role["Properties"]["Policies"][0]["PolicyDocument"];
        assert!(
            document.get("Fn::ServerlessPolicyTemplate").is_some(),
            "{document}"
        );
    }

    #[test]
    fn a_role_that_a_condition_takes_away_is_made_on_that_condition() {
        let gone = json!({ "Ref": "AWS::NoValue" });
        let role = role_of(
            json!({ "Role": { "Fn::If": ["Own", { "Ref": "R" }, gone] } }),
            json!({}),
        );
        assert_eq!(role["Condition"], "NOTOwn");
    }

    #[test]
    fn a_layer_is_called_as_its_resource_and_retained() {
        let mut template = json!({ "Resources": { "L": { "Type": "AWS::Serverless::LayerVersion",
            "Properties": { "ContentUri": "./l" } } } });
        expand(&mut template);
        let layer = &template["Resources"]["L"];
        assert_eq!(
            (&layer["Type"], &layer["DeletionPolicy"]),
            (&json!("AWS::Lambda::LayerVersion"), &json!("Retain"))
        );
        assert_eq!(
            layer["Properties"],
            json!({ "Content": "./l", "LayerName": "L" })
        );
    }
}
