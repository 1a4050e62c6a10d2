//! The templates of a folder, written before their turn.

use super::disk;
use crate::template::Format;
use crate::template::stacks::Stack;
use std::num::NonZero;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{self, Scope};

/// How many templates a thread is ahead of their turn, so that few are in memory together.
const AHEAD: usize = 2;

/// A written template, beside what is in the folder.
pub struct Draft {
    /// Its size.
    pub bytes: usize,
    /// The difference; `None` if there is none.
    pub change: Option<DraftChange>,
}

/// A template that differs from what is in the folder.
pub struct DraftChange {
    pub written: Vec<u8>,
    pub earlier: Option<Vec<u8>>,
}

/// The stacks of a folder, and the files that they are written to.
#[derive(Clone, Copy)]
pub struct Drafts<'a> {
    pub stacks: &'a [Stack],
    pub folder: &'a Path,
    pub format: Format,
    pub extension: &'a str,
}

impl<'a> Drafts<'a> {
    /// Calls `each` for every stack in its order. The templates are written and compared by a
    /// thread for each processor, which takes more time than everything that is done with them.
    pub fn each(
        self,
        mut each: impl FnMut(&'a Stack, Draft) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let threads = threads.min(self.stacks.len());
        thread::scope(|scope| {
            // Beside one processor's own work, a thread would only take turns with it.
            let ahead = (0..threads).filter(|_| threads > 1);
            let ahead: Vec<_> = ahead
                .map(|first| self.ahead(scope, first, threads))
                .collect();
            let mut written = Vec::new();
            for (index, stack) in self.stacks.iter().enumerate() {
                let draft = ahead.get(index % threads).map(Receiver::recv);
                // Where a system gives no thread, a template is written in its turn, too.
                let draft = match draft {
                    Some(Ok(draft)) => draft,
                    Some(Err(_)) | None => self.draft(stack, &mut written),
                };
                each(stack, draft?)?;
            }
            Ok(())
        })
    }

    /// Starts a thread that writes every so many-th template.
    fn ahead<'scope>(
        self,
        scope: &'scope Scope<'scope, '_>,
        first: usize,
        step: usize,
    ) -> Receiver<anyhow::Result<Draft>>
    where
        'a: 'scope,
    {
        let (to, from) = sync_channel(AHEAD);
        let write = move || {
            let mut written = Vec::new();
            for stack in self.stacks.iter().skip(first).step_by(step) {
                // Whoever stops listening needs no more.
                if to.send(self.draft(stack, &mut written)).is_err() {
                    return;
                }
            }
        };
        let _ = thread::Builder::new().spawn_scoped(scope, write);
        from
    }

    /// Writes a template to `written`, and takes it from there if it differs.
    fn draft(&self, stack: &Stack, written: &mut Vec<u8>) -> anyhow::Result<Draft> {
        written.clear();
        stack.lowered.template.write(self.format, written);
        let bytes = written.len();
        let earlier = disk::existing(&self.folder.join(self.file(stack)))?;
        let is_same = earlier.as_ref() == Some(written);
        let change = (!is_same).then(|| DraftChange {
            written: std::mem::take(written),
            earlier,
        });
        Ok(Draft { bytes, change })
    }

    /// The name of the file of a stack.
    pub fn file(&self, stack: &Stack) -> String {
        format!("{}.{}", stack.stem, self.extension)
    }
}
