//! The files that a question is about. Templates of folders are parsed before their turn.

use crate::cloudformation::read::{self, ReadError};
use crate::rules::load::Root;
use serde_json::Value as Json;
use std::collections::VecDeque;
use std::num::NonZero;
use std::path::Path;
use std::thread;
use std::vec::IntoIter;

/// The bytes of templates that are parsed at a time: enough to keep every processor busy, and few
/// compared with the memory of the answers.
const AT_A_TIME: usize = 1 << 20;

/// The stack of a thread that parses: as much as the main thread has on most systems.
const STACK: usize = 8 << 20;

/// A file that is asked about.
pub struct Input {
    pub root: Root,
    /// Whether a folder was named that has it.
    pub in_folder: bool,
    /// What a template below a folder contains, if it is parsed already.
    pub parsed: Option<Result<Json, ReadError>>,
}

impl Input {
    /// A file that is named directly.
    pub fn named(root: Root) -> Self {
        Self {
            root,
            in_folder: false,
            parsed: None,
        }
    }

    /// A file below a folder that is named.
    pub fn below(root: Root) -> Self {
        Self {
            root,
            in_folder: true,
            parsed: None,
        }
    }

    fn parse(&mut self) {
        if self.in_folder && !is_source(&self.root) {
            self.parsed = Some(read::template(&self.root.bytes));
        }
    }
}

/// Whether a file is a source of this language: by its name, or else by not being a mapping of YAML
/// or JSON.
pub fn is_source(root: &Root) -> bool {
    match root.path.as_deref().and_then(Path::extension) {
        Some(extension) => extension == "layers",
        None => read::template(&root.bytes).is_err(),
    }
}

/// Files in their order. The next few templates are parsed together, by a thread for each
/// processor: parsing takes more time than everything that is done with a template.
pub struct Ahead {
    waiting: IntoIter<Input>,
    ready: VecDeque<Input>,
}

impl Ahead {
    pub fn new(inputs: Vec<Input>) -> Self {
        Self {
            waiting: inputs.into_iter(),
            ready: VecDeque::new(),
        }
    }

    fn parse(&mut self) {
        let mut bytes = 0;
        while bytes < AT_A_TIME
            && let Some(input) = self.waiting.next()
        {
            bytes += input.root.bytes.len();
            self.ready.push_back(input);
        }
        let ready = self.ready.make_contiguous();
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let part = ready.len().div_ceil(threads).max(1);
        if ready.len() < 2 || threads < 2 {
            return;
        }
        thread::scope(|scope| {
            for part in ready.chunks_mut(part) {
                let builder = thread::Builder::new().stack_size(STACK);
                // If the system gives no thread, a template is parsed in its turn.
                let _ = builder.spawn_scoped(scope, || part.iter_mut().for_each(Input::parse));
            }
        });
    }
}

impl Iterator for Ahead {
    type Item = Input;

    fn next(&mut self) -> Option<Input> {
        if self.ready.is_empty() {
            self.parse();
        }
        self.ready.pop_front()
    }
}
