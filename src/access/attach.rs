//! Which layers a role, a policy, a boundary or a guardrail lets attach: not one by one, but all of them.
//!
//! A request brings a list of layers. Conditions on `lambda:Layer` speak of all layers of the list or of any, so that a
//! layer can be attached if there is a list with it that some Allow of each level allows and no Deny denies. Each way
//! to that end is a [`Way`]: the layers of the list fit some pattern of each of its groups, and none of those left out.

use super::evaluate::{Answer, Request, Values, holds, names_action, value};
use super::policy::{Condition, Document, Operator, Quantifier, Statement};
use super::subject::Subject;
use super::ways::{Attachable, Way};
use crate::pattern::Pattern;

/// The actions that can attach a layer.
pub(super) const ATTACH: [&str; 2] = ["lambda:CreateFunction", "lambda:UpdateFunctionConfiguration"];

/// What attaching a layer of another account takes besides.
pub(super) const READ: &str = "lambda:GetLayerVersion";

/// The most ways that are told apart.
const MOST: usize = 256;

/// How a statement that is not understood is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// To its least effect, if it allows, and to its greatest, if it denies.
    Certain,
    /// The other way round.
    Possible,
}

/// What a condition says about the list of layers.
pub(super) enum Constraint {
    /// Each layer fits one of the patterns; or none of them.
    All(Vec<Pattern>, bool),
    /// Some layer does.
    Any(Vec<Pattern>, bool),
    /// It never holds where there are layers.
    Never,
    /// It is not understood.
    Unclear,
}

/// What can be attached by whom the subject is about.
#[must_use]
pub fn attachable(subject: &Subject) -> Attachable {
    let mut found = Attachable { doubts: subject.doubts.clone(), ..Attachable::default() };
    for action in ATTACH {
        for (mode, ways) in [(Mode::Certain, &mut found.certain), (Mode::Possible, &mut found.possible)] {
            let analysis = Analysis { subject, action, mode };
            match analysis.ways() {
                Some(all) => ways.extend(all.into_iter().filter(|way| way.is_satisfiable(mode == Mode::Possible))),
                None => {
                    let doubt = "its policies have too many conditions to tell their combinations apart";
                    found.doubts.push(doubt.to_owned());
                    // What is not told apart is not excluded.
                    if mode == Mode::Possible {
                        ways.push(Way::default());
                    }
                }
            }
        }
    }
    for ways in [&mut found.certain, &mut found.possible] {
        ways.sort_by(|a, b| (&a.within, &a.outside).cmp(&(&b.within, &b.outside)));
        ways.dedup_by(|a, b| (&a.within, &a.outside) == (&b.within, &b.outside));
    }
    found.doubts.sort();
    found.doubts.dedup();
    found
}

/// What a subject says about an action.
pub(super) struct Analysis<'a> {
    pub subject: &'a Subject,
    pub action: &'static str,
    pub mode: Mode,
}

impl Analysis<'_> {
    /// Every way to attach a layer by the action; `None` where there are too many.
    fn ways(&self) -> Option<Vec<Way>> {
        // What is not understood at all might be a Deny.
        if self.mode == Mode::Certain && self.subject.all().any(is_unclear) {
            return Some(Vec::new());
        }
        let mut ways = vec![Way::default()];
        for level in &self.subject.levels {
            let allowed: Vec<Way> = level.iter().flat_map(|document| self.allowed(document)).collect();
            ways = product(&ways, &allowed)?;
        }
        for document in self.subject.all() {
            for statement in document.statements.iter().filter(|statement| statement.denies) {
                if let Some(escapes) = self.escapes(statement, document) {
                    ways = product(&ways, &escapes)?;
                }
            }
        }
        let (readable, unreadable) = self.readable();
        for way in &mut ways {
            way.within.extend(readable.iter().cloned());
            way.outside.extend(unreadable.iter().cloned());
            simplify(way);
        }
        Some(ways)
    }

    /// The ways that the Allow statements of a document open.
    fn allowed(&self, document: &Document) -> Vec<Way> {
        let mut ways = Vec::new();
        if document.problem.is_some() && self.mode == Mode::Possible {
            ways.push(Way { by: vec![document.name.clone()], ..Way::default() });
        }
        for statement in document.statements.iter().filter(|statement| !statement.denies) {
            if !self.counts(self.concerns(statement, document, true)) {
                continue;
            }
            let constraints = constraints(statement, document, &self.subject.request);
            let by = vec![format!("{}, {}", document.name, statement.sid)];
            let way =
                constraints.into_iter().try_fold(Way { by, ..Way::default() }, |way, constraint| match constraint {
                    Constraint::Unclear if self.mode == Mode::Possible => Some(way),
                    Constraint::Never | Constraint::Unclear => None,
                    constraint => Some(add(way, constraint)),
                });
            ways.extend(way);
        }
        ways
    }

    /// The ways to escape a Deny; `None` where it is not about the action at all.
    fn escapes(&self, statement: &Statement, document: &Document) -> Option<Vec<Way>> {
        let applies = match self.concerns(statement, document, false) {
            Answer::Yes => true,
            Answer::No => false,
            Answer::Unknown(_) => self.mode == Mode::Certain,
        };
        if !applies {
            return None;
        }
        let mut ways = Vec::new();
        for constraint in constraints(statement, document, &self.subject.request) {
            match constraint {
                Constraint::All(patterns, fits) => ways.push(add(Way::default(), Constraint::Any(patterns, !fits))),
                Constraint::Any(patterns, fits) => ways.push(add(Way::default(), Constraint::All(patterns, !fits))),
                Constraint::Never => return None,
                Constraint::Unclear if self.mode == Mode::Possible => return None,
                Constraint::Unclear => {}
            }
        }
        Some(ways)
    }

    /// Whether an answer is taken for yes.
    fn counts(&self, answer: Answer) -> bool {
        match answer {
            Answer::Yes => true,
            Answer::No => false,
            Answer::Unknown(_) => self.mode == Mode::Possible,
        }
    }

    /// Whether a statement is about the action, on some function if it allows and on all if it denies, its conditions
    /// on the layers left aside.
    pub fn concerns(&self, statement: &Statement, document: &Document, some: bool) -> Answer {
        let request = &self.subject.request;
        let others = statement.conditions.iter().filter(|condition| !is_about_layers(condition));
        let others = || others.fold(Answer::Yes, |all, one| all.and(|| holds(one, request, document.has_variables)));
        let problem = || statement.problem.clone().map_or(Answer::Yes, Answer::Unknown);
        names_action(&statement.actions, self.action)
            .and(|| functions(statement, document, request, some))
            .and(others)
            .and(problem)
    }

    /// The layers that may be read, as groups to be within, and those that may not. Within its own account, whether a
    /// layer must be readable is not documented.
    fn readable(&self) -> (Vec<Vec<Pattern>>, Vec<Pattern>) {
        let levels = self.subject.levels.iter();
        let mut readable: Vec<Vec<Pattern>> =
            levels.map(|level| level.iter().flat_map(|document| self.reads(document, false)).collect()).collect();
        if self.mode == Mode::Certain {
            return (readable, self.subject.all().flat_map(|document| self.reads(document, true)).collect());
        }
        // A layer of the own account may be attached all the same, and what is denied may be denied to others.
        readable.iter_mut().for_each(|level| level.extend(self.subject.own_layers.clone()));
        (readable, Vec::new())
    }

    /// The layers whose reading a document allows, or denies, as far as the mode takes it.
    pub fn reads(&self, document: &Document, denies: bool) -> Vec<Pattern> {
        let widest = (self.mode == Mode::Possible) != denies;
        let mut found = Vec::new();
        if document.problem.is_some() && widest {
            found.push(Pattern::new("*"));
        }
        for statement in document.statements.iter().filter(|statement| statement.denies == denies) {
            let about = names_action(&statement.actions, READ)
                .and(|| statement.problem.clone().map_or(Answer::Yes, Answer::Unknown))
                .and(|| match statement.conditions.is_empty() {
                    true => Answer::Yes,
                    false => Answer::Unknown("its conditions are not looked into".to_owned()),
                });
            let counts = match about {
                Answer::Yes => true,
                Answer::No => false,
                Answer::Unknown(_) => widest,
            };
            if counts {
                found.extend(resources(statement, document, &self.subject.request, widest));
            }
        }
        found
    }
}

/// The patterns of a statement's resources. `widest` says how to take what is not known.
fn resources(statement: &Statement, document: &Document, request: &Request, widest: bool) -> Vec<Pattern> {
    if statement.resources.negated {
        return if widest { vec![Pattern::new("*")] } else { Vec::new() };
    }
    let known = |text| match value(text, request, document.has_variables) {
        Ok(pattern) => pattern,
        Err(_) => widest.then(|| Pattern::new("*")),
    };
    statement.resources.patterns.iter().filter_map(known).collect()
}

/// Whether a statement is about some function, or about all.
fn functions(statement: &Statement, document: &Document, request: &Request, some: bool) -> Answer {
    let unknown = || Answer::Unknown(format!("which functions `{}` is about", statement.sid));
    if statement.resources.negated {
        return unknown();
    }
    let every = Pattern::new("arn:*:lambda:*:*:function:*");
    let mut found = Answer::No;
    for text in &statement.resources.patterns {
        let one = match value(text, request, document.has_variables) {
            Ok(Some(pattern)) if pattern.plainly_covers(&every) => Answer::Yes,
            Ok(Some(pattern)) if pattern.overlaps(&every) => {
                if some {
                    Answer::Yes
                } else {
                    unknown()
                }
            }
            Ok(_) => Answer::No,
            Err(_) => unknown(),
        };
        found = found.or(|| one);
    }
    found
}

fn is_about_layers(condition: &Condition) -> bool {
    condition.key == "lambda:layer"
}

/// What a statement's conditions say about the list of layers, in which there is at least one.
pub(super) fn constraints(statement: &Statement, document: &Document, request: &Request) -> Vec<Constraint> {
    let about = statement.conditions.iter().filter(|condition| is_about_layers(condition));
    about.filter_map(|condition| constraint(condition, document, request)).collect()
}

fn is_unclear(document: &Document) -> bool {
    document.problem.is_some() || document.statements.iter().any(|statement| statement.problem.is_some())
}

/// What a condition says; `None` where it holds for every list.
fn constraint(condition: &Condition, document: &Document, request: &Request) -> Option<Constraint> {
    if condition.operator == Operator::Null {
        let with_layers = Request {
            context: [("lambda:layer".to_owned(), Values::Known(vec![String::new()]))].into(),
            ..Request::default()
        };
        return match holds(condition, &with_layers, document.has_variables) {
            Answer::Yes => None,
            Answer::No => Some(Constraint::Never),
            Answer::Unknown(_) => Some(Constraint::Unclear),
        };
    }
    let values: Result<Vec<_>, _> =
        condition.values.iter().map(|text| value(text, request, document.has_variables)).collect();
    let Ok(values) = values else {
        return Some(Constraint::Unclear);
    };
    let wild = |pattern: &Pattern| pattern.literal().is_none();
    let patterns: Vec<Pattern> = values.into_iter().flatten().collect();
    let fits = !condition.negated;
    Some(match (condition.operator, condition.quantifier) {
        (Operator::Equals, _) if patterns.iter().any(wild) => Constraint::Unclear,
        (Operator::Like | Operator::Equals, Quantifier::All) => Constraint::All(patterns, fits),
        (Operator::Like | Operator::Equals, Quantifier::Any) => Constraint::Any(patterns, fits),
        _ => Constraint::Unclear,
    })
}

fn add(mut way: Way, constraint: Constraint) -> Way {
    match constraint {
        Constraint::All(patterns, true) => way.within.push(patterns),
        Constraint::All(patterns, false) => way.outside.extend(patterns),
        Constraint::Any(patterns, fits) => way.needs.push((patterns, fits)),
        Constraint::Never | Constraint::Unclear => {}
    }
    way
}

/// Takes out what says nothing: a pattern that another one covers, a group that another one is within or that every
/// layer fits.
fn simplify(way: &mut Way) {
    let every = Pattern::new("*");
    way.within.retain(|group| !group.contains(&every));
    way.within.iter_mut().for_each(reduce);
    reduce(&mut way.outside);
    let is_within = |small: &[Pattern], large: &[Pattern]| {
        small.iter().all(|one| large.iter().any(|other| other.plainly_covers(one)))
    };
    let mut kept: Vec<Vec<Pattern>> = Vec::new();
    for group in std::mem::take(&mut way.within) {
        if !kept.iter().any(|other| is_within(other, &group)) {
            kept.retain(|other| !is_within(&group, other));
            kept.push(group);
        }
    }
    kept.sort();
    way.within = kept;
}

/// Takes out the patterns that others of a union cover.
fn reduce(union: &mut Vec<Pattern>) {
    union.sort();
    union.dedup();
    // Beyond a size that any policy has, it would take longer than it saves.
    if union.len() <= 1000 {
        let all = union.clone();
        union.retain(|one| !all.iter().any(|other| other != one && other.plainly_covers(one)));
    }
}

/// Every way of the first with every way of the second; `None` where these are too many.
fn product(first: &[Way], second: &[Way]) -> Option<Vec<Way>> {
    if first.len().saturating_mul(second.len()) > MOST {
        return None;
    }
    let both = |a: &Way, b: &Way| Way {
        within: [a.within.clone(), b.within.clone()].concat(),
        outside: [a.outside.clone(), b.outside.clone()].concat(),
        needs: [a.needs.clone(), b.needs.clone()].concat(),
        by: [a.by.clone(), b.by.clone()].concat(),
    };
    Some(first.iter().flat_map(|a| second.iter().map(move |b| both(a, b))).collect())
}
