//! What a source or a template declares of layers.

use crate::cloudformation::Template;
use serde_json::Value as Json;
use std::collections::HashMap;

/// The name of a file, and the template that it is or compiles to.
pub type NamedTemplate = (String, DeclaredTemplate);

/// A template, and what its source and the list of stacks beside it say of its versions.
pub struct DeclaredTemplate {
    pub template: Template,
    /// The ARNs of the versions that the source lists although they exist already.
    pub adopted: Vec<Json>,
    /// The SHA-256 of the archives that the source pins, by the logical ID of the version.
    pub pinned: HashMap<String, String>,
    /// The regions that it is deployed to.
    pub regions: Vec<String>,
}
