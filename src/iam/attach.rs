//! Which layers policies let attach: not one by one, but all of them.
//!
//! A request brings a list of layers. Conditions on `lambda:Layer` speak of all layers of the list,
//! or of any, so that a layer can be attached if there is a list with it that some Allow of each
//! level allows and no Deny denies. Each way to that end is an [`Allowance`].
//!
//! For example, a policy allows creating functions where each layer fits `a*`
//! (`ForAllValues:StringLike`) and denies it where some layer fits `ab*`
//! (`ForAnyValue:StringLike`). A list escapes the Deny if no layer of it fits `ab*`, so that there
//! is one allowance: within `a*`, outside `ab*`.

use super::allowance::{Allowance, AttachableLayers, Need, tidy};
use super::document::{Condition, Document, Effect, Operator, PatternList, Quantifier, Statement};
use super::evaluate::{
    Answer, Request, Values, all_hold, counts, holds, names_action, resource_pattern, value,
};
use crate::partial::{Partial, Text};
use crate::pattern::{Domain, Pattern, Search};

/// The actions that attach layers, and the only ones that know `lambda:Layer` (Service
/// Authorization Reference, AWS Lambda).
pub const ATTACH: [&str; 2] = [
    "lambda:CreateFunction",
    "lambda:UpdateFunctionConfiguration",
];

/// What attaching a layer takes in addition, of one's own account as of another: reading it (Lambda
/// Developer Guide, adding layers to functions).
pub const READ: &str = "lambda:GetLayerVersion";

/// The condition key that names the layers of a request.
const LAYER_KEY: &str = "lambda:layer";

/// The most allowances that are distinguished.
const MOST: usize = 256;

/// The policies that govern one principal: a role with everything attached to it, or a single
/// policy.
#[derive(Clone, Debug, Default)]
pub struct EffectivePolicies {
    /// Of each level, one document must allow: what the principal has, and its boundary.
    pub levels: Vec<Vec<Document>>,
    /// What only denies.
    pub guardrails: Vec<Document>,
    /// What every request by the principal is known to contain.
    pub request: Request,
}

impl EffectivePolicies {
    /// Every document.
    pub fn documents(&self) -> impl Iterator<Item = &Document> {
        self.levels.iter().flatten().chain(&self.guardrails)
    }

    /// Every statement, with its document.
    pub fn statements(&self) -> impl Iterator<Item = (&Document, &Statement)> {
        self.documents().flat_map(|document| {
            document
                .statements
                .iter()
                .map(move |statement| (document, statement))
        })
    }

    /// The same for a principal whose own policies allow everything: what is left is what its
    /// Denies and its boundary forbid, whatever else it is allowed.
    #[must_use]
    pub fn whatever_is_allowed(&self) -> Self {
        let mut policies = self.clone();
        let own: Vec<Document> = policies
            .levels
            .first_mut()
            .map(std::mem::take)
            .unwrap_or_default();
        policies
            .guardrails
            .extend(own.into_iter().filter_map(only_denies));
        let everything = vec![allow_everything()];
        match policies.levels.first_mut() {
            Some(level) => *level = everything,
            None => policies.levels.push(everything),
        }
        policies
    }
}

/// A document without what it allows; none where nothing is left.
fn only_denies(mut document: Document) -> Option<Document> {
    document.problem = None;
    document
        .statements
        .retain(|statement| statement.effect == Effect::Deny);
    (!document.statements.is_empty()).then_some(document)
}

/// A document that allows everything: what stands for policies that are not there. It has no name,
/// and is no cause of anything.
#[must_use]
pub fn allow_everything() -> Document {
    let every = || PatternList {
        negated: false,
        patterns: vec![Text::literal("*")],
    };
    let statement = Statement {
        sid: "statement 1".to_owned(),
        effect: Effect::Allow,
        principal: None,
        actions: every(),
        resources: every(),
        conditions: Vec::new(),
        problem: None,
        doubt: None,
        written: Partial::Null,
    };
    Document {
        has_variables: true,
        statements: vec![statement],
        ..Document::default()
    }
}

/// How statements are taken of which it is not known whether they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// To the least effect if they allow, and to the greatest if they deny: what is left is
    /// certain.
    Lower,
    /// The other way round: what is left out is excluded.
    Upper,
    /// As if they were not there.
    Understood,
}

impl Bound {
    /// Whether a statement counts of which this is known.
    fn counts(self, answer: &Answer, effect: Effect) -> bool {
        match (answer, self, effect) {
            (Answer::Yes, ..) => true,
            (Answer::No, ..) => false,
            (Answer::Unknown(_), Self::Lower, Effect::Deny)
            | (Answer::Unknown(_), Self::Upper, Effect::Allow) => true,
            (Answer::Unknown(_), Self::Lower, Effect::Allow)
            | (Answer::Unknown(_), Self::Upper, Effect::Deny)
            | (Answer::Unknown(_), Self::Understood, _) => false,
        }
    }

    /// Whether what is not known is taken as wide as it can be.
    fn widens(self, effect: Effect) -> bool {
        matches!(
            (self, effect),
            (Self::Upper, Effect::Allow) | (Self::Lower, Effect::Deny)
        )
    }
}

/// Which of the two permissions is asked about that attaching a layer takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// Creating or configuring a function with it.
    Attach,
    /// Reading it.
    Read,
    /// Both.
    Both,
}

/// What a condition says about the list of layers.
pub(super) enum Constraint {
    /// Each layer fits one of the patterns, or none of them.
    All(LayerPatterns, Fits),
    /// Some layer does.
    Any(LayerPatterns, Fits),
    /// It never holds where there are layers.
    Never,
    /// It is not understood; why.
    Unclear(String),
}

/// Whether a layer fits one of the patterns of a constraint, or none.
pub(super) type Fits = bool;

/// Patterns for layers, of which not all may be known.
pub(super) struct LayerPatterns {
    pub known: Vec<Pattern>,
    /// Why others are not known, if there are any.
    pub unknown: Option<String>,
}

impl LayerPatterns {
    /// The patterns at the least or at the most.
    fn at(self, most: bool) -> Vec<Pattern> {
        if most && self.unknown.is_some() {
            vec![Pattern::new("*")]
        } else {
            self.known
        }
    }
}

/// What can be attached under these policies.
#[must_use]
pub fn attachable(policies: &EffectivePolicies) -> AttachableLayers {
    let mut found = AttachableLayers {
        doubts: doubts(policies),
        ..AttachableLayers::default()
    };
    match allowances(policies, Bound::Lower, Half::Both) {
        Ok(certain) => found.certain = certain,
        Err(TooManyAllowances) => found.doubts.push(TooManyAllowances.to_string()),
    }
    match allowances(policies, Bound::Upper, Half::Both) {
        Ok(possible) => found.possible = possible,
        Err(TooManyAllowances) => {
            found.doubts.push(TooManyAllowances.to_string());
            // What is not distinguished is not excluded.
            found.possible.push(Allowance::default());
        }
    }
    found.doubts.sort();
    found.doubts.dedup();
    found
}

/// The policies have more combinations of conditions than are distinguished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyAllowances;

impl std::fmt::Display for TooManyAllowances {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("its policies have too many conditions to tell their combinations apart")
    }
}

impl std::error::Error for TooManyAllowances {}

/// Every allowance of the policies.
///
/// # Errors
///
/// Where there are too many.
pub fn allowances(
    policies: &EffectivePolicies,
    bound: Bound,
    half: Half,
) -> Result<Vec<Allowance>, TooManyAllowances> {
    let mut found = Vec::new();
    let actions: &[&'static str] = if half == Half::Read { &[READ] } else { &ATTACH };
    for action in actions {
        let analysis = Analysis {
            policies,
            action,
            bound,
        };
        found.extend(analysis.allowances(half)?);
    }
    found.retain(|allowance| allowance.is_satisfiable(bound == Bound::Upper));
    tidy(&mut found);
    Ok(found)
}

/// Why it is not known what the policies say about attaching layers: each statement with what is
/// not known of it.
#[must_use]
pub fn doubts(policies: &EffectivePolicies) -> Vec<String> {
    let mut found = Vec::new();
    for document in policies.documents() {
        if let Some(problem) = &document.problem {
            found.push(format!("{}: {}", document.name, problem.why));
        }
        for statement in &document.statements {
            let why = unclear(policies, document, statement);
            found.extend(why.map(|why| format!("{}, {}: {why}", document.name, statement.sid)));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// What is not known of a statement that may matter for attaching or reading layers.
#[must_use]
pub fn unclear(
    policies: &EffectivePolicies,
    document: &Document,
    statement: &Statement,
) -> Option<String> {
    for action in ATTACH {
        let analysis = Analysis {
            policies,
            action,
            bound: Bound::Upper,
        };
        match analysis.concerns(statement, document) {
            Answer::No => {}
            Answer::Unknown(why) => return Some(why),
            Answer::Yes => {
                for constraint in constraints(statement, document, &policies.request) {
                    match constraint {
                        Constraint::Unclear(why) => return Some(why),
                        Constraint::All(patterns, _) | Constraint::Any(patterns, _) => {
                            if patterns.unknown.is_some() {
                                return patterns.unknown;
                            }
                        }
                        Constraint::Never => {}
                    }
                }
            }
        }
    }
    let analysis = Analysis {
        policies,
        action: READ,
        bound: Bound::Upper,
    };
    match analysis.concerns_reading(statement, document) {
        Answer::Unknown(why) => Some(why),
        Answer::Yes if statement.resources.negated => {
            Some("which layers `NotResource` leaves".to_owned())
        }
        Answer::Yes => statement.resources.patterns.iter().find_map(|text| {
            resource_pattern(text, &policies.request, document.has_variables).err()
        }),
        Answer::No => None,
    }
}

/// What policies say about an action.
pub(super) struct Analysis<'a> {
    pub policies: &'a EffectivePolicies,
    pub action: &'static str,
    pub bound: Bound,
}

impl Analysis<'_> {
    fn allowances(&self, half: Half) -> Result<Vec<Allowance>, TooManyAllowances> {
        // What is not understood at all may be a Deny.
        if self.bound == Bound::Lower && self.policies.documents().any(is_unclear) {
            return Ok(Vec::new());
        }
        let mut found = vec![Allowance::default()];
        if half != Half::Read {
            for level in &self.policies.levels {
                let allowed: Vec<Allowance> = level
                    .iter()
                    .flat_map(|document| self.allowed(document))
                    .collect();
                found = product(&found, &allowed)?;
            }
            for (document, statement) in self.policies.statements() {
                if statement.effect == Effect::Deny
                    && let Some(escapes) = self.escapes(statement, document)
                {
                    found = product(&found, &escapes)?;
                }
            }
        }
        if half != Half::Attach {
            let (readable, unreadable) = self.readable();
            for allowance in &mut found {
                allowance.within.extend(readable.iter().cloned());
                allowance.outside.extend(unreadable.iter().cloned());
            }
        }
        found.iter_mut().for_each(simplify);
        Ok(found)
    }

    /// What the Allow statements of a document allow.
    fn allowed(&self, document: &Document) -> Vec<Allowance> {
        let mut found = Vec::new();
        if document.problem.is_some() && self.bound == Bound::Upper {
            found.push(Allowance {
                by: vec![document.name.clone()],
                ..Allowance::default()
            });
        }
        for statement in document
            .statements
            .iter()
            .filter(|statement| statement.effect == Effect::Allow)
        {
            if self
                .bound
                .counts(&self.concerns(statement, document), Effect::Allow)
            {
                found.extend(self.allowed_by(statement, document));
            }
        }
        found
    }

    /// What a statement allows that counts; none where its conditions never hold.
    fn allowed_by(&self, statement: &Statement, document: &Document) -> Option<Allowance> {
        let by = if document.name.is_empty() {
            Vec::new()
        } else {
            vec![format!("{}, {}", document.name, statement.sid)]
        };
        let mut allowance = Allowance {
            by,
            ..Allowance::default()
        };
        let upper = self.bound == Bound::Upper;
        for constraint in constraints(statement, document, &self.policies.request) {
            match constraint {
                Constraint::All(patterns, _) | Constraint::Any(patterns, _)
                    if patterns.unknown.is_some() && self.bound == Bound::Understood =>
                {
                    return None;
                }
                Constraint::All(patterns, true) => allowance.within.push(patterns.at(upper)),
                Constraint::All(patterns, false) => allowance.outside.extend(patterns.at(!upper)),
                Constraint::Any(patterns, fits) => {
                    allowance.needs.push(Need {
                        patterns: patterns.at(upper == fits),
                        fits,
                    });
                }
                Constraint::Unclear(_) if upper => {}
                Constraint::Never | Constraint::Unclear(_) => return None,
            }
        }
        Some(allowance)
    }

    /// The ways to escape a Deny; `None` where it is not about the action at all.
    fn escapes(&self, statement: &Statement, document: &Document) -> Option<Vec<Allowance>> {
        if !self
            .bound
            .counts(&self.concerns(statement, document), Effect::Deny)
        {
            return None;
        }
        let upper = self.bound == Bound::Upper;
        let mut ways = Vec::new();
        for constraint in constraints(statement, document, &self.policies.request) {
            match constraint {
                Constraint::All(patterns, _) | Constraint::Any(patterns, _)
                    if patterns.unknown.is_some() && self.bound == Bound::Understood =>
                {
                    return None;
                }
                Constraint::All(patterns, fits) => {
                    let need = Need {
                        patterns: patterns.at(upper != fits),
                        fits: !fits,
                    };
                    ways.push(Allowance {
                        needs: vec![need],
                        ..Allowance::default()
                    });
                }
                Constraint::Any(patterns, true) => {
                    ways.push(Allowance {
                        outside: patterns.at(!upper),
                        ..Allowance::default()
                    });
                }
                Constraint::Any(patterns, false) => {
                    ways.push(Allowance {
                        within: vec![patterns.at(upper)],
                        ..Allowance::default()
                    });
                }
                Constraint::Never => return None,
                Constraint::Unclear(_) if self.bound != Bound::Lower => return None,
                Constraint::Unclear(_) => {}
            }
        }
        Some(ways)
    }

    /// Whether a statement is about the action, on some function if it allows and on all if it
    /// denies, its conditions on the layers left aside.
    pub fn concerns(&self, statement: &Statement, document: &Document) -> Answer {
        if let Some(problem) = &statement.problem {
            return Answer::Unknown(problem.why.clone());
        }
        let request = &self.policies.request;
        names_action(&statement.actions, self.action)
            .and(|| functions(statement, document, request))
            .and(|| {
                all_hold(statement, request, document.has_variables, |condition| {
                    !is_about_layers(condition)
                })
            })
            .and(|| counts(statement))
    }

    /// Whether a statement is about reading some layer. No such request has a `lambda:Layer`
    /// (Service Authorization Reference, AWS Lambda).
    fn concerns_reading(&self, statement: &Statement, document: &Document) -> Answer {
        if let Some(problem) = &statement.problem {
            return Answer::Unknown(problem.why.clone());
        }
        let mut request = self.policies.request.clone();
        request
            .context
            .insert(LAYER_KEY.to_owned(), Values::Known(Vec::new()));
        names_action(&statement.actions, READ)
            .and(|| all_hold(statement, &request, document.has_variables, |_| true))
            .and(|| counts(statement))
    }

    /// The layers that may be read, as groups to be within, and those that may not.
    fn readable(&self) -> (Vec<Vec<Pattern>>, Vec<Pattern>) {
        let levels = self.policies.levels.iter();
        let readable = levels.map(|level| {
            level
                .iter()
                .flat_map(|document| self.reads(document, Effect::Allow))
                .collect()
        });
        let denied = self
            .policies
            .documents()
            .flat_map(|document| self.reads(document, Effect::Deny));
        (readable.collect(), denied.collect())
    }

    /// The layers whose reading a document allows, or denies, as far as the bound takes it.
    pub fn reads(&self, document: &Document, effect: Effect) -> Vec<Pattern> {
        let widest = self.bound.widens(effect);
        let mut found = Vec::new();
        if document.problem.is_some() && widest {
            found.push(Pattern::new("*"));
        }
        for statement in document
            .statements
            .iter()
            .filter(|statement| statement.effect == effect)
        {
            if self
                .bound
                .counts(&self.concerns_reading(statement, document), effect)
            {
                found.extend(resources(
                    statement,
                    document,
                    &self.policies.request,
                    widest,
                ));
            }
        }
        found
    }
}

/// The patterns of a statement's resources. `widest` says how to take what is not known.
fn resources(
    statement: &Statement,
    document: &Document,
    request: &Request,
    widest: bool,
) -> Vec<Pattern> {
    if statement.resources.negated {
        return if widest {
            vec![Pattern::new("*")]
        } else {
            Vec::new()
        };
    }
    let known = |text| match resource_pattern(text, request, document.has_variables) {
        Ok(pattern) => pattern,
        Err(_) => widest.then(|| Pattern::new("*")),
    };
    statement
        .resources
        .patterns
        .iter()
        .filter_map(known)
        .collect()
}

/// Whether a statement is about some function if it allows, or about all if it denies. Where a Deny
/// is about some functions only, others escape it.
fn functions(statement: &Statement, document: &Document, request: &Request) -> Answer {
    if statement.resources.is_everything() {
        return Answer::Yes;
    }
    let mut named = Vec::new();
    let mut unknown = None;
    for text in &statement.resources.patterns {
        match resource_pattern(text, request, document.has_variables) {
            Ok(pattern) => named.extend(pattern),
            Err(why) => unknown = Some(Answer::Unknown(why)),
        }
    }
    let functions = || Search::among(Domain::functions());
    let (some_named, some_not) = (
        functions().within(&named).shortest(),
        functions().outside(&named).shortest(),
    );
    let (Ok(some_named), Ok(some_not)) = (some_named, some_not) else {
        return Answer::Unknown("which functions it is about, is too complex to decide".to_owned());
    };
    let (is_about_some, is_about_all) = if statement.resources.negated {
        (some_not.is_some(), some_named.is_none())
    } else {
        (some_named.is_some(), some_not.is_none())
    };
    match (statement.effect, unknown) {
        (Effect::Allow, None) => Answer::from(is_about_some),
        (Effect::Deny, None) if is_about_all => Answer::Yes,
        (Effect::Deny, None) if is_about_some => {
            Answer::Unknown("it is about some functions only".to_owned())
        }
        (Effect::Deny, None) => Answer::No,
        // More names make a list longer, and what is left of a negated one shorter.
        (Effect::Allow, Some(_)) if is_about_some && !statement.resources.negated => Answer::Yes,
        (Effect::Allow, Some(_)) if !is_about_some && statement.resources.negated => Answer::No,
        (Effect::Deny, Some(_)) if is_about_all && !statement.resources.negated => Answer::Yes,
        (Effect::Allow | Effect::Deny, Some(unknown)) => unknown,
    }
}

/// Whether a statement is about no action that attaches or reads layers.
#[must_use]
pub fn is_unrelated(statement: &Statement) -> bool {
    let names = |action: &str| names_action(&statement.actions, action) != Answer::No;
    statement.problem.is_none() && !ATTACH.iter().any(|action| names(action)) && !names(READ)
}

/// Whether a condition is about the layers of a request.
#[must_use]
pub fn is_about_layers(condition: &Condition) -> bool {
    condition.key == LAYER_KEY
}

/// What a statement's conditions say about the list of layers, in which there is at least one.
pub(super) fn constraints(
    statement: &Statement,
    document: &Document,
    request: &Request,
) -> Vec<Constraint> {
    let about = statement
        .conditions
        .iter()
        .filter(|condition| is_about_layers(condition));
    about
        .filter_map(|condition| constraint(condition, document, request))
        .collect()
}

fn is_unclear(document: &Document) -> bool {
    document.problem.is_some()
        || document
            .statements
            .iter()
            .any(|statement| statement.problem.is_some())
}

/// What a condition says; `None` where it holds for every list.
fn constraint(condition: &Condition, document: &Document, request: &Request) -> Option<Constraint> {
    let unclear = |why: &str| Some(Constraint::Unclear(why.to_owned()));
    if condition.operator == Operator::Null {
        let context = [(LAYER_KEY.to_owned(), Values::Known(vec![String::new()]))].into();
        let with_layers = Request {
            context,
            ..Request::default()
        };
        return match holds(condition, &with_layers, document.has_variables) {
            Answer::Yes => None,
            Answer::No => Some(Constraint::Never),
            Answer::Unknown(why) => Some(Constraint::Unclear(why)),
        };
    }
    match &condition.operator {
        Operator::Equals | Operator::Like => {}
        Operator::Unsupported(operator) => {
            return unclear(&format!("`{operator}` is not supported"));
        }
        Operator::EqualsIgnoreCase | Operator::Arn | Operator::Bool | Operator::Null => {
            return unclear(
                "`lambda:Layer` is compared by an operator that is not supported for it",
            );
        }
    }
    if condition.values.is_empty() {
        return unclear("`lambda:Layer` is compared with no value");
    }
    let mut patterns = LayerPatterns {
        known: Vec::new(),
        unknown: None,
    };
    for text in &condition.values {
        match value(text, request, document.has_variables) {
            Ok(pattern) => patterns.known.extend(pattern),
            Err(why) => patterns.unknown = Some(why),
        }
    }
    if condition.operator == Operator::Equals
        && patterns
            .known
            .iter()
            .any(|pattern| pattern.literal().is_none())
    {
        return unclear("`StringEquals` takes a wildcard for itself");
    }
    match condition.quantifier {
        Quantifier::All => Some(Constraint::All(patterns, !condition.negated)),
        Quantifier::Any => Some(Constraint::Any(patterns, !condition.negated)),
        Quantifier::One => {
            unclear("`lambda:Layer` has several values, and the operator is for one")
        }
    }
}

/// Takes out what says nothing: a pattern that another one covers, a group that another one is
/// within or that every layer fits.
fn simplify(allowance: &mut Allowance) {
    let every = Pattern::new("*");
    allowance.within.retain(|group| !group.contains(&every));
    allowance.within.iter_mut().for_each(reduce);
    reduce(&mut allowance.outside);
    let is_within = |small: &[Pattern], large: &[Pattern]| {
        small
            .iter()
            .all(|one| large.iter().any(|other| other.plainly_covers(one)))
    };
    let mut kept: Vec<Vec<Pattern>> = Vec::new();
    for group in std::mem::take(&mut allowance.within) {
        if !kept.iter().any(|other| is_within(other, &group)) {
            kept.retain(|other| !is_within(&group, other));
            kept.push(group);
        }
    }
    kept.sort();
    allowance.within = kept;
}

/// Takes out the patterns that others of a union cover.
fn reduce(union: &mut Vec<Pattern>) {
    // Beyond a size that any policy has, it would take longer than it saves.
    const MOST_COMPARED: usize = 1000;
    union.sort();
    union.dedup();
    if union.len() <= MOST_COMPARED {
        let all = union.clone();
        union.retain(|one| {
            !all.iter()
                .any(|other| other != one && other.plainly_covers(one))
        });
    }
}

/// Every allowance of the first together with every one of the second.
fn product(first: &[Allowance], second: &[Allowance]) -> Result<Vec<Allowance>, TooManyAllowances> {
    if first.len().saturating_mul(second.len()) > MOST {
        return Err(TooManyAllowances);
    }
    let mut all = Vec::with_capacity(first.len() * second.len());
    for a in first {
        for b in second {
            all.push(Allowance {
                within: [a.within.clone(), b.within.clone()].concat(),
                outside: [a.outside.clone(), b.outside.clone()].concat(),
                needs: [a.needs.clone(), b.needs.clone()].concat(),
                by: [a.by.clone(), b.by.clone()].concat(),
            });
        }
    }
    Ok(all)
}
