//! All cases of an answer, and those of them in which something holds.

use super::case::{Case, DeployVariable, Setting};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// All cases of an answer. Many answers have the same ones, which they share.
#[derive(Clone, Debug)]
pub struct AllCases(Arc<Listed>);

#[derive(Debug)]
struct Listed {
    cases: Vec<Case>,
    /// What its cases have in common, once somebody asks.
    likeness: OnceLock<Likeness>,
}

impl AllCases {
    /// These cases.
    #[must_use]
    pub fn of(cases: Vec<Case>) -> Self {
        let likeness = OnceLock::new();
        Self(Arc::new(Listed { cases, likeness }))
    }

    /// The cases.
    #[must_use]
    pub fn as_slice(&self) -> &[Case] {
        &self.0.cases
    }

    /// A number by which it differs from every other one that is in memory, and not from its
    /// clones.
    #[must_use]
    pub fn place(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    fn likeness(&self) -> &Likeness {
        let all = &self.0.cases;
        self.0.likeness.get_or_init(|| Likeness::of(all))
    }
}

impl Default for AllCases {
    /// The one case that there is where a deploy decides nothing.
    fn default() -> Self {
        Self::of(vec![Case::default()])
    }
}

impl PartialEq for AllCases {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.cases == other.0.cases
    }
}

impl Eq for AllCases {}

/// Some of the cases of an answer: those in which something holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CasePart {
    all: AllCases,
    /// The places of the others, in order.
    others: Vec<u32>,
}

impl CasePart {
    /// Those of all cases that are at these places, in order.
    #[must_use]
    pub fn of(all: AllCases, places: &[usize]) -> Self {
        let mut known = places.iter().copied().peekable();
        let others = (0..all.as_slice().len())
            .filter(|place| known.next_if_eq(place).is_none())
            .map(|place| place as u32)
            .collect();
        Self { all, others }
    }

    /// Those of all cases that are among some, which are in the same order.
    #[must_use]
    pub fn among(all: &AllCases, some: &[Case]) -> Self {
        let mut some = some.iter().peekable();
        let mut others = Vec::new();
        for (place, case) in all.as_slice().iter().enumerate() {
            let mut is_one = false;
            while some.next_if_eq(&case).is_some() {
                is_one = true;
            }
            if !is_one {
                others.push(place as u32);
            }
        }
        let all = all.clone();
        Self { all, others }
    }

    /// All cases, among which these are.
    #[must_use]
    pub fn all(&self) -> &AllCases {
        &self.all
    }

    /// Whether these are all cases.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.others.is_empty()
    }

    /// Whether the case at a place is one of these.
    #[must_use]
    pub fn has(&self, place: usize) -> bool {
        let is_there = place < self.all.as_slice().len();
        is_there && self.others.binary_search(&(place as u32)).is_err()
    }

    /// The places of these cases among all.
    pub fn places(&self) -> impl Iterator<Item = usize> {
        let mut others = self.others.iter().copied().peekable();
        let all = 0..self.all.as_slice().len();
        all.filter(move |place| others.next_if_eq(&(*place as u32)).is_none())
    }

    /// The places of the others among all.
    pub fn other_places(&self) -> impl Iterator<Item = usize> {
        self.others.iter().map(|place| *place as usize)
    }

    /// These cases.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        let all = self.all.as_slice();
        self.places().filter_map(|place| all.get(place))
    }

    /// The others.
    pub fn others(&self) -> impl Iterator<Item = &Case> {
        let all = self.all.as_slice();
        self.other_places().filter_map(|place| all.get(place))
    }

    /// Whether each of these cases is one of another part of the same cases.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        let mut own = self.others.iter().peekable();
        other.others.iter().all(|place| {
            while own.next_if(|one| *one < place).is_some() {}
            own.peek() == Some(&place)
        })
    }
}

/// Some of the cases of an answer, and not all, without the variables that do not matter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SomeCases(Vec<Case>);

impl SomeCases {
    /// These cases; `None` if they are all cases.
    #[must_use]
    pub fn of(part: &CasePart) -> Option<Self> {
        (!part.is_whole()).then(|| Self::at(&part.all, part.places().collect()))
    }

    /// The others; `None` if they are all cases.
    #[must_use]
    pub fn others_of(part: &CasePart) -> Option<Self> {
        let is_whole = part.others.len() == part.all.as_slice().len();
        (!is_whole).then(|| Self::at(&part.all, part.other_places().collect()))
    }

    /// One case of several.
    #[must_use]
    pub fn one(case: Case) -> Self {
        Self(vec![case])
    }

    fn at(all: &AllCases, places: Vec<usize>) -> Self {
        let cases = places.iter().filter_map(|place| all.as_slice().get(*place));
        let cases: Vec<Case> = cases.cloned().collect();
        if cases.len() < 2 {
            return Self(cases);
        }
        Self(Merging::new(all.likeness(), cases, &places).merged())
    }
}

impl fmt::Display for SomeCases {
    /// In words, for use after *if*.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&shown.join(", or "))
    }
}

/// What cases are, apart from one variable: the variable, then the other decisions, as numbers.
type CaseRest = Vec<u32>;

/// The cases that differ in one variable only, as groups. A case is in a group for each of its
/// variables.
#[derive(Debug, Default)]
struct Likeness {
    groups: HashMap<CaseRest, usize>,
    /// The number of cases in each group.
    sizes: Vec<usize>,
    /// Of each case, its decisions as numbers, each with the number of its variable.
    decisions: Vec<Vec<(u32, u32)>>,
}

impl Likeness {
    fn of(all: &[Case]) -> Self {
        let mut found = Self::default();
        let mut variables: HashMap<&DeployVariable, u32> = HashMap::new();
        let mut settings: HashMap<(u32, &Setting), u32> = HashMap::new();
        for case in all {
            let mut decisions = Vec::with_capacity(case.decisions().len());
            for (variable, setting) in case.decisions() {
                let next = variables.len() as u32;
                let variable = *variables.entry(variable).or_insert(next);
                let next = settings.len() as u32;
                let setting = *settings.entry((variable, setting)).or_insert(next);
                decisions.push((variable, setting));
            }
            for leave_out in 0..decisions.len() {
                let next = found.sizes.len();
                let group = found.groups.entry(rest(&decisions, leave_out));
                let group = *group.or_insert(next);
                match found.sizes.get_mut(group) {
                    Some(size) => *size += 1,
                    None => found.sizes.push(1),
                }
            }
            found.decisions.push(decisions);
        }
        found
    }

    /// The groups of a case by the places of its variables; none where no case of all is in it.
    fn groups_of(&self, decisions: &[(u32, u32)]) -> Vec<Option<usize>> {
        let groups = (0..decisions.len()).map(|place| self.groups.get(&rest(decisions, place)));
        groups.map(Option::<&usize>::copied).collect()
    }
}

fn rest(decisions: &[(u32, u32)], leave_out: usize) -> CaseRest {
    let mut rest = Vec::with_capacity(decisions.len());
    rest.extend(decisions.get(leave_out).map(|(variable, _)| *variable));
    let others = decisions.iter().enumerate();
    rest.extend(
        others
            .filter(|(place, _)| *place != leave_out)
            .map(|(_, (_, setting))| *setting),
    );
    rest
}

/// A case that may be merged with others.
struct Mergeable {
    case: Case,
    decisions: Vec<(u32, u32)>,
    groups: Vec<Option<usize>>,
}

/// Some cases while the variables that do not matter are left out of them.
struct Merging<'l> {
    all: &'l Likeness,
    /// `None` for one that is merged with others.
    some: Vec<Option<Mergeable>>,
    /// The number of them in each group that has any.
    sizes: HashMap<usize, usize>,
}

impl<'l> Merging<'l> {
    fn new(all: &'l Likeness, cases: Vec<Case>, places: &[usize]) -> Self {
        let mut merging = Self {
            all,
            some: Vec::with_capacity(cases.len()),
            sizes: HashMap::new(),
        };
        for (case, place) in cases.into_iter().zip(places) {
            let decisions = all.decisions.get(*place).cloned().unwrap_or_default();
            merging.add(case, decisions);
        }
        merging
    }

    fn add(&mut self, case: Case, decisions: Vec<(u32, u32)>) {
        let groups = self.all.groups_of(&decisions);
        for group in groups.iter().flatten() {
            *self.sizes.entry(*group).or_default() += 1;
        }
        self.some.push(Some(Mergeable {
            case,
            decisions,
            groups,
        }));
    }

    /// Whether all cases of a group are there, and are more than one.
    fn is_complete(&self, group: usize) -> bool {
        let size = self.sizes.get(&group).copied().unwrap_or_default();
        size > 1 && self.all.sizes.get(group) == Some(&size)
    }

    /// The cases with one variable left out of some of them after the other, where all of its
    /// settings are among them.
    fn merged(mut self) -> Vec<Case> {
        let mut at = 0;
        while let Some(slot) = self.some.get(at) {
            let complete = slot.as_ref().and_then(|one| {
                let mut groups = one.groups.iter().enumerate();
                groups.find_map(|(place, group)| {
                    Some((place, group.filter(|group| self.is_complete(*group))?))
                })
            });
            let Some((place, group)) = complete else {
                at += 1;
                continue;
            };
            if self.merge(at, place, group) {
                at = 0;
            }
        }
        self.some
            .into_iter()
            .flatten()
            .map(|one| one.case)
            .collect()
    }

    /// Merges a group, and returns whether that completes another one.
    fn merge(&mut self, at: usize, place: usize, group: usize) -> bool {
        let Some(one) = self.some.get(at).and_then(Option::as_ref) else {
            return false;
        };
        let case = one.case.without_place(place);
        let mut decisions = one.decisions.clone();
        decisions.remove(place);
        let mut changed = Vec::new();
        for slot in &mut self.some {
            let is_in = slot
                .as_ref()
                .is_some_and(|one| one.groups.contains(&Some(group)));
            for gone in slot
                .take_if(|_| is_in)
                .into_iter()
                .flat_map(|one| one.groups)
                .flatten()
            {
                if let Some(size) = self.sizes.get_mut(&gone) {
                    *size -= 1;
                }
                changed.push(gone);
            }
        }
        self.add(case, decisions);
        let added = self.some.last().and_then(Option::as_ref);
        changed.extend(added.into_iter().flat_map(|one| &one.groups).flatten());
        changed.into_iter().any(|group| self.is_complete(group))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cases of three switches, of which the last one matters only if the first is on.
    fn all() -> Vec<Case> {
        let mut all = Vec::new();
        for number in 0..6 {
            let mut on = vec![number >= 2, number % 2 == 1];
            on.extend((number >= 2).then_some(number >= 4));
            let decisions = on.iter().zip(["A", "B", "C"]).map(|(on, name)| {
                let value = if *on { "yes" } else { "no" };
                let variable = DeployVariable::Parameter(name.into());
                (variable, Setting::Is(value.into(), false))
            });
            all.push(Case(decisions.collect()));
        }
        all
    }

    /// One variable after the other is left out, each time of the first case that allows it.
    fn merged(mut some: Vec<Case>, all: &[Case]) -> Vec<Case> {
        fn without(case: &Case, variable: &DeployVariable) -> Option<Case> {
            let place = case
                .decisions()
                .iter()
                .position(|(one, _)| one == variable)?;
            Some(case.without_place(place))
        }
        'again: loop {
            for case in &some {
                for (variable, _) in case.decisions() {
                    let rest = without(case, variable);
                    let is_like = |other: &&Case| without(other, variable) == rest;
                    let like = some.iter().filter(is_like).count();
                    if like > 1 && like == all.iter().filter(is_like).count() {
                        let others = some.iter().filter(|other| !is_like(other));
                        some = others.cloned().chain(rest.clone()).collect();
                        continue 'again;
                    }
                }
            }
            return some;
        }
    }

    #[test]
    fn cases_are_merged_where_a_variable_does_not_matter() {
        let all = all();
        for subset in 0_u32..1 << all.len() {
            let places = (0..all.len()).filter(|place| subset >> place & 1 == 1);
            let part = CasePart::of(AllCases::of(all.clone()), &places.collect::<Vec<_>>());
            let some: Vec<Case> = part.cases().cloned().collect();
            assert_eq!(part, CasePart::among(part.all(), &some));
            let expected = (some.len() < all.len()).then(|| SomeCases(merged(some, &all)));
            assert_eq!(SomeCases::of(&part), expected, "{subset:b}");
        }
    }

    #[test]
    fn a_part_is_within_another_one_with_the_same_cases_and_more() {
        let all = AllCases::of(all());
        let [none, one, two] = [&[][..], &[1], &[1, 4]].map(|at| CasePart::of(all.clone(), at));
        assert!(none.is_within(&one) && one.is_within(&two) && two.is_within(&two));
        assert!(!two.is_within(&one) && !one.is_within(&none));
        assert!(two.has(4) && !two.has(5) && !two.has(6));
    }
}
