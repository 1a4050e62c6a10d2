//! Cuts a policy that outgrows its size into several that mean the same together.
//!
//! Statements of one policy mean the same in several, and so do two halves of a list of which one is enough: the layers
//! that may be read, and the layers of a `deny`. Not so an allowlist. Of two halves, `ForAllValues` in an Allow would
//! refuse a function with a layer of each, and `ForAnyValue:StringNotLike` in a Deny would refuse every layer.

use super::measure::{self, Lengths};
use super::model::{Document, Effect, Remarked, Statement, Values};

/// Documents of at most `most` characters that mean together what the statements mean; one that cannot be cut may be
/// longer than that.
pub fn split(statements: Vec<Statement>, most: usize, lengths: &Lengths) -> Vec<Document> {
    let envelope = measure::document(&Document::default(), lengths);
    let mut documents: Vec<Document> = Vec::new();
    let mut used = 0;
    for statement in statements.into_iter().flat_map(|statement| cut(statement, most - envelope, lengths)) {
        let characters = measure::statement(&statement, lengths);
        match documents.last_mut() {
            Some(last) if used + ",".len() + characters <= most => {
                used += ",".len() + characters;
                last.statements.push(statement);
            }
            _ => {
                used = envelope + characters;
                documents.push(Document { statements: vec![statement] });
            }
        }
    }
    documents
}

/// Statements of at most `most` characters that mean the same together, where that is possible.
fn cut(mut statement: Statement, most: usize, lengths: &Lengths) -> Vec<Statement> {
    let whole = measure::statement(&statement, lengths);
    if whole <= most {
        return vec![statement];
    }
    let Some(list) = list_to_cut(&mut statement) else {
        return vec![statement];
    };
    let values = std::mem::take(list);
    let characters = |value: &Remarked| measure::scalar((&value.value).into(), lengths) + ",".len();
    let fixed = whole - values.iter().map(characters).sum::<usize>();
    let mut pieces: Vec<Vec<Remarked>> = Vec::new();
    let mut used = usize::MAX;
    for value in values {
        let more = characters(&value);
        match pieces.last_mut() {
            Some(last) if used + more <= most => {
                used += more;
                last.push(value);
            }
            _ => {
                used = fixed + more;
                pieces.push(vec![value]);
            }
        }
    }
    let mut parts = vec![statement; pieces.len()];
    for (part, piece) in parts.iter_mut().zip(pieces) {
        if let Some(list) = list_to_cut(part) {
            *list = piece;
        }
    }
    parts
}

/// The list of a statement of which any part says its part of the whole.
fn list_to_cut(statement: &mut Statement) -> Option<&mut Vec<Remarked>> {
    let list = match (statement.effect, statement.conditions.as_mut_slice()) {
        (Effect::Allow, []) => &mut statement.resources,
        (Effect::Deny, [layers, ..]) if layers.operator == "ForAnyValue:StringLike" => &mut layers.values,
        _ => return None,
    };
    match list {
        Values::Many(values) => Some(values),
        Values::One(_) => None,
    }
}
