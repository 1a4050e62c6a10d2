//! Two names of accounts, organizations, units or groups that a reader may confuse: whoever is
//! named by mistake gets access.

use super::Context;
use crate::diagnostic::{Code, Diagnostic};
use crate::english::quote;
use crate::syntax::ast::{Name, Statement};
use std::collections::HashMap;

pub fn lint(context: &Context<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<String, &Name> = HashMap::new();
    for statement in context.units.iter().flat_map(|unit| &unit.ast.statements) {
        let name = match statement {
            Statement::Account(alias) | Statement::Organization(alias) | Statement::Unit(alias) => {
                &alias.name
            }
            Statement::Group(group) => &group.name,
            Statement::Stack(_)
            | Statement::Regions(..)
            | Statement::RollOut(_)
            | Statement::Parameter(_)
            | Statement::Accounts(_)
            | Statement::Include(_)
            | Statement::Layer(_)
            | Statement::Restriction(_)
            | Statement::Expect(_) => continue,
        };
        let first = *seen.entry(folded(&name.text)).or_insert(name);
        // A duplicate name is another error.
        if first.text != name.text {
            let message = format!(
                "{} and {} are easily confused",
                quote(&name.text),
                quote(&first.text)
            );
            diagnostics.push(
                Diagnostic::warning(Code::SimilarName, name.span, message)
                    .also(first.span, "the other one is declared here")
                    .help("give one of them another name"),
            );
        }
    }
}

/// A name without the parts that are easily overlooked: the case of its letters, and `-` and `_`.
fn folded(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '-' | '_'))
        .map(|c| c.to_ascii_lowercase())
        .collect()
}
