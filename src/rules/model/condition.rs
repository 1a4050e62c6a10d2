//! When something is in effect, depending on the parameters of a deploy.

use std::collections::BTreeSet;

/// Something that the value of a parameter decides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// The parameter, of type `switch`, is `true`; or it is `false`.
    Switch(String, bool),
    /// The parameter, which may be empty, is not.
    Given(String),
}

impl Fact {
    fn contradicts(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Switch(a, on), Self::Switch(b, other)) => a == b && on != other,
            (Self::Switch(..) | Self::Given(_), Self::Given(_))
            | (Self::Given(_), Self::Switch(..)) => false,
        }
    }
}

/// Facts that must all hold; an empty list always holds.
pub type DeployFacts = BTreeSet<Fact>;

/// When something is in effect: if the facts of one of these lists hold, and always if there is no
/// list. No list contains another one.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeployCondition(Vec<DeployFacts>);

impl DeployCondition {
    /// In effect where all of these facts hold. They must not contradict each other.
    #[must_use]
    pub fn all(facts: DeployFacts) -> Self {
        if facts.is_empty() {
            Self::default()
        } else {
            Self(vec![facts])
        }
    }

    /// In effect where all facts of one of these lists hold.
    #[must_use]
    pub fn any(lists: impl IntoIterator<Item = DeployFacts>) -> Self {
        let mut lists: BTreeSet<DeployFacts> = lists.into_iter().collect();
        while let Some(merged) = without_opposites(&lists) {
            lists = merged;
        }
        if lists.contains(&DeployFacts::new()) {
            return Self::default();
        }
        let is_least = |facts: &&DeployFacts| {
            let mut others = lists.iter();
            !others.any(|other| other.is_subset(facts) && other != *facts)
        };
        Self(lists.iter().filter(is_least).cloned().collect())
    }

    /// Whether it depends on nothing.
    #[must_use]
    pub fn is_always(&self) -> bool {
        self.0.is_empty()
    }

    /// The lists of facts. One of them must hold.
    #[must_use]
    pub fn lists(&self) -> &[DeployFacts] {
        &self.0
    }
}

/// Whether facts can hold together.
#[must_use]
pub fn is_possible(facts: &DeployFacts) -> bool {
    !facts
        .iter()
        .any(|fact| facts.iter().any(|other| fact.contradicts(other)))
}

/// The lists, with two of them merged that differ only in a switch: on in one, off in the other.
/// `None` if there are no two such lists.
fn without_opposites(lists: &BTreeSet<DeployFacts>) -> Option<BTreeSet<DeployFacts>> {
    for list in lists {
        for fact in list {
            let Fact::Switch(name, on) = fact else {
                continue;
            };
            let mut rest = list.clone();
            rest.remove(fact);
            let mut opposite = rest.clone();
            opposite.insert(Fact::Switch(name.clone(), !on));
            if lists.contains(&opposite) {
                let mut merged = lists.clone();
                merged.remove(list);
                merged.remove(&opposite);
                merged.insert(rest);
                return Some(merged);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(name: &str) -> Fact {
        Fact::Switch(name.to_owned(), true)
    }

    fn off(name: &str) -> Fact {
        Fact::Switch(name.to_owned(), false)
    }

    fn given(name: &str) -> Fact {
        Fact::Given(name.to_owned())
    }

    fn any<const N: usize>(lists: [&[Fact]; N]) -> DeployCondition {
        DeployCondition::any(lists.map(|list| list.iter().cloned().collect()))
    }

    #[test]
    fn what_says_nothing_beside_the_others_is_left_out() {
        assert!(any([&[]]).is_always() && any([&[on("A")], &[]]).is_always());
        assert!(any([&[on("A")], &[off("A")]]).is_always());
        assert_eq!(any([&[on("A")], &[on("A"), given("B")]]), any([&[on("A")]]));
        let three = any([
            &[on("A"), on("B")],
            &[off("A"), on("B")],
            &[off("B"), given("C")],
        ]);
        assert_eq!(three, any([&[on("B")], &[off("B"), given("C")]]));
    }
}
