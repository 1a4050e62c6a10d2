//! What policies say about one request, as IAM documents it, in three values: allowed, denied, or
//! undecided with the reason. Nothing that is not understood is taken for harmless.

use super::document::{
    Condition, Document, Effect, Operator, PatternList, PolicyPiece, Principals, Quantifier,
    Statement, variables,
};
use crate::partial::{Partial, Text};
use crate::pattern::Pattern;
use std::collections::HashMap;

/// The values of a key in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values {
    /// These; none of them means the same as a missing key.
    Known(Vec<String>),
    /// One, which no policy names unless by this value: that of anybody. A policy that names
    /// another value may be about the principal of a request or not.
    Anybody(String),
    /// They are not known.
    Unknown,
}

/// A request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The ARN of who asks.
    pub principal: String,
    /// The action, such as `lambda:CreateFunction`.
    pub action: String,
    /// The ARN of what it is done to.
    pub resource: String,
    /// The condition keys, in lower case. Those of the principal that its ARN tells are added.
    pub context: HashMap<String, Values>,
    /// Whether keys that are not in the context are unknown, since every request is meant, and not
    /// missing.
    pub is_open: bool,
}

impl Request {
    /// The values of a key; `None` where it is missing.
    fn values(&self, key: &str) -> Option<&Values> {
        self.context
            .get(key)
            .or(self.is_open.then_some(&Values::Unknown))
    }
}

/// The policies that a request meets.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policies<'a> {
    /// What the principal has: one of them must allow, unless the resource's policy does.
    pub identity: &'a [Document],
    /// The principal's permissions boundary: it must allow too.
    pub boundary: Option<&'a Document>,
    /// Service control policies, level by level: one of each level must allow.
    pub guardrails: &'a [Vec<Document>],
    /// The resource's policy.
    pub resource: Option<&'a Document>,
}

/// Yes, no, or neither with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Certainly.
    Yes,
    /// Certainly not.
    No,
    /// Unknown; why.
    Unknown(String),
}

impl Answer {
    /// Yes or no.
    #[must_use]
    pub fn from(truth: bool) -> Self {
        if truth { Self::Yes } else { Self::No }
    }

    /// Yes if both are, no if either is.
    #[must_use]
    pub fn and(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::No => Self::No,
            Self::Yes => other(),
            Self::Unknown(why) => match other() {
                Self::No => Self::No,
                _ => Self::Unknown(why),
            },
        }
    }

    /// Yes if either is, no if both are.
    #[must_use]
    pub fn or(self, other: impl FnOnce() -> Self) -> Self {
        self.not().and(|| other().not()).not()
    }

    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            unknown @ Self::Unknown(_) => unknown,
        }
    }

    fn any(mut answers: impl Iterator<Item = Self>) -> Self {
        answers
            .by_ref()
            .try_fold(Self::No, |found, next| match found.or(|| next) {
                Self::Yes => Err(Self::Yes),
                found => Ok(found),
            })
            .unwrap_or_else(|yes| yes)
    }

    fn all(answers: impl Iterator<Item = Self>) -> Self {
        Self::any(answers.map(Self::not)).not()
    }
}

/// Why a resource's policy may grant in its own account what a boundary does not allow.
const UNBOUNDED: &str = "whether a boundary limits what a resource's policy grants depends on how \
it names the principal";

/// Whether the policies allow a request (IAM User Guide, policy evaluation logic).
///
/// Within one account, the principal's policies or the resource's may allow; across accounts, both
/// must. A boundary and service control policies must allow besides, and an explicit Deny anywhere
/// is final.
#[must_use]
pub fn decide(request: &Request, policies: &Policies<'_>) -> Answer {
    let request = &with_principal(request);
    let all = policies
        .identity
        .iter()
        .chain(policies.boundary)
        .chain(policies.guardrails.iter().flatten());
    let denied = Answer::any(
        all.map(|document| says(document, Effect::Deny, request, Role::Identity)),
    )
    .or(|| {
        policies.resource.map_or(Answer::No, |document| {
            says(document, Effect::Deny, request, Role::Resource)
        })
    });
    let by_identity = || {
        Answer::any(
            policies
                .identity
                .iter()
                .map(|document| says(document, Effect::Allow, request, Role::Identity)),
        )
    };
    let by_resource = || {
        policies.resource.map_or(Answer::No, |document| {
            says(document, Effect::Allow, request, Role::Resource)
        })
    };
    let same_account = account(&request.principal) == account(&request.resource)
        || account(&request.resource).is_empty();
    let boundary = || {
        policies.boundary.map_or(Answer::Yes, |document| {
            says(document, Effect::Allow, request, Role::Identity)
        })
    };
    let within_levels = || {
        let level = |level: &Vec<Document>| {
            Answer::any(
                level
                    .iter()
                    .map(|document| says(document, Effect::Allow, request, Role::Identity)),
            )
        };
        Answer::all(policies.guardrails.iter().map(level))
    };
    let granted = || match same_account {
        false => by_identity().and(by_resource).and(boundary),
        true => by_identity()
            .and(boundary)
            .or(|| match (by_resource(), boundary()) {
                (Answer::Yes | Answer::Unknown(_), Answer::No) => {
                    Answer::Unknown(UNBOUNDED.to_owned())
                }
                (granted, bounded) => granted.and(|| bounded),
            }),
    };
    denied.not().and(granted).and(within_levels)
}

/// The request with the keys that every request of such a principal has.
fn with_principal(request: &Request) -> Request {
    let mut request = request.clone();
    let own = [
        ("aws:principalarn", request.principal.clone()),
        ("aws:principalaccount", account(&request.principal)),
    ];
    for (key, value) in own {
        request
            .context
            .entry(key.to_owned())
            .or_insert(Values::Known(vec![value]));
    }
    request
}

/// The account in an ARN; empty in those that have none.
fn account(arn: &str) -> String {
    arn.split(':').nth(4).unwrap_or_default().to_owned()
}

/// What a document is to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It belongs to the principal: an identity policy, a boundary, a service control policy.
    Identity,
    /// It belongs to what the request is about, and names principals.
    Resource,
}

/// Whether a document has a statement of that effect for the request.
fn says(document: &Document, effect: Effect, request: &Request, role: Role) -> Answer {
    let mut answers = Vec::new();
    if let Some(problem) = &document.problem {
        answers.push(Answer::Unknown(format!(
            "{}: {}",
            document.name, problem.why
        )));
    }
    for statement in &document.statements {
        if statement.effect == effect || statement.problem.is_some() {
            answers.push(match applies(statement, document, request, role) {
                Answer::Unknown(why) => {
                    Answer::Unknown(format!("{}, {}: {why}", document.name, statement.sid))
                }
                answer => answer,
            });
        }
    }
    Answer::any(answers.into_iter())
}

/// Whether a statement is about a request.
#[must_use]
pub fn applies(
    statement: &Statement,
    document: &Document,
    request: &Request,
    role: Role,
) -> Answer {
    if let Some(problem) = &statement.problem {
        return Answer::Unknown(problem.why.clone());
    }
    let principal = || match (role, &statement.principal) {
        (Role::Identity, _) => Answer::Yes,
        (Role::Resource, Some(principals)) => {
            names_principal(principals, request, statement.effect)
        }
        (Role::Resource, None) => Answer::No,
    };
    let variables = document.has_variables;
    names_action(&statement.actions, &request.action)
        .and(|| names_resource(&statement.resources, request, variables))
        .and(principal)
        .and(|| all_hold(statement, request, variables, |_| true))
        .and(|| counts(statement))
}

/// Whether a statement counts that is about a request.
#[must_use]
pub fn counts(statement: &Statement) -> Answer {
    statement.doubt.clone().map_or(Answer::Yes, Answer::Unknown)
}

/// Whether all conditions of a statement hold that are asked for.
#[must_use]
pub fn all_hold(
    statement: &Statement,
    request: &Request,
    has_variables: bool,
    is_asked: impl Fn(&Condition) -> bool,
) -> Answer {
    let asked = statement
        .conditions
        .iter()
        .filter(|condition| is_asked(condition));
    Answer::all(asked.map(|condition| holds(condition, request, has_variables)))
}

/// Whether an action is named; case does not matter (IAM User Guide, `Action`).
#[must_use]
pub fn names_action(names: &PatternList, action: &str) -> Answer {
    let action = action.to_ascii_lowercase();
    let named = Answer::any(
        names
            .patterns
            .iter()
            .map(|pattern| match pattern.as_literal() {
                Some(pattern) => {
                    Answer::from(Pattern::new(&pattern.to_ascii_lowercase()).matches(&action))
                }
                None => Answer::Unknown(format!("`{pattern}` is not known")),
            }),
    );
    if names.negated { named.not() } else { named }
}

fn names_resource(names: &PatternList, request: &Request, has_variables: bool) -> Answer {
    let named = Answer::any(names.patterns.iter().map(|pattern| {
        if has_early_variable(pattern, has_variables) {
            return Answer::Unknown(format!("`{pattern}` has a variable where IAM takes none"));
        }
        match resource_pattern(pattern, request, has_variables) {
            Ok(Some(pattern)) => Answer::from(pattern.matches(&request.resource)),
            Ok(None) => without_value(pattern, names.negated),
            Err(why) => Answer::Unknown(why),
        }
    }));
    if names.negated { named.not() } else { named }
}

/// Whether a variable stands before the fifth colon of a resource, where IAM takes none (IAM User
/// Guide, policy variables).
fn has_early_variable(pattern: &Text, has_variables: bool) -> bool {
    let Some((before, _)) = pattern.as_literal().and_then(|text| text.split_once("${")) else {
        return false;
    };
    has_variables && before.matches(':').count() < 5
}

/// A `Resource` as a pattern for this request, like [`value`]. IAM completes an ARN of fewer than
/// six fields with `*` (IAM User Guide, `Resource`).
///
/// # Errors
///
/// Why it is not known.
pub fn resource_pattern(
    text: &Text,
    request: &Request,
    has_variables: bool,
) -> Result<Option<Pattern>, String> {
    const FIELDS: usize = 6;
    let Some(written) = text
        .as_literal()
        .filter(|written| written.starts_with("arn:"))
    else {
        return value(text, request, has_variables);
    };
    let missing = FIELDS.saturating_sub(written.split(':').count());
    value(
        &Text::literal(format!("{written}{}", ":*".repeat(missing))),
        request,
        has_variables,
    )
}

/// A value with a variable that has none in the request fits nothing. Whether everything is then
/// unlike it is not documented.
fn without_value(text: &Text, negated: bool) -> Answer {
    if negated {
        Answer::Unknown(format!(
            "a variable of `{text}` has no value in the request"
        ))
    } else {
        Answer::No
    }
}

/// Whether a `Principal` is about who asks. An account means everybody in it to a Deny, and to an
/// Allow of another account; an Allow for its own account leaves it to the account's own policies
/// (IAM User Guide, `Principal`).
fn names_principal(principals: &Principals, request: &Request, effect: Effect) -> Answer {
    let own = account(&request.principal);
    let counts = effect == Effect::Deny || own != account(&request.resource);
    let one = |written: &str| {
        let root = written.split(':').collect::<Vec<_>>();
        let is_account = written == own
            || matches!(root.as_slice(), ["arn", _, "iam", "", id, "root"] if *id == own);
        Answer::from(written == "*" || written == request.principal || (is_account && counts))
    };
    let unknown = || Answer::Unknown("a principal is not known before a deploy".to_owned());
    let several = |value: &Partial| {
        Answer::any(
            value
                .items()
                .iter()
                .map(|item| item.as_literal().map_or_else(unknown, one)),
        )
    };
    let named = match &principals.element {
        Partial::Map(kinds) => Answer::any(kinds.iter().map(|(kind, value)| match kind.as_str() {
            "AWS" => several(value),
            "Service" | "Federated" | "CanonicalUser" => Answer::No,
            _ => unknown(),
        })),
        other => several(other),
    };
    if principals.negated {
        named.not()
    } else {
        named
    }
}

/// A value of a policy as a pattern for this request; `None` where a variable in it has no value,
/// so that nothing fits (IAM User Guide, policy variables).
pub fn value(
    text: &Text,
    request: &Request,
    has_variables: bool,
) -> Result<Option<Pattern>, String> {
    let pieces = pieces(text, request, has_variables)?;
    Ok(pieces.map(joined))
}

/// The pattern of pieces, in which the wildcards of a variable's value are none.
fn joined(pieces: Vec<(String, bool)>) -> Pattern {
    pieces
        .into_iter()
        .fold(Pattern::new(""), |pattern, (piece, is_variable)| {
            pattern.then(if is_variable {
                Pattern::exactly(&piece)
            } else {
                Pattern::new(&piece)
            })
        })
}

/// The pieces of a value, and of each whether a variable stands there.
fn pieces(
    text: &Text,
    request: &Request,
    has_variables: bool,
) -> Result<Option<Vec<(String, bool)>>, String> {
    let literal = text
        .as_literal()
        .ok_or_else(|| format!("`{text}` is not known before a deploy"))?;
    let mut pieces = Vec::new();
    for piece in variables(literal, has_variables) {
        pieces.push(match piece {
            PolicyPiece::Literal(literal) => (literal.to_owned(), false),
            PolicyPiece::Variable(name) => match variable(name, request)? {
                Some(value) => (value, true),
                None => return Ok(None),
            },
        });
    }
    Ok(Some(pieces))
}

/// The value of a policy variable.
fn variable(name: &str, request: &Request) -> Result<Option<String>, String> {
    if matches!(name, "*" | "?" | "$") {
        return Ok(Some(name.to_owned()));
    }
    let (key, default) = match name.split_once(',') {
        Some((key, default)) => (
            key.trim(),
            Some(default.trim().trim_matches('\'').to_owned()),
        ),
        None => (name, None),
    };
    match request.values(&key.to_ascii_lowercase()) {
        Some(Values::Unknown) => Err(format!("`{key}` is not known")),
        Some(Values::Anybody(value)) => Ok(Some(value.clone())),
        Some(Values::Known(values)) if values.len() == 1 => Ok(values.first().cloned()),
        // A key with several values cannot be a variable.
        Some(Values::Known(values)) if values.len() > 1 => {
            Err(format!("`{key}` has several values"))
        }
        _ => Ok(default),
    }
}

/// Whether a condition holds.
#[must_use]
pub fn holds(condition: &Condition, request: &Request, has_variables: bool) -> Answer {
    let found = match request.values(&condition.key) {
        Some(Values::Unknown) => {
            return Answer::Unknown(format!("`{}` is not known", condition.key));
        }
        Some(Values::Known(values)) => values.as_slice(),
        Some(Values::Anybody(value)) => {
            return holds_of_anybody(condition, value, request, has_variables);
        }
        None => &[],
    };
    if condition.values.is_empty() {
        return Answer::Unknown(format!("`{}` is compared with no value", condition.key));
    }
    let present = !found.is_empty();
    match (&condition.operator, condition.quantifier) {
        (Operator::Unsupported(operator), _) => {
            Answer::Unknown(format!("`{operator}` is not supported"))
        }
        (Operator::Null, _) => {
            Answer::any(
                condition
                    .values
                    .iter()
                    .map(|value| match value.as_literal() {
                        Some("true") => Answer::from(!present),
                        Some("false") => Answer::from(present),
                        _ => Answer::Unknown(
                            "`Null` compares with neither true nor false".to_owned(),
                        ),
                    }),
            )
        }
        // `ForAnyValue` does not hold without values and `IfExists` does; which of them wins is not
        // documented.
        (_, Quantifier::Any) if !present && condition.if_exists => Answer::Unknown(
            "`ForAnyValue` and `IfExists` contradict each other where the key is missing"
                .to_owned(),
        ),
        (_, _) if !present && condition.if_exists => Answer::Yes,
        (_, Quantifier::All) => Answer::all(
            found
                .iter()
                .map(|one| fits(condition, one, request, has_variables)),
        ),
        (_, Quantifier::Any) => Answer::any(
            found
                .iter()
                .map(|one| fits(condition, one, request, has_variables)),
        ),
        (_, Quantifier::One) => match found {
            [] => Answer::from(condition.negated),
            [one] if !is_list(&condition.key) => fits(condition, one, request, has_variables),
            _ => Answer::Unknown(format!(
                "`{}` has several values, and the operator is for one",
                condition.key
            )),
        },
    }
}

/// Whether a condition holds of anybody: of a principal that the policy does not name, unless by
/// this value. A condition that names others may hold of some principal; one that leaves others out
/// holds of everybody else.
fn holds_of_anybody(
    condition: &Condition,
    value: &str,
    request: &Request,
    has_variables: bool,
) -> Answer {
    let mut known = request.clone();
    known
        .context
        .insert(condition.key.clone(), Values::Known(vec![value.to_owned()]));
    match holds(condition, &known, has_variables) {
        Answer::No if !condition.negated => Answer::Unknown(format!(
            "it is about some values of `{}` only",
            condition.key
        )),
        answer => answer,
    }
}

/// Whether a key has a list of values, for which a condition without a set operator is not defined
/// (IAM User Guide, multivalued context keys; Service Authorization Reference).
fn is_list(key: &str) -> bool {
    matches!(
        key,
        "lambda:layer"
            | "lambda:subnetids"
            | "lambda:securitygroupids"
            | "aws:tagkeys"
            | "aws:principalorgpaths"
            | "aws:resourceorgpaths"
            | "aws:principalservicenameslist"
            | "aws:calledvia"
    )
}

/// Whether one value of a request fits a condition: one of its values for a plain operator, none
/// for a negated one.
fn fits(condition: &Condition, found: &str, request: &Request, has_variables: bool) -> Answer {
    let one = |written: &Text| -> Answer {
        let pieces = match pieces(written, request, has_variables) {
            Ok(Some(pieces)) => pieces,
            Ok(None) => return without_value(written, condition.negated),
            Err(why) => return Answer::Unknown(why),
        };
        let written: String = pieces.iter().map(|(piece, _)| piece.as_str()).collect();
        let wild =
            |(piece, is_variable): &(String, bool)| *is_variable && piece.contains(['*', '?']);
        match &condition.operator {
            Operator::Equals => Answer::from(written == found),
            Operator::EqualsIgnoreCase => {
                Answer::from(written.to_lowercase() == found.to_lowercase())
            }
            Operator::Bool => Answer::from(written.eq_ignore_ascii_case(found)),
            Operator::Arn if pieces.iter().any(wild) => {
                Answer::Unknown("a variable stands for a wildcard in an ARN".to_owned())
            }
            Operator::Arn => Answer::from(arn_fits(&written, found)),
            Operator::Like => Answer::from(joined(pieces).matches(found)),
            Operator::Null | Operator::Unsupported(_) => Answer::Unknown(format!(
                "`{}` is compared by an operator that is not supported",
                condition.key
            )),
        }
    };
    let fits = Answer::any(condition.values.iter().map(one));
    if condition.negated { fits.not() } else { fits }
}

/// Whether an ARN fits a pattern, each of the six parts between colons by itself (IAM User Guide,
/// ARN condition operators).
fn arn_fits(pattern: &str, arn: &str) -> bool {
    let (patterns, parts): (Vec<&str>, Vec<&str>) = (
        pattern.splitn(6, ':').collect(),
        arn.splitn(6, ':').collect(),
    );
    patterns.len() == 6
        && parts.len() == 6
        && patterns
            .iter()
            .zip(parts)
            .all(|(pattern, part)| Pattern::new(pattern).matches(part))
}
