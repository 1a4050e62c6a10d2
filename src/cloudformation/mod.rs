//! CloudFormation templates, whoever wrote them: what their values are once they are deployed, as
//! far as a template tells.
//!
//! A template leaves things open: parameters, conditions, what other stacks export. [`explore`]
//! asks a question in every case that the template distinguishes, and gives each answer with its
//! [`Case`]. It knows nothing of layers.

pub mod case;
pub mod expand;
mod functions;
pub mod parameter;
pub mod place;
pub mod read;
pub mod template;
pub mod unread;

pub use case::{Case, World, explore};
pub use template::{Placeholders, Resource, Template, Values};
