//! Text to tree: tokens, the parser and the formatter.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "tokens that do not belong at a place are refused by one arm"
)]

pub mod ast;
pub mod format;
pub mod keyword;
pub mod lexer;
pub mod parser;
pub mod text;
pub mod token;
