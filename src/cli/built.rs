//! What a source says of the templates that it builds: the reasons and the last days of grants, and
//! the labels of versions.
//!
//! They are about a template only if the source builds this template today, byte for byte.

use super::output::{source_folder, source_name};
use super::tree::Tree;
use crate::access::authored::Authored;
use crate::diagnostic::has_errors;
use crate::pipeline::{Compiled, compile, compile_for_stacks};
use crate::report::StaleTemplates;
use crate::rules::load::Root;
use crate::rules::model::Rules;
use crate::source::{Files, Sources};
use crate::template::Format;
use crate::template::limits::Limits;
use crate::template::lower::{Lowered, Placement, Shape};
use crate::template::stacks::{SourceStacks, Stack};
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// A template that a source may have built.
pub struct BuiltTemplate {
    /// Its name, as the user wrote it.
    pub name: String,
    /// Its path.
    pub path: PathBuf,
    /// Whether the list of stacks beside it has it: whether it is one of a folder.
    pub is_of_folder: bool,
}

/// How a source is built to some templates.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct BuildTo {
    folder: PathBuf,
    is_of_folder: bool,
    is_json: bool,
}

impl BuildTo {
    fn shape(&self) -> Shape {
        if self.is_of_folder {
            Shape::Folder
        } else {
            Shape::Template
        }
    }

    fn format(&self) -> Format {
        if self.is_json {
            Format::Json
        } else {
            Format::Yaml
        }
    }
}

/// What sources say of the templates that they build.
#[derive(Default)]
pub struct SourceWords {
    /// The words about each template, by its name.
    pub words: HashMap<String, Authored>,
    /// The templates that their sources do not build today.
    pub stale: Vec<StaleTemplates>,
}

/// Adds what a source says of templates that name it.
pub fn words_of(
    source: &Path,
    templates: &[&BuiltTemplate],
    tree: &Tree,
    limits: Limits,
    to: &mut SourceWords,
) {
    let mut builds: BTreeMap<BuildTo, Vec<(&BuiltTemplate, Vec<u8>)>> = BTreeMap::new();
    for template in templates {
        let Ok(bytes) = tree.read(&template.path) else {
            continue;
        };
        let folder = template.path.parent().unwrap_or(Path::new(""));
        let build = BuildTo {
            folder: folder.to_path_buf(),
            is_of_folder: template.is_of_folder,
            is_json: bytes.trim_ascii_start().starts_with(b"{"),
        };
        builds.entry(build).or_default().push((template, bytes));
    }
    let (mut stale, mut is_broken) = (Vec::new(), false);
    for (build, templates) in builds {
        let Ok(root) = tree.root(source) else {
            continue;
        };
        let Ok(source_folder) = source_folder(&root, &build.folder) else {
            continue;
        };
        let placement = Placement {
            source_name: source_name(&root),
            source_folder,
            shape: build.shape(),
            format: build.format(),
        };
        let mut found = Compared::new(&templates);
        is_broken |= !found.build(root, &placement, tree, limits);
        for (template, words) in found.words {
            match words {
                Some(words) => {
                    to.words.insert(template.name.clone(), words);
                }
                None => stale.push(template.name.clone()),
            }
        }
    }
    if !stale.is_empty() {
        stale.sort();
        to.stale.push(StaleTemplates {
            source: source.display().to_string(),
            is_broken,
            templates: stale,
        });
    }
}

/// Templates with what their source says of them, as far as it builds them.
struct Compared<'a> {
    bytes: &'a [(&'a BuiltTemplate, Vec<u8>)],
    words: Vec<(&'a BuiltTemplate, Option<Authored>)>,
    written: Vec<u8>,
}

impl<'a> Compared<'a> {
    fn new(templates: &'a [(&'a BuiltTemplate, Vec<u8>)]) -> Self {
        let words = templates.iter().map(|(template, _)| (*template, None));
        Self {
            bytes: templates,
            words: words.collect(),
            written: Vec::new(),
        }
    }

    /// Builds the source, and compares what it builds with the templates. Returns whether it builds
    /// anything.
    fn build(&mut self, root: Root, placement: &Placement, tree: &Tree, limits: Limits) -> bool {
        let mut sources = Sources::default();
        match placement.shape {
            Shape::Template => {
                let compiled = compile(root, placement, limits, tree, &mut sources);
                let Some(lowered) = &compiled.lowered else {
                    return false;
                };
                self.compare(None, &compiled.rules, lowered, placement.format);
            }
            Shape::Folder => {
                let Compiled {
                    rules,
                    mut diagnostics,
                    start,
                    ..
                } = compile_for_stacks(root, placement, limits, tree, &mut sources);
                if has_errors(&diagnostics) {
                    return false;
                }
                let stacks = SourceStacks::new(&rules, placement, limits, start, &mut diagnostics);
                stacks.each(|Stack { stem, lowered, .. }| {
                    self.compare(Some(stem), &rules, lowered, placement.format);
                });
            }
        }
        true
    }

    /// Compares a template that the source builds with those that may be it: those of this stem,
    /// or any.
    fn compare(&mut self, stem: Option<&str>, rules: &Rules, lowered: &Lowered, format: Format) {
        self.written.clear();
        for ((template, bytes), (_, words)) in self.bytes.iter().zip(&mut self.words) {
            let own = template.path.file_stem().and_then(OsStr::to_str);
            if stem.is_some() && stem != own {
                continue;
            }
            if self.written.is_empty() {
                lowered.template.write(format, &mut self.written);
            }
            if *bytes == self.written {
                *words = Some(Authored::of(rules, lowered));
            }
        }
    }
}
