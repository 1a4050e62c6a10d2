//! An allowlist of the own account's layers: the layers that AWS publishes are in accounts of their own.

use super::any_account::allowlists;
use super::wildcard::{account, name};
use crate::diagnostic::{Code, Diagnostic};
use crate::rules::model::{LayerSet, Restriction, SetMember};

/// The layers of AWS that are used most, as items of a set.
const PUBLISHED: &[(&str, &str)] = &[
    ("Lambda Insights", "arn:aws:lambda:*:580247275435:layer:LambdaInsightsExtension*:*"),
    ("Powertools for Python", "arn:aws:lambda:*:017000801446:layer:AWSLambdaPowertoolsPython*:*"),
    ("Powertools for TypeScript", "arn:aws:lambda:*:094274105915:layer:AWSLambdaPowertoolsTypeScript*:*"),
    (
        "Parameters and Secrets, in us-east-1",
        "arn:aws:lambda:us-east-1:177933569100:layer:AWS-Parameters-and-Secrets-Lambda-Extension*:*",
    ),
];

pub fn lint(restriction: &Restriction, diagnostics: &mut Vec<Diagnostic>) {
    let Some(member) = allowlists(restriction).find_map(whole_account) else {
        return;
    };
    let message = "this leaves out the layers that AWS publishes";
    let diagnostic = Diagnostic::remark(Code::AwsLayers, member.span, message)
        .note("they are in accounts of AWS; some have an account for each region");
    let lines = PUBLISHED.iter().map(|(what, arn)| format!("for {what}, add `{arn}`"));
    diagnostics.push(lines.fold(diagnostic, Diagnostic::help));
}

/// The member that stands for every layer of the own account, in a set that has the own account's only.
fn whole_account(set: &LayerSet) -> Option<&SetMember> {
    let own = |member: &&SetMember| {
        account(&member.layers)
            .is_none_or(|account| matches!(account.as_str(), "${AWS::AccountId}" | "${aws:PrincipalAccount}"))
    };
    let all_own = set.members.iter().filter(own).count() == set.members.len();
    set.members.iter().find(|member| name(&member.layers).as_deref() == Some("*")).filter(|_| all_own)
}
