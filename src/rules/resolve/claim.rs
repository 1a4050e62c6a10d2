//! `expect CLAIM`

use super::Resolver;
use super::restriction::Names;
use super::set::this_account;
use crate::diagnostic::{Code, Diagnostic};
use crate::english::{nearest, quote};
use crate::rules::layer_pattern::handled;
use crate::rules::model::{
    Claim, ClaimKind, Claimed, LayerAction, LayerSet, Layers, Principal, SetMember, Spanned,
};
use crate::rules::text::Text;
use crate::syntax::ast::{self, File, HandlingRight, RestrictionKind, Statement};
use indexmap::IndexSet;

/// The word for every layer in a claim about use.
const EVERY_LAYER: &str = "*";

impl Resolver<'_> {
    /// The claims of a source, without those that have a mistake, which is then reported.
    pub fn claims(&mut self, file: &File, names: &Names<'_>) -> Vec<Claim> {
        let claims = file.statements.iter().filter_map(|statement| {
            let Statement::Expect(claim) = statement else {
                return None;
            };
            Some(claim)
        });
        claims
            .filter_map(|claim| self.claim(claim, names))
            .collect()
    }

    fn claim(&mut self, claim: &ast::Claim, names: &Names<'_>) -> Option<Claim> {
        let kind = match &claim.kind {
            ast::ClaimKind::Action {
                subject,
                verb,
                action,
            } => {
                if !self.names_only && !names.subjects.contains(&subject.text.as_str()) {
                    self.report(unknown_subject(subject, action, names));
                    return None;
                }
                let (action, set) = self.claimed_action(action, names)?;
                ClaimKind::Action {
                    subject: Spanned {
                        value: subject.text.clone(),
                        span: subject.span,
                    },
                    verb: *verb,
                    action,
                    set,
                }
            }
            ast::ClaimKind::Use {
                only,
                principals,
                member_of,
                can,
                layer,
                version,
            } => {
                let versions = self.claimed(layer, version.as_ref(), names)?;
                let found = self.principals(principals);
                let member_of = match member_of {
                    Some(organization) => Some(self.organization(organization)?),
                    None => None,
                };
                if found.is_empty() {
                    return None;
                }
                ClaimKind::Use {
                    only: *only,
                    principals: found,
                    member_of,
                    can: *can,
                    versions,
                }
            }
        };
        Some(Claim {
            span: claim.keyword,
            kind,
        })
    }

    /// The action of a claim, and its layers; `None` if all of them have mistakes.
    fn claimed_action(
        &mut self,
        action: &ast::LayerAction,
        names: &Names<'_>,
    ) -> Option<(LayerAction, LayerSet)> {
        let (action, set) = match action {
            // `this account` is the account of the claim's subject, as in a guardrail.
            ast::LayerAction::Attach(items) => (
                LayerAction::Attach,
                self.set(items, RestrictionKind::Guardrail, &names.layers),
            ),
            ast::LayerAction::Handle(right, patterns) => (
                LayerAction::Handle(*right),
                self.handled(*right, patterns, names),
            ),
        };
        (!set.members.is_empty()).then_some((action, set))
    }

    /// The layers of a claim about publishing or sharing: those in the account of its subject,
    /// since nobody can publish or share layers of another account.
    fn handled(
        &mut self,
        right: HandlingRight,
        patterns: &[ast::Name],
        names: &Names<'_>,
    ) -> LayerSet {
        let account = this_account(RestrictionKind::Guardrail);
        let found = self.layer_names(patterns, &names.layers);
        let member = |name: Spanned<Text>| SetMember {
            layers: Layers::Matching(handled(right, account.clone(), &name.value)),
            declared: None,
            names: None,
            span: name.span,
        };
        LayerSet {
            members: found.into_iter().map(member).collect(),
        }
    }

    fn principals(&mut self, principals: &[ast::Principal]) -> Vec<Spanned<Principal>> {
        let members = self.scope.expand(principals, self.diagnostics);
        let found = members.into_iter().filter_map(|(index, span)| {
            self.scope.principal(index).map(|principal| Spanned {
                value: principal.clone(),
                span,
            })
        });
        found.collect()
    }

    fn organization(&mut self, written: &ast::Principal) -> Option<Principal> {
        match self.principals(std::slice::from_ref(written)).as_slice() {
            [
                Spanned {
                    value: organization @ Principal::Organization(_),
                    ..
                },
            ] => Some(organization.clone()),
            [Spanned { span, .. }, ..] => {
                self.report(
                    Diagnostic::error(
                        Code::InvalidClaim,
                        *span,
                        "expected an organization after `in`",
                    )
                    .help("write `in organization ID`, or the name of an organization"),
                );
                None
            }
            [] => None,
        }
    }

    fn claimed(
        &mut self,
        layer: &ast::Name,
        label: Option<&ast::Name>,
        names: &Names<'_>,
    ) -> Option<Claimed> {
        if layer.text == EVERY_LAYER {
            return self.every_layer(layer, label, names);
        }
        let claimed = |layers: Vec<String>, labels| Claimed::Layer {
            layer: Spanned {
                value: layer.text.clone(),
                span: layer.span,
            },
            layers,
            labels,
            is_declared: !self.names_only,
        };
        if self.names_only {
            return Some(claimed(
                vec![layer.text.clone()],
                label.map(|label| label.text.clone()).into_iter().collect(),
            ));
        }
        let Some(declared) = names.layers.get(layer.text.as_str()) else {
            let message = format!("there is no layer {} in this source", quote(&layer.text));
            let diagnostic = Diagnostic::error(Code::UnknownName, layer.span, message);
            let near = nearest(&layer.text, names.layers.keys().copied());
            self.report(diagnostic.suggest(
                layer.span,
                near,
                "a claim about use names a layer of this source, or `*` for all of them",
            ));
            return None;
        };
        let declared = declared.as_ref()?;
        let versions = declared.iter().flat_map(|layer| layer.versions());
        let known: IndexSet<String> = versions
            .map(|version| version.label.value.clone())
            .collect();
        let layers = declared.iter().map(|layer| layer.name.value.clone());
        let layers = layers.collect();
        let Some(label) = label else {
            return Some(claimed(layers, known.into_iter().collect()));
        };
        if !known.contains(&label.text) {
            let message = format!(
                "the layer {} has no version {}",
                quote(&layer.text),
                quote(&label.text)
            );
            self.report(Diagnostic::error(Code::UnknownVersion, label.span, message));
            return None;
        }
        Some(claimed(layers, vec![label.text.clone()]))
    }

    /// `*`: every layer, including layers that are added later.
    fn every_layer(
        &mut self,
        star: &ast::Name,
        label: Option<&ast::Name>,
        names: &Names<'_>,
    ) -> Option<Claimed> {
        if let Some(label) = label {
            self.report(
                Diagnostic::error(
                    Code::InvalidClaim,
                    label.span,
                    "`version` needs one layer, not `*`",
                )
                .help("remove `version`, or name the layer"),
            );
            return None;
        }
        if !self.names_only && names.layers.is_empty() {
            self.report(
                Diagnostic::error(Code::InvalidClaim, star.span, "this source has no layers")
                    .help("remove the claim, or move it to the source of the layers"),
            );
            return None;
        }
        Some(Claimed::Every)
    }
}

fn unknown_subject(
    subject: &ast::Name,
    action: &ast::LayerAction,
    names: &Names<'_>,
) -> Diagnostic {
    let what = match action {
        ast::LayerAction::Attach(_) => "attaching",
        ast::LayerAction::Handle(HandlingRight::Publish, _) => "publishing",
        ast::LayerAction::Handle(HandlingRight::Share, _) => "sharing",
    };
    let message = format!(
        "there is no role, policy, boundary or guardrail {}",
        quote(&subject.text)
    );
    Diagnostic::error(Code::UnknownName, subject.span, message).suggest(
        subject.span,
        nearest(&subject.text, names.subjects.iter().copied()),
        format!("a claim about {what} needs one that this source declares"),
    )
}
