//! The program as its users meet it: exit codes, files, bad input.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use support::run;
use tempfile::TempDir;

const SOURCE: &str =
    "layer deps {\n  version 1 from s3://bucket-1/1.zip\n  share with account 123456789012\n}\n";

fn folder_with(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[track_caller]
fn expect(output: &Output, code: i32, said: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(stderr.contains(said), "{stderr}");
}

#[test]
fn a_build_writes_the_template_and_says_what_comes_next() {
    let folder = folder_with(&[("shared.layers", SOURCE)]);
    let output = run(
        folder.path(),
        &["build", "shared.layers", "-o", "shared.yaml"],
        b"",
    );
    expect(
        &output,
        0,
        "aws cloudformation deploy --template-file shared.yaml --stack-name shared\n",
    );
    assert_eq!(names(folder.path()), ["shared.layers", "shared.yaml"]);
    let printed = run(folder.path(), &["build", "shared.layers"], b"");
    assert_eq!(
        fs::read(folder.path().join("shared.yaml")).unwrap(),
        printed.stdout
    );
    assert!(printed.stderr.is_empty());
}

#[test]
fn a_source_comes_from_standard_input() {
    let folder = folder_with(&[]);
    let output = run(
        folder.path(),
        &["build", "-", "--format", "json"],
        SOURCE.as_bytes(),
    );
    expect(&output, 0, "");
    let template: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        template["Resources"]["DepsV1"]["Properties"]["LayerName"],
        "deps"
    );
    expect(
        &run(folder.path(), &["check", "-"], b"laier"),
        1,
        "<stdin>:1:1",
    );
    let formatted = run(folder.path(), &["fmt", "-"], b"layer a{content ./a}");
    assert_eq!(formatted.stdout, b"layer a {\n  content ./a\n}\n");
}

#[test]
fn check_compares_with_the_template_that_is_there() {
    let folder = folder_with(&[("a.layers", SOURCE)]);
    let check = ["build", "a.layers", "-o", "a.yaml", "--check"];
    expect(
        &run(folder.path(), &check, b""),
        1,
        "a.yaml does not exist yet",
    );
    run(folder.path(), &["build", "a.layers", "-o", "a.yaml"], b"");
    expect(&run(folder.path(), &check, b""), 0, "");
    fs::write(
        folder.path().join("a.layers"),
        SOURCE.replace("123456789012", "210987654321"),
    )
    .unwrap();
    let output = run(folder.path(), &check, b"");
    expect(&output, 1, "a.yaml does not match the source");
    let difference = String::from_utf8(output.stdout).unwrap();
    assert!(
        difference.contains("-      Principal: '123456789012'\n+      Principal: '210987654321'\n"),
        "{difference}"
    );
}

#[test]
fn a_failed_build_leaves_the_old_template_alone() {
    let folder = folder_with(&[("a.layers", "layer"), ("a.yaml", "old")]);
    expect(
        &run(folder.path(), &["build", "a.layers", "-o", "a.yaml"], b""),
        1,
        "error[syntax]",
    );
    assert_eq!(fs::read(folder.path().join("a.yaml")).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["a.layers", "a.yaml"]);
}

#[test]
fn what_is_no_template_is_not_overwritten() {
    let folder = folder_with(&[("a.layers", SOURCE), ("notes.txt", "my notes")]);
    for target in ["notes.txt", "a.layers"] {
        expect(
            &run(folder.path(), &["build", "a.layers", "-o", target], b""),
            2,
            "is not a CloudFormation template",
        );
    }
    assert_eq!(
        fs::read(folder.path().join("notes.txt")).unwrap(),
        b"my notes"
    );
}

const FOREIGN: &str = "Resources:\n  Shared:\n    Type: AWS::Lambda::LayerVersion\n    \
DeletionPolicy: Retain\n    \
                       Properties: \
{LayerName: deps, Content: {S3Bucket: bucket-1, S3Key: 0.zip}}\n  Database:\n    \
                       Type: AWS::RDS::DBInstance\n";

#[test]
fn a_template_that_somebody_else_wrote_is_overwritten_only_when_that_is_meant() {
    let folder = folder_with(&[("a.layers", SOURCE), ("network.yaml", FOREIGN)]);
    let build = ["build", "a.layers", "-o", "network.yaml"];
    for more in [&[][..], &["--check"]] {
        expect(
            &run(folder.path(), &[&build, more].concat(), b""),
            2,
            "layershare did not write network.yaml",
        );
    }
    assert_eq!(
        fs::read_to_string(folder.path().join("network.yaml")).unwrap(),
        FOREIGN
    );
    let output = run(
        folder.path(),
        &[&build[..], &["--check", "--replace"]].concat(),
        b"",
    );
    expect(&output, 1, "network.yaml does not match the source");
    assert_eq!(
        fs::read_to_string(folder.path().join("network.yaml")).unwrap(),
        FOREIGN
    );
    expect(
        &run(folder.path(), &[&build[..], &["--replace"]].concat(), b""),
        0,
        "wrote network.yaml",
    );
    fs::write(
        folder.path().join("a.layers"),
        format!("stack \"shared\"\n{SOURCE}"),
    )
    .unwrap();
    expect(&run(folder.path(), &build, b""), 0, "wrote network.yaml");
}

#[cfg(unix)]
#[test]
fn a_link_does_not_hide_a_template_that_somebody_else_wrote() {
    let folder = folder_with(&[("a.layers", SOURCE), ("network.yaml", FOREIGN)]);
    std::os::unix::fs::symlink("network.yaml", folder.path().join("a.yaml")).unwrap();
    let build = ["build", "a.layers", "-o", "a.yaml"];
    expect(
        &run(folder.path(), &build, b""),
        2,
        "layershare did not write a.yaml",
    );
    assert_eq!(
        fs::read_to_string(folder.path().join("network.yaml")).unwrap(),
        FOREIGN
    );
}

/// JSON has no first line to tell who wrote it.
#[test]
fn a_template_is_known_in_both_forms() {
    let folder = folder_with(&[("a.layers", SOURCE)]);
    for (format, number) in ["yaml", "json", "json", "yaml"].into_iter().zip(0..) {
        fs::write(
            folder.path().join("a.layers"),
            format!("stack \"number {number}\"\n{SOURCE}"),
        )
        .unwrap();
        expect(
            &run(
                folder.path(),
                &["build", "a.layers", "-o", "a.out", "--format", format],
                b"",
            ),
            0,
            "wrote a.out",
        );
    }
    let output = run(
        folder.path(),
        &["build", "a.layers", "--format", "json"],
        b"",
    );
    let mut template: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    template.as_object_mut().unwrap().remove("Metadata");
    fs::write(folder.path().join("a.json"), template.to_string()).unwrap();
    let build = ["build", "a.layers", "-o", "a.json", "--format", "json"];
    expect(
        &run(folder.path(), &build, b""),
        2,
        "layershare did not write a.json",
    );
}

#[test]
fn a_live_version_is_not_deleted_by_a_build() {
    let adopted = "layer deps \
    {\n  version 1 at arn:aws:lambda:us-east-1:111122223333:layer:deps:1\n  \
                   share with account 123456789012\n}\n";
    for policy in ["    DeletionPolicy: Delete\n", ""] {
        let foreign = FOREIGN.replace("    DeletionPolicy: Retain\n", policy);
        let folder = folder_with(&[("a.layers", adopted), ("a.yaml", &foreign)]);
        let build = ["build", "a.layers", "-o", "a.yaml"];
        for more in [&[][..], &["--replace"], &["--check"]] {
            let output = run(folder.path(), &[&build, more].concat(), b"");
            expect(
                &output,
                1,
                "add `DeletionPolicy: Retain` to `Shared` in the old template",
            );
        }
        assert_eq!(
            fs::read_to_string(folder.path().join("a.yaml")).unwrap(),
            foreign
        );
    }
}

#[test]
fn a_published_version_is_published_again_only_when_that_is_meant() {
    let folder = folder_with(&[("a.layers", SOURCE)]);
    let build = ["build", "a.layers", "-o", "a.yaml"];
    expect(&run(folder.path(), &build, b""), 0, "");
    fs::write(
        folder.path().join("a.layers"),
        SOURCE.replace("1.zip", "2.zip"),
    )
    .unwrap();
    expect(
        &run(folder.path(), &build, b""),
        1,
        "error[republished-version]",
    );
    expect(
        &run(
            folder.path(),
            &["build", "a.layers", "-o", "a.yaml", "--republish", "7"],
            b"",
        ),
        2,
        "label `7`",
    );
    expect(
        &run(
            folder.path(),
            &["build", "a.layers", "-o", "a.yaml", "--republish", "1"],
            b"",
        ),
        0,
        "wrote",
    );
}

#[test]
fn local_content_is_relative_to_the_template() {
    let source = "layer deps {\n  content ./build/deps\n}\n";
    let folder = folder_with(&[
        ("rules/a.layers", source),
        ("rules/build/deps/x", ""),
        ("out/keep", ""),
    ]);
    let output = run(
        folder.path(),
        &["build", "rules/a.layers", "-o", "out/a.yaml"],
        b"",
    );
    expect(
        &output,
        0,
        "aws cloudformation package --template-file out/a.yaml --s3-bucket BUCKET",
    );
    let template = fs::read_to_string(folder.path().join("out/a.yaml")).unwrap();
    assert!(
        template.contains("      Content: ../rules/build/deps\n"),
        "{template}"
    );
}

#[test]
fn large_templates_go_through_a_bucket() {
    let accounts: Vec<String> = (0..60)
        .map(|n| format!("account {:012}", 111_111_111_111_u64 + n))
        .collect();
    let layer = |name| {
        format!(
            "layer {name} {{\n  version 1 from s3://bucket-1/{name}.zip\n  share with {}\n}}\n",
            accounts.join(", ")
        )
    };
    let source = format!("{}{}{}{}", layer("a"), layer("b"), layer("c"), layer("d"));
    let folder = folder_with(&[("a.layers", &source)]);
    expect(
        &run(folder.path(), &["build", "a.layers", "-o", "a.yaml"], b""),
        0,
        "--s3-bucket BUCKET",
    );
}

#[test]
fn expired_shares_are_reported_by_check_alone() {
    let folder = folder_with(&[("a.layers", &SOURCE.replace("9012", "9012 until 2027-01-31"))]);
    expect(
        &run(
            folder.path(),
            &["check", "a.layers", "--as-of", "2027-01-31"],
            b"",
        ),
        0,
        "",
    );
    expect(
        &run(
            folder.path(),
            &["check", "a.layers", "--as-of", "2027-02-01"],
            b"",
        ),
        1,
        "error[expired-share]",
    );
    expect(&run(folder.path(), &["build", "a.layers"], b""), 0, "");
}

#[test]
fn an_expired_share_of_a_layer_with_a_variable_is_reported_once() {
    let source = "layer a for arch in x86_64, arm64 {
  architectures <arch>
  version 1 from s3://bucket-1/<arch>.zip
  share with account 123456789012 until 2027-01-31
}
";
    let folder = folder_with(&[("a.layers", source)]);
    let checked = run(
        folder.path(),
        &["check", "a.layers", "--as-of", "2027-02-01"],
        b"",
    );
    expect(&checked, 1, "1 error");
}

#[test]
fn messages_come_in_three_forms() {
    let folder = folder_with(&[("a.layers", "layr a {\n}\n")]);
    let output = run(
        folder.path(),
        &["check", "a.layers", "--message-format", "short"],
        b"",
    );
    expect(
        &output,
        1,
        "a.layers:1:1: error[unknown-statement]: unknown statement `layr` at this level\n",
    );
    let output = run(
        folder.path(),
        &["check", "a.layers", "--message-format", "json"],
        b"",
    );
    let stderr = String::from_utf8(output.stderr).unwrap();
    let first: serde_json::Value = serde_json::from_str(stderr.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&first["line"], &first["fix"]["replacement"]),
        (&1.into(), &"layer".into())
    );
    let output = run(
        folder.path(),
        &["check", "a.layers", "--color", "always"],
        b"",
    );
    expect(&output, 1, "\u{1b}[");
}

#[test]
fn fmt_writes_in_place_or_shows_the_difference() {
    let folder = folder_with(&[
        ("a.layers", "stack   \"a\"\n"),
        ("bad.layers", "stack \"a\n"),
    ]);
    let output = run(folder.path(), &["fmt", "--check", "a.layers"], b"");
    expect(&output, 1, "");
    assert!(String::from_utf8_lossy(&output.stdout).contains("+stack \"a\"\n"));
    expect(&run(folder.path(), &["fmt", "a.layers"], b""), 0, "");
    assert_eq!(
        fs::read(folder.path().join("a.layers")).unwrap(),
        b"stack \"a\"\n"
    );
    expect(
        &run(folder.path(), &["fmt", "--check", "a.layers"], b""),
        0,
        "",
    );
    expect(
        &run(folder.path(), &["fmt", "bad.layers"], b""),
        1,
        "error[unterminated-string]",
    );
    assert_eq!(
        fs::read(folder.path().join("bad.layers")).unwrap(),
        b"stack \"a\n"
    );
}

#[test]
fn init_writes_a_source_that_builds() {
    let folder = folder_with(&[]);
    expect(
        &run(folder.path(), &["init"], b""),
        0,
        "layershare build shared.layers -o shared.yaml",
    );
    expect(&run(folder.path(), &["init"], b""), 2, "exists already");
    expect(
        &run(
            folder.path(),
            &["build", "shared.layers", "-o", "shared.yaml"],
            b"",
        ),
        0,
        "ArtifactBucket=VALUE",
    );
    expect(
        &run(folder.path(), &["fmt", "--check", "shared.layers"], b""),
        0,
        "",
    );
}

#[test]
fn usage_and_files_that_cannot_be_used_exit_with_2() {
    let folder = folder_with(&[("a.layers", SOURCE), ("folder/x", "")]);
    for (arguments, said) in [
        (vec!["build"], "<FILE>"),
        (
            vec!["build", "missing.layers"],
            "cannot read missing.layers",
        ),
        (vec!["build", "folder"], "cannot read folder"),
        (
            vec!["build", "a.layers", "-o", "no/such/a.yaml"],
            "cannot write no/such/a.yaml",
        ),
        (vec!["build", "a.layers", "--check"], "--output"),
        (vec!["check", "a.layers", "--as-of", "soon"], "soon"),
        (vec!["explain", "sintax"], "a similar one is `syntax`"),
    ] {
        expect(&run(folder.path(), &arguments, b""), 2, said);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_and_a_closed_pipe_is_none() {
    let folder = folder_with(&[("a.layers", SOURCE)]);
    let layershare = env!("CARGO_BIN_EXE_layershare");
    let shell = |script: String| {
        Command::new("bash")
            .args(["-c", &script])
            .current_dir(folder.path())
            .output()
            .unwrap()
    };
    let full = shell(format!("{layershare} build a.layers > /dev/full"));
    expect(&full, 2, "cannot write to standard output");
    let closed = shell(format!(
        "set -o pipefail; {layershare} build a.layers | true"
    ));
    expect(&closed, 0, "");
}

#[test]
fn includes_that_cannot_be_used_are_findings() {
    for (include, said) in [
        ("missing.layers", "there is no file `missing.layers`"),
        ("folder", "`folder` is a folder"),
        ("a.layers", "includes itself"),
        ("b.layers", "includes itself"),
        ("latin.layers", "not UTF-8"),
        ("more.layers", "contains a policy"),
    ] {
        let source = format!("include \"{include}\"\n{SOURCE}");
        let folder = folder_with(&[
            ("a.layers", &source),
            ("folder/x", ""),
            ("b.layers", "include \"b.layers\""),
            ("more.layers", "policy none {\n  allow none\n}\n"),
        ]);
        fs::write(folder.path().join("latin.layers"), b"account \xff = 1").unwrap();
        expect(&run(folder.path(), &["check", "a.layers"], b""), 1, said);
    }
    let folder = folder_with(&[
        (
            "in/a.layers",
            &format!("include \"../names.layers\"\n{SOURCE}"),
        ),
        ("names.layers", ""),
    ]);
    expect(
        &run(folder.path(), &["check", "in/a.layers"], b""),
        0,
        "note[include-outside]",
    );
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_outside_is_told() {
    let source = format!("include \"names.layers\"\n{SOURCE}");
    let folder = folder_with(&[
        ("in/a.layers", &source),
        ("in/more/b.layers", ""),
        ("names.layers", ""),
    ]);
    std::os::unix::fs::symlink("../names.layers", folder.path().join("in/names.layers")).unwrap();
    expect(
        &run(folder.path(), &["check", "in/a.layers"], b""),
        0,
        "note[include-outside]",
    );
    expect(
        &run(&folder.path().join("in"), &["check", "a.layers"], b""),
        0,
        "note[include-outside]",
    );
    // A link within the folder leads nowhere else, and neither does a folder that is reached by a
    // link itself.
    let inside = format!("include \"inside.layers\"\n{SOURCE}");
    fs::write(folder.path().join("in/c.layers"), inside).unwrap();
    std::os::unix::fs::symlink("more/b.layers", folder.path().join("in/inside.layers")).unwrap();
    std::os::unix::fs::symlink("in", folder.path().join("link")).unwrap();
    for source in ["in/c.layers", "link/c.layers"] {
        let output = run(folder.path(), &["check", source], b"");
        assert!(
            !String::from_utf8_lossy(&output.stderr).contains("include-outside"),
            "{source}"
        );
    }
}

#[test]
fn a_source_of_names_can_be_checked_and_makes_no_template() {
    let folder = folder_with(&[("names.layers", "account a = 123456789012\n")]);
    expect(&run(folder.path(), &["check", "names.layers"], b""), 0, "");
    expect(
        &run(
            folder.path(),
            &["build", "names.layers", "-o", "a.yaml"],
            b"",
        ),
        1,
        "makes no resource",
    );
    assert_eq!(names(folder.path()), ["names.layers"]);
}

#[test]
fn hostile_sources_get_a_short_answer() {
    let deep = "{".repeat(3_000_000);
    let word = format!("layer {} {{\n}}\n", "a".repeat(10_000_000));
    let comments = "# a comment\n".repeat(1_000_000) + SOURCE;
    let groups: String = (1..10_000)
        .map(|n| format!("group g{n} = g{}, account {n:012}\n", n - 1))
        .collect();
    let list: Vec<String> = (0..100_000).map(|n| format!("account {n:012}")).collect();
    for (source, code, said) in [
        (String::new(), 1, "makes no resource"),
        (
            "layer a {\n  \0\n}".to_owned(),
            1,
            "error[invisible-character]",
        ),
        (format!("\u{feff}{SOURCE}").replace('\n', "\r\n"), 0, ""),
        (deep, 1, "error[syntax]"),
        (word, 1, "cannot name a layer"),
        (comments, 0, ""),
        (
            format!("{groups}group g0 = g9999\n{SOURCE}"),
            1,
            "error[group-cycle]",
        ),
        (
            format!(
                "group g0 = account 123456789012\n{groups}{}",
                SOURCE.replace("account 123456789012", "g9999")
            ),
            1,
            "10,001 resources",
        ),
        (
            SOURCE.replace("account 123456789012", &list.join(", ")),
            1,
            "100,001 resources",
        ),
    ] {
        let folder = folder_with(&[]);
        let output = run(folder.path(), &["check", "-"], source.as_bytes());
        expect(&output, code, said);
        assert!(
            output.stderr.len() < 10_000,
            "{} bytes of messages",
            output.stderr.len()
        );
    }
}

#[test]
fn forms_for_services_are_one_document_for_all_files() {
    let mistake = SOURCE.replace("account 123456789012", "team");
    let folder = folder_with(&[
        ("a.layers", &mistake),
        ("b.layers", &mistake),
        ("fine.layers", SOURCE),
    ]);
    let report = |arguments: &[&str], code| {
        let output = run(folder.path(), arguments, b"");
        assert_eq!(output.status.code(), Some(code));
        support::stderr(&output)
    };
    let parsed = |text: String| serde_json::from_str::<serde_json::Value>(&text).unwrap();
    let found = parsed(report(
        &[
            "check",
            "a.layers",
            "./b.layers",
            "--message-format",
            "gitlab",
        ],
        1,
    ));
    let paths: Vec<_> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|issue| issue["location"]["path"].as_str())
        .collect();
    assert_eq!(paths, [Some("a.layers"), Some("b.layers")]);
    // Without findings it is a document too, so that a service forgets the earlier ones.
    let none = parsed(report(
        &["check", "fine.layers", "--message-format", "sarif"],
        0,
    ));
    assert_eq!(none["runs"][0]["results"].as_array().map(Vec::len), Some(0));
    // A run that could not look at everything must not look like one without findings.
    let failure = report(
        &[
            "check",
            "fine.layers",
            "missing.layers",
            "--message-format",
            "sarif",
        ],
        2,
    );
    assert!(
        failure.starts_with("layershare: ") && failure.lines().count() == 1,
        "{failure}"
    );
}

#[test]
fn messages_are_annotations_where_github_actions_runs_the_program() {
    let folder = folder_with(&[("a.layers", "layer deps {\n")]);
    for (variable, said) in [
        ("true", "::error file=a.layers,line=2,"),
        ("false", "error[syntax]"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_layershare"))
            .args(["check", "a.layers", "--message-format", "auto"])
            .current_dir(folder.path())
            .env("GITHUB_ACTIONS", variable)
            .output()
            .unwrap();
        expect(&output, 1, said);
    }
}

/// A source with so many accounts that nothing uses, and shares with somebody who is not declared.
fn flawed(unused: usize, misspelt: usize) -> String {
    let mut source = "account data-team = 123456789012\n".to_owned();
    for number in 0..unused {
        source.push_str(&format!(
            "account team-{number} = {}\n",
            500_000_000_000_usize + number
        ));
    }
    for number in 0..misspelt {
        source.push_str(&format!(
            "layer layer-{number} {{\n  version 1 from s3://bucket-1/{number}.zip\n  share with \
                data-taem\n}}\n"
        ));
    }
    source + SOURCE
}

#[test]
fn equal_mistakes_are_one_message_with_their_places() {
    let folder = folder_with(&[("a.layers", &flawed(0, 50)), ("b.layers", &flawed(0, 3))]);
    let said = |file: &str, form: &str| {
        let output = run(
            folder.path(),
            &["check", file, "--message-format", form],
            b"",
        );
        String::from_utf8(output.stderr).unwrap()
    };
    let number = |text: &str, of: &str| text.matches(of).count();
    let many = said("a.layers", "human");
    assert_eq!(number(&many, "error[unknown-name]"), 1, "{many}");
    assert!(
        many.contains("= note: the same in 49 more places: 8:14, 12:14, 16:14, "),
        "{many}"
    );
    assert!(many.contains(", 200:14\n"), "{many}");
    assert!(many.ends_with("\n50 errors\n"), "{many}");
    assert_eq!(number(&said("b.layers", "human"), "error[unknown-name]"), 3);
    // What programs read has each by itself.
    for form in ["short", "json", "rdjson"] {
        assert_eq!(
            number(&said("a.layers", form), "unknown-name"),
            50,
            "{form}"
        );
    }
}

#[test]
fn so_many_messages_are_written_in_full() {
    let source = format!("{}expect everyone can use deps\n", flawed(150, 0));
    let folder = folder_with(&[("a.layers", &source), ("b.layers", &flawed(150, 0))]);
    let said = |arguments: &[&str]| {
        let output = run(folder.path(), &[&["check"], arguments].concat(), b"");
        String::from_utf8(output.stderr).unwrap()
    };
    let messages = |text: &str| {
        text.matches("\n --> ").count()
            + text.matches("\n  --> ").count()
            + text.matches("\n   --> ").count()
    };
    // The error stands behind all the warnings of the source, and is written.
    let text = said(&["a.layers", "b.layers"]);
    assert!(text.contains("error[failed-claim]"), "{text}");
    assert_eq!(messages(&text), 100, "{text}");
    assert!(
        text.ends_with(
            "\n203 messages are not shown: 203 warnings; `--max-messages 0` shows all\n\
            1 error, 302 warnings\n"
        ),
        "{text}"
    );
    assert_eq!(
        messages(&said(&["a.layers", "b.layers", "--max-messages", "0"])),
        303
    );
    let text = said(&["b.layers", "--max-messages", "150"]);
    assert!(
        text.contains("\n1 message is not shown: 1 warning; "),
        "{text}"
    );
}

#[test]
fn options_for_messages_stand_before_or_after_the_command() {
    let folder = folder_with(&[("a.layers", &flawed(3, 0))]);
    let said = |arguments: &[&str]| {
        let output = run(folder.path(), arguments, b"");
        String::from_utf8(output.stderr).unwrap()
    };
    let short = said(&["check", "a.layers", "--message-format", "short"]);
    assert_eq!(short.lines().count(), 4, "{short}");
    assert_eq!(
        said(&["--message-format", "short", "check", "a.layers"]),
        short
    );
    // The one after the command counts, and the other options before it still do.
    assert_eq!(
        said(&[
            "--message-format",
            "json",
            "-q",
            "check",
            "a.layers",
            "--message-format",
            "short"
        ]),
        short
    );
    let one = said(&["--max-messages", "1", "check", "a.layers", "--quiet"]);
    assert!(
        one.contains("3 messages are not shown: 3 warnings; "),
        "{one}"
    );
}

#[test]
fn help_begins_with_what_the_command_does() {
    let folder = folder_with(&[]);
    for (command, does) in [
        ("build", "Compile a source to a CloudFormation template\n"),
        ("check", "Look for mistakes, without writing anything\n"),
        (
            "fmt",
            "Format sources in place; standard input goes to standard output\n",
        ),
        (
            "man",
            "Write the manual pages of this program into a folder\n",
        ),
    ] {
        let output = run(folder.path(), &[command, "--help"], b"");
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(help.starts_with(does), "{help}");
    }
}

#[test]
fn quiet_leaves_findings_alone() {
    let folder = folder_with(&[("a.layers", SOURCE), ("b.layers", &flawed(1, 0))]);
    let said = |arguments: &[&str]| {
        let output = run(folder.path(), arguments, b"");
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(said(&["build", "a.layers", "-o", "a.yaml", "--quiet"]), "");
    let loud = said(&["check", "b.layers"]);
    let quiet = said(&["check", "b.layers", "-q"]);
    assert!(quiet.starts_with("warning[unused]"), "{quiet}");
    assert_eq!(format!("{quiet}2 warnings\n"), loud);
}

#[test]
fn a_source_to_start_from_has_no_findings() {
    let folder = folder_with(&[]);
    expect(
        &run(folder.path(), &["init"], b""),
        0,
        "wrote shared.layers",
    );
    let silent: [&[&str]; 7] = [
        &["check", "shared.layers"],
        &["build", "shared.layers", "-o", "shared.yaml", "--quiet"],
        &["build", "shared.layers", "-o", "shared.yaml", "--check"],
        &["access", "shared.layers"],
        &["ask", "shared.layers", "data-team can use my-shared-deps"],
        &["diff", "shared.layers", "shared.yaml"],
        &["fmt", "--check", "shared.layers"],
    ];
    for arguments in silent {
        let output = run(folder.path(), arguments, b"");
        expect(&output, 0, "");
        assert!(output.stderr.is_empty(), "{arguments:?}: {output:?}");
    }
}

#[test]
fn answers_come_without_notes_about_the_source() {
    let folder = folder_with(&[("a.layers", &flawed(1, 0))]);
    expect(
        &run(folder.path(), &["check", "a.layers"], b""),
        0,
        "warning[unused]",
    );
    for arguments in [
        &["access", "a.layers"][..],
        &["ask", "a.layers", "account 123456789012 can use deps"],
        &["diff", "a.layers", "a.layers"],
    ] {
        let output = run(folder.path(), arguments, b"");
        assert!(output.stderr.is_empty(), "{arguments:?}: {output:?}");
    }
}

#[test]
fn explain_names_the_codes_that_are_near() {
    let folder = folder_with(&[]);
    for (wrong, said) in [
        ("expired-sare", "a similar one is `expired-share`"),
        ("shared version", "similar ones are `version-not-shared`, "),
        ("everyon", "a similar one is `everyone-without-reason`"),
        ("zzzz", "`layershare explain` lists all"),
    ] {
        expect(&run(folder.path(), &["explain", wrong], b""), 2, said);
    }
}
