//! What is said of all layers at once against what is said of lists of layers one by one.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use layershare::access::subject::{Subjects, placeholders};
use layershare::cloudformation::{self, Template};
use layershare::iam::allowance::Allowance;
use layershare::iam::attach::{EffectivePolicies, attachable};
use layershare::iam::evaluate::{Answer, Policies, Request, Values, decide};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value as Json, json};

const ACTIONS: [&str; 2] = ["lambda:CreateFunction", "lambda:UpdateFunctionConfiguration"];

/// Layers near each other.
fn layers() -> Vec<String> {
    let mut all = Vec::new();
    for account in ["123456789012", "123456789013"] {
        for (name, version) in [("deps", 3), ("deps", 30), ("deps2", 3), ("other", 1)] {
            all.push(format!("arn:aws:lambda:us-east-1:{account}:layer:{name}:{version}"));
        }
    }
    all
}

fn patterns() -> impl Strategy<Value = Vec<String>> {
    let account = select(vec!["123456789012", "123456789013", "*"]);
    let name = select(vec!["deps", "dep*", "deps?", "*", "other"]);
    let version = select(vec!["*", "3", "3*"]);
    let one = (account, name, version)
        .prop_map(|(account, name, version)| format!("arn:aws:lambda:*:{account}:layer:{name}:{version}"));
    prop::collection::vec(one, 1..3)
}

/// A condition on the layers; of those that look at each layer by itself only, where `plain`.
fn condition(denies: bool, plain: bool) -> impl Strategy<Value = Json> {
    let operators = match (plain, denies) {
        (true, false) => vec!["ForAllValues:StringLike", "ForAllValues:StringNotLike"],
        (true, true) => vec!["ForAnyValue:StringLike", "ForAnyValue:StringNotLike"],
        (false, _) => vec![
            "ForAllValues:StringLike",
            "ForAllValues:StringNotLike",
            "ForAnyValue:StringLike",
            "ForAnyValue:StringNotLike",
        ],
    };
    prop_oneof![
        4 => (select(operators), patterns()).prop_map(|(operator, patterns)| json!({ operator: { "lambda:Layer": patterns } })),
        1 => select(vec!["true", "false"]).prop_map(|value| json!({ "Null": { "lambda:Layer": value } })),
        1 => Just(json!({})),
    ]
}

fn statement(plain: bool) -> impl Strategy<Value = Json> {
    any::<bool>().prop_flat_map(move |denies| {
        let actions =
            select(vec![json!(ACTIONS), json!("lambda:Create*"), json!(ACTIONS[1]), json!("lambda:*Function*")]);
        (actions, condition(denies, plain)).prop_map(move |(actions, condition)| {
            let effect = if denies { "Deny" } else { "Allow" };
            json!({ "Effect": effect, "Action": actions, "Resource": "*", "Condition": condition })
        })
    })
}

fn document(plain: bool) -> impl Strategy<Value = Json> {
    prop::collection::vec(statement(plain), 1..4).prop_map(|mut statements| {
        // What may be read is not in question here.
        statements.push(json!({ "Effect": "Allow", "Action": "lambda:GetLayerVersion", "Resource": "*" }));
        json!({ "Version": "2012-10-17", "Statement": statements })
    })
}

/// Whether some action with this list of layers is allowed.
fn is_allowed(subject: &EffectivePolicies, list: &[&String]) -> bool {
    let policies = Policies {
        identity: &subject.levels[0],
        boundary: subject.levels.get(1).map(|level| &level[0]),
        ..Policies::default()
    };
    let layers: Vec<String> = list.iter().map(ToString::to_string).collect();
    ACTIONS.iter().any(|action| {
        let request = Request {
            principal: "arn:aws:iam::111122223333:role/r".to_owned(),
            action: (*action).to_owned(),
            resource: "arn:aws:lambda:us-east-1:111122223333:function:f".to_owned(),
            context: [("lambda:layer".to_owned(), Values::Known(layers.clone()))].into(),
            is_open: false,
        };
        decide(&request, &policies) == Answer::Yes
    })
}

fn leads(allowances: &[Allowance], layer: &str) -> bool {
    allowances.iter().any(|way| {
        way.within.iter().all(|group| group.iter().any(|pattern| pattern.matches(layer)))
            && !way.outside.iter().any(|pattern| pattern.matches(layer))
    })
}

fn subject(policy: Json, boundary: Option<Json>) -> EffectivePolicies {
    let mut role = json!({ "Policies": [{ "PolicyName": "p", "PolicyDocument": policy }], "RoleName": "r" });
    let mut resources = json!({});
    if let Some(boundary) = boundary {
        role["PermissionsBoundary"] = json!({ "Ref": "Boundary" });
        resources["Boundary"] =
            json!({ "Type": "AWS::IAM::ManagedPolicy", "Properties": { "PolicyDocument": boundary } });
    }
    resources["Role"] = json!({ "Type": "AWS::IAM::Role", "Properties": role });
    let template = Template::new(json!({ "Resources": resources }), &cloudformation::Values::default());
    let subjects = Subjects::new(&template, None).all(&placeholders(&template, &[]));
    let role = subjects.into_iter().find(|subject| subject.id == "Role").unwrap();
    let (_, role) = role.cases.unwrap().into_iter().next().unwrap();
    role.unwrap().policies
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Conditions that look at each layer by itself: a layer can be attached if and only if it can be alone.
    #[test]
    fn what_can_be_attached_alone(policy in document(true), boundary in prop::option::of(document(true))) {
        let subject = subject(policy, boundary);
        let found = attachable(&subject);
        for layer in layers() {
            let alone = is_allowed(&subject, &[&layer]);
            prop_assert_eq!(leads(&found.certain, &layer), alone, "{} for certain", layer);
            prop_assert_eq!(leads(&found.possible, &layer), alone, "{} maybe", layer);
        }
    }

    /// Any conditions: what some list of layers brings in is never left out, and what is certain is possible.
    #[test]
    fn what_can_be_attached_in_company(policy in document(false), boundary in prop::option::of(document(false))) {
        let subject = subject(policy, boundary);
        let found = attachable(&subject);
        let all = layers();
        for layer in &all {
            let alone = is_allowed(&subject, &[layer]);
            let in_pair = || all.iter().any(|other| is_allowed(&subject, &[layer, other]));
            let in_three = || all.iter().any(|one| all.iter().any(|two| is_allowed(&subject, &[layer, one, two])));
            if alone || in_pair() || in_three() {
                prop_assert!(leads(&found.possible, layer), "{layer} is left out");
                prop_assert!(leads(&found.certain, layer), "{layer} is left in doubt");
            }
            prop_assert!(!leads(&found.certain, layer) || leads(&found.possible, layer));
        }
    }
}
