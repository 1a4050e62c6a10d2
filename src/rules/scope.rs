//! The names of a source: parameters, accounts, organizations and groups.

use super::formats::{self, PSEUDO_PARAMETERS};
use super::load::Unit;
use super::model::{Id, NamedPrincipal, Parameter, ParameterKind, Principal, Spanned};
use super::text::Text;
use crate::diagnostic::{Code, Diagnostic};
use crate::english::{list, nearest, quote};
use crate::source::Span;
use crate::syntax::ast::{self, Name, Statement, Value};
use crate::syntax::keyword::{Choice, Keyword, PrincipalKeyword};
use crate::syntax::text::{TextError, parts};
use indexmap::IndexMap;
use indexmap::map::Entry;
use std::sync::Arc;

/// Somebody that a rule leads to, and the place that names them.
pub type Member = (u32, Span);

/// A declared name and whether anything uses it.
#[derive(Debug)]
struct Declared<T> {
    span: Span,
    included: bool,
    used: bool,
    /// What it stands for; `None` where that is broken, which has been reported.
    meaning: Option<T>,
}

#[derive(Clone, Copy, Debug)]
enum Meaning {
    /// An index into the principals.
    Principal(u32),
    /// An index into the groups.
    Group(u32),
}

#[derive(Debug, Default)]
struct Group {
    members: Vec<(Meaning, Span)>,
    /// The last expansion that came by, so that none goes through a group twice.
    seen: u32,
    expanded: Option<Arc<[Member]>>,
}

/// Every name of a source and of what it includes.
#[derive(Debug, Default)]
pub struct Scope {
    parameters: IndexMap<String, Declared<Parameter>>,
    names: IndexMap<String, Declared<Meaning>>,
    principals: IndexMap<Principal, Vec<String>>,
    groups: Vec<Group>,
    expansions: u32,
}

impl Scope {
    /// Gathers the names that `units` declare.
    pub fn gather(units: &[Unit], diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut scope = Self::default();
        for unit in units {
            for statement in &unit.ast.statements {
                if let Statement::Parameter(parameter) = statement {
                    scope.declare_parameter(parameter, unit.is_included(), diagnostics);
                }
            }
        }
        let mut groups = Vec::new();
        for unit in units {
            for statement in &unit.ast.statements {
                scope.declare(statement, unit.is_included(), &mut groups, diagnostics);
            }
        }
        for (index, group) in groups.iter().enumerate() {
            let members = group.members.iter().filter_map(|member| scope.member(member, diagnostics)).collect();
            scope.groups[index].members = members;
        }
        scope.break_cycles(&groups, diagnostics);
        scope
    }

    fn declare_parameter(&mut self, parameter: &ast::Parameter, included: bool, diagnostics: &mut Vec<Diagnostic>) {
        let name = &parameter.name;
        if !formats::is_parameter_name(&name.text) {
            let message = format!("{} cannot name a parameter", quote(&name.text));
            diagnostics.push(
                Diagnostic::error(Code::InvalidName, name.span, message)
                    .note("CloudFormation's parameters are named by letters and digits, 255 at the most"),
            );
            return;
        }
        let meaning = read_parameter(parameter, diagnostics);
        declare(&mut self.parameters, name, included, meaning, diagnostics);
    }

    fn declare<'a>(
        &mut self,
        statement: &'a Statement,
        included: bool,
        groups: &mut Vec<&'a ast::Group>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let (name, meaning) = match statement {
            Statement::Account(alias) => {
                let id = alias.id.as_ref().and_then(|id| self.account(id, diagnostics));
                (&alias.name, id.map(|id| self.intern(Principal::Account(id), Some(&alias.name))))
            }
            Statement::Organization(alias) => {
                let id = alias.id.as_ref().and_then(|id| self.organization(id, diagnostics));
                (&alias.name, id.map(|id| self.intern(Principal::Organization(id), Some(&alias.name))))
            }
            Statement::Group(group) => {
                groups.push(group);
                self.groups.push(Group::default());
                (&group.name, Some(Meaning::Group(groups.len() as u32 - 1)))
            }
            _ => return,
        };
        if let Some(problem) = alias_problem(&name.text) {
            let message = format!("{} cannot be declared", quote(&name.text));
            diagnostics.push(Diagnostic::error(Code::InvalidName, name.span, message).note(problem));
        }
        declare(&mut self.names, name, included, meaning, diagnostics);
    }

    fn intern(&mut self, principal: Principal, name: Option<&Name>) -> Meaning {
        let entry = self.principals.entry(principal);
        let index = entry.index() as u32;
        entry.or_default().extend(name.map(|name| name.text.clone()));
        Meaning::Principal(index)
    }

    /// What a principal stands for; `None` where it is broken, which is then reported.
    fn member(&mut self, principal: &ast::Principal, diagnostics: &mut Vec<Diagnostic>) -> Option<(Meaning, Span)> {
        match principal {
            ast::Principal::Everyone(span) => Some((self.intern(Principal::Everyone, None), *span)),
            ast::Principal::Account(value) => {
                let id = self.account(value, diagnostics)?;
                Some((self.intern(Principal::Account(id), None), value.span))
            }
            ast::Principal::Organization(value) => {
                let id = self.organization(value, diagnostics)?;
                Some((self.intern(Principal::Organization(id), None), value.span))
            }
            ast::Principal::Named(name) => {
                let Some(declared) = self.names.get_mut(&name.text) else {
                    diagnostics.push(self.unknown_principal(name));
                    return None;
                };
                declared.used = true;
                declared.meaning.map(|meaning| (meaning, name.span))
            }
        }
    }

    fn unknown_principal(&self, name: &Name) -> Diagnostic {
        let message = format!("there is no account, organization or group {}", quote(&name.text));
        let diagnostic = Diagnostic::error(Code::UnknownName, name.span, message);
        if formats::is_account_id(&name.text) {
            return diagnostic.fix("write `account` before an ID", name.span, format!("account {}", name.text));
        }
        if formats::is_organization_id(&name.text) {
            return diagnostic.fix(
                "write `organization` before an ID",
                name.span,
                format!("organization {}", name.text),
            );
        }
        if formats::is_unit_id(&name.text) {
            return diagnostic
                .note("Lambda shares a layer with an account, an organization or everyone, not with a unit")
                .help("list the unit's accounts, or share with the whole organization");
        }
        let names = self.names.keys().map(String::as_str).chain([Keyword::Everyone.text()]);
        match nearest(&name.text, names) {
            Some(near) => diagnostic.fix(format!("write `{near}`"), name.span, near),
            None => diagnostic.help(format!("declare it: `account {} = ID`", shown(&name.text))),
        }
    }

    /// Reports groups that contain themselves, and takes the offending members out.
    fn break_cycles(&mut self, declared: &[&ast::Group], diagnostics: &mut Vec<Diagnostic>) {
        const NEW: u8 = 0;
        const OPEN: u8 = 1;
        const DONE: u8 = 2;
        let mut state = vec![NEW; self.groups.len()];
        for root in 0..self.groups.len() {
            let mut path = vec![(root, 0)];
            while let Some((group, next)) = path.pop() {
                state[group] = OPEN;
                let Some(&(meaning, span)) = self.groups[group].members.get(next) else {
                    state[group] = DONE;
                    continue;
                };
                path.push((group, next + 1));
                let Meaning::Group(inner) = meaning else {
                    continue;
                };
                match state[inner as usize] {
                    NEW => path.push((inner as usize, 0)),
                    OPEN => {
                        let name = &declared[inner as usize].name;
                        let message = format!("the group {} contains itself", quote(&name.text));
                        diagnostics.push(
                            Diagnostic::error(Code::GroupCycle, span, message)
                                .label("this closes the circle")
                                .also(name.span, "the group is declared here"),
                        );
                        self.groups[group].members.remove(next);
                        if let Some(top) = path.last_mut() {
                            top.1 = next;
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    /// Everybody that a list of principals leads to, with the place in the list that does; each is listed once for
    /// each such place.
    pub fn expand(&mut self, principals: &[ast::Principal], diagnostics: &mut Vec<Diagnostic>) -> Vec<Member> {
        let mut members = Vec::new();
        for principal in principals {
            match self.member(principal, diagnostics) {
                None => {}
                Some((Meaning::Principal(index), span)) => members.push((index, span)),
                Some((Meaning::Group(group), span)) => {
                    let expanded = self.expand_group(group);
                    members.extend(expanded.iter().map(|&(index, _)| (index, span)));
                }
            }
        }
        members
    }

    /// Everybody in a group and in its groups, once each.
    fn expand_group(&mut self, group: u32) -> Arc<[Member]> {
        if let Some(expanded) = &self.groups[group as usize].expanded {
            return Arc::clone(expanded);
        }
        self.expansions += 1;
        let mut found: IndexMap<u32, Span> = IndexMap::new();
        let mut open = vec![group];
        while let Some(group) = open.pop() {
            let group = &mut self.groups[group as usize];
            if std::mem::replace(&mut group.seen, self.expansions) == self.expansions {
                continue;
            }
            for &(meaning, span) in &group.members {
                match meaning {
                    Meaning::Principal(index) => {
                        found.entry(index).or_insert(span);
                    }
                    Meaning::Group(inner) => open.push(inner),
                }
            }
        }
        let expanded: Arc<[Member]> = found.into_iter().collect();
        self.groups[group as usize].expanded = Some(Arc::clone(&expanded));
        expanded
    }

    /// The principal of an index that [`Scope::expand`] gave.
    pub fn principal(&self, index: u32) -> Option<&Principal> {
        self.principals.get_index(index as usize).map(|(principal, _)| principal)
    }

    /// What the source calls the principal of an index, in alphabetical order with commas between.
    pub fn names_of(&self, index: u32) -> Option<Arc<str>> {
        self.principals.get_index(index as usize).and_then(|(_, names)| joined(names))
    }

    /// A parameter that holds an account ID.
    pub fn account_parameter(&self, name: &str, span: Span, diagnostics: &mut Vec<Diagnostic>) -> Option<Id> {
        self.typed_parameter(name, ParameterKind::Account, span, diagnostics)
    }

    /// An account ID, or a parameter that holds one.
    fn account(&mut self, value: &Value, diagnostics: &mut Vec<Diagnostic>) -> Option<Id> {
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
        } else if digits == 12 && value.text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
            diagnostic = diagnostic.fix("leave the dashes out", value.span, value.text.replace('-', ""));
        }
        diagnostics.push(diagnostic);
        None
    }

    /// An organization ID, or a parameter that holds one.
    fn organization(&mut self, value: &Value, diagnostics: &mut Vec<Diagnostic>) -> Option<Id> {
        let text = self.text(value, diagnostics)?;
        if let Some(name) = text.as_parameter() {
            return self.typed_parameter(name, ParameterKind::Organization, value.span, diagnostics);
        }
        if let Some(id) = text.as_literal().filter(|id| formats::is_organization_id(id)) {
            return Some(Id::Literal(id.to_owned()));
        }
        let message = format!("{} is not an organization ID", quote(&value.text));
        let mut diagnostic = Diagnostic::error(Code::InvalidOrganization, value.span, message)
            .note("an organization ID is `o-` and 10 to 32 lower-case letters and digits");
        if formats::is_unit_id(&value.text) {
            diagnostic = diagnostic
                .label("this is a unit or a root")
                .note("Lambda shares a layer with an account, an organization or everyone, not with a unit")
                .help("list the unit's accounts, or share with the whole organization");
        }
        diagnostics.push(diagnostic);
        None
    }

    /// A parameter that may stand for a principal: only one whose type keeps every other value out of it.
    fn typed_parameter(
        &self,
        name: &str,
        kind: ParameterKind,
        span: Span,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Id> {
        let wanted = kind_name(kind);
        let Some(declared) = self.parameters.get(name) else {
            let message = format!("`{name}` cannot stand for an {wanted}");
            let diagnostic = Diagnostic::error(Code::ParameterType, span, message);
            diagnostics.push(match name {
                "AWS::AccountId" if kind == ParameterKind::Account => {
                    diagnostic.note("an account can always use its own layers")
                }
                _ => diagnostic.note("only a parameter of that type keeps empty and malformed values out"),
            });
            return None;
        };
        let parameter = declared.meaning.as_ref()?;
        if parameter.kind == kind {
            return Some(Id::Parameter(name.to_owned()));
        }
        let found = kind_name(parameter.kind);
        diagnostics.push(
            Diagnostic::error(Code::ParameterType, span, format!("`{name}` is a parameter of type `{found}`"))
                .label(format!("an {wanted} must come from a parameter of type `{wanted}`"))
                .also(declared.span, "declared here")
                .note("that type carries a pattern, so that an empty or malformed value cannot widen a grant")
                .help(format!("declare it as `parameter {name} {wanted}`")),
        );
        None
    }

    /// A text in which parameters may stand.
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
        let names = self.parameters.keys().map(String::as_str).chain(PSEUDO_PARAMETERS.iter().copied());
        match nearest(name, names) {
            Some(near) => diagnostic.help(format!("there is `{near}`")),
            None => diagnostic
                .help(format!("declare it with `parameter {}`, or write `$${{` for a literal `${{`", shown(name))),
        }
    }

    /// A text in which no parameter may stand. `what` names it in messages.
    pub fn literal(&self, value: &Value, what: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<String> {
        read_literal(value, what, diagnostics)
    }

    /// Reports the names of the root that nothing uses.
    pub fn report_unused(&self, diagnostics: &mut Vec<Diagnostic>) {
        report_unused(&self.names, "nothing uses", diagnostics);
        report_unused(&self.parameters, "nothing uses the parameter", diagnostics);
    }

    /// The parameters and principals that belong in the template, each in an order that does not depend on the
    /// source's, and for each principal's index its place in that order.
    pub fn finish(self) -> (Vec<Parameter>, Vec<NamedPrincipal>, Vec<u32>) {
        let wanted = |declared: &Declared<Parameter>| declared.used || !declared.included;
        let parameters = self.parameters.into_values().filter(wanted).filter_map(|declared| declared.meaning);
        let mut parameters: Vec<Parameter> = parameters.collect();
        parameters.sort_by(|a, b| a.name.value.cmp(&b.name.value));
        let mut order: Vec<usize> = (0..self.principals.len()).collect();
        order.sort_by_key(|&index| self.principals.get_index(index));
        let mut rank = vec![0; order.len()];
        for (place, &index) in order.iter().enumerate() {
            rank[index] = place as u32;
        }
        let named = order
            .iter()
            .filter_map(|&index| self.principals.get_index(index))
            .map(|(principal, names)| NamedPrincipal { principal: principal.clone(), names: joined(names) });
        (parameters, named.collect(), rank)
    }
}

/// Declared names as one text; `None` where there are none.
fn joined(names: &[String]) -> Option<Arc<str>> {
    let mut names = names.to_vec();
    names.sort();
    names.dedup();
    (!names.is_empty()).then(|| Arc::from(names.join(", ")))
}

/// A user's word inside a longer example, cut to a readable length.
fn shown(word: &str) -> String {
    quote(word).trim_matches('`').to_owned()
}

fn declare<T>(
    names: &mut IndexMap<String, Declared<T>>,
    name: &Name,
    included: bool,
    meaning: Option<T>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    match names.entry(name.text.clone()) {
        Entry::Vacant(entry) => {
            entry.insert(Declared { span: name.span, included, used: false, meaning });
        }
        Entry::Occupied(entry) => {
            let message = format!("the name {} is declared twice", quote(&name.text));
            diagnostics.push(
                Diagnostic::error(Code::DuplicateName, name.span, message)
                    .label("declared again here")
                    .also(entry.get().span, "first declared here"),
            );
        }
    }
}

fn report_unused<T>(names: &IndexMap<String, Declared<T>>, what: &str, diagnostics: &mut Vec<Diagnostic>) {
    for (name, declared) in names {
        if !declared.used && !declared.included {
            let message = format!("{what} {}", quote(name));
            diagnostics.push(Diagnostic::warning(Code::Unused, declared.span, message));
        }
    }
}

fn read_literal(value: &Value, what: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<String> {
    let text = read_text(value, diagnostics)?;
    if let Some(text) = text.as_literal() {
        return Some(text.to_owned());
    }
    diagnostics.push(
        Diagnostic::error(Code::ParameterNotAllowed, value.span, format!("no parameter can stand in {what}"))
            .help("write the text out; a literal `${` is written `$${`"),
    );
    None
}

fn read_text(value: &Value, diagnostics: &mut Vec<Diagnostic>) -> Option<Text> {
    let error = match parts(&value.text) {
        Ok(parts) => return Some(Text::new(parts)),
        Err(error) => error,
    };
    let (message, help) = match error {
        TextError::ParameterName(name) => (
            format!("{} cannot be the name of a parameter", quote(&name)),
            "a parameter's name is made of letters and digits; a literal `${` is written `$${`",
        ),
        TextError::Unclosed | TextError::Escape(_) => {
            ("this `${` is not closed".to_owned(), "close it with `}`; a literal `${` is written `$${`")
        }
    };
    diagnostics.push(Diagnostic::error(Code::UnclosedParameter, value.span, message).help(help));
    None
}

/// The names of the types of a parameter.
const KINDS: &[(&str, ParameterKind)] = &[
    ("string", ParameterKind::String),
    ("account", ParameterKind::Account),
    ("organization", ParameterKind::Organization),
    ("number", ParameterKind::Number),
    ("ssm", ParameterKind::Ssm),
];

fn kind_name(kind: ParameterKind) -> &'static str {
    KINDS.iter().find(|(_, candidate)| *candidate == kind).map_or("", |(name, _)| name)
}

fn read_parameter(parameter: &ast::Parameter, diagnostics: &mut Vec<Diagnostic>) -> Option<Parameter> {
    let kind = match &parameter.kind {
        None => ParameterKind::String,
        Some(word) => match KINDS.iter().find(|(name, _)| *name == word.text) {
            Some((_, kind)) => *kind,
            None => {
                diagnostics.push(unknown_kind(word));
                return None;
            }
        },
    };
    let default = match &parameter.default {
        Some(value) => {
            Some(Spanned { value: read_literal(value, "a parameter's default", diagnostics)?, span: value.span })
        }
        None => None,
    };
    let description = match &parameter.description {
        Some(value) => {
            Some(Spanned { value: read_literal(value, "a parameter's description", diagnostics)?, span: value.span })
        }
        None => None,
    };
    if let Some(default) = &default
        && let Some(problem) = default_problem(kind, &default.value)
    {
        let message = format!("{} cannot be the default of this parameter", quote(&default.value));
        diagnostics.push(Diagnostic::error(Code::InvalidDefault, default.span, message).note(problem));
        return None;
    }
    if let Some(text) = description.as_ref().filter(|text| text.value.chars().count() > 4000) {
        diagnostics.push(
            Diagnostic::error(Code::TextLength, text.span, "this description is too long")
                .note("the description of a parameter has at most 4,000 characters"),
        );
    }
    Some(Parameter {
        name: Spanned { value: parameter.name.text.clone(), span: parameter.name.span },
        kind,
        default,
        description: description.map(|text| text.value),
    })
}

fn unknown_kind(word: &Name) -> Diagnostic {
    let message = format!("there is no parameter type {}", quote(&word.text));
    let diagnostic = Diagnostic::error(Code::ParameterType, word.span, message);
    match nearest(&word.text, KINDS.iter().map(|(name, _)| *name)) {
        Some(near) => diagnostic.fix(format!("write `{near}`"), word.span, near),
        None => {
            let names: Vec<String> = KINDS.iter().map(|(name, _)| format!("`{name}`")).collect();
            diagnostic.help(format!("the types are {}", list(&names, "and")))
        }
    }
}

/// What is wrong with a default, if anything.
fn default_problem(kind: ParameterKind, text: &str) -> Option<&'static str> {
    match kind {
        ParameterKind::Account => {
            (!formats::is_account_id(text)).then_some("an account ID has 12 digits, leading zeros included")
        }
        ParameterKind::Organization => (!formats::is_organization_id(text))
            .then_some("an organization ID is `o-` and 10 to 32 lower-case letters and digits"),
        ParameterKind::Number => {
            (!text.parse::<f64>().is_ok_and(f64::is_finite)).then_some("the parameter's type is `number`")
        }
        ParameterKind::Ssm => {
            (!formats::is_ssm_reference(text)).then_some("the default is the name of an SSM parameter")
        }
        ParameterKind::String => (text.len() > 4096).then_some("a parameter's value has at most 4,096 bytes"),
    }
}

/// What is wrong with a name that a source declares, if anything.
fn alias_problem(name: &str) -> Option<&'static str> {
    match Keyword::from_text(name).and_then(PrincipalKeyword::of) {
        Some(PrincipalKeyword::Everyone) => Some("`everyone` stands for every AWS account, and for nothing else"),
        Some(PrincipalKeyword::Account | PrincipalKeyword::Organization | PrincipalKeyword::Unit) => {
            Some("this word is a keyword: it introduces an ID")
        }
        None if !formats::is_alias(name) => {
            Some("a name begins with a letter and is made of letters, digits, `-` and `_`, at most 100 of them")
        }
        None => None,
    }
}
