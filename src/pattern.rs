//! IAM's patterns and decisions about them: `*` matches any characters, `?` exactly one.
//!
//! Such patterns are regular. So membership, intersection, inclusion and the emptiness of a
//! difference can all be decided, with a shortest witness. [`Search`] does that.

mod budget;
mod class;
mod domain;
mod nfa;
mod search;

pub use budget::BudgetExceeded;
pub use domain::Domain;
pub use search::Search;

use std::fmt;

/// One symbol of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Symbol {
    /// This character.
    Character(char),
    /// `?`
    Question,
    /// `*`
    Star,
}

impl Symbol {
    /// Whether another symbol matches exactly one character, which this one also matches.
    fn takes(self, other: Self) -> bool {
        match (self, other) {
            (Self::Character(own), Self::Character(theirs)) => own == theirs,
            (Self::Question, Self::Character(_) | Self::Question) => true,
            _ => false,
        }
    }
}

/// A pattern in normal form: no two `*` in a row, and `?` before `*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern(Vec<Symbol>);

impl Pattern {
    /// The pattern with this text.
    #[must_use]
    pub fn new(written: &str) -> Self {
        let symbol = |character| match character {
            '*' => Symbol::Star,
            '?' => Symbol::Question,
            _ => Symbol::Character(character),
        };
        Self::of(written.chars().map(symbol))
    }

    fn of(symbols: impl Iterator<Item = Symbol>) -> Self {
        let mut tidy: Vec<Symbol> = Vec::new();
        for symbol in symbols {
            match (symbol, tidy.last()) {
                (Symbol::Star, Some(Symbol::Star)) => {}
                (Symbol::Question, Some(Symbol::Star)) => {
                    tidy.insert(tidy.len() - 1, Symbol::Question);
                }
                _ => tidy.push(symbol),
            }
        }
        Self(tidy)
    }

    /// A pattern that matches only this text: a `*` in it is not a wildcard.
    #[must_use]
    pub fn exactly(text: &str) -> Self {
        Self(text.chars().map(Symbol::Character).collect())
    }

    /// The pattern of both, one after the other.
    #[must_use]
    pub fn then(self, other: Self) -> Self {
        Self::of(self.0.into_iter().chain(other.0))
    }

    /// Whether the text matches. At worst, the time is proportional to the product of both lengths.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.plainly_covers(&Self::exactly(text))
    }

    /// The only text that matches, if the pattern has no wildcard.
    #[must_use]
    pub fn literal(&self) -> Option<String> {
        self.0
            .iter()
            .map(|symbol| {
                if let Symbol::Character(c) = symbol {
                    Some(*c)
                } else {
                    None
                }
            })
            .collect()
    }

    /// Whether this matches every text that `other` matches. This is quick and never wrongly yes;
    /// it is wrongly no for some patterns with `?` after `*`. [`Search`] decides exactly.
    #[must_use]
    pub fn plainly_covers(&self, other: &Self) -> bool {
        let (mut at, mut seen) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        while let Some(symbol) = other.0.get(seen) {
            match (self.0.get(at), symbol) {
                (Some(Symbol::Star), _) => {
                    retry = Some((at + 1, seen));
                    at += 1;
                }
                (Some(own), theirs) if own.takes(*theirs) => (at, seen) = (at + 1, seen + 1),
                _ => match &mut retry {
                    Some((after, from)) => {
                        *from += 1;
                        (at, seen) = (*after, *from);
                    }
                    None => return false,
                },
            }
        }
        self.0
            .get(at..)
            .is_some_and(|rest| rest.iter().all(|symbol| *symbol == Symbol::Star))
    }

    /// Whether some text matches both, in time proportional to the product of their lengths.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        overlap(&self.0, &other.0)
    }
}

/// Whether a text matches a written pattern, as [`Pattern::matches`] says, apart from the case of
/// letters. At worst, the time is proportional to the product of both lengths.
#[must_use]
pub fn matches_in_any_case(written: &str, text: &str) -> bool {
    if !text.is_ascii() {
        return Pattern::new(&written.to_ascii_lowercase()).matches(&text.to_ascii_lowercase());
    }
    let (pattern, text) = (written.as_bytes(), text.as_bytes());
    let (mut at, mut seen) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(seen) {
        match pattern.get(at) {
            Some(b'*') => {
                retry = Some((at + 1, seen));
                at += 1;
            }
            Some(own) if *own == b'?' || own.eq_ignore_ascii_case(byte) => {
                (at, seen) = (at + 1, seen + 1);
            }
            Some(_) | None => match &mut retry {
                Some((after, from)) => {
                    *from += 1;
                    (at, seen) = (*after, *from);
                }
                None => return false,
            },
        }
    }
    let mut rest = pattern.get(at..).unwrap_or_default().iter();
    rest.all(|byte| *byte == b'*')
}

fn overlap(a: &[Symbol], b: &[Symbol]) -> bool {
    let is_plain = |symbols: &[Symbol]| {
        symbols
            .iter()
            .all(|symbol| matches!(symbol, Symbol::Character(_)))
    };
    if is_plain(a) && is_plain(b) {
        return a == b;
    }
    if a == [Symbol::Star] || b == [Symbol::Star] {
        return true;
    }
    // Most pairs differ before the first wildcard or after the last.
    let differ = |(left, right): (&Symbol, &Symbol)| match (left, right) {
        (Symbol::Star, _) | (_, Symbol::Star) => Some(false),
        (Symbol::Question, _) | (_, Symbol::Question) => None,
        _ => (left != right).then_some(true),
    };
    let at_start = a.iter().zip(b).find_map(differ);
    let at_end = a.iter().rev().zip(b.iter().rev()).find_map(differ);
    if at_start == Some(true) || at_end == Some(true) {
        return false;
    }
    // Which rests of `b` go with the rest of `a` after the current symbol, from the end on.
    let mut below: Vec<bool> = (0..=b.len())
        .map(|at| b[at..].iter().all(|symbol| *symbol == Symbol::Star))
        .collect();
    for &left in a.iter().rev() {
        let mut row = vec![false; b.len() + 1];
        row[b.len()] = left == Symbol::Star && below[b.len()];
        for (at, &right) in b.iter().enumerate().rev() {
            row[at] = match (left, right) {
                (Symbol::Star, _) | (_, Symbol::Star) => below[at] || row[at + 1],
                (Symbol::Question, _) | (_, Symbol::Question) => below[at + 1],
                _ => left == right && below[at + 1],
            };
        }
        below = row;
    }
    below.first().copied().unwrap_or_default()
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|symbol| match symbol {
            Symbol::Character(character) => write!(f, "{character}"),
            Symbol::Question => f.write_str("?"),
            Symbol::Star => f.write_str("*"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_patterns_are_written_alike() {
        assert_eq!(Pattern::new("a**?b*?").to_string(), "a?*b?*");
        assert_eq!(Pattern::new("*?*"), Pattern::new("?**"));
    }

    #[test]
    fn a_text_fits_or_does_not() {
        for (pattern, text) in [
            ("a*c", "abc"),
            ("a*c", "ac"),
            ("*a*a*", "xaya"),
            ("a?", "ab"),
            ("", ""),
            ("*", ""),
        ] {
            assert!(Pattern::new(pattern).matches(text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("a*c", "abcd"),
            ("a?", "a"),
            ("", "a"),
            ("*a*a*", "xay"),
            ("A", "a"),
            ("?", ""),
        ] {
            assert!(!Pattern::new(pattern).matches(text), "{pattern} {text}");
        }
    }
}
