//! The layers of a block with variables, each written as a block of its own.

use crate::rules::model::{Layer, Variant};
use crate::syntax::keyword::Keyword;
use crate::syntax::lexer::Lexer;
use crate::syntax::token::{Token, TokenKind};
use std::ops::Range;

/// The body of a block with variables in a text, without its braces.
pub fn body_of(text: &str, block: &str) -> Option<Range<usize>> {
    let tokens = tokens(text);
    let begin = tokens.windows(2).position(|pair| {
        is_word(&pair[0], text, Keyword::Layer.text()) && is_word(&pair[1], text, block)
    });
    let rest = tokens.get(begin?..)?;
    let open = rest
        .iter()
        .position(|token| token.kind == TokenKind::OpenBrace)?;
    let mut depth = 0;
    let close = rest.get(open..)?.iter().find(|token| {
        if token.kind == TokenKind::OpenBrace {
            depth += 1;
        } else if token.kind == TokenKind::CloseBrace {
            depth -= 1;
        }
        depth == 0
    })?;
    Some(rest[open].end as usize..close.start as usize)
}

/// A layer as a block of its own, from the body of the block that it is a variant of.
pub fn block(layer: &Layer, variant: &Variant, body: &str) -> String {
    let mut made = format!("layer {} {{", layer.name.value);
    let mut at = 0;
    for (statement, is_name) in statements(body) {
        let Range { start, end } = statement;
        let before = body.get(at..start).unwrap_or_default();
        let written = body.get(start..end).unwrap_or_default();
        at = end;
        match without_condition(written, variant) {
            Some(kept) => {
                made.push_str(before);
                made.push_str(&filled(kept, variant, is_name));
            }
            // Its line goes, too.
            None => made.push_str(before.trim_end_matches([' ', '\t', '\r', '\n'])),
        }
    }
    made.push_str(body.get(at..).unwrap_or_default());
    made.push_str("}\n");
    made
}

/// The statements of a body, each up to the end of its line, and whether it is that of the name in
/// AWS.
fn statements(body: &str) -> Vec<(Range<usize>, bool)> {
    let mut found: Vec<(Range<usize>, bool)> = Vec::new();
    let mut begins = true;
    for token in tokens(body) {
        if token.kind == TokenKind::Newline {
            begins = true;
        } else if begins {
            let is_name = is_word(&token, body, Keyword::Name.text());
            found.push((token.start as usize..token.end as usize, is_name));
            begins = false;
        } else if let Some((statement, _)) = found.last_mut() {
            statement.end = token.end as usize;
        }
    }
    found
}

/// A statement as a layer without variables can have it: `exists when NAME for VALUES` names the
/// values of those that depend on it. `None` if this layer does not.
fn without_condition<'s>(statement: &'s str, variant: &Variant) -> Option<&'s str> {
    let tokens = tokens(statement);
    let is = |index: usize, word: &str| {
        tokens
            .get(index)
            .is_some_and(|token: &Token| is_word(token, statement, word))
    };
    let (true, true) = (is(0, Keyword::Exists.text()), is(3, Keyword::For.text())) else {
        return Some(statement);
    };
    let mut named = tokens.iter().skip(4).map(|token| token.text(statement));
    let depends = named.any(|value| variant.values.iter().any(|(_, own)| own == value));
    let condition = statement.get(..tokens[2].end as usize);
    condition.filter(|_| depends)
}

/// A text with the values of variables. `<<name>` stands for a literal `<name>`.
fn filled(text: &str, variant: &Variant, is_name: bool) -> String {
    let mut made = text.to_owned();
    for (variable, value) in &variant.values {
        let value = if is_name {
            value.replace('.', "")
        } else {
            value.clone()
        };
        let pieces: Vec<&str> = made.split(&format!("<{variable}>")).collect();
        let mut joined = String::new();
        for (index, piece) in pieces.iter().enumerate() {
            joined.push_str(piece);
            if index + 1 < pieces.len() {
                if piece.ends_with('<') {
                    joined.push_str(&format!("<{variable}>"));
                } else {
                    joined.push_str(&value);
                }
            }
        }
        made = joined;
    }
    made
}

fn is_word(token: &Token, text: &str, word: &str) -> bool {
    token.kind == TokenKind::Word && token.text(text) == word
}

fn tokens(text: &str) -> Vec<Token> {
    let tokens = Lexer::new(text);
    tokens
        .filter(|token| !matches!(token.kind, TokenKind::Blank | TokenKind::Comment))
        .collect()
}
