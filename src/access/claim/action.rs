//! Claims about what a principal may do with layers, such as `dev cannot attach * from partner`.
//!
//! Such a claim is decided for every case that a deploy can decide, and in each case for every
//! account whose callers a guardrail may treat differently. With these fixed, the subject has
//! policies without unknown values, the set is a list of patterns, and `action_question` compares
//! the two.

use super::action_question::{ActionQuestion, past_participle, right_of};
use super::verdict::{Verdict, combined, worst};
use super::{Facts, callers, layer_set};
use crate::access::kind::SubjectKind;
use crate::access::placeholder::{Shown, placeholders};
use crate::access::subject::{Subject, Subjects};
use crate::cloudformation::{World, explore};
use crate::iam::attach::is_unrelated;
use crate::iam::document::{Effect, Statement};
use crate::iam::effective::EffectivePolicies;
use crate::iam::right;
use crate::pattern::{BudgetExceeded, Pattern};
use crate::rules::model::{LayerAction, LayerSet, Verb};

/// Why a claim is undecided that names a layer whose name only a deploy knows.
pub const UNKNOWN_ARN: &str = "the ARN of a version in the set is unknown";

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
        let placeholders = placeholders(template, &accounts);
        let verdict = match explore(template, Some(&placeholders), |world| self.in_case(world)) {
            Ok(cases) => combined(cases),
            Err(why) => Verdict::Undecided(why.to_string()),
        };
        let names = self.facts.physical_names(&self.ids);
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        self.facts
            .unless_not_read(verdict, &self.ids, &names)
            .shown(&Shown::new(template, &placeholders))
    }

    /// Whether it holds in one case, for every caller.
    fn in_case(&self, world: &World<'_>) -> Verdict {
        let Some(subject) = self.subject(world) else {
            return self.without_subject();
        };
        let Some(accounts) = callers::accounts(world, &subject, &self.ids, self.set) else {
            return Verdict::Undecided("it names too many accounts to decide this".to_owned());
        };
        if accounts.is_empty() {
            return self.for_caller(world, &subject);
        }
        let elsewhere = self
            .for_caller(world, &subject)
            .unless_held(|why| format!("{why}, for callers in another account"));
        let in_each = accounts.iter().map(|account| {
            self.for_caller(world, &subject.called_from(account))
                .unless_held(|why| format!("{why}, for callers in account {account}"))
        });
        worst(std::iter::once(elsewhere).chain(in_each))
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
        let name = self.name;
        Verdict::Undecided(if self.ids.is_empty() {
            format!("the template has no role or policy `{name}`")
        } else {
            let done = past_participle(self.action);
            format!("`{name}` does not exist, or does not govern which layers are {done}")
        })
    }

    /// Whether it holds for one caller.
    fn for_caller(&self, world: &World<'_>, subject: &Subject) -> Verdict {
        let map = self.facts.source_map;
        let Some(set) = layer_set::patterns(self.set, map, subject, world) else {
            return Verdict::Undecided(UNKNOWN_ARN.to_owned());
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
        self.explained(verdict, standing, &subject.id)
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
        verdict.unwrap_or_else(|BudgetExceeded| {
            Verdict::Undecided(
                "its patterns are too complex to decide this within the step limit".to_owned(),
            )
        })
    }

    /// A verdict, with what the standing of the policies means for it.
    fn explained(&self, verdict: Verdict, standing: Standing, id: &str) -> Verdict {
        match (verdict, standing) {
            (Verdict::Holds(why), Standing::OnlyDenies) => {
                Verdict::Holds(format!("{why}, whatever else is allowed"))
            }
            (Verdict::Fails(why, by), Standing::OnlyDenies) if self.verb != Verb::Can => {
                let elsewhere = "by a principal with permission from elsewhere: this only denies";
                Verdict::Fails(format!("{why} {elsewhere}"), by)
            }
            (Verdict::Holds(why), Standing::OneOfSeveral) => Verdict::Holds(format!(
                "{why}; this is about `{id}` alone, and not about other policies of its holders"
            )),
            (verdict, Standing::Complete | Standing::OneOfSeveral | Standing::OnlyDenies) => {
                verdict
            }
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
