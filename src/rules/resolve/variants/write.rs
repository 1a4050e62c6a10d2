//! A layer with the values of its variables written out, and with a statement for each version
//! where several versions have one.

use crate::diagnostic::{Code, Diagnostic};
use crate::english::{nearest, quote};
use crate::source::Span;
use crate::syntax::ast::{
    Content, Exists, Layer, LayerStatement, Name, Origin, Principal, Property, PropertyValue,
    Publish, Share, Value, Version,
};
use crate::syntax::keyword::Keyword;
use crate::syntax::text::{WrittenPiece, dynamic_reference, pieces};
use indexmap::IndexMap;
use std::collections::HashSet;

/// A layer that is written out.
pub struct WrittenLayer {
    /// The layer.
    pub layer: Layer,
    /// The places that had a variable.
    pub places: HashSet<Span>,
    /// The mistakes in it.
    pub found: Vec<Diagnostic>,
}

/// Writes a layer out for one combination of `values`. `used` gets the variables that it uses.
pub fn layer<'a>(
    declared: &'a Layer,
    values: &[(&'a str, &'a str)],
    variables: &IndexMap<&'a str, Vec<&'a str>>,
    used: &mut HashSet<&'a str>,
) -> WrittenLayer {
    let mut writer = Writer {
        values,
        variables,
        label: None,
        by_version: by_version(declared),
        labels: labels(declared),
        is_name: false,
        used,
        written_out: HashSet::new(),
        found: Vec::new(),
    };
    let layer = writer.layer(declared);
    let Writer {
        written_out, found, ..
    } = writer;
    WrittenLayer {
        layer,
        places: written_out,
        found,
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
    /// The properties of the layer that differ for each version.
    by_version: Vec<&'a Property>,
    /// The labels of all versions.
    labels: Vec<&'a Name>,
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
            LayerStatement::Share(share) => LayerStatement::Share(Box::new(self.share(share)?)),
            LayerStatement::Publish(publish) => return self.publish(publish, written),
        });
        Some(())
    }

    /// An SSM parameter for each version if its name says so, otherwise one for the newest.
    fn publish(&mut self, publish: &'a Publish, written: &mut Vec<LayerStatement>) -> Option<()> {
        if self.labels.is_empty() || !is_by_version(&publish.name) {
            let name = self.value(&publish.name)?;
            written.push(LayerStatement::Publish(Publish { label: None, name }));
            return Some(());
        }
        for label in self.labels.clone() {
            let label = self.name(label)?;
            self.label = Some(label.text.clone());
            let name = self.value(&publish.name);
            self.label = None;
            let label = Some(label);
            let name = name?;
            written.push(LayerStatement::Publish(Publish { label, name }));
        }
        Some(())
    }

    /// A version for each label.
    fn versions(&mut self, version: &'a Version, written: &mut Vec<LayerStatement>) -> Option<()> {
        for label in &version.labels {
            let label = self.name(label)?;
            self.label = Some(label.text.clone());
            let version = self.version(version, label);
            self.label = None;
            written.push(LayerStatement::Version(version?));
        }
        if let (Origin::From(content), [_, second, ..]) =
            (&version.origin, version.labels.as_slice())
            && !names_version(content)
        {
            self.found.push(same_archive(content, second));
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
        // The value of a variable can complete a dynamic reference.
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
                WrittenPiece::Literal(text) => written.push_str(text),
                WrittenPiece::Variable(name) => {
                    known &= self.write_value(name, text, span, &mut written);
                }
            }
        }
        known.then_some(written)
    }

    /// Writes the value of a variable. Returns whether there is one.
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
                "`<version>` can be used in the content, the properties and the SSM parameters of \
                listed versions",
            ),
            None => diagnostic.help(format!(
                "declare it in the layer's first line, `layer NAME for {name} in …`; the text \
                `<{name}>` itself is written `<<{name}>`"
            )),
        }
    }
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

/// The properties of a layer that contain `<version>`, and so differ for each version. A property
/// that is set twice is left out: it stays as written, and is reported.
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

/// The labels of all versions of a layer.
fn labels(declared: &Layer) -> Vec<&Name> {
    let statements = declared.statements.iter();
    let versions = statements.filter_map(|statement| match statement {
        LayerStatement::Version(version) => Some(&version.labels),
        LayerStatement::Name(_)
        | LayerStatement::Property(_)
        | LayerStatement::Content(_)
        | LayerStatement::OldVersions(_)
        | LayerStatement::Exists(_)
        | LayerStatement::Share(_)
        | LayerStatement::Publish(_) => None,
    });
    versions.flatten().collect()
}

fn is_by_version(value: &Value) -> bool {
    let mut pieces = pieces(&value.text).into_iter();
    pieces.any(|piece| piece == WrittenPiece::Variable(Keyword::Version.text()))
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
