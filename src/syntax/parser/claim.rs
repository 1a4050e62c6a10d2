//! `expect CLAIM`

use super::cursor::{Cursor, Parsed};
use super::restriction::{names, set};
use super::{comma_separated, principal};
use crate::source::Span;
use crate::syntax::ast::{Claim, ClaimKind, HandlingRight, LayerAction, Name, Principal, Verb};
use crate::syntax::keyword::Keyword;

/// `[only] PRINCIPALS [in ORGANIZATION] can use LAYER …` or `NAME can attach …`
pub fn claim(cursor: &mut Cursor<'_>, keyword: Span) -> Parsed<Claim> {
    let only = cursor.accept_keyword(Keyword::Only).is_some();
    let principals = comma_separated(cursor, principal)?;
    let member_of = match cursor.accept_keyword(Keyword::In) {
        Some(_) => Some(principal(cursor)?),
        None => None,
    };
    let can = cursor.accept_keyword(Keyword::Can).is_some();
    if !can && (only || cursor.accept_keyword(Keyword::Cannot).is_none()) {
        return cursor.unexpected();
    }
    if let (false, None, [Principal::Named(subject)]) = (only, &member_of, principals.as_slice())
        && let Some(act) = act(cursor, subject, can)?
    {
        return Ok(Claim { keyword, kind: act });
    }
    cursor.expect_keyword(Keyword::Use)?;
    let (layer, version) = layer_versions(cursor)?;
    Ok(Claim {
        keyword,
        kind: ClaimKind::Use {
            only,
            principals,
            member_of,
            can,
            layer,
            version,
        },
    })
}

/// `attach [only] SET`, `publish [only] PATTERN, …` or `share [only] PATTERN, …`
fn act(cursor: &mut Cursor<'_>, subject: &Name, can: bool) -> Parsed<Option<ClaimKind>> {
    let right = if cursor.accept_keyword(Keyword::Attach).is_some() {
        None
    } else if cursor.accept_keyword(Keyword::Publish).is_some() {
        Some(HandlingRight::Publish)
    } else if cursor.accept_keyword(Keyword::Share).is_some() {
        Some(HandlingRight::Share)
    } else {
        return Ok(None);
    };
    let verb = if !can {
        Verb::Cannot
    } else if cursor.accept_keyword(Keyword::Only).is_some() {
        Verb::Only
    } else {
        Verb::Can
    };
    let action = match right {
        None => LayerAction::Attach(set(cursor)?),
        Some(right) => LayerAction::Handle(right, names(cursor)?),
    };
    Ok(Some(ClaimKind::Action {
        subject: subject.clone(),
        verb,
        action,
    }))
}

/// `*`, or `NAME [version LABEL]`
fn layer_versions(cursor: &mut Cursor<'_>) -> Parsed<(Name, Option<Name>)> {
    let layer = cursor.expect_word("a layer")?;
    let version = match cursor.accept_keyword(Keyword::Version) {
        Some(_) => Some(cursor.expect_word("a version's label")?),
        None => None,
    };
    Ok((layer, version))
}
