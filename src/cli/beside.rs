//! The sources that templates were made from, where they lie beside these: they have the names of
//! accounts, which a template does not have.

use super::tree::Tree;
use crate::access::authored::names_in;
use crate::pipeline::names_of;
use crate::rules::load::Root;
use crate::source::{Files, PathKind, Sources};
use crate::template::mark::source_of;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// The sources of the templates that are read.
#[derive(Debug, Default)]
pub struct SourcesBeside(RefCell<BTreeSet<PathBuf>>);

impl SourcesBeside {
    /// Adds the source that a template names, if it lies beside it or beside its folder.
    pub fn add(&self, template: &Root, tree: &Tree) {
        let Some(name) = source_of(&template.bytes) else {
            return;
        };
        let folder = template.path.as_deref().and_then(Path::parent);
        let (Some(folder), true) = (folder, is_file_name(&name)) else {
            return;
        };
        let above = match folder.parent() {
            Some(above) if folder.file_name().is_some() => above.to_path_buf(),
            Some(_) | None => folder.join(".."),
        };
        let mut places = [folder.join(&name), above.join(&name)].into_iter();
        let found = places.find(|place| tree.kind(place) == PathKind::File);
        self.0.borrow_mut().extend(found);
    }

    /// The names of accounts and organizations in them. Every file that is read is noted.
    pub fn names(&self, tree: &Tree, note: &dyn Fn(&str, &[u8])) -> HashMap<String, String> {
        let mut names = HashMap::new();
        for path in self.0.borrow().iter() {
            let Ok(root) = tree.root(path) else {
                continue;
            };
            let mut sources = Sources::default();
            names.extend(names_in(&names_of(root, tree, &mut sources)));
            for source in sources.iter() {
                note(source.name(), source.text().as_bytes());
            }
        }
        names
    }

    /// The source of all templates; `None` if there are several, or none.
    pub fn only(&self, tree: &Tree) -> Option<Root> {
        let sources = self.0.borrow();
        let mut sources = sources.iter();
        let only = sources.next().filter(|_| sources.next().is_none())?;
        tree.root(only).ok()
    }
}

/// Whether a name is that of a file, and no way to another folder.
fn is_file_name(name: &str) -> bool {
    Path::new(name).file_name().is_some_and(|own| own == name)
}
