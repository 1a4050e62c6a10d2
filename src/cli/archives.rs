//! The archives and folders that layers are made of, as they lie on the disk.

use crate::archive::binary::What;
use crate::archive::peek::{Peek, is_wheel};
use crate::archive::{Broken, Contents, Entry, Kind, zip};
use crate::aws::quotas;
use crate::english::count;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;

/// What is in a zip file, or in a folder as `aws cloudformation package` would zip it.
pub fn contents(path: &Path) -> io::Result<Contents> {
    if fs::metadata(path)?.is_dir() {
        return folder(path);
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
            let why = format!("has more than {} in it", count(zip::ENTRIES, "entry"));
            contents.broken = Some(Broken { entry: None, why });
            return Ok(contents);
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    for (name, path, metadata) in &found {
        let kind = if metadata.is_symlink() {
            let to = fs::read_link(path)?;
            Kind::Link(to.to_string_lossy().replace('\\', "/"))
        } else if metadata.is_file() {
            Kind::File
        } else {
            Kind::Special
        };
        contents.entries.push(Entry {
            name: name.clone(),
            size: if kind == Kind::File {
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
        let why = "has no files in it".to_owned();
        contents.broken = Some(Broken { entry: None, why });
    }
    if contents.unzipped() > quotas::UNZIPPED_BYTES {
        return Ok(contents);
    }
    let mut kept = Vec::new();
    for (entry, (_, path, _)) in contents.entries.iter_mut().zip(&found) {
        if entry.kind == Kind::File {
            look_into(entry, path, &mut kept)?;
        }
    }
    Ok(contents)
}

/// Looks at what a file is. One that grows meanwhile is read no further.
fn look_into(entry: &mut Entry, path: &Path, kept: &mut Vec<u8>) -> io::Result<()> {
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
fn mode(metadata: &Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(metadata.permissions().mode() & 0o777)
}

#[cfg(not(unix))]
fn mode(_: &Metadata) -> Option<u32> {
    None
}
