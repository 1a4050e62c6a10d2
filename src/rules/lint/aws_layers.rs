//! An allowlist with only the caller's own layers: it leaves out the layers in AWS's accounts.

use super::Context;
use crate::aws::layers::{ProductLayers, published};
use crate::diagnostic::{Code, Diagnostic};
use crate::rules::layer_pattern::{account, name};
use crate::rules::model::{LayerSet, Restriction, SetMember};

pub fn lint(context: &Context<'_>, diagnostics: &mut Vec<Diagnostic>) {
    for restriction in &context.rules.restrictions {
        lint_restriction(restriction, diagnostics);
    }
}

fn lint_restriction(restriction: &Restriction, diagnostics: &mut Vec<Diagnostic>) {
    let Some(member) = restriction.allowlists().find_map(whole_account) else {
        return;
    };
    let message = "this leaves out the layers that AWS publishes";
    let diagnostic = Diagnostic::remark(Code::AwsLayers, member.span, message).note(
        "they are in AWS's accounts; the manual lists those with a different account in each \
            region",
    );
    let everywhere = published().filter(|published| published.is_everywhere());
    let lines =
        everywhere.map(|ProductLayers { product, item }| format!("for {product}, add `{item}`"));
    diagnostics.push(lines.fold(diagnostic, Diagnostic::help));
}

/// The member for every layer of the caller's account, in a set without layers of other accounts.
fn whole_account(set: &LayerSet) -> Option<&SetMember> {
    let own = |member: &&SetMember| {
        account(&member.layers).is_none_or(|account| {
            matches!(
                account.as_str(),
                "${AWS::AccountId}" | "${aws:PrincipalAccount}"
            )
        })
    };
    let all_own = set.members.iter().filter(own).count() == set.members.len();
    set.members
        .iter()
        .find(|member| name(&member.layers).as_deref() == Some("*"))
        .filter(|_| all_own)
}
