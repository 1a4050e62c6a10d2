//! Puts the files of a folder in place together.

use anyhow::{Context, bail};
use std::collections::HashSet;
use std::fs::{self, Permissions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tempfile::TempDir;

/// New files of a folder, which become visible when all of them are written.
///
/// They are written to a second folder next to it. If several files change, that folder also gets
/// links to all other files, and replaces the old one in one step, on systems and file systems that
/// can exchange two folders. Elsewhere the files are renamed one after the other.
pub struct Stage {
    folder: PathBuf,
    exists: bool,
    place: TempDir,
}

/// A stage that begins with its first file, or why it cannot begin.
pub type LazyStage = OnceLock<anyhow::Result<Stage>>;

/// Adds a file to the stage of a folder.
pub fn add(stage: &LazyStage, folder: &Path, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    match stage.get_or_init(|| Stage::new(folder)) {
        Ok(stage) => stage.add(name, bytes),
        Err(error) => bail!("{error:#}"),
    }
}

impl Stage {
    /// Begins to change a folder, and creates it if it does not exist.
    fn new(folder: &Path) -> anyhow::Result<Self> {
        let describe = || format!("cannot write {}", folder.display());
        let exists = folder.exists();
        // A link stays a link: the folder that it leads to changes.
        let folder = if exists {
            fs::canonicalize(folder).with_context(describe)?
        } else {
            // Without the separator at its end, which marked it as a folder.
            folder.components().collect()
        };
        let parent = match folder.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            Some(_) => Path::new("."),
            None => bail!("cannot write {}: it is a root", folder.display()),
        };
        if !exists {
            fs::create_dir_all(parent).with_context(describe)?;
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(".layershare-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(Permissions::from_mode(0o777));
        }
        Ok(Self {
            place: builder.tempdir_in(parent).with_context(describe)?,
            folder,
            exists,
        })
    }

    /// Adds a file.
    fn add(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let target = self.folder.join(name);
        let describe = || format!("cannot write {}", target.display());
        let before = match fs::symlink_metadata(&target) {
            Ok(before) => Some(before),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(describe),
        };
        let staged = self.place.path().join(name);
        fs::write(&staged, bytes).with_context(describe)?;
        if let Some(before) = before {
            if !before.is_file() {
                bail!("cannot write {}: it is not a file", target.display());
            }
            if before.permissions().readonly() {
                bail!("cannot write {}: it is read-only", target.display());
            }
            fs::set_permissions(&staged, before.permissions()).with_context(describe)?;
        }
        Ok(())
    }

    /// Moves the files with these names into place. If that takes several steps, the last file
    /// moves last.
    pub fn finish(self, names: &[&str]) -> anyhow::Result<()> {
        let describe = || format!("cannot write {}", self.folder.display());
        if !self.exists {
            let place = self.place.keep();
            return fs::rename(place, &self.folder).with_context(describe);
        }
        if names.len() > 1 && self.exchange(names).is_ok() {
            // The folder is still as it was.
            return self.place.close().with_context(describe);
        }
        for name in names {
            let (from, to) = (self.place.path().join(name), self.folder.join(name));
            fs::rename(from, to).with_context(describe)?;
        }
        Ok(())
    }

    /// Exchanges the folder with the one in which the new files are. An error leaves it alone.
    fn exchange(&self, names: &[&str]) -> io::Result<()> {
        let here = fs::canonicalize(std::env::current_dir()?)?;
        if here.starts_with(&self.folder) {
            return Err(io::Error::other(
                "whoever stands in it would stand in the old one",
            ));
        }
        let before = fs::metadata(&self.folder)?;
        fs::set_permissions(self.place.path(), before.permissions())?;
        refuse_other_owner(&before, &fs::metadata(self.place.path())?)?;
        let changed: HashSet<&str> = names.iter().copied().collect();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if !name.to_str().is_some_and(|name| changed.contains(name)) {
                // No system makes such a link to a folder.
                fs::hard_link(entry.path(), self.place.path().join(name))?;
            }
        }
        exchange(self.place.path(), &self.folder)
    }
}

#[cfg(unix)]
fn refuse_other_owner(before: &fs::Metadata, now: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    if (before.uid(), before.gid()) == (now.uid(), now.gid()) {
        Ok(())
    } else {
        Err(io::Error::other("the folder would have another owner"))
    }
}

#[cfg(not(unix))]
fn refuse_other_owner(_: &fs::Metadata, _: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
