//! A rolling layer shared with a principal that is a parameter: its old versions lose that share.

use super::Context;
use crate::diagnostic::{Code, Diagnostic};
use crate::rules::model::{Id, Layer, OldVersions, Principal, Releases, Rules};

pub fn lint(context: &Context<'_>, diagnostics: &mut Vec<Diagnostic>) {
    for layer in &context.rules.layers {
        lint_layer(context.rules, layer, diagnostics);
    }
}

fn lint_layer(rules: &Rules, layer: &Layer, diagnostics: &mut Vec<Diagnostic>) {
    let Releases::Rolling(rolling) = &layer.releases else {
        return;
    };
    if layer.old_versions == OldVersions::Delete {
        return;
    }
    for grant in &rolling.grants {
        let principal = rules.principal(grant).map(|named| &named.principal);
        let Some(
            Principal::Account(Id::Parameter(name)) | Principal::Organization(Id::Parameter(name)),
        ) = principal
        else {
            continue;
        };
        let message = format!("at each new content, `${{{name}}}` loses the versions before it");
        diagnostics.push(
            Diagnostic::warning(Code::RollingParameter, grant.span, message)
                .note(
                    "a share with a parameter is revoked when it is replaced, since a changed \
                    parameter must not \
                       leave its old value behind",
                )
                .help("write the ID out, or list the versions: `version LABEL from …`"),
        );
    }
}
