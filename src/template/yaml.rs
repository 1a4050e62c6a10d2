//! YAML that reads the same everywhere: in CloudFormation, in any YAML 1.1 or 1.2 reader, in any
//! encoding.
//!
//! Block style only, ASCII only, no anchors. Every text that some reader could read as a number, a
//! date, a truth value or null is quoted.

use super::Format;
use super::emit::{Head, Scalar, Sink};
use super::model::Template;
use std::ops::Range;

/// A YAML writer. Each template is many small pieces, most of them known when this is compiled:
/// with their lengths known too, they are copied in a few instructions.
pub struct Yaml<'a> {
    to: &'a mut Vec<u8>,
    indent: usize,
    after: After,
    /// The beginnings of resources, all of them different.
    heads: Vec<WrittenHead>,
}

/// The beginning of a resource that is in the document.
struct WrittenHead {
    head: Head,
    place: Range<usize>,
    /// The state of the writer after it.
    indent: usize,
    after: After,
}

/// The last thing that was written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Line,
    Key,
    Dash,
}

impl<'a> Yaml<'a> {
    /// A writer at the start of a document.
    pub fn new(to: &'a mut Vec<u8>) -> Self {
        Self {
            to,
            indent: 0,
            after: After::Line,
            heads: Vec::new(),
        }
    }

    #[inline]
    fn put(&mut self, text: &str) {
        self.to.extend_from_slice(text.as_bytes());
    }

    /// Nearly every line is indented by eight blanks or less. Eight are copied in one instruction,
    /// and what is too much of them is given back.
    #[inline]
    fn put_indent(&mut self) {
        const BLANKS: &[u8; 8] = b"        ";
        match BLANKS.len().checked_sub(self.indent) {
            Some(too_many) => {
                self.to.extend_from_slice(BLANKS);
                self.to.truncate(self.to.len() - too_many);
            }
            None => self.to.resize(self.to.len() + self.indent, b' '),
        }
    }

    /// Begins a line, or continues after the dash of an item.
    #[inline]
    fn begin_line(&mut self) {
        if self.after == After::Line {
            self.put_indent();
        }
    }

    fn put_comment(&mut self, text: &str) {
        self.put("# ");
        let plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if plain {
            self.put(text);
        } else {
            let escaped = escape(text);
            self.put(&escaped);
        }
    }
}

impl Sink for Yaml<'_> {
    fn header(&mut self, lines: &[String]) {
        for line in lines {
            self.comment(line);
        }
    }

    fn mark(&self, _: &str) -> Option<(&'static str, String)> {
        None
    }

    fn blank(&mut self) {
        self.put("\n");
    }

    fn comment(&mut self, text: &str) {
        self.put_indent();
        self.put_comment(text);
        self.put("\n");
    }

    #[inline]
    fn begin_map(&mut self) {
        match self.after {
            After::Key => {
                self.put("\n");
                self.indent += 2;
                self.after = After::Line;
            }
            After::Dash => self.indent += 2,
            After::Line => {}
        }
    }

    fn end_map(&mut self) {
        self.indent = self.indent.saturating_sub(2);
    }

    fn begin_list(&mut self) {
        self.begin_map();
    }

    fn end_list(&mut self) {
        self.end_map();
    }

    #[inline]
    fn key(&mut self, key: &'static str) {
        self.begin_line();
        self.put(key);
        self.put(":");
        self.after = After::Key;
    }

    fn name(&mut self, name: &str) {
        self.begin_line();
        put_text(self, name);
        self.put(":");
        self.after = After::Key;
    }

    fn item(&mut self) {
        self.begin_line();
        self.put("- ");
        self.after = After::Dash;
    }

    #[inline]
    fn scalar(&mut self, scalar: Scalar<'_>, comment: Option<&str>) {
        if self.after == After::Key {
            self.put(" ");
        }
        match scalar {
            Scalar::Plain(text) => self.put(text),
            Scalar::Text(text) => put_text(self, text),
            Scalar::Truth(truth) => self.put(if truth { "true" } else { "false" }),
            Scalar::Ref(name) => {
                self.put("!Ref ");
                put_text(self, name);
            }
            Scalar::Sub(text) => {
                self.put("!Sub ");
                put_text(self, text);
            }
        }
        if let Some(comment) = comment {
            self.put(" ");
            self.put_comment(comment);
        }
        self.put("\n");
        self.after = After::Line;
    }

    fn template(&mut self, template: &Template) {
        let mut written = Vec::new();
        template.write(Format::Yaml, &mut written);
        self.put(" |\n");
        self.indent += 2;
        for line in String::from_utf8_lossy(&written).lines() {
            if !line.is_empty() {
                self.put_indent();
                self.put(line);
            }
            self.put("\n");
        }
        self.indent -= 2;
        self.after = After::Line;
    }

    /// All resources of a document are indented alike.
    fn head(&mut self, head: Head, write: impl FnOnce(&mut Self)) {
        match self.heads.iter().find(|written| written.head == head) {
            Some(written) => {
                self.to.extend_from_within(written.place.clone());
                (self.indent, self.after) = (written.indent, written.after);
            }
            None => {
                let start = self.to.len();
                write(self);
                self.heads.push(WrittenHead {
                    head,
                    place: start..self.to.len(),
                    indent: self.indent,
                    after: self.after,
                });
            }
        }
    }

    fn finish(self) {}
}

fn put_text(yaml: &mut Yaml<'_>, text: &str) {
    let marks = marks_of(text);
    if (marks == 0 && is_plain_word(text)) || (marks & UNUSUAL == 0 && is_plain(text)) {
        yaml.put(text);
    } else if marks & UNUSUAL == 0 {
        yaml.put("'");
        if marks & QUOTE == 0 {
            yaml.put(text);
        } else {
            yaml.put(&text.replace('\'', "''"));
        }
        yaml.put("'");
    } else {
        yaml.put("\"");
        yaml.put(&escape(text).replace('"', "\\\""));
        yaml.put("\"");
    }
}

/// The text in ASCII, with the escapes of YAML's double quotes for everything else and for
/// backslashes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push_str("\\t"),
            ' '..='~' => escaped.push(c),
            '\u{0}'..='\u{ff}' => escaped.push_str(&format!("\\x{:02x}", u32::from(c))),
            '\u{100}'..='\u{ffff}' => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => escaped.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    escaped
}

/// What may have a meaning in YAML.
const SIGN: u8 = 1;

/// A single quote.
const QUOTE: u8 = 2;

/// What only double quotes can hold.
const UNUSUAL: u8 = 4;

/// The marks of all bytes of a text together, in one pass: nearly all texts have none, being
/// letters, digits and signs that mean nothing in YAML.
fn marks_of(text: &str) -> u8 {
    let marks = text.bytes().map(|byte| MARKS[usize::from(byte)]);
    marks.fold(0, |all, mark| all | mark)
}

static MARKS: [u8; 256] = {
    let mut marks = [UNUSUAL; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        marks[byte as usize] = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' => 0,
            b'\'' => SIGN | QUOTE,
            _ => SIGN,
        };
        byte += 1;
    }
    marks
};

/// Whether a text without marks is plain at first sight, as nearly all are: it begins with a
/// letter.
fn is_plain_word(text: &str) -> bool {
    text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) && !is_yaml_word(text)
}

/// Whether `text` needs no quotes: every YAML reader reads it as this text.
///
/// The test is on the safe side: a plain text begins with a letter, `/`, `$`, `./` or `../`. So no
/// number, date, sexagesimal, special float or indicator is plain. Plain scalars occur only in
/// block context, where braces and commas are allowed.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let begins = match bytes.first() {
        Some(b'.') => text.starts_with("./") || text.starts_with("../"),
        Some(&first) => first.is_ascii_alphabetic() || first == b'/' || first == b'$',
        None => false,
    };
    let inside = |(index, &byte): (usize, &u8)| match byte {
        b':' => bytes.get(index + 1).is_some_and(|&next| next != b' '),
        b' ' => bytes
            .get(index + 1)
            .is_some_and(|&next| next != b'#' && next != b' '),
        b'#' | b'"' | b'\'' | b'`' | b'\\' => false,
        _ => (b'!'..=b'~').contains(&byte),
    };
    begins && bytes.iter().enumerate().all(inside) && !is_yaml_word(text)
}

/// Whether YAML 1.1 or 1.2 reads the word as a truth value, as nothing or as a number.
fn is_yaml_word(text: &str) -> bool {
    const WORDS: [&str; 11] = [
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf",
    ];
    text.len() <= 5 && WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_readers_differ_about_is_quoted() {
        for text in [
            "",
            "123456789012",
            "017000801446",
            "1.10",
            "2012-10-17",
            "1:30",
            "0o7",
            "0x1F",
            "1_000",
            "~",
            "null",
            "Null",
            "yes",
            "No",
            "on",
            "OFF",
            "y",
            "N",
            "true",
            "*",
            "*x",
            "&x",
            "!x",
            "=",
            "<<",
            "-",
            "- a",
            "? a",
            ".5",
            ".inf",
            "..",
            "+1",
            "a: b",
            "a #b",
            "a ",
            " a",
            "a:",
            "'a'",
            "\"a\"",
            "`a`",
            "@a",
            "%a",
            "[a]",
            "{a}",
            "|",
            ">",
            "a\\b",
            "a  b",
            "#a",
        ] {
            assert!(!is_plain(text), "{text:?}");
        }
    }

    #[test]
    fn what_all_readers_agree_about_is_plain() {
        for text in [
            "my-shared-deps",
            "python3.12",
            "x86_64",
            "./build/deps.zip",
            "../a.zip",
            "/layers/deps",
            "arn:${AWS::Partition}:iam::017000801446:root",
            "${Bucket}/a",
            "o-a1b2c3d4e5",
            "a, b",
            "MIT",
            "yesterday",
        ] {
            assert!(is_plain(text), "{text:?}");
        }
    }

    #[test]
    fn what_is_plain_at_first_sight_is_plain() {
        let is_simple = |text: &str| marks_of(text) == 0 && is_plain_word(text);
        let all: Vec<char> = (0..0x100).filter_map(char::from_u32).collect();
        for first in &all {
            for second in &all {
                for text in [format!("{first}{second}"), format!("{first}{second}x")] {
                    assert!(!is_simple(&text) || is_plain(&text), "{text:?}");
                }
            }
        }
        assert!(is_simple("MySharedDepsV1x4x0") && !is_simple("null"));
    }
}
