//! Who and what a role or policy applies to, besides the layers: who may assume a role, what a
//! policy is attached to, which functions it is about, which principals it exempts. Such a change
//! can allow attaching more, although every set of layers stays the same.

use super::action_scope::{ActionScope, everything, resources_that_matter, that_matter};
use super::caller::Caller;
use super::condition::{Covering, are_alike, at_most, covers_action};
use super::document::Documents;
use super::kind::SubjectKind;
use super::trust::{TrustedPrincipal, not_covered, trusts};
use super::wider::{Applies, Clause, Credential, Holder, Wider};
use crate::cloudformation::stack_set::{self, Recipient};
use crate::cloudformation::{Resource, World};
use crate::iam::attach::{ATTACH, is_about_layers, is_unrelated};
use crate::iam::document::{Condition, Effect, PatternList, Statement};
use crate::iam::effective::{EffectivePolicies, is_unclear};
use crate::iam::right::Right;
use crate::partial::{Partial, Text};
use std::collections::HashSet;
use std::hash::Hash;

/// Who and what a subject applies to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applicability {
    /// The principals that a policy is attached to.
    pub attached_to: Vec<Holder>,
    /// The users that something else of the template adds to a group.
    pub members: Vec<Text>,
    /// The roots, units and accounts that a guardrail applies to.
    pub targets: Vec<Text>,
    /// The accounts that get it from a stack set.
    pub rolled_out_to: Vec<Recipient>,
    /// Who may assume a role, and who may not.
    pub trusts: Vec<TrustedPrincipal>,
    /// How somebody can act as a user.
    pub credentials: Vec<Credential>,
    /// Whether its policies say anything that matters here. If not, it does not matter who may
    /// assume a role or act as a user.
    pub says_something: bool,
    /// The statements about actions that matter here, without their conditions on layers.
    pub clauses: Vec<LeveledClause>,
    /// How many levels there are: its own policies, and a permissions boundary.
    pub levels: usize,
    /// How many of them there are without a boundary that is not understood.
    pub known_levels: usize,
    /// What policies say about it by its name and tags.
    pub caller: Caller,
    /// Whether a part of its policies is not understood.
    pub is_unclear: bool,
}

/// A clause, and what it is compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeveledClause {
    /// The clause.
    pub clause: Clause,
    /// The conditions on layers. They are compared elsewhere; here they help to match old and new
    /// statements.
    pub layers: Vec<Condition>,
    /// The level of the statement, such as a permissions boundary. All levels must allow a request.
    pub level: usize,
}

impl Applicability {
    /// The applicability of a resource.
    #[must_use]
    pub(super) fn of(
        resource: &Resource<'_>,
        kind: SubjectKind,
        policies: &EffectivePolicies,
        world: &World<'_>,
        documents: &Documents,
    ) -> Self {
        let mut found = Self::default();
        if kind == SubjectKind::Policy || kind.may_be_boundary() {
            found.attached_to = holders(resource, world);
        }
        found.targets = texts(resource, "TargetIds", world);
        if let Some(trust) = resource.property("AssumeRolePolicyDocument", world) {
            found.trusts = trusts(&documents.of_value(resource.id, Some(trust)));
        }
        found.says_something = says_something(policies);
        found.levels = policies.levels.len();
        let boundaries = policies.levels.iter().skip(1);
        let unknown = boundaries.filter(|level| level.iter().any(is_unclear));
        found.known_levels = found.levels - unknown.count();
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
        found.is_unclear = policies.documents().any(is_unclear);
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

/// The principals that a policy names.
fn holders(policy: &Resource<'_>, world: &World<'_>) -> Vec<Holder> {
    let named = |property| texts(policy, property, world).into_iter();
    let roles = ["Roles", "RoleName"].into_iter().flat_map(named);
    let users = ["Users", "UserName"].into_iter().flat_map(named);
    let groups = ["Groups", "GroupName"].into_iter().flat_map(named);
    roles
        .map(Holder::Role)
        .chain(users.map(Holder::User))
        .chain(groups.map(Holder::Group))
        .collect()
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
fn clause(statement: &Statement, level: usize) -> Option<LeveledClause> {
    let scope = ActionScope::of(&statement.actions);
    let resources = resources_that_matter(&statement.resources);
    let is_of_other_services =
        resources.patterns.is_empty() && !statement.resources.patterns.is_empty();
    if scope.is_empty() || is_of_other_services {
        return None;
    }
    let all = statement.conditions.iter().cloned();
    let (layers, conditions) = all.partition(is_about_layers);
    // The layers that an action covers are compared separately, layer by layer.
    let resources = if names_rights_alone(&that_matter(&statement.actions)) {
        everything()
    } else {
        resources
    };
    let clause = Clause {
        effect: statement.effect,
        actions: that_matter(&statement.actions),
        scope,
        resources,
        conditions,
    };
    Some(LeveledClause {
        clause,
        layers,
        level,
    })
}

impl Applicability {
    /// Whether a statement of it has this effect, or may have it.
    #[must_use]
    pub fn may(&self, effect: Effect) -> bool {
        self.is_unclear || self.clauses_with(effect).next().is_some()
    }

    /// The same without what it allows, as for a boundary.
    #[must_use]
    pub fn without_allowing(&self) -> Self {
        let mut restriction = self.clone();
        let clauses = &mut restriction.clauses;
        clauses.retain(|one| one.clause.effect == Effect::Deny);
        restriction
    }

    /// The same without a boundary that is not understood, which may allow everything.
    #[must_use]
    pub fn within_what_is_known(&self) -> Self {
        Self {
            levels: self.known_levels,
            ..self.clone()
        }
    }

    /// The statements with an effect.
    fn clauses_with(&self, effect: Effect) -> impl Iterator<Item = &LeveledClause> {
        let all = self.clauses.iter();
        all.filter(move |one| one.clause.effect == effect)
    }
}

/// How one applicability is wider than another one.
#[must_use]
pub fn beyond(old: &Applicability, new: &Applicability) -> Vec<Wider> {
    let mut found = Vec::new();
    lists_beyond(old, new, &mut found);
    found.extend(new.caller.beyond(&old.caller));
    for target in missing(&old.targets, &new.targets) {
        found.push(Applies::Target(target).taken());
    }
    if new.says_something {
        actors_beyond(old, new, &mut found);
    }
    for one in new.clauses_with(Effect::Allow) {
        // Where there was no boundary, one allows nothing new.
        if one.level == 0 || one.level < old.levels {
            let others = one.counterparts(&old.clauses, &new.clauses);
            found.extend(one.clause.beyond_allowing(&others));
        }
        // Where there no longer is one, what the others allow is no longer within it.
        for level in new.levels.max(1)..old.levels {
            let bounded = LeveledClause {
                level,
                ..one.clone()
            };
            let others = bounded.counterparts(&old.clauses, &[]);
            found.extend(one.clause.beyond_allowing(&others));
        }
    }
    for one in old.clauses_with(Effect::Deny) {
        let others = one.counterparts(&new.clauses, &old.clauses);
        found.extend(one.clause.beyond_denying(&others));
    }
    found.dedup();
    found
}

/// Who can newly act as a role or user.
fn actors_beyond(old: &Applicability, new: &Applicability, found: &mut Vec<Wider>) {
    let mut credentials = new.credentials.iter();
    while let Some(more) = credentials.find(|one| !old.credentials.contains(one)) {
        found.push(Applies::Credential(more.clone()).added());
    }
    for trust in not_covered(&new.trusts, &old.trusts, Effect::Allow) {
        found.push(Applies::Trust(trust.clone()).added());
    }
    for trust in not_covered(&old.trusts, &new.trusts, Effect::Deny) {
        found.push(Applies::Trust(trust.clone()).taken());
    }
}

/// The principals and members that get an Allow, or no longer get a Deny.
fn lists_beyond(old: &Applicability, new: &Applicability, found: &mut Vec<Wider>) {
    if new.may(Effect::Allow) {
        let more = missing(&new.attached_to, &old.attached_to);
        found.extend(more.map(|holder| Applies::To(holder).added()));
    }
    if old.may(Effect::Deny) {
        let fewer = missing(&old.attached_to, &new.attached_to);
        found.extend(fewer.map(|holder| Applies::To(holder).taken()));
    }
    if new.may(Effect::Allow) {
        let more = missing(&new.members, &old.members);
        found.extend(more.map(|member| Applies::Member(member).added()));
    }
    if old.may(Effect::Deny) {
        let fewer = missing(&old.members, &new.members);
        found.extend(fewer.map(|member| Applies::Member(member).taken()));
    }
}

/// The items of a list that another one does not have.
fn missing<'l, T: Clone + Eq + Hash>(
    list: &'l [T],
    other: &'l [T],
) -> impl Iterator<Item = T> + use<'l, T> {
    let other: HashSet<&T> = other.iter().collect();
    let only_here = list.iter().filter(move |one| !other.contains(one));
    only_here.cloned()
}

/// The accounts that get an Allow from a stack set, or no longer get a Deny that others have.
#[must_use]
pub fn rolled_out_beyond(old: &Applicability, new: &Applicability, others: bool) -> Vec<Wider> {
    let mut found = Vec::new();
    let (old_to, new_to) = (&old.rolled_out_to, &new.rolled_out_to);
    if new.may(Effect::Allow) {
        let more = stack_set::beyond(new_to, old_to);
        found.extend(more.map(|one| Applies::RolledOut(one.clone()).added()));
    }
    if others && old.may(Effect::Deny) {
        let fewer = stack_set::beyond(old_to, new_to);
        found.extend(fewer.map(|one| Applies::RolledOut(one.clone()).taken()));
    }
    found
}

impl LeveledClause {
    /// The statements on the other side that this one is compared with. First come those about the
    /// same layers, or about all layers; if there are none, those that match no other statement of
    /// this side; and otherwise all of them.
    fn counterparts<'c>(&self, others: &'c [Self], beside: &[Self]) -> Vec<&'c Clause> {
        let effect = self.clause.effect;
        let all = others.iter().filter(|other| other.clause.effect == effect);
        let effective: Vec<&Self> = all
            .filter(|other| effect == Effect::Deny || other.level == self.level)
            .collect();
        let mut chosen = effective.clone();
        if effective.iter().any(|other| other.layers == self.layers) {
            chosen.retain(|other| other.layers == self.layers || other.layers.is_empty());
        } else {
            for one in beside.iter().filter(|one| one.clause.effect == effect) {
                chosen.retain(|other| other.layers != one.layers);
            }
            if chosen.is_empty() {
                chosen = effective;
            }
        }
        chosen.into_iter().map(|other| &other.clause).collect()
    }
}

impl Clause {
    /// Whether it is only about which layers are attached and read, which is compared separately.
    fn is_about_layers_alone(&self) -> bool {
        self.conditions.is_empty()
            && self.resources.is_everything()
            && !self.actions.negated
            && self.actions.patterns.iter().all(is_action_on_layers)
    }

    /// Whether it has every action of another statement, and holds wherever that does.
    fn allows_what(&self, narrow: &Self) -> bool {
        self.names_all(narrow)
            && self
                .conditions
                .iter()
                .all(|condition| narrow.conditions.iter().any(|own| at_most(own, condition)))
    }

    /// What this Allow allows beyond some others.
    fn beyond_allowing(&self, others: &[&Self]) -> Option<Wider> {
        let mut wider = others.to_vec();
        wider.retain(|other| other.allows_what(self));
        if self.is_about_layers_alone() {
            let is_new =
                wider.is_empty() || wider.iter().any(|other| other.resources.is_everything());
            return (!is_new).then(|| Applies::EveryResource(self.clone()).added());
        }
        if self.resources.negated || wider.iter().any(|other| other.resources.negated) {
            let is_there = wider
                .iter()
                .any(|other| other.resources == self.resources || other.resources.is_everything());
            return (!is_there).then(|| Applies::Statement(self.clone()).added());
        }
        let mut beyond = self.clone();
        let known = wider.iter().flat_map(|other| &other.resources.patterns);
        let known = Covering::of(known);
        let patterns = &mut beyond.resources.patterns;
        patterns.retain(|resource| !known.covers(resource));
        (!beyond.resources.patterns.is_empty()).then(|| Applies::Statement(beyond).added())
    }

    /// What this Deny denies beyond some others.
    fn beyond_denying(&self, others: &[&Self]) -> Vec<Wider> {
        let mut others = others.to_vec();
        others.retain(|other| other.names_all(self) && other.covers_resources_of(self));
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
        vec![Applies::Statement(self.clone()).taken()]
    }

    /// Whether it is about every resource of another statement.
    fn covers_resources_of(&self, narrow: &Self) -> bool {
        let (own, others) = (&self.resources, &narrow.resources);
        if own.negated || others.negated {
            return own == others || own.is_everything();
        }
        let covering = Covering::of(own.patterns.iter());
        own.is_everything() || others.patterns.iter().all(|one| covering.covers(one))
    }

    /// Whether it names every action of another statement that matters here.
    fn names_all(&self, narrow: &Self) -> bool {
        let actions = &narrow.actions;
        if self.scope.names_all(narrow.scope) {
            return true;
        }
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
    missing(&condition.values, before)
        .map(|value| Applies::Exempts(condition.key.clone(), value).added())
        .collect()
}
