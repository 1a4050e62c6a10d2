//! What the program answers of sources and templates: below `tests/cases/access` and
//! `tests/cases/diff`, inputs with the answers in every form beside them.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use std::path::PathBuf;
use std::process::Output;
use support::{Goldens, stdout};

fn cases() -> PathBuf {
    support::top().join("tests/cases")
}

fn run(arguments: &[&str]) -> Output {
    support::run(&cases(), arguments, b"")
}

#[test]
fn access_is_shown_in_every_form() {
    let mut goldens = Goldens::default();
    for file in ["everything.layers", "foreign.yaml"] {
        for (format, ending) in [
            ("text", "txt"),
            ("markdown", "md"),
            ("json", "json"),
            ("html", "html"),
            ("svg", "svg"),
        ] {
            let output = run(&["access", &format!("access/{file}"), "--format", format]);
            assert_eq!(output.status.code(), Some(0), "{file}");
            let stem = file.split('.').next().unwrap();
            goldens.compare(
                &cases().join(format!("access/{stem}.{ending}")),
                stdout(&output),
            );
        }
    }
    goldens.finish();
}

#[test]
fn a_pull_request_shows_first_what_is_loudest() {
    let mut goldens = Goldens::default();
    let sides = [
        "diff/pull-request.old.layers",
        "diff/pull-request.new.layers",
    ];
    for (format, ending) in [("text", "txt"), ("markdown", "md"), ("json", "json")] {
        let output = run(&[
            "diff",
            sides[0],
            sides[1],
            "--format",
            format,
            "--fail-on",
            "broader",
        ]);
        assert_eq!(output.status.code(), Some(1));
        goldens.compare(
            &cases().join(format!("diff/pull-request.{ending}")),
            stdout(&output),
        );
    }
    goldens.finish();
    let markdown = stdout(&run(&["diff", sides[0], sides[1], "--format", "markdown"]));
    assert!(
        markdown
            .lines()
            .take(3)
            .any(|line| line.contains("EVERYONE")),
        "{markdown}"
    );
    assert_eq!(run(&["diff", sides[0], sides[1]]).status.code(), Some(0));
    assert_eq!(
        run(&["diff", sides[0], sides[1], "--format", "html"])
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn a_gain_is_reported_where_it_is_made() {
    let mut goldens = Goldens::default();
    for (old, new, golden) in [
        (
            "diff/pull-request.old.layers",
            "diff/pull-request.new.layers",
            "pull-request",
        ),
        ("diff/reach.old.layers", "diff/reach.new.layers", "reach"),
        (
            "reading/deny-policy-removed/old.layers",
            "reading/deny-policy-removed/new.layers",
            "removed",
        ),
        ("access/open.yaml", "access/foreign.yaml", "foreign"),
    ] {
        let arguments = [
            "diff",
            old,
            new,
            "--fail-on",
            "broader",
            "--message-format",
            "short",
        ];
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(1), "{golden}");
        let messages = cases().join(format!("diff/{golden}.messages.txt"));
        goldens.compare(&messages, support::stderr(&output));
        // Nothing fails without `--fail-on`, and people have the report.
        assert!(
            run(&[&arguments[..3], &arguments[5..]].concat())
                .stderr
                .is_empty()
        );
        assert!(run(&arguments[..5]).stderr.is_empty());
    }
    goldens.finish();
}

#[test]
fn other_words_are_no_difference() {
    let output = run(&[
        "diff",
        "diff/other-words.old.layers",
        "diff/other-words.new.layers",
        "--fail-on",
        "broader",
    ]);
    assert_eq!(
        (output.status.code(), stdout(&output).as_str()),
        (Some(0), "nobody gains or loses anything\n")
    );
    let template = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/ci-deployer.yaml");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/ci-deployer.layers");
    assert_eq!(
        stdout(&run(&["diff", template, source])),
        "nobody gains or loses anything\n"
    );
}

/// A parameter that may be empty is the one that may not, where it is given: who makes it optional
/// takes nothing away and opens nothing, and who makes it required may open something.
#[test]
fn a_principal_that_becomes_optional_is_no_gain() {
    let folder = tempfile::tempdir().unwrap();
    let source = |kind: &str, principal: &str| {
        format!(
            "parameter P {kind}\nlayer deps {{\n  version 1 from s3://b-one/1.zip\n  \
            share with {principal} ${{P}}\n}}\n"
        )
    };
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    for principal in ["account", "organization"] {
        let required = write("required.layers", &source(principal, principal));
        let optional = source(&format!("optional {principal}"), principal);
        let optional = write("optional.layers", &optional);
        for (old, new, code, change) in [
            (
                &required,
                &optional,
                0,
                "- {} ${P} can no longer use DepsV1, if P is \"\" (its default)\n",
            ),
            (
                &optional,
                &required,
                1,
                "+ {} ${P} can now use DepsV1, if P is \"\" (its default)\n",
            ),
        ] {
            let output = run(&["diff", old, new, "--fail-on", "broader"]);
            let said = change.replace("{}", principal);
            assert_eq!((stdout(&output), output.status.code()), (said, Some(code)));
        }
        // Another pattern may allow other values, and a grant without the condition may be one to
        // everyone where the organization is empty.
        let built = run(&["build", &optional]);
        let template = stdout(&built);
        let wider = write(
            "wider.yaml",
            &template
                .replace("12})?$", "13})?$")
                .replace("32})?$", "33})?$"),
        );
        let bare = write(
            "bare.yaml",
            &template.replace("    Condition: PIsGiven\n", ""),
        );
        let of = |new: &str| run(&["diff", &required, new, "--fail-on", "broader"]);
        assert_eq!(of(&wider).status.code(), Some(1), "{}", stdout(&of(&wider)));
        if principal == "organization" {
            assert_eq!(of(&bare).status.code(), Some(1), "{}", stdout(&of(&bare)));
        }
    }
}

#[test]
fn a_rule_that_goes_is_no_gain_and_a_guardrail_that_goes_is() {
    let folder = tempfile::tempdir().unwrap();
    let with = folder.path().join("with.layers");
    let without = folder.path().join("without.layers");
    let role = "role r {\n  trust account 123456789012\n  allow none\n}\n";
    let guardrail =
        "guardrail g {\n  apply to r-ab12\n  deny all except * from account 123456789012\n}\n";
    std::fs::write(&with, format!("{role}{guardrail}")).unwrap();
    std::fs::write(&without, role).unwrap();
    let (with, without) = (with.to_str().unwrap(), without.to_str().unwrap());
    assert_eq!(
        run(&["diff", with, without, "--fail-on", "broader"])
            .status
            .code(),
        Some(1)
    );
    assert_eq!(
        run(&["diff", without, with, "--fail-on", "broader"])
            .status
            .code(),
        Some(0)
    );
}

#[track_caller]
fn ask(file: &str, claim: &str, code: i32, answer: &str) {
    ask_with(file, claim, &[], code, answer);
}

#[track_caller]
fn ask_with(file: &str, claim: &str, more: &[&str], code: i32, answer: &str) {
    let output = run(&[&["ask", file, claim], more].concat());
    let said = stdout(&output);
    assert_eq!(
        output.status.code(),
        Some(code),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(said.contains(answer), "{said}");
}

#[test]
fn questions_are_answered_with_their_reason() {
    let source = "access/everything.layers";
    ask(source, "data-team can use my-shared-deps", 0, "yes: ");
    ask(
        source,
        "account 999999999999 can use my-shared-deps version 1.3.0",
        3,
        "whether account 999999999999 is in it",
    );
    ask(
        source,
        "everyone can use my-shared-deps version 1.3.0",
        1,
        "nothing grants MySharedDepsV1x3x0 to everyone",
    );
    ask(
        source,
        "function-deployer can attach only test* from data-team",
        1,
        "arn:aws:lambda:us-east-1:${AWS::AccountId}:",
    );
    ask(
        source,
        "bounded cannot attach my-shared-deps version 1.3.0",
        0,
        "Approved, DenyTheseLayers denies it",
    );
    ask(
        source,
        "other can attach my-shared-deps",
        3,
        "is not in the template",
    );
    ask(source, "strangers can use my-shared-deps", 2, "");
    let template = "access/foreign.yaml";
    ask(
        template,
        "account 210987654321 can use Layer",
        3,
        "if Partner is \"210987654321\" (its default)",
    );
    let by_default = ["--defaults"];
    ask_with(
        template,
        "account 210987654321 can use Layer",
        &by_default,
        0,
        "granted by Root, Same",
    );
    let known = ["--defaults", "--parameter", "Open=y"];
    ask_with(
        template,
        "account 999999999999 cannot use deps-prod",
        &known,
        3,
        "Fn::ImportValue somebody",
    );
    ask(
        template,
        "account 999999999999 cannot use deps-prod version 7",
        3,
        "the template has no version",
    );
    ask(
        template,
        "nobody-knows can attach * from account 123456789012",
        3,
        "has no role or policy",
    );
}

/// What only a request, a deploy or too many combinations would tell is never taken for «no».
#[test]
fn what_cannot_be_told_is_not_denied() {
    let file = "access/open.yaml";
    ask(
        file,
        "ByRegion cannot attach * from account 123456789012",
        3,
        "of `aws:requestedregion` depends on the request",
    );
    ask(
        file,
        "ByRegion can attach only * from this account",
        3,
        "undecided: ",
    );
    ask(
        file,
        "BySparing can attach * from account 123456789012",
        3,
        "of `aws:sourcevpc` depends on the request",
    );
    ask(
        file,
        "Elsewhere cannot attach * from account 123456789012",
        1,
        "can be attached (OfElsewhere, statement 1)",
    );
    ask(
        file,
        "MaybeOne cannot attach * from account 123456789012",
        3,
        "is not known before a deploy",
    );
    let unreadable =
        "`lambda:GetLayerVersion` on it is missing: nothing in WithoutReading allows it";
    ask(
        file,
        "Unreadable can attach * from account 123456789012",
        1,
        unreadable,
    );
    ask(
        file,
        "Unreadable cannot attach * from account 123456789012",
        0,
        unreadable,
    );
    ask(
        file,
        "Garbled can attach * from account 123456789012",
        3,
        "undecided: ",
    );
    let many: String = (100..400)
        .map(|account| {
            let layers = format!("arn:aws:lambda:*:000000000{account}:layer:*:*");
            format!(
                "{{Effect: Allow, Action: '*', Resource: '*', Condition: \
            {{'ForAllValues:StringLike': {{lambda:Layer: '{layers}'}}}}}}, "
            )
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.yaml");
    let document = format!("{{Version: '2012-10-17', Statement: [{many}]}}");
    let template = format!(
        "Resources:\n  P:\n    Type: AWS::IAM::ManagedPolicy\n    Properties: \
        {{PolicyDocument: {document}}}\n"
    );
    std::fs::write(&path, template).unwrap();
    ask(
        path.to_str().unwrap(),
        "P cannot attach * from account 000000000100",
        3,
        "too many combinations of conditions",
    );
}

#[test]
fn whom_a_rule_is_about_is_a_difference_too() {
    let sides = ["diff/reach.old.layers", "diff/reach.new.layers"];
    let output = run(&["diff", sides[0], sides[1], "--fail-on", "broader"]);
    assert_eq!(output.status.code(), Some(1));
    let mut goldens = Goldens::default();
    goldens.compare(&cases().join("diff/reach.txt"), stdout(&output));
    let output = run(&["diff", sides[1], sides[0]]);
    goldens.compare(&cases().join("diff/reach-back.txt"), stdout(&output));
    goldens.finish();
}

/// The two mistakes of hand-written policies that the evaluator must see through.
#[test]
fn a_deny_that_can_be_walked_around_is_seen_through() {
    let only = "Bypassed can attach only * from account 123456789012";
    ask(
        "access/foreign.yaml",
        only,
        1,
        "can be attached (Bypassed, policy p, statement 1)",
    );
    ask(
        "access/foreign.yaml",
        "Legacy can attach only * from this account",
        3,
        "undecided: ",
    );
}

#[test]
fn either_side_of_a_difference_may_be_standard_input() {
    let new = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/three-shares.yaml");
    let template = std::fs::read(new).unwrap();
    for arguments in [["diff", "-", new], ["diff", new, "-"]] {
        let output = support::run(&cases(), &arguments, &template);
        assert_eq!(stdout(&output), "nobody gains or loses anything\n");
    }
}

#[test]
fn an_answer_has_the_forms_of_every_report() {
    let mut goldens = Goldens::default();
    let claim = "only account 123456789012 can use *";
    for (format, ending) in [("text", "txt"), ("markdown", "md"), ("json", "json")] {
        let output = run(&[
            "ask",
            "diff/pull-request.new.layers",
            claim,
            "--format",
            format,
        ]);
        assert_eq!(output.status.code(), Some(1));
        goldens.compare(
            &cases().join(format!("access/answer.{ending}")),
            stdout(&output),
        );
    }
    goldens.finish();
}
