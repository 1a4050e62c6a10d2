//! What holds for every input.

mod support;

use layershare::internals::diagnostic::render::{Form, render};
use layershare::internals::source::{Files, NoFiles, Sources};
use layershare::internals::syntax::format::format;
use layershare::internals::syntax::keyword::Keyword;
use layershare::internals::syntax::lexer::Lexer;
use layershare::internals::syntax::parser::parse;
use layershare::internals::syntax::token::TokenKind;
use layershare::internals::template::Format;
use proptest::prelude::*;
use proptest::sample::Index;
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
    survive_in(source, &NoFiles);
}

/// The same among other files.
fn survive_in(source: impl AsRef<[u8]>, files: &dyn Files) {
    let (compiled, sources) = support::compiled_in(source, files);
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
    fn no_prefix_panics(source in source(), cut in any::<Index>()) {
        survive(prefix(&source, cut));
    }

    #[test]
    fn no_deleted_token_panics(source in source(), deleted in any::<Index>()) {
        survive(without_token(&source, deleted));
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
        index in any::<Index>(),
    ) {
        let (source, template) = &TEMPLATES[index.index(TEMPLATES.len())];
        let shuffled = shuffle_statements(source, seed);
        let after = support::written(&shuffled, Format::Yaml);
        prop_assert_eq!(after.as_ref(), Some(template));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None,
        ..ProptestConfig::default() })]

    #[test]
    fn sources_of_the_newest_statements_keep_all_promises(
        (source, in_another_order) in made(),
        cut in any::<Index>(),
        deleted in any::<Index>(),
    ) {
        let yaml = written_beside_accounts(&source, Format::Yaml);
        prop_assert_eq!(&written_beside_accounts(&source, Format::Yaml), &yaml);
        prop_assert_eq!(&written_beside_accounts(&in_another_order, Format::Yaml), &yaml);
        let [yaml_says, json_says] =
            support::meanings(&yaml, &written_beside_accounts(&source, Format::Json));
        prop_assert_eq!(yaml_says, json_says);
        let formatted = format(&source).unwrap_or_default();
        prop_assert_eq!(format(&formatted), Some(formatted.clone()));
        prop_assert_eq!(written_beside_accounts(&formatted, Format::Yaml), yaml);
        survive_in(prefix(&source, cut), &*ACCOUNTS);
        survive_in(without_token(&source, deleted), &*ACCOUNTS);
    }
}

/// A text up to some place.
fn prefix(source: &str, cut: Index) -> &str {
    let mut cuts = (0..=cut.index(source.len() + 1)).rev();
    let cut = cuts.find(|&at| source.is_char_boundary(at));
    &source[..cut.unwrap_or(0)]
}

/// A text without one of its tokens.
fn without_token(source: &str, deleted: Index) -> String {
    let tokens: Vec<&str> = Lexer::new(source).map(|token| token.text(source)).collect();
    let deleted = deleted.index(tokens.len().max(1));
    let kept = tokens.iter().enumerate();
    let kept = kept.filter(|(index, _)| *index != deleted);
    kept.map(|(_, text)| *text).collect()
}

/// The list of accounts that made sources name.
static ACCOUNTS: LazyLock<support::Memory> = LazyLock::new(|| {
    let account = |id: &str, name: &str, state: &str, unit: &str| {
        format!(
            "{{\"Id\": \"{id}\", \"Name\": \"{name}\", \"State\": \"{state}\", \
            \"Paths\": [\"o-a1b2c3d4e5/r-ab12/{unit}/{id}/\"]}}"
        )
    };
    let all = [
        account("111122223333", "Lake", "ACTIVE", "ou-ab12-dataplat"),
        account("222233334444", "Batch", "ACTIVE", "ou-ab12-dataplat"),
        account("333344445555", "Old", "SUSPENDED", "ou-ab12-dataplat"),
        account("017000801446", "Web shop", "ACTIVE", "ou-ab12-other123"),
    ];
    let list = format!("{{\"Accounts\": [{}]}}", all.join(", "));
    support::Memory([("accounts.json".into(), list)].into())
});

/// The template of a made source, which has no mistakes.
fn written_beside_accounts(source: &str, format: Format) -> String {
    let (compiled, _) = support::compiled_in(source, &*ACCOUNTS);
    let mut bytes = Vec::new();
    match compiled.lowered {
        Some(lowered) => lowered.template.write(format, &mut bytes),
        None => unreachable!("{source}\n{:#?}", compiled.diagnostics),
    }
    String::from_utf8(bytes).unwrap_or_default()
}

/// What every made source declares.
const DECLARED: [&str; 5] = [
    "regions eu-west-1",
    "parameter Stage = dev {\n  label \"Stage\"\n  allowed dev, prod\n}\n\
    parameter Public switch = false\n\
    parameter Arm switch = true {\n  label \"arm64\"\n}\n\
    parameter Partner optional account",
    "accounts from \"accounts.json\"",
    "unit data = ou-ab12-dataplat",
    "account partner = ${Partner}",
];

/// Statements that a made source may have.
const OPTIONAL: [&str; 5] = [
    "role publisher {\n  trust account 123456789012\n  allow publish sdk*, data-?\n  \
    allow share sdk*\n}\n\
    expect publisher cannot share other-*\nroll out to data in us-east-1",
    "policy readers {\n  allow read * from account 123456789012\n  deny publish except sdk*\n}",
    "boundary limits {\n  deny publish\n  deny share except sdk*\n}",
    "guardrail only {\n  apply to r-ab12\n  deny share\n  exempt role publisher\n}",
    "layer nightly {\n  content s3://b-one-${AWS::Region}/${Stage}.zip\n  \
    exists unless Public\n}",
];

/// Statements that the layer of a made source may have.
const OF_THE_LAYER: [&str; 13] = [
    "name ${Stage}-sdk-<arch>",
    "description \"For <arch>, version <version>\"",
    "architectures <arch>",
    "exists when Arm for arm64",
    "old-versions delete",
    "share with data",
    "share newest 2 with account \"Web shop\" until 2099-01-01",
    "share with partner",
    "share with everyone because \"public\" when Public \
    suppress guard A_B, C_D suppress checkov E_1",
    "share version 1.1 with organization o-a1b2c3d4e5 unless Public",
    "share with account 999999999999 because \"a\" suppress cfn-lint E1234 suppress cfn-nag F1",
    "publish to /sdk/<arch>",
    "publish to /sdk/<arch>/<version>",
];

/// Its versions, whose order has a meaning.
const VERSIONS: &str = "version 1.0 from s3://b-one-${AWS::Region}/1.0-<arch>.zip \
    sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n  \
    version 1.1, 1.2 from s3://b-one-${AWS::Region}/<version>-<arch>.zip \
    object-version a-<version> by reference";

/// Some of these texts, in their order and in another one.
fn some(all: &'static [&'static str]) -> impl Strategy<Value = [Vec<&'static str>; 2]> {
    prop::sample::subsequence(all, 0..=all.len())
        .prop_flat_map(|some| (Just(some.clone()), Just(some).prop_shuffle()))
        .prop_map(|(one, other)| [one, other])
}

/// A source of the newest statements, in two orders.
fn made() -> impl Strategy<Value = (String, String)> {
    let declared = Just(DECLARED.to_vec()).prop_shuffle();
    (some(&OPTIONAL), some(&OF_THE_LAYER), declared).prop_map(|(optional, of_layer, declared)| {
        let [one, other] = of_layer.map(|lines| {
            let lines: Vec<&str> = [VERSIONS].into_iter().chain(lines).collect();
            format!(
                "layer sdk for arch in x86_64, arm64 {{\n  {}\n}}",
                lines.join("\n  ")
            )
        });
        let [first, second] = optional;
        let first = DECLARED.into_iter().chain(first).chain([one.as_str()]);
        let second = [other.as_str()].into_iter().chain(second).chain(declared);
        let joined = |all: Vec<&str>| all.join("\n") + "\n";
        (joined(first.collect()), joined(second.collect()))
    })
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
