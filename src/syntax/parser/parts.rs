//! A long file, read in parts on all processors.
//!
//! Where a part begins is guessed: at a line that begins as a layer does. The guess was right if
//! the part before it ends there. If it was wrong, as in a body that is never closed, what was read
//! from there is left out, and the file is read on from where the part before it ends. So the
//! result is always that of reading the file from its start.

use crate::diagnostic::Diagnostic;
use crate::syntax::ast::Statement;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

/// The bytes of a file that are worth a thread: reading them takes several times as long as
/// beginning one.
const WORTH_A_THREAD: usize = 128 * 1024;

/// How a part begins. Any other place would do as well, but nearly all of a long file is layers.
const BEGIN: &str = "\nlayer ";

/// What was read of a file.
#[derive(Default)]
pub struct ReadPart {
    pub statements: Vec<Statement>,
    pub diagnostics: Vec<Diagnostic>,
    /// Where the next statement begins.
    pub end: usize,
}

impl ReadPart {
    fn append(&mut self, next: Self) {
        self.statements.extend(next.statements);
        self.diagnostics.extend(next.diagnostics);
        self.end = next.end;
    }
}

/// Reads a file of so many bytes by `part`, which reads the statements that begin at one offset and
/// before another. `starts` is where its parts begin, as [`starts`] guesses it.
pub fn read(
    length: usize,
    starts: &[usize],
    part: &(impl Fn(usize, usize) -> ReadPart + Sync),
) -> ReadPart {
    let ends = starts.iter().skip(1).copied().chain([length]);
    let bounds: Vec<(usize, usize)> = starts.iter().copied().zip(ends).collect();
    let mut whole = ReadPart::default();
    for (&(start, _), read) in bounds.iter().zip(read_all(&bounds, part)) {
        if whole.end < start {
            whole.append(part(whole.end, start));
        }
        if whole.end == start {
            whole.append(read);
        }
    }
    if whole.end < length {
        whole.append(part(whole.end, length));
    }
    whole
}

/// Where the parts of a file begin: at its start, and wherever another one is worth it.
pub fn starts(source: &str) -> Vec<usize> {
    let mut starts = vec![0];
    let most = source.len() / WORTH_A_THREAD;
    if most > 1 {
        let count = thread::available_parallelism().map_or(1, NonZero::get);
        let count = count.min(most);
        for index in 1..count {
            let from = source.len() / count * index;
            let found = memchr::memmem::find(&source.as_bytes()[from..], BEGIN.as_bytes());
            starts.extend(found.map(|at| from + at + 1));
        }
        starts.dedup();
    }
    starts
}

/// Reads all parts, the first one on this thread.
fn read_all(
    bounds: &[(usize, usize)],
    part: &(impl Fn(usize, usize) -> ReadPart + Sync),
) -> Vec<ReadPart> {
    thread::scope(|scope| {
        let others = bounds.iter().skip(1).map(|&(start, end)| {
            let begun = thread::Builder::new().spawn_scoped(scope, move || part(start, end));
            // If the system gives no thread, this one does its work.
            begun.map_err(|_| (start, end))
        });
        let others: Vec<_> = others.collect();
        let first = bounds.iter().take(1).map(|&(start, end)| part(start, end));
        let mut all: Vec<ReadPart> = first.collect();
        all.extend(others.into_iter().map(|other| match other {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err((start, end)) => part(start, end),
        }));
        all
    })
}
