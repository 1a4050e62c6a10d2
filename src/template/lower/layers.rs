//! Layers, their versions, and who may use them.

use super::conditions::Conditions;
use super::{AdoptedVersion, LayerPart, Lowered, Placement, Shape, VersionResources, names, value};
use crate::aws::quotas::OUTPUTS;
use crate::rules::model::{
    self as rules, DeployCondition, Grant, Id, Layer, OldVersions, Origin, Principal, Publication,
    Releases, RollingVersion, Rules, Spanned,
};
use crate::rules::text::Text;
use crate::template::model::{
    Content, DeletionPolicy, Grantee, LayerVersion, Output, Permission, Properties, Resource,
    SsmParameter, Value,
};
use std::sync::Arc;

/// A principal, and the end of the logical IDs of its grants.
struct Named {
    id: String,
    grantee: Arc<Grantee>,
    is_parameter: bool,
}

/// Makes the resources of layers, with the data that those of all layers share.
pub struct LayersContext<'a> {
    grantees: Vec<Named>,
    placement: &'a Placement,
    conditions: Conditions,
}

/// The names that all versions of one layer share.
struct LayerTexts {
    layer: Arc<str>,
    layer_name: Arc<str>,
    /// The layer's part of logical IDs.
    id: String,
    name: Value,
}

impl LayerTexts {
    fn of(layer: &Layer) -> Self {
        Self {
            layer: layer.name.value.as_str().into(),
            layer_name: layer.layer_name.value.to_string().into(),
            id: names::pascal(&layer.name.value),
            name: value(&layer.layer_name.value),
        }
    }
}

/// The data that all grants of one version share.
struct VersionGrants<'a> {
    id: &'a str,
    arn: Value,
    is_rolling: bool,
    exists: DeployCondition,
}

/// Adds the resources of all layers.
pub fn lower(rules: &Rules, placement: &Placement, lowered: &mut Lowered) {
    let mut context = LayersContext::new(rules, placement);
    lowered.reserve(rules.layers.iter().map(resources_of).sum());
    for layer in &rules.layers {
        let first = lowered.origins.len();
        self::layer(layer, &mut context, lowered);
        lowered.parts.push(LayerPart {
            layer: layer.name.value.clone(),
            span: layer.name.span,
            resources: lowered.origins.len() - first,
        });
    }
    context.push_conditions(lowered);
    if placement.shape == Shape::Template && rules.layers.len() > OUTPUTS {
        // CloudFormation would refuse the template, which deploys without them.
        lowered.template.outputs.clear();
        lowered.output_origins.clear();
    }
}

/// The most resources that a layer becomes.
fn resources_of(layer: &Layer) -> usize {
    let of_versions = match &layer.releases {
        Releases::Rolling(rolling) => 1 + rolling.grants.len(),
        Releases::Listed(versions) => {
            let grants = versions.iter().map(|version| 1 + version.grants.len());
            grants.sum()
        }
    };
    of_versions + usize::from(layer.publish.is_some())
}

/// Adds the resources and outputs of a layer.
fn layer(layer: &Layer, context: &mut LayersContext<'_>, lowered: &mut Lowered) {
    let newest = match &layer.releases {
        Releases::Rolling(rolling) => Some(self::rolling(layer, rolling, context, lowered)),
        Releases::Listed(versions) => listed(layer, versions, context, lowered),
    };
    let Some(newest) = newest else {
        return;
    };
    let condition = context.exists(layer);
    lowered.push_output(
        Output {
            condition: condition.clone(),
            id: names::newest_arn(&layer.name.value),
            description: format!("The ARN of the newest version of {}", called(layer)),
            value: newest.clone(),
        },
        layer.name.span,
    );
    if let Some(name) = &layer.publish {
        let id = names::published_arn(&layer.name.value);
        let mut parameter = ssm_parameter(id, name, newest);
        parameter.condition = condition;
        lowered.push(parameter, name.span);
    }
}

/// An SSM parameter that holds the ARN of a version.
fn ssm_parameter(id: String, name: &Spanned<Text>, arn: Value) -> Resource {
    let parameter = SsmParameter {
        name: value(&name.value),
        value: arn,
    };
    Resource {
        id,
        comment: None,
        condition: None,
        depends_on: None,
        policies: None,
        suppressed: None,
        properties: Properties::SsmParameter(Box::new(parameter)),
    }
}

/// What a text without parameters calls a layer: its name at AWS, if that is known before a deploy.
fn called(layer: &Layer) -> &str {
    let name = layer.layer_name.value.as_literal();
    name.unwrap_or(&layer.name.value)
}

impl<'a> LayersContext<'a> {
    /// What the layers of a source share.
    pub fn new(rules: &Rules, placement: &'a Placement) -> Self {
        Self {
            grantees: rules.principals.iter().map(grantee).collect(),
            placement,
            conditions: Conditions::default(),
        }
    }

    /// Adds the resources, outputs and conditions of one layer.
    pub fn lower(&mut self, layer: &Layer, lowered: &mut Lowered) {
        lowered.reserve(resources_of(layer));
        self::layer(layer, self, lowered);
        self.push_conditions(lowered);
    }

    /// Adds the conditions that the layers since the last call depend on.
    fn push_conditions(&mut self, lowered: &mut Lowered) {
        for (decision, origin) in std::mem::take(&mut self.conditions).finish() {
            lowered.push_condition(decision, origin);
        }
    }

    /// The condition on which a layer exists.
    fn exists(&mut self, layer: &Layer) -> Option<Arc<str>> {
        let condition = DeployCondition::all(layer.exists.clone());
        self.conditions.name(&condition, layer.name.span)
    }
}

fn grantee(named: &rules::NamedPrincipal) -> Named {
    let everyone = || Value::string("*");
    let (principal, organization, is_parameter) = match &named.principal {
        Principal::Everyone => (everyone(), None, false),
        Principal::Account(Id::Literal(id)) => (account(id), None, false),
        Principal::Account(Id::Parameter(name) | Id::Optional(name)) => {
            (Value::Ref(name.as_str().into()), None, true)
        }
        Principal::Organization(Id::Literal(id)) => {
            (everyone(), Some(Value::string(id.as_str())), false)
        }
        Principal::Organization(Id::Parameter(name) | Id::Optional(name)) => {
            (everyone(), Some(Value::Ref(name.as_str().into())), true)
        }
    };
    let names = match named.principal {
        Principal::Everyone => Some("every AWS account".into()),
        Principal::Account(_) | Principal::Organization(_) => named.names.clone(),
    };
    Named {
        id: names::grantee(&named.principal),
        grantee: Arc::new(Grantee {
            principal,
            organization,
            names,
        }),
        is_parameter,
    }
}

/// An account as a principal. `aws cloudformation package` removes the quotes of an ID with a
/// leading zero, and the next reader may drop the zero. The ARN of the account's root user means
/// the same and is unambiguous.
fn account(id: &str) -> Value {
    if id.starts_with('0') {
        Value::Sub(format!("arn:${{AWS::Partition}}:iam::{id}:root").into())
    } else {
        Value::string(id)
    }
}

/// The policies of a version: a removed version stays in AWS unless the source says otherwise, but
/// nobody asked to keep one whose creation fails.
fn version_policies(old_versions: OldVersions) -> (DeletionPolicy, DeletionPolicy) {
    match old_versions {
        OldVersions::Keep => (DeletionPolicy::RetainExceptOnCreate, DeletionPolicy::Retain),
        OldVersions::Delete => (DeletionPolicy::Delete, DeletionPolicy::Delete),
    }
}

/// Adds a rolling layer; gives the ARN of its newest version.
fn rolling(
    layer: &Layer,
    rolling: &RollingVersion,
    context: &mut LayersContext<'_>,
    lowered: &mut Lowered,
) -> Value {
    let id: Arc<str> = names::pascal(&layer.name.value).into();
    let arn = Value::Ref(Arc::clone(&id));
    let version = Resource {
        id: id.to_string(),
        comment: None,
        condition: context.exists(layer),
        depends_on: None,
        policies: Some(version_policies(layer.old_versions)),
        suppressed: None,
        properties: publish(
            &value(&layer.layer_name.value),
            &rolling.publication,
            context.placement,
        ),
    };
    lowered.push(version, layer.name.span);
    let is_rolling = layer.old_versions == OldVersions::Keep;
    let granted = VersionGrants {
        id: &id,
        arn: arn.clone(),
        is_rolling,
        exists: DeployCondition::all(layer.exists.clone()),
    };
    grants(&rolling.grants, &granted, context, lowered);
    lowered.source_map.versions.push(VersionResources {
        layer: layer.name.value.as_str().into(),
        layer_name: layer.layer_name.value.to_string().into(),
        label: None,
        version: Some(id),
        arn: arn.clone(),
        grants: Vec::new(),
        sha256: pinned(&rolling.publication),
    });
    arn
}

/// A version that exists already: its ARN.
fn adopted(
    layer: &LayerTexts,
    version: &rules::Version,
    arn: &Spanned<Text>,
    lowered: &mut Lowered,
) -> Value {
    let arn = value(&arn.value);
    lowered.adopted.push(AdoptedVersion {
        span: version.label.span,
        layer: Arc::clone(&layer.layer),
        arn: arn.clone(),
    });
    arn
}

/// Adds a layer's listed versions; gives the ARN of the newest.
fn listed(
    layer: &Layer,
    versions: &[rules::Version],
    context: &mut LayersContext<'_>,
    lowered: &mut Lowered,
) -> Option<Value> {
    let mut before: Option<Arc<str>> = None;
    let mut newest = None;
    let shared = LayerTexts::of(layer);
    for version in versions {
        let resource_id = names::version_of(&shared.id, &version.label.value);
        let id: Arc<str> = resource_id.as_str().into();
        let label: Arc<str> = version.label.value.as_str().into();
        let arn = match &version.origin {
            Origin::Adopted(arn) => adopted(&shared, version, arn, lowered),
            Origin::Published(publication) => {
                let resource = Resource {
                    id: resource_id,
                    comment: None,
                    condition: context.exists(layer),
                    depends_on: before.replace(Arc::clone(&id)),
                    policies: Some(version_policies(layer.old_versions)),
                    suppressed: None,
                    properties: publish(&shared.name, publication, context.placement),
                };
                let listed = (Arc::clone(&shared.layer), Arc::clone(&label));
                lowered.push_listed(listed, resource, version.label.span);
                Value::Ref(Arc::clone(&id))
            }
        };
        let granted = VersionGrants {
            id: &id,
            arn: arn.clone(),
            is_rolling: false,
            exists: DeployCondition::all(layer.exists.clone()),
        };
        let before = lowered.template.resources.len();
        grants(&version.grants, &granted, context, lowered);
        let (version_id, grants, sha256) = match &version.origin {
            Origin::Published(publication) => (Some(id.clone()), Vec::new(), pinned(publication)),
            Origin::Adopted(_) => {
                let grants = lowered.template.resources[before..].iter();
                (None, grants.map(|grant| grant.id.clone()).collect(), None)
            }
        };
        lowered.source_map.versions.push(VersionResources {
            layer: Arc::clone(&shared.layer),
            layer_name: Arc::clone(&shared.layer_name),
            label: Some(label),
            version: version_id,
            arn: arn.clone(),
            grants,
            sha256,
        });
        publish_arn(layer, version, (&id, &arn), context, lowered);
        newest = Some(arn);
    }
    newest
}

/// Adds the SSM parameter with the ARN of a version, if it is published to one, by the version's
/// logical ID and that ARN. Whoever pins a
/// version by its name goes on reading it as long as the version exists.
fn publish_arn(
    layer: &Layer,
    version: &rules::Version,
    (id, arn): (&str, &Value),
    context: &mut LayersContext<'_>,
    lowered: &mut Lowered,
) {
    let Some(name) = &version.publish else {
        return;
    };
    let id = names::version_arn(id);
    let parameter = Resource {
        condition: context.exists(layer),
        policies: Some(version_policies(layer.old_versions)),
        ..ssm_parameter(id, name, arn.clone())
    };
    lowered.push(parameter, name.span);
}

/// The SHA-256 of an archive, if the source pins it.
fn pinned(publication: &Publication) -> Option<String> {
    publication
        .sha256
        .as_ref()
        .map(|pinned| pinned.value.clone())
}

fn publish(name: &Value, publication: &Publication, placement: &Placement) -> Properties {
    let Publication {
        content,
        // It is checked at the build, and is not in the template.
        sha256: _,
        description,
        runtimes,
        architectures,
        license,
    } = publication;
    let content = match &content.value {
        rules::Content::S3 {
            bucket,
            key,
            object_version,
            by_reference,
        } => Content::S3 {
            bucket: value(bucket),
            key: value(key),
            object_version: object_version.as_ref().map(value),
            by_reference: *by_reference,
        },
        rules::Content::Local(path) => Content::Local(rebase(&placement.source_folder, path)),
    };
    Properties::LayerVersion(Box::new(LayerVersion {
        name: name.clone(),
        description: description.as_ref().map(value),
        runtimes: Arc::clone(runtimes),
        architectures: Arc::clone(architectures),
        license: license.as_ref().map(value),
        content,
    }))
}

/// A path from the source's folder as one from the template's.
fn rebase(folder: &str, path: &str) -> String {
    let mut steps: Vec<&str> = Vec::new();
    for step in folder.split('/').chain(path.split('/')) {
        match step {
            "" | "." => {}
            ".." if steps.last().is_some_and(|last| *last != "..") => {
                steps.pop();
            }
            step => steps.push(step),
        }
    }
    let slash = if path.ends_with('/') { "/" } else { "" };
    let start = if steps.first() == Some(&"..") {
        ""
    } else {
        "./"
    };
    format!("{start}{}{slash}", steps.join("/"))
}

/// Adds the grants of one version.
///
/// A grant is always deleted with its rule: under `Retain`, removing a rule would revoke nothing.
/// There is one exception. If a rolling layer keeps its old versions, their grants stay when the
/// version is replaced, but only grants to a principal that is written out and whose rule has no
/// condition. A parameter's old value must lose what its new value gets, and a switch that is
/// turned off must leave nothing behind.
fn grants(
    grants: &[Grant],
    granted: &VersionGrants<'_>,
    context: &mut LayersContext<'_>,
    lowered: &mut Lowered,
) {
    for grant in grants {
        let grantee = &context.grantees[grant.principal as usize];
        let id = lowered.id(granted.id, &grantee.id);
        let is_lasting = !grantee.is_parameter && grant.condition == granted.exists;
        let on_replace = if granted.is_rolling && is_lasting {
            DeletionPolicy::Retain
        } else {
            DeletionPolicy::Delete
        };
        let resource = Resource {
            id,
            comment: grant.why.as_ref().map(|why| Arc::clone(&why.text)),
            condition: context.conditions.name(&grant.condition, grant.span),
            depends_on: None,
            policies: Some((DeletionPolicy::Delete, on_replace)),
            suppressed: grant.suppressed.clone(),
            properties: Properties::Permission(Permission {
                layer_version: granted.arn.clone(),
                grantee: Arc::clone(&grantee.grantee),
            }),
        };
        if let Some(why) = &grant.why {
            lowered.why.push((lowered.origins.len(), Arc::clone(why)));
        }
        lowered.push(resource, grant.span);
    }
}

#[cfg(test)]
mod tests {
    use super::rebase;

    #[test]
    fn paths_are_rewritten_from_the_templates_folder() {
        assert_eq!(rebase("", "./build/deps.zip"), "./build/deps.zip");
        assert_eq!(
            rebase("../examples", "./build/deps.zip"),
            "../examples/build/deps.zip"
        );
        assert_eq!(
            rebase("../examples", "../build/deps.zip"),
            "../build/deps.zip"
        );
        assert_eq!(rebase("rules", "./build/layer/"), "./rules/build/layer/");
        assert_eq!(rebase("..", "../../a.zip"), "../../../a.zip");
    }
}
