//! The words and signs of a source file.

/// The kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A run of characters without white space and without ``{ } [ ] ( ) , " = #``; it may contain
    /// `${Name}`.
    Word,
    /// Text in double quotes, the quotes included.
    String,
    /// Text that a double quote opens and the end of the line cuts off.
    UnterminatedString,
    /// `{`
    OpenBrace,
    /// `}`
    CloseBrace,
    /// `,`
    Comma,
    /// `=`
    Equals,
    /// A line's end: LF or CRLF.
    Newline,
    /// `#` and the rest of its line.
    Comment,
    /// Blanks and tabs, and a byte-order mark at the start of the file.
    Blank,
    /// A character that has no place outside quotes: brackets, control characters, white space
    /// other than blanks.
    Stray,
    /// The end of the file; its text is empty.
    End,
}

impl TokenKind {
    /// How messages name such a token.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::Word => "a word",
            Self::String => "text in quotes",
            Self::UnterminatedString => "text without its closing quote",
            Self::OpenBrace => "`{`",
            Self::CloseBrace => "`}`",
            Self::Comma => "`,`",
            Self::Equals => "`=`",
            Self::Newline => "the end of the line",
            Self::Comment => "a comment",
            Self::Blank => "white space",
            Self::Stray => "a stray character",
            Self::End => "the end of the file",
        }
    }
}

/// One token: its kind, and the place of its text in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Offset of its first byte.
    pub start: u32,
    /// Offset after its last byte.
    pub end: u32,
}

impl Token {
    /// The token's text, out of the file's.
    #[must_use]
    pub fn text<'s>(&self, source: &'s str) -> &'s str {
        source
            .get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }
}
