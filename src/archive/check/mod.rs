//! The findings about the content of an archive.

mod binaries;
mod entries;
mod layout;

use super::listing::Listing;
use super::{ArchiveEntry, ArchiveTarget, Contents};
use crate::aws::quotas;
use crate::diagnostic::{Code, Diagnostic};
use crate::english::count;
use crate::source::Span;

/// The findings about an archive for a layer.
#[must_use]
pub fn check(contents: &Contents, target: &ArchiveTarget, listing: &Listing) -> Vec<Diagnostic> {
    let mut check = ArchiveCheck {
        contents,
        target,
        listing,
        found: Vec::new(),
    };
    check.broken();
    check.size();
    entries::check(&mut check);
    layout::check(&mut check);
    binaries::check(&mut check);
    check
        .found
        .sort_by_key(|diagnostic| diagnostic.primary.span);
    check.found
}

/// Unzipped bytes from which little is left for the function itself.
const MUCH: u64 = 200 << 20;

/// An archive and the findings so far.
struct ArchiveCheck<'c> {
    contents: &'c Contents,
    target: &'c ArchiveTarget,
    listing: &'c Listing,
    found: Vec<Diagnostic>,
}

impl<'c> ArchiveCheck<'c> {
    fn entry(&self, index: usize) -> Option<&'c ArchiveEntry> {
        self.contents.entries.get(index)
    }

    /// The path of an entry.
    fn name(&self, index: usize) -> &'c str {
        self.entry(index).map_or("", |entry| entry.name.as_str())
    }

    fn at(&self, index: usize) -> Span {
        self.listing.span(Some(index))
    }

    fn broken(&mut self) {
        let Some(broken) = &self.contents.broken else {
            return;
        };
        let (what, span) = match broken.entry {
            Some(index) => ("an entry of the archive", self.at(index)),
            None => ("the archive", self.listing.span(None)),
        };
        let message = format!("{what} {}", broken.why);
        self.found
            .push(Diagnostic::error(Code::BrokenArchive, span, message));
    }

    fn size(&mut self) {
        let unzipped = self.contents.unzipped();
        if unzipped < MUCH {
            return;
        }
        let entries = self.contents.entries.iter().enumerate();
        let Some((largest, entry)) = entries.max_by_key(|(_, entry)| entry.size) else {
            return;
        };
        let label = format!("the largest file: {}", bytes(entry.size));
        let limit = format!(
            "a function and all its layers may have at most {} together",
            bytes(quotas::UNZIPPED_BYTES)
        );
        let span = self.at(largest);
        let help = "remove files that functions do not need: tests, documents, debug information";
        self.found.push(if unzipped > quotas::UNZIPPED_BYTES {
            let message = format!("unzipped, the layer has {}", bytes(unzipped));
            Diagnostic::error(Code::UnzippedSize, span, message)
                .label(label)
                .note(limit)
                .help(help)
        } else {
            let left = bytes(quotas::UNZIPPED_BYTES - unzipped);
            let message = format!("the layer leaves {left} for the function");
            Diagnostic::warning(Code::UnzippedSize, span, message)
                .label(label)
                .note(limit)
                .help(help)
        });
    }
}

/// A number of bytes in words.
fn bytes(number: u64) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), "byte")
}

/// Adds the number of other files with the same finding.
fn and_others(diagnostic: Diagnostic, files: usize) -> Diagnostic {
    match files.saturating_sub(1) {
        0 => diagnostic,
        others => diagnostic.note(format!(
            "the same applies to {}",
            count(others, "other file")
        )),
    }
}
