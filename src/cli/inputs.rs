//! Finds the files that a question about access is about: the named files, and for a folder its
//! templates and the sources that none of these is made from.

use super::ahead::Input;
use super::disk;
use super::input::{Reading, may_have_resources};
use super::messages::Messages;
use super::tree::{Tree, without_parts};
use crate::access::authored::Authored;
use crate::access::diff::Diff;
use crate::access::{Access, several};
use crate::cloudformation::read;
use crate::pipeline::compile;
use crate::rules::load::Root;
use crate::source::{Files, PathKind, Sources};
use crate::template::lower::Placement;
use crate::template::mark::source_of;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

impl Reading<'_> {
    /// The files that some paths name. A folder stands for its templates, and for the sources that
    /// none of these was built from.
    pub fn inputs(&self, paths: &[PathBuf]) -> anyhow::Result<Vec<Input>> {
        let mut inputs = Vec::new();
        for path in paths {
            if disk::is_stdin(path) || self.tree.kind(path) != PathKind::Folder {
                inputs.push(Input::named(self.tree.root(path)?));
                continue;
            }
            let (mut templates, mut sources) = (Vec::new(), Vec::new());
            for path in self.tree.files_below(path)? {
                let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
                match extension.to_ascii_lowercase().as_str() {
                    "layers" => sources.push(path),
                    "yaml" | "yml" | "json" | "template" if !self.tree.is_packaged(&path) => {
                        let root = self.tree.root(&path)?;
                        if may_have_resources(&root.bytes) {
                            templates.push(root);
                        }
                    }
                    _ => {}
                }
            }
            let sources = without_parts(sources, self.tree)?;
            for source in self.uncompiled(sources, &templates)? {
                inputs.push(Input::below(self.tree.root(&source)?));
            }
            inputs.extend(templates.into_iter().map(Input::below));
        }
        Ok(inputs)
    }

    /// The sources that no template is made from, and those that have become broader since. A
    /// template names the file of its source. If several sources have that name, its own lies
    /// beside the template or beside its folder.
    fn uncompiled(
        &self,
        sources: Vec<PathBuf>,
        templates: &[Root],
    ) -> anyhow::Result<Vec<PathBuf>> {
        let folder = |path: &Path| path.parent().map(Path::to_path_buf).unwrap_or_default();
        let made: Vec<(String, PathBuf, &Root)> = templates
            .iter()
            .filter_map(|root| {
                let place = folder(root.path.as_deref()?);
                Some((source_of(&root.bytes)?, place, root))
            })
            .collect();
        let name = |path: &Path| Some(path.file_name()?.to_string_lossy().into_owned());
        let names: Vec<Option<String>> = sources.iter().map(|path| name(path)).collect();
        let mut others = Vec::new();
        for source in sources {
            let own = name(&source);
            let is_only = names.iter().filter(|other| **other == own).count() == 1;
            let beside = folder(&source);
            let made_of_it = made.iter().filter(|(name, place, _)| {
                own.as_deref() == Some(name.as_str())
                    && (is_only || *place == beside || folder(place) == beside)
            });
            let made_of_it: Vec<&Root> = made_of_it.map(|(.., root)| *root).collect();
            let is_asked = made_of_it.is_empty()
                || !self.is_about_deployed && self.is_broader(&source, &made_of_it)?;
            if is_asked {
                self.beside.add_broader(&source, &made_of_it);
                others.push(source);
            } else {
                self.beside.add_found(source, &made_of_it);
            }
        }
        Ok(others)
    }

    /// Says which sources have errors, so that a question is about their templates alone. What is
    /// wrong in an old revision stays as it is, so nothing is said about that.
    pub fn say_broken(&self, messages: &mut Messages) {
        if !matches!(self.tree, Tree::Disk) {
            return;
        }
        for source in self.beside.broken() {
            messages.say(&format!(
                "note: {} has errors, so only the templates that it built are read: `layershare \
                check` shows the errors",
                source.display()
            ));
        }
    }

    /// Joins each source that has become broader with the templates that were built from it.
    pub fn join_sources(&self, found: &mut [(String, Access)]) {
        let mut by_source: BTreeMap<PathBuf, Vec<usize>> = BTreeMap::new();
        for (index, (name, _)) in found.iter().enumerate() {
            if let Some(source) = self.beside.broader(Path::new(name)) {
                by_source.entry(source).or_default().push(index);
            }
        }
        for (source, templates) in by_source {
            let name = source.display().to_string();
            let Some(own) = found.iter_mut().find(|(file, _)| *file == name) else {
                continue;
            };
            let mut own = std::mem::take(&mut own.1);
            let all = found.iter_mut().enumerate();
            let all = all.filter(|(index, _)| templates.contains(index));
            let mut parts: Vec<&mut Access> = all.map(|(_, (_, part))| part).collect();
            several::join(&mut own, &mut parts);
            if let Some((_, place)) = found.iter_mut().find(|(file, _)| *file == name) {
                *place = own;
            }
        }
    }

    /// Whether a source gives more access than the templates that were made from it. One that does
    /// not compile gives none.
    fn is_broader(&self, source: &Path, made: &[&Root]) -> anyhow::Result<bool> {
        let compiled = compile(
            self.tree.root(source)?,
            &Placement::of_any_size(),
            self.limits,
            self.tree,
            &mut Sources::default(),
        );
        let Some(json) = compiled.lowered.and_then(|lowered| lowered.template.json()) else {
            self.beside.add_broken(source);
            return Ok(false);
        };
        let access = |json| Access::of_template(json, &self.values, Authored::default());
        let mut parts = Vec::new();
        let mut rolled_out = Vec::new();
        for root in made {
            if let Ok(json) = read::template(&root.bytes) {
                rolled_out.extend(self.rolled_out(&json, root));
                let place = root.path.as_deref().map(|path| self.tree.identity(path));
                parts.push((place, access(json)));
            }
        }
        // What a stack set rolls out is a part of its template.
        parts.retain(|(place, _)| place.as_ref().is_none_or(|one| !rolled_out.contains(one)));
        let parts = parts.into_iter().map(|(_, access)| (String::new(), access));
        let parts = parts.collect();
        let before = several::together(parts, &BTreeSet::new());
        Ok(Diff::between(&before, &access(json)).is_broader())
    }
}
