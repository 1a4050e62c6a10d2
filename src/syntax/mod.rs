//! Text to tree: files, tokens, the parser and the formatter.

pub mod ast;
pub mod format;
pub mod invisible;
pub mod lexer;
pub mod parser;
pub mod source;
pub mod text;
pub mod token;
