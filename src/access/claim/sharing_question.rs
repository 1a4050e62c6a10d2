//! Whether somebody can use layer versions, by the grants of a template, in one case that a deploy
//! can decide.
//!
//! A grant may be conditional. It covers a case for certain, or in a part of it, or not. Somebody
//! without a grant may still have access, for example by a grant to an organization whose member
//! they may be. Such a doubt leaves the claim undecided.

use super::reason::{DoubtfulGrantee, Possibility, Reason, SharingReason};
use super::versions::{ClaimedVersions, IdentifiedVersion};
use super::{Cause, Verdict, worst};
use crate::access::grants::{GrantedBy, Who};
use crate::cloudformation::Case;
use crate::partial::Text;

/// The most combinations of cases in which `covers_every_deploy` looks for a grant.
const MOST_COMBINATIONS: usize = 256;

/// A question about who can use layer versions, in one case.
pub(super) struct SharingQuestion<'q> {
    /// The versions.
    pub versions: &'q ClaimedVersions,
    /// Those that it is about.
    pub who: &'q [Who],
    /// The organization that they are in, if the claim says so.
    pub member_of: Option<&'q Who>,
    /// The case.
    pub case: &'q Case,
}

/// Whether somebody is granted a version in one case.
enum Granted {
    /// Yes, without a grant: it is their own.
    Owner,
    /// Yes, by these grants.
    Yes(Vec<String>),
    /// In a part of it.
    Sometimes(Case),
    /// Not at all.
    No,
}

impl SharingQuestion<'_> {
    /// Whether each of the principals can use each version, or none can, as claimed.
    pub(super) fn each(&self, claimed: Possibility) -> Verdict {
        if self.who.is_empty() {
            return holds(SharingReason::Nobody);
        }
        let mut verdicts = Vec::new();
        for who in self.who {
            let possible = self.shared_possibly(who);
            for version in &self.versions.certain {
                let verdict = self.one(who, claimed, version);
                verdicts.push(match (verdict, claimed, &possible) {
                    // Who lacks a grant on this version may have one on a version that may be
                    // this one.
                    (Verdict::Fails(..), Possibility::Possible, Some(undecided)) => {
                        undecided.clone()
                    }
                    (verdict, _, _) => verdict,
                });
            }
            match claimed {
                Possibility::Possible => {}
                Possibility::Impossible => verdicts.extend(possible),
            }
        }
        worst(verdicts)
    }

    /// Whether these principals can use the versions, and nobody else can.
    pub(super) fn only_these(&self) -> Verdict {
        let mut verdicts = Vec::new();
        if !self.who.contains(&Who::Everyone) {
            self.others(&mut verdicts);
        }
        for who in self.who {
            for version in &self.versions.certain {
                verdicts.push(self.one(who, Possibility::Possible, version));
            }
        }
        if verdicts.is_empty() {
            return holds(SharingReason::Nobody);
        }
        worst(verdicts)
    }

    /// Whether somebody can use a version, or cannot, as claimed.
    fn one(&self, who: &Who, claimed: Possibility, found: &IdentifiedVersion) -> Verdict {
        let (who, version) = (who.clone(), found.id.clone());
        let denials = &found.version.denials;
        match (self.granted(&who, found), claimed) {
            (Granted::Owner | Granted::Yes(_) | Granted::Sometimes(_), _)
                if !denials.is_empty() =>
            {
                let denials = denials.iter().map(|denial| denial.id.clone()).collect();
                undecided(SharingReason::MayBeDenied {
                    who,
                    version,
                    denials,
                })
            }
            (Granted::Owner, Possibility::Possible) => holds(SharingReason::Owned(version)),
            (Granted::Owner, Possibility::Impossible) => fails(
                SharingReason::CanUse { who, version },
                vec![Cause::OwnersRights],
            ),
            (Granted::Yes(by), Possibility::Possible) => {
                holds(SharingReason::Granted { version, by })
            }
            (Granted::Yes(by), Possibility::Impossible) => fails(
                SharingReason::CanUse { who, version },
                by.iter().map(|id| Cause::resource_itself(id)).collect(),
            ),
            // A claim that fails with the defaults does not hold.
            (Granted::Sometimes(case), Possibility::Impossible) if case.is_by_default() => {
                fails(SharingReason::CanUseIf { who, version, case }, Vec::new())
            }
            (Granted::Sometimes(case), _) => {
                undecided(SharingReason::CanUseIf { who, version, case })
            }
            (Granted::No, claimed) => match (self.doubt(&who, found), claimed) {
                (Some(doubt), _) => undecided(doubt),
                (None, Possibility::Possible) => {
                    fails(SharingReason::NotGranted { version, who }, Vec::new())
                }
                (None, Possibility::Impossible) => {
                    holds(SharingReason::NotGranted { version, who })
                }
            },
        }
    }

    /// A verdict about somebody who can use, or may use, a version that the claim may be about.
    fn shared_possibly(&self, who: &Who) -> Option<Verdict> {
        self.versions.possible.iter().find_map(|possible| {
            let is_granted = !matches!(self.granted(who, possible), Granted::No);
            let is_shared = is_granted || self.doubt(who, possible).is_some();
            let by = possible.version.grants.values().flatten().next()?;
            is_shared.then(|| may_be_this_layer(by, possible))
        })
    }

    /// Whether somebody is granted a version.
    fn granted(&self, who: &Who, found: &IdentifiedVersion) -> Granted {
        if found.is_owned_by(who) {
            return Granted::Owner;
        }
        let matching = found.version.grants.iter().filter(|(granted, _)| {
            **granted == Who::Everyone || *granted == who || Some(*granted) == self.member_of
        });
        let grants: Vec<&GrantedBy> = matching
            .flat_map(|(_, by)| by)
            .filter(|by| self.may_be_one_of(by.when.cases()))
            .collect();
        let mut certain = grants.clone();
        certain.retain(|by| self.is_certain(by));
        if !certain.is_empty() {
            return Granted::Yes(ids(&certain));
        }
        match grants.first().and_then(|by| self.case_of(by.when.cases())) {
            Some(_) if self.covers_every_deploy(&grants) => Granted::Yes(ids(&grants)),
            Some(case) => Granted::Sometimes(case.clone()),
            None => Granted::No,
        }
    }

    /// Whether at least one of some grants holds in every deploy of this case. Without each grant,
    /// one of its other cases applies; if no combination of those is possible, one holds always.
    fn covers_every_deploy(&self, grants: &[&GrantedBy]) -> bool {
        let mut uncovered = vec![vec![self.case]];
        for by in grants {
            let mut longer = Vec::new();
            for cases in &uncovered {
                for other in by.when.others() {
                    if cases.iter().all(|case| case.agrees(other)) {
                        let mut cases = cases.clone();
                        cases.push(other);
                        longer.push(cases);
                    }
                }
            }
            if longer.len() > MOST_COMBINATIONS {
                return false;
            }
            uncovered = longer;
        }
        uncovered.is_empty()
    }

    /// Why somebody without a grant may still have access.
    fn doubt(&self, who: &Who, found: &IdentifiedVersion) -> Option<SharingReason> {
        for (granted, by) in &found.version.grants {
            if !by.iter().any(|by| self.may_be_one_of(by.when.cases())) {
                continue;
            }
            if let Who::Unknown(why, _) = granted {
                return Some(SharingReason::SharedWithUnknown {
                    by: ids(&Vec::from_iter(by)),
                    version: found.id.clone(),
                    why: why.clone(),
                });
            }
            if let Some(grantee) = self.doubt_about(who, granted) {
                return Some(SharingReason::SharedWith(found.id.clone(), grantee));
            }
        }
        None
    }

    /// Why somebody may be among the principals of a grant; `None` if that is certain.
    fn doubt_about(&self, who: &Who, granted: &Who) -> Option<DoubtfulGrantee> {
        match (granted, who) {
            (Who::Organization(id), Who::Account(_)) => match self.member_of {
                None => Some(DoubtfulGrantee::Organization {
                    id: id.clone(),
                    account: who.clone(),
                }),
                Some(own) if both_known(own, id) => None,
                Some(_) => Some(DoubtfulGrantee::UnknownId(id.clone())),
            },
            (Who::Account(id), Who::Organization(_)) => Some(DoubtfulGrantee::Account {
                id: id.clone(),
                organization: who.clone(),
            }),
            (Who::Organization(id), Who::Organization(_)) | (Who::Account(id), Who::Account(_)) => {
                (!both_known(who, id)).then(|| DoubtfulGrantee::UnknownId(id.clone()))
            }
            // The owner and everyone are not members of anything.
            (Who::Organization(_) | Who::Account(_), Who::Everyone | Who::Owner) => None,
            // A grant to these is certain, or was handled above.
            (Who::Everyone | Who::Owner | Who::Unknown(..), _)
            | (Who::Organization(_) | Who::Account(_), Who::Unknown(..)) => None,
        }
    }

    /// Adds the verdicts about all others who can use a version, or a possible version.
    fn others(&self, verdicts: &mut Vec<Verdict>) {
        for version in &self.versions.certain {
            for (who, by) in self.grants_to_others(version) {
                let by: Vec<&GrantedBy> = by
                    .iter()
                    .filter(|by| self.may_be_one_of(by.when.cases()))
                    .collect();
                if !by.is_empty() {
                    verdicts.push(self.other(who, version, &by));
                }
            }
        }
        for version in &self.versions.possible {
            let mut grants = self.grants_to_others(version).flat_map(|(_, by)| by);
            let other = grants.find(|by| self.may_be_one_of(by.when.cases()));
            verdicts.extend(other.map(|by| may_be_this_layer(by, version)));
        }
    }

    fn grants_to_others<'v>(
        &self,
        version: &'v IdentifiedVersion,
    ) -> impl Iterator<Item = (&'v Who, &'v Vec<GrantedBy>)> {
        let grants = version.version.grants.iter();
        grants.filter(|(who, _)| !version.is_owned_by(who) && !self.who.contains(who))
    }

    /// Somebody else can use a version.
    fn other(&self, who: &Who, found: &IdentifiedVersion, by: &[&GrantedBy]) -> Verdict {
        let (who, version) = (who.clone(), found.id.clone());
        let is_about_organizations = self
            .who
            .iter()
            .any(|one| matches!(one, Who::Organization(_)));
        match &who {
            Who::Unknown(why, _) => undecided(SharingReason::SharedWithUnknown {
                by: ids(by),
                version,
                why: why.clone(),
            }),
            Who::Account(_) if is_about_organizations => {
                undecided(SharingReason::MayBeMember { who, version })
            }
            Who::Account(id) | Who::Organization(id) if id.as_literal().is_none() => {
                undecided(SharingReason::UnknownId { who, version })
            }
            Who::Everyone | Who::Organization(_) | Who::Account(_) | Who::Owner
                if by.iter().any(|by| self.is_certain(by)) =>
            {
                fails(
                    SharingReason::CanUse { who, version },
                    by.iter().map(|by| Cause::resource_itself(&by.id)).collect(),
                )
            }
            Who::Everyone | Who::Organization(_) | Who::Account(_) | Who::Owner => undecided(
                match self.case_of(by.iter().flat_map(|by| by.when.cases())) {
                    Some(case) => SharingReason::CanUseIf {
                        who,
                        version,
                        case: case.clone(),
                    },
                    None => SharingReason::CanUse { who, version },
                },
            ),
        }
    }

    /// Whether a grant holds in this whole case.
    fn is_certain(&self, by: &GrantedBy) -> bool {
        !self.may_be_one_of(by.when.others())
    }

    /// Whether one of some cases can be this one.
    fn may_be_one_of<'c>(&self, cases: impl IntoIterator<Item = &'c Case>) -> bool {
        self.case_of(cases).is_some()
    }

    /// The first of some cases that can be this one.
    fn case_of<'c>(&self, cases: impl IntoIterator<Item = &'c Case>) -> Option<&'c Case> {
        cases.into_iter().find(|case| case.agrees(self.case))
    }
}

fn ids(grants: &[&GrantedBy]) -> Vec<String> {
    grants.iter().map(|by| by.id.clone()).collect()
}

fn holds(reason: SharingReason) -> Verdict {
    Verdict::holds(Reason::Sharing(reason))
}

fn fails(reason: SharingReason, causes: Vec<Cause>) -> Verdict {
    Verdict::fails(Reason::Sharing(reason), causes)
}

fn undecided(reason: SharingReason) -> Verdict {
    Verdict::undecided(Reason::Sharing(reason))
}

fn may_be_this_layer(by: &GrantedBy, found: &IdentifiedVersion) -> Verdict {
    undecided(SharingReason::MayBeThisLayer {
        by: by.id.clone(),
        version: found.id.clone(),
    })
}

/// Whether the ID of a principal and another ID are known, so that they can be compared.
fn both_known(who: &Who, other: &Text) -> bool {
    let id = match who {
        Who::Organization(id) | Who::Account(id) => id.as_literal(),
        Who::Everyone | Who::Owner | Who::Unknown(..) => None,
    };
    id.is_some() && other.as_literal().is_some()
}
