//! What the documents and the committed templates say is true.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use layershare::internals::diagnostic::has_errors;
use std::fs;
use std::path::{Path, PathBuf};
use support::top;

/// The blocks of a page that are fenced as `layers`.
fn blocks(page: &str) -> impl Iterator<Item = &str> {
    page.split("```layers\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
}

#[test]
fn every_source_in_the_documents_compiles() {
    let mut pages: Vec<PathBuf> = support::files("docs", "md");
    pages.push(top().join("README.md"));
    let mut found = 0;
    for page in pages {
        for block in blocks(&fs::read_to_string(&page).unwrap()) {
            let (compiled, _) = support::compiled(block);
            assert!(
                !has_errors(&compiled.diagnostics),
                "{}: {block}{:#?}",
                page.display(),
                compiled.diagnostics
            );
            found += 1;
        }
    }
    assert!(found >= 5, "only {found} blocks");
}

#[test]
fn the_templates_in_the_readme_are_what_their_sources_compile_to() {
    let readme = fs::read_to_string(top().join("README.md")).unwrap();
    let mut compared = 0;
    // Each template belongs to the source before it.
    let sources: Vec<&str> = readme.split("```layers\n").skip(1).collect();
    for part in sources {
        let Some(shown) = part.split("```yaml\n").nth(1) else {
            continue;
        };
        let source = part.split("```").next().unwrap();
        let template =
            support::written(source, layershare::internals::template::Format::Yaml).unwrap();
        for part in shown.split("```").next().unwrap().split("# …\n") {
            assert!(
                template.contains(part.trim_end()),
                "not in the template:\n{part}"
            );
            compared += 1;
        }
    }
    assert!(compared >= 4, "only {compared} parts");
}

#[test]
fn the_answers_in_the_readme_are_the_programs() {
    let readme = fs::read_to_string(top().join("README.md")).unwrap();
    let source = blocks(&readme).next().unwrap();
    let shown: Vec<&str> = readme
        .split("```text\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    let [message, difference] = shown[..] else {
        unreachable!("the README shows a message and a difference: {shown:?}");
    };
    let last_rule = source
        .lines()
        .find(|line| line.contains("with everyone"))
        .unwrap();
    let (without_reason, _) = last_rule.split_once(" because").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    write("shared.layers", source.replace(last_rule, without_reason));
    let output = support::run(folder.path(), &["check", "shared.layers"], b"");
    assert_eq!(support::stderr(&output), format!("{message}\n1 error\n"));
    write("old.layers", source.replace(last_rule, ""));
    write("new.layers", source.to_owned());
    let output = support::run(folder.path(), &["diff", "old.layers", "new.layers"], b"");
    assert_eq!(support::stdout(&output), difference);
}

/// The text blocks of the manual that are no answers of the program, by their first lines.
const NO_ANSWERS: [&str; 7] = [
    " .layers text ──syntax──▶ tree ──rules──▶ meaning ──template",
    "file            = { statement NL }",
    "accounts from \"accounts.json\"",
    "include \"shared/names.layers\"",
    "layer sdk for arch in x86_64, arm64 {\n  architectures <arch>\n  version 1.4.0, 1.5.0",
    "include \"shared/sdk.layers\"",
    "shared.layers                       the source",
];

#[test]
fn the_sessions_of_the_manual_are_what_the_program_answers() {
    support::sessions("tests/cases/manual", 7);
}

#[test]
fn every_answer_in_the_manual_is_in_a_golden() {
    let goldens = goldens(&top().join("tests/cases"));
    let mut found = 0;
    let mut excepted = 0;
    for page in support::files("docs", "md") {
        let text = fs::read_to_string(&page).unwrap();
        for part in text.split("```text\n").skip(1) {
            let block = part.split("```").next().unwrap();
            if NO_ANSWERS.iter().any(|start| block.starts_with(start)) {
                excepted += 1;
                continue;
            }
            assert!(
                goldens.iter().any(|golden| has_lines(golden, block)),
                "{}: no golden in tests/cases has all these lines:\n{block}",
                page.display()
            );
            found += 1;
        }
    }
    assert_eq!(excepted, NO_ANSWERS.len());
    assert!(found >= 10, "only {found} answers");
}

/// The goldens with what the program prints, in a folder and the folders below it.
fn goldens(folder: &Path) -> Vec<String> {
    let mut goldens = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            goldens.extend(self::goldens(&path));
        } else if path.extension().is_some_and(|ending| ending == "txt") {
            goldens.push(fs::read_to_string(&path).unwrap());
        }
    }
    goldens
}

/// Whether a golden has all lines of a block, in their order; a page may leave out others.
fn has_lines(golden: &str, block: &str) -> bool {
    let mut lines = golden.lines();
    block.lines().all(|line| lines.any(|other| other == line))
}

#[test]
fn templates_are_what_the_examples_say() {
    let templates = support::files("templates", "yaml");
    assert!(templates.len() >= 6);
    for template in templates {
        let name = template.file_stem().unwrap().to_str().unwrap();
        let (source, template) = (
            format!("examples/{name}.layers"),
            format!("templates/{name}.yaml"),
        );
        let output = support::run(top(), &["build", &source, "-o", &template, "--check"], b"");
        assert!(
            output.status.success(),
            "{}{}",
            support::stderr(&output),
            support::stdout(&output)
        );
    }
}

#[test]
fn examples_are_formatted() {
    for example in support::files("examples", "layers") {
        let source = fs::read_to_string(&example).unwrap();
        assert_eq!(
            layershare::internals::syntax::format::format(&source).as_deref(),
            Some(source.as_str()),
            "{}",
            example.display()
        );
    }
}
