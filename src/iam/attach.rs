//! Which layers policies allow attaching: not for one layer, but for all of them.
//!
//! A request has a list of layers. Conditions on `lambda:Layer` are about all layers of the list,
//! or about any of them. So a layer can be attached if there is a list with it that an Allow of
//! each level allows and no Deny denies. Each way to do so is an [`Allowance`].
//!
//! For example, a policy allows creating functions if each layer matches `a*`
//! (`ForAllValues:StringLike`) and denies it if some layer matches `ab*`
//! (`ForAnyValue:StringLike`). A list escapes the Deny if none of its layers matches `ab*`. So
//! there is one allowance: within `a*`, outside `ab*`.

use super::allowance::{Allowance, AttachableLayers, FunctionSet, Need, product, simplify, tidy};
use super::document::{Condition, Document, Effect, Operator, Quantifier, Statement};
use super::doubt::{ConditionDoubt, Doubt, TooManyAllowances, UnknownValue};
use super::effective::{Bound, EffectivePolicies, LAYER_KEY, is_unclear};
use super::evaluate::{
    Answer, ContextValues, Request, all_hold, counts, holds, names_action, resource_pattern, value,
};
use super::provenance::Provenance;
use super::right::{self, Right, RightAnalysis};
use crate::aws::quotas::FUNCTION_NAME;
use crate::pattern::{BudgetExceeded, Domain, Pattern, Search};

/// The actions that attach layers, and the only ones that know `lambda:Layer` (Service
/// Authorization Reference, AWS Lambda).
pub const ATTACH: [&str; 2] = [
    "lambda:CreateFunction",
    "lambda:UpdateFunctionConfiguration",
];

/// Which of the two permissions is asked about that attaching a layer takes, of one's own account
/// as of another (Lambda Developer Guide, adding layers to functions).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// Creating or configuring a function with it.
    Attach,
    /// Reading it.
    Read,
    /// Both.
    Both,
}

/// The meaning of a condition for the list of layers.
pub(super) enum Constraint {
    /// Each layer matches one of the patterns, or none of them.
    All(LayerPatterns, Fits),
    /// Some layer does.
    Any(LayerPatterns, Fits),
    /// It never holds for a list with layers.
    Never,
    /// It is not understood; why.
    Unclear(Doubt),
}

/// Whether a layer matches one of the patterns of a constraint, or none.
pub(super) type Fits = bool;

/// Patterns for layers. Some may be unknown.
pub(super) struct LayerPatterns {
    pub known: Vec<Pattern>,
    /// Why some are unknown, if any are.
    pub unknown: Option<Doubt>,
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

/// The layers that can be attached under these policies.
#[must_use]
pub fn attachable(policies: &EffectivePolicies) -> AttachableLayers {
    let mut found = AttachableLayers {
        doubts: doubts(policies),
        ..AttachableLayers::default()
    };
    match every_allowance(policies, Bound::Lower, Half::Both) {
        Ok(certain) => {
            if certain.iter().any(|one| !one.has_function(false)) {
                found.doubts.push(Doubt::OtherFunctions);
            }
            found.certain = satisfiable(certain, Bound::Lower);
        }
        Err(TooManyAllowances) => found.doubts.push(Doubt::Allowances),
    }
    match allowances(policies, Bound::Upper, Half::Both) {
        Ok(possible) => found.possible = possible,
        Err(TooManyAllowances) => {
            found.doubts.push(Doubt::Allowances);
            // A condition that is not distinguished excludes nothing.
            found.possible.push(Allowance::default());
        }
    }
    found.tidy_doubts();
    found
}

/// Every allowance of the policies.
///
/// # Errors
///
/// An error if there are too many.
pub fn allowances(
    policies: &EffectivePolicies,
    bound: Bound,
    half: Half,
) -> Result<Vec<Allowance>, TooManyAllowances> {
    Ok(satisfiable(every_allowance(policies, bound, half)?, bound))
}

/// Every allowance of the policies, whether or not there is a list of layers for it.
fn every_allowance(
    policies: &EffectivePolicies,
    bound: Bound,
    half: Half,
) -> Result<Vec<Allowance>, TooManyAllowances> {
    let mut found = Vec::new();
    if half == Half::Read {
        return right::allowances(policies, bound, Right::Read);
    }
    for action in ATTACH {
        let analysis = Analysis {
            policies,
            action,
            bound,
        };
        found.extend(analysis.allowances(half == Half::Both)?);
    }
    Ok(found)
}

/// The allowances for which there are lists of layers and functions, each once.
fn satisfiable(mut found: Vec<Allowance>, bound: Bound) -> Vec<Allowance> {
    found.retain(|allowance| allowance.is_satisfiable(bound == Bound::Upper));
    tidy(&mut found);
    found
}

/// Why the meaning of the policies for attaching is not completely known: each statement with its
/// unknown part.
#[must_use]
pub fn doubts(policies: &EffectivePolicies) -> Vec<Doubt> {
    let mut found = Vec::new();
    for document in policies.documents() {
        if let Some(problem) = &document.problem {
            let place = Provenance {
                document: document.name.clone(),
                sid: None,
            };
            let why = Doubt::Gap(problem.why.clone());
            found.push(Doubt::In(place, Box::new(why)));
        }
        for statement in document.statements.iter() {
            let why = unclear(policies, document, statement);
            let place = document.provenance(statement);
            found.extend(why.map(|why| Doubt::In(place, Box::new(why))));
        }
    }
    found
}

/// The unknown part of a statement that may matter for attaching or reading layers.
#[must_use]
pub fn unclear(
    policies: &EffectivePolicies,
    document: &Document,
    statement: &Statement,
) -> Option<Doubt> {
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
    right::unclear(policies, Right::Read, document, statement)
}

/// The meaning of policies for an action.
pub(super) struct Analysis<'a> {
    pub policies: &'a EffectivePolicies,
    pub action: &'static str,
    pub bound: Bound,
}

impl Analysis<'_> {
    fn allowances(&self, with_reading: bool) -> Result<Vec<Allowance>, TooManyAllowances> {
        // A statement that is not understood may be a Deny.
        if self.bound == Bound::Lower && self.policies.documents().any(is_unclear) {
            return Ok(Vec::new());
        }
        let mut found = vec![Allowance::default()];
        for level in &self.policies.levels {
            let allowed: Vec<Allowance> = level
                .iter()
                .flat_map(|document| self.allowed(document))
                .collect();
            found = product(found, &allowed)?;
        }
        for (document, statement) in self.policies.statements() {
            if statement.effect == Effect::Deny
                && let Some(escapes) = self.escapes(statement, document)
            {
                found = product(found, &escapes)?;
            }
        }
        if with_reading {
            let reading = RightAnalysis {
                policies: self.policies,
                right: Right::Read,
                bound: self.bound,
            };
            found = product(found, &reading.allowances()?)?;
        }
        found.iter_mut().for_each(simplify);
        Ok(found)
    }

    /// The allowances of the Allow statements of a document.
    fn allowed(&self, document: &Document) -> Vec<Allowance> {
        let mut found = Vec::new();
        if document.problem.is_some() && self.bound == Bound::Upper {
            found.push(Allowance {
                by: vec![Provenance {
                    document: document.name.clone(),
                    sid: None,
                }],
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

    /// The allowance of a statement that counts; `None` if its conditions never hold.
    fn allowed_by(&self, statement: &Statement, document: &Document) -> Option<Allowance> {
        let by = if document.name.is_empty() {
            Vec::new()
        } else {
            vec![document.provenance(statement)]
        };
        let mut allowance = Allowance {
            by,
            functions: self.functions_of(statement, document).into_iter().collect(),
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

    /// The functions that an Allow is about; `None` for all functions. Each level may allow others.
    /// What is possible does not depend on it: the account and the region of the stack, which only
    /// a deploy knows, may be those that another level names.
    fn functions_of(&self, statement: &Statement, document: &Document) -> Option<FunctionSet> {
        let resources = &statement.resources;
        if resources.is_everything() || self.bound != Bound::Lower {
            return None;
        }
        let request = &self.policies.request;
        let mut patterns = Vec::new();
        for text in &resources.patterns {
            // Only a known function is certainly meant.
            if let Ok(Some(pattern)) = resource_pattern(text, request, document.has_variables) {
                patterns.push(pattern);
            }
        }
        Some(FunctionSet {
            patterns,
            fits: !resources.negated,
        })
    }

    /// The ways to escape a Deny; `None` if it is not about the action.
    fn escapes(&self, statement: &Statement, document: &Document) -> Option<Vec<Allowance>> {
        if !self
            .bound
            .counts(&self.concerns(statement, document), Effect::Deny)
        {
            return None;
        }
        let upper = self.bound == Bound::Upper;
        let mut escapes = Vec::new();
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
                    escapes.push(Allowance {
                        needs: vec![need],
                        ..Allowance::default()
                    });
                }
                Constraint::Any(patterns, true) => {
                    escapes.push(Allowance {
                        outside: patterns.at(!upper),
                        ..Allowance::default()
                    });
                }
                Constraint::Any(patterns, false) => {
                    escapes.push(Allowance {
                        within: vec![patterns.at(upper)],
                        ..Allowance::default()
                    });
                }
                Constraint::Never => return None,
                Constraint::Unclear(_) if self.bound != Bound::Lower => return None,
                Constraint::Unclear(_) => {}
            }
        }
        Some(escapes)
    }

    /// Whether a statement is about the action, on some function if it allows and on all if it
    /// denies, its conditions on the layers left aside.
    pub fn concerns(&self, statement: &Statement, document: &Document) -> Answer {
        if let Some(problem) = &statement.problem {
            return Answer::Unknown(Doubt::Gap(problem.why.clone()));
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
}

/// Whether an Allow is about some function, or a Deny about all functions. If a Deny is about some
/// functions only, others escape it.
fn functions(statement: &Statement, document: &Document, request: &Request) -> Answer {
    if statement.resources.is_everything() {
        return Answer::Yes;
    }
    let mut named = Vec::new();
    let mut unknown = None;
    for text in &statement.resources.patterns {
        match resource_pattern(text, request, document.has_variables) {
            Ok(pattern) => named.extend(pattern),
            Err(value) => {
                let why = Doubt::Element(statement.resource_element(), value);
                unknown = Some(Answer::Unknown(why));
            }
        }
    }
    let is_negated = statement.resources.negated;
    let undecided = Answer::Unknown(Doubt::Functions(statement.resource_element()));
    let is_about_all = match statement.effect {
        Effect::Allow => false,
        Effect::Deny => match has_function(&named, is_negated) {
            Ok(is_left_out) => !is_left_out,
            Err(BudgetExceeded) => return undecided,
        },
    };
    let Ok(is_about_some) = has_function(&named, !is_negated) else {
        return undecided;
    };
    match (statement.effect, unknown) {
        (Effect::Allow, None) => Answer::from(is_about_some),
        (Effect::Deny, None) if is_about_all => Answer::Yes,
        (Effect::Deny, None) if is_about_some => {
            Answer::Unknown(Doubt::SomeFunctions(statement.resource_element()))
        }
        (Effect::Deny, None) => Answer::No,
        // More names make a list longer, and a negated list shorter.
        (Effect::Allow, Some(_)) if is_about_some && !is_negated => Answer::Yes,
        (Effect::Allow, Some(_)) if !is_about_some && is_negated => Answer::No,
        (Effect::Deny, Some(_)) if is_about_all && !is_negated => Answer::Yes,
        (Effect::Allow | Effect::Deny, Some(unknown)) => unknown,
    }
}

/// Whether a function is among those with some ARNs, or among the others.
fn has_function(named: &[Pattern], is_named: bool) -> Result<bool, BudgetExceeded> {
    if is_named && named.iter().any(plainly_has_function) {
        return Ok(true);
    }
    let search = Search::among(Domain::functions());
    let search = if is_named {
        search.within(named)
    } else {
        search.outside(named)
    };
    Ok(search.shortest()?.is_some())
}

/// Whether a pattern is the ARN of a function with `*` in some fields: it matches such an ARN. This
/// is quick, and never wrongly yes.
fn plainly_has_function(pattern: &Pattern) -> bool {
    let text = pattern.to_string();
    let fields: Vec<&str> = text.split(':').collect();
    let [
        "arn",
        "aws" | "*",
        "lambda",
        region,
        account,
        "function",
        name,
    ] = fields.as_slice()
    else {
        return false;
    };
    let words: Vec<&str> = region.split('-').collect();
    let is_region = match words.as_slice() {
        ["*"] => true,
        [words @ .., number] => {
            words.len() == 2
                && words
                    .iter()
                    .all(|word| is_made_of(word, u8::is_ascii_lowercase))
                && number.len() == 1
                && is_made_of(number, u8::is_ascii_digit)
        }
        [] => false,
    };
    let is_account = account.len() == 12 && is_made_of(account, u8::is_ascii_digit);
    let name = name.replace(['*', '?'], "a");
    is_region
        && (is_account || *account == "*")
        && name.len() <= FUNCTION_NAME
        && is_made_of(&name, |letter| {
            letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_')
        })
}

fn is_made_of(text: &str, is_one: impl Fn(&u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(|letter| is_one(&letter))
}

/// Whether a statement is about no action that attaches or reads layers.
#[must_use]
pub fn is_unrelated(statement: &Statement) -> bool {
    for action in ATTACH {
        if names_action(&statement.actions, action) != Answer::No {
            return false;
        }
    }
    right::is_unrelated(statement, Right::Read)
}

/// Whether a condition is about the layers of a request.
#[must_use]
pub fn is_about_layers(condition: &Condition) -> bool {
    condition.key == LAYER_KEY
}

/// The meaning of a statement's conditions for a list of at least one layer.
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

/// The values of a condition on layers. Nothing matches one with a variable that has no value;
/// whether everything differs from it is unknown.
fn layer_patterns(condition: &Condition, document: &Document, request: &Request) -> LayerPatterns {
    let mut patterns = LayerPatterns {
        known: Vec::new(),
        unknown: None,
    };
    for text in &condition.values {
        match value(text, request, document.has_variables) {
            Ok(None) if condition.negated => {
                let value = ConditionDoubt::Value(UnknownValue::WithoutValue(text.clone()));
                patterns.unknown = Some(Doubt::condition(condition, value));
            }
            Ok(pattern) => patterns.known.extend(pattern),
            Err(value) => {
                let value = ConditionDoubt::Value(value);
                patterns.unknown = Some(Doubt::condition(condition, value));
            }
        }
    }
    patterns
}

/// The meaning of a condition; `None` if it holds for every list.
fn constraint(condition: &Condition, document: &Document, request: &Request) -> Option<Constraint> {
    if condition.operator == Operator::Null {
        let context = [(
            LAYER_KEY.to_owned(),
            ContextValues::Known(vec![String::new()]),
        )]
        .into();
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
    let unsupported = match &condition.operator {
        Operator::Equals | Operator::Like => None,
        Operator::Unsupported(_) => Some(ConditionDoubt::Unsupported),
        Operator::EqualsIgnoreCase | Operator::Arn | Operator::Bool | Operator::Null => {
            Some(ConditionDoubt::UnsupportedForLayers)
        }
    };
    if let Some(why) = unsupported {
        return Some(unclear_condition(condition, why));
    }
    if condition.values.is_empty() {
        return Some(unclear_condition(condition, ConditionDoubt::NoValue));
    }
    let patterns = layer_patterns(condition, document, request);
    if condition.operator == Operator::Equals
        && patterns
            .known
            .iter()
            .any(|pattern| pattern.literal().is_none())
    {
        return Some(unclear_condition(condition, ConditionDoubt::Wildcards));
    }
    match condition.quantifier {
        Quantifier::All => Some(Constraint::All(patterns, !condition.negated)),
        Quantifier::Any => Some(Constraint::Any(patterns, !condition.negated)),
        Quantifier::One => Some(unclear_condition(condition, ConditionDoubt::SeveralValues)),
    }
}

fn unclear_condition(condition: &Condition, why: ConditionDoubt) -> Constraint {
    Constraint::Unclear(Doubt::condition(condition, why))
}
