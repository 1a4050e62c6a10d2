//! The content of the archive of a layer, and its problems before a function finds them.
//!
//! Nothing is extracted, no link is followed, and no claimed size is trusted: everything that is
//! read is bounded. A finding is an error if Lambda refuses the archive or the archive is not safe,
//! and a warning if it probably makes a function fail.

pub mod binary;
pub mod check;
pub mod facts;
pub mod listing;
mod names;
pub mod peek;
pub mod zip;

use binary::What;

/// The content of an archive, or of a folder that will become one.
#[derive(Debug, Default)]
pub struct Contents {
    /// The files, folders and links, in their order.
    pub entries: Vec<ArchiveEntry>,
    /// The bytes of the archive itself; none of a folder.
    pub zipped: Option<u64>,
    /// The SHA-256 of the archive, in hexadecimal digits; none of a folder.
    pub sha256: Option<String>,
    /// Why it could not be read to its end.
    pub broken: Option<Broken>,
}

/// Something in an archive.
#[derive(Debug)]
pub struct ArchiveEntry {
    /// Its path, with `/` between folders.
    pub name: String,
    /// Its kind.
    pub kind: EntryKind,
    /// The bits of its permissions; `None` if the archive has none.
    pub mode: Option<u32>,
    /// Its bytes, unzipped.
    pub size: u64,
    /// The checksum of its bytes; `None` if they were not read.
    pub checksum: Option<u32>,
    /// The kind of its bytes.
    pub what: What,
}

/// The kinds of things in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A link and its target.
    Link(String),
    /// A device, a socket or a pipe.
    Special,
}

/// Why an archive cannot be read.
#[derive(Debug)]
pub struct Broken {
    /// The entry that it is about.
    pub entry: Option<usize>,
    /// The problem, for use after the name of the archive or the entry.
    pub why: String,
}

/// The declared properties of the layer of an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArchiveTarget {
    /// The runtimes; empty if it names none.
    pub runtimes: Vec<String>,
    /// The architectures; empty if it names none.
    pub architectures: Vec<String>,
}

impl Contents {
    /// The bytes of all files together, as the archive claims.
    #[must_use]
    pub fn unzipped(&self) -> u64 {
        self.entries
            .iter()
            .fold(0, |sum, entry| sum.saturating_add(entry.size))
    }

    /// How many files it has.
    #[must_use]
    pub fn files(&self) -> usize {
        let is_file = |entry: &&ArchiveEntry| entry.kind == EntryKind::File;
        self.entries.iter().filter(is_file).count()
    }
}
