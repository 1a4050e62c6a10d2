//! Claims about which layers can be attached, published and shared.

use super::{Cause, Facts, Verdict, combined, worst};
use crate::access::kind::Kind;
use crate::access::placeholder::{CALLER, Shown, placeholders};
use crate::access::subject::{Subject, Subjects};
use crate::cloudformation::{World, explore};
use crate::iam::allowance::{Allowance, AttachableLayers};
use crate::iam::attach::{attachable, is_unrelated};
use crate::iam::deny_reason::{DenyReason, deny_reason, right_denied};
use crate::iam::document::{Effect, Statement};
use crate::iam::effective::EffectivePolicies;
use crate::iam::evaluate::Values;
use crate::iam::provenance::Provenance;
use crate::iam::right::{self, Right};
use crate::pattern::{BudgetExceeded, Pattern};
use crate::rules::layer_pattern;
use crate::rules::model::{Deed, LayerRight, LayerSet, Layers, Verb};
use crate::rules::text::{Part, Text as RuleText};
use crate::template::lower::names;
use serde_json::json;
use std::collections::BTreeSet;

impl Facts<'_> {
    /// Whether a claim about what a role or policy allows with layers holds.
    pub(super) fn act(&self, name: &str, verb: Verb, deed: Deed, set: &LayerSet) -> Verdict {
        let ids = self.subject_ids(name);
        let mut accounts = accounts_in(set);
        accounts.extend(self.accounts_of(&ids));
        let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
        let placeholders = placeholders(&self.template, &accounts);
        let subjects = Subjects::new(&self.template, self.meant_as);
        let shown = Shown::new(&self.template, &placeholders);
        let cases = explore(&self.template, Some(&placeholders), |world| {
            let parts = ids
                .iter()
                .filter_map(|id| subjects.subject(&self.template.resource(id)?, world));
            let parts: Vec<Subject> = parts.collect();
            let Some(subject) = together(&parts) else {
                return Verdict::Undecided(if ids.is_empty() {
                    format!("the template has no role or policy `{name}`")
                } else {
                    format!(
                        "`{name}` does not exist, or does not govern which layers are {}",
                        done(deed)
                    )
                });
            };
            let callers = self.callers(world, &subject, &ids, set);
            if callers.len() > MOST_CALLERS {
                return Verdict::Undecided("it names too many accounts to decide this".to_owned());
            }
            worst(callers.iter().map(|caller| {
                let Some(account) = caller else {
                    let verdict = self.act_in(world, &subject, verb, deed, set);
                    return if callers.len() == 1 {
                        verdict
                    } else {
                        verdict.unless_held(|why| format!("{why}, for callers in another account"))
                    };
                };
                let verdict = self.act_in(world, &subject.called_from(account), verb, deed, set);
                verdict.unless_held(|why| format!("{why}, for callers in account {account}"))
            }))
        });
        let verdict = match cases {
            Ok(cases) => combined(cases),
            Err(why) => Verdict::Undecided(why.to_string()),
        };
        let names = self.physical_names(&ids);
        self.unless_not_read(verdict, &ids, &names).shown(&shown)
    }

    /// The accounts of callers that a claim is about, each decided separately. If a guardrail or a
    /// claim about it treats callers differently by their accounts, these are the accounts that one
    /// of them or the stack names, and any other account (`None`).
    fn callers(
        &self,
        world: &World<'_>,
        subject: &Subject,
        ids: &[String],
        set: &LayerSet,
    ) -> Vec<Option<String>> {
        let mut callers = vec![None];
        let resources = ids.iter().filter_map(|id| self.template.resource(id));
        let members = set
            .members
            .iter()
            .filter_map(|member| match &member.layers {
                Layers::Matching(arn) => Some(arn.to_string()),
                Layers::Published { .. } => None,
            });
        let written: Vec<String> = resources
            .map(|resource| resource.json.to_string())
            .chain(members)
            .collect();
        if subject.kind != Kind::Guardrail || !written.iter().any(|text| tells_apart(text)) {
            return callers;
        }
        let mut named: BTreeSet<String> =
            written.iter().flat_map(|text| account_ids(text)).collect();
        let parameters = self.template.parameters();
        let accounts = parameters.filter(|(_, parameter)| parameter.is_account());
        for name in accounts.map(|(name, _)| name).chain(["AWS::AccountId"]) {
            let value = world.value(&json!({ "Ref": name }));
            named.extend(value.and_then(|value| value.as_literal().map(str::to_owned)));
        }
        callers.extend(named.into_iter().map(Some));
        callers
    }

    /// The accounts that are written in some resources, if a parameter could be one of them.
    fn accounts_of(&self, ids: &[String]) -> Vec<String> {
        let mut found = Vec::new();
        if self
            .template
            .parameters()
            .any(|(_, parameter)| parameter.is_account())
        {
            for id in ids {
                if let Some(resource) = self.template.resource(id) {
                    found.extend(account_ids(&resource.json.to_string()));
                }
            }
        }
        found
    }

    /// The names of some resources in AWS, if the template gives them.
    pub(super) fn physical_names(&self, ids: &[String]) -> Vec<String> {
        let mut found = Vec::new();
        for resource in ids.iter().filter_map(|id| self.template.resource(id)) {
            for property in ["RoleName", "UserName", "GroupName", "ManagedPolicyName"] {
                let name = resource
                    .json
                    .get("Properties")
                    .and_then(|all| all.get(property));
                found.extend(name.and_then(serde_json::Value::as_str).map(str::to_owned));
            }
        }
        found
    }

    /// The resources for a name: for a source, the resources that it compiles to; for any other
    /// template, the one with that logical ID.
    pub(super) fn subject_ids(&self, name: &str) -> Vec<String> {
        if let Some(ids) = self.source_map.and_then(|map| map.blocks.get(name)) {
            let own = ids.iter().filter(|id| self.template.resource(id).is_some());
            return own.cloned().collect();
        }
        let pascal = names::pascal(name);
        let known = [name, pascal.as_str()]
            .into_iter()
            .find(|id| self.template.resource(id).is_some());
        known.map(str::to_owned).into_iter().collect()
    }

    fn act_in(
        &self,
        world: &World<'_>,
        subject: &Subject,
        verb: Verb,
        deed: Deed,
        set: &LayerSet,
    ) -> Verdict {
        let mut patterns = Vec::with_capacity(set.members.len());
        for member in &set.members {
            match self.pattern(&member.layers, subject, world) {
                Some(pattern) => patterns.push(pattern),
                None => {
                    return Verdict::Undecided(
                        "the ARN of a version in the set is unknown".to_owned(),
                    );
                }
            }
        }
        let by_itself = subject.kind == Kind::Policy || subject.kind == Kind::Group;
        let only_denies = by_itself
            && !says_any(&subject.policies, Effect::Allow, deed)
            && says_any(&subject.policies, Effect::Deny, deed);
        // A policy that only denies grants nothing. The question is what it forbids, whatever else
        // is allowed.
        let policies = if only_denies {
            subject.policies.whatever_is_allowed()
        } else {
            subject.policies.clone()
        };
        let found = match deed {
            Deed::Attach => attachable(&policies),
            Deed::Handle(handled) => right::handled(&policies, right_of(handled)),
        };
        let question = ActQuestion {
            deed,
            policies: &policies,
            found: &found,
            set: &patterns,
            // Nobody publishes or shares the layers of another account.
            reach: match deed {
                Deed::Attach => None,
                Deed::Handle(right) => {
                    let own = Part::Literal(THIS_ACCOUNT.to_owned());
                    let every = layer_pattern::handled(right, own, &RuleText::literal("*"));
                    filled_in(&every, subject, world).map(|arn| vec![Pattern::new(&arn)])
                }
            },
        };
        let verdict = match verb {
            Verb::Can => question.can(),
            Verb::Cannot => question.none(Side::In),
            Verb::Only => question.none(Side::Out),
        };
        let verdict = verdict.unwrap_or_else(|BudgetExceeded| {
            Verdict::Undecided(
                "its patterns are too complex to decide this within the step \
                limit"
                    .to_owned(),
            )
        });
        match verdict {
            Verdict::Holds(why) if only_denies => {
                Verdict::Holds(format!("{why}, whatever else is allowed"))
            }
            Verdict::Holds(why) if by_itself => Verdict::Holds(format!(
                "{why}; this is about `{}` alone, and not about other policies of its holders",
                subject.id
            )),
            Verdict::Fails(why, by) if only_denies && verb != Verb::Can => Verdict::Fails(
                format!("{why} by a principal with permission from elsewhere: this only denies"),
                by,
            ),
            verdict @ (Verdict::Holds(_) | Verdict::Fails(..) | Verdict::Undecided(_)) => verdict,
        }
    }

    /// The ARNs of a member of a set.
    fn pattern(&self, layers: &Layers, subject: &Subject, world: &World<'_>) -> Option<Pattern> {
        match layers {
            Layers::Published { layer, label } => {
                let record = self.source_map.and_then(|map| {
                    map.versions
                        .iter()
                        .find(|one| one.layer == *layer && one.label.as_ref() == Some(label))
                });
                let id = record.map_or_else(
                    || Some(names::version(layer, label)),
                    |record| record.version.clone(),
                );
                let arn = world.value(&json!({ "Ref": id? }))?;
                arn.as_literal().map(Pattern::exactly)
            }
            Layers::Matching(arn) => filled_in(arn, subject, world).map(|arn| Pattern::new(&arn)),
        }
    }
}

/// The placeholder for the account of the subject of a claim.
const THIS_ACCOUNT: &str = "${aws:PrincipalAccount}";

/// The ARN of a set with the values of its parameters. `this account` is the account of the
/// subject.
fn filled_in(arn: &RuleText, subject: &Subject, world: &World<'_>) -> Option<String> {
    let mut text = String::new();
    for part in arn.parts() {
        match part {
            Part::Literal(literal) => text.push_str(literal),
            Part::Parameter(name) => {
                text.push_str(world.value(&json!({ "Ref": name }))?.as_literal()?);
            }
        }
    }
    let own = match subject.policies.request.context.get("aws:principalaccount") {
        Some(Values::Anybody(account)) => Some(account.as_str()),
        Some(Values::Known(accounts)) => accounts.first().map(String::as_str),
        Some(Values::Unknown) | None => None,
    };
    if text.contains(THIS_ACCOUNT) {
        Some(text.replace(THIS_ACCOUNT, own?))
    } else {
        Some(text)
    }
}

/// How many accounts of callers a claim is decided for, one after the other.
const MOST_CALLERS: usize = 1000;

/// The accounts that a set names.
fn accounts_in(set: &LayerSet) -> Vec<String> {
    let mut found = Vec::new();
    for member in &set.members {
        if let Layers::Matching(arn) = &member.layers {
            found.extend(account_ids(&arn.to_string()));
        }
    }
    found
}

/// Whether a text names the key by which callers of different accounts differ.
fn tells_apart(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains(&CALLER.to_ascii_lowercase())
}

/// The runs of exactly 12 digits in a text.
fn account_ids(text: &str) -> Vec<String> {
    let runs = text.split(|character: char| !character.is_ascii_digit());
    let mut found: Vec<String> = runs
        .filter(|run| run.len() == 12)
        .map(str::to_owned)
        .collect();
    found.sort();
    found.dedup();
    found
}

/// The parts of a policy as one: what any allows is allowed, what any denies is denied.
fn together(parts: &[Subject]) -> Option<Subject> {
    let (first, rest) = parts.split_first()?;
    let mut subject = first.clone();
    for part in rest {
        if subject.kind != Kind::Guardrail
            && let (Some(level), Some(more)) = (
                subject.policies.levels.first_mut(),
                part.policies.levels.first(),
            )
        {
            level.extend(more.iter().cloned());
        }
        subject
            .policies
            .guardrails
            .extend(part.policies.guardrails.iter().cloned());
    }
    Some(subject)
}

/// The right that publishing or sharing needs.
fn right_of(right: LayerRight) -> Right {
    match right {
        LayerRight::Publish => Right::Publish,
        LayerRight::Share => Right::Share,
    }
}

/// What is done to a layer, as a participle.
fn done(deed: Deed) -> &'static str {
    match deed {
        Deed::Attach => "attached",
        Deed::Handle(LayerRight::Publish) => "published",
        Deed::Handle(LayerRight::Share) => "shared",
    }
}

/// Whether policies have a statement with this effect that may matter, or one whose effect is
/// unknown.
fn says_any(policies: &EffectivePolicies, effect: Effect, deed: Deed) -> bool {
    for document in policies.documents() {
        if document.problem.is_some() {
            return true;
        }
    }
    for (_, statement) in policies.statements() {
        if statement.effect == effect && is_related(statement, deed) {
            return true;
        }
    }
    false
}

/// Whether a statement may be about what is done to layers.
fn is_related(statement: &Statement, deed: Deed) -> bool {
    match deed {
        Deed::Attach => !is_unrelated(statement),
        Deed::Handle(handled) => !right::is_unrelated(statement, right_of(handled)),
    }
}

/// Which layers a question is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// The layers in the set.
    In,
    /// The layers outside it.
    Out,
}

/// A question about an action on the layers of a set.
struct ActQuestion<'a> {
    deed: Deed,
    policies: &'a EffectivePolicies,
    found: &'a AttachableLayers,
    set: &'a [Pattern],
    /// The layers that the question can be about; empty for any.
    reach: Option<Vec<Pattern>>,
}

impl ActQuestion<'_> {
    /// The allowance of every layer.
    fn every(&self) -> Allowance {
        match self.deed {
            Deed::Attach => Allowance::default(),
            Deed::Handle(handled) => right::every(right_of(handled)),
        }
    }

    /// Why the action on a layer is denied, if that is certain.
    fn denied(&self, layer: &str) -> Option<DenyReason> {
        match self.deed {
            Deed::Attach => deny_reason(self.policies, layer),
            Deed::Handle(handled) => right_denied(self.policies, right_of(handled), layer),
        }
    }

    /// A layer on one side of the set that an allowance includes.
    fn layer(&self, allowance: &Allowance, side: Side) -> Result<Option<String>, BudgetExceeded> {
        match side {
            Side::In => allowance.layer(Some(self.set), &[]),
            Side::Out => allowance.layer(self.reach.as_deref(), self.set),
        }
    }

    /// A layer on one side of the set that one of some allowances includes, and the statements that
    /// allow it.
    fn first(
        &self,
        allowances: &[Allowance],
        side: Side,
    ) -> Result<Option<(String, Vec<Provenance>)>, BudgetExceeded> {
        for allowance in allowances {
            if let Some(layer) = self.layer(allowance, side)? {
                let by = match self.deed {
                    Deed::Attach => allowance.by.clone(),
                    Deed::Handle(handled) => {
                        right::allowed_by(self.policies, right_of(handled), &layer)
                    }
                };
                return Ok(Some((layer, by)));
            }
        }
        Ok(None)
    }

    /// Whether the action is possible on no layer on one side of the set.
    fn none(&self, side: Side) -> Result<Verdict, BudgetExceeded> {
        let Some((maybe, _)) = self.first(&self.found.possible, side)? else {
            let what = if side == Side::In {
                "one of these layers"
            } else {
                "any other layer"
            };
            // One layer shows the reason. If none is found within the step limit, the verdict is
            // still certain.
            let such = self.layer(&self.every(), side).ok().flatten();
            let why = such.and_then(|such| Some(format!("; for {such}, {}", self.denied(&such)?)));
            return Ok(Verdict::Holds(format!(
                "{}{}",
                match self.deed {
                    Deed::Attach => format!("no request with {what} is allowed"),
                    Deed::Handle(right) => format!(
                        "no request to {} {what} is \
                        allowed",
                        right.keyword()
                    ),
                },
                why.unwrap_or_default()
            )));
        };
        Ok(match self.first(&self.found.certain, side)? {
            Some((layer, by)) => Verdict::Fails(
                format!("{layer} can be {}", done(self.deed)),
                by.iter().map(Cause::statement).collect(),
            ),
            None => self.undecided(&format!("{maybe} may be {}", done(self.deed))),
        })
    }

    /// Whether the action is possible on every layer of the set: whether no layer of the set is
    /// outside every allowance.
    fn can(&self) -> Result<Verdict, BudgetExceeded> {
        let Some(maybe) = self.layer_beyond(&self.found.certain)? else {
            let by = self.allowed_by().into_iter().collect::<Vec<_>>().join("; ");
            return Ok(Verdict::Holds(match (by.is_empty(), self.deed) {
                (true, Deed::Attach) => "no request with one of these layers is denied".to_owned(),
                (true, Deed::Handle(right)) => {
                    format!(
                        "no request to {} one of these layers is denied",
                        right.keyword()
                    )
                }
                (false, Deed::Attach) => {
                    format!("a request with each of these layers is allowed by {by}")
                }
                (false, Deed::Handle(right)) => {
                    format!("{by} lets {} each of these layers", right.keyword())
                }
            }));
        };
        let Some(layer) = self.layer_beyond(&self.found.possible)? else {
            return Ok(self.undecided(&format!("{maybe} may not be {}", done(self.deed))));
        };
        let cannot = format!("{layer} cannot be {}", done(self.deed));
        Ok(match self.denied(&layer) {
            Some(DenyReason::Explicit(by)) => Verdict::Fails(cannot, vec![Cause::statement(&by)]),
            Some(missing) => Verdict::Fails(format!("{cannot}: {missing}"), Vec::new()),
            None => Verdict::Fails(cannot, Vec::new()),
        })
    }

    /// The statements that allow the action on the layers of the set, all of which are allowed.
    fn allowed_by(&self) -> BTreeSet<String> {
        match self.deed {
            Deed::Attach => {
                let certain = self.found.certain.iter();
                certain
                    .flat_map(|one| one.by.iter().map(ToString::to_string))
                    .collect()
            }
            Deed::Handle(handled) => {
                let right = right_of(handled);
                let one = self.layer(&self.every(), Side::In).ok().flatten();
                match one {
                    Some(layer) => right::allowed_by(self.policies, right, &layer)
                        .iter()
                        .map(ToString::to_string)
                        .collect(),
                    None => BTreeSet::new(),
                }
            }
        }
    }

    /// A layer of the set that none of some allowances is about.
    fn layer_beyond(&self, allowances: &[Allowance]) -> Result<Option<String>, BudgetExceeded> {
        self.every().layer_beyond(allowances, Some(self.set))
    }

    fn undecided(&self, what: &str) -> Verdict {
        let why = match self.found.doubts.as_slice() {
            [] => "its conditions leave it open".to_owned(),
            doubts => doubts.join("; "),
        };
        Verdict::Undecided(format!("{what}: {why}"))
    }
}
