//! Information about layers from elsewhere: lists from Lambda, the policies of versions, and the
//! templates that publish them.

use super::local::{folder_of, local_content};
use super::unknown::SharingDoubt;
use crate::access::grants::{GrantedBy, Grants, SharedVersion, VersionId, Who};
use crate::access::matching::Match;
use crate::aws::arn::Arn;
use crate::cloudformation::read::ReadError;
use crate::cloudformation::{Template, World, explore};
use crate::english::quote;
use crate::partial::Text;
use serde_json::Value as Json;
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

/// The known facts about layers.
#[derive(Debug, Default)]
pub struct Catalog {
    /// Versions that Lambda describes, by ARN.
    described: HashMap<String, Compatible>,
    /// The version numbers of a layer, by its ARN, if a list has all of them.
    listed: HashMap<String, BTreeSet<u64>>,
    /// The live policies of versions.
    policies: Grants,
    /// The templates that publish and share layers.
    published: Vec<CatalogTemplate>,
}

/// The declared compatibility of a version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compatible {
    /// The runtimes; empty if it names none.
    pub runtimes: Vec<String>,
    /// The architectures; empty if it names none.
    pub architectures: Vec<String>,
}

/// A template of a catalogue.
#[derive(Debug)]
struct CatalogTemplate {
    file: String,
    template: Template,
    grants: Grants,
    /// The versions of each layer whose name is known.
    named: HashMap<String, Vec<VersionId>>,
    /// The versions whose layer may have one of several names, or any.
    unnamed: Vec<VersionId>,
}

/// Whether a version is shared with an account, according to a catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shared {
    /// It is shared.
    Yes,
    /// The version's own policy does not share it.
    NotByPolicy,
    /// The template in this file does not share it; others may.
    NotByTemplate(UnsharedBy),
    /// It is unknown, because of this.
    Unknown(SharingDoubt),
    /// Unknown to the catalogue.
    NotListed,
}

/// A template that does not share a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsharedBy {
    /// Its file.
    pub file: String,
    /// Whether it names this version by its ARN, and not only the layer.
    pub is_of_version: bool,
}

impl Catalog {
    /// Adds the output of `aws lambda list-layer-versions`, `get-layer-version` or
    /// `get-layer-version-policy`; returns whether it is one of them.
    ///
    /// # Errors
    ///
    /// An error for something that looks like a policy and is not one of a layer version.
    pub fn add_printed(&mut self, printed: &Json) -> Result<bool, ReadError> {
        // Several answers in a list, or what `--query LayerVersions` leaves of one.
        if let Some(several) = printed.as_array().filter(|several| !several.is_empty()) {
            for one in several {
                if !one.is_object() || !self.add_printed(one)? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        if let Some(versions) = printed.get("LayerVersions").and_then(Json::as_array) {
            let is_whole = ["NextMarker", "NextToken"]
                .iter()
                .all(|key| printed.get(key).is_none_or(Json::is_null));
            for version in versions {
                self.add_described(version, is_whole);
            }
            return Ok(true);
        }
        if printed.get("LayerVersionArn").is_some() {
            self.add_described(printed, false);
            return Ok(true);
        }
        if printed.get("Policy").is_some() || printed.get("Statement").is_some() {
            let grants = Grants::of_policies(std::slice::from_ref(printed))?;
            for (id, version) in grants.versions {
                let known = self.policies.versions.entry(id).or_default();
                known.grants.extend(version.grants);
            }
            return Ok(true);
        }
        Ok(false)
    }

    fn add_described(&mut self, version: &Json, is_whole: bool) {
        let Some(arn) = version.get("LayerVersionArn").and_then(Json::as_str) else {
            return;
        };
        let texts = |key: &str| {
            let all = version
                .get(key)
                .and_then(Json::as_array)
                .into_iter()
                .flatten();
            all.filter_map(Json::as_str).map(str::to_owned).collect()
        };
        let compatible = Compatible {
            runtimes: texts("CompatibleRuntimes"),
            architectures: texts("CompatibleArchitectures"),
        };
        self.described.insert(arn.to_owned(), compatible);
        if is_whole
            && let Some(arn) = Arn::of(arn).and_then(Arn::layer_version)
            && let Ok(number) = arn.version.parse()
        {
            self.listed
                .entry(arn.layer().to_string())
                .or_default()
                .insert(number);
        }
    }

    /// Adds a template that publishes or shares layers, and the versions that its source lists
    /// although they exist already.
    pub fn add_template(&mut self, file: String, template: Template, adopted: &[Json]) {
        let mut grants = Grants::of_template(&template);
        grants.add_unshared(&template, adopted);
        let mut named: HashMap<String, Vec<VersionId>> = HashMap::new();
        let mut unnamed = Vec::new();
        for (id, version) in &grants.versions {
            match version.layer() {
                Some(layer) => named.entry(layer.to_owned()).or_default().push(id.clone()),
                None => unnamed.push(id.clone()),
            }
        }
        self.published.push(CatalogTemplate {
            file,
            template,
            grants,
            named,
            unnamed,
        });
    }

    /// The paths of the archives of all versions of a layer, by its name; empty if the paths of
    /// some are unknown.
    #[must_use]
    pub fn archives(&self, name: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for published in &self.published {
            for (id, version) in published.versions(name) {
                let archive = match version.is_of(name, &published.template) {
                    Match::No => continue,
                    Match::Maybe => None,
                    Match::Yes => published.archive(id),
                };
                match archive {
                    Some(archive) => found.push(archive),
                    None => return Vec::new(),
                }
            }
        }
        found
    }

    /// The templates that it contains.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        self.published.iter().map(|published| &published.template)
    }

    /// The numbers of all versions of a layer, by its ARN; `None` if no list has them all.
    #[must_use]
    pub fn numbers(&self, layer: &str) -> Option<&BTreeSet<u64>> {
        self.listed.get(layer)
    }

    /// The declared compatibility of a version, and its origin; `None` if it is unknown. The
    /// versions of a template are known only by the names of their layers, so all versions with a
    /// name must agree.
    #[must_use]
    pub fn compatible(&self, arn: &str, name: &str) -> Option<(Compatible, String)> {
        if let Some(compatible) = self.described.get(arn) {
            return Some((compatible.clone(), "Lambda".to_owned()));
        }
        let mut found: Option<(Compatible, String)> = None;
        for published in &self.published {
            for (id, version) in published.versions(name) {
                let VersionId::Resource(id) = id else {
                    continue;
                };
                match version.is_of(name, &published.template) {
                    Match::No => continue,
                    Match::Maybe => return None,
                    Match::Yes => {}
                }
                let own = published.compatible(id)?;
                if found.as_ref().is_some_and(|(known, _)| *known != own) {
                    return None;
                }
                found = Some((own, quote(&published.file)));
            }
        }
        found
    }

    /// Whether a version is shared with an account, which may be in an organization.
    #[must_use]
    pub fn shared(
        &self,
        arn: &str,
        name: &str,
        account: &str,
        organization: Option<&str>,
    ) -> Shared {
        let exact = VersionId::Arn(Text::literal(arn));
        if let Some(version) = self.policies.versions.get(&exact) {
            return match grants(version, account, organization) {
                Ok(true) => Shared::Yes,
                Ok(false) => Shared::NotByPolicy,
                Err(why) => Shared::Unknown(why),
            };
        }
        let mut answer = Shared::NotListed;
        for published in &self.published {
            match published.shared(&exact, name, account, organization) {
                Shared::Yes => return Shared::Yes,
                Shared::NotListed => {}
                // Another template may have it.
                Shared::Unknown(why) => answer = Shared::Unknown(why),
                no @ (Shared::NotByTemplate(_) | Shared::NotByPolicy) => {
                    if answer == Shared::NotListed {
                        answer = no;
                    }
                }
            }
        }
        answer
    }
}

impl CatalogTemplate {
    /// The versions whose layer has this name or may have it.
    fn versions(&self, name: &str) -> impl Iterator<Item = (&VersionId, &SharedVersion)> {
        let ids = self
            .named
            .get(name)
            .into_iter()
            .flatten()
            .chain(&self.unnamed);
        ids.filter_map(|id| self.grants.versions.get_key_value(id))
    }

    /// The path of the archive of a version, if it is the same in every case.
    fn archive(&self, id: &VersionId) -> Option<PathBuf> {
        let VersionId::Resource(id) = id else {
            return None;
        };
        let resource = self.template.resource(id)?;
        let mut cases = explore(&self.template, None, |world| local_content(resource, world))
            .ok()?
            .into_iter();
        let (_, first) = cases.next()?;
        let is_same = cases.all(|(_, other)| other == first);
        first
            .filter(|_| is_same)
            .map(|path| folder_of(&self.file).join(path))
    }

    fn compatible(&self, id: &str) -> Option<Compatible> {
        let resource = self.template.resource(id)?;
        let mut cases = explore(&self.template, None, |world| compatible(resource, world))
            .ok()?
            .into_iter();
        let (_, first) = cases.next()?;
        if cases.any(|(_, other)| other != first) {
            None
        } else {
            first
        }
    }

    fn shared(
        &self,
        exact: &VersionId,
        name: &str,
        account: &str,
        organization: Option<&str>,
    ) -> Shared {
        let mut candidates: Vec<(&SharedVersion, Match)> = Vec::new();
        let named = self.grants.versions.get(exact);
        match named {
            Some(version) => candidates.push((version, Match::Yes)),
            None => {
                for (id, version) in self.versions(name) {
                    let is_other = matches!(id, VersionId::Arn(arn) if arn.as_literal().is_some());
                    match version.is_of(name, &self.template) {
                        Match::No => {}
                        found @ (Match::Yes | Match::Maybe) if !is_other => {
                            candidates.push((version, found));
                        }
                        Match::Yes | Match::Maybe => {}
                    }
                }
            }
        }
        let mut answer = Shared::NotListed;
        for (version, found) in candidates {
            match (grants(version, account, organization), found) {
                (Ok(true), Match::Yes) => return Shared::Yes,
                (Ok(true), Match::Maybe | Match::No) => {
                    answer = Shared::Unknown(SharingDoubt::MayBeShared(self.file.clone()));
                }
                (Ok(false), Match::Yes) if answer == Shared::NotListed => {
                    answer = Shared::NotByTemplate(UnsharedBy {
                        file: self.file.clone(),
                        is_of_version: named.is_some(),
                    });
                }
                (Ok(false), _) => {}
                (Err(why), _) => answer = Shared::Unknown(why),
            }
        }
        answer
    }
}

/// The declared compatibility of a version of a template, in one case; `None` if it is unknown.
pub fn compatible(
    resource: crate::cloudformation::Resource<'_>,
    world: &World<'_>,
) -> Option<Compatible> {
    let texts = |name: &str| -> Option<Vec<String>> {
        resource
            .items(name, world)
            .iter()
            .map(|item| item.as_literal().map(str::to_owned))
            .collect()
    };
    Some(Compatible {
        runtimes: texts("CompatibleRuntimes")?,
        architectures: texts("CompatibleArchitectures")?,
    })
}

/// Whether a version is shared with an account, with the reason if that is unknown.
fn grants(
    version: &SharedVersion,
    account: &str,
    organization: Option<&str>,
) -> Result<bool, SharingDoubt> {
    let mut unknown = None;
    for (who, by) in &version.grants {
        let is_meant = match who {
            Who::Everyone => Ok(true),
            Who::Owner => Ok(false),
            Who::Account(id) => match id.as_literal() {
                Some(known) => Ok(known == account),
                None => Err(SharingDoubt::Account(id.clone())),
            },
            Who::Organization(id) => match (id.as_literal(), organization) {
                (Some(known), Some(own)) => Ok(known == own),
                (Some(known), None) => Err(SharingDoubt::Member(known.to_owned())),
                (None, _) => Err(SharingDoubt::Organization(id.clone())),
            },
            Who::Unknown(why, _) => Err(SharingDoubt::Principal(why.clone())),
        };
        match is_meant {
            Ok(true) if by.iter().any(GrantedBy::is_always) => return Ok(true),
            Ok(true) => unknown = Some(SharingDoubt::SomeCases),
            Ok(false) => {}
            Err(why) => unknown = Some(why),
        }
    }
    match unknown {
        Some(why) => Err(why),
        None => Ok(false),
    }
}
