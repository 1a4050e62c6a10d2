//! The decision about one request, from all policies at once: a model for the tests. They compare
//! the answers about all layers with it, and compare it with another evaluator. No command uses it.

use super::document::{Document, Effect, Element, PatternList, Principals, Statement};
use super::doubt::{Doubt, UnknownValue};
use super::evaluate::{
    Answer, ContextValues, Request, all_hold, counts, names_action, resource_pattern,
};
use super::provenance::Provenance;
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

/// Whether the policies allow a request (IAM User Guide, policy evaluation logic).
///
/// Within one account, the principal's policies or the resource's may allow; across accounts, both
/// must. A boundary and service control policies must allow it, too, and an explicit Deny anywhere
/// is final.
#[must_use]
pub fn decide(request: &Request, policies: &Policies<'_>) -> Answer {
    let decision = Decision {
        request: &with_principal(request),
        policies,
    };
    decision
        .denied()
        .not()
        .and(|| decision.granted())
        .and(|| decision.within_levels())
}

/// One request and all policies that it is decided by.
struct Decision<'a> {
    request: &'a Request,
    policies: &'a Policies<'a>,
}

impl Decision<'_> {
    /// Whether a statement denies the request.
    fn denied(&self) -> Answer {
        let policies = self.policies;
        let all = policies
            .identity
            .iter()
            .chain(policies.boundary)
            .chain(policies.guardrails.iter().flatten());
        Answer::any(all.map(|document| self.says(document, Effect::Deny)))
            .or(|| self.of_resource(Effect::Deny))
    }

    /// Whether the principal's policies, or the resource's, allow the request.
    fn granted(&self) -> Answer {
        let resource = account(&self.request.resource);
        if !resource.is_empty() && resource != account(&self.request.principal) {
            return self
                .by_identity()
                .and(|| self.of_resource(Effect::Allow))
                .and(|| self.within_boundary());
        }
        self.by_identity()
            .and(|| self.within_boundary())
            .or(|| self.by_resource_alone())
    }

    fn by_identity(&self) -> Answer {
        self.allowed_by_one_of(self.policies.identity)
    }

    /// Whether the resource's policy allows the request to a principal of its own account that
    /// has no permission.
    fn by_resource_alone(&self) -> Answer {
        match (self.of_resource(Effect::Allow), self.within_boundary()) {
            (Answer::Yes | Answer::Unknown(_), Answer::No) => Answer::Unknown(Doubt::Boundary),
            (granted, bounded) => granted.and(|| bounded),
        }
    }

    fn within_boundary(&self) -> Answer {
        match self.policies.boundary {
            Some(boundary) => self.says(boundary, Effect::Allow),
            None => Answer::Yes,
        }
    }

    /// Whether each level of the organization allows the request.
    fn within_levels(&self) -> Answer {
        let levels = self.policies.guardrails.iter();
        Answer::all(levels.map(|level| self.allowed_by_one_of(level)))
    }

    fn allowed_by_one_of(&self, documents: &[Document]) -> Answer {
        let documents = documents.iter();
        Answer::any(documents.map(|document| self.says(document, Effect::Allow)))
    }

    /// Whether a policy of the principal has a statement of that effect for the request.
    fn says(&self, document: &Document, effect: Effect) -> Answer {
        says(document, effect, self.request, DocumentRole::Identity)
    }

    /// Whether the resource's policy has one.
    fn of_resource(&self, effect: Effect) -> Answer {
        match self.policies.resource {
            Some(document) => says(document, effect, self.request, DocumentRole::Resource),
            None => Answer::No,
        }
    }
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
            .or_insert(ContextValues::Known(vec![value]));
    }
    request
}

/// The account in an ARN; empty if it has none.
fn account(arn: &str) -> String {
    Arn::of(arn).map_or_else(String::new, |arn| arn.account.to_owned())
}

/// The role of a document in a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DocumentRole {
    /// It belongs to the principal: an identity policy, a boundary, a service control policy.
    Identity,
    /// It belongs to the resource of the request, and names principals.
    Resource,
}

/// Whether a document has a statement of that effect for the request.
fn says(document: &Document, effect: Effect, request: &Request, role: DocumentRole) -> Answer {
    let mut answers = Vec::new();
    if let Some(problem) = &document.problem {
        let place = Provenance {
            document: document.name.clone(),
            sid: None,
        };
        let why = Doubt::Gap(problem.why.clone());
        answers.push(Answer::Unknown(Doubt::In(place, Box::new(why))));
    }
    for statement in document.statements.iter() {
        if statement.effect == effect || statement.problem.is_some() {
            answers.push(match applies(statement, document, request, role) {
                Answer::Unknown(why) => {
                    let place = document.provenance(statement);
                    Answer::Unknown(Doubt::In(place, Box::new(why)))
                }
                answer @ (Answer::Yes | Answer::No) => answer,
            });
        }
    }
    Answer::any(answers.into_iter())
}

/// Whether a statement is about a request.
fn applies(
    statement: &Statement,
    document: &Document,
    request: &Request,
    role: DocumentRole,
) -> Answer {
    if let Some(problem) = &statement.problem {
        return Answer::Unknown(Doubt::Gap(problem.why.clone()));
    }
    let variables = document.has_variables;
    names_action(&statement.actions, &request.action)
        .and(|| names_resource(&statement.resources, request, variables))
        .and(|| is_principal(statement, request, role))
        .and(|| all_hold(statement, request, variables, |_| true))
        .and(|| counts(statement))
}

/// Whether a statement is about who asks, as far as its document says so.
fn is_principal(statement: &Statement, request: &Request, role: DocumentRole) -> Answer {
    match (role, &statement.principal) {
        (DocumentRole::Identity, _) => Answer::Yes,
        (DocumentRole::Resource, Some(principals)) => {
            names_principal(principals, request, statement.effect)
        }
        (DocumentRole::Resource, None) => Answer::No,
    }
}

fn names_resource(names: &PatternList, request: &Request, has_variables: bool) -> Answer {
    let named = Answer::any(names.patterns.iter().map(|pattern| {
        if has_early_variable(pattern, has_variables) {
            return Answer::Unknown(Doubt::EarlyVariable(pattern.clone()));
        }
        match resource_pattern(pattern, request, has_variables) {
            Ok(Some(pattern)) => Answer::from(pattern.matches(&request.resource)),
            Ok(None) if names.negated => {
                let value = UnknownValue::WithoutValue(pattern.clone());
                Answer::Unknown(Doubt::Element(Element::NotResource, value))
            }
            Ok(None) => Answer::No,
            Err(value) => Answer::Unknown(Doubt::Element(element(names), value)),
        }
    }));
    if names.negated { named.not() } else { named }
}

fn element(names: &PatternList) -> Element {
    if names.negated {
        Element::NotResource
    } else {
        Element::Resource
    }
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
    let named = match &principals.element {
        Partial::Map(kinds) => Answer::any(kinds.iter().map(|(kind, value)| match kind.as_str() {
            "AWS" => names_one_of(value, request, effect),
            "Service" | "Federated" | "CanonicalUser" => Answer::No,
            _ => Answer::Unknown(Doubt::Principal),
        })),
        other @ (Partial::Text(_) | Partial::List(_) | Partial::Null) => {
            names_one_of(other, request, effect)
        }
    };
    if principals.negated {
        named.not()
    } else {
        named
    }
}

/// Whether one of these principals is who asks.
fn names_one_of(value: &Partial, request: &Request, effect: Effect) -> Answer {
    let mut answers = Vec::new();
    for item in value.items() {
        answers.push(match item.as_literal() {
            Some(written) => Answer::from(is_named(written, request, effect)),
            None => Answer::Unknown(Doubt::Principal),
        });
    }
    Answer::any(answers.into_iter())
}

fn is_named(written: &str, request: &Request, effect: Effect) -> bool {
    let own = account(&request.principal);
    let root = Arn::of(written).and_then(|arn| arn.root_account(|field, text| *field == text));
    let is_account = written == own || root.is_some_and(|account| account == own);
    let counts = effect == Effect::Deny || own != account(&request.resource);
    written == "*" || written == request.principal || (is_account && counts)
}
