//! Moves through the tokens of a file, and reports unexpected ones.

use crate::diagnostic::{Code, Diagnostic};
use crate::english::{list, nearest, quote};
use crate::source::{FileId, Span, is_invisible};
use crate::syntax::ast::{Name, Value};
use crate::syntax::keyword::{Choice, Keyword};
use crate::syntax::lexer::Lexer;
use crate::syntax::text::{TextError, dynamic_reference, has_stray_bracket, unescape};
use crate::syntax::token::{Token, TokenKind};

/// A statement could not be read; why has been reported.
#[derive(Debug)]
pub struct Failed;

/// The expected tokens that were not found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Keyword(Keyword),
    Token(TokenKind),
    /// Something in the words of the language, such as `a layer`.
    Described(&'static str),
}

impl Expected {
    fn text(self) -> &'static str {
        match self {
            Self::Keyword(keyword) => keyword.quoted(),
            Self::Token(kind) => kind.describe(),
            Self::Described(what) => what,
        }
    }
}

/// The result of a production.
pub type Parsed<T> = Result<T, Failed>;

/// The place in the tokens, with one token of look-ahead.
///
/// The verbs: `at` looks, `accept` takes an optional token, `expect` takes a required one and
/// reports the user's mistake if it is missing. The cursor remembers the tokens that it looked for
/// since the last one, so that a message can list them.
pub struct Cursor<'s> {
    file: FileId,
    source: &'s str,
    lexer: Lexer<'s>,
    next: Token,
    /// The end of the last token that was taken and is not the end of a line.
    end_of_last: u32,
    /// What was looked for since the last token, repetitions included.
    expected: Vec<Expected>,
    /// Whether `<` has been met in the body of the layer that is being read; none outside of one.
    variables: Option<bool>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl<'s> Cursor<'s> {
    /// A cursor at an offset in `source`, where a statement or the file begins.
    pub fn new(file: FileId, source: &'s str, offset: usize) -> Self {
        let next = Token {
            kind: TokenKind::Blank,
            start: 0,
            end: 0,
        };
        let lexer = Lexer::at(source, offset);
        let mut cursor = Self {
            file,
            source,
            lexer,
            next,
            end_of_last: 0,
            expected: Vec::new(),
            variables: None,
            diagnostics: Vec::new(),
        };
        cursor.advance();
        cursor
    }

    fn span_of(&self, token: Token) -> Span {
        Span {
            file: self.file,
            start: token.start,
            end: token.end,
        }
    }

    /// The span of the next token.
    pub fn span(&self) -> Span {
        self.span_of(self.next)
    }

    /// The place after the last token.
    fn after_last(&self) -> Span {
        Span {
            file: self.file,
            start: self.end_of_last,
            end: self.end_of_last,
        }
    }

    fn text(&self) -> &'s str {
        self.next.text(self.source)
    }

    /// Takes the next token.
    fn advance(&mut self) -> Token {
        let taken = self.next;
        if taken.kind != TokenKind::Newline {
            self.end_of_last = taken.end;
        }
        self.expected.clear();
        self.next = self.lexer.next_token();
        while matches!(self.next.kind, TokenKind::Blank | TokenKind::Comment) {
            if self.next.kind == TokenKind::Comment {
                self.refuse_invisible(self.next);
            }
            self.next = self.lexer.next_token();
        }
        taken
    }

    /// Whether the next token is of that kind.
    pub fn at(&mut self, kind: TokenKind) -> bool {
        self.expected.push(Expected::Token(kind));
        self.next.kind == kind
    }

    /// Takes the next token if it is of that kind.
    pub fn accept(&mut self, kind: TokenKind) -> Option<Span> {
        self.at(kind).then(|| {
            let token = self.advance();
            self.span_of(token)
        })
    }

    /// Takes the next token, which must be of that kind.
    pub fn expect(&mut self, kind: TokenKind) -> Parsed<Span> {
        match self.accept(kind) {
            Some(span) => Ok(span),
            None => self.unexpected(),
        }
    }

    /// Takes the next token if it is that word.
    pub fn accept_keyword(&mut self, keyword: Keyword) -> Option<Span> {
        self.expected.push(Expected::Keyword(keyword));
        if self.next.kind != TokenKind::Word || self.text() != keyword.text() {
            return None;
        }
        let token = self.advance();
        Some(self.span_of(token))
    }

    /// The keyword that the next token is, if it is one of these and nothing expects it.
    pub fn misplaced(&self, keywords: &[Keyword]) -> Option<Keyword> {
        let mut keywords = keywords.iter().copied();
        keywords.find(|keyword| self.next.kind == TokenKind::Word && keyword.text() == self.text())
    }

    /// Whether the next token is a word, and none of these.
    pub fn at_word_but(&self, keywords: &[Keyword]) -> bool {
        self.next.kind == TokenKind::Word
            && !keywords.iter().any(|keyword| keyword.text() == self.text())
    }

    /// Takes the next token, which must be that word.
    pub fn expect_keyword(&mut self, keyword: Keyword) -> Parsed<Span> {
        match self.accept_keyword(keyword) {
            Some(span) => Ok(span),
            None => self.unexpected(),
        }
    }

    /// Whether a word or a quoted text comes next.
    pub fn at_value(&mut self) -> bool {
        self.at(TokenKind::Word)
            || self.at(TokenKind::String)
            || self.next.kind == TokenKind::UnterminatedString
    }

    /// Whether a quoted text comes next.
    pub fn at_string(&self) -> bool {
        self.next.kind == TokenKind::String
    }

    /// Takes a word. `what` says what it should be.
    pub fn expect_word(&mut self, what: &'static str) -> Parsed<Name> {
        self.expected.push(Expected::Described(what));
        if self.next.kind != TokenKind::Word {
            return self.unexpected();
        }
        let (text, span) = self.word()?;
        Ok(Name { text, span })
    }

    /// Takes a word that comes before a keyword. `what` says what it should be.
    pub fn expect_word_before(&mut self, keyword: Keyword, what: &'static str) -> Parsed<Name> {
        if self.misplaced(&[keyword]).is_some() {
            self.expected.push(Expected::Described(what));
            return self.unexpected();
        }
        self.expect_word(what)
    }

    /// Takes a word or a quoted text. `what` says what it should be.
    pub fn expect_value(&mut self, what: &'static str) -> Parsed<Value> {
        self.expected.push(Expected::Described(what));
        match self.next.kind {
            TokenKind::Word => {
                let (text, span) = self.word()?;
                Ok(Value { text, span })
            }
            TokenKind::String | TokenKind::UnterminatedString => self.string(),
            _ => self.unexpected(),
        }
    }

    /// Takes a quoted text. `what` says what it should be.
    pub fn expect_string(&mut self, what: &'static str) -> Parsed<Value> {
        if self.next.kind != TokenKind::Word {
            return self.expect_value(what);
        }
        let (word, span) = (self.text(), self.span());
        let diagnostic = Diagnostic::error(
            Code::Syntax,
            span,
            format!("expected {what}, found {}", quote(word)),
        )
        .label("a text is written in double quotes")
        .fix("put it in quotes", span, format!("\"{word}\""));
        self.diagnostics.push(diagnostic);
        Err(Failed)
    }

    /// Takes the word that comes next.
    fn word(&mut self) -> Parsed<(String, Span)> {
        let text = self.text();
        let token = self.advance();
        let span = self.span_of(token);
        if memchr::memchr2(b'<', b'>', text.as_bytes()).is_some() {
            if self.variables.is_none() {
                self.diagnostics.push(
                    Diagnostic::error(Code::UnknownVariable, span, "no variable can be used here")
                        .note("only the body of a layer can use its variables, `<VARIABLE>`"),
                );
                return Err(Failed);
            }
            if has_stray_bracket(text) {
                let message = format!("{} has a `<` or `>` without its counterpart", quote(text));
                self.diagnostics.push(
                    Diagnostic::error(Code::UnclosedVariable, span, message)
                        .help("a variable is written `<VARIABLE>`, a literal `<a>` is `<<a>`"),
                );
                return Err(Failed);
            }
            self.variables = Some(true);
        }
        Ok((text.to_owned(), span))
    }

    /// From here on, words and texts may contain variables.
    pub fn allow_variables(&mut self) {
        self.variables = Some(false);
    }

    /// From here on, they may not. Returns whether there may have been any.
    pub fn refuse_variables(&mut self) -> bool {
        self.variables.take() == Some(true)
    }

    fn string(&mut self) -> Parsed<Value> {
        let text = self.text();
        let token = self.advance();
        let span = self.span_of(token);
        self.refuse_invisible(token);
        if token.kind == TokenKind::UnterminatedString {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::UnterminatedString,
                    span,
                    "this text has no closing quote",
                )
                .label("a text ends on the line where it begins")
                .help("close it with `\"`; a line break inside a text is written `\\n`"),
            );
            return Err(Failed);
        }
        match unescape(text) {
            Ok(text) => {
                let value = Value { text, span };
                self.diagnostics.extend(dynamic_reference(&value));
                if let Some(variables) = &mut self.variables {
                    *variables |= value.text.contains('<');
                }
                Ok(value)
            }
            Err(TextError::Escape(escape) | TextError::ParameterName(escape)) => {
                let message = format!("there is no escape {}", quote(&escape));
                self.diagnostics
                    .push(Diagnostic::error(Code::InvalidEscape, span, message).help(
                        "the escapes are `\\\"`, `\\\\`, `\\n`, `\\t` and `\\u{…}`; a backslash is \
                        written `\\\\`",
                    ));
                Err(Failed)
            }
            Err(TextError::Unclosed) => Err(Failed),
        }
    }

    /// Reports characters in a comment or a text that a reviewer could not see.
    fn refuse_invisible(&mut self, token: Token) {
        let text = token.text(self.source);
        let found = text
            .char_indices()
            .find(|&(_, c)| c != '\t' && is_invisible(c));
        if let Some((at, c)) = found {
            let start = token.start + at as u32;
            let span = Span {
                file: self.file,
                start,
                end: start + c.len_utf8() as u32,
            };
            self.report_invisible(span, c);
        }
    }

    fn report_invisible(&mut self, span: Span, c: char) {
        let message = format!("the character U+{:04X} is invisible", u32::from(c));
        self.diagnostics.push(
            Diagnostic::error(Code::InvisibleCharacter, span, message)
                .note("with it, a reader could see other rules than the compiler does")
                .fix("remove it", span, ""),
        );
    }

    /// Reports the next token, where something else was looked for.
    pub fn unexpected<T>(&mut self) -> Parsed<T> {
        let text = self.text();
        // What is missing at the end of a line belongs after the last token, and before a comment.
        let is_at_end = matches!(self.next.kind, TokenKind::Newline | TokenKind::End);
        let span = if is_at_end {
            self.after_last()
        } else {
            self.span()
        };
        if let (TokenKind::Stray, Some(c)) = (self.next.kind, text.chars().next())
            && (is_invisible(c) || c.is_whitespace())
        {
            self.report_invisible(span, c);
            return Err(Failed);
        }
        let found = match self.next.kind {
            TokenKind::Word | TokenKind::Stray => quote(text),
            kind => kind.describe().to_owned(),
        };
        let mut expected: Vec<Expected> = Vec::new();
        for one in std::mem::take(&mut self.expected) {
            if !expected.contains(&one) {
                expected.push(one);
            }
        }
        let texts: Vec<&str> = expected.iter().map(|expected| expected.text()).collect();
        let message = format!("expected {}, found {found}", list(&texts, "or"));
        let mut diagnostic = Diagnostic::error(Code::Syntax, span, message);
        let keywords = expected.iter().filter_map(|expected| match expected {
            Expected::Keyword(keyword) => Some(keyword.text()),
            Expected::Token(_) | Expected::Described(_) => None,
        });
        if self.next.kind == TokenKind::Stray {
            diagnostic = diagnostic.help("put a text with such characters in double quotes");
        } else if let Some(near) =
            nearest(text, keywords).filter(|_| self.next.kind == TokenKind::Word)
        {
            diagnostic = diagnostic.fix(format!("write `{near}`"), span, near);
        }
        self.diagnostics.push(diagnostic);
        Err(Failed)
    }

    /// Refuses a file in JSON or YAML, such as a template, with one message: its first token begins
    /// a JSON object, or is the key of a YAML mapping.
    pub fn refuse_other_format(&mut self) -> bool {
        let format = match self.next.kind {
            TokenKind::OpenBrace => "JSON",
            TokenKind::Word => match self.text().strip_suffix(':') {
                Some(key) if Keyword::from_text(key).is_none() => "YAML",
                Some(_) | None if self.text() == "---" => "YAML",
                Some(_) | None => return false,
            },
            _ => return false,
        };
        self.diagnostics.push(
            Diagnostic::error(
                Code::Syntax,
                self.span(),
                format!("this file is in {format}, and a source has other statements"),
            )
            .help(
                "`layershare access`, `ask` and `diff` read templates and policies, and \
                    `layershare uses` reads the functions of templates and of `serverless.yml`",
            ),
        );
        true
    }

    /// Takes the first word of a statement. A misspelled word of the choice is reported and treated
    /// as that word, so that the rest of the statement is still read.
    pub fn keyword<C: Choice>(&mut self, place: &str) -> Parsed<(C, Span)> {
        if self.next.kind != TokenKind::Word {
            self.expected.push(Expected::Described("a statement"));
            return self.unexpected();
        }
        let (word, span) = (self.text(), self.span());
        let keyword = Keyword::from_text(word);
        if let Some(choice) = keyword.and_then(C::of) {
            self.advance();
            return Ok((choice, span));
        }
        let message = format!("unknown statement {} {place}", quote(word));
        let diagnostic = Diagnostic::error(Code::UnknownStatement, span, message);
        if keyword.is_some_and(|keyword| !keyword.begins_statement()) {
            let help = format!(
                "a statement ends with its line, except after a comma: put `{word}` on the \
                    previous line"
            );
            self.diagnostics.push(diagnostic.help(help));
            return Err(Failed);
        }
        let all = C::all();
        let Some(near) = nearest(word, all.iter().map(|choice| choice.keyword().text())) else {
            let names: Vec<&str> = all.iter().map(|choice| choice.keyword().quoted()).collect();
            self.diagnostics.push(diagnostic.help(format!(
                "the statements {place} are {}",
                list(&names, "and")
            )));
            return Err(Failed);
        };
        self.diagnostics
            .push(diagnostic.fix(format!("write `{near}`"), span, near));
        self.advance();
        match Keyword::from_text(near).and_then(C::of) {
            Some(choice) => Ok((choice, span)),
            None => Err(Failed),
        }
    }

    /// Takes the next token if it is a comma, and a line end after it.
    pub fn accept_comma(&mut self) -> Option<Span> {
        let comma = self.accept(TokenKind::Comma)?;
        while self.next.kind == TokenKind::Newline {
            self.advance();
        }
        Some(comma)
    }

    /// Reads the rest of a statement; `None` if it cannot be read. The statement counts as present,
    /// so that what depends on it is not reported as well.
    pub fn or_recover<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Option<T> {
        let rest = read(self).ok();
        if rest.is_none() {
            self.recover();
        }
        rest
    }

    /// Takes the line ends up to the next statement.
    pub fn skip_newlines(&mut self) {
        while self.next.kind == TokenKind::Newline {
            self.advance();
        }
    }

    /// Whether nothing is left.
    pub fn at_end(&self) -> bool {
        self.next.kind == TokenKind::End
    }

    /// Whether the statement ends here.
    pub fn at_end_of_statement(&self) -> bool {
        matches!(
            self.next.kind,
            TokenKind::Newline | TokenKind::CloseBrace | TokenKind::End
        )
    }

    /// Checks that the statement ends here; the closing brace of a body ends the statement before
    /// it.
    pub fn expect_end_of_statement(&mut self) -> Parsed<()> {
        if self.accept(TokenKind::Newline).is_some()
            || self.next.kind == TokenKind::CloseBrace
            || self.next.kind == TokenKind::End
        {
            return Ok(());
        }
        self.unexpected()
    }

    /// Skips the rest of a statement that could not be read, with the body it may have.
    pub fn recover(&mut self) {
        let mut depth = 0_u32;
        loop {
            match self.next.kind {
                TokenKind::End => return,
                TokenKind::Newline if depth == 0 => return,
                TokenKind::CloseBrace if depth == 0 => return,
                TokenKind::CloseBrace => depth -= 1,
                TokenKind::OpenBrace => depth += 1,
                _ => {}
            }
            let comma = self.next.kind == TokenKind::Comma;
            self.advance();
            if comma {
                self.skip_newlines();
            }
        }
    }

    /// Takes a closing brace that closes nothing.
    pub fn refuse_close_brace(&mut self) -> bool {
        let span = self.span();
        if self.next.kind != TokenKind::CloseBrace {
            return false;
        }
        self.advance();
        self.diagnostics.push(
            Diagnostic::error(Code::Syntax, span, "this `}` closes nothing").fix(
                "remove it",
                span,
                "",
            ),
        );
        true
    }
}
