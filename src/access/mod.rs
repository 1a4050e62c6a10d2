//! What a template grants: who may use which layer version, and which layers may be attached.
//!
//! Everything is read from a CloudFormation template, whoever wrote it, and never from the rules: a
//! reviewer reads about what is deployed.

pub mod action_scope;
pub mod applicability;
pub mod attachment;
pub mod authored;
mod caller;
mod calls;
pub mod claim;
pub mod closed_world;
mod condition;
pub mod diff;
pub mod document;
pub mod drift;
pub mod expect;
mod granted;
pub mod grants;
pub mod kind;
pub mod matching;
pub mod part_change;
pub mod placeholder;
pub mod policy_file;
pub mod region;
mod request;
pub mod several;
mod shared_version;
pub mod subject;
pub mod trust;
pub mod unclear;
mod use_change;
mod who;
pub mod wider;

use crate::cloudformation::stack_set::{RolledOut, rolled_out};
use crate::cloudformation::unread::Unread;
use crate::cloudformation::{Template, Values};
use authored::Authored;
use grants::Grants;
use kind::SubjectKind;
use placeholder::{Shown, placeholders};
use serde_json::Value as Json;
use std::collections::HashSet;
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
    pub fn of_policy_file(json: Json, kind: SubjectKind) -> Self {
        Self::of(json, &Values::default(), Authored::default(), Some(kind))
    }

    fn of(json: Json, values: &Values, authored: Authored, meant_as: Option<SubjectKind>) -> Self {
        let template = Template::new(json, values);
        let rolled_out = rolled_out(&template);
        let declared = &authored.boundaries;
        let mut access = Self::own(&template, meant_as, &rolled_out, declared);
        access.authored = authored;
        for part in &rolled_out {
            access.add(part);
        }
        access
    }

    /// The access that a template gives, apart from what its stack sets roll out.
    fn own(
        template: &Template,
        meant_as: Option<SubjectKind>,
        read: &[RolledOut],
        declared: &HashSet<String>,
    ) -> Self {
        let placeholders = placeholders(template, &[]);
        let subjects = Subjects::new(template, meant_as).declaring(declared);
        let subjects = subjects.within_a_budget();
        Self {
            grants: Grants::of_template(template),
            subjects: subjects.all(&placeholders),
            not_read: closed_world::not_read(template, read),
            places: closed_world::places(template),
            authored: Authored::default(),
            shown: Shown::new(template, &placeholders),
        }
    }

    /// Adds what a stack set rolls out. It shares no layer.
    fn add(&mut self, part: &RolledOut) {
        let own = Self::own(&part.template, None, &[], &self.authored.boundaries);
        let called = |id: &str| format!("{}.{id}", part.id);
        for mut subject in own.subjects {
            subject.id = called(&subject.id);
            subject.identity.clone_from(&part.identity);
            for (_, subject) in subject.cases.iter_mut().flatten() {
                if let Some(subject) = subject {
                    subject.id = called(&subject.id);
                    subject.applicability.rolled_out_to.clone_from(&part.to);
                }
            }
            self.subjects.push(subject);
        }
        for mut unread in own.not_read {
            unread.place = called(&unread.place);
            self.not_read.push(unread);
        }
        self.shown.extend(own.shown);
    }
}
