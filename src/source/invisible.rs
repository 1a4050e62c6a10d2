//! The characters that a reviewer cannot see.

/// Characters that are invisible, or change how the text around them looks: controls except the
/// tab, format characters, private use, what Unicode lets a renderer leave out, line and paragraph
/// separators, and the blank of Braille.
///
/// Source: Unicode 16.0, `General_Category` Cc, Cf and Co (`UnicodeData.txt`) and
/// `Default_Ignorable_Code_Point` (`DerivedCoreProperties.txt`), with U+2028, U+2029 and U+2800.
const INVISIBLE: &[(char, char)] = &[
    ('\u{0}', '\u{8}'),
    ('\u{a}', '\u{1f}'),
    ('\u{7f}', '\u{9f}'),
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{e000}', '\u{f8ff}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
    ('\u{f0000}', '\u{ffffd}'),
    ('\u{100000}', '\u{10fffd}'),
];

/// Whether `c` changes a text in a way that a reviewer cannot see.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    // Nearly every character of a source.
    if matches!(c, ' '..='~') {
        return false;
    }
    let after = INVISIBLE.partition_point(|(first, _)| *first <= c);
    after
        .checked_sub(1)
        .and_then(|index| INVISIBLE.get(index))
        .is_some_and(|(_, last)| c <= *last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex_syntax::Parser;
    use regex_syntax::hir::{Class, HirKind};

    #[test]
    fn the_characters_are_those_of_unicode() {
        const SET: &str =
            r"[\p{Cc}\p{Cf}\p{Co}\p{Default_Ignorable_Code_Point}\x{2028}\x{2029}\x{2800}--\t]";
        let Ok(HirKind::Class(Class::Unicode(class))) = Parser::new()
            .parse(SET)
            .map(regex_syntax::hir::Hir::into_kind)
        else {
            unreachable!("a set is a class");
        };
        let expected: Vec<(char, char)> = class
            .ranges()
            .iter()
            .map(|range| (range.start(), range.end()))
            .collect();
        assert_eq!(INVISIBLE, expected);
    }

    #[test]
    fn the_ends_of_a_range_belong_to_it() {
        for seen in ['\t', ' ', 'é', '\u{5ff}', '\u{606}', '\u{fffd}', '好', '🦀'] {
            assert!(!is_invisible(seen), "{seen:?}");
        }
        for unseen in [
            '\0',
            '\u{600}',
            '\u{605}',
            '\u{3164}',
            '\u{e0100}',
            '\u{10fffd}',
        ] {
            assert!(is_invisible(unseen), "{unseen:?}");
        }
    }
}
