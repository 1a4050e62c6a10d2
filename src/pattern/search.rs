//! A search for a shortest text that matches some patterns and does not match others.
//!
//! It explores the product of three automata: the texts of the domain ([`Dfa`]), the patterns that
//! must match, and those that must not ([`Nfa`]). It goes through prefixes of texts by length, and
//! keeps only the states that each leads to. The problem is hard: for some patterns, every known
//! procedure takes exponential time. Three ideas keep the usual questions small, and most of the
//! hostile ones:
//!
//! - Patterns share their prefixes.
//! - A pattern that must match is followed in one state at a time. Only for the patterns that must
//!   not match, all states are needed at once.
//! - If two prefixes reach the same state in the patterns that must match, and one of them is no
//!   further in those that must not, it subsumes the other, which is not explored (the idea of
//!   antichains).
//! - After the last `*` that a pattern has reached, its earlier states are forgotten: they can add
//!   nothing.
//! - States that need more `:` than an ARN has left are forgotten, so that a `*` does not run on
//!   into the next field.
//! - Only characters that patterns name at a state are tried, and one that represents all others.
//! - A pattern that must match is dropped at once if one that must not match plainly covers it.
//!
//! The work that is left is counted and bounded by a [`Budget`], and with it the memory, at about
//! 32 bytes for a step. Beyond the bound the answer is [`BudgetExceeded`], never a wrong one.

use super::budget::{Budget, BudgetExceeded, STEPS_TO_HOLD};
use super::class::Class;
use super::domain::{Dfa, Domain, DomainPosition};
use super::nfa::{Nfa, State};
use super::{Pattern, Symbol};
use std::collections::HashMap;
use std::rc::Rc;

/// A question: is there a text of the domain that matches some pattern of each group, and no
/// excluded pattern?
#[derive(Clone, Debug)]
pub struct Search<'a> {
    domain: &'a Domain,
    groups: Vec<Vec<&'a Pattern>>,
    outside: Vec<&'a Pattern>,
}

impl<'a> Search<'a> {
    /// Any text of the domain.
    #[must_use]
    pub fn among(domain: &'a Domain) -> Self {
        Self {
            domain,
            groups: Vec::new(),
            outside: Vec::new(),
        }
    }

    /// Adds a group: the text must match at least one of these patterns.
    #[must_use]
    pub fn within(mut self, patterns: impl IntoIterator<Item = &'a Pattern>) -> Self {
        self.groups.push(patterns.into_iter().collect());
        self
    }

    /// Adds exclusions: the text must match none of these patterns.
    #[must_use]
    pub fn outside(mut self, patterns: impl IntoIterator<Item = &'a Pattern>) -> Self {
        self.outside.extend(patterns);
        self
    }

    /// One of these texts; `None` if there is none. It is a shortest one in the part of the domain
    /// with the best witnesses, as far as the budget allows, and preferably one with characters
    /// that no pattern names.
    ///
    /// # Errors
    ///
    /// [`BudgetExceeded`] if the budget does not suffice to find out whether there is one.
    pub fn shortest(self) -> Result<Option<String>, BudgetExceeded> {
        let (preferred, whole) = self.domain.stages();
        let mut budget = Budget::default();
        let unwanted = Nfa::new(self.outside);
        let mut wanted = Vec::new();
        for group in self.groups {
            let mut open = Vec::new();
            for pattern in group {
                if !unwanted.plainly_covers(pattern, &mut budget)? {
                    open.push(pattern);
                }
            }
            wanted.push(Nfa::new(open));
        }
        if wanted.is_empty() {
            wanted.push(Nfa::new([&Pattern(vec![Symbol::Star])]));
        }
        // Usually there is no such text, which a search of the whole domain shows. If the whole is
        // too much, a text of a part is as good an answer.
        let shares = preferred.len() + 1;
        let search = |dfa| ProductSearch::new(&wanted, &unwanted, dfa, budget.share(shares)).run();
        match search(whole) {
            Ok(None) => Ok(None),
            known => {
                let found = preferred.iter().find_map(|dfa| search(dfa).ok().flatten());
                found.map_or(known, |text| Ok(Some(text)))
            }
        }
    }
}

/// One search through the texts of an automaton. It explores only what nothing visited before
/// subsumes.
struct ProductSearch<'a> {
    wanted: &'a [Nfa],
    unwanted: &'a Nfa,
    dfa: &'a Dfa,
    budget: Budget,
    /// For each state of the automaton and combination of states in the wanted patterns, as
    /// [`Self::set_key`] has them, what led there, and was not subsumed by anything before it.
    visited: HashMap<Box<[State]>, Vec<Visited>>,
    /// The lookup key; kept, like `ahead`, to avoid allocations.
    key: Vec<State>,
    /// Where a character leads from the states of a combination.
    ahead: Vec<Vec<State>>,
    /// What has been found, in order.
    prefixes: Vec<Prefix>,
}

/// A prefix of a text.
struct Prefix {
    /// The number of the prefix that is shorter by the last character; none for the empty one.
    before: Option<(usize, char)>,
    position: DomainPosition,
    /// The states in the unwanted patterns, in falling order.
    unwanted: Rc<[State]>,
    /// The combinations of states in the wanted patterns, one of each, one combination after the
    /// other.
    wanted: Vec<State>,
}

/// What led to a combination of states.
struct Visited {
    count: u32,
    wanted: Box<[State]>,
    unwanted: Rc<[State]>,
    /// A bit for the chain of each of the unwanted states, not always another one: most comparisons
    /// end here.
    bits: u64,
}

impl Visited {
    /// Whether every text that leads from `theirs` to a member also leads from here to one: as much
    /// may still be read, the wanted patterns are as far, and the unwanted ones no further.
    fn subsumes(
        &self,
        theirs: &Self,
        wanted: &[Nfa],
        unwanted: &Nfa,
        budget: &mut Budget,
    ) -> Result<bool, BudgetExceeded> {
        budget.charge(1)?;
        let mut states = self.wanted.iter().zip(&theirs.wanted).zip(wanted);
        if self.count > theirs.count
            || self.bits & !theirs.bits != 0
            || !states.all(|((&ours, &theirs), nfa)| nfa.subsumes(ours, theirs))
        {
            return Ok(false);
        }
        if Rc::ptr_eq(&self.unwanted, &theirs.unwanted) {
            return Ok(true);
        }
        budget.charge(self.unwanted.len() + theirs.unwanted.len())?;
        Ok(unwanted.subsumes_all(&theirs.unwanted, &self.unwanted))
    }
}

impl<'a> ProductSearch<'a> {
    fn new(wanted: &'a [Nfa], unwanted: &'a Nfa, dfa: &'a Dfa, budget: Budget) -> Self {
        let (visited, key, ahead, prefixes) = (
            HashMap::new(),
            Vec::new(),
            vec![Vec::new(); wanted.len()],
            Vec::new(),
        );
        Self {
            wanted,
            unwanted,
            dfa,
            budget,
            visited,
            key,
            ahead,
            prefixes,
        }
    }

    /// The first text there is.
    fn run(mut self) -> Result<Option<String>, BudgetExceeded> {
        let starts: Vec<_> = self.wanted.iter().map(Nfa::start).collect();
        let mut wanted = Vec::new();
        combine(&starts, &mut wanted, &mut self.budget)?;
        let unwanted = self.unwanted.start().into();
        self.add(Prefix {
            before: None,
            position: Dfa::START,
            unwanted,
            wanted,
        })?;
        let mut next = 0;
        while let Some(prefix) = self.prefixes.get_mut(next) {
            let wanted = std::mem::take(&mut prefix.wanted);
            let (position, unwanted) = (prefix.position, Rc::clone(&prefix.unwanted));
            if self.is_member(position, &wanted, &unwanted) {
                return Ok(Some(self.text(next)));
            }
            for (_, character, position) in self.characters(position, &wanted, &unwanted)? {
                let colons = self.dfa.colons(position);
                let unwanted = self
                    .unwanted
                    .follow_all(&unwanted, character, colons, &mut self.budget)?
                    .into();
                let wanted = self.follow(&wanted, character, colons)?;
                self.add(Prefix {
                    before: Some((next, character)),
                    position,
                    unwanted,
                    wanted,
                })?;
            }
            next += 1;
        }
        Ok(None)
    }

    /// Adds a prefix if it leads to something that no other one subsumes.
    fn add(&mut self, mut prefix: Prefix) -> Result<(), BudgetExceeded> {
        if self.unwanted.accepts_all(&prefix.unwanted) {
            return Ok(());
        }
        let bits = prefix.unwanted.iter().fold(0, |bits, &state| {
            bits | 1 << (self.unwanted.chain(state) % 64)
        });
        let mut kept = Vec::new();
        for states in prefix.wanted.chunks_exact(self.wanted.len()) {
            let (count, unwanted) = (prefix.position.count, Rc::clone(&prefix.unwanted));
            // Within literal text, only successors of new states occur: looking them up would be a
            // waste.
            let in_literal = self
                .wanted
                .iter()
                .zip(states)
                .all(|(nfa, &state)| nfa.is_in_literal(state));
            if in_literal
                || self.is_new(
                    Visited {
                        count,
                        wanted: states.into(),
                        unwanted,
                        bits,
                    },
                    prefix.position,
                )?
            {
                kept.extend_from_slice(states);
            }
        }
        prefix.wanted = kept;
        if !prefix.wanted.is_empty() {
            self.budget.charge(STEPS_TO_HOLD)?;
            self.prefixes.push(prefix);
        }
        Ok(())
    }

    /// Whether nothing that has been visited subsumes this; it counts as visited from now on.
    fn is_new(&mut self, ours: Visited, at: DomainPosition) -> Result<bool, BudgetExceeded> {
        // Only the state itself or a `*` subsumes a state, so these two keys are where to look.
        self.set_key(&ours.wanted, at, true);
        if self.is_subsumed(&ours)? {
            return Ok(false);
        }
        if self.set_key(&ours.wanted, at, false) && self.is_subsumed(&ours)? {
            return Ok(false);
        }
        let Some(visited) = self.visited.get_mut(self.key.as_slice()) else {
            self.visited.insert(self.key.as_slice().into(), vec![ours]);
            return Ok(true);
        };
        let mut done = Ok(());
        visited.retain(|theirs| {
            let subsumed = done
                .and_then(|()| ours.subsumes(theirs, self.wanted, self.unwanted, &mut self.budget));
            done = subsumed.map(|_| ());
            subsumed != Ok(true)
        });
        visited.push(ours);
        done.map(|()| true)
    }

    /// Whether something that has been visited under the key subsumes `ours`.
    fn is_subsumed(&mut self, ours: &Visited) -> Result<bool, BudgetExceeded> {
        self.budget.charge(self.key.len())?;
        for theirs in self.visited.get(self.key.as_slice()).into_iter().flatten() {
            if theirs.subsumes(ours, self.wanted, self.unwanted, &mut self.budget)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Sets the key under which states are visited, in which all `*` of a chain are one; with
    /// `at_stars`, as if each one were at a `*`. Answers whether the two differ.
    fn set_key(&mut self, states: &[State], at: DomainPosition, at_stars: bool) -> bool {
        let mut differ = false;
        self.key.clear();
        // The automaton of a domain has hundreds of states, so that the number always fits.
        self.key
            .push(State::try_from(at.state).unwrap_or(State::MAX));
        self.key
            .extend(self.wanted.iter().zip(states).map(|(nfa, &state)| {
                differ |= !nfa.is_star(state);
                // The highest numbers are free for chains.
                if at_stars || nfa.is_star(state) {
                    State::MAX - nfa.chain(state)
                } else {
                    state
                }
            }));
        differ
    }

    fn is_member(&self, position: DomainPosition, wanted: &[State], unwanted: &[State]) -> bool {
        let fits = |states: &[State]| {
            self.wanted
                .iter()
                .zip(states)
                .all(|(nfa, &state)| nfa.ends(state))
        };
        self.dfa.accepts(position)
            && !unwanted.iter().any(|&state| self.unwanted.ends(state))
            && wanted.chunks_exact(self.wanted.len()).any(fits)
    }

    /// The characters to go on with: whether they are named in a pattern at this state, which ones
    /// they are, and where they lead. Of those that are not named, which all lead to the same, one
    /// is enough. It comes first because it gets no further in the unwanted patterns than any
    /// other, so that what it leads to subsumes most of the rest.
    fn characters(
        &mut self,
        position: DomainPosition,
        wanted: &[State],
        unwanted: &[State],
    ) -> Result<Vec<(bool, char, DomainPosition)>, BudgetExceeded> {
        let (mut named, mut wild) = (Vec::new(), false);
        for states in wanted.chunks_exact(self.wanted.len()) {
            let mut all_wild = true;
            for (nfa, &state) in self.wanted.iter().zip(states) {
                named.extend(nfa.characters(state));
                all_wild &= nfa.is_wild(state);
            }
            wild |= all_wild;
        }
        if wild {
            named.extend(
                unwanted
                    .iter()
                    .flat_map(|&state| self.unwanted.characters(state)),
            );
        }
        self.budget.charge(named.len())?;
        named.sort_unstable();
        named.dedup();
        let mut found = Vec::new();
        for (class, to) in self.dfa.edges(position) {
            let other = Some(class)
                .filter(|_| wild)
                .and_then(|class: Class| class.best_without(&named));
            found.extend(other.map(|character| (false, character, to)));
            found.extend(
                named
                    .iter()
                    .filter(|&&one| class.contains(one))
                    .map(|&one| (true, one, to)),
            );
        }
        found.sort_by_key(|&(is_named, _, _)| is_named);
        Ok(found)
    }

    /// Where a character leads from the combinations of states.
    fn follow(
        &mut self,
        wanted: &[State],
        character: char,
        colons: Option<usize>,
    ) -> Result<Vec<State>, BudgetExceeded> {
        let mut after = Vec::with_capacity(wanted.len());
        for states in wanted.chunks_exact(self.wanted.len()) {
            for ((nfa, &state), ahead) in self.wanted.iter().zip(states).zip(&mut self.ahead) {
                nfa.follow(state, character, colons, ahead, &mut self.budget)?;
            }
            combine(&self.ahead, &mut after, &mut self.budget)?;
        }
        Ok(after)
    }

    /// The text of a prefix.
    fn text(&self, number: usize) -> String {
        let before = |number: usize| self.prefixes.get(number).and_then(|prefix| prefix.before);
        let characters = std::iter::successors(before(number), |&(number, _)| before(number));
        let mut text: Vec<char> = characters.map(|(_, character)| character).collect();
        text.reverse();
        text.into_iter().collect()
    }
}

/// Adds every combination of one of the first states, one of the second and so on, one after the
/// other.
fn combine(
    states: &[Vec<State>],
    to: &mut Vec<State>,
    budget: &mut Budget,
) -> Result<(), BudgetExceeded> {
    let combinations = states.iter().fold(1_usize, |product, states| {
        product.saturating_mul(states.len())
    });
    budget.charge(combinations.saturating_mul(states.len()))?;
    for number in 0..combinations {
        let mut rest = number;
        for states in states {
            to.extend(states.get(rest % states.len()));
            rest /= states.len();
        }
    }
    Ok(())
}
