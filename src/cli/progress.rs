//! The progress of something slow, on a terminal.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// The time before progress is shown, and between two lines.
const PATIENCE: Duration = Duration::from_millis(500);
const PACE: Duration = Duration::from_millis(100);

/// A line on standard error that is rewritten, and removed at the end.
pub struct Progress {
    /// When the next line is due; `None` if nobody watches.
    due: Option<Instant>,
    /// The characters on the line.
    width: usize,
}

impl Progress {
    /// No progress yet, and never any unless it `is_wanted` and there is a terminal.
    pub fn new(is_wanted: bool) -> Self {
        let is_watched = is_wanted && std::io::stderr().is_terminal();
        Self {
            due: is_watched.then(|| Instant::now() + PATIENCE),
            width: 0,
        }
    }

    /// Shows how much of the work is done.
    pub fn show(&mut self, what: &str, done: usize, all: usize) {
        let now = Instant::now();
        if self.due.is_none_or(|due| now < due) {
            return;
        }
        self.due = Some(now + PACE);
        let line = format!("{what}: {done} of {all}");
        self.clear();
        self.width = line.chars().count();
        let mut to = std::io::stderr();
        write!(to, "{line}").unwrap_or_default();
        to.flush().unwrap_or_default();
    }

    /// Takes the line away, before anything else is written.
    pub fn clear(&mut self) {
        if self.width > 0 {
            let blank = " ".repeat(self.width);
            write!(std::io::stderr(), "\r{blank}\r").unwrap_or_default();
            self.width = 0;
        }
    }
}
