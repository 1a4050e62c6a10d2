//! A managed policy with a name of its own and a description or a path: neither can ever be changed.

use crate::diagnostic::{Code, Diagnostic};
use crate::rules::model::{Form, Restriction};

pub fn lint(restriction: &Restriction, diagnostics: &mut Vec<Diagnostic>) {
    let Some(name) = &restriction.physical_name else {
        return;
    };
    if !matches!(restriction.form, Form::Policy(_) | Form::Boundary) {
        return;
    }
    let description = restriction.description.as_ref().map(|said| ("description", said.span));
    let path = restriction.path.as_ref().map(|said| ("path", said.span));
    for (what, span) in description.into_iter().chain(path) {
        diagnostics.push(
            Diagnostic::warning(Code::NamedDescription, span, format!("this {what} can never be changed"))
                .also(name.span, "the policy has a name of its own")
                .note(format!("another {what} makes another policy, and CloudFormation makes no second one of a name"))
                .help(format!("leave `name` out, or the {what}")),
        );
    }
}
