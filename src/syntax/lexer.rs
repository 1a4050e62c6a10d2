//! Text to tokens. Never fails: the tokens' texts, joined, are the file.

use super::token::{Token, TokenKind};
use crate::source::is_invisible;

/// Makes tokens as they are asked for, so that no file is ever held as a list of them.
///
/// After the last token it yields [`TokenKind::End`] for ever.
#[derive(Clone, Debug)]
pub struct Lexer<'s> {
    source: &'s str,
    at: usize,
}

impl<'s> Lexer<'s> {
    /// A lexer at the start of `source`, which is shorter than 4 GiB.
    #[must_use]
    pub fn new(source: &'s str) -> Self {
        Self::at(source, 0)
    }

    /// A lexer at an offset in `source`, which is shorter than 4 GiB.
    #[must_use]
    pub fn at(source: &'s str, at: usize) -> Self {
        Self { source, at }
    }

    /// The next token.
    pub fn next_token(&mut self) -> Token {
        let rest = &self.source[self.at..];
        let (kind, length) = first_token(rest, self.at == 0);
        let start = self.at;
        self.at += length;
        Token {
            kind,
            start: start as u32,
            end: self.at as u32,
        }
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        Some(self.next_token()).filter(|token| token.kind != TokenKind::End)
    }
}

/// The kind and the length in bytes of the token that `rest` begins with.
fn first_token(rest: &str, at_start: bool) -> (TokenKind, usize) {
    let bytes = rest.as_bytes();
    match bytes.first() {
        None => (TokenKind::End, 0),
        Some(b'\n') => (TokenKind::Newline, 1),
        Some(b'\r') if bytes.get(1) == Some(&b'\n') => (TokenKind::Newline, 2),
        Some(b' ' | b'\t') => (
            TokenKind::Blank,
            run(bytes, |byte| matches!(byte, b' ' | b'\t')),
        ),
        Some(b'{') => (TokenKind::OpenBrace, 1),
        Some(b'}') => (TokenKind::CloseBrace, 1),
        Some(b',') => (TokenKind::Comma, 1),
        Some(b'=') => (TokenKind::Equals, 1),
        Some(b'#') => (TokenKind::Comment, line_length(bytes)),
        Some(b'"') => string(bytes),
        Some(_) if at_start && rest.starts_with('\u{feff}') => {
            (TokenKind::Blank, '\u{feff}'.len_utf8())
        }
        Some(_) => match word_length(rest) {
            0 => (
                TokenKind::Stray,
                rest.chars().next().map_or(0, char::len_utf8),
            ),
            length => (TokenKind::Word, length),
        },
    }
}

fn run(bytes: &[u8], accepts: impl Fn(u8) -> bool) -> usize {
    bytes
        .iter()
        .position(|&byte| !accepts(byte))
        .unwrap_or(bytes.len())
}

/// The bytes before the line's end, which may be CRLF.
fn line_length(bytes: &[u8]) -> usize {
    let end = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
    if end < bytes.len() && bytes[..end].ends_with(b"\r") {
        end - 1
    } else {
        end
    }
}

/// A quoted text: up to the closing quote, or up to the end of the line if there is none.
fn string(bytes: &[u8]) -> (TokenKind, usize) {
    let mut at = 1;
    while let Some(offset) = memchr::memchr3(b'"', b'\\', b'\n', &bytes[at..]) {
        at += offset;
        match bytes[at] {
            b'"' => return (TokenKind::String, at + 1),
            b'\\'
                if bytes
                    .get(at + 1)
                    .is_some_and(|&next| next != b'\n' && next != b'\r') =>
            {
                at += 2;
            }
            b'\\' => at += 1,
            _ => break,
        }
    }
    (TokenKind::UnterminatedString, line_length(bytes))
}

/// The length of the word at the start of `rest`, 0 if there is none.
///
/// A `}` belongs to the word when a `${` in the same word opened it.
fn word_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let (mut at, mut open) = (0, false);
    loop {
        at += run(&bytes[at..], |byte| IS_PLAIN[usize::from(byte)]);
        match bytes.get(at) {
            Some(b'$') if bytes.get(at + 1) == Some(&b'{') => {
                open = true;
                at += 2;
            }
            Some(b'$') => at += 1,
            Some(b'}') if open => {
                open = false;
                at += 1;
            }
            Some(0x80..) => match rest[at..].chars().next() {
                Some(c) if !c.is_whitespace() && !is_invisible(c) => at += c.len_utf8(),
                _ => return at,
            },
            _ => return at,
        }
    }
}

/// The bytes that are in a word wherever they stand, as nearly all bytes of a source are.
static IS_PLAIN: [bool; 256] = {
    let mut is_plain = [false; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        is_plain[byte as usize] = !matches!(
            byte,
            b'$' | b'{' | b'}' | b'[' | b']' | b'(' | b')' | b',' | b'"' | b'=' | b'#'
        );
        byte += 1;
    }
    is_plain
};
