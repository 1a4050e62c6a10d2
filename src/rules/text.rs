//! Texts that may refer to parameters.

use crate::aws::arn::ArnText;
pub use crate::syntax::text::Part;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A text of literals and parameters, at least one part, no two literals side by side.
#[derive(Clone, Debug)]
pub struct Text(TextParts);

/// The parts of a text. Nearly all texts have one, and need no list for it.
#[derive(Clone, Debug)]
enum TextParts {
    One(Part),
    /// Never one.
    Several(Vec<Part>),
}

impl Text {
    /// A text of these parts.
    #[must_use]
    pub fn new(mut parts: Vec<Part>) -> Self {
        Self(match parts.pop() {
            Some(only) if parts.is_empty() => TextParts::One(only),
            last => {
                parts.extend(last);
                TextParts::Several(parts)
            }
        })
    }

    /// A text without parameters.
    #[must_use]
    pub fn literal(text: impl Into<String>) -> Self {
        Self(TextParts::One(Part::Literal(text.into())))
    }

    /// A text of any parts, in which literals may follow each other.
    pub fn joined(parts: impl IntoIterator<Item = Part>) -> Self {
        let mut joined: Vec<Part> = Vec::new();
        for part in parts {
            match (joined.last_mut(), part) {
                (Some(Part::Literal(last)), Part::Literal(text)) => last.push_str(&text),
                (_, part) => joined.push(part),
            }
        }
        Self::new(joined)
    }

    /// The parts.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        match &self.0 {
            TextParts::One(part) => std::slice::from_ref(part),
            TextParts::Several(parts) => parts,
        }
    }

    /// The text, if no parameter is in it.
    #[must_use]
    pub fn as_literal(&self) -> Option<&str> {
        match self.parts() {
            [] => Some(""),
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The parameter's name, if the text is one parameter and nothing else.
    #[must_use]
    pub fn as_parameter(&self) -> Option<&str> {
        match self.parts() {
            [Part::Parameter(name)] => Some(name),
            _ => None,
        }
    }

    /// The names of the parameters in it, pseudo parameters included.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        self.parts().iter().filter_map(|part| match part {
            Part::Parameter(name) => Some(name.as_str()),
            Part::Literal(_) => None,
        })
    }

    /// The texts before and after the first slash of the literal parts.
    #[must_use]
    pub fn split_at_slash(self) -> Option<(Self, Self)> {
        let slash_in = |text: &str| memchr::memchr(b'/', text.as_bytes());
        let mut head = match self.0 {
            TextParts::One(Part::Literal(mut before)) => {
                let at = slash_in(&before)?;
                let after = before.split_off(at + 1);
                before.truncate(at);
                return Some((Self::literal(before), Self::literal(after)));
            }
            TextParts::One(Part::Parameter(_)) => return None,
            TextParts::Several(parts) => parts,
        };
        let (index, at) = head
            .iter()
            .enumerate()
            .find_map(|(index, part)| match part {
                Part::Literal(text) => Some((index, slash_in(text)?)),
                Part::Parameter(_) => None,
            })?;
        let mut tail = head.split_off(index);
        let Some(Part::Literal(text)) = tail.first_mut() else {
            return None;
        };
        let after = text.split_off(at + 1);
        text.truncate(at);
        let before = std::mem::replace(text, after);
        if text.is_empty() {
            tail.remove(0);
        }
        if !before.is_empty() {
            head.push(Part::Literal(before));
        }
        Some((Self::new(head), Self::new(tail)))
    }

    /// The text after a literal `prefix`.
    ///
    /// # Errors
    ///
    /// The text itself, if it begins in another way.
    pub fn strip_prefix(mut self, prefix: &str) -> Result<Self, Self> {
        let first = match &mut self.0 {
            TextParts::One(part) => Some(part),
            TextParts::Several(parts) => parts.first_mut(),
        };
        match first {
            Some(Part::Literal(first)) if first.starts_with(prefix) => {
                first.drain(..prefix.len());
            }
            Some(Part::Literal(_) | Part::Parameter(_)) | None => return Err(self),
        }
        Ok(match self.0 {
            TextParts::One(part) => Self(TextParts::One(part)),
            TextParts::Several(mut parts) => {
                parts.retain(|part| !matches!(part, Part::Literal(text) if text.is_empty()));
                Self::new(parts)
            }
        })
    }

    /// Whether nothing is in it, not even a parameter.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_literal() == Some("")
    }

    /// Whether it may be the same as another text, if no parameter is empty and each has the same
    /// value in both. If this is `false`, the two are never the same.
    #[must_use]
    pub fn may_equal(&self, other: &Self) -> bool {
        let (mut these, mut those) = (self.symbols(), other.symbols());
        while let (Some(one), Some(two)) = (these.last(), those.last())
            && one == two
        {
            these.pop();
            those.pop();
        }
        let same = these.iter().zip(&those).take_while(|(one, two)| one == two);
        let same = same.count();
        let (these, those) = (&these[same..], &those[same..]);
        let differ = |one: Option<&TextSymbol<'_>>, two: Option<&TextSymbol<'_>>| {
            matches!(
                (one, two),
                (
                    Some(TextSymbol::Character(_)),
                    Some(TextSymbol::Character(_))
                )
            )
        };
        match (these.is_empty(), those.is_empty()) {
            (true, true) => true,
            (true, false) | (false, true) => false,
            (false, false) => {
                !differ(these.first(), those.first()) && !differ(these.last(), those.last())
            }
        }
    }

    fn symbols(&self) -> Vec<TextSymbol<'_>> {
        let mut symbols = Vec::new();
        for part in self.parts() {
            match part {
                Part::Literal(text) => symbols.extend(text.chars().map(TextSymbol::Character)),
                Part::Parameter(name) => symbols.push(TextSymbol::Parameter(name)),
            }
        }
        symbols
    }

    /// The number of characters it has at the least, whatever its parameters hold.
    #[must_use]
    pub fn shortest(&self) -> usize {
        self.parts()
            .iter()
            .map(|part| {
                if let Part::Literal(text) = part {
                    text.chars().count()
                } else {
                    0
                }
            })
            .sum()
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(other.parts())
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

/// A character of a text, or a parameter in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TextSymbol<'t> {
    Character(char),
    Parameter(&'t str),
}

impl fmt::Display for Text {
    /// The text as a source writes it, without the escape of a literal `${`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts().iter().try_for_each(|part| match part {
            Part::Literal(text) => f.write_str(text),
            Part::Parameter(name) => write!(f, "${{{name}}}"),
        })
    }
}

impl ArnText<'_> for Text {
    type Part = Self;

    /// The colon of a policy variable such as `${aws:PrincipalAccount}` separates nothing.
    fn between_colons(&self) -> Vec<Self> {
        let mut fields = vec![Vec::new()];
        for part in self.parts() {
            let Part::Literal(text) = part else {
                push(&mut fields, part.clone());
                continue;
            };
            for (index, field) in outside_variables(text).into_iter().enumerate() {
                if index > 0 {
                    fields.push(Vec::new());
                }
                if !field.is_empty() {
                    push(&mut fields, Part::Literal(field.to_owned()));
                }
            }
        }
        fields.into_iter().map(Self::new).collect()
    }
}

/// Adds a part to the last of some fields.
fn push(fields: &mut [Vec<Part>], part: Part) {
    if let Some(last) = fields.last_mut() {
        last.push(part);
    }
}

/// A text at the colons that are not in a `${…}`.
fn outside_variables(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut is_inside = false;
    for (at, character) in text.char_indices() {
        match character {
            '{' if text[..at].ends_with('$') => is_inside = true,
            '}' => is_inside = false,
            ':' if !is_inside => {
                found.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&text[start..]);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::text::parts;

    fn text(written: &str) -> Text {
        Text::new(parts(written).unwrap_or_default())
    }

    #[test]
    fn a_separator_inside_a_parameter_separates_nothing() {
        let arn = text("arn:${AWS::Partition}:lambda:${AWS::Region}:1:layer:a-${Name}:3");
        let fields = |text: &Text| -> Vec<String> {
            let fields = text.between_colons();
            fields.iter().map(Text::to_string).collect()
        };
        assert_eq!(
            fields(&arn),
            [
                "arn",
                "${AWS::Partition}",
                "lambda",
                "${AWS::Region}",
                "1",
                "layer",
                "a-${Name}",
                "3"
            ]
        );
        assert_eq!(fields(&text("a::b:")), ["a", "", "b", ""]);
        let of_caller = Text::literal("a:${aws:PrincipalAccount}:b");
        assert_eq!(fields(&of_caller), ["a", "${aws:PrincipalAccount}", "b"]);
    }

    #[test]
    fn an_address_falls_into_bucket_and_key() {
        let address = text("s3://${Bucket}-x/a/${Key}").strip_prefix("s3://");
        let halves = address.ok().and_then(Text::split_at_slash);
        let halves = halves.map(|(bucket, key)| (bucket.to_string(), key.to_string()));
        assert_eq!(
            halves,
            Some(("${Bucket}-x".to_owned(), "a/${Key}".to_owned()))
        );
        assert_eq!(text("bucket").split_at_slash(), None);
    }

    #[test]
    fn names_that_may_meet_are_told_from_those_that_never_do() {
        for (one, other) in [
            ("${A}-x", "${A}-y"),
            ("${A}", "${A}-x"),
            ("x-${A}", "y-${A}"),
            ("deps", "deps-${A}"),
            ("a-${A}-x", "b"),
            ("${A}${A}x", "${A}x"),
        ] {
            assert!(!text(one).may_equal(&text(other)), "{one} {other}");
            assert!(!text(other).may_equal(&text(one)), "{other} {one}");
        }
        for (one, other) in [
            ("${A}", "${B}"),
            ("${A}-x", "deps-x"),
            ("${A}-x", "${B}-x"),
            ("${A}${B}", "${B}${A}"),
            ("${A}", "x${A}y"),
            ("deps", "deps"),
        ] {
            assert!(text(one).may_equal(&text(other)), "{one} {other}");
            assert!(text(other).may_equal(&text(one)), "{other} {one}");
        }
    }

    #[test]
    fn only_a_lone_parameter_is_one() {
        assert_eq!(text("${A}").as_parameter(), Some("A"));
        assert_eq!(text("${A}x").as_parameter(), None);
        assert!(text("").is_empty() && !text("${A}").is_empty());
    }
}
