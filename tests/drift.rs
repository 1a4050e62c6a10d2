//! Live policies against what rules say: below `tests/cases/drift`, a source, what
//! `get-layer-version-policy` printed of each version (`NAME.json`), maybe what
//! `list-stack-resources` did (`NAME.resources.json`), and the answer.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use std::process::Output;
use support::{Goldens, stdout};

fn drift(arguments: &[&str]) -> Output {
    let all: Vec<&str> = std::iter::once("drift")
        .chain(arguments.iter().copied())
        .collect();
    support::run(&support::top().join("tests/cases/drift"), &all, b"")
}

#[test]
fn differences_are_found_with_the_commands_that_mend_them() {
    let mut goldens = Goldens::default();
    for path in support::files("tests/cases/drift", "layers") {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let resources = format!("{name}.resources.json");
        let mut arguments = vec![format!("{name}.layers"), format!("{name}.json")];
        if path.with_extension("resources.json").exists() {
            arguments.extend(["--stack-resources".to_owned(), resources]);
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = drift(&arguments);
        let said = stdout(&output);
        assert_eq!(
            output.status.code(),
            Some(i32::from(!said.is_empty())),
            "{name}"
        );
        goldens.compare(
            &path.with_extension("txt"),
            format!("{said}exit {}\n", output.status.code().unwrap()),
        );
    }
    for (format, ending) in [("markdown", "md"), ("json", "report.json")] {
        let output = drift(&[
            "changed-by-hand.layers",
            "changed-by-hand.json",
            "--stack-resources",
            "changed-by-hand.resources.json",
            "--format",
            format,
        ]);
        assert_eq!(output.status.code(), Some(1));
        let golden = support::top().join("tests/cases/drift/changed-by-hand");
        goldens.compare(&golden.with_extension(ending), stdout(&output));
    }
    goldens.finish();
}

#[test]
fn the_committed_template_can_be_asked_as_well() {
    let template = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/three-shares.yaml");
    let output = drift(&[template, "as-the-rules-say.json"]);
    assert!(stdout(&output).starts_with("not compared: "));
}

#[test]
fn what_cannot_be_compared_is_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("open.layers");
    let rules = "parameter Partner account\nlayer deps \
    {\n  version 1 from s3://archives-1/1.zip\n  share with account ${Partner}\n}\n";
    std::fs::write(&source, rules).unwrap();
    let source = source.to_str().unwrap();
    let failed = |arguments: &[&str], said: &str| {
        let output = drift(arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), stderr.contains(said)),
            (Some(2), true),
            "{stderr}"
        );
    };
    failed(
        &[source, "as-the-rules-say.json"],
        "pass it with `--parameter NAME=VALUE`",
    );
    failed(
        &[source, "as-the-rules-say.json", "--parameter", "Other=1"],
        "has no parameter `Other`",
    );
    failed(
        &[
            source,
            "as-the-rules-say.json",
            "--parameter",
            "Partner=12345",
        ],
        "does not allow the value `12345`",
    );
    let declared_only = "needs sources or templates, and live policies to compare them with";
    failed(&[source, "as-the-rules-say.layers"], declared_only);
    failed(
        &["as-the-rules-say.layers", "changed-by-hand.resources.json"],
        declared_only,
    );
    failed(
        &["as-the-rules-say.json", "as-the-rules-say.json"],
        declared_only,
    );
    let twice = &[
        "as-the-rules-say.layers",
        "as-the-rules-say.layers",
        "as-the-rules-say.json",
    ];
    failed(twice, "both have");
    failed(
        &["nowhere.layers", "as-the-rules-say.json"],
        "cannot read nowhere.layers",
    );
}
