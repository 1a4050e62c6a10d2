//! Whether what is claimed of a template holds, for every principal and for every layer there can be.

use super::attach::attachable;
use super::grants::{Grants, Version, VersionId, Who};
use super::obstacle::{Obstacle, obstacle};
use super::subject::{Subject, subjects};
use super::value::{Template, Text};
use super::ways::{Attachable, Way};
use crate::diagnostic::{Code, Diagnostic};
use crate::pattern::{Pattern, TooLarge};
use crate::rules::model::Rules;
use crate::rules::model::{Claim, ClaimKind, Claimed, Id, LayerSet, Layers, Principal};
use crate::rules::text::{Part, Text as RuleText};
use crate::syntax::ast::AttachVerb;
use crate::template::Format;
use crate::template::lower::{Lowered, names};
use serde_json::json;
use std::collections::BTreeSet;

/// What is found of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Holds(String),
    /// It does not: a counterexample, and the logical IDs or statements that are the cause.
    Fails(String, Vec<String>),
    /// It cannot be told; why.
    Undecided(String),
}

/// What claims are put to.
pub struct Ground {
    template: Template,
    grants: Grants,
    assumed: Template,
    subjects: Vec<Subject>,
}

impl Ground {
    /// A template, with the values of its parameters as far as they are given.
    #[must_use]
    pub fn new(json: &serde_json::Value, given: &[(String, String)]) -> Self {
        let template = Template::new(json.clone(), given);
        let grants = Grants::of_template(&template);
        let assumed = Template::new(json.clone(), given).assumed();
        let subjects = subjects(&assumed);
        Self { template, grants, assumed, subjects }
    }

    /// What a text stands for that a reason names, if it names something that is assumed.
    #[must_use]
    pub fn assumption(&self, reason: &str) -> Option<String> {
        let account = self.assumed.parameter("AWS::AccountId").filter(|id| reason.contains(&format!(":{id}:")))?;
        let given = self.template.parameter("AWS::AccountId").is_some();
        (!given).then(|| format!("{account} stands for the account of the stack"))
    }

    /// Whether a claim holds.
    #[must_use]
    pub fn verdict(&self, claim: &Claim) -> Verdict {
        match &claim.kind {
            ClaimKind::Attach { subject, verb, set } => self.attach(&subject.value, *verb, set),
            ClaimKind::Use { only, principals, member_of, can, versions } => {
                let found = self.versions(versions);
                if found.is_empty() {
                    return Verdict::Undecided(format!("the template has no version of `{}`", versions.layer.value));
                }
                let member_of = member_of.as_ref().map(|organization| self.who(organization));
                let who: Vec<Who> = principals.iter().map(|principal| self.who(&principal.value)).collect();
                if *only {
                    return only_these(&who, &found);
                }
                let verdicts = who.iter().flat_map(|who| {
                    let member_of = member_of.as_ref();
                    found.iter().map(move |(name, version)| can_use(who, member_of, *can, name, version))
                });
                worst(verdicts)
            }
        }
    }

    /// A principal as the template names it.
    fn who(&self, principal: &Principal) -> Who {
        let text = |id: &Id| match id {
            Id::Literal(id) => Text::literal(id.as_str()),
            Id::Parameter(name) => self.template.text(&json!({ "Ref": name })),
        };
        match principal {
            Principal::Everyone => Who::Everyone,
            Principal::Account(id) => Who::Account(text(id)),
            Principal::Organization(id) => Who::Organization(text(id)),
        }
    }

    /// The versions that a claim is about, with what to call them. A version that exists already and is shared with nobody
    /// is not in the template, and is found all the same.
    fn versions(&self, claimed: &Claimed) -> Vec<(String, Version)> {
        let layer = claimed.layer.value.as_str();
        let named = |(key, version): (&VersionId, &Version)| (key.to_string(), version.clone());
        let all = || self.grants.versions.iter();
        if claimed.labels.is_empty() {
            let resource =
                |key: &VersionId| matches!(key, VersionId::Resource(id) if *id == layer || *id == names::pascal(layer));
            let is_it =
                |(key, version): &(&VersionId, &Version)| resource(key) || version.layer.as_deref() == Some(layer);
            return all().filter(is_it).map(named).collect();
        }
        let found = claimed.labels.iter().filter_map(|label| {
            let id = names::version(layer, label);
            // An ARN is known by its grants, whose logical IDs begin with that of the version.
            let is_it = |(key, version): &(&VersionId, &Version)| match key {
                VersionId::Resource(key) => *key == id,
                VersionId::Arn(_) => version.grants.values().flatten().any(|by| by.starts_with(&format!("{id}To"))),
            };
            let unshared = || claimed.is_declared.then(|| (id.clone(), Version::default()));
            all().find(is_it).map(named).or_else(unshared)
        });
        found.collect()
    }

    fn attach(&self, name: &str, verb: AttachVerb, set: &LayerSet) -> Verdict {
        let id = names::pascal(name);
        let parts: Vec<&Subject> = self.subjects.iter().filter(|subject| is_part(&subject.name, &id, name)).collect();
        let Some(subject) = together(&parts) else {
            return Verdict::Undecided(format!("the template has no role or policy `{name}`"));
        };
        let mut patterns = Vec::with_capacity(set.members.len());
        for member in &set.members {
            match self.pattern(&member.layers) {
                Some(pattern) => patterns.push(pattern),
                None => return Verdict::Undecided("the ARN of a version in the set is not known".to_owned()),
            }
        }
        let found = attachable(&subject);
        let question = Question { subject: &subject, found: &found, set: &patterns };
        let verdict = match verb {
            AttachVerb::Can => question.can(),
            AttachVerb::Cannot => question.none(true),
            AttachVerb::Only => question.none(false),
        };
        verdict
            .unwrap_or_else(|TooLarge| Verdict::Undecided("its patterns are too entangled to be told apart".to_owned()))
    }

    /// The ARNs of a member of a set, in the account that is assumed.
    fn pattern(&self, layers: &Layers) -> Option<Pattern> {
        match layers {
            Layers::Published { layer, label } => {
                self.assumed.assumed_arn(&names::version(layer, label)).map(Pattern::exactly)
            }
            Layers::Matching(arn) => self.filled_in(arn).map(|arn| Pattern::new(&arn)),
        }
    }

    fn filled_in(&self, arn: &RuleText) -> Option<String> {
        let parts = arn.parts().iter().map(|part| match part {
            Part::Literal(text) => Some(text.clone()),
            Part::Parameter(name) => self.assumed.parameter(name).map(str::to_owned),
        });
        parts.collect()
    }
}

/// Whether a resource is what a source calls by a name: it, or a part of it where its policy was cut.
fn is_part(resource: &str, id: &str, name: &str) -> bool {
    resource == name || resource.strip_prefix(id).is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The parts of a policy as one: what any allows is allowed, what any denies is denied.
fn together(parts: &[&Subject]) -> Option<Subject> {
    let (first, rest) = parts.split_first()?;
    let mut subject = (*first).clone();
    for part in rest {
        if let (Some(level), Some(more)) = (subject.levels.first_mut(), part.levels.first()) {
            level.extend(more.iter().cloned());
        }
        subject.guardrails.extend(part.guardrails.iter().cloned());
        subject.doubts.extend(part.doubts.iter().cloned());
    }
    Some(subject)
}

/// The worst of several verdicts: a failure, or else a doubt.
fn worst(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
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

/// Whether a principal can use a version, or cannot, as far as it is granted.
fn can_use(who: &Who, member_of: Option<&Who>, can: bool, name: &str, version: &Version) -> Verdict {
    let granted = |who: &Who| version.grants.get(who);
    let cause = granted(&Who::Everyone).or_else(|| granted(who)).or_else(|| member_of.and_then(granted));
    match (cause, can) {
        (Some(by), true) => Verdict::Holds(format!("{name} is granted by {}", by.join(", "))),
        (Some(by), false) => Verdict::Fails(format!("{who} can use {name}"), by.clone()),
        (None, _) => match doubt(who, member_of, name, version) {
            Some(why) => Verdict::Undecided(why),
            None if can => Verdict::Fails(
                format!("nothing grants {name} to {who}: its resource policy is the half that is missing"),
                Vec::new(),
            ),
            None => Verdict::Holds(format!("nothing grants {name} to {who}")),
        },
    }
}

/// Why somebody to whom nothing is granted may be granted something all the same.
fn doubt(who: &Who, member_of: Option<&Who>, name: &str, version: &Version) -> Option<String> {
    version.grants.iter().find_map(|(granted, by)| match (who, granted) {
        (_, Who::Unknown(why)) => Some(format!("whom {} shares {name} with is not known: {why}", by.join(", "))),
        (Who::Account(_), Who::Organization(id)) if member_of.is_none() => {
            Some(format!("{name} is shared with organization {id}, and whether {who} is in it is not said"))
        }
        (Who::Organization(_), Who::Account(id)) => {
            Some(format!("{name} is shared with account {id}, and whether that is in {who} is not said"))
        }
        (Who::Organization(own) | Who::Account(own), Who::Organization(other) | Who::Account(other))
            if !both_known(own, other) =>
        {
            Some(not_known(other, name))
        }
        _ => None,
    })
}

fn both_known(a: &Text, b: &Text) -> bool {
    a.as_literal().is_some() && b.as_literal().is_some()
}

fn not_known(id: &Text, name: &str) -> String {
    format!(
        "{name} is shared with {id}, whose value is not known: give it by `--parameter NAME=VALUE`, or as a default"
    )
}

/// Whether nobody but these can use the versions, and these can.
fn only_these(these: &[Who], versions: &[(String, Version)]) -> Verdict {
    let others = versions.iter().flat_map(|(name, version)| {
        version.grants.iter().filter(|(who, _)| !these.contains(who) && !these.contains(&Who::Everyone)).map(
            move |(who, by)| match who {
                Who::Unknown(why) => {
                    Verdict::Undecided(format!("whom {} shares {name} with is not known: {why}", by.join(", ")))
                }
                Who::Account(_) if these.iter().any(|one| matches!(one, Who::Organization(_))) => Verdict::Undecided(
                    format!("{who} can use {name}, and whether it is in the organization is not said"),
                ),
                _ => Verdict::Fails(format!("{who} can use {name}"), by.clone()),
            },
        )
    });
    let own = these
        .iter()
        .flat_map(|who| versions.iter().map(move |(name, version)| can_use(who, None, true, name, version)));
    worst(others.chain(own))
}

/// A question about attaching the layers of a set.
struct Question<'a> {
    subject: &'a Subject,
    found: &'a Attachable,
    set: &'a [Pattern],
}

impl Question<'_> {
    /// Whether no way leads to a layer in the set, or to one out of it.
    fn none(&self, in_set: bool) -> Result<Verdict, TooLarge> {
        let layer = |way: &Way| if in_set { way.layer(Some(self.set), &[]) } else { way.layer(None, self.set) };
        let first = |ways: &[Way]| {
            let mut found = ways.iter().map(|way| Ok(layer(way)?.map(|layer| (layer, way.by.clone()))));
            found.find_map(Result::transpose).transpose()
        };
        let Some((maybe, _)) = first(&self.found.possible)? else {
            let what = if in_set { "one of these layers" } else { "any other layer" };
            // One of them shows why; that none is found in time takes nothing from what is known.
            let such = layer(&Way::default()).ok().flatten();
            let why = such.and_then(|such| Some(format!("; for {such}, {}", obstacle(self.subject, &such)?)));
            return Ok(Verdict::Holds(format!("no request with {what} is allowed{}", why.unwrap_or_default())));
        };
        Ok(match first(&self.found.certain)? {
            Some((layer, by)) => Verdict::Fails(format!("{layer} can be attached"), by),
            None => self.undecided(&format!("{maybe} may be attached")),
        })
    }

    /// Whether every layer of the set can be attached: whether none of it is beyond every way.
    fn can(&self) -> Result<Verdict, TooLarge> {
        let beyond = |ways: &[Way]| Way::default().layer_beyond(ways, Some(self.set));
        let Some(maybe) = beyond(&self.found.certain)? else {
            let by: BTreeSet<&str> = self.found.certain.iter().flat_map(|way| &way.by).map(String::as_str).collect();
            let by = by.into_iter().collect::<Vec<_>>().join("; ");
            return Ok(Verdict::Holds(format!("a request with each of these layers is allowed by {by}")));
        };
        let Some(layer) = beyond(&self.found.possible)? else {
            return Ok(self.undecided(&format!("{maybe} may not be attached")));
        };
        let cannot = format!("{layer} cannot be attached");
        Ok(match obstacle(self.subject, &layer) {
            Some(Obstacle::Denied(by)) => Verdict::Fails(cannot, vec![by]),
            Some(missing) => Verdict::Fails(format!("{cannot}: {missing}"), Vec::new()),
            None => Verdict::Fails(cannot, Vec::new()),
        })
    }

    fn undecided(&self, what: &str) -> Verdict {
        let why = match self.found.doubts.as_slice() {
            [] => "a condition depends on what only a request tells".to_owned(),
            doubts => doubts.join("; "),
        };
        Verdict::Undecided(format!("{what}: {why}"))
    }
}

/// Reports the claims of a source that do not hold of its template, as it is written and read again.
pub fn check(rules: &Rules, lowered: &Lowered, diagnostics: &mut Vec<Diagnostic>) {
    if rules.claims.is_empty() {
        return;
    }
    let mut written = Vec::new();
    let read =
        lowered.template.write(Format::Json, &mut written).ok().and_then(|()| serde_json::from_slice(&written).ok());
    let ground = Ground::new(&read.unwrap_or_default(), &[]);
    for claim in &rules.claims {
        match ground.verdict(claim) {
            Verdict::Holds(_) => {}
            Verdict::Undecided(why) => diagnostics.push(
                Diagnostic::error(Code::UndecidedClaim, claim.span, "whether this holds cannot be told")
                    .note(why)
                    .help("what cannot be told is not safe: say what is missing, or leave the claim out"),
            ),
            Verdict::Fails(why, by) => {
                let diagnostic = Diagnostic::error(Code::FailedClaim, claim.span, format!("this does not hold: {why}"));
                let diagnostic = match ground.assumption(&why) {
                    Some(assumption) => diagnostic.note(assumption),
                    None => diagnostic,
                };
                let named = |by: &String| by.split(',').next().unwrap_or_default().to_owned();
                let cause = by.iter().map(named).find_map(|id| {
                    let index = lowered.template.resources.iter().position(|resource| resource.id == id)?;
                    lowered.origins.get(index).copied()
                });
                diagnostics.push(match cause {
                    Some(span) => match claim.kind {
                        ClaimKind::Attach { verb: AttachVerb::Can, .. } => diagnostic.also(span, "this stops it"),
                        _ => diagnostic.also(span, "this lets it through"),
                    },
                    None => diagnostic,
                });
            }
        }
    }
}
