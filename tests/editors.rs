//! What editors know of the language is what the compiler knows.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use layershare::internals::syntax::keyword::Keyword;
use serde_json::Value as Json;
use std::fs;
use support::top;

/// The words of a rule of the grammar, in its order.
fn words(grammar: &Json, rule: &str) -> Vec<String> {
    let rule = grammar["repository"][rule]["match"].as_str().unwrap();
    let (_, rest) = rule.split_once("(?:").unwrap();
    let (words, _) = rest.split_once(')').unwrap();
    words.split('|').map(str::to_owned).collect()
}

/// The keywords that begin a statement, or all others.
fn keywords(begin: bool) -> Vec<String> {
    let all = Keyword::ALL.iter().copied();
    let mut found: Vec<String> = all
        .filter(|keyword| keyword.begins_statement() == begin)
        .map(|keyword| keyword.text().to_owned())
        .collect();
    found.sort();
    found
}

#[test]
fn the_grammar_of_editors_has_every_keyword_and_no_other_word() {
    let path = top().join("editors/vscode/syntaxes/layershare.tmLanguage.json");
    let grammar: Json = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(words(&grammar, "statement"), keywords(true));
    assert_eq!(words(&grammar, "word"), keywords(false));
}

#[test]
fn the_extension_has_the_version_of_the_program() {
    let path = top().join("editors/vscode/package.json");
    let package: Json = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(package["version"], env!("CARGO_PKG_VERSION"));
    let files = &package["contributes"];
    for file in [
        &files["languages"][0]["configuration"],
        &files["grammars"][0]["path"],
    ] {
        let path = top().join("editors/vscode").join(file.as_str().unwrap());
        assert!(path.is_file(), "{}", path.display());
    }
}
