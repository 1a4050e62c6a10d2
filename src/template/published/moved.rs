//! A source that moves from one template to a folder: what the stack of that template has, before
//! it is deleted.

use super::given_up::{is_kept, retention};
use super::{Earlier, kind};
use crate::diagnostic::{Code, Diagnostic};
use crate::english::quote;
use crate::source::Span;
use crate::template::stacks::{GUARDRAILS, RESTRICTIONS, ROLL_OUT};
use std::collections::{BTreeSet, HashSet};

/// What the stack of one template has besides versions and their grants.
#[derive(Debug, Default)]
pub struct Rest {
    /// The names, without extensions, of the templates of a folder that would have these resources.
    pub parts: BTreeSet<&'static str>,
    /// An SSM parameter that a template of the folder has, too.
    pub parameter: Option<String>,
    /// Whether the folder publishes one of its versions again, because the user says so.
    pub is_republished: bool,
}

/// Finds what a single template has besides versions and their grants. `now` has the logical IDs of
/// the folder's templates.
#[must_use]
pub fn rest(single: &Earlier, now: &BTreeSet<String>) -> Rest {
    let mut rest = Rest::default();
    for (id, resource) in single.resources() {
        let is_there = now.contains(id);
        match kind(resource).unwrap_or_default() {
            "AWS::Lambda::LayerVersion" => rest.is_republished |= is_there,
            "AWS::SSM::Parameter" if is_there => rest.parameter = Some(id.clone()),
            "AWS::CloudFormation::StackSet" => rest.parts.extend([ROLL_OUT]),
            "AWS::Organizations::Policy" => rest.parts.extend([GUARDRAILS]),
            "AWS::IAM::Role" | "AWS::IAM::ManagedPolicy" => rest.parts.extend([RESTRICTIONS]),
            _ => {}
        }
    }
    rest
}

/// Reports what would be lost with the stack of a single template: versions that it does not keep,
/// and grants that no template of the folder has. `now` has the logical IDs of the folder's
/// templates.
pub fn check(
    single: &Earlier,
    template: &str,
    now: &BTreeSet<String>,
    start: Span,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for version in single.versions(&HashSet::new()) {
        if is_kept(version.resource, "DeletionPolicy") {
            continue;
        }
        let message = format!(
            "the stack of {} would delete the version that `{}` published",
            quote(template),
            version.id
        );
        let first = retention(&version, single).unwrap_or_default();
        diagnostics.push(
            Diagnostic::error(Code::DeletedVersion, start, message)
                .label("its stack is deleted at the end of the move to a folder")
                .help(format!(
                    "deploy twice: first {first}, build {} and deploy only that",
                    quote(template)
                ))
                .help("then build to the folder"),
        );
    }
    for (id, resource) in single.resources() {
        if kind(resource) == Some("AWS::Lambda::LayerVersionPermission") && !now.contains(id) {
            let message = format!("no template of the folder has the grant `{id}`");
            diagnostics.push(
                Diagnostic::error(Code::LostGrants, start, message)
                    .label(format!(
                        "{} has it, and its stack is deleted at the end of the move",
                        quote(template)
                    ))
                    .help(
                        "keep every version and every rule during the move: list the versions by \
                        `version LABEL at ARN`",
                    )
                    .help(format!(
                        "to revoke the grant, remove its rule, build {} and deploy that first",
                        quote(template)
                    )),
            );
        }
    }
}
