//! A picture of who can use what that stays readable: beyond some tens of nodes, principals with
//! the same access are one node, and so are versions with the same users.

use super::access::{layer_name, shown};
use crate::access::Access;
use crate::access::diff::UseChange;
use crate::access::grants::{Reach, VersionId, Who};
use crate::english::count;
use indexmap::{IndexMap, IndexSet};
use std::collections::BTreeSet;

/// The most nodes and lines that are drawn one by one.
const NODES: usize = 40;
const LINES: usize = 120;

/// The most nodes of one side of a picture with groups. With as many on both sides, the lines are
/// fewer than the 500 that Mermaid draws.
const GROUPS: usize = 20;

/// The most characters of one line of text.
const CHARACTERS: usize = 80;

/// The most members of a group that are named.
const NAMED: usize = 30;

/// Those who can use something on one side, what they can use on the other, and lines between them.
pub(super) struct Picture {
    pub who: Vec<PictureNode>,
    pub versions: Vec<PictureNode>,
    pub lines: Vec<PictureLine>,
}

/// One thing, or several that have the same lines.
pub(super) struct PictureNode {
    /// What it is.
    pub title: String,
    /// Its members, if it is a group.
    pub members: Vec<String>,
    /// How many members there are that are not named.
    pub unnamed: usize,
    /// The most prominent principal that has to do with it; `None` for a version that nobody else
    /// can use.
    pub reach: Option<Reach>,
}

/// Somebody can use something.
pub(super) struct PictureLine {
    /// The index of who.
    pub who: usize,
    /// The index of the version.
    pub version: usize,
    /// Whether this is so for some of the members only.
    pub is_partial: bool,
}

/// The links that a picture is made from.
#[derive(Default)]
struct Links {
    who: IndexMap<Who, String>,
    versions: IndexMap<VersionId, (String, String)>,
    links: BTreeSet<(usize, usize)>,
}

impl Links {
    fn version(&mut self, access: &Access, id: &VersionId, layer: String) -> usize {
        let shown = id.to_string();
        let name = match access.authored.labels.get(&shown) {
            Some(label) => format!("{layer} {label}"),
            None => shown,
        };
        self.versions.insert_full(id.clone(), (layer, name)).0
    }

    fn link(&mut self, access: &Access, who: &Who, version: usize) {
        let index = match self.who.get_index_of(who) {
            Some(index) => index,
            None => self.who.insert_full(who.clone(), shown(access, who)).0,
        };
        self.links.insert((index, version));
    }
}

impl Picture {
    /// Everybody who can use something.
    pub fn of(access: &Access) -> Self {
        let mut links = Links::default();
        for (id, version) in &access.grants.versions {
            let index = links.version(access, id, layer_name(version));
            for who in version.grants.keys() {
                links.link(access, who, index);
            }
        }
        Self::new(links)
    }

    /// Everybody who gains something by a change, of the access after it.
    pub fn gained(changes: &[UseChange], access: &Access) -> Self {
        let mut links = Links::default();
        for change in changes {
            let version = access.grants.versions.get(&change.version);
            let layer = version.map(layer_name).unwrap_or_default();
            let index = links.version(access, &change.version, layer);
            links.link(access, &change.who, index);
        }
        Self::new(links)
    }

    fn new(mut links: Links) -> Self {
        let mut order: Vec<usize> = (0..links.who.len()).collect();
        order.sort_by_key(|index| links.who.get_index(*index).map(|(who, _)| who.clone()));
        let place: IndexMap<usize, usize> = order.iter().copied().zip(0..).collect();
        links.links = links
            .links
            .iter()
            .filter_map(|(who, version)| Some((*place.get(who)?, *version)))
            .collect();
        links.who.sort_by(|a, _, b, _| a.cmp(b));
        if links.who.len() + links.versions.len() <= NODES && links.links.len() <= LINES {
            links.one_by_one()
        } else {
            links.grouped()
        }
    }
}

impl Links {
    /// The indices of who reaches each version.
    fn sets(&self) -> Vec<BTreeSet<usize>> {
        let mut sets = vec![BTreeSet::new(); self.versions.len()];
        for (who, version) in &self.links {
            if let Some(set) = sets.get_mut(*version) {
                set.insert(*who);
            }
        }
        sets
    }

    fn reach(&self, who: usize) -> Option<Reach> {
        self.who.get_index(who).map(|(who, _)| who.reach())
    }

    fn one_by_one(&self) -> Picture {
        let who = self.who.iter().map(|(who, name)| PictureNode {
            title: cut(name),
            members: Vec::new(),
            unnamed: 0,
            reach: Some(who.reach()),
        });
        let sets = self.sets();
        let versions = self
            .versions
            .values()
            .zip(&sets)
            .map(|((_, name), set)| PictureNode {
                title: cut(name),
                members: Vec::new(),
                unnamed: 0,
                reach: set.iter().filter_map(|who| self.reach(*who)).min(),
            });
        let lines = self.links.iter().map(|&(who, version)| PictureLine {
            who,
            version,
            is_partial: false,
        });
        Picture {
            who: who.collect(),
            versions: versions.collect(),
            lines: lines.collect(),
        }
    }

    fn grouped(&self) -> Picture {
        // Versions that the same can use.
        let sets = self.sets();
        let mut classes: IndexMap<&BTreeSet<usize>, Vec<usize>> = IndexMap::new();
        for (version, set) in sets.iter().enumerate() {
            classes.entry(set).or_default().push(version);
        }
        let mut versions: Vec<(Option<Reach>, Vec<usize>)> = classes
            .into_iter()
            .map(|(set, members)| {
                let reach = set.iter().filter_map(|who| self.reach(*who)).min();
                (reach, members)
            })
            .collect();
        sort_and_bound(&mut versions);
        let of_version = numbers(&versions);

        // The principals of one kind who can use the same versions.
        let mut reached = vec![BTreeSet::new(); self.who.len()];
        for (who, version) in &self.links {
            if let (Some(set), Some(class)) = (reached.get_mut(*who), of_version.get(version)) {
                set.insert(*class);
            }
        }
        let mut classes: IndexMap<(Option<Reach>, &BTreeSet<usize>), Vec<usize>> = IndexMap::new();
        for (who, set) in reached.iter().enumerate() {
            let key = (self.reach(who), set);
            classes.entry(key).or_default().push(who);
        }
        let mut who: Vec<(Option<Reach>, Vec<usize>)> = classes
            .into_iter()
            .map(|((reach, _), members)| (reach, members))
            .collect();
        sort_and_bound(&mut who);
        let of_who = numbers(&who);

        let mut drawn: IndexMap<(usize, usize), usize> = IndexMap::new();
        for (one, version) in &self.links {
            if let (Some(one), Some(version)) = (of_who.get(one), of_version.get(version)) {
                *drawn.entry((*one, *version)).or_default() += 1;
            }
        }
        drawn.sort_keys();
        let lines = drawn.iter().map(|(&(one, version), number)| PictureLine {
            who: one,
            version,
            is_partial: *number < who[one].1.len() * versions[version].1.len(),
        });
        let lines = lines.collect();
        Picture {
            who: who
                .iter()
                .map(|(reach, all)| self.principals(*reach, all))
                .collect(),
            versions: versions
                .iter()
                .map(|(reach, all)| self.layers(*reach, all))
                .collect(),
            lines,
        }
    }

    /// A node of several who can use something.
    fn principals(&self, reach: Option<Reach>, members: &[usize]) -> PictureNode {
        let all: Vec<(&Who, &String)> = members
            .iter()
            .filter_map(|index| self.who.get_index(*index))
            .collect();
        let kinds: BTreeSet<Reach> = all.iter().map(|(who, _)| who.reach()).collect();
        let noun = match (kinds.len(), kinds.first()) {
            (1, Some(Reach::Organization)) => "organization",
            (1, Some(Reach::Account)) => "account",
            (1, Some(Reach::Unknown)) => "unknown principal",
            _ => "principal",
        };
        node(
            all.iter().map(|(_, name)| (*name).clone()).collect(),
            noun,
            reach,
        )
    }

    /// A node of several versions: a layer that is in it with all its versions is named alone.
    fn layers(&self, reach: Option<Reach>, members: &[usize]) -> PictureNode {
        let mut inside: IndexMap<&String, Vec<&String>> = IndexMap::new();
        for (layer, name) in members
            .iter()
            .filter_map(|index| self.versions.get_index(*index))
            .map(|(_, names)| names)
        {
            inside.entry(layer).or_default().push(name);
        }
        let mut all: IndexMap<&String, usize> = IndexMap::new();
        for (layer, _) in self.versions.values() {
            *all.entry(layer).or_default() += 1;
        }
        let mut names = Vec::new();
        let mut is_whole = true;
        for (layer, versions) in &inside {
            match versions.as_slice() {
                some if all.get(layer).is_some_and(|all| some.len() < *all) => {
                    is_whole = false;
                    names.extend(some.iter().map(|name| (*name).clone()));
                }
                [only] => names.push((*only).clone()),
                several if inside.len() == 1 => {
                    names.push(format!("{layer} ({})", count(several.len(), "version")));
                }
                _ => names.push((*layer).clone()),
            }
        }
        let noun = if is_whole { "layer" } else { "layer version" };
        node(names, noun, reach)
    }
}

fn node(names: Vec<String>, noun: &str, reach: Option<Reach>) -> PictureNode {
    let names: IndexSet<String> = names.into_iter().map(|name| cut(&name)).collect();
    match names.first() {
        Some(only) if names.len() == 1 => PictureNode {
            title: only.clone(),
            members: Vec::new(),
            unnamed: 0,
            reach,
        },
        _ => PictureNode {
            title: count(names.len(), noun),
            unnamed: names.len().saturating_sub(NAMED),
            members: names.into_iter().take(NAMED).collect(),
            reach,
        },
    }
}

/// The most prominent first, then the largest; the rest beyond the limit is one group.
fn sort_and_bound(classes: &mut Vec<(Option<Reach>, Vec<usize>)>) {
    let rank = |reach: &Option<Reach>| reach.map_or(u8::MAX, |reach| reach as u8);
    classes.sort_by_key(|(reach, members)| (rank(reach), usize::MAX - members.len()));
    if classes.len() > GROUPS {
        let rest = classes.split_off(GROUPS - 1);
        let reach = rest.iter().filter_map(|(reach, _)| *reach).min();
        let members = rest.into_iter().flat_map(|(_, members)| members).collect();
        classes.push((reach, members));
    }
}

/// The number of the group of each member.
fn numbers(classes: &[(Option<Reach>, Vec<usize>)]) -> IndexMap<usize, usize> {
    let of = |(class, (_, members)): (usize, &(Option<Reach>, Vec<usize>))| {
        members
            .iter()
            .map(move |member| (*member, class))
            .collect::<Vec<_>>()
    };
    classes.iter().enumerate().flat_map(of).collect()
}

/// A text that is not too long for a picture: its beginning and its end.
fn cut(text: &str) -> String {
    shortened(text, CHARACTERS)
}

/// A text of at most that many characters: its beginning and its end.
pub(super) fn shortened(text: &str, most: usize) -> String {
    let number = text.chars().count();
    if number <= most {
        return text.to_owned();
    }
    let kept = most.saturating_sub(1);
    let (before, after) = (kept.div_ceil(2), kept / 2);
    let start: String = text.chars().take(before).collect();
    let end: String = text.chars().skip(number - after).collect();
    format!("{start}…{end}")
}
