//! Sizes of policies, from the source to the template that comes of it.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use layershare::internals::aws::layers::{ProductLayers, published};
use layershare::internals::template::Format;
use serde_json::Value as Json;
use std::fmt::Write;
use support::{codes, written};

/// A block with `number` items in its set.
fn source(head: &str, number: usize) -> String {
    let mut source = format!("{head} l0 from account 123456789012");
    for item in 1..number {
        write!(source, ",\n    l{item} from account 123456789012").unwrap();
    }
    source + "\n}\n"
}

/// The documents of a template, each resource's type with its one.
fn documents(source: &str) -> Vec<(String, Json)> {
    let template: Json = serde_json::from_str(&written(source, Format::Json).unwrap()).unwrap();
    let resources = template["Resources"].as_object().unwrap().values();
    let document = |resource: &Json| {
        let properties = &resource["Properties"];
        let found = ["PolicyDocument", "Content"]
            .into_iter()
            .find_map(|name| properties.get(name))
            .unwrap();
        (resource["Type"].as_str().unwrap().to_owned(), found.clone())
    };
    resources.map(document).collect()
}

/// The characters of a document where everything in it is as long as it can be.
fn characters(document: &Json) -> usize {
    let compact = document
        .to_string()
        .replace(r#"{"Fn::Sub":""#, "\"")
        .replace("*\"}", "*\"");
    compact
        .replace("${AWS::Partition}", "aws-us-gov")
        .replace("${AWS::AccountId}", "123456789012")
        .chars()
        .count()
}

/// The layers that the documents name, in order.
fn layers(documents: &[(String, Json)], pointer: &str) -> Vec<Json> {
    let lists = documents
        .iter()
        .flat_map(|(_, document)| document["Statement"].as_array().unwrap());
    lists
        .filter_map(|statement| statement.pointer(pointer)?.as_array())
        .flatten()
        .cloned()
        .collect()
}

#[test]
fn every_layer_that_aws_publishes_is_an_item_of_a_set() {
    for ProductLayers { product, item } in published() {
        assert_eq!(
            codes(&format!("boundary b {{\n  deny all except {item}\n}}\n")),
            [""; 0],
            "{product}"
        );
    }
}

#[test]
fn a_long_blocklist_becomes_several_policies() {
    for (head, most) in [
        ("policy p {\n  deny", 6144),
        ("guardrail g {\n  apply to r-ab12\n  deny", 5120),
    ] {
        let source = source(head, 300);
        assert_eq!(codes(&source), [""; 0]);
        let documents = documents(&source);
        assert!(documents.len() > 1);
        for (_, document) in &documents {
            assert!(
                characters(document) <= most,
                "{head}: {}",
                characters(document)
            );
        }
        let named = layers(&documents, "/Condition/ForAnyValue:StringLike/lambda:Layer");
        let mut distinct: Vec<String> = named.iter().map(Json::to_string).collect();
        distinct.sort();
        distinct.dedup();
        assert_eq!((named.len(), distinct.len()), (300, 300));
    }
}

#[test]
fn the_layers_to_read_move_to_other_policies_before_an_allowlist_is_refused() {
    let within = source("policy p {\n  allow", 70);
    let documents = documents(&within);
    assert!(
        documents.len() > 1
            && documents
                .iter()
                .all(|(_, document)| characters(document) <= 6144)
    );
    assert_eq!(
        layers(
            &documents,
            "/Condition/ForAllValues:StringLike/lambda:Layer"
        )
        .len(),
        70
    );
    assert_eq!(layers(&documents, "/Resource").len(), 70);
    assert_eq!(codes(&source("policy p {\n  allow", 200)), ["policy-size"]);
}

#[test]
fn an_allowlist_that_outgrows_its_policy_is_refused() {
    let cases = [
        ("policy p {\n  deny all except", 6144),
        ("boundary b {\n  deny all except", 6144),
        ("boundary b {\n  deny", 6144),
        (
            "role r {\n  trust account 123456789012\n  deny all except",
            10_240,
        ),
        (
            "guardrail g {\n  apply to r-ab12\n  deny all except",
            10_240,
        ),
    ];
    for (head, most) in cases {
        let largest = (1..300)
            .take_while(|&number| written(&source(head, number), Format::default()).is_some())
            .last();
        let largest = largest.unwrap();
        let template: String = written(&source(head, largest), Format::Json).unwrap();
        let template: Json = serde_json::from_str(&template).unwrap();
        let properties = &template["Resources"]
            .as_object()
            .unwrap()
            .values()
            .next()
            .unwrap()["Properties"];
        let pointers = ["/PolicyDocument", "/Content", "/Policies/0/PolicyDocument"];
        let document = pointers
            .iter()
            .find_map(|pointer| properties.pointer(pointer))
            .unwrap();
        // The one item more is about 60 characters; the longest partition has seven characters more
        // than the shortest.
        let (longest, item) = (characters(document), 60);
        assert!(
            longest - 7 * largest <= most && longest - 7 * largest + item > most,
            "{head}: {largest}, {longest}"
        );
    }
}
