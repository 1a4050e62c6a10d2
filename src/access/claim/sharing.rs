//! Claims about who can use which layer versions, such as `only organization acme can use deps`.
//!
//! `versions` finds the versions that the claim is about. For every case that a deploy can decide,
//! the principals of the claim get their values, and `sharing_question` compares them with the
//! grants on those versions.

use super::reason::{Possibility, Reason, SharingReason};
use super::sharing_question::SharingQuestion;
use super::versions::ClaimedVersions;
use super::{Facts, Verdict, combined};
use crate::access::grants::Who;
use crate::cloudformation::{TooManyCases, World, explore};
use crate::partial::{Partial, Text};
use crate::rules::model::{Claimed, Id, Principal, Spanned};
use serde_json::json;

/// A claim about who can use layer versions.
pub(super) struct SharingClaim<'c> {
    /// Whether nobody else can.
    pub only: bool,
    /// The principals.
    pub principals: &'c [Spanned<Principal>],
    /// The organization of the principals.
    pub member_of: Option<&'c Principal>,
    /// Whether they can, or cannot.
    pub claimed: Possibility,
    /// The versions.
    pub versions: &'c Claimed,
}

impl SharingClaim<'_> {
    /// Whether the claim holds.
    pub(super) fn verdict(&self, facts: &Facts<'_>) -> Verdict {
        let versions = facts.versions(self.versions);
        if versions.certain.is_empty() {
            return self.without_versions(facts);
        }
        let principals = explore(&facts.template, None, |world| {
            let member_of = self.member_of.and_then(|one| who(one, world));
            let all = self.principals.iter();
            let who: Vec<Who> = all.filter_map(|one| who(&one.value, world)).collect();
            (who, member_of)
        });
        let principals = match principals {
            Ok(principals) => principals,
            Err(TooManyCases) => return Verdict::undecided(Reason::TooManyCases),
        };
        let mut verdicts = Vec::with_capacity(principals.len());
        for (case, (who, member_of)) in principals {
            let question = SharingQuestion {
                versions: &versions,
                who: &who,
                member_of: member_of.as_ref(),
                case: &case,
            };
            let verdict = if self.only {
                question.only_these()
            } else {
                question.each(self.claimed)
            };
            verdicts.push((case, verdict));
        }
        match self.versions {
            Claimed::Every => combined(verdicts).unless(|| facts.not_read_at_all()),
            Claimed::Layer { .. } => {
                // If the claim is about somebody in some cases, only those matter.
                if !verdicts
                    .iter()
                    .all(|(_, verdict)| verdict.is_about_nobody())
                {
                    verdicts.retain(|(_, verdict)| !verdict.is_about_nobody());
                }
                combined(verdicts).unless(|| not_read_about(&versions, facts))
            }
        }
    }

    /// The verdict if there are no versions that it is certainly about.
    fn without_versions(&self, facts: &Facts<'_>) -> Verdict {
        match self.versions {
            Claimed::Every => {
                let why = Reason::Sharing(SharingReason::NoVersions);
                // Nobody can use a version that does not exist, if every part of the template is
                // read.
                if self.only || self.claimed == Possibility::Possible {
                    Verdict::undecided(why)
                } else {
                    Verdict::holds(why).unless(|| facts.not_read_at_all())
                }
            }
            Claimed::Layer { layer, .. } => {
                let why = SharingReason::NoVersionsOf(layer.value.clone());
                Verdict::undecided(Reason::Sharing(why))
            }
        }
    }
}

/// An unread part that may share one of these versions.
fn not_read_about(versions: &ClaimedVersions, facts: &Facts<'_>) -> Option<Reason> {
    let ids: Vec<&str> = versions.ids.iter().map(String::as_str).collect();
    let names: Vec<&str> = versions.layer_names.iter().map(String::as_str).collect();
    facts.not_read_about(&ids, &names)
}

/// A principal as the template names it; `None` if an optional parameter is empty, so that the
/// claim is about nobody.
fn who(principal: &Principal, world: &World<'_>) -> Option<Who> {
    Some(match principal {
        Principal::Everyone => Who::Everyone,
        Principal::Account(id) => {
            let id = value_of(id, world)?;
            let own = world.template.given("AWS::AccountId");
            if id.as_literal().is_some() && id.as_literal() == own {
                Who::Owner
            } else {
                Who::Account(id)
            }
        }
        Principal::Organization(id) => Who::Organization(value_of(id, world)?),
    })
}

/// The value of an ID; `None` for a parameter that is empty.
fn value_of(id: &Id, world: &World<'_>) -> Option<Text> {
    match id {
        Id::Literal(id) => Some(Text::literal(id.as_str())),
        Id::Parameter(name) => Some(value_of_parameter(name, world)),
        Id::Optional(name) => {
            let value = value_of_parameter(name, world);
            (!value.is("")).then_some(value)
        }
    }
}

fn value_of_parameter(name: &str, world: &World<'_>) -> Text {
    let value = world.value(&json!({ "Ref": name }));
    match value.as_ref().and_then(Partial::as_text) {
        Some(text) => text.clone(),
        None => Text::unknown(name, name),
    }
}
