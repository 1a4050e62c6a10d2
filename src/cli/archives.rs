//! The local archives and folders of layers.

use crate::archive::binary::What;
use crate::archive::check::check;
use crate::archive::listing::Listing;
use crate::archive::peek::{Peek, is_wheel};
use crate::archive::{ArchiveEntry, ArchiveTarget, Broken, Contents, EntryKind, zip};
use crate::aws::quotas;
use crate::diagnostic::{Code, Diagnostic, Label};
use crate::english::count;
use crate::rules::model::{Content, Origin, Publication, Releases, Rules};
use crate::source::{Sources, Span};
use anyhow::Context;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;

/// The findings about the local archives and folders of a source, and whether they are those that
/// it pins. Missing ones are reported elsewhere.
pub fn check_local(
    rules: &Rules,
    top: &Path,
    sources: &mut Sources,
) -> anyhow::Result<Vec<Diagnostic>> {
    let mut found = Vec::new();
    let mut seen = Vec::new();
    for publication in publications(rules) {
        let Content::Local(written) = &publication.content.value else {
            continue;
        };
        let path = top.join(written);
        let target = ArchiveTarget {
            runtimes: publication.runtimes.to_vec(),
            architectures: publication.architectures.to_vec(),
        };
        let key = (publication.content.span, path.clone(), target);
        if !path.exists() || seen.contains(&key) {
            continue;
        }
        let name = path.display().to_string();
        let contents = contents(&path).with_context(|| format!("cannot read {name}"))?;
        found.extend(wrong_archive(publication, &contents));
        let listing = Listing::new(&name, &contents, sources);
        let of_archive = check(&contents, &key.2, &listing);
        found.extend(of_archive.into_iter().map(|diagnostic| {
            let span = publication.content.span;
            at_source(diagnostic, span)
        }));
        seen.push(key);
    }
    Ok(found)
}

/// The content that a source publishes.
fn publications(rules: &Rules) -> impl Iterator<Item = &Publication> {
    rules.layers.iter().flat_map(|layer| {
        let rolling = match &layer.releases {
            Releases::Rolling(version) => Some(&version.publication),
            Releases::Listed(_) => None,
        };
        let listed = layer
            .versions()
            .iter()
            .filter_map(|version| match &version.origin {
                Origin::Published(publication) => Some(publication.as_ref()),
                Origin::Adopted(_) => None,
            });
        rolling.into_iter().chain(listed)
    })
}

fn wrong_archive(publication: &Publication, contents: &Contents) -> Option<Diagnostic> {
    let pinned = publication.sha256.as_ref()?;
    let actual = contents.sha256.as_ref()?;
    (pinned.value != *actual).then(|| {
        Diagnostic::error(
            Code::WrongArchive,
            pinned.span,
            "the archive is not the one that is pinned",
        )
        .also(publication.content.span, "this archive")
        .note(format!("its SHA-256 is {actual}"))
        .help("a published version never changes its bytes: give a new archive a new label")
    })
}

/// A finding about an archive at the place of the source that names the archive.
fn at_source(mut diagnostic: Diagnostic, span: Span) -> Diagnostic {
    let label = Label {
        span,
        text: String::new(),
    };
    let inside = std::mem::replace(&mut diagnostic.primary, label);
    if inside.span.start < inside.span.end {
        diagnostic.secondary.insert(0, inside);
    }
    diagnostic
}

/// The content of a zip file, or of a folder as `aws cloudformation package` would zip it.
pub fn contents(path: &Path) -> io::Result<Contents> {
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        return folder(path);
    }
    // Opening a pipe would wait for a writer.
    if !metadata.is_file() {
        return Err(io::Error::other("it is neither a file nor a folder"));
    }
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    zip::read(rawzip::FileReader::from(file), length)
}

/// The files and links in a folder and below. No link is followed.
fn folder(top: &Path) -> io::Result<Contents> {
    let mut contents = Contents::default();
    let mut folders = vec![top.to_path_buf()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let metadata = fs::symlink_metadata(&path)?;
            if metadata.is_dir() {
                folders.push(path);
            } else {
                found.push((name(top, &path), path, metadata));
            }
        }
        if found.len() + folders.len() > zip::ENTRIES {
            let why = format!("contains more than {}", count(zip::ENTRIES, "entry"));
            contents.broken = Some(Broken { entry: None, why });
            return Ok(contents);
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    for (name, path, metadata) in &found {
        let kind = if metadata.is_symlink() {
            let to = fs::read_link(path)?;
            EntryKind::Link(to.to_string_lossy().replace('\\', "/"))
        } else if metadata.is_file() {
            EntryKind::File
        } else {
            EntryKind::Special
        };
        contents.entries.push(ArchiveEntry {
            name: name.clone(),
            size: if kind == EntryKind::File {
                metadata.len()
            } else {
                0
            },
            kind,
            mode: mode(metadata),
            checksum: None,
            what: What::Unread,
        });
    }
    if contents.files() == 0 {
        let why = "contains no files".to_owned();
        contents.broken = Some(Broken { entry: None, why });
    }
    if contents.unzipped() > quotas::UNZIPPED_BYTES {
        return Ok(contents);
    }
    let mut kept = Vec::new();
    for (entry, (_, path, _)) in contents.entries.iter_mut().zip(&found) {
        if entry.kind == EntryKind::File {
            look_into(entry, path, &mut kept)?;
        }
    }
    Ok(contents)
}

/// Inspects a file. If it grows meanwhile, the rest is not read.
fn look_into(entry: &mut ArchiveEntry, path: &Path, kept: &mut Vec<u8>) -> io::Result<()> {
    let mut file = File::open(path)?.take(entry.size);
    let mut peek = Peek::new(kept, is_wheel(&entry.name));
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        peek.add(buffer.get(..read).unwrap_or_default());
    }
    entry.checksum = Some(peek.checksum());
    entry.what = peek.what(&entry.name);
    Ok(())
}

/// A path from the folder on, with `/` between folders.
fn name(top: &Path, path: &Path) -> String {
    let below = path.strip_prefix(top).unwrap_or(path);
    let parts = below.iter().map(|part| part.to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems have no modes")]
fn mode(metadata: &Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(metadata.permissions().mode() & 0o777)
}

#[cfg(not(unix))]
fn mode(_: &Metadata) -> Option<u32> {
    None
}
