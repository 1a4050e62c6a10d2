//! The places in sources and templates, for messages about them.

use crate::cloudformation::place::{Places, Step};
use crate::cloudformation::read;
use crate::report;
use crate::source::{FileId, Sources, Span};
use std::cell::OnceCell;
use std::collections::HashMap;

/// The places in the inputs.
pub struct InputPlaces {
    /// The files.
    pub sources: Sources,
    /// The input of the question.
    inputs: Vec<InputPlace>,
}

/// A source, or another file.
pub struct InputPlace {
    name: String,
    file: FileId,
    /// The rules of a source, by logical ID; `None` for anything but a source.
    origins: Option<HashMap<String, Span>>,
    /// The places in a template, which are looked for when they are needed.
    found: OnceCell<Option<Places>>,
}

impl InputPlace {
    /// The places of a source's rules, or those in another file.
    pub fn new(name: String, file: FileId, origins: Option<HashMap<String, Span>>) -> Self {
        Self {
            name,
            file,
            origins,
            found: OnceCell::new(),
        }
    }

    /// The place of a rule, of a resource or of a section.
    fn find(&self, id: &str, sources: &Sources) -> Option<Span> {
        if let Some(origins) = &self.origins {
            return origins.get(id).copied();
        }
        let text = sources.get(self.file).text();
        let places = self.found.get_or_init(|| read::places(text)).as_ref()?;
        let paths: [&[Step<'_>]; 2] = [&[Step::Key("Resources"), Step::Key(id)], &[Step::Key(id)]];
        // If there is no such key, another one is found.
        let is_key = |key: &str| key.trim_matches(['"', '\'']) == id;
        let found = paths
            .iter()
            .map(|path| places.find(text, path))
            .find(|found| text.get(found.clone()).is_some_and(is_key))?;
        Some(Span {
            file: self.file,
            start: found.start as u32,
            end: found.end as u32,
        })
    }
}

impl InputPlaces {
    /// The places of inputs, in the files that they are in.
    pub fn new(sources: Sources, inputs: Vec<InputPlace>) -> Self {
        Self { sources, inputs }
    }
}

impl report::ResourcePlaces for InputPlaces {
    fn place(&self, id: &str) -> Span {
        // An ID that several files have is called by its file, too.
        let named = self
            .inputs
            .iter()
            .find_map(|input| Some((input, id.strip_prefix(&input.name)?.strip_prefix(": ")?)));
        let found = match named {
            Some((input, id)) => input.find(id, &self.sources),
            None => self
                .inputs
                .iter()
                .find_map(|input| input.find(id, &self.sources)),
        };
        found.unwrap_or_else(|| self.start())
    }

    fn start(&self) -> Span {
        let first = self.inputs.first();
        Span {
            file: first.map(|input| input.file).unwrap_or_default(),
            start: 0,
            end: 0,
        }
    }
}
