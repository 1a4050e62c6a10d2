//! The documents of the policies of a template.

use crate::cloudformation::{Resource, World, read};
use crate::iam::document::{Document, Effect, Problem};
use crate::iam::gap::PolicyGap;
use crate::iam::provenance::DocumentName;
use crate::partial::Partial;

/// The document of a policy that is a resource.
pub(super) fn policy_document(
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
    document(resource.id, resource.property(property, world).as_ref())
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
    for statement in &mut document.statements {
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
