//! Which functions lose a layer by a change of templates: whoever merges it should know first.

use super::function::Use;
use super::question::{Answered, UsedVersion, answered};
use super::reference::LayerReference;
use super::unknown::WhenUsed;
use super::{DeployTarget, FunctionFile};
use crate::access::diff::{Diff, UseChange};
use crate::access::grants::{GrantedBy, Grants, SharedVersion, VersionId, Who};
use crate::access::matching::Match;
use crate::aws::arn::{Arn, LayerVersionArn};
use crate::partial::Text;
use crate::source::Span;

/// A layer that a function loses, or may lose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The function's name in its file.
    pub function: String,
    /// The place of the layer in its list.
    pub span: Span,
    /// What is written there.
    pub version: UsedVersion,
    /// Whether it certainly loses the layer.
    pub is_certain: bool,
    /// The cases in which the function has the layer; `None` for all.
    pub when: Option<WhenUsed>,
    /// Why it loses the layer; empty if only a deploy knows which layer that is.
    pub because: Vec<LossCause>,
}

/// Why a function loses a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LossCause {
    /// The version with this logical ID leaves the template, and CloudFormation deletes it.
    Deleted(String),
    /// The version with this logical ID is published again, and CloudFormation deletes the old one.
    Replaced(String),
    /// Somebody loses access to the version: the function's account, or somebody who may be that
    /// account.
    Access(UseChange),
}

/// A change of the layers that functions use.
#[derive(Clone, Copy, Debug)]
pub struct SharingChange<'c> {
    /// The sharing before.
    pub old: &'c Grants,
    /// The sharing after.
    pub new: &'c Grants,
    /// The difference between the two.
    pub diff: &'c Diff,
}

/// The layers that the functions of a file lose or may lose.
#[must_use]
pub fn losses(file: &FunctionFile<'_>, change: &SharingChange<'_>) -> Vec<Loss> {
    let all: Vec<(&VersionId, &SharedVersion, Lost)> = change
        .old
        .versions
        .iter()
        .filter_map(|(id, version)| Some((id, version, change.lost(id, version, &file.target)?)))
        .collect();
    if all.is_empty() {
        return Vec::new();
    }
    let loss = |found: Answered<Lost>| Loss {
        function: found.function,
        span: found.span,
        version: found.version,
        is_certain: found.answer.is_certain,
        when: found.when,
        because: found.answer.because,
    };
    answered(file, Lost::default(), |layer, _| {
        change.lost_by(layer, &all, &file.target)
    })
    .into_iter()
    .map(loss)
    .collect()
}

/// What is lost with a version, or with a layer of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Lost {
    is_certain: bool,
    because: Vec<LossCause>,
}

impl SharingChange<'_> {
    /// What a function loses of a version that it has; `None` if nothing.
    fn lost(&self, id: &VersionId, old: &SharedVersion, target: &DeployTarget) -> Option<Lost> {
        let new = self.new.versions.get(id);
        if let Some(gone) = gone(id, old, new) {
            return Some(Lost {
                is_certain: true,
                because: vec![gone],
            });
        }
        let mut lost = Lost::default();
        for change in &self.diff.lost {
            if change.version != *id {
                continue;
            }
            match matches_target(&change.who, target) {
                Match::No => continue,
                Match::Yes => lost.is_certain |= change.when.is_none(),
                Match::Maybe => {}
            }
            lost.because.push(LossCause::Access(change.clone()));
        }
        if lost.because.is_empty() {
            return None;
        }
        let still = new.map_or(Match::No, |new| still_shared(new, target));
        match still {
            Match::Yes => return None,
            Match::Maybe => lost.is_certain = false,
            Match::No => {}
        }
        Some(lost)
    }

    /// What a function loses of a layer in its list, if that may be one of the versions that lose
    /// something.
    fn lost_by(
        &self,
        layer: &Use,
        lost: &[(&VersionId, &SharedVersion, Lost)],
        target: &DeployTarget,
    ) -> Option<Lost> {
        let arn = match &layer.layer {
            LayerReference::Version(arn) => arn,
            // CloudFormation resolves it in the same deploy.
            LayerReference::Resource(_) | LayerReference::Wrong(_) => return None,
            LayerReference::Unknown => return Some(Lost::default()),
        };
        // The account of the layer needs no share, so it loses only deleted versions.
        let is_own = arn.account.as_literal().is_some()
            && arn.account.as_literal() == target.account.as_deref();
        let mut found: Option<Lost> = None;
        let mut is_certain = true;
        for (id, version, lost) in lost {
            let is_access = |cause: &LossCause| matches!(cause, LossCause::Access(_));
            if is_own && lost.because.iter().all(is_access) {
                continue;
            }
            match is_version(id, version, arn) {
                Match::No => continue,
                Match::Yes => is_certain &= lost.is_certain,
                Match::Maybe => is_certain = false,
            }
            let found = found.get_or_insert_default();
            found.because.extend(lost.because.iter().cloned());
        }
        let mut found = found?;
        // A template does not say the numbers of its versions: the function may have another one,
        // which stays.
        let stays = self.old.versions.iter().any(|(id, version)| {
            !lost.iter().any(|(other, ..)| other == &id)
                && is_version(id, version, arn) != Match::No
        });
        found.is_certain = is_certain && !stays;
        Some(found)
    }
}

/// Whether CloudFormation deletes a version with the deploy of the change, and why.
fn gone(id: &VersionId, old: &SharedVersion, new: Option<&SharedVersion>) -> Option<LossCause> {
    let VersionId::Resource(logical) = id else {
        return None;
    };
    match new {
        None => (!old.outlives.removal).then(|| LossCause::Deleted(logical.clone())),
        // Every property of a layer version replaces it (CloudFormation's registry,
        // `AWS::Lambda::LayerVersion`).
        Some(new) => {
            let is_same = old.names == new.names && old.content == new.content;
            (!is_same && !new.outlives.replacement).then(|| LossCause::Replaced(logical.clone()))
        }
    }
}

/// Whether a version is shared with the account of a target.
fn still_shared(version: &SharedVersion, target: &DeployTarget) -> Match {
    let mut answer = Match::No;
    for (who, by) in &version.grants {
        match matches_target(who, target) {
            Match::Yes if by.iter().any(GrantedBy::is_always) => return Match::Yes,
            Match::Yes | Match::Maybe => answer = Match::Maybe,
            Match::No => {}
        }
    }
    answer
}

/// Whether the account of a target is among these.
fn matches_target(who: &Who, target: &DeployTarget) -> Match {
    match who {
        Who::Everyone => Match::Yes,
        Who::Account(id) => Match::of(id.as_literal(), target.account.as_deref()),
        Who::Organization(id) => Match::of(id.as_literal(), target.organization.as_deref()),
        Who::Owner => Match::No,
        Who::Unknown(..) => Match::Maybe,
    }
}

/// Whether the ARN in a function is that of a version. The number of a version that a template
/// publishes is unknown, and so is its account: the name decides.
fn is_version(id: &VersionId, version: &SharedVersion, arn: &LayerVersionArn<Text>) -> Match {
    match id {
        VersionId::Arn(text) => {
            let Some(known) = Arn::of(text).and_then(Arn::layer_version) else {
                return Match::Maybe;
            };
            let (known_layer, layer) = (known.layer(), arn.layer());
            let fields = known_layer.fields().into_iter().zip(layer.fields());
            fields.fold(
                is_same(&known.version, &arn.version),
                |all, (one, other)| all.and(is_same(one, other)),
            )
        }
        VersionId::Resource(_) => {
            let region = arn.region.as_literal();
            if let Some(region) = region
                && !version.regions.is_empty()
                && !version.regions.iter().any(|known| known == region)
            {
                return Match::No;
            }
            match version.names.as_slice() {
                [] => Match::Maybe,
                [only] => is_same(only, &arn.name),
                several => {
                    let is_none = |name| is_same(name, &arn.name) == Match::No;
                    if several.iter().all(is_none) {
                        Match::No
                    } else {
                        Match::Maybe
                    }
                }
            }
        }
    }
}

fn is_same(one: &Text, other: &Text) -> Match {
    Match::of(one.as_literal(), other.as_literal())
}
