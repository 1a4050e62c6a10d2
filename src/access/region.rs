//! The regions that the stack may be in, and that policies or a question name: an answer for any
//! other region would be wrong there.

use super::attachment::{GUARDRAIL, PERMISSION_SET};
use crate::aws::regions;
use crate::cloudformation::{Template, children};
use crate::pattern::Pattern;
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// What stands before the region in an ARN of Lambda.
const BEFORE: &str = ":lambda:";

/// The regions that the policies of a template and some ARNs name in ARNs of Lambda, and one known
/// region of those that are matched by the same patterns.
#[must_use]
pub fn named(template: &Template, arns: &[String]) -> BTreeSet<String> {
    let mut written = BTreeSet::new();
    let with_policies = template.resources().filter(|resource| {
        resource.kind.starts_with("AWS::IAM::")
            || [GUARDRAIL, PERMISSION_SET].contains(&resource.kind)
    });
    for resource in with_policies {
        add_all(resource.json, &mut written);
    }
    for arn in arns {
        add(arn, &mut written);
    }
    let (patterns, mut found): (BTreeSet<&str>, BTreeSet<&str>) = written
        .into_iter()
        .partition(|region| region.contains(['*', '?']));
    let patterns: Vec<Pattern> = patterns.into_iter().map(Pattern::new).collect();
    let mut matched = BTreeSet::from([vec![false; patterns.len()]]);
    for region in regions::all() {
        let matches: Vec<bool> = patterns.iter().map(|one| one.matches(region)).collect();
        if matched.insert(matches) {
            found.insert(region);
        }
    }
    found.into_iter().map(str::to_owned).collect()
}

fn add_all<'j>(json: &'j Json, written: &mut BTreeSet<&'j str>) {
    if let Json::String(text) = json {
        add(text, written);
    }
    for inner in children(json) {
        add_all(inner, written);
    }
}

fn add<'t>(text: &'t str, written: &mut BTreeSet<&'t str>) {
    for rest in text.split(BEFORE).skip(1) {
        if let Some((region, _)) = rest.split_once(':')
            && !region.is_empty()
            && region != "*"
            && !region.contains('$')
        {
            written.insert(region);
        }
    }
}
