//! Differences as findings, each at the place that makes it.

use super::diff::{attach_changes, gained, not_read, note, wider};
use super::drift::{commands, drift_line};
use super::escape::line as escaped;
use crate::access::Access;
use crate::access::diff::{Comes, Diff, Note};
use crate::access::drift;
use crate::access::part_change::How;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// The places of resources in the file of a template.
pub trait ResourcePlaces {
    /// The rule or the resource of a logical ID; the beginning of the file if it is in none.
    fn place(&self, id: &str) -> Span;

    /// The beginning of the file.
    fn start(&self) -> Span;
}

/// Why a difference is broader, with the places of its new side.
#[must_use]
pub fn broader(diff: &Diff, new: &Access, places: &dyn ResourcePlaces) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut add = |span: Span, sentence: String, label: &str| {
        let error = Diagnostic::error(Code::BroaderAccess, span, escaped(&sentence));
        found.push(if span == places.start() {
            error
        } else {
            error.label(label)
        });
    };
    let versions = &new.grants.versions;
    for change in &diff.gained {
        let granted = versions
            .get(&change.version)
            .and_then(|version| version.grants.get(&change.who)?.first());
        let span = granted.map_or_else(|| places.start(), |by| places.place(&by.id));
        add(span, gained(change, new), "this grants it");
    }
    for change in diff.not_read.iter().filter(|change| change.may_widen()) {
        let (span, label) = match change.how {
            How::New | How::Changed => (places.place(&change.place), "this is not read"),
            How::Gone { .. } => (places.start(), "something that was not read is gone"),
        };
        add(span, not_read(change), label);
    }
    for shown in attach_changes(&diff.wider, new) {
        let span = match shown.change.comes {
            Some(Comes::Goes) => places.start(),
            Some(Comes::Comes) | None => places.place(&shown.change.subject),
        };
        add(span, wider(&shown), "this is wider");
    }
    for one in &diff.notes {
        match one {
            Note::Outlives(_, _, grant) => {
                add(places.place(grant), note(one, new), "this is retained");
            }
            Note::NoLongerOutlives(..) | Note::Kept(..) | Note::Republished(..) => {}
        }
    }
    found
}

/// The differences between live and declared sharing, with the places of the declarations.
#[must_use]
pub fn drifted(findings: &[drift::DriftFinding], places: &dyn ResourcePlaces) -> Vec<Diagnostic> {
    let error = |finding: &drift::DriftFinding| {
        let resource = finding.resource.as_deref();
        let span = resource.map_or_else(|| places.start(), |id| places.place(id));
        let error = Diagnostic::error(Code::DriftedSharing, span, escaped(&drift_line(finding)));
        let commands = commands(finding).into_iter();
        commands.fold(error, |error, command| {
            error.help(format!("`{}`", escaped(&command)))
        })
    };
    findings.iter().map(error).collect()
}
