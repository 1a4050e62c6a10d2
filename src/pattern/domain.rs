//! The texts among which a search looks: any, or the ARNs of layer versions.

use super::class::Class;
use crate::aws::quotas::{FUNCTION_NAME, LAYER_NAME};
use std::sync::LazyLock;

/// A set of texts, and which of them make the better witnesses.
#[derive(Clone, Debug)]
pub struct Domain {
    /// Parts of the set, the one with the best witnesses first.
    preferred: Vec<Dfa>,
    whole: Dfa,
}

/// The regions in which a witness is looked for first. Nothing else rests on this list: what is so
/// in other regions only is found there.
const REGIONS: &[(&str, &str)] = &[
    ("aws", "us-east-1"),
    ("aws", "eu-west-1"),
    ("aws", "us-east-2"),
    ("aws", "us-west-2"),
    ("aws", "eu-central-1"),
    ("aws", "ap-southeast-2"),
    ("aws", "sa-east-1"),
    ("aws-cn", "cn-north-1"),
    ("aws-us-gov", "us-gov-west-1"),
];

const LOWER: Class = Class::of("abcdefghijklmnopqrstuvwxyz");
const PARTITION: Class = Class::of("abcdefghijklmnopqrstuvwxyz-");
const DIGIT: Class = Class::of("1234567890");
const FIRST_DIGIT: Class = Class::of("123456789");
/// A stranger's account is 999999999999 rather than one of zeros, which might seem to be a mistake.
const ACCOUNT: Class = Class::of("9876543210");
const HYPHEN: Class = Class::of("-");
const COLON: Class = Class::of(":");
const NAME: Class = Class::of("abcdefghijklmnopqrstuvwxyz1234567890ABCDEFGHIJKLMNOPQRSTUVWXYZ-_");

/// The most digits of a version's number: as many as the number of a version can have, a 64-bit
/// integer, all of whose digits are free.
const VERSION_DIGITS: u32 = 18;

impl Domain {
    /// Any text, for tests: layers have ARNs.
    #[cfg(any(test, feature = "internals"))]
    #[must_use]
    pub fn all() -> &'static Self {
        static ALL: LazyLock<Domain> = LazyLock::new(|| {
            let mut dfa = Dfa::new();
            dfa.edge(START, Class::ALL, START);
            dfa.accept(START);
            Domain {
                preferred: Vec::new(),
                whole: dfa.ready(),
            }
        });
        &ALL
    }

    /// The ARNs that layer versions can have, whatever regions and partitions there will be:
    /// `arn:PARTITION:lambda: REGION:ACCOUNT:layer:NAME:VERSION`. A partition is `aws` and maybe
    /// more of `a` to `z` and `-`; a region is at least two words and a number of one or two
    /// digits, with `-` between.
    ///
    /// The best witnesses are in `us-east-1`, the next best in a few other regions that exist.
    #[must_use]
    pub fn layer_versions() -> &'static Self {
        static LAYER_VERSIONS: LazyLock<Domain> = LazyLock::new(|| {
            let preferred = vec![
                Dfa::in_regions(&REGIONS[..1], Dfa::account_and_on),
                Dfa::in_regions(REGIONS, Dfa::account_and_on),
            ];
            Domain {
                preferred,
                whole: Dfa::layer_versions(),
            }
        });
        &LAYER_VERSIONS
    }

    /// The ARNs that layers can have, without a version:
    /// `arn:PARTITION:lambda:REGION:ACCOUNT:layer:NAME`. Partitions, regions and the best witnesses
    /// are as in layer versions.
    #[must_use]
    pub fn layers() -> &'static Self {
        static LAYERS: LazyLock<Domain> = LazyLock::new(|| {
            let in_regions = |regions| Dfa::in_regions(regions, Dfa::account_and_layer);
            let mut whole = Dfa::new();
            let account = whole.account_and_layer();
            whole.any_region(account);
            Domain {
                preferred: vec![in_regions(&REGIONS[..1]), in_regions(REGIONS)],
                whole: whole.ready(),
            }
        });
        &LAYERS
    }

    /// The ARNs that functions can have: `arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME`
    /// (Lambda API reference, `CreateFunction`). Partitions and regions are as in layer versions.
    #[must_use]
    pub fn functions() -> &'static Self {
        static FUNCTIONS: LazyLock<Domain> = LazyLock::new(|| {
            let mut dfa = Dfa::new();
            let begin = dfa.state();
            let account = (0..12).fold(begin, |at, _| dfa.step(at, ACCOUNT));
            let name = dfa.spell(account, ":function:");
            let name = dfa.repeat(name, NAME);
            dfa.bound(name, FUNCTION_NAME as u32);
            dfa.accept(name);
            dfa.any_region(begin);
            Domain {
                preferred: Vec::new(),
                whole: dfa.ready(),
            }
        });
        &FUNCTIONS
    }

    /// The parts with better witnesses, the best first, and the whole.
    pub(super) fn stages(&self) -> (&[Dfa], &Dfa) {
        (&self.preferred, &self.whole)
    }
}

/// The number of a state.
type DomainState = usize;

/// The state in which nothing has been read.
const START: DomainState = 0;

/// A deterministic automaton, with one addition: how often in a row a state may be come to can have
/// a bound.
#[derive(Clone, Debug)]
pub struct Dfa {
    nodes: Vec<DomainNode>,
}

#[derive(Clone, Debug, Default)]
struct DomainNode {
    edges: Vec<(Class, DomainState)>,
    accepts: bool,
    /// How many characters in a row may lead here.
    most: Option<u32>,
    /// How many `:` can still be read, if that has a bound.
    colons: Option<usize>,
}

/// Where a text has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DomainPosition {
    /// The state.
    pub state: DomainState,
    /// How many characters in a row have led to it, if that has a bound; the fewer, the more can
    /// still be read.
    pub count: u32,
}

impl Dfa {
    /// Where nothing has been read.
    pub const START: DomainPosition = DomainPosition {
        state: START,
        count: 0,
    };

    /// What can be read at a position: characters, and where each of them leads. No character is in
    /// two of the sets.
    pub fn edges(&self, from: DomainPosition) -> impl Iterator<Item = (Class, DomainPosition)> {
        let edges = self
            .nodes
            .get(from.state)
            .map_or(&[][..], |node| node.edges.as_slice());
        edges.iter().filter_map(move |&(class, state)| {
            let Some(most) = self.nodes.get(state)?.most else {
                return Some((class, DomainPosition { state, count: 0 }));
            };
            let count = if state == from.state {
                from.count + 1
            } else {
                1
            };
            (count <= most).then_some((class, DomainPosition { state, count }))
        })
    }

    /// Whether a text may end there.
    pub fn accepts(&self, at: DomainPosition) -> bool {
        self.nodes.get(at.state).is_some_and(|node| node.accepts)
    }

    /// How many `:` can still be read from there on, if that has a bound.
    pub fn colons(&self, at: DomainPosition) -> Option<usize> {
        self.nodes.get(at.state).and_then(|node| node.colons)
    }

    fn new() -> Self {
        Self {
            nodes: vec![DomainNode::default()],
        }
    }

    /// ARNs in some regions; `rest` adds the fields from the account on.
    fn in_regions(
        regions: &[(&'static str, &'static str)],
        rest: fn(&mut Self) -> DomainState,
    ) -> Self {
        let mut dfa = Self::new();
        let account = rest(&mut dfa);
        for (partition, region) in regions {
            let end = ["arn:", partition, ":lambda:", region]
                .iter()
                .fold(START, |at, text| dfa.spell(at, text));
            dfa.edge(end, COLON, account);
        }
        dfa.ready()
    }

    fn layer_versions() -> Self {
        let mut dfa = Self::new();
        let account = dfa.account_and_on();
        dfa.any_region(account);
        dfa.ready()
    }

    /// Adds the fields before the account, in any partition and region; after them it goes on at
    /// `account`.
    fn any_region(&mut self, account: DomainState) {
        let dfa = self;
        let partition = dfa.spell(START, "arn:aws");
        dfa.edge(partition, PARTITION, partition);
        let region = dfa.spell(partition, ":lambda:");
        let first = dfa.repeat(region, LOWER);
        let second = dfa.step(first, HYPHEN);
        let word = dfa.repeat(second, LOWER);
        let next = dfa.step(word, HYPHEN);
        dfa.edge(next, LOWER, word);
        let number = dfa.step(next, DIGIT);
        let longer = dfa.step(number, DIGIT);
        dfa.edge(number, COLON, account);
        dfa.edge(longer, COLON, account);
    }

    /// Adds the account and the layer's name; gives where they begin.
    fn account_and_layer(&mut self) -> DomainState {
        let (begin, name) = self.account_to_name();
        self.accept(name);
        begin
    }

    /// Adds the account and the layer's name; gives where they begin and end.
    fn account_to_name(&mut self) -> (DomainState, DomainState) {
        let begin = self.state();
        let account = (0..12).fold(begin, |at, _| self.step(at, ACCOUNT));
        let name = self.spell(account, ":layer:");
        let name = self.repeat(name, NAME);
        self.bound(name, LAYER_NAME as u32);
        (begin, name)
    }

    /// Adds the fields from the account on; gives where they begin.
    fn account_and_on(&mut self) -> DomainState {
        let (begin, name) = self.account_to_name();
        let version = self.step(name, COLON);
        let version = self.step(version, FIRST_DIGIT);
        self.edge(version, DIGIT, version);
        self.bound(version, VERSION_DIGITS);
        self.accept(version);
        begin
    }

    fn state(&mut self) -> DomainState {
        self.nodes.push(DomainNode::default());
        self.nodes.len() - 1
    }

    fn edge(&mut self, from: DomainState, class: Class, to: DomainState) {
        if let Some(node) = self.nodes.get_mut(from) {
            node.edges.push((class, to));
        }
    }

    /// Adds one character; where this very set leads on already, it goes there.
    fn step(&mut self, from: DomainState, class: Class) -> DomainState {
        let edges = self
            .nodes
            .get(from)
            .map_or(&[][..], |node| node.edges.as_slice());
        if let Some((_, known)) = edges.iter().find(|(other, _)| *other == class) {
            return *known;
        }
        let to = self.state();
        self.edge(from, class, to);
        to
    }

    /// Adds a text of ASCII.
    fn spell(&mut self, from: DomainState, text: &'static str) -> DomainState {
        let letters = (0..text.len()).filter_map(|at| text.get(at..=at));
        letters.fold(from, |at, letter| self.step(at, Class::of(letter)))
    }

    /// Adds one or more characters.
    fn repeat(&mut self, from: DomainState, class: Class) -> DomainState {
        let to = self.step(from, class);
        self.edge(to, class, to);
        to
    }

    fn bound(&mut self, state: DomainState, most: u32) {
        if let Some(node) = self.nodes.get_mut(state) {
            node.most = Some(most);
        }
    }

    fn accept(&mut self, state: DomainState) {
        if let Some(node) = self.nodes.get_mut(state) {
            node.accepts = true;
        }
    }

    /// The automaton with [`Self::colons`] filled in: the longest way, counted in `:`. A way on
    /// which there are more of them than states goes round in a cycle, and has no end.
    fn ready(mut self) -> Self {
        let mut counts = vec![0; self.nodes.len()];
        let mut changed = true;
        while changed {
            changed = false;
            for state in (0..counts.len()).rev() {
                let longest = self.longest(state, &counts);
                if let Some(count) = counts.get_mut(state).filter(|count| **count < longest) {
                    *count = if longest > self.nodes.len() {
                        usize::MAX
                    } else {
                        longest
                    };
                    changed = true;
                }
            }
        }
        for (node, &count) in self.nodes.iter_mut().zip(&counts) {
            node.colons = (count < usize::MAX).then_some(count);
        }
        self
    }

    fn longest(&self, state: DomainState, counts: &[usize]) -> usize {
        let edges = self
            .nodes
            .get(state)
            .map_or(&[][..], |node| node.edges.as_slice());
        let ways = edges.iter().map(|(class, to)| {
            let count = counts.get(*to).copied().unwrap_or_default();
            count.saturating_add(usize::from(class.contains(':')))
        });
        ways.max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Pattern, Search};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_colons_to_come_are_counted() {
        let at = |state| DomainPosition { state, count: 0 };
        let layers = Dfa::layer_versions();
        assert_eq!(layers.colons(Dfa::START), Some(7));
        let end = layers.nodes.iter().position(|node| node.accepts).map(at);
        assert_eq!(end.map(|end| layers.colons(end)), Some(Some(0)));
        assert_eq!(Domain::all().whole.colons(Dfa::START), None);
        // A cycle through several states has no end either, nor has a state that leads to one.
        let mut cycle = Dfa::new();
        let (a, b) = (cycle.spell(START, "a"), cycle.spell(START, "b"));
        let back = cycle.spell(a, "aaa");
        cycle.edge(back, COLON, a);
        let cycle = cycle.ready();
        let colons = [START, back, b].map(|state| cycle.colons(at(state)));
        assert_eq!(colons, [None, None, Some(0)]);
    }

    /// `[ab]{1,2}:[ab]{1,3}:b…`, a small likeness of an ARN, in which as many characters may be
    /// left or fewer.
    fn fields() -> Domain {
        let mut dfa = Dfa::new();
        let (ab, b) = (Class::of("ab"), Class::of("b"));
        let first = dfa.repeat(START, ab);
        dfa.bound(first, 2);
        let second = dfa.step(first, COLON);
        let second = dfa.repeat(second, ab);
        dfa.bound(second, 3);
        let third = dfa.spell(second, ":b");
        dfa.edge(third, b, third);
        dfa.accept(third);
        Domain {
            preferred: Vec::new(),
            whole: dfa.ready(),
        }
    }

    /// The texts of [`fields`] with at most 11 characters, the shortest first.
    fn members() -> Vec<String> {
        let texts = |letters: &'static [&'static str], most: usize| {
            let longer = |texts: &Vec<String>| {
                Some(
                    texts
                        .iter()
                        .flat_map(|text| {
                            letters.iter().map(move |letter| format!("{text}{letter}"))
                        })
                        .collect(),
                )
            };
            let all = std::iter::successors(Some(vec![String::new()]), longer)
                .skip(1)
                .take(most);
            all.flatten().collect::<Vec<String>>()
        };
        let mut all = Vec::new();
        for first in texts(&["a", "b"], 2) {
            for second in texts(&["a", "b"], 3) {
                all.extend(
                    texts(&["b"], 7)
                        .iter()
                        .map(|third| format!("{first}:{second}:{third}")),
                );
            }
        }
        all.retain(|text| text.len() < 12);
        all.sort_by_key(String::len);
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None,
            ..ProptestConfig::default() })]

        #[test]
        fn the_lengths_of_fields_are_kept(
            may in prop::collection::vec("[ab?*]{0,4}:?[ab?*]{0,5}:?[b?*]{0,3}", 1..3),
            but in prop::collection::vec("[ab?*]{0,4}:?[ab?*]{0,5}:?[b?*]{0,3}", 0..4),
        ) {
            let patterns = |all: &[String]| all.iter().map(|written| Pattern::new(written))
                .collect::<Vec<_>>();
            let (may, but) = (patterns(&may), patterns(&but));
            let fits = |patterns: &[Pattern], text: &str| patterns.iter()
                .any(|pattern| pattern.matches(text));
            let first = members().into_iter().find(|text| fits(&may, text) && !fits(&but, text));
            match Search::among(&fields()).within(&may).outside(&but).shortest() {
                Ok(Some(found)) => {
                    prop_assert!(fits(&may, &found) && !fits(&but, &found), "{}", found);
                    prop_assert_eq!(found.len(), first.map_or(found.len().max(12),
                        |first| first.len()));
                }
                other => prop_assert_eq!((other, first), (Ok(None), None)),
            }
        }
    }

    /// Of two equally long beginnings, the one with the longer first field has more room in its
    /// second. The other one does not subsume it, even if it is seen first, which happens if
    /// patterns name both letters and not the colon.
    #[test]
    fn room_that_is_left_counts() {
        let may = [Pattern::new("????aa:b")];
        let but = ["*aaaaaaaaaaaa", "*bbbbbbbbbbbb"].map(Pattern::new);
        let found = Search::among(&fields())
            .within(&may)
            .outside(&but)
            .shortest();
        assert_eq!(found.map(|found| found.map(|text| text.len())), Ok(Some(8)));
    }

    #[test]
    fn better_witnesses_are_witnesses() {
        let domain = Domain::layer_versions();
        for (partition, region) in REGIONS {
            let arn = format!("arn:{partition}:lambda:{region}:123456789012:layer:a-B_9:10");
            for dfa in [&domain.preferred[1], &domain.whole] {
                let end = arn.chars().try_fold(Dfa::START, |at, character| {
                    dfa.edges(at)
                        .find(|(class, _)| class.contains(character))
                        .map(|(_, to)| to)
                });
                assert!(end.is_some_and(|end| dfa.accepts(end)), "{arn}");
            }
        }
    }
}
