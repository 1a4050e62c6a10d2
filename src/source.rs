//! Source files: their texts, spans within them, and lines as people count them.

mod invisible;

pub use invisible::is_invisible;

use std::cell::OnceCell;
use std::io;
use std::path::{Path, PathBuf};

/// One file among the [`Sources`] of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

/// A part of one source file, in bytes.
///
/// Offsets are 32 bits wide: a source of 4 GiB or more is refused when it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Its file.
    pub file: FileId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}

impl Span {
    /// The empty span in front of this one: where a fix inserts text.
    #[must_use]
    pub fn before(self) -> Self {
        Self {
            end: self.start,
            ..self
        }
    }

    /// The bytes as a range, to index the file's text with.
    #[must_use]
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A place as people write it: both numbers count from 1, columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// One source file.
#[derive(Debug)]
pub struct Source {
    name: String,
    text: String,
    line_starts: OnceCell<Vec<u32>>,
}

impl Source {
    /// The name that messages use: a path as the user wrote it, or `<stdin>`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The position of the byte at `offset`.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let line = self.line_starts().partition_point(|&start| start <= offset);
        let start = self
            .line_starts()
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or(0);
        let column = self
            .text
            .get(start as usize..offset as usize)
            .map_or(0, |before| before.chars().count());
        Position {
            line,
            column: column + 1,
        }
    }

    /// The bytes of a line, which counts from 1, without its line end.
    #[must_use]
    pub fn line(&self, line: usize) -> std::ops::Range<usize> {
        let starts = self.line_starts();
        let start = starts
            .get(line.saturating_sub(1))
            .map_or(self.text.len(), |&start| start as usize);
        let end = starts
            .get(line)
            .map_or(self.text.len(), |&next| next as usize);
        let line = self.text.get(start..end).unwrap_or_default();
        start..start + line.trim_end_matches(['\n', '\r']).len()
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let ends = memchr::memchr_iter(b'\n', self.text.as_bytes());
            std::iter::once(0)
                .chain(ends.map(|end| end as u32 + 1))
                .collect()
        })
    }
}

/// All source files of one run, in the order in which they were read.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// Adds a file and gives it an id.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        let id = FileId(self.files.len() as u32);
        self.files.push(Source {
            name: name.into(),
            text: text.into(),
            line_starts: OnceCell::new(),
        });
        id
    }

    /// All files, in the order in which they were read.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.files.iter()
    }

    /// The file of an id that [`Sources::add`] gave.
    #[must_use]
    pub fn get(&self, id: FileId) -> &Source {
        &self.files[id.0 as usize]
    }
}

/// The kind of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// Nothing, or nothing accessible.
    Missing,
}

/// The part of a file system that the library needs: included files, and the kind of a local
/// `content`.
///
/// The command line implements it; the library itself reads no file.
pub trait Files {
    /// The bytes of a file.
    ///
    /// # Errors
    ///
    /// Any error of reading; the user sees its message.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// One path for all spellings of the same file or folder, links followed, to find include
    /// cycles and includes from outside. An empty path is the current folder. An inaccessible path
    /// stays as it is.
    fn identity(&self, path: &Path) -> PathBuf;

    /// The kind of `path`.
    fn kind(&self, path: &Path) -> PathKind;
}

/// A file system without files, for a source that needs none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn identity(&self, path: &Path) -> PathBuf {
        path.to_path_buf()
    }

    fn kind(&self, _: &Path) -> PathKind {
        PathKind::Missing
    }
}
