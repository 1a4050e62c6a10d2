//! Files: sources in, templates out.

use crate::rules::load::Root;
use crate::source::{Files, PathKind};
use anyhow::{Context, bail};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The most bytes of a source: offsets have 32 bits.
const SOURCE_BYTES: u64 = u32::MAX as u64 - 1;

/// The real file system.
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = File::open(path)?;
        // Anything but a plain file has no reliable length, and may grow while it is read.
        let length = file.metadata()?.len().min(SOURCE_BYTES);
        let mut bytes = Vec::with_capacity(length as usize + 1);
        file.take(SOURCE_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > SOURCE_BYTES {
            return Err(io::Error::other("it has 4 GiB or more"));
        }
        Ok(bytes)
    }

    fn identity(&self, path: &Path) -> PathBuf {
        let named = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        fs::canonicalize(named).unwrap_or_else(|_| path.to_path_buf())
    }

    fn kind(&self, path: &Path) -> PathKind {
        match fs::metadata(path) {
            Ok(found) if found.is_file() => PathKind::File,
            Ok(found) if found.is_dir() => PathKind::Folder,
            _ => PathKind::Missing,
        }
    }
}

/// Whether a path stands for standard input.
pub fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Whether a path names a folder: an existing one, or one to create.
pub fn is_folder(path: &Path) -> bool {
    path.is_dir()
        || path
            .as_os_str()
            .as_encoded_bytes()
            .last()
            .is_some_and(|last| std::path::is_separator(char::from(*last)))
}

/// The source at a path, or on standard input.
pub fn root(path: &Path) -> anyhow::Result<Root> {
    if is_stdin(path) {
        let mut bytes = Vec::new();
        io::stdin()
            .take(SOURCE_BYTES + 1)
            .read_to_end(&mut bytes)
            .context("cannot read standard input")?;
        if bytes.len() as u64 > SOURCE_BYTES {
            bail!("standard input has 4 GiB or more");
        }
        return Ok(Root::in_memory("<stdin>", bytes));
    }
    let bytes = Disk
        .read(path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Root {
        name: path.display().to_string(),
        path: Some(path.to_path_buf()),
        bytes,
    })
}

/// The content of `path`; `None` if nothing exists there.
pub fn existing(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    Ok(read_to(path, &mut bytes)?.then_some(bytes))
}

/// Replaces `bytes` with the content of `path`. Returns whether something exists there.
pub fn read_to(path: &Path, bytes: &mut Vec<u8>) -> anyhow::Result<bool> {
    bytes.clear();
    match File::open(path).and_then(|mut file| file.read_to_end(bytes)) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Replaces a file in one step: a reader of `path` finds the old content or the new one, and the
/// old one stays if writing fails.
pub fn replace(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> anyhow::Result<()> {
    let describe = || format!("cannot write {}", path.display());
    // A link stays a link: its target is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let before = fs::metadata(&target).ok();
    if before.as_ref().is_some_and(|found| !found.is_file()) {
        bail!("cannot write {}: it is not a file", path.display());
    }
    if before
        .as_ref()
        .is_some_and(|found| found.permissions().readonly())
    {
        bail!("cannot write {}: it is read-only", path.display());
    }
    let folder = target
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".layershare-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = before
            .as_ref()
            .map_or(0o666, |found| found.permissions().mode() & 0o777);
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    let mut file = builder.tempfile_in(folder).with_context(describe)?;
    write(file.as_file_mut())
        .and_then(|()| file.as_file_mut().flush())
        .with_context(describe)?;
    file.persist(&target)
        .map_err(|error| error.error)
        .with_context(describe)?;
    Ok(())
}
