//! Templates and policies of all kinds, as they are read: each folder below `tests/cases/reading` has files and a
//! `session.txt`, in which every command is followed by what it prints and by its exit code.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod support;

use std::fmt::Write;
use std::path::Path;
use support::{Goldens, stderr, stdout};

/// What begins a line with a command.
const PROMPT: &str = "$ layershare ";

#[test]
fn every_session_is_what_the_program_answers() {
    let cases = support::top().join("tests/cases/reading");
    let mut folders: Vec<_> = std::fs::read_dir(&cases).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(folders.len() > 80, "only {} cases are left", folders.len());
    let mut goldens = Goldens::default();
    for folder in folders {
        let session = folder.join("session.txt");
        let written =
            std::fs::read_to_string(&session).unwrap_or_else(|error| panic!("{}: {error}", session.display()));
        goldens.compare(&session, played(&folder, &written));
    }
    goldens.finish();
}

/// A session with the same commands and remarks, and what the program answers today.
fn played(folder: &Path, written: &str) -> String {
    let mut session = String::new();
    let remarks = written.lines().take_while(|line| line.starts_with('#'));
    remarks.for_each(|remark| writeln!(session, "{remark}").unwrap());
    let commands: Vec<&str> = written.lines().filter_map(|line| line.strip_prefix(PROMPT)).collect();
    assert!(!commands.is_empty(), "{} has no command", folder.display());
    for command in commands {
        let words = words(command);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let output = support::run(folder, &words, b"");
        let code = output.status.code().unwrap_or_else(|| panic!("{}: {command} crashed", folder.display()));
        write!(session, "\n{PROMPT}{command}\n{}{}exit {code}\n", stdout(&output), stderr(&output)).unwrap();
    }
    session
}

/// The words of a command, in which those with blanks stand in quotes.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = command.trim_start();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or_else(|| panic!("an open quote in {command}")),
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words
}
