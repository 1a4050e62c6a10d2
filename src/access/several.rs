//! The access that several templates give together.

use super::Access;
use super::diff::Diff;
use super::grants::{SharedVersion, VersionId};
use super::subject::SubjectCases;
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

/// Moves what a source gives to the templates that were built from it, so that each version, role
/// and policy is there once: with the access of the template and that of the source. What only the
/// source has stays there, and so does what several templates have.
pub fn join(source: &mut Access, templates: &mut [&mut Access]) {
    for (id, version) in std::mem::take(&mut source.grants.versions) {
        let mut with_it = templates.iter_mut();
        let own = with_it.find_map(|template| template.grants.versions.get_mut(&id));
        match own {
            Some(own) if !with_it.any(|other| other.grants.versions.contains_key(&id)) => {
                widen(own, version);
            }
            Some(_) | None => {
                source.grants.versions.insert(id, version);
            }
        }
    }
    for subject in std::mem::take(&mut source.subjects) {
        let all = templates.iter_mut();
        let mut same = all
            .flat_map(|template| &mut template.subjects)
            .filter(|other| other.id == subject.id);
        match (same.next(), same.next()) {
            (Some(own), None) if covers(&subject, own) => *own = subject,
            _ => source.subjects.push(subject),
        }
    }
    source.not_read.retain(|part| {
        let mut others = templates.iter().flat_map(|template| &template.not_read);
        !others.any(|other| other.place == part.place && other.identity == part.identity)
    });
    source.places.retain(|place| {
        let mut others = templates.iter().flat_map(|template| &template.places);
        !others.any(|other| other.place == place.place && other.identity == place.identity)
    });
}

/// Makes a version what its source makes it, and keeps every grant that it has.
fn widen(version: &mut SharedVersion, by_source: SharedVersion) {
    let before = std::mem::replace(version, by_source);
    for name in before.names {
        if !version.names.contains(&name) {
            version.names.push(name);
        }
    }
    for (who, grants) in before.grants {
        let known = version.grants.entry(who).or_default();
        for grant in grants {
            if !known.contains(&grant) {
                known.push(grant);
            }
        }
    }
    version.denials.extend(before.denials);
}

/// Whether a role or policy lets nobody do more than it does as its source has it.
fn covers(by_source: &SubjectCases, subject: &SubjectCases) -> bool {
    let alone = |subject: &SubjectCases| Access {
        subjects: vec![subject.clone()],
        ..Access::default()
    };
    !Diff::between(&alone(by_source), &alone(subject)).is_broader()
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
