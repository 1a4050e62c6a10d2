//! The functions that lose a layer, in a report on a difference.

use super::access::shown;
use super::escape::{cell, line as escaped};
use super::uses::{place, with_place};
use crate::access::Access;
use crate::source::Sources;
use crate::uses::loss::{Loss, LossCause};
use serde_json::{Value as Json, json};

/// The functions that lose a layer, with the files that they are in.
#[derive(Debug, Default)]
pub struct Losses {
    /// What they lose, in the order of the files.
    pub losses: Vec<Loss>,
    /// The files.
    pub sources: Sources,
}

impl Losses {
    /// A sentence for each, with its place.
    fn sentences(&self, old: &Access) -> Vec<String> {
        let sentence =
            |loss: &Loss| format!("{}: {}", place(loss.span, &self.sources), words(loss, old));
        self.losses.iter().map(sentence).collect()
    }
}

fn words(loss: &Loss, old: &Access) -> String {
    let when = loss
        .when
        .as_ref()
        .map_or_else(String::new, |when| format!(", if {when}"));
    let verb = if loss.is_certain { "loses" } else { "may lose" };
    let reasons = reasons(loss, old);
    let because = if reasons.is_empty() {
        "only a deploy knows which layer this is".to_owned()
    } else {
        reasons.join("; ")
    };
    format!("{} {verb} {}{when}: {because}", loss.function, loss.version)
}

fn reasons(loss: &Loss, old: &Access) -> Vec<String> {
    let reason = |cause: &LossCause| match cause {
        LossCause::Deleted(id) => format!("the deploy deletes {id}"),
        LossCause::Replaced(id) => {
            format!("the deploy publishes {id} again, and deletes the version that was there")
        }
        LossCause::Access(change) => {
            let who = shown(old, &change.who);
            if change.version.to_string() == loss.version.to_string() {
                format!("it is no longer shared with {who}")
            } else {
                format!("{} is no longer shared with {who}", change.version)
            }
        }
    };
    loss.because.iter().map(reason).collect()
}

/// The functions that lose a layer, below a difference for a terminal.
#[must_use]
pub fn losses_text(losses: &Losses, old: &Access) -> String {
    let mut text = "\nfunctions\n".to_owned();
    for sentence in losses.sentences(old) {
        text.push_str(&format!("  {}\n", escaped(&sentence)));
    }
    if losses.losses.is_empty() {
        text.push_str("  no function loses a layer\n");
    }
    text
}

/// The functions that lose a layer, below a difference for a pull request.
#[must_use]
pub fn losses_markdown(losses: &Losses, old: &Access) -> String {
    let mut text = "\n### Functions\n\n".to_owned();
    for sentence in losses.sentences(old) {
        text.push_str(&format!("- {}\n", cell(&sentence)));
    }
    if losses.losses.is_empty() {
        text.push_str("No function loses a layer.\n");
    }
    text
}

/// The functions that lose a layer: `functions` of a difference for programs, as
/// `docs/schemas/diff.json` says.
#[must_use]
pub fn losses_json(losses: &Losses, old: &Access) -> Json {
    let one = |loss: &Loss| {
        let json = json!({
            "function": loss.function,
            "version": loss.version.to_string(),
            "certain": loss.is_certain,
            "when": loss.when.as_ref().map(ToString::to_string),
            "because": reasons(loss, old),
        });
        with_place(json, loss.span, &losses.sources)
    };
    losses.losses.iter().map(one).collect()
}
