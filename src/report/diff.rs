//! The content of a report on a difference, independent of its format.

use super::access::shown;
use crate::access::Access;
use crate::access::diff::{
    AttachChange, Attaches, Comes, Diff, NotReadChange, Note, Prominence, UseChange,
};
use crate::iam::right::Right;

/// The sentences of a report.
pub(super) struct DiffSentences {
    /// The changes that a reviewer must not miss.
    pub loud: Vec<String>,
    /// What somebody gains.
    pub gained: Vec<String>,
    /// What somebody loses.
    pub lost: Vec<String>,
    /// Other notes.
    pub notes: Vec<String>,
}

impl DiffSentences {
    pub fn of(diff: &Diff, old: &Access, new: &Access) -> Self {
        let mut sentences = Self {
            loud: Vec::new(),
            gained: Vec::new(),
            lost: Vec::new(),
            notes: Vec::new(),
        };
        for change in &diff.gained {
            let sentence = gained(change, new);
            match change.prominence {
                Prominence::Everyone | Prominence::Unknown => sentences.loud.push(sentence),
                Prominence::ForeignOrganization
                | Prominence::ForeignAccount
                | Prominence::Known => {
                    sentences.gained.push(sentence);
                }
            }
        }
        sentences.loud.extend(diff.not_read.iter().map(not_read));
        for change in &diff.wider {
            let sentence = wider(change);
            match change.what {
                Attaches::Undecided(_) => sentences.loud.push(sentence),
                Attaches::Allows(_)
                | Attaches::DoesNotForbid(_)
                | Attaches::AllowsHandling(..)
                | Attaches::DoesNotForbidHandling(..)
                | Attaches::Applies(..) => sentences.gained.push(sentence),
            }
        }
        sentences
            .lost
            .extend(diff.lost.iter().map(|change| lost(change, old)));
        sentences.lost.extend(diff.narrower.iter().map(narrower));
        for note in &diff.notes {
            match note {
                Note::Outlives(..) => sentences.gained.push(self::note(note, new)),
                Note::NoLongerOutlives(..) => sentences.lost.push(self::note(note, new)),
                Note::Kept(..) => sentences.notes.push(self::note(note, old)),
                Note::Republished(..) => sentences.notes.push(self::note(note, new)),
            }
        }
        sentences
    }
}

fn when(when: Option<&String>) -> String {
    when.map_or_else(String::new, |when| format!(", if {when}"))
}

pub(super) fn gained(change: &UseChange, access: &Access) -> String {
    let note = match change.prominence {
        Prominence::ForeignOrganization | Prominence::ForeignAccount => {
            ", not named anywhere \
            before"
        }
        Prominence::Everyone | Prominence::Unknown | Prominence::Known if change.with_version => {
            ", a version that is new"
        }
        Prominence::Everyone | Prominence::Unknown | Prominence::Known => "",
    };
    let when = when(change.when.as_ref());
    format!(
        "{} can now use {}{note}{when}",
        shown(access, &change.who),
        change.version
    )
}

fn lost(change: &UseChange, access: &Access) -> String {
    let note = if change.with_version {
        ", a version that is gone"
    } else {
        ""
    };
    let when = when(change.when.as_ref());
    format!(
        "{} can no longer use {}{note}{when}",
        shown(access, &change.who),
        change.version
    )
}

pub(super) fn not_read(change: &NotReadChange) -> String {
    let how = if change.was_there {
        "changed"
    } else {
        "is new"
    };
    format!(
        "{} {how}: {}, and its effect is not in the template",
        change.place, change.what
    )
}

/// The name of a right in JSON.
pub(super) fn verb(right: Right) -> &'static str {
    match right {
        Right::Read => "read",
        Right::Publish => "publish",
        Right::Share => "share",
    }
}

/// What somebody does by a right, in a sentence.
fn doing(right: Right) -> &'static str {
    match right {
        Right::Read => "reading",
        Right::Publish => "publishing",
        Right::Share => "sharing",
    }
}

/// The subject of a sentence.
fn subject(change: &AttachChange) -> String {
    match change.comes {
        Some(Comes::Comes) => format!("{}, which is new,", change.subject),
        Some(Comes::Goes) => format!("{}, which is gone,", change.subject),
        None => change.subject.clone(),
    }
}

pub(super) fn wider(change: &AttachChange) -> String {
    let subject = subject(change);
    let when = when(change.when.as_ref());
    match &change.what {
        Attaches::Allows(layer) => format!(
            "{subject} now allows attaching {layer}, for \
            example{when}"
        ),
        Attaches::DoesNotForbid(layer) => {
            format!("{subject} no longer forbids attaching {layer}, for example{when}")
        }
        Attaches::AllowsHandling(right, layer) => {
            format!(
                "{subject} now allows {} {layer}, for example{when}",
                doing(*right)
            )
        }
        Attaches::DoesNotForbidHandling(right, layer) => format!(
            "{subject} no longer forbids {} {layer}, for example{when}",
            doing(*right)
        ),
        Attaches::Applies(true, what) => format!("{subject} now {what}{when}"),
        Attaches::Applies(false, what) => format!("{subject} no longer {what}{when}"),
        Attaches::Undecided(why) => {
            format!("{subject} may allow more with layers: undecided: {why}{when}")
        }
    }
}

fn narrower(change: &AttachChange) -> String {
    let subject = subject(change);
    let when = when(change.when.as_ref());
    match &change.what {
        Attaches::Allows(layer) => {
            format!("{subject} no longer allows attaching {layer}, for example{when}")
        }
        Attaches::DoesNotForbid(layer) => {
            format!("{subject} now forbids attaching {layer}, for example{when}")
        }
        Attaches::AllowsHandling(right, layer) => format!(
            "{subject} no longer allows {} {layer}, for example{when}",
            doing(*right)
        ),
        Attaches::DoesNotForbidHandling(right, layer) => {
            format!(
                "{subject} now forbids {} {layer}, for example{when}",
                doing(*right)
            )
        }
        Attaches::Applies(true, what) => format!("{subject} no longer {what}{when}"),
        Attaches::Applies(false, what) => format!("{subject} now {what}{when}"),
        Attaches::Undecided(why) => {
            format!("{subject} may allow less with layers: undecided: {why}{when}")
        }
    }
}

pub(super) fn note(note: &Note, access: &Access) -> String {
    match note {
        Note::Outlives(who, version, grant) => format!(
            "from now on, {} can still use {version} after {grant} is removed or replaced: it is \
                retained",
            shown(access, who)
        ),
        Note::NoLongerOutlives(who, version, grant) => format!(
            "from now on, {} loses {version} when {grant} is removed or replaced: it is no longer \
                retained",
            shown(access, who)
        ),
        Note::Kept(who, version, grant) => {
            format!(
                "{} can still use {version}: {grant} leaves the template, and is retained",
                shown(access, who)
            )
        }
        Note::Republished(version, who) => {
            let who: Vec<String> = who.iter().map(|who| shown(access, who)).collect();
            format!(
                "{version} is published again with other content, and can be used by {}",
                who.join("; ")
            )
        }
    }
}
