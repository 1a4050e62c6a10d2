//! Whether what is claimed of a template holds, for every principal, for every layer there can be, and whatever a deploy
//! decides.

use super::closed_world::not_read;
use super::grants::{GrantedBy, Grants, Match, Version, VersionId, Who};
use super::placeholder::Shown;
use super::subject::{Kind, Subject, Subjects, placeholders};
use crate::cloudformation::unread::Unread;
use crate::cloudformation::{Case, Template, World, explore};
use crate::iam::allowance::{Allowance, AttachableLayers};
use crate::iam::attach::{EffectivePolicies, attachable};
use crate::iam::deny_reason::{DenyReason, deny_reason};
use crate::iam::document::Effect;
use crate::iam::evaluate::Values;
use crate::partial::Text;
use crate::pattern::{Pattern, TooLarge};
use crate::rules::model::{Claim, ClaimKind, Claimed, Id, LayerSet, Layers, Principal};
use crate::rules::text::{Part, Text as RuleText};
use crate::syntax::ast::AttachVerb;
use crate::template::lower::{SourceMap, names};
use serde_json::json;
use std::collections::BTreeSet;

/// What is found of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds; why.
    Holds(String),
    /// It does not: a counterexample, and what is the cause.
    Fails(String, Vec<Cause>),
    /// It is undecided; why.
    Undecided(String),
}

/// A cause of a claim's failure: a resource, and the statement of it where one is the cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The logical ID; of a policy that is not in the template, what it is called.
    pub resource: String,
    /// The whole, for people.
    pub shown: String,
}

impl Cause {
    fn of(by: &str) -> Self {
        let resource = by.split_once(", ").map_or(by, |(resource, _)| resource);
        Self { resource: resource.to_owned(), shown: by.to_owned() }
    }
}

/// What claims are decided on: a template, and what is known of the source that it comes from.
pub struct Facts<'s> {
    template: Template,
    grants: Grants,
    not_read: Vec<Unread>,
    source_map: Option<&'s SourceMap>,
    /// What a policy that is alone in a file is meant as.
    meant_as: Option<Kind>,
}

/// The versions that a claim is about, with what to call them, and those that may be ones.
struct Found {
    certain: Vec<(String, Version)>,
    possible: Vec<(String, Version)>,
    /// The logical IDs and names by which something else may be handed them.
    ids: Vec<String>,
    layer_names: Vec<String>,
}

impl<'s> Facts<'s> {
    /// A template, with the source that it comes from if it does.
    #[must_use]
    pub fn new(template: Template, source_map: Option<&'s SourceMap>) -> Self {
        let grants = Grants::of_template(&template);
        let not_read = not_read(&template);
        Self { template, grants, not_read, source_map, meant_as: None }
    }

    /// A policy in a file of its own, as the template that has it, meant as this.
    #[must_use]
    pub fn of_policy_file(template: Template, kind: Kind) -> Self {
        Self { meant_as: Some(kind), ..Self::new(template, None) }
    }

    /// The policies of layer versions, as Lambda shows them.
    #[must_use]
    pub fn of_policies(grants: Grants) -> Self {
        let template = Template::new(serde_json::Value::Null, &crate::cloudformation::Values::default());
        Self { template, grants, not_read: Vec::new(), source_map: None, meant_as: None }
    }

    /// Whether a claim holds.
    #[must_use]
    pub fn verdict(&self, claim: &Claim) -> Verdict {
        match &claim.kind {
            ClaimKind::Attach { subject, verb, set } => self.attach(&subject.value, *verb, set),
            ClaimKind::Use { only, principals, member_of, can, versions } => {
                let found = self.versions(versions);
                if found.certain.is_empty() {
                    return Verdict::Undecided(format!("the template has no version of `{}`", versions.layer.value));
                }
                let cases = explore(&self.template, None, |world| {
                    let member_of = member_of.as_ref().map(|organization| who(organization, world));
                    let who: Vec<Who> = principals.iter().map(|principal| who(&principal.value, world)).collect();
                    (who, member_of)
                });
                let Ok(cases) = cases else {
                    return Verdict::Undecided("it depends on too many parameters".to_owned());
                };
                let verdicts = cases.into_iter().map(|(case, (who, member_of))| {
                    let question = UseQuestion { found: &found, who: &who, member_of: member_of.as_ref(), case: &case };
                    let verdict = if *only { question.only() } else { question.each(*can) };
                    (case, verdict)
                });
                let verdict = combined(verdicts.collect());
                self.unless_not_read(verdict, &found.ids, &found.layer_names)
            }
        }
    }

    /// A verdict that what is not read could change is undecided.
    fn unless_not_read(&self, verdict: Verdict, ids: &[String], names: &[String]) -> Verdict {
        let Verdict::Holds(_) = verdict else {
            return verdict;
        };
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        match self.not_read.iter().find(|part| part.concerns(&ids, &names)) {
            Some(part) => Verdict::Undecided(format!(
                "{} is {}, and what that does is not in the template",
                part.place, part.what
            )),
            None => verdict,
        }
    }

    /// The versions that a claim is about.
    fn versions(&self, claimed: &Claimed) -> Found {
        let layer = claimed.layer.value.as_str();
        match self.source_map {
            Some(map) if claimed.is_declared => self.declared_versions(map, claimed),
            _ => self.named_versions(layer, &claimed.labels),
        }
    }

    /// The versions of a layer of the source: the resources that they became. A version that exists already and is shared
    /// with nobody is not in the template, and is found all the same.
    fn declared_versions(&self, map: &SourceMap, claimed: &Claimed) -> Found {
        let mut found = Found { certain: Vec::new(), possible: Vec::new(), ids: Vec::new(), layer_names: Vec::new() };
        let mut own = Vec::new();
        for record in map.versions.iter().filter(|record| record.layer == claimed.layer.value) {
            if !record.label.as_ref().is_none_or(|label| claimed.labels.contains(label)) {
                continue;
            }
            let is_it = |(id, version): &(&VersionId, &Version)| match (id, &record.version) {
                (VersionId::Resource(id), Some(own)) => id == own,
                _ => version.grants.values().flatten().any(|by| record.grants.contains(&by.id)),
            };
            let name = record.version.clone().unwrap_or_else(|| match &record.label {
                Some(label) => names::version(&record.layer, label),
                None => names::pascal(&record.layer),
            });
            let mut version = Version::default();
            for (id, known) in self.grants.versions.iter().filter(is_it) {
                own.push(id);
                for (who, by) in &known.grants {
                    version.grants.entry(who.clone()).or_default().extend(by.iter().cloned());
                }
            }
            found.ids.extend(record.version.clone());
            found.layer_names.push(record.layer_name.clone());
            found.certain.push((name, version));
        }
        for (id, version) in &self.grants.versions {
            let may_be = found.layer_names.iter().any(|name| version.is_of(name, &self.template) == Match::Maybe);
            if may_be && !own.contains(&id) {
                found.possible.push((id.to_string(), version.clone()));
            }
        }
        found
    }

    /// The versions of a layer of any template, by the layer's name or its logical ID.
    fn named_versions(&self, layer: &str, labels: &[String]) -> Found {
        let mut found =
            Found { certain: Vec::new(), possible: Vec::new(), ids: Vec::new(), layer_names: vec![layer.to_owned()] };
        for (id, version) in &self.grants.versions {
            let is_it = match id {
                VersionId::Resource(id) if !labels.is_empty() => {
                    labels.iter().any(|label| *id == names::version(layer, label))
                }
                VersionId::Resource(id) => id == layer || *id == names::pascal(layer),
                VersionId::Arn(_) => false,
            };
            let by_name = version.is_of(layer, &self.template);
            if is_it || (labels.is_empty() && by_name == Match::Yes) {
                if let VersionId::Resource(id) = id {
                    found.ids.push(id.clone());
                }
                found.layer_names.extend(version.layer().map(str::to_owned));
                found.certain.push((id.to_string(), version.clone()));
            } else if by_name == Match::Maybe || (matches!(id, VersionId::Arn(_)) && by_name == Match::Yes) {
                found.possible.push((id.to_string(), version.clone()));
            }
        }
        found
    }

    fn attach(&self, name: &str, verb: AttachVerb, set: &LayerSet) -> Verdict {
        let ids = self.subject_ids(name);
        let mut accounts = accounts_in(set);
        accounts.extend(self.accounts_of(&ids));
        let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
        let placeholders = placeholders(&self.template, &accounts);
        let subjects = Subjects::new(&self.template, self.meant_as);
        let shown = Shown::new(&self.template, &placeholders);
        let cases = explore(&self.template, Some(&placeholders), |world| {
            let parts = ids.iter().filter_map(|id| subjects.subject(&self.template.resource(id)?, world));
            let parts: Vec<Subject> = parts.collect();
            let Some(subject) = together(&parts) else {
                return Verdict::Undecided(format!("the template has no role or policy `{name}`"));
            };
            self.attach_in(world, &subject, verb, set)
        });
        let verdict = match cases {
            Ok(cases) => combined(cases),
            Err(why) => Verdict::Undecided(why.to_string()),
        };
        let names = self.physical_names(&ids);
        shown.in_verdict(self.unless_not_read(verdict, &ids, &names))
    }

    /// The accounts that are written in some resources, if a parameter could be one of them.
    fn accounts_of(&self, ids: &[String]) -> Vec<String> {
        let mut found = Vec::new();
        if self.template.parameters().any(|(_, parameter)| parameter.is_account()) {
            for id in ids {
                if let Some(resource) = self.template.resource(id) {
                    found.extend(account_ids(&resource.json.to_string()));
                }
            }
        }
        found
    }

    /// What some resources are called at AWS, where the template says so.
    fn physical_names(&self, ids: &[String]) -> Vec<String> {
        let mut found = Vec::new();
        for resource in ids.iter().filter_map(|id| self.template.resource(id)) {
            for property in ["RoleName", "UserName", "GroupName", "ManagedPolicyName"] {
                let name = resource.json.get("Properties").and_then(|all| all.get(property));
                found.extend(name.and_then(serde_json::Value::as_str).map(str::to_owned));
            }
        }
        found
    }

    /// The resources of what is called by a name: of a source what it became, of any template the logical ID.
    fn subject_ids(&self, name: &str) -> Vec<String> {
        if let Some(ids) = self.source_map.and_then(|map| map.blocks.get(name)) {
            return ids.clone();
        }
        let pascal = names::pascal(name);
        let known = [name, pascal.as_str()].into_iter().find(|id| self.template.resource(id).is_some());
        known.map(str::to_owned).into_iter().collect()
    }

    fn attach_in(&self, world: &World<'_>, subject: &Subject, verb: AttachVerb, set: &LayerSet) -> Verdict {
        let mut patterns = Vec::with_capacity(set.members.len());
        for member in &set.members {
            match self.pattern(&member.layers, subject, world) {
                Some(pattern) => patterns.push(pattern),
                None => return Verdict::Undecided("the ARN of a version in the set is unknown".to_owned()),
            }
        }
        let by_itself = subject.kind == Kind::Policy || subject.kind == Kind::Group;
        let only_denies = by_itself && !allows_any(&subject.policies);
        // What only denies lets nobody attach anything. What it is for is what it forbids, whatever else is allowed.
        let policies = if only_denies { subject.policies.whatever_is_allowed() } else { subject.policies.clone() };
        let found = attachable(&policies);
        let question = AttachQuestion { policies: &policies, found: &found, set: &patterns };
        let verdict = match verb {
            AttachVerb::Can => question.can(),
            AttachVerb::Cannot => question.none(Side::In),
            AttachVerb::Only => question.none(Side::Out),
        };
        let verdict = verdict
            .unwrap_or_else(|TooLarge| Verdict::Undecided("its patterns are too complex to decide this".to_owned()));
        match verdict {
            Verdict::Holds(why) if only_denies => Verdict::Holds(format!("{why}, whatever else is allowed")),
            Verdict::Holds(why) if by_itself => Verdict::Holds(format!(
                "{why}; this is about `{}` by itself, and not about what else its holders have",
                subject.id
            )),
            Verdict::Fails(why, by) if only_denies && verb != AttachVerb::Can => {
                Verdict::Fails(format!("{why} by whoever is allowed it elsewhere: this only denies"), by)
            }
            verdict => verdict,
        }
    }

    /// The ARNs of a member of a set.
    fn pattern(&self, layers: &Layers, subject: &Subject, world: &World<'_>) -> Option<Pattern> {
        match layers {
            Layers::Published { layer, label } => {
                let record = self.source_map.and_then(|map| {
                    map.versions.iter().find(|one| one.layer == *layer && one.label.as_ref() == Some(label))
                });
                let id = record.map_or_else(|| Some(names::version(layer, label)), |record| record.version.clone());
                let arn = world.value(&json!({ "Ref": id? }))?;
                arn.as_literal().map(Pattern::exactly)
            }
            Layers::Matching(arn) => filled_in(arn, subject, world).map(|arn| Pattern::new(&arn)),
        }
    }
}

/// The ARN of a set with the values of its parameters. `this account` is the account of whoever the subject is about.
fn filled_in(arn: &RuleText, subject: &Subject, world: &World<'_>) -> Option<String> {
    const THIS_ACCOUNT: &str = "${aws:PrincipalAccount}";
    let mut text = String::new();
    for part in arn.parts() {
        match part {
            Part::Literal(literal) => text.push_str(literal),
            Part::Parameter(name) => text.push_str(world.value(&json!({ "Ref": name }))?.as_literal()?),
        }
    }
    let own = match subject.policies.request.context.get("aws:principalaccount") {
        Some(Values::Anybody(account)) => Some(account.as_str()),
        Some(Values::Known(accounts)) => accounts.first().map(String::as_str),
        Some(Values::Unknown) | None => None,
    };
    if text.contains(THIS_ACCOUNT) { Some(text.replace(THIS_ACCOUNT, own?)) } else { Some(text) }
}

/// The accounts that a set names.
fn accounts_in(set: &LayerSet) -> Vec<String> {
    let mut found = Vec::new();
    for member in &set.members {
        if let Layers::Matching(arn) = &member.layers {
            found.extend(account_ids(&arn.to_string()));
        }
    }
    found
}

/// The runs of exactly 12 digits in a text.
fn account_ids(text: &str) -> Vec<String> {
    let runs = text.split(|character: char| !character.is_ascii_digit());
    let mut found: Vec<String> = runs.filter(|run| run.len() == 12).map(str::to_owned).collect();
    found.sort();
    found.dedup();
    found
}

/// A principal as the template names it.
fn who(principal: &Principal, world: &World<'_>) -> Who {
    let text = |id: &Id| match id {
        Id::Literal(id) => Text::literal(id.as_str()),
        Id::Parameter(name) => {
            let value = world.value(&json!({ "Ref": name }));
            value
                .and_then(|value| value.as_text().cloned())
                .unwrap_or_else(|| Text::unknown(name.as_str(), name.as_str()))
        }
    };
    match principal {
        Principal::Everyone => Who::Everyone,
        Principal::Account(id) => {
            let id = text(id);
            let own = world.template.given("AWS::AccountId");
            if id.as_literal().is_some() && id.as_literal() == own { Who::Owner } else { Who::Account(id) }
        }
        Principal::Organization(id) => Who::Organization(text(id)),
    }
}

/// The parts of a policy as one: what any allows is allowed, what any denies is denied.
fn together(parts: &[Subject]) -> Option<Subject> {
    let (first, rest) = parts.split_first()?;
    let mut subject = first.clone();
    for part in rest {
        if subject.kind != Kind::Guardrail
            && let (Some(level), Some(more)) = (subject.policies.levels.first_mut(), part.policies.levels.first())
        {
            level.extend(more.iter().cloned());
        }
        subject.policies.guardrails.extend(part.policies.guardrails.iter().cloned());
    }
    Some(subject)
}

/// Whether policies have an Allow that may matter, or something of which that is not known.
fn allows_any(policies: &EffectivePolicies) -> bool {
    policies.documents().any(|document| document.problem.is_some())
        || policies
            .statements()
            .any(|(_, statement)| statement.effect == Effect::Allow && !crate::iam::attach::is_unrelated(statement))
}

/// One verdict for all cases: the one that they share, or undecided.
fn combined(cases: Vec<(Case, Verdict)>) -> Verdict {
    let mut undecided = None;
    let mut holds = None;
    let mut fails = None;
    for (case, verdict) in cases {
        match verdict {
            // What does not even hold by the defaults does not hold.
            Verdict::Fails(why, by) if case.is_by_default() && !case.is_always() => {
                return Verdict::Fails(format!("{why}, if {case}"), by);
            }
            Verdict::Undecided(why) => {
                undecided.get_or_insert(if case.is_always() { why } else { format!("{why}, if {case}") });
            }
            Verdict::Holds(why) => {
                holds.get_or_insert((case, why));
            }
            Verdict::Fails(why, by) => {
                fails.get_or_insert((case, why, by));
            }
        }
    }
    match (holds, fails, undecided) {
        (_, None, Some(why)) => Verdict::Undecided(why),
        (Some((_, why)), None, None) => Verdict::Holds(why),
        (None, Some((_, why, by)), None) => Verdict::Fails(why, by),
        (_, Some((case, why, _)), _) => Verdict::Undecided(format!("{why}, if {case}")),
        (None, None, None) => Verdict::Undecided("there is nothing to decide".to_owned()),
    }
}

/// The worst of several verdicts: a failure, or else an undecided one.
fn worst(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
    let mut found = None;
    for verdict in verdicts {
        match (&found, verdict) {
            (_, fails @ Verdict::Fails(..)) => return fails,
            (Some(Verdict::Undecided(_)), _) => {}
            (_, verdict) => found = Some(verdict),
        }
    }
    found.unwrap_or_else(|| Verdict::Undecided("there is nothing to decide".to_owned()))
}

/// A question about who can use layer versions, in one case.
struct UseQuestion<'a> {
    found: &'a Found,
    who: &'a [Who],
    member_of: Option<&'a Who>,
    case: &'a Case,
}

/// How some grants grant something in one case.
enum Granted {
    /// They do; by what.
    Yes(Vec<String>),
    /// They do in some cases of it.
    Sometimes(Case),
    /// They do not.
    No,
}

impl UseQuestion<'_> {
    /// Whether each of the principals can use each version, or cannot.
    fn each(&self, can: bool) -> Verdict {
        let mut verdicts = Vec::new();
        for who in self.who {
            let possible = self.possible(who);
            for (name, version) in &self.found.certain {
                let verdict = self.one(who, can, name, version);
                // What is not granted may be granted on what is not known to be this version.
                verdicts.push(match (verdict, &possible) {
                    (Verdict::Fails(..), Some(undecided)) if can => undecided.clone(),
                    (verdict, _) => verdict,
                });
            }
            if !can {
                verdicts.extend(possible);
            }
        }
        worst(verdicts)
    }

    /// Whether a principal can use a version, or cannot, as far as it is granted.
    fn one(&self, who: &Who, can: bool, name: &str, version: &Version) -> Verdict {
        match (self.granted(who, version), can) {
            (Granted::Yes(by), true) => Verdict::Holds(format!("{name} is granted by {}", by.join(", "))),
            (Granted::Yes(by), false) => {
                Verdict::Fails(format!("{who} can use {name}"), by.iter().map(|by| Cause::of(by)).collect())
            }
            // What does not even hold by the defaults does not hold.
            (Granted::Sometimes(case), false) if case.is_by_default() => {
                Verdict::Fails(format!("{who} can use {name} if {case}"), Vec::new())
            }
            (Granted::Sometimes(case), _) => Verdict::Undecided(format!("{who} can use {name} if {case}")),
            (Granted::No, _) => match self.doubt(who, name, version) {
                Some(why) => Verdict::Undecided(why),
                None if can => Verdict::Fails(format!("nothing grants {name} to {who}"), Vec::new()),
                None => Verdict::Holds(format!("nothing grants {name} to {who}")),
            },
        }
    }

    /// Why a version of which the layer is not known may be one that the claim is about, and shared.
    fn possible(&self, who: &Who) -> Option<Verdict> {
        self.found.possible.iter().find_map(|(name, version)| {
            let is_shared =
                !matches!(self.granted(who, version), Granted::No) || self.doubt(who, name, version).is_some();
            let by = version.grants.values().flatten().next()?;
            is_shared
                .then(|| Verdict::Undecided(format!("{} shares {name}, which may be a version of this layer", by.id)))
        })
    }

    /// Whether a principal is granted a version in this case.
    fn granted(&self, who: &Who, version: &Version) -> Granted {
        if *who == Who::Owner {
            return Granted::Yes(vec!["its owner's own rights".to_owned()]);
        }
        let is_enough = |granted: &Who| *granted == Who::Everyone || granted == who || Some(granted) == self.member_of;
        let grants: Vec<&GrantedBy> = version
            .grants
            .iter()
            .filter(|(granted, _)| is_enough(granted))
            .flat_map(|(_, by)| by)
            .filter(|by| by.cases.iter().any(|case| case.agrees(self.case)))
            .collect();
        let certain: Vec<String> = grants
            .iter()
            .filter(|by| !by.others.iter().any(|case| case.agrees(self.case)))
            .map(|by| by.id.clone())
            .collect();
        if !certain.is_empty() {
            return Granted::Yes(certain);
        }
        match grants.first().and_then(|by| by.cases.iter().find(|case| case.agrees(self.case))) {
            Some(_) if self.cover_all(&grants) => Granted::Yes(grants.iter().map(|by| by.id.clone()).collect()),
            Some(case) => Granted::Sometimes(case.clone()),
            None => Granted::No,
        }
    }

    /// Whether in every deploy of this case one of the grants grants.
    fn cover_all(&self, grants: &[&GrantedBy]) -> bool {
        const MOST: usize = 256;
        let mut uncovered = vec![vec![self.case]];
        for by in grants {
            let mut next = Vec::new();
            for cases in &uncovered {
                for other in by.others.iter().filter(|other| cases.iter().all(|case| case.agrees(other))) {
                    let mut longer = cases.clone();
                    longer.push(other);
                    next.push(longer);
                }
            }
            if next.len() > MOST {
                return false;
            }
            uncovered = next;
        }
        uncovered.is_empty()
    }

    /// Why somebody to whom nothing is granted may be granted something all the same.
    fn doubt(&self, who: &Who, name: &str, version: &Version) -> Option<String> {
        let grants = version
            .grants
            .iter()
            .filter(|(_, by)| by.iter().flat_map(|by| &by.cases).any(|case| case.agrees(self.case)));
        grants.into_iter().find_map(|(granted, by)| match (who, granted) {
            (_, Who::Unknown(why, _)) => {
                let by: Vec<&str> = by.iter().map(|by| by.id.as_str()).collect();
                Some(format!("{} shares {name} with somebody unknown, maybe everyone: {why}", by.join(", ")))
            }
            (Who::Account(_), Who::Organization(id)) if self.member_of.is_none() => {
                Some(format!("{name} is shared with organization {id}, and whether {who} is in it is unknown"))
            }
            (Who::Organization(_), Who::Account(id)) => {
                Some(format!("{name} is shared with account {id}, and whether that is in {who} is unknown"))
            }
            (Who::Organization(own), Who::Organization(other)) | (Who::Account(own), Who::Account(other))
                if own.as_literal().is_none() || other.as_literal().is_none() =>
            {
                Some(format!(
                    "{name} is shared with {other}, whose value is unknown: give it by `--parameter NAME=VALUE`"
                ))
            }
            (Who::Account(_), Who::Organization(other))
                if self.member_of.is_some_and(|own| !both_known(own, other)) =>
            {
                Some(format!(
                    "{name} is shared with {other}, whose value is unknown: give it by `--parameter NAME=VALUE`"
                ))
            }
            _ => None,
        })
    }

    /// Whether nobody but these can use the versions, and these can.
    fn only(&self) -> Verdict {
        let is_public = self.who.contains(&Who::Everyone);
        let mut verdicts = Vec::new();
        for (name, version) in &self.found.certain {
            for (who, by) in &version.grants {
                let agrees = |case: &Case| case.agrees(self.case);
                let by: Vec<&GrantedBy> = by.iter().filter(|by| by.cases.iter().any(agrees)).collect();
                if !by.is_empty() && !is_public && !self.who.contains(who) && *who != Who::Owner {
                    verdicts.push(self.other(who, name, &by));
                }
            }
        }
        for (name, version) in self.found.possible.iter().filter(|_| !is_public) {
            let others = version.grants.iter().filter(|(who, _)| !self.who.contains(who) && **who != Who::Owner);
            let other = others.flat_map(|(_, by)| by).find(|by| by.cases.iter().any(|case| case.agrees(self.case)));
            verdicts.extend(other.map(|by| may_be_shared(by, name)));
        }
        for who in self.who {
            for (name, version) in &self.found.certain {
                verdicts.push(self.one(who, true, name, version));
            }
        }
        worst(verdicts)
    }

    /// Somebody else can use a version.
    fn other(&self, who: &Who, name: &str, by: &[&GrantedBy]) -> Verdict {
        let is_always = by.iter().any(|by| !by.others.iter().any(|case| case.agrees(self.case)));
        match who {
            Who::Unknown(why, _) => {
                let by: Vec<&str> = by.iter().map(|by| by.id.as_str()).collect();
                Verdict::Undecided(format!("{} shares {name} with somebody unknown: {why}", by.join(", ")))
            }
            Who::Account(_) if self.who.iter().any(|one| matches!(one, Who::Organization(_))) => {
                Verdict::Undecided(format!("{who} can use {name}, and whether it is in the organization is unknown"))
            }
            Who::Account(id) | Who::Organization(id) if id.as_literal().is_none() => {
                Verdict::Undecided(format!("{who} can use {name}, and who that is is unknown"))
            }
            Who::Everyone | Who::Organization(_) | Who::Account(_) | Who::Owner if is_always => {
                Verdict::Fails(format!("{who} can use {name}"), by.iter().map(|by| Cause::of(&by.id)).collect())
            }
            Who::Everyone | Who::Organization(_) | Who::Account(_) | Who::Owner => {
                let case = by.iter().flat_map(|by| &by.cases).find(|case| case.agrees(self.case));
                Verdict::Undecided(format!(
                    "{who} can use {name} if {}",
                    case.map(ToString::to_string).unwrap_or_default()
                ))
            }
        }
    }
}

fn may_be_shared(by: &GrantedBy, version: &str) -> Verdict {
    Verdict::Undecided(format!("{} shares {version}, which may be a version of this layer", by.id))
}

fn both_known(own: &Who, other: &Text) -> bool {
    let own = match own {
        Who::Organization(id) | Who::Account(id) => id.as_literal(),
        Who::Everyone | Who::Owner | Who::Unknown(..) => None,
    };
    own.is_some() && other.as_literal().is_some()
}

/// Where the layers are that a question is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// In the set.
    In,
    /// Out of it.
    Out,
}

/// A question about attaching the layers of a set.
struct AttachQuestion<'a> {
    policies: &'a EffectivePolicies,
    found: &'a AttachableLayers,
    set: &'a [Pattern],
}

impl AttachQuestion<'_> {
    /// A layer on one side of the set that an allowance lets attach.
    fn layer(&self, allowance: &Allowance, side: Side) -> Result<Option<String>, TooLarge> {
        match side {
            Side::In => allowance.layer(Some(self.set), &[]),
            Side::Out => allowance.layer(None, self.set),
        }
    }

    /// A layer on one side of the set that one of some allowances lets attach, and by what.
    fn first(&self, allowances: &[Allowance], side: Side) -> Result<Option<(String, Vec<String>)>, TooLarge> {
        for allowance in allowances {
            if let Some(layer) = self.layer(allowance, side)? {
                return Ok(Some((layer, allowance.by.clone())));
            }
        }
        Ok(None)
    }

    /// Whether no layer on one side of the set can be attached.
    fn none(&self, side: Side) -> Result<Verdict, TooLarge> {
        let Some((maybe, _)) = self.first(&self.found.possible, side)? else {
            let what = if side == Side::In { "one of these layers" } else { "any other layer" };
            // One of them shows why; that none is found in time takes nothing from what is known.
            let such = self.layer(&Allowance::default(), side).ok().flatten();
            let why = such.and_then(|such| Some(format!("; for {such}, {}", deny_reason(self.policies, &such)?)));
            return Ok(Verdict::Holds(format!("no request with {what} is allowed{}", why.unwrap_or_default())));
        };
        Ok(match self.first(&self.found.certain, side)? {
            Some((layer, by)) => {
                Verdict::Fails(format!("{layer} can be attached"), by.iter().map(|by| Cause::of(by)).collect())
            }
            None => self.undecided(&format!("{maybe} may be attached")),
        })
    }

    /// Whether every layer of the set can be attached: whether none of it is beyond every allowance.
    fn can(&self) -> Result<Verdict, TooLarge> {
        let beyond = |allowances: &[Allowance]| Allowance::default().layer_beyond(allowances, Some(self.set));
        let Some(maybe) = beyond(&self.found.certain)? else {
            let by: BTreeSet<&str> =
                self.found.certain.iter().flat_map(|allowance| &allowance.by).map(String::as_str).collect();
            let by = by.into_iter().collect::<Vec<_>>().join("; ");
            return Ok(Verdict::Holds(format!("a request with each of these layers is allowed by {by}")));
        };
        let Some(layer) = beyond(&self.found.possible)? else {
            return Ok(self.undecided(&format!("{maybe} may not be attached")));
        };
        let cannot = format!("{layer} cannot be attached");
        Ok(match deny_reason(self.policies, &layer) {
            Some(DenyReason::Explicit(by)) => Verdict::Fails(cannot, vec![Cause::of(&by)]),
            Some(missing) => Verdict::Fails(format!("{cannot}: {missing}"), Vec::new()),
            None => Verdict::Fails(cannot, Vec::new()),
        })
    }

    fn undecided(&self, what: &str) -> Verdict {
        let why = match self.found.doubts.as_slice() {
            [] => "its conditions leave it open".to_owned(),
            doubts => doubts.join("; "),
        };
        Verdict::Undecided(format!("{what}: {why}"))
    }
}
