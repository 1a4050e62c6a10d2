//! What changes between two templates: who gains and who loses the use of which layer version, and what may be attached
//! that could not be before.

use super::attach::attachable;
use super::grants::{VersionId, Who};
use super::reach::Reach;
use super::report::{Access, cell};
use super::subject::Subject;
use super::ways::Attachable;
use serde_json::{Value as Json, json};
use std::collections::{BTreeSet, HashMap};

const GAINS: &str = "can now use";
const LOSES: &str = "can no longer use";

/// A change of who can use a layer version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// How loud it is to be said, the loudest first.
    pub weight: Weight,
    /// The version.
    pub version: String,
    /// Who.
    pub who: Who,
    /// Whether the version itself comes or goes.
    pub with_version: bool,
}

/// How much a change weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Everyone can use it.
    Everyone,
    /// Whether anybody can is not known.
    Unknown,
    /// An organization, nowhere named before.
    ForeignOrganization,
    /// An account, nowhere named before.
    ForeignAccount,
    /// Somebody who can use something already.
    Known,
}

/// A change of what may be attached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attach {
    /// The role or policy.
    pub subject: String,
    /// A layer that may be attached now and could not before.
    pub gained: Option<String>,
    /// A layer that could be attached before and cannot now.
    pub lost: Option<String>,
    /// Whom or what more it is about, beside the layers.
    pub wider: Vec<String>,
    /// Whom or what less.
    pub narrower: Vec<String>,
    /// Why something cannot be told.
    pub doubts: Vec<String>,
    /// Whether the subject itself comes (true) or goes (false).
    pub came: Option<bool>,
}

impl Attach {
    fn is_empty(&self) -> bool {
        self.gained.is_none()
            && self.lost.is_none()
            && self.wider.is_empty()
            && self.narrower.is_empty()
            && self.doubts.is_empty()
    }
}

/// Everything that changes.
#[derive(Debug, Default)]
pub struct Diff {
    /// Who can use what they could not, the loudest first.
    pub gained: Vec<Use>,
    /// Who can no longer use what they could.
    pub lost: Vec<Use>,
    /// What may be attached.
    pub attach: Vec<Attach>,
}

impl Diff {
    /// The changes from one side to the other.
    #[must_use]
    pub fn between(old: &Access, new: &Access) -> Self {
        let mut gained = uses(old, new);
        let mut lost = uses(new, old);
        gained.sort();
        lost.sort();
        Self { gained, lost, attach: attach(old, new) }
    }

    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.gained.is_empty() && self.lost.is_empty() && self.attach.is_empty()
    }

    /// Whether anybody gains anything, or may.
    #[must_use]
    pub fn is_broader(&self) -> bool {
        !self.gained.is_empty()
            || self
                .attach
                .iter()
                .any(|change| change.gained.is_some() || !change.wider.is_empty() || !change.doubts.is_empty())
    }

    /// The sentences, the loudest first; `shown` names somebody.
    fn sentences(&self, old: &Access, new: &Access) -> (Vec<(bool, String)>, Vec<String>) {
        let say = |change: &Use, access: &Access, verb: &str| {
            let loud = matches!(change.weight, Weight::Everyone | Weight::Unknown);
            let note = match (change.weight, change.with_version) {
                (Weight::ForeignOrganization | Weight::ForeignAccount, _) if verb == GAINS => ", nowhere named before",
                (_, true) if verb == GAINS => ", a version that is new",
                (_, true) => ", a version that is gone",
                _ => "",
            };
            (loud, format!("{} {verb} {}{note}", access.shown(&change.who), change.version))
        };
        let mut gains: Vec<(bool, String)> = self.gained.iter().map(|change| say(change, new, GAINS)).collect();
        let mut losses: Vec<String> = self.lost.iter().map(|change| say(change, old, LOSES).1).collect();
        for change in &self.attach {
            let name = &change.subject;
            let (new, gone) = match change.came {
                Some(true) => (", which is new,", ""),
                Some(false) => ("", ", which is gone,"),
                None => ("", ""),
            };
            let now = if gone.is_empty() { "now lets attach" } else { "no longer forbids" };
            let no_longer = if new.is_empty() { "no longer lets attach" } else { "forbids" };
            gains.extend(
                change.gained.iter().map(|layer| (false, format!("{name}{new}{gone} {now} {layer}, for example"))),
            );
            losses
                .extend(change.lost.iter().map(|layer| format!("{name}{new}{gone} {no_longer} {layer}, for example")));
            gains.extend(change.wider.iter().map(|what| (false, format!("{name} {what}"))));
            losses.extend(change.narrower.iter().map(|what| format!("{name} {what}")));
            gains.extend(change.doubts.iter().map(|doubt| (true, format!("{name}: undecided: {doubt}"))));
        }
        gains.sort_by_key(|(loud, _)| !loud);
        (gains, losses)
    }

    /// For a terminal.
    #[must_use]
    pub fn text(&self, old: &Access, new: &Access) -> String {
        if self.is_empty() {
            return "nobody gains or loses anything\n".to_owned();
        }
        let (gains, losses) = self.sentences(old, new);
        let gains = gains.iter().map(|(loud, sentence)| format!("{} {sentence}\n", if *loud { "!!" } else { "+" }));
        gains.chain(losses.iter().map(|sentence| format!("- {sentence}\n"))).collect()
    }

    /// For a pull request.
    #[must_use]
    pub fn markdown(&self, old: &Access, new: &Access) -> String {
        if self.is_empty() {
            return "**Access to layers: no change.** Nobody gains or loses anything.\n".to_owned();
        }
        let (gains, losses) = self.sentences(old, new);
        let broader = if self.is_broader() { "broader" } else { "narrower" };
        let mut text = format!("## Access to layers: {broader}\n");
        for (_, sentence) in gains.iter().filter(|(loud, _)| *loud) {
            text.push_str(&format!("\n> **{}**\n", cell(sentence)));
        }
        let quiet: Vec<&String> = gains.iter().filter(|(loud, _)| !loud).map(|(_, sentence)| sentence).collect();
        for (title, sentences) in [("Gained", quiet), ("Lost", losses.iter().collect())] {
            if !sentences.is_empty() {
                text.push_str(&format!("\n### {title}\n\n"));
                sentences.iter().for_each(|sentence| text.push_str(&format!("- {}\n", cell(sentence))));
            }
        }
        text
    }

    /// For programs.
    #[must_use]
    pub fn json(&self, old: &Access, new: &Access) -> Json {
        let uses = |changes: &[Use], access: &Access| -> Vec<Json> {
            let one = |change: &Use| {
                json!({
                    "version": change.version,
                    "who": access.grant(&change.who, &[]),
                    "foreign": matches!(change.weight, Weight::ForeignOrganization | Weight::ForeignAccount),
                    "with_version": change.with_version,
                })
            };
            changes.iter().map(one).collect()
        };
        let attach = |change: &Attach| {
            json!({
                "subject": change.subject, "gained": change.gained, "lost": change.lost, "wider": change.wider,
                "narrower": change.narrower, "undecided": change.doubts,
                "came": change.came,
            })
        };
        json!({
            "broader": self.is_broader(),
            "gained": uses(&self.gained, new),
            "lost": uses(&self.lost, old),
            "attach": self.attach.iter().map(attach).collect::<Vec<_>>(),
        })
    }
}

/// Who can use what in `new` and cannot in `old`.
fn uses(old: &Access, new: &Access) -> Vec<Use> {
    let known: BTreeSet<&Who> = old.grants.versions.values().flat_map(|version| version.grants.keys()).collect();
    let mut found = Vec::new();
    for (id, version) in &new.grants.versions {
        let before = old.grants.versions.get(id);
        for who in version.grants.keys() {
            let is_new = before.is_none_or(|before| !before.grants.contains_key(who));
            // What everyone could use already, nobody gains.
            let public = before.is_some_and(|before| before.grants.contains_key(&Who::Everyone));
            if is_new && !public {
                let weight = match who {
                    Who::Everyone => Weight::Everyone,
                    Who::Unknown(_) => Weight::Unknown,
                    who if known.contains(who) => Weight::Known,
                    Who::Organization(_) => Weight::ForeignOrganization,
                    Who::Account(_) => Weight::ForeignAccount,
                };
                found.push(Use { weight, version: shown(id), who: who.clone(), with_version: before.is_none() });
            }
        }
    }
    found
}

fn shown(id: &VersionId) -> String {
    id.to_string()
}

/// What changes about attaching.
fn attach(old: &Access, new: &Access) -> Vec<Attach> {
    let of = |access: &'_ Access| -> HashMap<String, (Attachable, Reach)> {
        let one = |subject: &Subject| (subject.name.clone(), (attachable(subject), subject.reach.clone()));
        access.subjects.iter().map(one).collect()
    };
    let (before, after) = (of(old), of(new));
    let subjects = || old.subjects.iter().chain(&new.subjects);
    let names: BTreeSet<&String> = subjects().map(|subject| &subject.name).collect();
    let mut changes = Vec::new();
    for name in names {
        let restricts = subjects().any(|one| one.name == *name && one.restricts);
        let nothing = if restricts { Attachable::everything() } else { Attachable::default() };
        let missing = (nothing, Reach::default());
        let came = match (before.get(name), after.get(name)) {
            (None, _) => Some(true),
            (_, None) => Some(false),
            _ => None,
        };
        let (was, was_about) = before.get(name).unwrap_or(&missing);
        let (is, is_about) = after.get(name).unwrap_or(&missing);
        let mut change = Attach { subject: name.clone(), came, ..Attach::default() };
        match (is.layer_beyond(was), was.layer_beyond(is)) {
            (Ok(gained), Ok(lost)) => {
                change.gained = gained.map(|layer| new.without_assumed(&layer));
                change.lost = lost.map(|layer| old.without_assumed(&layer));
            }
            _ => change.doubts.push("its patterns are too entangled to be told apart".to_owned()),
        }
        // What only takes away widens nothing by coming, and what allows narrows nothing by going.
        if came != Some(restricts) {
            change.wider = beyond(was_about, is_about, ["now", "no longer"], new);
        }
        if came != Some(!restricts) {
            change.narrower = beyond(is_about, was_about, ["no longer", "now"], old);
        }
        if !change.is_empty() {
            changes.push(change);
        }
    }
    changes
}

/// How the reach of the second goes beyond that of the first: `more` and `fewer` say so of what is added and taken away.
fn beyond(first: &Reach, second: &Reach, [more, fewer]: [&str; 2], access: &Access) -> Vec<String> {
    let added = second.widens.difference(&first.widens).map(|what| format!("{more} {what}"));
    let taken = first.narrows.difference(&second.narrows).map(|what| format!("{fewer} {what}"));
    added.chain(taken).map(|text| access.without_assumed(&text)).collect()
}
