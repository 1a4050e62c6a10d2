//! `layer NAME { … }`

use super::cursor::{Cursor, Parsed};
use super::{body, comma_separated, principal};
use crate::source::Span;
use crate::syntax::ast::{Content, Layer, LayerStatement, Origin, Property, PropertyValue, Share, Value, Version};
use crate::syntax::token::TokenKind;

/// The statements in the body of a layer.
const LAYER_STATEMENTS: &[&str] = &[
    "name",
    "description",
    "runtimes",
    "architectures",
    "license",
    "version",
    "content",
    "old-versions",
    "share",
    "publish",
];

/// The statements in the body of a version.
const VERSION_STATEMENTS: &[&str] = &["description", "runtimes", "architectures", "license"];

/// `NAME { … }`
pub fn layer(cursor: &mut Cursor<'_>) -> Parsed<Layer> {
    let name = cursor.expect_word("the layer's name")?;
    let (statements, complete) = body(cursor, "layer", statement)?;
    Ok(Layer { name, statements, complete })
}

/// Any statement in the body of a layer.
fn statement(cursor: &mut Cursor<'_>) -> Parsed<LayerStatement> {
    let (keyword, span) = cursor.keyword(LAYER_STATEMENTS, "in a layer")?;
    Ok(match keyword {
        "name" => LayerStatement::Name(cursor.expect_value("a layer name")?),
        "version" => LayerStatement::Version(version(cursor)?),
        "content" => LayerStatement::Content(content(cursor)?),
        "old-versions" => LayerStatement::OldVersions(cursor.expect_word("`keep` or `delete`")?),
        "share" => LayerStatement::Share(share(cursor, span)?),
        "publish" => LayerStatement::Publish(publish(cursor)?),
        _ => LayerStatement::Property(property(cursor, keyword, span)?),
    })
}

/// `description "text"`, `runtimes NAME, …`, `architectures NAME, …` or `license TEXT`
fn property(cursor: &mut Cursor<'_>, name: &str, keyword: Span) -> Parsed<Property> {
    let value = match name {
        "description" => PropertyValue::Description(cursor.expect_string("a description in quotes")?),
        "runtimes" => PropertyValue::Runtimes(comma_separated(cursor, |cursor| cursor.expect_value("a runtime"))?),
        "architectures" => {
            PropertyValue::Architectures(comma_separated(cursor, |cursor| cursor.expect_value("an architecture"))?)
        }
        _ => PropertyValue::License(cursor.expect_value("a license")?),
    };
    Ok(Property { keyword, value })
}

/// `version LABEL from CONTENT [{ … }]` or `version LABEL at ARN`
fn version(cursor: &mut Cursor<'_>) -> Parsed<Version> {
    let label = cursor.expect_word("the version's label")?;
    if cursor.accept_keyword("at", "`at`").is_some() {
        let origin = Origin::At(cursor.expect_value("the ARN of a layer version")?);
        return Ok(Version { label, origin, properties: Vec::new() });
    }
    if cursor.accept_keyword("from", "`from`").is_none() {
        return cursor.unexpected();
    }
    let origin = Origin::From(content(cursor)?);
    let properties = match cursor.at(TokenKind::OpenBrace) {
        true => version_body(cursor)?,
        false => Vec::new(),
    };
    Ok(Version { label, origin, properties })
}

/// `{ … }`
fn version_body(cursor: &mut Cursor<'_>) -> Parsed<Vec<Property>> {
    let (properties, _) = body(cursor, "version", |cursor| {
        let (keyword, span) = cursor.keyword(VERSION_STATEMENTS, "in a version")?;
        property(cursor, keyword, span)
    })?;
    Ok(properties)
}

/// `LOCATION [object-version ID]`
fn content(cursor: &mut Cursor<'_>) -> Parsed<Content> {
    let location = cursor.expect_value("an S3 address or a local path")?;
    let object_version = match cursor.accept_keyword("object-version", "`object-version`") {
        Some(_) => Some(cursor.expect_value("the version ID of the S3 object")?),
        None => None,
    };
    Ok(Content { location, object_version })
}

/// `[version LABEL, …] with PRINCIPALS [because "text"] [until DATE]`, the last two in either order
fn share(cursor: &mut Cursor<'_>, keyword: Span) -> Parsed<Share> {
    let versions = match cursor.accept_keyword("version", "`version`") {
        Some(_) => comma_separated(cursor, |cursor| cursor.expect_word("a version's label"))?,
        None => Vec::new(),
    };
    if cursor.accept_keyword("with", "`with`").is_none() {
        return cursor.unexpected();
    }
    let principals = comma_separated(cursor, principal)?;
    let mut share = Share { keyword, versions, principals, because: None, until: None };
    loop {
        if share.because.is_none() && cursor.accept_keyword("because", "`because`").is_some() {
            share.because = Some(cursor.expect_string("the reason in quotes")?);
        } else if share.until.is_none() && cursor.accept_keyword("until", "`until`").is_some() {
            share.until = Some(cursor.expect_value("a date")?);
        } else {
            return Ok(share);
        }
    }
}

/// `to NAME`
fn publish(cursor: &mut Cursor<'_>) -> Parsed<Value> {
    if cursor.accept_keyword("to", "`to`").is_none() {
        return cursor.unexpected();
    }
    cursor.expect_value("the name of an SSM parameter")
}
