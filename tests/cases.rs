//! Sources with their goldens beside them, below `tests/cases`. `SNAPSHOTS=overwrite cargo test` blesses what is new;
//! read what you bless.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use layershare::cloudformation::read;
use layershare::diagnostic::render;
use layershare::syntax::format::format;
use layershare::template::Format;
use snapbox::{Assert, Data, data::DataFormat};
use std::fs;
use std::path::Path;

fn check(golden: &Path, actual: String) {
    Assert::new()
        .action_env("SNAPSHOTS")
        .normalize_paths(false)
        .redact_with(snapbox::Redactions::new())
        .eq(Data::text(actual).raw(), Data::read_from(golden, Some(DataFormat::Text)).raw());
}

#[test]
fn sources_compile_to_their_templates() {
    for path in support::files("tests/cases/compile", "layers") {
        let source = fs::read_to_string(&path).unwrap();
        check(&path.with_extension("yaml"), support::written(&source, Format::Yaml).unwrap());
    }
}

#[test]
fn sources_are_reported_with_their_messages() {
    for path in support::files("tests/cases/report", "layers") {
        let source = fs::read_to_string(&path).unwrap();
        let (compiled, sources) = support::compiled(&source);
        let messages = compiled.diagnostics.iter().map(|diagnostic| render::human(diagnostic, &sources));
        let messages: Vec<String> =
            messages.map(|message| anstream::adapter::strip_str(&message).to_string()).collect();
        check(&path.with_extension("txt"), messages.join("\n\n") + "\n");
    }
}

#[test]
fn sources_are_formatted() {
    for path in support::files("tests/cases/format", "layers") {
        let source = fs::read_to_string(&path).unwrap();
        check(&path.with_extension("formatted"), format(&source).unwrap());
    }
}

#[test]
fn json_says_what_yaml_says() {
    let cases = support::files("tests/cases/compile", "layers");
    for path in cases.into_iter().chain(support::files("examples", "layers")) {
        let source = fs::read_to_string(&path).unwrap();
        let Some(yaml) = support::written(&source, Format::Yaml) else {
            continue;
        };
        let json = support::written(&source, Format::Json).unwrap();
        for text in [&yaml, &json] {
            assert!(text.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)), "{}", path.display());
        }
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read::template(yaml.as_bytes()).unwrap(), json, "{}", path.display());
    }
}
