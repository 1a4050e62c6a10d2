//! `layer NAME { … }`

use super::Resolver;
use super::content::Archive;
use super::runtime;
use crate::aws::quotas;
use crate::diagnostic::{Code, Diagnostic};
use crate::english::{nearest, quote};
use crate::rules::formats;
use crate::rules::model::{
    DeployFacts, Fact, Grant, Layer, OldVersions, Origin, Publication, Releases, RollingVersion,
    Spanned, Variant, Version, is_possible,
};
use crate::rules::text::{Part, Text};
use crate::source::Span;
use crate::syntax::ast::{
    self, Exists, LayerStatement, Name, Property, PropertyValue, Share, Value,
};
use crate::syntax::keyword::{Choice, Keyword, OldVersionsKeyword};
use foldhash::{HashMap, HashMapExt};
use std::sync::Arc;

/// The statements of a layer's body, sorted by kind.
#[derive(Default)]
struct LayerBody<'a> {
    name: Option<&'a Value>,
    properties: Vec<&'a Property>,
    versions: Vec<Labelled<'a>>,
    content: Option<&'a ast::Content>,
    old_versions: Option<&'a Name>,
    exists: Vec<&'a Exists>,
    shares: Vec<&'a Share>,
    publish: Option<&'a Value>,
    publish_each: Vec<(&'a Name, &'a Value)>,
}

/// One of the versions that a `version` line lists.
#[derive(Clone, Copy)]
pub struct Labelled<'a> {
    /// Its label.
    pub label: &'a Name,
    version: &'a ast::Version,
}

/// Properties by kind, with their places.
#[derive(Clone, Default)]
struct LayerProperties {
    description: Option<Spanned<Text>>,
    runtimes: Option<Spanned<Arc<[String]>>>,
    architectures: Option<Spanned<Arc<[String]>>>,
    license: Option<Spanned<Text>>,
}

impl LayerProperties {
    /// These properties, and those of `others` for the missing ones.
    fn or(self, others: &Self) -> Self {
        Self {
            description: self.description.or_else(|| others.description.clone()),
            runtimes: self.runtimes.or_else(|| others.runtimes.clone()),
            architectures: self.architectures.or_else(|| others.architectures.clone()),
            license: self.license.or_else(|| others.license.clone()),
        }
    }

    fn publication(self, archive: Archive) -> Publication {
        let Self {
            description,
            runtimes,
            architectures,
            license,
        } = self;
        Publication {
            content: archive.content,
            sha256: archive.sha256,
            description: description.map(|said| said.value),
            runtimes: runtimes.map(|said| said.value).unwrap_or_default(),
            architectures: architectures.map(|said| said.value).unwrap_or_default(),
            license: license.map(|said| said.value),
        }
    }
}

impl Resolver<'_> {
    /// A layer; `None` if it cannot be used further, which is then reported.
    pub fn layer(&mut self, declared: &ast::Layer, variant: Option<Variant>) -> Option<Layer> {
        let body = self.body(declared);
        let layer_name = self.layer_name(&declared.name, body.name);
        let properties = self.properties(&body.properties);
        let old_versions = self.old_versions(&body);
        let publish = body.publish.and_then(|name| self.ssm_name(name));
        let exists = self.exists(&body.exists);
        let releases = self.releases(declared, &body, &properties, &exists);
        let name = Spanned {
            value: declared.name.text.clone(),
            span: declared.name.span,
        };
        Some(Layer {
            name,
            variant,
            layer_name: layer_name?,
            old_versions,
            releases: releases?,
            exists,
            publish,
        })
    }

    fn body<'a>(&mut self, declared: &'a ast::Layer) -> LayerBody<'a> {
        let mut body = LayerBody::default();
        for statement in &declared.statements {
            match statement {
                LayerStatement::Name(name) => match body.name {
                    Some(first) => self.repeated(Keyword::Name, name.span, first.span),
                    None => body.name = Some(name),
                },
                LayerStatement::Property(property) => body.properties.push(property),
                LayerStatement::Version(version) => body.versions.extend(
                    version
                        .labels
                        .iter()
                        .map(|label| Labelled { label, version }),
                ),
                LayerStatement::Content(content) => match body.content {
                    Some(first) => {
                        self.repeated(Keyword::Content, content.location.span, first.location.span);
                    }
                    None => body.content = Some(content),
                },
                LayerStatement::OldVersions(word) => match body.old_versions {
                    Some(first) => self.repeated(Keyword::OldVersions, word.span, first.span),
                    None => body.old_versions = Some(word),
                },
                LayerStatement::Exists(exists) => body.exists.push(exists),
                LayerStatement::Share(share) => body.shares.push(share),
                LayerStatement::Publish(publish) => self.publish(publish, &mut body),
            }
        }
        body
    }

    /// Keeps an SSM parameter: a layer has one for its newest version, and one for each version.
    fn publish<'a>(&mut self, publish: &'a ast::Publish, body: &mut LayerBody<'a>) {
        let ast::Publish { label, name } = publish;
        let first = match label {
            None => body.publish.replace(name),
            // One statement gives a name for each version, all with one place.
            Some(label) => {
                let before = body.publish_each.last().map(|&(_, before)| before);
                body.publish_each.push((label, name));
                before.filter(|before| before.span != name.span)
            }
        };
        if let Some(first) = first {
            let (message, help) = match label {
                None => (
                    "the newest version has two SSM parameters",
                    "keep one; with `<version>` in its name, the other is one of each version",
                ),
                Some(_) => (
                    "each version has two SSM parameters",
                    "keep one; without `<version>` in its name, the other is of the newest version",
                ),
            };
            self.report(
                Diagnostic::error(Code::RepeatedStatement, name.span, message)
                    .label("repeated here")
                    .also(first.span, "first given here")
                    .help(help),
            );
        }
    }

    /// The name by which AWS knows the layer.
    fn layer_name(&mut self, declared: &Name, said: Option<&Value>) -> Option<Spanned<Text>> {
        let (name, span) = match said {
            Some(value) => (self.scope.text(value, self.diagnostics)?, value.span),
            None => (Text::literal(declared.text.as_str()), declared.span),
        };
        let problem = match name.as_literal() {
            Some(name) => layer_name_problem(name),
            None => open_name_problem(&name, self.longest_name(&name, span)?),
        };
        let unnamed = (!formats::has_letters_or_digits(&declared.text)).then_some(
            "a logical ID keeps only letters and digits, and this has none; `name` may give such a \
                name",
        );
        let problems = [
            (
                declared.text.clone(),
                declared.span,
                layer_name_problem(&declared.text).or(unnamed),
            ),
            (name.to_string(), span, problem),
        ];
        for (name, span, problem) in problems {
            if let Some(problem) = problem {
                let message = format!("{} cannot name a layer", quote(&name));
                self.report(Diagnostic::error(Code::InvalidName, span, message).note(problem));
                return None;
            }
        }
        Some(Spanned { value: name, span })
    }

    /// The most characters of a name; `None` where a parameter cannot stand in it, which is then
    /// reported.
    fn longest_name(&mut self, name: &Text, span: Span) -> Option<usize> {
        let mut longest = 0;
        for part in name.parts() {
            longest += match part {
                Part::Literal(text) => text.len(),
                Part::Parameter(name) => {
                    self.scope
                        .part_of_layer_name(name, span, self.diagnostics)?
                }
            };
        }
        Some(longest)
    }

    fn properties(&mut self, said: &[&Property]) -> LayerProperties {
        let mut properties = LayerProperties::default();
        for property in said {
            let first = match &property.value {
                PropertyValue::Description(value) => {
                    let text = self.shown_text(value, quotas::LAYER_DESCRIPTION);
                    keep(&mut properties.description, text, property.keyword)
                }
                PropertyValue::License(value) => {
                    let text = self.shown_text(value, quotas::LAYER_LICENSE);
                    keep(&mut properties.license, text, property.keyword)
                }
                PropertyValue::Runtimes(values) => {
                    let runtimes = self.runtimes(values, property.keyword);
                    keep(&mut properties.runtimes, Some(runtimes), property.keyword)
                }
                PropertyValue::Architectures(values) => {
                    let architectures = self.architectures(values);
                    keep(
                        &mut properties.architectures,
                        Some(architectures),
                        property.keyword,
                    )
                }
            };
            if let Some(first) = first {
                self.repeated(property.value.keyword(), property.keyword, first);
            }
        }
        properties
    }

    /// A text for people, in which parameters may stand. Whoever may use the layer reads it.
    fn shown_text(&mut self, value: &Value, most: usize) -> Option<Text> {
        let text = self.scope.text(value, self.diagnostics)?;
        self.check_length(
            &text.to_string(),
            value.span,
            text.shortest(),
            most,
            "characters",
        );
        if let Some(name) = text.parameters().find(|name| self.scope.is_hidden(name)) {
            let message = format!("`{name}` is hidden, and this text would show its value");
            self.report(
                Diagnostic::error(Code::ParameterNotAllowed, value.span, message)
                    .note("everybody who may use the layer can read it"),
            );
            return None;
        }
        Some(text)
    }

    pub fn plain_text(&mut self, value: &Value, what: &str, most: usize) -> Option<String> {
        let text = self.scope.literal(value, what, self.diagnostics)?;
        self.check_length(&text, value.span, text.chars().count(), most, "characters");
        Some(text)
    }

    fn runtimes(&mut self, values: &[Value], keyword: Span) -> Arc<[String]> {
        const MOST: usize = quotas::LAYER_RUNTIMES;
        let runtimes = self.distinct(values, "a runtime");
        if runtimes.len() > MOST {
            let message = format!(
                "a layer version names at most {MOST} runtimes, this one names {}",
                runtimes.len()
            );
            self.report(Diagnostic::error(Code::TooMany, keyword, message).note(
                "runtimes are only a filter for listing layers: a function of any \
                    runtime can use any layer",
            ));
        }
        let doubts: Vec<Diagnostic> = runtimes.iter().filter_map(runtime::doubt).collect();
        self.diagnostics.extend(doubts);
        runtimes.into_iter().map(|runtime| runtime.value).collect()
    }

    fn architectures(&mut self, values: &[Value]) -> Arc<[String]> {
        let architectures = self.distinct(values, "an architecture");
        for architecture in &architectures {
            if !formats::ARCHITECTURES.contains(&architecture.value.as_str()) {
                let message = format!("there is no architecture {}", quote(&architecture.value));
                let diagnostic =
                    Diagnostic::error(Code::UnknownArchitecture, architecture.span, message);
                let near = match architecture.value.as_str() {
                    "amd64" | "x64" | "x86-64" => Some("x86_64"),
                    "aarch64" | "arm" | "graviton" => Some("arm64"),
                    other => nearest(other, formats::ARCHITECTURES),
                };
                self.report(diagnostic.suggest(
                    architecture.span,
                    near,
                    "the architectures are `x86_64` and `arm64`",
                ));
            }
        }
        architectures
            .into_iter()
            .map(|architecture| architecture.value)
            .collect()
    }

    /// The texts of a list, each once.
    pub(super) fn distinct(&mut self, values: &[Value], what: &str) -> Vec<Spanned<String>> {
        let mut seen: HashMap<String, Span> = HashMap::new();
        let mut distinct = Vec::with_capacity(values.len());
        for value in values {
            let Some(text) = self.scope.literal(value, what, self.diagnostics) else {
                continue;
            };
            if let Some(&first) = seen.get(&text) {
                let message = format!("{} is listed twice", quote(&text));
                self.report(
                    Diagnostic::warning(Code::DuplicateItem, value.span, message)
                        .also(first, "first listed here"),
                );
                continue;
            }
            seen.insert(text.clone(), value.span);
            distinct.push(Spanned {
                value: text,
                span: value.span,
            });
        }
        distinct
    }

    fn old_versions(&mut self, body: &LayerBody<'_>) -> OldVersions {
        let Some(word) = body.old_versions else {
            return OldVersions::default();
        };
        let publishes = body.content.is_some()
            || body
                .versions
                .iter()
                .any(|listed| matches!(listed.version.origin, ast::Origin::From(_)));
        if !publishes {
            self.report(
                Diagnostic::warning(
                    Code::NoEffect,
                    word.span,
                    "`old-versions` has no effect here",
                )
                .note("this stack publishes no version of this layer, so it never deletes one"),
            );
        }
        match Keyword::from_text(&word.text).and_then(OldVersionsKeyword::of) {
            Some(OldVersionsKeyword::Keep) => OldVersions::Keep,
            Some(OldVersionsKeyword::Delete) => OldVersions::Delete,
            None => {
                let message = format!(
                    "old versions are kept or deleted, not {}",
                    quote(&word.text)
                );
                self.report(
                    Diagnostic::error(Code::Syntax, word.span, message)
                        .help("write `old-versions keep` or `old-versions delete`"),
                );
                OldVersions::default()
            }
        }
    }

    fn ssm_name(&mut self, written: &Value) -> Option<Spanned<Text>> {
        let name = self.scope.text(written, self.diagnostics)?;
        if let Some(problem) = name.as_literal().and_then(formats::ssm_name_problem) {
            let message = format!("{} cannot name an SSM parameter", quote(&written.text));
            self.report(
                Diagnostic::error(Code::InvalidParameterName, written.span, message).note(problem),
            );
            return None;
        }
        Some(Spanned {
            value: name,
            span: written.span,
        })
    }

    /// The facts on which the layer exists.
    fn exists(&mut self, said: &[&Exists]) -> DeployFacts {
        let mut facts = DeployFacts::new();
        for exists in said {
            if let Some(switch) = self.scope.switch(&exists.switch, self.diagnostics) {
                facts.insert(Fact::Switch(switch, exists.when));
            }
        }
        if let (false, Some(last)) = (is_possible(&facts), said.last()) {
            self.report(
                Diagnostic::error(Code::NoEffect, last.keyword, "this layer never exists")
                    .note("the switch would have to be on and off at the same time"),
            );
        }
        facts
    }

    fn releases(
        &mut self,
        declared: &ast::Layer,
        body: &LayerBody<'_>,
        common: &LayerProperties,
        exists: &DeployFacts,
    ) -> Option<Releases> {
        match (body.content, body.versions.as_slice()) {
            // Its versions may be among the statements that could not be read.
            (None, []) if !declared.complete => None,
            (None, []) => {
                let message = format!("the layer {} has no version", quote(&declared.name.text));
                self.report(
                    Diagnostic::error(Code::NoContent, declared.name.span, message).help(
                        "add its content: `version LABEL from s3://BUCKET/KEY`, or \
                        `content ./FOLDER`",
                    ),
                );
                None
            }
            (Some(content), []) => self.rolling(content, body, common, exists),
            (Some(content), [version, ..]) => {
                self.report(
                    Diagnostic::error(
                        Code::ConflictingContent,
                        content.location.span,
                        "a layer has either `content` or `version`s",
                    )
                    .label("one rolling version, replaced at each change")
                    .also(version.label.span, "a listed version, which stays")
                    .help("remove `content`, and add a `version` line for each release"),
                );
                None
            }
            (None, versions) => {
                let grants = self.grants(&body.shares, versions, declared.complete, exists);
                self.listed(versions, &body.publish_each, grants, common)
            }
        }
    }

    fn rolling(
        &mut self,
        content: &ast::Content,
        body: &LayerBody<'_>,
        common: &LayerProperties,
        exists: &DeployFacts,
    ) -> Option<Releases> {
        let resolved = self.archive(content, false);
        let grants = self
            .grants(&body.shares, &[], true, exists)
            .pop()
            .unwrap_or_default();
        let publication = common.clone().publication(resolved?);
        Some(Releases::Rolling(Box::new(RollingVersion {
            publication,
            grants,
        })))
    }

    fn listed(
        &mut self,
        versions: &[Labelled<'_>],
        publish: &[(&Name, &Value)],
        grants: Vec<Arc<[Grant]>>,
        common: &LayerProperties,
    ) -> Option<Releases> {
        let mut published = self.names_of_versions(publish);
        let mut labels: HashMap<&str, Span> = HashMap::with_capacity(versions.len());
        let mut listed = Vec::with_capacity(versions.len());
        for (&Labelled { label, version }, grants) in versions.iter().zip(grants) {
            if let Some(first) = labels.insert(&label.text, label.span) {
                let message = format!("the version {} is listed twice", quote(&label.text));
                self.report(
                    Diagnostic::error(Code::DuplicateVersion, label.span, message)
                        .also(first, "first listed here"),
                );
            }
            self.check_label(label);
            if let Some(origin) = self.origin(version, common) {
                let label = Spanned {
                    value: label.text.clone(),
                    span: label.span,
                };
                listed.push(Version {
                    publish: published.remove(&label.value),
                    label,
                    origin,
                    grants,
                });
            }
        }
        (listed.len() == versions.len()).then_some(Releases::Listed(listed))
    }

    /// The names of the SSM parameters of versions, by label, up to the first that is wrong.
    fn names_of_versions(&mut self, publish: &[(&Name, &Value)]) -> HashMap<String, Spanned<Text>> {
        let mut names = HashMap::with_capacity(publish.len());
        for &(label, name) in publish {
            let Some(name) = self.ssm_name(name) else {
                break;
            };
            names.insert(label.text.clone(), name);
        }
        names
    }

    fn check_label(&mut self, label: &Name) {
        if !formats::is_label(&label.text) {
            let message = format!("{} cannot label a version", quote(&label.text));
            self.report(
                Diagnostic::error(Code::InvalidName, label.span, message).note(
                    "a label is made of letters, digits, `.`, `-`, `_` and `+`, at most 64 of them",
                ),
            );
        }
    }

    fn origin(&mut self, version: &ast::Version, common: &LayerProperties) -> Option<Origin> {
        match &version.origin {
            ast::Origin::At(arn) => Some(Origin::Adopted(self.arn(arn)?)),
            ast::Origin::From(content) => {
                let own: Vec<&Property> = version.properties.iter().collect();
                let own = self.properties(&own);
                let archive = self.archive(content, true)?;
                Some(Origin::Published(Box::new(
                    own.or(common).publication(archive),
                )))
            }
        }
    }
}

fn layer_name_problem(name: &str) -> Option<&'static str> {
    (!formats::is_layer_name(name))
        .then_some("a layer's name is made of letters, digits, `-` and `_`, at most 140 of them")
}

/// What is wrong with a name in which parameters stand, whatever their values are.
fn open_name_problem(name: &Text, longest: usize) -> Option<&'static str> {
    let is_plain = |part: &Part| match part {
        Part::Literal(text) => formats::is_layer_name(text),
        Part::Parameter(_) => true,
    };
    if !name.parts().iter().all(is_plain) {
        return layer_name_problem("");
    }
    (longest > quotas::LAYER_NAME).then_some(
        "with the longest values of its parameters, it has more than 140 characters; of a \
        parameter of type `string` that is 64, unless the values that are `allowed` are shorter",
    )
}

/// Keeps `value` in `slot` unless it is taken, and returns the place of the earlier value then.
fn keep<T>(slot: &mut Option<Spanned<T>>, value: Option<T>, span: Span) -> Option<Span> {
    match slot {
        Some(first) => Some(first.span),
        None => {
            *slot = value.map(|value| Spanned { value, span });
            None
        }
    }
}
