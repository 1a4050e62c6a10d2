//! The sources that templates were made from, where they lie beside these: they have the names of
//! accounts, the reasons and the last days of grants, which a template does not have.

use super::ahead::is_source;
use super::built::{BuiltTemplate, SourceWords, words_of};
use super::tree::Tree;
use crate::access::authored::{add_names, names_in};
use crate::pipeline::names_of;
use crate::rules::load::Root;
use crate::source::{Files, PathKind, Sources};
use crate::template::limits::Limits;
use crate::template::mark::source_of;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// The sources of the templates that are read.
#[derive(Debug, Default)]
pub struct SourcesBeside {
    /// Those that lie beside a template that was made from them.
    beside: RefCell<BTreeSet<PathBuf>>,
    /// The source of each template, where it is found.
    of: RefCell<BTreeMap<PathBuf, PathBuf>>,
    /// The source of each template that is read beside it, since it has become broader.
    broader: RefCell<BTreeMap<PathBuf, PathBuf>>,
    /// Those of templates in folders that have errors.
    broken: RefCell<BTreeSet<PathBuf>>,
    /// Those that are read themselves.
    read: RefCell<BTreeSet<PathBuf>>,
}

impl SourcesBeside {
    /// Adds a source, or the one that a template names, if it lies beside it, or beside one of the
    /// two folders around it.
    pub fn add(&self, template: &Root, tree: &Tree) {
        if is_source(template) {
            self.read.borrow_mut().extend(template.path.clone());
            return;
        }
        let Some(name) = source_of(&template.bytes) else {
            return;
        };
        let path = template.path.as_deref();
        let (Some(path), true) = (path, is_file_name(&name)) else {
            return;
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        let above = above(folder);
        let folders = [folder.to_path_buf(), above.clone(), self::above(&above)];
        let mut places = folders.iter().map(|folder| folder.join(&name));
        if let Some(found) = places.find(|place| tree.kind(place) == PathKind::File) {
            self.beside.borrow_mut().insert(found.clone());
            self.of.borrow_mut().insert(path.to_path_buf(), found);
        }
    }

    /// Adds the source of templates in a folder, wherever it lies there.
    pub fn add_found(&self, source: PathBuf, templates: &[&Root]) {
        let of = sourced(&source, templates);
        self.of.borrow_mut().extend(of);
        self.beside.borrow_mut().insert(source);
    }

    /// Adds the source of templates in a folder that has become broader, and is read beside them.
    pub fn add_broader(&self, source: &Path, templates: &[&Root]) {
        self.broader.borrow_mut().extend(sourced(source, templates));
    }

    /// Adds the source of templates in a folder that has errors.
    pub fn add_broken(&self, source: &Path) {
        self.broken.borrow_mut().insert(source.to_path_buf());
    }

    /// The sources with errors, each once.
    pub fn broken(&self) -> BTreeSet<PathBuf> {
        self.broken.take()
    }

    /// The source of a template that has become broader, and is read beside it.
    pub fn broader(&self, template: &Path) -> Option<PathBuf> {
        self.broader.borrow().get(template).cloned()
    }

    /// What the sources say of these templates that they build, beyond what is in the templates.
    pub fn words(&self, templates: &[BuiltTemplate], tree: &Tree, limits: Limits) -> SourceWords {
        let of = self.of.borrow();
        let mut by_source: BTreeMap<&Path, Vec<&BuiltTemplate>> = BTreeMap::new();
        for template in templates {
            // The words of a source that is read beside it are known.
            if let Some(source) = of.get(&template.path)
                && self.broader(&template.path).is_none()
            {
                by_source.entry(source).or_default().push(template);
            }
        }
        let mut words = SourceWords::default();
        for (source, templates) in by_source {
            words_of(source, &templates, tree, limits, &mut words);
        }
        words
    }

    /// The names of accounts and organizations in them. Every file that is read is noted.
    pub fn names(&self, tree: &Tree, note: &dyn Fn(&str, &[u8])) -> HashMap<String, String> {
        let mut names = HashMap::new();
        for path in self.beside.borrow().iter() {
            let Ok(root) = tree.root(path) else {
                continue;
            };
            let mut sources = Sources::default();
            add_names(&mut names, names_in(&names_of(root, tree, &mut sources)));
            for source in sources.iter() {
                note(source.name(), source.text().as_bytes());
            }
        }
        names
    }

    /// All of them.
    pub fn roots(&self, tree: &Tree) -> Vec<Root> {
        let (beside, read) = (self.beside.borrow(), self.read.borrow());
        // A source may be both, by two paths.
        let mut known = BTreeSet::new();
        let paths = beside.union(&read);
        let paths = paths.filter(|path| known.insert(tree.identity(path)));
        paths.filter_map(|path| tree.root(path).ok()).collect()
    }
}

/// The paths of templates, each with that of their source.
fn sourced<'r>(
    source: &'r Path,
    templates: &'r [&Root],
) -> impl Iterator<Item = (PathBuf, PathBuf)> + 'r {
    let paths = templates.iter().filter_map(|root| root.path.clone());
    paths.map(|path| (path, source.to_path_buf()))
}

fn above(folder: &Path) -> PathBuf {
    match folder.parent() {
        Some(above) if folder.file_name().is_some() => above.to_path_buf(),
        Some(_) | None => folder.join(".."),
    }
}

/// Whether a name is that of a file, and no way to another folder.
fn is_file_name(name: &str) -> bool {
    Path::new(name).file_name().is_some_and(|own| own == name)
}
