//! A source that moves between one template and a folder: what lies beside it of the other kind.

use super::disk;
use super::output::{published_in, stem_of};
use crate::template::lower::Lowered;
use crate::template::mark::source_of;
use crate::template::published::{Earlier, moved};
use crate::template::stacks::{MANIFEST, RESTRICTIONS, StackEntry};
use anyhow::Context;
use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

/// How the stack of a single template ends when its source moves to a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takeover {
    /// There is no such stack, or the folder publishes its versions again.
    No,
    /// It is deleted.
    Deleted,
    /// It becomes the stack of the resources that exist once, since a second stack could not create
    /// them: the name of that template.
    Becomes(&'static str),
}

impl Takeover {
    /// How the stacks of single templates end. `now` has the logical IDs of the folder's templates;
    /// `rolls_out` is whether a stack set deploys one of them.
    pub fn of(
        single: &[(String, Earlier)],
        now: &BTreeSet<String>,
        rolls_out: bool,
    ) -> Result<Self, String> {
        let mut takeover = Self::No;
        for (template, earlier) in single {
            let rest = moved::rest(earlier, now);
            if rest.is_republished {
                return Ok(Self::No);
            }
            if let Some(parameter) = rest.parameter {
                return Err(format!(
                    "the stack of {template} has the SSM parameter `{parameter}`, and a second \
                    stack cannot make it: write another name in `publish to`, or leave it out \
                    until the old stack is deleted"
                ));
            }
            if rolls_out && rest.parts.contains(RESTRICTIONS) {
                return Err(format!(
                    "the stack of {template} has the roles and policies that `roll out` takes \
                    elsewhere: first build the single template with `roll out` and deploy it, or \
                    leave `roll out` out until the move is done"
                ));
            }
            let mut parts = rest.parts.into_iter();
            takeover = match (parts.next(), parts.next()) {
                (None, _) => Self::Deleted,
                (Some(stem), None) => Self::Becomes(stem),
                (Some(_), Some(_)) => {
                    return Err(format!(
                        "the stack of {template} has guardrails and also roles, policies or a \
                        stack set, and cannot become two stacks: keep these in this source and its \
                        single template, and move the layers to a separate source"
                    ));
                }
            };
        }
        Ok(takeover)
    }

    pub fn stem(self) -> Option<&'static str> {
        match self {
            Self::No | Self::Deleted => None,
            Self::Becomes(stem) => Some(stem),
        }
    }
}

/// The templates of the whole source, in its folder and next to the output folder: their stacks may
/// have published its versions already.
pub fn single_templates(
    folder: &Path,
    sources: &Path,
    source: &str,
    base: &str,
) -> anyhow::Result<Vec<(String, Earlier)>> {
    let mut found: Vec<(String, Earlier)> = Vec::new();
    let above = folder.parent().unwrap_or(Path::new(""));
    for place in [sources, above] {
        let listed = if place.as_os_str().is_empty() {
            Path::new(".")
        } else {
            place
        };
        // Templates in the folder itself belong to it.
        if fs::canonicalize(folder)
            .is_ok_and(|own| fs::canonicalize(listed).is_ok_and(|it| it == own))
        {
            continue;
        }
        for name in templates(listed)? {
            let path = place.join(&name);
            let Some(bytes) = disk::existing(&path)? else {
                continue;
            };
            // A mark in JSON may name no source.
            let is_of_source = match source_of(&bytes) {
                Some(of) => of == source,
                None => stem_of(&path) == base,
            };
            let shown = path.display().to_string();
            if !is_of_source || found.iter().any(|(known, _)| *known == shown) {
                continue;
            }
            let earlier = published_in(&bytes).filter(|earlier| earlier.is_marked);
            found.extend(earlier.map(|earlier| (shown, earlier)));
        }
    }
    Ok(found)
}

/// The templates of the folders that a source was built to, beside it and beside a single template
/// of it, each with the name of its stack: these may have published its versions already.
pub fn templates_of(
    output: &Path,
    sources: &Path,
    lowered: &Lowered,
) -> anyhow::Result<Vec<(String, String, Earlier)>> {
    let mut found = Vec::new();
    let mut known = HashSet::new();
    for place in [sources, output.parent().unwrap_or(Path::new(""))] {
        let listed = if place.as_os_str().is_empty() {
            Path::new(".")
        } else {
            place
        };
        let Ok(entries) = fs::read_dir(listed) else {
            continue;
        };
        let below = entries.flatten().map(|entry| place.join(entry.file_name()));
        let mut folders: Vec<PathBuf> = below.filter(|path| path.is_dir()).collect();
        folders.push(place.to_path_buf());
        folders.sort();
        for folder in folders {
            let Some(list) = disk::existing(&folder.join(MANIFEST))? else {
                continue;
            };
            if !known.insert(fs::canonicalize(folder.join(MANIFEST))?) {
                continue;
            }
            let stacks: Vec<StackEntry> = serde_json::from_slice(&list).unwrap_or_default();
            for StackEntry { name, template, .. } in stacks {
                let path = folder.join(&template);
                let Some(bytes) = disk::existing(&path)?.filter(|_| path != output) else {
                    continue;
                };
                if source_of(&bytes).is_some_and(|of| of != lowered.template.source) {
                    continue;
                }
                let earlier = published_in(&bytes).filter(|earlier| earlier.is_marked);
                found.extend(earlier.map(|earlier| (path.display().to_string(), name, earlier)));
            }
        }
    }
    Ok(found)
}

/// The names of the templates in a folder, by name.
pub fn templates(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    if !folder.exists() {
        return Ok(names);
    }
    let describe = || format!("cannot read {}", folder.display());
    for entry in fs::read_dir(folder).with_context(describe)? {
        let name = entry.with_context(describe)?.file_name();
        let Some(name) = name.to_str() else {
            continue;
        };
        let is_template = name.ends_with(".yaml") || name.ends_with(".json");
        let is_package = name.ends_with(".packaged.yaml");
        if is_template && !is_package && name != MANIFEST {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}
