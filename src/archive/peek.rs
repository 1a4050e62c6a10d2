//! The bytes of one file as they come: counted, added to the checksum, and kept as far as they show
//! its kind.

use super::binary::{HEAD, What, what, wheel_tags};
use flate2::Crc;

/// The most bytes of a file that are kept at once, to examine it.
const KEPT: usize = 48 << 20;

/// The part of a file that was read so far.
#[derive(Debug)]
pub struct Peek<'k> {
    bytes: u64,
    checksum: Crc,
    kept: &'k mut Vec<u8>,
    /// Whether all bytes so far are kept.
    is_kept: bool,
    keep_all: bool,
}

impl<'k> Peek<'k> {
    /// Nothing yet. `kept` is emptied; it is passed in so that many files can share its memory.
    #[must_use]
    pub fn new(kept: &'k mut Vec<u8>, keep_all: bool) -> Self {
        kept.clear();
        Self {
            bytes: 0,
            checksum: Crc::new(),
            kept,
            is_kept: true,
            keep_all,
        }
    }

    /// Takes the next bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.checksum.update(bytes);
        if !self.is_kept {
            return;
        }
        self.kept.extend_from_slice(bytes);
        // Only programs and libraries are kept beyond their first bytes.
        let is_needed = self.keep_all || self.kept.starts_with(&object::elf::ELFMAG);
        if !is_needed && self.kept.len() > HEAD || self.kept.len() > KEPT {
            self.kept.truncate(HEAD);
            self.is_kept = false;
        }
    }

    /// How many bytes came.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Their checksum.
    #[must_use]
    pub fn checksum(&self) -> u32 {
        self.checksum.sum()
    }

    /// The kind of the file, which has this name.
    #[must_use]
    pub fn what(&self, name: &str) -> What {
        if is_wheel(name) {
            What::Wheel(wheel_tags(self.kept))
        } else {
            what(self.kept, self.is_kept)
        }
    }
}

/// Whether a file has the tags of a wheel.
#[must_use]
pub fn is_wheel(name: &str) -> bool {
    name.ends_with(".dist-info/WHEEL")
}
