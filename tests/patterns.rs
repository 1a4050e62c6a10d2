//! What is decided about patterns, against brute force.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use layershare::pattern::{Domain, Pattern, Search, TooLarge};
use proptest::prelude::*;

/// Every text over these letters with at most so many.
fn texts(letters: &[char], most: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut from = 0;
    for _ in 0..most {
        let to = all.len();
        for index in from..to {
            let longer: Vec<String> = letters.iter().map(|letter| format!("{}{letter}", all[index])).collect();
            all.extend(longer);
        }
        from = to;
    }
    all
}

/// Whether a text fits, as the definition has it.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.first() {
        None => text.is_empty(),
        Some(b'*') => (0..=text.len()).any(|skipped| fits(&pattern[1..], &text[skipped..])),
        Some(b'?') => !text.is_empty() && fits(&pattern[1..], &text[1..]),
        Some(letter) => text.first() == Some(letter) && fits(&pattern[1..], &text[1..]),
    }
}

/// For each pattern, which of the texts fit, a bit for each.
fn table(patterns: &[String], texts: &[String]) -> Vec<Vec<bool>> {
    let row = |pattern: &String| texts.iter().map(|text| fits(pattern.as_bytes(), text.as_bytes())).collect();
    patterns.iter().map(row).collect()
}

#[test]
fn membership_is_what_the_definition_says() {
    let texts = texts(&['a', 'b', ':'], 6);
    for written in self::texts(&['a', ':', '*', '?'], 5) {
        let pattern = Pattern::new(&written);
        for text in &texts {
            assert_eq!(pattern.matches(text), fits(written.as_bytes(), text.as_bytes()), "{written} {text}");
        }
    }
}

/// All pairs of short patterns. Texts of six letters tell any two of them apart: patterns of three signs need no more
/// than twice as many letters, and a third letter for «any other».
#[test]
fn pairs_of_patterns_are_decided_as_by_trying_all_texts() {
    let texts = texts(&['a', 'b', ':'], 6);
    let written = self::texts(&['a', 'b', '*', '?'], 3);
    let patterns: Vec<Pattern> = written.iter().map(|written| Pattern::new(written)).collect();
    let table = table(&written, &texts);
    let all = Domain::all();
    let length = |found: Option<String>| found.map(|text| text.chars().count());
    for (a, first) in patterns.iter().enumerate() {
        for (b, second) in patterns.iter().enumerate() {
            let shortest = |wanted: fn(bool, bool) -> bool| {
                let found = (0..texts.len()).find(|&text| wanted(table[a][text], table[b][text]));
                found.map(|text| texts[text].chars().count())
            };
            let both = Search::among(&all).within([first]).within([second]).shortest().unwrap();
            assert_eq!(length(both), shortest(|a, b| a && b), "{first} and {second}");
            assert_eq!(first.overlaps(second), shortest(|a, b| a && b).is_some(), "{first} and {second}");
            let only = Search::among(&all).within([first]).outside([second]).shortest().unwrap();
            assert_eq!(length(only), shortest(|a, b| a && !b), "{first} and not {second}");
            assert!(!first.plainly_covers(second) || shortest(|a, b| !a && b).is_none(), "{first} covers {second}");
        }
    }
}

fn pattern() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a", "b", ":", "*", "?", "*", "ab"]), 0..6)
        .prop_map(|signs| signs.concat())
}

fn patterns(most: usize) -> impl Strategy<Value = Vec<Pattern>> {
    prop::collection::vec(pattern(), 0..most).prop_map(|all| all.iter().map(|written| Pattern::new(written)).collect())
}

/// A layer's ARN out of parts near each other, with wildcards now and then.
fn arn(wild: bool) -> impl Strategy<Value = String> {
    let field = move |plain: &[&'static str], patterns: &[&'static str]| {
        prop::sample::select(if wild { [plain, patterns].concat() } else { plain.to_vec() })
    };
    (
        field(&["aws", "aws-cn"], &["*", "aws*"]),
        field(&["us-east-1", "eu-west-1", "xx-yy-zz-12"], &["*", "us-*", "*-1"]),
        field(&["123456789012", "123456789013"], &["*", "12345678901?"]),
        field(&["deps", "deps2", "dep"], &["*", "dep*", "dep?", "*s", "deps:*"]),
        field(&["3", "30", "13"], &["*", "3*", "?"]),
    )
        .prop_map(|(partition, region, account, name, version)| {
            format!("arn:{partition}:lambda:{region}:{account}:layer:{name}:{version}")
        })
}

fn arns(wild: bool, most: usize) -> impl Strategy<Value = Vec<Pattern>> {
    prop::collection::vec(arn(wild), 0..most).prop_map(|all| all.iter().map(|written| Pattern::new(written)).collect())
}

fn is_within(patterns: &[Pattern], text: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(text))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// A witness is one, and where there is none no text up to six letters is one.
    #[test]
    fn a_witness_is_a_member_and_a_shortest(first in patterns(4), second in patterns(4), out in patterns(4)) {
        let all = Domain::all();
        let found = Search::among(&all).within(&first).within(&second).outside(&out).shortest().unwrap();
        let wanted = |text: &str| is_within(&first, text) && is_within(&second, text) && !is_within(&out, text);
        if let Some(found) = &found {
            prop_assert!(wanted(found), "{found}");
        }
        let shortest = texts(&['a', 'b', ':', 'x'], 5).into_iter().find(|text| wanted(text));
        match (shortest, found) {
            (Some(shortest), found) => prop_assert_eq!(Some(shortest.len()), found.map(|found| found.chars().count())),
            (None, Some(found)) => prop_assert!(found.chars().count() > 5, "{}", found),
            (None, None) => {}
        }
    }

    /// Among the ARNs of layers, wildcards are kept to their fields where that changes nothing.
    #[test]
    fn arns_are_decided_as_texts(allowed in arns(true, 6), denied in arns(true, 6), one in arn(false)) {
        let layers = Domain::all_layer_versions();
        let found = Search::among(&layers).within(&allowed).outside(&denied).shortest().unwrap();
        match found {
            Some(found) => {
                prop_assert!(is_within(&allowed, &found) && !is_within(&denied, &found), "{}", found);
                prop_assert_eq!(found.matches(':').count(), 7);
            }
            None => prop_assert!(!is_within(&allowed, &one) || is_within(&denied, &one), "{}", one),
        }
        let domain = Search::among(&layers).within([&Pattern::new(&one)]).shortest().unwrap();
        prop_assert_eq!(domain.as_deref(), Some(one.as_str()));
    }
}

#[test]
fn witnesses_look_like_layers() {
    let find = |domain: &Domain, within: &str, outside: &[&str]| {
        let within = Pattern::new(within);
        let outside: Vec<Pattern> = outside.iter().map(|written| Pattern::new(written)).collect();
        Search::among(domain).within([&within]).outside(&outside).shortest().unwrap()
    };
    let (usual, all) = (Domain::usual_layer_versions(), Domain::all_layer_versions());
    assert_eq!(find(&usual, "*", &[]).as_deref(), Some("arn:aws:lambda:us-east-1:999999999999:layer:a:1"));
    let outside = ["arn:aws:lambda:*:999999999999:layer:*:*", "*:layer:a:*"];
    assert_eq!(find(&usual, "*", &outside).as_deref(), Some("arn:aws:lambda:us-east-1:999999999990:layer:b:1"));
    assert_eq!(find(&usual, "arn:aws:lambda:mars-north-1:*", &[]), None);
    let far = find(&all, "arn:aws:lambda:mars-north-1:*", &[]);
    assert_eq!(far.as_deref(), Some("arn:aws:lambda:mars-north-1:999999999999:layer:a:1"));
    let longest = format!("*:layer:{}*:7", "x".repeat(140));
    assert!(find(&all, &longest, &[]).is_some());
    assert_eq!(find(&all, &format!("*:layer:{}:7", "x".repeat(141)), &[]), None);
    assert_eq!(find(&all, "*:layer:a.b:7", &[]), None);
    assert_eq!(find(&all, "*:layer:a:07", &[]), None);
    assert_eq!(find(&all, "arn:aws:lambda:*:12345678901:layer:a:7", &[]), None);
}

/// Patterns that a search by trying would never finish.
#[test]
fn hostile_patterns_are_decided_or_given_up() {
    let all = Domain::all();
    let many = Pattern::new(&"*a".repeat(200));
    let more = Pattern::new(&"*a".repeat(201));
    assert_eq!(Search::among(&all).within([&more]).outside([&many]).shortest(), Ok(None));
    assert_eq!(Search::among(&all).within([&many]).outside([&more]).shortest(), Ok(Some("a".repeat(200))));
    assert!(!many.matches(&"a".repeat(199)));
    // To tell these apart, 24 of the last letters would have to be remembered.
    let letters = ["a", "b", "c", "d"];
    let combs = letters.map(|letter| Pattern::new(&format!("*{letter}{}", "?".repeat(24))));
    let end = Pattern::new("*z");
    assert_eq!(Search::among(&all).within([&end]).within(&combs[..1]).outside(&combs[1..]).shortest(), Err(TooLarge));
}
