//! How long answers about access take, beside what they rest on: the time to read the template, and a fixed loop.
//!
//! `cargo bench --bench access` prints the figures. With `--check` as its argument it exits with 1 when a ratio misses its
//! target by more than the noise of a shared machine.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints, and stops at the first surprise")]

use layershare::access::diff::Diff;
use layershare::access::report::{Access, Names};
use layershare::pattern::{Domain, Pattern, Search};
use layershare::template::read::read;
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

/// Makes the pattern of a number.
type Make = fn(usize) -> String;

fn main() -> ExitCode {
    let mut missed = false;
    let mut row = |name: &str, measured: f64, target: f64, detail: String| {
        println!("{name:>34} {measured:>8.2} of at most {target:.1}   {detail}");
        missed |= measured > target * NOISE;
    };
    let text = template();
    let reading = best(3, || read(&text).unwrap());
    let json = read(&text).unwrap();
    let other = read(&text.replace("'500000099999'", "'*'")).unwrap();
    let access = best(3, || Access::of_template(json.clone(), &[], Names::new()).json());
    let (old, new) = (Access::of_template(json, &[], Names::new()), Access::of_template(other, &[], Names::new()));
    let diff = best(3, || Diff::between(&old, &new));
    row("access / reading", ratio(access, reading), 3.0, format!("{access:.1?}, {reading:.1?}"));
    row("diff / reading", ratio(diff, reading), 3.0, format!("{diff:.1?}"));

    let reference = best(5, || (0..STEPS).fold(1_u64, |value, step| black_box(value.rotate_left(5) ^ step)));
    let kinds: [(&str, Make); 3] = [("layers", layer), ("names", name), ("stars", stars)];
    for (kind, make) in kinds {
        let mut before: Option<Duration> = None;
        for number in [500, 1000, 2000] {
            let claim = best(3, || claim(number, make));
            if number == 1000 {
                row(
                    &format!("1,000 {kind} / reference"),
                    ratio(claim, reference),
                    1.0,
                    format!("{claim:.1?}, {reference:.1?}"),
                );
            }
            if let Some(before) = before {
                row(&format!("{number} {kind} / half as many"), ratio(claim, before), 4.0, format!("{claim:.1?}"));
            }
            before = Some(claim);
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

/// A template with many grants on a few versions.
fn template() -> String {
    let mut text = "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n".to_owned();
    for version in 0..100 {
        writeln!(
            text,
            "  DepsV{version}:\n    Type: AWS::Lambda::LayerVersion\n    Properties:\n      LayerName: deps"
        )
        .unwrap();
        writeln!(text, "      Content:\n        S3Bucket: archives-1\n        S3Key: {version}.zip").unwrap();
    }
    for grant in 0..GRANTS {
        let version = grant % 100;
        writeln!(text, "  Grant{grant}:\n    Type: AWS::Lambda::LayerVersionPermission\n    DeletionPolicy: Delete")
            .unwrap();
        writeln!(
            text,
            "    Properties:\n      Action: lambda:GetLayerVersion\n      LayerVersionArn: !Ref DepsV{version}"
        )
        .unwrap();
        writeln!(text, "      Principal: '{}'", 500_000_000_000_u64 + grant as u64).unwrap();
    }
    text
}

/// Patterns of about 60 characters: an account each; a name each; and as many stars as fit.
fn layer(number: usize) -> String {
    format!("arn:aws:lambda:*:{}:layer:shared-dependencies-*:*", 500_000_000_000_u64 + number as u64)
}

fn name(number: usize) -> String {
    format!("arn:aws:lambda:*:123456789012:layer:shared-{number:06}-*-deps:*")
}

fn stars(number: usize) -> String {
    format!("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*{number:06}*a*a*a*a*a*a*a*a*")
}

/// Whether layers within as many patterns are within others, none of which is the same: each must be looked for.
fn claim(number: usize, make: Make) -> Result<Option<String>, layershare::pattern::TooLarge> {
    let pattern = |number: usize, end: &str| Pattern::new(&format!("{}{end}", make(number)));
    let allowed: Vec<Pattern> = (0..number).map(|number| pattern(number, "1")).collect();
    let expected: Vec<Pattern> = (0..number).map(|number| pattern(number, "")).collect();
    let domain = Domain::all_layer_versions();
    Search::among(&domain).within(&allowed).outside(&expected).shortest()
}
