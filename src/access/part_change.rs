//! The changes of the parts of a template that are not read.

use super::Access;
use super::subject::SubjectCases;
use crate::cloudformation::TooManyCases;
use crate::cloudformation::unread::{Extent, Unread};
use crate::iam::document::Effect;

/// An unread part of the template is added, changed or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartChange {
    /// Its place.
    pub place: String,
    /// Its description.
    pub what: String,
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
    let mut found = Vec::new();
    for part in new
        .not_read
        .iter()
        .filter(|part| !old.not_read.iter().any(|other| other.is(part)))
    {
        let was_there = old.not_read.iter().any(|other| other.place == part.place);
        found.push(PartChange {
            place: part.place.clone(),
            what: part.what.clone(),
            how: if was_there { How::Changed } else { How::New },
        });
    }
    found.extend(no_longer_there(old, new, &found));
    for place in &new.places {
        let before = old.places.iter().find(|other| other.place == place.place);
        if before.is_some_and(|before| !before.is(place)) {
            found.push(PartChange {
                place: place.place.clone(),
                what: place.what.clone(),
                how: How::Changed,
            });
        }
    }
    found
}

/// The unread parts that are removed, beside those that are known to change.
fn no_longer_there(old: &Access, new: &Access, changed: &[PartChange]) -> Vec<PartChange> {
    let mut found = Vec::new();
    for part in &old.not_read {
        let stays = new.not_read.iter().any(|other| other.is(part));
        if stays || changed.iter().any(|change| change.place == part.place) {
            continue;
        }
        found.push(PartChange {
            place: part.place.clone(),
            what: part.what.clone(),
            how: How::Gone {
                may_restrict: may_restrict(part, new),
            },
        });
    }
    found
}

/// Whether an unread part may have restricted something that these templates still contain: it may
/// change anything, or it receives somebody who can do something with layers.
fn may_restrict(part: &Unread, access: &Access) -> bool {
    let able = || access.subjects.iter().filter(|subject| is_able(subject));
    match &part.extent {
        Extent::Template => !access.grants.versions.is_empty() || able().next().is_some(),
        Extent::Handed(_) => able().any(|subject| {
            let names = names_of(subject);
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            part.concerns(&[&subject.id], &names)
        }),
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
