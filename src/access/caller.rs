//! What policies say about a principal by its name, path and tags. A principal that gets another
//! name or tag may escape a Deny, although no policy changes.

use super::attachment::GUARDRAIL;
use super::document::Documents;
use super::wider::{Applies, Wider};
use crate::cloudformation::{Resource, Template, World};
use crate::iam::attach::is_unrelated;
use crate::iam::document::{Condition, Document, Effect};
use crate::iam::effective::EffectivePolicies;
use crate::iam::evaluate::{Answer, holds};
use crate::iam::provenance::DocumentName;
use crate::iam::right::{self, Right};
use crate::partial::{Partial, Text};

/// What policies say about a principal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// Its tags that policies mention, by key.
    pub tags: Vec<(String, Text)>,
    /// The conditions on its ARN under which guardrails of the template deny something, and whether
    /// they hold.
    pub conditions: Vec<(DocumentName, Condition, Answer)>,
}

/// The guardrails of a template that distinguish principals.
pub(super) fn distinguishing(template: &Template) -> Vec<Resource<'_>> {
    let all = template.resources();
    all.filter(|resource| {
        resource.kind == GUARDRAIL
            && resource
                .json
                .to_string()
                .to_ascii_lowercase()
                .contains("aws:principal")
    })
    .collect()
}

impl Caller {
    /// A principal with these policies, below these guardrails.
    pub(super) fn of(
        resource: &Resource<'_>,
        policies: &EffectivePolicies,
        guardrails: &[Resource<'_>],
        world: &World<'_>,
        documents: &Documents,
    ) -> Self {
        let guardrails: Vec<Document> = guardrails
            .iter()
            .map(|guardrail| documents.of_policy(guardrail, "Content", world))
            .collect();
        let tags = tags(resource, world);
        let written = if tags.is_empty() {
            String::new()
        } else {
            written(policies.documents().chain(&guardrails))
        };
        let is_mentioned =
            |key: &str| written.contains(&format!("aws:principaltag/{}", key.to_ascii_lowercase()));
        let mut found = Self {
            tags: tags
                .into_iter()
                .filter(|(key, _)| is_mentioned(key))
                .collect(),
            conditions: Vec::new(),
        };
        for document in &guardrails {
            let denying = document.statements.iter().filter(|statement| {
                let mut handling = Right::HANDLING.iter();
                statement.effect == Effect::Deny
                    && !(is_unrelated(statement)
                        && handling.all(|right| right::is_unrelated(statement, *right)))
            });
            for condition in denying.flat_map(|statement| &statement.conditions) {
                if condition.key == "aws:principalarn" {
                    let answer = holds(condition, &policies.request, document.has_variables);
                    found
                        .conditions
                        .push((document.name.clone(), condition.clone(), answer));
                }
            }
        }
        found
    }

    /// What policies may say about a principal that they did not say about another one.
    pub(super) fn beyond(&self, old: &Self) -> Vec<Wider> {
        let mut found = Vec::new();
        for (is_added, wide, narrow) in [(true, self, old), (false, old, self)] {
            let changed = wide.tags.iter().filter(|tag| !narrow.tags.contains(tag));
            for (key, value) in changed.filter(|tag| is_added || !self.has_tag(&tag.0)) {
                found.push(Wider {
                    is_added,
                    what: Applies::Tag(key.clone(), value.clone()),
                });
            }
        }
        for (guardrail, condition, answer) in &self.conditions {
            let held = old.conditions.iter().any(|(other, before, held)| {
                other == guardrail && before == condition && *held == Answer::Yes
            });
            let is_certain = match answer {
                Answer::Yes => continue,
                Answer::No => true,
                Answer::Unknown(_) => false,
            };
            if held {
                let from = guardrail.clone();
                found.push(Wider {
                    is_added: true,
                    what: Applies::Exempt { from, is_certain },
                });
            }
        }
        found
    }

    fn has_tag(&self, key: &str) -> bool {
        self.tags.iter().any(|(other, _)| other == key)
    }
}

/// The tags of a principal. One whose key only a deploy knows has an empty key, which every policy
/// about tags mentions.
fn tags(resource: &Resource<'_>, world: &World<'_>) -> Vec<(String, Text)> {
    let all = resource.items("Tags", world);
    all.iter()
        .map(|tag| {
            let key = tag.get("Key").and_then(Partial::as_text);
            let value = tag.get("Value").and_then(Partial::as_text);
            (
                key.and_then(Text::as_literal)
                    .unwrap_or_default()
                    .to_owned(),
                value
                    .cloned()
                    .unwrap_or_else(|| Text::unknown("a value", tag.to_string())),
            )
        })
        .collect()
}

/// What documents say, in lower case.
fn written<'d>(documents: impl Iterator<Item = &'d Document>) -> String {
    let mut written = String::new();
    for statement in documents.flat_map(|document| document.statements.iter()) {
        written.push_str(&statement.written.to_string());
    }
    written.to_ascii_lowercase()
}
