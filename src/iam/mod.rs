//! IAM's policies: what a document says, what policies say together about one request, and which
//! layers they let attach.
//!
//! It knows nothing of templates: documents come as [`Partial`](crate::partial::Partial) values.

pub mod allowance;
pub mod attach;
pub mod deny_reason;
pub mod document;
pub mod effective;
pub mod evaluate;
#[cfg(any(test, feature = "internals"))]
pub mod reference;
pub mod right;
