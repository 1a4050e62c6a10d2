//! How long the compiler takes, stage by stage and as a whole process, and how that grows.
//!
//! `cargo bench` prints the figures. Every target is a ratio to something run beside it, since no
//! machine is like another: a Rust program that does nothing, and `cat` of the template. With
//! `--check` as its argument the benchmark exits with 1 when a ratio misses its target by more than
//! the noise of a shared machine.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops at the first surprise"
)]

use layershare::internals::cli;
use layershare::internals::diagnostic::has_errors;
use layershare::internals::rules::load::{Root, load};
use layershare::internals::rules::resolve::resolve;
use layershare::internals::source::{NoFiles, Sources};
use layershare::internals::syntax::lexer::Lexer;
use layershare::internals::syntax::parser::parse;
use layershare::internals::template::Format;
use layershare::internals::template::limits::Limits;
use layershare::internals::template::lower::{Placement, lower};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// Set for the copies of this program that stand for the compiler without CloudFormation's limits.
const CHILD: &str = "LAYERSHARE_BENCHMARK_CHILD";

/// How far beyond its target a ratio may be measured before `--check` fails.
const NOISE: f64 = 1.5;

fn main() -> ExitCode {
    if std::env::var_os(CHILD).is_some() {
        return child();
    }
    let folder = tempfile::tempdir().unwrap();
    println!("stages, in milliseconds (the best of several runs)");
    println!(
        "{:>22} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "", "bytes", "lex", "parse", "load", "rules", "lower", "write"
    );
    for (name, source) in sources() {
        let stages = stages(&source);
        row(name, &source, &stages);
    }
    println!("\nwhole processes");
    let ratios = processes(folder.path());
    let mut missed = false;
    for ratio in &ratios {
        println!(
            "{:>22} {:>8.2} of at most {:.1}   {}",
            ratio.name, ratio.measured, ratio.target, ratio.detail
        );
        missed |= ratio.measured > ratio.target * NOISE;
    }
    let check = std::env::args().any(|argument| argument == "--check");
    ExitCode::from(u8::from(check && missed))
}

/// Compiles under no limits, and says how much memory it took.
fn child() -> ExitCode {
    let code = cli::run_with(Limits {
        resources: usize::MAX,
        template_bytes: usize::MAX,
    });
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    println!(
        "{}",
        peak.unwrap_or_default().trim().trim_end_matches(" kB")
    );
    code
}

/// A source of `layers` layers, each shared with `accounts` accounts.
fn source(layers: usize, accounts: usize) -> String {
    let mut text = String::new();
    for account in 0..accounts {
        writeln!(
            text,
            "account team-{account} = {:012}",
            111_111_111_111_u64 + account as u64
        )
        .unwrap();
    }
    let names: Vec<String> = (0..accounts)
        .map(|account| format!("team-{account}"))
        .collect();
    writeln!(text, "group teams = {}", names.join(", ")).unwrap();
    for layer in 0..layers {
        writeln!(
            text,
            "layer layer-{layer} \
            {{\n  runtimes python3.13\n  version 1.0.0 from s3://bucket-1/layer-{layer}.zip"
        )
        .unwrap();
        writeln!(text, "  share with teams\n}}").unwrap();
    }
    text
}

/// The sources that are measured: the usual sizes, twice and four times one of them, and shapes
/// that would show a quadratic path.
fn sources() -> Vec<(&'static str, String)> {
    let groups: String = (1..10_000)
        .map(|n| {
            format!(
                "group g{n} = g{}, account {:012}\n",
                n - 1,
                111_111_111_111_u64 + n
            )
        })
        .collect();
    let list: Vec<String> = (0..100_000_u64)
        .map(|n| format!("account {:012}", 111_111_111_111 + n))
        .collect();
    let layer = "layer deps {\n  version 1 from s3://bucket-1/1.zip\n  share with ";
    vec![
        ("S     1 x 3", source(1, 3)),
        ("M    20 x 20", source(20, 20)),
        ("L   200 x 50", source(200, 50)),
        ("L2  400 x 50", source(400, 50)),
        ("L4  800 x 50", source(800, 50)),
        ("XL 2000 x 50", source(2000, 50)),
        (
            "10,000 groups",
            format!("group g0 = account 123456789012\n{groups}{layer}g9999\n}}\n"),
        ),
        ("100,000 names", format!("{layer}{}\n}}\n", list.join(", "))),
        (
            "1,000,000 comments",
            format!("{}{}", "# a comment\n".repeat(1_000_000), source(1, 3)),
        ),
    ]
}

/// The times of the stages, in the order of the printed columns, and the bytes written.
struct Stages {
    times: [Duration; 6],
    written: usize,
}

fn best<T>(mut run: impl FnMut() -> T) -> (Duration, T) {
    let started = Instant::now();
    let mut value = run();
    let mut best = started.elapsed();
    let enough = Instant::now();
    while enough.elapsed() < Duration::from_millis(200) {
        let started = Instant::now();
        value = run();
        best = best.min(started.elapsed());
    }
    (best, value)
}

fn stages(source: &str) -> Stages {
    let file = Sources::default().add("s", "");
    let (lex, _) = best(|| Lexer::new(source).count());
    let (parsing, _) = best(|| parse(file, source).0.statements.len());
    let root = Root::in_memory("s", source);
    let (loading, units) = best(|| {
        load(
            root.clone(),
            &NoFiles,
            &mut Sources::default(),
            &mut Vec::new(),
        )
    });
    let (resolving, rules) = best(|| {
        let mut diagnostics = Vec::new();
        let rules = resolve(&units, &NoFiles, &mut diagnostics);
        assert!(!has_errors(&diagnostics), "{:?}", diagnostics.first());
        rules
    });
    let (lowering, lowered) = best(|| lower(&rules, &Placement::default(), &mut Vec::new()));
    let mut out = Vec::new();
    let (writing, ()) = best(|| {
        out.clear();
        lowered.template.write(Format::Yaml, &mut out);
    });
    Stages {
        times: [lex, parsing, loading, resolving, lowering, writing],
        written: out.len(),
    }
}

fn row(name: &str, source: &str, stages: &Stages) {
    print!("{name:>22} {:>9}", source.len());
    for time in stages.times {
        print!(" {:>9.3}", time.as_secs_f64() * 1000.0);
    }
    let rate = stages.written as f64 / stages.times[5].as_secs_f64() / 1e6;
    println!("   {:.1} MB at {rate:.0} MB/s", stages.written as f64 / 1e6);
}

/// A measured ratio and what it should be at most.
struct Ratio {
    name: &'static str,
    measured: f64,
    target: f64,
    detail: String,
}

/// The median time of a command and of another one, run in turn.
fn against(
    runs: usize,
    mut a: impl FnMut() -> Command,
    mut b: impl FnMut() -> Command,
) -> (f64, f64, f64) {
    let time = |mut command: Command| {
        let started = Instant::now();
        assert!(
            command
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .unwrap()
                .success()
        );
        started.elapsed().as_secs_f64() * 1000.0
    };
    let mut pairs: Vec<(f64, f64)> = (0..=runs).map(|_| (time(a()), time(b()))).skip(1).collect();
    let mut ratios: Vec<f64> = pairs.iter().map(|(a, b)| a / b).collect();
    ratios.sort_by(f64::total_cmp);
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let middle = runs / 2;
    let mut others: Vec<f64> = pairs.iter().map(|pair| pair.1).collect();
    others.sort_by(f64::total_cmp);
    (pairs[middle].0, others[middle], ratios[middle])
}

fn processes(folder: &Path) -> Vec<Ratio> {
    let nothing = folder.join("nothing");
    fs::write(folder.join("nothing.rs"), "fn main() {}\n").unwrap();
    let rustc = Command::new("rustc")
        .args(["-O", "-o"])
        .arg(&nothing)
        .arg(folder.join("nothing.rs"))
        .status();
    assert!(rustc.unwrap().success());
    let mut ratios = Vec::new();
    for (name, layers, accounts, target) in
        [("S / nothing", 1, 3, 1.3), ("M / nothing", 20, 20, 1.8)]
    {
        let file = folder.join("source.layers");
        fs::write(&file, source(layers, accounts)).unwrap();
        let build = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_layershare"));
            command.arg("build").arg(&file);
            command
        };
        let (ours, other, measured) = against(101, build, || Command::new(&nothing));
        ratios.push(Ratio {
            name,
            measured,
            target,
            detail: format!("{ours:.2} ms, {other:.2} ms"),
        });
    }
    ratios.extend(largest(folder));
    ratios
}

/// The largest source against `cat` of its template, and its memory.
fn largest(folder: &Path) -> [Ratio; 2] {
    let (file, template) = (folder.join("largest.layers"), folder.join("largest.yaml"));
    fs::write(&file, source(2000, 50)).unwrap();
    let build = || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .env(CHILD, "1")
            .arg("build")
            .arg(&file)
            .arg("-o")
            .arg(&template);
        command
    };
    let printed = build().output().unwrap();
    let kilobytes: f64 = String::from_utf8_lossy(&printed.stdout)
        .trim()
        .parse()
        .unwrap();
    let bytes = fs::metadata(&template).unwrap().len() as f64;
    let fresh = || {
        fs::remove_file(&template).unwrap_or_default();
        build()
    };
    // `cat` into a pipe that nobody reads would stop at once: it goes to a file, as the template
    // does.
    let cat = || {
        let mut command = Command::new("sh");
        command
            .args(["-c", "exec cat \"$0\" > \"$1\""])
            .arg(&template)
            .arg(folder.join("copy.yaml"));
        command
    };
    let (ours, other, measured) = against(11, fresh, cat);
    let size = format!(
        "{:.0} MB peak, {:.1} MB written",
        kilobytes / 1000.0,
        bytes / 1e6
    );
    [
        Ratio {
            name: "XL / cat",
            measured,
            target: 5.0,
            detail: format!("{ours:.1} ms, {other:.1} ms"),
        },
        Ratio {
            name: "XL memory / output",
            measured: kilobytes * 1024.0 / bytes,
            target: 4.0,
            detail: size,
        },
    ]
}
