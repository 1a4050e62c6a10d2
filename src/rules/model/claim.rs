//! The claims of a source about its template.

use super::{HandlingRight, LayerSet, Principal, Spanned};
use crate::source::Span;
pub use crate::syntax::ast::Verb;

/// A claim.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The place that makes it.
    pub span: Span,
    /// The content of the claim.
    pub kind: ClaimKind,
}

/// What a claim is about.
#[derive(Clone, Debug)]
pub enum ClaimKind {
    /// Who can use a layer, or cannot.
    Use {
        /// Whether nobody else can.
        only: bool,
        /// Who.
        principals: Vec<Spanned<Principal>>,
        /// The organization that they are in.
        member_of: Option<Principal>,
        /// Whether they can.
        can: bool,
        /// What they can use.
        versions: Claimed,
    },
    /// The actions on layers that are possible, or not.
    Action {
        /// The name of the role, policy, boundary or guardrail.
        subject: Spanned<String>,
        /// The relation to the set.
        verb: Verb,
        /// The action.
        action: LayerAction,
        /// The layers, or their versions if the action is on versions.
        set: LayerSet,
    },
}

/// An action on layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerAction {
    /// Attaching them to functions.
    Attach,
    /// Publishing or sharing them.
    Handle(HandlingRight),
}

/// The layer versions that a claim is about.
#[derive(Clone, Debug)]
pub enum Claimed {
    /// Every version of every layer of the template.
    Every,
    /// Versions of one layer, or of those that a block with variables declares.
    Layer {
        /// The name, as written in the claim.
        layer: Spanned<String>,
        /// The layers of that name: the variants of a block with variables, or itself.
        layers: Vec<String>,
        /// The labels of the versions; none for a rolling layer, and for one that this source does
        /// not declare.
        labels: Vec<String>,
        /// Whether this source declares it.
        is_declared: bool,
    },
}
