//! Who and what a role or policy applies to, besides the layers: who may assume a role, what a
//! policy is attached to, which functions it is about, which principals it exempts. Such a change
//! can allow attaching more, although every set of layers stays the same.

use super::attachment::members;
use super::caller::Caller;
use super::condition::{are_alike, at_most, covers};
use super::document::document;
use super::kind::Kind;
use super::trust::{Trust, not_covered, trusts};
use crate::cloudformation::stack_set::{self, Recipient};
use crate::cloudformation::{Resource, World};
use crate::iam::attach::{ATTACH, is_about_layers, is_unrelated};
use crate::iam::document::{Condition, Effect, PatternList, Statement};
use crate::iam::effective::EffectivePolicies;
use crate::iam::evaluate::{Answer, names_action};
use crate::iam::right::Right;
use crate::partial::{Partial, Text};
use crate::pattern::Pattern;
use std::fmt;

/// Who and what a subject applies to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applicability {
    /// What a policy is attached to: the kind, and the name.
    pub attached_to: Vec<(&'static str, Text)>,
    /// The users that something else of the template adds to a group.
    pub members: Vec<Text>,
    /// The roots, units and accounts that a guardrail applies to.
    pub targets: Vec<Text>,
    /// The accounts that get it from a stack set.
    pub rolled_out_to: Vec<Recipient>,
    /// Who may assume a role, and who may not.
    pub trusts: Vec<Trust>,
    /// The statements about actions that matter here, without their conditions on layers.
    pub clauses: Vec<Clause>,
    /// How many levels there are: its own policies, and a permissions boundary.
    pub levels: usize,
    /// What policies say about it by its name and tags.
    pub caller: Caller,
    /// Whether a part of its policies is not understood.
    pub is_unclear: bool,
}

/// A statement about actions on resources, without its conditions on layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Whether it allows or denies.
    pub effect: Effect,
    /// The actions.
    pub actions: PatternList,
    /// The resources.
    pub resources: PatternList,
    /// The conditions, except those on layers.
    pub conditions: Vec<Condition>,
    /// The conditions on layers. They are compared elsewhere; here they help to match old and new
    /// statements.
    pub layers: Vec<Condition>,
    /// The level of the statement, such as a permissions boundary. All levels must allow a request.
    pub level: usize,
}

/// Actions whose scope matters although they do not affect layers: passing a role to a function.
const OTHERS: [&str; 1] = ["iam:PassRole"];

impl Applicability {
    /// The applicability of a resource.
    #[must_use]
    pub fn of(
        resource: &Resource<'_>,
        kind: Kind,
        policies: &EffectivePolicies,
        world: &World<'_>,
    ) -> Self {
        let mut found = Self::default();
        if kind == Kind::Policy || kind == Kind::Boundary {
            let lists = [
                ("Roles", "role"),
                ("RoleName", "role"),
                ("Users", "user"),
                ("UserName", "user"),
                ("Groups", "group"),
                ("GroupName", "group"),
            ];
            for (property, principal) in lists {
                found.attached_to.extend(
                    texts(resource, property, world)
                        .into_iter()
                        .map(|name| (principal, name)),
                );
            }
        }
        if kind == Kind::Group {
            found.members = members(resource, world);
        }
        found.targets = texts(resource, "TargetIds", world);
        // If a role has no relevant statement, it does not matter who may assume it.
        if says_something(policies)
            && let Some(trust) = resource.property("AssumeRolePolicyDocument", world)
        {
            found.trusts = trusts(&document(resource.id, Some(&trust)));
        }
        found.levels = policies.levels.len();
        let levels = policies.levels.iter().chain([&policies.guardrails]);
        for (level, statement) in levels.enumerate().flat_map(|(level, documents)| {
            documents.iter().flat_map(move |document| {
                document
                    .statements
                    .iter()
                    .map(move |statement| (level, statement))
            })
        }) {
            // A subject that allows nothing is about what it denies.
            if statement.effect == Effect::Deny || !kind.only_restricts() {
                found.clauses.extend(clause(statement, level));
            }
        }
        found.is_unclear = policies.documents().any(|document| {
            let mut statements = document.statements.iter();
            document.problem.is_some() || statements.any(|statement| statement.problem.is_some())
        });
        found
    }
}

/// Whether some policies are known to allow or deny anything that matters here. Policies that only
/// deny count, too: a policy that is attached elsewhere may allow the rest.
fn says_something(policies: &EffectivePolicies) -> bool {
    policies
        .documents()
        .any(|document| document.problem.is_some())
        || policies
            .statements()
            .any(|(_, statement)| !is_unrelated(statement) || clause(statement, 0).is_some())
}

/// Whether all of these actions are compared separately, layer by layer.
fn names_rights_alone(actions: &PatternList) -> bool {
    !actions.negated
        && actions
            .patterns
            .iter()
            .all(|action| action.as_literal().is_some_and(is_right))
}

/// Every resource.
fn everything() -> PatternList {
    PatternList {
        negated: false,
        patterns: vec![Text::literal("*")],
    }
}

/// Whether an action attaches layers, or is compared separately, layer by layer.
fn is_action_on_layers(action: &Text) -> bool {
    action
        .as_literal()
        .is_some_and(|action| attaches(action) || is_right(action))
}

/// Whether an action is compared separately, layer by layer.
fn is_right(action: &str) -> bool {
    [Right::Read]
        .iter()
        .chain(&Right::HANDLING)
        .any(|right| right.action().eq_ignore_ascii_case(action))
}

/// Whether an action attaches layers, whatever the case of its letters.
fn attaches(action: &str) -> bool {
    ATTACH.iter().any(|one| one.eq_ignore_ascii_case(action))
}

fn texts(resource: &Resource<'_>, property: &str, world: &World<'_>) -> Vec<Text> {
    let mut found = Vec::new();
    for item in resource.items(property, world) {
        found.push(match item {
            Partial::Text(text) => text,
            other @ (Partial::List(_) | Partial::Map(_) | Partial::Null) => {
                Text::unknown("a value that is not text", other.to_string())
            }
        });
    }
    found
}

/// The part of a statement that is about the actions that matter here.
fn clause(statement: &Statement, level: usize) -> Option<Clause> {
    let handling = Right::HANDLING.map(Right::action);
    ATTACH
        .iter()
        .chain(&OTHERS)
        .chain(&handling)
        .any(|action| names_action(&statement.actions, action) != Answer::No)
        .then(|| Clause {
            effect: statement.effect,
            actions: statement.actions.clone(),
            // The layers that an action covers are compared separately, layer by layer.
            resources: if names_rights_alone(&statement.actions) {
                everything()
            } else {
                statement.resources.clone()
            },
            conditions: statement
                .conditions
                .iter()
                .filter(|condition| !is_about_layers(condition))
                .cloned()
                .collect(),
            layers: statement
                .conditions
                .iter()
                .filter(|condition| is_about_layers(condition))
                .cloned()
                .collect(),
            level,
        })
}

/// One way in which an applicability is wider than another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wider {
    /// Whether it is there in the wider one only, or in the other one only.
    pub is_added: bool,
    /// A clause without its subject.
    pub what: String,
}

impl Wider {
    fn added(what: impl Into<String>) -> Self {
        Self {
            is_added: true,
            what: what.into(),
        }
    }

    fn taken(what: impl Into<String>) -> Self {
        Self {
            is_added: false,
            what: what.into(),
        }
    }
}

impl Applicability {
    /// Whether a statement of it has this effect, or may have it.
    fn may(&self, effect: Effect) -> bool {
        self.is_unclear || self.clauses.iter().any(|clause| clause.effect == effect)
    }
}

/// How one applicability is wider than another one.
#[must_use]
pub fn beyond(old: &Applicability, new: &Applicability) -> Vec<Wider> {
    let mut found = Vec::new();
    for attachment in new
        .attached_to
        .iter()
        .filter(|one| new.may(Effect::Allow) && !old.attached_to.contains(one))
    {
        found.push(Wider::added(format!(
            "is attached to {} {}",
            attachment.0, attachment.1
        )));
    }
    for attachment in old
        .attached_to
        .iter()
        .filter(|one| old.may(Effect::Deny) && !new.attached_to.contains(one))
    {
        found.push(Wider::taken(format!(
            "is attached to {} {}",
            attachment.0, attachment.1
        )));
    }
    for member in new
        .members
        .iter()
        .filter(|member| new.may(Effect::Allow) && !old.members.contains(member))
    {
        found.push(Wider::added(format!("has the member {member}")));
    }
    for member in old
        .members
        .iter()
        .filter(|member| old.may(Effect::Deny) && !new.members.contains(member))
    {
        found.push(Wider::taken(format!("has the member {member}")));
    }
    for (is_added, what) in new.caller.beyond(&old.caller) {
        found.push(Wider { is_added, what });
    }
    for target in old
        .targets
        .iter()
        .filter(|target| !new.targets.contains(target))
    {
        found.push(Wider::taken(format!("applies to {target}")));
    }
    for trust in not_covered(&new.trusts, &old.trusts, Effect::Allow) {
        found.push(Wider::added(trust.to_string()));
    }
    for trust in not_covered(&old.trusts, &new.trusts, Effect::Deny) {
        found.push(Wider::taken(trust.to_string()));
    }
    for clause in new
        .clauses
        .iter()
        .filter(|clause| clause.effect == Effect::Allow)
    {
        // Where there was no boundary, one allows nothing new.
        if clause.level == 0 || clause.level < old.levels {
            found.extend(clause.beyond_allowing(&clause.counterparts(&old.clauses, &new.clauses)));
        }
        // Where there no longer is one, what the others allow is no longer within it.
        for level in new.levels.max(1)..old.levels {
            let bounded = Clause {
                level,
                ..clause.clone()
            };
            found.extend(bounded.beyond_allowing(&bounded.counterparts(&old.clauses, &[])));
        }
    }
    for clause in old
        .clauses
        .iter()
        .filter(|clause| clause.effect == Effect::Deny)
    {
        found.extend(clause.beyond_denying(&clause.counterparts(&new.clauses, &old.clauses)));
    }
    found.dedup();
    found
}

fn gets(to: &Recipient) -> String {
    format!("is rolled out to {to}")
}

/// The accounts that get an Allow from a stack set, or no longer get a Deny that others have.
#[must_use]
pub fn rolled_out_beyond(old: &Applicability, new: &Applicability, others: bool) -> Vec<Wider> {
    let mut found = Vec::new();
    let (old_to, new_to) = (&old.rolled_out_to, &new.rolled_out_to);
    if new.may(Effect::Allow) {
        let more = stack_set::beyond(new_to, old_to);
        found.extend(more.map(gets).map(Wider::added));
    }
    if others && old.may(Effect::Deny) {
        let fewer = stack_set::beyond(old_to, new_to);
        found.extend(fewer.map(gets).map(Wider::taken));
    }
    found
}

impl Clause {
    /// Whether it is only about which layers are attached and read, which is compared separately.
    fn is_about_layers_alone(&self) -> bool {
        self.conditions.is_empty()
            && self.resources.is_everything()
            && !self.actions.negated
            && self.actions.patterns.iter().all(is_action_on_layers)
    }

    /// The statements on the other side that this one is compared with. First come those about the
    /// same layers, or about all layers; if there are none, those that match no other statement of
    /// this side; and otherwise all of them.
    fn counterparts<'c>(&self, others: &'c [Self], beside: &[Self]) -> Vec<&'c Self> {
        let effective: Vec<&Self> = others
            .iter()
            .filter(|other| {
                other.effect == self.effect
                    && (self.effect == Effect::Deny || other.level == self.level)
            })
            .collect();
        let same = effective.iter().filter(|other| other.layers == self.layers);
        if same.clone().next().is_some() {
            return effective
                .into_iter()
                .filter(|other| other.layers == self.layers || other.layers.is_empty())
                .collect();
        }
        let mut free = effective.clone();
        for one in beside.iter().filter(|one| one.effect == self.effect) {
            free.retain(|other| other.layers != one.layers);
        }
        if free.is_empty() { effective } else { free }
    }

    /// Whether it has every action of another statement, and no condition that this has not.
    fn allows_what(&self, narrow: &Self) -> bool {
        self.names_all(&narrow.actions)
            && self
                .conditions
                .iter()
                .all(|condition| narrow.conditions.contains(condition))
    }

    /// What this Allow allows beyond some others.
    fn beyond_allowing(&self, others: &[&Self]) -> Vec<Wider> {
        let mut wider = others.to_vec();
        wider.retain(|other| other.allows_what(self));
        if self.is_about_layers_alone() {
            let is_new =
                wider.is_empty() || wider.iter().any(|other| other.resources.is_everything());
            return if is_new {
                Vec::new()
            } else {
                vec![Wider::added(format!("{self} on every resource"))]
            };
        }
        if self.resources.negated || wider.iter().any(|other| other.resources.negated) {
            let is_there = wider
                .iter()
                .any(|other| other.resources == self.resources || other.resources.is_everything());
            return if is_there {
                Vec::new()
            } else {
                vec![Wider::added(self.to_string())]
            };
        }
        let mut resources = Vec::new();
        for resource in &self.resources.patterns {
            if !wider.iter().any(|other| {
                other
                    .resources
                    .patterns
                    .iter()
                    .any(|wider| covers(wider, resource))
            }) {
                resources.push(resource.clone());
            }
        }
        if resources.is_empty() {
            return Vec::new();
        }
        let resources = PatternList {
            negated: false,
            patterns: resources,
        };
        vec![Wider::added(
            Self {
                resources,
                ..self.clone()
            }
            .to_string(),
        )]
    }

    /// What this Deny denies beyond some others.
    fn beyond_denying(&self, others: &[&Self]) -> Vec<Wider> {
        let mut others = others.to_vec();
        others.retain(|other| {
            other.names_all(&self.actions)
                && (other.resources == self.resources || other.resources.is_everything())
        });
        if self.is_about_layers_alone() && others.is_empty() {
            return Vec::new();
        }
        if others.iter().any(|other| {
            other
                .conditions
                .iter()
                .all(|one| self.conditions.iter().any(|own| at_most(own, one)))
        }) {
            return Vec::new();
        }
        // If only more principals are exempt, it is enough to name those.
        for other in &others {
            if let Some(exempt) = exempt_beyond(&self.conditions, &other.conditions) {
                return exempt;
            }
        }
        vec![Wider::taken(self.to_string())]
    }

    fn names_all(&self, actions: &PatternList) -> bool {
        if self.actions.negated || actions.negated {
            return self.actions == *actions || self.actions.is_everything();
        }
        actions.patterns.iter().all(|action| {
            self.actions
                .patterns
                .iter()
                .any(|own| covers_action(own, action))
        })
    }
}

/// The principals that only the second conditions exempt, if there is no other difference.
fn exempt_beyond(old: &[Condition], new: &[Condition]) -> Option<Vec<Wider>> {
    if old.is_empty() && new.iter().all(|condition| condition.negated) {
        return Some(
            new.iter()
                .flat_map(|condition| exempts(condition, &[]))
                .collect(),
        );
    }
    if old.len() != new.len() {
        return None;
    }
    let mut found = Vec::new();
    for (own, other) in old.iter().zip(new) {
        if !are_alike(own, other) || (own.values != other.values && !own.negated) {
            return None;
        }
        found.extend(exempts(other, &own.values));
    }
    Some(found)
}

fn exempts(condition: &Condition, before: &[Text]) -> Vec<Wider> {
    let more = condition
        .values
        .iter()
        .filter(|value| !before.contains(value));
    more.map(|value| Wider::added(format!("exempts {} {value}", condition.key)))
        .collect()
}

fn covers_action(wide: &Text, narrow: &Text) -> bool {
    if wide == narrow {
        return true;
    }
    let (Some(wide), Some(narrow)) = (wide.as_literal(), narrow.as_literal()) else {
        return false;
    };
    let wide = Pattern::new(&wide.to_ascii_lowercase());
    wide.plainly_covers(&Pattern::new(&narrow.to_ascii_lowercase()))
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.effect {
            Effect::Allow => "allows",
            Effect::Deny => "denies",
        };
        let everything_but = if self.actions.negated {
            "everything but "
        } else {
            ""
        };
        write!(f, "{verb} {everything_but}{}", list(&self.actions.patterns))?;
        if !self.resources.is_everything() {
            let other_than = if self.resources.negated {
                "other than "
            } else {
                ""
            };
            write!(f, " on {other_than}{}", list(&self.resources.patterns))?;
        }
        for (index, condition) in self.conditions.iter().enumerate() {
            let not = if condition.negated { "is not" } else { "is" };
            let and = if index == 0 { " where" } else { " and" };
            write!(
                f,
                "{and} {} {not} {}",
                condition.key,
                list(&condition.values)
            )?;
        }
        Ok(())
    }
}

fn list(texts: &[Text]) -> String {
    texts
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
