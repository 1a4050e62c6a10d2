//! Many patterns as one nondeterministic automaton: a trie, so that patterns share their prefixes,
//! with a loop at each `*`.

use super::budget::{Budget, BudgetExceeded};
use super::{Pattern, Symbol};

/// The number of a state: what has been read of some of the patterns.
pub type State = u32;

/// Patterns that begin alike share the states of that prefix. Numbers grow from a state to those
/// after it, and a chain without forks is numbered without gaps.
#[derive(Clone, Debug)]
pub struct Nfa {
    nodes: Vec<Node>,
}

/// The facts about a state.
#[derive(Clone, Debug)]
struct Node {
    /// The symbol that leads here. At a `*` the state is kept as long as one likes.
    symbol: Symbol,
    /// The state before.
    parent: State,
    /// One of the states after it, from which the others follow by `sibling`.
    child: Option<State>,
    /// Another state after the same one.
    sibling: Option<State>,
    /// The state after it to which a `*` leads, for which nothing has to be read.
    star: Option<State>,
    /// Whether a pattern ends here.
    ends: bool,
    /// Whether one can read on from here, or stop, other than by way of `star`.
    useful: bool,
    /// How many `:` are still to be read, at least.
    colons: usize,
    /// Whether it is within literal text: a single character leads here and to the previous state.
    in_literal: bool,
    /// The number of the first state of the chain without forks and ends that this state lies on.
    chain: State,
}

impl Node {
    const fn new(symbol: Symbol, parent: State) -> Self {
        Self {
            symbol,
            parent,
            child: None,
            sibling: None,
            star: None,
            ends: false,
            useful: false,
            colons: usize::MAX,
            in_literal: false,
            chain: 0,
        }
    }

    fn is_star(&self) -> bool {
        self.symbol == Symbol::Star
    }
}

/// The default entry, so that no number can be out of range.
static NOWHERE: Node = Node::new(Symbol::Question, 0);

impl Nfa {
    /// The automaton of `patterns`; of none, it accepts nothing.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a Pattern>) -> Self {
        let mut sorted: Vec<&Pattern> = patterns.into_iter().collect();
        sorted.sort_unstable();
        sorted.dedup();
        let mut nfa = Self {
            nodes: vec![Node::new(Symbol::Question, 0)],
        };
        let mut path: Vec<State> = vec![0];
        let mut last: &[Symbol] = &[];
        for Pattern(symbols) in sorted {
            let shared = last.iter().zip(symbols).take_while(|(a, b)| a == b).count();
            path.truncate(shared + 1);
            for &symbol in symbols.iter().skip(shared) {
                path.push(nfa.add(symbol, path.last().copied().unwrap_or_default()));
            }
            nfa.change(path.last().copied().unwrap_or_default(), |end| {
                end.ends = true;
            });
            last = symbols;
        }
        nfa.look_ahead();
        nfa.look_back();
        nfa
    }

    fn add(&mut self, symbol: Symbol, parent: State) -> State {
        // A state for each character of all patterns of a policy: policies have kilobytes.
        let state = State::try_from(self.nodes.len()).unwrap_or(State::MAX);
        let mut node = Node::new(symbol, parent);
        self.change(parent, |parent| {
            node.sibling = parent.child.replace(state);
            if symbol == Symbol::Star {
                parent.star = Some(state);
            }
        });
        self.nodes.push(node);
        state
    }

    fn change(&mut self, state: State, change: impl FnOnce(&mut Node)) {
        if let Some(node) = self.nodes.get_mut(state as usize) {
            change(node);
        }
    }

    fn states(&self) -> std::ops::Range<State> {
        0..State::try_from(self.nodes.len()).unwrap_or(State::MAX)
    }

    /// Fills in what depends on the states after.
    fn look_ahead(&mut self) {
        for state in self.states().rev() {
            let colon = |child: &Node| usize::from(child.symbol == Symbol::Character(':'));
            let ahead = self
                .children(state)
                .map(|child| child.colons.saturating_add(colon(child)))
                .min();
            let ends = self.node(state).ends;
            let useful =
                ends || self.node(state).is_star() || !self.children(state).all(Node::is_star);
            self.change(state, |node| {
                node.colons = if ends { 0 } else { ahead.unwrap_or(usize::MAX) };
                node.useful = useful;
            });
        }
    }

    /// Fills in what depends on the state before.
    fn look_back(&mut self) {
        for state in self.states().skip(1) {
            let node = self.node(state);
            let parent = self.node(node.parent);
            let alone = parent.child == Some(state) && node.sibling.is_none() && !parent.ends;
            let chain = if alone { parent.chain } else { state };
            let characters = [node, parent]
                .iter()
                .all(|node| matches!(node.symbol, Symbol::Character(_)));
            self.change(state, |node| {
                node.chain = chain;
                node.in_literal = alone && characters;
            });
        }
    }

    fn node(&self, state: State) -> &Node {
        self.nodes.get(state as usize).unwrap_or(&NOWHERE)
    }

    fn children(&self, state: State) -> impl Iterator<Item = &Node> {
        self.children_with_states(state).map(|(_, child)| child)
    }

    fn children_with_states(&self, state: State) -> impl Iterator<Item = (State, &Node)> {
        let first = self.node(state).child;
        std::iter::successors(first, |&child| self.node(child).sibling)
            .map(|child| (child, self.node(child)))
    }

    /// Adds `state` to `to`, and the state that it leads to without reading anything.
    fn epsilon_closure(&self, state: State, to: &mut Vec<State>) {
        let node = self.node(state);
        if node.useful {
            to.push(state);
        }
        to.extend(node.star);
    }

    /// The states where nothing has been read yet.
    pub fn start(&self) -> Vec<State> {
        let mut states = Vec::new();
        self.epsilon_closure(0, &mut states);
        states
    }

    /// Adds to `to` where `read` leads from `state`: a character, or as much of a pattern as is
    /// certain to be taken. Returns the number of visited states.
    fn step(&self, state: State, read: Symbol, to: &mut Vec<State>) -> usize {
        let mut looked = 1;
        if self.node(state).is_star() {
            to.push(state);
        }
        for (child, node) in self.children_with_states(state) {
            looked += 1;
            if node.symbol.takes(read) {
                self.epsilon_closure(child, to);
            }
        }
        looked
    }

    /// Puts into `to` where `character` leads from `state`, as far as `colons` more `:` let one get
    /// to an end.
    pub fn follow(
        &self,
        state: State,
        character: char,
        colons: Option<usize>,
        to: &mut Vec<State>,
        budget: &mut Budget,
    ) -> Result<(), BudgetExceeded> {
        to.clear();
        budget.charge(self.step(state, Symbol::Character(character), to))?;
        to.retain(|&state| self.can_end(state, colons));
        Ok(())
    }

    /// Where `character` leads from any of `states`, as [`Self::tidy`] leaves it, as far as
    /// `colons` more `:` let one get to an end.
    pub fn follow_all(
        &self,
        states: &[State],
        character: char,
        colons: Option<usize>,
        budget: &mut Budget,
    ) -> Result<Vec<State>, BudgetExceeded> {
        let mut to = Vec::with_capacity(states.len());
        budget.charge(
            states
                .iter()
                .map(|&state| self.step(state, Symbol::Character(character), &mut to))
                .sum(),
        )?;
        to.retain(|&state| self.can_end(state, colons));
        self.tidy(&mut to);
        Ok(to)
    }

    fn can_end(&self, state: State, colons: Option<usize>) -> bool {
        colons.is_none_or(|left| self.node(state).colons <= left)
    }

    /// Puts `states` in falling order, without repetitions and without those before a `*` that has
    /// been reached and that they have to pass: whatever they accept, the `*` accepts.
    fn tidy(&self, states: &mut Vec<State>) {
        states.sort_unstable_by(|a, b| b.cmp(a));
        states.dedup();
        let mut passed = None;
        states.retain(|&state| {
            let node = self.node(state);
            let keep = passed != Some(node.chain);
            if node.is_star() {
                passed = Some(node.chain);
            }
            keep
        });
    }

    /// Whether `state` is at a `*`.
    pub fn is_star(&self, state: State) -> bool {
        self.node(state).is_star()
    }

    /// Whether `state` can only be reached from the state before, and only by one character.
    pub fn is_in_literal(&self, state: State) -> bool {
        self.node(state).in_literal
    }

    /// The chain that `state` lies on.
    pub fn chain(&self, state: State) -> State {
        self.node(state).chain
    }

    /// Whether `ours` plainly accepts all that `theirs` does: at a `*` that one has to pass from
    /// there.
    pub fn subsumes(&self, ours: State, theirs: State) -> bool {
        ours == theirs
            || ours > theirs && self.is_star(ours) && self.chain(ours) == self.chain(theirs)
    }

    /// Whether for each of `theirs` one of `ours` plainly accepts all that it does.
    ///
    /// INVARIANT: both are in falling order and have no state before a `*` of its chain, as
    /// [`Self::tidy`] leaves them.
    pub fn subsumes_all(&self, ours: &[State], theirs: &[State]) -> bool {
        let mut ours = ours.iter().peekable();
        let mut above = None;
        theirs.iter().all(|&state| {
            // The `*` of a chain is the last one that is left of the chain: the next one above, if
            // any.
            while let Some(&next) = ours.next_if(|&&next| next >= state) {
                above = Some(next);
            }
            above.is_some_and(|above| self.subsumes(above, state))
        })
    }

    /// Whether a pattern ends at `state`.
    pub fn ends(&self, state: State) -> bool {
        self.node(state).ends
    }

    /// Whether everything is accepted that follows one of `states`.
    pub fn accepts_all(&self, states: &[State]) -> bool {
        states
            .iter()
            .any(|&state| self.node(state).ends && self.node(state).is_star())
    }

    /// Whether `state` takes characters that it does not name.
    pub fn is_wild(&self, state: State) -> bool {
        self.node(state).is_star()
            || self
                .children(state)
                .any(|child| child.symbol == Symbol::Question)
    }

    /// The characters that `state` names.
    pub fn characters(&self, state: State) -> impl Iterator<Item = char> {
        self.children(state).filter_map(|child| match child.symbol {
            Symbol::Character(character) => Some(character),
            Symbol::Question | Symbol::Star => None,
        })
    }

    /// Whether one of the patterns covers another as [`Pattern::plainly_covers`] has it.
    pub fn plainly_covers(
        &self,
        pattern: &Pattern,
        budget: &mut Budget,
    ) -> Result<bool, BudgetExceeded> {
        let mut states = self.start();
        let mut to = Vec::new();
        for &symbol in &pattern.0 {
            if states.is_empty() || self.accepts_all(&states) {
                break;
            }
            budget.charge(
                states
                    .iter()
                    .map(|&state| self.step(state, symbol, &mut to))
                    .sum(),
            )?;
            std::mem::swap(&mut states, &mut to);
            to.clear();
            self.tidy(&mut states);
        }
        Ok(states.iter().any(|&state| self.ends(state)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nfa(patterns: &[&str]) -> Nfa {
        Nfa::new(
            &patterns
                .iter()
                .map(|pattern| Pattern::new(pattern))
                .collect::<Vec<_>>(),
        )
    }

    /// Where a text leads to.
    fn after(nfa: &Nfa, text: &str) -> Vec<State> {
        let mut budget = Budget::default();
        text.chars().fold(nfa.start(), |states, next| {
            nfa.follow_all(&states, next, None, &mut budget)
                .unwrap_or_default()
        })
    }

    #[test]
    fn a_star_subsumes_what_has_to_pass_it() {
        let nfa = nfa(&["a*bc*d", "e*f", "e*g"]);
        let subsumes =
            |ours: &str, theirs: &str| nfa.subsumes_all(&after(&nfa, ours), &after(&nfa, theirs));
        for (ours, theirs) in [
            ("a", "a"),
            ("abc", "a"),
            ("abc", "ab"),
            ("abcb", "abc"),
            ("e", "x"),
            ("ef", "e"),
        ] {
            assert!(subsumes(ours, theirs), "{ours} {theirs}");
        }
        for (ours, theirs) in [
            ("a", "abc"),
            ("ab", "abc"),
            ("e", "a"),
            ("a", "e"),
            ("x", "e"),
            ("e", "ef"),
        ] {
            assert!(!subsumes(ours, theirs), "{ours} {theirs}");
        }
        let (low, high) = (after(&nfa, "a"), after(&nfa, "e"));
        let both: Vec<State> = high.iter().chain(&low).copied().collect();
        assert!(nfa.subsumes_all(&both, &low) && !nfa.subsumes_all(&high, &low));
    }

    #[test]
    fn what_is_behind_the_last_star_is_forgotten() {
        let nfa = nfa(&["*a*b*c"]);
        assert_eq!(after(&nfa, "xxaxxbxx").len(), 1);
        assert_eq!(after(&nfa, "xxaxxbxxc").len(), 2);
    }

    #[test]
    fn many_cover_as_one_does() {
        let covers = |others: &[&str], pattern: &str| {
            let pattern = Pattern::new(pattern);
            let found = nfa(others).plainly_covers(&pattern, &mut Budget::default());
            assert_eq!(
                found,
                Ok(others
                    .iter()
                    .any(|other| Pattern::new(other).plainly_covers(&pattern)))
            );
            found == Ok(true)
        };
        for (pattern, others) in [
            ("a*b", ["a*", "b"]),
            ("a?b", ["x", "a*?b"]),
            ("??*", ["", "?*"]),
            ("", ["a", "*"]),
        ] {
            assert!(covers(&others, pattern), "{pattern} {others:?}");
        }
        for (pattern, others) in [
            ("a*b", ["a?b", "a*a"]),
            ("a*", ["a*b", "a?"]),
            ("?", ["a", "b"]),
            ("*", ["?*", ""]),
        ] {
            assert!(!covers(&others, pattern), "{pattern} {others:?}");
        }
        assert!(!covers(&[], ""));
    }
}
