//! A rolling layer shared with a principal that is a parameter: its old versions lose that share.

use super::Context;
use crate::diagnostic::{Code, Diagnostic};
use crate::rules::model::{DeployCondition, Id, Layer, OldVersions, Principal, Releases, Rules};

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
    let exists = DeployCondition::all(layer.exists.clone());
    for grant in &*rolling.grants {
        let principal = rules.principal(grant).map(|named| &named.principal);
        let message = match principal {
            Some(
                Principal::Account(Id::Parameter(name) | Id::Optional(name))
                | Principal::Organization(Id::Parameter(name) | Id::Optional(name)),
            ) => format!(
                "every new archive revokes the access of `${{{name}}}` to earlier \
                versions"
            ),
            Some(
                Principal::Account(Id::Literal(_))
                | Principal::Organization(Id::Literal(_))
                | Principal::Everyone,
            )
            | None => {
                if grant.condition == exists {
                    continue;
                }
                diagnostics.push(
                    Diagnostic::warning(
                        Code::RollingParameter,
                        grant.span,
                        "every new archive revokes this share of earlier versions",
                    )
                    .note(
                        "a share with a switch is revoked when it is replaced, since a switch that \
                        is turned off must not leave versions shared",
                    )
                    .help("remove the switch, or list the versions: `version LABEL from …`"),
                );
                continue;
            }
        };
        diagnostics.push(
            Diagnostic::warning(Code::RollingParameter, grant.span, message)
                .note(
                    "a share with a parameter is revoked when it is replaced, since the old value \
                        of a changed parameter must not keep its access",
                )
                .help("write the ID out, or list the versions: `version LABEL from …`"),
        );
    }
}
