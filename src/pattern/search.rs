//! A search for a shortest text that fits some patterns and does not fit others.
//!
//! The patterns are read side by side, as one machine whose states are the sets of places they may have come to. States
//! are made as they are needed, breadth first, so that the first text found is a shortest. Three things keep them few.
//! Of characters that mean the same to every pattern, one is tried. A pattern that has come to a `*` forgets the places
//! before it, since whatever fits from there fits from the `*` as well. And where all texts have the same number of
//! colons, the wildcards of a pattern with as many colons stand for none.
//!
//! Hostile patterns can still make very many states. The work is counted and bounded; beyond the bound the answer is
//! [`TooLarge`], never a wrong one.

use super::{Domain, Pattern, Sign, overlap};
use std::collections::{HashMap, HashSet};

/// The places that are looked at before a search gives up: some hundred milliseconds, and as many times 4 bytes at most.
const WORK: usize = 10_000_000;

/// The patterns are too entangled to be told apart in bounded time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

/// A question: is there a text of the domain that fits some pattern of each group, and none of those left out?
#[derive(Clone, Debug)]
pub struct Search<'a> {
    domain: &'a Domain,
    groups: Vec<Vec<&'a Pattern>>,
    outside: Vec<&'a Pattern>,
    work: usize,
}

impl<'a> Search<'a> {
    /// Any text of the domain.
    #[must_use]
    pub fn among(domain: &'a Domain) -> Self {
        Self { domain, groups: Vec::new(), outside: Vec::new(), work: WORK }
    }

    /// Of those, the texts that fit at least one of these patterns.
    #[must_use]
    pub fn within(mut self, patterns: impl IntoIterator<Item = &'a Pattern>) -> Self {
        let mut patterns: Vec<&Pattern> = patterns.into_iter().collect();
        patterns.sort_unstable();
        patterns.dedup();
        self.groups.push(patterns);
        self
    }

    /// Of those, the texts that fit none of these patterns.
    #[must_use]
    pub fn outside(mut self, patterns: impl IntoIterator<Item = &'a Pattern>) -> Self {
        self.outside.extend(patterns);
        self
    }

    /// A shortest of these texts; `None` where there is none.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] where that cannot be found out in bounded time.
    pub fn shortest(mut self) -> Result<Option<String>, TooLarge> {
        self.outside.sort_unstable();
        self.outside.dedup();
        // A text that fits a union fits one of its patterns: the largest union is taken apart and its patterns are
        // looked at one by one, each beside those of the others that it overlaps.
        let largest = (0..self.groups.len()).max_by_key(|&group| self.groups[group].len());
        let Some(largest) = largest else {
            return self.breadth_first(&Patterns::new(self.domain, &[], &self.outside), usize::MAX);
        };
        let alternatives = self.groups.swap_remove(largest);
        let others: Vec<Index<'_>> = self.groups.iter().map(|group| Index::new(self.domain, group)).collect();
        let outside = Index::new(self.domain, &self.outside);
        let mut best: Option<String> = None;
        for pattern in alternatives {
            if self.outside.binary_search(&pattern).is_ok() {
                continue;
            }
            let without = outside.overlapping(pattern);
            if without.iter().any(|out| out.plainly_covers(pattern)) {
                continue;
            }
            let mut groups = vec![vec![pattern]];
            groups.extend(others.iter().map(|other| other.overlapping(pattern)));
            if groups.iter().any(Vec::is_empty) {
                continue;
            }
            let patterns = Patterns::new(self.domain, &groups, &without);
            let shorter_than = best.as_ref().map_or(usize::MAX, |best| best.chars().count());
            best = self.breadth_first(&patterns, shorter_than)?.or(best);
        }
        Ok(best)
    }

    /// A shortest text with fewer than so many characters.
    fn breadth_first(&mut self, patterns: &Patterns, shorter_than: usize) -> Result<Option<String>, TooLarge> {
        let Some(places) = patterns.start() else {
            return Ok(None);
        };
        let start = Node { state: Domain::start(), places, before: usize::MAX, character: ' ', length: 0 };
        let mut seen: HashSet<(usize, Vec<u32>)> = HashSet::from([(start.state, start.places.clone())]);
        let mut nodes = vec![start];
        let mut next = 0;
        while let Some(node) = nodes.get(next) {
            if node.length >= shorter_than {
                return Ok(None);
            }
            if self.domain.accepts(node.state) && patterns.accept(&node.places) {
                return Ok(Some(text(&nodes, next)));
            }
            let length = node.length + 1;
            let mut found = Vec::new();
            for (character, state) in self.domain.steps(node.state, &patterns.wanted(&node.places)) {
                self.work = self.work.checked_sub(node.places.len() + 1).ok_or(TooLarge)?;
                if let Some(places) = patterns.step(&node.places, character) {
                    found.push(Node { state, places, before: next, character, length });
                }
            }
            for node in found {
                if seen.insert((node.state, node.places.clone())) {
                    nodes.push(node);
                }
            }
            next += 1;
        }
        Ok(None)
    }
}

/// A state that has been reached.
struct Node {
    state: usize,
    /// The places that the patterns may have come to, in order.
    places: Vec<u32>,
    before: usize,
    character: char,
    length: usize,
}

/// The text that leads to a node.
fn text(nodes: &[Node], to: usize) -> String {
    let mut characters = Vec::new();
    let mut at = to;
    while let Some(node) = nodes.get(at).filter(|node| node.length > 0) {
        characters.push(node.character);
        at = node.before;
    }
    characters.iter().rev().collect()
}

/// The patterns of a search, one behind the other. A place is that of a sign, or the end behind the last sign.
struct Patterns {
    /// The sign at each place; `None` at an end.
    signs: Vec<Option<Sign>>,
    /// The pattern that each place belongs to.
    owners: Vec<u32>,
    /// For each pattern, whether its wildcards stand for no colon.
    in_fields: Vec<bool>,
    /// The group of each pattern; the last number stands for those that must not fit.
    groups_of: Vec<u32>,
    /// The number of groups.
    groups: u32,
    /// Where each pattern begins.
    starts: Vec<u32>,
}

impl Patterns {
    fn new(domain: &Domain, groups: &[Vec<&Pattern>], outside: &[&Pattern]) -> Self {
        let mut patterns = Self {
            signs: Vec::new(),
            owners: Vec::new(),
            in_fields: Vec::new(),
            groups_of: Vec::new(),
            groups: groups.len() as u32,
            starts: Vec::new(),
        };
        let all = groups.iter().map(Vec::as_slice).chain([outside]);
        for (group, members) in all.enumerate() {
            for pattern in members {
                let owner = patterns.starts.len() as u32;
                patterns.starts.push(patterns.signs.len() as u32);
                patterns.groups_of.push(group as u32);
                patterns.in_fields.push(Some(pattern.fields().len()) == domain.colons().map(|colons| colons + 1));
                patterns.signs.extend(pattern.0.iter().copied().map(Some).chain([None]));
                patterns.owners.resize(patterns.signs.len(), owner);
            }
        }
        patterns
    }

    fn sign(&self, place: u32) -> Option<Sign> {
        self.signs.get(place as usize).copied().flatten()
    }

    fn owner(&self, place: u32) -> usize {
        self.owners.get(place as usize).map_or(usize::MAX, |owner| *owner as usize)
    }

    fn group(&self, place: u32) -> u32 {
        self.groups_of.get(self.owner(place)).copied().unwrap_or(u32::MAX)
    }

    fn start(&self) -> Option<Vec<u32>> {
        let mut places = Vec::new();
        self.starts.iter().for_each(|&start| self.enter(start, &mut places));
        self.tidy(places)
    }

    /// Adds a place, and the one behind it where that is reached without a character.
    fn enter(&self, place: u32, places: &mut Vec<u32>) {
        places.push(place);
        if self.sign(place) == Some(Sign::Any) {
            places.push(place + 1);
        }
    }

    /// The characters that some place asks for, in order.
    fn wanted(&self, places: &[u32]) -> Vec<char> {
        let asked = places.iter().filter_map(|&place| match self.sign(place) {
            Some(Sign::Character(character)) => Some(character),
            // To a wildcard that stands for no colon, a colon is a character of its own.
            Some(Sign::Any | Sign::One) if self.in_fields.get(self.owner(place)) == Some(&true) => Some(':'),
            _ => None,
        });
        let mut wanted: Vec<char> = asked.collect();
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    }

    /// The places that a character leads to; `None` where no text goes on from them.
    fn step(&self, places: &[u32], character: char) -> Option<Vec<u32>> {
        let mut reached = Vec::with_capacity(places.len());
        for &place in places {
            let stays_in_field = character != ':' || self.in_fields.get(self.owner(place)) != Some(&true);
            match self.sign(place) {
                Some(Sign::Character(wanted)) if wanted == character => self.enter(place + 1, &mut reached),
                Some(Sign::One) if stays_in_field => self.enter(place + 1, &mut reached),
                Some(Sign::Any) if stays_in_field => self.enter(place, &mut reached),
                _ => {}
            }
        }
        self.tidy(reached)
    }

    /// The places in order, without those that say nothing beside others; `None` where no text goes on from them.
    fn tidy(&self, mut places: Vec<u32>) -> Option<Vec<u32>> {
        places.sort_unstable();
        places.dedup();
        let mut kept = Vec::with_capacity(places.len());
        let mut alive = vec![false; self.groups as usize];
        let mut certain = vec![None; self.groups as usize];
        let mut forgets = u32::MAX;
        for &place in places.iter().rev() {
            let owner = self.owner(place) as u32;
            if owner == forgets {
                continue;
            }
            let group = self.group(place);
            if self.sign(place) == Some(Sign::Any) {
                forgets = owner;
                let fits_all = self.sign(place + 1).is_none();
                if fits_all && group == self.groups {
                    return None;
                }
                if let (true, Some(certain)) = (fits_all, certain.get_mut(group as usize)) {
                    *certain = Some(place);
                }
            }
            if let Some(alive) = alive.get_mut(group as usize) {
                *alive = true;
            }
            kept.push(place);
        }
        // Of a group of which one pattern fits whatever comes, the others say nothing.
        kept.retain(|&place| {
            let certain = certain.get(self.group(place) as usize).copied().flatten();
            certain.is_none_or(|certain| place == certain || place == certain + 1)
        });
        kept.reverse();
        alive.into_iter().all(|alive| alive).then_some(kept)
    }

    /// Whether a text that ends here fits a pattern of each group, and none of those that must not fit.
    fn accept(&self, places: &[u32]) -> bool {
        let mut fits = vec![false; self.groups as usize];
        for &place in places.iter().filter(|&&place| self.sign(place).is_none()) {
            match fits.get_mut(self.group(place) as usize) {
                Some(fits) => *fits = true,
                None => return false,
            }
        }
        fits.into_iter().all(|fits| fits)
    }
}

/// Patterns by what stands in one of their fields, to find those that overlap another without looking at all.
struct Index<'a> {
    /// The fields of each pattern; none where its wildcards may stand for colons.
    patterns: Vec<(&'a Pattern, Vec<&'a [Sign]>)>,
    field: usize,
    literal: HashMap<&'a [Sign], Vec<usize>>,
    others: Vec<usize>,
}

impl<'a> Index<'a> {
    fn new(domain: &Domain, patterns: &[&'a Pattern]) -> Self {
        let fields = |pattern: &'a Pattern| {
            let fields = pattern.fields();
            let bound = domain.colons().is_some_and(|colons| fields.len() == colons + 1);
            if bound { fields } else { Vec::new() }
        };
        let patterns: Vec<_> = patterns.iter().map(|pattern| (*pattern, fields(pattern))).collect();
        let distinct = |field: usize| {
            let texts = patterns.iter().filter_map(|(_, fields)| fields.get(field).filter(|text| is_literal(text)));
            texts.collect::<HashSet<_>>().len()
        };
        let number = domain.colons().map_or(0, |colons| colons + 1);
        let field = (0..number).max_by_key(|&field| distinct(field)).unwrap_or_default();
        let mut index = Self { patterns, field, literal: HashMap::new(), others: Vec::new() };
        for (place, (_, fields)) in index.patterns.iter().enumerate() {
            match fields.get(field).filter(|text| is_literal(text)) {
                Some(text) => index.literal.entry(text).or_default().push(place),
                None => index.others.push(place),
            }
        }
        index
    }

    /// The patterns that some text of the domain fits together with this one, as far as can be told field by field.
    fn overlapping(&self, pattern: &Pattern) -> Vec<&'a Pattern> {
        let fields = pattern.fields();
        let bound = self.patterns.iter().any(|(_, theirs)| theirs.len() == fields.len());
        let mut places: Vec<usize> = match fields.get(self.field).filter(|text| bound && is_literal(text)) {
            Some(text) => {
                let same = self.literal.get(text).into_iter().flatten();
                same.chain(&self.others).copied().collect()
            }
            None => (0..self.patterns.len()).collect(),
        };
        places.sort_unstable();
        let overlaps = |(theirs, their_fields): &&(&Pattern, Vec<&[Sign]>)| {
            if their_fields.len() == fields.len() {
                their_fields.iter().zip(&fields).all(|(theirs, own)| overlap(theirs, own))
            } else {
                theirs.overlaps(pattern)
            }
        };
        places
            .iter()
            .filter_map(|&place| self.patterns.get(place))
            .filter(overlaps)
            .map(|(theirs, _)| *theirs)
            .collect()
    }
}

fn is_literal(signs: &[Sign]) -> bool {
    signs.iter().all(|sign| matches!(sign, Sign::Character(_)))
}
