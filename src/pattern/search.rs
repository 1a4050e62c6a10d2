//! A search for a shortest text that fits some patterns and does not fit others.
//!
//! The texts are gone through by their length; not they are held but the places in the patterns that they lead to. The
//! problem is a hard one: there are patterns for which every known procedure takes exponential time. What keeps the
//! usual questions small, and most of the hostile ones:
//!
//! - Patterns share their beginnings ([`Trie`]).
//! - A pattern that has to fit is followed at one place at a time. Only of those that must not fit all places have to be
//!   known at once.
//! - Where two beginnings of a text have come to the same place in what has to fit, and the one has got no further in
//!   what must not, the other one is not gone on from.
//! - Behind the last `*` that a pattern has reached, its earlier places are forgotten: they can do nothing more.
//! - Places that need more `:` than an ARN has left are forgotten, so that a `*` does not run on into the next field.
//! - Only characters that patterns name at a place are tried, and one that stands for all others.
//! - A pattern that has to fit is dropped at once where one that must not plainly covers it.
//!
//! The work that is left is counted and bounded, and with it the memory, at about 32 bytes for a step of it. No clock is
//! asked, so that a question has the same answer everywhere; beyond the bound it is [`TooLarge`], never a wrong one.

use super::class::Class;
use super::domain::{Domain, Machine, Position};
use super::trie::{Place, Trie};
use super::{Pattern, Sign};
use std::collections::HashMap;
use std::rc::Rc;

/// The steps that a search may take: one moves one place of a pattern by a character, or compares two places.
const STEPS: usize = 9_000_000;

/// The steps that it costs to hold one beginning of a text.
const STEPS_TO_HOLD: usize = 6;

/// The patterns are too entangled to be told apart in bounded time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

/// A question: is there a text of the domain that fits some pattern of each group, and none of those left out?
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
        Self { domain, groups: Vec::new(), outside: Vec::new() }
    }

    /// Of those, the texts that fit at least one of these patterns.
    #[must_use]
    pub fn within(mut self, patterns: impl IntoIterator<Item = &'a Pattern>) -> Self {
        self.groups.push(patterns.into_iter().collect());
        self
    }

    /// Of those, the texts that fit none of these patterns.
    #[must_use]
    pub fn outside(mut self, patterns: impl IntoIterator<Item = &'a Pattern>) -> Self {
        self.outside.extend(patterns);
        self
    }

    /// One of these texts; `None` where there is none. It is a shortest of the part of the domain that has the best
    /// witnesses, as far as that can be found out; and of the shortest one that has characters which no pattern names,
    /// where it can.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] where it cannot be found out in bounded time whether there is one.
    pub fn shortest(self) -> Result<Option<String>, TooLarge> {
        let (better, whole) = self.domain.stages();
        let mut work = Work::default();
        let unwanted = Trie::new(self.outside);
        let mut wanted = Vec::new();
        for group in self.groups {
            let mut open = Vec::new();
            for pattern in group {
                if !unwanted.plainly_covers(pattern, &mut work)? {
                    open.push(pattern);
                }
            }
            wanted.push(Trie::new(open));
        }
        if wanted.is_empty() {
            wanted.push(Trie::new([&Pattern(vec![Sign::Any])]));
        }
        // Mostly there is nothing to find, which a look at the whole shows. Where the whole is too much, a text of a part
        // is as good an answer.
        let each = work.left / (better.len() + 1);
        let search = |machine| Walk::new(&wanted, &unwanted, machine, Work { left: each }).run();
        match search(whole) {
            Ok(None) => Ok(None),
            known => {
                let found = better.iter().find_map(|machine| search(machine).ok().flatten());
                found.map_or(known, |text| Ok(Some(text)))
            }
        }
    }
}

/// The steps that may still be taken.
#[derive(Debug)]
pub struct Work {
    left: usize,
}

impl Default for Work {
    fn default() -> Self {
        Self { left: STEPS }
    }
}

impl Work {
    /// Takes some steps.
    pub fn spend(&mut self, steps: usize) -> Result<(), TooLarge> {
        self.left = self.left.checked_sub(steps).ok_or(TooLarge)?;
        Ok(())
    }
}

/// One search through a machine's texts. It goes on only from what nothing seen before stands for.
struct Walk<'a> {
    wanted: &'a [Trie],
    unwanted: &'a Trie,
    machine: &'a Machine,
    work: Work,
    /// For each state of the machine and combination of places in the wanted patterns, as [`Self::set_key`] has them,
    /// what led there and nothing before it stood for.
    seen: HashMap<Box<[Place]>, Vec<Seen>>,
    /// The key to look under; kept, as is `ahead`, to spare memory being asked for each time.
    key: Vec<Place>,
    /// Where a character leads from the places of a combination.
    ahead: Vec<Vec<Place>>,
    /// What has been found, in order.
    beginnings: Vec<Beginning>,
}

/// The beginning of a text.
struct Beginning {
    /// The number of the beginning that is shorter by the last character; none for the empty one.
    before: Option<(usize, char)>,
    position: Position,
    /// The places in the unwanted patterns, in falling order.
    unwanted: Rc<[Place]>,
    /// The combinations of places in the wanted patterns, one of each, one combination after the other.
    wanted: Vec<Place>,
}

/// What led to a combination of places.
struct Seen {
    count: u32,
    wanted: Box<[Place]>,
    unwanted: Rc<[Place]>,
    /// A bit for the stretch of each of the unwanted places, not always another one: most comparisons end here.
    bits: u64,
}

impl Seen {
    /// Whether every text that goes on from `theirs` to a member goes on from here to one too: as much may still be read,
    /// the wanted patterns have come as far, and the unwanted ones no further.
    fn stands_for(&self, theirs: &Self, wanted: &[Trie], unwanted: &Trie, work: &mut Work) -> Result<bool, TooLarge> {
        work.spend(1)?;
        let mut places = self.wanted.iter().zip(&theirs.wanted).zip(wanted);
        if self.count > theirs.count
            || self.bits & !theirs.bits != 0
            || !places.all(|((&ours, &theirs), trie)| trie.stands_for(ours, theirs))
        {
            return Ok(false);
        }
        if Rc::ptr_eq(&self.unwanted, &theirs.unwanted) {
            return Ok(true);
        }
        work.spend(self.unwanted.len() + theirs.unwanted.len())?;
        Ok(unwanted.all_stand_for(&theirs.unwanted, &self.unwanted))
    }
}

impl<'a> Walk<'a> {
    fn new(wanted: &'a [Trie], unwanted: &'a Trie, machine: &'a Machine, work: Work) -> Self {
        let (seen, key, ahead, beginnings) = (HashMap::new(), Vec::new(), vec![Vec::new(); wanted.len()], Vec::new());
        Self { wanted, unwanted, machine, work, seen, key, ahead, beginnings }
    }

    /// The first text there is.
    fn run(mut self) -> Result<Option<String>, TooLarge> {
        let starts: Vec<_> = self.wanted.iter().map(Trie::start).collect();
        let mut wanted = Vec::new();
        combine(&starts, &mut wanted, &mut self.work)?;
        let unwanted = self.unwanted.start().into();
        self.add(Beginning { before: None, position: Machine::START, unwanted, wanted })?;
        let mut next = 0;
        while let Some(beginning) = self.beginnings.get_mut(next) {
            let wanted = std::mem::take(&mut beginning.wanted);
            let (position, unwanted) = (beginning.position, Rc::clone(&beginning.unwanted));
            if self.is_member(position, &wanted, &unwanted) {
                return Ok(Some(self.text(next)));
            }
            for (_, character, position) in self.characters(position, &wanted, &unwanted)? {
                let colons = self.machine.colons(position);
                let unwanted = self.unwanted.follow_all(&unwanted, character, colons, &mut self.work)?.into();
                let wanted = self.follow(&wanted, character, colons)?;
                self.add(Beginning { before: Some((next, character)), position, unwanted, wanted })?;
            }
            next += 1;
        }
        Ok(None)
    }

    /// Adds a beginning if it leads to something that no other stands for.
    fn add(&mut self, mut beginning: Beginning) -> Result<(), TooLarge> {
        if self.unwanted.accepts_all(&beginning.unwanted) {
            return Ok(());
        }
        let bits = beginning.unwanted.iter().fold(0, |bits, &place| bits | 1 << (self.unwanted.stretch(place) % 64));
        let mut fresh = Vec::new();
        for places in beginning.wanted.chunks_exact(self.wanted.len()) {
            let (count, unwanted) = (beginning.position.count, Rc::clone(&beginning.unwanted));
            // Within literal text nothing new is met but what was new before it: looking it up would be a waste.
            let inner = self.wanted.iter().zip(places).all(|(trie, &place)| trie.is_inner(place));
            if inner || self.is_fresh(Seen { count, wanted: places.into(), unwanted, bits }, beginning.position)? {
                fresh.extend_from_slice(places);
            }
        }
        beginning.wanted = fresh;
        if !beginning.wanted.is_empty() {
            self.work.spend(STEPS_TO_HOLD)?;
            self.beginnings.push(beginning);
        }
        Ok(())
    }

    /// Whether nothing that has been seen stands for this; then it has been seen from now on.
    fn is_fresh(&mut self, ours: Seen, at: Position) -> Result<bool, TooLarge> {
        // What stands for a place is the place itself or a `*`, so these two keys are where to look.
        self.set_key(&ours.wanted, at, true);
        if self.stands(&ours)? {
            return Ok(false);
        }
        if self.set_key(&ours.wanted, at, false) && self.stands(&ours)? {
            return Ok(false);
        }
        let Some(seen) = self.seen.get_mut(self.key.as_slice()) else {
            self.seen.insert(self.key.as_slice().into(), vec![ours]);
            return Ok(true);
        };
        let mut done = Ok(());
        seen.retain(|theirs| {
            let needless = done.and_then(|()| ours.stands_for(theirs, self.wanted, self.unwanted, &mut self.work));
            done = needless.map(|_| ());
            needless != Ok(true)
        });
        seen.push(ours);
        done.map(|()| true)
    }

    /// Whether something that has been seen under the key stands for `ours`.
    fn stands(&mut self, ours: &Seen) -> Result<bool, TooLarge> {
        self.work.spend(self.key.len())?;
        for theirs in self.seen.get(self.key.as_slice()).into_iter().flatten() {
            if theirs.stands_for(ours, self.wanted, self.unwanted, &mut self.work)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Sets the key under which places are seen, in which all `*` of a stretch are one; with `runs`, as if each of them
    /// were at a `*`. Answers whether the two differ.
    fn set_key(&mut self, places: &[Place], at: Position, runs: bool) -> bool {
        let mut differ = false;
        self.key.clear();
        // A machine has hundreds of states, so that the number always fits.
        self.key.push(Place::try_from(at.state).unwrap_or(Place::MAX));
        self.key.extend(self.wanted.iter().zip(places).map(|(trie, &place)| {
            differ |= !trie.is_run(place);
            // The highest numbers are free for stretches.
            if runs || trie.is_run(place) { Place::MAX - trie.stretch(place) } else { place }
        }));
        differ
    }

    fn is_member(&self, position: Position, wanted: &[Place], unwanted: &[Place]) -> bool {
        let fits = |places: &[Place]| self.wanted.iter().zip(places).all(|(trie, &place)| trie.ends(place));
        self.machine.accepts(position)
            && !unwanted.iter().any(|&place| self.unwanted.ends(place))
            && wanted.chunks_exact(self.wanted.len()).any(fits)
    }

    /// The characters to go on with: whether they are named in a pattern at this place, which ones they are, and where
    /// they lead. Of those that are not named, which all lead to the same, one is enough. It comes first because it gets
    /// no further in the unwanted patterns than any other, so that what it leads to stands for most of the rest.
    fn characters(
        &mut self,
        position: Position,
        wanted: &[Place],
        unwanted: &[Place],
    ) -> Result<Vec<(bool, char, Position)>, TooLarge> {
        let (mut named, mut wild) = (Vec::new(), false);
        for places in wanted.chunks_exact(self.wanted.len()) {
            let mut all_wild = true;
            for (trie, &place) in self.wanted.iter().zip(places) {
                named.extend(trie.characters(place));
                all_wild &= trie.is_wild(place);
            }
            wild |= all_wild;
        }
        if wild {
            named.extend(unwanted.iter().flat_map(|&place| self.unwanted.characters(place)));
        }
        self.work.spend(named.len())?;
        named.sort_unstable();
        named.dedup();
        let mut found = Vec::new();
        for (class, to) in self.machine.edges(position) {
            let other = Some(class).filter(|_| wild).and_then(|class: Class| class.best_without(&named));
            found.extend(other.map(|character| (false, character, to)));
            found.extend(named.iter().filter(|&&one| class.contains(one)).map(|&one| (true, one, to)));
        }
        found.sort_by_key(|&(is_named, _, _)| is_named);
        Ok(found)
    }

    /// Where a character leads from the combinations of places.
    fn follow(&mut self, wanted: &[Place], character: char, colons: Option<usize>) -> Result<Vec<Place>, TooLarge> {
        let mut after = Vec::with_capacity(wanted.len());
        for places in wanted.chunks_exact(self.wanted.len()) {
            for ((trie, &place), ahead) in self.wanted.iter().zip(places).zip(&mut self.ahead) {
                trie.follow(place, character, colons, ahead, &mut self.work)?;
            }
            combine(&self.ahead, &mut after, &mut self.work)?;
        }
        Ok(after)
    }

    /// The text of a beginning.
    fn text(&self, number: usize) -> String {
        let before = |number: usize| self.beginnings.get(number).and_then(|beginning| beginning.before);
        let characters = std::iter::successors(before(number), |&(number, _)| before(number));
        let mut text: Vec<char> = characters.map(|(_, character)| character).collect();
        text.reverse();
        text.into_iter().collect()
    }
}

/// Adds every combination of one of the first places, one of the second and so on, one behind the other.
fn combine(places: &[Vec<Place>], to: &mut Vec<Place>, work: &mut Work) -> Result<(), TooLarge> {
    let combinations = places.iter().fold(1_usize, |product, places| product.saturating_mul(places.len()));
    work.spend(combinations.saturating_mul(places.len()))?;
    for number in 0..combinations {
        let mut rest = number;
        for places in places {
            to.extend(places.get(rest % places.len()));
            rest /= places.len();
        }
    }
    Ok(())
}
