//! Several files and folders at once: what is in a folder, one matrix, one verdict, and the
//! difference to a revision of git.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use support::{run, stderr, stdout};
use tempfile::TempDir;

const NAMES: &str = "account data-team = 123456789012\naccount web-team = 210987654321\n";

const DEPS: &str = "\
include \"names.layers\"

layer deps {
  version 1.0.0 from s3://acme-1/deps-1.0.0.zip
  share with data-team
}
";

const TOOLS: &str = "\
include \"names.layers\"

layer tools {
  version 1.0.0 from s3://acme-1/tools-1.0.0.zip
  share with web-team
}
";

fn repository(files: &[(&str, &str)]) -> TempDir {
    let top = tempfile::tempdir().unwrap();
    for (name, text) in files {
        write(top.path(), name, text);
    }
    top
}

fn write(top: &Path, name: &str, text: &str) {
    let path = top.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn git(top: &Path, arguments: &[&str]) {
    let known = [
        "-c",
        "user.name=tester",
        "-c",
        "user.email=tester@example.org",
        "-c",
        "core.hooksPath=/dev/null",
    ];
    let done = Command::new("git")
        .args(known)
        .args(arguments)
        .current_dir(top)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", stderr(&done));
}

fn commit(top: &Path) {
    git(top, &["add", "-A"]);
    git(top, &["commit", "-qm", "a change"]);
}

/// What a command prints, with its exit code.
fn told(top: &Path, arguments: &[&str]) -> (i32, String) {
    let output = run(top, arguments, b"");
    let said = format!("{}{}", stdout(&output), stderr(&output));
    (output.status.code().unwrap(), said)
}

#[test]
fn a_page_of_built_templates_has_the_reasons_of_their_source_unless_it_has_changed() {
    let reason = DEPS.replace("data-team\n}", "data-team because \"a pilot\"\n}");
    let top = repository(&[("names.layers", NAMES), ("deps.layers", &reason)]);
    let page = |top: &Path| told(top, &["access", "out", "--format", "html"]).1;
    told(top.path(), &["build", "deps.layers", "-o", "out/"]);
    let made = page(top.path());
    assert!(made.contains("a pilot"), "{made}");
    assert!(!made.contains("are left out"), "{made}");

    write(
        top.path(),
        "deps.layers",
        &reason.replace("a pilot", "a test"),
    );
    let made = page(top.path());
    let missing = "<p>Note: the reasons and last days of out/deps.yaml are left out: deps.layers \
        builds another template by now.</p>";
    assert!(made.contains(missing), "{made}");
    assert!(
        !made.contains("a pilot") && !made.contains("a test"),
        "{made}"
    );
}

#[test]
fn a_source_that_is_not_built_yet_differs_by_its_change_alone() {
    let roles = "\nrole deployer {\n  trust web-team\n  allow deps\n}\n";
    let public = "\nlayer open {\n  version 1 from s3://acme-1/open.zip\n  share with everyone \
        because \"it is open source\"\n}\n";
    let before = format!("{DEPS}{public}{roles}");
    let top = repository(&[("names.layers", NAMES), ("deps.layers", &before)]);
    told(top.path(), &["build", "deps.layers", "-o", "out/"]);
    git(top.path(), &["init", "-q"]);
    commit(top.path());
    assert_eq!(
        told(top.path(), &["diff", "--base", "HEAD"]),
        (0, "nobody gains or loses anything\n".to_owned())
    );

    let source = before.replace("with data-team", "with data-team, web-team");
    write(top.path(), "deps.layers", &source);
    let gained = "+ account 210987654321 (web-team) can now use DepsV1x0x0, not named anywhere \
        before\n";
    assert_eq!(
        told(top.path(), &["diff", "--base", "HEAD"]),
        (0, gained.to_owned())
    );
    let (_, access) = told(top.path(), &["access", "."]);
    assert_eq!(access.matches("EVERYONE can use").count(), 1, "{access}");
    assert!(!access.contains("are left out"), "{access}");

    write(
        top.path(),
        "deps.layers",
        &source.replace("allow deps", "allow deps, * from web-team"),
    );
    let (_, difference) = told(top.path(), &["diff", "--base", "HEAD"]);
    assert!(difference.starts_with(gained), "{difference}");
    assert!(
        difference.contains("\n+ Deployer now allows attaching"),
        "{difference}"
    );
    assert_eq!(difference.lines().count(), 2, "{difference}");

    // A template that somebody edits by hand counts, too, whatever its source says.
    let path = "out/restrictions.yaml";
    let built = fs::read_to_string(top.path().join(path)).unwrap();
    assert!(built.contains("layer:deps:"), "{built}");
    write(top.path(), path, &built.replace("layer:deps:", "layer:*:"));
    let (_, difference) = told(top.path(), &["diff", "--base", "HEAD"]);
    assert!(
        difference.contains("restrictions.yaml: Deployer"),
        "{difference}"
    );
}

#[test]
fn what_is_wrong_in_a_file_that_several_sources_include_is_said_once() {
    let names = format!("{NAMES}account lab = 1\n");
    let files = [
        ("names.layers", names.as_str()),
        ("deps.layers", DEPS),
        ("tools.layers", TOOLS),
    ];
    let top = repository(&files);
    let output = run(top.path(), &["check", "."], b"");
    let said = stderr(&output);
    assert_eq!(said.matches("error[invalid-account]").count(), 1, "{said}");
    assert!(said.ends_with("1 error\n"), "{said}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_folder_stands_for_its_templates_and_for_sources_without_any() {
    let top = repository(&[
        ("names.layers", NAMES),
        ("deps.layers", DEPS),
        ("tools.layers", TOOLS),
        (
            ".github/workflows/ci.yml",
            "on: push\njobs: {Resources: 1}\n",
        ),
        ("notes.yaml", "Resources\n"),
        ("deploy.yml", "regions: [Resources]\n"),
    ]);
    let (code, _) = told(top.path(), &["build", "deps.layers", "-o", "deps/"]);
    assert_eq!(code, 0);
    let (code, all) = told(top.path(), &["access", "."]);
    assert_eq!(code, 0, "{all}");
    assert_eq!(all.matches("account 123456789012").count(), 1, "{all}");
    assert_eq!(all.matches("account 210987654321").count(), 1, "{all}");
    // What is named twice is told apart.
    let (_, twice) = told(top.path(), &["access", "deps.layers", "deps"]);
    assert!(twice.contains("deps.layers: DepsV1x0x0"), "{twice}");
    assert!(twice.contains("deps/deps.yaml: DepsV1x0x0"), "{twice}");
    // A template that cannot be read is never left out.
    write(top.path(), "broken.yaml", "Resources:\n  - {\n");
    let (code, said) = told(top.path(), &["access", "."]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("broken.yaml is not a template"), "{said}");
}

#[test]
fn check_and_fmt_find_the_sources_of_a_folder() {
    let untidy = TOOLS.replace("  share", " share");
    let top = repository(&[
        ("a/names.layers", NAMES),
        ("a/deps.layers", DEPS),
        ("a/b/names.layers", NAMES),
        ("a/b/tools.layers", &untidy),
        ("node_modules/x/bad.layers", "layer {"),
    ]);
    assert_eq!(told(top.path(), &["check", "."]), (0, String::new()));
    let (code, said) = told(top.path(), &["fmt", "--check", "a"]);
    assert_eq!(code, 1);
    assert!(said.contains("a/b/tools.layers"), "{said}");
    assert_eq!(told(top.path(), &["fmt", "."]).0, 0);
    assert_eq!(told(top.path(), &["fmt", "--check", "."]).0, 0);
    fs::create_dir(top.path().join("empty")).unwrap();
    let (code, said) = told(top.path(), &["check", "empty"]);
    assert_eq!(code, 2);
    assert!(said.contains("there is no source"), "{said}");
}

#[test]
fn one_verdict_is_about_all_stacks() {
    let top = repository(&[
        ("names.layers", NAMES),
        ("deps.layers", DEPS),
        ("tools.layers", TOOLS),
    ]);
    let ask = |claim: &str| told(top.path(), &["ask", ".", claim]);
    assert_eq!(ask("account 123456789012 can use deps").0, 0);
    assert_eq!(ask("account 123456789012 cannot use tools").0, 0);
    assert_eq!(ask("account 210987654321 can use deps").0, 1);
    assert_eq!(ask("everyone cannot use *").0, 0);
    assert_eq!(ask("everyone cannot use parts").0, 3);
    // A grant elsewhere counts, and so does what may be one.
    let granted = |arn: &str| {
        format!(
            "Resources:\n  Grant:\n    Type: AWS::Lambda::LayerVersionPermission\n    \
            Properties:\n      Action: lambda:GetLayerVersion\n      LayerVersionArn: {arn}\n      \
            Principal: '210987654321'\n"
        )
    };
    let arn = "arn:aws:lambda:us-east-1:111122223333:layer:deps:7";
    write(top.path(), "grant.yaml", &granted(arn));
    let (code, said) = ask("only account 123456789012 can use deps");
    assert_ne!(code, 0, "{said}");
    write(top.path(), "grant.yaml", &granted("!ImportValue Deps"));
    let (code, said) = ask("account 210987654321 cannot use deps");
    assert_eq!(code, 3, "{said}");
    write(
        top.path(),
        "grant.yaml",
        "Transform: Company\nResources:\n  A:\n    Type: AWS::SNS::Topic\n",
    );
    let (code, said) = ask("account 210987654321 cannot use deps");
    assert_eq!(code, 3, "{said}");
}

#[test]
fn the_working_tree_is_compared_with_a_revision() {
    let top = repository(&[
        ("rules/names.layers", NAMES),
        ("rules/deps.layers", DEPS),
        ("tools.layers", &TOOLS.replace("\"names", "\"rules/names")),
    ]);
    let at = top.path();
    told(at, &["build", "tools.layers", "-o", "tools.yaml"]);
    git(at, &["init", "-q", "-b", "main"]);
    commit(at);
    let base = |options: &[&str]| told(at, &[&["diff", "--base", "main"], options].concat());
    assert_eq!(base(&[]).1, "nobody gains or loses anything\n");
    // A name that a source includes, and a template.
    write(
        at,
        "rules/names.layers",
        &NAMES.replace("123456789012", "999999999999"),
    );
    let (code, said) = base(&["--fail-on", "broader"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("account 999999999999"), "{said}");
    assert!(!said.contains("210987654321"), "{said}");
    write(at, "rules/names.layers", NAMES);
    let wider = TOOLS.replace("\"names", "\"rules/names");
    let wider = wider.replace("with web-team", "with web-team, data-team");
    write(at, "tools.layers", &wider);
    let (code, said) = base(&["--fail-on", "broader"]);
    assert_eq!(
        code, 1,
        "a source that is broader than its template counts, too: {said}"
    );
    assert!(said.contains("123456789012"), "{said}");
    told(at, &["build", "tools.layers", "-o", "tools.yaml"]);
    assert!(base(&[]).1.contains("123456789012"));
    assert!(base(&["tools.yaml"]).1.contains("123456789012"));
    assert_eq!(base(&["rules"]).1, "nobody gains or loses anything\n");
    // From a folder below, and where a file is new or gone.
    let below = at.join("rules");
    let (_, said) = told(&below, &["diff", "--base", "main", "../tools.yaml"]);
    assert!(said.contains("123456789012"), "{said}");
    fs::remove_file(at.join("tools.yaml")).unwrap();
    fs::remove_file(at.join("tools.layers")).unwrap();
    let (_, said) = base(&["tools.yaml"]);
    assert!(said.contains("210987654321"), "{said}");
    // Moving one template to a folder changes nothing.
    git(at, &["checkout", "-q", "."]);
    told(at, &["build", "tools.layers", "-o", "tools/"]);
    fs::remove_file(at.join("tools.yaml")).unwrap();
    assert_eq!(base(&[]).1, "nobody gains or loses anything\n");
}

#[test]
fn a_revision_that_is_not_there_is_said() {
    let top = repository(&[("names.layers", NAMES), ("deps.layers", DEPS)]);
    let (code, said) = told(top.path(), &["diff", "--base", "main"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("git: "), "{said}");
    git(top.path(), &["init", "-q", "-b", "main"]);
    commit(top.path());
    for unknown in ["nowhere", "--help", "main:deps.layers", ""] {
        let argument = format!("--base={unknown}");
        let (code, said) = told(top.path(), &["diff", &argument]);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains("git does not know the revision"), "{said}");
    }
    let (code, said) = told(top.path(), &["diff", "--base", "main", "gone.yaml"]);
    assert_eq!(code, 2);
    assert!(said.contains("gone.yaml exists neither here nor"), "{said}");
    let (code, said) = told(top.path(), &["diff", "deps.layers"]);
    assert_eq!(code, 2);
    assert!(said.contains("`--base`"), "{said}");
    let empty = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_layershare"))
        .args(["diff", "--base", "main"])
        .env("PATH", empty.path())
        .current_dir(top.path())
        .output()
        .unwrap();
    assert!(stderr(&output).contains("the program `git`, which was not found"));
}

const SDK: &str = "\
layer sdk {
  version 1.0.0 from s3://acme-1/sdk-1.0.0.zip
  share with users
}
";

/// A file with layers that stages include is a part of them: its names are theirs, and nobody
/// deploys it by itself.
#[test]
fn a_file_with_the_layers_of_two_stages_is_a_part_of_them() {
    let stage = |users: &str| format!("include \"shared/sdk.layers\"\ngroup users = {users}\n");
    let (test, production) = (stage("account 111122223333"), stage("account 222233334444"));
    let top = repository(&[
        ("shared/sdk.layers", SDK),
        ("test.layers", &test),
        ("production.layers", &production),
    ]);
    let at = top.path();
    for files in [["."].as_slice(), &["shared/sdk.layers", "test.layers"]] {
        let (code, said) = told(at, &[&["check"], files].concat());
        assert_eq!(code, 0, "{said}");
    }
    let (code, said) = told(at, &["check", "shared/sdk.layers"]);
    assert!(code == 1 && said.contains("unknown-name"), "{said}");
    let (code, said) = told(at, &["access", ".", "--format", "json"]);
    let answer: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("111122223333") && said.contains("222233334444"));
    assert!(
        !answer.to_string().contains("\"shared/sdk.layers\": {"),
        "{said}"
    );
    // The difference to a revision shows a change of the shared file in both stages.
    git(at, &["init", "-q", "-b", "main"]);
    commit(at);
    write(
        at,
        "shared/sdk.layers",
        &SDK.replace("with users", "with users, everyone because \"x\""),
    );
    let (code, said) = told(at, &["diff", "--base", "main", "--fail-on", "broader"]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("production") && said.contains("test"),
        "{said}"
    );
    // A file that each includes the other is a part of none, so that the mistake is reported.
    write(
        at,
        "shared/sdk.layers",
        &format!("include \"../test.layers\"\n{SDK}"),
    );
    write(
        at,
        "test.layers",
        &format!("{test}{}", SDK.replace("sdk", "more")),
    );
    let (code, said) = told(at, &["check", "."]);
    assert!(code == 1 && said.contains("include-cycle"), "{said}");
}
