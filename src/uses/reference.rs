//! The meaning of an entry of a function's `Layers`: Lambda requires the ARN of a layer version
//! (Lambda API reference, `CreateFunction`, `Layers`).

use crate::aws::arn::{Arn, Field, Fields, LAYER_FIELDS, LAYER_VERSION_FIELDS, LayerVersionArn};
use crate::cloudformation::Template;
use crate::partial::{Piece, Text, UnknownOrigin};
use crate::rules::formats::{is_layer_version_field, is_version_number};

/// The meaning of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayerReference {
    /// A version by its ARN. Unknown parts of it have no colons, or it would not be such an ARN.
    Version(LayerVersionArn<Text>),
    /// A version that the same template publishes, by its logical ID.
    Resource(String),
    /// No version: Lambda refuses it.
    Wrong(ReferenceProblem),
    /// A value that only a deploy knows.
    Unknown,
}

/// Why an entry is not the ARN of a layer version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReferenceProblem {
    /// It is not an ARN, but a name or anything else.
    NotAnArn,
    /// It is the ARN of a layer, without a number.
    NoNumber,
    /// The number is something else.
    Number(String),
    /// Another field is something else.
    Field(Field, String),
    /// It has this many fields.
    Parts(usize),
}

impl LayerReference {
    /// The meaning of a text in a template.
    #[must_use]
    pub fn of(text: &Text, template: &Template) -> Self {
        if let Some(id) = text.as_resource() {
            let resource = template.resource(id);
            let is_layer =
                resource.is_some_and(|resource| resource.kind == "AWS::Lambda::LayerVersion");
            return if is_layer {
                Self::Resource(id.to_owned())
            } else {
                Self::Unknown
            };
        }
        let fields = Fields::of(text);
        if fields.count() == LAYER_VERSION_FIELDS {
            return Self::of_fields(fields);
        }
        match problem(text, &fields) {
            Some(problem) => Self::Wrong(problem),
            None => Self::Unknown,
        }
    }

    fn of_fields(fields: Fields<Text>) -> Self {
        for (field, text) in fields.placed() {
            let Some(known) = text.as_literal() else {
                continue;
            };
            if !is_layer_version_field(field, known) {
                return Self::Wrong(match field {
                    Field::Prefix => ReferenceProblem::NotAnArn,
                    Field::Version => ReferenceProblem::Number(known.to_owned()),
                    Field::Partition
                    | Field::Service
                    | Field::Region
                    | Field::Account
                    | Field::Resource
                    | Field::Name => ReferenceProblem::Field(field, known.to_owned()),
                });
            }
        }
        match fields.arn().and_then(Arn::layer_version) {
            Some(arn) => Self::Version(arn),
            None => Self::Wrong(ReferenceProblem::NotAnArn),
        }
    }
}

/// The field that makes an ARN one of something other than a layer: its service or its kind.
fn other_kind(fields: &Fields<Text>) -> Option<ReferenceProblem> {
    fields.placed().find_map(|(field, text)| match field {
        Field::Service | Field::Resource => {
            let known = text.as_literal()?;
            let is_other = !is_layer_version_field(field, known);
            is_other.then(|| ReferenceProblem::Field(field, known.to_owned()))
        }
        Field::Prefix
        | Field::Partition
        | Field::Region
        | Field::Account
        | Field::Name
        | Field::Version => None,
    })
}

/// What is wrong with a text that does not have the fields of the ARN of a version, as far as
/// known.
fn problem(text: &Text, fields: &Fields<Text>) -> Option<ReferenceProblem> {
    let is_arn = match text.pieces().first() {
        Some(Piece::Literal(start)) => {
            start.starts_with("arn:") || (fields.count() == 1 && "arn:".starts_with(start))
        }
        Some(Piece::Unknown(_)) => true,
        None => false,
    };
    if !is_arn {
        return Some(ReferenceProblem::NotAnArn);
    }
    let is_closed = text.unknowns().all(|unknown| match &unknown.origin {
        // The values of these have no colons.
        UnknownOrigin::Parameter(name) => {
            matches!(
                name.as_str(),
                "AWS::Region" | "AWS::AccountId" | "AWS::Partition" | "AWS::StackName"
            )
        }
        UnknownOrigin::Resource(..) | UnknownOrigin::Other(_) => false,
    });
    if is_closed {
        let mut placed = fields.placed();
        let is_layer = fields.count() == LAYER_FIELDS
            && placed.all(|(field, text)| match field {
                Field::Service => text.is("lambda"),
                Field::Resource => text.is("layer"),
                Field::Prefix
                | Field::Partition
                | Field::Region
                | Field::Account
                | Field::Name
                | Field::Version => true,
            });
        return Some(match (is_layer, fields.count()) {
            (true, _) => ReferenceProblem::NoNumber,
            (false, 1) => ReferenceProblem::NotAnArn,
            (false, number) => other_kind(fields).unwrap_or(ReferenceProblem::Parts(number)),
        });
    }
    // Whatever stands before, the last part is the number.
    match (fields.count() > 1, fields.last().and_then(Text::as_literal)) {
        (true, Some(last)) if !is_version_number(last) => {
            Some(ReferenceProblem::Number(last.to_owned()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudformation::{Values, explore};
    use serde_json::json;

    /// The meaning of a text in `Fn::Sub`.
    fn of(written: &str) -> LayerReference {
        let json = json!({ "Parameters": { "P": { "Type": "String" } }, "Resources":
            { "L": { "Type": "AWS::Lambda::LayerVersion" },
                "F": { "Type": "AWS::Lambda::Function" } } });
        let template = Template::new(json, &Values::default());
        let text = json!({ "Fn::Sub": written });
        let cases = explore(&template, None, |world| world.value(&text)).unwrap_or_default();
        let value = cases.into_iter().next().and_then(|(_, value)| value);
        LayerReference::of(
            value
                .as_ref()
                .and_then(|value| value.as_text())
                .unwrap_or(&Text::default()),
            &template,
        )
    }

    #[test]
    fn only_what_no_value_puts_right_is_wrong() {
        let rest = "lambda:eu-west-1:111122223333:layer:deps";
        for right in [
            "arn:aws:{}:3",
            "arn:${AWS::Partition}:{}:${P}",
            "arn:aws:lambda:${AWS::Region}:${P}:layer:deps:7",
        ] {
            assert!(
                matches!(of(&right.replace("{}", rest)), LayerReference::Version(_)),
                "{right}"
            );
        }
        for unknown in [
            "${P}",
            "${P}:3",
            "arn:aws:lambda:${P}",
            "arn:aws:lambda:eu-west-1:1:layer:${P}",
            "a${P}",
            "${F}",
        ] {
            assert_eq!(of(unknown), LayerReference::Unknown, "{unknown}");
        }
        assert_eq!(of("${L}"), LayerReference::Resource("L".to_owned()));
        assert_eq!(
            of(&format!("arn:aws:{rest}")),
            LayerReference::Wrong(ReferenceProblem::NoNumber)
        );
        assert_eq!(
            of(&format!("arn:aws:{rest}:latest")),
            LayerReference::Wrong(ReferenceProblem::Number("latest".to_owned()))
        );
        assert_eq!(
            of("${P}:$LATEST"),
            LayerReference::Wrong(ReferenceProblem::Number("$LATEST".to_owned()))
        );
        for name in ["deps", "deps-${P}", "${AWS::StackName}-deps", ""] {
            assert_eq!(
                of(name),
                LayerReference::Wrong(ReferenceProblem::NotAnArn),
                "{name}"
            );
        }
        let longer = [
            format!("arn:aws:{rest}:3:4"),
            "arn:aws:lambda:eu-west-1:12:layer:deps:1".to_owned(),
        ];
        for wrong in longer {
            assert!(
                matches!(
                    of(&wrong),
                    LayerReference::Wrong(ReferenceProblem::Field(..) | ReferenceProblem::Parts(_))
                ),
                "{wrong}"
            );
        }
    }
}
