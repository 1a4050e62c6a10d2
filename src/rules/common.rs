//! One table of the names of several sources, for a claim about what is made from all of them.

use super::load::{Root, Unit, keep_names, load};
use super::model::{Id, Principal};
use super::organization::Organization;
use super::scope::Scope;
use crate::diagnostic::{Diagnostic, has_errors};
use crate::english::{list, quote};
use crate::source::{Files, NoFiles, Sources, Span};
use crate::syntax::ast::{Parameter, Statement};
use indexmap::IndexMap;
use std::sync::Arc;

/// How many members of a group a message shows.
const SHOWN: usize = 3;

/// What a name stands for in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
enum CommonMeaning {
    /// These principals, in order.
    Known(Vec<Principal>),
    /// The source has a mistake in its names.
    Unknown,
}

impl CommonMeaning {
    /// Whether one of the principals is a parameter, whose value can differ between templates.
    fn is_of_parameter(&self) -> bool {
        let is_literal = |principal: &Principal| match principal {
            Principal::Account(id) | Principal::Organization(id) => matches!(id, Id::Literal(_)),
            Principal::Everyone => true,
        };
        match self {
            Self::Known(principals) => !principals.iter().all(is_literal),
            Self::Unknown => false,
        }
    }

    /// What it is in `source`, for a message.
    fn shown(&self, source: &str) -> String {
        let Self::Known(principals) = self else {
            return format!("something unknown in {source}, which has mistakes");
        };
        let mut few: Vec<String> = principals.iter().take(SHOWN).map(written).collect();
        if principals.len() > SHOWN {
            few.push(format!("{} more", principals.len() - SHOWN));
        }
        format!("{} in {source}", list(&few, "and"))
    }
}

/// A principal as a source writes it.
fn written(principal: &Principal) -> String {
    let id = |id: &Id| match id {
        Id::Literal(id) => id.clone(),
        Id::Parameter(name) | Id::Optional(name) => format!("${{{name}}}"),
    };
    match principal {
        Principal::Account(of) => format!("account {}", id(of)),
        Principal::Organization(of) => format!("organization {}", id(of)),
        Principal::Everyone => "everyone".to_owned(),
    }
}

/// The names that some sources declare of accounts, organizations, units and groups.
#[derive(Debug, Default)]
pub struct CommonNames {
    /// Each name, and its meaning in each source that declares it.
    names: IndexMap<String, Vec<(String, CommonMeaning)>>,
    /// The parameters that the sources declare; `None` for one that has two types.
    parameters: IndexMap<String, Option<Parameter>>,
    /// The different lists of accounts.
    organizations: Vec<Arc<Organization>>,
}

impl CommonNames {
    /// The names in these sources, whatever is wrong with their layers and restrictions.
    pub fn of(roots: Vec<Root>, files: &dyn Files, sources: &mut Sources) -> Self {
        let mut all = Self::default();
        for root in roots {
            all.add(root, files, sources);
        }
        all
    }

    fn add(&mut self, root: Root, files: &dyn Files, sources: &mut Sources) {
        let source = root.name.clone();
        let mut diagnostics = Vec::new();
        let mut units = load(root, files, sources, &mut diagnostics);
        keep_names(&mut units);
        let mut scope = Scope::gather(&units, &mut diagnostics);
        let is_wrong = has_errors(&diagnostics);
        for (name, principals) in scope.meanings() {
            let meaning = if is_wrong || principals.is_empty() {
                CommonMeaning::Unknown
            } else {
                CommonMeaning::Known(principals)
            };
            let meanings = self.names.entry(name).or_default();
            meanings.push((source.clone(), meaning));
        }
        if let Some(organization) = scope.accounts()
            && !self.organizations.contains(&organization)
        {
            self.organizations.push(organization);
        }
        let statements = units.into_iter().flat_map(|unit| unit.ast.statements);
        for statement in statements {
            if let Statement::Parameter(parameter) = statement {
                self.add_parameter(parameter);
            }
        }
    }

    fn add_parameter(&mut self, parameter: Parameter) {
        let kind = |parameter: &Parameter| {
            let name = parameter.kind.as_ref().map(|kind| kind.text.clone());
            (name, parameter.optional.is_some())
        };
        let own = kind(&parameter);
        let known = self.parameters.entry(parameter.name.text.clone());
        let known = known.or_insert_with(|| Some(parameter));
        if known.as_ref().is_some_and(|known| kind(known) != own) {
            *known = None;
        }
    }

    /// Whether the sources have different lists of accounts.
    #[must_use]
    pub fn lists_differ(&self) -> bool {
        self.organizations.len() > 1
    }

    /// Why a declared name cannot stand in a claim, if it cannot.
    #[must_use]
    pub fn refused(&self, name: &str) -> Option<String> {
        let meanings = self.names.get(name)?;
        if self.only(meanings).is_some() {
            return None;
        }
        let mut seen: Vec<&CommonMeaning> = Vec::new();
        let mut shown: Vec<String> = Vec::new();
        for (source, meaning) in meanings {
            if meaning.is_of_parameter() || !seen.contains(&meaning) {
                seen.push(meaning);
                shown.push(meaning.shown(source));
            }
        }
        let meant = shown.join(", and ");
        let why = if meanings
            .iter()
            .any(|(_, meaning)| meaning.is_of_parameter())
        {
            ", whose parameters may differ"
        } else {
            ""
        };
        Some(format!(
            "{} means {meant}{why}: write an ID instead",
            quote(name)
        ))
    }

    /// A source that declares each name that has one meaning.
    pub fn units(&self, sources: &mut Sources, diagnostics: &mut Vec<Diagnostic>) -> Vec<Unit> {
        let declared = self.names.iter().filter_map(|(name, meanings)| {
            let principals = self.only(meanings)?;
            let members: Vec<String> = principals.iter().map(written).collect();
            Some(match (principals, members.as_slice()) {
                ([Principal::Account(_) | Principal::Organization(_)], [only]) => {
                    only.replacen(' ', &format!(" {name} = "), 1)
                }
                _ => format!("group {name} = {}", members.join(", ")),
            })
        });
        let text: Vec<String> = declared.map(|line| format!("{line}\n")).collect();
        let root = Root::in_memory("the names of the sources", text.concat());
        let mut units = load(root, &NoFiles, sources, diagnostics);
        if let Some(unit) = units.first_mut() {
            let parameters = self.parameters.values().flatten().cloned();
            let parameters = parameters.map(Statement::Parameter);
            unit.ast.statements.extend(parameters);
            let start = Span {
                file: unit.file,
                start: 0,
                end: 0,
            };
            if let [organization] = self.organizations.as_slice() {
                unit.accounts = vec![(start, Some(Arc::clone(organization)))];
            }
        }
        units
    }

    /// The principals that a name stands for wherever it is declared.
    fn only<'m>(&self, meanings: &'m [(String, CommonMeaning)]) -> Option<&'m [Principal]> {
        let ((_, first), others) = meanings.split_first()?;
        let is_same = others.is_empty()
            || !first.is_of_parameter() && others.iter().all(|(_, other)| other == first);
        match first {
            CommonMeaning::Known(principals) if is_same => {
                let is_declared = principals.iter().all(|one| self.declares(one));
                is_declared.then_some(principals)
            }
            CommonMeaning::Known(_) | CommonMeaning::Unknown => None,
        }
    }

    /// Whether the parameter of a principal has one type, if it has a parameter.
    fn declares(&self, principal: &Principal) -> bool {
        match principal {
            Principal::Account(Id::Parameter(name) | Id::Optional(name))
            | Principal::Organization(Id::Parameter(name) | Id::Optional(name)) => {
                self.parameters.get(name).is_some_and(Option::is_some)
            }
            Principal::Account(Id::Literal(_))
            | Principal::Organization(Id::Literal(_))
            | Principal::Everyone => true,
        }
    }
}
