//! How long answers about access and about functions take, beside what they rest on: the time to
//! read the templates, and a fixed loop.
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
use layershare::internals::cloudformation::{Template, Values, read};
use layershare::internals::diagnostic::render::{Form, render};
use layershare::internals::pattern::{BudgetExceeded, Domain, Pattern, Search};
use layershare::internals::report;
use layershare::internals::source::Sources;
use layershare::internals::uses::catalog::Catalog;
use layershare::internals::uses::{DeployTarget, FunctionFile, Known, Uses, WrittenAs};
use serde_json::{Value as Json, json};
use std::fmt::Write;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How far beyond its target a ratio may be measured before `--check` fails.
const NOISE: f64 = 1.5;

/// The grants of the large template.
const GRANTS: usize = 100_000;

/// The templates with functions, and how many functions each of them has.
const TEMPLATES: usize = 1000;
const FUNCTIONS: usize = 20;

/// The layers of the catalogue, and how many versions each of them has.
const LAYERS: usize = 50;
const VERSIONS: usize = 100;

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

    for hostile in HOSTILE {
        let (measured, detail) = hostile.measured();
        let name = format!("{}: access and diff / reading", hostile.name);
        row(&name, measured, hostile.target, detail);
    }

    let templates: Vec<String> = (0..TEMPLATES).map(template_with_functions).collect();
    let printed = printed_versions();
    let reading = best(3, || {
        let read = |text: &String| read::template(text.as_bytes()).unwrap();
        templates.iter().map(read).collect::<Vec<_>>()
    });
    let uses = best(3, || uses_of(&templates, &printed));
    row(
        "uses / reading",
        ratio(uses, reading),
        1.5,
        format!("{uses:.1?}, {reading:.1?}"),
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

/// A template whose answers hang on many switches, by the resource with a number.
struct Hostile {
    name: &'static str,
    switches: usize,
    resources: usize,
    resource: fn(usize, usize) -> Json,
    /// The most times of reading it that access and diff together may take.
    target: f64,
}

const HOSTILE: &[Hostile] = &[
    Hostile {
        name: "grants by 8 switches",
        switches: 8,
        resources: 400,
        resource: grant_by_switches,
        target: 300.0,
    },
    Hostile {
        name: "grants by 40 switches",
        switches: 40,
        resources: 400,
        resource: grant_by_switches,
        target: 150.0,
    },
    Hostile {
        name: "roles by 8 switches",
        switches: 8,
        resources: 100,
        resource: role_by_switches,
        target: 600.0,
    },
];

impl Hostile {
    /// The times of reading that access and diff take, when every resource changes.
    fn measured(&self) -> (f64, String) {
        let (old, new) = (self.template(0), self.template(1));
        let reading = best(3, || read::template(old.as_bytes()).unwrap());
        let access = |text: &str| {
            let json = read::template(text.as_bytes()).unwrap();
            Access::of_template(json, &Values::default(), Authored::default())
        };
        let took = best(2, || {
            let (old, new) = (access(&old), access(&new));
            let size = report::access_text(&old).len();
            (size, Diff::between(&old, &new))
        });
        (ratio(took, reading), format!("{took:.1?}, {reading:.1?}"))
    }

    fn template(&self, change: usize) -> String {
        let switch = json!({"Type": "String", "Default": "no", "AllowedValues": ["yes", "no"]});
        let mut template = json!({"Parameters": {}, "Conditions": {}, "Resources": {}});
        for number in 0..self.switches {
            template["Parameters"][format!("Switch{number}")] = switch.clone();
            template["Conditions"][format!("Is{number}")] =
                json!({"Fn::Equals": [{"Ref": format!("Switch{number}")}, "yes"]});
        }
        for number in 0..self.resources {
            let resource = (self.resource)(number + change, self.switches);
            template["Resources"][format!("Resource{number}")] = resource;
        }
        template.to_string()
    }
}

fn grant_by_switches(number: usize, switches: usize) -> Json {
    let mut parts = vec![json!(format!("{:04}", 1000 + number))];
    for switch in 0..switches {
        parts.push(json!({"Fn::If": [format!("Is{switch}"), "1", "0"]}));
    }
    json!({
        "Type": "AWS::Lambda::LayerVersionPermission",
        "Properties": {
            "Action": "lambda:GetLayerVersion",
            "LayerVersionArn": "arn:aws:lambda:eu-west-2:111122223333:layer:deps:1",
            "Principal": {"Fn::Join": ["", parts]},
        }
    })
}

fn role_by_switches(number: usize, switches: usize) -> Json {
    let policy = |number: usize| {
        let layer = format!("arn:aws:lambda:*:111122223333:layer:deps-{number}:*");
        json!({"PolicyName": format!("policy-{number}"), "PolicyDocument": {"Statement": [{
            "Effect": "Allow",
            "Action": "lambda:CreateFunction",
            "Resource": "*",
            "Condition": {"ForAllValues:StringLike": {"lambda:Layer": [layer]}},
        }]}})
    };
    let mut policies = vec![policy(switches + number)];
    for switch in 0..switches {
        let nothing = json!({"Ref": "AWS::NoValue"});
        policies.push(json!({"Fn::If": [format!("Is{switch}"), policy(switch), nothing]}));
    }
    json!({
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Statement": []},
            "Policies": policies,
        }
    })
}

/// A template with functions, each with two layers of the catalogue.
fn template_with_functions(template: usize) -> String {
    let mut text =
        "AWSTemplateFormatVersion: '2010-09-09'\nParameters:\n  Stage:\n    Type: String\n\
         Resources:\n"
            .to_owned();
    for function in 0..FUNCTIONS {
        let (layer, version) = (function % LAYERS, template % VERSIONS + 1);
        let other = (layer + 1) % LAYERS;
        write!(
            text,
            "  Function{function}:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: !Sub service-{template}-{function}-${{Stage}}
      Runtime: python3.13
      Handler: app.handler
      MemorySize: 256
      Role: !Sub arn:aws:iam::${{AWS::AccountId}}:role/service
      Code:
        S3Bucket: archives-1
        S3Key: service-{template}/{function}.zip
      Environment:
        Variables:
          STAGE: !Ref Stage
      Layers:
        - arn:aws:lambda:eu-west-2:111122223333:layer:deps-{layer}:{version}
        - arn:aws:lambda:eu-west-2:111122223333:layer:deps-{other}:{version}
"
        )
        .unwrap();
    }
    text
}

/// What `aws lambda list-layer-versions` prints of the layers of the catalogue.
fn printed_versions() -> String {
    let mut text = String::new();
    for layer in 0..LAYERS {
        let version = |number: usize| {
            json!({
                "LayerVersionArn":
                    format!("arn:aws:lambda:eu-west-2:111122223333:layer:deps-{layer}:{number}"),
                "Version": number,
                "Description": "pandas, numpy and our logging",
                "CreatedDate": "2026-01-01T00:00:00.000+0000",
                "CompatibleRuntimes": ["python3.13"],
                "CompatibleArchitectures": ["x86_64"],
            })
        };
        let versions: Vec<Json> = (1..=VERSIONS).rev().map(version).collect();
        writeln!(text, "{:#}", json!({ "LayerVersions": versions })).unwrap();
    }
    text
}

/// The report about the functions of some templates: all that `layershare uses` does.
fn uses_of(templates: &[String], printed: &str) -> String {
    let mut catalog = Catalog::default();
    for document in read::json_documents(printed.as_bytes()).unwrap() {
        catalog.add_printed(&document).unwrap();
    }
    let known = Known {
        catalog: &catalog,
        deployer: None,
        unzipped: &|_| None,
    };
    let target = DeployTarget {
        region: Some("eu-west-2".to_owned()),
        account: Some("111122223333".to_owned()),
        organization: None,
    };
    let (mut sources, mut uses) = (Sources::default(), Uses::default());
    for (number, text) in templates.iter().enumerate() {
        let (json, places) = read::template_with_places(text.as_bytes()).unwrap();
        let id = sources.add(format!("service-{number}.yaml"), text.as_str());
        let (written, json) = WrittenAs::new(json);
        let template = Template::new(json, &Values::default());
        let text = sources.get(id).text();
        let file = FunctionFile::new(&written, &template, id, text, &places, target.clone());
        uses.add(&file, &known);
    }
    report::uses_text(&uses, &sources) + &render(Form::Short, &uses.diagnostics, &sources)
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
