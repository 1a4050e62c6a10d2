//! A managed policy with a fixed name and a description or a path: neither can ever be changed.

use super::Context;
use crate::diagnostic::{Code, Diagnostic};
use crate::rules::model::{Restriction, RestrictionForm};

pub fn lint(context: &Context<'_>, diagnostics: &mut Vec<Diagnostic>) {
    for restriction in &context.rules.restrictions {
        lint_restriction(restriction, diagnostics);
    }
}

fn lint_restriction(restriction: &Restriction, diagnostics: &mut Vec<Diagnostic>) {
    let Some(name) = &restriction.physical_name else {
        return;
    };
    if !matches!(
        restriction.form,
        RestrictionForm::Policy(_) | RestrictionForm::Boundary
    ) {
        return;
    }
    let description = restriction
        .description
        .as_ref()
        .map(|said| ("description", said.span));
    let path = restriction.path.as_ref().map(|said| ("path", said.span));
    for (what, span) in description.into_iter().chain(path) {
        diagnostics.push(
            Diagnostic::warning(
                Code::NamedDescription,
                span,
                format!("this {what} can never be changed"),
            )
            .also(name.span, "the policy has a fixed name")
            .note(format!(
                "another {what} replaces the policy, and the replacement cannot have the same name"
            ))
            .help(format!("remove `name`, or the {what}")),
        );
    }
}
