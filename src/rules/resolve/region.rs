//! `regions`: what is said of several regions must hold in each of them.

use super::Resolver;
use crate::aws::arn::Arn;
use crate::aws::regions;
use crate::diagnostic::{Code, Diagnostic};
use crate::english::{list, nearest, quote};
use crate::rules::formats;
use crate::rules::model::{Content, Layer, Origin, Publication, Releases, Spanned};
use crate::rules::text::Text;
use crate::source::Span;
use crate::syntax::ast::Value;
use std::collections::HashSet;

impl Resolver<'_> {
    /// `regions NAME, …`: each once, all of one partition.
    pub fn regions(&mut self, written: &[Value]) -> Vec<Spanned<String>> {
        let mut regions = self.distinct(written, "a region");
        regions.retain(|region| {
            let is_region = formats::is_region(&region.value);
            if !is_region {
                let message = format!("{} is not a region", quote(&region.value));
                self.report(
                    Diagnostic::error(Code::InvalidRegion, region.span, message)
                        .help("a region is written as AWS writes it: `us-east-1`"),
                );
            } else if !regions::all().any(|known| known == region.value) {
                self.report(unknown(region));
            }
            is_region
        });
        if let [first, others @ ..] = regions.as_slice()
            && let Some(other) = others
                .iter()
                .find(|other| partition(&other.value) != partition(&first.value))
        {
            let message = format!(
                "no account has both {} and {}",
                quote(&first.value),
                quote(&other.value)
            );
            self.report(
                Diagnostic::error(Code::InvalidRegion, other.span, message)
                    .label(format!("partition `{}`", partition(&other.value)))
                    .also(
                        first.span,
                        format!("partition `{}`", partition(&first.value)),
                    )
                    .help("write a separate source for each partition"),
            );
        }
        regions
    }

    /// Refuses what is in one region, where the source is for others.
    pub fn refuse_other_regions<'l>(
        &mut self,
        regions: &[Spanned<String>],
        layers: impl IntoIterator<Item = &'l Layer>,
    ) {
        let Some(first) = regions.first() else {
            return;
        };
        // A layer with variables becomes several layers; each mistake is reported once.
        let mut seen: HashSet<Span> = HashSet::new();
        for layer in layers {
            for publication in publications(layer) {
                let Content::S3 { bucket, .. } = &publication.content.value else {
                    continue;
                };
                let is_one = bucket.as_literal().is_some() && regions.len() > 1;
                if is_one && seen.insert(publication.content.span) {
                    let found = one_bucket(bucket, regions, publication.content.span);
                    self.report(found.also(first.span, "the source is for several regions"));
                }
            }
            for arn in layer.adopted() {
                if seen.insert(arn.span)
                    && let Some(found) = one_arn(arn, regions)
                {
                    self.report(found.also(first.span, "the regions of the source"));
                }
            }
        }
    }
}

/// A doubt and not an error: the list may be out of date.
fn unknown(region: &Spanned<String>) -> Diagnostic {
    let name = region.value.as_str();
    let message = format!(
        "unknown region {} (list of {})",
        quote(name),
        regions::as_of()
    );
    let diagnostic = Diagnostic::warning(Code::UnknownRegion, region.span, message);
    let near: Vec<String> = regions::numbered_otherwise(name).map(quote).collect();
    if !near.is_empty() {
        return diagnostic.help(format!("the list has {}", list(&near, "and")));
    }
    match nearest(name, regions::all()) {
        Some(near) => diagnostic.fix(format!("write `{near}`"), region.span, near),
        None => diagnostic,
    }
}

fn publications(layer: &Layer) -> Vec<&Publication> {
    match &layer.releases {
        Releases::Rolling(rolling) => vec![&rolling.publication],
        Releases::Listed(versions) => versions
            .iter()
            .filter_map(|version| match &version.origin {
                Origin::Published(publication) => Some(publication.as_ref()),
                Origin::Adopted(_) => None,
            })
            .collect(),
    }
}

/// A bucket is in one region, and Lambda takes an archive from its own only (Lambda's error
/// `PermanentRedirect`).
fn one_bucket(bucket: &Text, regions: &[Spanned<String>], span: Span) -> Diagnostic {
    let name = bucket.as_literal().unwrap_or_default();
    let message = format!("the bucket {} is in one region only", quote(name));
    let diagnostic = Diagnostic::error(Code::OneRegion, span, message)
        .note("Lambda accepts an archive only from a bucket in its own region");
    let named = regions.iter().find(|region| name.contains(&region.value));
    let bucket = match named {
        Some(region) => name.replace(&region.value, "${AWS::Region}"),
        None => format!("{name}-${{AWS::Region}}"),
    };
    diagnostic.help(format!(
        "use a bucket for each region, with the region in its name: `s3://{bucket}/KEY`"
    ))
}

/// Reports the ARN of a version that is of another region, or of one of several.
fn one_arn(arn: &Spanned<Text>, regions: &[Spanned<String>]) -> Option<Diagnostic> {
    let fields = Arn::of(&arn.value)?;
    let region = fields.region.as_literal()?;
    let names: Vec<String> = regions.iter().map(|name| quote(&name.value)).collect();
    let diagnostic = if regions.iter().all(|name| name.value != region) {
        let message = format!(
            "this layer version is in {}, and the source is not",
            quote(region)
        );
        Diagnostic::error(Code::OneRegion, arn.span, message)
            .note(format!("the source is for {}", list(&names, "and")))
            .help("move it to another source, or add the region to `regions`")
    } else if regions.len() > 1 {
        let message = format!("this layer version is in {} only", quote(region));
        Diagnostic::error(Code::OneRegion, arn.span, message)
            .note(format!("the source is for {}", list(&names, "and")))
            .help(
                "if the version has the same number in each region, write `${AWS::Region}` for the \
                region; otherwise, write a source for each region",
            )
    } else {
        return None;
    };
    Some(diagnostic)
}

/// The partition of a region (AWS General Reference, "Amazon Resource Names").
fn partition(region: &str) -> &'static str {
    const BEGINNINGS: [(&str, &str); 6] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-isob-", "aws-iso-b"),
        ("us-isof-", "aws-iso-f"),
        ("us-iso-", "aws-iso"),
        ("eusc-", "aws-eusc"),
    ];
    BEGINNINGS
        .iter()
        .find(|(beginning, _)| region.starts_with(beginning))
        .map_or("aws", |(_, partition)| partition)
}
