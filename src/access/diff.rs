//! The changes between two templates: who gains and who loses access to which layer version, and
//! which layers may newly be attached.

use super::Access;
use super::applicability::{Applicability, beyond, rolled_out_beyond};
use super::part_change::{PartChange, not_read};
use super::subject::{Subject, SubjectCases};
use super::unclear::{Undecided, undecided, within_what_is_known};
pub use super::use_change::{Note, Prominence, UseChange};
use super::use_change::{ids_of, kept, outlasting, republished, uses};
use super::wider::Wider;
use crate::cloudformation::cases::SomeCases;
use crate::cloudformation::{Case, Decisions, TooManyCases};
use crate::iam::allowance::{Allowance, layer_beyond};
use crate::iam::attach::{Half, allowances};
use crate::iam::document::Document;
use crate::iam::doubt::TooManyAllowances;
use crate::iam::effective::{Bound, EffectivePolicies};
use crate::iam::right::{self, Right};
use std::collections::{BTreeMap, BTreeSet};

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
        let ids = ids_of(&new.grants);
        lost.retain(|change| match kept(change, &old.grants, &ids) {
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
    let mut left = steps(narrow.subjects.iter().chain(&wide.subjects));
    let mut changes = Vec::new();
    for id in ids {
        let (narrow, wide) = (narrow_cases.get(id).copied(), wide_cases.get(id).copied());
        changes.extend(attach_by(id, narrow, wide, side, &mut left));
    }
    changes
}

/// How many steps the comparison of some subjects may take. It is in proportion to their
/// statements, and far beyond what deployed templates take: each subject may have dozens of cases
/// in which it differs.
fn steps<'s>(subjects: impl Iterator<Item = &'s SubjectCases>) -> usize {
    const LEAST: usize = 60_000;
    const OF_A_STATEMENT: usize = 32;
    let largest = subjects.map(|subject| {
        let cases = subject.cases.iter().flatten();
        cases
            .map(|(_, subject)| size(subject.as_ref()))
            .max()
            .unwrap_or_default()
    });
    LEAST + OF_A_STATEMENT * largest.sum::<usize>()
}

/// The number of statements of a subject, and of its other parts.
fn size(subject: Option<&Subject>) -> usize {
    let documents = subject
        .into_iter()
        .flat_map(|subject| subject.policies.documents());
    1 + documents
        .map(|document| 1 + document.statements.len())
        .sum::<usize>()
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

/// A resource as written, with all that decides about it if it has too many cases.
fn written(subject: &SubjectCases) -> (&str, Option<&Decisions>) {
    (&subject.identity, subject.decisions.as_ref())
}

fn attach_by(
    id: &str,
    narrow: Option<&SubjectCases>,
    wide: Option<&SubjectCases>,
    side: Direction,
    left: &mut usize,
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
            let is_same = narrow.map(written) == wide.map(written);
            let is_undecided = side == Direction::Gains && !is_same;
            let undecided = is_undecided.then(|| Attaches::Undecided(why.into()));
            return undecided
                .map(|what| change(None, what))
                .into_iter()
                .collect();
        }
    };
    changes_in_cases(&narrow_cases, &wide_cases, side, left, &change)
}

/// The changes between the cases of both sides, until no step is left.
fn changes_in_cases(
    narrow: &[SubjectInCase<'_>],
    wide: &[SubjectInCase<'_>],
    side: Direction,
    left: &mut usize,
    change: &impl Fn(Option<SomeCases>, Attaches) -> AttachChange,
) -> Vec<AttachChange> {
    let mut changes: Vec<AttachChange> = Vec::new();
    let mut last: Option<&Case> = None;
    let mut begun = 0;
    for (narrow, wide) in compared_cases(narrow, wide, left) {
        let ((narrow_case, narrow), (wide_case, wide)) = (narrow, wide);
        if are_same(*narrow, *wide) {
            continue;
        }
        let Some(rest) = left.checked_sub(size(*narrow) + size(*wide)) else {
            *left = 0;
            let why = Attaches::Undecided(Undecided::Cases);
            changes.extend((side == Direction::Gains).then(|| change(None, why)));
            return changes;
        };
        *left = rest;
        let case = if wide_case.is_always() {
            narrow_case
        } else {
            wide_case
        };
        // Those of one case follow each other.
        if last != Some(case) {
            last = Some(case);
            begun = changes.len();
        }
        for what in wider(*narrow, *wide, side) {
            let when = (!case.is_always()).then(|| SomeCases::one(case.clone()));
            let change = change(when, what);
            if !changes.iter().skip(begun).any(|known| *known == change) {
                changes.push(change);
            }
        }
    }
    changes
}

/// Whether two subjects are the same, so that neither is wider.
fn are_same(one: Option<&Subject>, other: Option<&Subject>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => {
            let is_known = one.applicability.known_levels == one.applicability.levels;
            is_known
                && mean_the_same(Some(one), Some(other))
                && one.applicability == other.applicability
        }
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// How many pairs of cases are compared while two statements are.
const CASES_OF_A_STEP: usize = 256;

/// A subject in a case, if the case creates it.
type SubjectInCase<'s> = (Case, Option<&'s Subject>);

/// The cases of both sides that are compared with each other: those of one deploy, and those of a
/// deploy that leaves parameters at their defaults, which may be other values on each side.
fn compared_cases<'c, 's>(
    narrow: &'c [SubjectInCase<'s>],
    wide: &'c [SubjectInCase<'s>],
    left: &mut usize,
) -> Vec<(&'c SubjectInCase<'s>, &'c SubjectInCase<'s>)> {
    let mut both = narrow.iter().zip(wide);
    // Where both sides have the same cases, these exclude each other, and their defaults are the
    // same.
    if narrow.len() == wide.len() && both.all(|(narrow, wide)| narrow.0 == wide.0) {
        return narrow.iter().zip(wide).collect();
    }
    *left = left.saturating_sub(narrow.len() * wide.len() / CASES_OF_A_STEP);
    let mut found = Vec::new();
    for wide in wide {
        let same = narrow.iter().filter(|(case, _)| case.agrees(&wide.0));
        let before = found.len();
        found.extend(same.map(|narrow| (narrow, wide)));
        if found.len() == before {
            // A case that the other side does not have is compared with every case that it has.
            found.extend(narrow.iter().map(|narrow| (narrow, wide)));
        } else if wide.0.has_default() {
            // With other defaults, a deploy that does not name them was in another case.
            let others = narrow
                .iter()
                .filter(|(case, _)| case.has_defaults_as(&wide.0) && !case.agrees(&wide.0));
            found.extend(others.map(|narrow| (narrow, wide)));
        }
    }
    found
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::authored::Authored;
    use crate::cloudformation::Values;
    use serde_json::{Value as Json, json};

    /// A template with this many switches, each with a condition.
    fn switched(switches: usize) -> Json {
        let mut template = json!({"Parameters": {}, "Conditions": {}, "Resources": {}});
        for number in 0..switches {
            template["Parameters"][format!("S{number}")] =
                json!({"Type": "String", "AllowedValues": ["yes", "no"]});
            template["Conditions"][format!("C{number}")] =
                json!({"Fn::Equals": [{"Ref": format!("S{number}")}, "yes"]});
        }
        template
    }

    /// A text that each switch changes.
    fn by_switches(start: &str, switches: usize) -> Json {
        let mut parts = vec![json!(start)];
        let more = (0..switches).map(|number| json!({"Fn::If": [format!("C{number}"), "1", "0"]}));
        parts.extend(more);
        json!({"Fn::Join": ["", parts]})
    }

    fn grant(version: &Json, principal: &Json) -> Json {
        json!({"Type": "AWS::Lambda::LayerVersionPermission", "Properties": {
            "Action": "lambda:GetLayerVersion",
            "LayerVersionArn": version,
            "Principal": principal,
        }})
    }

    fn access(template: &Json) -> Access {
        Access::of_template(template.clone(), &Values::default(), Authored::default())
    }

    /// Grants that hang on eight switches. The budget is enough for some of them.
    fn grants(start: usize) -> Json {
        let mut template = switched(8);
        for number in 0..90 {
            let version = format!("arn:aws:lambda:eu-west-2:111122223333:layer:deps:{number}");
            let principal = by_switches(&format!("{:04}", start + number), 8);
            template["Resources"][format!("Grant{number}")] = grant(&version.into(), &principal);
        }
        template
    }

    #[test]
    fn a_grant_with_too_many_cases_to_compare_is_loud() {
        let (old, new) = (access(&grants(1000)), access(&grants(2000)));
        assert!(Diff::between(&old, &old).is_empty());
        let diff = Diff::between(&old, &new);
        let versions: BTreeSet<_> = diff.gained.iter().map(|change| &change.version).collect();
        assert_eq!(versions.len(), 90);
        let unknown = |change: &&UseChange| change.prominence == Prominence::Unknown;
        let undecided = diff.gained.iter().filter(unknown).count();
        assert!((1..90).contains(&undecided), "{undecided}");
    }

    #[test]
    fn grants_of_the_same_cases_differ_in_those_that_change() {
        let mut old = switched(3);
        old["Resources"]["Deps"] = json!({"Type": "AWS::Lambda::LayerVersion"});
        let mut new = old.clone();
        let version = json!({"Ref": "Deps"});
        let account = "111122223333";
        let both = json!({"Fn::If": ["C0", account, {"Fn::If": ["C1", account, "444455556666"]}]});
        let one = json!({"Fn::If": ["C0", account, {"Fn::If": ["C1", "444455556666", account]}]});
        old["Resources"]["Grant"] = grant(&version, &both);
        new["Resources"]["Grant"] = grant(&version, &one);
        let diff = Diff::between(&access(&old), &access(&new));
        let changes = |all: &[UseChange]| {
            all.iter()
                .map(|one| one.who.to_string())
                .collect::<Vec<_>>()
        };
        let accounts = ["account 111122223333", "account 444455556666"];
        assert_eq!(changes(&diff.gained), accounts);
        assert_eq!(changes(&diff.lost), accounts);
    }

    #[test]
    fn a_layer_with_too_many_names_is_another_one_if_what_decides_changes() {
        let mut old = switched(9);
        old["Resources"]["Deps"] = json!({"Type": "AWS::Lambda::LayerVersion", "Properties": {
            "LayerName": by_switches("deps-", 9),
        }});
        old["Resources"]["Grant"] = grant(&json!({"Ref": "Deps"}), &json!("111122223333"));
        let mut new = old.clone();
        new["Conditions"]["C0"] = json!({"Fn::Equals": [{"Ref": "S0"}, "no"]});
        let (old, new) = (access(&old), access(&new));
        assert!(Diff::between(&old, &old).is_empty());
        assert_eq!(Diff::between(&old, &new).gained.len(), 1);
    }

    #[test]
    fn a_role_with_too_many_cases_to_compare_is_undecided() {
        let role = |layer: usize| {
            let mut template = switched(8);
            for number in 0..60 {
                let resource = by_switches("arn:aws:lambda:*:111122223333:layer:", 8);
                let statement = json!({"Effect": "Allow", "Action": "lambda:GetLayerVersion",
                    "Resource": {"Fn::Join": ["", [resource, format!("{}:*", layer + number)]]}});
                template["Resources"][format!("Role{number}")] = json!({
                    "Type": "AWS::IAM::Role",
                    "Properties": {"Policies": [{"PolicyName": "policy", "PolicyDocument": {
                        "Statement": [statement],
                    }}]},
                });
            }
            access(&template)
        };
        let diff = Diff::between(&role(1000), &role(2000));
        let subjects: BTreeSet<_> = diff.wider.iter().map(|change| &change.subject).collect();
        assert_eq!(subjects.len(), 60);
        let why = Attaches::Undecided(Undecided::Cases);
        assert!(diff.wider.iter().any(|change| change.what == why));
    }
}
