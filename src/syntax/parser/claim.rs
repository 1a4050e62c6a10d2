//! `expect CLAIM`

use super::cursor::{Cursor, Parsed};
use super::restriction::set;
use super::{comma_separated, principal};
use crate::source::Span;
use crate::syntax::ast::{AttachVerb, Claim, ClaimKind, Name, Principal};
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
        && cursor.accept_keyword(Keyword::Attach).is_some()
    {
        let subject = subject.clone();
        let verb = if !can {
            AttachVerb::Cannot
        } else if cursor.accept_keyword(Keyword::Only).is_some() {
            AttachVerb::Only
        } else {
            AttachVerb::Can
        };
        let kind = ClaimKind::Attach {
            subject,
            verb,
            set: set(cursor)?,
        };
        return Ok(Claim { keyword, kind });
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

/// `NAME [version LABEL]`
fn layer_versions(cursor: &mut Cursor<'_>) -> Parsed<(Name, Option<Name>)> {
    let layer = cursor.expect_word("a layer")?;
    let version = match cursor.accept_keyword(Keyword::Version) {
        Some(_) => Some(cursor.expect_word("a version's label")?),
        None => None,
    };
    Ok((layer, version))
}
