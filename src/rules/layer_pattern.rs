//! The members of layer sets as patterns, so that they can be compared.

use crate::aws::arn::Arn;
use crate::pattern::Pattern;
use crate::rules::model::{Layers, Rules};
use crate::rules::text::{Part, Text};
use crate::syntax::ast::HandlingRight;

/// The ARNs of a member as one text: `*` and `?` are wildcards, `${…}` is a value that only a
/// deploy knows.
fn arn(rules: &Rules, layers: &Layers) -> String {
    match layers {
        Layers::Matching(arn) => arn.to_string(),
        Layers::Published { layer, label } => {
            let declared = rules
                .layers
                .iter()
                .find(|declared| declared.name.value == *layer);
            let name = declared.map_or_else(
                || layer.clone(),
                |declared| declared.layer_name.value.to_string(),
            );
            let owner = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}";
            format!("{owner}:layer:{name}:${{{label}}}")
        }
    }
}

/// The ARNs for a right to publish or share, of the layers in an account with matching names:
/// publishing names the layer, sharing names a version (Service Authorization Reference, AWS
/// Lambda).
#[must_use]
pub fn handled(right: HandlingRight, account: Part, name: &Text) -> Text {
    let before = [
        Part::Literal("arn:".to_owned()),
        Part::Parameter("AWS::Partition".to_owned()),
        Part::Literal(":lambda:*:".to_owned()),
        account,
        Part::Literal(":layer:".to_owned()),
    ];
    let after = match right {
        HandlingRight::Publish => None,
        HandlingRight::Share => Some(Part::Literal(":*".to_owned())),
    };
    Text::joined(
        before
            .into_iter()
            .chain(name.parts().iter().cloned())
            .chain(after),
    )
}

/// The fields of a member; `None` for a version that the stack publishes.
fn fields(layers: &Layers) -> Option<Arn<Text>> {
    match layers {
        Layers::Matching(arn) => Arn::of(arn),
        Layers::Published { .. } => None,
    }
}

/// The account in the ARNs of a member; `None` for a version that the stack publishes.
#[must_use]
pub fn account(layers: &Layers) -> Option<String> {
    Some(fields(layers)?.account.to_string())
}

/// The pattern for the layers' names in the ARNs of a member; `None` for a version that the stack
/// publishes.
#[must_use]
pub fn name(layers: &Layers) -> Option<String> {
    Some(fields(layers)?.resource.get(1)?.to_string())
}

/// The ARNs of a member as a pattern, in which a value that only a deploy knows is literal.
#[must_use]
pub fn pattern(rules: &Rules, layers: &Layers) -> Pattern {
    Pattern::new(&arn(rules, layers))
}

/// The ARNs of a member as a pattern, in which a value that only a deploy knows may be anything.
#[must_use]
pub fn open_pattern(rules: &Rules, layers: &Layers) -> Pattern {
    let arn = arn(rules, layers);
    let mut opened = String::with_capacity(arn.len());
    let mut rest = arn.as_str();
    while let Some((before, after)) = rest.split_once("${") {
        opened.push_str(before);
        opened.push('*');
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    opened.push_str(rest);
    Pattern::new(&opened)
}
