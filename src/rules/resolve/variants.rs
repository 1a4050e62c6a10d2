//! `layer NAME for VARIABLE in WORD, …`: one layer for each combination of values, with the values
//! written out. Places stay those of the source.

use crate::diagnostic::{Code, Diagnostic};
use crate::english::{count, list, nearest, quote, thousands};
use crate::rules::{formats, model};
use crate::source::Span;
use crate::syntax::ast::{
    Content, Exists, Layer, LayerStatement, Name, Origin, Principal, Property, PropertyValue,
    Share, Value, Variable, Version,
};
use crate::syntax::keyword::Keyword;
use crate::syntax::text::{Piece, dynamic_reference, is_variable_name, pieces};
use indexmap::{IndexMap, IndexSet};
use std::borrow::Cow;
use std::collections::HashSet;

/// The most variants of one layer. Each published one is a resource, and a template has at most
/// 500.
const MOST: usize = 1_000;

/// The most variants that a message names.
const MOST_NAMED: usize = 3;

/// A layer with the values of its variables written out.
pub struct Variant<'a> {
    /// The layer.
    pub layer: Cow<'a, Layer>,
    /// The value of each variable.
    pub values: Vec<(&'a str, &'a str)>,
    /// The places with a variable: their text in the source is not the text that is compiled.
    pub written_out: HashSet<Span>,
}

impl Variant<'_> {
    /// Its data as one of several; `None` for a layer without variables.
    pub fn meaning(&self, declared: &Layer) -> Option<model::Variant> {
        let values = self.values.iter();
        let values = values.map(|&(name, value)| (name.to_owned(), value.to_owned()));
        (!declared.variables.is_empty()).then(|| model::Variant {
            of: declared.name.text.clone(),
            values: values.collect(),
        })
    }
}

/// The layers that a block declares. Mistakes in the variables themselves and unused variables are
/// reported; the findings about a variant are returned with it.
pub fn variants<'a>(
    declared: &'a Layer,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<(Variant<'a>, Vec<Diagnostic>)> {
    let is_plain = |statement: &LayerStatement| match statement {
        LayerStatement::Version(version) => version.labels.len() == 1,
        LayerStatement::Exists(exists) => exists.values.is_empty(),
        LayerStatement::Name(_)
        | LayerStatement::Property(_)
        | LayerStatement::Content(_)
        | LayerStatement::OldVersions(_)
        | LayerStatement::Share(_)
        | LayerStatement::Publish(_) => true,
    };
    let is_plain = declared.variables.is_empty()
        && !declared.has_variables
        && declared.statements.iter().all(is_plain);
    if is_plain {
        let variant = Variant {
            layer: Cow::Borrowed(declared),
            values: Vec::new(),
            written_out: HashSet::new(),
        };
        return vec![(variant, Vec::new())];
    }
    let variables = checked(&declared.variables, diagnostics);
    let mut used = HashSet::new();
    let mut variants = Vec::new();
    for values in combinations(&variables, declared.name.span, diagnostics) {
        let mut writer = Writer {
            values: &values,
            variables: &variables,
            label: None,
            by_version: by_version(declared),
            is_name: false,
            used: &mut used,
            written_out: HashSet::new(),
            found: Vec::new(),
        };
        let layer = Cow::Owned(writer.layer(declared));
        let Writer {
            written_out, found, ..
        } = writer;
        let variant = Variant {
            layer,
            values,
            written_out,
        };
        variants.push((variant, found));
    }
    for variable in &declared.variables {
        let name = variable.name.text.as_str();
        if declared.complete
            && !variants.is_empty()
            && variables.contains_key(name)
            && !used.contains(name)
        {
            let message = format!("nothing uses the variable {}", quote(name));
            diagnostics.push(
                Diagnostic::warning(Code::Unused, variable.name.span, message)
                    .note("the variants differ only in their names"),
            );
        }
    }
    variants
}

/// The values of each variable, each once.
fn checked<'a>(
    declared: &'a [Variable],
    diagnostics: &mut Vec<Diagnostic>,
) -> IndexMap<&'a str, Vec<&'a str>> {
    let mut variables: IndexMap<&str, (Span, Vec<&str>)> = IndexMap::new();
    for Variable { name, values } in declared {
        let word = quote(&name.text);
        if !is_variable_name(&name.text) {
            let message = format!("{word} cannot name a variable");
            diagnostics.push(
                Diagnostic::error(Code::InvalidName, name.span, message).note(
                    "a variable's name begins with a letter and is made of letters, digits, `-` \
                    and `_`",
                ),
            );
            continue;
        }
        if name.text == Keyword::Version.text() {
            let message = "`version` cannot name a variable";
            diagnostics.push(
                Diagnostic::error(Code::InvalidName, name.span, message)
                    .note("`<version>` stands for the label of a version"),
            );
            continue;
        }
        if let Some(&(first, _)) = variables.get(name.text.as_str()) {
            let message = format!("the variable {word} is declared twice");
            diagnostics.push(
                Diagnostic::error(Code::DuplicateName, name.span, message)
                    .label("declared again here")
                    .also(first, "first declared here"),
            );
            continue;
        }
        let mut seen: IndexMap<&str, Span> = IndexMap::new();
        for value in values {
            if !formats::is_label(&value.text) {
                let message = format!("{} cannot be the value of a variable", quote(&value.text));
                diagnostics.push(Diagnostic::error(Code::InvalidName, value.span, message).note(
                    "a value is made of letters, digits, `.`, `-`, `_` and `+`, at most 64 of them",
                ));
            } else if let Some(&first) = seen.get(value.text.as_str()) {
                let message = format!("{} is listed twice", quote(&value.text));
                diagnostics.push(
                    Diagnostic::warning(Code::DuplicateItem, value.span, message)
                        .also(first, "first listed here"),
                );
            } else {
                seen.insert(&value.text, value.span);
            }
        }
        let values = seen.into_keys().collect();
        variables.insert(&name.text, (name.span, values));
    }
    variables
        .into_iter()
        .map(|(name, (_, values))| (name, values))
        .collect()
}

/// Every combination of values, in the order in which they are listed.
fn combinations<'a>(
    variables: &IndexMap<&'a str, Vec<&'a str>>,
    span: Span,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Vec<(&'a str, &'a str)>> {
    let number = variables
        .values()
        .try_fold(1_usize, |number, values| number.checked_mul(values.len()))
        .unwrap_or(usize::MAX);
    if number > MOST {
        let message = format!(
            "this stands for {}; the limit is {}",
            count(number, "layer"),
            thousands(MOST)
        );
        diagnostics.push(
            Diagnostic::error(Code::TooMany, span, message)
                .note("there is one for each combination of the variables' values"),
        );
        return Vec::new();
    }
    let mut combinations = vec![Vec::new()];
    for (&name, values) in variables {
        combinations = combinations
            .into_iter()
            .flat_map(|before: Vec<(&str, &str)>| {
                values.iter().map(move |&value| {
                    let mut combination = before.clone();
                    combination.push((name, value));
                    combination
                })
            })
            .collect();
    }
    combinations
}

/// The findings about all variants, as one list. A mistake with one remedy is reported once for
/// each place, however many texts the place stands for. If not all variants have it, those that do
/// are named.
pub fn merged(found: Vec<(String, Vec<Diagnostic>)>) -> Vec<Diagnostic> {
    let all = found.len();
    let mut mistakes: IndexMap<_, Mistake> = IndexMap::new();
    for (name, diagnostics) in found {
        for diagnostic in diagnostics {
            let place = (diagnostic.primary.span, diagnostic.code);
            let key = (place, diagnostic.notes.clone(), diagnostic.helps.clone());
            let mistake = mistakes.entry(key).or_insert_with(|| Mistake {
                first: diagnostic.clone(),
                messages: IndexSet::new(),
                variants: IndexSet::new(),
            });
            mistake.messages.insert(diagnostic.message);
            mistake.variants.insert(name.clone());
        }
    }
    mistakes
        .into_values()
        .map(|mistake| mistake.reported(all))
        .collect()
}

/// A mistake at one place, and what has it.
struct Mistake {
    first: Diagnostic,
    /// One for each text that the place stands for.
    messages: IndexSet<String>,
    variants: IndexSet<String>,
}

impl Mistake {
    /// The first text's message, with how many others there are and which of `all` variants have
    /// the mistake.
    fn reported(self, all: usize) -> Diagnostic {
        let Self {
            mut first,
            messages,
            variants,
        } = self;
        let others = messages.len() - 1;
        if others > 0 {
            let texts = count(others, "more text");
            first = first.note(format!(
                "this place stands for {texts} with the same mistake"
            ));
        }
        if variants.len() == all {
            return first;
        }
        let named = variants.iter().take(MOST_NAMED);
        let mut named: Vec<String> = named.map(|name| quote(name)).collect();
        if variants.len() > MOST_NAMED {
            named.push(format!("{} more", variants.len() - MOST_NAMED));
        }
        let noun = if variants.len() == 1 {
            "variant"
        } else {
            "variants"
        };
        first.note(format!("this is in the {noun} {}", list(&named, "and")))
    }
}

/// A fix of a text with a variable would replace the variable by its value, so it becomes a help.
pub fn without_wrong_fix(mut diagnostic: Diagnostic, written_out: &HashSet<Span>) -> Diagnostic {
    if let Some(fix) = diagnostic
        .fix
        .take_if(|fix| written_out.contains(&fix.span))
    {
        diagnostic.helps.push(fix.title);
    }
    diagnostic
}

/// The name of a variant by the values of its variables. Their dots are left out, since AWS takes
/// none in the name of a layer.
fn name_of(layer: &Name, values: &[(&str, &str)]) -> Name {
    let mut text = layer.text.clone();
    for (_, value) in values {
        text.push('-');
        text.push_str(&value.replace('.', ""));
    }
    Name {
        text,
        span: layer.span,
    }
}

/// Writes values in place of variables. A statement with an unknown variable is left out, like one
/// that cannot be read.
struct Writer<'a, 'b> {
    values: &'b [(&'a str, &'a str)],
    /// All values of each variable.
    variables: &'b IndexMap<&'a str, Vec<&'a str>>,
    /// What `<version>` stands for, if it is allowed.
    label: Option<String>,
    /// The properties of the layer that each version has in its own way.
    by_version: Vec<&'a Property>,
    /// Whether the text becomes a name in AWS, which cannot have dots.
    is_name: bool,
    used: &'b mut HashSet<&'a str>,
    written_out: HashSet<Span>,
    found: Vec<Diagnostic>,
}

impl<'a> Writer<'a, '_> {
    fn layer(&mut self, declared: &'a Layer) -> Layer {
        let Layer {
            name,
            variables: _,
            statements,
            complete,
            has_variables: _,
        } = declared;
        let mut written = Vec::with_capacity(statements.len());
        let mut complete = *complete;
        for statement in statements {
            complete &= self.statement(statement, &mut written).is_some();
        }
        Layer {
            name: name_of(name, self.values),
            variables: Vec::new(),
            statements: written,
            complete,
            has_variables: false,
        }
    }

    fn statement(
        &mut self,
        statement: &'a LayerStatement,
        written: &mut Vec<LayerStatement>,
    ) -> Option<()> {
        written.push(match statement {
            LayerStatement::Name(name) => {
                self.is_name = true;
                let name = self.value(name);
                self.is_name = false;
                LayerStatement::Name(name?)
            }
            LayerStatement::Property(said)
                if self
                    .by_version
                    .iter()
                    .any(|other| other.keyword == said.keyword) =>
            {
                return Some(());
            }
            LayerStatement::Property(said) => LayerStatement::Property(self.property(said)?),
            LayerStatement::Version(version) => return self.versions(version, written),
            LayerStatement::Content(content) => LayerStatement::Content(self.content(content)?),
            LayerStatement::OldVersions(word) => LayerStatement::OldVersions(self.name(word)?),
            LayerStatement::Exists(exists) => {
                if !self.is_about(exists)? {
                    return Some(());
                }
                LayerStatement::Exists(Exists {
                    values: Vec::new(),
                    ..exists.clone()
                })
            }
            LayerStatement::Share(share) => LayerStatement::Share(self.share(share)?),
            LayerStatement::Publish(name) => LayerStatement::Publish(self.value(name)?),
        });
        Some(())
    }

    /// A version for each label.
    fn versions(&mut self, version: &'a Version, written: &mut Vec<LayerStatement>) -> Option<()> {
        if let (Origin::From(content), [_, second, ..]) =
            (&version.origin, version.labels.as_slice())
            && !names_version(content)
        {
            self.found.push(same_archive(content, second));
        }
        for label in &version.labels {
            let label = self.name(label)?;
            self.label = Some(label.text.clone());
            let version = self.version(version, label);
            self.label = None;
            written.push(LayerStatement::Version(version?));
        }
        Some(())
    }

    fn version(&mut self, version: &'a Version, label: Name) -> Option<Version> {
        let Version {
            labels: _,
            origin,
            properties,
        } = version;
        let kind = |property: &Property| property.value.keyword();
        let inherited = self.by_version.clone();
        let inherited = inherited.into_iter().filter(|inherited| {
            let mut own = properties.iter();
            own.all(|own| kind(own) != kind(inherited))
        });
        let properties = properties.iter().chain(inherited);
        let properties = properties.map(|property| self.property(property));
        let properties = properties.collect::<Option<Vec<_>>>();
        let origin = match origin {
            Origin::From(content) => Origin::From(self.content(content)?),
            Origin::At(arn) => Origin::At(self.value(arn)?),
        };
        Some(Version {
            labels: vec![label],
            origin,
            properties: properties?,
        })
    }

    fn content(&mut self, content: &'a Content) -> Option<Content> {
        let Content {
            location,
            object_version,
            sha256,
            by_reference,
        } = content;
        let sha256 = match sha256 {
            Some(digits) => Some(self.value(digits)?),
            None => None,
        };
        let object_version = match object_version {
            Some(version) => Some(self.value(version)?),
            None => None,
        };
        Some(Content {
            location: self.value(location)?,
            object_version,
            sha256,
            by_reference: *by_reference,
        })
    }

    fn property(&mut self, property: &'a Property) -> Option<Property> {
        let value = match &property.value {
            PropertyValue::Runtimes(all) => PropertyValue::Runtimes(self.values(all)?),
            PropertyValue::Architectures(all) => PropertyValue::Architectures(self.values(all)?),
            PropertyValue::Description(text) => PropertyValue::Description(self.value(text)?),
            PropertyValue::License(text) => PropertyValue::License(self.value(text)?),
        };
        Some(Property {
            keyword: property.keyword,
            value,
        })
    }

    /// Whether a statement is about this variant, by the values that it names.
    fn is_about(&mut self, exists: &Exists) -> Option<bool> {
        let all = || self.variables.values().flatten().copied();
        let mut known = true;
        for value in &exists.values {
            if all().any(|other| other == value.text) {
                continue;
            }
            known = false;
            let message = format!(
                "no variable of this layer has the value {}",
                quote(&value.text)
            );
            let diagnostic = Diagnostic::error(Code::UnknownName, value.span, message);
            let near = nearest(&value.text, all());
            self.found.push(diagnostic.suggest(
                value.span,
                near,
                "the first line of the layer lists the values",
            ));
        }
        let is_own = |value: &Name| self.values.iter().any(|&(_, own)| own == value.text);
        known.then(|| exists.values.is_empty() || exists.values.iter().any(is_own))
    }

    fn share(&mut self, share: &'a Share) -> Option<Share> {
        let Share {
            versions,
            newest,
            principals,
            because,
            until,
            when,
            unless,
            suppressed,
        } = share;
        let versions: Option<Vec<Name>> = versions.iter().map(|label| self.name(label)).collect();
        let principals = principals.iter().map(|who| self.principal(who));
        let principals: Option<Vec<Principal>> = principals.collect();
        let newest = newest.as_ref().map(|number| self.name(number));
        let because = because.as_ref().map(|text| self.value(text));
        let until = until.as_ref().map(|date| self.value(date));
        Some(Share {
            versions: versions?,
            newest: newest.map_or(Some(None), |number| number.map(Some))?,
            principals: principals?,
            because: because.map_or(Some(None), |text| text.map(Some))?,
            until: until.map_or(Some(None), |date| date.map(Some))?,
            when: when.clone(),
            unless: unless.clone(),
            suppressed: suppressed.clone(),
        })
    }

    fn principal(&mut self, principal: &'a Principal) -> Option<Principal> {
        Some(match principal {
            Principal::Everyone(span) => Principal::Everyone(*span),
            Principal::Account(id) => Principal::Account(self.value(id)?),
            Principal::AccountCalled(name) => Principal::AccountCalled(self.value(name)?),
            Principal::Organization(id) => Principal::Organization(self.value(id)?),
            Principal::Unit(id) => Principal::Unit(self.value(id)?),
            Principal::Named(name) => Principal::Named(self.name(name)?),
        })
    }

    fn values(&mut self, values: &'a [Value]) -> Option<Vec<Value>> {
        values.iter().map(|value| self.value(value)).collect()
    }

    fn name(&mut self, name: &'a Name) -> Option<Name> {
        Some(Name {
            text: self.text(&name.text, name.span)?,
            span: name.span,
        })
    }

    fn value(&mut self, value: &'a Value) -> Option<Value> {
        let written = Value {
            text: self.text(&value.text, value.span)?,
            span: value.span,
        };
        // A value can complete a variable that was none before.
        if self.written_out.contains(&value.span) && dynamic_reference(value).is_none() {
            self.found.extend(dynamic_reference(&written));
        }
        Some(written)
    }

    fn text(&mut self, text: &'a str, span: Span) -> Option<String> {
        if !text.contains('<') {
            return Some(text.to_owned());
        }
        self.written_out.insert(span);
        let mut written = String::with_capacity(text.len());
        let mut known = true;
        for piece in pieces(text) {
            match piece {
                Piece::Literal(text) => written.push_str(text),
                Piece::Variable(name) => known &= self.write_value(name, text, span, &mut written),
            }
        }
        known.then_some(written)
    }

    /// Writes the value of a variable; whether there is one.
    fn write_value(&mut self, name: &str, text: &str, span: Span, written: &mut String) -> bool {
        let label = self
            .label
            .as_deref()
            .filter(|_| name == Keyword::Version.text());
        let variable = self.values.iter().find(|(known, _)| *known == name);
        match (label, variable) {
            (Some(label), _) => written.push_str(label),
            (None, Some((known, value))) => {
                self.used.insert(known);
                if self.is_name {
                    written.push_str(&value.replace('.', ""));
                } else {
                    written.push_str(value);
                }
            }
            (None, None) => {
                let unknown = self.unknown(name, text, span);
                self.found.push(unknown);
                return false;
            }
        }
        true
    }

    fn unknown(&self, name: &str, text: &str, span: Span) -> Diagnostic {
        let place = place_of(name, text, span);
        let message = format!("there is no variable {}", quote(name));
        let diagnostic = Diagnostic::error(Code::UnknownVariable, place.unwrap_or(span), message);
        let label = self.label.as_ref().map(|_| Keyword::Version.text());
        let known = self.values.iter().map(|&(known, _)| known).chain(label);
        match nearest(name, known) {
            Some(near) => match place {
                Some(place) => {
                    diagnostic.fix(format!("write `<{near}>`"), place, format!("<{near}>"))
                }
                None => diagnostic.help(format!("write `<{near}>`")),
            },
            None if name == Keyword::Version.text() => diagnostic.note(
                "`<version>` can be used in the content and the properties of listed versions",
            ),
            None => diagnostic.help(format!(
                "declare it in the layer's first line, `layer NAME for {name} in …`; the text \
                `<{name}>` itself is written `<<{name}>`"
            )),
        }
    }
}

/// The place of a variable in a word; in a quoted text, escapes may have moved it.
fn place_of(name: &str, word: &str, span: Span) -> Option<Span> {
    let written = format!("<{name}>");
    let is_word = span.range().len() == word.len();
    let mut found = word.match_indices(&written).filter(|_| is_word);
    let at = found.find(|(at, _)| !word[..*at].ends_with('<'))?.0 as u32;
    Some(Span {
        file: span.file,
        start: span.start + at,
        end: span.start + at + written.len() as u32,
    })
}

/// The properties of a layer that hold `<version>`, and so are another one for each version. One
/// that is said twice is none of them, and is reported as it is.
fn by_version(declared: &Layer) -> Vec<&Property> {
    let properties = || {
        let statements = declared.statements.iter();
        statements.filter_map(|statement| match statement {
            LayerStatement::Property(property) => Some(property),
            LayerStatement::Name(_)
            | LayerStatement::Version(_)
            | LayerStatement::Content(_)
            | LayerStatement::OldVersions(_)
            | LayerStatement::Exists(_)
            | LayerStatement::Share(_)
            | LayerStatement::Publish(_) => None,
        })
    };
    let mut statements = declared.statements.iter();
    if !statements.any(|statement| matches!(statement, LayerStatement::Version(_))) {
        return Vec::new();
    }
    let is_alone = |property: &&Property| {
        let keyword = property.value.keyword();
        properties()
            .filter(|other| other.value.keyword() == keyword)
            .count()
            == 1
    };
    let holds_version = |property: &&Property| match &property.value {
        PropertyValue::Description(text) | PropertyValue::License(text) => is_by_version(text),
        PropertyValue::Runtimes(all) | PropertyValue::Architectures(all) => {
            all.iter().any(is_by_version)
        }
    };
    properties()
        .filter(is_alone)
        .filter(holds_version)
        .collect()
}

fn is_by_version(value: &Value) -> bool {
    let mut pieces = pieces(&value.text).into_iter();
    pieces.any(|piece| piece == Piece::Variable(Keyword::Version.text()))
}

/// Whether the content contains the label of the version.
fn names_version(content: &Content) -> bool {
    let texts = [Some(&content.location), content.object_version.as_ref()];
    texts.into_iter().flatten().any(is_by_version)
}

fn same_archive(content: &Content, second: &Name) -> Diagnostic {
    Diagnostic::error(
        Code::SameArchive,
        content.location.span,
        "these versions would have the same archive",
    )
    .also(second.span, "this is another version")
    .help(
        "write `<version>` in place of the label in the address, or give each version its own line",
    )
}
