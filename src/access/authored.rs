//! What a source contains beyond the template that it compiles to.

use crate::rules::model::{Id, Principal, RestrictionForm, Rules, Why};
use crate::template::lower::Lowered;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The words of a source, by the IDs of the template that it compiles to. A template without a
/// source has none.
#[derive(Clone, Debug, Default)]
pub struct Authored {
    /// Its names for accounts and organizations, by their IDs.
    pub names: HashMap<String, String>,
    /// The labels of versions, by logical ID.
    pub labels: HashMap<String, String>,
    /// The reasons and last days of grants, by logical ID.
    pub why: HashMap<String, Arc<Why>>,
    /// The logical IDs of its boundaries.
    pub boundaries: HashSet<String>,
}

impl Authored {
    /// The words of these rules for the template that they compile to.
    #[must_use]
    pub fn of(rules: &Rules, lowered: &Lowered) -> Self {
        let resources = &lowered.template.resources;
        let id = |index: usize| resources.get(index).map(|resource| resource.id.clone());
        let labels = lowered
            .listed
            .iter()
            .filter_map(|version| Some((id(version.resource)?, version.label.to_string())));
        let why = lowered
            .why
            .iter()
            .filter_map(|(index, why)| Some((id(*index)?, Arc::clone(why))));
        Self {
            names: names_in(rules),
            labels: labels.collect(),
            why: why.collect(),
            boundaries: boundaries(rules, lowered),
        }
    }

    /// Adds the words of another source, whose logical IDs are `called` so.
    pub fn extend(&mut self, other: Self, called: &dyn Fn(String) -> String) {
        fn renamed<T>(
            map: HashMap<String, T>,
            called: &dyn Fn(String) -> String,
        ) -> impl Iterator<Item = (String, T)> {
            map.into_iter().map(|(id, value)| (called(id), value))
        }
        add_names(&mut self.names, other.names);
        self.labels.extend(renamed(other.labels, called));
        self.why.extend(renamed(other.why, called));
        self.boundaries
            .extend(other.boundaries.into_iter().map(called));
    }
}

fn boundaries(rules: &Rules, lowered: &Lowered) -> HashSet<String> {
    let all = rules.restrictions.iter();
    let boundaries = all.filter(|one| matches!(one.form, RestrictionForm::Boundary));
    let blocks = &lowered.source_map.blocks;
    let ids = boundaries.filter_map(|one| blocks.get(&one.name.value));
    ids.flatten().cloned().collect()
}

/// Adds the names of another source. Where it has another name for an ID, both are names of it.
pub(crate) fn add_names(
    names: &mut HashMap<String, String>,
    other: impl IntoIterator<Item = (String, String)>,
) {
    for (id, name) in other {
        match names.entry(id) {
            Entry::Vacant(entry) => {
                entry.insert(name);
            }
            Entry::Occupied(mut entry) => {
                let known = entry.get_mut();
                for name in name.split(", ") {
                    if !known.split(", ").any(|one| one == name) {
                        *known = format!("{known}, {name}");
                    }
                }
            }
        }
    }
}

/// The names of a source for accounts and organizations, by their IDs.
#[must_use]
pub fn names_in(rules: &Rules) -> HashMap<String, String> {
    // The accounts file also has accounts that no source declares, and that of an earlier grant.
    let listed = rules
        .organization
        .iter()
        .flat_map(|listed| listed.accounts());
    let listed = listed.filter_map(|one| Some((one.id.clone(), one.shown()?.to_owned())));
    let mut names: HashMap<String, String> = listed.collect();
    for named in &rules.principals {
        let id = match &named.principal {
            Principal::Account(Id::Literal(id)) | Principal::Organization(Id::Literal(id)) => {
                id.clone()
            }
            Principal::Account(Id::Parameter(name) | Id::Optional(name))
            | Principal::Organization(Id::Parameter(name) | Id::Optional(name)) => {
                format!("${{{name}}}")
            }
            Principal::Everyone => continue,
        };
        if let Some(given) = named.names.as_deref() {
            names.insert(id, given.to_owned());
        }
    }
    names
}
