//! The documents of the policies of a template.

use crate::aws::managed;
use crate::cloudformation::{Resource, World, is_fixed, read};
use crate::iam::document::{Document, Effect, Problem};
use crate::iam::gap::PolicyGap;
use crate::iam::provenance::DocumentName;
use crate::partial::Partial;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

/// The documents of a template that are read already. Thousands of principals may have one, each in
/// many cases, and nearly all cases agree about it.
#[derive(Debug, Default)]
pub(super) struct Documents {
    /// Those that are the same in every case, by the logical IDs of their resources; `None` for one
    /// that is not.
    fixed: RefCell<HashMap<String, Option<Document>>>,
    /// Those that AWS manages, by their ARNs.
    managed: RefCell<HashMap<String, Option<Document>>>,
    /// The others with the values that they are read from.
    by_value: RefCell<HashMap<DocumentName, Vec<DocumentOfValue>>>,
}

/// A document, and the value that it is read from.
type DocumentOfValue = (Option<Partial>, Document);

/// How many documents with one name are kept.
const MOST_KEPT: usize = 4;

impl Documents {
    /// The document of a policy that is a resource.
    pub fn of_policy(
        &self,
        resource: &Resource<'_>,
        property: &str,
        world: &World<'_>,
    ) -> Document {
        if !resource.is_made(world) {
            return Document {
                name: resource.id.into(),
                ..Document::default()
            };
        }
        let known = self.fixed.borrow().get(resource.id).cloned();
        let known = known.unwrap_or_else(|| {
            let written = resource.json.get("Properties");
            let written = written.and_then(|all| all.get(property));
            let is_fixed = written.is_some_and(is_fixed);
            let fixed = is_fixed
                .then(|| document(resource.id, resource.property(property, world).as_ref()));
            let mut all = self.fixed.borrow_mut();
            all.insert(resource.id.to_owned(), fixed.clone());
            fixed
        });
        known.unwrap_or_else(|| self.of_value(resource.id, resource.property(property, world)))
    }

    /// The document in a value, which may be JSON text.
    pub fn of_value(&self, name: impl Into<DocumentName>, value: Option<Partial>) -> Document {
        let name = name.into();
        let mut all = self.by_value.borrow_mut();
        let same = all.entry(name.clone()).or_default();
        if let Some((_, document)) = same.iter().find(|(known, _)| *known == value) {
            return document.clone();
        }
        let document = document(name, value.as_ref());
        if same.len() < MOST_KEPT {
            same.push((value, document.clone()));
        }
        document
    }

    /// The document of a policy that AWS manages, if it is known.
    pub fn managed(&self, arn: &str) -> Option<Document> {
        if let Some(known) = self.managed.borrow().get(arn) {
            return known.clone();
        }
        let document = managed::document(arn).map(|json| {
            let name = arn.rsplit('/').next().unwrap_or(arn);
            Document::read(name, &Partial::from(&json))
        });
        self.managed
            .borrow_mut()
            .insert(arn.to_owned(), document.clone());
        document
    }
}

/// The document in a value, which may be JSON text.
#[must_use]
pub(super) fn document(name: impl Into<DocumentName>, value: Option<&Partial>) -> Document {
    match value {
        Some(Partial::Text(text)) => match text.as_literal().map(read::json) {
            Some(Ok(json)) => Document::read(name, &Partial::from(&json)),
            Some(Err(_)) => {
                unknown_document(name, PolicyGap::NotJson, &Partial::Text(text.clone()))
            }
            None => unknown_document(name, PolicyGap::BeforeDeploy, &Partial::Text(text.clone())),
        },
        Some(value) => Document::read(name, value),
        None => unknown_document(name, PolicyGap::NotInTemplate, &Partial::Null),
    }
}

pub(super) fn unknown_document(
    name: impl Into<DocumentName>,
    why: PolicyGap,
    written: &Partial,
) -> Document {
    Document {
        name: name.into(),
        problem: Some(Problem::of(why, written)),
        ..Document::default()
    }
}

/// A document that may not apply: none of its statements certainly applies.
pub(super) fn not_certain(mut document: Document, why: &PolicyGap) -> Document {
    for statement in Arc::make_mut(&mut document.statements) {
        statement.doubt = Some(why.clone());
    }
    document
}

/// Whether a document allows everything that it does not deny, as a permissions boundary does.
pub(super) fn allows_everything(document: &Document) -> bool {
    document.statements.iter().any(|statement| {
        statement.effect == Effect::Allow
            && statement.conditions.is_empty()
            && statement.actions.is_everything()
            && statement.resources.is_everything()
    })
}
