//! What is being done, on a terminal, while it takes long.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How long something takes before anything is said of it, and how long a line stays.
const PATIENCE: Duration = Duration::from_millis(500);
const PACE: Duration = Duration::from_millis(100);

/// A line on standard error that is written over and over, and is gone at the end.
pub struct Progress {
    /// When the next line is due; `None` where nobody watches.
    due: Option<Instant>,
    /// The characters that are there.
    width: usize,
}

impl Progress {
    /// Nothing yet. Unless it `is_wanted`, and a terminal is there, nothing ever.
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
