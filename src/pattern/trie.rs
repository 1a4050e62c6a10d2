//! Many patterns as one automaton that shares their common beginnings.

use super::search::{TooLarge, Work};
use super::{Pattern, Sign};

/// A place in the patterns: the number of what has been read of some of them.
pub type Place = u32;

/// Patterns that begin alike share the places of that beginning. Numbers grow from a place to those behind it, and a
/// stretch without forks is numbered without gaps.
#[derive(Clone, Debug)]
pub struct Trie {
    nodes: Vec<Node>,
}

/// A place.
#[derive(Clone, Debug)]
struct Node {
    /// The sign that leads here. At a `*` the place is kept as long as one likes.
    sign: Sign,
    /// The place before.
    parent: Place,
    /// One of the places behind, from which the others follow by `sibling`.
    child: Option<Place>,
    /// Another place behind the same one.
    sibling: Option<Place>,
    /// The place behind to which a `*` leads, which takes reading nothing.
    run: Option<Place>,
    /// Whether a pattern ends here.
    ends: bool,
    /// Whether one can read on from here, or stop, other than by way of `run`.
    useful: bool,
    /// How many `:` are still to be read, at least.
    colons: usize,
    /// Whether it lies within literal text: the only way here is one character from the place before, and so on there.
    inner: bool,
    /// The number of the first place of the stretch without forks and ends that this place lies on.
    stretch: Place,
}

impl Node {
    const fn new(sign: Sign, parent: Place) -> Self {
        Self {
            sign,
            parent,
            child: None,
            sibling: None,
            run: None,
            ends: false,
            useful: false,
            colons: usize::MAX,
            inner: false,
            stretch: 0,
        }
    }

    fn is_run(&self) -> bool {
        self.sign == Sign::Any
    }
}

/// What stands where there is nothing, so that no number can be out of range.
static NOWHERE: Node = Node::new(Sign::One, 0);

impl Trie {
    /// The automaton of `patterns`; of none, it accepts nothing.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a Pattern>) -> Self {
        let mut sorted: Vec<&Pattern> = patterns.into_iter().collect();
        sorted.sort_unstable();
        sorted.dedup();
        let mut trie = Self { nodes: vec![Node::new(Sign::One, 0)] };
        let mut path: Vec<Place> = vec![0];
        let mut last: &[Sign] = &[];
        for Pattern(signs) in sorted {
            let shared = last.iter().zip(signs).take_while(|(a, b)| a == b).count();
            path.truncate(shared + 1);
            for &sign in signs.iter().skip(shared) {
                path.push(trie.add(sign, path.last().copied().unwrap_or_default()));
            }
            trie.change(path.last().copied().unwrap_or_default(), |end| end.ends = true);
            last = signs;
        }
        trie.look_ahead();
        trie.look_back();
        trie
    }

    fn add(&mut self, sign: Sign, parent: Place) -> Place {
        // A place for each character of all patterns of a policy: policies have kilobytes.
        let place = Place::try_from(self.nodes.len()).unwrap_or(Place::MAX);
        let mut node = Node::new(sign, parent);
        self.change(parent, |parent| {
            node.sibling = parent.child.replace(place);
            if sign == Sign::Any {
                parent.run = Some(place);
            }
        });
        self.nodes.push(node);
        place
    }

    fn change(&mut self, place: Place, change: impl FnOnce(&mut Node)) {
        if let Some(node) = self.nodes.get_mut(place as usize) {
            change(node);
        }
    }

    fn places(&self) -> std::ops::Range<Place> {
        0..Place::try_from(self.nodes.len()).unwrap_or(Place::MAX)
    }

    /// Fills in what depends on the places behind.
    fn look_ahead(&mut self) {
        for place in self.places().rev() {
            let colon = |child: &Node| usize::from(child.sign == Sign::Character(':'));
            let ahead = self.children(place).map(|child| child.colons.saturating_add(colon(child))).min();
            let ends = self.node(place).ends;
            let useful = ends || self.node(place).is_run() || !self.children(place).all(Node::is_run);
            self.change(place, |node| {
                node.colons = if ends { 0 } else { ahead.unwrap_or(usize::MAX) };
                node.useful = useful;
            });
        }
    }

    /// Fills in what depends on the place before.
    fn look_back(&mut self) {
        for place in self.places().skip(1) {
            let node = self.node(place);
            let parent = self.node(node.parent);
            let alone = parent.child == Some(place) && node.sibling.is_none() && !parent.ends;
            let stretch = if alone { parent.stretch } else { place };
            let characters = [node, parent].iter().all(|node| matches!(node.sign, Sign::Character(_)));
            self.change(place, |node| {
                node.stretch = stretch;
                node.inner = alone && characters;
            });
        }
    }

    fn node(&self, place: Place) -> &Node {
        self.nodes.get(place as usize).unwrap_or(&NOWHERE)
    }

    fn children(&self, place: Place) -> impl Iterator<Item = &Node> {
        self.children_with_places(place).map(|(_, child)| child)
    }

    fn children_with_places(&self, place: Place) -> impl Iterator<Item = (Place, &Node)> {
        let first = self.node(place).child;
        std::iter::successors(first, |&child| self.node(child).sibling).map(|child| (child, self.node(child)))
    }

    /// Adds `place` to `to`, and what it leads to without reading anything.
    fn arrive(&self, place: Place, to: &mut Vec<Place>) {
        let node = self.node(place);
        if node.useful {
            to.push(place);
        }
        to.extend(node.run);
    }

    /// The places where nothing has been read yet.
    pub fn start(&self) -> Vec<Place> {
        let mut places = Vec::new();
        self.arrive(0, &mut places);
        places
    }

    /// Adds to `to` where `read` leads from `place`: a character, or as much of a pattern as is certain to be taken.
    /// Answers how many places have been looked at.
    fn step(&self, place: Place, read: Sign, to: &mut Vec<Place>) -> usize {
        let mut looked = 1;
        if self.node(place).is_run() {
            to.push(place);
        }
        for (child, node) in self.children_with_places(place) {
            looked += 1;
            if node.sign.takes(read) {
                self.arrive(child, to);
            }
        }
        looked
    }

    /// Puts into `to` where `character` leads from `place`, as far as `colons` more `:` let one get to an end.
    pub fn follow(
        &self,
        place: Place,
        character: char,
        colons: Option<usize>,
        to: &mut Vec<Place>,
        work: &mut Work,
    ) -> Result<(), TooLarge> {
        to.clear();
        work.spend(self.step(place, Sign::Character(character), to))?;
        to.retain(|&place| self.can_end(place, colons));
        Ok(())
    }

    /// Where `character` leads from any of `places`, as [`Self::tidy`] leaves it, as far as `colons` more `:` let one get
    /// to an end.
    pub fn follow_all(
        &self,
        places: &[Place],
        character: char,
        colons: Option<usize>,
        work: &mut Work,
    ) -> Result<Vec<Place>, TooLarge> {
        let mut to = Vec::with_capacity(places.len());
        work.spend(places.iter().map(|&place| self.step(place, Sign::Character(character), &mut to)).sum())?;
        to.retain(|&place| self.can_end(place, colons));
        self.tidy(&mut to);
        Ok(to)
    }

    fn can_end(&self, place: Place, colons: Option<usize>) -> bool {
        colons.is_none_or(|left| self.node(place).colons <= left)
    }

    /// Puts `places` in falling order, without repetitions and without those before a `*` that has been reached and
    /// that they have to pass: whatever they accept, the `*` accepts.
    fn tidy(&self, places: &mut Vec<Place>) {
        places.sort_unstable_by(|a, b| b.cmp(a));
        places.dedup();
        let mut passed = None;
        places.retain(|&place| {
            let node = self.node(place);
            let keep = passed != Some(node.stretch);
            if node.is_run() {
                passed = Some(node.stretch);
            }
            keep
        });
    }

    /// Whether `place` is at a `*`.
    pub fn is_run(&self, place: Place) -> bool {
        self.node(place).is_run()
    }

    /// Whether `place` can only be come to from the place before, and only by one character.
    pub fn is_inner(&self, place: Place) -> bool {
        self.node(place).inner
    }

    /// The stretch that `place` lies on.
    pub fn stretch(&self, place: Place) -> Place {
        self.node(place).stretch
    }

    /// Whether `ours` plainly accepts all that `theirs` does: at a `*` that one has to pass from there.
    pub fn stands_for(&self, ours: Place, theirs: Place) -> bool {
        ours == theirs || ours > theirs && self.is_run(ours) && self.stretch(ours) == self.stretch(theirs)
    }

    /// Whether for each of `theirs` one of `ours` plainly accepts all that it does. Both are tidy.
    pub fn all_stand_for(&self, ours: &[Place], theirs: &[Place]) -> bool {
        let mut ours = ours.iter().peekable();
        let mut above = None;
        theirs.iter().all(|&place| {
            // The `*` of a stretch is the last one that is left of the stretch: the next one above, if any.
            while let Some(&next) = ours.next_if(|&&next| next >= place) {
                above = Some(next);
            }
            above.is_some_and(|above| self.stands_for(above, place))
        })
    }

    /// Whether a pattern ends at `place`.
    pub fn ends(&self, place: Place) -> bool {
        self.node(place).ends
    }

    /// Whether everything is accepted that follows one of `places`.
    pub fn accepts_all(&self, places: &[Place]) -> bool {
        places.iter().any(|&place| self.node(place).ends && self.node(place).is_run())
    }

    /// Whether `place` takes characters that it does not name.
    pub fn is_wild(&self, place: Place) -> bool {
        self.node(place).is_run() || self.children(place).any(|child| child.sign == Sign::One)
    }

    /// The characters that `place` names.
    pub fn characters(&self, place: Place) -> impl Iterator<Item = char> {
        self.children(place).filter_map(|child| match child.sign {
            Sign::Character(character) => Some(character),
            _ => None,
        })
    }

    /// Whether one of the patterns covers another as [`Pattern::plainly_covers`] has it.
    pub fn plainly_covers(&self, pattern: &Pattern, work: &mut Work) -> Result<bool, TooLarge> {
        let mut places = self.start();
        let mut to = Vec::new();
        for &sign in &pattern.0 {
            if places.is_empty() || self.accepts_all(&places) {
                break;
            }
            work.spend(places.iter().map(|&place| self.step(place, sign, &mut to)).sum())?;
            std::mem::swap(&mut places, &mut to);
            to.clear();
            self.tidy(&mut places);
        }
        Ok(places.iter().any(|&place| self.ends(place)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trie(patterns: &[&str]) -> Trie {
        Trie::new(&patterns.iter().map(|pattern| Pattern::new(pattern)).collect::<Vec<_>>())
    }

    /// Where a text leads to.
    fn after(trie: &Trie, text: &str) -> Vec<Place> {
        let mut work = Work::default();
        text.chars()
            .fold(trie.start(), |places, next| trie.follow_all(&places, next, None, &mut work).unwrap_or_default())
    }

    #[test]
    fn a_star_stands_for_what_has_to_pass_it() {
        let trie = trie(&["a*bc*d", "e*f", "e*g"]);
        let stands = |ours: &str, theirs: &str| trie.all_stand_for(&after(&trie, ours), &after(&trie, theirs));
        for (ours, theirs) in [("a", "a"), ("abc", "a"), ("abc", "ab"), ("abcb", "abc"), ("e", "x"), ("ef", "e")] {
            assert!(stands(ours, theirs), "{ours} {theirs}");
        }
        for (ours, theirs) in [("a", "abc"), ("ab", "abc"), ("e", "a"), ("a", "e"), ("x", "e"), ("e", "ef")] {
            assert!(!stands(ours, theirs), "{ours} {theirs}");
        }
        let (low, high) = (after(&trie, "a"), after(&trie, "e"));
        let both: Vec<Place> = high.iter().chain(&low).copied().collect();
        assert!(trie.all_stand_for(&both, &low) && !trie.all_stand_for(&high, &low));
    }

    #[test]
    fn what_is_behind_the_last_star_is_forgotten() {
        let trie = trie(&["*a*b*c"]);
        assert_eq!(after(&trie, "xxaxxbxx").len(), 1);
        assert_eq!(after(&trie, "xxaxxbxxc").len(), 2);
    }

    #[test]
    fn many_cover_as_one_does() {
        let covers = |others: &[&str], pattern: &str| {
            let pattern = Pattern::new(pattern);
            let found = trie(others).plainly_covers(&pattern, &mut Work::default());
            assert_eq!(found, Ok(others.iter().any(|other| Pattern::new(other).plainly_covers(&pattern))));
            found == Ok(true)
        };
        for (pattern, others) in [("a*b", ["a*", "b"]), ("a?b", ["x", "a*?b"]), ("??*", ["", "?*"]), ("", ["a", "*"])] {
            assert!(covers(&others, pattern), "{pattern} {others:?}");
        }
        for (pattern, others) in [("a*b", ["a?b", "a*a"]), ("a*", ["a*b", "a?"]), ("?", ["a", "b"]), ("*", ["?*", ""])]
        {
            assert!(!covers(&others, pattern), "{pattern} {others:?}");
        }
        assert!(!covers(&[], ""));
    }
}
