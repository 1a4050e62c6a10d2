//! The text of what decides a claim.

use super::reason::{
    ActionReason, Callers, DoubtfulGrantee, Possibility, Reason, Remark, SetSide, SharingReason,
};
use super::{Cause, Explanation};
use crate::cloudformation::TooManyCases;
use crate::iam::doubt::Doubt;
use crate::iam::provenance::Provenance;
use crate::rules::model::{HandlingRight, LayerAction};
use std::collections::BTreeSet;
use std::fmt;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.reason.to_string();
        match &self.remark {
            None => {}
            Some(Remark::WhateverIsAllowed) => text.push_str(", whatever else is allowed"),
            Some(Remark::AllowedElsewhere) => {
                text.push_str(" by a principal with permission from elsewhere: this only denies");
            }
            Some(Remark::OneOfSeveral(id)) => text.push_str(&format!(
                "; this is about `{id}` alone, and not about other policies of its holders"
            )),
        }
        match &self.callers {
            None => {}
            Some(Callers::Elsewhere) => text.push_str(", for callers in another account"),
            Some(Callers::In(account)) => {
                text.push_str(&format!(", for callers in account {account}"));
            }
        }
        if let Some(case) = &self.case {
            text.push_str(&format!(", if {case}"));
        }
        f.write_str(&self.names.text(&text))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Granting(by) => by.fmt(f),
            Self::OwnersRights => f.write_str("the rights of its owner"),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("there is nothing to decide"),
            Self::TooManyCases => TooManyCases.fmt(f),
            Self::NotRead { place, kind } => {
                write!(
                    f,
                    "{place} is {kind}, and its effect is not in the template"
                )
            }
            Self::Sharing(reason) => reason.fmt(f),
            Self::Action(reason) => reason.fmt(f),
        }
    }
}

impl fmt::Display for SharingReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("the claim is about nobody"),
            Self::NoVersions => f.write_str("the template has no layer version"),
            Self::NoVersionsOf(layer) => write!(f, "the template has no version of `{layer}`"),
            Self::Owned(version) => write!(f, "{version} is granted by the rights of its owner"),
            Self::Granted { version, by } => write!(f, "{version} is granted by {}", by.join(", ")),
            Self::NotGranted { version, who } => write!(f, "nothing grants {version} to {who}"),
            Self::CanUse { who, version } => write!(f, "{who} can use {version}"),
            Self::CanUseIf { who, version, case } => {
                write!(f, "{who} can use {version} if {case}")
            }
            Self::MayBeMember { who, version } => write!(
                f,
                "{who} can use {version}, and whether it is in the organization is unknown"
            ),
            Self::UnknownId { who, version } => {
                write!(f, "{who} can use {version}, and its value is unknown")
            }
            Self::MayBeDenied {
                who,
                version,
                denials,
            } => {
                let ids: Vec<String> = denials.iter().map(|id| format!("`{id}`")).collect();
                write!(
                    f,
                    "{version} is granted to {who}, but {} denies something, and a Deny is not \
                    supported in the policy of a layer version",
                    ids.join(", ")
                )
            }
            Self::SharedWithUnknown { by, version, why } => write!(
                f,
                "{} shares {version} with somebody unknown, maybe everyone: {why}",
                by.join(", ")
            ),
            Self::SharedWith(version, grantee) => write!(f, "{version} is shared with {grantee}"),
            Self::MayBeThisLayer { by, version } => {
                write!(
                    f,
                    "{by} shares {version}, which may be a version of this layer"
                )
            }
        }
    }
}

impl fmt::Display for DoubtfulGrantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organization { id, account } => {
                write!(
                    f,
                    "organization {id}, and whether {account} is in it is unknown"
                )
            }
            Self::Account { id, organization } => {
                write!(
                    f,
                    "account {id}, and whether that is in {organization} is unknown"
                )
            }
            Self::UnknownId(id) => {
                let help = "pass it with `--parameter NAME=VALUE`";
                write!(f, "{id}, whose value is unknown: {help}")
            }
        }
    }
}

impl fmt::Display for ActionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSubject(name) => write!(f, "the template has no role or policy `{name}`"),
            Self::GovernsNothing(name, action) => write!(
                f,
                "`{name}` does not exist, or does not govern which layers are {}",
                done(*action)
            ),
            Self::AttachedElsewhere { policy, subject } => write!(
                f,
                "{policy} of another template may be attached to {subject}, and the policies of \
                several templates are not combined"
            ),
            Self::OpenName => f.write_str("the ARN of a version in the set is unknown"),
            Self::TooManyAccounts => f.write_str("it names too many accounts to decide this"),
            Self::TooComplex => {
                f.write_str("its patterns are too complex to decide this within the step limit")
            }
            Self::NothingAllowed {
                action,
                side,
                example,
            } => {
                write!(f, "no {} is allowed", request_with(*action, *side))?;
                match example {
                    Some((layer, reason)) => write!(f, "; for {layer}, {reason}"),
                    None => Ok(()),
                }
            }
            Self::AllAllowed(action, by) => f.write_str(&all_allowed(*action, by)),
            Self::NothingDenied(action) => {
                write!(f, "no {} is denied", request_with(*action, SetSide::In))
            }
            Self::Possible(layer, action) => write!(f, "{layer} can be {}", done(*action)),
            Self::Denied(layer, action) => write!(f, "{layer} cannot be {}", done(*action)),
            Self::NotAllowed(layer, action, reason) => {
                write!(f, "{layer} cannot be {}: {reason}", done(*action))
            }
            Self::Open {
                layer,
                action,
                claimed,
                doubts,
            } => {
                let may = match claimed {
                    Possibility::Possible => "may not be",
                    Possibility::Impossible => "may be",
                };
                write!(f, "{layer} {may} {}: {}", done(*action), open(doubts))
            }
        }
    }
}

/// The statements that allow an action on every layer of a set.
fn all_allowed(action: LayerAction, by: &[Provenance]) -> String {
    let by: BTreeSet<String> = by.iter().map(ToString::to_string).collect();
    let by = Vec::from_iter(by).join("; ");
    match action {
        LayerAction::Attach => format!("a request with each of these layers is allowed by {by}"),
        LayerAction::Handle(right) => format!("{by} lets {} each of these layers", right.keyword()),
    }
}

/// Why an action may be possible, or not.
fn open(doubts: &[Doubt]) -> String {
    if doubts.is_empty() {
        "its conditions leave it open".to_owned()
    } else {
        let doubts: Vec<String> = doubts.iter().map(Doubt::to_string).collect();
        doubts.join("; ")
    }
}

/// The word for layers on which an action is done.
fn done(action: LayerAction) -> &'static str {
    match action {
        LayerAction::Attach => "attached",
        LayerAction::Handle(HandlingRight::Publish) => "published",
        LayerAction::Handle(HandlingRight::Share) => "shared",
    }
}

/// A request for an action on the layers of one side of a set.
fn request_with(action: LayerAction, side: SetSide) -> String {
    let layers = match side {
        SetSide::In => "one of these layers",
        SetSide::Out => "any other layer",
    };
    match action {
        LayerAction::Attach => format!("request with {layers}"),
        LayerAction::Handle(right) => format!("request to {} {layers}", right.keyword()),
    }
}
