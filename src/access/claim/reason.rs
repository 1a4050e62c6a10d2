//! What decides a claim, as data; `words` has its text.

use crate::access::grants::{VersionId, Who, WhyUnknown};
use crate::cloudformation::Case;
use crate::cloudformation::unread::Unread;
use crate::cloudformation::unread_kind::UnreadKind;
use crate::iam::deny_reason::DenyReason;
use crate::iam::doubt::Doubt;
use crate::iam::provenance::Provenance;
use crate::partial::Text;
use crate::rules::model::LayerAction;

/// What decides a claim, or leaves it undecided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// There is nothing to decide.
    Nothing,
    /// A deploy can decide too many cases.
    TooManyCases,
    /// A part of the template is not read, and may change the answer.
    NotRead { place: String, kind: UnreadKind },
    /// About a claim on who can use layer versions.
    Sharing(SharingReason),
    /// About a claim on what a principal may do with layers.
    Action(ActionReason),
}

impl Reason {
    pub(super) fn not_read(part: &Unread) -> Self {
        Self::NotRead {
            place: part.place.clone(),
            kind: part.kind.clone(),
        }
    }
}

/// What decides a claim on who can use layer versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SharingReason {
    /// The claim is about nobody.
    Nobody,
    /// The template has no layer version.
    NoVersions,
    /// The template has no version of this layer.
    NoVersionsOf(String),
    /// A version belongs to the account that asks.
    Owned(VersionId),
    /// These grants are on a version.
    Granted { version: VersionId, by: Vec<String> },
    /// No grant on a version is for somebody.
    NotGranted { version: VersionId, who: Who },
    /// Somebody can use a version.
    CanUse { who: Who, version: VersionId },
    /// Somebody can use a version in a part of the case.
    CanUseIf {
        who: Who,
        version: VersionId,
        case: Case,
    },
    /// An account can use a version, and may be in the organization of the claim.
    MayBeMember { who: Who, version: VersionId },
    /// Somebody whose ID is unknown can use a version.
    UnknownId { who: Who, version: VersionId },
    /// A version is granted to somebody, and a Deny of its policy is not supported.
    MayBeDenied {
        who: Who,
        version: VersionId,
        denials: Vec<String>,
    },
    /// These grants on a version are for somebody unknown.
    SharedWithUnknown {
        by: Vec<String>,
        version: VersionId,
        why: WhyUnknown,
    },
    /// A version is shared with somebody who may be the one of the claim, or not.
    SharedWith(VersionId, DoubtfulGrantee),
    /// A grant is on a version that may be one of the claim's layer.
    MayBeThisLayer { by: String, version: VersionId },
}

/// Somebody who has a grant, and may be the principal of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DoubtfulGrantee {
    /// An organization, and the account of the claim may be in it.
    Organization { id: Text, account: Who },
    /// An account, and it may be in the organization of the claim.
    Account { id: Text, organization: Who },
    /// An account or an organization whose ID is unknown.
    UnknownId(Text),
}

/// What decides a claim on what a principal may do with layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ActionReason {
    /// The template has no role or policy of this name.
    NoSubject(String),
    /// It does not exist in this case, or its policies are not about the action.
    GovernsNothing(String, LayerAction),
    /// A policy of another template may be attached to the subject.
    AttachedElsewhere { policy: String, subject: String },
    /// A layer of the set has a name that only a deploy knows.
    OpenName,
    /// The policies and the set name too many accounts.
    TooManyAccounts,
    /// The patterns take too many steps to compare.
    TooComplex,
    /// No request with a layer on this side of the set is allowed. The example is one such layer.
    NothingAllowed {
        action: LayerAction,
        side: SetSide,
        example: Option<(String, DenyReason)>,
    },
    /// These statements allow the action on every layer of the set.
    AllAllowed(LayerAction, Vec<Provenance>),
    /// No statement denies the action on a layer of the set.
    NothingDenied(LayerAction),
    /// The action is possible on a layer.
    Possible(String, LayerAction),
    /// The action is denied on a layer, by the statement that is the cause.
    Denied(String, LayerAction),
    /// The action is not allowed on a layer.
    NotAllowed(String, LayerAction, DenyReason),
    /// The action may be possible on a layer, or not.
    Open {
        layer: String,
        action: LayerAction,
        /// What the claim says of it.
        claimed: Possibility,
        /// Why; without any, conditions leave it open.
        doubts: Vec<Doubt>,
    },
}

/// What a claim says of an action: `can` or `cannot`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Possibility {
    /// It is possible.
    Possible,
    /// It is not.
    Impossible,
}

/// Which layers of a question are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SetSide {
    /// Those in the set.
    In,
    /// Those outside it.
    Out,
}

/// What a verdict does not take into account: other policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Remark {
    /// A policy that only denies decides it, whatever others allow.
    WhateverIsAllowed,
    /// A policy that only denies does not prevent it.
    AllowedElsewhere,
    /// This policy alone is meant, and whoever has it may have others.
    OneOfSeveral(String),
}

/// Some of the callers that a guardrail is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Callers {
    /// Those in this account.
    In(String),
    /// Those in an account that neither the template nor the claim names.
    Elsewhere,
}
