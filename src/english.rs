//! Parts of English sentences: quoted words, lists, counted nouns, and the word that was probably
//! meant.

use crate::source::is_invisible;

/// The most characters of a user's text that a message repeats.
const QUOTED: usize = 60;

/// A user's text for messages: in backquotes, shortened to a readable length, without invisible
/// characters.
#[must_use]
pub fn quote(text: &str) -> String {
    let mut shown: String = text.chars().take(QUOTED).map(visible).collect();
    if text.chars().nth(QUOTED).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// A user's text without invisible characters.
#[must_use]
pub fn shown(text: &str) -> String {
    text.chars()
        .map(|c| {
            if is_invisible(c) {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        })
        .collect()
}

/// A visible character in place of an invisible one.
fn visible(c: char) -> char {
    if is_invisible(c) || c == '`' {
        char::REPLACEMENT_CHARACTER
    } else {
        c
    }
}

/// Several texts as a sentence lists them: `a`, `b` and `c`.
#[must_use]
pub fn list<T: AsRef<str>>(texts: &[T], conjunction: &str) -> String {
    match texts {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [init @ .., last] => {
            let init: Vec<&str> = init.iter().map(AsRef::as_ref).collect();
            format!("{} {conjunction} {}", init.join(", "), last.as_ref())
        }
    }
}

/// A number and the noun it counts, which is given in the singular: `1 policy`, `1,000 policies`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{} {}", thousands(number), plural(noun))
    }
}

/// The plural of a regular noun.
fn plural(noun: &str) -> String {
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{noun}s"),
    }
}

/// A number with a comma between its thousands.
#[must_use]
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// The candidate that `word` was probably meant to be: at most a third of its letters differ.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let limit = word.chars().count().max(3) / 3;
    if word.len() > 4 * QUOTED {
        return None;
    }
    candidates
        .into_iter()
        .filter(|candidate| candidate.len().abs_diff(word.len()) <= 4 * limit)
        .map(|candidate| {
            (
                strsim::osa_distance(&word.to_lowercase(), &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|&(distance, candidate)| distance <= limit && candidate != word)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_nouns_agree_with_their_number() {
        assert_eq!(count(0, "error"), "0 errors");
        assert_eq!(count(1, "managed policy"), "1 managed policy");
        assert_eq!(
            count(1_234_567, "managed policy"),
            "1,234,567 managed policies"
        );
        assert_eq!(count(2, "key"), "2 keys");
    }

    #[test]
    fn texts_are_listed_as_sentences_list_them() {
        assert_eq!(list::<&str>(&[], "and"), "");
        assert_eq!(list(&["a"], "and"), "a");
        assert_eq!(list(&["a", "b"], "or"), "a or b");
        assert_eq!(list(&["a", "b", "c"], "and"), "a, b and c");
    }

    #[test]
    fn quoted_texts_hide_nothing() {
        assert_eq!(quote("a`b\u{202e}"), "`a\u{fffd}b\u{fffd}`");
        assert_eq!(quote(&"x".repeat(61)), format!("`{}…`", "x".repeat(60)));
    }
}
