//! The rules that every template follows, each with its reason. `docs/sharing-over-time.md` tells
//! what follows from them.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use layershare::internals::cloudformation::{Template, Values, read};
use layershare::internals::rules::load::Root;
use layershare::internals::source::Sources;
use layershare::internals::template::limits::Limits;
use layershare::internals::template::lower::Placement;
use layershare::internals::template::published::Earlier;
use layershare::internals::template::{Format, published};
use serde_json::Value;
use support::written;

fn template(source: &str) -> Value {
    serde_json::from_str(&written(source, Format::Json).unwrap()).unwrap()
}

fn resource<'t>(template: &'t Value, id: &str) -> &'t Value {
    let found = &template["Resources"][id];
    assert!(found.is_object(), "no {id} in {:?}", ids(template));
    found
}

fn ids(template: &Value) -> Vec<&str> {
    template["Resources"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

const TWO: &str = "layer deps {
  version 1.0 from s3://bucket-1/1.zip
  version 1.1 from s3://bucket-1/2.zip
  share with account 123456789012
}";

/// Rule 1. A kept version keeps its sharing: publishing another one touches nothing of it.
#[test]
fn a_new_version_leaves_the_resources_of_the_old_ones_alone() {
    let before = template(&TWO.replace("  version 1.1 from s3://bucket-1/2.zip\n", ""));
    let after = template(TWO);
    for id in ids(&before) {
        assert_eq!(before["Resources"][id], after["Resources"][id]);
    }
}

/// Rule 2. A removed rule revokes: whatever the version carries, its grants are deleted with the
/// rule.
#[test]
fn grants_are_deleted_with_their_rule() {
    for old_versions in ["keep", "delete"] {
        for content in [
            "version 1.0 from s3://bucket-1/1.zip",
            "content s3://bucket-1/1.zip",
        ] {
            let share = "share with account 123456789012, organization o-a1b2c3d4e5";
            let source =
                format!("layer deps {{\n{content}\nold-versions {old_versions}\n{share}\n}}");
            let template = template(&source);
            let grants = ids(&template).into_iter().filter(|id| id.contains("To"));
            let policies: Vec<&Value> = grants
                .map(|id| &resource(&template, id)["DeletionPolicy"])
                .collect();
            assert_eq!(policies, ["Delete", "Delete"], "{source}");
        }
    }
}

/// Rule 3. The logical ID names the principal, not its alias: another principal is another grant.
#[test]
fn the_logical_id_of_a_grant_names_its_principal() {
    let source = "account a = 123456789012\nparameter P account\naccount b = ${P}\nlayer deps {
      version 1.0 from s3://bucket-1/1.zip\nshare with a, b, organization o-a1b2c3d4e5\nshare with \
    everyone because \"x\"\n}";
    let template = template(source);
    let grants: Vec<&str> = ids(&template)
        .into_iter()
        .filter_map(|id| id.strip_prefix("DepsV1x0To"))
        .collect();
    assert_eq!(
        grants,
        [
            "Account123456789012",
            "AccountP",
            "OrganizationOA1b2c3d4e5",
            "Everyone"
        ]
    );
}

/// Rule 3. Under `Retain` the old value of a changed parameter would stay granted; a version whose
/// creation fails is not a version to keep.
#[test]
fn parameters_are_revoked_when_they_change_and_failed_versions_leave_no_orphan() {
    let source = "parameter P account\naccount b = ${P}\nlayer deps \
    {\ncontent s3://bucket-1/1.zip\nshare with b\n}";
    let template = template(source);
    assert_eq!(
        resource(&template, "DepsToAccountP")["UpdateReplacePolicy"],
        "Delete"
    );
    assert_eq!(
        resource(&template, "Deps")["DeletionPolicy"],
        "RetainExceptOnCreate"
    );
    assert_eq!(resource(&template, "Deps")["UpdateReplacePolicy"], "Retain");
}

/// Rule 4. A rolling layer's old versions stay shared; a removed rule revokes on the newest.
#[test]
fn old_versions_of_a_rolling_layer_stay_shared() {
    let source = "layer deps {\ncontent s3://bucket-1/1.zip\nshare with account 123456789012\n}";
    let template = template(source);
    let grant = resource(&template, "DepsToAccount123456789012");
    assert_eq!(grant["UpdateReplacePolicy"], "Retain");
    assert_eq!(grant["DeletionPolicy"], "Delete");
}

/// Rule 5. A fresh region numbers the versions alike.
#[test]
fn versions_depend_on_each_other_in_the_listed_order() {
    let template = template(TWO);
    assert_eq!(resource(&template, "DepsV1x1")["DependsOn"], "DepsV1x0");
    assert!(resource(&template, "DepsV1x0").get("DependsOn").is_none());
}

/// Rule 6. Logical IDs are stable under renamed aliases, and two things never share one.
#[test]
fn logical_ids_are_stable_and_unique() {
    let named = |name: &str| {
        let source = format!(
            "account {name} = 123456789012\nlayer deps \
            {{\ncontent s3://b-1/1.zip\nshare with {name}\n}}"
        );
        template(&source)
    };
    assert_eq!(named("a"), named("b"));
    let clash =
        "layer my-deps {\ncontent s3://b-1/1.zip\n}\nlayer my_deps {\ncontent s3://b-1/1.zip\n}";
    assert_eq!(support::codes(clash), ["logical-id-clash"]);
    let with_parameter = "parameter Deps\nlayer deps {\ncontent s3://b-1/${Deps}\n}";
    assert_eq!(support::codes(with_parameter), ["logical-id-clash"]);
}

/// Rule 7. One grant for each version and principal: a second one would survive the removal of the
/// first.
#[test]
fn many_rules_and_groups_lead_to_one_grant() {
    let source =
        "account a = 123456789012\naccount b = 123456789012\ngroup g = a, b\ngroup h = g, \
    account 123456789012
      layer deps \
    {\nversion 1 from s3://b-1/1.zip\nshare with h\nshare with a\nshare version 1 with g, b\n}";
    assert_eq!(
        ids(&template(source)),
        ["DepsV1", "DepsV1ToAccount123456789012"]
    );
}

/// Rule 8. The same source gives the same bytes, and so does the same source in another order.
#[test]
fn the_order_of_statements_does_not_change_the_output() {
    let statements = [
        "account a = 123456789012",
        "organization o = o-a1b2c3d4e5",
        "group g = a, o",
        "layer one {\nshare with g\nversion 1 from s3://b-1/1.zip\n}",
        "layer two {\nversion 1 from s3://b-1/${B}\n\
        share with o, a because \"x\"\nshare with a because \"w\"\n}",
        "parameter B",
    ];
    let forwards = written(&statements.join("\n"), Format::Yaml).unwrap();
    let reversed: Vec<&str> = statements.iter().rev().copied().collect();
    assert_eq!(
        forwards,
        written(&reversed.join("\n"), Format::Yaml).unwrap()
    );
}

/// Rule 9. What a YAML 1.1 reader could take for something else is quoted; an ID that loses its
/// quotes is an ARN.
#[test]
fn account_ids_stay_texts() {
    let yaml = written(
        "layer deps \
        {\ncontent s3://b-1/1.zip\nshare with account 123456789012, account 017000801446\n}",
        Format::Yaml,
    );
    let yaml = yaml.unwrap();
    assert!(yaml.contains("Principal: '123456789012'\n"), "{yaml}");
    assert!(
        yaml.contains("Principal: !Sub arn:${AWS::Partition}:iam::017000801446:root\n"),
        "{yaml}"
    );
}

fn republished(before: &str, after: &str, meant: &[&str]) -> Vec<String> {
    over(&written(before, Format::Yaml).unwrap(), after, meant)
}

/// What is said about a source that is built over a template.
fn over(before: &str, after: &str, meant: &[&str]) -> Vec<String> {
    let template = read::template(before.as_bytes()).unwrap();
    let deployed = Template::new(template.clone(), &Values::default())
        .json()
        .clone();
    let before = Earlier::new(before.as_bytes(), &template, deployed);
    let compiled = support::compiled(after).0;
    let meant: Vec<String> = meant.iter().map(ToString::to_string).collect();
    let mut found = Vec::new();
    published::check(
        &before,
        &compiled.lowered.unwrap(),
        &meant,
        compiled.start,
        &mut found,
    );
    found
        .into_iter()
        .map(|diagnostic| diagnostic.message)
        .collect()
}

/// Rule 10. Every property of a layer version is create-only: an edit would publish it again.
#[test]
fn a_published_version_is_not_published_again_by_accident() {
    let edited = TWO.replace("layer deps {", "layer deps {\n  description \"new\"");
    assert_eq!(republished(TWO, &edited, &[]).len(), 2);
    assert_eq!(
        republished(TWO, &edited, &["1.0"]),
        ["version `1.1` of `deps` would be published again"]
    );
    let renamed = TWO.replace("layer deps {", "layer dependencies {\n  name deps");
    assert_eq!(republished(TWO, &renamed, &[]).len(), 2);
    let other_layer = TWO.replace("layer deps {", "layer other {");
    assert_eq!(republished(TWO, &other_layer, &[]).len(), 2);
    let more = TWO.replace("  share", "  version 1.2 from s3://bucket-1/3.zip\n  share");
    assert_eq!(republished(TWO, &more, &[]), Vec::<String>::new());
    let unshared = TWO.replace("  share with account 123456789012\n", "");
    assert_eq!(republished(TWO, &unshared, &[]), Vec::<String>::new());
}

/// A version that is shared by its ARN from now on is not deleted by the same deploy.
#[test]
fn an_adopted_version_is_not_deleted_when_the_stack_gives_it_up() {
    let adopted = "layer deps {\n\
    version 1.0 at arn:aws:lambda:us-east-1:111122223333:layer:deps:1\n\
    share with account 123456789012\n}";
    let listed = TWO.replace("  version 1.1 from s3://bucket-1/2.zip\n", "");
    let rolling = listed.replace("version 1.0 from", "content");
    for published in [listed, rolling] {
        assert_eq!(republished(&published, adopted, &[]), Vec::<String>::new());
        let deleted = published.replace("  share", "  old-versions delete\n  share");
        let found = republished(&deleted, adopted, &[]);
        assert_eq!(
            found,
            ["the deploy would delete a version of `deps` that may be this one"],
            "{deleted}"
        );
    }
}

/// The name of a layer at AWS is what counts, and not what a source calls it: a version that is
/// listed by its ARN is not deleted under another name.
#[test]
fn a_version_that_is_adopted_under_another_name_is_not_deleted() {
    let deletes = TWO.replace("  share", "  old-versions delete\n  share");
    let other = "layer other {\n\
    version x at arn:aws:lambda:us-east-1:111122223333:layer:LAYER:1\n\
    share with everyone because \"x\"\n}";
    let found = republished(&deletes, &other.replace("LAYER", "deps"), &[]);
    assert_eq!(
        found,
        ["the deploy would delete a version of `other` that may be this one"; 2]
    );
    assert_eq!(
        republished(&deletes, &other.replace("LAYER", "tools"), &[]),
        Vec::<String>::new()
    );
    let parameter = format!(
        "parameter A\n{}",
        other.replace(
            "arn:aws:lambda:us-east-1:111122223333:layer:LAYER:1",
            "${A}"
        )
    );
    assert_eq!(republished(&deletes, &parameter, &[]).len(), 2);
    let besides = format!(
        "{}\n{}",
        deletes.replace("version 1.0 from s3://bucket-1/1.zip", ""),
        other.replace("LAYER", "deps")
    );
    assert_eq!(republished(&deletes, &besides, &[]).len(), 1, "{besides}");
}

/// `old-versions delete` says that a version goes with its line.
#[test]
fn a_version_is_deleted_where_the_source_says_so() {
    let deletes = TWO.replace("  share", "  old-versions delete\n  share");
    let one = deletes.replace("  version 1.0 from s3://bucket-1/1.zip\n", "");
    assert_eq!(republished(&deletes, &one, &[]), Vec::<String>::new());
    assert_eq!(
        republished(
            &deletes,
            "layer other {\ncontent s3://bucket-1/1.zip\n}",
            &[]
        ),
        Vec::<String>::new()
    );
}

/// A template of somebody else's deletes what leaves it, unless it says that it stays.
#[test]
fn versions_of_other_templates_are_deleted_by_default() {
    const FOREIGN: &str = "Transform: AWS::Serverless-2016-10-31\nResources:\n  Shared:\n    Type: \
    AWS::Lambda::LayerVersion\n    Properties:\n      LayerName: deps\n      Content: \
    {S3Bucket: bucket-1, S3Key: old.zip}\n";
    let with = |lines: &str| FOREIGN.replace("    Properties:", &format!("{lines}    Properties:"));
    let adopted = "layer deps {\n\
    version 1.0 at arn:aws:lambda:us-east-1:111122223333:layer:deps:1\n\
    share with account 123456789012\n}";
    let may_be_this = ["the deploy would delete a version of `deps` that may be this one"];
    let deleted = ["the deploy would delete the version that `Shared` published"];
    for lines in [
        "",
        "    DeletionPolicy: Delete\n",
        "    DeletionPolicy: !Ref Policy\n",
        "    UpdateReplacePolicy: Retain\n",
    ] {
        assert_eq!(over(&with(lines), adopted, &[]), may_be_this, "{lines}");
        assert_eq!(
            over(
                &with(lines),
                "layer other {\ncontent s3://bucket-1/1.zip\n}",
                &[]
            ),
            deleted,
            "{lines}"
        );
    }
    for lines in [
        "    DeletionPolicy: Retain\n",
        "    DeletionPolicy: RetainExceptOnCreate\n",
    ] {
        assert_eq!(
            over(&with(lines), adopted, &[]),
            Vec::<String>::new(),
            "{lines}"
        );
    }
    // A line that was written into a template of ours is not what the source says.
    let by_hand = format!("# Generated by layershare from a.layers.\n{FOREIGN}");
    assert_eq!(
        over(
            &by_hand,
            "layer other {\ncontent s3://bucket-1/1.zip\n}",
            &[]
        ),
        deleted
    );
    let serverless = FOREIGN.replace("AWS::Lambda::", "AWS::Serverless::");
    assert_eq!(over(&serverless, adopted, &[]), Vec::<String>::new());
    for said in ["Delete", "delete"] {
        let deletes = serverless.replace(
            "      LayerName",
            &format!("      RetentionPolicy: {said}\n      LayerName"),
        );
        assert_eq!(over(&deletes, adopted, &[]), may_be_this);
    }
    let nameless = FOREIGN.replace("      LayerName: deps\n", "");
    assert_eq!(over(&nameless, adopted, &[]), may_be_this);
    let by_arn = FOREIGN.replace(
        "LayerName: deps",
        "LayerName: arn:aws:lambda:us-east-1:111122223333:layer:deps",
    );
    assert_eq!(over(&by_arn, adopted, &[]), may_be_this);
    let looped = "Transform: AWS::LanguageExtensions\nResources:\n  Fn::ForEach::All:\n    - \
    Name\n    - [deps]\n    - Layer${Name}:\n        Type: AWS::Lambda::LayerVersion\n        \
    Properties: {LayerName: !Ref Name, Content: {S3Bucket: b-1, S3Key: k}}\n";
    assert_eq!(over(looped, adopted, &[]), may_be_this);
}

/// A version of somebody else's template that is replaced under its logical ID is deleted as well.
#[test]
fn versions_of_other_templates_are_deleted_when_they_are_replaced() {
    let foreign = "Resources:\n  Deps:\n    Type: AWS::Lambda::LayerVersion\n    \
    Properties:\n      LayerName: deps\n      Content:\n        S3Bucket: bucket-1\n        S3Key: \
    old.zip\n";
    let rolling = "layer deps {\ncontent s3://bucket-1/KEY.zip\n}";
    let found = over(foreign, &rolling.replace("KEY", "new"), &[]);
    assert_eq!(
        found,
        ["the deploy would delete the version that `Deps` published"]
    );
    assert_eq!(
        over(foreign, &rolling.replace("KEY", "old"), &[]),
        Vec::<String>::new()
    );
    let kept = foreign.replace(
        "    Properties",
        "    UpdateReplacePolicy: Retain\n    Properties",
    );
    assert_eq!(
        over(&kept, &rolling.replace("KEY", "new"), &[]),
        Vec::<String>::new()
    );
}

/// The grants of a rolling layer's newest version go with the block, which is said; those before
/// stay.
#[test]
fn a_rolling_layer_that_leaves_with_grants_is_told() {
    let share = "share with account 123456789012, organization o-a1b2c3d4e5";
    let other = "layer other {\ncontent s3://bucket-1/2.zip\n}";
    let lost = ["the deploy would delete 2 grants of the version that `Deps` published"];
    for lines in ["", "old-versions delete\n"] {
        let rolling = format!("layer deps {{\ncontent s3://bucket-1/1.zip\n{lines}{share}\n}}");
        assert_eq!(republished(&rolling, other, &[]), lost, "{rolling}");
        assert_eq!(
            republished(
                &rolling,
                &rolling.replace("layer deps {", "layer tools {\nname deps"),
                &[]
            ),
            lost
        );
        assert_eq!(
            republished(&rolling, &rolling.replace(share, ""), &[]),
            Vec::<String>::new()
        );
    }
    let named = format!("layer d {{\nname deps\ncontent s3://bucket-1/1.zip\n{share}\n}}");
    assert_eq!(
        republished(&named, other, &[]),
        ["the deploy would delete 2 grants of the version that `D` published"]
    );
    let adopted = "layer deps {\n\
    version 1.0 at arn:aws:lambda:us-east-1:111122223333:layer:deps:1\n\
    share with account 123456789012\n}";
    assert_eq!(
        republished(
            &format!("layer deps {{\ncontent s3://bucket-1/1.zip\n{share}\n}}"),
            adopted,
            &[]
        ),
        Vec::<String>::new()
    );
    assert_eq!(
        republished("layer deps {\ncontent s3://bucket-1/1.zip\n}", other, &[]),
        Vec::<String>::new()
    );
    assert_eq!(republished(TWO, other, &[]), Vec::<String>::new());
}

/// Rule 11. A reader of the template learns which file to edit.
#[test]
fn the_first_lines_name_the_source() {
    let yaml = written(TWO, Format::Yaml).unwrap();
    assert!(
        yaml.starts_with("# Generated by layershare from test.layers.\n# Do not edit"),
        "{yaml}"
    );
}

/// A source of names alone makes a template without resources, which both forms leave out.
#[test]
fn names_alone_are_the_same_in_both_forms() {
    let names = "account data-team = 123456789012\n";
    let (yaml, json) = (
        written(names, Format::Yaml).unwrap(),
        written(names, Format::Json).unwrap(),
    );
    let mut json: Value = serde_json::from_str(&json).unwrap();
    // JSON has no first line to say who wrote it.
    assert!(json.as_object_mut().unwrap().remove("Metadata").is_some());
    assert_eq!(read::template(yaml.as_bytes()).unwrap(), json);
}

/// A text of the user's never ends the comment that it stands in.
#[test]
fn a_reason_stays_inside_its_comment() {
    let source = "layer deps \
    {\ncontent s3://b-1/1.zip\nshare with everyone because \"x\\n  Evil:\\n    Type: A\"\n}";
    let yaml = written(source, Format::Yaml).unwrap();
    assert!(yaml.contains("  # x\\n  Evil:\\n    Type: A\n"), "{yaml}");
    let plain = written(
        &source.replace("x\\n  Evil:\\n    Type: A", "x"),
        Format::Yaml,
    )
    .unwrap();
    assert_eq!(
        read::template(yaml.as_bytes()).unwrap(),
        read::template(plain.as_bytes()).unwrap()
    );
}

/// Included names count as if they stood in the source, and only the parameters that are used come
/// along.
#[test]
fn includes_give_their_names() {
    let files = [
        (
            "names.layers",
            "include \"deeper/more.layers\"\nparameter Unused\nparameter Bucket\naccount a = \
            ${Partner}",
        ),
        (
            "deeper/more.layers",
            "parameter Partner account\ninclude \"../other.layers\"",
        ),
        ("other.layers", "group g = a, everyone"),
    ];
    let memory = support::Memory(
        files
            .iter()
            .map(|(path, text)| ((*path).into(), (*text).to_owned()))
            .collect(),
    );
    let source = "include \"names.layers\"\nlayer deps \
    {\nversion 1 from s3://${Bucket}/1.zip\nshare with g because \"x\"\n}";
    let root = Root {
        name: "a.layers".to_owned(),
        path: Some("a.layers".into()),
        bytes: source.into(),
    };
    let mut memory = memory;
    let path = |from: &str| memory.0.get(std::path::Path::new(from)).cloned();
    let other = path("other.layers").unwrap();
    memory.0.insert("deeper/../other.layers".into(), other);
    let mut sources = Sources::default();
    let compiled = layershare::internals::pipeline::compile(
        root,
        &Placement::default(),
        Limits::default(),
        &memory,
        &mut sources,
    );
    let template = compiled.lowered.unwrap().template;
    let parameters: Vec<&str> = template
        .parameters
        .iter()
        .map(|parameter| parameter.name.as_str())
        .collect();
    assert_eq!(parameters, ["Bucket", "Partner"]);
    let ids: Vec<&str> = template
        .resources
        .iter()
        .map(|resource| resource.id.as_str())
        .collect();
    assert_eq!(
        ids,
        ["DepsV1", "DepsV1ToAccountPartner", "DepsV1ToEveryone"]
    );
}

/// Nobody may assume a role by a trust policy alone: `*` never includes the account of the stack,
/// where that would be enough.
#[test]
fn a_principal_that_is_everybody_leaves_out_the_own_account() {
    let source =
        "role r {\n  trust organization o-a1b2c3d4e5, account 123456789012\n  allow none\n}";
    let template = template(source);
    let trust = &resource(&template, "R")["Properties"]["AssumeRolePolicyDocument"]["Statement"];
    let statements = trust.as_array().unwrap();
    let open: Vec<&Value> = statements
        .iter()
        .filter(|statement| statement["Principal"]["AWS"] == "*")
        .collect();
    assert_eq!(open.len(), 1);
    for statement in open {
        assert_eq!(
            statement["Condition"]["StringNotEquals"]["aws:PrincipalAccount"]["Ref"],
            "AWS::AccountId"
        );
        assert_eq!(
            statement["Condition"]["StringEquals"]["aws:PrincipalOrgID"][0],
            "o-a1b2c3d4e5"
        );
    }
}

/// Every layer shows the ARN of its newest version, wherever that comes from, and exports nothing:
/// a stack that imports an ARN would keep this one from publishing the next version.
#[test]
fn the_newest_version_of_every_layer_is_an_output() {
    let source = format!(
        "{TWO}
layer nightly {{
  content s3://bucket-1/nightly.zip
}}
layer old {{
  version 1 from s3://bucket-1/old.zip
  version 7 at arn:aws:lambda:us-east-1:111122223333:layer:old:7
}}"
    );
    let expected = serde_json::json!({
        "DepsNewestArn": {
            "Description": "The ARN of the newest version of deps",
            "Value": { "Ref": "DepsV1x1" },
        },
        "NightlyNewestArn": {
            "Description": "The ARN of the newest version of nightly",
            "Value": { "Ref": "Nightly" },
        },
        "OldNewestArn": {
            "Description": "The ARN of the newest version of old",
            "Value": "arn:aws:lambda:us-east-1:111122223333:layer:old:7",
        },
    });
    assert_eq!(template(&source)["Outputs"], expected);
}

/// CloudFormation refuses a template with more than 200 outputs.
#[test]
fn no_template_has_more_outputs_than_cloudformation_takes() {
    let layers = |count: usize| -> String {
        (0..count)
            .map(|index| format!("layer l{index} {{\n  content s3://bucket-1/{index}.zip\n}}\n"))
            .collect()
    };
    assert_eq!(
        template(&layers(200))["Outputs"].as_object().unwrap().len(),
        200
    );
    let beyond = template(&layers(201));
    assert!(beyond.get("Outputs").is_none());
    assert_eq!(ids(&beyond).len(), 201);
}

#[test]
fn a_layer_with_variables_is_the_layers_that_it_stands_for() {
    let body = |arch: &str, version: &str| {
        format!(
            "  description \"For {arch}\"\n  architectures {arch}\n  \
            {version}  share version 1.1 with account 123456789012\n  publish to /sdk/{arch}\n"
        )
    };
    let versions = |arch: &str| {
        format!(
            "version 1.0 from s3://acme-1/1.0-{arch}.zip\n  version 1.1 from \
            s3://acme-1/1.1-{arch}.zip\n"
        )
    };
    let mut written_out = String::new();
    for arch in ["arm64", "x86_64"] {
        let body = body(arch, &versions(arch));
        written_out.push_str(&format!("layer sdk-{arch} {{\n{body}}}\n"));
    }
    let pattern = "version 1.0, 1.1 from s3://acme-1/<version>-<arch>.zip\n";
    let body = body("<arch>", pattern);
    let with_variable = format!("layer sdk for arch in x86_64, arm64 {{\n{body}}}\n");
    for form in [Format::Yaml, Format::Json] {
        assert_eq!(written(&with_variable, form), written(&written_out, form));
    }
    assert!(written(&with_variable, Format::Yaml).is_some());
}

#[test]
fn a_grant_that_may_not_be_there_has_a_condition_and_no_value_decides() {
    let source = "parameter Open switch = false\nparameter Partner optional organization\n\
        parameter Auditor optional account\nlayer deps {\n  \
        version 1 from s3://acme-1/deps-1.zip\n  share with organization ${Partner}, account \
        ${Auditor}\n  share with everyone because \"released\" when Open\n}\n";
    let template = written(source, Format::Yaml).unwrap();
    // `AWS::NoValue` in the place of an organization would share with everybody.
    assert!(!template.contains("NoValue") && !template.contains("Fn::If"));
    let grants = template.split("Type: AWS::Lambda::LayerVersionPermission\n");
    let conditions: Vec<&str> = grants
        .skip(1)
        .map(|grant| grant.lines().next().unwrap().trim())
        .collect();
    assert_eq!(
        conditions,
        [
            "Condition: AuditorIsGiven",
            "Condition: PartnerIsGiven",
            "Condition: OpenIsTrue"
        ]
    );
}

#[test]
fn what_a_rolling_layer_shares_by_a_switch_does_not_outlive_it() {
    let policies = |clause: &str| {
        let source = format!(
            "parameter Open switch\nlayer deps {{\n  content s3://acme-1/deps-1.zip\n  \
            share with account 123456789012{clause}\n}}\n"
        );
        let template = written(&source, Format::Yaml).unwrap();
        let (_, grant) = template.split_once("LayerVersionPermission").unwrap();
        grant.contains("UpdateReplacePolicy: Retain")
    };
    assert!(policies(" because \"always\""));
    assert!(!policies(" when Open") && !policies(" unless Open"));
}

/// The console's order and labels of parameters are metadata: nothing that a deploy creates depends
/// on them, and a template without labels has none.
#[test]
fn labels_of_parameters_change_metadata_and_nothing_else() {
    let source = |stage: &str, bucket: &str| {
        format!(
            "parameter Stage = dev{stage}\nparameter Bucket{bucket}\nlayer deps {{\n\
            description \"${{Stage}}\"\nversion 1 from s3://${{Bucket}}/1.zip\n}}"
        )
    };
    let label = " {\nlabel \"Which stage\"\n}";
    let plain = template(&source("", ""));
    assert_eq!(plain["Metadata"].as_object().unwrap().len(), 1, "{plain}");
    let mut labeled = template(&source(label, ""));
    let interface = labeled["Metadata"]
        .as_object_mut()
        .unwrap()
        .shift_remove("AWS::CloudFormation::Interface")
        .unwrap();
    assert_eq!(labeled, plain);
    assert_eq!(
        interface,
        serde_json::json!({
            "ParameterGroups": [{ "Parameters": ["Stage", "Bucket"] }],
            "ParameterLabels": { "Stage": { "default": "Which stage" } },
        })
    );
}

/// A layer of an included file is a layer of the source: the template is the same, byte for byte,
/// and a local archive is found from the folder of the file that names it.
#[test]
fn included_layers_are_layers_of_the_source() {
    let layer = |path: &str| {
        format!(
            "layer fonts for arch in x86_64, arm64 {{\narchitectures <arch>\n\
            content {path}/fonts-<arch>.zip\nshare with testers\npublish to /fonts/<arch>\n}}\n"
        )
    };
    let stage = "account testers = 123456789012\nexpect only testers can use fonts\n";
    let built = |name: &str, source: &str, files: &[(&str, &str)]| {
        let files = files.iter();
        let files = files.map(|(path, text)| ((*path).into(), (*text).to_owned()));
        let compiled = layershare::internals::pipeline::compile(
            Root {
                name: name.to_owned(),
                path: Some(name.into()),
                bytes: source.into(),
            },
            &Placement::default(),
            Limits::default(),
            &support::Memory(files.collect()),
            &mut Sources::default(),
        );
        let mut bytes = Vec::new();
        let lowered = compiled.lowered.unwrap_or_else(|| {
            unreachable!("{source}\n{:#?}", compiled.diagnostics);
        });
        lowered.template.write(Format::Yaml, &mut bytes);
        String::from_utf8(bytes).unwrap()
    };
    for (path, from_here, from_there) in [
        ("all.layers", "./build", "./build"),
        ("shared/all.layers", "./shared/build", "./build"),
        ("shared/all.layers", "./shared/../build", "../build"),
        ("../all.layers", "../build", "./build"),
    ] {
        let whole = built("stage.layers", &format!("{stage}{}", layer(from_here)), &[]);
        let source = format!("include \"{path}\"\n{stage}");
        let split = built("stage.layers", &source, &[(path, &layer(from_there))]);
        assert_eq!(whole, split, "{path}");
    }
}
