//! Whether a claim about a template holds, for every principal, for every possible layer, and
//! whatever a deploy decides.
//!
//! There are two kinds of claims. `sharing` decides who can use the versions of layers, by the
//! grants of the template: `account 123456789012 can use deps`. `action` decides which layers a
//! principal may attach, publish or share, by its policies: `dev cannot attach *`.
//!
//! A claim that holds is certain. If a part of the template is not read and may change the answer,
//! the claim is undecided.

mod action;
mod action_question;
mod callers;
mod layer_set;
mod sharing;
mod sharing_question;
mod verdict;
mod versions;

pub use action::UNKNOWN_ARN;
pub use verdict::{Cause, Verdict};

use super::attachment::attachment_to;
use super::closed_world::not_read;
use super::grants::Grants;
use super::kind::SubjectKind;
use crate::cloudformation::stack_set::{RolledOut, rolled_out};
use crate::cloudformation::unread::Unread;
use crate::cloudformation::{Template, Values, explore};
use crate::partial::Text;
use crate::rules::model::{Claim, ClaimKind, Claimed};
use crate::template::lower::SourceMap;
use crate::template::lower::names;
use action::ActionClaim;
use sharing::SharingClaim;
use verdict::worst;

/// What a claim is about: a template, and the source that it was compiled from, if known.
pub struct Facts<'s> {
    template: Template,
    grants: Grants,
    not_read: Vec<Unread>,
    source_map: Option<&'s SourceMap>,
    /// What its stack sets roll out, each a template of its own.
    rolled_out: Vec<Facts<'s>>,
    /// Whether a stack set rolls it out. Then it shares no layer.
    is_rolled_out: bool,
    /// The kind of a policy in a file of its own.
    meant_as: Option<SubjectKind>,
}

impl<'s> Facts<'s> {
    /// A template, with its source if it has one.
    #[must_use]
    pub fn new(template: Template, source_map: Option<&'s SourceMap>) -> Self {
        let parts = rolled_out(&template);
        let mut facts = Self::own(template, &parts, source_map);
        for part in parts {
            let mut rolled_out = Self {
                is_rolled_out: true,
                ..Self::own(part.template, &[], source_map)
            };
            for unread in &mut rolled_out.not_read {
                unread.place = format!("{}.{}", part.id, unread.place);
            }
            facts.rolled_out.push(rolled_out);
        }
        facts
    }

    /// A template without what its stack sets roll out, which is `read` as far as it can be.
    fn own(template: Template, read: &[RolledOut], source_map: Option<&'s SourceMap>) -> Self {
        Self {
            grants: Grants::of_template(&template),
            not_read: not_read(&template, read),
            template,
            source_map,
            rolled_out: Vec::new(),
            is_rolled_out: false,
            meant_as: None,
        }
    }

    /// A policy in a file of its own, as a template that contains it, of this kind.
    #[must_use]
    pub fn of_policy_file(template: Template, kind: SubjectKind) -> Self {
        Self {
            meant_as: Some(kind),
            ..Self::new(template, None)
        }
    }

    /// The policies of layer versions, as Lambda shows them.
    #[must_use]
    pub fn of_policies(grants: Grants) -> Self {
        let template = Template::new(serde_json::Value::Null, &Values::default());
        Self {
            template,
            grants,
            not_read: Vec::new(),
            source_map: None,
            rolled_out: Vec::new(),
            is_rolled_out: false,
            meant_as: None,
        }
    }

    /// Whether a claim holds.
    #[must_use]
    pub fn verdict(&self, claim: &Claim) -> Verdict {
        if self.rolled_out.is_empty() {
            self.own_verdict(claim)
        } else {
            verdict_of_all(std::slice::from_ref(self), claim)
        }
    }

    /// Whether a claim holds without what the stack sets of the template roll out.
    fn own_verdict(&self, claim: &Claim) -> Verdict {
        match &claim.kind {
            ClaimKind::Action {
                subject,
                verb,
                action,
                set,
            } => ActionClaim::new(self, &subject.value, *verb, *action, set).verdict(),
            ClaimKind::Use {
                only,
                principals,
                member_of,
                can,
                versions,
            } => {
                let claim = SharingClaim {
                    only: *only,
                    principals,
                    member_of: member_of.as_ref(),
                    can: *can,
                    versions,
                };
                claim.verdict(self)
            }
        }
    }

    /// Whether there is a role, user, group or policy with this name.
    #[must_use]
    pub fn has_subject(&self, name: &str) -> bool {
        !self.subject_ids(name).is_empty()
    }

    /// Whether there is anything that a claim is about, or may be about.
    fn has(&self, claim: &Claim) -> bool {
        match &claim.kind {
            ClaimKind::Action { subject, .. } => self.has_subject(&subject.value),
            ClaimKind::Use { versions, .. } => !self.is_rolled_out && self.has_versions(versions),
        }
    }

    /// The resources for a name: for a source, the resources that it compiles to; for any other
    /// template, the one with that logical ID.
    fn subject_ids(&self, name: &str) -> Vec<String> {
        if let Some(ids) = self.source_map.and_then(|map| map.blocks.get(name)) {
            let own = ids.iter().filter(|id| self.template.resource(id).is_some());
            return own.cloned().collect();
        }
        let pascal = names::pascal(name);
        let known = [name, pascal.as_str()]
            .into_iter()
            .find(|id| self.template.resource(id).is_some());
        known.map(str::to_owned).into_iter().collect()
    }

    /// The names that some resources may have in AWS, if the template gives them. A name is unknown
    /// if there are too many cases.
    fn physical_names(&self, ids: &[String]) -> Vec<Text> {
        let mut found = Vec::new();
        for resource in ids.iter().filter_map(|id| self.template.resource(id)) {
            for property in ["RoleName", "UserName", "GroupName", "ManagedPolicyName"] {
                match explore(&self.template, None, |world| resource.text(property, world)) {
                    Ok(cases) => found.extend(cases.into_iter().filter_map(|(_, name)| name)),
                    Err(why) => found.push(Text::unknown(why.to_string(), resource.id)),
                }
            }
        }
        found
    }

    /// A verdict is undecided if an unread part could change it.
    fn unless_not_read(&self, verdict: Verdict, ids: &[String], names: &[String]) -> Verdict {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.unless_some_not_read(verdict, |part| part.concerns(&ids, &names))
    }

    /// A verdict about everything is undecided if any part is unread.
    fn unless_anything_not_read(&self, verdict: Verdict) -> Verdict {
        self.unless_some_not_read(verdict, |_| true)
    }

    fn unless_some_not_read(
        &self,
        verdict: Verdict,
        concerns: impl Fn(&Unread) -> bool,
    ) -> Verdict {
        let Verdict::Holds(_) = verdict else {
            return verdict;
        };
        match self.not_read.iter().find(|part| concerns(part)) {
            Some(part) => Verdict::Undecided(format!(
                "{} is {}, and its effect is not in the template",
                part.place, part.what
            )),
            None => verdict,
        }
    }
}

/// Whether a claim holds for several templates together: for each one that has its subject, while
/// no other one may have an unread part about that subject.
#[must_use]
pub fn verdict_of_all(all: &[Facts<'_>], claim: &Claim) -> Verdict {
    let parts: Vec<&Facts<'_>> = all
        .iter()
        .flat_map(|facts| std::iter::once(facts).chain(&facts.rolled_out))
        .collect();
    let (concerned, others): (Vec<&Facts<'_>>, Vec<&Facts<'_>>) =
        parts.iter().partition(|facts| facts.has(claim));
    let verdict = match concerned.as_slice() {
        [] => worst(all.iter().map(|facts| facts.own_verdict(claim))),
        concerned => worst(concerned.iter().map(|facts| facts.own_verdict(claim))),
    };
    let names = match &claim.kind {
        ClaimKind::Use {
            versions: Claimed::Layer { layer, .. },
            ..
        } => Some(vec![layer.value.clone()]),
        ClaimKind::Use {
            versions: Claimed::Every,
            ..
        } => None,
        ClaimKind::Action { subject, .. } => Some(vec![subject.value.clone()]),
    };
    let verdict = others.iter().fold(verdict, |verdict, facts| match &names {
        Some(names) => facts.unless_not_read(verdict, &[], names),
        None => facts.unless_anything_not_read(verdict),
    });
    match (&claim.kind, &verdict) {
        (ClaimKind::Action { subject, .. }, Verdict::Holds(_)) => {
            unless_attached_elsewhere(verdict, &parts, &subject.value)
        }
        _ => verdict,
    }
}

/// A verdict about a principal is undecided if another one of the templates may attach a policy to
/// it.
fn unless_attached_elsewhere(verdict: Verdict, all: &[&Facts<'_>], subject: &str) -> Verdict {
    for (index, facts) in all.iter().enumerate() {
        let ids = facts.subject_ids(subject);
        if ids.is_empty() {
            continue;
        }
        let names = facts.physical_names(&ids);
        let others = all.iter().enumerate().filter(|(other, _)| *other != index);
        let mut found =
            others.filter_map(|(_, other)| attachment_to(&names, &facts.template, &other.template));
        if let Some(policy) = found.next() {
            return Verdict::Undecided(format!(
                "{policy} of another template may be attached to {subject}, and the policies of \
                several templates are not combined"
            ));
        }
    }
    verdict
}
