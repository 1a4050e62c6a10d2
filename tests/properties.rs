//! What holds for every input.

mod support;

use layershare::internals::diagnostic::render::{Form, render};
use layershare::internals::source::Sources;
use layershare::internals::syntax::format::format;
use layershare::internals::syntax::keyword::Keyword;
use layershare::internals::syntax::lexer::Lexer;
use layershare::internals::syntax::parser::parse;
use layershare::internals::syntax::token::TokenKind;
use layershare::internals::template::Format;
use proptest::prelude::*;
use std::sync::LazyLock;

/// Sources that use every statement, to cut and shuffle.
static SOURCES: LazyLock<Vec<String>> = LazyLock::new(|| {
    [
        "examples",
        "tests/cases/compile",
        "tests/cases/report",
        "tests/cases/format",
    ]
    .iter()
    .flat_map(|folder| support::files(folder, "layers"))
    .filter_map(|path| std::fs::read_to_string(path).ok())
    .collect()
});

/// The sources without errors, each with its template.
static TEMPLATES: LazyLock<Vec<(&str, String)>> = LazyLock::new(|| {
    let written = |source: &'static String| {
        let template = support::written(source, Format::Yaml)?;
        Some((source.as_str(), template))
    };
    SOURCES.iter().filter_map(written).collect()
});

/// Goes through every stage and every way to show what it says; a panic is the failure.
fn survive(source: impl AsRef<[u8]>) {
    let (compiled, sources) = support::compiled(source);
    for diagnostic in &compiled.diagnostics {
        let one = std::slice::from_ref(diagnostic);
        assert!(render(Form::Human, one, &sources).len() < 20_000);
        assert_eq!(render(Form::Short, one, &sources).lines().count(), 1);
        assert!(render(Form::Json, one, &sources).starts_with('{'));
    }
    if let Some(lowered) = &compiled.lowered {
        for form in [Format::Yaml, Format::Json] {
            lowered.template.write(form, &mut Vec::new());
        }
    }
}

fn tokens_are_the_text(source: &str) {
    let joined: String = Lexer::new(source).map(|token| token.text(source)).collect();
    assert_eq!(joined, source);
}

fn parses(source: &str) -> bool {
    let file = Sources::default().add("test.layers", source);
    parse(file, source).1.is_empty()
}

fn source() -> impl Strategy<Value = String> {
    (0..SOURCES.len()).prop_map(|index| SOURCES[index].clone())
}

/// What stands between and around keywords: signs, names, and characters that have no place in a
/// source.
const SIGNS: &[&str] = &[
    "{",
    "}",
    ",",
    "=",
    "\n",
    "\r\n",
    "\"",
    "\"a\"",
    "#",
    "\\",
    "[",
    "a",
    "1",
    "*",
    "s3://b-1/k",
    "${A}",
    "${",
    "<a>",
    "<version>",
    "<<a>",
    "<",
    ">",
    "true",
    "123456789012",
    "o-a1b2c3d4e5",
    "arn:aws:lambda:*:123456789012:layer:a:*",
    "\u{feff}",
    "é",
    "\0",
    "\u{202e}",
];

/// A text of the language's own words and signs, mostly nonsense.
fn words() -> impl Strategy<Value = String> {
    let keyword = prop::sample::select(Keyword::ALL).prop_map(Keyword::text);
    let word = prop_oneof![keyword, prop::sample::select(SIGNS)];
    prop::collection::vec((word, any::<bool>()), 0..60).prop_map(|words| {
        words
            .into_iter()
            .map(|(word, blank)| {
                if blank {
                    format!("{word} ")
                } else {
                    word.to_owned()
                }
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_global_rejects: 100_000,
        failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_words_panic(source in words()) {
        tokens_are_the_text(&source);
        survive(&source);
    }

    #[test]
    fn no_text_panics(source in any::<String>()) {
        tokens_are_the_text(&source);
        survive(&source);
    }

    #[test]
    fn no_bytes_panic(source in any::<Vec<u8>>()) {
        survive(source);
    }

    #[test]
    fn no_prefix_panics(source in source(), cut in any::<prop::sample::Index>()) {
        let cut = (0..=cut.index(source.len() + 1)).rev().find(|&at| source.is_char_boundary(at))
            .unwrap_or(0);
        survive(&source[..cut]);
    }

    #[test]
    fn no_deleted_token_panics(source in source(), deleted in any::<prop::sample::Index>()) {
        let tokens: Vec<&str> = Lexer::new(&source).map(|token| token.text(&source)).collect();
        let deleted = deleted.index(tokens.len().max(1));
        let kept = tokens.iter().enumerate().filter(|(index, _)| *index != deleted);
        let rest: String = kept.map(|(_, text)| *text).collect();
        survive(&rest);
    }

    #[test]
    fn formatting_changes_no_meaning_and_is_done_in_one_go(
        source in prop_oneof![source(), words()],
    ) {
        let formatted = format(&source);
        // What cannot be parsed is never written; here it only must not panic.
        prop_assume!(parses(&source));
        prop_assert!(formatted.is_some(), "the formatter refused its own work");
        let formatted = formatted.unwrap_or_default();
        prop_assert_eq!(format(&formatted), Some(formatted.clone()));
        let before = support::written(&source, Format::Yaml);
        let after = support::written(&formatted, Format::Yaml);
        prop_assert_eq!(before, after);
    }

    #[test]
    fn the_order_of_statements_never_changes_the_output(
        seed in any::<u64>(),
        index in any::<prop::sample::Index>(),
    ) {
        let (source, template) = &TEMPLATES[index.index(TEMPLATES.len())];
        let shuffled = shuffle_statements(source, seed);
        let after = support::written(&shuffled, Format::Yaml);
        prop_assert_eq!(after.as_ref(), Some(template));
    }
}

/// The statements of the outermost level in another order; a statement ends where a line ends
/// outside all braces, except behind a comma. The console shows parameters with labels in their
/// order, so they keep it.
fn shuffle_statements(source: &str, seed: u64) -> String {
    let mut statements = vec![String::new()];
    let (mut depth, mut comma) = (0_usize, false);
    for token in Lexer::new(source) {
        if let Some(last) = statements.last_mut() {
            last.push_str(token.text(source));
        }
        match token.kind {
            TokenKind::OpenBrace => depth += 1,
            TokenKind::CloseBrace => depth = depth.saturating_sub(1),
            TokenKind::Newline if depth == 0 && !comma => statements.push(String::new()),
            TokenKind::Word
            | TokenKind::String
            | TokenKind::UnterminatedString
            | TokenKind::Comma
            | TokenKind::Equals
            | TokenKind::Newline
            | TokenKind::Comment
            | TokenKind::Blank
            | TokenKind::Stray
            | TokenKind::End => {}
        }
        if !matches!(
            token.kind,
            TokenKind::Blank | TokenKind::Comment | TokenKind::Newline
        ) {
            comma = token.kind == TokenKind::Comma;
        }
    }
    statements
        .last_mut()
        .into_iter()
        .for_each(|last| last.push('\n'));
    let mut state = seed | 1;
    for index in (1..statements.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        statements.swap(index, (state >> 33) as usize % (index + 1));
    }
    if source.contains("  label \"") {
        let is_parameter = |statement: &&String| statement.starts_with("parameter ");
        let mut ordered: Vec<String> = statements.iter().filter(is_parameter).cloned().collect();
        ordered.sort_by_key(|statement| source.find(statement.trim_end()));
        let mut ordered = ordered.into_iter();
        for statement in statements.iter_mut().filter(|one| is_parameter(&&**one)) {
            *statement = ordered.next().unwrap_or_default();
        }
    }
    statements.concat()
}
