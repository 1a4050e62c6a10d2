//! The layers that policies allow attaching, as patterns, and questions about them.

use super::doubt::{Doubt, TooManyAllowances};
use super::provenance::Provenance;
use crate::pattern::{BudgetExceeded, Domain, Pattern, Search};
use std::collections::HashSet;

/// The most allowances that are distinguished.
const MOST: usize = 256;

/// The most searches that are made to find a layer outside of several allowances.
const MOST_SEARCHES: usize = 1024;

/// Whose ARNs an allowance is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Among {
    /// Versions of layers.
    #[default]
    LayerVersions,
    /// Layers, without a version.
    Layers,
}

impl Among {
    fn domain(self) -> &'static Domain {
        match self {
            Self::LayerVersions => Domain::layer_versions(),
            Self::Layers => Domain::layers(),
        }
    }
}

/// One way in which policies allow an action on a layer, such as attaching it: a disjunct of their
/// meaning in disjunctive normal form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    /// Each layer of the list matches at least one pattern of each group.
    pub within: Vec<Vec<Pattern>>,
    /// No layer of the list matches any of these.
    pub outside: Vec<Pattern>,
    /// Other layers that the list must hold.
    pub needs: Vec<Need>,
    /// The functions that it is about are in all of these sets.
    pub functions: Vec<FunctionSet>,
    /// The statements that allow it.
    pub by: Vec<Provenance>,
    /// Whose ARNs the patterns are for.
    pub among: Among,
}

/// Some layer of the list matches one of these patterns, or none of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The patterns.
    pub patterns: Vec<Pattern>,
    /// Whether the layer matches.
    pub fits: bool,
}

/// The functions that a statement names, or all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionSet {
    /// The patterns of their ARNs.
    pub patterns: Vec<Pattern>,
    /// Whether the functions match one of them.
    pub fits: bool,
}

/// The layers that can be attached.
#[derive(Clone, Debug, Default)]
pub struct AttachableLayers {
    /// For certain.
    pub certain: Vec<Allowance>,
    /// Whatever is not excluded.
    pub possible: Vec<Allowance>,
    /// Why the two differ.
    pub doubts: Vec<Doubt>,
}

impl AttachableLayers {
    /// Lists each doubt once, in the order of their texts.
    pub(super) fn tidy_doubts(&mut self) {
        self.doubts.sort_by_cached_key(ToString::to_string);
        self.doubts.dedup();
    }
}

impl Allowance {
    /// Whether the other layers that it needs can exist, and a function that it is about.
    /// `if_undecided` is returned when the search gives up.
    #[must_use]
    pub fn is_satisfiable(&self, if_undecided: bool) -> bool {
        self.has_function(if_undecided) && self.has_company(if_undecided)
    }

    /// Whether it is about any function.
    pub(super) fn has_function(&self, if_undecided: bool) -> bool {
        if self.functions.is_empty() {
            return true;
        }
        let mut search = Search::among(Domain::functions());
        for set in &self.functions {
            search = if set.fits {
                search.within(&set.patterns)
            } else {
                search.outside(&set.patterns)
            };
        }
        let found = search.shortest();
        found.map_or(if_undecided, |found| found.is_some())
    }

    /// Whether the other layers that it needs can exist.
    fn has_company(&self, if_undecided: bool) -> bool {
        self.needs.iter().all(|need| {
            let found = if need.fits {
                self.layer(Some(&need.patterns), &[])
            } else {
                self.layer(None, &need.patterns)
            };
            found.map_or(if_undecided, |found| found.is_some())
        })
    }

    /// A layer that it allows, within a set if one is given, and outside another one.
    ///
    /// # Errors
    ///
    /// Where that is not decided in bounded time.
    pub fn layer(
        &self,
        within: Option<&[Pattern]>,
        outside: &[Pattern],
    ) -> Result<Option<String>, BudgetExceeded> {
        let within: Vec<&[Pattern]> = self
            .within
            .iter()
            .map(Vec::as_slice)
            .chain(within)
            .collect();
        layer(self.among, &within, &[&self.outside, outside])
    }

    /// A layer that it allows and no other of some allowances does, within a set if one is given.
    ///
    /// # Errors
    ///
    /// Where that is not decided in bounded time.
    pub fn layer_beyond(
        &self,
        others: &[Self],
        set: Option<&[Pattern]>,
    ) -> Result<Option<String>, BudgetExceeded> {
        self.search_beyond(others, set, &mut MOST_SEARCHES.clone())
    }

    /// The number of ways in which a layer escapes it: it matches no pattern of a group, or one of
    /// the exceptions.
    fn exits(&self) -> usize {
        self.within.len() + usize::from(!self.outside.is_empty())
    }

    /// A layer escapes each of the others through one of its groups, or through its exceptions;
    /// every combination is searched.
    fn search_beyond(
        &self,
        others: &[Self],
        set: Option<&[Pattern]>,
        searches: &mut usize,
    ) -> Result<Option<String>, BudgetExceeded> {
        let mut combinations: usize = 1;
        for other in others {
            combinations = combinations
                .checked_mul(other.exits())
                .ok_or(BudgetExceeded)?;
        }
        *searches = searches.checked_sub(combinations).ok_or(BudgetExceeded)?;
        for combination in 0..combinations {
            let mut rest = combination;
            let mut within: Vec<&[Pattern]> =
                self.within.iter().map(Vec::as_slice).chain(set).collect();
            let mut outside = vec![self.outside.as_slice()];
            for other in others {
                let exit = rest % other.exits();
                rest /= other.exits();
                match other.within.get(exit) {
                    Some(group) => outside.push(group),
                    None => within.push(&other.outside),
                }
            }
            if let Some(found) = layer(self.among, &within, &outside)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Adds what another one asks for.
    fn add(&mut self, other: &Self) {
        self.within.extend_from_slice(&other.within);
        self.outside.extend_from_slice(&other.outside);
        self.needs.extend_from_slice(&other.needs);
        self.functions.extend_from_slice(&other.functions);
        self.by.extend_from_slice(&other.by);
    }

    /// Its identity among allowances.
    fn key(&self) -> (&[Vec<Pattern>], &[Pattern]) {
        (&self.within, &self.outside)
    }
}

/// A layer that one of the first allows and none of the others does.
///
/// # Errors
///
/// Where that is not decided in bounded time.
pub fn layer_beyond(
    first: &[Allowance],
    others: &[Allowance],
) -> Result<Option<String>, BudgetExceeded> {
    let known: HashSet<_> = others.iter().map(Allowance::key).collect();
    let mut searches = MOST_SEARCHES;
    for allowance in first
        .iter()
        .filter(|allowance| !known.contains(&allowance.key()))
    {
        if let Some(found) = allowance.search_beyond(others, None, &mut searches)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Sorts allowances and removes duplicates.
pub(super) fn tidy(allowances: &mut Vec<Allowance>) {
    allowances.sort_by(|a, b| a.key().cmp(&b.key()));
    allowances.dedup_by(|a, b| a.key() == b.key());
}

/// A layer that matches a pattern of each group, and none of the exceptions.
fn layer(
    among: Among,
    within: &[&[Pattern]],
    outside: &[&[Pattern]],
) -> Result<Option<String>, BudgetExceeded> {
    let mut search = Search::among(among.domain());
    for group in within {
        search = search.within(*group);
    }
    for group in outside {
        search = search.outside(*group);
    }
    search.shortest()
}

/// Removes redundant parts: a pattern that another one covers, a group that contains another one,
/// and a group that every layer matches.
pub(super) fn simplify(allowance: &mut Allowance) {
    let every = Pattern::new("*");
    allowance.within.retain(|group| !group.contains(&every));
    allowance.within.iter_mut().for_each(reduce);
    reduce(&mut allowance.outside);
    let mut kept: Vec<Vec<Pattern>> = Vec::new();
    for group in std::mem::take(&mut allowance.within) {
        if !kept.iter().any(|other| is_within(other, &group)) {
            kept.retain(|other| !is_within(&group, other));
            kept.push(group);
        }
    }
    kept.sort();
    allowance.within = kept;
}

/// Whether each pattern of one union is covered by a pattern of another one.
fn is_within(small: &[Pattern], large: &[Pattern]) -> bool {
    small
        .iter()
        .all(|one| large.iter().any(|other| other.plainly_covers(one)))
}

/// Takes out the patterns that others of a union cover.
fn reduce(union: &mut Vec<Pattern>) {
    // Beyond a size that any policy has, it would take longer than it saves.
    const MOST_COMPARED: usize = 1000;
    union.sort();
    union.dedup();
    if union.len() <= MOST_COMPARED {
        let all = union.clone();
        union.retain(|one| {
            !all.iter()
                .any(|other| other != one && other.plainly_covers(one))
        });
    }
}

/// Every allowance of the first together with every one of the second.
pub(super) fn product(
    mut first: Vec<Allowance>,
    second: &[Allowance],
) -> Result<Vec<Allowance>, TooManyAllowances> {
    if first.len().saturating_mul(second.len()) > MOST {
        return Err(TooManyAllowances);
    }
    // Most policies have one way to escape each Deny.
    if let [only] = second {
        for one in &mut first {
            one.add(only);
        }
        return Ok(first);
    }
    let mut all = Vec::with_capacity(first.len() * second.len());
    for a in &first {
        for b in second {
            let mut both = a.clone();
            both.add(b);
            all.push(both);
        }
    }
    Ok(all)
}
