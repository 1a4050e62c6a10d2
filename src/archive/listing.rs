//! The names in an archive as a text, a line each, so that a message has a place to show. The lines
//! are those of `zipinfo -1`.

use super::Contents;
use crate::english::shown;
use crate::source::{FileId, Sources, Span};

/// The names of an archive among the sources.
#[derive(Debug)]
pub struct Listing {
    file: FileId,
    /// Where the line of each entry begins and ends.
    lines: Vec<(u32, u32)>,
}

impl Listing {
    /// Adds the names of an archive to the sources.
    pub fn new(name: &str, contents: &Contents, sources: &mut Sources) -> Self {
        let mut text = String::new();
        let mut lines = Vec::with_capacity(contents.entries.len());
        for entry in &contents.entries {
            let start = text.len() as u32;
            text.push_str(&shown(&entry.name));
            lines.push((start, text.len() as u32));
            text.push('\n');
        }
        Self {
            file: sources.add(name, text),
            lines,
        }
    }

    /// The place of an entry, or of the archive as a whole.
    #[must_use]
    pub fn span(&self, entry: Option<usize>) -> Span {
        let found = entry.and_then(|entry| self.lines.get(entry));
        let (start, end) = found.copied().unwrap_or_default();
        Span {
            file: self.file,
            start,
            end,
        }
    }
}
