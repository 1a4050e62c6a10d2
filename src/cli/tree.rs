//! Where inputs are read from: the disk, or a revision of a git repository.

use super::disk::{self, Disk};
use crate::rules::load::{Root, parts};
use crate::source::{Files, PathKind};
use anyhow::{Context, anyhow, bail};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

/// Where inputs are read from.
pub enum Tree {
    /// The disk.
    Disk,
    /// A revision of the repository around the current folder.
    Revision(Revision),
}

impl Tree {
    /// Whether a file is what `aws cloudformation package` made of a template beside it.
    pub fn is_packaged(&self, path: &Path) -> bool {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let of = name.strip_suffix(".packaged.yaml");
        of.is_some_and(|stem| {
            let beside = |extension| path.with_file_name(format!("{stem}.{extension}"));
            ["yaml", "yml", "json", "template"]
                .iter()
                .any(|extension| self.kind(&beside(extension)) == PathKind::File)
        })
    }

    /// A file with its content.
    pub fn root(&self, path: &Path) -> anyhow::Result<Root> {
        match self {
            Self::Disk => disk::root(path),
            Self::Revision(revision) => Ok(Root {
                name: path.display().to_string(),
                path: Some(path.to_path_buf()),
                bytes: revision.read(path).with_context(|| {
                    format!("cannot read {} of {}", path.display(), revision.name)
                })?,
            }),
        }
    }

    /// Whether a path exists.
    pub fn has(&self, path: &Path) -> bool {
        match self {
            Self::Disk => path.exists(),
            Self::Revision(revision) => revision.has(path),
        }
    }

    /// The files below a folder, except in hidden folders and `node_modules`.
    pub fn files_below(&self, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
        match self {
            Self::Disk => files_on_disk(folder),
            Self::Revision(revision) => Ok(revision.files_below(folder)),
        }
    }

    fn files(&self) -> &dyn Files {
        match self {
            Self::Disk => &Disk,
            Self::Revision(revision) => revision,
        }
    }
}

impl Files for Tree {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.files().read(path)
    }

    fn identity(&self, path: &Path) -> PathBuf {
        self.files().identity(path)
    }

    fn kind(&self, path: &Path) -> PathKind {
        self.files().kind(path)
    }
}

/// The sources that some paths name: files, and files below folders.
pub fn sources(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        if disk::is_stdin(path) || !path.is_dir() {
            found.push(path.clone());
            continue;
        }
        let before = found.len();
        let files = files_on_disk(path)?.into_iter();
        found.extend(files.filter(|file| file.extension().is_some_and(|is| is == "layers")));
        if found.len() == before {
            bail!("there is no source, NAME.layers, in {}", path.display());
        }
    }
    Ok(found)
}

/// These sources without those that are parts of others among them.
pub fn without_parts(paths: Vec<PathBuf>, tree: &Tree) -> anyhow::Result<Vec<PathBuf>> {
    if paths.len() < 2 {
        return Ok(paths);
    }
    let roots = paths.iter().filter(|path| !disk::is_stdin(path));
    let roots: anyhow::Result<Vec<Root>> = roots.map(|path| tree.root(path)).collect();
    let parts = parts(roots?, tree);
    let is_part = |path: &PathBuf| !disk::is_stdin(path) && parts.contains(&tree.identity(path));
    Ok(paths.into_iter().filter(|path| !is_part(path)).collect())
}

fn files_on_disk(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let is_shown = |entry: &walkdir::DirEntry| {
        entry.depth() == 0 || entry.file_name().to_str().is_some_and(is_looked_at)
    };
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(is_shown)
    {
        let entry = entry.with_context(|| format!("cannot read {}", folder.display()))?;
        if entry.path().is_file() {
            let path = entry.into_path();
            // `./a` is called `a`, as if it were named directly.
            files.push(
                path.strip_prefix(".")
                    .map_or(path.clone(), Path::to_path_buf),
            );
        }
    }
    Ok(files)
}

/// Whether a folder's entry with this name is read.
fn is_looked_at(name: &str) -> bool {
    !name.starts_with('.') && name != "node_modules"
}

/// A revision of a git repository.
pub struct Revision {
    name: String,
    /// The top of the repository on the disk.
    top: PathBuf,
    /// The current folder, as a path from the top.
    here: PathBuf,
    /// The IDs of all files, by their paths from the top, and whether each is a link.
    blobs: BTreeMap<PathBuf, (String, bool)>,
}

/// How many links are followed one after the other.
const LINKS: usize = 8;

impl Revision {
    /// A revision of the repository around the current folder.
    pub fn new(name: &str) -> anyhow::Result<Self> {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim_end().to_owned();
        let top = text(git(&["rev-parse", "--show-toplevel"])?);
        let here = text(git(&["rev-parse", "--show-prefix"])?);
        let tree = format!("{name}^{{tree}}");
        let tree = text(
            git(&[
                "rev-parse",
                "--verify",
                "--quiet",
                "--end-of-options",
                &tree,
            ])
            .map_err(|_| anyhow!("git does not know the revision `{name}`"))?,
        );
        let listed = git(&["ls-tree", "-r", "-z", "--full-tree", &tree])?;
        let mut blobs = BTreeMap::new();
        for line in listed.split(|byte| *byte == 0) {
            let line = String::from_utf8_lossy(line);
            // `MODE TYPE ID<tab>PATH`
            let Some((about, path)) = line.split_once('\t') else {
                continue;
            };
            let mut words = about.split(' ');
            if let (Some(mode), Some("blob"), Some(id)) = (words.next(), words.next(), words.next())
            {
                blobs.insert(PathBuf::from(path), (id.to_owned(), mode == "120000"));
            }
        }
        Ok(Self {
            name: name.to_owned(),
            top: PathBuf::from(top),
            here: PathBuf::from(here),
            blobs,
        })
    }

    /// A path as one from the top; `None` outside of the repository.
    fn in_tree(&self, path: &Path) -> Option<PathBuf> {
        let path = match path.strip_prefix(&self.top) {
            Ok(path) => path.to_path_buf(),
            Err(_) if path.is_absolute() => return None,
            Err(_) => self.here.join(path),
        };
        plain(&path)
    }

    /// The ID of the object at a path from the top, links followed.
    fn blob(&self, path: &Path) -> io::Result<Option<&str>> {
        let mut path = path.to_path_buf();
        for _ in 0..LINKS {
            match self.blobs.get(&path) {
                None => return Ok(None),
                Some((id, false)) => return Ok(Some(id)),
                Some((id, true)) => {
                    let target = content(id)?;
                    let target = PathBuf::from(String::from_utf8_lossy(&target).into_owned());
                    let folder = path.parent().unwrap_or(Path::new(""));
                    match plain(&folder.join(target)) {
                        Some(next) => path = next,
                        None => return Ok(None),
                    }
                }
            }
        }
        Ok(None)
    }

    fn has(&self, path: &Path) -> bool {
        self.in_tree(path)
            .is_some_and(|from_top| self.blobs.keys().any(|file| file.starts_with(&from_top)))
    }

    fn files_below(&self, folder: &Path) -> Vec<PathBuf> {
        let Some(from_top) = self.in_tree(folder) else {
            return Vec::new();
        };
        let mut files = Vec::new();
        for path in self.blobs.keys() {
            let Ok(below) = path.strip_prefix(&from_top) else {
                continue;
            };
            let mut names = below.components().map(Component::as_os_str);
            if names.all(|name| name.to_str().is_some_and(is_looked_at)) {
                let path = folder.join(below);
                files.push(
                    path.strip_prefix(".")
                        .map_or(path.clone(), Path::to_path_buf),
                );
            }
        }
        files
    }
}

impl Files for Revision {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let from_top = self.in_tree(path).ok_or(io::ErrorKind::NotFound)?;
        let id = self.blob(&from_top)?.ok_or(io::ErrorKind::NotFound)?;
        content(id)
    }

    fn identity(&self, path: &Path) -> PathBuf {
        self.in_tree(path)
            .map_or_else(|| path.to_path_buf(), |path| self.top.join(path))
    }

    fn kind(&self, path: &Path) -> PathKind {
        let Some(from_top) = self.in_tree(path) else {
            return Disk.kind(path);
        };
        match self.blob(&from_top) {
            Ok(Some(_)) => PathKind::File,
            _ if self.has(path) => PathKind::Folder,
            // An archive is built, and seldom committed.
            _ => Disk.kind(path),
        }
    }
}

/// A path without `.` and `..`; `None` if it leads above its beginning.
fn plain(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if !plain.pop() => return None,
            Component::ParentDir => {}
            Component::Normal(name) => plain.push(name),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(plain)
}

fn content(id: &str) -> io::Result<Vec<u8>> {
    git(&["cat-file", "blob", id]).map_err(io::Error::other)
}

/// The output of git.
fn git(arguments: &[&str]) -> anyhow::Result<Vec<u8>> {
    let started = Command::new("git")
        .args(arguments)
        .stdin(Stdio::null())
        .output();
    let done = match started {
        Ok(done) => done,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            bail!("`--base` needs the program `git`, which was not found")
        }
        Err(error) => return Err(error).context("cannot start the program `git`"),
    };
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        bail!("git: {}", said.trim());
    }
    Ok(done.stdout)
}
