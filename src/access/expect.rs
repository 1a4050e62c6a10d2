//! The claims of a source, decided on the template that it compiles to, after writing and reading
//! it.

use super::claim::{Facts, Verdict};
use crate::cloudformation::{Template, Values};
use crate::diagnostic::{Code, Diagnostic};
use crate::rules::model::{Claim, ClaimKind, Rules, Verb};
use crate::template::lower::Lowered;

/// Reports the claims that do not hold.
pub fn check(rules: &Rules, lowered: &Lowered, diagnostics: &mut Vec<Diagnostic>) {
    if rules.claims.is_empty() {
        return;
    }
    let Some(json) = lowered.template.json() else {
        return;
    };
    let facts = Facts::new(
        Template::new(json, &Values::default()),
        Some(&lowered.source_map),
    );
    for claim in &rules.claims {
        diagnostics.extend(report(claim, facts.verdict(claim), lowered));
    }
}

fn report(claim: &Claim, verdict: Verdict, lowered: &Lowered) -> Option<Diagnostic> {
    match verdict {
        Verdict::Holds(_) => None,
        Verdict::Undecided(why) => Some(
            Diagnostic::error(Code::UndecidedClaim, claim.span, "this claim is undecided")
                .note(why)
                .help(
                    "an undecided claim counts as a failure: supply the missing fact, or remove \
                        the claim",
                ),
        ),
        Verdict::Fails(why, causes) => {
            let diagnostic = Diagnostic::error(
                Code::FailedClaim,
                claim.span,
                format!(
                    "this does \
            not hold: {why}"
                ),
            );
            let mut causes = causes.iter();
            let origin = causes.find_map(|cause| lowered.origin(&cause.resource));
            let label = match claim.kind {
                ClaimKind::Action {
                    verb: Verb::Can, ..
                } => "this denies it",
                ClaimKind::Action {
                    verb: Verb::Cannot | Verb::Only,
                    ..
                }
                | ClaimKind::Use { .. } => "this allows it",
            };
            Some(match origin {
                Some(span) => diagnostic.also(span, label),
                None => diagnostic,
            })
        }
    }
}
