//! Reports for people and for programs: the answers about access, in each format.

mod access;
mod answer;
mod applies;
mod diff;
mod drift;
mod escape;
mod findings;
mod html;
#[cfg(feature = "cli")]
mod inspect;
mod json;
mod loss;
mod markdown;
mod mermaid;
mod picture;
mod svg;
mod text;
mod uses;

pub use answer::{AnswerReport, answer_json, answer_markdown, answer_text};
pub use drift::{drift_json, drift_markdown, drift_not_read, drift_text};
pub use escape::{terminal, word};
pub use findings::{ResourcePlaces, broader, drifted};
#[cfg(feature = "cli")]
pub use inspect::{Inspected, inspect_json, inspect_markdown, inspect_text};
pub use loss::{Losses, losses_json, losses_markdown, losses_text};
pub use uses::{users_json, users_markdown, users_text, uses_json, uses_markdown, uses_text};

use crate::access::Access;
use crate::access::diff::Diff;
use crate::english::{list, thousands};
use access::AccessRows;
use diff::DiffSentences;
use picture::Picture;
use serde_json::Value as Json;

/// The files of a report, so that somebody can check later whether it is still true. It has no
/// time: the same files give the same report.
#[derive(Clone, Debug, Default)]
pub struct MadeFrom {
    /// The files.
    pub files: Vec<HashedFile>,
    /// The revision of the files, if the user gives it.
    pub revision: Option<String>,
    /// The templates whose sources lie beside them and have changed since.
    pub stale: Vec<StaleTemplates>,
}

/// Templates that their source does not build today. Its reasons and last days are not about them.
#[derive(Clone, Debug)]
pub struct StaleTemplates {
    /// The path of the source.
    pub source: String,
    /// Whether the source has errors.
    pub is_broken: bool,
    /// The names of the templates, as the user wrote them.
    pub templates: Vec<String>,
}

impl StaleTemplates {
    /// Which reasons are missing, and why, as a sentence. It names the first few templates.
    #[must_use]
    pub fn sentence(&self) -> String {
        const NAMED: usize = 3;
        let mut names: Vec<String> = self.templates.iter().take(NAMED).cloned().collect();
        let more = self.templates.len() - names.len();
        names.extend((more > 0).then(|| format!("{} more", thousands(more))));
        let why = match (self.is_broken, self.templates.len()) {
            (true, _) => "has errors",
            (false, 1) => "builds another template by now",
            (false, _) => "builds other templates by now",
        };
        format!(
            "the reasons and last days of {} are left out: {} {why}",
            list(&names, "and"),
            self.source,
        )
    }
}

/// A file that was read.
#[derive(Clone, Debug)]
pub struct HashedFile {
    /// Its name, as the user wrote it.
    pub name: String,
    /// The SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
}

/// The report of an access, for a terminal.
#[must_use]
pub fn access_text(access: &Access) -> String {
    text::access(&AccessRows::of(access))
}

/// The report of an access, for a pull request.
#[must_use]
pub fn access_markdown(access: &Access) -> String {
    markdown::access(access, &AccessRows::of(access))
}

/// The report of an access, for programs, following `docs/schemas/access.json`.
#[must_use]
pub fn access_json(access: &Access, made_from: &MadeFrom) -> Json {
    json::access(access, &AccessRows::of(access), made_from)
}

/// The report of an access, as a page that needs nothing but itself.
#[must_use]
pub fn access_html(access: &Access, made_from: &MadeFrom) -> String {
    html::access(&AccessRows::of(access), &Picture::of(access), made_from)
}

/// The picture of an access alone.
#[must_use]
pub fn access_svg(access: &Access) -> String {
    svg::text(&Picture::of(access))
}

/// The report of a difference, for a terminal.
#[must_use]
pub fn diff_text(diff: &Diff, old: &Access, new: &Access) -> String {
    text::diff(&DiffSentences::of(diff, old, new))
}

/// The report of a difference, for a pull request.
#[must_use]
pub fn diff_markdown(diff: &Diff, old: &Access, new: &Access) -> String {
    markdown::diff(
        diff,
        &DiffSentences::of(diff, old, new),
        &Picture::gained(&diff.gained, new),
    )
}

/// The report of a difference, for programs, as `docs/schemas/diff.json` says.
#[must_use]
pub fn diff_json(diff: &Diff, old: &Access, new: &Access) -> Json {
    json::diff(diff, old, new)
}
