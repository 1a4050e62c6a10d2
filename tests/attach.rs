//! What is said of all layers at once against what is said of lists of layers one by one.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

use layershare::internals::access::placeholder::placeholders;
use layershare::internals::access::subject::Subjects;
use layershare::internals::cloudformation::{self, Template};
use layershare::internals::iam::allowance::{Allowance, AttachableLayers};
use layershare::internals::iam::attach::attachable;
use layershare::internals::iam::document::Document;
use layershare::internals::iam::effective::EffectivePolicies;
use layershare::internals::iam::evaluate::{Answer, ContextValues, Request};
use layershare::internals::iam::reference::{Policies, decide};
use layershare::internals::iam::right::{Right, handled};
use layershare::internals::partial::Partial;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value as Json, json};
use std::collections::HashMap;

const ACTIONS: [&str; 2] = [
    "lambda:CreateFunction",
    "lambda:UpdateFunctionConfiguration",
];

/// Layers near each other.
fn layers() -> Vec<String> {
    let mut all = Vec::new();
    for account in ["123456789012", "123456789013"] {
        for (name, version) in [("deps", 3), ("deps", 30), ("deps2", 3), ("other", 1)] {
            all.push(format!(
                "arn:aws:lambda:us-east-1:{account}:layer:{name}:{version}"
            ));
        }
    }
    all
}

fn patterns() -> impl Strategy<Value = Vec<String>> {
    let account = select(vec!["123456789012", "123456789013", "*"]);
    let name = select(vec!["deps", "dep*", "deps?", "*", "other"]);
    let version = select(vec!["*", "3", "3*"]);
    let one = (account, name, version).prop_map(|(account, name, version)| {
        format!("arn:aws:lambda:*:{account}:layer:{name}:{version}")
    });
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
        4 => (select(operators), patterns())
            .prop_map(|(operator, patterns)| json!({ operator: { "lambda:Layer": patterns } })),
        1 => select(vec!["true", "false"])
            .prop_map(|value| json!({ "Null": { "lambda:Layer": value } })),
        1 => Just(json!({})),
    ]
}

fn statement(plain: bool) -> impl Strategy<Value = Json> {
    any::<bool>().prop_flat_map(move |denies| {
        let actions = select(vec![
            json!(ACTIONS),
            json!("lambda:Create*"),
            json!(ACTIONS[1]),
            json!("lambda:*Function*"),
        ]);
        (actions, condition(denies, plain)).prop_map(move |(actions, condition)| {
            let effect = if denies { "Deny" } else { "Allow" };
            json!({ "Effect": effect, "Action": actions, "Resource": "*", "Condition": condition })
        })
    })
}

fn document(plain: bool) -> impl Strategy<Value = Json> {
    prop::collection::vec(statement(plain), 1..4).prop_map(|mut statements| {
        // What may be read is not in question here.
        statements.push(
            json!({ "Effect": "Allow", "Action": "lambda:GetLayerVersion", "Resource": "*" }),
        );
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
            context: [(
                "lambda:layer".to_owned(),
                ContextValues::Known(layers.clone()),
            )]
            .into(),
            is_open: false,
        };
        decide(&request, &policies) == Answer::Yes
    })
}

fn leads(allowances: &[Allowance], layer: &str) -> bool {
    allowances.iter().any(|way| {
        way.within
            .iter()
            .all(|group| group.iter().any(|pattern| pattern.matches(layer)))
            && !way.outside.iter().any(|pattern| pattern.matches(layer))
    })
}

fn subject(policy: Json, boundary: Option<Json>) -> EffectivePolicies {
    let mut role =
        json!({ "Policies": [{ "PolicyName": "p", "PolicyDocument": policy }], "RoleName": "r" });
    let mut resources = json!({});
    if let Some(boundary) = boundary {
        role["PermissionsBoundary"] = json!({ "Ref": "Boundary" });
        resources["Boundary"] = json!({ "Type": "AWS::IAM::ManagedPolicy",
            "Properties": { "PolicyDocument": boundary } });
    }
    resources["Role"] = json!({ "Type": "AWS::IAM::Role", "Properties": role });
    only_subject(resources, "Role")
}

/// The policies of a resource, in a stack of the requests' own account.
fn only_subject(resources: Json, id: &str) -> EffectivePolicies {
    let given = cloudformation::Values::given(&[("AWS::AccountId".to_owned(), ACCOUNT.to_owned())]);
    let template = Template::new(json!({ "Resources": resources }), &given);
    let subjects = Subjects::new(&template, None).all(&placeholders(&template, &[]));
    let subject = subjects
        .into_iter()
        .find(|subject| subject.id == id)
        .unwrap();
    let (_, subject) = subject.cases.unwrap().into_iter().next().unwrap();
    subject.unwrap().policies
}

/// The requests' own account, as the stack's.
const ACCOUNT: &str = "111122223333";

/// Functions that a statement may be about or not.
const FUNCTIONS: [&str; 2] = ["api-1", "batch-1"];

/// What a request has besides: a region, whether it is encrypted; or neither.
fn contexts() -> Vec<HashMap<String, ContextValues>> {
    let one = |region: Option<&str>, secure: Option<&str>| {
        let mut context = HashMap::new();
        for (key, value) in [
            ("aws:requestedregion", region),
            ("aws:securetransport", secure),
        ] {
            context.extend(
                value.map(|value| (key.to_owned(), ContextValues::Known(vec![value.to_owned()]))),
            );
        }
        context
    };
    vec![
        one(None, None),
        one(Some("us-east-1"), Some("true")),
        one(Some("eu-west-1"), Some("false")),
    ]
}

/// A condition on anything but the layers, of every kind that is understood.
fn other_condition() -> impl Strategy<Value = Json> {
    let operators = select(vec![
        "StringEquals",
        "StringNotEquals",
        "StringLike",
        "StringNotLikeIfExists",
    ]);
    let names = select(vec![
        "arn:aws:iam::*:role/r",
        "arn:aws:iam::*:role/other*",
        "arn:aws:iam::111122223333:role/*",
    ]);
    let arn_operators = select(vec!["ArnLike", "ArnNotLike", "StringLike", "StringNotLike"]);
    prop_oneof![
        5 => Just(json!({})),
        1 => (operators, select(vec!["us-east-1", "eu-*"]))
            .prop_map(|(op, value)| json!({ op: { "aws:RequestedRegion": value } })),
        1 => select(vec!["true", "false"])
            .prop_map(|value| json!({ "Bool": { "aws:SecureTransport": value } })),
        1 => select(vec![ACCOUNT, "999999999999"])
            .prop_map(|value| json!({ "StringEquals": { "aws:PrincipalAccount": value } })),
        1 => (arn_operators, names)
            .prop_map(|(op, value)| json!({ op: { "aws:PrincipalArn": value } })),
        1 => Just(json!({ "NumericLessThan": { "aws:MultiFactorAuthAge": "10" } })),
    ]
}

/// Any condition on the layers: with every set operator and operator, with a variable, with one
/// that is not supported.
fn layer_condition() -> impl Strategy<Value = Json> {
    let quantifiers = select(vec!["ForAllValues:", "ForAnyValue:", ""]);
    let operators = select(vec![
        "StringLike",
        "StringNotLike",
        "StringEquals",
        "StringNotEquals",
        "ArnLike",
    ]);
    let variable = json!([
        "arn:aws:lambda:*:${aws:PrincipalAccount}:layer:*:*",
        "arn:aws:lambda:*:123456789012:layer:dep*:*"
    ]);
    let values =
        prop_oneof![4 => patterns().prop_map(|patterns| json!(patterns)), 1 => Just(variable)];
    prop_oneof![
        6 => (quantifiers, operators, values)
            .prop_map(|(quantifier, operator, values)| {
                json!({ format!("{quantifier}{operator}"): { "lambda:Layer": values } })
            }),
        1 => select(vec!["true", "false"])
            .prop_map(|value| json!({ "Null": { "lambda:Layer": value } })),
        3 => Just(json!({})),
    ]
}

/// A statement with all that a statement can have.
fn any_statement() -> impl Strategy<Value = Json> {
    let named = [
        json!(ACTIONS),
        json!("lambda:Create*"),
        json!("lambda:*"),
        json!("*"),
        json!("s3:*"),
    ];
    let others = [
        json!("lambda:CreateFunction"),
        json!("iam:*"),
        json!(["lambda:Get*", "s3:*"]),
    ];
    let actions = prop_oneof![
        3 => select(named.to_vec()).prop_map(|actions| ("Action", actions)),
        1 => select(others.to_vec()).prop_map(|actions| ("NotAction", actions)),
        2 => Just(("Action", json!("lambda:GetLayerVersion"))),
    ];
    let function = |name: &str| json!(format!("arn:aws:lambda:*:{ACCOUNT}:function:{name}"));
    let layer = json!("arn:aws:lambda:*:123456789012:layer:*:*");
    let resources = prop_oneof![
        4 => Just(("Resource", json!("*"))),
        1 => select(vec![function("api-*"), function("*"), layer.clone()])
            .prop_map(|resource| ("Resource", resource)),
        1 => select(vec![function("api-*"), layer]).prop_map(|resource| ("NotResource", resource)),
    ];
    let effect = prop_oneof![2 => Just("Allow"), 1 => Just("Deny")];
    (
        effect,
        actions,
        resources,
        layer_condition(),
        other_condition(),
    )
        .prop_map(|(effect, actions, resources, of_layers, of_others)| {
            let mut condition = of_layers.as_object().unwrap().clone();
            for (operator, keys) in of_others.as_object().unwrap() {
                let known = condition.entry(operator).or_insert_with(|| json!({}));
                known
                    .as_object_mut()
                    .unwrap()
                    .extend(keys.as_object().unwrap().clone());
            }
            json!({ "Effect": effect, actions.0: actions.1, resources.0: resources.1,
                "Condition": condition })
        })
}

/// A statement about publishing, sharing, and more, on layers and on others.
fn handling_statement() -> impl Strategy<Value = Json> {
    let actions = prop_oneof![
        4 => select(vec![
            json!("lambda:PublishLayerVersion"),
            json!("lambda:*LayerVersionPermission"),
            json!(["lambda:publishlayerversion", "lambda:AddLayerVersionPermission"]),
            json!("*"),
        ]).prop_map(|actions| ("Action", actions)),
        1 => select(vec![json!("lambda:Publish*"), json!("s3:*")])
            .prop_map(|actions| ("NotAction", actions)),
    ];
    let arns = select(vec![
        json!("*"),
        json!("arn:aws:lambda:*:123456789012:layer:*"),
        json!("arn:aws:lambda:*:*:layer:dep*"),
        json!([
            "arn:aws:lambda:*:*:layer:deps",
            "arn:aws:lambda:*:*:layer:other:*"
        ]),
        json!("arn:aws:lambda:*:123456789012:layer:deps:3"),
        json!("arn:aws:lambda:us-east-1:111122223333:function:*"),
        json!("arn:aws:lambda:*:*:layer:${aws:PrincipalTag/team}*"),
    ]);
    let resources = (any::<bool>(), arns)
        .prop_map(|(negated, arns)| (if negated { "NotResource" } else { "Resource" }, arns));
    let effect = prop_oneof![3 => Just("Allow"), 1 => Just("Deny")];
    (effect, actions, resources, other_condition()).prop_map(
        |(effect, actions, resources, condition)| {
            json!({ "Effect": effect, actions.0: actions.1, resources.0: resources.1,
                "Condition": condition })
        },
    )
}

fn handling_document() -> impl Strategy<Value = Json> {
    prop::collection::vec(handling_statement(), 1..5)
        .prop_map(|statements| json!({ "Version": "2012-10-17", "Statement": statements }))
}

/// AWS does not document whether everything differs from a value with a variable that has no value.
#[test]
fn a_negated_condition_with_a_variable_without_value_is_undecided() {
    let named = json!({ "lambda:Layer":
        "arn:aws:lambda:*:123456789012:layer:${aws:PrincipalTag/team}-*:*" });
    let read = json!({ "Effect": "Allow", "Action": "lambda:GetLayerVersion", "Resource": "*" });
    let allow = json!({ "Effect": "Allow", "Action": ACTIONS, "Resource": "*" });
    let deny = json!({ "Effect": "Deny", "Action": ACTIONS, "Resource": "*",
        "Condition": { "ForAnyValue:StringNotLike": named } });
    let mut allow_others = allow.clone();
    allow_others["Condition"] = json!({ "ForAllValues:StringNotLike": named });
    for statements in [json!([read, allow, deny]), json!([read, allow_others])] {
        let policy = json!({ "Version": "2012-10-17", "Statement": statements });
        let mut policies = subject(policy, None);
        policies.request.is_open = false;
        let found = attachable(&policies);
        for layer in layers() {
            assert!(leads(&found.possible, &layer), "{layer}: {statements}");
            assert!(!leads(&found.certain, &layer), "{layer}: {statements}");
        }
    }
}

/// Holds what is said of publishing or sharing all layers against what the reference evaluator says
/// of each, in every context.
fn hold_right(policies: &EffectivePolicies, right: Right) -> Result<(), TestCaseError> {
    let found = handled(policies, right);
    let reference = Policies {
        identity: &policies.levels[0],
        boundary: policies.levels.get(1).map(|level| &level[0]),
        ..Policies::default()
    };
    for version in layers() {
        // Nobody can let another account publish or share.
        let account = version.split(':').nth(4).unwrap();
        let layer = match right {
            Right::Publish => version.rsplit_once(':').unwrap().0.to_owned(),
            Right::Read | Right::Share => version.clone(),
        };
        let answers: Vec<Answer> = contexts()
            .into_iter()
            .map(|mut context| {
                for (key, value) in [
                    ("aws:principalarn", format!("arn:aws:iam::{ACCOUNT}:role/r")),
                    ("aws:principalaccount", ACCOUNT.to_owned()),
                ] {
                    context.insert(key.to_owned(), ContextValues::Known(vec![value]));
                }
                let request = Request {
                    principal: format!("arn:aws:iam::{account}:role/r"),
                    action: right.action().to_owned(),
                    resource: layer.clone(),
                    context,
                    is_open: false,
                };
                decide(&request, &reference)
            })
            .collect();
        let (possible, certain) = (
            leads(&found.possible, &layer),
            leads(&found.certain, &layer),
        );
        prop_assert!(
            possible || !answers.contains(&Answer::Yes),
            "{layer} is left out: {found:?}"
        );
        prop_assert!(
            !certain || answers.iter().all(|answer| *answer == Answer::Yes),
            "{layer} for certain: {answers:?}"
        );
        prop_assert!(possible || !certain, "{layer} is certain and not possible");
        let is_decided = answers.iter().all(|answer| *answer == Answer::No);
        prop_assert!(
            !found.doubts.is_empty() || !possible || !is_decided,
            "{layer} is let in for no reason: {found:?}"
        );
    }
    Ok(())
}

fn any_document() -> impl Strategy<Value = Json> {
    (prop::collection::vec(any_statement(), 1..4), any::<bool>()).prop_map(
        |(mut statements, reads)| {
            if reads {
                let read = "lambda:GetLayerVersion";
                statements.push(json!({ "Effect": "Allow", "Action": read, "Resource": "*" }));
            }
            json!({ "Version": "2012-10-17", "Statement": statements })
        },
    )
}

/// What the reference evaluator says of a request by a principal, in one context.
fn asked(
    policies: &Policies<'_>,
    principal: &str,
    (action, resource): (&str, &str),
    layers: &[&str],
    context: &HashMap<String, ContextValues>,
) -> Answer {
    let mut context = context.clone();
    let layers = layers.iter().map(ToString::to_string).collect();
    context.insert("lambda:layer".to_owned(), ContextValues::Known(layers));
    let request = Request {
        principal: principal.to_owned(),
        action: action.to_owned(),
        resource: resource.to_owned(),
        context,
        is_open: false,
    };
    decide(&request, policies)
}

/// What the reference evaluator says of a list of layers: the best that any action and function
/// give.
fn best(
    policies: &Policies<'_>,
    principal: &str,
    list: &[&str],
    context: &HashMap<String, ContextValues>,
) -> Answer {
    let account = principal.split(':').nth(4).unwrap();
    let mut found = Answer::No;
    for action in ACTIONS {
        for function in FUNCTIONS {
            let resource = format!("arn:aws:lambda:us-east-1:{account}:function:{function}");
            let one = asked(policies, principal, (action, &resource), list, context);
            found = found.or(|| one);
        }
    }
    found
}

/// What the reference evaluator says of reading a layer whose own policy lets everyone in, so that
/// only the reader's policies are in question.
fn readable(
    policies: &Policies<'_>,
    principal: &str,
    layer: &str,
    context: &HashMap<String, ContextValues>,
) -> Answer {
    let open = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Principal": "*",
        "Action": "*", "Resource": "*" } });
    let open = Document::read("open", &Partial::from(&open));
    let shared = Policies {
        resource: Some(&open),
        ..*policies
    };
    let read = ("lambda:GetLayerVersion", layer);
    asked(&shared, principal, read, &[], context)
}

/// Layers that others may need for company: each that the patterns of these tests tell from others,
/// of every account that they name, and one that fits none of them.
fn every_company(principal: &str) -> Vec<String> {
    let own = principal.split(':').nth(4).unwrap();
    let mut all = vec!["arn:aws-cn:lambda:cn-north-1:999999999999:layer:else:1".to_owned()];
    for account in ["123456789012", "123456789013", own] {
        for name in ["deps", "deps2", "depend", "other"] {
            for version in ["3", "30", "4"] {
                let layer = format!("{account}:layer:{name}:{version}");
                all.push(format!("arn:aws:lambda:us-east-1:{layer}"));
            }
        }
    }
    all
}

/// The best that any list with this layer gives, of at most three layers, each of which must be
/// readable. The other layers are among `others`.
fn with_company(
    policies: &Policies<'_>,
    principal: &str,
    layer: &str,
    others: &[String],
    context: &HashMap<String, ContextValues>,
) -> Answer {
    let read = readable(policies, principal, layer, context);
    if read == Answer::No {
        return Answer::No;
    }
    let company: Vec<(&str, Answer)> = others
        .iter()
        .map(|other| {
            (
                other.as_str(),
                readable(policies, principal, other, context),
            )
        })
        .filter(|(_, read)| *read != Answer::No)
        .collect();
    let mut lists = vec![(vec![layer], read.clone())];
    for (index, (one, one_read)) in company.iter().enumerate() {
        let pair_read = read.clone().and(|| one_read.clone());
        for (two, two_read) in &company[index + 1..] {
            let read = pair_read.clone().and(|| two_read.clone());
            lists.push((vec![layer, one, two], read));
        }
        lists.push((vec![layer, one], pair_read));
    }
    let mut found = Answer::No;
    for (list, read) in lists {
        found = found.or(|| best(policies, principal, &list, context).and(|| read));
        if found == Answer::Yes {
            break;
        }
    }
    found
}

/// Holds what is said of all layers against what the reference evaluator says of lists, in every
/// context.
fn hold(
    found: &AttachableLayers,
    policies: &Policies<'_>,
    principal: &str,
) -> Result<(), TestCaseError> {
    let contexts = contexts();
    let every = every_company(principal);
    let all = layers();
    for layer in &all {
        let (possible, certain) = (leads(&found.possible, layer), leads(&found.certain, layer));
        let is_said = certain || (possible && found.doubts.is_empty());
        let answers: Vec<Answer> = contexts
            .iter()
            .map(|context| {
                let near = with_company(policies, principal, layer, &all, context);
                if is_said && near != Answer::Yes {
                    with_company(policies, principal, layer, &every, context)
                } else {
                    near
                }
            })
            .collect();
        prop_assert!(
            possible || !answers.contains(&Answer::Yes),
            "{layer} is left out: {found:?}"
        );
        prop_assert!(
            !certain || answers.iter().all(|answer| *answer == Answer::Yes),
            "{layer} for certain: {answers:?}"
        );
        prop_assert!(possible || !certain, "{layer} is certain and not possible");
        let is_decided = answers.iter().all(|answer| *answer == Answer::No);
        prop_assert!(
            !found.doubts.is_empty() || !possible || !is_decided,
            "{layer} is let in for no reason: {found:?}"
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None,
        ..ProptestConfig::default() })]

    /// Conditions that look at each layer by itself: a layer can be attached if and only if it can
    /// be alone.
    #[test]
    fn what_can_be_attached_alone(
        policy in document(true),
        boundary in prop::option::of(document(true)),
    ) {
        let subject = subject(policy, boundary);
        let found = attachable(&subject);
        for layer in layers() {
            let alone = is_allowed(&subject, &[&layer]);
            prop_assert_eq!(leads(&found.certain, &layer), alone, "{} for certain", layer);
            prop_assert_eq!(leads(&found.possible, &layer), alone, "{} maybe", layer);
        }
    }

    /// Any conditions: what some list of layers brings in is never left out, and what is certain is
    /// possible.
    #[test]
    fn what_can_be_attached_in_company(
        policy in document(false),
        boundary in prop::option::of(document(false)),
    ) {
        let subject = subject(policy, boundary);
        let found = attachable(&subject);
        let all = layers();
        for layer in &all {
            let alone = is_allowed(&subject, &[layer]);
            let in_pair = || all.iter().any(|other| is_allowed(&subject, &[layer, other]));
            let in_three = || {
                let with = |one| all.iter().any(|two| is_allowed(&subject, &[layer, one, two]));
                all.iter().any(with)
            };
            if alone || in_pair() || in_three() {
                prop_assert!(leads(&found.possible, layer), "{layer} is left out");
                prop_assert!(leads(&found.certain, layer), "{layer} is left in doubt");
            }
            prop_assert!(!leads(&found.certain, layer) || leads(&found.possible, layer));
        }
    }
}

/// How many cases are tried: by hand, as many as `PROPTEST_CASES` says.
fn any_policies() -> ProptestConfig {
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() {
        ProptestConfig::default().cases
    } else {
        80
    };
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(any_policies())]

    /// Policies of every kind, a boundary, and requests with everything that conditions ask for.
    #[test]
    fn what_any_policies_let_attach(
        policy in any_document(),
        boundary in prop::option::of(any_document()),
    ) {
        let policies = subject(policy, boundary);
        let found = attachable(&policies);
        let reference = Policies {
            identity: &policies.levels[0],
            boundary: policies.levels.get(1).map(|level| &level[0]),
            ..Policies::default()
        };
        hold(&found, &reference, &format!("arn:aws:iam::{ACCOUNT}:role/r"))?;
    }

    /// Who may publish, share and read which layers.
    #[test]
    fn what_any_policies_let_handle(
        policy in handling_document(),
        boundary in prop::option::of(handling_document()),
    ) {
        let policies = subject(policy, boundary);
        for right in [Right::Publish, Right::Share, Right::Read] {
            hold_right(&policies, right)?;
        }
    }

    /// Guardrails, for somebody who is allowed everything.
    #[test]
    fn what_any_guardrail_leaves(content in any_document()) {
        let properties = json!({ "Name": "g", "Type": "SERVICE_CONTROL_POLICY",
            "Content": content });
        let resources = json!({ "G": { "Type": "AWS::Organizations::Policy",
            "Properties": properties } });
        let policies = only_subject(resources, "G");
        let found = attachable(&policies);
        let full = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "*",
            "Resource": "*" } });
        let full = [Document::read("full", &Partial::from(&full))];
        let level = vec![vec![policies.guardrails[0].clone(), full[0].clone()]];
        let principal = policies.request.context.get("aws:principalarn");
        let Some(ContextValues::Anybody(principal)) = principal else {
            panic!("somebody in particular");
        };
        hold(&found, &Policies { identity: &full, guardrails: &level, ..Policies::default() },
            principal)?;
    }
}
