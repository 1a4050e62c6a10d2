//! The changes of who can use which layer version, and of how long.

use super::granted::{Comparison, GrantsOfVersion, IfGiven, TooMuchToCompare, alone, if_given};
use super::grants::{GrantedBy, Grants, Outlives, VersionId, Who, WhyUnknown, WrittenPrincipal};
use crate::cloudformation::Case;
use crate::cloudformation::cases::SomeCases;
use crate::partial::Text;
use std::cell::LazyCell;
use std::collections::{BTreeSet, HashSet};

/// A change of who can use a layer version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UseChange {
    /// How prominent it is in a report, the most prominent first.
    pub prominence: Prominence,
    /// The version.
    pub version: VersionId,
    /// Who.
    pub who: Who,
    /// The cases; none for all.
    pub when: Option<SomeCases>,
    /// Whether the version itself is added, removed or replaced.
    pub with_version: bool,
}

/// How much a change matters to a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Prominence {
    /// Everyone can use it.
    Everyone,
    /// The principal is unknown, and may be everyone.
    Unknown,
    /// An organization that was not named anywhere before.
    ForeignOrganization,
    /// An account that was not named anywhere before.
    ForeignAccount,
    /// Somebody who already has access to something.
    Known,
}

/// Something about a grant that is neither a gain nor a loss.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// The grant would outlive its removal or replacement from now on; who, the version, and the
    /// grant.
    Outlives(Who, VersionId, String),
    /// The grant no longer would.
    NoLongerOutlives(Who, VersionId, String),
    /// Somebody can still use a version, since the removed grant is retained.
    Kept(Who, VersionId, String),
    /// A version is published again, with other content, and these can use it.
    Republished(VersionId, Vec<Who>),
}

/// The access that exists in `new` and not in `old`. Where the cases of a grant are too many to
/// compare, somebody unknown has it.
pub(super) fn uses(old: &Grants, new: &Grants) -> Vec<UseChange> {
    // Most differences add no grant.
    let known: LazyCell<KnownPrincipals<'_>, _> = LazyCell::new(|| KnownPrincipals::of(old));
    let mut comparison = Comparison::of(number_of_grants(old) + number_of_grants(new));
    let mut found = Vec::new();
    let mut by_default = Vec::new();
    for (id, version) in &new.versions {
        let before = old.versions.get(id).map(GrantsOfVersion::new);
        // With another name, it is a version of another layer.
        let same = before.as_ref().filter(|before| before.is_named_as(version));
        for (who, by) in &version.grants {
            if *who == Who::Owner {
                continue;
            }
            match is_new(same, who, by, &mut comparison) {
                Ok(true) => found.push(UseChange {
                    prominence: prominence(who, &known),
                    version: id.clone(),
                    who: who.clone(),
                    when: when(by).or_else(|| when_not(same?, who)),
                    with_version: same.is_none(),
                }),
                Ok(false) => {
                    let before = before.as_ref();
                    match before.map(|before| before.new_by_default(who, by, &mut comparison)) {
                        Some(Ok(Some(case))) => by_default.push(new_by_default(id, who, case)),
                        Some(Err(TooMuchToCompare)) => found.push(not_compared(id, who, by)),
                        Some(Ok(None)) | None => {}
                    }
                }
                Err(TooMuchToCompare) => found.push(not_compared(id, who, by)),
            }
        }
    }
    found.extend(no_longer_denied(old, new));
    found.append(&mut by_default);
    found
}

/// Whether one of some grants to somebody is not on the other side.
fn is_new(
    before: Option<&GrantsOfVersion<'_>>,
    who: &Who,
    by: &[GrantedBy],
    comparison: &mut Comparison,
) -> Result<bool, TooMuchToCompare> {
    let Some(before) = before else {
        return Ok(true);
    };
    for by in by {
        if !before.covers(who, by, comparison)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Access by grants that are not compared with those of the other side.
fn not_compared(id: &VersionId, who: &Who, by: &[GrantedBy]) -> UseChange {
    let grant = by.first().map(|by| by.id.clone()).unwrap_or_default();
    let why = WhyUnknown::TooManyCases(grant);
    UseChange {
        prominence: Prominence::Unknown,
        version: id.clone(),
        who: Who::Unknown(why, WrittenPrincipal::Whole(who.to_string())),
        when: None,
        with_version: false,
    }
}

fn number_of_grants(side: &Grants) -> usize {
    let versions = side.versions.values();
    let grants = versions.flat_map(|version| version.grants.values());
    grants.map(Vec::len).sum()
}

/// The principals of one side.
struct KnownPrincipals<'g> {
    all: HashSet<&'g Who>,
    /// Those that are the same under the same parameters.
    if_given: HashSet<IfGiven<'g>>,
    /// Those that may be anybody, as they are written.
    alone: HashSet<&'g Text>,
}

impl<'g> KnownPrincipals<'g> {
    fn of(side: &'g Grants) -> Self {
        let versions = side.versions.values();
        let all: HashSet<&Who> = versions.flat_map(|version| version.grants.keys()).collect();
        let mut known = Self {
            all,
            if_given: HashSet::new(),
            alone: HashSet::new(),
        };
        for version in side.versions.values() {
            for who in version.grants.keys() {
                known.if_given.extend(if_given(who));
                known.alone.extend(alone(who));
            }
        }
        known
    }

    fn has(&self, who: &Who) -> bool {
        let same = match who {
            Who::Account(id) if id.as_unknown().is_some() => self.alone.contains(id),
            Who::Account(_)
            | Who::Organization(_)
            | Who::Everyone
            | Who::Owner
            | Who::Unknown(..) => false,
        };
        self.all.contains(who)
            || same
            || if_given(who).is_some_and(|one| self.if_given.contains(&one))
    }
}

/// The Deny statements of `old` on versions that `new` still shares, without those of `new`.
fn no_longer_denied(old: &Grants, new: &Grants) -> Vec<UseChange> {
    let mut found = Vec::new();
    for (id, before) in &old.versions {
        let Some(after) = new.versions.get(id) else {
            continue;
        };
        if after.grants.is_empty() {
            continue;
        }
        for denial in &before.denials {
            let mut stay = after.denials.iter();
            if stay.any(|other| other.identity == denial.identity) {
                continue;
            }
            let why = WhyUnknown::NoLongerDenied(denial.id.clone());
            found.push(UseChange {
                prominence: Prominence::Unknown,
                version: id.clone(),
                who: Who::Unknown(why, WrittenPrincipal::Whole(denial.identity.clone())),
                when: None,
                with_version: false,
            });
        }
    }
    found
}

fn prominence(who: &Who, known: &KnownPrincipals<'_>) -> Prominence {
    match who {
        Who::Everyone => Prominence::Everyone,
        Who::Unknown(..) => Prominence::Unknown,
        who if known.has(who) => Prominence::Known,
        Who::Organization(_) => Prominence::ForeignOrganization,
        Who::Account(_) | Who::Owner => Prominence::ForeignAccount,
    }
}

/// The cases in which some grants hold; none for all.
fn when(by: &[GrantedBy]) -> Option<SomeCases> {
    if by.iter().any(GrantedBy::is_always) {
        return None;
    }
    SomeCases::of(&by.first()?.when)
}

/// The cases in which the one grant of a version to somebody does not hold; `None` if there are
/// several grants, which may hold in different cases.
fn when_not(version: &GrantsOfVersion<'_>, who: &Who) -> Option<SomeCases> {
    SomeCases::others_of(&version.only(who)?.when)
}

/// The access that a default gives where it did not by its own: a deploy that names no value for
/// that parameter gets it.
fn new_by_default(id: &VersionId, who: &Who, case: &Case) -> UseChange {
    UseChange {
        prominence: match who {
            Who::Everyone => Prominence::Everyone,
            Who::Unknown(..) => Prominence::Unknown,
            Who::Organization(_) | Who::Account(_) | Who::Owner => Prominence::Known,
        },
        version: id.clone(),
        who: who.clone(),
        when: Some(SomeCases::one(case.clone())),
        with_version: false,
    }
}

/// Whether somebody keeps access that they would lose, since every removed grant is retained.
pub(super) fn kept(change: &UseChange, old: &Grants, new: &HashSet<&str>) -> Option<Note> {
    let version = old.versions.get(&change.version)?;
    let by = version.grants.get(&change.who)?;
    let kept = by.iter().find(|by| outlives_change(by, new))?;
    Some(Note::Kept(
        change.who.clone(),
        change.version.clone(),
        kept.id.clone(),
    ))
}

/// Whether a grant stays although the new side does not have it, or has another one with its ID in
/// its place.
fn outlives_change(by: &GrantedBy, new: &HashSet<&str>) -> bool {
    if new.contains(by.id.as_str()) {
        by.outlives.replacement
    } else {
        by.outlives.removal
    }
}

/// The IDs of the grants of one side.
pub(super) fn ids_of(side: &Grants) -> HashSet<&str> {
    let grants = side.versions.values().flat_map(|one| one.grants.values());
    grants.flatten().map(|by| by.id.as_str()).collect()
}

/// Adds the grants that would outlive their removal or replacement on one side only.
pub(super) fn outlasting(old: &Grants, new: &Grants, notes: &mut BTreeSet<Note>) {
    for (id, version) in &new.versions {
        for (who, by) in &version.grants {
            for by in by {
                let before = old
                    .versions
                    .get(id)
                    .and_then(|version| version.grants.get(who));
                let Some(was) = before.map(|all| outlives_before(by, all)) else {
                    continue;
                };
                let is = by.outlives;
                let note = (who.clone(), id.clone(), by.id.clone());
                if (is.removal && !was.removal) || (is.replacement && !was.replacement) {
                    notes.insert(Note::Outlives(note.0, note.1, note.2));
                } else if was != is {
                    notes.insert(Note::NoLongerOutlives(note.0, note.1, note.2));
                }
            }
        }
    }
}

/// What happens to the grants of before that one takes the place of: the one with its ID, or all of
/// the same principal.
fn outlives_before(by: &GrantedBy, before: &[GrantedBy]) -> Outlives {
    let same = before.iter().find(|other| other.id == by.id);
    let others = before.iter().map(|other| other.outlives);
    same.map_or_else(
        || {
            others.fold(Outlives::default(), |all, one| Outlives {
                removal: all.removal || one.removal,
                replacement: all.replacement || one.replacement,
            })
        },
        |same| same.outlives,
    )
}

/// Adds the versions that are published again, with other content, and are shared.
pub(super) fn republished(old: &Grants, new: &Grants, notes: &mut BTreeSet<Note>) {
    for (id, version) in &new.versions {
        let is_again = old
            .versions
            .get(id)
            .is_some_and(|before| before.content != version.content && before.is_named_as(version));
        if !is_again {
            continue;
        }
        let others = version.grants.keys().filter(|who| **who != Who::Owner);
        let who: Vec<Who> = others.cloned().collect();
        if !who.is_empty() {
            notes.insert(Note::Republished(id.clone(), who));
        }
    }
}
