//! How long a policy document is once CloudFormation has filled it in.
//!
//! IAM counts the characters of a document without white space (IAM User Guide, quotas);
//! Organizations counts them all, and gets compact JSON. So both are measured as compact JSON.

use super::emit::{self, Scalar, Sink};
use super::model::{Document, Properties, Statement, Template};
use crate::rules::formats::{LAYER_NAME_PART, LAYER_NAME_PART_PATTERN};
use std::collections::HashMap;

/// The lengths of values that only a deploy knows.
#[derive(Clone, Debug)]
pub struct Lengths {
    partition: usize,
    region: usize,
    stack_name: usize,
    /// The ARN of each layer version of the template, by logical ID, and the parameters that stand
    /// in the names of layers.
    named: HashMap<String, usize>,
}

impl Lengths {
    /// The shortest lengths that are possible: partition `aws`, region `us-east-1`, version 1.
    pub fn shortest(template: &Template) -> Self {
        Self::of(template, "aws".len(), "us-east-1".len(), 1, 1, 1)
    }

    /// The longest lengths that are likely: the longest partition and region of today, a version of
    /// five digits.
    pub fn longest(template: &Template) -> Self {
        Self::of(
            template,
            "aws-us-gov".len(),
            "us-isof-south-1".len(),
            128,
            5,
            LAYER_NAME_PART,
        )
    }

    fn of(
        template: &Template,
        partition: usize,
        region: usize,
        stack_name: usize,
        version: usize,
        part: usize,
    ) -> Self {
        let in_names = template
            .parameters
            .iter()
            .filter(|parameter| parameter.pattern.as_deref() == Some(LAYER_NAME_PART_PATTERN));
        let mut lengths = Self {
            partition,
            region,
            stack_name,
            named: in_names
                .map(|parameter| (parameter.name.clone(), part))
                .collect(),
        };
        let fixed = "arn::lambda::123456789012:layer::".len() + partition + region + version;
        let versions =
            template
                .resources
                .iter()
                .filter_map(|resource| match &resource.properties {
                    Properties::LayerVersion(version) => {
                        let name = scalar((&version.name).into(), &lengths) - string(0);
                        Some((resource.id.clone(), fixed + name))
                    }
                    Properties::Permission(_)
                    | Properties::SsmParameter(_)
                    | Properties::Role(_)
                    | Properties::ManagedPolicy(_)
                    | Properties::ServiceControlPolicy(_)
                    | Properties::StackSet(_) => None,
                });
        let versions: Vec<(String, usize)> = versions.collect();
        lengths.named.extend(versions);
        lengths
    }

    /// The length of the value of a name in `${…}` or after `Ref`.
    fn value(&self, name: &str) -> usize {
        match name {
            "AWS::Partition" => self.partition,
            "AWS::Region" => self.region,
            "AWS::StackName" => self.stack_name,
            // Whatever else a document refers to is a layer version, an account or an organization
            // of the usual length.
            _ => self
                .named
                .get(name)
                .copied()
                .unwrap_or("123456789012".len()),
        }
    }

    /// The length of a text in which `${Name}` is filled in and `${!Name}` stands for `${Name}`.
    fn substituted(&self, text: &str) -> usize {
        let mut length = 0;
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            length += before.chars().count();
            length += match name.strip_prefix('!') {
                Some(literal) => literal.len() + "${}".len(),
                None => self.value(name),
            };
            rest = after;
        }
        length + rest.chars().count()
    }
}

/// The characters of a document.
pub fn document(document: &Document, lengths: &Lengths) -> usize {
    let mut measure = Measure::new(lengths);
    emit::document(&mut measure, document);
    measure.characters
}

/// The characters of one statement.
pub fn statement(statement: &Statement, lengths: &Lengths) -> usize {
    let mut measure = Measure::new(lengths);
    emit::statement(&mut measure, statement);
    measure.characters
}

/// The characters of a text as a JSON string.
pub fn string(characters: usize) -> usize {
    characters + r#""""#.len()
}

/// The characters of a value as a JSON string.
pub fn scalar(scalar: Scalar<'_>, lengths: &Lengths) -> usize {
    string(match scalar {
        Scalar::Plain(text) => text.chars().count(),
        // Quotes and backslashes, which JSON escapes, are in no text that a document takes.
        Scalar::Text(text) => text.chars().count(),
        Scalar::Ref(name) => lengths.value(name),
        Scalar::Sub(text) => lengths.substituted(text),
        Scalar::Truth(truth) => return if truth { 4 } else { 5 },
    })
}

/// A sink that counts.
struct Measure<'a> {
    lengths: &'a Lengths,
    characters: usize,
    /// Whether the innermost mapping or list has an entry already.
    filled: bool,
}

impl<'a> Measure<'a> {
    fn new(lengths: &'a Lengths) -> Self {
        Self {
            lengths,
            characters: 0,
            filled: false,
        }
    }

    fn open(&mut self) {
        self.characters += 2;
        self.filled = false;
    }

    fn entry(&mut self) {
        self.characters += usize::from(self.filled);
        self.filled = true;
    }
}

impl Sink for Measure<'_> {
    fn header(&mut self, _: &[String]) {}

    fn mark(&self, _: &str) -> Option<(&'static str, String)> {
        None
    }

    fn blank(&mut self) {}

    fn comment(&mut self, _: &str) {}

    fn begin_map(&mut self) {
        self.open();
    }

    fn end_map(&mut self) {
        self.filled = true;
    }

    fn begin_list(&mut self) {
        self.open();
    }

    fn end_list(&mut self) {
        self.filled = true;
    }

    fn key(&mut self, key: &'static str) {
        self.name(key);
    }

    fn name(&mut self, name: &str) {
        self.entry();
        self.characters += string(name.chars().count()) + ":".len();
    }

    fn item(&mut self) {
        self.entry();
    }

    fn scalar(&mut self, scalar: Scalar<'_>, _: Option<&str>) {
        self.characters += self::scalar(scalar, self.lengths);
    }

    fn template(&mut self, _: &Template) {}

    fn finish(self) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::json::Json;
    use crate::template::model::{
        Condition, Effect, Key, PrincipalElement, Resources, Value, Values,
    };

    fn example() -> Document {
        let values =
            |texts: &[&str]| Values::list(texts.iter().map(|text| Value::string(*text)).collect());
        let statement = |sid: &'static str| Statement {
            sid: sid.into(),
            effect: Effect::Deny,
            principal: Some(PrincipalElement {
                kind: "AWS",
                principals: values(&["*"]),
            }),
            actions: &[
                "lambda:CreateFunction",
                "lambda:UpdateFunctionConfiguration",
            ],
            resources: Resources::These(Values::One(Value::string("*"))),
            conditions: vec![
                Condition {
                    operator: "ForAnyValue:StringNotLike",
                    key: Key::Known("lambda:Layer"),
                    values: values(&["arn:aws:lambda:*:123456789012:layer:a:*", "b"]),
                },
                Condition {
                    operator: "Null",
                    key: Key::Provider("a:b".to_owned()),
                    values: Values::One(Value::string("true")),
                },
            ],
        };
        Document {
            statements: vec![statement("One"), statement("Two")],
        }
    }

    #[test]
    fn a_document_is_measured_as_compact_json() {
        let mut bytes = Vec::new();
        let mut json = Json::new(&mut bytes);
        emit::document(&mut json, &example());
        json.finish();
        let written: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
        assert!(written.is_object());
        let lengths = Lengths::shortest(&Template::default());
        assert_eq!(document(&example(), &lengths), written.to_string().len());
    }

    #[test]
    fn what_is_filled_in_has_its_own_length() {
        let lengths = Lengths::longest(&Template::default());
        let text = "arn:${AWS::Partition}:x:${AWS::AccountId}:${!aws:PrincipalAccount}";
        let filled = "arn:aws-us-gov:x:123456789012:${aws:PrincipalAccount}";
        assert_eq!(lengths.substituted(text), filled.len());
        assert_eq!(scalar(Scalar::Ref("SomeAccount"), &lengths), 14);
    }
}
