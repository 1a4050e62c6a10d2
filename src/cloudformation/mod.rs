//! CloudFormation templates, whoever wrote them: their values after a deploy, as far as a template
//! determines them.
//!
//! A template leaves things open: parameters, conditions, the exports of other stacks. [`explore`]
//! asks a question in every case that the template distinguishes, and returns each answer with its
//! [`Case`]. This part knows nothing about layers.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "JSON is a closed set of others, of which a place understands one or two"
)]

pub mod case;
pub mod cases;
pub mod expand;
mod functions;
pub mod handed;
mod json;
pub mod parameter;
pub mod place;
mod property;
pub mod read;
pub mod stack_set;
pub mod template;
pub mod unread;
pub mod unread_kind;
pub mod values;
pub mod world;

pub use case::Case;
pub use json::{children, function, has_text, is_fixed};
pub use template::{Decisions, Resource, Template};
pub use values::{Placeholders, Values};
pub use world::{TooManyCases, WorkBudget, World, explore, explore_further, explore_within};
