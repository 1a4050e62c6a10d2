//! What the stacks have of the templates, by the lists of their resources.

use super::declared::{DeclaredTemplate, NamedTemplate};
use super::input::Reading;
use crate::access::drift::NotDeployed;
use crate::access::grants::{Grants, VersionId};
use crate::aws::arn::Arn;
use anyhow::bail;
use serde_json::Value as Json;
use std::collections::HashMap;

/// The resources of one stack in one region, as `list-stack-resources`, `describe-stack-resources`
/// or the script of `live` prints them.
pub struct StackResources {
    /// The name of the stack, which only the script says.
    stack: Option<String>,
    /// Its region; that of its layer versions, unless the script says it.
    region: Option<String>,
    /// The physical IDs of its resources by their logical IDs, without deleted and retained ones.
    pub ids: HashMap<String, String>,
    /// Whether the list may be cut off.
    is_cut_off: bool,
}

/// How many resources `describe-stack-resources` prints at the most (CloudFormation API reference,
/// `DescribeStackResources`).
const DESCRIBED: usize = 100;

impl StackResources {
    /// Whether a document is such a list.
    pub fn is_list(document: &Json) -> bool {
        list(document).is_some()
    }

    pub fn new(document: &Json) -> Self {
        let text = |of: &Json, name| of.get(name).and_then(Json::as_str).map(str::to_owned);
        let resources = list(document).map_or(&[][..], Vec::as_slice);
        let is_gone = |resource: &&Json| {
            let status = resource.get("ResourceStatus").and_then(Json::as_str);
            matches!(status, Some("DELETE_COMPLETE" | "DELETE_SKIPPED"))
        };
        let ids: HashMap<String, String> = resources
            .iter()
            .filter(|resource| !is_gone(resource))
            .filter_map(|resource| {
                Some((
                    text(resource, "LogicalResourceId")?,
                    text(resource, "PhysicalResourceId").filter(|id| !id.is_empty())?,
                ))
            })
            .collect();
        let mut arns = ids.values().filter_map(|id| Arn::of(id.as_str()));
        Self {
            stack: text(document, "StackName"),
            region: text(document, "Region")
                .or_else(|| arns.find_map(|arn| Some(arn.layer_version()?.region.to_owned()))),
            is_cut_off: document
                .get("NextToken")
                .is_some_and(|next| !next.is_null())
                || document.get("StackResources").is_some() && resources.len() >= DESCRIBED,
            ids,
        }
    }

    /// Whether there may be resources that it does not list.
    pub fn is_cut_off(&self) -> bool {
        self.is_cut_off
    }

    /// The name and the region of a stack that does not exist, or has nothing.
    pub fn absent(&self) -> Option<(&str, &str)> {
        let place = self.stack.as_deref().zip(self.region.as_deref());
        place.filter(|_| self.ids.is_empty())
    }

    /// Whether it lists the stack with this name, or one that has any of these versions: the stack
    /// may have another name than the list of stacks says.
    fn is_of(&self, stack: &str, versions: &[&str]) -> bool {
        self.stack.as_deref() == Some(stack) || versions.iter().any(|id| self.ids.contains_key(*id))
    }
}

fn list(document: &Json) -> Option<&Vec<Json>> {
    document
        .get("StackResourceSummaries")
        .or(document.get("StackResources"))
        .and_then(Json::as_array)
}

/// A template, and what its stack has of it.
pub struct Deployed {
    pub file: String,
    /// The template, without the regions where its stack does not exist.
    pub declared: DeclaredTemplate,
    /// Whether its stack exists anywhere, as far as the lists show.
    is_deployed: bool,
    /// The versions that the stack does not have, each with a region.
    missing: Vec<(String, String)>,
    /// The versions that the stack has in no region.
    absent: Vec<String>,
    /// The same for people.
    pub not_deployed: Vec<NotDeployed>,
}

impl Deployed {
    /// Fails for an incomplete list: versions would be confused.
    pub fn new(
        declared: NamedTemplate,
        reading: &Reading<'_>,
        lists: &[StackResources],
    ) -> anyhow::Result<Self> {
        let (file, mut declared) = declared;
        let stack = reading.stack_of(file.as_ref());
        let is_absent = |region: Option<&str>| {
            let mut absent = lists.iter().filter_map(StackResources::absent);
            absent.any(|(name, place)| name == stack && region.is_none_or(|it| it == place))
        };
        let is_deployed = if declared.regions.is_empty() {
            !is_absent(None)
        } else {
            declared.regions.retain(|region| !is_absent(Some(region)));
            !declared.regions.is_empty()
        };
        let mut deployed = Self {
            file,
            declared,
            is_deployed,
            missing: Vec::new(),
            absent: Vec::new(),
            not_deployed: Vec::new(),
        };
        if is_deployed && !lists.is_empty() {
            deployed.find_missing(&stack, lists)?;
        }
        Ok(deployed)
    }

    fn find_missing(&mut self, stack: &str, lists: &[StackResources]) -> anyhow::Result<()> {
        let template = &self.declared.template;
        let versions: Vec<&str> = template
            .resources()
            .filter(|resource| resource.kind == "AWS::Lambda::LayerVersion")
            .filter(|version| version.condition().is_none())
            .map(|version| version.id)
            .collect();
        let own: Vec<&StackResources> = lists
            .iter()
            .filter(|list| list.is_of(stack, &versions) && list.absent().is_none())
            .collect();
        let grants = Grants::of_template(template);
        for id in versions {
            let lacking: Vec<&&StackResources> = own
                .iter()
                .filter(|list| !list.ids.contains_key(id))
                .collect();
            if own.is_empty() || lacking.iter().any(|list| list.is_cut_off) {
                bail!(
                    "`{id}` is not among the stack's resources: the list must be complete, as \
                    `aws cloudformation list-stack-resources` prints it; \
                    `describe-stack-resources` stops after {DESCRIBED}"
                );
            }
            if lacking.len() == own.len() {
                self.absent.push(id.to_owned());
            }
            let version = grants.versions.get(&VersionId::Resource(id.to_owned()));
            for list in lacking {
                let region = list.region.clone().unwrap_or_default();
                self.not_deployed.push(NotDeployed {
                    what: format!("{id} of {}", self.file),
                    layer: version.and_then(|version| version.layer().map(str::to_owned)),
                    region: region.clone(),
                });
                self.missing.push((id.to_owned(), region));
            }
        }
        Ok(())
    }

    /// The declared sharing of versions that exist. Those that a stack would publish do not exist
    /// before it is deployed.
    pub fn grants(&self) -> Grants {
        let mut grants = Grants::of_template(&self.declared.template);
        grants.add_unshared(&self.declared.template, &self.declared.adopted);
        grants.versions.retain(|id, _| match id {
            VersionId::Resource(id) => self.is_deployed && !self.absent.contains(id),
            VersionId::Arn(_) => true,
        });
        grants
    }

    /// The regions that a version is in.
    pub fn regions(&self, id: &VersionId) -> Vec<String> {
        let mut regions = self.declared.regions.clone();
        if let VersionId::Resource(id) = id {
            let is_missing = |region: &String| {
                let mut missing = self.missing.iter();
                missing.any(|(of, place)| of == id && place == region)
            };
            regions.retain(|region| !is_missing(region));
        }
        regions
    }
}
