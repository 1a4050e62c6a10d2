//! From the tree to its meaning: what the names stand for, who may use what, and what is doubtful.

pub mod common;
pub mod formats;
pub mod layer_pattern;
pub mod lint;
pub mod load;
pub mod model;
pub mod organization;
pub mod resolve;
mod scope;
pub mod text;
