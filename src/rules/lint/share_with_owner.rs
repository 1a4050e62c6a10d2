//! A share with the account that the layer is in, which can use it anyway.

use super::Context;
use crate::aws::arn::Arn;
use crate::diagnostic::{Code, Diagnostic};
use crate::rules::model::{Id, Layer, Origin, Principal, Rules, Version};

pub fn lint(context: &Context<'_>, diagnostics: &mut Vec<Diagnostic>) {
    for layer in &context.rules.layers {
        lint_layer(context.rules, layer, diagnostics);
    }
}

fn lint_layer(rules: &Rules, layer: &Layer, diagnostics: &mut Vec<Diagnostic>) {
    for version in layer.versions() {
        let Some(owner) = owner(version) else {
            continue;
        };
        for grant in &*version.grants {
            let principal = rules.principal(grant).map(|named| &named.principal);
            if matches!(principal, Some(Principal::Account(Id::Literal(id))) if *id == owner) {
                let message = format!("the account {owner} owns this layer");
                diagnostics.push(
                    Diagnostic::warning(Code::ShareWithOwner, grant.span, message)
                        .note("an account can always use its own layers"),
                );
            }
        }
    }
}

/// The account in the ARN of a version that exists.
fn owner(version: &Version) -> Option<String> {
    let Origin::Adopted(arn) = &version.origin else {
        return None;
    };
    let account = Arn::of(&arn.value)?.account;
    account.as_literal().map(str::to_owned)
}
