//! What the tests have in common.
#![allow(dead_code, reason = "each test file uses a part of it")]

use layershare::rules::load::Root;
use layershare::source::{Files, PathKind, Sources};
use layershare::template::Format;
use layershare::template::limits::Limits;
use layershare::template::lower::Placement;
use layershare::{Compiled, compile};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// A file system in memory. A path that ends in `/` is a folder.
#[derive(Default)]
pub struct Memory(pub BTreeMap<PathBuf, String>);

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0.get(path).map(|text| text.clone().into_bytes()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn identity(&self, path: &Path) -> PathBuf {
        path.to_path_buf()
    }

    fn kind(&self, path: &Path) -> PathKind {
        if self.0.contains_key(path) { PathKind::File } else { PathKind::Missing }
    }
}

/// Compiles a source that includes nothing.
pub fn compiled(source: impl AsRef<[u8]>) -> (Compiled, Sources) {
    let mut sources = Sources::default();
    let root = Root { name: "test.layers".to_owned(), path: None, bytes: source.as_ref().to_vec() };
    let placement = Placement { source_name: "test.layers".to_owned(), source_folder: String::new() };
    let compiled = compile(root, &placement, Limits::default(), &Memory::default(), &mut sources);
    (compiled, sources)
}

/// The template of a source, as text in that format; `None` where it has errors.
pub fn written(source: &str, format: Format) -> Option<String> {
    let lowered = compiled(source).0.lowered?;
    let mut bytes = Vec::new();
    lowered.template.write(format, &mut bytes).ok()?;
    String::from_utf8(bytes).ok()
}

/// The codes that a source is reported with, in its order.
pub fn codes(source: &str) -> Vec<&'static str> {
    compiled(source).0.diagnostics.iter().map(|diagnostic| diagnostic.code.name()).collect()
}

/// The files below `folder` with that ending, in alphabetical order.
pub fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found: Vec<PathBuf> = std::fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .collect();
    found.sort();
    found
}
