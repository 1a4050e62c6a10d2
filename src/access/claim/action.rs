//! Claims about what a principal may do with layers, such as `dev cannot attach * from partner`.
//!
//! Such a claim is decided for every case that a deploy can decide, and in each case for every
//! account whose callers a guardrail may treat differently. With these fixed, the subject has
//! policies without unknown values, the set is a list of patterns, and `action_question` compares
//! the two.

use super::action_question::{ActionQuestion, right_of};
use super::reason::{ActionReason, Callers, Reason, Remark};
use super::{Facts, Verdict, callers, combined, layer_set, worst};
use crate::access::kind::SubjectKind;
use crate::access::placeholder::{Shown, placeholders};
use crate::access::region::with_regions;
use crate::access::subject::{Subject, Subjects};
use crate::cloudformation::{TooManyCases, World, explore};
use crate::iam::attach::is_unrelated;
use crate::iam::document::{Effect, Statement};
use crate::iam::effective::EffectivePolicies;
use crate::iam::right;
use crate::partial::Text;
use crate::pattern::{BudgetExceeded, Pattern};
use crate::rules::model::{LayerAction, LayerSet, Verb};

/// A claim about an action on layers, and the template that it is about.
pub(super) struct ActionClaim<'c> {
    facts: &'c Facts<'c>,
    /// The name of the role, user, group, policy, boundary or guardrail.
    name: &'c str,
    /// The resources for that name.
    ids: Vec<String>,
    subjects: Subjects<'c>,
    verb: Verb,
    action: LayerAction,
    set: &'c LayerSet,
}

/// How far the policies of a subject decide what happens to a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// They are all the policies of a principal, or a limit on principals.
    Complete,
    /// They are one policy, and whoever has it may have others.
    OneOfSeveral,
    /// They are one policy that only denies. It grants nothing, so the question is what it
    /// forbids, whatever other policies allow.
    OnlyDenies,
}

impl<'c> ActionClaim<'c> {
    pub(super) fn new(
        facts: &'c Facts<'c>,
        name: &'c str,
        verb: Verb,
        action: LayerAction,
        set: &'c LayerSet,
    ) -> Self {
        Self {
            facts,
            name,
            ids: facts.subject_ids(name),
            subjects: Subjects::new(&facts.template, facts.meant_as),
            verb,
            action,
            set,
        }
    }

    /// Whether the claim holds.
    pub(super) fn verdict(&self) -> Verdict {
        let template = &self.facts.template;
        let accounts = callers::accounts_beside_parameters(template, &self.ids, self.set);
        let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
        let arns: Vec<String> = callers::arns(self.set).collect();
        let placeholders = placeholders(template, &accounts);
        let subjects = explore(template, Some(&placeholders), |world| self.subject(world));
        let subjects = subjects.unwrap_or_default();
        let policies = subjects
            .iter()
            .filter_map(|(_, subject)| Some(&subject.as_ref()?.policies));
        let placeholders = with_regions(policies, &placeholders, &arns).unwrap_or(placeholders);
        let verdict = match explore(template, Some(&placeholders), |world| self.in_case(world)) {
            Ok(cases) => combined(cases),
            Err(TooManyCases) => Verdict::undecided(Reason::TooManyCases),
        };
        verdict
            .unless(|| self.not_read())
            .with_names(Shown::new(template, &placeholders))
    }

    /// An unread part that may be about the subject.
    fn not_read(&self) -> Option<Reason> {
        let ids: Vec<&str> = self.ids.iter().map(String::as_str).collect();
        let names = self.facts.physical_names(&self.ids);
        let names: Vec<String> = names.iter().map(Text::to_string).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.facts.not_read_about(&ids, &names)
    }

    /// Whether it holds in one case, for every caller.
    fn in_case(&self, world: &World<'_>) -> Verdict {
        let Some(subject) = self.subject(world) else {
            return self.without_subject();
        };
        let Some(accounts) = callers::accounts(world, &subject, &self.ids, self.set) else {
            return undecided(ActionReason::TooManyAccounts);
        };
        if accounts.is_empty() {
            return self.for_caller(world, &subject);
        }
        let elsewhere = self.for_caller(world, &subject);
        let mut verdicts = vec![elsewhere.for_callers(Callers::Elsewhere)];
        for account in accounts {
            let verdict = self.for_caller(world, &subject.called_from(&account));
            verdicts.push(verdict.for_callers(Callers::In(account)));
        }
        worst(verdicts)
    }

    /// The subject in one case: its parts as one, where what any part allows is allowed, and what
    /// any part denies is denied.
    fn subject(&self, world: &World<'_>) -> Option<Subject> {
        let resources = self.ids.iter().filter_map(|id| world.template.resource(id));
        let mut parts = resources.filter_map(|resource| self.subjects.subject(&resource, world));
        let mut whole = parts.next()?;
        for part in parts {
            if whole.kind != SubjectKind::Guardrail
                && let Some(level) = whole.policies.levels.first_mut()
                && let Some(more) = part.policies.levels.first()
            {
                level.extend(more.iter().cloned());
            }
            whole.policies.guardrails.extend(part.policies.guardrails);
        }
        Some(whole)
    }

    /// The verdict where there is no such subject.
    fn without_subject(&self) -> Verdict {
        let name = self.name.to_owned();
        undecided(if self.ids.is_empty() {
            ActionReason::NoSubject(name)
        } else {
            ActionReason::GovernsNothing(name, self.action)
        })
    }

    /// Whether it holds for one caller, or for all if they are treated the same.
    fn for_caller(&self, world: &World<'_>, subject: &Subject) -> Verdict {
        let map = self.facts.source_map;
        let Some(set) = layer_set::patterns(self.set, map, subject, world) else {
            return undecided(ActionReason::OpenName);
        };
        let standing = self.standing(subject);
        let verdict = match standing {
            Standing::Complete | Standing::OneOfSeveral => {
                self.by_policies(&subject.policies, &set, subject, world)
            }
            Standing::OnlyDenies => {
                let policies = subject.policies.whatever_is_allowed();
                self.by_policies(&policies, &set, subject, world)
            }
        };
        let remark = self.remark(&verdict, standing, &subject.id);
        verdict.with_remark(remark)
    }

    fn standing(&self, subject: &Subject) -> Standing {
        if subject.kind != SubjectKind::Policy && subject.kind != SubjectKind::Group {
            return Standing::Complete;
        }
        let allows = may_have(&subject.policies, Effect::Allow, self.action);
        let denies = may_have(&subject.policies, Effect::Deny, self.action);
        if denies && !allows {
            Standing::OnlyDenies
        } else {
            Standing::OneOfSeveral
        }
    }

    /// Whether it holds by some policies.
    fn by_policies(
        &self,
        policies: &EffectivePolicies,
        set: &[Pattern],
        subject: &Subject,
        world: &World<'_>,
    ) -> Verdict {
        let others = layer_set::all_that_can_be_meant(self.action, subject, world);
        let question = ActionQuestion::new(policies, self.action, set, others);
        let verdict = match self.verb {
            Verb::Can => question.every_layer_of_the_set(),
            Verb::Cannot => question.no_layer_of_the_set(),
            Verb::Only => question.no_other_layer(),
        };
        verdict.unwrap_or_else(|BudgetExceeded| undecided(ActionReason::TooComplex))
    }

    /// What a verdict leaves out because of the standing of the policies, if anything.
    fn remark(&self, verdict: &Verdict, standing: Standing, id: &str) -> Option<Remark> {
        match (verdict, standing) {
            (Verdict::Holds(_), Standing::OnlyDenies) => Some(Remark::WhateverIsAllowed),
            (Verdict::Holds(_), Standing::OneOfSeveral) => {
                Some(Remark::OneOfSeveral(id.to_owned()))
            }
            (Verdict::Fails(..), Standing::OnlyDenies) if self.verb != Verb::Can => {
                Some(Remark::AllowedElsewhere)
            }
            (Verdict::Fails(..) | Verdict::Undecided(_), _)
            | (Verdict::Holds(_), Standing::Complete) => None,
        }
    }
}

/// Whether policies have a statement with this effect that may matter for an action, or one whose
/// effect is unknown.
fn may_have(policies: &EffectivePolicies, effect: Effect, action: LayerAction) -> bool {
    policies
        .documents()
        .any(|document| document.problem.is_some())
        || policies
            .statements()
            .any(|(_, statement)| statement.effect == effect && may_matter(statement, action))
}

/// Whether a statement may be about an action on layers.
fn may_matter(statement: &Statement, action: LayerAction) -> bool {
    match action {
        LayerAction::Attach => !is_unrelated(statement),
        LayerAction::Handle(handled) => !right::is_unrelated(statement, right_of(handled)),
    }
}

fn undecided(reason: ActionReason) -> Verdict {
    Verdict::undecided(Reason::Action(reason))
}
