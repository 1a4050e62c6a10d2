//! The regions that the stack may be in, and that policies or a question name: an answer for any
//! other region would be wrong there.

use super::placeholder::REGION;
use crate::aws::regions;
use crate::cloudformation::Placeholders;
use crate::iam::effective::EffectivePolicies;
use crate::pattern::Pattern;
use std::collections::BTreeSet;

/// What stands before the region in an ARN of Lambda.
const BEFORE: &str = ":lambda:";

/// The placeholders with the regions that some policies and ARNs name in ARNs of Lambda; of
/// patterns, one known region of those that the same ones match. `None` if none are named,
/// or if the policies do not depend on the region of the stack.
#[must_use]
pub fn with_regions<'p>(
    policies: impl Iterator<Item = &'p EffectivePolicies>,
    placeholders: &Placeholders,
    arns: &[String],
) -> Option<Placeholders> {
    let stack = placeholders.of_parameter(REGION)?;
    let mut written: BTreeSet<&str> = BTreeSet::new();
    for (_, statement) in policies.flat_map(EffectivePolicies::statements) {
        let values = statement.conditions.iter().flat_map(|one| &one.values);
        for text in statement.resources.patterns.iter().chain(values) {
            if let Some(text) = text.as_literal() {
                add(text, &mut written);
            }
        }
    }
    if !written.remove(stack) {
        return None;
    }
    for arn in arns {
        add(arn, &mut written);
    }
    let regions = distinguished(written);
    let mut found = placeholders.clone();
    for region in &regions {
        found.region(region);
    }
    (!regions.is_empty()).then_some(found)
}

/// These regions, and one known region of those that the same patterns among them match.
fn distinguished(written: BTreeSet<&str>) -> BTreeSet<&str> {
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
    found
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
