//! The content of a report on what a role or policy applies to, independent of its format.

use crate::access::trust::TrustedPrincipal;
use crate::access::wider::{Applies, Clause, Credential, Holder};
use crate::cloudformation::stack_set::Recipient;
use crate::iam::document::Effect;
use crate::partial::Text;

/// What a subject does or is by one part of its applicability: a clause without the subject.
pub(super) fn predicate(what: &Applies) -> String {
    match what {
        Applies::To(Holder::Role(name)) => format!("is attached to role {name}"),
        Applies::To(Holder::User(name)) => format!("is attached to user {name}"),
        Applies::To(Holder::Group(name)) => format!("is attached to group {name}"),
        Applies::Credential(Credential::Password) => "has a password".to_owned(),
        Applies::Credential(Credential::AccessKey(id)) => format!("has the access key {id}"),
        Applies::Member(member) => format!("has the member {member}"),
        Applies::Target(target) => format!("applies to {target}"),
        Applies::RolledOut(to) => format!("is rolled out to {}", recipient(to)),
        Applies::Tag(key, value) => format!("has the tag {key}={value}, which policies mention"),
        Applies::Exempt { from, is_certain } => {
            let is = if *is_certain { "is" } else { "may be" };
            format!("{is} exempt from {from}")
        }
        Applies::Trust(trust) => match trust.effect {
            Effect::Allow => format!("trusts {}", trusted(trust)),
            Effect::Deny => format!("refuses {}", trusted(trust)),
        },
        Applies::Statement(clause) => of_clause(clause),
        Applies::EveryResource(clause) => format!("{} on every resource", of_clause(clause)),
        Applies::Exempts(key, value) => format!("exempts {key} {value}"),
    }
}

/// The same with the whole operators of conditions, for two statements that otherwise read alike.
pub(super) fn precise_predicate(what: &Applies) -> String {
    match what {
        Applies::Statement(clause) => with_operators(clause),
        Applies::EveryResource(clause) => {
            format!("{} on every resource", with_operators(clause))
        }
        Applies::To(_)
        | Applies::Credential(_)
        | Applies::Member(_)
        | Applies::Target(_)
        | Applies::RolledOut(_)
        | Applies::Tag(..)
        | Applies::Exempt { .. }
        | Applies::Trust(_)
        | Applies::Exempts(..) => predicate(what),
    }
}

/// Who a statement about assuming a role is about.
pub(super) fn trusted(trust: &TrustedPrincipal) -> String {
    let who = match trust.principal.as_text() {
        Some(text) if trust.kind.is_empty() => format!("somebody unknown: {text}"),
        Some(text) => format!("{} {text}", trust.kind),
        None => format!("whoever matches {}", trust.principal),
    };
    match &trust.condition {
        Some(condition) => format!("{who} where {condition}"),
        None => who,
    }
}

/// All accounts that get a stack. Those that join a unit usually do.
pub(super) fn recipients(all: &[Recipient]) -> String {
    let mut words = Vec::new();
    for one in all {
        match one {
            Recipient::JoinsUnit(_) => {}
            Recipient::Unit(id) if !all.contains(&Recipient::JoinsUnit(id.clone())) => {
                words.push(format!("{id} without accounts that join it later"));
            }
            Recipient::Account(_) | Recipient::Unit(_) | Recipient::LeftUnit(_) => {
                words.push(recipient(one));
            }
        }
    }
    words.join(", ")
}

fn recipient(one: &Recipient) -> String {
    match one {
        Recipient::Account(id) => format!("account {id}"),
        Recipient::Unit(id) => id.clone(),
        Recipient::JoinsUnit(id) => format!("accounts that join {id}"),
        Recipient::LeftUnit(id) => format!("accounts that have left {id}"),
    }
}

fn of_clause(clause: &Clause) -> String {
    let mut words = without_conditions(clause);
    for (index, condition) in clause.conditions.iter().enumerate() {
        let and = if index == 0 { "where" } else { "and" };
        let is = if condition.negated { "is not" } else { "is" };
        let values = list(&condition.values);
        words.push_str(&format!(" {and} {} {is} {values}", condition.key));
    }
    words
}

fn with_operators(clause: &Clause) -> String {
    let mut words = without_conditions(clause);
    for (index, condition) in clause.conditions.iter().enumerate() {
        let and = if index == 0 { "where" } else { "and" };
        let (test, values) = (condition.shown(), list(&condition.values));
        words.push_str(&format!(" {and} {test} holds with {values}"));
    }
    words
}

fn without_conditions(clause: &Clause) -> String {
    let verb = match clause.effect {
        Effect::Allow => "allows",
        Effect::Deny => "denies",
    };
    let everything_but = if clause.actions.negated {
        "everything but "
    } else {
        ""
    };
    let mut words = format!("{verb} {everything_but}{}", list(&clause.actions.patterns));
    if !clause.resources.is_everything() {
        let other_than = if clause.resources.negated {
            "other than "
        } else {
            ""
        };
        let resources = list(&clause.resources.patterns);
        words.push_str(&format!(" on {other_than}{resources}"));
    }
    words
}

fn list(texts: &[Text]) -> String {
    let shown: Vec<String> = texts.iter().map(ToString::to_string).collect();
    shown.join(", ")
}
