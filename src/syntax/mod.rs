//! Text to tree: tokens, the parser and the formatter.

pub mod ast;
pub mod format;
pub mod keyword;
pub mod lexer;
pub mod parser;
pub mod text;
pub mod token;
