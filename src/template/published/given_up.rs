//! Versions that leave the stack: those that a deploy would delete, and those that would lose their
//! grants.

use super::{Earlier, ExistingVersion, Object, kind, shown};
use crate::aws::arn::{self, Arn};
use crate::diagnostic::{Code, Diagnostic};
use crate::english::{count, quote};
use crate::source::Span;
use crate::template::lower::names::pascal;
use crate::template::lower::{AdoptedVersion, Lowered};
use crate::template::model::Value;
use serde_json::Value as Json;
use std::collections::{HashMap, HashSet};

/// Reports every version of `earlier` that a deploy would delete although the source does not say
/// so, and every version of a rolling layer that would lose its grants. `republished` are the
/// versions that are already reported.
pub fn check(
    earlier: &Earlier,
    versions: &[ExistingVersion<'_>],
    republished: &HashSet<&str>,
    lowered: &Lowered,
    start: Span,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let grants = grants(earlier);
    for version in versions
        .iter()
        .filter(|version| !republished.contains(version.id))
    {
        let adopted = lowered
            .adopted
            .iter()
            .find(|adopted| may_be(version.properties, adopted));
        if version.stays {
            if !earlier.is_marked
                && !is_kept(version.resource, "UpdateReplacePolicy")
                && is_replaced(version, lowered)
            {
                diagnostics.push(deleted(version, earlier, adopted, start));
            }
            continue;
        }
        // With `old-versions delete`, a version is deleted with its line, unless the source still
        // uses it.
        let is_meant = earlier.is_marked
            && version.resource["DeletionPolicy"] == "Delete"
            && adopted.is_none();
        if !is_kept(version.resource, "DeletionPolicy") && !is_meant {
            diagnostics.push(deleted(version, earlier, adopted, start));
            continue;
        }
        let of_it = grants.get(version.id).map_or(&[][..], Vec::as_slice);
        let lost = of_it
            .iter()
            .filter(|grant| !is_kept(grant, "DeletionPolicy"))
            .count();
        if lost > 0 && adopted.is_none() && (!earlier.is_marked || is_rolling(version, of_it)) {
            diagnostics.push(unshared(version, lost, start));
        }
    }
}

/// The grants of a template, by the logical ID of the version that they are for.
fn grants(earlier: &Earlier) -> HashMap<&str, Vec<&Json>> {
    let mut grants: HashMap<&str, Vec<&Json>> = HashMap::new();
    for (_, resource) in earlier.resources() {
        if kind(resource) == Some("AWS::Lambda::LayerVersionPermission")
            && let Some(version) = resource["Properties"]["LayerVersionArn"]["Ref"].as_str()
        {
            grants.entry(version).or_default().push(resource);
        }
    }
    grants
}

/// Whether a resource stays in AWS in the case that a policy is about. By default, it is deleted
/// (CloudFormation User Guide, `DeletionPolicy` and `UpdateReplacePolicy`).
pub fn is_kept(resource: &Json, policy: &str) -> bool {
    matches!(
        resource.get(policy).and_then(Json::as_str),
        Some("Retain" | "RetainExceptOnCreate")
    )
}

/// Whether a version that keeps its logical ID has other properties now.
fn is_replaced(version: &ExistingVersion<'_>, lowered: &Lowered) -> bool {
    let mut resources = lowered.template.resources.iter();
    let now = resources.find(|resource| resource.id == version.id);
    now.and_then(|now| super::written(&now.properties))
        .is_none_or(|now| now != *version.properties)
}

/// Whether a version that this program wrote is a rolling one. Only a rolling version has the name
/// of its layer as its logical ID, and only its grants stay when it is replaced.
fn is_rolling(version: &ExistingVersion<'_>, grants: &[&Json]) -> bool {
    let name = version.properties.get("LayerName").and_then(Json::as_str);
    name.is_some_and(|name| pascal(name) == version.id)
        || grants
            .iter()
            .any(|grant| is_kept(grant, "UpdateReplacePolicy"))
}

/// Whether a published version and one that is listed by its ARN may be the same. Before a deploy,
/// at most the name of the layer is known for both.
fn may_be(published: &Object, adopted: &AdoptedVersion) -> bool {
    let written = published.get("LayerName").and_then(Json::as_str);
    let published = written.and_then(arn::layer_name);
    let adopted = match &adopted.arn {
        Value::String(arn) => Arn::of(&**arn)
            .and_then(Arn::layer_version)
            .map(|arn| arn.name),
        Value::Ref(_) | Value::Sub(_) => None,
    };
    published.is_none() || adopted.is_none() || published == adopted
}

/// What a separate deploy must do first, so that a version can leave the stack or be replaced
/// without being deleted; `None` if it is retained already.
pub fn retention(version: &ExistingVersion<'_>, earlier: &Earlier) -> Option<String> {
    let policy = policy(version);
    if is_kept(version.resource, policy) {
        return None;
    }
    // This program always writes the policy; a resource without it was added by hand.
    if earlier.is_marked && version.resource.get(policy).is_some() {
        return Some("write `old-versions keep` in the old source".to_owned());
    }
    let policy = if earlier.serverless.contains(version.id) {
        "RetentionPolicy"
    } else {
        policy
    };
    Some(format!(
        "add `{policy}: Retain` to `{}` in the old template",
        version.id
    ))
}

/// The policy that decides what a deploy does with an existing version.
fn policy(version: &ExistingVersion<'_>) -> &'static str {
    if version.stays {
        "UpdateReplacePolicy"
    } else {
        "DeletionPolicy"
    }
}

fn deleted(
    version: &ExistingVersion<'_>,
    earlier: &Earlier,
    adopted: Option<&AdoptedVersion>,
    start: Span,
) -> Diagnostic {
    let policy = policy(version);
    let what = if version.stays {
        "is replaced"
    } else {
        "leaves the template"
    };
    let why = match version.resource.get(policy) {
        None => format!(
            "`{}` {what} and has no `{policy}`, which means `Delete`",
            version.id
        ),
        Some(said) => format!(
            "`{}` {what}, and its `{policy}` is {}",
            version.id,
            shown(Some(said))
        ),
    };
    let diagnostic = match adopted {
        Some(adopted) => {
            let message = format!(
                "the deploy would delete a version of {} that may be this one",
                quote(&adopted.layer)
            );
            Diagnostic::error(Code::DeletedVersion, adopted.span, message)
                .label("from now on, only its sharing would be managed")
        }
        None => {
            let message = format!(
                "the deploy would delete the version that `{}` published",
                version.id
            );
            Diagnostic::error(Code::DeletedVersion, start, message)
                .label("this source does not keep it")
        }
    };
    let first = retention(version, earlier).unwrap_or_default();
    let over = if earlier.is_marked {
        ""
    } else {
        " with `--replace`"
    };
    let diagnostic = diagnostic
        .note(why)
        .help(format!("deploy twice: first {first}, and deploy only that"))
        .help(format!(
            "then build this source{over} and deploy it: the version stays"
        ));
    match adopted {
        Some(_) => diagnostic,
        None => diagnostic
            .help("to go on sharing the version, list it by its ARN: `version LABEL at ARN`"),
    }
}

fn unshared(version: &ExistingVersion<'_>, lost: usize, start: Span) -> Diagnostic {
    let grants = count(lost, "grant");
    let message = format!(
        "the deploy would delete {grants} of the version that `{}` published",
        version.id
    );
    let diagnostic = Diagnostic::warning(Code::LostGrants, start, message)
        .label(format!("`{}` leaves the template", version.id));
    if !is_kept(version.resource, "DeletionPolicy") {
        return diagnostic.note("the version is deleted too: its `DeletionPolicy` is `Delete`");
    }
    diagnostic
        .note(
            "older versions that the layer published stay shared as they are; CloudFormation has \
        forgotten their grants",
        )
        .help("to go on sharing the version, list it by its ARN: `version LABEL at ARN`")
        .help("to revoke on older versions, use `aws lambda remove-layer-version-permission`")
}
