//! The changes of who can use which layer version, and of how long.

use super::grants::{
    GrantedBy, Grants, Outlives, SharedVersion, VersionId, Who, WhyUnknown, WrittenPrincipal,
};
use crate::cloudformation::Case;
use crate::cloudformation::case::SomeCases;
use crate::partial::{Text, Unknown};
use crate::rules::formats::{
    ACCOUNT_PATTERN, OPTIONAL_ACCOUNT_PATTERN, OPTIONAL_ORGANIZATION_PATTERN, ORGANIZATION_PATTERN,
};
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

/// The access that exists in `new` and not in `old`.
pub(super) fn uses(old: &Grants, new: &Grants) -> Vec<UseChange> {
    // Most differences add no grant.
    let known: LazyCell<HashSet<&Who>, _> = LazyCell::new(|| {
        let versions = old.versions.values();
        versions.flat_map(|version| version.grants.keys()).collect()
    });
    let mut found = Vec::new();
    for (id, version) in &new.versions {
        // With another name, it is a version of another layer.
        let before = old
            .versions
            .get(id)
            .filter(|before| before.names == version.names);
        for (who, by) in &version.grants {
            let mut cases = by.iter().flat_map(|by| &by.cases);
            if *who == Who::Owner || cases.all(|case| is_granted(before, who, case)) {
                continue;
            }
            found.push(UseChange {
                prominence: prominence(who, &known),
                version: id.clone(),
                who: who.clone(),
                when: when(by).or_else(|| when_not(before?, who)),
                with_version: before.is_none(),
            });
        }
    }
    found.extend(no_longer_denied(old, new));
    let by_default = uses_by_default(old, new).into_iter();
    let mut by_default: Vec<UseChange> = by_default
        .filter(|change| {
            let mut others = found.iter();
            !others.any(|other| other.version == change.version && other.who == change.who)
        })
        .collect();
    found.append(&mut by_default);
    found
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

fn prominence(who: &Who, known: &HashSet<&Who>) -> Prominence {
    match who {
        Who::Everyone => Prominence::Everyone,
        Who::Unknown(..) => Prominence::Unknown,
        who if known.contains(who) => Prominence::Known,
        Who::Organization(id) | Who::Account(id)
            if id.as_unknown().is_some() && known.iter().any(|one| is_same(one, who)) =>
        {
            Prominence::Known
        }
        Who::Organization(_) => Prominence::ForeignOrganization,
        Who::Account(_) | Who::Owner => Prominence::ForeignAccount,
    }
}

/// The cases in which some grants hold; none for all.
fn when(by: &[GrantedBy]) -> Option<SomeCases> {
    if by.iter().any(GrantedBy::is_always) {
        return None;
    }
    let first = by.first()?;
    let all: Vec<Case> = first.cases.iter().chain(&first.others).cloned().collect();
    SomeCases::of(first.cases.clone(), &all)
}

/// The cases in which the one grant of a version to somebody does not hold; `None` if
/// there are several grants, which may hold in different cases.
fn when_not(version: &SharedVersion, who: &Who) -> Option<SomeCases> {
    let grants = version
        .grants
        .iter()
        .filter(|(granted, _)| is_same(granted, who));
    let mut all = grants.flat_map(|(_, by)| by);
    let (only, None) = (all.next()?, all.next()) else {
        return None;
    };
    let cases: Vec<Case> = only.cases.iter().chain(&only.others).cloned().collect();
    SomeCases::of(only.others.clone(), &cases)
}

/// Whether a version is shared with somebody, or with everyone, in every deploy of a case. A
/// principal that is a parameter is one account where the parameter has that value.
fn is_granted(version: Option<&SharedVersion>, who: &Who, case: &Case) -> bool {
    let Some(version) = version else {
        return false;
    };
    // Nearly always, the same grant is there: a version may have a thousand others.
    let own = version.grants.get(who).into_iter().flatten();
    let same = version.grants.iter().filter(|(granted, _)| {
        is_same(granted, who) || **granted == Who::Everyone || is_same_in(case, granted, who)
    });
    own.chain(same.flat_map(|(_, by)| by)).any(|by| {
        let mut others = by.others.iter();
        by.cases.iter().any(|granted| granted.agrees(case))
            && others.all(|other| !other.agrees(case) || is_granted_by_value(version, who, other))
    })
}

/// Whether a version is shared with a parameter in a case, in which it has one value.
fn is_granted_by_value(version: &SharedVersion, who: &Who, case: &Case) -> bool {
    version.grants.iter().any(|(granted, by)| {
        let is_same = *granted == Who::Everyone || is_same_in(case, who, granted);
        is_same && by.iter().any(|by| by.cases.contains(case))
    })
}

/// Whether a principal is a parameter that has, in a case, the value which the other one is.
fn is_same_in(case: &Case, parameter: &Who, value: &Who) -> bool {
    let ((
        Who::Account(parameter) | Who::Unknown(_, WrittenPrincipal::Alone(parameter)),
        Who::Account(value),
    )
    | (Who::Organization(parameter), Who::Organization(value))) = (parameter, value)
    else {
        return false;
    };
    let (Some(name), Some(value)) = (parameter.as_parameter(), value.as_literal()) else {
        return false;
    };
    case.value_of(name) == Some(value)
}

/// The access that `new` gives by a default where `old` does not by its own: a deploy that names no
/// value for that parameter gets it.
fn uses_by_default(old: &Grants, new: &Grants) -> Vec<UseChange> {
    let mut found = Vec::new();
    for (id, version) in &new.versions {
        let Some(before) = old.versions.get(id) else {
            continue;
        };
        for (who, by) in &version.grants {
            if *who == Who::Owner {
                continue;
            }
            let same = [who, &Who::Everyone].into_iter();
            let same = same.filter_map(|who| before.grants.get(who));
            let before: Vec<&Case> = same.flatten().flat_map(|by| &by.cases).collect();
            if let Some(case) = new_by_default(by, &before) {
                found.push(UseChange {
                    prominence: match who {
                        Who::Everyone => Prominence::Everyone,
                        Who::Unknown(..) => Prominence::Unknown,
                        Who::Organization(_) | Who::Account(_) | Who::Owner => Prominence::Known,
                    },
                    version: id.clone(),
                    who: who.clone(),
                    when: Some(SomeCases::one(case.clone())),
                    with_version: false,
                });
            }
        }
    }
    found
}

/// A case of some grants that has a default, and that no case of `before` is with its own defaults,
/// whatever else a deploy names.
fn new_by_default<'c>(by: &'c [GrantedBy], before: &[&Case]) -> Option<&'c Case> {
    let mut cases = by.iter().flat_map(|by| &by.cases);
    cases.find(|case| {
        case.has_default()
            && !before.contains(case)
            && !before
                .iter()
                .any(|known| known.decides_no_more_than(case) && known.has_defaults_as(case))
    })
}

/// Whether two are the same under the same parameters. A principal that may be anybody on one side,
/// and must be an account on the other, is that account.
fn is_same(one: &Who, other: &Who) -> bool {
    match (one, other) {
        (Who::Account(account), Who::Unknown(_, WrittenPrincipal::Alone(written)))
        | (Who::Unknown(_, WrittenPrincipal::Alone(written)), Who::Account(account)) => {
            written == account
        }
        (Who::Account(one), Who::Account(other))
        | (Who::Organization(one), Who::Organization(other)) => {
            one == other || is_same_if_given(one, other)
        }
        _ => one == other,
    }
}

/// Whether two are the same parameter, which may be empty on one side. An empty one is nobody:
/// Lambda accepts no empty ID. Any other value is allowed on both sides.
fn is_same_if_given(one: &Text, other: &Text) -> bool {
    let (Some(one), Some(other)) = (one.as_unknown(), other.as_unknown()) else {
        return false;
    };
    one.origin == other.origin && identity_if_given(one) == identity_if_given(other)
}

/// The identity of a parameter as if it could not be empty.
fn identity_if_given(unknown: &Unknown) -> String {
    [
        (OPTIONAL_ACCOUNT_PATTERN, ACCOUNT_PATTERN),
        (OPTIONAL_ORGANIZATION_PATTERN, ORGANIZATION_PATTERN),
    ]
    .iter()
    .fold(unknown.identity.to_string(), |identity, (optional, id)| {
        identity.replace(&format!("\"{optional}\""), &format!("\"{id}\""))
    })
}

/// Whether somebody keeps access that they would lose, since every removed grant is retained.
pub(super) fn kept(change: &UseChange, old: &Grants, new: &Grants) -> Option<Note> {
    let version = old.versions.get(&change.version)?;
    let by = version.grants.get(&change.who)?;
    let kept = by.iter().find(|by| outlives_change(by, new))?;
    Some(Note::Kept(
        change.who.clone(),
        change.version.clone(),
        kept.id.clone(),
    ))
}

/// Whether a grant stays although the new side does not have it, or has another one in its place.
fn outlives_change(by: &GrantedBy, new: &Grants) -> bool {
    let grants = new.versions.values().flat_map(|one| one.grants.values());
    if grants.flatten().any(|other| other.id == by.id) {
        by.outlives.replacement
    } else {
        by.outlives.removal
    }
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
        let is_again = old.versions.get(id).is_some_and(|before| {
            before.content != version.content && before.names == version.names
        });
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
