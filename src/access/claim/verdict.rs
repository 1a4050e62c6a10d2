//! The answer to a claim, and how several answers become one.

use crate::access::placeholder::Shown;
use crate::cloudformation::Case;
use crate::iam::provenance::Provenance;

/// The answer to a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds, with the reason.
    Holds(String),
    /// It does not hold: a counterexample, and its causes.
    Fails(String, Vec<Cause>),
    /// It is undecided, with the reason.
    Undecided(String),
}

impl Verdict {
    /// The same verdict with another reason, unless the claim holds.
    pub(super) fn unless_held(self, reason: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Holds(why) => Self::Holds(why),
            Self::Fails(why, by) => Self::Fails(reason(why), by),
            Self::Undecided(why) => Self::Undecided(reason(why)),
        }
    }

    /// The same verdict, with names in place of placeholders.
    pub(super) fn shown(self, shown: &Shown) -> Self {
        match self {
            Self::Holds(why) => Self::Holds(shown.text(&why)),
            Self::Fails(why, by) => Self::Fails(shown.text(&why), by),
            Self::Undecided(why) => Self::Undecided(shown.text(&why)),
        }
    }
}

/// A cause of a claim's failure: a resource, and its statement if one is the cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The logical ID; for a policy that is not in the template, its name.
    pub resource: String,
    /// The text for people.
    pub shown: String,
}

impl Cause {
    /// A statement of a policy.
    pub(super) fn statement(by: &Provenance) -> Self {
        Self {
            resource: by.document.resource.clone(),
            shown: by.to_string(),
        }
    }

    /// A resource that grants access as a whole.
    pub(super) fn resource(id: &str) -> Self {
        Self {
            resource: id.to_owned(),
            shown: id.to_owned(),
        }
    }
}

/// The worst of several verdicts: a failure, or else an undecided one. The first of equally bad
/// ones.
pub(super) fn worst(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
    let mut found = None;
    for verdict in verdicts {
        match (&found, &verdict) {
            (_, Verdict::Fails(..)) => return verdict,
            (None, _) | (Some(Verdict::Holds(_)), Verdict::Undecided(_)) => found = Some(verdict),
            (Some(_), Verdict::Holds(_) | Verdict::Undecided(_)) => {}
        }
    }
    found.unwrap_or_else(nothing_to_decide)
}

/// One verdict for all cases that a deploy can decide: the one that they share, or undecided. A
/// claim that fails with the default values fails.
pub(super) fn combined(cases: Vec<(Case, Verdict)>) -> Verdict {
    let mut undecided = None;
    let mut holds = None;
    let mut fails = None;
    for (case, verdict) in cases {
        match verdict {
            Verdict::Fails(why, by) if case.is_by_default() && !case.is_always() => {
                return Verdict::Fails(format!("{why}, if {case}"), by);
            }
            Verdict::Undecided(why) => {
                undecided.get_or_insert(if case.is_always() {
                    why
                } else {
                    format!("{why}, if {case}")
                });
            }
            Verdict::Holds(why) => {
                holds.get_or_insert((case, why));
            }
            Verdict::Fails(why, by) => {
                fails.get_or_insert((case, why, by));
            }
        }
    }
    match (holds, fails, undecided) {
        (_, None, Some(why)) => Verdict::Undecided(why),
        (Some((_, why)), None, None) => Verdict::Holds(why),
        (None, Some((_, why, by)), None) => Verdict::Fails(why, by),
        (_, Some((case, why, _)), _) => Verdict::Undecided(format!("{why}, if {case}")),
        (None, None, None) => nothing_to_decide(),
    }
}

fn nothing_to_decide() -> Verdict {
    Verdict::Undecided("there is nothing to decide".to_owned())
}
