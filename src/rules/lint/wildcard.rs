//! What two members of a layer set have to do with each other, as far as their letters tell.

use crate::rules::model::{Layers, Rules};

/// The ARNs of a member as one text: `*` and `?` are wildcards, `${…}` stands for what is known only when deployed.
pub fn arn(rules: &Rules, layers: &Layers) -> String {
    match layers {
        Layers::Matching(arn) => arn.to_string(),
        Layers::Published { layer, label } => {
            let declared = rules.layers.iter().find(|declared| declared.name.value == *layer);
            let name = declared.map_or(layer.as_str(), |declared| declared.layer_name.value.as_str());
            format!("arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:layer:{name}:${{{label}}}")
        }
    }
}

fn field(layers: &Layers, index: usize) -> Option<String> {
    match layers {
        Layers::Matching(arn) => arn.split(':').get(index).map(ToString::to_string),
        Layers::Published { .. } => None,
    }
}

/// The account in the ARNs of a member; `None` for a version that the stack publishes.
pub fn account(layers: &Layers) -> Option<String> {
    // The policy variable of the caller's account has a colon in it, and takes two fields.
    match field(layers, 4) {
        Some(variable) if variable == "${aws" => Some("${aws:PrincipalAccount}".to_owned()),
        account => account,
    }
}

/// The pattern for the layers' names in the ARNs of a member; `None` for a version that the stack publishes.
pub fn name(layers: &Layers) -> Option<String> {
    let shifted = usize::from(field(layers, 4).as_deref() == Some("${aws"));
    field(layers, 6 + shifted)
}

/// Whether `pattern` matches whatever `covered` matches. Never wrongly yes; wrongly no for a few patterns that differ
/// in the order of `*` and `?` only.
pub fn covers(pattern: &str, covered: &str) -> bool {
    let (pattern, covered) = (pattern.as_bytes(), covered.as_bytes());
    let (mut at, mut seen) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while seen < covered.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some(b'?') if covered[seen] != b'*' => (at, seen) = (at + 1, seen + 1),
            Some(&byte) if byte == covered[seen] && byte != b'*' => (at, seen) = (at + 1, seen + 1),
            _ => match star {
                Some((before, from)) => {
                    star = Some((before, from + 1));
                    (at, seen) = (before + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

/// Whether one text can match both, `${…}` standing for anything.
pub fn may_overlap(a: &str, b: &str) -> bool {
    let (a, b) = (open(a), open(b));
    // Which rests of `b` can go with the rest of `a` that begins at the current place, from the end on.
    let mut below: Vec<bool> = (0..=b.len()).map(|at| b[at..].iter().all(|&c| c == '*')).collect();
    for &left in a.iter().rev() {
        let mut row = vec![false; b.len() + 1];
        row[b.len()] = left == '*' && below[b.len()];
        for (at, &right) in b.iter().enumerate().rev() {
            row[at] = match (left, right) {
                ('*', _) => below[at] || row[at + 1],
                (_, '*') => row[at + 1] || below[at],
                ('?', _) | (_, '?') => below[at + 1],
                _ => left == right && below[at + 1],
            };
        }
        below = row;
    }
    below[0]
}

/// A pattern in which everything that is not known is a wildcard.
fn open(pattern: &str) -> Vec<char> {
    let mut opened = Vec::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some((before, behind)) = rest.split_once("${") {
        opened.extend(before.chars());
        opened.push('*');
        rest = behind.split_once('}').map_or("", |(_, behind)| behind);
    }
    opened.extend(rest.chars());
    opened
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_what_it_matches_in_every_case() {
        for (pattern, covered) in
            [("*", "a?b*"), ("a*", "ab*"), ("a*c", "ab*c"), ("a?", "ab"), ("*b*", "ab"), ("a", "a"), ("a*", "a")]
        {
            assert!(covers(pattern, covered), "{pattern} {covered}");
        }
        for (pattern, covered) in
            [("ab*", "a*"), ("a?", "a*"), ("a", "a*"), ("?", "*"), ("a*c", "a*"), ("", "*"), ("a", "ab")]
        {
            assert!(!covers(pattern, covered), "{pattern} {covered}");
        }
    }

    #[test]
    fn patterns_overlap_where_one_text_fits_both() {
        for (a, b) in [("a*", "*b"), ("a?c", "ab*"), ("*", ""), ("a${X}c", "abc"), ("a*b*c", "a?c*c")] {
            assert!(may_overlap(a, b) && may_overlap(b, a), "{a} {b}");
        }
        for (a, b) in [("a*", "b*"), ("a", "ab"), ("?", ""), ("a${X}c", "abd"), ("*a", "*b")] {
            assert!(!may_overlap(a, b) && !may_overlap(b, a), "{a} {b}");
        }
    }
}
