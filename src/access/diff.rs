//! The changes between two templates: who gains and who loses access to which layer version, and
//! which layers may newly be attached.

use super::Access;
use super::applicability::{Applicability, beyond, rolled_out_beyond};
use super::grants::{
    GrantedBy, Grants, SharedVersion, VersionId, Who, WhyUnknown, WrittenPrincipal,
};
use super::part_change::{PartChange, not_read};
use super::subject::{Subject, SubjectCases};
use super::unclear::{Undecided, undecided, within_what_is_known};
use super::wider::Wider;
use crate::cloudformation::case::SomeCases;
use crate::cloudformation::{Case, TooManyCases};
use crate::iam::allowance::{Allowance, layer_beyond};
use crate::iam::attach::{Half, allowances};
use crate::iam::document::Document;
use crate::iam::doubt::TooManyAllowances;
use crate::iam::effective::{Bound, EffectivePolicies};
use crate::iam::right::{self, Right};
use crate::partial::{Text, Unknown};
use crate::rules::formats::{
    ACCOUNT_PATTERN, OPTIONAL_ACCOUNT_PATTERN, OPTIONAL_ORGANIZATION_PATTERN, ORGANIZATION_PATTERN,
};
use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};

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

/// A change of what may be attached, published or shared, by one role or policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachChange {
    /// The role or policy.
    pub subject: String,
    /// The cases; none for all.
    pub when: Option<SomeCases>,
    /// Whether the subject itself is added or removed.
    pub comes: Option<Comes>,
    /// What changes.
    pub what: Attaches,
}

/// Whether something is added or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Comes {
    /// It is new.
    Comes,
    /// It is gone.
    Goes,
}

/// The way in which one side is wider than the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attaches {
    /// It allows attaching this layer, for example.
    Allows(String),
    /// It does not forbid attaching this layer, for example.
    DoesNotForbid(String),
    /// It allows reading, publishing or sharing this layer, for example.
    AllowsHandling(Right, String),
    /// It does not forbid publishing or sharing this layer, for example.
    DoesNotForbidHandling(Right, String),
    /// It applies to more.
    Applies(Wider),
    /// It is unknown which side is wider, with the reason.
    Undecided(Undecided),
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

/// All changes.
#[derive(Debug, Default)]
pub struct Diff {
    /// New access to versions, the most prominent first.
    pub gained: Vec<UseChange>,
    /// Lost access to versions.
    pub lost: Vec<UseChange>,
    /// Layers that may newly be attached.
    pub wider: Vec<AttachChange>,
    /// Layers that may no longer be attached.
    pub narrower: Vec<AttachChange>,
    /// Notes about grants.
    pub notes: Vec<Note>,
    /// New, changed and removed parts that are not read.
    pub not_read: Vec<PartChange>,
}

impl Diff {
    /// The changes from one side to the other.
    #[must_use]
    pub fn between(old: &Access, new: &Access) -> Self {
        let mut notes = BTreeSet::new();
        let mut gained = uses(&old.grants, &new.grants);
        let mut lost = uses(&new.grants, &old.grants);
        lost.retain(|change| match kept(change, &old.grants, &new.grants) {
            Some(note) => {
                notes.insert(note);
                false
            }
            None => true,
        });
        gained.sort();
        lost.sort();
        outlasting(&old.grants, &new.grants, &mut notes);
        republished(&old.grants, &new.grants, &mut notes);
        Self {
            gained,
            lost,
            wider: attach(old, new, Direction::Gains),
            narrower: attach(new, old, Direction::Losses),
            notes: notes.into_iter().collect(),
            not_read: not_read(old, new),
        }
    }

    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.gained.is_empty()
            && self.lost.is_empty()
            && self.wider.is_empty()
            && self.narrower.is_empty()
            && self.notes.is_empty()
            && self.not_read.is_empty()
    }

    /// Whether anybody gains anything, or may.
    #[must_use]
    pub fn is_broader(&self) -> bool {
        !self.gained.is_empty()
            || !self.wider.is_empty()
            || self.not_read.iter().any(PartChange::may_widen)
            || self
                .notes
                .iter()
                .any(|note| matches!(note, Note::Outlives(..)))
    }
}

/// The access that exists in `new` and not in `old`.
fn uses(old: &Grants, new: &Grants) -> Vec<UseChange> {
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

/// Whether a version is shared with somebody, or with everyone, in every deploy of a case.
fn is_granted(version: Option<&SharedVersion>, who: &Who, case: &Case) -> bool {
    let Some(version) = version else {
        return false;
    };
    // Nearly always, the same grant is there: a version may have a thousand others.
    let own = version.grants.get(who).into_iter().flatten();
    let same = version
        .grants
        .iter()
        .filter(|(granted, _)| is_same(granted, who) || **granted == Who::Everyone);
    own.chain(same.flat_map(|(_, by)| by)).any(|by| {
        by.cases.iter().any(|granted| granted.agrees(case))
            && !by.others.iter().any(|other| other.agrees(case))
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
fn kept(change: &UseChange, old: &Grants, new: &Grants) -> Option<Note> {
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
fn outlasting(old: &Grants, new: &Grants, notes: &mut BTreeSet<Note>) {
    for (id, version) in &new.versions {
        for (who, by) in &version.grants {
            for by in by {
                let before = old
                    .versions
                    .get(id)
                    .and_then(|version| version.grants.get(who));
                let Some(before) =
                    before.and_then(|all| all.iter().find(|other| other.id == by.id))
                else {
                    continue;
                };
                let (was, is) = (before.outlives, by.outlives);
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

/// Adds the versions that are published again, with other content, and are shared.
fn republished(old: &Grants, new: &Grants, notes: &mut BTreeSet<Note>) {
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

/// The direction of a comparison.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    /// What the new side has beyond the old one.
    Gains,
    /// What the old side has beyond the new one.
    Losses,
}

/// The subjects of one side by their logical IDs.
fn by_id(access: &Access) -> BTreeMap<&String, &SubjectCases> {
    let subjects = access.subjects.iter().rev();
    subjects.map(|subject| (&subject.id, subject)).collect()
}

/// The layers that `wide` allows attaching and `narrow` does not.
fn attach(narrow: &Access, wide: &Access, side: Direction) -> Vec<AttachChange> {
    let (narrow_cases, wide_cases) = (by_id(narrow), by_id(wide));
    let ids: BTreeSet<&String> = narrow_cases
        .keys()
        .chain(wide_cases.keys())
        .copied()
        .collect();
    let mut changes = Vec::new();
    for id in ids {
        let (narrow, wide) = (narrow_cases.get(id).copied(), wide_cases.get(id).copied());
        changes.extend(attach_by(id, narrow, wide, side));
    }
    changes
}

/// The cases of a subject; a single case without it if it does not exist.
fn cases_of(subject: Option<&SubjectCases>) -> Result<Vec<(Case, Option<&Subject>)>, TooManyCases> {
    let Some(subject) = subject else {
        return Ok(vec![(Case::default(), None)]);
    };
    let cases = subject.cases.as_ref().map_err(|why| *why)?.iter();
    Ok(cases
        .map(|(case, subject)| (case.clone(), subject.as_ref()))
        .collect())
}

fn attach_by(
    id: &str,
    narrow: Option<&SubjectCases>,
    wide: Option<&SubjectCases>,
    side: Direction,
) -> Vec<AttachChange> {
    let comes = match (narrow, wide, side) {
        (None, _, Direction::Gains) | (_, None, Direction::Losses) => Some(Comes::Comes),
        (_, None, Direction::Gains) | (None, _, Direction::Losses) => Some(Comes::Goes),
        (Some(_), Some(_), _) => None,
    };
    let change = |when: Option<SomeCases>, what: Attaches| AttachChange {
        subject: id.to_owned(),
        when,
        comes,
        what,
    };
    let (narrow_cases, wide_cases) = match (cases_of(narrow), cases_of(wide)) {
        (Ok(narrow), Ok(wide)) => (narrow, wide),
        (Err(why), _) | (_, Err(why)) => {
            let is_same = narrow.map(|one| &one.identity) == wide.map(|one| &one.identity);
            let is_undecided = side == Direction::Gains && !is_same;
            let undecided = is_undecided.then(|| Attaches::Undecided(why.into()));
            return undecided
                .map(|what| change(None, what))
                .into_iter()
                .collect();
        }
    };
    let mut changes: Vec<AttachChange> = Vec::new();
    for (wide_case, wide) in &wide_cases {
        let mut counterparts: Vec<_> = narrow_cases
            .iter()
            .filter(|(case, _)| case.agrees(wide_case))
            .collect();
        if counterparts.is_empty() {
            // A case that the other side does not have is compared with every case that it has.
            counterparts = narrow_cases.iter().collect();
        }
        for (narrow_case, narrow) in counterparts {
            for what in wider(*narrow, *wide, side) {
                let case = if wide_case.is_always() {
                    narrow_case
                } else {
                    wide_case
                };
                let when = (!case.is_always()).then(|| SomeCases::one(case.clone()));
                let change = change(when, what);
                if !changes.contains(&change) {
                    changes.push(change);
                }
            }
        }
    }
    changes
}

/// The layers that one subject allows attaching and another one does not. Either may be missing.
///
/// A part that is not understood makes no difference if it is the same on both sides; otherwise the
/// comparison is undecided. The rest is compared twice: as it is, and by what it forbids whatever
/// else is allowed, since policies add up.
fn wider(narrow: Option<&Subject>, wide: Option<&Subject>, side: Direction) -> Vec<Attaches> {
    let mut found = Vec::new();
    if !mean_the_same(narrow, wide) {
        if side == Direction::Gains {
            found.extend(undecided(narrow, wide).into_iter().map(Attaches::Undecided));
        }
        found.extend(allowed_beyond(narrow, wide));
        found.extend(not_forbidden_beyond(narrow, wide));
        for right in Right::HANDLING {
            found.extend(handled_beyond(narrow, wide, right));
        }
    }
    // A subject that is removed with its policies takes nothing away from others.
    let is_gone = wide.is_none() && narrow.is_some_and(|narrow| !narrow.kind.is_held_by_others());
    if !is_gone {
        let nothing = Applicability::default();
        let old = narrow.map_or(&nothing, |subject| &subject.applicability);
        // What is lost within a boundary that is not understood is unknown.
        let known = (side == Direction::Losses && old.known_levels < old.levels)
            .then(|| old.within_what_is_known());
        let old = known.as_ref().unwrap_or(old);
        let new = wide.map_or(&nothing, |subject| &subject.applicability);
        let mut all = if old == new {
            Vec::new()
        } else if may_be_boundaries(narrow, wide) {
            beyond(&old.without_allowing(), &new.without_allowing())
        } else {
            beyond(old, new)
        };
        if let (Some(narrow), Some(_)) = (narrow, wide) {
            all.extend(rolled_out_beyond(old, new, narrow.kind.is_held_by_others()));
        }
        found.extend(all.into_iter().map(Attaches::Applies));
    }
    found
}

fn mean_the_same(one: Option<&Subject>, other: Option<&Subject>) -> bool {
    let (Some(one), Some(other)) = (one, other) else {
        return one.is_none() && other.is_none();
    };
    let (ours, theirs) = (&one.policies, &other.policies);
    one.kind == other.kind
        && ours.request == theirs.request
        && ours.levels.len() == theirs.levels.len()
        && ours
            .levels
            .iter()
            .zip(&theirs.levels)
            .all(|(own, other)| documents_mean_the_same(own, other))
        && documents_mean_the_same(&ours.guardrails, &theirs.guardrails)
}

fn documents_mean_the_same(ours: &[Document], theirs: &[Document]) -> bool {
    ours.len() == theirs.len()
        && ours
            .iter()
            .zip(theirs)
            .all(|(own, other)| own.means_the_same(other))
}

/// Whether a subject grants what it allows, compared with the same subject on the other side. What
/// may be a boundary on both sides is compared by what it forbids.
fn grants(subject: &Subject, other: Option<&Subject>) -> bool {
    !subject.kind.only_restricts() && !may_be_boundaries(Some(subject), other)
}

fn may_be_boundaries(one: Option<&Subject>, other: Option<&Subject>) -> bool {
    [one, other]
        .iter()
        .all(|side| side.is_some_and(|subject| subject.kind.may_be_boundary()))
}

/// A layer that only the wide side allows attaching or reading.
fn allowed_beyond(narrow: Option<&Subject>, wide: Option<&Subject>) -> Option<Attaches> {
    let wide = wide.filter(|wide| grants(wide, narrow))?;
    let narrow = narrow.filter(|narrow| grants(narrow, Some(wide)));
    for half in [Half::Attach, Half::Read] {
        let before = match narrow {
            Some(narrow) => understood(&narrow.policies, half),
            None => Ok(Vec::new()),
        };
        let found = compared(
            before,
            understood(&wide.policies, half),
            |layer| match half {
                Half::Read => Attaches::AllowsHandling(Right::Read, layer),
                Half::Attach | Half::Both => Attaches::Allows(layer),
            },
        );
        if found.is_some() {
            return found;
        }
    }
    None
}

/// What policies allow attaching or reading, by the parts of them that are understood.
fn understood(
    policies: &EffectivePolicies,
    half: Half,
) -> Result<Vec<Allowance>, TooManyAllowances> {
    allowances(&within_what_is_known(policies), Bound::Understood, half)
}

/// A layer that only the narrow side forbids, whatever else is allowed.
fn not_forbidden_beyond(narrow: Option<&Subject>, wide: Option<&Subject>) -> Option<Attaches> {
    let narrow = narrow.filter(|narrow| wide.is_some() || narrow.kind.is_held_by_others())?;
    for half in [Half::Attach, Half::Read] {
        let before = understood(&narrow.policies.whatever_is_allowed(), half);
        let after = match wide {
            Some(wide) => understood(&wide.policies.whatever_is_allowed(), half),
            None => Ok(vec![Allowance::default()]),
        };
        if let Some(found) = compared(before, after, Attaches::DoesNotForbid) {
            return Some(found);
        }
    }
    None
}

/// A layer that only the wide side allows publishing or sharing, and one that only the narrow side
/// forbids, whatever else is allowed.
fn handled_beyond(narrow: Option<&Subject>, wide: Option<&Subject>, right: Right) -> Vec<Attaches> {
    let mut found = Vec::new();
    if let Some(wide) = wide.filter(|wide| grants(wide, narrow)) {
        let narrow = narrow.filter(|narrow| grants(narrow, Some(wide)));
        let before = narrow.map_or(Ok(Vec::new()), |narrow| {
            understood_right(&narrow.policies, right)
        });
        found.extend(compared(
            before,
            understood_right(&wide.policies, right),
            |layer| Attaches::AllowsHandling(right, layer),
        ));
    }
    if let Some(narrow) = narrow.filter(|narrow| wide.is_some() || narrow.kind.is_held_by_others())
    {
        let before = understood_right(&narrow.policies.whatever_is_allowed(), right);
        let after = wide.map_or(Ok(vec![right::every(right)]), |wide| {
            understood_right(&wide.policies.whatever_is_allowed(), right)
        });
        found.extend(compared(before, after, |layer| {
            Attaches::DoesNotForbidHandling(right, layer)
        }));
    }
    found
}

/// What policies allow by a right, by the parts of them that are understood.
fn understood_right(
    policies: &EffectivePolicies,
    right: Right,
) -> Result<Vec<Allowance>, TooManyAllowances> {
    right::allowances(&within_what_is_known(policies), Bound::Understood, right)
}

fn compared(
    narrow: Result<Vec<Allowance>, TooManyAllowances>,
    wide: Result<Vec<Allowance>, TooManyAllowances>,
    change: impl Fn(String) -> Attaches,
) -> Option<Attaches> {
    match (narrow, wide) {
        (Ok(narrow), Ok(wide)) => match layer_beyond(&wide, &narrow) {
            Ok(layer) => layer.map(change),
            Err(why) => Some(Attaches::Undecided(why.into())),
        },
        (Err(why), _) | (_, Err(why)) => Some(Attaches::Undecided(why.into())),
    }
}
