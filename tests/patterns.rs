//! What is decided about patterns, against brute force.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use layershare::internals::pattern::{BudgetExceeded, Domain, Pattern, Search};
use proptest::prelude::*;
use std::sync::LazyLock;

/// Every text over these letters with at most so many.
fn texts(letters: &[char], most: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut from = 0;
    for _ in 0..most {
        let to = all.len();
        for index in from..to {
            let longer: Vec<String> = letters
                .iter()
                .map(|letter| format!("{}{letter}", all[index]))
                .collect();
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

#[test]
fn membership_is_what_the_definition_says() {
    for written in texts(&['a', ':', '*', '?'], 5) {
        let pattern = Pattern::new(&written);
        for text in TEXTS.iter() {
            assert_eq!(
                pattern.matches(text),
                fits(written.as_bytes(), text.as_bytes()),
                "{written} {text}"
            );
        }
    }
}

/// The texts that the exhaustive tests look at.
static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| texts(&['a', 'b', ':'], 6));

/// The patterns of at most so many signs, each but once, with which of [`TEXTS`] fit.
fn small(most: usize) -> Vec<(Pattern, Vec<bool>)> {
    let mut written: Vec<String> = texts(&['a', 'b', '*', '?'], most)
        .iter()
        .map(|written| Pattern::new(written).to_string())
        .collect();
    written.sort();
    written.dedup();
    let row = |written: &String| {
        TEXTS
            .iter()
            .map(|text| fits(written.as_bytes(), text.as_bytes()))
            .collect()
    };
    written
        .iter()
        .map(|written| (Pattern::new(written), row(written)))
        .collect()
}

/// Holds what a search finds against the first of [`TEXTS`] that is wanted: as long, or none, or
/// longer than all of them.
fn check(search: Search<'_>, wanted: impl Fn(usize) -> bool, what: &dyn Fn() -> String) {
    let found = search.shortest().unwrap().map(|text| text.chars().count());
    let shortest = (0..TEXTS.len())
        .find(|&text| wanted(text))
        .map(|text| TEXTS[text].chars().count());
    assert!(
        found == shortest || (shortest.is_none() && found > Some(6)),
        "{} {found:?} {shortest:?}",
        what()
    );
}

#[test]
fn pairs_of_patterns_are_decided_as_by_trying_all_texts() {
    let patterns = small(4);
    let all = Domain::all();
    for (a, in_a) in &patterns {
        for (b, in_b) in &patterns {
            let only = Search::among(all).within([a]).outside([b]);
            check(only, |text| in_a[text] && !in_b[text], &|| {
                format!("{a} and not {b}")
            });
            assert!(
                !a.plainly_covers(b) || (0..TEXTS.len()).all(|text| in_a[text] || !in_b[text]),
                "{a} covers {b}"
            );
            if a <= b {
                let both = Search::among(all).within([a]).within([b]);
                check(both, |text| in_a[text] && in_b[text], &|| {
                    format!("{a} and {b}")
                });
                let shortest = Search::among(all)
                    .within([a])
                    .within([b])
                    .shortest()
                    .unwrap();
                assert_eq!(a.overlaps(b), shortest.is_some(), "{a} and {b}");
            }
        }
    }
}

#[test]
fn unions_of_patterns_are_decided_as_by_trying_all_texts() {
    let patterns = small(2);
    let all = Domain::all();
    for (a, in_a) in &patterns {
        for (b, in_b) in &patterns {
            for (c, in_c) in &patterns {
                let what = || format!("{a}, {b}, {c}");
                let search = || Search::among(all);
                check(
                    search().within([a]).outside([b, c]),
                    |text| in_a[text] && !in_b[text] && !in_c[text],
                    &what,
                );
                check(
                    search().within([a, b]).outside([c]),
                    |text| (in_a[text] || in_b[text]) && !in_c[text],
                    &what,
                );
                check(
                    search().outside([a, b, c]),
                    |text| !in_a[text] && !in_b[text] && !in_c[text],
                    &what,
                );
                let three = search().within([a]).within([b]).within([c]);
                check(three, |text| in_a[text] && in_b[text] && in_c[text], &what);
                let two = search().within([a, b]).within([b, c]);
                check(two, |text| in_b[text] || (in_a[text] && in_c[text]), &what);
            }
        }
    }
}

fn pattern() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop::sample::select(vec!["a", "b", ":", "*", "?", "*", "ab"]),
        0..6,
    )
    .prop_map(|signs| signs.concat())
}

fn patterns(most: usize) -> impl Strategy<Value = Vec<Pattern>> {
    prop::collection::vec(pattern(), 0..most)
        .prop_map(|all| all.iter().map(|written| Pattern::new(written)).collect())
}

/// A layer's ARN out of parts near each other, with wildcards now and then.
fn arn(wild: bool) -> impl Strategy<Value = String> {
    let field = move |plain: &[&'static str], patterns: &[&'static str]| {
        prop::sample::select(if wild {
            [plain, patterns].concat()
        } else {
            plain.to_vec()
        })
    };
    (
        field(&["aws", "aws-cn"], &["*", "aws*"]),
        field(
            &["us-east-1", "eu-west-1", "xx-yy-zz-12"],
            &["*", "us-*", "*-1"],
        ),
        field(&["123456789012", "123456789013"], &["*", "12345678901?"]),
        field(
            &["deps", "deps2", "dep"],
            &["*", "dep*", "dep?", "*s", "deps:*"],
        ),
        field(&["3", "30", "13"], &["*", "3*", "?"]),
    )
        .prop_map(|(partition, region, account, name, version)| {
            format!("arn:{partition}:lambda:{region}:{account}:layer:{name}:{version}")
        })
}

fn arns(wild: bool, most: usize) -> impl Strategy<Value = Vec<Pattern>> {
    prop::collection::vec(arn(wild), 0..most)
        .prop_map(|all| all.iter().map(|written| Pattern::new(written)).collect())
}

fn is_within(patterns: &[Pattern], text: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(text))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None,
        ..ProptestConfig::default() })]

    /// A witness is one, and where there is none no text up to six letters is one.
    #[test]
    fn a_witness_is_a_member_and_a_shortest(
        first in patterns(4),
        second in patterns(4),
        out in patterns(4),
    ) {
        let all = Domain::all();
        let search = Search::among(all).within(&first).within(&second).outside(&out);
        let found = search.shortest().unwrap();
        let wanted = |text: &str| {
            is_within(&first, text) && is_within(&second, text) && !is_within(&out, text)
        };
        if let Some(found) = &found {
            prop_assert!(wanted(found), "{found}");
        }
        let shortest = texts(&['a', 'b', ':', 'x'], 5).into_iter().find(|text| wanted(text));
        match (shortest, found) {
            (Some(shortest), found) => {
                let length = found.map(|found| found.chars().count());
                prop_assert_eq!(Some(shortest.len()), length);
            }
            (None, Some(found)) => prop_assert!(found.chars().count() > 5, "{}", found),
            (None, None) => {}
        }
    }

    /// Among the ARNs of layers, wildcards are kept to their fields where that changes nothing.
    #[test]
    fn arns_are_decided_as_texts(
        allowed in arns(true, 6),
        denied in arns(true, 6),
        one in arn(false),
    ) {
        let layers = Domain::layer_versions();
        let found = Search::among(layers).within(&allowed).outside(&denied).shortest().unwrap();
        match found {
            Some(found) => {
                prop_assert!(is_within(&allowed, &found) && !is_within(&denied, &found), "{}",
                    found);
                prop_assert_eq!(found.matches(':').count(), 7);
            }
            None => prop_assert!(!is_within(&allowed, &one) || is_within(&denied, &one), "{}", one),
        }
        let domain = Search::among(layers).within([&Pattern::new(&one)]).shortest().unwrap();
        prop_assert_eq!(domain.as_deref(), Some(one.as_str()));
    }
}

fn outside(may: &[&str], should: &[&str]) -> Option<String> {
    let patterns = |all: &[&str]| {
        all.iter()
            .map(|written| Pattern::new(written))
            .collect::<Vec<_>>()
    };
    Search::among(Domain::layer_versions())
        .within(&patterns(may))
        .outside(&patterns(should))
        .shortest()
        .unwrap()
}

#[test]
fn witnesses_look_like_layers() {
    let tests = "arn:aws:lambda:*:123456789012:layer:test*";
    for (may, should, witness) in [
        ("*", "", "arn:aws:lambda:us-east-1:999999999999:layer:a:1"),
        (
            "*",
            "*:1*",
            "arn:aws:lambda:us-east-1:999999999999:layer:a:2",
        ),
        (
            "*",
            "*:999999999999:*",
            "arn:aws:lambda:us-east-1:899999999999:layer:a:1",
        ),
        (
            "*",
            "*:layer:a:*",
            "arn:aws:lambda:us-east-1:999999999999:layer:b:1",
        ),
        (
            "*",
            "arn:aws:lambda:us-east-1:*",
            "arn:aws:lambda:eu-west-1:999999999999:layer:a:1",
        ),
        (
            "arn:aws:lambda:mars-*",
            "",
            "arn:aws:lambda:mars-a-1:999999999999:layer:a:1",
        ),
        (
            "arn:aws-us-gov:*",
            "",
            "arn:aws-us-gov:lambda:us-gov-west-1:999999999999:layer:a:1",
        ),
        (
            tests,
            "*:test-*",
            "arn:aws:lambda:us-east-1:123456789012:layer:test:1",
        ),
        (
            tests,
            "*:layer:test:*",
            "arn:aws:lambda:us-east-1:123456789012:layer:testa:1",
        ),
    ] {
        assert_eq!(
            outside(&[may], &[should]).as_deref(),
            Some(witness),
            "{may} but {should}"
        );
    }
}

#[test]
fn what_only_the_form_of_an_arn_shows_is_seen() {
    for (may, should) in [
        ("*", "arn:aws*:lambda:*-*-?*:????????????:layer:?*:?*"),
        ("*:layer:test*", "arn:aws*:lambda:*:*:layer:test*:*"),
        ("*:0*", "*:0*:*"),
        ("*:layer:a.b:7", ""),
        ("*:layer:a:07", ""),
        ("arn:aws:lambda:*:12345678901:layer:a:7", ""),
        ("arn:aws:lambda:::awslayer:*", ""),
    ] {
        assert_eq!(outside(&[may], &[should]), None, "{may} but {should}");
    }
    let digits: Vec<String> = (1..=9).map(|digit| format!("*:{digit}*")).collect();
    assert_eq!(
        outside(
            &["*"],
            &digits.iter().map(String::as_str).collect::<Vec<_>>()
        ),
        None
    );
}

#[test]
fn lengths_are_exact() {
    let named = |length: usize| format!("arn:*:layer:{}:*", "?".repeat(length));
    assert_eq!(
        outside(&["arn:*:layer:*x:*"], &[&named(1)])
            .unwrap()
            .split(':')
            .nth(6),
        Some("ax")
    );
    for (length, is_possible) in [(1, true), (139, true), (140, true), (141, false)] {
        assert_eq!(
            outside(&[&named(length)], &[]).is_some(),
            is_possible,
            "{length}"
        );
        let both = [named(length), format!("*{}*", "x".repeat(length))]
            .map(|written| Pattern::new(&written));
        let search = Search::among(Domain::layer_versions())
            .within(&both[..1])
            .within(&both[1..]);
        assert_eq!(
            search.shortest().unwrap().is_some(),
            is_possible,
            "{length}"
        );
    }
    let version = |digits: usize| format!("*:{}", "1".repeat(digits));
    assert!(outside(&[&version(18)], &[]).is_some() && outside(&[&version(19)], &[]).is_none());
    // The field before the name may be longer or shorter: what counts is how much room the name has
    // left.
    let long = format!("arn:aws:lambda:*:layer:*{}*:1", "x*".repeat(140));
    assert!(outside(&[&long], &["*:us-*"]).is_some());
    assert_eq!(
        outside(&[&long], &[&format!("*:{}:1", "x".repeat(140))]),
        None
    );
}

#[test]
fn thousands_of_patterns_are_decided() {
    let patterns = |range: std::ops::Range<usize>, end: &str| {
        let one = |n| {
            Pattern::new(&format!(
                "arn:aws:lambda:*:{:012}:layer:layer-{n}{end}",
                n * 7919
            ))
        };
        range.map(one).collect::<Vec<_>>()
    };
    let may = patterns(0..10_000, "-*");
    let search = || Search::among(Domain::layer_versions()).within(&may);
    assert_eq!(
        search().outside(&patterns(0..10_000, "*")).shortest(),
        Ok(None)
    );
    assert_eq!(
        search().within(&patterns(10_000..20_000, "-*")).shortest(),
        Ok(None)
    );
    let missing = search()
        .outside(&patterns(1..10_000, "-*"))
        .shortest()
        .unwrap();
    assert_eq!(
        missing.as_deref(),
        Some("arn:aws:lambda:us-east-1:000000000000:layer:layer-0-:1")
    );
}

/// Patterns that a search by trying would never finish.
#[test]
fn hostile_patterns_are_decided_or_given_up() {
    let all = Domain::all();
    let many = Pattern::new(&"*a".repeat(200));
    let more = Pattern::new(&"*a".repeat(201));
    assert_eq!(
        Search::among(all)
            .within([&more])
            .outside([&many])
            .shortest(),
        Ok(None)
    );
    assert_eq!(
        Search::among(all)
            .within([&many])
            .outside([&more])
            .shortest(),
        Ok(Some("a".repeat(200)))
    );
    assert!(!many.matches(&"a".repeat(199)));
    let stars = |letters: &str| {
        letters
            .chars()
            .map(|letter| format!("*{letter}"))
            .collect::<String>()
            + "*"
    };
    let (a, ab) = (stars(&"a".repeat(60)), stars(&"ab".repeat(30)));
    assert_eq!(outside(&[&a], &[&a, &ab]), None);
    assert_eq!(outside(&[&stars(&"a".repeat(61))], &[&a]), None);
    assert!(outside(&[&a], &[&stars(&"a".repeat(61))]).is_some());
    assert!(outside(&[&ab], &[&stars(&"ba".repeat(30))]).is_some());
    let comb = |length: usize| format!("*a{}", "?".repeat(length));
    assert!(outside(&[&comb(60)], &[&comb(61), &comb(62), &comb(70)]).is_some());
    assert_eq!(outside(&[&comb(60)], &[&comb(60), &comb(61)]), None);
    // To tell these apart, every set of places in them would have to be remembered.
    let mixed = |seed: u64| {
        let bits = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Pattern::new(&stars(
            &(0..30)
                .map(|bit| if bits >> bit & 1 == 1 { 'a' } else { 'b' })
                .collect::<String>(),
        ))
    };
    let (may, should): (Vec<_>, Vec<_>) = (0..100)
        .map(|seed| (mixed(2 * seed), mixed(2 * seed + 1)))
        .unzip();
    let search = Search::among(Domain::layer_versions())
        .within(&may)
        .outside(&should);
    assert_eq!(search.shortest(), Err(BudgetExceeded));
}
