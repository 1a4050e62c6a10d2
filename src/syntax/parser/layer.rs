//! `layer NAME [for VARIABLE in WORD, …] { … }`

use super::cursor::{Cursor, Failed, Parsed};
use super::{body, comma_separated, principal, values};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{
    Content, Exists, Layer, LayerStatement, Origin, Property, PropertyValue, Publish, Share,
    Suppress, Variable, Version,
};
use crate::syntax::keyword::{Keyword, LayerKeyword, PropertyKeyword};
use crate::syntax::token::TokenKind;

/// `NAME [for VARIABLE in WORD, …] { … }`
pub fn layer(cursor: &mut Cursor<'_>) -> Parsed<Layer> {
    let name = cursor.expect_word("the layer's name")?;
    let mut variables = Vec::new();
    while cursor.accept_keyword(Keyword::For).is_some() {
        variables.push(variable(cursor)?);
    }
    if let Some(keyword) = cursor.misplaced(&[Keyword::When, Keyword::Unless]) {
        let name = keyword.text();
        let message = format!("`{name}` cannot be in the first line of a layer");
        cursor.diagnostics.push(
            Diagnostic::error(Code::Syntax, cursor.span(), message).help(format!(
                "write `exists {name} SWITCH` in the body of the layer"
            )),
        );
        return Err(Failed);
    }
    cursor.allow_variables();
    let body = body(cursor, "layer", layer_statement);
    let has_variables = cursor.refuse_variables();
    let (statements, complete) = body?;
    Ok(Layer {
        name,
        variables,
        statements,
        complete,
        has_variables,
    })
}

/// `VARIABLE in WORD, …`
fn variable(cursor: &mut Cursor<'_>) -> Parsed<Variable> {
    let name = cursor.expect_word("the variable's name")?;
    cursor.expect_keyword(Keyword::In)?;
    let values = comma_separated(cursor, |cursor| cursor.expect_word("a value"))?;
    Ok(Variable { name, values })
}

/// Any statement in the body of a layer.
fn layer_statement(cursor: &mut Cursor<'_>) -> Parsed<LayerStatement> {
    let (keyword, span) = cursor.keyword("in a layer")?;
    Ok(match keyword {
        LayerKeyword::Name => LayerStatement::Name(cursor.expect_value("a layer name")?),
        LayerKeyword::Property(name) => LayerStatement::Property(property(cursor, name, span)?),
        LayerKeyword::Version => LayerStatement::Version(version(cursor)?),
        LayerKeyword::Content => LayerStatement::Content(content(cursor)?),
        LayerKeyword::OldVersions => {
            LayerStatement::OldVersions(cursor.expect_word("`keep` or `delete`")?)
        }
        LayerKeyword::Exists => LayerStatement::Exists(exists(cursor)?),
        LayerKeyword::Share => LayerStatement::Share(Box::new(share(cursor)?)),
        LayerKeyword::Publish => LayerStatement::Publish(publish(cursor)?),
    })
}

/// `description "text"`, `runtimes NAME, …`, `architectures NAME, …` or `license TEXT`
fn property(cursor: &mut Cursor<'_>, name: PropertyKeyword, keyword: Span) -> Parsed<Property> {
    let value = match name {
        PropertyKeyword::Description => {
            PropertyValue::Description(cursor.expect_string("a description in quotes")?)
        }
        PropertyKeyword::Runtimes => PropertyValue::Runtimes(values(cursor, "a runtime")?),
        PropertyKeyword::Architectures => {
            PropertyValue::Architectures(values(cursor, "an architecture")?)
        }
        PropertyKeyword::License => PropertyValue::License(cursor.expect_value("a license")?),
    };
    Ok(Property { keyword, value })
}

/// `version LABEL, … from CONTENT [{ … }]` or `version LABEL at ARN`
fn version(cursor: &mut Cursor<'_>) -> Parsed<Version> {
    let labels = comma_separated(cursor, |cursor| cursor.expect_word("the version's label"))?;
    if labels.len() == 1 && cursor.accept_keyword(Keyword::At).is_some() {
        let origin = Origin::At(cursor.expect_value("the ARN of a layer version")?);
        return Ok(Version {
            labels,
            origin,
            properties: Vec::new(),
        });
    }
    if let ([_, second, ..], Some(_)) = (labels.as_slice(), cursor.misplaced(&[Keyword::At])) {
        cursor.diagnostics.push(
            Diagnostic::error(Code::Syntax, second.span, "an ARN is that of one version")
                .label("a second label")
                .help("write `version LABEL at ARN` for each"),
        );
        return Err(Failed);
    }
    cursor.expect_keyword(Keyword::From)?;
    let origin = Origin::From(content(cursor)?);
    let properties = if cursor.at(TokenKind::OpenBrace) {
        version_body(cursor)?
    } else {
        Vec::new()
    };
    Ok(Version {
        labels,
        origin,
        properties,
    })
}

/// `{ … }`
fn version_body(cursor: &mut Cursor<'_>) -> Parsed<Vec<Property>> {
    let (properties, _) = body(cursor, "version", |cursor| {
        let (keyword, span) = cursor.keyword("in a version")?;
        property(cursor, keyword, span)
    })?;
    Ok(properties)
}

/// `LOCATION [object-version ID] [sha256 DIGITS] [by reference]`
fn content(cursor: &mut Cursor<'_>) -> Parsed<Content> {
    let location = cursor.expect_value("an S3 address or a local path")?;
    let object_version = match cursor.accept_keyword(Keyword::ObjectVersion) {
        Some(_) => Some(cursor.expect_value("the version ID of the S3 object")?),
        None => None,
    };
    let sha256 = match cursor.accept_keyword(Keyword::Sha256) {
        Some(_) => Some(cursor.expect_value("the SHA-256 of the archive")?),
        None => None,
    };
    let by_reference = match cursor.accept_keyword(Keyword::By) {
        Some(_) => Some(cursor.expect_keyword(Keyword::Reference)?),
        None => None,
    };
    Ok(Content {
        location,
        object_version,
        sha256,
        by_reference,
    })
}

/// `when NAME [for VALUE, …]` or `unless NAME [for VALUE, …]`
fn exists(cursor: &mut Cursor<'_>) -> Parsed<Exists> {
    let (keyword, when) = match cursor.accept_keyword(Keyword::When) {
        Some(keyword) => (keyword, true),
        None => (cursor.expect_keyword(Keyword::Unless)?, false),
    };
    let switch = cursor.expect_word("the name of a switch")?;
    let values = match cursor.accept_keyword(Keyword::For) {
        Some(_) => comma_separated(cursor, |cursor| cursor.expect_word("a value of a variable"))?,
        None => Vec::new(),
    };
    Ok(Exists {
        keyword,
        when,
        switch,
        values,
    })
}

/// `[version LABEL, …] with PRINCIPALS [because "text"] [until DATE] [when NAME] [unless NAME]`,
/// the last ones in any order; or `newest NUMBER with …`
fn share(cursor: &mut Cursor<'_>) -> Parsed<Share> {
    let versions = match cursor.accept_keyword(Keyword::Version) {
        Some(_) => comma_separated(cursor, |cursor| cursor.expect_word("a version's label"))?,
        None => Vec::new(),
    };
    let newest = if versions.is_empty() && cursor.accept_keyword(Keyword::Newest).is_some() {
        Some(cursor.expect_word_before(Keyword::With, "a number of versions")?)
    } else {
        None
    };
    cursor.expect_keyword(Keyword::With)?;
    let principals = comma_separated(cursor, principal)?;
    let mut share = Share {
        versions,
        newest,
        principals,
        because: None,
        until: None,
        when: None,
        unless: None,
        suppressed: Vec::new(),
    };
    loop {
        if share.because.is_none() && cursor.accept_keyword(Keyword::Because).is_some() {
            share.because = Some(cursor.expect_string("the reason in quotes")?);
        } else if share.until.is_none() && cursor.accept_keyword(Keyword::Until).is_some() {
            share.until = Some(cursor.expect_value("a date")?);
        } else if share.when.is_none() && cursor.accept_keyword(Keyword::When).is_some() {
            share.when = Some(cursor.expect_word("the name of a switch")?);
        } else if share.unless.is_none() && cursor.accept_keyword(Keyword::Unless).is_some() {
            share.unless = Some(cursor.expect_word("the name of a switch")?);
        } else if cursor.accept_keyword(Keyword::Suppress).is_some() {
            share.suppressed.push(suppress(cursor)?);
        } else {
            return Ok(share);
        }
    }
}

/// `TOOL RULE, …`
fn suppress(cursor: &mut Cursor<'_>) -> Parsed<Suppress> {
    let tool = cursor.expect_word("a tool")?;
    let rules = comma_separated(cursor, |cursor| cursor.expect_word("a rule of that tool"))?;
    Ok(Suppress { tool, rules })
}

/// `to NAME`
fn publish(cursor: &mut Cursor<'_>) -> Parsed<Publish> {
    cursor.expect_keyword(Keyword::To)?;
    let name = cursor.expect_value("the name of an SSM parameter")?;
    Ok(Publish { label: None, name })
}
