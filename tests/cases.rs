//! Sources with their goldens beside them, below `tests/cases`. `SNAPSHOTS=overwrite cargo test`
//! blesses what is new; read what you bless.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use layershare::internals::access::Access;
use layershare::internals::access::authored::Authored;
use layershare::internals::cloudformation::Values;
use layershare::internals::diagnostic::render::{Form, render};
use layershare::internals::syntax::format::format;
use layershare::internals::template::Format;
use std::fs;
use std::path::Path;
use support::Goldens;

#[test]
fn sources_compile_to_their_templates() {
    let mut goldens = Goldens::default();
    for path in support::files("tests/cases/compile", "layers") {
        let source = fs::read_to_string(&path).unwrap();
        goldens.compare(
            &path.with_extension("yaml"),
            support::written(&source, Format::Yaml).unwrap(),
        );
    }
    goldens.finish();
}

#[test]
fn sources_are_reported_with_their_messages() {
    let mut goldens = Goldens::default();
    for path in support::files("tests/cases/report", "layers") {
        let source = fs::read_to_string(&path).unwrap();
        let (compiled, sources) = support::compiled(&source);
        let messages = render(Form::Human, &compiled.diagnostics, &sources);
        let messages = anstream::adapter::strip_str(&messages).to_string();
        goldens.compare(
            &path.with_extension("txt"),
            messages.trim_end().to_owned() + "\n",
        );
    }
    goldens.finish();
}

/// What the compiler writes, it also reads: a property that is not in the lists of
/// `src/access/closed_world.rs` would leave every claim about its template undecided.
#[test]
fn what_is_emitted_is_read() {
    for path in support::files("tests/cases/compile", "layers") {
        let source = fs::read_to_string(&path).unwrap();
        let json = support::written(&source, Format::Json).unwrap();
        let json = serde_json::from_str(&json).unwrap();
        let access = Access::of_template(json, &Values::default(), Authored::default());
        let not_read: Vec<String> = access
            .not_read
            .iter()
            .map(|part| format!("{} is {}", part.place, part.kind))
            .collect();
        assert!(not_read.is_empty(), "{}: {not_read:#?}", path.display());
    }
}

/// The codes that a source expects, as `# ~ code, code` after a line, with the number of the line.
fn expected(source: &str) -> Vec<(usize, String)> {
    let mut expected = Vec::new();
    for (index, line) in source.lines().enumerate() {
        let Some((_, codes)) = line.split_once("# ~ ") else {
            continue;
        };
        let codes = codes.split(", ").map(str::to_owned);
        expected.extend(codes.map(|code| (index + 1, code)));
    }
    expected
}

#[test]
fn sources_are_reported_where_their_notes_say() {
    let mut without_notes = Vec::new();
    for path in support::files("tests/cases/report", "layers") {
        let source = fs::read_to_string(&path).unwrap();
        let mut expected = expected(&source);
        if expected.is_empty() {
            without_notes.push(path.file_stem().unwrap().to_owned());
            continue;
        }
        let (compiled, sources) = support::compiled(&source);
        let mut found: Vec<(usize, String)> = compiled
            .diagnostics
            .iter()
            .map(|diagnostic| {
                let span = diagnostic.primary.span;
                let place = sources.get(span.file).position(span.start);
                (place.line, diagnostic.code.name().to_owned())
            })
            .collect();
        expected.sort();
        found.sort();
        assert_eq!(expected, found, "{}", path.display());
    }
    // A note would become a part of what is not closed there.
    assert_eq!(without_notes, ["syntax"]);
}

#[test]
fn messages_have_the_forms_of_services() {
    let source =
        fs::read_to_string(support::top().join("tests/cases/forms/mistakes.layers")).unwrap();
    let (compiled, sources) = support::compiled(&source);
    let mut goldens = Goldens::default();
    for (form, ending) in [
        (Form::Github, "github.txt"),
        (Form::Gitlab, "gitlab.json"),
        (Form::Sarif, "sarif"),
        (Form::Junit, "junit.xml"),
        (Form::Rdjson, "rdjson"),
    ] {
        let path = support::top()
            .join("tests/cases/forms/mistakes")
            .with_extension(ending);
        let text = render(form, &compiled.diagnostics, &sources);
        // The pages of the codes are held elsewhere.
        let is_page = |line: &str| line.contains("\": \"# `");
        let lines: Vec<&str> = text.lines().filter(|line| !is_page(line)).collect();
        goldens.compare(&path, lines.join("\n") + "\n");
    }
    goldens.finish();
}

#[test]
fn sources_are_formatted() {
    let mut goldens = Goldens::default();
    for path in support::files("tests/cases/format", "layers") {
        let source = fs::read_to_string(&path).unwrap();
        goldens.compare(&path.with_extension("formatted"), format(&source).unwrap());
    }
    goldens.finish();
}

/// The template of a file, which may include others.
fn built(path: &Path, format: &str) -> String {
    let output = support::run(
        support::top(),
        &["build", path.to_str().unwrap(), "--format", format],
        b"",
    );
    assert!(
        output.status.success(),
        "{}: {}",
        path.display(),
        support::stderr(&output)
    );
    support::stdout(&output)
}

#[test]
fn json_says_what_yaml_says() {
    let mut cases = support::files("tests/cases/compile", "layers");
    cases.extend(support::files("examples", "layers"));
    for path in cases {
        let (yaml, json) = (built(&path, "yaml"), built(&path, "json"));
        for text in [&yaml, &json] {
            assert!(
                text.bytes()
                    .all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)),
                "{}",
                path.display()
            );
        }
        let [yaml, json] = support::meanings(&yaml, &json);
        assert_eq!(yaml, json, "{}", path.display());
    }
}
