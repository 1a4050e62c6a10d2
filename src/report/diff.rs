//! The content of a report on a difference, independent of its format.

use super::access::shown;
use super::applies::{precise_predicate, predicate};
use crate::access::Access;
use crate::access::diff::{AttachChange, Attaches, Comes, Diff, Note, Prominence, UseChange};
use crate::access::part_change::{How, PartChange};
use crate::access::unclear::Undecided;
use crate::cloudformation::TooManyCases;
use crate::cloudformation::cases::SomeCases;
use crate::iam::doubt::TooManyAllowances;
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
        for change in &diff.not_read {
            let sentence = not_read(change);
            if change.may_widen() {
                sentences.loud.push(sentence);
            } else {
                sentences.notes.push(sentence);
            }
        }
        sentences
            .lost
            .extend(diff.lost.iter().map(|change| lost(change, old)));
        sentences.add_attach_changes(diff, old, new);
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

    fn add_attach_changes(&mut self, diff: &Diff, old: &Access, new: &Access) {
        let wider_now = set_apart(&diff.wider, new, &diff.narrower, old);
        let narrower_now = set_apart(&diff.narrower, old, &diff.wider, new);
        for change in &wider_now {
            let mut sentence = wider(change);
            if reads_as_one_of(change, &narrower_now) {
                sentence.push_str(": the same words as before, for another value");
            }
            match change.change.what {
                Attaches::Undecided(_) => self.loud.push(sentence),
                Attaches::Allows(_)
                | Attaches::DoesNotForbid(_)
                | Attaches::AllowsHandling(..)
                | Attaches::DoesNotForbidHandling(..)
                | Attaches::Applies(_) => self.gained.push(sentence),
            }
        }
        for change in &narrower_now {
            if !reads_as_one_of(change, &wider_now) {
                self.lost.push(narrower(change));
            }
        }
    }
}

fn when(when: Option<&SomeCases>) -> String {
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

pub(super) fn not_read(change: &PartChange) -> String {
    let (how, unknown) = match change.how {
        How::New => ("is new", "its effect"),
        How::Changed => ("changed", "its effect"),
        How::Gone { may_restrict: true } => ("is gone", "what it restricted"),
        How::Gone {
            may_restrict: false,
        } => ("is gone", "its effect"),
    };
    let is = match change.how {
        How::New | How::Changed => "is",
        How::Gone { .. } => "was",
    };
    format!(
        "{} {how}: {}, and {unknown} {is} not in the template",
        change.place, change.kind
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

/// A change of what may be attached, published or shared, with its text.
pub(super) struct ShownChange<'d> {
    pub change: &'d AttachChange,
    /// The layer, the clause or the reason that the change is about.
    pub what: String,
}

/// Changes with their texts, without placeholders, and without those that read like another one.
/// `access` is that of the side with the changes.
pub(super) fn attach_changes<'d>(
    changes: &'d [AttachChange],
    access: &Access,
) -> Vec<ShownChange<'d>> {
    let mut found: Vec<ShownChange<'d>> = Vec::with_capacity(changes.len());
    for change in changes {
        let what = match &change.what {
            Attaches::Allows(layer)
            | Attaches::DoesNotForbid(layer)
            | Attaches::AllowsHandling(_, layer)
            | Attaches::DoesNotForbidHandling(_, layer) => layer.clone(),
            Attaches::Applies(wider) => predicate(&wider.what),
            Attaches::Undecided(why) => undecided(why),
        };
        let what = access.shown.text(&what);
        // Changes of one subject follow each other.
        let of_subject = found.iter().rev();
        let mut of_subject = of_subject.take_while(|one| one.change.subject == change.subject);
        if !of_subject.any(|one| reads_alike(one, change, &what)) {
            found.push(ShownChange { change, what });
        }
    }
    found
}

fn reads_alike(shown: &ShownChange<'_>, change: &AttachChange, what: &str) -> bool {
    shown.what == what
        && shown.change.when == change.when
        && kind(&shown.change.what) == kind(&change.what)
}

/// The changes of one side, in words that set them apart from those of the other side.
fn set_apart<'d>(
    changes: &'d [AttachChange],
    access: &Access,
    others: &[AttachChange],
    other_access: &Access,
) -> Vec<ShownChange<'d>> {
    let mut found = attach_changes(changes, access);
    let others = attach_changes(others, other_access);
    for shown in &mut found {
        if reads_as_one_of(shown, &others)
            && let Attaches::Applies(wider) = &shown.change.what
        {
            shown.what = access.shown.text(&precise_predicate(&wider.what));
        }
    }
    found
}

/// Whether a change reads like one of the other side: a deploy gives the same words another value.
fn reads_as_one_of(shown: &ShownChange<'_>, others: &[ShownChange<'_>]) -> bool {
    let mut others = others.iter();
    matches!(shown.change.what, Attaches::Applies(_))
        && others.any(|other| {
            other.change.subject == shown.change.subject
                && reads_alike(other, shown.change, &shown.what)
        })
}

/// The name of a change in JSON.
pub(super) fn kind(what: &Attaches) -> &'static str {
    match what {
        Attaches::Allows(_) => "attach",
        Attaches::AllowsHandling(right, _) => verb(*right),
        Attaches::DoesNotForbid(_) | Attaches::DoesNotForbidHandling(Right::Read, _) => "forbid",
        Attaches::DoesNotForbidHandling(Right::Publish, _) => "forbid-publish",
        Attaches::DoesNotForbidHandling(Right::Share, _) => "forbid-share",
        Attaches::Applies(wider) if wider.is_added => "applies",
        Attaches::Applies(_) => "does-not-apply",
        Attaches::Undecided(_) => "undecided",
    }
}

/// Why it is unknown which side is wider.
fn undecided(why: &Undecided) -> String {
    match why {
        Undecided::Cases => TooManyCases.to_string(),
        Undecided::Allowances => TooManyAllowances.to_string(),
        Undecided::Patterns => "its patterns are too complex to compare".to_owned(),
        Undecided::Part {
            place,
            why,
            is_gone,
        } => {
            let gone = if *is_gone { "gone or changed: " } else { "" };
            format!("{gone}{place}: {why}")
        }
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

pub(super) fn wider(shown: &ShownChange<'_>) -> String {
    let (subject, what) = (subject(shown.change), &shown.what);
    let when = when(shown.change.when.as_ref());
    match &shown.change.what {
        Attaches::Allows(_) => {
            format!("{subject} now allows attaching {what}, for example{when}")
        }
        Attaches::DoesNotForbid(_) => {
            format!("{subject} no longer forbids attaching {what}, for example{when}")
        }
        Attaches::AllowsHandling(right, _) => {
            let doing = doing(*right);
            format!("{subject} now allows {doing} {what}, for example{when}")
        }
        Attaches::DoesNotForbidHandling(right, _) => {
            let doing = doing(*right);
            format!("{subject} no longer forbids {doing} {what}, for example{when}")
        }
        Attaches::Applies(wider) if wider.is_added => format!("{subject} now {what}{when}"),
        Attaches::Applies(_) => format!("{subject} no longer {what}{when}"),
        Attaches::Undecided(_) => {
            format!("{subject} may allow more with layers: undecided: {what}{when}")
        }
    }
}

fn narrower(shown: &ShownChange<'_>) -> String {
    let (subject, what) = (subject(shown.change), &shown.what);
    let when = when(shown.change.when.as_ref());
    match &shown.change.what {
        Attaches::Allows(_) => {
            format!("{subject} no longer allows attaching {what}, for example{when}")
        }
        Attaches::DoesNotForbid(_) => {
            format!("{subject} now forbids attaching {what}, for example{when}")
        }
        Attaches::AllowsHandling(right, _) => {
            let doing = doing(*right);
            format!("{subject} no longer allows {doing} {what}, for example{when}")
        }
        Attaches::DoesNotForbidHandling(right, _) => {
            let doing = doing(*right);
            format!("{subject} now forbids {doing} {what}, for example{when}")
        }
        Attaches::Applies(wider) if wider.is_added => format!("{subject} no longer {what}{when}"),
        Attaches::Applies(_) => format!("{subject} now {what}{when}"),
        Attaches::Undecided(_) => {
            format!("{subject} may allow less with layers: undecided: {what}{when}")
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
