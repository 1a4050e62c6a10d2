//! `parameter NAME [[optional] TYPE] [= DEFAULT] ["text"] [{ … }]`

use super::ids::read_literal;
use crate::aws::quotas;
use crate::diagnostic::{Code, Diagnostic};
use crate::english::{list, nearest, quote};
use crate::rules::formats;
use crate::rules::model::{Parameter, ParameterKind, ParameterPattern, Spanned};
use crate::source::Span;
use crate::syntax::ast::{self, Name, ParameterStatement};
use crate::syntax::keyword::Keyword;
use regex_lite::Regex;

/// A parameter; `None` if its declaration is invalid, which is then reported.
pub(super) fn read_parameter(
    parameter: &ast::Parameter,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Parameter> {
    let kind = read_kind(parameter, diagnostics)?;
    let default = match &parameter.default {
        Some(value) => Some(Spanned {
            value: read_literal(value, "a parameter's default", diagnostics)?,
            span: value.span,
        }),
        // An optional value is empty by default.
        None => parameter.optional.map(|span| Spanned {
            value: String::new(),
            span,
        }),
    };
    let description = match &parameter.description {
        Some(value) => Some(read_description(value, diagnostics)?),
        None => None,
    };
    if let Some(default) = &default
        && let Some(problem) = default_problem(kind, &default.value)
    {
        let message = format!(
            "{} cannot be the default of this parameter",
            quote(&default.value)
        );
        diagnostics
            .push(Diagnostic::error(Code::InvalidDefault, default.span, message).note(problem));
        return None;
    }
    let body = read_body(parameter, kind, diagnostics);
    if let Some(default) = &default {
        body.check_default(default, diagnostics);
    }
    Some(Parameter {
        name: Spanned {
            value: parameter.name.text.clone(),
            span: parameter.name.span,
        },
        kind,
        default,
        description,
        allowed: body.allowed.into_iter().map(|said| said.value).collect(),
        pattern: body
            .pattern
            .map(|(written, _)| ParameterPattern::Written(written.value)),
        label: body.label.map(|written| written.value),
        place: 0,
        hidden: body.hidden.is_some(),
    })
}

fn read_kind(
    parameter: &ast::Parameter,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<ParameterKind> {
    let Some(word) = &parameter.kind else {
        return Some(ParameterKind::String);
    };
    let kind = match parameter.optional {
        Some(optional) => optional_kind(word, optional),
        None => plain_kind(word),
    };
    kind.map_err(|diagnostic| diagnostics.push(*diagnostic))
        .ok()
}

fn read_description(value: &ast::Value, diagnostics: &mut Vec<Diagnostic>) -> Option<String> {
    let text = read_literal(value, "a parameter's description", diagnostics)?;
    if text.chars().count() > quotas::PARAMETER_DESCRIPTION {
        diagnostics.push(
            Diagnostic::error(Code::TextLength, value.span, "this description is too long")
                .note("the description of a parameter has at most 4,000 characters"),
        );
    }
    Some(text)
}

/// What the body of a parameter says.
#[derive(Default)]
struct ParameterBody {
    allowed: Vec<Spanned<String>>,
    pattern: Option<(Spanned<String>, Regex)>,
    label: Option<Spanned<String>>,
    hidden: Option<Span>,
}

impl ParameterBody {
    /// Reports a default that is none of the values that are allowed.
    fn check_default(&self, default: &Spanned<String>, diagnostics: &mut Vec<Diagnostic>) {
        let is_listed = |all: &[Spanned<String>]| all.iter().any(|one| one.value == default.value);
        let first = self.allowed.first();
        let broken = match (first, &self.pattern) {
            (Some(first), _) if !is_listed(&self.allowed) => {
                Some((first.span, "it is not among the allowed values"))
            }
            (_, Some((written, pattern))) if !pattern.is_match(&default.value) => {
                Some((written.span, "the pattern does not match it"))
            }
            _ => None,
        };
        if let Some((span, why)) = broken {
            let message = format!(
                "{} cannot be the default of this parameter",
                quote(&default.value)
            );
            diagnostics.push(
                Diagnostic::error(Code::InvalidDefault, default.span, message).also(span, why),
            );
        }
    }
}

fn read_body(
    parameter: &ast::Parameter,
    kind: ParameterKind,
    diagnostics: &mut Vec<Diagnostic>,
) -> ParameterBody {
    let mut body = ParameterBody::default();
    for statement in &parameter.statements {
        match statement {
            ParameterStatement::Allowed(values) => {
                read_allowed(values, kind, &mut body.allowed, diagnostics);
            }
            ParameterStatement::Pattern(written) => {
                if let Some((first, _)) = &body.pattern {
                    diagnostics.push(repeated(Keyword::Pattern, written.span, first.span));
                } else {
                    body.pattern = read_pattern(written, kind, diagnostics);
                }
            }
            ParameterStatement::Label(written) => match &body.label {
                Some(first) => {
                    diagnostics.push(repeated(Keyword::Label, written.span, first.span));
                }
                None => body.label = read_label(written, diagnostics),
            },
            ParameterStatement::Hidden(span) => match body.hidden {
                Some(first) => diagnostics.push(repeated(Keyword::Hidden, *span, first)),
                None => body.hidden = Some(*span),
            },
        }
    }
    if let Some((written, pattern)) = &body.pattern
        && let Some(value) = body
            .allowed
            .iter()
            .find(|value| !pattern.is_match(&value.value))
    {
        let message = format!("the pattern does not match {}", quote(&value.value));
        diagnostics.push(
            Diagnostic::error(Code::InvalidAllowedValue, value.span, message)
                .also(written.span, "the pattern")
                .help("a list of values does not need a pattern: remove one of them"),
        );
    }
    body
}

fn repeated(statement: Keyword, span: Span, first: Span) -> Diagnostic {
    let message = format!("`{statement}` is repeated");
    Diagnostic::error(Code::RepeatedStatement, span, message)
        .label("repeated here")
        .also(first, "first given here")
}

/// `allowed VALUE, …`
fn read_allowed(
    values: &[ast::Value],
    kind: ParameterKind,
    allowed: &mut Vec<Spanned<String>>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for value in values {
        let Some(text) = read_literal(value, "an allowed value", diagnostics) else {
            continue;
        };
        let message = format!("{} cannot be a value of this parameter", quote(&text));
        let problem = match kind {
            ParameterKind::Switch => Some("a switch is `true` or `false`, and nothing else"),
            ParameterKind::String
            | ParameterKind::Account
            | ParameterKind::Organization
            | ParameterKind::OptionalAccount
            | ParameterKind::OptionalOrganization
            | ParameterKind::Number
            | ParameterKind::Ssm => default_problem(kind, &text),
        };
        if let Some(problem) = problem {
            diagnostics.push(
                Diagnostic::error(Code::InvalidAllowedValue, value.span, message).note(problem),
            );
        } else if let Some(first) = allowed.iter().find(|known| known.value == text) {
            let message = format!("{} is listed twice", quote(&text));
            diagnostics.push(
                Diagnostic::warning(Code::DuplicateItem, value.span, message)
                    .also(first.span, "first listed here"),
            );
        } else {
            let span = value.span;
            allowed.push(Spanned { value: text, span });
        }
    }
}

/// `pattern "REGEX"`
fn read_pattern(
    written: &ast::Value,
    kind: ParameterKind,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<(Spanned<String>, Regex)> {
    let (span, value) = (written.span, written.text.clone());
    if kind != ParameterKind::String {
        let message = format!(
            "a parameter of type `{}` cannot have a `pattern` statement",
            kind.name()
        );
        diagnostics.push(
            Diagnostic::error(Code::ParameterType, span, message)
                .note("its type already determines the form of its values")
                .help("to allow only some of them, list them: `allowed VALUE, …`"),
        );
        return None;
    }
    // The pattern must fit the whole value (CloudFormation User Guide, "Parameters").
    match Regex::new(&format!("^(?:{value})$")) {
        Ok(pattern) => Some((Spanned { value, span }, pattern)),
        Err(_) => {
            let message = format!("the compiler cannot check the pattern {}", quote(&value));
            diagnostics.push(
                Diagnostic::error(Code::InvalidPattern, span, message)
                    .note(
                        "it is a regular expression, for the whole value; look-around and \
                        references back are not supported",
                    )
                    .help("write for example `\"[a-z]{2,10}\"`"),
            );
            None
        }
    }
}

/// `label "text"`
fn read_label(written: &ast::Value, diagnostics: &mut Vec<Diagnostic>) -> Option<Spanned<String>> {
    let value = read_literal(written, "a parameter's label", diagnostics)?;
    let span = written.span;
    if value.trim().is_empty() {
        diagnostics.push(
            Diagnostic::error(Code::TextLength, span, "this label is empty")
                .note("the console would show a field without a name")
                .help("without `label`, the console shows the name of the parameter"),
        );
        return None;
    }
    Some(Spanned { value, span })
}

fn plain_kind(word: &Name) -> Result<ParameterKind, Box<Diagnostic>> {
    let mut all = ParameterKind::ALL.iter();
    let kind = all.find(|kind| kind.name() == word.text);
    kind.copied().ok_or_else(|| Box::new(unknown_type(word)))
}

/// The type after `optional`.
fn optional_kind(word: &Name, optional: Span) -> Result<ParameterKind, Box<Diagnostic>> {
    match plain_kind(word)? {
        ParameterKind::Account => Ok(ParameterKind::OptionalAccount),
        ParameterKind::Organization => Ok(ParameterKind::OptionalOrganization),
        ParameterKind::String
        | ParameterKind::OptionalAccount
        | ParameterKind::OptionalOrganization
        | ParameterKind::Switch
        | ParameterKind::Number
        | ParameterKind::Ssm => {
            let message = format!("no parameter is optional {}", quote(&word.text));
            let diagnostic = Diagnostic::error(Code::ParameterType, optional, message);
            Err(Box::new(diagnostic.note(
                "only an account or an organization may be empty: `optional account` or \
                `optional organization`",
            )))
        }
    }
}

fn unknown_type(word: &Name) -> Diagnostic {
    let message = format!("there is no parameter type {}", quote(&word.text));
    let diagnostic = Diagnostic::error(Code::ParameterType, word.span, message);
    let near = nearest(
        &word.text,
        ParameterKind::ALL.iter().map(|kind| kind.name()),
    );
    let names: Vec<String> = ParameterKind::ALL
        .iter()
        .map(|kind| format!("`{}`", kind.name()))
        .collect();
    diagnostic.suggest(
        word.span,
        near,
        format!("the types are {}", list(&names, "and")),
    )
}

/// What is wrong with a default, if anything.
fn default_problem(kind: ParameterKind, text: &str) -> Option<&'static str> {
    let (fits, problem) = match kind {
        ParameterKind::Account => (
            formats::is_account_id(text),
            "an account ID has 12 digits, leading zeros included",
        ),
        ParameterKind::Organization => (
            formats::is_organization_id(text),
            "an organization ID is `o-` and 10 to 32 lower-case letters and digits",
        ),
        ParameterKind::OptionalAccount => (
            text.is_empty() || formats::is_account_id(text),
            "an account ID has 12 digits, leading zeros included; for no account, write `\"\"`",
        ),
        ParameterKind::OptionalOrganization => (
            text.is_empty() || formats::is_organization_id(text),
            "an organization ID is `o-` and 10 to 32 lower-case letters and digits; for no \
                organization, write `\"\"`",
        ),
        ParameterKind::Switch => (
            matches!(text, "true" | "false"),
            "a switch is `true` or `false`",
        ),
        ParameterKind::Number => (
            text.parse::<f64>().is_ok_and(f64::is_finite),
            "the parameter's type is `number`",
        ),
        ParameterKind::Ssm => (
            formats::is_ssm_reference(text),
            "the default is the name of an SSM parameter",
        ),
        ParameterKind::String => (
            text.len() <= quotas::PARAMETER_VALUE_BYTES,
            "a parameter's value has at most 4,096 bytes",
        ),
    };
    if fits { None } else { Some(problem) }
}
