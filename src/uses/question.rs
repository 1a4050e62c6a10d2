//! Which functions use a layer: who breaks when a version is deleted.

use super::FunctionFile;
use super::function::{Function, Use};
use super::reference::LayerReference;
use super::unknown::WhenUsed;
use crate::access::matching::Match;
use crate::aws::arn::{self, Arn, LayerArn};
use crate::cloudformation::case::Case;
use crate::cloudformation::cases::AllCases;
use crate::cloudformation::{World, explore};
use crate::partial::Text;
use crate::source::Span;
use std::fmt;

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
    pub version: UsedVersion,
    /// Whether it is certainly the layer in question.
    pub is_certain: bool,
    /// The cases in which the function uses it; `None` for all.
    pub when: Option<WhenUsed>,
}

/// The functions of a template that use a layer or may use it.
#[must_use]
pub fn users(file: &FunctionFile<'_>, wanted: &Wanted) -> Vec<User> {
    let user = |found: Answered<bool>| User {
        function: found.function,
        span: found.span,
        version: found.version,
        is_certain: found.answer,
        when: found.when,
    };
    answered(file, false, |layer, world| match wanted.is(layer, world) {
        Match::No => None,
        Match::Maybe => Some(false),
        Match::Yes => Some(true),
    })
    .into_iter()
    .map(user)
    .collect()
}

/// What a function has in the list of its layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UsedVersion {
    /// The ARN of a version as far as it is known, or a logical ID.
    Written(String),
    /// It is unknown: a deploy can decide too many cases.
    TooManyCases,
}

impl fmt::Display for UsedVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Written(version) => version,
            Self::TooManyCases => "too many cases",
        })
    }
}

/// A layer of a function, with the answer to a question about it.
pub(super) struct Answered<A> {
    pub function: String,
    pub span: Span,
    pub version: UsedVersion,
    pub answer: A,
    pub when: Option<WhenUsed>,
}

/// The layers of the functions of a file for which a question has an answer. `undecided` is the
/// answer for a function with too many cases.
pub(super) fn answered<A: Clone + PartialEq>(
    file: &FunctionFile<'_>,
    undecided: A,
    question: impl Fn(&Use, &World<'_>) -> Option<A>,
) -> Vec<Answered<A>> {
    let mut found = Vec::new();
    for function in file.functions() {
        found.extend(of_function(file, &function, &undecided, &question));
    }
    found
}

fn of_function<A: Clone + PartialEq>(
    file: &FunctionFile<'_>,
    function: &Function<'_>,
    undecided: &A,
    question: &impl Fn(&Use, &World<'_>) -> Option<A>,
) -> Vec<Answered<A>> {
    let answers = explore(file.template, None, |world| {
        let is_made = function.resource.is_made(world);
        is_made.then(|| {
            let layers = function.layers(world).into_iter();
            layers
                .filter_map(|layer| Some((question(&layer, world)?, layer)))
                .collect::<Vec<_>>()
        })
    });
    let Ok(answers) = answers else {
        return vec![Answered {
            function: function.name.to_owned(),
            span: file.span(&function.list(false)),
            version: UsedVersion::TooManyCases,
            answer: undecided.clone(),
            when: None,
        }];
    };
    let made: Vec<_> = answers
        .into_iter()
        .filter_map(|(case, layers)| Some((case, layers?)))
        .collect();
    let all = AllCases::of(made.iter().map(|(case, _)| case.clone()).collect());
    let mut found: Vec<(A, Use, Vec<Case>)> = Vec::new();
    for (case, layers) in made {
        for (answer, layer) in layers {
            match found
                .iter_mut()
                .find(|(known, same, _)| *same == layer && *known == answer)
            {
                Some((.., cases)) => cases.push(case.clone()),
                None => found.push((answer, layer, vec![case.clone()])),
            }
        }
    }
    let answered = |(answer, layer, cases): (A, Use, Vec<Case>)| Answered {
        function: function.name.to_owned(),
        span: file.layer(function, layer.entry),
        version: UsedVersion::Written(layer.shown()),
        answer,
        when: WhenUsed::of(&cases, &all),
    };
    found.into_iter().map(answered).collect()
}

impl Wanted {
    /// Whether an entry of a function is the layer in question.
    fn is(&self, layer: &Use, world: &World<'_>) -> Match {
        match &layer.layer {
            LayerReference::Wrong(_) => Match::No,
            LayerReference::Unknown => Match::Maybe,
            LayerReference::Resource(id) => self.is_published(id, world),
            LayerReference::Version(arn) => {
                let is_layer = self.is_layer(&arn.layer());
                let is_number = match (&self.number, arn.version.as_literal()) {
                    (None, _) => Match::Yes,
                    (Some(wanted), Some(number)) if wanted == number => Match::Yes,
                    (Some(_), Some(_)) => Match::No,
                    (Some(_), None) => Match::Maybe,
                };
                is_layer.and(is_number)
            }
        }
    }

    /// The ARN of the layer, if the question gives it.
    fn arn(&self) -> Option<LayerArn<&str>> {
        Arn::of(self.layer.as_str()).and_then(Arn::layer)
    }

    /// Whether the ARN of a layer is that of the layer in question.
    fn is_layer(&self, arn: &LayerArn<&Text>) -> Match {
        let Some(wanted) = self.arn() else {
            return is(arn.name, &self.layer);
        };
        let fields = arn.fields().into_iter().zip(wanted.fields());
        fields.fold(Match::Yes, |all, (field, wanted)| {
            all.and(is(field, wanted))
        })
    }

    /// Whether a layer that the template publishes is the one in question. Only a deploy knows its
    /// account, its region and its version number.
    fn is_published(&self, id: &str, world: &World<'_>) -> Match {
        let name = world
            .template
            .resource(id)
            .and_then(|resource| resource.text("LayerName", world));
        let Some(name) = name.and_then(|name| arn::layer_name(&name)) else {
            return Match::No;
        };
        let arn = self.arn();
        let wanted = arn.as_ref().map_or(self.layer.as_str(), |arn| arn.name);
        let is_sure = arn.is_none() && self.number.is_none();
        is(&name, wanted).and(if is_sure { Match::Yes } else { Match::Maybe })
    }
}

fn is(field: &Text, wanted: &str) -> Match {
    Match::of(field.as_literal(), Some(wanted))
}
