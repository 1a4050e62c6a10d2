//! Every code has a page, and the examples on it behave as the page says.
//!
//! The first block of a page is reported with its code, the last one is not and compiles. What a block cannot say by
//! itself, the words behind its fence do: `file=NAME` is another file beside the source; `bytes` has `\xNN` for bytes
//! that Markdown cannot hold; `after` is built over the template of the last block; in `repeat`, a line with `{n}` is
//! repeated for the numbers 100 to 249, and `{long}` is a long text. `./present.zip` and `./present` exist.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test stops at the first surprise")]

use layershare::diagnostic::Code;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

struct Block<'p> {
    words: &'p str,
    text: &'p str,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let fences = page.split("```layers").skip(1).filter_map(|rest| rest.split_once("```"));
    fences
        .filter_map(|(block, _)| block.split_once('\n'))
        .map(|(words, text)| Block { words: words.trim(), text })
        .collect()
}

/// The bytes that a block stands for.
fn expand(block: &Block<'_>) -> Vec<u8> {
    match block.words {
        "repeat" => repeat(block.text).into_bytes(),
        "bytes" => bytes(block.text),
        _ => block.text.as_bytes().to_vec(),
    }
}

fn repeat(text: &str) -> String {
    let lines = text.lines().flat_map(|line| {
        let numbers = if line.contains("{n}") { 100..250 } else { 0..1 };
        numbers.map(move |n| line.replace("{n}", &n.to_string()).replace("{long}", &"long ".repeat(10_000)) + "\n")
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

/// The codes with which the program reports a source, and whether it has errors.
fn reported(folder: &Path, source: &[u8], arguments: &[&str]) -> (BTreeSet<String>, bool) {
    fs::write(folder.join("shared.layers"), source).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_layershare"));
    command.args(arguments).args(["--message-format", "json"]).current_dir(folder);
    let output = command.output().unwrap();
    let messages = String::from_utf8(output.stderr).unwrap();
    let codes = messages.lines().map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).unwrap();
        message["code"].as_str().unwrap_or(line).to_owned()
    });
    (codes.collect(), output.status.code() != Some(0))
}

/// A page has its title and a meaning, then what is reported, then how it is mended in words and in a source.
fn check_form(name: &str, page: &str) {
    let meaning = page.strip_prefix(&format!("# `{name}`\n\n")).unwrap_or_default();
    let parts: Vec<&str> = meaning.split("\n## ").collect();
    let [meaning, reported, mended] = parts.as_slice() else { panic!("{name}: the page has {} parts", parts.len()) };
    assert!(!meaning.trim().is_empty(), "{name}: the page does not say what the code means");
    assert!(reported.starts_with("Reported\n\n") && reported.ends_with("```\n"), "{name}: nothing is reported");
    let (advice, source) = mended.split_once("```layers\n").unwrap_or_default();
    let advice = advice.strip_prefix("Mended\n\n").unwrap_or_default();
    assert!(!advice.trim().is_empty(), "{name}: the page does not say how to mend it");
    assert!(source.ends_with("```\n") && blocks(source).is_empty(), "{name}: the page does not end with one source");
}

fn check_page(code: Code) {
    let (name, page) = (code.name(), code.page());
    check_form(name, page);
    let top = tempfile::tempdir().unwrap();
    let folder = top.path().join("source");
    fs::create_dir_all(folder.join("present")).unwrap();
    fs::write(folder.join("present.zip"), "").unwrap();
    let blocks = blocks(page);
    for block in &blocks {
        if let Some(file) = block.words.strip_prefix("file=") {
            fs::write(folder.join(file), block.text).unwrap();
        }
    }
    let bad = blocks.iter().find(|block| !block.words.starts_with("file=")).unwrap();
    let good = blocks.last().unwrap();
    let (codes, failed) = reported(&folder, good.text.as_bytes(), &["check", "shared.layers"]);
    assert!(!codes.contains(name) && !failed, "{name}: the mended source is reported with {codes:?}");
    let arguments: &[&str] = match bad.words {
        "after" => {
            reported(&folder, good.text.as_bytes(), &["build", "shared.layers", "-o", "shared.yaml"]);
            &["build", "shared.layers", "-o", "shared.yaml"]
        }
        _ => &["check", "shared.layers"],
    };
    let (codes, _) = reported(&folder, &expand(bad), arguments);
    assert!(codes.contains(name), "{name}: the source is reported with {codes:?}");
}

#[test]
fn every_page_shows_what_its_code_means() {
    Code::ALL.iter().copied().for_each(check_page);
}

#[test]
fn every_page_has_a_code() {
    let pages = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/codes")).unwrap();
    for page in pages {
        let path = page.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(Code::from_name(&name).is_some(), "{name}");
    }
}

#[test]
fn explain_prints_every_page() {
    for code in Code::ALL {
        let output = Command::new(env!("CARGO_BIN_EXE_layershare")).args(["explain", code.name()]).output().unwrap();
        assert_eq!(output.stdout, code.page().as_bytes(), "{}", code.name());
    }
}
