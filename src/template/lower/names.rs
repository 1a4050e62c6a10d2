//! Logical IDs: readable, and the same whatever the order of the source and the aliases in it.

use crate::rules::model::{Id, Principal};

/// The name of a layer as a part of a logical ID: `my-shared-deps` gives `MySharedDeps`.
#[must_use]
pub fn pascal(name: &str) -> String {
    let mut id = String::with_capacity(name.len());
    for word in name.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mut letters = word.chars();
        id.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        id.push_str(letters.as_str());
    }
    id
}

/// The logical ID of a listed version: `MySharedDepsV1x4x0`.
#[must_use]
pub fn version(layer: &str, label: &str) -> String {
    version_of(&pascal(layer), label)
}

/// The logical ID of a listed version of a layer, whose part of the ID is known already.
#[must_use]
pub fn version_of(layer: &str, label: &str) -> String {
    let mut id = String::with_capacity(layer.len() + "V".len() + label.len());
    id.push_str(layer);
    id.push('V');
    let plain = label.chars();
    id.extend(plain.map(|c| if c.is_ascii_alphanumeric() { c } else { 'x' }));
    id
}

/// The end of the logical ID of a grant: it names the principal itself, not its alias, so that a
/// grant to another principal is another resource and the old one is revoked.
#[must_use]
pub fn grantee(principal: &Principal) -> String {
    match principal {
        Principal::Everyone => "ToEveryone".to_owned(),
        Principal::Account(Id::Literal(id) | Id::Parameter(id) | Id::Optional(id)) => {
            format!("ToAccount{id}")
        }
        Principal::Organization(Id::Literal(id)) => format!("ToOrganization{}", pascal(id)),
        Principal::Organization(Id::Parameter(name) | Id::Optional(name)) => {
            format!("ToOrganization{name}")
        }
    }
}

/// The logical ID of the SSM parameter that holds a layer's newest version.
#[must_use]
pub fn published_arn(layer: &str) -> String {
    format!("{}Newest", pascal(layer))
}

/// The logical ID of the SSM parameter that holds a version with this ID: `MySharedDepsV1x4x0Arn`.
#[must_use]
pub fn version_arn(version: &str) -> String {
    format!("{version}Arn")
}

/// The name of the output that shows the ARN of a layer's newest version.
#[must_use]
pub fn newest_arn(layer: &str) -> String {
    format!("{}NewestArn", pascal(layer))
}
