//! Which functions use a layer: who breaks when a version is deleted.

use super::function::Use;
use super::reference::Layer;
use super::{File, when};
use crate::access::grants::Match;
use crate::cloudformation::case::Case;
use crate::cloudformation::{World, explore};
use crate::partial::Text;
use crate::source::Span;

/// The layer, or the version of one, that a question is about.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The name of the layer, or its ARN without the number of a version.
    pub layer: String,
    /// The number of the version; none for all.
    pub number: Option<String>,
}

/// A function that uses the layer in question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its logical ID.
    pub function: String,
    /// The place of the layer in its list.
    pub span: Span,
    /// What is written there.
    pub version: String,
    /// Whether it is certainly the layer in question.
    pub is_certain: bool,
    /// The cases in which the function uses it, in words; `None` for all.
    pub when: Option<String>,
}

/// The functions of a template that use a layer or may use it.
#[must_use]
pub fn users(file: &File<'_>, wanted: &Wanted) -> Vec<User> {
    let mut users = Vec::new();
    for function in file.functions() {
        let name = function.name;
        let answers = explore(file.template, None, |world| {
            let is_made = function.resource.is_made(world);
            is_made.then(|| {
                function
                    .layers(world)
                    .into_iter()
                    .map(|layer| {
                        let found = wanted.is(&layer, world);
                        (layer, found)
                    })
                    .collect::<Vec<_>>()
            })
        });
        let Ok(answers) = answers else {
            let span = file.span(&function.list(false));
            let version = "too many cases".to_owned();
            users.push(User {
                function: name.to_owned(),
                span,
                version,
                is_certain: false,
                when: None,
            });
            continue;
        };
        let made: Vec<_> = answers
            .into_iter()
            .filter_map(|(case, layers)| Some((case, layers?)))
            .collect();
        let all: Vec<Case> = made.iter().map(|(case, _)| case.clone()).collect();
        let mut found: Vec<(Use, bool, Vec<Case>)> = Vec::new();
        for (case, layers) in made {
            for (layer, answer) in layers {
                if answer == Match::No {
                    continue;
                }
                let is_certain = answer == Match::Yes;
                match found
                    .iter_mut()
                    .find(|(known, certain, _)| *known == layer && *certain == is_certain)
                {
                    Some((_, _, cases)) => cases.push(case.clone()),
                    None => found.push((layer, is_certain, vec![case.clone()])),
                }
            }
        }
        for (layer, is_certain, cases) in found {
            let version = layer
                .text
                .as_resource()
                .map_or_else(|| layer.text.to_string(), str::to_owned);
            users.push(User {
                function: name.to_owned(),
                span: file.layer(&function, layer.entry),
                version,
                is_certain,
                when: when(cases, &all),
            });
        }
    }
    users
}

impl Wanted {
    /// Whether an entry of a function is the layer in question.
    fn is(&self, layer: &Use, world: &World<'_>) -> Match {
        match &layer.layer {
            Layer::Wrong(_) => Match::No,
            Layer::Unknown => Match::Maybe,
            Layer::Resource(id) => self.is_published(id, world),
            Layer::Version(arn) => {
                let is_layer = self.is_layer(arn.layer());
                let is_number = match (&self.number, arn.number().as_literal()) {
                    (None, _) => Match::Yes,
                    (Some(wanted), Some(number)) if wanted == number => Match::Yes,
                    (Some(_), Some(_)) => Match::No,
                    (Some(_), None) => Match::Maybe,
                };
                both(is_layer, is_number)
            }
        }
    }

    /// Whether the fields of an ARN, all but the number, are those of the layer.
    fn is_layer(&self, fields: &[Text]) -> Match {
        if !self.layer.contains(':') {
            return fields
                .last()
                .map_or(Match::No, |name| is(name, &self.layer));
        }
        let wanted: Vec<&str> = self.layer.split(':').collect();
        if wanted.len() != fields.len() {
            return Match::No;
        }
        let mut answer = Match::Yes;
        for (field, wanted) in fields.iter().zip(wanted) {
            answer = both(answer, is(field, wanted));
        }
        answer
    }

    /// Whether a layer that the template publishes is the one in question. Only a deploy knows its
    /// account, its region and its version number.
    fn is_published(&self, id: &str, world: &World<'_>) -> Match {
        let name = world
            .template
            .resource(id)
            .and_then(|resource| resource.text("LayerName", world));
        let Some(name) = name.and_then(|name| name.split(':').pop()) else {
            return Match::No;
        };
        let wanted = self.layer.rsplit(':').next().unwrap_or_default();
        let is_sure = wanted == self.layer && self.number.is_none();
        both(
            is(&name, wanted),
            if is_sure { Match::Yes } else { Match::Maybe },
        )
    }
}

fn is(field: &Text, wanted: &str) -> Match {
    match field.as_literal() {
        Some(known) if known == wanted => Match::Yes,
        Some(_) => Match::No,
        None => Match::Maybe,
    }
}

fn both(one: Match, other: Match) -> Match {
    match (one, other) {
        (Match::No, _) | (_, Match::No) => Match::No,
        (Match::Yes, Match::Yes) => Match::Yes,
        (Match::Maybe, _) | (_, Match::Maybe) => Match::Maybe,
    }
}
