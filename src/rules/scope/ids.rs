//! IDs and texts, with the parameters that they may contain.

use super::{Scope, shown};
use crate::diagnostic::{Code, Diagnostic};
use crate::english::{nearest, quote};
use crate::rules::formats::{self, PSEUDO_PARAMETERS};
use crate::rules::model::{Id, ParameterKind, ParameterPattern};
use crate::rules::text::Text;
use crate::source::Span;
use crate::syntax::ast::{Name, Value};
use crate::syntax::text::{TextError, parts};

impl Scope {
    /// A parameter that holds an account ID, in a text that must not lose it.
    pub fn account_parameter(
        &self,
        name: &str,
        span: Span,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Id> {
        let id = self.typed_parameter(name, ParameterKind::Account, span, diagnostics)?;
        if let Id::Optional(name) = &id {
            diagnostics.push(may_be_missing(name, span));
            return None;
        }
        Some(id)
    }

    /// A parameter of type `switch`, by its name.
    pub fn switch(&mut self, name: &Name, diagnostics: &mut Vec<Diagnostic>) -> Option<String> {
        let bare = name.text.strip_prefix("${");
        let bare = bare.and_then(|bare| bare.strip_suffix('}'));
        if let Some(bare) = bare.filter(|bare| self.parameters.contains_key(*bare)) {
            let message = "a switch is written without `${` and `}`";
            diagnostics.push(
                Diagnostic::error(Code::ParameterType, name.span, message).fix(
                    format!("write `{bare}`"),
                    name.span,
                    bare,
                ),
            );
            return None;
        }
        let Some(declared) = self.parameters.get_mut(&name.text) else {
            let message = format!("there is no switch {}", quote(&name.text));
            let diagnostic = Diagnostic::error(Code::UnknownParameter, name.span, message);
            let switches = self.parameters.iter().filter(|(_, declared)| {
                let kind = declared.referent.as_ref().map(|parameter| parameter.kind);
                kind == Some(ParameterKind::Switch)
            });
            let near = nearest(&name.text, switches.map(|(name, _)| name.as_str()));
            diagnostics.push(diagnostic.suggest(
                name.span,
                near,
                format!(
                    "declare it: `parameter {} switch = false`",
                    shown(&name.text)
                ),
            ));
            return None;
        };
        declared.used = true;
        let kind = declared.referent.as_ref()?.kind;
        if kind == ParameterKind::Switch {
            return Some(name.text.clone());
        }
        let message = format!("`{}` is a parameter of type `{}`", name.text, kind.name());
        diagnostics.push(
            Diagnostic::error(Code::ParameterType, name.span, message)
                .label("only a parameter of type `switch` can be used here")
                .also(declared.span, "declared here")
                .help(format!(
                    "declare one, which is `true` or `false`: `parameter {} switch = false`",
                    name.text
                )),
        );
        None
    }

    /// An account ID, or a parameter that holds one.
    pub(super) fn account(
        &mut self,
        value: &Value,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Id> {
        let text = self.text(value, diagnostics)?;
        if let Some(name) = text.as_parameter() {
            return self.typed_parameter(name, ParameterKind::Account, value.span, diagnostics);
        }
        if let Some(id) = text.as_literal().filter(|id| formats::is_account_id(id)) {
            return Some(Id::Literal(id.to_owned()));
        }
        let message = format!("{} is not an account ID", quote(&value.text));
        let digits = value.text.bytes().filter(u8::is_ascii_digit).count();
        let mut diagnostic = Diagnostic::error(Code::InvalidAccount, value.span, message)
            .note("an account ID has 12 digits, leading zeros included");
        if digits == value.text.len() && digits != 12 {
            diagnostic = diagnostic.label(format!("this has {digits}"));
        } else if digits == 12
            && value
                .text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'-')
        {
            diagnostic =
                diagnostic.fix("remove the dashes", value.span, value.text.replace('-', ""));
        } else if self.has_accounts {
            diagnostic = diagnostic.help(
                "put the name that the organization gives an account in quotes, in a rule or a \
                    group: `account \"NAME\"`",
            );
        }
        diagnostics.push(diagnostic);
        None
    }

    /// An organization ID, or a parameter that holds one.
    pub(super) fn organization(
        &mut self,
        value: &Value,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Id> {
        let text = self.text(value, diagnostics)?;
        if let Some(name) = text.as_parameter() {
            return self.typed_parameter(
                name,
                ParameterKind::Organization,
                value.span,
                diagnostics,
            );
        }
        if let Some(id) = text
            .as_literal()
            .filter(|id| formats::is_organization_id(id))
        {
            return Some(Id::Literal(id.to_owned()));
        }
        let message = format!("{} is not an organization ID", quote(&value.text));
        let mut diagnostic = Diagnostic::error(Code::InvalidOrganization, value.span, message)
            .note("an organization ID is `o-` and 10 to 32 lower-case letters and digits");
        if formats::is_unit_id(&value.text) {
            diagnostic = diagnostic
                .label("this is a unit or a root")
                .note(
                    "Lambda shares a layer with an account, an organization or everyone, not \
                with a unit",
                )
                .help("write `unit NAME = ID`: a unit stands for its accounts");
        }
        diagnostics.push(diagnostic);
        None
    }

    /// A parameter that may stand for a principal: only one whose type excludes every other value.
    fn typed_parameter(
        &self,
        name: &str,
        kind: ParameterKind,
        span: Span,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Id> {
        let wanted = kind.name();
        let Some(declared) = self.parameters.get(name) else {
            let message = format!("`{name}` cannot stand for an {wanted}");
            let diagnostic = Diagnostic::error(Code::ParameterType, span, message);
            diagnostics.push(match name {
                "AWS::AccountId" if kind == ParameterKind::Account => {
                    diagnostic.note("an account can always use its own layers")
                }
                _ => diagnostic
                    .note("only a parameter of that type refuses empty and malformed values"),
            });
            return None;
        };
        let parameter = declared.referent.as_ref()?;
        if parameter.kind == kind {
            return Some(Id::Parameter(name.to_owned()));
        }
        let optional = match kind {
            ParameterKind::Account => Some(ParameterKind::OptionalAccount),
            ParameterKind::Organization => Some(ParameterKind::OptionalOrganization),
            ParameterKind::String
            | ParameterKind::OptionalAccount
            | ParameterKind::OptionalOrganization
            | ParameterKind::Switch
            | ParameterKind::Number
            | ParameterKind::Ssm => None,
        };
        if Some(parameter.kind) == optional {
            return Some(Id::Optional(name.to_owned()));
        }
        let found = parameter.kind.name();
        diagnostics.push(
            Diagnostic::error(
                Code::ParameterType,
                span,
                format!(
                    "`{name}` is a parameter of type \
            `{found}`"
                ),
            )
            .label(format!(
                "an {wanted} must come from a parameter of type `{wanted}`"
            ))
            .also(declared.span, "declared here")
            .note("that type has a pattern, so an empty or malformed value cannot widen a grant")
            .help(format!("declare it as `parameter {name} {wanted}`")),
        );
        None
    }

    /// The most characters of a parameter that stands in the name of a layer; `None` where it
    /// cannot, which is then reported.
    pub fn part_of_layer_name(
        &mut self,
        name: &str,
        span: Span,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<usize> {
        let Some(declared) = self.parameters.get(name) else {
            // The longest partition, region and name of a stack (CloudFormation API reference,
            // `CreateStack`), with room for new ones.
            let longest = match name {
                "AWS::AccountId" => Some(12),
                "AWS::Partition" => Some(16),
                "AWS::Region" => Some(24),
                "AWS::StackName" => Some(128),
                _ => None,
            };
            if longest.is_none() {
                let message = format!("`{name}` cannot be used in the name of a layer");
                diagnostics.push(
                    Diagnostic::error(Code::ParameterNotAllowed, span, message)
                        .note("its value has characters that a layer's name cannot have"),
                );
            }
            return longest;
        };
        let parameter = declared.referent.as_ref()?;
        match parameter.kind {
            ParameterKind::String => {
                let lengths = parameter.allowed.iter().map(String::len);
                let longest = lengths.max().unwrap_or(formats::LAYER_NAME_PART);
                let first = self.in_layer_names.entry(name.to_owned());
                first.or_insert(span);
                Some(longest)
            }
            ParameterKind::Account => Some(12),
            ParameterKind::Organization => Some(34),
            ParameterKind::Switch => Some(5),
            ParameterKind::OptionalAccount
            | ParameterKind::OptionalOrganization
            | ParameterKind::Number
            | ParameterKind::Ssm => {
                let message = format!(
                    "`{name}` is a parameter of type `{}`, and cannot be used in the name of a \
                    layer",
                    parameter.kind.name()
                );
                diagnostics.push(
                    Diagnostic::error(Code::ParameterType, span, message)
                        .also(declared.span, "declared here")
                        .note(
                            "a name must not be empty, and must not have a wildcard in it; nothing \
                            keeps this parameter from either",
                        )
                        .help(format!(
                            "declare a parameter of type `string`: `parameter {name}`"
                        )),
                );
                None
            }
        }
    }

    /// Gives the parameters in the names of layers their pattern, and reports those that have
    /// something else.
    pub fn check_layer_names(&mut self, diagnostics: &mut Vec<Diagnostic>) {
        for (name, &used) in &self.in_layer_names {
            let Some(parameter) = self
                .parameters
                .get_mut(name)
                .and_then(|declared| declared.referent.as_mut())
            else {
                continue;
            };
            if parameter.pattern.is_some() {
                let message = format!("`{name}` has its own pattern");
                diagnostics.push(
                    Diagnostic::error(Code::ParameterType, parameter.name.span, message)
                        .also(used, "the name of a layer uses it here")
                        .note(
                            "there, it gets the pattern of such names, so that it can hold neither \
                            nothing nor a wildcard",
                        )
                        .help("remove `pattern`, or list the values: `allowed VALUE, …`"),
                );
                continue;
            }
            let default = parameter.default.as_ref();
            let span = default.map_or(parameter.name.span, |default| default.span);
            let values = default.map(|default| (&default.value, default.span));
            let allowed = parameter.allowed.iter().map(|value| (value, span));
            if let Some((value, span)) = values
                .into_iter()
                .chain(allowed)
                .find(|(value, _)| !formats::is_layer_name_part(value))
            {
                let what = match value.as_str() {
                    "" => "an empty text".to_owned(),
                    value => quote(value),
                };
                let message = format!("{what} is not allowed in the name of a layer");
                diagnostics.push(
                    Diagnostic::error(Code::InvalidDefault, span, message)
                        .also(used, format!("the name of a layer uses `{name}` here"))
                        .note("in such a name, it needs 1 to 64 letters, digits, `-` and `_`"),
                );
            }
            parameter.pattern = Some(ParameterPattern::LayerName);
        }
    }

    /// Whether a parameter's value is shown to nobody.
    pub fn is_hidden(&self, name: &str) -> bool {
        let declared = self.parameters.get(name);
        let parameter = declared.and_then(|declared| declared.referent.as_ref());
        parameter.is_some_and(|parameter| parameter.hidden)
    }

    /// A text that may contain parameters.
    pub fn text(&mut self, value: &Value, diagnostics: &mut Vec<Diagnostic>) -> Option<Text> {
        let text = read_text(value, diagnostics)?;
        let mut known = true;
        for name in text.parameters() {
            if let Some(declared) = self.parameters.get_mut(name) {
                declared.used = true;
            } else if !PSEUDO_PARAMETERS.contains(&name) {
                diagnostics.push(self.unknown_parameter(name, value.span));
                known = false;
            }
        }
        known.then_some(text)
    }

    fn unknown_parameter(&self, name: &str, span: Span) -> Diagnostic {
        let message = format!("there is no parameter {}", quote(name));
        let diagnostic = Diagnostic::error(Code::UnknownParameter, span, message);
        let names = self
            .parameters
            .keys()
            .map(String::as_str)
            .chain(PSEUDO_PARAMETERS.iter().copied());
        match nearest(name, names) {
            Some(near) => diagnostic.help(format!(
                "a parameter with a similar name exists: \
                `{near}`"
            )),
            None => diagnostic.help(format!(
                "declare it with `parameter {}`, or write `$${{` for a literal `${{`",
                shown(name)
            )),
        }
    }

    /// A text that cannot contain parameters. `what` names it in messages.
    #[expect(
        clippy::unused_self,
        reason = "what reads values is a method of the scope"
    )]
    pub fn literal(
        &self,
        value: &Value,
        what: &str,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<String> {
        read_literal(value, what, diagnostics)
    }
}

/// Reports a parameter that may be empty where an account must be.
pub fn may_be_missing(name: &str, span: Span) -> Diagnostic {
    Diagnostic::error(
        Code::ParameterType,
        span,
        format!("`{name}` may be empty, and an account or organization is required here"),
    )
    .note("only principals of shares and claims may be empty")
    .help("declare it without `optional`, or remove it here")
}

/// A text that cannot contain parameters. `what` names it in messages.
pub(super) fn read_literal(
    value: &Value,
    what: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<String> {
    let text = read_text(value, diagnostics)?;
    if let Some(text) = text.as_literal() {
        return Some(text.to_owned());
    }
    diagnostics.push(
        Diagnostic::error(
            Code::ParameterNotAllowed,
            value.span,
            format!("{what} cannot contain a parameter"),
        )
        .help("write the text out; a literal `${` is written `$${`"),
    );
    None
}

fn read_text(value: &Value, diagnostics: &mut Vec<Diagnostic>) -> Option<Text> {
    // Nearly all texts are one part.
    if memchr::memchr(b'$', value.text.as_bytes()).is_none() {
        return Some(Text::literal(value.text.as_str()));
    }
    let error = match parts(&value.text) {
        Ok(parts) => return Some(Text::new(parts)),
        Err(error) => error,
    };
    let (message, help) = match error {
        TextError::ParameterName(name) => (
            format!("{} cannot be the name of a parameter", quote(&name)),
            "a parameter's name is made of letters and digits; a literal `${` is written `$${`",
        ),
        TextError::Unclosed | TextError::Escape(_) => (
            "this `${` is not closed".to_owned(),
            "close it with `}`; a literal `${` is written `$${`",
        ),
    };
    diagnostics.push(Diagnostic::error(Code::UnclosedParameter, value.span, message).help(help));
    None
}
