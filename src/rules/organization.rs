//! The accounts of an organization: what `aws organizations list-accounts` prints.

use crate::rules::formats;
use crate::source::is_invisible;
use foldhash::{HashMap, HashMapExt};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::borrow::Cow;

/// The state of an account that can use layers (Organizations API reference, `Account`).
const ACTIVE: &str = "ACTIVE";

/// An account of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its ID.
    pub id: String,
    /// Its name, which others may have, too.
    pub name: String,
    /// Its state, such as `ACTIVE` or `SUSPENDED`.
    pub state: String,
}

impl Account {
    /// Whether it can use layers.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state == ACTIVE
    }

    /// The name to show. Some accounts have a mail address as their name, and no address is ever
    /// shown.
    #[must_use]
    pub fn shown(&self) -> Option<&str> {
        (!self.name.contains('@')).then_some(self.name.as_str())
    }
}

/// The accounts of an organization, by their IDs, names, and the units that they are in.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Organization {
    accounts: Vec<Account>,
    by_id: HashMap<String, usize>,
    by_name: HashMap<String, Vec<usize>>,
    by_unit: HashMap<String, Vec<usize>>,
}

/// Why a file is not a list of accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrganizationProblem {
    /// It is not JSON; the line and the column.
    NotJson(usize, usize),
    /// It is JSON of something else; the line and the column.
    SomethingElse(usize, usize),
    /// It ends before the last account.
    CutOff,
    /// An account has an ID that is none; its number in the list, from 1.
    InvalidId(usize),
    /// An account is listed twice; its ID.
    Twice(String),
    /// An account has no state; its ID.
    NoState(String),
    /// The name of an account has a character that cannot be seen; its ID.
    InvisibleName(String),
}

/// The printed JSON. The mail address of an account is never read.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Printed<'j> {
    #[serde(borrow)]
    accounts: Vec<PrintedAccount<'j>>,
    next_token: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PrintedAccount<'j> {
    #[serde(borrow)]
    id: Cow<'j, str>,
    #[serde(borrow, default)]
    name: Cow<'j, str>,
    #[serde(borrow)]
    state: Option<PrintedText<'j>>,
    /// What older versions of the AWS CLI print for the state.
    #[serde(borrow)]
    status: Option<PrintedText<'j>>,
    #[serde(borrow, default)]
    paths: Vec<PrintedText<'j>>,
}

/// A text inside of something else, copied only if it has escapes.
#[derive(Deserialize)]
struct PrintedText<'j>(#[serde(borrow)] Cow<'j, str>);

impl Organization {
    /// Reads what `aws organizations list-accounts` prints.
    ///
    /// # Errors
    ///
    /// An error if it is something else, or incomplete. Messages of the JSON reader are not passed
    /// on, since they could quote the content.
    pub fn read(bytes: &[u8]) -> Result<Self, OrganizationProblem> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = str::from_utf8(bytes).map_err(|error| {
            let before = &bytes[..error.valid_up_to()];
            let line = before.rsplit(|&byte| byte == b'\n').next();
            let lines = memchr::memchr_iter(b'\n', before).count();
            OrganizationProblem::NotJson(lines + 1, line.map_or(0, <[u8]>::len) + 1)
        })?;
        let printed: Printed<'_> = serde_json::from_str(text).map_err(|error| {
            let place = (error.line(), error.column());
            match error.classify() {
                serde_json::error::Category::Data => {
                    OrganizationProblem::SomethingElse(place.0, place.1)
                }
                serde_json::error::Category::Io
                | serde_json::error::Category::Syntax
                | serde_json::error::Category::Eof => {
                    OrganizationProblem::NotJson(place.0, place.1)
                }
            }
        })?;
        if printed.next_token.is_some() {
            return Err(OrganizationProblem::CutOff);
        }
        let mut organization = Self::with_room(printed.accounts.len());
        for (index, account) in printed.accounts.into_iter().enumerate() {
            organization.add(index, account)?;
        }
        Ok(organization)
    }

    /// No accounts, with room for so many.
    fn with_room(accounts: usize) -> Self {
        Self {
            accounts: Vec::with_capacity(accounts),
            by_id: HashMap::with_capacity(accounts),
            by_name: HashMap::with_capacity(accounts),
            by_unit: HashMap::default(),
        }
    }

    fn add(
        &mut self,
        index: usize,
        printed: PrintedAccount<'_>,
    ) -> Result<(), OrganizationProblem> {
        if !formats::is_account_id(&printed.id) {
            return Err(OrganizationProblem::InvalidId(index + 1));
        }
        let id = printed.id.into_owned();
        if printed.name.chars().any(is_invisible) {
            return Err(OrganizationProblem::InvisibleName(id));
        }
        let Some(PrintedText(state)) = printed.state.or(printed.status) else {
            return Err(OrganizationProblem::NoState(id));
        };
        if self.by_id.insert(id.clone(), index).is_some() {
            return Err(OrganizationProblem::Twice(id));
        }
        let name = printed.name.into_owned();
        add_to(&mut self.by_name, &name, index);
        // Each is written `o-…/r-…/ou-…/…/ACCOUNT/`.
        for unit in printed.paths.iter().flat_map(|path| path.0.split('/')) {
            if formats::is_unit_id(unit) {
                add_to(&mut self.by_unit, unit, index);
            }
        }
        let state = state.into_owned();
        self.accounts.push(Account { id, name, state });
        Ok(())
    }

    /// Every account, in the order of the list.
    #[must_use]
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// The account of an ID.
    #[must_use]
    pub fn account(&self, id: &str) -> Option<&Account> {
        self.by_id
            .get(id)
            .and_then(|&index| self.accounts.get(index))
    }

    /// The accounts of a name.
    pub fn called(&self, name: &str) -> impl Iterator<Item = &Account> {
        self.listed(self.by_name.get(name))
    }

    /// The accounts in a unit or root and in its units, active or not.
    pub fn within(&self, unit: &str) -> impl Iterator<Item = &Account> {
        self.listed(self.by_unit.get(unit))
    }

    /// The units and roots that accounts are in, in no order.
    pub fn units(&self) -> impl Iterator<Item = &str> {
        self.by_unit.keys().map(String::as_str)
    }

    fn listed<'s>(&'s self, indices: Option<&'s Vec<usize>>) -> impl Iterator<Item = &'s Account> {
        indices
            .into_iter()
            .flatten()
            .filter_map(|&index| self.accounts.get(index))
    }
}

/// Adds an account to those of a name or a unit, once.
fn add_to(lists: &mut HashMap<String, Vec<usize>>, key: &str, index: usize) {
    match lists.get_mut(key) {
        Some(list) if list.last() == Some(&index) => {}
        Some(list) => list.push(index),
        None => {
            lists.insert(key.to_owned(), vec![index]);
        }
    }
}
