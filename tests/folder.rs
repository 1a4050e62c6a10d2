//! `layershare build … -o FOLDER/`: a template for each stack, and what becomes of those that are
//! there already.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use layershare::internals::cloudformation::read;
use serde_json::Value as Json;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Output;
use support::{run, stderr, stdout};
use tempfile::TempDir;

const SOURCE: &str = "\
organization acme = o-a1b2c3d4e5
account data-team = 123456789012
parameter Partner account \"Who sees the tools\"

layer deps {
  version 1.0.0 from s3://acme-1/deps-1.0.0.zip
  share with acme
}

layer tools {
  version 1.0.0 from s3://acme-1/tools-1.0.0.zip
  share with account ${Partner}
}

role deployer {
  name layer-deployer
  trust data-team
  allow deps, tools
}

guardrail only-ours {
  apply to account 123456789012
  deny all except deps from this account
}
";

fn folder(source: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), source);
    folder
}

fn write(folder: &Path, source: &str) {
    fs::write(folder.join("shared.layers"), source).unwrap();
}

fn build(folder: &Path, options: &[&str]) -> Output {
    let arguments = [&["build", "shared.layers", "-o", "out/"], options].concat();
    run(folder, &arguments, b"")
}

#[track_caller]
fn expect(output: &Output, code: i32, said: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(stderr.contains(said), "{stderr}");
}

/// The files of a folder and their content, by name.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let text = fs::read_to_string(entry.path()).unwrap();
            (entry.file_name().into_string().unwrap(), text)
        })
        .collect();
    files.sort();
    files
}

fn names(folder: &Path) -> Vec<String> {
    let names = files(folder).into_iter();
    names.map(|(name, _)| name).collect()
}

fn stacks(folder: &Path) -> Vec<Json> {
    serde_json::from_slice(&fs::read(folder.join("out/stacks.json")).unwrap()).unwrap()
}

#[test]
fn each_layer_has_a_template_and_what_exists_once_has_others() {
    let top = folder(SOURCE);
    expect(
        &build(top.path(), &[]),
        0,
        "--template-file out/restrictions.yaml --stack-name shared-restrictions --capabilities \
        CAPABILITY_NAMED_IAM\n",
    );
    let out = top.path().join("out");
    assert_eq!(
        names(&out),
        [
            "deps.yaml",
            "guardrails.yaml",
            "restrictions.yaml",
            "stacks.json",
            "tools.yaml"
        ]
    );
    let text = |name: &str| fs::read_to_string(out.join(name)).unwrap();
    assert!(!text("deps.yaml").contains("Partner"));
    assert!(text("tools.yaml").contains("Parameters:\n  Partner:"));
    let stacks = stacks(top.path());
    let of = |template: &str| {
        let mut stacks = stacks.iter();
        stacks.find(|stack| stack["template"] == template).unwrap()
    };
    assert_eq!(of("tools.yaml")["name"], "shared-tools");
    assert_eq!(of("tools.yaml")["parameters"][0]["required"], true);
    assert_eq!(of("guardrails.yaml")["scope"], "organization");
    assert_eq!(
        of("restrictions.yaml")["capabilities"][0],
        "CAPABILITY_NAMED_IAM"
    );
    expect(&build(top.path(), &["--check"]), 0, "");
    let before = files(&out);
    expect(
        &build(top.path(), &[]),
        0,
        "out/ is up to date: 4 templates",
    );
    assert_eq!(files(&out), before);
    // Nothing is left beside the folder.
    assert_eq!(fs::read_dir(top.path()).unwrap().count(), 2);
}

#[test]
fn the_templates_together_say_what_one_template_says() {
    let top = folder(SOURCE);
    expect(&build(top.path(), &["--format", "json"]), 0, "");
    let whole = run(
        top.path(),
        &["build", "shared.layers", "--format", "json"],
        b"",
    );
    let whole: Json = serde_json::from_slice(&whole.stdout).unwrap();
    for section in ["Parameters", "Resources", "Outputs"] {
        let mut parts = serde_json::Map::new();
        for (name, text) in files(&top.path().join("out")) {
            if name != "stacks.json" {
                let part: Json = serde_json::from_str(&text).unwrap();
                parts.extend(part[section].as_object().cloned().unwrap_or_default());
            }
        }
        assert_eq!(Json::Object(parts), whole[section], "{section}");
    }
}

#[test]
fn a_release_writes_one_file() {
    let top = folder(SOURCE);
    build(top.path(), &[]);
    let out = top.path().join("out");
    let before = files(&out);
    write(
        top.path(),
        &SOURCE.replace(
            "  version 1.0.0 from s3://acme-1/deps-1.0.0.zip\n",
            "  version 1.0.0 from s3://acme-1/deps-1.0.0.zip\n  version 1.1.0 from \
            s3://acme-1/deps-1.1.0.zip\n",
        ),
    );
    let checked = build(top.path(), &["--check"]);
    expect(&checked, 1, "out/deps.yaml does not match the source");
    assert_eq!(files(&out), before, "a check writes nothing");
    expect(&build(top.path(), &[]), 0, "wrote 1 of 4 templates in out/");
    let changed: Vec<String> = files(&out)
        .into_iter()
        .zip(before)
        .filter(|(now, before)| now != before)
        .map(|((name, _), _)| name)
        .collect();
    assert_eq!(changed, ["deps.yaml"]);
}

#[test]
fn what_leaves_the_source_keeps_its_template_until_its_stack_is_gone() {
    let top = folder(SOURCE);
    build(top.path(), &[]);
    let out = top.path().join("out");
    let tools = fs::read(out.join("tools.yaml")).unwrap();
    let deps = "layer deps {\n  version 1.0.0 from s3://acme-1/deps-1.0.0.zip\n}\n";
    write(top.path(), deps);
    let built = build(top.path(), &[]);
    expect(&built, 0, "warning[left-template]: `out/tools.yaml`");
    expect(
        &built,
        0,
        "aws cloudformation delete-stack --stack-name shared-tools",
    );
    assert_eq!(fs::read(out.join("tools.yaml")).unwrap(), tools);
    assert_eq!(stacks(top.path()).len(), 4);
    expect(&build(top.path(), &["--check"]), 0, "left-template");
    for gone in ["tools.yaml", "restrictions.yaml", "guardrails.yaml"] {
        fs::remove_file(out.join(gone)).unwrap();
    }
    let built = build(top.path(), &[]);
    expect(&built, 0, "");
    assert!(!String::from_utf8_lossy(&built.stderr).contains("left-template"));
    assert_eq!(stacks(top.path()).len(), 1);
}

#[test]
fn the_folder_is_the_record_of_what_is_published() {
    let top = folder(SOURCE);
    build(top.path(), &[]);
    let before = files(&top.path().join("out"));
    let edited = SOURCE.replace("deps-1.0.0.zip", "deps-1.0.0-b.zip");
    let renamed = SOURCE.replace("layer tools {", "layer gear {\n  name tools");
    let renamed = renamed.replace("allow deps, tools", "allow deps, gear");
    for source in [edited, renamed] {
        write(top.path(), &source);
        expect(&build(top.path(), &[]), 1, "error[republished-version]");
        assert_eq!(files(&top.path().join("out")), before);
        assert_eq!(fs::read_dir(top.path()).unwrap().count(), 2);
        expect(
            &build(top.path(), &["--republish", "1.0.0", "--check"]),
            1,
            "does not match the source",
        );
    }
    write(top.path(), SOURCE);
    let unknown = build(top.path(), &["--republish", "9"]);
    expect(&unknown, 2, "no version of this source has the label `9`");
}

#[test]
fn what_the_stack_of_one_template_publishes_is_not_published_again() {
    for single in ["shared.yaml", "shared.json"] {
        let top = folder(SOURCE);
        let format = if single.ends_with("json") {
            "json"
        } else {
            "yaml"
        };
        let one = ["build", "shared.layers", "-o", single, "--format", format];
        expect(&run(top.path(), &one, b""), 0, "wrote");
        let refused = build(top.path(), &[]);
        expect(&refused, 1, "error[republished-version]");
        expect(&refused, 1, &format!("`{single}` publishes it already"));
        assert!(!top.path().join("out").exists());
        expect(&build(top.path(), &["--republish", "1.0.0"]), 0, "wrote");
        let other = ["build", "shared.layers", "-o", "other.yaml"];
        let refused = run(top.path(), &other, b"");
        expect(&refused, 1, "`out/deps.");
        assert!(!top.path().join("other.yaml").exists());
    }
}

const PUBLISHED: &str = "\
regions us-east-1, eu-west-1

account app = 111122223333

layer deps {
  # Two of one line.
  version 1, 2 from s3://acme-${AWS::Region}/deps-<version>.zip # both
  version 3 from s3://acme-${AWS::Region}/deps-3.zip { description \"three\"
    license MIT
  }
  share with app
}

layer sdk for arch in x86_64, arm64 {
  version 1.0.0, 1.1.0, # before the split
    1.2.0 from s3://acme-${AWS::Region}/sdk-<arch>-<version>.zip
  share newest 1 with app
}
";

/// The resources of the stack that published all versions but the last one of `sdk`, in a region.
fn resources(region: &str, deps: u32) -> String {
    let mut all = Vec::new();
    for (id, layer, number) in [
        ("DepsV1", "deps", deps),
        ("DepsV2", "deps", 2),
        ("DepsV3", "deps", 3),
        ("SdkArm64V1x0x0", "sdk-arm64", 1),
        ("SdkArm64V1x1x0", "sdk-arm64", 2),
        ("SdkX8664V1x0x0", "sdk-x86_64", 1),
        ("SdkX8664V1x1x0", "sdk-x86_64", 2),
    ] {
        let arn = format!("arn:aws:lambda:{region}:444455556666:layer:{layer}:{number}");
        all.push(serde_json::json!({
            "LogicalResourceId": id,
            "PhysicalResourceId": arn,
            "ResourceStatus": "CREATE_COMPLETE",
        }));
    }
    format!("{}\n", serde_json::json!({ "StackResourceSummaries": all }))
}

#[test]
fn the_arns_of_published_versions_are_written_into_their_source() {
    let top = folder(PUBLISHED);
    let path = top.path().join("shared.layers");
    let adopt = |lists: &str| {
        fs::write(top.path().join("live.json"), lists).unwrap();
        run(top.path(), &["adopt", "shared.layers", "live.json"], b"")
    };
    let (us, eu) = (resources("us-east-1", 1), resources("eu-west-1", 1));
    let other_layer = us.replace(":layer:deps:", ":layer:tools:");
    let cut_off = us.replacen('{', "{\"NextToken\": \"x\",", 1);
    let of_one = us.replace("SdkArm64V1x0x0", "Other");
    for (lists, said) in [
        (
            us.clone(),
            "the number of version 1 of `deps` in eu-west-1 is unknown",
        ),
        (
            format!("{us}{}", resources("eu-west-1", 9)),
            "is number 9 in eu-west-1 and number 1 in",
        ),
        (
            format!("{us}{eu}{}", resources("us-east-1", 9)),
            "two stacks have DepsV1 in us-east-1",
        ),
        (format!("{other_layer}{eu}"), "is number 1 in eu-west-1 and"),
        (
            format!(
                "{other_layer}{}",
                other_layer.replace("us-east-1", "eu-west-1")
            ),
            "of `tools`",
        ),
        (
            format!("{cut_off}{eu}"),
            "is unknown: `aws cloudformation list-stack-resources`",
        ),
        (
            format!("{of_one}{}", of_one.replace("us-east-1", "eu-west-1")),
            "in `sdk-arm64`, version 1.0.0 is not published, and a later one in its line is",
        ),
        (
            us.replace("V1", "W1")
                .replace("V2", "W2")
                .replace("V3", "W3"),
            "none of these stacks",
        ),
        (
            "{\"Policy\": null}".to_owned(),
            "there are no resources of a stack here",
        ),
    ] {
        expect(&adopt(&lists), 2, said);
        assert_eq!(fs::read_to_string(&path).unwrap(), PUBLISHED, "{said}");
    }
    expect(
        &adopt(&format!("{us}{eu}")),
        0,
        "wrote the ARN of 5 versions into shared.layers\n1 version left as before: no stack has \
        published them\n",
    );
    let arn = "arn:aws:lambda:${AWS::Region}:444455556666:layer";
    let written = PUBLISHED
        .replace(
            "version 1, 2 from s3://acme-${AWS::Region}/deps-<version>.zip #",
            &format!("version 1 at {arn}:deps:1\n  version 2 at {arn}:deps:2 #"),
        )
        .replace(
            "from s3://acme-${AWS::Region}/deps-3.zip { description \"three\"\n    \
            license MIT\n  }",
            &format!("at {arn}:deps:3"),
        )
        .replace(
            "version 1.0.0, 1.1.0, # before the split\n    1.2.0 from",
            &format!(
                "# before the split\n  version 1.0.0 at {arn}:sdk-<arch>:1\n  \
                version 1.1.0 at {arn}:sdk-<arch>:2\n  \
                version 1.2.0 from"
            ),
        );
    assert_eq!(fs::read_to_string(&path).unwrap(), written);
    expect(&build(top.path(), &[]), 0, "wrote");
}

#[test]
fn a_source_moves_from_one_template_to_a_folder_and_nothing_is_lost() {
    let base = SOURCE.split("\nguardrail").next().unwrap();
    let at = |source: &str| {
        let lines = source.lines().map(|line| {
            let name = line.rsplit('/').next().unwrap_or_default();
            let name = name.split('-').next().unwrap_or_default();
            if line.starts_with("  version") {
                let arn = format!("arn:aws:lambda:us-east-1:111122223333:layer:{name}:1");
                format!("  version 1.0.0 at {arn}\n")
            } else {
                format!("{line}\n")
            }
        });
        lines.collect::<String>()
    };
    let moved = |before: &str, after: &str| {
        let top = folder(before);
        let one = ["build", "shared.layers", "-o", "shared.yaml"];
        expect(&run(top.path(), &one, b""), 0, "wrote");
        write(top.path(), after);
        (build(top.path(), &[]), top)
    };
    let (built, top) = moved(base, &at(base));
    expect(
        &built,
        0,
        "last, after every other stack is deployed in every region: the grants of the single \
        template go\n  aws cloudformation deploy --template-file out/restrictions.yaml \
        --stack-name shared --capabilities CAPABILITY_NAMED_IAM\n  rm shared.yaml\n",
    );
    assert_eq!(stacks(top.path())[2]["name"], "shared");
    expect(&build(top.path(), &[]), 0, "--stack-name shared ");
    let layers = base.split("\nrole").next().unwrap();
    let (built, _) = moved(layers, &at(layers));
    expect(
        &built,
        0,
        "template go\n  aws cloudformation delete-stack --stack-name shared\n  rm shared.yaml\n",
    );

    let (lost, top) = moved(layers, &at(layers).replace("  share with acme\n", ""));
    expect(
        &lost,
        1,
        "error[lost-grants]: no template of the folder has the grant `DepsV1x0x0",
    );
    assert!(!top.path().join("out").exists());
    let (rolling, _) = moved(
        &layers.replace("version 1.0.0 from", "content"),
        &layers.replace("version 1.0.0 from", "content"),
    );
    expect(
        &rolling,
        1,
        "the content of `Deps` would be published again",
    );
    let deleted = layers.replace("layer deps {\n", "layer deps {\n  old-versions delete\n");
    let (deleted, _) = moved(&deleted, &at(layers));
    expect(
        &deleted,
        1,
        "error[deleted-version]: the stack of `shared.yaml` would delete",
    );
    let guardrail = SOURCE.split("\nguardrail").nth(1).unwrap();
    let guarded = format!("{layers}\nguardrail{guardrail}");
    let (built, top) = moved(&guarded, &at(&guarded));
    expect(
        &built,
        0,
        "last, after every other stack is deployed in every region: the grants of the single \
        template go\n  aws cloudformation deploy --template-file out/guardrails.yaml \
        --stack-name shared\n  rm shared.yaml\n",
    );
    assert_eq!(stacks(top.path())[2]["name"], "shared");
    let shown = layers.replace(
        "layer deps {\n",
        "layer deps {\n  publish to /layers/deps\n",
    );
    let (shown_twice, top) = moved(&shown, &at(&shown));
    expect(
        &shown_twice,
        2,
        "and a second stack cannot make it: write another name in `publish to`",
    );
    assert!(!top.path().join("out").exists());
    let (both, top) = moved(SOURCE, &at(SOURCE));
    expect(&both, 2, "cannot become two stacks");
    assert!(!top.path().join("out").exists());
}

#[test]
fn the_templates_of_a_folder_are_no_others() {
    let top = folder(SOURCE);
    for _ in 0..2 {
        let built = run(top.path(), &["build", "shared.layers", "-o", "./"], b"");
        expect(&built, 0, "");
    }
    let released = SOURCE.replace(
        "  version 1.0.0 from s3://acme-1/deps-1.0.0.zip\n",
        "  version 1.0.0 from s3://acme-1/deps-1.0.0.zip\n  version 1.1.0 from \
        s3://acme-1/deps-1.1.0.zip\n",
    );
    write(top.path(), &released);
    let built = run(top.path(), &["build", "shared.layers", "-o", "./"], b"");
    expect(&built, 0, "wrote 1 of");
}

#[test]
fn files_of_others_stay() {
    let top = folder(SOURCE);
    let out = top.path().join("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("README.md"), "ours\n").unwrap();
    fs::write(out.join("network.yaml"), "Resources: {}\n").unwrap();
    expect(&build(top.path(), &[]), 0, "wrote 4 of 4 templates");
    assert_eq!(fs::read(out.join("README.md")).unwrap(), b"ours\n");
    fs::write(out.join("deps.yaml"), "Resources: {}\n").unwrap();
    expect(
        &build(top.path(), &[]),
        2,
        "layershare did not write out/deps.yaml",
    );
    expect(&build(top.path(), &["--replace"]), 0, "wrote 1 of 4");
    fs::write(out.join("stacks.json"), "{}").unwrap();
    expect(&build(top.path(), &[]), 2, "is not a list of stacks");
    fs::remove_file(out.join("stacks.json")).unwrap();
    expect(&build(top.path(), &[]), 0, "");
    let other = SOURCE.replace("deps", "parts").replace("tools", "gear");
    fs::write(top.path().join("other.layers"), other).unwrap();
    let built = run(top.path(), &["build", "other.layers", "-o", "out/"], b"");
    expect(&built, 2, "was built from shared.layers");
}

#[test]
fn a_folder_has_one_source() {
    for format in ["yaml", "json"] {
        let options = ["--format", format];
        let top = folder("layer deps {\n  version 1 from s3://acme-1/1.zip\n}\n");
        build(top.path(), &options);
        let other = "layer tools {\n  version 1 from s3://acme-1/2.zip\n}\n";
        fs::write(top.path().join("other.layers"), other).unwrap();
        let arguments = [&["build", "other.layers", "-o", "out"][..], &options].concat();
        let built = run(top.path(), &arguments, b"");
        let said = format!("out/deps.{format} was built from shared.layers");
        expect(&built, 2, &said);
    }
}

#[test]
fn two_templates_of_a_folder_have_no_logical_id_in_common() {
    let deps = "layer deps {\n  version 1 from s3://acme-1/1.zip\n}\n";
    for other in [
        "layer deps-v1 {\n  content s3://acme-1/2.zip\n}\n",
        "role deps-v1 {\n  trust account 123456789012\n  allow deps\n}\n",
        "parameter DepsV1 string \"Where it is\"\n",
    ] {
        let top = folder(&format!("{deps}{other}"));
        let built = build(top.path(), &[]);
        expect(&built, 1, "two things would have the logical ID `DepsV1`");
        assert!(!top.path().join("out").exists());
    }
    let shared = "share with account 123456789012 when Public";
    let layer = |name| {
        format!("layer {name} {{\n  version 1 from s3://acme-1/{name}.zip\n  {shared}\n}}\n")
    };
    let switch = "parameter Public switch = false \"Who sees them\"\n";
    let both = format!("{switch}{}{}", layer("deps"), layer("tools"));
    let top = folder(&both);
    expect(&build(top.path(), &[]), 0, "wrote 2 of 2 templates");
    for (name, text) in files(&top.path().join("out")) {
        let has_condition = text.contains("\n  PublicIsTrue:\n");
        assert_eq!(has_condition, name.ends_with(".yaml"), "{name}: {text}");
    }
}

#[test]
fn a_claim_is_about_all_templates_of_a_folder() {
    let claim = "expect account 123456789012 can use deps\n";
    let top = folder(&format!("{SOURCE}{claim}"));
    expect(&build(top.path(), &[]), 1, "error[undecided-claim]");
    assert!(!top.path().join("out").exists());
}

#[test]
fn a_stack_keeps_the_name_that_the_list_gives_it() {
    let top = folder(SOURCE);
    build(top.path(), &[]);
    let list = top.path().join("out/stacks.json");
    let text = fs::read_to_string(&list).unwrap();
    fs::write(&list, text.replace("\"shared-deps\"", "\"shared\"")).unwrap();
    expect(&build(top.path(), &["--check"]), 0, "");
    fs::rename(
        top.path().join("shared.layers"),
        top.path().join("estate.layers"),
    )
    .unwrap();
    let built = run(top.path(), &["build", "estate.layers", "-o", "out"], b"");
    expect(&built, 0, "--stack-name shared\n");
    expect(&built, 0, "--stack-name shared-tools");
}

#[test]
fn what_is_too_large_for_one_template_fits_into_a_folder() {
    let mut source = String::new();
    for layer in 0..3 {
        writeln!(source, "layer layer{layer} {{").unwrap();
        for version in 0..100 {
            writeln!(
                source,
                "  version {version} from s3://acme-1/{layer}-{version}.zip"
            )
            .unwrap();
        }
        source.push_str("  share with account 123456789012\n}\n");
    }
    let top = folder(&source);
    let one = run(
        top.path(),
        &["build", "shared.layers", "-o", "one.yaml"],
        b"",
    );
    expect(&one, 1, "error[too-many]: the template has 600 resources");
    expect(&one, 1, "`build FILE -o FOLDER/`");
    let checked = run(top.path(), &["check", "shared.layers"], b"");
    expect(&checked, 0, "note[needs-folder]: this source is too large");
    expect(&build(top.path(), &[]), 0, "wrote 3 of 3 templates");
    let share = "share with account 123456789012";
    write(
        top.path(),
        &source.replacen(
            share,
            "share with account 123456789012, account 210987654321, account 321098765432, account \
            432109876543, organization o-a1b2c3d4e5",
            1,
        ),
    );
    let large = build(top.path(), &[]);
    expect(&large, 1, "error[too-many]: the layer `layer0` makes 600");
    let checked = run(top.path(), &["check", "shared.layers"], b"");
    expect(&checked, 1, "error[too-many]: the layer `layer0` makes 600");
}

#[test]
fn regions_are_in_the_list_and_in_the_commands() {
    let source =
        format!("regions us-east-1, eu-west-1\n{SOURCE}").replace("acme-1", "a-${AWS::Region}");
    let top = folder(&source);
    let built = build(top.path(), &[]);
    expect(&built, 0, "  for region in us-east-1 eu-west-1; do\n");
    expect(&built, 0, "--stack-name shared-deps --region \"$region\"\n");
    expect(
        &built,
        0,
        "--capabilities CAPABILITY_NAMED_IAM --region us-east-1\n",
    );
    let stacks = stacks(top.path());
    let places: Vec<usize> = stacks
        .iter()
        .map(|stack| stack["regions"].as_array().unwrap().len())
        .collect();
    assert_eq!(places, [2, 2, 1, 1], "what exists once has its place once");
    let whole = run(top.path(), &["build", "shared.layers"], b"");
    expect(
        &whole,
        1,
        "error[one-region]: `deployer` would be deployed to",
    );
    let said = |of: &str| run(top.path(), &["access", of], b"").stdout;
    for of in ["shared.layers", "out"] {
        let said = String::from_utf8(said(of)).unwrap();
        assert!(said.contains("deps, in us-east-1, eu-west-1"), "{said}");
    }
}

#[test]
fn the_collecting_script_names_each_stack_in_each_of_its_regions() {
    let source =
        format!("regions us-east-1, eu-west-1\n{SOURCE}").replace("acme-1", "a-${AWS::Region}");
    let top = folder(&source);
    expect(&build(top.path(), &[]), 0, "");
    let live = |of: &str| {
        let output = run(top.path(), &["live", of], b"");
        let script = String::from_utf8(output.stdout.clone()).unwrap();
        let lines = script.lines().filter(|line| line.starts_with("  stack "));
        let lines: Vec<String> = lines.map(str::to_owned).collect();
        (output, lines)
    };
    let (_, stacks) = live("out");
    assert_eq!(
        stacks,
        [
            "  stack shared-deps eu-west-1 deps",
            "  stack shared-deps us-east-1 deps",
            "  stack shared-tools eu-west-1 tools",
            "  stack shared-tools us-east-1 tools",
        ]
    );
    let (nothing, _) = live("out/restrictions.yaml");
    expect(&nothing, 2, "nothing to collect");
    write(
        top.path(),
        &source.replace("regions us-east-1, eu-west-1\n", ""),
    );
    let (_, stacks) = live("shared.layers");
    assert_eq!(stacks, ["  stack shared '' deps tools"]);
    let list = top.path().join("out/stacks.json");
    let written = fs::read_to_string(&list).unwrap();
    fs::write(&list, written.replace("\"eu-west-1\"", "\"$(date)\"")).unwrap();
    let (refused, _) = live("out");
    expect(&refused, 2, "is not a region");
}

#[test]
fn what_is_live_is_asked_of_the_stacks_that_the_templates_have() {
    let source = format!("regions us-east-1, eu-west-1\n{LAYERS}");
    let top = folder(&source);
    expect(&build(top.path(), &[]), 0, "");
    // The source gives more than what is built, and has a layer whose stack nobody can have.
    let broader = source.replace("acme\n", "acme, everyone because \"open\"\n");
    write(
        top.path(),
        &format!("{broader}{}", LAYER.replace("deps", "more")),
    );
    let printed = run(top.path(), &["live", "."], b"");
    let script = String::from_utf8(printed.stdout).unwrap();
    let stacks: Vec<&str> = script
        .lines()
        .filter(|line| line.starts_with("  stack "))
        .collect();
    assert_eq!(
        stacks,
        [
            "  stack shared-deps eu-west-1 deps",
            "  stack shared-deps us-east-1 deps",
            "  stack shared-tools eu-west-1 tools",
            "  stack shared-tools us-east-1 tools",
        ]
    );
}

/// The script runs as it is printed, with an `aws` that knows one stack in one region.
#[cfg(unix)]
#[test]
fn stacks_that_are_not_deployed_yet_are_said_and_the_others_compared() {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;
    let top = folder(&format!("regions us-east-1, eu-west-1\n{LAYERS}"));
    expect(&build(top.path(), &[]), 0, "");
    let script = run(top.path(), &["live", "out"], b"").stdout;
    fs::write(top.path().join("live.sh"), script).unwrap();
    let aws = top.path().join("aws");
    fs::write(&aws, AWS).unwrap();
    fs::set_permissions(&aws, fs::Permissions::from_mode(0o755)).unwrap();
    let collect = |deny: &str| {
        let path = format!("{}:{}", top.path().display(), env!("PATH"));
        Command::new("sh")
            .arg("live.sh")
            .current_dir(top.path())
            .envs([("PATH", path.as_str()), ("DENY", deny)])
            .output()
            .unwrap()
    };
    let collected = collect("");
    expect(
        &collected,
        0,
        "live: there is no stack shared-deps in eu-west-1: it is not deployed yet, or has another \
        name\n",
    );
    fs::write(top.path().join("live.json"), &collected.stdout).unwrap();
    let drift = run(top.path(), &["drift", "out", "live.json"], b"");
    expect(
        &drift,
        0,
        "the stack shared-deps is not deployed in eu-west-1\n",
    );
    expect(
        &drift,
        0,
        "the stack shared-tools is not deployed in us-east-1\n",
    );
    expect(&drift, 0, "no drift in 1 layer version\n");
    // A version that is live although its stack is said not to be.
    let list = top.path().join("out/stacks.json");
    let written = fs::read_to_string(&list).unwrap();
    fs::write(&list, written.replace("shared-deps", "renamed")).unwrap();
    let live = String::from_utf8(collected.stdout).unwrap();
    let absent = "{\"StackName\": \"renamed\", \"Region\": \"us-east-1\", \
        \"StackResourceSummaries\": []}\n";
    let policies = &live[live.find("{\"Policy\"").unwrap()..];
    let live = format!(
        "{absent}{}{policies}",
        absent.replace("us-east-1", "eu-west-1")
    );
    fs::write(top.path().join("live.json"), live).unwrap();
    let drift = run(top.path(), &["drift", "out/deps.yaml", "live.json"], b"");
    expect(&drift, 1, "1 difference\n");
    // Any other refusal ends the script.
    expect(&collect("yes"), 1, "so nothing is written");
}

const LAYER: &str = "\
layer deps {
  version 1.0.0 from s3://acme-${AWS::Region}/deps.zip
  share with acme
}
";

const LAYERS: &str = "\
organization acme = o-a1b2c3d4e5

layer deps {
  version 1.0.0 from s3://acme-${AWS::Region}/deps.zip
  share with acme
}

layer tools {
  version 1.0.0 from s3://acme-${AWS::Region}/tools.zip
  share with acme
}
";

#[cfg(unix)]
const AWS: &str = r#"#!/bin/sh
arn=arn:aws:lambda:us-east-1:123456789012:layer:deps:1
case "$DENY $*" in
yes*) echo 'An error occurred (AccessDenied) when calling an operation' >&2; exit 254 ;;
*"list-stack-resources --stack-name shared-deps --region us-east-1"*)
  cat <<END
{
    "StackName": "shared-deps",
    "Region": "us-east-1",
    "StackResourceSummaries": [
        {
            "LogicalResourceId": "DepsV1x0x0",
            "PhysicalResourceId": "$arn",
            "ResourceStatus": "CREATE_COMPLETE"
        }
    ]
}
END
  ;;
*list-stack-resources*)
  echo "An error occurred (ValidationError) when calling the ListStackResources operation:" \
    "Stack with id $4 does not exist" >&2
  exit 254
  ;;
*"list-layer-versions --layer-name deps --region us-east-1"*) echo "$arn" ;;
*list-layer-versions*tools*)
  echo 'An error occurred (ResourceNotFoundException) when calling an operation' >&2
  exit 254
  ;;
*get-layer-version-policy*)
  policy='{\"Statement\":[{\"Sid\":\"x\",\"Effect\":\"Allow\",\"Principal\":\"*\",'
  policy="$policy"'\"Action\":\"lambda:GetLayerVersion\",\"Resource\":\"'"$arn"'\",'
  policy="$policy"'\"Condition\":{\"StringEquals\":{\"aws:PrincipalOrgID\":\"o-a1b2c3d4e5\"}}}]}'
  printf '{"Policy": "%s"}\n' "$policy"
  ;;
esac
"#;

/// Whoever has opened the folder goes on finding it as it was, all of it.
#[cfg(target_os = "linux")]
#[test]
fn a_reader_finds_the_old_folder_or_the_new_one() {
    use std::os::fd::AsRawFd;
    let top = folder(SOURCE);
    build(top.path(), &[]);
    let out = top.path().join("out");
    let before = files(&out);
    let opened = fs::File::open(&out).unwrap();
    let held = format!("/proc/self/fd/{}", opened.as_raw_fd());
    let later = SOURCE.replace("account data-team", "account partner");
    let later = later.replace("trust data-team", "trust partner");
    let later = later.replace("  share with", "  old-versions delete\n  share with");
    write(top.path(), &later);
    let built = build(top.path(), &[]);
    expect(&built, 0, "wrote 4 of 4 templates");
    assert_ne!(files(&out), before);
    // The old folder is empty and gone: nothing of the new state can be found in it.
    assert_eq!(fs::read_dir(held).unwrap().count(), 0);
}

const ROLLED_OUT: &str = "\
account publisher = 123456789012
parameter Partner account
unit shops = ou-ab12-shops123
accounts from \"accounts.json\"

layer deps {
  version 1.0.0 from s3://acme-1/deps-1.0.0.zip
}

boundary approved {
  deny all except deps from publisher, * from account ${Partner}
}

role deployer {
  name layer-deployer
  trust publisher
  boundary approved
  allow deps from publisher
}

guardrail no-public {
  apply to r-ab12
  deny share
}
";

const ROLL_OUT: &str = "roll out to shops, ou-ab12-banks123 in us-east-1\n";

const ACCOUNTS: &str = r#"{"Accounts": [{"Id": "123456789012", "Name": "Publisher",
    "State": "ACTIVE", "Paths": ["o-a1b2c3d4e5/r-ab12/ou-ab12-shops123/123456789012/"]}]}"#;

fn rolled_out() -> TempDir {
    let top = folder(&format!("{ROLL_OUT}{ROLLED_OUT}"));
    fs::write(top.path().join("accounts.json"), ACCOUNTS).unwrap();
    top
}

/// The text that the stack set of a template rolls out.
fn body(template: &[u8]) -> String {
    let template = read::template(template).unwrap();
    let body = &template["Resources"]["RollOut"]["Properties"]["TemplateBody"];
    body.as_str().unwrap().to_owned()
}

#[test]
fn a_stack_set_rolls_out_the_template_beside_it_byte_for_byte() {
    for (format, extension) in [("yaml", "yaml"), ("json", "json")] {
        let top = rolled_out();
        expect(
            &build(top.path(), &["--format", format]),
            0,
            &format!(
                "aws cloudformation deploy --template-file out/roll-out.{extension} --stack-name \
                shared-roll-out --parameter-overrides Partner=VALUE\n    (each account of \
                ou-ab12-banks123 and ou-ab12-shops123 gets its stack set, except the \
                organization's management account)"
            ),
        );
        let out = top.path().join("out");
        let file = |stem: &str| fs::read(out.join(format!("{stem}.{extension}"))).unwrap();
        let restrictions = String::from_utf8(file("restrictions")).unwrap();
        assert_eq!(body(&file("roll-out")), restrictions);
        assert!(restrictions.contains("Deployer") && restrictions.contains("Partner"));
        assert!(!restrictions.contains("NoPublic"));
        // The source says nothing beyond its templates, so it is not read beside them.
        let access = run(top.path(), &["access", "."], b"");
        expect(&access, 0, "");
        assert!(!stdout(&access).contains("shared.layers: "));
        let stacks = stacks(top.path());
        let templates: Vec<&str> = stacks
            .iter()
            .map(|stack| stack["template"].as_str().unwrap())
            .collect();
        let with = |stem: &str| format!("{stem}.{extension}");
        assert_eq!(
            templates,
            [with("deps"), with("roll-out"), with("guardrails")]
        );
        assert_eq!(stacks[1]["scope"], "organization");
        assert_eq!(
            stacks[1]["rolls_out"],
            serde_json::json!({
                "template": with("restrictions"),
                "units": ["ou-ab12-banks123", "ou-ab12-shops123"],
                "regions": ["us-east-1"],
                "capabilities": ["CAPABILITY_NAMED_IAM"],
            })
        );
        expect(&build(top.path(), &["--format", format, "--check"]), 0, "");
        // Read with its stack set, and only there.
        let access = run(top.path(), &["access", "out/"], b"");
        let access = String::from_utf8(access.stdout).unwrap();
        assert!(
            access.contains("RollOut.Deployer (AWS::IAM::Role), rolled out to ou-ab12-banks123")
        );
        assert!(!access.contains("\nDeployer"), "{access}");
        // With a stack of its own, the same is what each account of the stack has.
        fs::write(out.join(with("restrictions")), restrictions + "\n").unwrap();
        let access = run(top.path(), &["access", "out/"], b"");
        let access = String::from_utf8(access.stdout).unwrap();
        assert!(access.contains("\nDeployer"), "{access}");
    }
}

#[test]
fn a_folder_and_one_template_roll_out_the_same() {
    let top = rolled_out();
    expect(&build(top.path(), &[]), 0, "");
    let built = run(top.path(), &["build", "shared.layers"], b"");
    let restrictions = fs::read_to_string(top.path().join("out/restrictions.yaml")).unwrap();
    assert_eq!(body(&built.stdout), restrictions);
    let diff = run(top.path(), &["diff", "shared.layers", "out/"], b"");
    expect(&diff, 0, "");
    assert_eq!(
        String::from_utf8_lossy(&diff.stdout),
        "nobody gains or loses anything\n"
    );
}

#[test]
fn a_stack_stays_when_a_stack_set_takes_over_and_the_other_way_round() {
    let top = folder(ROLLED_OUT);
    fs::write(top.path().join("accounts.json"), ACCOUNTS).unwrap();
    let without_unit = ROLLED_OUT.replace(
        "unit shops = ou-ab12-shops123\naccounts from \"accounts.json\"\n",
        "",
    );
    write(top.path(), &without_unit);
    expect(
        &build(top.path(), &[]),
        0,
        "--stack-name shared-restrictions",
    );
    write(top.path(), &format!("{ROLL_OUT}{ROLLED_OUT}"));
    let output = build(top.path(), &[]);
    expect(
        &output,
        0,
        "warning[left-template]: the stack `shared-restrictions` stays as it is",
    );
    expect(
        &output,
        0,
        "to delete the stack: aws cloudformation delete-stack --stack-name shared-restrictions",
    );
    let names = |stacks: Vec<Json>| -> Vec<String> {
        let names = stacks.iter().map(|stack| stack["name"].as_str().unwrap());
        names.map(str::to_owned).collect()
    };
    assert_eq!(
        names(stacks(top.path())),
        ["shared-deps", "shared-roll-out", "shared-guardrails"]
    );
    write(top.path(), &without_unit);
    let output = build(top.path(), &[]);
    expect(
        &output,
        0,
        "warning[left-template]: `out/roll-out.yaml` and its stack stay as they are",
    );
    expect(&output, 0, "the source no longer has a `roll out`");
    assert_eq!(
        names(stacks(top.path())),
        [
            "shared-deps",
            "shared-restrictions",
            "shared-guardrails",
            "shared-roll-out"
        ]
    );
}

#[test]
fn what_is_rolled_out_fits_into_its_stack_set() {
    let mut source = ROLL_OUT.replace("shops, ", "");
    for number in 0..60 {
        writeln!(
            source,
            "policy p{number} {{\n  deny x*-of-a-long-name from account 123456789012\n  attach to \
            group g{number}\n}}"
        )
        .unwrap();
    }
    let top = folder(&source);
    expect(&build(top.path(), &[]), 0, "");
    for number in 60..140 {
        writeln!(
            source,
            "policy p{number} {{\n  deny x*-of-a-long-name from account 123456789012\n  attach to \
            group g{number}\n}}"
        )
        .unwrap();
    }
    write(top.path(), &source);
    let output = build(top.path(), &[]);
    expect(
        &output,
        1,
        "error[template-size]: the template that is rolled",
    );
    expect(&output, 1, "bytes; the limit is 51,200");
    expect(
        &run(top.path(), &["check", "shared.layers"], b""),
        1,
        "template-size",
    );
}

#[test]
fn helps_that_many_versions_have_are_written_once() {
    let source = "layer deps {\n  version 1, 2, 3, 4, 5 from s3://acme-1/<version>.zip\n}\n";
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("shared.layers"), source).unwrap();
    run(
        place.path(),
        &["build", "shared.layers", "-o", "shared.yaml"],
        b"",
    );
    let output = run(place.path(), &["build", "shared.layers", "-o", "out/"], b"");
    let said = stderr(&output);
    assert_eq!(
        said.matches("would be published again").count(),
        5,
        "{said}"
    );
    assert_eq!(
        said.matches("`layershare adopt` write").count(),
        1,
        "{said}"
    );
    let others = said.matches("help: the same as at shared.layers:2:11\n");
    assert_eq!(others.count(), 4, "{said}");
}

#[test]
fn a_stack_set_of_one_template_moves_to_a_folder() {
    let guardrail = ROLLED_OUT.find("guardrail").unwrap();
    let source = format!("{ROLL_OUT}{}", &ROLLED_OUT[..guardrail]);
    let top = rolled_out();
    write(top.path(), &source);
    let single = ["build", "shared.layers", "-o", "shared.yaml"];
    expect(&run(top.path(), &single, b""), 0, "gets its stack set");
    let moved = source.replace(
        "from s3://acme-1/deps-1.0.0.zip",
        "at arn:aws:lambda:us-east-1:123456789012:layer:deps:1\n  share with publisher",
    );
    write(top.path(), &moved);
    expect(
        &build(top.path(), &[]),
        0,
        "aws cloudformation deploy --template-file out/roll-out.yaml --stack-name shared \
        --parameter-overrides",
    );
    // Roles of the account itself do not move to others at the same time.
    let plain = ROLLED_OUT[..guardrail].replace(
        "unit shops = ou-ab12-shops123\naccounts from \"accounts.json\"\n",
        "",
    );
    let top = folder(&plain);
    expect(&run(top.path(), &single, b""), 0, "");
    write(
        top.path(),
        &(ROLL_OUT.replace("shops, ", "")
            + &plain.replace(
                "from s3://acme-1/deps-1.0.0.zip",
                "at arn:aws:lambda:us-east-1:123456789012:layer:deps:1",
            )),
    );
    expect(
        &build(top.path(), &[]),
        2,
        "first build the single template with `roll out` and deploy it",
    );
}
