//! What a source claims of its template.

use super::{LayerSet, Principal, Spanned};
use crate::source::Span;
use crate::syntax::ast::AttachVerb;

/// A claim.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The place that makes it.
    pub span: Span,
    /// What is claimed.
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
    /// What can be attached, or cannot.
    Attach {
        /// The name of the role, policy, boundary or guardrail.
        subject: Spanned<String>,
        /// What is said of the set.
        verb: AttachVerb,
        /// The layers.
        set: LayerSet,
    },
}

/// The layer versions that a claim is about.
#[derive(Clone, Debug)]
pub enum Claimed {
    /// Every version of every layer of the template.
    Every,
    /// Versions of one layer, or of those that a block with variables declares.
    Layer {
        /// The name, as the claim says it.
        layer: Spanned<String>,
        /// The layers of that name: the variants of a block with variables, or itself.
        layers: Vec<String>,
        /// The labels of those that are meant; none for a rolling layer, and for one that this
        /// source does not declare.
        labels: Vec<String>,
        /// Whether this source declares it.
        is_declared: bool,
    },
}
