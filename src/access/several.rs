//! The access that several templates give together.

use super::Access;
use super::grants::VersionId;
use std::collections::{BTreeMap, BTreeSet};

/// The logical IDs that more than one template has. Reports put the name of the file before each of
/// these.
#[must_use]
pub fn ambiguous<'a>(parts: impl IntoIterator<Item = &'a Access>) -> BTreeSet<String> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for part in parts {
        let versions = part.grants.versions.keys().filter_map(|id| match id {
            VersionId::Resource(id) => Some(id.as_str()),
            VersionId::Arn(_) => None,
        });
        let grants = part.grants.versions.values();
        let grants = grants.flat_map(|version| version.grants.values().flatten());
        let grants = grants.map(|by| by.id.as_str());
        let subjects = part.subjects.iter().map(|subject| subject.id.as_str());
        let places = part.not_read.iter().chain(&part.places);
        let places = places.map(|part| part.place.as_str());
        let own: BTreeSet<&str> = versions
            .chain(grants)
            .chain(subjects)
            .chain(places)
            .collect();
        for id in own {
            *seen.entry(id).or_default() += 1;
        }
    }
    seen.into_iter()
        .filter(|(_, templates)| *templates > 1)
        .map(|(id, _)| id.to_owned())
        .collect()
}

/// The access of several templates, each with the name of its file.
#[must_use]
pub fn together(parts: Vec<(String, Access)>, ambiguous: &BTreeSet<String>) -> Access {
    let mut all = Access::default();
    for (file, part) in parts {
        let called = |id: String| {
            if ambiguous.contains(&id) {
                format!("{file}: {id}")
            } else {
                id
            }
        };
        for (id, mut version) in part.grants.versions {
            for by in version.grants.values_mut().flatten() {
                by.id = called(std::mem::take(&mut by.id));
            }
            let id = match id {
                VersionId::Resource(id) => VersionId::Resource(called(id)),
                VersionId::Arn(arn) => VersionId::Arn(arn),
            };
            all.grants.merge(id, version);
        }
        for mut subject in part.subjects {
            subject.id = called(subject.id);
            all.subjects.push(subject);
        }
        for mut unread in part.not_read {
            unread.place = called(unread.place);
            all.not_read.push(unread);
        }
        for mut place in part.places {
            place.place = called(place.place);
            all.places.push(place);
        }
        all.authored.extend(part.authored, &called);
        all.shown.extend(part.shown);
    }
    all
}
