//! Texts of others in the formats of reports: nothing in them may pass for the report's own signs.

use std::fmt::Write;

/// A text for a terminal: characters that move the cursor or turn the direction of the text are
/// shown by their numbers.
#[must_use]
pub fn terminal(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '\n' || !is_active(character) {
            shown.push(character);
        } else {
            write!(shown, "\\u{{{:x}}}", u32::from(character)).unwrap_or_default();
        }
    }
    shown
}

/// One line for a terminal.
#[must_use]
pub(super) fn line(text: &str) -> String {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    terminal(text).replace('\n', "\\n")
}

/// Whether a character does something to the text around it instead of standing for itself.
fn is_active(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
        )
}

/// A text in a cell of a Markdown table, with nothing in it that Markdown or HTML would take for a
/// sign.
#[must_use]
pub(super) fn cell(text: &str) -> String {
    let mut cell = String::new();
    for character in line(text).chars() {
        match character {
            '<' => cell.push_str("&lt;"),
            '>' => cell.push_str("&gt;"),
            '&' => cell.push_str("&amp;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '~' | '#' | '!' => {
                write!(cell, "&#{};", u32::from(character)).unwrap_or_default();
            }
            _ => cell.push(character),
        }
    }
    cell
}

/// A text in HTML.
#[must_use]
pub(super) fn html(text: &str) -> String {
    let text = line(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

/// A text in a node of a Mermaid picture: anything but the plainest signs by its number.
#[must_use]
pub(super) fn mermaid(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars() {
        if character.is_ascii_alphanumeric() || " .,:-/()".contains(character) {
            shown.push(character);
        } else {
            write!(shown, "#{};", u32::from(character)).unwrap_or_default();
        }
    }
    shown
}

/// A text, quoted as one word of a shell.
#[must_use]
pub fn word(text: &str) -> String {
    if !text.is_empty() && text.bytes().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Whether a shell takes a character as it is.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/._-+:@".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_foreign_text_acts_on_the_terminal() {
        assert_eq!(
            line("a\u{1b}[1Ab\r\nc\u{202e}d"),
            "a\\u{1b}[1Ab\\u{d}\\nc\\u{202e}d"
        );
        assert_eq!(cell("a|b<c>\u{7}"), "a&#124;b&lt;c&gt;&#92;u{7}");
    }
}
