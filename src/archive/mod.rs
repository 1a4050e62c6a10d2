//! What is in the archive of a layer, and what is wrong with it before a function finds out.
//!
//! Nothing is extracted, no link is followed, and no size that an archive claims is believed: all
//! that is read of it is bounded. What Lambda refuses and what is not safe is an error, what
//! probably fails when a function runs is a warning.

pub mod binary;
pub mod check;
pub mod facts;
pub mod listing;
mod names;
pub mod peek;
pub mod zip;

use binary::What;

/// What is in an archive, or in a folder that is to be one.
#[derive(Debug, Default)]
pub struct Contents {
    /// The files, folders and links, in their order.
    pub entries: Vec<Entry>,
    /// The bytes of the archive itself; none of a folder.
    pub zipped: Option<u64>,
    /// The SHA-256 of the archive, in hexadecimal digits; none of a folder.
    pub sha256: Option<String>,
    /// Why it could not be read to its end.
    pub broken: Option<Broken>,
}

/// Something in an archive.
#[derive(Debug)]
pub struct Entry {
    /// Its path, with `/` between folders.
    pub name: String,
    /// What kind of thing it is.
    pub kind: Kind,
    /// The bits of its permissions; `None` where the archive says nothing of them.
    pub mode: Option<u32>,
    /// Its bytes, unzipped.
    pub size: u64,
    /// The checksum of its bytes; none of what was not read.
    pub checksum: Option<u32>,
    /// What its bytes are.
    pub what: What,
}

/// The kinds of things in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A link, and what it points to.
    Link(String),
    /// A device, a socket or a pipe.
    Special,
}

/// Why an archive cannot be read.
#[derive(Debug)]
pub struct Broken {
    /// The entry that it is about.
    pub entry: Option<usize>,
    /// What is wrong, to stand after the name of the archive or of the entry and a verb.
    pub why: String,
}

/// What the layer that an archive is for says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The runtimes; none where it names none.
    pub runtimes: Vec<String>,
    /// The architectures; none where it names none.
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
        let is_file = |entry: &&Entry| entry.kind == Kind::File;
        self.entries.iter().filter(is_file).count()
    }
}
