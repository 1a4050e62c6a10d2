//! Archives and folders that are local: their paths in a template, and their sizes.

use crate::cloudformation::{Resource, World};
use std::path::{Path, PathBuf};

/// The bytes of an archive or a folder when it is unzipped; `None` if it is not here, or cannot be
/// read.
pub type Unzipped<'s> = dyn Fn(&Path) -> Option<u64> + 's;

/// The path of a layer's archive or folder, if `aws cloudformation package` or SAM uploads it.
pub(super) fn local_content(resource: Resource<'_>, world: &World<'_>) -> Option<String> {
    let content = resource.text("Content", world)?;
    local(content.as_literal()?).map(str::to_owned)
}

/// A path of a file, and not the address of an object.
pub(super) fn local(written: &str) -> Option<&str> {
    (!written.contains("://")).then_some(written)
}

/// The folder of a file by its name in messages; the current one for standard input.
pub(super) fn folder_of(file: &str) -> PathBuf {
    Path::new(file)
        .parent()
        .map_or_else(PathBuf::new, Path::to_path_buf)
}
