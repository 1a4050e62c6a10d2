//! `role NAME { … }`, `policy NAME { … }`, `boundary NAME { … }`, `guardrail NAME { … }`

use super::cursor::{Cursor, Failed, Parsed};
use super::{body, comma_separated, principal, values};
use crate::diagnostic::{Code, Diagnostic};
use crate::english::list;
use crate::source::Span;
use crate::syntax::ast::RestrictionKind::{self, Boundary, Guardrail, Policy, Role};
use crate::syntax::ast::{
    Attach, AttachKind, FunctionRight, HandlingRight, Name, Oidc, Owner, Principal, Restriction,
    RestrictionStatement, Rule, SetItem, Value,
};
use crate::syntax::keyword::{Choice, Keyword, RuleKeyword};

/// The kinds of blocks that may have such a statement.
fn kinds(rule: RuleKeyword) -> &'static [RestrictionKind] {
    match rule {
        RuleKeyword::Trust | RuleKeyword::Managed | RuleKeyword::Boundary => &[Role],
        RuleKeyword::Attach => &[Policy],
        RuleKeyword::Apply => &[Guardrail],
        RuleKeyword::Allow | RuleKeyword::Functions | RuleKeyword::PassRole => &[Role, Policy],
        RuleKeyword::Path => &[Role, Policy, Boundary],
        RuleKeyword::Exempt => &[Policy, Boundary, Guardrail],
        RuleKeyword::Deny | RuleKeyword::Name | RuleKeyword::Description => {
            &[Role, Policy, Boundary, Guardrail]
        }
    }
}

/// `NAME { … }`
pub fn restriction(cursor: &mut Cursor<'_>, kind: RestrictionKind) -> Parsed<Restriction> {
    let name = cursor.expect_word(match kind {
        Role => "the role's name",
        Policy => "the policy's name",
        Boundary => "the boundary's name",
        Guardrail => "the guardrail's name",
    })?;
    let (statements, complete) = body(cursor, kind.keyword().text(), |cursor| rule(cursor, kind))?;
    Ok(Restriction {
        kind,
        name,
        statements,
        complete,
    })
}

/// Any statement in such a body.
fn rule(cursor: &mut Cursor<'_>, kind: RestrictionKind) -> Parsed<RestrictionStatement> {
    let (word, keyword) = cursor.keyword(&format!("in a {}", kind.keyword()))?;
    if !kinds(word).contains(&kind) {
        return misplaced(cursor, word, keyword, kind);
    }
    let rule = match word {
        RuleKeyword::Allow => allow(cursor)?,
        RuleKeyword::Deny => deny(cursor)?,
        RuleKeyword::Functions => {
            Rule::Functions(values(cursor, "a pattern for functions' names")?)
        }
        RuleKeyword::Exempt => exempt(cursor)?,
        RuleKeyword::Trust => trust(cursor)?,
        RuleKeyword::PassRole => Rule::PassRole(values(cursor, "the ARN of a role")?),
        RuleKeyword::Managed => Rule::Managed(values(cursor, "the ARN of a policy")?),
        RuleKeyword::Boundary => {
            Rule::Boundary(cursor.expect_value("a boundary's name, or the ARN of a policy")?)
        }
        RuleKeyword::Attach => attach(cursor)?,
        RuleKeyword::Apply => apply(cursor)?,
        RuleKeyword::Name => Rule::Name(cursor.expect_value("a name")?),
        RuleKeyword::Path => Rule::Path(cursor.expect_value("a path such as `/teams/`")?),
        RuleKeyword::Description => {
            Rule::Description(cursor.expect_string("a description in quotes")?)
        }
    };
    Ok(RestrictionStatement { keyword, rule })
}

/// Refuses a statement of another kind's body.
fn misplaced<T>(
    cursor: &mut Cursor<'_>,
    rule: RuleKeyword,
    span: Span,
    kind: RestrictionKind,
) -> Parsed<T> {
    let message = format!(
        "{} is not allowed in a `{}`",
        rule.keyword().quoted(),
        kind.keyword()
    );
    let fitting: Vec<String> = kinds(rule)
        .iter()
        .map(|kind| format!("a {}", kind.keyword()))
        .collect();
    let diagnostic = Diagnostic::error(Code::MisplacedRule, span, message)
        .note(format!("it belongs in {}", list(&fitting, "or")));
    cursor.diagnostics.push(match (rule, kind) {
        (RuleKeyword::Allow, Boundary) => {
            diagnostic.note("a boundary only limits what its role may do; it grants nothing")
        }
        (RuleKeyword::Allow, Guardrail) => {
            diagnostic.note("a guardrail only denies; it grants nothing")
        }
        (RuleKeyword::Exempt, Role) => {
            diagnostic.help("to exempt a role, do not write the rule in it")
        }
        _ => diagnostic,
    });
    Err(Failed)
}

/// `none`, `SET`, `update none`, `update SET`, `read SET`, `publish PATTERN, …` or
/// `share PATTERN, …`
fn allow(cursor: &mut Cursor<'_>) -> Parsed<Rule> {
    const DEFAULT: FunctionRight = FunctionRight::CreateAndUpdate;
    if cursor.accept_keyword(Keyword::None).is_some() {
        return Ok(Rule::AllowNone(DEFAULT));
    }
    let word = cursor.expect_word("a layer, a pattern or an ARN")?;
    if !introduces(cursor) {
        return Ok(Rule::Allow(DEFAULT, set_from(cursor, word)?));
    }
    if let Some(right) = HandlingRight::from_text(&word.text) {
        return Ok(Rule::AllowRight(right, names(cursor)?));
    }
    match Keyword::from_text(&word.text) {
        Some(Keyword::Read) => Ok(Rule::AllowRead(set(cursor)?)),
        Some(Keyword::Update) if cursor.accept_keyword(Keyword::None).is_some() => {
            Ok(Rule::AllowNone(FunctionRight::Update))
        }
        Some(Keyword::Update) => Ok(Rule::Allow(FunctionRight::Update, set(cursor)?)),
        _ => Ok(Rule::Allow(DEFAULT, set_from(cursor, word)?)),
    }
}

/// `all`, `all except SET`, `publish [[except] PATTERN, …]`, the same of `share`, or `SET`
fn deny(cursor: &mut Cursor<'_>) -> Parsed<Rule> {
    if cursor.accept_keyword(Keyword::All).is_some() {
        return match cursor.accept_keyword(Keyword::Except) {
            Some(_) => Ok(Rule::DenyAllExcept(set(cursor)?)),
            None => Ok(Rule::DenyAll),
        };
    }
    let word = cursor.expect_word("a layer, a pattern or an ARN")?;
    let Some(right) = HandlingRight::from_text(&word.text) else {
        return Ok(Rule::Deny(set_from(cursor, word)?));
    };
    let except = cursor.accept_keyword(Keyword::Except).is_some();
    let patterns = if except || introduces(cursor) {
        names(cursor)?
    } else if cursor.at_end_of_statement() {
        Vec::new()
    } else {
        return Ok(Rule::Deny(set_from(cursor, word)?));
    };
    Ok(Rule::DenyRight {
        right,
        except,
        patterns,
        span: word.span,
    })
}

/// Whether the word before is more than the name of a layer: whether layers follow it. A layer may
/// be named `publish`, and be named with its version or as one of somebody's.
fn introduces(cursor: &Cursor<'_>) -> bool {
    cursor.at_word_but(&[Keyword::Version, Keyword::From])
}

/// One or more patterns for the names of layers, with commas between them
pub fn names(cursor: &mut Cursor<'_>) -> Parsed<Vec<Name>> {
    comma_separated(cursor, |cursor| {
        cursor.expect_word("a pattern for the names of layers")
    })
}

/// One or more items, with commas between them
pub fn set(cursor: &mut Cursor<'_>) -> Parsed<Vec<SetItem>> {
    comma_separated(cursor, set_item)
}

/// The items of which the first begins with this word
fn set_from(cursor: &mut Cursor<'_>, first: Name) -> Parsed<Vec<SetItem>> {
    let mut items = vec![set_item_from(cursor, first)?];
    if cursor.accept_comma().is_some() {
        items.extend(set(cursor)?);
    }
    Ok(items)
}

/// `NAME [version LABEL]`, `PATTERN from OWNER` or an ARN
fn set_item(cursor: &mut Cursor<'_>) -> Parsed<SetItem> {
    let word = cursor.expect_word("a layer, a pattern or an ARN")?;
    set_item_from(cursor, word)
}

/// The item that begins with this word
fn set_item_from(cursor: &mut Cursor<'_>, word: Name) -> Parsed<SetItem> {
    if word.text.starts_with("arn:") {
        return Ok(SetItem::Arn(Value {
            text: word.text,
            span: word.span,
        }));
    }
    if cursor.accept_keyword(Keyword::From).is_some() {
        return Ok(SetItem::From {
            pattern: word,
            owner: owner(cursor)?,
        });
    }
    let version = match cursor.accept_keyword(Keyword::Version) {
        Some(_) => Some(cursor.expect_word("a version's label")?),
        None => None,
    };
    Ok(SetItem::Layer {
        name: word,
        version,
    })
}

/// `this account` or a principal
fn owner(cursor: &mut Cursor<'_>) -> Parsed<Owner> {
    match principal(cursor)? {
        Principal::Named(name)
            if name.text == Keyword::This.text()
                && cursor.accept_keyword(Keyword::Account).is_some() =>
        {
            Ok(Owner::ThisAccount)
        }
        principal => Ok(Owner::Principal(principal)),
    }
}

/// `role PATTERN, …`
fn exempt(cursor: &mut Cursor<'_>) -> Parsed<Rule> {
    cursor.expect_keyword(Keyword::Role)?;
    Ok(Rule::Exempt(values(cursor, "a pattern for roles' names")?))
}

/// `PRINCIPALS`, `service NAME` or `oidc PROVIDER subject PATTERN`
fn trust(cursor: &mut Cursor<'_>) -> Parsed<Rule> {
    if cursor.accept_keyword(Keyword::Service).is_some() {
        return Ok(Rule::TrustService(
            cursor.expect_value("a service such as `lambda.amazonaws.com`")?,
        ));
    }
    if cursor.accept_keyword(Keyword::Oidc).is_none() {
        return Ok(Rule::Trust(comma_separated(cursor, principal)?));
    }
    let provider = cursor
        .expect_value("an identity provider such as `token.actions.githubusercontent.com`")?;
    cursor.expect_keyword(Keyword::Subject)?;
    Ok(Rule::TrustOidc(Oidc {
        provider,
        subject: cursor.expect_value("a pattern for the tokens' subjects")?,
    }))
}

/// `to role NAME, …`, `to user NAME, …` or `to group NAME, …`
fn attach(cursor: &mut Cursor<'_>) -> Parsed<Rule> {
    cursor.expect_keyword(Keyword::To)?;
    let kind = if cursor.accept_keyword(Keyword::Role).is_some() {
        AttachKind::Role
    } else if cursor.accept_keyword(Keyword::User).is_some() {
        AttachKind::User
    } else if cursor.accept_keyword(Keyword::Group).is_some() {
        AttachKind::Group
    } else {
        return cursor.unexpected();
    };
    Ok(Rule::Attach(Attach {
        kind,
        names: values(cursor, "a name")?,
    }))
}

/// `to TARGET, …`
fn apply(cursor: &mut Cursor<'_>) -> Parsed<Rule> {
    cursor.expect_keyword(Keyword::To)?;
    Ok(Rule::Apply(comma_separated(cursor, principal)?))
}
