//! Every code has a page, and the examples on it behave as the page says. An example is a source,
//! or a template with functions, which `uses` reads with the arguments that stand behind its fence,
//! or the description of an archive (`support/archive.rs`), which `inspect` reads in the same way.
//! What the first one is reported with, word for word, is in `tests/cases/codes/NAME.txt`.
//!
//! The first block of a page is reported with its code, the last one is not and compiles. What a
//! block cannot say by itself, the words behind its fence do: `file=NAME` is another file beside
//! the source; `bytes` has `\xNN` for bytes that Markdown cannot hold; `after` is built over the
//! template of the last block; `folder` is built to a folder, and `after folder` over that of the
//! last block; `diff` is compared with the last block, and `drift` with the policies in
//! `live.json`; in `repeat`, a line with `{n}` is repeated for the numbers 100 to
//! 249, and `{long}` is a long text. `./present.zip` and `./present` exist.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

mod support;

use layershare::internals::diagnostic::Code;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use support::{Goldens, archive, run, stderr, stdout};

struct Block<'p> {
    language: &'p str,
    words: &'p str,
    text: &'p str,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    for fenced in page.split("```").skip(1).step_by(2) {
        let (fence, text) = fenced.split_once('\n').unwrap();
        let (language, words) = fence.split_once(' ').unwrap_or((fence, ""));
        if ["layers", "yaml", "json", "zip"].contains(&language) {
            blocks.push(Block {
                language,
                words: words.trim(),
                text,
            });
        }
    }
    blocks
}

/// The bytes that a block stands for.
fn expand(block: &Block<'_>) -> Vec<u8> {
    match block.words {
        _ if block.language == "zip" => archive::described(block.text),
        "repeat" => repeat(block.text).into_bytes(),
        "bytes" => bytes(block.text),
        _ => block.text.as_bytes().to_vec(),
    }
}

fn repeat(text: &str) -> String {
    let lines = text.lines().flat_map(|line| {
        let numbers = if line.contains("{n}") { 100..250 } else { 0..1 };
        numbers.map(move |n| {
            line.replace("{n}", &n.to_string())
                .replace("{long}", &"long ".repeat(10_000))
                + "\n"
        })
    });
    lines.collect()
}

fn bytes(text: &str) -> Vec<u8> {
    let mut parts = text.split("\\x");
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    bytes
}

/// The name of the file that a block is, and the arguments with which the program reads it.
fn command<'b>(block: &Block<'b>) -> (&'static str, Vec<&'b str>) {
    match block.language {
        "yaml" => {
            let words = block.words.split_whitespace();
            (
                "template.yaml",
                ["uses", "template.yaml"].into_iter().chain(words).collect(),
            )
        }
        "zip" => {
            let words = block.words.split_whitespace();
            (
                "layer.zip",
                ["inspect", "layer.zip"].into_iter().chain(words).collect(),
            )
        }
        _ if block.words == "drift" => {
            ("shared.layers", vec!["drift", "shared.layers", "live.json"])
        }
        _ => ("shared.layers", vec!["check", "shared.layers"]),
    }
}

/// The codes with which the program reports a source, each with its severity, and whether it has
/// errors.
fn reported(
    folder: &Path,
    file: &str,
    source: &[u8],
    arguments: &[&str],
) -> (BTreeMap<String, String>, bool) {
    fs::write(folder.join(file), source).unwrap();
    let all = [arguments, &["--message-format", "json"]].concat();
    let output = run(folder, &all, b"");
    let mut codes = BTreeMap::new();
    for line in stderr(&output).lines() {
        let message: serde_json::Value = serde_json::from_str(line).unwrap();
        let (Some(code), Some(severity)) = (message["code"].as_str(), message["severity"].as_str())
        else {
            panic!("{line}")
        };
        codes.insert(code.to_owned(), severity.to_owned());
    }
    (codes, output.status.code() != Some(0))
}

/// A page has its title and a meaning, then what is reported, then how it is fixed in words and in
/// a source.
fn check_form(name: &str, page: &str) {
    let meaning = page
        .strip_prefix(&format!("# `{name}`\n\n"))
        .unwrap_or_default();
    let parts: Vec<&str> = meaning.split("\n## ").collect();
    let [meaning, reported, fixed] = parts.as_slice() else {
        panic!("{name}: the page has {} parts", parts.len())
    };
    assert!(
        !meaning.trim().is_empty(),
        "{name}: the page does not say what the code means"
    );
    assert!(
        reported.starts_with("Reported\n\n") && reported.ends_with("```\n"),
        "{name}: nothing is reported"
    );
    let (advice, source) = fixed.split_once("```").unwrap_or_default();
    let advice = advice.strip_prefix("Fixed\n\n").unwrap_or_default();
    assert!(
        !advice.trim().is_empty(),
        "{name}: the page does not say how to fix it"
    );
    assert!(
        source.ends_with("\n```\n") && source.matches("```").count() == 1,
        "{name}: the page does not end with one source"
    );
}

fn check_page(code: Code, goldens: &mut Goldens) {
    let (name, page) = (code.name(), code.page());
    check_form(name, page);
    let top = tempfile::tempdir().unwrap();
    let folder = top.path().join("source");
    fs::create_dir_all(folder.join("present")).unwrap();
    fs::create_dir(folder.join("present/python")).unwrap();
    fs::write(folder.join("present/python/shared.py"), "").unwrap();
    let present = archive::described("python/shared.py: 644 text");
    fs::write(folder.join("present.zip"), present).unwrap();
    let blocks = blocks(page);
    for block in &blocks {
        if let Some(file) = block.words.strip_prefix("file=") {
            fs::write(folder.join(file), expand(block)).unwrap();
        }
    }
    let bad = blocks
        .iter()
        .find(|block| !block.words.starts_with("file="))
        .unwrap();
    let good = blocks.last().unwrap();
    let (file, arguments) = command(good);
    let (codes, failed) = reported(&folder, file, &expand(good), &arguments);
    assert!(
        !codes.contains_key(name) && !failed,
        "{name}: the fixed source is reported with {codes:?}"
    );
    let (file, mut arguments) = command(bad);
    if bad.words == "diff" {
        fs::write(folder.join("before.layers"), good.text).unwrap();
        arguments = vec![
            "diff",
            "before.layers",
            "shared.layers",
            "--fail-on",
            "broader",
        ];
    }
    let output = match bad.words {
        "after" => Some("shared.yaml"),
        "folder" | "after folder" => Some("shared/"),
        _ => None,
    };
    if let Some(output) = output {
        arguments = vec!["build", "shared.layers", "-o", output];
        if bad.words.starts_with("after") {
            reported(&folder, file, good.text.as_bytes(), &arguments);
        }
        arguments.push("--check");
    } else if arguments[0] == "check" {
        // The day is a part of what is reported.
        arguments.extend(["--as-of", "2026-01-01"]);
    }
    let (codes, _) = reported(&folder, file, &expand(bad), &arguments);
    assert!(
        codes.contains_key(name),
        "{name}: the source is reported with {codes:?}"
    );
    for (code, severity) in codes {
        let severities = Code::from_name(&code).unwrap().severities();
        assert!(
            severities.iter().any(|known| known.name() == severity),
            "{name}: {code} is never a {severity}"
        );
    }
    let golden = support::top()
        .join("tests/cases/codes")
        .join(name)
        .with_extension("txt");
    // A report is on standard output, and its findings are messages where programs read.
    if ["diff", "drift"].contains(&arguments[0]) {
        arguments.extend(["--message-format", "short"]);
    }
    goldens.compare(&golden, stderr(&run(&folder, &arguments, b"")));
}

#[test]
fn every_page_shows_what_its_code_means() {
    let mut goldens = Goldens::default();
    for &code in Code::ALL {
        check_page(code, &mut goldens);
    }
    goldens.finish();
}

#[test]
fn every_page_and_every_golden_has_a_code() {
    for (folder, ending) in [("docs/codes", "md"), ("tests/cases/codes", "txt")] {
        for path in support::files(folder, ending) {
            let name = path.file_stem().unwrap().to_str().unwrap();
            assert!(
                name == "README" || Code::from_name(name).is_some(),
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn explain_prints_every_page() {
    for code in Code::ALL {
        let output = run(support::top(), &["explain", code.name()], b"");
        assert_eq!(stdout(&output), code.page(), "{}", code.name());
    }
}

#[test]
fn explain_lists_every_code() {
    let listed = stdout(&run(support::top(), &["explain"], b""));
    assert_eq!(listed.lines().count(), Code::ALL.len());
    for (code, line) in Code::ALL.iter().zip(listed.lines()) {
        assert!(
            line.starts_with(code.name()) && line.ends_with(code.summary()),
            "{line}"
        );
    }
}

#[test]
fn the_index_has_every_code() {
    let mut index = String::from(
        "# Codes\n\nEvery message has a code. `layershare explain CODE` prints its page; without a \
        code, it lists them \
         all.\n\n| code | severity | meaning |\n| --- | --- | --- |\n",
    );
    for code in Code::ALL {
        let name = code.name();
        writeln!(
            index,
            "| [`{name}`]({name}.md) | {} | {} |",
            code.severity_names(),
            code.summary()
        )
        .unwrap();
    }
    let mut goldens = Goldens::default();
    goldens.compare(&support::top().join("docs/codes/README.md"), index);
    goldens.finish();
}
