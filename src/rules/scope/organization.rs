//! Accounts by the names that their organization gives them, and units.

use super::{Group, Referent, Scope};
use crate::diagnostic::{Code, Diagnostic};
use crate::english::{count, list, nearest, quote};
use crate::rules::formats;
use crate::rules::model::{Id, Principal};
use crate::rules::organization::{Account, Organization};
use crate::source::Span;
use crate::syntax::ast::{Name, Value};
use std::sync::Arc;

/// The most accounts that a message lists.
const MOST_LISTED: usize = 5;

impl Scope {
    /// The account of that name in the accounts file; `None` if there is not exactly one, which is
    /// then reported.
    pub(super) fn named_account(
        &mut self,
        name: &Value,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Referent> {
        let organization = self.accounts_file(name.span, "the names of accounts", diagnostics)?;
        let found: Vec<&Account> = organization.called(&name.text).collect();
        match found.as_slice() {
            [account] => {
                let id = Id::Literal(account.id.clone());
                Some(self.intern(Principal::Account(id), None))
            }
            [] => {
                let message = format!(
                    "there is no account {} in the accounts file",
                    quote(&name.text)
                );
                let diagnostic = Diagnostic::error(Code::UnknownName, name.span, message);
                let names = organization.accounts().iter().filter_map(Account::shown);
                diagnostics.push(match nearest(&name.text, names) {
                    Some(near) => {
                        let escaped = near.replace('\\', "\\\\").replace('"', "\\\"");
                        let written = format!("\"{escaped}\"");
                        diagnostic.fix(format!("write `{written}`"), name.span, written)
                    }
                    None => diagnostic.help(
                        "if the account is new, make a new list: `aws organizations \
                        list-accounts`",
                    ),
                });
                None
            }
            several => {
                let ids = several
                    .iter()
                    .take(MOST_LISTED)
                    .map(|account| format!("{} ({})", account.id, account.state));
                let ids: Vec<String> = ids.collect();
                let message = format!(
                    "{} have the name {}",
                    count(several.len(), "account"),
                    quote(&name.text)
                );
                diagnostics.push(
                    Diagnostic::error(Code::AmbiguousAccount, name.span, message)
                        .note(format!("they are {}", list(&ids, "and")))
                        .help("write the ID of the one that you mean: `account ID`"),
                );
                None
            }
        }
    }

    /// A group of the active accounts of a unit or root; `None` if there are none, which is then
    /// reported.
    pub(super) fn unit(
        &mut self,
        id: &Value,
        name: Option<&Name>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Referent> {
        let id_text = self.literal(id, "the ID of a unit", diagnostics)?;
        if let Some(&group) = self.units.get(&id_text) {
            return Some(Referent::Group(group));
        }
        if !formats::is_target_id(&id_text) || formats::is_account_id(&id_text) {
            let message = format!("{} is not the ID of a unit or a root", quote(&id_text));
            diagnostics.push(
                Diagnostic::error(Code::InvalidUnit, id.span, message)
                    .note(
                        "a unit is `ou-`, the characters of its root, `-`, and 8 to 32 \
                        lower-case letters and digits",
                    )
                    .note("a root is `r-` and 4 to 32 of them"),
            );
            return None;
        }
        let organization = self.accounts_file(id.span, "the accounts of this unit", diagnostics)?;
        let (active, others): (Vec<&Account>, Vec<&Account>) = organization
            .within(&id_text)
            .partition(|account| account.is_active());
        let left_out =
            (!others.is_empty()).then(|| left_out(&shown_unit(&id_text, name), &others, id.span));
        if active.is_empty() {
            diagnostics.extend(left_out);
            diagnostics.push(empty_unit(
                &shown_unit(&id_text, name),
                &id_text,
                &others,
                &organization,
                id.span,
            ));
            return None;
        }
        let group = Group::of_unit(id_text.clone(), id.span, left_out);
        self.groups.push(group);
        let index = self.groups.len() as u32 - 1;
        self.units.insert(id_text, index);
        Some(Referent::Group(index))
    }

    /// Makes the active accounts of a unit its members, once. This waits until something leads to
    /// the unit, since most accounts of an organization are not principals of the source.
    pub(super) fn take_accounts_of(&mut self, group: u32) {
        let unit = &self.groups[group as usize];
        let (Some((id, span)), true, Some(organization)) = (
            unit.unit(),
            unit.members.is_empty(),
            self.organization.clone(),
        ) else {
            return;
        };
        let id = id.to_owned();
        let mut members = Vec::new();
        for account in organization.within(&id).filter(|one| one.is_active()) {
            let account = Principal::Account(Id::Literal(account.id.clone()));
            members.push((self.intern(account, None), span));
        }
        self.groups[group as usize].members = members;
    }

    /// Notes that a group stands for the accounts of today somewhere, if it is a unit.
    pub(super) fn use_as_accounts(&mut self, group: u32) {
        let unit = self.groups.get(group as usize).and_then(Group::unit);
        if unit.is_some() {
            self.used_as_accounts.insert(group);
        }
    }

    /// Reports, once, that a unit stands for the accounts of today, and for each such unit that its
    /// other accounts are left out. It runs after everything that can use a unit is resolved.
    pub fn report_units(&mut self, diagnostics: &mut Vec<Diagnostic>) {
        let used = std::mem::take(&mut self.used_as_accounts);
        for &unit in &used {
            let unit = self.groups.get_mut(unit as usize);
            diagnostics.extend(unit.and_then(Group::take_left_out));
        }
        if let Some(&first) = used.first() {
            self.take_accounts_of(first);
            diagnostics.extend(self.groups.get(first as usize).and_then(frozen));
        }
    }

    /// Reports an account that is declared by its ID and that the accounts file does not list.
    pub(super) fn note_unlisted(&self, id: &Id, span: Span, diagnostics: &mut Vec<Diagnostic>) {
        let (Some(organization), Id::Literal(id)) = (&self.organization, id) else {
            return;
        };
        if organization.account(id).is_none() {
            let message = format!("the account {id} is not in the accounts file");
            diagnostics.push(
                Diagnostic::remark(Code::UnlistedAccount, span, message).note(
                    "it belongs to another organization, is newer than the file, or is \
                        mistyped",
                ),
            );
        }
    }

    /// The accounts that the accounts file lists.
    pub fn accounts(&self) -> Option<Arc<Organization>> {
        self.organization.clone()
    }

    /// The account of an index, if the accounts file says that it is not active.
    pub fn inactive(&self, index: u32) -> Option<&Account> {
        let Some(Principal::Account(Id::Literal(id))) = self.principal(index) else {
            return None;
        };
        let account = self.organization.as_ref()?.account(id)?;
        (!account.is_active()).then_some(account)
    }

    /// The name of an account in the accounts file.
    pub(super) fn listed_name(&self, principal: &Principal) -> Option<Arc<str>> {
        let Principal::Account(Id::Literal(id)) = principal else {
            return None;
        };
        let account = self.organization.as_ref()?.account(id)?;
        account.shown().map(Arc::from)
    }

    fn accounts_file(
        &self,
        span: Span,
        what: &str,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Arc<Organization>> {
        // A file that cannot be read has been reported.
        if self.organization.is_none() && !self.has_accounts {
            diagnostics.push(
                Diagnostic::error(Code::MissingAccounts, span, format!("{what} are unknown")).help(
                    "name their list: `accounts from \"FILE\"`, where FILE has the output of `aws \
                        organizations list-accounts`",
                ),
            );
        }
        self.organization.clone()
    }
}

/// The note that a unit stands for the accounts of today.
fn frozen(unit: &Group) -> Option<Diagnostic> {
    let (_, span) = unit.unit()?;
    let message = format!(
        "this unit stands for the {} that the accounts file lists",
        count(unit.members.len(), "account")
    );
    Some(Diagnostic::remark(Code::FrozenUnit, span, message).note(
        "Lambda shares a layer with accounts, not with units: an account that joins has no access \
        until you make a new list, build and deploy, and one that leaves keeps its access until \
        then",
    ))
}

/// A unit as messages show it: by the source's name for it, if it has one.
fn shown_unit(id: &str, name: Option<&Name>) -> String {
    quote(name.map_or(id, |name| &name.text))
}

/// An account as messages show it.
fn shown(account: &Account) -> String {
    match account.shown() {
        Some(name) => format!("{} ({}, {})", quote(name), account.id, account.state),
        None => format!("{} ({})", account.id, account.state),
    }
}

fn shown_few(accounts: &[&Account]) -> String {
    let mut few: Vec<String> = accounts
        .iter()
        .take(MOST_LISTED)
        .map(|account| shown(account))
        .collect();
    if accounts.len() > MOST_LISTED {
        few.push(format!("{} more", accounts.len() - MOST_LISTED));
    }
    list(&few, "and")
}

fn left_out(unit: &str, accounts: &[&Account], span: Span) -> Diagnostic {
    let are = if accounts.len() == 1 { "is" } else { "are" };
    let message = format!(
        "{} of {unit} {are} not active, and left out",
        count(accounts.len(), "account")
    );
    Diagnostic::warning(Code::InactiveAccount, span, message).note(shown_few(accounts))
}

fn empty_unit(
    unit: &str,
    id: &str,
    inactive: &[&Account],
    organization: &Organization,
    span: Span,
) -> Diagnostic {
    let message = format!("{unit} has no active account");
    let diagnostic = Diagnostic::error(Code::EmptyUnit, span, message);
    if !inactive.is_empty() {
        return diagnostic.help("remove the unit and its shares");
    }
    if organization.units().next().is_none() {
        return diagnostic
            .note(
                "the accounts file does not say which units the accounts are in: it has no \
                `Paths`",
            )
            .help("make a new list with a newer AWS CLI: `aws organizations list-accounts`");
    }
    // In a fixed order, so that the same one is offered each time.
    let mut units: Vec<&str> = organization.units().collect();
    units.sort_unstable();
    match nearest(id, units) {
        Some(near) => diagnostic.fix(format!("write `{near}`"), span, near),
        None => diagnostic
            .help("if its accounts are new, make a new list: `aws organizations list-accounts`"),
    }
}
