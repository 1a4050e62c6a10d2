//! What the tests have in common.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

pub mod archive;

use layershare::internals::cloudformation::read;
use layershare::internals::pipeline::{Compiled, compile};
use layershare::internals::rules::load::Root;
use layershare::internals::source::{Files, NoFiles, PathKind, Sources};
use layershare::internals::template::Format;
use layershare::internals::template::limits::Limits;
use layershare::internals::template::lower::{Placement, Shape};
use snapbox::data::DataFormat;
use snapbox::{Assert, Data, Redactions};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A file system in memory. A path that ends in `/` is a folder.
#[derive(Default)]
pub struct Memory(pub BTreeMap<PathBuf, String>);

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0
            .get(path)
            .map(|text| text.clone().into_bytes())
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn identity(&self, path: &Path) -> PathBuf {
        path.to_path_buf()
    }

    fn kind(&self, path: &Path) -> PathKind {
        if self.0.contains_key(path) {
            PathKind::File
        } else {
            PathKind::Missing
        }
    }
}

/// Compiles a source that includes nothing.
pub fn compiled(source: impl AsRef<[u8]>) -> (Compiled, Sources) {
    compiled_in(source, &NoFiles)
}

/// Compiles a source among other files.
pub fn compiled_in(source: impl AsRef<[u8]>, files: &dyn Files) -> (Compiled, Sources) {
    let mut sources = Sources::default();
    let root = Root::in_memory("test.layers", source.as_ref());
    let placement = Placement {
        shape: Shape::Template,
        source_name: "test.layers".to_owned(),
        ..Placement::default()
    };
    let compiled = compile(root, &placement, Limits::default(), files, &mut sources);
    (compiled, sources)
}

/// The template of a source, as text in that format; `None` where it has errors.
pub fn written(source: &str, format: Format) -> Option<String> {
    let lowered = compiled(source).0.lowered?;
    let mut bytes = Vec::new();
    lowered.template.write(format, &mut bytes);
    String::from_utf8(bytes).ok()
}

/// What the two forms of a template mean to a reader. JSON has no first line to say who wrote it,
/// and the template of a stack set is a text in the same form.
pub fn meanings(yaml: &str, json: &str) -> [serde_json::Value; 2] {
    let of_yaml = |text: &str| read::template(text.as_bytes()).unwrap();
    let of_json = |text: &str| {
        let mut json: serde_json::Value = serde_json::from_str(text).unwrap();
        let metadata = json["Metadata"].as_object_mut().unwrap();
        let mark = metadata.shift_remove("GeneratedBy");
        let mark = mark.unwrap();
        assert!(mark.as_str().unwrap().starts_with("layershare from "));
        if metadata.is_empty() {
            json.as_object_mut().unwrap().shift_remove("Metadata");
        }
        json
    };
    [
        with_bodies(of_yaml(yaml), of_yaml),
        with_bodies(of_json(json), of_json),
    ]
}

fn with_bodies(
    mut template: serde_json::Value,
    read: impl Fn(&str) -> serde_json::Value,
) -> serde_json::Value {
    for resource in template["Resources"].as_object_mut().unwrap().values_mut() {
        if let Some(body) = resource["Properties"].get_mut("TemplateBody") {
            *body = read(body.as_str().unwrap());
        }
    }
    template
}

/// The codes that a source is reported with, in its order.
pub fn codes(source: &str) -> Vec<&'static str> {
    compiled(source)
        .0
        .diagnostics
        .iter()
        .map(|diagnostic| diagnostic.code.name())
        .collect()
}

/// The folder of the package.
pub fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files in `folder`, which is below the package's, with that ending, in alphabetical order: at
/// least one.
pub fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let entries =
        std::fs::read_dir(top().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .collect();
    assert!(
        !found.is_empty(),
        "{folder} has no file that ends in .{ending}"
    );
    found.sort();
    found
}

/// Runs the program in a folder, with a text on its standard input.
pub fn run(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_layershare"));
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that stops before it reads everything closes the pipe.
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input)
        .unwrap_or_default();
    child.wait_with_output().unwrap()
}

/// What a run printed on standard output.
pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What a run printed on standard error.
pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Texts held against the files that have what is expected of them. `SNAPSHOTS=overwrite` writes
/// the files instead.
#[derive(Default)]
pub struct Goldens {
    compared: usize,
    differences: Vec<String>,
}

impl Goldens {
    /// Compares a text with its file.
    pub fn compare(&mut self, golden: &Path, actual: String) {
        let assert = Assert::new()
            .action_env("SNAPSHOTS")
            .normalize_paths(false)
            .redact_with(Redactions::new());
        let expected = Data::read_from(golden, Some(DataFormat::Text)).raw();
        if let Err(difference) = assert.try_eq(Some(&"actual"), Data::text(actual).raw(), expected)
        {
            self.differences.push(difference.to_string());
        }
        self.compared += 1;
    }

    /// Fails with every difference that was found, or if nothing was compared.
    #[track_caller]
    pub fn finish(self) {
        let Self {
            compared,
            differences,
        } = self;
        assert!(compared > 0, "nothing was compared");
        let failed = differences.len();
        assert!(
            failed == 0,
            "{failed} of {compared} files differ\n{}",
            differences.join("\n")
        );
    }
}

/// What begins a line with a command in a session.
const PROMPT: &str = "$ layershare ";

/// Plays the `session.txt` of every folder in `cases`, of which there are at least `least`, and
/// compares what the program answers in a copy of the folder with what is written there.
#[track_caller]
pub fn sessions(cases: &str, least: usize) {
    let entries = std::fs::read_dir(top().join(cases)).unwrap();
    let mut folders: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(
        folders.len() >= least,
        "only {} cases are left",
        folders.len()
    );
    let mut goldens = Goldens::default();
    for folder in folders {
        let session = folder.join("session.txt");
        let written = std::fs::read_to_string(&session)
            .unwrap_or_else(|error| panic!("{}: {error}", session.display()));
        let place = tempfile::tempdir().unwrap();
        copy(&folder, place.path());
        goldens.compare(&session, played(place.path(), &written));
    }
    goldens.finish();
}

/// Copies a folder, with a `NAME.zip` for each `NAME.zip.txt` that describes one.
fn copy(folder: &Path, to: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            std::fs::create_dir(&to).unwrap();
            copy(&path, &to);
            continue;
        }
        std::fs::copy(&path, &to).unwrap();
        if path.to_str().unwrap().ends_with(".zip.txt") {
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::write(to.with_extension(""), archive::described(&text)).unwrap();
        }
    }
}

/// A session with the same commands and remarks, and what the program answers today.
fn played(folder: &Path, written: &str) -> String {
    let mut session = String::new();
    let remarks = written.lines().take_while(|line| line.starts_with('#'));
    remarks.for_each(|remark| writeln!(session, "{remark}").unwrap());
    let commands: Vec<&str> = written
        .lines()
        .filter_map(|line| line.strip_prefix(PROMPT))
        .collect();
    assert!(!commands.is_empty(), "{} has no command", folder.display());
    for command in commands {
        let words = words(command);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let output = run(folder, &words, b"");
        let code = output
            .status
            .code()
            .unwrap_or_else(|| panic!("{}: {command} crashed", folder.display()));
        write!(
            session,
            "\n{PROMPT}{command}\n{}{}exit {code}\n",
            stdout(&output),
            stderr(&output)
        )
        .unwrap();
    }
    session
}

/// The words of a command, in which those with blanks stand in quotes of either kind.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = command.trim_start();
    while !rest.is_empty() {
        let mark = ['"', '\''].into_iter().find(|mark| rest.starts_with(*mark));
        let (word, after) = match mark {
            Some(mark) => rest[1..]
                .split_once(mark)
                .unwrap_or_else(|| panic!("an open quote in {command}")),
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words
}
