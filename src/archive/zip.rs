//! Zip files, read with suspicion: every size is a claim until the bytes are read, the central
//! directory and the local headers of the entries must agree, and no byte belongs to two entries.

use super::binary::What;
use super::peek::{Peek, is_wheel};
use super::{ArchiveEntry, Broken, Contents, EntryKind};
use crate::aws::quotas;
use crate::english::{count, thousands};
use flate2::{Decompress, FlushDecompress, Status};
use rawzip::{
    CompressionMethod, ReaderAt, ZipArchive, ZipArchiveEntryWayfinder, ZipFileHeaderRecord,
    ZipLocator,
};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::io;

/// The most entries of an archive, or of a folder, that is read.
pub const ENTRIES: usize = 100_000;

/// The most bytes of all names together.
const NAMES: usize = 16 << 20;

/// The most bytes of an archive: as many as its files may have unzipped, and some for their names.
const ARCHIVE: u64 = quotas::UNZIPPED_BYTES + (64 << 20);

/// The most bytes of the target of a link, and of the tags of a wheel.
const SMALL: u64 = 16_384;

/// The bytes that are read, and unzipped, at once.
const CHUNK: usize = 1 << 16;

/// How far before the end of an archive its end record may be: a comment of up to 65,535 bytes may
/// follow it.
const TAIL: u64 = (1 << 16) + 128;

/// The content of a zip file.
///
/// # Errors
///
/// Errors of reading the file. Problems of the archive itself are part of the result.
pub fn read<R: ReaderAt>(reader: R, length: u64) -> io::Result<Contents> {
    let mut contents = Contents {
        zipped: Some(length),
        ..Contents::default()
    };
    if length > ARCHIVE {
        let why = format!(
            "has {} bytes; a layer may have at most {} even when it is unzipped",
            big(length),
            big(quotas::UNZIPPED_BYTES)
        );
        contents.broken = Some(Broken { entry: None, why });
        return Ok(contents);
    }
    contents.sha256 = Some(sha256(&reader, length)?);
    if let Err(stop) = ZipReading::new(&mut contents).run(reader, length) {
        match stop {
            Stop::Broken(broken) => contents.broken = Some(broken),
            Stop::Io(error) => return Err(error),
        }
    }
    Ok(contents)
}

/// Why the reading of an archive ends early.
enum Stop {
    Broken(Broken),
    Io(io::Error),
}

impl Stop {
    fn at(entry: usize, why: impl Into<String>) -> Self {
        Self::Broken(Broken {
            entry: Some(entry),
            why: why.into(),
        })
    }

    fn whole(why: impl Into<String>) -> Self {
        Self::Broken(Broken {
            entry: None,
            why: why.into(),
        })
    }
}

/// The SHA-256 of a file, in hexadecimal digits.
fn sha256<R: ReaderAt>(reader: &R, length: u64) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut at = 0;
    while at < length {
        let read = reader.read_at(&mut buffer, at)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        hash.update(buffer.get(..read).unwrap_or_default());
        at += read as u64;
    }
    let mut digits = String::with_capacity(64);
    for byte in hash.finalize() {
        write!(digits, "{byte:02x}").unwrap_or_default();
    }
    Ok(digits)
}

/// How an entry is stored.
struct Stored {
    wayfinder: ZipArchiveEntryWayfinder,
    method: CompressionMethod,
    is_encrypted: bool,
    checksum: u32,
    /// Where its header begins.
    offset: u64,
    name: Vec<u8>,
}

struct ZipReading<'c> {
    contents: &'c mut Contents,
    stored: Vec<Stored>,
    names: usize,
    input: Vec<u8>,
    output: Vec<u8>,
    kept: Vec<u8>,
    inflate: Decompress,
}

impl<'c> ZipReading<'c> {
    fn new(contents: &'c mut Contents) -> Self {
        Self {
            contents,
            stored: Vec::new(),
            names: 0,
            input: vec![0; CHUNK],
            output: vec![0; CHUNK],
            kept: Vec::new(),
            inflate: Decompress::new(false),
        }
    }

    fn run<R: ReaderAt>(&mut self, reader: R, length: u64) -> Result<(), Stop> {
        let mut buffer = vec![0; rawzip::MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
        let located =
            ZipLocator::new()
                .max_search_space(TAIL)
                .locate_in_reader(reader, &mut buffer, length);
        let archive = located.map_err(|(_, error)| {
            Self::stop(
                error,
                None,
                "is not a zip file: it has no central directory at its end",
            )
        })?;
        let mut entries = archive.entries(&mut buffer);
        loop {
            match entries.next_entry() {
                Ok(Some(header)) => self.add(&header)?,
                Ok(None) => break,
                Err(error) => {
                    return Err(Self::stop(error, None, "has a broken central directory"));
                }
            }
        }
        let (claimed, found) = (archive.entries_hint(), self.stored.len());
        // The old form of the number has 16 bits.
        if claimed & 0xffff != found as u64 & 0xffff {
            let found = count(found, "entry");
            return Err(Stop::whole(format!(
                "has {found} in its central directory, and its end record says {}",
                big(claimed)
            )));
        }
        if self.contents.files() == 0 {
            return Err(Stop::whole("contains no files"));
        }
        self.compare_headers(&archive)?;
        if self.contents.unzipped() > quotas::UNZIPPED_BYTES {
            // It is refused for its size, so it need not be unzipped.
            return Ok(());
        }
        for index in 0..self.stored.len() {
            self.look_into(&archive, index)?;
        }
        Ok(())
    }

    fn stop(error: rawzip::Error, entry: Option<usize>, why: &str) -> Stop {
        if let rawzip::ErrorKind::IO(error) = error.into_kind()
            && error.kind() != io::ErrorKind::UnexpectedEof
        {
            return Stop::Io(error);
        }
        Stop::Broken(Broken {
            entry,
            why: why.to_owned(),
        })
    }

    /// Adds an entry of the directory.
    fn add(&mut self, header: &ZipFileHeaderRecord<'_>) -> Result<(), Stop> {
        let name = header.file_path();
        let name = name.as_bytes();
        self.names += name.len();
        if self.stored.len() == ENTRIES || self.names > NAMES {
            return Err(Stop::whole(format!(
                "has more than {}, or names that are too long, and is not read further",
                count(ENTRIES, "entry")
            )));
        }
        let mode = header.mode();
        let has_modes = matches!(
            header.version_made_by().creator_system(),
            rawzip::CreatorSystem::UNIX | rawzip::CreatorSystem::MACOS
        );
        let kind = match mode.value() & 0o170_000 {
            _ if header.is_dir() => EntryKind::Folder,
            0o120_000 => EntryKind::Link(String::new()),
            0o100_000 => EntryKind::File,
            0o040_000 => EntryKind::Folder,
            0 => EntryKind::File,
            _ => EntryKind::Special,
        };
        let index = self.stored.len();
        self.contents.entries.push(ArchiveEntry {
            name: String::from_utf8_lossy(name).into_owned(),
            kind,
            mode: has_modes.then(|| mode.permissions()),
            size: header.uncompressed_size_hint(),
            checksum: None,
            what: What::Unread,
        });
        self.stored.push(Stored {
            wayfinder: header.wayfinder(),
            method: header.compression_method(),
            is_encrypted: header.flags().is_encrypted() || header.flags().has_strong_encryption(),
            checksum: header.crc32(),
            offset: header.local_header_offset(),
            name: name.to_vec(),
        });
        if let Some(EntryKind::Folder) = self.contents.entries.last().map(|entry| &entry.kind)
            && header.uncompressed_size_hint() > 0
        {
            return Err(Stop::at(index, "is a folder, but has bytes like a file"));
        }
        Ok(())
    }

    /// Compares each entry of the directory with the header before its bytes, and their places with
    /// each other.
    fn compare_headers<R: ReaderAt>(&mut self, archive: &ZipArchive<R>) -> Result<(), Stop> {
        let mut places = Vec::with_capacity(self.stored.len());
        let mut buffer = vec![0; 2 * usize::from(u16::MAX)];
        for (index, stored) in self.stored.iter().enumerate() {
            let broken = "has a broken header";
            let entry = archive
                .get_entry(stored.wayfinder)
                .map_err(|error| Self::stop(error, Some(index), broken))?;
            let header = entry
                .local_header(&mut buffer)
                .map_err(|error| Self::stop(error, Some(index), broken))?;
            if header.file_path().as_bytes() != stored.name {
                let other = String::from_utf8_lossy(header.file_path().as_bytes()).into_owned();
                let why = format!(
                    "is called {} in its local header",
                    crate::english::quote(&other)
                );
                return Err(Stop::at(index, why));
            }
            if header.flags().is_encrypted() != stored.is_encrypted && !stored.is_encrypted
                || header.compression_method() != stored.method
            {
                return Err(Stop::at(index, DISAGREES));
            }
            if !header.flags().has_data_descriptor() {
                let same = header.crc32() == stored.checksum
                    && header.uncompressed_size_hint() == stored.wayfinder.uncompressed_size_hint()
                    && header.compressed_size_hint() == stored.wayfinder.compressed_size_hint();
                if !same {
                    return Err(Stop::at(index, DISAGREES));
                }
            }
            if stored.is_encrypted {
                return Err(Stop::at(index, "is encrypted, which Lambda cannot read"));
            }
            if !matches!(
                stored.method,
                CompressionMethod::STORE | CompressionMethod::DEFLATE
            ) {
                let why = format!(
                    "is compressed with method {}, which many programs do not support",
                    stored.method
                );
                return Err(Stop::at(index, why));
            }
            let (_, end) = entry.compressed_data_range();
            places.push((stored.offset, end, index));
        }
        refuse_overlaps(places, archive.directory_offset())
    }

    /// Unzips an entry in memory, one piece at a time, and finds its kind.
    fn look_into<R: ReaderAt>(
        &mut self,
        archive: &ZipArchive<R>,
        index: usize,
    ) -> Result<(), Stop> {
        let (Some(stored), Some(entry)) =
            (self.stored.get(index), self.contents.entries.get(index))
        else {
            return Ok(());
        };
        let size = entry.size;
        let is_wheel = is_wheel(&entry.name) && size <= SMALL;
        let is_link = matches!(entry.kind, EntryKind::Link(_));
        if is_link && size > SMALL {
            return Err(Stop::at(index, "is a link to a path that is too long"));
        }
        let found = archive
            .get_entry(stored.wayfinder)
            .map_err(|error| Self::stop(error, Some(index), "has a broken header"))?;
        let place = found.compressed_data_range();
        let mut unzipped = UnzippedPart {
            claimed: size,
            peek: Peek::new(&mut self.kept, is_link || is_wheel),
        };
        let bytes = archive.get_ref();
        let outcome = if stored.method == CompressionMethod::STORE {
            copy(bytes, place, &mut self.input, &mut unzipped)
        } else {
            self.inflate.reset(false);
            let buffers = (self.input.as_mut_slice(), self.output.as_mut_slice());
            inflate(bytes, place, &mut self.inflate, buffers, &mut unzipped)
        };
        outcome.map_err(|error| error.of_entry(index))?;
        let peek = unzipped.peek;
        let (bytes, checksum) = (peek.bytes(), peek.checksum());
        if bytes != size {
            let why = format!(
                "has {} bytes, but its header says {}",
                big(bytes),
                big(size)
            );
            return Err(Stop::at(index, why));
        }
        if checksum != stored.checksum {
            let why = "is damaged: its checksum does not match its bytes";
            return Err(Stop::at(index, why));
        }
        let what = peek.what(&entry.name);
        let points_to = is_link.then(|| String::from_utf8_lossy(&self.kept).into_owned());
        if let Some(entry) = self.contents.entries.get_mut(index) {
            entry.checksum = Some(checksum);
            entry.what = what;
            if let Some(points_to) = points_to {
                entry.kind = EntryKind::Link(points_to);
            }
        }
        Ok(())
    }
}

/// Refuses entries that share bytes with each other, or with the directory. Each has its first
/// byte, the byte after its last one, and its index.
fn refuse_overlaps(mut places: Vec<(u64, u64, usize)>, directory: u64) -> Result<(), Stop> {
    places.sort_unstable();
    let starts = places.iter().skip(1).map(|(start, ..)| *start);
    for ((_, end, index), next) in places.iter().zip(starts.chain([directory])) {
        if *end > next {
            let why = "shares bytes with another part of the archive";
            return Err(Stop::at(*index, why));
        }
    }
    Ok(())
}

/// The difference between a local header and the central directory.
const DISAGREES: &str = "has a local header that contradicts the central directory";

/// The unzipped part of an entry.
struct UnzippedPart<'k> {
    /// The expected number of bytes.
    claimed: u64,
    peek: Peek<'k>,
}

enum Unzip {
    Io(io::Error),
    Wrong(String),
}

impl Unzip {
    fn of_entry(self, index: usize) -> Stop {
        match self {
            Self::Io(error) => Stop::Io(error),
            Self::Wrong(why) => Stop::at(index, why),
        }
    }
}

impl UnzippedPart<'_> {
    /// Takes bytes and refuses more than expected.
    fn add(&mut self, bytes: &[u8]) -> Result<(), Unzip> {
        self.peek.add(bytes);
        if self.peek.bytes() > self.claimed {
            return Err(Unzip::Wrong(format!(
                "has more bytes than the {} in its header",
                big(self.claimed)
            )));
        }
        Ok(())
    }
}

fn copy<R: ReaderAt>(
    reader: &R,
    (start, end): (u64, u64),
    input: &mut [u8],
    to: &mut UnzippedPart<'_>,
) -> Result<(), Unzip> {
    let mut at = start;
    while at < end {
        let bytes = next(reader, at, end, input)?;
        to.add(bytes)?;
        at += bytes.len() as u64;
    }
    Ok(())
}

fn inflate<R: ReaderAt>(
    reader: &R,
    (start, end): (u64, u64),
    inflate: &mut Decompress,
    (input, output): (&mut [u8], &mut [u8]),
    to: &mut UnzippedPart<'_>,
) -> Result<(), Unzip> {
    let damaged = || Unzip::Wrong("is damaged: it cannot be unzipped".to_owned());
    let mut at = start;
    loop {
        let bytes: &[u8] = if at < end {
            next(reader, at, end, input)?
        } else {
            &[]
        };
        let is_last = at + bytes.len() as u64 >= end;
        let mut used = 0;
        loop {
            let (read, written) = (inflate.total_in(), inflate.total_out());
            let rest = bytes.get(used..).unwrap_or_default();
            let status = inflate
                .decompress(rest, output, FlushDecompress::None)
                .map_err(|_| damaged())?;
            let read = (inflate.total_in() - read) as usize;
            let written = (inflate.total_out() - written) as usize;
            used += read;
            to.add(output.get(..written).unwrap_or_default())?;
            match status {
                Status::StreamEnd if is_last && used == bytes.len() => return Ok(()),
                Status::StreamEnd => {
                    return Err(Unzip::Wrong("has bytes after its end".to_owned()));
                }
                Status::Ok | Status::BufError if read == 0 && written == 0 => break,
                Status::Ok | Status::BufError => {}
            }
        }
        if is_last {
            return Err(damaged());
        }
        if used < bytes.len() {
            return Err(damaged());
        }
        at += bytes.len() as u64;
    }
}

/// The next bytes of an archive before `end`.
fn next<'i, R: ReaderAt>(
    reader: &R,
    at: u64,
    end: u64,
    input: &'i mut [u8],
) -> Result<&'i [u8], Unzip> {
    let most = (end - at).min(input.len() as u64) as usize;
    let room = input.get_mut(..most).unwrap_or_default();
    match reader.read_at(room, at) {
        Ok(0) => Err(Unzip::Wrong("is cut off before its last byte".to_owned())),
        Ok(read) => Ok(input.get(..read).unwrap_or_default()),
        Err(error) => Err(Unzip::Io(error)),
    }
}

fn big(number: u64) -> String {
    thousands(usize::try_from(number).unwrap_or(usize::MAX))
}
