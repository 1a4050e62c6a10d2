//! Reads the cases that are put to the independent evaluator, and prints what this project's own
//! says of each: one object a line, `{"id", "decision"}`, with the reason where it is undecided.
//! Without input it has nothing to do.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a tool beside the tests, which stops at a surprise"
)]

use layershare::internals::iam::document::Document;
use layershare::internals::iam::evaluate::{Answer, ContextValues, Request};
use layershare::internals::iam::reference::{Policies, decide};
use layershare::internals::partial::Partial;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use std::io::{IsTerminal, stdin};

fn main() {
    if stdin().is_terminal() {
        return;
    }
    let mut defined: HashMap<String, Document> = HashMap::new();
    for line in stdin().lines() {
        let line: Json = serde_json::from_str(&line.unwrap()).unwrap();
        if let Some(name) = line["define"].as_str() {
            defined.insert(
                name.to_owned(),
                Document::read(name, &Partial::from(&line["document"])),
            );
        } else {
            println!("{}", answer(&line, &defined));
        }
    }
}

fn answer(case: &Json, defined: &HashMap<String, Document>) -> Json {
    let documents = |list: &Json| -> Vec<Document> {
        let names = list.as_array().into_iter().flatten();
        names
            .map(|name| defined[name.as_str().unwrap()].clone())
            .collect()
    };
    let identity = documents(&case["identity"]);
    let boundary = documents(&case["boundary"]);
    // Organizations attaches FullAWSAccess to everything, and the other evaluator is given it too.
    let full = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*",
        "Resource": "*"}});
    let mut level = documents(&case["scps"]);
    level.push(Document::read("FullAWSAccess", &Partial::from(&full)));
    let resource = case["resourcePolicy"].as_str().map(|name| &defined[name]);
    let policies = Policies {
        identity: &identity,
        boundary: boundary.first(),
        guardrails: &[level],
        resource,
    };
    match decide(&request(case), &policies) {
        Answer::Yes => json!({"id": case["id"], "decision": "allowed"}),
        Answer::No => json!({"id": case["id"], "decision": "denied"}),
        Answer::Unknown(why) => {
            json!({"id": case["id"], "decision": "undecided", "detail": why.to_string()})
        }
    }
}

fn request(case: &Json) -> Request {
    let text = |name: &str| case[name].as_str().unwrap().to_owned();
    let mut context = HashMap::new();
    for (key, value) in case["context"].as_object().into_iter().flatten() {
        let values = match value {
            Json::Array(items) => items
                .iter()
                .map(|item| item.as_str().unwrap().to_owned())
                .collect(),
            one => vec![one.as_str().unwrap().to_owned()],
        };
        context.insert(key.to_ascii_lowercase(), ContextValues::Known(values));
    }
    Request {
        principal: text("principal"),
        action: text("action"),
        resource: text("resource"),
        context,
        is_open: false,
    }
}
