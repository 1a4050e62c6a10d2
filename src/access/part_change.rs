//! The changes of the parts of a template that are not read.

use super::Access;
use super::subject::SubjectCases;
use crate::cloudformation::TooManyCases;
use crate::cloudformation::unread::{Extent, Unread};
use crate::cloudformation::unread_kind::UnreadKind;
use crate::iam::document::Effect;
use crate::rules::formats::{is_target_id, is_unit_id};
use std::collections::{HashMap, HashSet};

/// An unread part of the template is added, changed or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartChange {
    /// Its place.
    pub place: String,
    /// What it is.
    pub kind: UnreadKind,
    /// What happens to it.
    pub how: How,
}

/// What happens to an unread part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It is added.
    New,
    /// It changes.
    Changed,
    /// It is removed.
    Gone {
        /// Whether it may have restricted something that stays.
        may_restrict: bool,
    },
}

impl PartChange {
    fn of(part: &Unread, how: How) -> Self {
        Self {
            place: part.place.clone(),
            kind: part.kind.clone(),
            how,
        }
    }

    /// Whether somebody may gain something by it.
    #[must_use]
    pub fn may_widen(&self) -> bool {
        match self.how {
            How::New | How::Changed => true,
            How::Gone { may_restrict } => may_restrict,
        }
    }
}

/// The parts that are not read and are not the same on both sides.
pub(super) fn not_read(old: &Access, new: &Access) -> Vec<PartChange> {
    let (before, after) = (by_place(&old.not_read), by_place(&new.not_read));
    let mut found = Vec::new();
    let mut changed: HashSet<&str> = HashSet::new();
    let able = Able::of(new);
    for part in &new.not_read {
        let was_there = before.get(part.place.as_str());
        if is_one_of(part, was_there) {
            continue;
        }
        changed.insert(&part.place);
        let how = match was_there {
            Some(_) => How::Changed,
            None => How::New,
        };
        found.push(PartChange::of(part, how));
    }
    for part in &old.not_read {
        let place = part.place.as_str();
        if !is_one_of(part, after.get(place)) && !changed.contains(place) {
            let may_restrict = able.may_be_restricted_by(part);
            found.push(PartChange::of(part, How::Gone { may_restrict }));
        }
    }
    for place in &new.places {
        let before = old.places.iter().find(|other| other.place == place.place);
        if before.is_some_and(|before| !before.is(place)) {
            found.push(PartChange::of(place, How::Changed));
        }
    }
    let forbade = old.places.iter();
    for place in forbade.filter(|place| place.kind == UnreadKind::ResourceControlPolicy) {
        let mut others = new.places.iter();
        if !others.any(|other| other.place == place.place && other.kind == place.kind) {
            let may_restrict = true;
            found.push(PartChange::of(place, How::Gone { may_restrict }));
        }
    }
    found
}

fn by_place(parts: &[Unread]) -> HashMap<&str, Vec<&Unread>> {
    let mut found: HashMap<&str, Vec<&Unread>> = HashMap::new();
    for part in parts {
        found.entry(&part.place).or_default().push(part);
    }
    found
}

fn is_one_of(part: &Unread, others: Option<&Vec<&Unread>>) -> bool {
    others.into_iter().flatten().any(|other| other.is(part))
}

/// Those of a template who can do something with layers.
struct Able {
    ids: Vec<String>,
    /// The names of roles and users, as far as they are known.
    names: Vec<String>,
    /// Whether the template also shares layers.
    shares: bool,
}

impl Able {
    fn of(access: &Access) -> Self {
        let able = access.subjects.iter().filter(|subject| is_able(subject));
        let able: Vec<&SubjectCases> = able.collect();
        Self {
            ids: able.iter().map(|subject| subject.id.clone()).collect(),
            names: able.into_iter().flat_map(names_of).collect(),
            shares: !access.grants.versions.is_empty(),
        }
    }

    /// Whether an unread part may have restricted one of them, or somebody outside the template:
    /// it may change anything, or it receives somebody of these, or a unit of the organization, to
    /// which a guardrail of it may apply.
    fn may_be_restricted_by(&self, part: &Unread) -> bool {
        match &part.extent {
            Extent::Template => self.shares || !self.ids.is_empty(),
            Extent::Handed(handed) => {
                let ids: Vec<&str> = self.ids.iter().map(String::as_str).collect();
                let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
                let mut texts = handed.texts();
                let may_forbid = texts.any(|text| {
                    // A unit by its ID, or by its ARN, which ends with it.
                    let id = text.rsplit('/').next().unwrap_or(text);
                    is_unit_id(id) && is_target_id(id)
                });
                may_forbid || handed.has_outsider() || !ids.is_empty() && handed.has(&ids, &names)
            }
        }
    }
}

/// Whether somebody or something may allow anything with layers.
fn is_able(subject: &SubjectCases) -> bool {
    match &subject.cases {
        Ok(cases) => cases.iter().any(|(_, subject)| {
            subject
                .as_ref()
                .is_some_and(|subject| subject.applicability.may(Effect::Allow))
        }),
        Err(TooManyCases) => true,
    }
}

/// The names of a role or user, as far as they are known.
fn names_of(subject: &SubjectCases) -> Vec<String> {
    let cases = subject.cases.iter().flatten();
    let cases = cases.filter_map(|(_, subject)| subject.as_ref()?.name());
    cases.map(str::to_owned).collect()
}
