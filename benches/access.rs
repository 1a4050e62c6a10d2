//! How long answers about access take, beside what they rest on: the time to read the template, and
//! a fixed loop.
//!
//! `cargo bench --bench access` prints the figures. With `--check` as its argument it exits with 1
//! when a ratio misses its target by more than the noise of a shared machine.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops at the first surprise"
)]

use layershare::internals::access::Access;
use layershare::internals::access::authored::Authored;
use layershare::internals::access::diff::Diff;
use layershare::internals::cloudformation::Values;
use layershare::internals::cloudformation::read;
use layershare::internals::pattern::{BudgetExceeded, Domain, Pattern, Search};
use layershare::internals::report;
use std::fmt::Write;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How far beyond its target a ratio may be measured before `--check` fails.
const NOISE: f64 = 1.5;

/// The grants of the large template.
const GRANTS: usize = 100_000;

/// The number of steps of the reference loop: about 50 ms on the machines that this was written on.
const STEPS: u64 = 100_000_000;

/// How long a refusal may take, in times of the reference loop.
const REFUSAL: f64 = 2.0;

fn main() -> ExitCode {
    let mut missed = false;
    let mut row = |name: &str, measured: f64, target: f64, detail: String| {
        println!("{name:>34} {measured:>8.2} of at most {target:.1}   {detail}");
        missed |= measured > target * NOISE;
    };
    let text = template_of(GRANTS);
    let reading = best(3, || read::template(text.as_bytes()).unwrap());
    let json = read::template(text.as_bytes()).unwrap();
    let other = read::template(text.replace("'500000099999'", "'*'").as_bytes()).unwrap();
    let of = |json: &serde_json::Value| {
        Access::of_template(json.clone(), &Values::default(), Authored::default())
    };
    let made_from = report::MadeFrom::default();
    let access = best(3, || report::access_json(&of(&json), &made_from));
    let (old, new) = (of(&json), of(&other));
    let diff = best(3, || Diff::between(&old, &new));
    row(
        "access / reading",
        ratio(access, reading),
        1.2,
        format!("{access:.1?}, {reading:.1?}"),
    );
    row(
        "diff / reading",
        ratio(diff, reading),
        1.2,
        format!("{diff:.1?}"),
    );

    let page = of(&read::template(template_of(10_000).as_bytes()).unwrap());
    let rendering = best(3, || report::access_html(&page, &made_from));
    let size = report::access_html(&page, &made_from).len();
    row(
        "page of 10,000 grants / 1 MB",
        size as f64 / 1_000_000.0,
        1.0,
        format!("{size} bytes"),
    );

    let reference = best(5, || {
        (0..STEPS).fold(1_u64, |value, step| black_box(value.rotate_left(5) ^ step))
    });
    println!("{:>34} {:.1?}", "reference loop", reference);
    row(
        "page of 10,000 grants / reference",
        ratio(rendering, reference),
        1.0,
        format!("{rendering:.1?}"),
    );
    for family in FAMILIES {
        let mut before: Option<Duration> = None;
        for number in [250, 500, 1000, 2000] {
            let (took, answer) = family.claim(number);
            let said = match answer {
                Ok(None) => "holds",
                Ok(Some(_)) => "fails",
                Err(BudgetExceeded) => "refused",
            };
            let detail = format!("{took:.1?}, {said}");
            if number == 1000 {
                let target = if answer.is_ok() { 1.0 } else { REFUSAL };
                row(
                    &format!("1,000 {} / reference", family.name),
                    ratio(took, reference),
                    target,
                    detail.clone(),
                );
            }
            if let Some(before) = before {
                row(
                    &format!("{number} {} / half", family.name),
                    ratio(took, before),
                    4.0,
                    detail,
                );
            }
            before = Some(took);
        }
    }
    let check = std::env::args().any(|argument| argument == "--check");
    ExitCode::from(u8::from(check && missed))
}

/// The least time that the work takes in some runs.
fn best<T>(runs: usize, mut work: impl FnMut() -> T) -> Duration {
    let time = |_| {
        let begun = Instant::now();
        black_box(work());
        begun.elapsed()
    };
    (0..runs).map(time).min().unwrap_or_default()
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64().max(1e-9)
}

/// A template with many grants on a hundred versions.
fn template_of(grants: usize) -> String {
    let mut text = "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n".to_owned();
    for version in 0..100 {
        writeln!(
            text,
            "  DepsV{version}:\n    Type: AWS::Lambda::LayerVersion\n    Properties:\n      \
            LayerName: deps"
        )
        .unwrap();
        writeln!(
            text,
            "      Content:\n        S3Bucket: archives-1\n        S3Key: {version}.zip"
        )
        .unwrap();
    }
    for grant in 0..grants {
        let version = grant % 100;
        writeln!(
            text,
            "  Grant{grant}:\n    Type: AWS::Lambda::LayerVersionPermission\n    \
        DeletionPolicy: Delete"
        )
        .unwrap();
        writeln!(
            text,
            "    Properties:\n      Action: lambda:GetLayerVersion\n      LayerVersionArn: !Ref \
            DepsV{version}"
        )
        .unwrap();
        writeln!(
            text,
            "      Principal: '{}'",
            500_000_000_000_u64 + grant as u64
        )
        .unwrap();
    }
    text
}

/// Patterns that may be attached and patterns that should be, both of about 60 characters, by their
/// number.
struct Family {
    name: &'static str,
    may: fn(usize) -> String,
    should: fn(usize) -> String,
}

const FAMILIES: &[Family] = &[
    Family {
        name: "accounts",
        may: |n| account(n, "1"),
        should: |n| account(n, "*"),
    },
    Family {
        name: "other accounts",
        may: |n| account(2 * n, "*"),
        should: |n| account(2 * n + 1, "*"),
    },
    Family {
        name: "names",
        may: |n| name(n, "1"),
        should: |n| name(n, "*"),
    },
    Family {
        name: "names, one left out",
        may: |n| name(n + 1, "1"),
        should: |n| name(n, "?*"),
    },
    Family {
        name: "*a*a*a",
        may: |n| stars(n, "1"),
        should: |n| stars(n, ""),
    },
    Family {
        name: "more *a*a*a",
        may: |n| more_stars(n + 1),
        should: |n| more_stars(n),
    },
    Family {
        name: "*a*a*a, less",
        may: |n| more_stars(n),
        should: |n| format!("?{}", more_stars(n)),
    },
    Family {
        name: "*a*b*b*a",
        may: |n| mixed(2 * n),
        should: |n| mixed(2 * n + 1),
    },
    Family {
        name: "*a????",
        may: |n| comb(2 * n),
        should: |n| comb(2 * n + 1),
    },
];

impl Family {
    /// Whether layers within so many patterns are within as many others, none of which is the same.
    fn claim(&self, number: usize) -> (Duration, Result<Option<String>, BudgetExceeded>) {
        let patterns = |make: fn(usize) -> String| {
            (0..number)
                .map(|n| Pattern::new(&make(n)))
                .collect::<Vec<_>>()
        };
        let (may, should) = (patterns(self.may), patterns(self.should));
        let claim = || {
            Search::among(Domain::layer_versions())
                .within(&may)
                .outside(&should)
                .shortest()
        };
        (best(5, claim), claim())
    }
}

fn account(n: usize, version: &str) -> String {
    format!(
        "arn:aws:lambda:*:{}:layer:shared-dependencies-*:{version}",
        500_000_000_000_u64 + n as u64
    )
}

fn name(n: usize, version: &str) -> String {
    format!("arn:aws:lambda:*:123456789012:layer:shared-{n:06}-*-deps:{version}")
}

fn stars(n: usize, end: &str) -> String {
    format!("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*{n:06}*a*a*a*a*a*a*a*a*{end}")
}

fn more_stars(n: usize) -> String {
    format!("*{}", "a*".repeat(30 + n))
}

/// Letters `a` and `b`, as the bits of a number have it, with a `*` around each.
fn mixed(n: usize) -> String {
    let bits = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (0..30)
        .map(|bit| if bits >> bit & 1 == 1 { "*a" } else { "*b" })
        .chain(["*"])
        .collect()
}

/// A pattern of which every place has to be followed, at a distance of its own.
fn comb(n: usize) -> String {
    format!(
        "*{}a{}",
        ["a", "b"][n / 60 % 2].repeat(1 + n / 120),
        "?".repeat(60 + n % 60)
    )
}
