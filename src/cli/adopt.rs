//! `layershare adopt`: the ARNs of published versions, written into the source that published them.

use super::Outcome;
use super::args::AdoptArguments;
use super::deployed::StackResources;
use super::disk::{self, Disk};
use super::input;
use super::messages::Messages;
use super::output::regions;
use super::separate;
use crate::aws::arn::{Arn, LayerVersionArn};
use crate::diagnostic::{Diagnostic, has_errors};
use crate::english::{count, list, quote};
use crate::pipeline::{Compiled, compile};
use crate::rules::model::{Layer, Rules};
use crate::source::{FileId, Sources, Span};
use crate::syntax::keyword::Keyword;
use crate::syntax::lexer::Lexer;
use crate::syntax::token::{Token, TokenKind};
use crate::template::limits::Limits;
use crate::template::lower::{Lowered, Placement};
use anyhow::{anyhow, bail};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

/// The pseudo parameter that stands for the region in the ARN of a version in several regions.
const REGION: &str = "${AWS::Region}";

/// Writes the ARN of each published version into its line: `version LABEL at ARN`.
pub fn run(
    arguments: &AdoptArguments,
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Outcome> {
    let root = disk::root(&arguments.file)?;
    if root.path.is_none() {
        bail!("`adopt` changes a file, and standard input is none");
    }
    let name = root.name.clone();
    let mut sources = Sources::default();
    let placement = Placement::of_any_size();
    let mut compiled = compile(root, &placement, limits, &Disk, &mut sources);
    compiled.diagnostics.retain(Diagnostic::is_error);
    messages.diagnostics(&compiled.diagnostics, &sources);
    let (Some(lowered), false) = (compiled.lowered.take(), has_errors(&compiled.diagnostics))
    else {
        messages.summary(&compiled.diagnostics);
        return Ok(Outcome::Findings);
    };
    let lists = lists(&arguments.lists)?;
    let found = Found::new(&lowered, &compiled, &lists, &sources)?;
    if found.lines.is_empty() {
        bail!("none of these stacks published a version that {name} lists by its content");
    }
    let mut files: BTreeMap<FileId, Vec<(Span, String)>> = BTreeMap::new();
    for (label, arn) in &found.lines {
        let lines = files.entry(label.file).or_default();
        lines.push((*label, arn.clone()));
    }
    let mut written = Vec::new();
    for (file, lines) in files {
        let source = sources.get(file);
        let text =
            rewritten(source.text(), &lines).map_err(|why| anyhow!("{}: {why}", source.name()))?;
        let path = if file == compiled.start.file {
            arguments.file.clone()
        } else {
            PathBuf::from(source.name())
        };
        written.push((path, text));
    }
    for (path, text) in &written {
        disk::replace(path, |to| to.write_all(text.as_bytes()))?;
    }
    say(&found, &written, messages);
    Ok(Outcome::Fine)
}

fn say(found: &Found, written: &[(PathBuf, String)], messages: &mut Messages) {
    let paths: Vec<String> = written
        .iter()
        .map(|(path, _)| path.display().to_string())
        .collect();
    let adopted = count(found.lines.len(), "version");
    messages.say(&format!(
        "wrote the ARN of {adopted} into {}",
        list(&paths, "and")
    ));
    if found.others > 0 {
        let others = count(found.others, "version");
        messages.say(&format!(
            "{others} left as before: no stack has published them"
        ));
    }
}

fn lists(paths: &[PathBuf]) -> anyhow::Result<Vec<StackResources>> {
    let mut lists = Vec::new();
    for path in paths {
        let documents = input::documents(path)?;
        let documents = documents.iter().filter(|one| StackResources::is_list(one));
        lists.extend(documents.map(StackResources::new));
    }
    if lists.is_empty() {
        bail!(
            "there are no resources of a stack here: `adopt` reads what the script of `layershare \
            live` collects, or what `aws cloudformation list-stack-resources` prints"
        );
    }
    Ok(lists)
}

/// The published versions of a source.
struct Found {
    /// The place of each label, and the ARN that comes into its line.
    lines: BTreeMap<Span, String>,
    /// The number of labels that no stack has published.
    others: usize,
}

impl Found {
    fn new(
        lowered: &Lowered,
        compiled: &Compiled,
        lists: &[StackResources],
        sources: &Sources,
    ) -> anyhow::Result<Self> {
        let regions = regions(&compiled.rules);
        let mut all: Vec<ListedArn> = Vec::new();
        for version in &lowered.listed {
            let id = &lowered.template.resources[version.resource].id;
            let shown = format!("version {} of {}", version.label, quote(&version.layer));
            let published = Published::new(id, &shown, lists)?;
            let arn = published.arn(&regions, &shown)?;
            if arn.is_some() {
                published.check_layer(id, lowered, &shown)?;
            }
            all.push(ListedArn {
                layer: version.layer.to_string(),
                label: lowered.origins[version.resource],
                arn,
            });
        }
        let mut lines: BTreeMap<Span, Option<String>> = BTreeMap::new();
        for one in &all {
            let layer = layer_of(&one.layer, &compiled.rules);
            let arn = one.arn.as_deref().map(|arn| with_variables(arn, layer));
            match lines.get(&one.label) {
                Some(other) if *other != arn => {
                    let layer = layer.and_then(|layer| layer.variant.as_ref());
                    let of = layer.map_or(one.layer.as_str(), |variant| &variant.of);
                    bail!(separately(of, &all, &compiled.rules, sources));
                }
                _ => lines.insert(one.label, arn),
            };
        }
        let others = lines.values().filter(|arn| arn.is_none()).count();
        let lines = lines.into_iter();
        let lines = lines.filter_map(|(label, arn)| Some((label, arn?)));
        Ok(Self {
            lines: lines.collect(),
            others,
        })
    }
}

/// A version that a layer lists, and its ARN if it is published.
struct ListedArn {
    layer: String,
    label: Span,
    arn: Option<String>,
}

fn layer_of<'r>(name: &str, rules: &'r Rules) -> Option<&'r Layer> {
    rules.layers.iter().find(|layer| layer.name.value == name)
}

/// The message about a block with variables whose layers have different ARNs, with the text of the
/// blocks to write in its place.
fn separately(block: &str, all: &[ListedArn], rules: &Rules, sources: &Sources) -> String {
    let mut layers = Vec::new();
    let mut text = String::new();
    for layer in &rules.layers {
        let Some(variant) = layer.variant.as_ref().filter(|variant| variant.of == block) else {
            continue;
        };
        let own: Vec<&ListedArn> = all
            .iter()
            .filter(|one| one.layer == layer.name.value)
            .collect();
        let file = own
            .first()
            .map_or(layer.name.span.file, |one| one.label.file);
        let source = sources.get(file).text();
        let body = separate::body_of(source, block).unwrap_or_default();
        let lines: Vec<(Span, String)> = own
            .iter()
            .filter_map(|one| {
                let shift = body.start as u32;
                let label = Span {
                    start: one.label.start.saturating_sub(shift),
                    end: one.label.end.saturating_sub(shift),
                    ..one.label
                };
                Some((label, one.arn.clone()?))
            })
            .collect();
        let body = source.get(body).unwrap_or_default();
        match rewritten(body, &lines) {
            Ok(body) => text.push_str(&format!("\n{}", separate::block(layer, variant, &body))),
            Err(why) => return format!("in {}, {why}", quote(&layer.name.value)),
        }
        layers.push(quote(&layer.name.value));
    }
    format!(
        "the layers of {} have different ARNs in AWS, and one line cannot name them all: write \
        each as a block of its own, and name {} in place of {} elsewhere. Nothing is written yet. \
        In place of the block:\n{text}",
        quote(block),
        list(&layers, "and"),
        quote(block),
    )
}

/// The ARNs of one version, by their regions.
struct Published<'l>(BTreeMap<&'l str, LayerVersionArn<&'l str>>);

impl<'l> Published<'l> {
    fn new(id: &str, shown: &str, lists: &'l [StackResources]) -> anyhow::Result<Self> {
        let mut found: BTreeMap<&str, LayerVersionArn<&str>> = BTreeMap::new();
        for list in lists {
            let Some(physical) = list.ids.get(id) else {
                if list.is_cut_off() {
                    bail!(
                        "a list of resources is not complete, so which versions are published is \
                        unknown: `aws cloudformation list-stack-resources` prints all of them"
                    );
                }
                continue;
            };
            let Some(arn) = Arn::of(physical.as_str()).and_then(Arn::layer_version) else {
                bail!(
                    "{id} is not a layer version in the stack: {}",
                    quote(physical)
                );
            };
            if found.get(arn.region).is_some_and(|other| *other != arn) {
                bail!(
                    "two stacks have {id} in {}: give only the resources of the stack that \
                    published {shown}",
                    arn.region
                );
            }
            found.insert(arn.region, arn);
        }
        Ok(Self(found))
    }

    /// The ARN for the source; `None` if the version is not published.
    fn arn(&self, regions: &[String], shown: &str) -> anyhow::Result<Option<String>> {
        let Some(first) = self.0.values().next() else {
            return Ok(None);
        };
        if let Some(missing) = regions
            .iter()
            .find(|region| !self.0.contains_key(region.as_str()))
        {
            bail!("the number of {shown} in {missing} is unknown: collect every region");
        }
        let same = |arn: &LayerVersionArn<&str>| {
            (arn.partition, arn.account, arn.name, arn.version)
                == (first.partition, first.account, first.name, first.version)
        };
        if let Some(other) = self.0.values().find(|arn| !same(arn)) {
            bail!(
                "{shown} is number {} in {} and number {} in {}: one line cannot name both",
                first.version,
                first.region,
                other.version,
                other.region
            );
        }
        let region = if self.0.len() > 1 {
            REGION
        } else {
            first.region
        };
        let LayerVersionArn {
            partition,
            account,
            name,
            version,
            ..
        } = first;
        Ok(Some(format!(
            "arn:{partition}:lambda:{region}:{account}:layer:{name}:{version}"
        )))
    }

    /// Refuses a version of another layer: the stack is not that of the source.
    fn check_layer(&self, id: &str, lowered: &Lowered, shown: &str) -> anyhow::Result<()> {
        let mut versions = lowered.source_map.versions.iter();
        let version = versions.find(|version| version.version.as_deref() == Some(id));
        let declared = version.map(|version| version.layer_name.to_string());
        let declared = declared.filter(|name| !name.contains("${"));
        let live = self.0.values().next().map(|arn| arn.name);
        match (live, declared) {
            (Some(live), Some(declared)) if live != declared => bail!(
                "{shown} is of the layer {} in AWS, and {id} of this stack is of {}: it is not the \
                stack of this source",
                quote(&declared),
                quote(live)
            ),
            _ => Ok(()),
        }
    }
}

/// An ARN with the variables of its layer's block in the place of their values in the layer's name.
fn with_variables(arn: &str, layer: Option<&Layer>) -> String {
    let Some(variant) = layer.and_then(|layer| layer.variant.as_ref()) else {
        return arn.to_owned();
    };
    let mut fields: Vec<String> = arn.split(':').map(str::to_owned).collect();
    if let Some(name) = fields.iter_mut().rev().nth(1) {
        for (variable, value) in &variant.values {
            if name.matches(value.as_str()).count() == 1 {
                *name = name.replace(value.as_str(), &format!("<{variable}>"));
            }
        }
    }
    fields.join(":")
}

/// A text in which the lines of these labels name the ARNs.
fn rewritten(text: &str, lines: &[(Span, String)]) -> Result<String, String> {
    let lines: BTreeMap<u32, &str> = lines
        .iter()
        .map(|(label, arn)| (label.start, arn.as_str()))
        .collect();
    let mut made = String::with_capacity(text.len());
    let mut at = 0;
    for statement in statements(text) {
        let arns = statement.labels.iter().map(|label| lines.get(&label.start));
        let arns: Vec<Option<&&str>> = arns.collect();
        let adopted = arns.iter().take_while(|arn| arn.is_some()).count();
        if arns.iter().flatten().count() > adopted {
            return Err(format!(
                "version {} is not published, and a later one in its line is",
                statement.labels[adopted].text(text)
            ));
        }
        if adopted == 0 {
            continue;
        }
        let rest = statement.labels.get(adopted);
        let end = rest.map_or(statement.end, |first| first.start as usize);
        let replaced = text.get(statement.start..end).unwrap_or_default();
        let mut written = comments(replaced);
        for (label, arn) in statement.labels.iter().zip(arns.iter().flatten()) {
            written.push(format!("version {} at {arn}", label.text(text)));
        }
        if rest.is_some() {
            let rest = text.get(end..statement.end).unwrap_or_default();
            written.push(format!("version {rest}"));
        }
        let before = text.get(at..statement.start).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        let indent: String = line.chars().take_while(|one| one.is_whitespace()).collect();
        made.push_str(before);
        made.push_str(&written.join(&format!("\n{indent}")));
        at = statement.end;
    }
    made.push_str(text.get(at..).unwrap_or_default());
    Ok(made)
}

/// The comments of a text that is replaced. They stay, on lines of their own.
fn comments(replaced: &str) -> Vec<String> {
    Lexer::new(replaced)
        .filter(|token| token.kind == TokenKind::Comment)
        .map(|token| token.text(replaced).to_owned())
        .collect()
}

/// A statement `version …` in a text, with its body.
struct VersionText {
    start: usize,
    end: usize,
    labels: Vec<Token>,
}

/// The versions that a text lists, whatever comes between them.
fn statements(text: &str) -> Vec<VersionText> {
    let tokens = Lexer::new(text);
    let tokens: Vec<Token> = tokens
        .filter(|token| !matches!(token.kind, TokenKind::Blank | TokenKind::Comment))
        .collect();
    let is = |index: usize, kind| {
        tokens
            .get(index)
            .is_some_and(|one: &Token| one.kind == kind)
    };
    let mut found = Vec::new();
    let mut begins = true;
    let mut index = 0;
    while let Some(token) = tokens.get(index) {
        if begins && token.kind == TokenKind::Word && token.text(text) == Keyword::Version.text() {
            let mut labels: Vec<Token> = Vec::new();
            let mut next = index + 1;
            while is(next, TokenKind::Word) {
                labels.push(tokens[next]);
                next += 1;
                if !is(next, TokenKind::Comma) {
                    break;
                }
                next += 1;
                while is(next, TokenKind::Newline) {
                    next += 1;
                }
            }
            index = end_of_statement(&tokens, next);
            found.push(VersionText {
                start: token.start as usize,
                end: tokens[index - 1].end as usize,
                labels,
            });
            begins = false;
            continue;
        }
        begins = matches!(
            token.kind,
            TokenKind::Newline | TokenKind::OpenBrace | TokenKind::CloseBrace
        );
        index += 1;
    }
    found
}

/// The token after a statement, from one of its own on.
fn end_of_statement(tokens: &[Token], mut index: usize) -> usize {
    let mut depth = 0;
    while let Some(token) = tokens.get(index) {
        let closes = token.kind == TokenKind::CloseBrace;
        if depth == 0 && (closes || token.kind == TokenKind::Newline) {
            break;
        }
        if token.kind == TokenKind::OpenBrace {
            depth += 1;
        } else if closes {
            depth -= 1;
        }
        index += 1;
    }
    index
}
