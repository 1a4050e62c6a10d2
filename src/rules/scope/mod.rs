//! The names of a source: parameters, accounts, organizations and groups. This file has the table
//! of symbols.

mod groups;
mod ids;
mod organization;
mod parameters;

pub use ids::may_be_missing;

use super::formats;
use super::load::Unit;
use super::model::{NamedPrincipal, Parameter, ParameterKind, Principal};
use super::organization::Organization;
use crate::diagnostic::{Code, Diagnostic};
use crate::english::{nearest, quote};
use crate::source::Span;
use crate::syntax::ast::{self, Name, Statement};
use crate::syntax::keyword::{Choice, Keyword, PrincipalKeyword};
use foldhash::fast::RandomState;
use groups::Group;
pub use groups::TargetPrincipal;
use indexmap::map::Entry;
use indexmap::{IndexMap, IndexSet};
use parameters::read_parameter;
use std::collections::HashMap;
use std::sync::Arc;

/// Somebody that a rule leads to, and the place that names them.
pub type PrincipalUse = (u32, Span);

/// A declared name and whether anything uses it.
#[derive(Debug)]
struct DeclaredName<T> {
    span: Span,
    included: bool,
    used: bool,
    /// What it stands for; `None` if that is invalid, which has been reported.
    referent: Option<T>,
}

#[derive(Clone, Copy, Debug)]
enum Referent {
    /// An index into the principals.
    Principal(u32),
    /// An index into the groups.
    Group(u32),
}

/// Every name of a source and its includes.
#[derive(Debug, Default)]
pub struct Scope {
    parameters: IndexMap<String, DeclaredName<Parameter>>,
    names: IndexMap<String, DeclaredName<Referent>>,
    principals: IndexMap<Principal, Vec<String>, RandomState>,
    groups: Vec<Group>,
    expansions: u32,
    /// The accounts that the accounts file lists.
    organization: Option<Arc<Organization>>,
    /// Whether there is an accounts file, even an unreadable one.
    has_accounts: bool,
    /// The groups of the accounts of units, by the units' IDs.
    units: HashMap<String, u32>,
    /// The units that stand for their accounts somewhere, in the order of their uses.
    used_as_accounts: IndexSet<u32>,
    /// The parameters of type `string` that stand in the names of layers, and where first.
    in_layer_names: IndexMap<String, Span>,
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
        scope.take_accounts(units, diagnostics);
        let mut groups = Vec::new();
        for unit in units {
            for statement in &unit.ast.statements {
                scope.declare(statement, unit.is_included(), &mut groups, diagnostics);
            }
        }
        for (index, group) in &groups {
            let members = group
                .members
                .iter()
                .filter_map(|member| scope.member(member, diagnostics))
                .collect();
            scope.groups[*index].members = members;
        }
        let mut declared = vec![None; scope.groups.len()];
        for (index, group) in groups {
            declared[index] = Some(group);
        }
        scope.break_cycles(&declared, diagnostics);
        scope
    }

    fn declare_parameter(
        &mut self,
        parameter: &ast::Parameter,
        included: bool,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let name = &parameter.name;
        if !formats::is_parameter_name(&name.text) {
            let message = format!("{} cannot name a parameter", quote(&name.text));
            diagnostics.push(
                Diagnostic::error(Code::InvalidName, name.span, message)
                    .note("a parameter of CloudFormation has at most 255 letters and digits"),
            );
            return;
        }
        let referent = read_parameter(parameter, diagnostics);
        declare(&mut self.parameters, name, included, referent, diagnostics);
    }

    fn declare<'a>(
        &mut self,
        statement: &'a Statement,
        included: bool,
        groups: &mut Vec<(usize, &'a ast::Group)>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let (name, referent) = match statement {
            Statement::Account(alias) => {
                let id = alias.id.as_ref().and_then(|written| {
                    let id = self.account(written, diagnostics)?;
                    self.note_unlisted(&id, written.span, diagnostics);
                    Some(id)
                });
                (
                    &alias.name,
                    id.map(|id| self.intern(Principal::Account(id), Some(&alias.name))),
                )
            }
            Statement::Organization(alias) => {
                let id = alias
                    .id
                    .as_ref()
                    .and_then(|id| self.organization(id, diagnostics));
                (
                    &alias.name,
                    id.map(|id| self.intern(Principal::Organization(id), Some(&alias.name))),
                )
            }
            Statement::Group(group) => {
                groups.push((self.groups.len(), group));
                self.groups.push(Group::default());
                let index = self.groups.len() as u32 - 1;
                (&group.name, Some(Referent::Group(index)))
            }
            Statement::Unit(alias) => {
                let id = alias.id.as_ref();
                let unit = id.and_then(|id| self.unit(id, Some(&alias.name), diagnostics));
                (&alias.name, unit)
            }
            Statement::Stack(_)
            | Statement::Regions(..)
            | Statement::RollOut(_)
            | Statement::Parameter(_)
            | Statement::Include(_)
            | Statement::Accounts(_)
            | Statement::Layer(_)
            | Statement::Restriction(_)
            | Statement::Expect(_) => return,
        };
        if let Some(problem) = alias_problem(&name.text) {
            let message = format!("{} cannot be declared", quote(&name.text));
            diagnostics
                .push(Diagnostic::error(Code::InvalidName, name.span, message).note(problem));
        }
        declare(&mut self.names, name, included, referent, diagnostics);
    }

    fn intern(&mut self, principal: Principal, name: Option<&Name>) -> Referent {
        let entry = self.principals.entry(principal);
        let index = entry.index() as u32;
        entry
            .or_default()
            .extend(name.map(|name| name.text.clone()));
        Referent::Principal(index)
    }

    /// Takes the accounts file. There is at most one.
    fn take_accounts(&mut self, units: &[Unit], diagnostics: &mut Vec<Diagnostic>) {
        let mut first: Option<Span> = None;
        for (span, organization) in units.iter().flat_map(|unit| &unit.accounts) {
            match first {
                None => {
                    first = Some(*span);
                    self.organization.clone_from(organization);
                }
                Some(first) => diagnostics.push(
                    Diagnostic::error(
                        Code::RepeatedStatement,
                        *span,
                        format!("`{}` is repeated", Keyword::Accounts),
                    )
                    .label("repeated here")
                    .also(first, "first given here")
                    .help("list the accounts of the organization in one file"),
                ),
            }
        }
        self.has_accounts = first.is_some() || units.iter().any(|unit| unit.lacks_accounts);
    }

    /// What a principal stands for; `None` if it is invalid, which is then reported.
    fn member(
        &mut self,
        principal: &ast::Principal,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<(Referent, Span)> {
        let found = self.member_of(principal, diagnostics)?;
        if let Referent::Group(group) = found.0 {
            self.use_as_accounts(group);
        }
        Some(found)
    }

    /// The same, but a unit stands for itself and not for its accounts.
    fn member_of(
        &mut self,
        principal: &ast::Principal,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<(Referent, Span)> {
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
            ast::Principal::AccountCalled(name) => {
                let account = self.named_account(name, diagnostics)?;
                Some((account, name.span))
            }
            ast::Principal::Unit(id) => Some((self.unit(id, None, diagnostics)?, id.span)),
            ast::Principal::Named(name) => {
                let Some(declared) = self.names.get_mut(&name.text) else {
                    diagnostics.push(self.unknown_principal(name));
                    return None;
                };
                declared.used = true;
                declared.referent.map(|referent| (referent, name.span))
            }
        }
    }

    fn unknown_principal(&self, name: &Name) -> Diagnostic {
        let message = format!(
            "there is no account, organization, unit or group {}",
            quote(&name.text)
        );
        let diagnostic = Diagnostic::error(Code::UnknownName, name.span, message);
        if formats::is_account_id(&name.text) {
            return diagnostic.fix(
                "write `account` before an ID",
                name.span,
                format!("account {}", name.text),
            );
        }
        if formats::is_organization_id(&name.text) {
            return diagnostic.fix(
                "write `organization` before an ID",
                name.span,
                format!("organization {}", name.text),
            );
        }
        if formats::is_unit_id(&name.text) {
            return diagnostic.fix(
                "write `unit` before an ID",
                name.span,
                format!("unit {}", name.text),
            );
        }
        if let Some(value) = self.value_of_parameter(&name.text) {
            let help = format!("this is a parameter: write `{value}`");
            return diagnostic.fix(help, name.span, value);
        }
        let names = self
            .names
            .keys()
            .map(String::as_str)
            .chain([Keyword::Everyone.text()]);
        let declare = format!("declare it: `account {} = ID`", shown(&name.text));
        match nearest(&name.text, names) {
            // Not a fix: nothing that can be applied as it is may share with everyone.
            Some(near) if near == Keyword::Everyone.text() => diagnostic
                .help(declare)
                .help(format!("if every AWS account is meant, write `{near}`")),
            near => diagnostic.suggest(name.span, near, declare),
        }
    }

    /// The principal that a parameter stands for, as a source writes it; `None` if there is no
    /// parameter with this name, or if it stands for something else.
    fn value_of_parameter(&self, name: &str) -> Option<String> {
        let word = match self.parameters.get(name)?.referent.as_ref()?.kind {
            ParameterKind::Account | ParameterKind::OptionalAccount => Keyword::Account,
            ParameterKind::Organization | ParameterKind::OptionalOrganization => {
                Keyword::Organization
            }
            ParameterKind::String
            | ParameterKind::Switch
            | ParameterKind::Number
            | ParameterKind::Ssm => return None,
        };
        Some(format!("{} ${{{name}}}", word.text()))
    }

    /// The principal of an index that [`Scope::expand`] gave.
    pub fn principal(&self, index: u32) -> Option<&Principal> {
        self.principals
            .get_index(index as usize)
            .map(|(principal, _)| principal)
    }

    /// The source's names for the principal of an index, in alphabetical order with commas between
    /// them.
    pub fn names_of(&self, index: u32) -> Option<Arc<str>> {
        self.principals
            .get_index(index as usize)
            .and_then(|(principal, names)| joined(names).or_else(|| self.listed_name(principal)))
    }

    /// Reports the names of the root that nothing uses.
    pub fn report_unused(&self, diagnostics: &mut Vec<Diagnostic>) {
        report_unused(&self.names, "nothing uses", diagnostics);
        report_unused(&self.parameters, "nothing uses the parameter", diagnostics);
    }

    /// The parameters and principals that belong in the template, each in an order that does not
    /// depend on the source's, and for each principal's index its place in that order.
    pub fn finish(mut self) -> (Vec<Parameter>, Vec<NamedPrincipal>, Vec<u32>) {
        let wanted = |declared: &DeclaredName<Parameter>| declared.used || !declared.included;
        let parameters = std::mem::take(&mut self.parameters)
            .into_values()
            .filter(wanted)
            .filter_map(|declared| declared.referent);
        let placed = parameters.enumerate();
        let mut parameters: Vec<Parameter> = placed
            .map(|(place, parameter)| Parameter { place, ..parameter })
            .collect();
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
            .map(|(principal, names)| NamedPrincipal {
                principal: principal.clone(),
                names: joined(names).or_else(|| self.listed_name(principal)),
            });
        let named = named.collect();
        (parameters, named, rank)
    }
}

/// Declared names as one text; `None` if there are none.
fn joined(names: &[String]) -> Option<Arc<str>> {
    let mut names = names.to_vec();
    names.sort();
    names.dedup();
    (!names.is_empty()).then(|| Arc::from(names.join(", ")))
}

/// A user's word inside a longer example, shortened to a readable length.
fn shown(word: &str) -> String {
    quote(word).trim_matches('`').to_owned()
}

fn declare<T>(
    names: &mut IndexMap<String, DeclaredName<T>>,
    name: &Name,
    included: bool,
    referent: Option<T>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    match names.entry(name.text.clone()) {
        Entry::Vacant(entry) => {
            entry.insert(DeclaredName {
                span: name.span,
                included,
                used: false,
                referent,
            });
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

fn report_unused<T>(
    names: &IndexMap<String, DeclaredName<T>>,
    what: &str,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for (name, declared) in names {
        if !declared.used && !declared.included {
            let message = format!("{what} {}", quote(name));
            diagnostics.push(Diagnostic::warning(Code::Unused, declared.span, message));
        }
    }
}

/// What is wrong with a name that a source declares, if anything.
fn alias_problem(name: &str) -> Option<&'static str> {
    match Keyword::from_text(name).and_then(PrincipalKeyword::of) {
        Some(PrincipalKeyword::Everyone) => {
            Some("this word is a keyword: it means every AWS account")
        }
        Some(
            PrincipalKeyword::Account | PrincipalKeyword::Organization | PrincipalKeyword::Unit,
        ) => Some("this word is a keyword: it introduces an ID"),
        None if !formats::is_alias(name) => Some(
            "a name begins with a letter and is made of letters, digits, `-` and `_`, at most 100 \
            of them",
        ),
        None => None,
    }
}
