//! What a template grants: who may use which layer version, and which layers may be attached.
//!
//! Everything is read from a CloudFormation template, whoever wrote it, and never from the rules: a
//! reviewer reads about what is deployed.

pub mod applicability;
pub mod attachment;
pub mod authored;
pub mod claim;
pub mod closed_world;
mod condition;
pub mod diff;
pub mod document;
pub mod drift;
pub mod expect;
pub mod grants;
pub mod kind;
pub mod matching;
pub mod placeholder;
pub mod policy_file;
pub mod several;
pub mod subject;
pub mod trust;
mod unclear;

use crate::cloudformation::unread::Unread;
use crate::cloudformation::{Template, Values};
use authored::Authored;
use grants::Grants;
use kind::Kind;
use placeholder::{Shown, placeholders};
use serde_json::Value as Json;
use subject::{SubjectCases, Subjects};

/// The access that a template, or the policies of layer versions, gives.
#[derive(Debug, Default)]
pub struct Access {
    /// Who may use which layer version.
    pub grants: Grants,
    /// The roles and policies.
    pub subjects: Vec<SubjectCases>,
    /// The unread parts that may share layers or allow attaching them.
    pub not_read: Vec<Unread>,
    /// The accounts and units of an organization, by their place in it.
    pub places: Vec<Unread>,
    /// The words of the source, if the template is compiled from one.
    pub authored: Authored,
    /// The names to show in place of placeholders.
    pub shown: Shown,
}

impl Access {
    /// The access that a template gives.
    #[must_use]
    pub fn of_template(json: Json, values: &Values, authored: Authored) -> Self {
        Self::of(json, values, authored, None)
    }

    /// The access that a policy in a file of its own gives, as a template that contains it, of this
    /// kind.
    #[must_use]
    pub fn of_policy_file(json: Json, kind: Kind) -> Self {
        Self::of(json, &Values::default(), Authored::default(), Some(kind))
    }

    fn of(json: Json, values: &Values, authored: Authored, meant_as: Option<Kind>) -> Self {
        let template = Template::new(json, values);
        let placeholders = placeholders(&template, &[]);
        Self {
            grants: Grants::of_template(&template),
            subjects: Subjects::new(&template, meant_as).all(&placeholders),
            not_read: closed_world::not_read(&template),
            places: closed_world::places(&template),
            authored,
            shown: Shown::new(&template, &placeholders),
        }
    }
}
