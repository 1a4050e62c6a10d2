//! `role NAME { … }`, `policy NAME { … }`, `boundary NAME { … }`, `guardrail NAME { … }`

use super::cursor::{Cursor, Failed, Parsed};
use super::{body, comma_separated, principal};
use crate::diagnostic::{Code, Diagnostic};
use crate::english::list;
use crate::source::Span;
use crate::syntax::ast::RestrictionKind::{self, Boundary, Guardrail, Policy, Role};
use crate::syntax::ast::{
    Attach, AttachKind, Oidc, Owner, Principal, Restriction, RestrictionStatement, Rule, SetItem, Value,
};

/// The statements in such a body, and the kinds that each may stand in.
const RULES: &[(&str, &[RestrictionKind])] = &[
    ("allow", &[Role, Policy]),
    ("deny", &[Role, Policy, Boundary, Guardrail]),
    ("functions", &[Role, Policy]),
    ("exempt", &[Policy, Boundary, Guardrail]),
    ("trust", &[Role]),
    ("pass-role", &[Role, Policy]),
    ("managed", &[Role]),
    ("boundary", &[Role]),
    ("attach", &[Policy]),
    ("apply", &[Guardrail]),
    ("name", &[Role, Policy, Boundary, Guardrail]),
    ("path", &[Role, Policy, Boundary]),
    ("description", &[Role, Policy, Boundary, Guardrail]),
];

/// `NAME { … }`
pub fn restriction(cursor: &mut Cursor<'_>, kind: RestrictionKind) -> Parsed<Restriction> {
    let name = cursor.expect_word(match kind {
        Role => "the role's name",
        Policy => "the policy's name",
        Boundary => "the boundary's name",
        Guardrail => "the guardrail's name",
    })?;
    let (statements, complete) = body(cursor, kind.keyword(), |cursor| statement(cursor, kind))?;
    Ok(Restriction { kind, name, statements, complete })
}

/// Any statement in such a body.
fn statement(cursor: &mut Cursor<'_>, kind: RestrictionKind) -> Parsed<RestrictionStatement> {
    let all: Vec<&'static str> = RULES.iter().map(|(keyword, _)| *keyword).collect();
    let (word, keyword) = cursor.keyword(&all, &format!("in a {}", kind.keyword()))?;
    let kinds = RULES.iter().find(|(rule, _)| *rule == word).map_or(&[][..], |(_, kinds)| *kinds);
    if !kinds.contains(&kind) {
        return misplaced(cursor, word, keyword, kind, kinds);
    }
    let rule = match word {
        "allow" => allow(cursor)?,
        "deny" => deny(cursor)?,
        "functions" => {
            Rule::Functions(comma_separated(cursor, |cursor| cursor.expect_value("a pattern for functions' names"))?)
        }
        "exempt" => exempt(cursor)?,
        "trust" => trust(cursor)?,
        "pass-role" => Rule::PassRole(comma_separated(cursor, |cursor| cursor.expect_value("the ARN of a role"))?),
        "managed" => Rule::Managed(comma_separated(cursor, |cursor| cursor.expect_value("the ARN of a policy"))?),
        "boundary" => Rule::Boundary(cursor.expect_value("a boundary's name, or the ARN of a policy")?),
        "attach" => attach(cursor)?,
        "apply" => apply(cursor)?,
        "name" => Rule::Name(cursor.expect_value("a name")?),
        "path" => Rule::Path(cursor.expect_value("a path such as `/teams/`")?),
        _ => Rule::Description(cursor.expect_string("a description in quotes")?),
    };
    Ok(RestrictionStatement { keyword, rule })
}

/// Refuses a statement of another kind's body.
fn misplaced<T>(
    cursor: &mut Cursor<'_>,
    word: &str,
    span: Span,
    kind: RestrictionKind,
    kinds: &[RestrictionKind],
) -> Parsed<T> {
    let message = format!("`{word}` does not stand in a {}", kind.keyword());
    let fitting: Vec<String> = kinds.iter().map(|kind| format!("a {}", kind.keyword())).collect();
    let diagnostic =
        Diagnostic::error(Code::MisplacedRule, span, message).note(format!("it belongs in {}", list(&fitting, "or")));
    cursor.diagnostics.push(match (word, kind) {
        ("allow", Boundary) => {
            diagnostic.note("a boundary allows everything but what it denies; it grants nothing by itself")
        }
        ("allow", Guardrail) => diagnostic.note("a guardrail only denies; it grants nothing by itself"),
        ("exempt", Role) => diagnostic.help("a role that should be spared is given no such rule"),
        _ => diagnostic,
    });
    Err(Failed)
}

/// `none` or `SET`
fn allow(cursor: &mut Cursor<'_>) -> Parsed<Rule> {
    match cursor.accept_keyword("none", "`none`") {
        Some(_) => Ok(Rule::AllowNone),
        None => Ok(Rule::Allow(set(cursor)?)),
    }
}

/// `all`, `all except SET` or `SET`
fn deny(cursor: &mut Cursor<'_>) -> Parsed<Rule> {
    if cursor.accept_keyword("all", "`all`").is_none() {
        return Ok(Rule::Deny(set(cursor)?));
    }
    match cursor.accept_keyword("except", "`except`") {
        Some(_) => Ok(Rule::DenyAllExcept(set(cursor)?)),
        None => Ok(Rule::DenyAll),
    }
}

/// One or more items, with commas between them
pub fn set(cursor: &mut Cursor<'_>) -> Parsed<Vec<SetItem>> {
    comma_separated(cursor, set_item)
}

/// `NAME [version LABEL]`, `PATTERN from OWNER` or an ARN
fn set_item(cursor: &mut Cursor<'_>) -> Parsed<SetItem> {
    let word = cursor.expect_word("a layer, a pattern or an ARN")?;
    if word.text.starts_with("arn:") {
        return Ok(SetItem::Arn(Value { text: word.text, span: word.span }));
    }
    if cursor.accept_keyword("from", "`from`").is_some() {
        return Ok(SetItem::From { pattern: word, owner: owner(cursor)? });
    }
    let version = match cursor.accept_keyword("version", "`version`") {
        Some(_) => Some(cursor.expect_word("a version's label")?),
        None => None,
    };
    Ok(SetItem::Layer { name: word, version })
}

/// `this account` or a principal
fn owner(cursor: &mut Cursor<'_>) -> Parsed<Owner> {
    match principal(cursor)? {
        Principal::Named(name) if name.text == "this" && cursor.accept_keyword("account", "`account`").is_some() => {
            Ok(Owner::ThisAccount(name.span))
        }
        principal => Ok(Owner::Principal(principal)),
    }
}

/// `role PATTERN, …`
fn exempt(cursor: &mut Cursor<'_>) -> Parsed<Rule> {
    if cursor.accept_keyword("role", "`role`").is_none() {
        return cursor.unexpected();
    }
    Ok(Rule::Exempt(comma_separated(cursor, |cursor| cursor.expect_value("a pattern for roles' names"))?))
}

/// `PRINCIPALS`, `service NAME` or `oidc PROVIDER subject PATTERN`
fn trust(cursor: &mut Cursor<'_>) -> Parsed<Rule> {
    if cursor.accept_keyword("service", "`service`").is_some() {
        return Ok(Rule::TrustService(cursor.expect_value("a service such as `lambda.amazonaws.com`")?));
    }
    if cursor.accept_keyword("oidc", "`oidc`").is_none() {
        return Ok(Rule::Trust(comma_separated(cursor, principal)?));
    }
    let provider = cursor.expect_value("an identity provider such as `token.actions.githubusercontent.com`")?;
    if cursor.accept_keyword("subject", "`subject`").is_none() {
        return cursor.unexpected();
    }
    Ok(Rule::TrustOidc(Oidc { provider, subject: cursor.expect_value("a pattern for the tokens' subjects")? }))
}

/// `to role NAME, …`, `to user NAME, …` or `to group NAME, …`
fn attach(cursor: &mut Cursor<'_>) -> Parsed<Rule> {
    if cursor.accept_keyword("to", "`to`").is_none() {
        return cursor.unexpected();
    }
    let kind = if cursor.accept_keyword("role", "`role`").is_some() {
        AttachKind::Role
    } else if cursor.accept_keyword("user", "`user`").is_some() {
        AttachKind::User
    } else if cursor.accept_keyword("group", "`group`").is_some() {
        AttachKind::Group
    } else {
        return cursor.unexpected();
    };
    Ok(Rule::Attach(Attach { kind, names: comma_separated(cursor, |cursor| cursor.expect_value("a name"))? }))
}

/// `to TARGET, …`
fn apply(cursor: &mut Cursor<'_>) -> Parsed<Rule> {
    if cursor.accept_keyword("to", "`to`").is_none() {
        return cursor.unexpected();
    }
    Ok(Rule::Apply(comma_separated(cursor, principal)?))
}
