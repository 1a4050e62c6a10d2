//! Where the stacks of the AWS CDK are deployed. The manifest of a cloud assembly, `cdk.out`, has
//! the place of each template (AWS CDK, cloud assembly schema, `aws:cloudformation:stack`,
//! `environment`).

use super::DeployTarget;
use serde_json::Value as Json;

/// The file of an assembly that lists its stacks.
pub const MANIFEST: &str = "manifest.json";

/// The account and the region of a template of the assembly, as far as they are known. The template
/// of a nested stack is not listed: it goes where all listed ones go, if that is one place.
#[must_use]
pub fn target(manifest: &Json, template: &str) -> DeployTarget {
    let stacks: Vec<&Json> = stacks(manifest).collect();
    if let Some(stack) = stacks.iter().find(|stack| file(stack) == Some(template)) {
        return environment(stack);
    }
    let mut places = stacks.iter().map(|stack| environment(stack));
    match places.next() {
        Some(first) if places.all(|other| other == first) => first,
        _ => DeployTarget::default(),
    }
}

/// The templates that the manifest of an assembly lists; none of another document.
#[must_use]
pub fn templates(manifest: &Json) -> Vec<&str> {
    stacks(manifest).filter_map(file).collect()
}

fn stacks(manifest: &Json) -> impl Iterator<Item = &Json> {
    let artifacts = manifest.get("artifacts").and_then(Json::as_object);
    let artifacts = artifacts.into_iter().flat_map(|all| all.values());
    artifacts.filter(|artifact| {
        artifact.get("type").and_then(Json::as_str) == Some("aws:cloudformation:stack")
    })
}

fn file(stack: &Json) -> Option<&str> {
    stack.get("properties")?.get("templateFile")?.as_str()
}

/// What `aws://ACCOUNT/REGION` says. An agnostic stack has `unknown-account` and `unknown-region`.
fn environment(stack: &Json) -> DeployTarget {
    let written = stack.get("environment").and_then(Json::as_str);
    let place = written.and_then(|text| text.strip_prefix("aws://")?.split_once('/'));
    let known = |text: &str| (!text.starts_with("unknown-")).then(|| text.to_owned());
    DeployTarget {
        account: place.and_then(|(account, _)| known(account)),
        region: place.and_then(|(_, region)| known(region)),
        organization: None,
    }
}
