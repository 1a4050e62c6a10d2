//! The claims of a source, decided on the template that it compiles to, after writing and reading
//! it.

use super::claim::{Explanation, Facts, Verdict};
use crate::cloudformation::{Template, Values};
use crate::diagnostic::{Code, Diagnostic};
use crate::rules::model::{Claim, ClaimKind, ParameterPattern, Rules, Verb};
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
        diagnostics.extend(report(claim, facts.verdict(claim), rules, lowered));
    }
}

/// What to do about a claim that is undecided because the names of layers are open, if parameters
/// keep them open.
fn close_names(why: &Explanation, rules: &Rules) -> Option<String> {
    let parameters = rules.parameters.iter();
    let open: Vec<String> = parameters
        .filter(|parameter| {
            parameter.pattern == Some(ParameterPattern::LayerName) && parameter.allowed.is_empty()
        })
        .map(|parameter| format!("`{}`", parameter.name.value))
        .collect();
    (why.is_open_name() && !open.is_empty()).then(|| {
        format!(
            "list the values of {}: `allowed VALUE, …` in the body of the parameter; the claim is \
            then decided for each",
            open.join(", ")
        )
    })
}

fn report(claim: &Claim, verdict: Verdict, rules: &Rules, lowered: &Lowered) -> Option<Diagnostic> {
    match verdict {
        Verdict::Holds(_) => None,
        Verdict::Undecided(why) => {
            let help = close_names(&why, rules).unwrap_or_else(|| {
                "an undecided claim counts as a failure: supply the missing fact, or remove the \
                claim"
                    .to_owned()
            });
            let message = "this claim is undecided";
            let diagnostic = Diagnostic::error(Code::UndecidedClaim, claim.span, message);
            Some(diagnostic.note(why.to_string()).help(help))
        }
        Verdict::Fails(why, causes) => {
            let diagnostic = Diagnostic::error(
                Code::FailedClaim,
                claim.span,
                format!("this does not hold: {why}"),
            );
            let mut causes = causes.iter();
            let origin = causes.find_map(|cause| lowered.origin(cause.resource()?));
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
