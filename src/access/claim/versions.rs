//! The layer versions that a claim about sharing is about.
//!
//! A source knows which resources its layers compile to. In any other template, a layer is found by
//! its name in AWS, which may be unknown, or by its logical ID.

use super::Facts;
use crate::access::grants::{SharedVersion, VersionId, Who};
use crate::access::matching::Match;
use crate::aws::arn::Arn;
use crate::partial::Text;
use crate::rules::model::Claimed;
use crate::template::lower::{SourceMap, VersionResources, names};
use crate::template::model::Value;

/// The versions that a claim is about, and those that it may be about.
#[derive(Default)]
pub(super) struct ClaimedVersions {
    pub certain: Vec<IdentifiedVersion>,
    pub possible: Vec<IdentifiedVersion>,
    /// The logical IDs by which an unread part may share them.
    pub ids: Vec<String>,
    /// The names of layers by which an unread part may share them.
    pub layer_names: Vec<String>,
}

/// A version, and what identifies it. A version of the source that exists already has the logical
/// ID that it would have.
pub(super) struct IdentifiedVersion {
    pub id: VersionId,
    pub version: SharedVersion,
    /// The account that owns it, if its ARN says so. A version that a template publishes has no ARN
    /// before a deploy.
    owner: Option<Text>,
}

impl IdentifiedVersion {
    fn new(id: &VersionId, version: &SharedVersion) -> Self {
        Self {
            id: id.clone(),
            version: version.clone(),
            owner: owner_in(id),
        }
    }

    /// Whether somebody owns it, and may use it without a grant (AWS CDK, `LayerVersion`: the
    /// account of a layer needs no permission).
    pub(super) fn is_owned_by(&self, who: &Who) -> bool {
        match who {
            Who::Owner => true,
            Who::Account(id) => self.owner.as_ref() == Some(id),
            Who::Everyone | Who::Organization(_) | Who::Unknown(..) => false,
        }
    }
}

impl Facts<'_> {
    /// Whether there is a version that a claim is about, or may be about.
    pub(super) fn has_versions(&self, claimed: &Claimed) -> bool {
        let found = self.versions(claimed);
        !found.certain.is_empty() || !found.possible.is_empty()
    }

    /// The versions that a claim is about.
    pub(super) fn versions(&self, claimed: &Claimed) -> ClaimedVersions {
        match (claimed, self.source_map) {
            (Claimed::Every, None) => self.all_versions(),
            (Claimed::Every, Some(map)) => self.declared_versions(map, |_| true),
            (
                Claimed::Layer {
                    layers,
                    labels,
                    is_declared: true,
                    ..
                },
                Some(map),
            ) => self.declared_versions(map, |record| {
                let is_of = layers.iter().any(|layer| **layer == *record.layer);
                let label = record.label.as_deref();
                is_of && label.is_none_or(|label| labels.iter().any(|asked| asked == label))
            }),
            (Claimed::Layer { layer, labels, .. }, _) => self.named_versions(&layer.value, labels),
        }
    }

    /// Every version of any template.
    fn all_versions(&self) -> ClaimedVersions {
        let versions = self.grants.versions.iter();
        ClaimedVersions {
            certain: versions
                .map(|(id, version)| IdentifiedVersion::new(id, version))
                .collect(),
            ..ClaimedVersions::default()
        }
    }

    /// Versions of layers of the source: the resources that they compile to. An existing version
    /// that nobody shares is not in the template, but is found, too.
    fn declared_versions(
        &self,
        map: &SourceMap,
        is_meant: impl Fn(&VersionResources) -> bool,
    ) -> ClaimedVersions {
        let mut found = ClaimedVersions::default();
        let mut own = Vec::new();
        for record in map.versions.iter().filter(|record| is_meant(record)) {
            let mut version = SharedVersion::default();
            let mut owner = owner_of(record);
            for (id, known) in &self.grants.versions {
                if !is_recorded(id, known, record) {
                    continue;
                }
                own.push(id);
                owner = owner.or_else(|| owner_in(id));
                for (who, by) in &known.grants {
                    let grants = version.grants.entry(who.clone()).or_default();
                    grants.extend(by.iter().cloned());
                }
            }
            found
                .ids
                .extend(record.version.as_deref().map(str::to_owned));
            found.layer_names.push(record.layer_name.to_string());
            let id = VersionId::Resource(resource_of(record));
            found.certain.push(IdentifiedVersion { id, version, owner });
        }
        for (id, version) in &self.grants.versions {
            let mut names = found.layer_names.iter();
            let may_be = names.any(|name| version.is_of(name, &self.template) == Match::Maybe);
            if may_be && !own.contains(&id) {
                found.possible.push(IdentifiedVersion::new(id, version));
            }
        }
        found
    }

    /// The versions of a layer of any template, by the layer's name or its logical ID.
    fn named_versions(&self, layer: &str, labels: &[String]) -> ClaimedVersions {
        let mut found = ClaimedVersions {
            layer_names: vec![layer.to_owned()],
            ..ClaimedVersions::default()
        };
        for (id, version) in &self.grants.versions {
            match self.is_version_of(layer, labels, id, version) {
                Match::Yes => {
                    if let VersionId::Resource(id) = id {
                        found.ids.push(id.clone());
                    }
                    found
                        .layer_names
                        .extend(version.names.iter().map(Text::to_string));
                    found.certain.push(IdentifiedVersion::new(id, version));
                }
                Match::Maybe => found.possible.push(IdentifiedVersion::new(id, version)),
                Match::No => {}
            }
        }
        found
    }

    /// Whether a version of any template is a version of a layer, and has one of these labels if
    /// there are any.
    fn is_version_of(
        &self,
        layer: &str,
        labels: &[String],
        id: &VersionId,
        version: &SharedVersion,
    ) -> Match {
        let by_name = version.is_of(layer, &self.template);
        // The compiler makes logical IDs from names. If the layer has another name, such an ID is a
        // coincidence.
        let may_be_made = by_name != Match::No;
        let is_it_by_id = match id {
            VersionId::Resource(id) if labels.is_empty() => {
                id == layer || (may_be_made && *id == names::pascal(layer))
            }
            VersionId::Resource(id) => {
                let mut labels = labels.iter();
                may_be_made && labels.any(|label| *id == names::version(layer, label))
            }
            VersionId::Arn(_) => false,
        };
        match (by_name, id) {
            _ if is_it_by_id => Match::Yes,
            (Match::Yes, _) if labels.is_empty() => Match::Yes,
            // The label of a version that only has an ARN is unknown.
            (Match::Yes, VersionId::Arn(_)) | (Match::Maybe, _) => Match::Maybe,
            (Match::Yes, VersionId::Resource(_)) | (Match::No, _) => Match::No,
        }
    }
}

/// Whether a version of the template is what a version of the source became. A version that exists
/// already has no resource, and is known by its grants.
fn is_recorded(id: &VersionId, version: &SharedVersion, record: &VersionResources) -> bool {
    if let (VersionId::Resource(id), Some(own)) = (id, &record.version) {
        return **id == **own;
    }
    let mut grants = version.grants.values().flatten();
    grants.any(|by| record.grants.contains(&by.id))
}

/// The account in the ARN of a version, if it is known.
fn owner_in(id: &VersionId) -> Option<Text> {
    let VersionId::Arn(arn) = id else {
        return None;
    };
    let account = Arn::of(arn).and_then(Arn::layer_version)?.account;
    account.as_literal().is_some().then_some(account)
}

/// The account in the ARN of a version that the source lists by it, whether it is shared or not.
fn owner_of(record: &VersionResources) -> Option<Text> {
    match &record.arn {
        Value::String(arn) => owner_in(&VersionId::Arn(Text::literal(arn.as_ref()))),
        Value::Ref(_) | Value::Sub(_) => None,
    }
}

/// The logical ID of a version of the source, or the one that it would have.
fn resource_of(record: &VersionResources) -> String {
    match (&record.version, &record.label) {
        (Some(id), _) => id.to_string(),
        (None, Some(label)) => names::version(&record.layer, label),
        (None, None) => names::pascal(&record.layer),
    }
}
