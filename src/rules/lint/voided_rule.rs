//! A rule that another statement of the source voids.

use super::Context;
use crate::aws::managed;
use crate::diagnostic::{Code, Diagnostic};
use crate::english::quote;
use crate::rules::layer_pattern::{open_pattern, pattern};
use crate::rules::model::{
    Allow, BoundaryReference, Deny, Restriction, RestrictionForm, Role, Rules, SetMember, Spanned,
};

pub fn lint(context: &Context<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let rules = context.rules;
    for restriction in &rules.restrictions {
        if let RestrictionForm::Role(role) = &restriction.form {
            let allows = allows_of(rules, restriction);
            beside_full_access(role, &allows, diagnostics);
            beside_another(&allows, diagnostics);
        }
        emptied(rules, restriction, diagnostics);
    }
}

/// The `allow` of a role and those of the policies that are attached to it.
fn allows_of<'r>(rules: &'r Rules, role: &'r Restriction) -> Vec<&'r Spanned<Allow>> {
    let attached = rules
        .restrictions
        .iter()
        .filter(|restriction| match &restriction.form {
            RestrictionForm::Policy(attachments) => {
                attachments.declared_roles.contains(&role.name.value)
            }
            RestrictionForm::Role(_)
            | RestrictionForm::Boundary
            | RestrictionForm::Guardrail(_) => false,
        });
    role.allow
        .iter()
        .chain(attached.filter_map(|policy| policy.allow.as_ref()))
        .collect()
}

fn beside_full_access(role: &Role, allows: &[&Spanned<Allow>], diagnostics: &mut Vec<Diagnostic>) {
    for policy in &role.managed {
        let arn = policy.value.to_string();
        if !managed::attaches_any_layer(&arn) {
            continue;
        }
        let name = arn.rsplit('/').next().unwrap_or_default();
        for allow in allows {
            diagnostics.push(
                Diagnostic::warning(
                    Code::VoidedRule,
                    allow.span,
                    format!("{} voids this `allow`", quote(name)),
                )
                .also(policy.span, "this allows attaching any layer")
                .note("a role may do what any of its policies allows")
                .help(
                    "write `deny all except …`, which no other policy can void, or remove that \
                        policy",
                ),
            );
        }
    }
}

fn beside_another(allows: &[&Spanned<Allow>], diagnostics: &mut Vec<Diagnostic>) {
    let with_layers = allows
        .iter()
        .find(|allow| matches!(allow.value, Allow::Layers(..)));
    for none in allows
        .iter()
        .filter(|allow| matches!(allow.value, Allow::None(_)))
    {
        if let Some(other) = with_layers {
            diagnostics.push(
                Diagnostic::warning(
                    Code::VoidedRule,
                    none.span,
                    "another `allow` of the same role voids this one",
                )
                .also(other.span, "this allows layers")
                .note("a role may do what any of its policies allows")
                .help("write `deny all`, which no other policy can void"),
            );
        }
    }
}

/// Looks for layers that an `allow` names and a `deny` overrides: one of the same policies, or one
/// of the role's boundary.
fn emptied(rules: &Rules, restriction: &Restriction, diagnostics: &mut Vec<Diagnostic>) {
    let Some(Spanned {
        value: Allow::Layers(_, set),
        span,
    }) = &restriction.allow
    else {
        return;
    };
    // A rule denies nothing to the roles that it exempts.
    let holders = [Some(restriction), boundary_of(rules, restriction)]
        .into_iter()
        .flatten();
    let denies: Vec<&Spanned<Deny>> = holders
        .filter(|holder| holder.exempt.is_empty())
        .flat_map(|holder| &holder.denies)
        .collect();
    if let Some(all) = denies.iter().find(|deny| matches!(deny.value, Deny::All)) {
        diagnostics.push(taken_back(*span, "`deny all` voids this `allow`", all));
        return;
    }
    for member in &set.members {
        if let Some(deny) = denies.iter().find(|deny| takes(rules, &deny.value, member)) {
            diagnostics.push(taken_back(member.span, "a `deny` overrides this", deny));
        }
    }
}

fn taken_back(span: crate::source::Span, message: &str, deny: &Spanned<Deny>) -> Diagnostic {
    Diagnostic::warning(Code::VoidedRule, span, message)
        .also(deny.span, "this denies all of it")
        .note("if any policy denies something, no `allow` can permit it")
}

fn boundary_of<'r>(rules: &'r Rules, restriction: &Restriction) -> Option<&'r Restriction> {
    let RestrictionForm::Role(Role {
        boundary: Some(BoundaryReference::Declared(name)),
        ..
    }) = &restriction.form
    else {
        return None;
    };
    let mut boundaries = rules
        .restrictions
        .iter()
        .filter(|other| matches!(other.form, RestrictionForm::Boundary));
    boundaries.find(|boundary| boundary.name.value == *name)
}

/// Whether a rule certainly denies every layer of a member.
fn takes(rules: &Rules, deny: &Deny, member: &SetMember) -> bool {
    match deny {
        Deny::All => true,
        Deny::Layers(set) => {
            let allowed = pattern(rules, &member.layers);
            set.members
                .iter()
                .any(|denied| pattern(rules, &denied.layers).plainly_covers(&allowed))
        }
        Deny::AllExcept(set) => {
            let allowed = open_pattern(rules, &member.layers);
            !set.members
                .iter()
                .any(|exempted| open_pattern(rules, &exempted.layers).overlaps(&allowed))
        }
    }
}
