//! Cuts a policy that outgrows its size into several that mean the same together.
//!
//! Statements mean the same in one policy and in several. The same holds for the halves of a list
//! in which one match is enough: the layers that may be read, and the layers of a `deny`. It does
//! not hold for an allowlist. With two halves, `ForAllValues` in an Allow would refuse a function
//! with a layer of each half, and `ForAnyValue:StringNotLike` in a Deny would refuse every layer.

use super::measure::{self, Lengths};
use super::model::{Document, Effect, Remarked, Resources, Statement, Values};

/// Documents of at most `most` characters that together mean the same as the statements; one that
/// cannot be split may be longer.
pub fn split(statements: Vec<Statement>, most: usize, lengths: &Lengths) -> Vec<Document> {
    let envelope = measure::document(&Document::default(), lengths);
    let mut documents: Vec<Document> = Vec::new();
    let mut used = 0;
    for statement in statements
        .into_iter()
        .flat_map(|statement| cut(statement, most - envelope, lengths))
    {
        let characters = measure::statement(&statement, lengths);
        match documents.last_mut() {
            Some(last) if used + ",".len() + characters <= most => {
                used += ",".len() + characters;
                last.statements.push(statement);
            }
            _ => {
                used = envelope + characters;
                documents.push(Document {
                    statements: vec![statement],
                });
            }
        }
    }
    documents
}

/// Statements of at most `most` characters that together mean the same, if possible.
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

/// The list of a statement that can be split into parts.
fn list_to_cut(statement: &mut Statement) -> Option<&mut Vec<Remarked>> {
    let list = match (statement.effect, statement.conditions.as_mut_slice()) {
        (Effect::Allow, []) => match &mut statement.resources {
            Resources::These(arns) => arns,
            Resources::None | Resources::AllBut(_) => return None,
        },
        (Effect::Deny, [layers, ..]) if layers.operator == "ForAnyValue:StringLike" => {
            &mut layers.values
        }
        _ => return None,
    };
    match list {
        Values::Many(values) => Some(values),
        Values::One(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::model::{Condition, Key, Template, Value};

    const MOST: usize = 1000;

    fn arns(number: usize) -> Values {
        Values::list(
            (0..number)
                .map(|n| Value::string(format!("arn:aws:lambda:*:123456789012:layer:l{n}:*")))
                .collect(),
        )
    }

    fn statement(
        sid: &'static str,
        effect: Effect,
        operator: Option<&'static str>,
        number: usize,
    ) -> Statement {
        let condition = operator.map(|operator| Condition {
            operator,
            key: Key::Known("k"),
            values: arns(number),
        });
        let resources = if condition.is_some() {
            Values::One(Value::string("*"))
        } else {
            arns(number)
        };
        let actions = &["lambda:GetLayerVersion"];
        Statement {
            sid: sid.into(),
            effect,
            principal: None,
            actions,
            resources: Resources::These(resources),
            conditions: condition.into_iter().collect(),
        }
    }

    fn parts(statements: Vec<Statement>) -> (Vec<Document>, Vec<usize>) {
        let lengths = Lengths::shortest(&Template::default());
        let parts = split(statements, MOST, &lengths);
        let sizes = parts
            .iter()
            .map(|part| measure::document(part, &lengths))
            .collect();
        (parts, sizes)
    }

    /// Every value of the lists that can be split, in order.
    fn values(parts: &[Document]) -> Vec<Remarked> {
        let statements = parts.iter().flat_map(|part| part.statements.clone());
        statements
            .flat_map(|mut statement| list_to_cut(&mut statement).cloned().unwrap_or_default())
            .collect()
    }

    #[test]
    fn lists_of_which_one_is_enough_are_cut_and_stay_whole_together() {
        for operator in [None, Some("ForAnyValue:StringLike")] {
            let effect = if operator.is_some() {
                Effect::Deny
            } else {
                Effect::Allow
            };
            for number in 1..120 {
                let whole = statement("One", effect, operator, number);
                let (cut, sizes) = parts(vec![whole.clone()]);
                assert_eq!(
                    values(&cut),
                    values(&[Document {
                        statements: vec![whole]
                    }]),
                    "{number}"
                );
                assert!(
                    sizes.iter().all(|&size| size <= MOST),
                    "{number}: {sizes:?}"
                );
                assert!(
                    sizes.iter().rev().skip(1).all(|&size| size > MOST - 60),
                    "{number}: {sizes:?}"
                );
            }
        }
    }

    #[test]
    fn an_allowlist_is_never_cut() {
        for (effect, operator) in [
            (Effect::Allow, "ForAllValues:StringLike"),
            (Effect::Deny, "ForAnyValue:StringNotLike"),
        ] {
            let (whole, sizes) = parts(vec![statement("One", effect, Some(operator), 100)]);
            assert_eq!((whole.len(), sizes[0] > MOST), (1, true));
        }
    }

    #[test]
    fn statements_move_to_another_document_and_none_is_lost() {
        let list =
            |sid, number| statement(sid, Effect::Deny, Some("ForAnyValue:StringNotLike"), number);
        let (documents, sizes) = parts(vec![list("One", 9), list("Two", 9), list("Three", 2)]);
        let sids: Vec<Vec<&str>> = documents
            .iter()
            .map(|part| part.statements.iter().map(|each| &*each.sid).collect())
            .collect();
        assert_eq!(sids, [vec!["One"], vec!["Two", "Three"]]);
        assert!(sizes.iter().all(|&size| size <= MOST), "{sizes:?}");
    }
}
