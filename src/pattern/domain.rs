//! The texts among which a search looks: any, or the ARNs of layer versions.

use std::ops::RangeInclusive;

/// A set of texts, as a machine that reads them.
///
/// Each state has the steps that lead on from it: characters that mean the same to it, best first, and where they lead.
#[derive(Clone, Debug)]
pub struct Domain {
    states: Vec<State>,
    /// How many colons are in each of its texts, if in all the same number.
    colons: Option<usize>,
}

#[derive(Clone, Debug, Default)]
struct State {
    accepts: bool,
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
struct Step {
    /// Characters in the order in which a witness should take them.
    characters: Characters,
    to: usize,
}

#[derive(Clone, Debug)]
enum Characters {
    /// These.
    Listed(Vec<char>),
    /// Any, letters and digits before others.
    All,
}

/// The regions in which a witness is looked for first, the best first.
const REGIONS: &[&str] = &["us-east-1", "eu-west-1", "us-east-2", "ap-southeast-2", "cn-north-1", "us-gov-west-1"];

/// The characters of a layer's name, the best first.
const NAME: &[RangeInclusive<char>] = &['a'..='z', '0'..='9', 'A'..='Z', '-'..='-', '_'..='_'];

/// The most characters of a layer's name (Lambda API reference, `PublishLayerVersion`).
const NAME_LENGTH: usize = 140;

/// The colons in the ARN of a layer version.
const COLONS: usize = 7;

/// The most digits of a version's number that are looked at.
const VERSION_DIGITS: usize = 18;

impl Domain {
    /// Any text.
    #[must_use]
    pub fn all() -> Self {
        let step = Step { characters: Characters::All, to: 0 };
        Self { states: vec![State { accepts: true, steps: vec![step] }], colons: None }
    }

    /// The ARNs of layer versions in a few regions that exist.
    #[must_use]
    pub fn usual_layer_versions() -> Self {
        Self::layer_versions(|builder, from| {
            let to = builder.state();
            for region in REGIONS {
                builder.word(from, region, to);
            }
            to
        })
    }

    /// The ARNs that layer versions can have, whatever regions and partitions there will be: `arn:PARTITION:lambda:
    /// REGION:ACCOUNT:layer:NAME:VERSION`. A partition is `aws` and maybe more of `a` to `z` and `-`; a region is at
    /// least two words and a number of one or two digits, with `-` between.
    #[must_use]
    pub fn all_layer_versions() -> Self {
        Self::layer_versions(|builder, from| {
            let letters = listed(&['a'..='z']);
            let digits = listed(&['1'..='9', '0'..='0']);
            let first = builder.state();
            let (later, number, second) = (builder.state(), builder.state(), builder.state());
            let between = builder.state();
            let last = builder.state();
            builder.step(from, letters.clone(), first);
            builder.step(first, letters.clone(), first);
            let start = builder.state();
            builder.step(first, Characters::Listed(vec!['-']), start);
            builder.step(start, letters.clone(), later);
            builder.step(later, letters.clone(), later);
            builder.step(later, Characters::Listed(vec!['-']), between);
            builder.step(between, digits.clone(), number);
            builder.step(between, letters, later);
            builder.step(number, digits, second);
            // A number of one digit ends where one of two does: before the colon that follows.
            builder.join(number, last);
            builder.join(second, last);
            last
        })
    }

    fn layer_versions(region: impl Fn(&mut Builder, usize) -> usize) -> Self {
        let mut builder = Builder::default();
        let start = builder.state();
        let mut at = builder.text(start, "arn:aws");
        let more = Characters::Listed(('a'..='z').chain(['-']).collect());
        builder.step(at, more, at);
        at = builder.text(at, ":lambda:");
        at = region(&mut builder, at);
        at = builder.text(at, ":");
        // A stranger's account is 999999999999 rather than one of zeros, which might seem to be a mistake.
        at = builder.times(at, &listed(&['9'..='9', '0'..='8']), 12);
        at = builder.text(at, ":layer:");
        let name = listed(NAME);
        let end = builder.up_to(at, &name, &name, NAME_LENGTH);
        at = builder.text(end, ":");
        let end = builder.up_to(at, &listed(&['1'..='9']), &listed(&['1'..='9', '0'..='0']), VERSION_DIGITS);
        builder.finish(end)
    }

    /// How many colons are in each of its texts, if in all the same number.
    pub(super) fn colons(&self) -> Option<usize> {
        self.colons
    }

    /// Where a search begins.
    pub(super) fn start() -> usize {
        0
    }

    /// Whether a text may end in that state.
    pub(super) fn accepts(&self, state: usize) -> bool {
        self.states.get(state).is_some_and(|state| state.accepts)
    }

    /// The characters that lead on from a state, and where to: all of `wanted` that do, and the best of those that mean
    /// the same to each step because nobody wants them. Best first.
    pub(super) fn steps(&self, state: usize, wanted: &[char]) -> Vec<(char, usize)> {
        let steps = self.states.get(state).map_or(&[][..], |state| state.steps.as_slice());
        let mut found = Vec::new();
        for step in steps {
            match &step.characters {
                Characters::Listed(characters) => {
                    let other = characters.iter().copied().find(|character| wanted.binary_search(character).is_err());
                    let both =
                        |character: &&char| wanted.binary_search(character).is_ok() || other == Some(**character);
                    found.extend(characters.iter().filter(both).map(|&character| (character, step.to)));
                }
                Characters::All => {
                    let usual = ('a'..='z').chain('0'..='9');
                    let mut others = usual.chain('\u{21}'..=char::MAX);
                    let other = others.find(|character| wanted.binary_search(character).is_err());
                    found.extend(other.into_iter().chain(wanted.iter().copied()).map(|character| (character, step.to)));
                }
            }
        }
        found
    }
}

fn listed(ranges: &[RangeInclusive<char>]) -> Characters {
    Characters::Listed(ranges.iter().cloned().flatten().collect())
}

/// Builds a machine; where steps of one state share a character, they are put together.
#[derive(Default)]
struct Builder {
    states: Vec<State>,
    /// States that are another one's as well: what leads on from the second leads on from the first.
    joined: Vec<(usize, usize)>,
}

impl Builder {
    fn state(&mut self) -> usize {
        self.states.push(State::default());
        self.states.len() - 1
    }

    fn step(&mut self, from: usize, characters: Characters, to: usize) {
        if let Some(state) = self.states.get_mut(from) {
            state.steps.push(Step { characters, to });
        }
    }

    /// Lets `from` lead wherever `to` leads.
    fn join(&mut self, from: usize, to: usize) {
        self.joined.push((from, to));
    }

    /// A text; gives the state behind it.
    fn text(&mut self, from: usize, text: &str) -> usize {
        text.chars().fold(from, |from, character| {
            let to = self.state();
            self.step(from, Characters::Listed(vec![character]), to);
            to
        })
    }

    /// A text that ends in `to`, sharing its first characters with those that are there.
    fn word(&mut self, from: usize, word: &str, to: usize) {
        let mut at = from;
        for character in word.chars() {
            let known = self.states.get(at).and_then(|state| {
                let leads = |step: &&Step| matches!(&step.characters, Characters::Listed(one) if one == &[character]);
                state.steps.iter().find(leads).map(|step| step.to)
            });
            at = known.unwrap_or_else(|| {
                let next = self.state();
                self.step(at, Characters::Listed(vec![character]), next);
                next
            });
        }
        self.join(at, to);
    }

    /// Exactly `times` of the characters; gives the state behind them.
    fn times(&mut self, from: usize, characters: &Characters, times: usize) -> usize {
        (0..times).fold(from, |from, _| {
            let to = self.state();
            self.step(from, characters.clone(), to);
            to
        })
    }

    /// One of `first`, then up to `most` in all with those of `later`; gives a state that stands for behind any of them.
    fn up_to(&mut self, from: usize, first: &Characters, later: &Characters, most: usize) -> usize {
        let end = self.state();
        let mut at = self.times(from, first, 1);
        self.join(at, end);
        for _ in 1..most {
            at = self.times(at, later, 1);
            self.join(at, end);
        }
        end
    }

    fn finish(mut self, end: usize) -> Domain {
        if let Some(end) = self.states.get_mut(end) {
            end.accepts = true;
        }
        for (from, to) in std::mem::take(&mut self.joined) {
            let Some(joined) = self.states.get(to).cloned() else {
                continue;
            };
            if let Some(state) = self.states.get_mut(from) {
                state.accepts |= joined.accepts;
                state.steps.extend(joined.steps);
            }
        }
        Domain { states: self.states, colons: Some(COLONS) }
    }
}
