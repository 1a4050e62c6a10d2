//! Placeholders for values that only a deploy knows, and answers without them.

use crate::cloudformation::{Placeholders, Template, WorkBudget, explore_within, has_text};
use indexmap::IndexSet;
use serde_json::Value as Json;

/// Placeholders for values that only a deploy knows, so that an answer is about an account that no
/// rule names.
pub const CALLER: &str = "aws:PrincipalAccount";

/// The pseudo parameter for the region of the stack.
pub(super) const REGION: &str = "AWS::Region";

/// The text to show in place of each placeholder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    values: IndexSet<(String, String)>,
}

impl Shown {
    /// For the placeholders of a template.
    #[must_use]
    pub fn new(template: &Template, placeholders: &Placeholders) -> Self {
        let mut values = IndexSet::new();
        for (id, arn) in placeholders.resources() {
            values.insert((arn.to_owned(), format!("${{{id}}}")));
        }
        let parameters = template.parameters().map(|(name, _)| name);
        for name in parameters.chain(["AWS::AccountId", CALLER]) {
            if let Some(value) = placeholders.of_parameter(name)
                && value.len() == 12
                && template.given(name).is_none()
            {
                values.insert((value.to_owned(), format!("${{{name}}}")));
            }
        }
        if let Some(region) = placeholders.of_parameter(REGION)
            && template.given(REGION).is_none()
        {
            values.insert((region.to_owned(), format!("${{{REGION}}}")));
        }
        Self { values }
    }

    /// Adds those of another template. A placeholder is made from the name that it stands for.
    pub fn extend(&mut self, other: Self) {
        self.values.extend(other.values);
    }

    /// A text without placeholders.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for (value, name) in &self.values {
            shown = shown.replace(value, name);
        }
        shown
    }
}

/// Placeholders for values that only a deploy knows, for answers about every deploy. `accounts` are
/// those that a question names; a parameter may contain them as well.
#[must_use]
pub fn placeholders(template: &Template, accounts: &[&str]) -> Placeholders {
    let written = template.json();
    let mut placeholders = Placeholders::default();
    placeholders.parameter(REGION, unused_region(written));
    for (name, value) in [
        ("AWS::Partition", "aws"),
        ("AWS::URLSuffix", "amazonaws.com"),
    ] {
        placeholders.parameter(name, value.to_owned());
    }
    for name in ["AWS::AccountId", CALLER] {
        placeholders.parameter(name, unused_account(name, written, accounts));
    }
    for (name, parameter) in template.parameters() {
        if parameter.is_account() {
            placeholders.parameter(name, unused_account(name, written, accounts));
        }
    }
    for id in accounts {
        placeholders.account(id);
    }
    let [partition, region, account] = ["AWS::Partition", REGION, "AWS::AccountId"]
        .map(|name| {
            template
                .given(name)
                .or_else(|| placeholders.of_parameter(name))
        })
        .map(Option::unwrap_or_default);
    let budget = WorkBudget::of(template);
    let prefix = format!("arn:{partition}:lambda:{region}:{account}");
    for resource in template
        .resources()
        .filter(|resource| resource.kind == "AWS::Lambda::LayerVersion")
    {
        let cases = explore_within(&budget, template, Some(&placeholders), |world| {
            let name = resource.text("LayerName", world);
            name.map(|name| name.as_literal().map(str::to_owned))
        });
        let mut names = cases.unwrap_or_default().into_iter().map(|(_, name)| name);
        let first = names.next();
        let name = match first {
            // It has no name, in any case.
            Some(None) if names.all(|name| name.is_none()) => resource.id.to_owned(),
            Some(Some(Some(name)))
                if names.all(|other| other.as_ref() == Some(&Some(name.clone()))) =>
            {
                name
            }
            // One ARN cannot stand for those of several names.
            Some(_) | None => continue,
        };
        let number = PLACEHOLDER_VERSION + stable(resource.id) % PLACEHOLDER_VERSION;
        placeholders.resource(resource.id, format!("{prefix}:layer:{name}:{number}"));
    }
    placeholders
}

/// A region that stands for that of the stack: one that is written nowhere, and that does not
/// exist.
fn unused_region(written: &Json) -> String {
    let mut number = 1_u32;
    loop {
        let candidate = format!("xx-stack-{number}");
        if !has_text(written, &candidate) {
            return candidate;
        }
        number += 1;
    }
}

/// An account that stands for a name: one that is written nowhere.
fn unused_account(name: &str, written: &Json, accounts: &[&str]) -> String {
    let mut more = 0;
    loop {
        let candidate = (100_000_000_000 + (stable(name) + more) % 900_000_000_000).to_string();
        if !has_text(written, &candidate) && !accounts.contains(&candidate.as_str()) {
            return candidate;
        }
        more += 1;
    }
}

/// The smallest placeholder for the number of a layer version: larger than any that people write.
const PLACEHOLDER_VERSION: u64 = 100_000_000;

/// A number for a name, the same in every template (Fowler, Noll and Vo's hash, 1a).
fn stable(name: &str) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in name.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash % 900_000_000_000
}
