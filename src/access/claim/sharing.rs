//! Claims about who can use which layer versions.

use super::{Cause, Facts, Verdict, combined, worst};
use crate::access::grants::{GrantedBy, Version, VersionId, Who};
use crate::access::matching::Match;
use crate::cloudformation::{Case, World, explore};
use crate::partial::{Partial, Text};
use crate::rules::model::{Claimed, Id, Principal, Spanned};
use crate::template::lower::{SourceMap, VersionResources, names};
use serde_json::json;

/// The reason why a claim about nobody holds.
const NOBODY: &str = "the claim is about nobody";

/// A claim about who can use layer versions.
pub(super) struct SharingClaim<'c> {
    /// Whether nobody else can.
    pub only: bool,
    /// The principals.
    pub principals: &'c [Spanned<Principal>],
    /// The organization of the principals.
    pub member_of: Option<&'c Principal>,
    /// Whether they can.
    pub can: bool,
    /// The versions.
    pub versions: &'c Claimed,
}

/// The versions that a claim is about, with their names, and those that it may be about.
#[derive(Default)]
struct Found {
    certain: Vec<(String, Version)>,
    possible: Vec<(String, Version)>,
    /// The logical IDs and names by which an unread part may receive them.
    ids: Vec<String>,
    layer_names: Vec<String>,
}

impl Facts<'_> {
    /// Whether a claim about who can use layer versions holds.
    pub(super) fn sharing(&self, claim: &SharingClaim<'_>) -> Verdict {
        let found = self.versions(claim.versions);
        if found.certain.is_empty() {
            return match claim.versions {
                // Nobody can use a version that does not exist, if every part of the template is
                // read.
                Claimed::Every if !claim.only && !claim.can => self.unless_anything_not_read(
                    Verdict::Holds("the template has no layer version".to_owned()),
                ),
                Claimed::Every => {
                    Verdict::Undecided("the template has no layer version".to_owned())
                }
                Claimed::Layer { layer, .. } => {
                    Verdict::Undecided(format!("the template has no version of `{}`", layer.value))
                }
            };
        }
        let cases = explore(&self.template, None, |world| {
            let member_of = claim
                .member_of
                .and_then(|organization| who(organization, world));
            let who: Vec<Who> = claim
                .principals
                .iter()
                .filter_map(|principal| who(&principal.value, world))
                .collect();
            (who, member_of)
        });
        let cases = match cases {
            Ok(cases) => cases,
            Err(why) => return Verdict::Undecided(why.to_string()),
        };
        let mut verdicts = Vec::with_capacity(cases.len());
        for (case, (who, member_of)) in cases {
            let question = UseQuestion {
                found: &found,
                who: &who,
                member_of: member_of.as_ref(),
                case: &case,
            };
            let verdict = if claim.only {
                question.only()
            } else {
                question.each(claim.can)
            };
            verdicts.push((case, verdict));
        }
        match claim.versions {
            Claimed::Every => self.unless_anything_not_read(combined(verdicts)),
            Claimed::Layer { .. } => {
                // If the claim is about somebody in some cases, those tell more.
                let nobody = Verdict::Holds(NOBODY.to_owned());
                if verdicts.iter().any(|(_, verdict)| *verdict != nobody) {
                    verdicts.retain(|(_, verdict)| *verdict != nobody);
                }
                self.unless_not_read(combined(verdicts), &found.ids, &found.layer_names)
            }
        }
    }

    /// Whether there is a version that a claim is about, or may be about.
    pub(super) fn has_versions(&self, claimed: &Claimed) -> bool {
        let found = self.versions(claimed);
        !found.certain.is_empty() || !found.possible.is_empty()
    }

    /// The versions that a claim is about.
    fn versions(&self, claimed: &Claimed) -> Found {
        match (claimed, self.source_map) {
            (Claimed::Every, Some(map)) => self.declared_versions(map, |_| true),
            (Claimed::Every, None) => Found {
                certain: (self.grants.versions.iter())
                    .map(|(id, version)| (id.to_string(), version.clone()))
                    .collect(),
                ..Found::default()
            },
            (
                Claimed::Layer {
                    layers,
                    labels,
                    is_declared: true,
                    ..
                },
                Some(map),
            ) => self.declared_versions(map, |record| {
                layers.contains(&record.layer)
                    && record
                        .label
                        .as_ref()
                        .is_none_or(|label| labels.contains(label))
            }),
            (Claimed::Layer { layer, labels, .. }, _) => self.named_versions(&layer.value, labels),
        }
    }

    /// Versions of layers of the source: the resources that they compile to. An existing version
    /// that nobody shares is not in the template, but is found, too.
    fn declared_versions(
        &self,
        map: &SourceMap,
        is_meant: impl Fn(&VersionResources) -> bool,
    ) -> Found {
        let mut found = Found::default();
        let mut own = Vec::new();
        for record in map.versions.iter().filter(|record| is_meant(record)) {
            let name = record
                .version
                .clone()
                .unwrap_or_else(|| match &record.label {
                    Some(label) => names::version(&record.layer, label),
                    None => names::pascal(&record.layer),
                });
            let mut version = Version::default();
            for (id, known) in &self.grants.versions {
                if !is_recorded(id, known, record) {
                    continue;
                }
                own.push(id);
                for (who, by) in &known.grants {
                    version
                        .grants
                        .entry(who.clone())
                        .or_default()
                        .extend(by.iter().cloned());
                }
            }
            found.ids.extend(record.version.clone());
            found.layer_names.push(record.layer_name.clone());
            found.certain.push((name, version));
        }
        for (id, version) in &self.grants.versions {
            let may_be = found
                .layer_names
                .iter()
                .any(|name| version.is_of(name, &self.template) == Match::Maybe);
            if may_be && !own.contains(&id) {
                found.possible.push((id.to_string(), version.clone()));
            }
        }
        found
    }

    /// The versions of a layer of any template, by the layer's name or its logical ID.
    fn named_versions(&self, layer: &str, labels: &[String]) -> Found {
        let mut found = Found {
            layer_names: vec![layer.to_owned()],
            ..Found::default()
        };
        for (id, version) in &self.grants.versions {
            let by_name = version.is_of(layer, &self.template);
            // What the compiler makes of a name is another layer's if that has another name.
            let is_made_of = |made: String, id: &str| made == id && by_name != Match::No;
            let is_it = match id {
                VersionId::Resource(id) if !labels.is_empty() => labels
                    .iter()
                    .any(|label| is_made_of(names::version(layer, label), id)),
                VersionId::Resource(id) => id == layer || is_made_of(names::pascal(layer), id),
                VersionId::Arn(_) => false,
            };
            if is_it || (labels.is_empty() && by_name == Match::Yes) {
                if let VersionId::Resource(id) = id {
                    found.ids.push(id.clone());
                }
                found.layer_names.extend(version.layer().map(str::to_owned));
                found.certain.push((id.to_string(), version.clone()));
            } else if by_name == Match::Maybe
                || (matches!(id, VersionId::Arn(_)) && by_name == Match::Yes)
            {
                found.possible.push((id.to_string(), version.clone()));
            }
        }
        found
    }
}

/// Whether a version of the template is what a version of the source became. A version that exists
/// already has no resource, and is known by its grants.
fn is_recorded(id: &VersionId, version: &Version, record: &VersionResources) -> bool {
    if let (VersionId::Resource(id), Some(own)) = (id, &record.version) {
        return id == own;
    }
    let mut grants = version.grants.values().flatten();
    grants.any(|by| record.grants.contains(&by.id))
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

/// A question about who can use layer versions, in one case.
struct UseQuestion<'a> {
    found: &'a Found,
    who: &'a [Who],
    member_of: Option<&'a Who>,
    case: &'a Case,
}

/// Whether some grants cover something in one case.
enum Granted {
    /// They do, with the grants.
    Yes(Vec<String>),
    /// They do in some of its cases.
    Sometimes(Case),
    /// They do not.
    No,
}

impl UseQuestion<'_> {
    /// Whether each of the principals can use each version, or cannot.
    fn each(&self, can: bool) -> Verdict {
        let mut verdicts = Vec::new();
        if self.who.is_empty() {
            return Verdict::Holds(NOBODY.to_owned());
        }
        for who in self.who {
            let possible = self.possible(who);
            for (name, version) in &self.found.certain {
                let verdict = self.one(who, can, name, version);
                // A grant on an unknown version may be a grant on this one.
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

    /// Whether a principal can use a version, or cannot, according to the grants.
    fn one(&self, who: &Who, can: bool, name: &str, version: &Version) -> Verdict {
        match (self.granted(who, version), can) {
            (Granted::Yes(_) | Granted::Sometimes(_), _) if !version.denials.is_empty() => {
                let ids = version
                    .denials
                    .iter()
                    .map(|denial| format!("`{}`", denial.id));
                let ids: Vec<String> = ids.collect();
                Verdict::Undecided(format!(
                    "{name} is granted to {who}, but {} denies something, and a Deny is not \
                    supported in the policy of a layer version",
                    ids.join(", ")
                ))
            }
            (Granted::Yes(by), true) => {
                Verdict::Holds(format!("{name} is granted by {}", by.join(", ")))
            }
            (Granted::Yes(by), false) => Verdict::Fails(
                format!("{who} can use {name}"),
                by.iter().map(|id| Cause::resource(id)).collect(),
            ),
            // A claim that fails with the defaults does not hold.
            (Granted::Sometimes(case), false) if case.is_by_default() => {
                Verdict::Fails(format!("{who} can use {name} if {case}"), Vec::new())
            }
            (Granted::Sometimes(case), _) => {
                Verdict::Undecided(format!("{who} can use {name} if {case}"))
            }
            (Granted::No, _) => match self.doubt(who, name, version) {
                Some(why) => Verdict::Undecided(why),
                None if can => {
                    Verdict::Fails(format!("nothing grants {name} to {who}"), Vec::new())
                }
                None => Verdict::Holds(format!("nothing grants {name} to {who}")),
            },
        }
    }

    /// Why a version of an unknown layer may be one that the claim is about, and shared.
    fn possible(&self, who: &Who) -> Option<Verdict> {
        self.found.possible.iter().find_map(|(name, version)| {
            let is_granted = !matches!(self.granted(who, version), Granted::No);
            let is_shared = is_granted || self.doubt(who, name, version).is_some();
            let by = version.grants.values().flatten().next()?;
            is_shared.then(|| may_be_shared(by, name))
        })
    }

    /// Whether a principal is granted a version in this case.
    fn granted(&self, who: &Who, version: &Version) -> Granted {
        if *who == Who::Owner {
            return Granted::Yes(vec!["the rights of its owner".to_owned()]);
        }
        let mut grants: Vec<&GrantedBy> = Vec::new();
        let mut certain = Vec::new();
        for (granted, by) in &version.grants {
            if *granted != Who::Everyone && granted != who && Some(granted) != self.member_of {
                continue;
            }
            for by in by {
                if self.agrees_with_one_of(&by.cases) {
                    grants.push(by);
                    if !self.agrees_with_one_of(&by.others) {
                        certain.push(by.id.clone());
                    }
                }
            }
        }
        if !certain.is_empty() {
            return Granted::Yes(certain);
        }
        match grants
            .first()
            .and_then(|by| by.cases.iter().find(|case| case.agrees(self.case)))
        {
            Some(_) if self.cover_all(&grants) => {
                Granted::Yes(grants.iter().map(|by| by.id.clone()).collect())
            }
            Some(case) => Granted::Sometimes(case.clone()),
            None => Granted::No,
        }
    }

    /// Whether one of some cases can be this one.
    fn agrees_with_one_of(&self, cases: &[Case]) -> bool {
        cases.iter().any(|case| case.agrees(self.case))
    }

    /// Whether one of the grants holds in every deploy of this case.
    fn cover_all(&self, grants: &[&GrantedBy]) -> bool {
        const MOST: usize = 256;
        let mut uncovered = vec![vec![self.case]];
        for by in grants {
            let mut next = Vec::new();
            for cases in &uncovered {
                for other in by
                    .others
                    .iter()
                    .filter(|other| cases.iter().all(|case| case.agrees(other)))
                {
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

    /// Why somebody without a grant may still have access.
    fn doubt(&self, who: &Who, name: &str, version: &Version) -> Option<String> {
        for (granted, by) in &version.grants {
            let mut cases = by.iter().flat_map(|by| &by.cases);
            if !cases.any(|case| case.agrees(self.case)) {
                continue;
            }
            if let Who::Unknown(why, _) = granted {
                let by: Vec<&str> = by.iter().map(|by| by.id.as_str()).collect();
                return Some(format!(
                    "{} shares {name} with somebody unknown, maybe everyone: {why}",
                    by.join(", ")
                ));
            }
            if let Some(why) = self.doubt_about(who, granted) {
                return Some(format!("{name} is shared with {why}"));
            }
        }
        None
    }

    /// Why somebody may be among the principals of a grant; `None` if they certainly are or are
    /// not.
    fn doubt_about(&self, who: &Who, granted: &Who) -> Option<String> {
        match (granted, who) {
            (Who::Organization(id), Who::Account(_)) => match self.member_of {
                None => Some(format!(
                    "organization {id}, and whether {who} is in it is unknown"
                )),
                Some(own) if both_known(own, id) => None,
                Some(_) => Some(unknown_value(id)),
            },
            (Who::Account(id), Who::Organization(_)) => Some(format!(
                "account {id}, and whether that is in {who} is unknown"
            )),
            (Who::Organization(id), Who::Organization(own))
            | (Who::Account(id), Who::Account(own)) => {
                let are_known = own.as_literal().is_some() && id.as_literal().is_some();
                (!are_known).then(|| unknown_value(id))
            }
            // The owner and everyone are not members of anything.
            (Who::Organization(_) | Who::Account(_), Who::Everyone | Who::Owner) => None,
            // A grant to these is certain, or was handled above.
            (Who::Everyone | Who::Owner | Who::Unknown(..), _)
            | (Who::Organization(_) | Who::Account(_), Who::Unknown(..)) => None,
        }
    }

    /// Whether these principals can use the versions, and nobody else can.
    fn only(&self) -> Verdict {
        let is_public = self.who.contains(&Who::Everyone);
        let mut verdicts = Vec::new();
        for (name, version) in &self.found.certain {
            for (who, by) in &version.grants {
                let mut by: Vec<&GrantedBy> = by.iter().collect();
                by.retain(|by| self.agrees_with_one_of(&by.cases));
                if !by.is_empty() && !is_public && !self.who.contains(who) && *who != Who::Owner {
                    verdicts.push(self.other(who, name, &by));
                }
            }
        }
        for (name, version) in self.found.possible.iter().filter(|_| !is_public) {
            let others = version
                .grants
                .iter()
                .filter(|(who, _)| !self.who.contains(who) && **who != Who::Owner);
            let other = others
                .flat_map(|(_, by)| by)
                .find(|by| by.cases.iter().any(|case| case.agrees(self.case)));
            verdicts.extend(other.map(|by| may_be_shared(by, name)));
        }
        for who in self.who {
            for (name, version) in &self.found.certain {
                verdicts.push(self.one(who, true, name, version));
            }
        }
        if verdicts.is_empty() {
            return Verdict::Holds(NOBODY.to_owned());
        }
        worst(verdicts)
    }

    /// Somebody else can use a version.
    fn other(&self, who: &Who, name: &str, by: &[&GrantedBy]) -> Verdict {
        let is_always = by
            .iter()
            .any(|by| !by.others.iter().any(|case| case.agrees(self.case)));
        match who {
            Who::Unknown(why, _) => {
                let by: Vec<&str> = by.iter().map(|by| by.id.as_str()).collect();
                Verdict::Undecided(format!(
                    "{} shares {name} with somebody unknown: {why}",
                    by.join(", ")
                ))
            }
            Who::Account(_)
                if self
                    .who
                    .iter()
                    .any(|one| matches!(one, Who::Organization(_))) =>
            {
                Verdict::Undecided(format!(
                    "{who} can use {name}, and whether it is in the organization is unknown"
                ))
            }
            Who::Account(id) | Who::Organization(id) if id.as_literal().is_none() => {
                Verdict::Undecided(format!("{who} can use {name}, and its value is unknown"))
            }
            Who::Everyone | Who::Organization(_) | Who::Account(_) | Who::Owner if is_always => {
                Verdict::Fails(
                    format!("{who} can use {name}"),
                    by.iter().map(|by| Cause::resource(&by.id)).collect(),
                )
            }
            Who::Everyone | Who::Organization(_) | Who::Account(_) | Who::Owner => {
                let case = by
                    .iter()
                    .flat_map(|by| &by.cases)
                    .find(|case| case.agrees(self.case));
                Verdict::Undecided(format!(
                    "{who} can use {name} if {}",
                    case.map(ToString::to_string).unwrap_or_default()
                ))
            }
        }
    }
}

fn may_be_shared(by: &GrantedBy, version: &str) -> Verdict {
    Verdict::Undecided(format!(
        "{} shares {version}, which may be a version of this layer",
        by.id
    ))
}

fn unknown_value(id: &Text) -> String {
    format!("{id}, whose value is unknown: pass it with `--parameter NAME=VALUE`")
}

fn both_known(own: &Who, other: &Text) -> bool {
    let own = match own {
        Who::Organization(id) | Who::Account(id) => id.as_literal(),
        Who::Everyone | Who::Owner | Who::Unknown(..) => None,
    };
    own.is_some() && other.as_literal().is_some()
}
