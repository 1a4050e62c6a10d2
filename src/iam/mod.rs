//! IAM's policies: the content of a document, the decision of several policies about one request,
//! and the layers that they allow attaching.
//!
//! It knows nothing of templates: documents come as [`Partial`](crate::partial::Partial) values.

pub mod allowance;
pub mod attach;
pub mod deny_reason;
pub mod document;
pub mod doubt;
pub mod effective;
pub mod evaluate;
pub mod gap;
pub mod provenance;
#[cfg(any(test, feature = "internals"))]
pub mod reference;
pub mod right;
