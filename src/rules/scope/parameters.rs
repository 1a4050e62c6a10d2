//! `parameter NAME [[optional] TYPE] [= DEFAULT] ["text"]`

use super::ids::read_literal;
use crate::aws::quotas;
use crate::diagnostic::{Code, Diagnostic};
use crate::english::{list, nearest, quote};
use crate::rules::formats;
use crate::rules::model::{Parameter, ParameterKind, Spanned};
use crate::source::Span;
use crate::syntax::ast::{self, Name};

/// A parameter; `None` where its declaration is broken, which is then reported.
pub(super) fn read_parameter(
    parameter: &ast::Parameter,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Parameter> {
    let kind = match &parameter.kind {
        None => ParameterKind::String,
        Some(word) => {
            let kind = match parameter.optional {
                Some(optional) => optional_kind(word, optional),
                None => plain_kind(word),
            };
            match kind {
                Ok(kind) => kind,
                Err(diagnostic) => {
                    diagnostics.push(*diagnostic);
                    return None;
                }
            }
        }
    };
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
        Some(value) => Some(Spanned {
            value: read_literal(value, "a parameter's description", diagnostics)?,
            span: value.span,
        }),
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
    if let Some(text) = description
        .as_ref()
        .filter(|text| text.value.chars().count() > quotas::PARAMETER_DESCRIPTION)
    {
        diagnostics.push(
            Diagnostic::error(Code::TextLength, text.span, "this description is too long")
                .note("the description of a parameter has at most 4,000 characters"),
        );
    }
    Some(Parameter {
        name: Spanned {
            value: parameter.name.text.clone(),
            span: parameter.name.span,
        },
        kind,
        default,
        description: description.map(|text| text.value),
    })
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
