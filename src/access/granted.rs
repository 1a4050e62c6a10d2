//! Whether one side of a comparison grants what the other side grants, case by case.

use super::grants::{GrantedBy, SharedVersion, Who, WrittenPrincipal};
use crate::cloudformation::Case;
use crate::cloudformation::cases::{AllCases, CasePart};
use crate::partial::{Text, Unknown, UnknownOrigin};
use crate::rules::formats::{
    ACCOUNT_PATTERN, OPTIONAL_ACCOUNT_PATTERN, OPTIONAL_ORGANIZATION_PATTERN, ORGANIZATION_PATTERN,
};
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

/// How the cases of two sides relate to each other, as far as somebody asks, and the work that is
/// left for that: it is in proportion to the grants of both sides, and far beyond what deployed
/// templates take.
pub(super) struct Comparison {
    /// The number of steps that are left.
    left: usize,
    /// By the places of both lists of cases in memory.
    relations: HashMap<(usize, usize), Relation>,
}

/// More cases would have to be compared than there is work left for.
#[derive(Clone, Copy, Debug)]
pub(super) struct TooMuchToCompare;

/// How the cases of one list relate to those of another one.
struct Relation {
    are_equal: bool,
    /// For each case of the first, the places of those of the other one in which a deploy may be,
    /// too.
    agreeing: OnceCell<Rows>,
    /// For each case of the first, the places of those with its defaults in the other one.
    by_default: OnceCell<Rows>,
}

type Rows = Vec<Vec<usize>>;

impl Comparison {
    /// Of two sides with this number of grants.
    pub fn of(grants: usize) -> Self {
        const LEAST: usize = 4_000_000;
        const OF_A_GRANT: usize = 1000;
        Self {
            left: LEAST + OF_A_GRANT * grants,
            relations: HashMap::new(),
        }
    }

    fn spend(&mut self, work: usize) -> Result<(), TooMuchToCompare> {
        self.left = self.left.checked_sub(work).ok_or(TooMuchToCompare)?;
        Ok(())
    }

    fn relation(
        &mut self,
        one: &AllCases,
        other: &AllCases,
    ) -> Result<&Relation, TooMuchToCompare> {
        let key = (one.place(), other.place());
        if !self.relations.contains_key(&key) {
            self.spend(one.as_slice().len())?;
        }
        Ok(self.relations.entry(key).or_insert_with(|| Relation {
            are_equal: one == other,
            agreeing: OnceCell::new(),
            by_default: OnceCell::new(),
        }))
    }

    /// Whether some cases are among those of the other side, where both sides have the same cases:
    /// these exclude each other.
    fn is_part(&mut self, part: &CasePart, other: &CasePart) -> Result<bool, TooMuchToCompare> {
        self.spend(1)?;
        let is_same = self.relation(part.all(), other.all())?.are_equal;
        Ok(is_same && part.is_within(other))
    }

    /// The places of the cases of the other side in which a deploy of one case may be, too.
    fn agreeing(
        &mut self,
        one: &AllCases,
        place: usize,
        other: &AllCases,
    ) -> Result<Vec<usize>, TooMuchToCompare> {
        self.rows(
            one,
            place,
            other,
            |relation| &relation.agreeing,
            Case::agrees,
        )
    }

    /// The places of the cases of the other side with the defaults of one case.
    fn with_defaults(
        &mut self,
        one: &AllCases,
        place: usize,
        other: &AllCases,
    ) -> Result<Vec<usize>, TooMuchToCompare> {
        self.rows(
            one,
            place,
            other,
            |relation| &relation.by_default,
            |case, known| known.decides_no_more_than(case) && known.has_defaults_as(case),
        )
    }

    fn rows(
        &mut self,
        one: &AllCases,
        place: usize,
        other: &AllCases,
        of: impl Fn(&Relation) -> &OnceCell<Rows>,
        is_one: impl Fn(&Case, &Case) -> bool,
    ) -> Result<Vec<usize>, TooMuchToCompare> {
        let (own, others) = (one.as_slice(), other.as_slice());
        if of(self.relation(one, other)?).get().is_none() {
            self.spend(own.len() * others.len())?;
        }
        let rows = of(self.relation(one, other)?).get_or_init(|| {
            let mut rows = Vec::with_capacity(own.len());
            for case in own {
                let all = others.iter().enumerate();
                let same = all.filter(|(_, known)| is_one(case, known));
                rows.push(same.map(|(place, _)| place).collect());
            }
            rows
        });
        let row = rows.get(place).cloned().unwrap_or_default();
        self.spend(1 + row.len())?;
        Ok(row)
    }
}

/// The grants of a version, by what a principal on the other side may be.
pub(super) struct GrantsOfVersion<'g> {
    version: &'g SharedVersion,
    found: OnceCell<ByName<'g>>,
}

/// The principals of a version by their names in other forms than their own.
#[derive(Default)]
struct ByName<'g> {
    /// Those that may be anybody, by what is written.
    alone: HashMap<&'g Text, Vec<&'g Who>>,
    /// Those that are parameters, by their names.
    parameters: HashMap<&'g str, Vec<&'g Who>>,
    /// Those that are unknown, as if they could not be empty.
    if_given: HashMap<IfGiven<'g>, Vec<&'g Who>>,
}

/// Whether it is an organization, the origin of an unknown ID, and its identity.
pub(super) type IfGiven<'g> = (bool, &'g UnknownOrigin, String);

impl<'g> GrantsOfVersion<'g> {
    pub fn new(version: &'g SharedVersion) -> Self {
        Self {
            version,
            found: OnceCell::new(),
        }
    }

    /// Whether its layer has the same names as that of another version.
    pub fn is_named_as(&self, other: &SharedVersion) -> bool {
        self.version.is_named_as(other)
    }

    /// Whether the version is shared with somebody, or with everyone, in every deploy in which
    /// a grant of the other side holds.
    pub fn covers(
        &self,
        who: &Who,
        by: &GrantedBy,
        comparison: &mut Comparison,
    ) -> Result<bool, TooMuchToCompare> {
        // Nearly always, the same grant is there: a version may have a thousand others.
        let own = self.version.grants.get(who).into_iter().flatten();
        for before in own {
            if comparison.is_part(&by.when, &before.when)? {
                return Ok(true);
            }
        }
        for place in by.when.places() {
            if !self.is_granted(who, by.when.all(), place, comparison)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the version is shared with somebody, or with everyone, in every deploy of a case. A
    /// principal that is a parameter is one account where the parameter has that value.
    fn is_granted(
        &self,
        who: &Who,
        all: &AllCases,
        place: usize,
        comparison: &mut Comparison,
    ) -> Result<bool, TooMuchToCompare> {
        comparison.spend(1)?;
        let Some(case) = all.as_slice().get(place) else {
            return Ok(false);
        };
        for granted in self.same_as(who, Some(case)) {
            for by in self.version.grants.get(granted).into_iter().flatten() {
                let agreeing = comparison.agreeing(all, place, by.when.all())?;
                let (inside, outside): (Vec<usize>, Vec<usize>) =
                    agreeing.into_iter().partition(|place| by.when.has(*place));
                let mut outside = outside.into_iter();
                if !inside.is_empty()
                    && outside.all(|place| self.is_granted_by_value(who, by.when.all(), place))
                {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The principals of the version that are this one under the same parameters, or everyone;
    /// in a case, also the parameters that have its value.
    fn same_as(&self, who: &Who, case: Option<&Case>) -> Vec<&'g Who> {
        let grants = &self.version.grants;
        let named = self.named();
        let mut found: Vec<&Who> = grants
            .get_key_value(who)
            .map(|(who, _)| who)
            .into_iter()
            .collect();
        if case.is_some() {
            found.extend(grants.get_key_value(&Who::Everyone).map(|(who, _)| who));
        }
        match who {
            Who::Account(id) => found.extend(named.alone.get(id).into_iter().flatten()),
            Who::Unknown(_, WrittenPrincipal::Alone(id)) => {
                let account = Who::Account(id.clone());
                found.extend(grants.get_key_value(&account).map(|(who, _)| who));
            }
            Who::Everyone | Who::Organization(_) | Who::Owner | Who::Unknown(..) => {}
        }
        if let Some(key) = if_given(who) {
            found.extend(named.if_given.get(&key).into_iter().flatten());
        }
        if let (Who::Account(value) | Who::Organization(value), Some(case)) = (who, case)
            && let Some(value) = value.as_literal()
        {
            for name in case.parameters_with(value) {
                let parameters = named.parameters.get(name).into_iter().flatten();
                let is_account = matches!(who, Who::Account(_));
                found.extend(
                    parameters.filter(|one| is_account != matches!(one, Who::Organization(_))),
                );
            }
        }
        found
    }

    fn named(&self) -> &ByName<'g> {
        self.found.get_or_init(|| {
            let mut found = ByName::default();
            for who in self.version.grants.keys() {
                if let Some(id) = alone(who) {
                    found.alone.entry(id).or_default().push(who);
                }
                if let Some(name) = parameter(who) {
                    found.parameters.entry(name).or_default().push(who);
                }
                if let Some(key) = if_given(who) {
                    found.if_given.entry(key).or_default().push(who);
                }
            }
            found
        })
    }

    /// Whether the version is shared with a parameter in a case, in which it has one value.
    fn is_granted_by_value(&self, who: &Who, all: &AllCases, place: usize) -> bool {
        let Some(case) = all.as_slice().get(place) else {
            return false;
        };
        let value = parameter(who).and_then(|name| case.value_of(name));
        let same = match (who, value) {
            (Who::Account(_) | Who::Unknown(..), Some(value)) => {
                Some(Who::Account(Text::literal(value)))
            }
            (Who::Organization(_), Some(value)) => Some(Who::Organization(Text::literal(value))),
            (Who::Everyone | Who::Owner, Some(_)) | (_, None) => None,
        };
        let all = [Some(Who::Everyone), same];
        let by = all
            .iter()
            .flatten()
            .filter_map(|who| self.version.grants.get(who));
        by.flatten()
            .any(|by| by.when.cases().any(|known| known == case))
    }

    /// The one grant of the version to somebody; `None` if there are several, which may hold in
    /// different cases.
    pub fn only(&self, who: &Who) -> Option<&'g GrantedBy> {
        let same: HashSet<&Who> = self.same_as(who, None).into_iter().collect();
        let grants = self.version.grants.iter();
        let mut all = grants
            .filter(|(who, _)| same.contains(who))
            .flat_map(|(_, by)| by);
        let (only, None) = (all.next()?, all.next()) else {
            return None;
        };
        Some(only)
    }

    /// A case of some grants that has a default, and that no case of this side is with its own
    /// defaults.
    pub fn new_by_default<'c>(
        &self,
        who: &Who,
        by: &'c [GrantedBy],
        comparison: &mut Comparison,
    ) -> Result<Option<&'c Case>, TooMuchToCompare> {
        let same = [who, &Who::Everyone].into_iter();
        let before = same.filter_map(|who| self.version.grants.get(who));
        let before: Vec<&GrantedBy> = before.flatten().collect();
        let known: OnceCell<HashSet<&Case>> = OnceCell::new();
        'grants: for by in by {
            for before in &before {
                if comparison.is_part(&by.when, &before.when)? {
                    continue 'grants;
                }
            }
            let cases = by.when.places().zip(by.when.cases());
            for (place, case) in cases.filter(|(_, case)| case.has_default()) {
                let known =
                    known.get_or_init(|| before.iter().flat_map(|by| by.when.cases()).collect());
                if !known.contains(case) && !has_defaults(&before, by, place, comparison)? {
                    return Ok(Some(case));
                }
            }
        }
        Ok(None)
    }
}

/// Whether a case of some grants is with its own defaults what a case of another grant is with its
/// defaults.
fn has_defaults(
    before: &[&GrantedBy],
    by: &GrantedBy,
    place: usize,
    comparison: &mut Comparison,
) -> Result<bool, TooMuchToCompare> {
    for before in before {
        let same = comparison.with_defaults(by.when.all(), place, before.when.all())?;
        if same.iter().any(|place| before.when.has(*place)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What is written of a principal that may be anybody.
pub(super) fn alone(who: &Who) -> Option<&Text> {
    match who {
        Who::Unknown(_, WrittenPrincipal::Alone(id)) => Some(id),
        Who::Everyone | Who::Organization(_) | Who::Account(_) | Who::Owner | Who::Unknown(..) => {
            None
        }
    }
}

/// The name of the parameter that a principal is.
fn parameter(who: &Who) -> Option<&str> {
    match who {
        Who::Account(id) | Who::Organization(id) | Who::Unknown(_, WrittenPrincipal::Alone(id)) => {
            id.as_parameter()
        }
        Who::Everyone | Who::Owner | Who::Unknown(..) => None,
    }
}

/// What an organization or account of an unknown ID is the same as, if an empty ID is nobody:
/// Lambda accepts no empty ID. Any other value is allowed on both sides.
pub(super) fn if_given(who: &Who) -> Option<IfGiven<'_>> {
    let (is_organization, id) = match who {
        Who::Account(id) => (false, id),
        Who::Organization(id) => (true, id),
        Who::Everyone | Who::Owner | Who::Unknown(..) => return None,
    };
    let unknown = id.as_unknown()?;
    Some((is_organization, &unknown.origin, identity_if_given(unknown)))
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
