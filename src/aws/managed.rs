//! The managed policies of AWS, and what those say that have to do with layers.

use super::Data;
use serde_json::{Value as Json, json};

pub(super) const DATA: Data = Data(include_str!("managed.txt"));

/// The document of a managed policy of AWS, by its ARN: what it says of the actions that attach,
/// read, publish and share layers, and of `iam:PassRole`. A policy that has nothing to do with them
/// has a document without statements.
///
/// `None` for an unknown policy, such as one that is newer than the data, and for policies in other
/// partitions than `aws`, for which there is no data.
#[must_use]
pub fn document(arn: &str) -> Option<Json> {
    let statements = statements(arn.strip_prefix("arn:aws:iam::aws:policy/")?)?;
    Some(json!({"Version": "2012-10-17", "Statement": statements}))
}

/// Whether a managed policy of AWS allows attaching any layer, by its ARN: whether it allows
/// creating or configuring all functions without a condition. Its partition does not matter.
#[must_use]
pub fn attaches_any_layer(arn: &str) -> bool {
    let name = arn.split_once(":iam::aws:policy/").map(|(_, name)| name);
    let statements = name.and_then(statements).unwrap_or_default();
    statements.iter().any(allows_any_layer)
}

/// The path and name of a managed policy of AWS by its name, as SAM completes it.
#[must_use]
pub fn path_of(name: &str) -> Option<&'static str> {
    let paths = DATA.lines().filter_map(|line| line.split(' ').next());
    paths
        .into_iter()
        .find(|path| path.rsplit('/').next() == Some(name))
}

/// The statements of the policy with that path and name, without the first `/`.
fn statements(name: &str) -> Option<Vec<Json>> {
    let said = DATA.find(name)?.split_once(' ');
    let said = said.map_or("[]", |(_, said)| said);
    serde_json::from_str(said).ok()
}

/// Whether a statement allows one of the actions that attach layers, on every function and whatever
/// the request is.
fn allows_any_layer(statement: &Json) -> bool {
    let attaches = |action| {
        [
            "*",
            "lambda:CreateFunction",
            "lambda:UpdateFunctionConfiguration",
        ]
        .contains(&action)
    };
    statement["Effect"] == "Allow"
        && statement.get("Condition").is_none()
        && texts(&statement["Action"]).any(attaches)
        && texts(&statement["Resource"]).any(|resource| resource == "*")
}

/// The texts of a value that is one text or a list of them.
fn texts(value: &Json) -> impl Iterator<Item = &str> {
    let listed = value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Json::as_str);
    listed.chain(value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    const AWS: &str = "arn:aws:iam::aws:policy/";

    #[test]
    fn every_policy_that_says_something_can_be_read() {
        for line in DATA.lines() {
            let (name, said) = line.split_once(' ').unwrap_or((line, "[]"));
            let said = serde_json::from_str::<Json>(said).ok();
            assert!(said.is_some(), "{name}");
            assert_eq!(statements(name).map(Json::from), said, "{name}");
        }
    }

    #[test]
    fn what_attaches_any_layer_is_known_by_what_it_says() {
        let all = DATA.lines().filter_map(|line| line.split(' ').next());
        let found: Vec<&str> = all
            .filter(|name| attaches_any_layer(&format!("{AWS}{name}")))
            .collect();
        assert_eq!(
            found,
            [
                "AIDevOpsAgentActionsPolicy",
                "AWSLambda_FullAccess",
                "AWSRoboMakerServiceRolePolicy",
                "AdministratorAccess",
                "AdministratorAccess-Amplify",
                "AmazonDynamoDBFullAccess",
                "AmazonDynamoDBFullAccesswithDataPipeline",
                "PowerUserAccess",
                "aws-service-role/AWSRoboMakerServicePolicy",
                "job-function/DataScientist",
                "job-function/DatabaseAdministrator",
                "job-function/SystemAdministrator",
            ]
        );
    }

    #[test]
    fn a_policy_is_harmless_only_where_it_is_known() {
        let statements = |arn: &str| {
            document(arn).map(|document| document["Statement"].as_array().map(Vec::len))
        };
        assert_eq!(
            statements(&format!("{AWS}service-role/AWSLambdaSQSQueueExecutionRole")),
            Some(Some(0))
        );
        assert_eq!(
            statements(&format!("{AWS}AWSLambda_ReadOnlyAccess")),
            Some(Some(1))
        );
        // Without its path, it would be another policy, which does not exist.
        assert_eq!(
            statements(&format!("{AWS}AWSLambdaSQSQueueExecutionRole")),
            None
        );
        assert_eq!(statements(&format!("{AWS}AWSLambdaFullAccess")), None);
        assert_eq!(
            statements("arn:aws-cn:iam::aws:policy/AWSLambda_ReadOnlyAccess"),
            None
        );
        assert_eq!(
            statements("arn:aws:iam::123456789012:policy/AWSLambda_ReadOnlyAccess"),
            None
        );
    }
}
