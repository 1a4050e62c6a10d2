//! Tokens to tree. One function a production; the first line of each shows what it reads.
//!
//! Parsing never fails: a statement that cannot be read is reported and skipped, and parsing
//! continues after it.

mod claim;
mod cursor;
mod layer;
mod parts;
mod restriction;

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{FileId, Span};
use crate::syntax::ast::{
    Alias, File, Group, Name, Parameter, ParameterStatement, Principal, RestrictionKind, RollOut,
    Statement, Value,
};
use crate::syntax::keyword::{
    Choice, Keyword, ParameterKeyword, PrincipalKeyword, StatementKeyword,
};
use crate::syntax::token::TokenKind;
use cursor::{Cursor, Failed, Parsed};
use parts::ReadPart;
use restriction::restriction;

/// Reads the text of a file. A long one is read in parts, on all processors.
#[must_use]
pub fn parse(file: FileId, source: &str) -> (File, Vec<Diagnostic>) {
    let read = parts::read(source.len(), &parts::starts(source), &|from, to| {
        part(file, source, from, to)
    });
    let statements = read.statements;
    (File { statements }, read.diagnostics)
}

/// Reads the statements that begin at `from` and before `to`. A statement begins at `from`.
fn part(file: FileId, source: &str, from: usize, to: usize) -> ReadPart {
    let mut cursor = Cursor::new(file, source, from);
    let mut statements = Vec::new();
    cursor.skip_newlines();
    if from == 0 && cursor.refuse_other_format() {
        return ReadPart {
            statements,
            diagnostics: cursor.diagnostics,
            end: source.len(),
        };
    }
    loop {
        cursor.skip_newlines();
        let end = cursor.span().start as usize;
        if cursor.at_end() || end >= to {
            return ReadPart {
                statements,
                diagnostics: cursor.diagnostics,
                end,
            };
        }
        if cursor.refuse_close_brace() {
            continue;
        }
        match statement(&mut cursor) {
            Ok(statement) => statements.push(statement),
            Err(Failed) => cursor.recover(),
        }
    }
}

/// Reads `{`, statements, `}`, where `read` reads one of the statements. Also returns whether all
/// could be read.
fn body<T>(
    cursor: &mut Cursor<'_>,
    what: &str,
    mut read: impl FnMut(&mut Cursor<'_>) -> Parsed<T>,
) -> Parsed<(Vec<T>, bool)> {
    let open = cursor.expect(TokenKind::OpenBrace)?;
    let mut statements = Vec::new();
    let mut complete = true;
    loop {
        cursor.skip_newlines();
        if cursor.accept(TokenKind::CloseBrace).is_some() {
            return Ok((statements, complete));
        }
        if cursor.at_end() {
            let end = cursor.span();
            cursor.diagnostics.push(
                Diagnostic::error(
                    Code::Syntax,
                    end,
                    format!("the file ends inside the body of this {what}"),
                )
                .also(open, "the body begins here")
                .help("close it with `}`"),
            );
            return Ok((statements, false));
        }
        match read(cursor)
            .and_then(|statement| cursor.expect_end_of_statement().map(|()| statement))
        {
            Ok(statement) => statements.push(statement),
            Err(Failed) => {
                complete = false;
                cursor.recover();
            }
        }
    }
}

/// The path of an included file or of an accounts file.
const A_PATH: &str = "the path of a file in quotes";

/// Reads one or more, with commas between them; a line may end after a comma.
fn comma_separated<T>(
    cursor: &mut Cursor<'_>,
    mut read: impl FnMut(&mut Cursor<'_>) -> Parsed<T>,
) -> Parsed<Vec<T>> {
    let mut items = vec![read(cursor)?];
    while cursor.accept_comma().is_some() {
        items.push(read(cursor)?);
    }
    Ok(items)
}

/// Reads one or more words or quoted texts, with commas between them. `what` says what each should
/// be.
fn values(cursor: &mut Cursor<'_>, what: &'static str) -> Parsed<Vec<Value>> {
    comma_separated(cursor, |cursor| cursor.expect_value(what))
}

/// Any statement of the outermost level, with its end.
fn statement(cursor: &mut Cursor<'_>) -> Parsed<Statement> {
    let (keyword, span) = cursor.keyword("at this level")?;
    let statement = match keyword {
        StatementKeyword::Stack => {
            Statement::Stack(cursor.expect_string("the stack's description in quotes")?)
        }
        StatementKeyword::Regions => Statement::Regions(
            comma_separated(cursor, |cursor| cursor.expect_value("a region"))?,
            span,
        ),
        StatementKeyword::Roll => Statement::RollOut(roll_out(cursor, span)?),
        StatementKeyword::Parameter => Statement::Parameter(parameter(cursor)?),
        StatementKeyword::Account => named_account(cursor, span)?,
        StatementKeyword::Organization => Statement::Organization(alias(
            cursor,
            "the organization's name",
            "an organization ID",
        )?),
        StatementKeyword::Group => Statement::Group(group(cursor)?),
        StatementKeyword::Include => {
            Statement::Include(cursor.or_recover(|cursor| cursor.expect_string(A_PATH)))
        }
        StatementKeyword::Layer => Statement::Layer(layer::layer(cursor)?),
        StatementKeyword::Role => {
            Statement::Restriction(restriction(cursor, RestrictionKind::Role)?)
        }
        StatementKeyword::Policy => {
            Statement::Restriction(restriction(cursor, RestrictionKind::Policy)?)
        }
        StatementKeyword::Boundary => {
            Statement::Restriction(restriction(cursor, RestrictionKind::Boundary)?)
        }
        StatementKeyword::Guardrail => {
            Statement::Restriction(restriction(cursor, RestrictionKind::Guardrail)?)
        }
        StatementKeyword::Expect => Statement::Expect(claim::claim(cursor, span)?),
        StatementKeyword::Unit => {
            Statement::Unit(alias(cursor, "the unit's name", "the ID of a unit")?)
        }
        StatementKeyword::Accounts => Statement::Accounts(cursor.or_recover(accounts)),
    };
    match cursor.expect_end_of_statement() {
        Ok(()) => {}
        Err(Failed) => cursor.recover(),
    }
    Ok(statement)
}

/// `out to UNIT, … [in REGION] [by delegated-administrator]`
fn roll_out(cursor: &mut Cursor<'_>, span: Span) -> Parsed<RollOut> {
    cursor.expect_keyword(Keyword::Out)?;
    cursor.expect_keyword(Keyword::To)?;
    let targets = comma_separated(cursor, principal)?;
    let region = match cursor.accept_keyword(Keyword::In) {
        Some(_) => Some(cursor.expect_value("a region")?),
        None => None,
    };
    let by = cursor.accept_keyword(Keyword::By);
    if by.is_some() {
        cursor.expect_keyword(Keyword::DelegatedAdministrator)?;
    }
    Ok(RollOut {
        span,
        targets,
        region,
        by_delegate: by.is_some(),
    })
}

/// `from "FILE"`
fn accounts(cursor: &mut Cursor<'_>) -> Parsed<Value> {
    cursor.expect_keyword(Keyword::From)?;
    cursor.expect_string(A_PATH)
}

/// `parameter NAME [[optional] TYPE] [= DEFAULT] ["text"] [{ … }]`
fn parameter(cursor: &mut Cursor<'_>) -> Parsed<Parameter> {
    let name = cursor.expect_word("the parameter's name")?;
    let optional = cursor.accept_keyword(Keyword::Optional);
    let kind = if optional.is_some() || cursor.at(TokenKind::Word) {
        Some(cursor.expect_word("a type")?)
    } else {
        None
    };
    let default = match cursor.accept(TokenKind::Equals) {
        Some(_) => Some(cursor.expect_value("a default")?),
        None => None,
    };
    let has_description = cursor.at(TokenKind::String) || cursor.at(TokenKind::UnterminatedString);
    let description = if has_description {
        Some(cursor.expect_string("a description in quotes")?)
    } else {
        None
    };
    let statements = if cursor.at(TokenKind::OpenBrace) {
        body(cursor, "parameter", parameter_statement)?.0
    } else {
        Vec::new()
    };
    Ok(Parameter {
        name,
        optional,
        kind,
        default,
        description,
        statements,
    })
}

/// `allowed VALUE, …`, `pattern "REGEX"`, `label "text"` or `hidden`
fn parameter_statement(cursor: &mut Cursor<'_>) -> Parsed<ParameterStatement> {
    let (keyword, span) = cursor.keyword("in a parameter")?;
    Ok(match keyword {
        ParameterKeyword::Allowed => {
            ParameterStatement::Allowed(values(cursor, "an allowed value")?)
        }
        ParameterKeyword::Pattern => {
            ParameterStatement::Pattern(cursor.expect_string("a regular expression in quotes")?)
        }
        ParameterKeyword::Label => {
            ParameterStatement::Label(cursor.expect_string("a label in quotes")?)
        }
        ParameterKeyword::Hidden => ParameterStatement::Hidden(span),
    })
}

/// `NAME = ID`
///
/// The name counts as declared even if the ID cannot be read, so that its uses are not reported as
/// well.
fn alias(cursor: &mut Cursor<'_>, name: &'static str, id: &'static str) -> Parsed<Alias> {
    let name = cursor.expect_word(name)?;
    Ok(alias_of(cursor, name, id))
}

/// The rest of an alias, after its name.
fn alias_of(cursor: &mut Cursor<'_>, name: Name, id: &'static str) -> Alias {
    let read = |cursor: &mut Cursor<'_>| -> Parsed<Value> {
        cursor.expect(TokenKind::Equals)?;
        cursor.expect_value(id)
    };
    let id = cursor.or_recover(read);
    Alias { name, id }
}

/// An account by its name, or the list of accounts that `from "FILE"` must mean, so that the names
/// in that list are not reported as well.
fn named_account(cursor: &mut Cursor<'_>, keyword: Span) -> Parsed<Statement> {
    let name = cursor.expect_word("the account's name")?;
    if name.text == "from" && !cursor.at(TokenKind::Equals) {
        let message = "`account` names one account, and `accounts` the list of all";
        cursor
            .diagnostics
            .push(Diagnostic::error(Code::Syntax, keyword, message).fix(
                "write `accounts`",
                keyword,
                "accounts",
            ));
        let path = cursor.or_recover(|cursor| cursor.expect_string(A_PATH));
        return Ok(Statement::Accounts(path));
    }
    let account = alias_of(cursor, name, "an account ID");
    Ok(Statement::Account(account))
}

/// `NAME = PRINCIPALS`
fn group(cursor: &mut Cursor<'_>) -> Parsed<Group> {
    let name = cursor.expect_word("the group's name")?;
    let read = |cursor: &mut Cursor<'_>| -> Parsed<Vec<Principal>> {
        cursor.expect(TokenKind::Equals)?;
        comma_separated(cursor, principal)
    };
    let members = cursor.or_recover(read).unwrap_or_default();
    Ok(Group { name, members })
}

/// `ID` or `"NAME"`
///
/// An ID may be in quotes, too; any other text in quotes is a name.
fn account(cursor: &mut Cursor<'_>) -> Parsed<Principal> {
    let is_quoted = cursor.at_string();
    let value = cursor.expect_value("an account ID")?;
    let is_number = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit() || b"-$".contains(&byte))
            || text.contains("${")
    };
    Ok(if is_quoted && !is_number(&value.text) {
        Principal::AccountCalled(value)
    } else {
        Principal::Account(value)
    })
}

/// `everyone`, `account ID`, `account "NAME"`, `organization ID`, `unit ID` or a name
fn principal(cursor: &mut Cursor<'_>) -> Parsed<Principal> {
    let word = cursor.expect_word("a principal")?;
    let keyword = Keyword::from_text(&word.text).and_then(PrincipalKeyword::of);
    match keyword {
        None => Ok(Principal::Named(word)),
        Some(PrincipalKeyword::Everyone) => Ok(Principal::Everyone(word.span)),
        // Without an ID after it, such a word is a name like any other.
        Some(
            PrincipalKeyword::Account | PrincipalKeyword::Organization | PrincipalKeyword::Unit,
        ) if !cursor.at_value() => Ok(Principal::Named(word)),
        Some(PrincipalKeyword::Account) => account(cursor),
        Some(PrincipalKeyword::Organization) => Ok(Principal::Organization(
            cursor.expect_value("an organization ID")?,
        )),
        Some(PrincipalKeyword::Unit) => {
            Ok(Principal::Unit(cursor.expect_value("the ID of a unit")?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    /// Reads a file in parts that begin at each of its lines, and at none.
    fn assert_same(source: &str) {
        let file = Sources::default().add("s", "");
        let lines = source.match_indices('\n').map(|(at, _)| at + 1);
        let starts: Vec<usize> = std::iter::once(0).chain(lines).collect();
        let [whole, parts] = [&[0], starts.as_slice()].map(|starts| {
            let read = parts::read(source.len(), starts, &|from, to| {
                part(file, source, from, to)
            });
            format!("{:#?}\n{:#?}", read.statements, read.diagnostics)
        });
        assert_eq!(whole, parts, "{source}");
    }

    #[test]
    fn a_file_in_parts_means_what_it_means_in_one() {
        for source in [
            "",
            "\u{feff}account a = 111111111111\nlayer b {\n  version 1 from ./b.zip\n}\n",
            "layer a {\n  version 1 from ./a.zip\n  share with b,\n  c\n}\nlayer b {}\n",
            "layer a {\n  version 1\nlayer b {\n  version 1 from ./b.zip\n}\nlayer c {\n}\n",
            "layer a {\nlayer b\n# \u{200b}\nlayer c for x in y,\nz {\n  content <x>\n}\n}\n}\n",
            "{\nlayer a {\n}\nlayer b {\n}\n",
            "group a =\nlayer b,\nlayer c\n\"layer\nlayer d { version 1 at \"x\n}\n",
        ] {
            assert_same(source);
            assert_same(&source.replace('\n', "\r\n"));
        }
    }
}
