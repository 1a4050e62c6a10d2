//! Mistakes that AWS would report only when the template is deployed, or never.

mod documents;

use super::lower::{Lowered, Shape};
use crate::aws::arn::Arn;
use crate::aws::quotas::{self, LAYER_NAME, LAYER_POLICY_BYTES, LOGICAL_ID, OUTPUTS, PARAMETERS};
use crate::diagnostic::{Code, Diagnostic};
use crate::english::{count, quote, thousands};
use crate::rules::model::{Id, Layer, Origin, ParameterKind, Principal, Releases, Rules};
use crate::rules::text::Text;
use crate::source::Span;

/// The sizes beyond which nothing is compiled.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Resources of a template (CloudFormation User Guide, quotas).
    pub resources: usize,
    /// Bytes of a template in a bucket (CloudFormation User Guide, quotas).
    pub template_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            resources: quotas::RESOURCES,
            template_bytes: quotas::TEMPLATE_BYTES,
        }
    }
}

/// Reports every limit that the template, or a template of a folder, exceeds. `span` is the place
/// of the source as a whole.
pub fn check(
    rules: &Rules,
    lowered: &Lowered,
    shape: Shape,
    limits: Limits,
    span: Span,
    diagnostics: &mut Vec<Diagnostic>,
) {
    match shape {
        Shape::Template => {
            diagnostics.extend(too_many_resources(rules, lowered, limits.resources, span));
            diagnostics.extend(deployed_again(rules));
            diagnostics.extend(no_outputs(rules, span));
        }
        Shape::Folder => check_parts(lowered, limits.resources, span, diagnostics),
    }
    diagnostics.extend(too_many_parameters(rules, span));
    check_logical_ids(lowered, diagnostics);
    rules
        .layers
        .iter()
        .for_each(|layer| check_policies(rules, layer, diagnostics));
    documents::check(lowered, diagnostics);
    check_zeros(rules, lowered, diagnostics);
}

/// Reports every limit that the template of one layer exceeds, in a folder.
pub fn check_layer(
    rules: &Rules,
    layer: &Layer,
    lowered: &Lowered,
    limits: Limits,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let resources = lowered.template.resources.len();
    let (name, most) = (&layer.name, limits.resources);
    diagnostics.extend(too_large_layer(&name.value, name.span, resources, most));
    check_logical_ids(lowered, diagnostics);
    check_policies(rules, layer, diagnostics);
    check_zeros(rules, lowered, diagnostics);
}

/// Reports every limit that the rest of a source exceeds, in a folder. `span` is the place of the
/// source as a whole.
pub fn check_restrictions(
    rules: &Rules,
    lowered: &Lowered,
    limits: Limits,
    span: Span,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let resources = lowered.template.resources.len();
    diagnostics.extend(too_many_restrictions(resources, limits.resources, span));
    diagnostics.extend(too_many_parameters(rules, span));
    check_logical_ids(lowered, diagnostics);
    documents::check(lowered, diagnostics);
}

fn too_many_parameters(rules: &Rules, span: Span) -> Option<Diagnostic> {
    (rules.parameters.len() > PARAMETERS).then(|| {
        let message = format!(
            "{}; the limit is {PARAMETERS}",
            count(rules.parameters.len(), "parameter")
        );
        Diagnostic::error(Code::TooMany, span, message)
    })
}

/// Reports layers that have no outputs, since one template has only so many.
fn no_outputs(rules: &Rules, span: Span) -> Option<Diagnostic> {
    (rules.layers.len() > OUTPUTS).then(|| {
        let message = format!("{} have no outputs", count(rules.layers.len(), "layer"));
        Diagnostic::warning(Code::TooMany, span, message)
            .note(format!(
                "CloudFormation allows at most {OUTPUTS} outputs, one for each layer"
            ))
            .help("publish the newest ARNs with `publish to`")
            .help(FOLDER)
    })
}

fn check_logical_ids(lowered: &Lowered, diagnostics: &mut Vec<Diagnostic>) {
    let Lowered {
        template,
        origins,
        output_origins,
        ..
    } = lowered;
    let resources = template
        .resources
        .iter()
        .map(|resource| &resource.id)
        .zip(origins);
    let outputs = template
        .outputs
        .iter()
        .map(|output| &output.id)
        .zip(output_origins);
    let conditions = template.conditions.iter().map(|condition| &condition.id);
    let conditions = conditions.zip(&lowered.condition_origins);
    for (id, &origin) in resources.chain(outputs).chain(conditions) {
        if id.len() > LOGICAL_ID {
            let message = format!(
                "the logical ID of this has {} characters; the limit is {LOGICAL_ID}",
                id.len()
            );
            diagnostics.push(Diagnostic::error(Code::TextLength, origin, message).help(
                "give the layer or the parameter a shorter name; `name` keeps the layer's name in \
                    AWS",
            ));
        }
    }
}

const FOLDER: &str =
    "build the source to a folder, with one template for each layer: `build FILE -o FOLDER/`";

/// A stack that takes over a layer of another would publish its versions again, unless it lists
/// them.
const MOVE: &str = "a deployed layer needs two deploys to move: first list its versions in the \
    other source, by `version LABEL at ARN`, and deploy that; then remove the layer from this one, \
    which must have been deployed with `old-versions keep`";

const NEWEST: &str = "share only the newest versions, by `share newest N with …`, and remove the \
    lines of old versions: by default such a version stays in AWS, and its grants are deleted";

const ORGANIZATION: &str = "share with the organization instead of its accounts: one grant for \
    each version, however many accounts";

/// Reports that one template cannot have so many resources.
#[must_use]
pub fn too_many_resources(
    rules: &Rules,
    lowered: &Lowered,
    most: usize,
    span: Span,
) -> Option<Diagnostic> {
    let resources = lowered.template.resources.len();
    if resources <= most {
        return None;
    }
    let message = format!(
        "the template has {}; the limit is {}",
        count(resources, "resource"),
        thousands(most)
    );
    let diagnostic = Diagnostic::error(Code::TooMany, span, message)
        .help(ORGANIZATION)
        .help(FOLDER)
        .note(MOVE);
    let largest = rules
        .layers
        .iter()
        .max_by_key(|layer| grants_of(layer).map(<[_]>::len).sum::<usize>());
    Some(match largest {
        Some(layer) => {
            let grants = grants_of(layer).map(<[_]>::len).sum();
            diagnostic.also(
                layer.name.span,
                format!("this layer alone makes {}", count(grants, "grant")),
            )
        }
        None => diagnostic,
    })
}

/// Reports roles, policies and guardrails in a template that is deployed to several regions: they
/// exist once in an account or an organization, so that the second region would claim their names
/// again, or make others like them.
fn deployed_again(rules: &Rules) -> Option<Diagnostic> {
    let (restriction, [_, second, ..]) = (rules.restrictions.first()?, rules.regions.as_slice())
    else {
        return None;
    };
    let message = format!(
        "{} would be deployed to {} again",
        quote(&restriction.name.value),
        quote(&second.value)
    );
    Some(
        Diagnostic::error(Code::OneRegion, restriction.name.span, message)
            .also(second.span, "the second region")
            .note(
                "roles, policies and boundaries exist once in an account, and guardrails once in \
                an organization",
            )
            .help(FOLDER)
            .help("or move them to another source"),
    )
}

/// Reports every template of a folder that would have too many resources.
fn check_parts(lowered: &Lowered, most: usize, span: Span, diagnostics: &mut Vec<Diagnostic>) {
    let mut others = lowered.template.resources.len();
    for part in &lowered.parts {
        others -= part.resources;
        diagnostics.extend(too_large_layer(
            &part.layer,
            part.span,
            part.resources,
            most,
        ));
    }
    diagnostics.extend(too_many_restrictions(others, most, span));
}

fn too_large_layer(layer: &str, span: Span, resources: usize, most: usize) -> Option<Diagnostic> {
    (resources > most).then(|| {
        let message = format!(
            "the layer {} makes {}, and a template has at most {}",
            quote(layer),
            count(resources, "resource"),
            thousands(most)
        );
        Diagnostic::error(Code::TooMany, span, message)
            .help(ORGANIZATION)
            .help(NEWEST)
            .help(
                "or list the oldest versions by `version LABEL at ARN` in another source, \
                and remove them here after its deploy",
            )
    })
}

fn too_many_restrictions(resources: usize, most: usize, span: Span) -> Option<Diagnostic> {
    (resources > most).then(|| {
        let message = format!(
            "the roles, policies, boundaries and guardrails make {}, and a template has at most {}",
            count(resources, "resource"),
            thousands(most)
        );
        Diagnostic::error(Code::TooMany, span, message).help("move some of them to another source")
    })
}

fn grants_of(layer: &Layer) -> impl Iterator<Item = &[crate::rules::model::Grant]> {
    let (listed, rolling) = match &layer.releases {
        Releases::Listed(versions) => (versions.as_slice(), None),
        Releases::Rolling(rolling) => (&[][..], Some(&*rolling.grants)),
    };
    listed.iter().map(|version| &*version.grants).chain(rolling)
}

/// The minimum and maximum lengths of the unknown parts of a version's ARN.
struct ArnLength {
    partition: usize,
    whole: usize,
}

/// The shortest and the longest ARN of a version: `aws`, `us-east-1`, version 1; and today's
/// longest partition and region name with a version of five digits.
fn arn_lengths(layer_name: &Text, origin: Option<&Origin>) -> (ArnLength, ArnLength) {
    if let Some(Origin::Adopted(arn)) = origin
        && let Some(arn) = arn.value.as_literal()
    {
        let partition = Arn::of(arn).map_or(0, |arn| arn.partition.len());
        return (
            ArnLength {
                partition,
                whole: arn.len(),
            },
            ArnLength {
                partition,
                whole: arn.len(),
            },
        );
    }
    let length = |partition: &str, region: &str, name: usize, version: &str| ArnLength {
        partition: partition.len(),
        whole: "arn::lambda::123456789012:layer::".len()
            + partition.len()
            + region.len()
            + name
            + version.len(),
    };
    let least = layer_name.shortest() + layer_name.parameters().count();
    let most = match layer_name.as_literal() {
        Some(name) => name.len(),
        None => LAYER_NAME,
    };
    (
        length("aws", "us-east-1", least, "1"),
        length("aws-us-gov", "us-isof-south-1", most, "12345"),
    )
}

/// The bytes of a version's policy with these principals.
///
/// Lambda keeps the policy as compact JSON. The Sid of a grant that CloudFormation makes has at
/// most 40 characters: the first 27 of the logical ID, a dash and 12 random ones.
fn policy_bytes<'a>(
    principals: impl Iterator<Item = &'a Principal>,
    arn: &ArnLength,
    longest: bool,
) -> usize {
    const SID: usize = 40;
    let envelope = r#"{"Version":"2012-10-17","Id":"default","Statement":[]}"#.len();
    let common = r#"{"Sid":"","Effect":"Allow","Principal":"","Action":"lambda:GetLayerVersion",""#
        .len()
        + r#"Resource":""}"#.len();
    let root = r#"{"AWS":"arn::iam::123456789012:root"}"#.len() - r#""""#.len() + arn.partition;
    let condition = r#","Condition":{"StringEquals":{"aws:PrincipalOrgID":""}}"#.len() + r"*".len();
    let statements = principals.map(|principal| {
        let who = match principal {
            Principal::Everyone => 1,
            Principal::Account(_) => root,
            Principal::Organization(Id::Literal(id)) => condition + id.len(),
            Principal::Organization(Id::Parameter(_) | Id::Optional(_)) => {
                condition + if longest { 34 } else { 12 }
            }
        };
        common + SID + arn.whole + who + r",".len()
    });
    (envelope + statements.sum::<usize>()).saturating_sub(r",".len())
}

fn check_policies(rules: &Rules, layer: &Layer, diagnostics: &mut Vec<Diagnostic>) {
    let versions: Vec<(Span, Option<&Origin>, &[crate::rules::model::Grant])> =
        match &layer.releases {
            Releases::Rolling(rolling) => vec![(layer.name.span, None, &rolling.grants)],
            Releases::Listed(versions) => versions
                .iter()
                .map(|version| (version.label.span, Some(&version.origin), &*version.grants))
                .collect(),
        };
    for (span, origin, grants) in versions {
        let principals = || {
            grants
                .iter()
                .filter_map(|grant| rules.principals.get(grant.principal as usize))
        };
        let principals = || principals().map(|named| &named.principal);
        let (shortest, longest) = arn_lengths(&layer.layer_name.value, origin);
        let least = policy_bytes(principals(), &shortest, false);
        let most = policy_bytes(principals(), &longest, true);
        if least.max(most) <= LAYER_POLICY_BYTES {
            continue;
        }
        let help = "share with the organization instead of its accounts: one statement, however \
        many accounts";
        let limit = thousands(LAYER_POLICY_BYTES);
        let who = count(grants.len(), "principal");
        if least > LAYER_POLICY_BYTES {
            let message = format!("{who} are more than the policy of one layer version can hold");
            diagnostics.push(
                Diagnostic::error(Code::PolicySize, span, message)
                    .label(format!(
                        "at least {} bytes; the limit is {limit}",
                        thousands(least)
                    ))
                    .help(help),
            );
        } else {
            let message =
                format!("{who} may be more than the policy of one layer version can hold");
            diagnostics.push(
                Diagnostic::warning(Code::PolicySize, span, message)
                    .label(format!(
                        "{} to {} bytes; the limit is {limit}",
                        thousands(least),
                        thousands(most)
                    ))
                    .note("the size depends on the region, the partition and the version's number")
                    .help(help),
            );
        }
    }
}

/// Warns of account IDs that `aws cloudformation package` would write without quotes and that no
/// ARN can replace.
fn check_zeros(rules: &Rules, lowered: &Lowered, diagnostics: &mut Vec<Diagnostic>) {
    if !lowered.template.needs_package() {
        return;
    }
    for parameter in &rules.parameters {
        let Some(default) = parameter
            .default
            .as_ref()
            .filter(|_| parameter.kind == ParameterKind::Account)
        else {
            continue;
        };
        if loses_quotes(&default.value) {
            diagnostics.push(
                Diagnostic::warning(
                    Code::LostZero,
                    default.span,
                    "this default may lose its \
                leading zero",
                )
                .note(
                    "`aws cloudformation package`, which the local content of this source \
                        needs, writes it \
                           without quotes, and readers may read a number",
                )
                .help(
                    "package with `--use-json`, or remove the default and pass the value at the \
                        deploy",
                ),
            );
        }
    }
}

/// Whether `PyYAML`, which aws-cli writes YAML by, leaves the quotes of these digits out: they look
/// like an octal number and are none.
fn loses_quotes(digits: &str) -> bool {
    digits.starts_with('0') && digits.contains(['8', '9'])
}

/// The message about a source that makes no resources.
#[must_use]
pub fn no_resource(span: Span) -> Diagnostic {
    Diagnostic::error(Code::NoEffect, span, "this source makes no resources")
        .note("CloudFormation refuses a template without resources")
        .help(
            "add a `layer`, a `role`, a `policy`, a `boundary` or a `guardrail`; a source with \
                names only is for other sources to include",
        )
}

/// The message about the size of a written template, if any. `part` is the name of its part, if it
/// is one of several templates.
#[must_use]
pub fn template_size(
    bytes: usize,
    part: Option<&str>,
    limits: Limits,
    span: Span,
) -> Option<Diagnostic> {
    (bytes > limits.template_bytes).then(|| {
        let most = thousands(limits.template_bytes);
        let of = part.map_or_else(String::new, |part| format!(" of {}", quote(part)));
        let message = format!(
            "the template{of} has {} bytes; the limit is {most}",
            thousands(bytes)
        );
        let diagnostic = Diagnostic::error(Code::TemplateSize, span, message)
            .note("CloudFormation accepts 1 MB from a bucket, and 51,200 bytes without one")
            .help("make the reasons and descriptions shorter");
        match part {
            Some(_) => diagnostic.help(NEWEST),
            None => diagnostic.help(FOLDER).note(MOVE),
        }
    })
}

/// The message about a source that is too large for one template, if it is. `bytes` is the size of
/// that one template.
#[must_use]
pub fn only_in_a_folder(
    rules: &Rules,
    lowered: &Lowered,
    bytes: usize,
    limits: Limits,
    span: Span,
) -> Option<Diagnostic> {
    let found = too_many_resources(rules, lowered, limits.resources, span)
        .or_else(|| template_size(bytes, None, limits, span))?;
    Some(
        Diagnostic::remark(
            Code::NeedsFolder,
            span,
            "this source is too large for one template",
        )
        .label(found.message)
        .help(FOLDER),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Principal {
        Principal::Account(Id::Literal("111122223333".to_owned()))
    }

    #[test]
    fn the_policy_is_measured_byte_by_byte() {
        let arn = "arn:aws:lambda:us-east-1:123456789012:layer:my-layer:1";
        let sid = "x".repeat(40);
        let one = [
            r#"{"Version":"2012-10-17","Id":"default","Statement":["#,
            &format!(r#"{{"Sid":"{sid}","Effect":"Allow","#),
            r#""Principal":{"AWS":"arn:aws:iam::111122223333:root"},"#,
            r#""Action":"lambda:GetLayerVersion","#,
            &format!(r#""Resource":"{arn}"}}"#),
            "]}",
        ];
        let one = one.concat();
        let length = ArnLength {
            partition: 3,
            whole: arn.len(),
        };
        assert_eq!(policy_bytes([account()].iter(), &length, false), one.len());
        let organization = Principal::Organization(Id::Literal("o-t194hfs8cz".to_owned()));
        let both = [
            one.trim_end_matches("]}"),
            &format!(r#",{{"Sid":"{sid}","Effect":"Allow","#),
            r#""Principal":"*","Action":"lambda:GetLayerVersion","#,
            &format!(r#""Resource":"{arn}","#),
            r#""Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-t194hfs8cz"}}}"#,
            "]}",
        ];
        let both = both.concat();
        assert_eq!(
            policy_bytes([account(), organization].iter(), &length, false),
            both.len()
        );
    }

    #[test]
    fn digits_that_lose_their_quotes() {
        assert!(loses_quotes("017000801446"));
        assert!(!loses_quotes("065115117704"));
        assert!(!loses_quotes("123456789012"));
    }
}
