//! Reports for people and for programs: what the answers about access say, in each format.

mod access;
mod diff;
mod escape;
mod html;
mod json;
mod markdown;
mod mermaid;
mod text;
mod uses;

pub use escape::terminal;
pub use uses::{users_json, users_markdown, users_text, uses_json, uses_markdown, uses_text};

use crate::access::Access;
use crate::access::diff::Diff;
use access::AccessRows;
use diff::DiffSentences;
use serde_json::Value as Json;

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

/// The report of an access, for programs: `versions`, each with its `id`, its `layer` and the
/// `grants`; `attach`, each with its `subject` and the `layers` in words; and `not_read`.
#[must_use]
pub fn access_json(access: &Access) -> Json {
    json::access(access, &AccessRows::of(access))
}

/// The report of an access, as a page that needs nothing but itself.
#[must_use]
pub fn access_html(access: &Access) -> String {
    html::access(&AccessRows::of(access))
}

/// The report of a difference, for a terminal.
#[must_use]
pub fn diff_text(diff: &Diff, old: &Access, new: &Access) -> String {
    text::diff(&DiffSentences::of(diff, old, new))
}

/// The report of a difference, for a pull request.
#[must_use]
pub fn diff_markdown(diff: &Diff, old: &Access, new: &Access) -> String {
    markdown::diff(diff, &DiffSentences::of(diff, old, new))
}

/// The report of a difference, for programs.
#[must_use]
pub fn diff_json(diff: &Diff, old: &Access, new: &Access) -> Json {
    json::diff(diff, old, new)
}
