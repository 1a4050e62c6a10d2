//! The formatter. It works on tokens, so that it cannot lose one: blanks are all it changes.

use super::lexer::Lexer;
use super::token::{Token, TokenKind};

/// The formatted text, or `None` if the formatter's own check fails, which would be a bug of this
/// program.
///
/// Only white space changes: a line for each statement of a body, two spaces for each level, four
/// more on lines that continue a list, one space between words, at most one empty line. Line
/// endings are those of the file's first line.
#[must_use]
pub fn format(source: &str) -> Option<String> {
    let formatted = layout(source);
    let same = significant(source).eq(significant(&formatted));
    (same && layout(&formatted) == formatted).then_some(formatted)
}

/// The texts of the tokens that the formatter must keep.
fn significant(source: &str) -> impl Iterator<Item = &str> {
    let kept = Lexer::new(source)
        .filter(|token| !matches!(token.kind, TokenKind::Blank | TokenKind::Newline));
    kept.map(|token| match token.kind {
        TokenKind::Comment => token.text(source).trim_end(),
        _ => token.text(source),
    })
}

/// The line so far.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Empty,
    /// The last token that is not a comment.
    After(TokenKind),
}

struct Layout<'s> {
    source: &'s str,
    out: String,
    depth: usize,
    line: Line,
    /// Whether the line before ended with a comma, so that this one continues it.
    continued: bool,
    newline: &'static str,
    empty_lines: usize,
}

fn layout(source: &str) -> String {
    let first_end = memchr::memchr(b'\n', source.as_bytes());
    let crlf = first_end.is_some_and(|end| source[..end].ends_with('\r'));
    let mut layout = Layout {
        source,
        out: String::with_capacity(source.len() + source.len() / 8),
        depth: 0,
        line: Line::Empty,
        continued: false,
        newline: if crlf { "\r\n" } else { "\n" },
        empty_lines: 0,
    };
    for token in Lexer::new(source) {
        layout.token(token);
    }
    layout.end_line();
    layout.out
}

impl Layout<'_> {
    fn token(&mut self, token: Token) {
        match token.kind {
            TokenKind::Blank | TokenKind::End => {}
            TokenKind::Newline if self.line == Line::Empty => self.empty_lines += 1,
            TokenKind::Newline => self.end_line(),
            _ if self.opens_body(token.kind) => {
                self.end_line();
                self.token(token);
            }
            TokenKind::Comment => {
                let gap = if self.line == Line::Empty { "" } else { "  " };
                self.place(token, gap);
            }
            TokenKind::OpenBrace => {
                self.place(token, " ");
                self.depth += 1;
            }
            TokenKind::CloseBrace => {
                self.end_line();
                self.depth = self.depth.saturating_sub(1);
                self.place(token, " ");
            }
            TokenKind::Comma => self.place(token, ""),
            _ => self.place(token, " "),
        }
    }

    /// Whether a token is the first of a body that begins on the line of its brace.
    fn opens_body(&self, kind: TokenKind) -> bool {
        self.line == Line::After(TokenKind::OpenBrace)
            && !matches!(kind, TokenKind::Comment | TokenKind::CloseBrace)
    }

    /// Writes a token, after `gap` unless it is the first on the line.
    fn place(&mut self, token: Token, gap: &str) {
        let text = token.text(self.source);
        if self.line == Line::Empty {
            self.begin_line(token.kind);
        } else {
            self.out.push_str(gap);
        }
        self.out.push_str(if token.kind == TokenKind::Comment {
            text.trim_end()
        } else {
            text
        });
        if token.kind != TokenKind::Comment {
            self.line = Line::After(token.kind);
        } else if self.line == Line::Empty {
            self.line = Line::After(TokenKind::Comment);
        }
    }

    fn begin_line(&mut self, kind: TokenKind) {
        let after_brace = self.out.trim_end_matches(['\n', '\r']).ends_with('{');
        if self.empty_lines > 0
            && !self.out.is_empty()
            && !after_brace
            && kind != TokenKind::CloseBrace
        {
            self.out.push_str(self.newline);
        }
        self.empty_lines = 0;
        let continuation = if self.continued && kind != TokenKind::CloseBrace {
            2
        } else {
            0
        };
        (0..self.depth + continuation).for_each(|_| self.out.push_str("  "));
    }

    fn end_line(&mut self) {
        match self.line {
            Line::Empty => return,
            Line::After(TokenKind::Comment) => {}
            Line::After(kind) => self.continued = kind == TokenKind::Comma,
        }
        self.out.push_str(self.newline);
        self.line = Line::Empty;
    }
}
