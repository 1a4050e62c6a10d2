//! A template is read, reported and compared with itself and with another one, which may follow
//! below a line `---`. Whatever else is in it, it hides no resource that gives somebody more.
#![no_main]

use layershare::internals::access::Access;
use layershare::internals::access::authored::Authored;
use layershare::internals::access::diff::Diff;
use layershare::internals::cloudformation::Values;
use layershare::internals::cloudformation::read;
use layershare_fuzz::{compare, mutate, report_alone};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use serde_json::{Value as Json, json};

const BETWEEN: &[u8] = b"\n---\n";

/// The logical ID of what is added to a template.
const ADDED: &str = "AddedByTheFuzzer";

/// The access that a template gives, for whatever is said for its parameters or for their defaults.
fn access(json: &Json, defaults: bool) -> Access {
    Access::of_template(
        json.clone(),
        &Values {
            defaults,
            ..Values::default()
        },
        Authored::default(),
    )
}

/// Resources that give somebody more in every template that does not have them.
fn wider() -> [Json; 4] {
    let anything = json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
    [
        json!({"Type": "AWS::Lambda::LayerVersionPermission", "Properties": {
            "Action": "lambda:GetLayerVersion", "Principal": "*",
            "LayerVersionArn": "arn:aws:lambda:us-east-1:111122223333:layer:by-the-fuzzer:1"}}),
        json!({"Type": "AWS::CloudFormation::Stack",
            "Properties": {"TemplateURL": "https://bucket.s3.amazonaws.com/a"}}),
        json!({"Type": "AWS::IAM::User", "Properties": {
            "Policies": [{"PolicyName": "anything", "PolicyDocument": anything}]}}),
        json!({"Type": "Custom::SharesWhatever",
            "Properties": {"ServiceToken": "arn:aws:lambda:us-east-1:111122223333:function:f"}}),
    ]
}

/// Adds each of them to the template.
fn hide(json: &Json, old: &Access, defaults: bool) {
    if json
        .get("Resources")
        .and_then(Json::as_object)
        .is_none_or(|all| all.contains_key(ADDED))
    {
        return;
    }
    for resource in wider() {
        let mut json = json.clone();
        json["Resources"][ADDED] = resource;
        let new = access(&json, defaults);
        assert!(
            Diff::between(old, &new).is_broader(),
            "this is hidden: {}",
            json["Resources"][ADDED]
        );
    }
}

fuzz_target!(|data: &[u8]| {
    let between = data
        .windows(BETWEEN.len())
        .position(|window| window == BETWEEN);
    let (old, new) = match between {
        Some(at) => (&data[..at], Some(&data[at + BETWEEN.len()..])),
        None => (data, None),
    };
    let (Ok(old), Ok(new)) = (read::template(old), new.map(read::template).transpose()) else {
        return;
    };
    for defaults in [false, true] {
        let before = access(&old, defaults);
        match &new {
            Some(new) => compare(&before, &access(new, defaults)),
            None => report_alone(&before),
        }
        hide(&old, &before, defaults);
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});
