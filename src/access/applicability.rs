//! Who and what a role or policy applies to, besides the layers: who may assume a role, what a
//! policy is attached to, which functions it is about, which principals it exempts. A change of
//! these can let more be attached although every set of layers is the same.

use super::attachment::members;
use super::document::document;
use super::kind::Kind;
use crate::aws::arn::Arn;
use crate::cloudformation::{Resource, World};
use crate::iam::attach::{ATTACH, is_about_layers, is_unrelated};
use crate::iam::document::{Condition, Document, Effect, Operator, PatternList, Statement};
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
    /// Who may assume a role, and who may not.
    pub trusts: Vec<Trust>,
    /// The statements about actions that matter here, without what they say of layers.
    pub clauses: Vec<Clause>,
}

/// Somebody who may assume a role, or may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// Whether they may.
    pub effect: Effect,
    /// The kind of principal, such as `AWS` or `Service`; empty where it is not known.
    pub kind: String,
    /// Who.
    pub principal: Partial,
    /// Under which conditions, as they are written.
    pub condition: Option<Partial>,
    /// What these mean, as far as is known.
    conditions: Vec<Condition>,
}

/// What a statement says about actions on resources, its conditions on layers left aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Whether it allows or denies.
    pub effect: Effect,
    /// The actions.
    pub actions: PatternList,
    /// The resources.
    pub resources: PatternList,
    /// The conditions, but for those on layers.
    pub conditions: Vec<Condition>,
    /// The conditions on layers. What they say is compared by itself; here they tell which
    /// statement became which.
    pub layers: Vec<Condition>,
    /// Which of the levels that must all allow a request the statement is on, such as a permissions
    /// boundary.
    pub level: usize,
}

/// Actions whose scope matters, though they do nothing to layers: handing a role to a function.
const OTHERS: [&str; 1] = ["iam:PassRole"];

impl Applicability {
    /// That of a resource.
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
        // Who may assume a role that says nothing of what matters here does not matter either.
        if says_something(policies)
            && let Some(trust) = resource.property("AssumeRolePolicyDocument", world)
        {
            found.trusts = trusts(&document(resource.id, Some(&trust)));
        }
        let levels = policies.levels.iter().chain([&policies.guardrails]);
        for (level, statement) in levels.enumerate().flat_map(|(level, documents)| {
            documents.iter().flat_map(move |document| {
                document
                    .statements
                    .iter()
                    .map(move |statement| (level, statement))
            })
        }) {
            // What allows nothing by itself is about what it denies.
            if statement.effect == Effect::Deny || !kind.only_restricts() {
                found.clauses.extend(clause(statement, level));
            }
        }
        found
    }
}

/// Whether some policies allow or deny anything that matters here, as far as is known. What only
/// denies counts, too: a policy that is attached elsewhere may allow the rest.
fn says_something(policies: &EffectivePolicies) -> bool {
    policies
        .documents()
        .any(|document| document.problem.is_some())
        || policies
            .statements()
            .any(|(_, statement)| !is_unrelated(statement) || clause(statement, 0).is_some())
}

/// Whether actions are only such that are compared by themselves, layer by layer.
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

/// Whether an action is one that is compared by itself, layer by layer.
fn is_right(action: &str) -> bool {
    [Right::Read]
        .iter()
        .chain(&Right::HANDLING)
        .any(|right| right.action() == action)
}

fn texts(resource: &Resource<'_>, property: &str, world: &World<'_>) -> Vec<Text> {
    let text = |item: Partial| match item {
        Partial::Text(text) => text,
        other @ (Partial::List(_) | Partial::Map(_) | Partial::Null) => {
            Text::unknown("a value that is no text", other.to_string())
        }
    };
    resource
        .items(property, world)
        .into_iter()
        .map(text)
        .collect()
}

/// Who may assume a role: every principal of every statement about that, with the conditions that
/// go with it.
fn trusts(document: &Document) -> Vec<Trust> {
    let mut found = Vec::new();
    if let Some(problem) = &document.problem {
        let principal = Partial::Text(Text::unknown(
            problem.why.as_str(),
            problem.written.as_str(),
        ));
        found.push(Trust {
            effect: Effect::Allow,
            kind: String::new(),
            principal,
            condition: None,
            conditions: Vec::new(),
        });
    }
    for statement in &document.statements {
        if statement.problem.is_none() && !is_about_assuming(statement) {
            continue;
        }
        let condition = statement.written.get("Condition").cloned();
        let trust = |kind: &str, principal: Partial| Trust {
            effect: statement.effect,
            kind: kind.to_owned(),
            principal,
            condition: condition.clone(),
            conditions: statement.conditions.clone(),
        };
        match &statement.principal {
            Some(principals) if !principals.negated && statement.problem.is_none() => {
                match &principals.element {
                    Partial::Map(kinds) => {
                        for (kind, value) in kinds {
                            found.extend(value.items().iter().map(|one| trust(kind, normal(one))));
                        }
                    }
                    other @ (Partial::Text(_) | Partial::List(_) | Partial::Null) => {
                        found.extend(other.items().iter().map(|one| trust("AWS", normal(one))))
                    }
                }
            }
            _ => found.push(trust("", statement.written.clone())),
        }
    }
    found
}

/// An account and the ARN of its root user are the same principal.
fn normal(principal: &Partial) -> Partial {
    let arn = principal
        .as_text()
        .and_then(|text| Arn::of_fields(text.split(':')));
    let is = |field: &Text, text: &str| field.as_literal() == Some(text);
    let account = arn.and_then(|arn| arn.root_account(is));
    account.map_or_else(|| principal.clone(), Partial::Text)
}

/// Whether a statement is about assuming a role, by whatever means.
fn is_about_assuming(statement: &Statement) -> bool {
    [
        "sts:AssumeRole",
        "sts:AssumeRoleWithSAML",
        "sts:AssumeRoleWithWebIdentity",
    ]
    .iter()
    .any(|action| names_action(&statement.actions, action) != Answer::No)
}

/// What a statement says about the actions that matter here.
fn clause(statement: &Statement, level: usize) -> Option<Clause> {
    let is_about = |action: &&&str| names_action(&statement.actions, action) != Answer::No;
    let handling = Right::HANDLING.map(Right::action);
    ATTACH
        .iter()
        .chain(&OTHERS)
        .chain(&handling)
        .any(|action| is_about(&action))
        .then(|| Clause {
            effect: statement.effect,
            actions: statement.actions.clone(),
            // To which layers something can be done is compared by itself, layer by layer.
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

/// Something by which one applicability goes beyond another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wider {
    /// Whether it is there in the wider one only, or in the other one only.
    pub is_added: bool,
    /// What: a clause without its subject.
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

/// How one applicability goes beyond another one.
#[must_use]
pub fn beyond(old: &Applicability, new: &Applicability) -> Vec<Wider> {
    let mut found = Vec::new();
    let allows = |of: &Applicability| {
        of.clauses
            .iter()
            .any(|clause| clause.effect == Effect::Allow)
    };
    let denies = |of: &Applicability| {
        of.clauses
            .iter()
            .any(|clause| clause.effect == Effect::Deny)
    };
    for attachment in new
        .attached_to
        .iter()
        .filter(|one| allows(new) && !old.attached_to.contains(one))
    {
        found.push(Wider::added(format!(
            "is attached to {} {}",
            attachment.0, attachment.1
        )));
    }
    for attachment in old
        .attached_to
        .iter()
        .filter(|one| denies(old) && !new.attached_to.contains(one))
    {
        found.push(Wider::taken(format!(
            "is attached to {} {}",
            attachment.0, attachment.1
        )));
    }
    for member in new
        .members
        .iter()
        .filter(|member| !old.members.contains(member))
    {
        found.push(Wider::added(format!("has the member {member}")));
    }
    for target in old
        .targets
        .iter()
        .filter(|target| !new.targets.contains(target))
    {
        found.push(Wider::taken(format!("applies to {target}")));
    }
    for trust in new
        .trusts
        .iter()
        .filter(|trust| trust.effect == Effect::Allow)
    {
        if !old.trusts.iter().any(|other| other.covers(trust)) {
            found.push(Wider::added(trust.to_string()));
        }
    }
    for trust in old
        .trusts
        .iter()
        .filter(|trust| trust.effect == Effect::Deny)
    {
        if !new.trusts.iter().any(|other| other.covers(trust)) {
            found.push(Wider::taken(trust.to_string()));
        }
    }
    for clause in new
        .clauses
        .iter()
        .filter(|clause| clause.effect == Effect::Allow)
    {
        found.extend(clause.beyond_allowing(&clause.counterparts(&old.clauses, &new.clauses)));
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

impl Trust {
    /// Who it is about, in words.
    #[must_use]
    pub fn who(&self) -> String {
        let who = match self.principal.as_text() {
            Some(text) if self.kind.is_empty() => format!("somebody unknown: {text}"),
            Some(text) => format!("{} {text}", self.kind),
            None => format!("whoever fits {}", self.principal),
        };
        match &self.condition {
            Some(condition) => format!("{who} where {condition}"),
            None => who,
        }
    }

    /// Whether a condition leaves out some accounts. With `Principal: '*'`, everybody in the role's
    /// own account may assume it without a permission of their own, unless that account is left out
    /// (IAM User Guide, `Principal`).
    #[must_use]
    pub fn leaves_out_own_account(&self) -> bool {
        let operators = self.condition.as_ref().and_then(Partial::as_map);
        operators.into_iter().flatten().any(|(operator, keys)| {
            operator.to_ascii_lowercase().contains("notequals")
                && keys.as_map().is_some_and(|keys| {
                    keys.keys()
                        .any(|key| key.eq_ignore_ascii_case("aws:PrincipalAccount"))
                })
        })
    }

    /// Whether this is about every principal that another one is about.
    fn covers(&self, other: &Self) -> bool {
        let weaker = self
            .conditions
            .iter()
            .all(|own| other.conditions.iter().any(|theirs| at_most(theirs, own)));
        self.effect == other.effect
            && self.kind == other.kind
            && self.principal == other.principal
            && weaker
    }
}

impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.effect {
            Effect::Allow => "trusts",
            Effect::Deny => "refuses",
        };
        write!(f, "{verb} {}", self.who())
    }
}

impl Clause {
    /// Whether all that it says is about which layers are attached and read, which is compared by
    /// itself.
    fn is_about_layers_alone(&self) -> bool {
        let is_one = |action: &Text| {
            action
                .as_literal()
                .is_some_and(|action| ATTACH.contains(&action) || is_right(action))
        };
        self.conditions.is_empty()
            && self.resources.is_everything()
            && !self.actions.negated
            && self.actions.patterns.iter().all(is_one)
    }

    /// Those on the other side that this one is compared with. A statement about the same layers,
    /// or about all of them, has not become one about others; where there is none, those come into
    /// question that no statement beside this one has become, and at last all of them.
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
        let is_taken = |other: &Self| {
            beside
                .iter()
                .any(|one| one.effect == self.effect && one.layers == other.layers)
        };
        let free: Vec<&Self> = effective
            .iter()
            .filter(|other| !is_taken(other))
            .copied()
            .collect();
        if free.is_empty() { effective } else { free }
    }

    /// What this Allow allows beyond some others.
    fn beyond_allowing(&self, others: &[&Self]) -> Vec<Wider> {
        let at_least = |other: &&Self| {
            other.names_all(&self.actions)
                && other
                    .conditions
                    .iter()
                    .all(|condition| self.conditions.contains(condition))
        };
        let wider: Vec<&Self> = others.iter().copied().filter(at_least).collect();
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
        let denies_the_same = |other: &&Self| {
            other.names_all(&self.actions)
                && (other.resources == self.resources || other.resources.is_everything())
        };
        let others: Vec<&Self> = others.iter().copied().filter(denies_the_same).collect();
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
        // Where only more is exempt, what is more is enough to say.
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

/// Whether one condition holds only where another one does: the same one, or one with fewer values,
/// or with more where it is negated.
fn at_most(own: &Condition, other: &Condition) -> bool {
    let alike = |one: &Condition| Condition {
        values: Vec::new(),
        ..one.clone()
    };
    let within = |some: &[Text], all: &[Text]| {
        some.iter()
            .all(|value| all.iter().any(|wide| takes(&own.operator, wide, value)))
    };
    own == other
        || (alike(own) == alike(other)
            && !own.values.is_empty()
            && !other.values.is_empty()
            && if own.negated {
                within(&other.values, &own.values)
            } else {
                within(&own.values, &other.values)
            })
}

/// Whether a value of a condition takes whatever another one takes. Variables are compared as they
/// are written.
fn takes(operator: &Operator, wide: &Text, narrow: &Text) -> bool {
    match operator {
        Operator::Like => {
            let has_variable = [wide, narrow]
                .iter()
                .any(|text| text.as_literal().is_none_or(|text| text.contains("${")));
            wide == narrow || (!has_variable && covers(wide, narrow))
        }
        Operator::Equals
        | Operator::EqualsIgnoreCase
        | Operator::Arn
        | Operator::Null
        | Operator::Bool => wide == narrow,
        // What the values of others mean together is not known.
        Operator::Unsupported(_) => false,
    }
}

/// The principals that only the second conditions exempt, where that is the only difference between
/// them.
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
        let alike = |one: &Condition| Condition {
            values: Vec::new(),
            ..one.clone()
        };
        if alike(own) != alike(other) || (own.values != other.values && !own.negated) {
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

/// Whether all that fits one pattern fits another one.
fn covers(wide: &Text, narrow: &Text) -> bool {
    wide == narrow
        || match (wide.as_literal(), narrow.as_literal()) {
            (Some(wide), Some(narrow)) => Pattern::new(wide).plainly_covers(&Pattern::new(narrow)),
            _ => false,
        }
}

fn covers_action(wide: &Text, narrow: &Text) -> bool {
    let lower = |text: &Text| text.as_literal().map(str::to_ascii_lowercase);
    wide == narrow
        || match (lower(wide), lower(narrow)) {
            (Some(wide), Some(narrow)) => {
                Pattern::new(&wide).plainly_covers(&Pattern::new(&narrow))
            }
            _ => false,
        }
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
