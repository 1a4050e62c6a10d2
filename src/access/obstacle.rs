//! Why a layer cannot be attached: what denies it, or which half of the permission is missing.

use super::attach::{ATTACH, Analysis, Constraint, Mode, READ, constraints};
use super::evaluate::Answer;
use super::policy::{Document, Statement};
use super::subject::Subject;
use std::fmt;

/// What is in the way of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// A statement denies it.
    Denied(String),
    /// Nothing allows the action, here.
    NotAllowed(&'static str, String),
    /// What these statements say about `lambda:Layer` does not let it in.
    OtherLayers(Vec<String>),
    /// It may be attached and not be read.
    Unreadable(String),
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(by) => write!(f, "{by} denies it"),
            Self::NotAllowed(action, within) => write!(f, "nothing{within} allows {action}"),
            Self::OtherLayers(by) => {
                write!(
                    f,
                    "the half that is missing is lambda:Layer: it is not among the layers of {}",
                    by.join(" and ")
                )
            }
            Self::Unreadable(within) => {
                write!(f, "the half that is missing is {READ} on it, which nothing{within} allows")
            }
        }
    }
}

/// What is in the way of a request with this layer alone; `None` where nothing is for certain.
#[must_use]
pub fn obstacle(subject: &Subject, layer: &str) -> Option<Obstacle> {
    let one = |action| of_action(&Analysis { subject, action, mode: Mode::Possible }, layer);
    // Either action attaches it.
    let obstacles: Option<Vec<Obstacle>> = ATTACH.iter().copied().map(one).collect();
    match obstacles {
        Some(obstacles) => obstacles.into_iter().next(),
        None => of_reading(&Analysis { subject, action: READ, mode: Mode::Possible }, layer),
    }
}

fn of_action(analysis: &Analysis<'_>, layer: &str) -> Option<Obstacle> {
    let (subject, action) = (analysis.subject, analysis.action);
    let fits = |statement: &Statement, document: &Document, unclear: bool| {
        let constraints = constraints(statement, document, &subject.request);
        constraints.iter().all(|constraint| holds(constraint, layer).unwrap_or(unclear))
    };
    let concerns =
        |document: &Document, statement: &Statement| analysis.concerns(statement, document, !statement.denies);
    for (document, statement) in subject.all().flat_map(statements).filter(|(_, statement)| statement.denies) {
        if concerns(document, statement) == Answer::Yes && fits(statement, document, false) {
            return Some(Obstacle::Denied(named(document, statement)));
        }
    }
    subject.levels.iter().find_map(|level| {
        if level.iter().any(|document| document.problem.is_some()) {
            return None;
        }
        let mut others = Vec::new();
        for (document, statement) in level.iter().flat_map(statements).filter(|(_, statement)| !statement.denies) {
            match concerns(document, statement) {
                Answer::No => {}
                Answer::Yes if !fits(statement, document, true) => others.push(named(document, statement)),
                Answer::Yes | Answer::Unknown(_) => return None,
            }
        }
        Some(match others.is_empty() {
            true => Obstacle::NotAllowed(action, within(level)),
            false => Obstacle::OtherLayers(others),
        })
    })
}

fn of_reading(analysis: &Analysis<'_>, layer: &str) -> Option<Obstacle> {
    analysis.subject.levels.iter().find_map(|level| {
        let readable = level.iter().flat_map(|document| analysis.reads(document, false));
        let mut readable = readable.chain(analysis.subject.own_layers.clone());
        (!readable.any(|pattern| pattern.matches(layer))).then(|| Obstacle::Unreadable(within(level)))
    })
}

fn statements(document: &Document) -> impl Iterator<Item = (&Document, &Statement)> {
    document.statements.iter().map(move |statement| (document, statement))
}

fn named(document: &Document, statement: &Statement) -> String {
    format!("{}, {}", document.name, statement.sid)
}

fn within(level: &[Document]) -> String {
    let names: Vec<&str> = level.iter().map(|document| document.name.as_str()).collect();
    if names.is_empty() { String::new() } else { format!(" in {}", names.join("; ")) }
}

/// Whether a condition holds of a list of this layer alone, if that can be told.
fn holds(constraint: &Constraint, layer: &str) -> Option<bool> {
    match constraint {
        Constraint::All(patterns, fits) | Constraint::Any(patterns, fits) => {
            Some(patterns.iter().any(|pattern| pattern.matches(layer)) == *fits)
        }
        Constraint::Never => Some(false),
        Constraint::Unclear => None,
    }
}
