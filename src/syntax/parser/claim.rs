//! `expect CLAIM`

use super::cursor::{Cursor, Parsed};
use super::restriction::set;
use super::{comma_separated, principal};
use crate::source::Span;
use crate::syntax::ast::{AttachVerb, Claim, ClaimKind, Principal};

/// `[only] PRINCIPALS [in ORGANIZATION] can use LAYER …` or `NAME can attach …`
pub fn claim(cursor: &mut Cursor<'_>, keyword: Span) -> Parsed<Claim> {
    let only = cursor.accept_keyword("only", "`only`").is_some();
    let principals = comma_separated(cursor, principal)?;
    let member_of = match cursor.accept_keyword("in", "`in`") {
        Some(_) => Some(principal(cursor)?),
        None => None,
    };
    let can = cursor.accept_keyword("can", "`can`").is_some();
    if !can && (only || cursor.accept_keyword("cannot", "`cannot`").is_none()) {
        return cursor.unexpected();
    }
    if let (false, None, [Principal::Named(subject)]) = (only, &member_of, principals.as_slice())
        && cursor.accept_keyword("attach", "`attach`").is_some()
    {
        let subject = subject.clone();
        let verb = match can {
            false => AttachVerb::Cannot,
            true if cursor.accept_keyword("only", "`only`").is_some() => AttachVerb::Only,
            true => AttachVerb::Can,
        };
        let kind = ClaimKind::Attach { subject, verb, set: set(cursor)? };
        return Ok(Claim { keyword, kind });
    }
    if cursor.accept_keyword("use", "`use`").is_none() {
        return cursor.unexpected();
    }
    let layer = cursor.expect_word("a layer")?;
    let version = match cursor.accept_keyword("version", "`version`") {
        Some(_) => Some(cursor.expect_word("a version's label")?),
        None => None,
    };
    Ok(Claim { keyword, kind: ClaimKind::Use { only, principals, member_of, can, layer, version } })
}
