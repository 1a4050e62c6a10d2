//! The decision about one request, from all policies at once: the model that the answers about all
//! layers are held against, and that is itself held against another evaluator. No command asks it.

use super::document::{Document, Effect, PatternList, Principals, Statement};
use super::evaluate::{
    Answer, Request, Values, all_hold, counts, names_action, resource_pattern, without_value,
};
use crate::aws::arn::Arn;
use crate::partial::{Partial, Text};

/// The policies that a request meets.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policies<'a> {
    /// The principal's policies: one of them must allow, unless the resource's policy does.
    pub identity: &'a [Document],
    /// The principal's permissions boundary: it must allow too.
    pub boundary: Option<&'a Document>,
    /// Service control policies, level by level: one of each level must allow.
    pub guardrails: &'a [Vec<Document>],
    /// The resource's policy.
    pub resource: Option<&'a Document>,
}

/// Why a resource's policy may grant something in its own account that a boundary does not allow.
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
    let granted = || {
        if !same_account {
            return by_identity().and(by_resource).and(boundary);
        }
        by_identity()
            .and(boundary)
            .or(|| match (by_resource(), boundary()) {
                (Answer::Yes | Answer::Unknown(_), Answer::No) => {
                    Answer::Unknown(UNBOUNDED.to_owned())
                }
                (granted, bounded) => granted.and(|| bounded),
            })
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

/// The account in an ARN; empty if it has none.
fn account(arn: &str) -> String {
    Arn::parse(arn).map_or_else(String::new, |arn| arn.account.to_owned())
}

/// The role of a document in a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// It belongs to the principal: an identity policy, a boundary, a service control policy.
    Identity,
    /// It belongs to the resource of the request, and names principals.
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
                answer @ (Answer::Yes | Answer::No) => answer,
            });
        }
    }
    Answer::any(answers.into_iter())
}

/// Whether a statement is about a request.
fn applies(statement: &Statement, document: &Document, request: &Request, role: Role) -> Answer {
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

fn names_resource(names: &PatternList, request: &Request, has_variables: bool) -> Answer {
    let named = Answer::any(names.patterns.iter().map(|pattern| {
        if has_early_variable(pattern, has_variables) {
            return Answer::Unknown(format!(
                "`{pattern}` has a variable where IAM does not accept \
                one"
            ));
        }
        match resource_pattern(pattern, request, has_variables) {
            Ok(Some(pattern)) => Answer::from(pattern.matches(&request.resource)),
            Ok(None) => without_value(pattern, names.negated),
            Err(why) => Answer::Unknown(why),
        }
    }));
    if names.negated { named.not() } else { named }
}

/// Whether a resource has a variable before its fifth colon, where IAM does not accept one (IAM
/// User Guide, policy variables).
fn has_early_variable(pattern: &Text, has_variables: bool) -> bool {
    let Some((before, _)) = pattern.as_literal().and_then(|text| text.split_once("${")) else {
        return false;
    };
    has_variables && before.matches(':').count() < 5
}

/// Whether a `Principal` is about who asks. An account means everybody in it to a Deny, and to an
/// Allow of another account; an Allow for its own account leaves it to the account's own policies
/// (IAM User Guide, `Principal`).
fn names_principal(principals: &Principals, request: &Request, effect: Effect) -> Answer {
    let own = account(&request.principal);
    let counts = effect == Effect::Deny || own != account(&request.resource);
    let one = |written: &str| {
        let root =
            Arn::parse(written).and_then(|arn| arn.root_account(|field, text| *field == text));
        let is_account = written == own || root.is_some_and(|account| account == own);
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
        other @ (Partial::Text(_) | Partial::List(_) | Partial::Null) => several(other),
    };
    if principals.negated {
        named.not()
    } else {
        named
    }
}
