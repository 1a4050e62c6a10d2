//! A layer version and its sharing.

use super::matching::Match;
use super::who::Who;
use crate::cloudformation::cases::CasePart;
use crate::cloudformation::{Decisions, Template};
use crate::partial::Text;
use indexmap::IndexMap;
use serde_json::Value as Json;

/// A layer version and its sharing.
#[derive(Clone, Debug, Default)]
pub struct SharedVersion {
    /// The names that its layer may have; none if CloudFormation generates one.
    pub names: Vec<Text>,
    /// All that decides about its names, if there are too many cases.
    pub decisions: Option<Decisions>,
    /// Who may use it, and by which grants.
    pub grants: IndexMap<Who, Vec<GrantedBy>>,
    /// The regions that it is in; none if that is unknown.
    pub regions: Vec<String>,
    /// For a resource of the template, its properties other than the name.
    pub content: Option<Json>,
    /// The SHA-256 of its archive, in hexadecimal digits, if its source pins it.
    pub sha256: Option<String>,
    /// The statements of its policy that deny something. Lambda writes none, so their effect is not
    /// computed.
    pub denials: Vec<Denial>,
    /// For a resource of the template, what happens to the version when it leaves the template or
    /// is replaced.
    pub outlives: Outlives,
}

/// A statement that denies something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// Its statement ID.
    pub id: String,
    /// Its identity: the whole statement except the ID.
    pub identity: String,
}

/// A grant on a version: a resource of the template, or a statement of the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantedBy {
    /// Its logical ID or statement ID.
    pub id: String,
    /// The cases in which it grants this, among all.
    pub when: CasePart,
    /// What happens to the grant when its resource leaves the template or is replaced.
    pub outlives: Outlives,
}

/// Whether a grant or a version stays when its resource is removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outlives {
    /// When it leaves the template: its `DeletionPolicy` retains it, or may.
    pub removal: bool,
    /// When it is replaced: its `UpdateReplacePolicy` retains it, or may.
    pub replacement: bool,
}

impl GrantedBy {
    /// Whether it grants this whatever a deploy decides.
    #[must_use]
    pub fn is_always(&self) -> bool {
        self.when.is_whole()
    }
}

impl SharedVersion {
    /// Whether its layer has this name.
    #[must_use]
    pub fn is_of(&self, layer: &str, template: &Template) -> Match {
        if !self.names.iter().any(|name| template.may_be(name, layer)) {
            return Match::No;
        }
        match self.names.as_slice() {
            [only] if only.as_literal().is_some() => Match::Yes,
            _ => Match::Maybe,
        }
    }

    /// Whether its layer has the same names as that of another version.
    #[must_use]
    pub fn is_named_as(&self, other: &Self) -> bool {
        self.names == other.names && self.decisions == other.decisions
    }

    /// The name of its layer, where it is known.
    #[must_use]
    pub fn layer(&self) -> Option<&str> {
        match self.names.as_slice() {
            [only] => only.as_literal(),
            _ => None,
        }
    }
}
