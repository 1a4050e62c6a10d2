//! The layers that can be attached, as patterns, and what can be asked of them.

use crate::pattern::{Domain, Pattern, Search, TooLarge};

/// The most combinations that are looked at to find a layer outside of several ways.
const MOST: usize = 4096;

/// One way to attach layers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// Each layer fits at least one pattern of each group.
    pub within: Vec<Vec<Pattern>>,
    /// No layer fits any of these.
    pub outside: Vec<Pattern>,
    /// For each of these, some layer of the list fits it, or does not: a pattern group, and which.
    pub needs: Vec<(Vec<Pattern>, bool)>,
    /// The statements that allow it.
    pub by: Vec<String>,
}

/// The layers that can be attached.
#[derive(Clone, Debug, Default)]
pub struct Attachable {
    /// The ways that are certain.
    pub certain: Vec<Way>,
    /// The ways that are not excluded.
    pub possible: Vec<Way>,
    /// Why the two differ.
    pub doubts: Vec<String>,
}

impl Attachable {
    /// Everything, for certain.
    #[must_use]
    pub fn everything() -> Self {
        Self { certain: vec![Way::default()], possible: vec![Way::default()], doubts: Vec::new() }
    }
}

impl Way {
    /// Whether there are layers that it asks for beside the one in question; `or` where that cannot be told.
    #[must_use]
    pub fn is_satisfiable(&self, or: bool) -> bool {
        self.needs.iter().all(|(patterns, fits)| {
            let found = if *fits { self.layer(Some(patterns), &[]) } else { self.layer(None, patterns) };
            found.map_or(or, |found| found.is_some())
        })
    }

    /// A layer that it leads to, within a set if one is given, and outside of another.
    ///
    /// # Errors
    ///
    /// Where that cannot be told in bounded time.
    pub fn layer(&self, within: Option<&[Pattern]>, outside: &[Pattern]) -> Result<Option<String>, TooLarge> {
        let within: Vec<&[Pattern]> = self.within.iter().map(Vec::as_slice).chain(within).collect();
        layer(&within, &[&self.outside, outside])
    }

    /// A layer that it leads to and none of some others does, within a set if one is given. Each of these is left by one
    /// of its groups, or by what is outside of it.
    ///
    /// # Errors
    ///
    /// Where that cannot be told in bounded time.
    pub fn layer_beyond(&self, ways: &[Self], set: Option<&[Pattern]>) -> Result<Option<String>, TooLarge> {
        let exits = |way: &Self| way.within.len() + usize::from(!way.outside.is_empty());
        let combinations = ways.iter().try_fold(1, |all: usize, way| all.checked_mul(exits(way)));
        let combinations = combinations.filter(|&all| all <= MOST).ok_or(TooLarge)?;
        for combination in 0..combinations {
            let mut rest = combination;
            let mut within: Vec<&[Pattern]> = self.within.iter().map(Vec::as_slice).chain(set).collect();
            let mut outside = vec![self.outside.as_slice()];
            for way in ways {
                let exit = rest % exits(way);
                rest /= exits(way);
                match way.within.get(exit) {
                    Some(group) => outside.push(group),
                    None => within.push(&way.outside),
                }
            }
            if let Some(found) = layer(&within, &outside)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

impl Attachable {
    /// A layer that may be attached by this and not certainly by another.
    ///
    /// # Errors
    ///
    /// Where that cannot be told in bounded time.
    pub fn layer_beyond(&self, other: &Self) -> Result<Option<String>, TooLarge> {
        for way in &self.possible {
            if let Some(found) = way.layer_beyond(&other.certain, None)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

/// A layer that fits a pattern of each group, and none of those outside.
fn layer(within: &[&[Pattern]], outside: &[&[Pattern]]) -> Result<Option<String>, TooLarge> {
    let search = Search::among(Domain::layer_versions());
    let search = within.iter().fold(search, |search, group| search.within(*group));
    outside.iter().fold(search, |search, group| search.outside(*group)).shortest()
}
