//! A `deny` in addition to `deny all`: it denies nothing that is not denied already.

use super::Context;
use crate::diagnostic::{Code, Diagnostic};
use crate::rules::model::{Deny, Restriction};

pub fn lint(context: &Context<'_>, diagnostics: &mut Vec<Diagnostic>) {
    for restriction in &context.rules.restrictions {
        lint_restriction(restriction, diagnostics);
    }
}

fn lint_restriction(restriction: &Restriction, diagnostics: &mut Vec<Diagnostic>) {
    let Some(all) = restriction
        .denies
        .iter()
        .find(|deny| matches!(deny.value, Deny::All))
    else {
        return;
    };
    for other in restriction
        .denies
        .iter()
        .filter(|deny| deny.span != all.span)
    {
        diagnostics.push(
            Diagnostic::warning(
                Code::NoEffect,
                other.span,
                "this `deny` has no effect in addition to `deny all`",
            )
            .also(all.span, "every layer is denied here"),
        );
    }
}
