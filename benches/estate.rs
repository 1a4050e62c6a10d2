//! What a folder of templates takes, beside what it rests on: copying it, reading it, parsing it.
//!
//! `cargo bench --bench estate` prints the figures. With `--check` as its argument it exits with 1
//! when a ratio misses its target by more than the noise of a shared machine. Every process runs on
//! one processor where `taskset` is installed, so that a ratio says how much work there is, and not
//! how many processors do it.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops at the first surprise"
)]

use layershare::internals::cloudformation::read;
use std::cell::Cell;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

/// How far beyond its target a ratio may be measured before `--check` fails.
const NOISE: f64 = 1.5;

/// Set for the copy of this program that parses every template of a folder.
const PARSE: &str = "LAYERSHARE_BENCHMARK_PARSE";

/// The estate: layers, versions of each, and accounts that each is shared with.
const LAYERS: usize = 100;
const VERSIONS: usize = 25;
const ACCOUNTS: u64 = 3;

fn main() -> ExitCode {
    if let Some(folder) = std::env::var_os(PARSE) {
        for template in templates(Path::new(&folder)) {
            black_box(read::template(&fs::read(template).unwrap()).unwrap());
        }
        return ExitCode::SUCCESS;
    }
    let place = tempfile::tempdir().unwrap();
    let (top, folder) = (place.path(), place.path().join("layers"));
    let mut missed = false;
    let mut row = |name: &str, measured: f64, target: f64, detail: String| {
        println!("{name:>34} {measured:>8.2} of at most {target:.1}   {detail}");
        missed |= measured > target * NOISE;
    };
    fs::write(top.join("shared.layers"), source(VERSIONS, 0)).unwrap();
    let peak = peak_of(&build(top));
    let largest = templates(&folder).into_iter().map(size).max().unwrap();
    let all: u64 = templates(&folder).into_iter().map(size).sum();
    let files = templates(&folder).len();
    println!("{files} templates, {:.1} MB", all as f64 / 1e6);

    // Each run has a folder of its own: where files were just deleted, a file system takes longer
    // to make others.
    let runs = Cell::new(0);
    let (ours, other, ratio) = against(
        || {
            runs.set(runs.get() + 1);
            let folder = format!("layers-{}/", runs.get());
            layershare(&["build", "shared.layers", "-o", &folder], top)
        },
        || {
            let copy = format!("copy-{}", runs.get());
            one_processor("cp", &["-r", "layers", &copy], top)
        },
    );
    row("build / cp -r", ratio, 3.0, milliseconds(ours, other));
    let (ours, other, ratio) = against(
        || layershare(&["build", "shared.layers", "-o", "layers/", "--check"], top),
        || one_processor("sh", &["-c", "cat layers/* > all"], top),
    );
    row("build --check / cat", ratio, 2.0, milliseconds(ours, other));
    let (ours, other, ratio) = against(
        || layershare(&["access", "layers/", "--format", "json"], top),
        || {
            let own = std::env::current_exe().unwrap();
            let mut parse = one_processor(own.to_str().unwrap(), &[], top);
            parse.env(PARSE, "layers");
            parse
        },
    );
    row("access / parsing", ratio, 1.2, milliseconds(ours, other));
    let allowed = 2.0 * largest as f64 + 50e6;
    row(
        "memory / (2 templates + 50 MB)",
        peak / allowed,
        1.0,
        format!("{:.0} MB", peak / 1e6),
    );

    let before = inodes(&folder);
    fs::write(top.join("shared.layers"), source(VERSIONS, 1)).unwrap();
    assert!(build(top).stderr(Stdio::null()).status().unwrap().success());
    let changed = inodes(&folder).difference(&before).count();
    row(
        "files written by a release",
        changed as f64,
        1.0,
        "their number has no noise".to_owned(),
    );
    let check = std::env::args().any(|argument| argument == "--check");
    ExitCode::from(u8::from(check && (missed || changed != 1)))
}

/// A source with these versions of each layer, and more of the first one.
fn source(versions: usize, more: usize) -> String {
    let mut text = String::new();
    let accounts: Vec<String> = (0..ACCOUNTS)
        .map(|n| format!("account {:012}", 111_111_111_111 + n))
        .collect();
    for layer in 0..LAYERS {
        writeln!(text, "layer layer-{layer} {{\n  runtimes python3.13").unwrap();
        let versions = if layer == 0 {
            versions + more
        } else {
            versions
        };
        for version in 0..versions {
            writeln!(
                text,
                "  version {version} from s3://bucket-1/layer-{layer}/{version}.zip"
            )
            .unwrap();
        }
        writeln!(text, "  share with {}\n}}", accounts.join(", ")).unwrap();
    }
    text
}

fn build(top: &Path) -> Command {
    layershare(&["build", "shared.layers", "-o", "layers/"], top)
}

fn layershare(arguments: &[&str], top: &Path) -> Command {
    one_processor(env!("CARGO_BIN_EXE_layershare"), arguments, top)
}

/// A command that runs on one processor where that can be had.
fn one_processor(program: &str, arguments: &[&str], top: &Path) -> Command {
    let pins = Command::new("taskset").arg("--version").output().is_ok();
    let mut command = if pins {
        let mut command = Command::new("taskset");
        command.args(["-c", "0", program]);
        command
    } else {
        Command::new(program)
    };
    command
        .args(arguments)
        .current_dir(top)
        .stdout(Stdio::null());
    command
}

/// The templates of a folder.
fn templates(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .collect()
}

fn size(path: PathBuf) -> u64 {
    fs::metadata(path).unwrap().len()
}

/// What identifies each template, which a new file does not have.
fn inodes(folder: &Path) -> HashSet<(u64, i64)> {
    let all = templates(folder).into_iter();
    all.map(|path| fs::metadata(path).unwrap())
        .map(|file| (file.ino(), file.mtime_nsec()))
        .collect()
}

/// The peak memory of a command, in bytes; nothing where `/usr/bin/time` cannot say it.
fn peak_of(command: &Command) -> f64 {
    let mut timed = Command::new("/usr/bin/time");
    timed.args(["-f", "%M"]).arg(command.get_program());
    timed.args(command.get_args());
    timed.current_dir(command.get_current_dir().unwrap());
    let printed = String::from_utf8(timed.output().unwrap().stderr).unwrap();
    let last = printed.lines().last().unwrap();
    last.trim().parse::<f64>().unwrap() * 1024.0
}

fn milliseconds(ours: f64, other: f64) -> String {
    format!("{ours:.1} ms, {other:.1} ms")
}

/// The median times of two commands, run in turn, and that of their ratio.
fn against(mut a: impl FnMut() -> Command, mut b: impl FnMut() -> Command) -> (f64, f64, f64) {
    let time = |mut command: Command| {
        let started = Instant::now();
        assert!(command.stderr(Stdio::null()).status().unwrap().success());
        started.elapsed().as_secs_f64() * 1000.0
    };
    let pairs: Vec<(f64, f64)> = (0..12).map(|_| (time(a()), time(b()))).skip(1).collect();
    let middle = |of: fn(&(f64, f64)) -> f64| {
        let mut all: Vec<f64> = pairs.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    (
        middle(|pair| pair.0),
        middle(|pair| pair.1),
        middle(|pair| pair.0 / pair.1),
    )
}
