//! Whether a claim about a template holds.
//!
//! A *claim* is a sentence that is true or false of a template. There are two kinds:
//!
//! - on sharing: `only account 123456789012 can use deps`. `sharing` compares the principals of the
//!   claim with the grants of the template. A *grant* lets somebody use a layer version.
//! - on an action: `dev cannot attach *`. `action` compares the policies of a *subject*, such as
//!   the role `dev`, with a set of layers. The claim is about every layer that can exist, not only
//!   about those of the template.
//!
//! The answer is a [`Verdict`]. A claim that holds is certain, whatever a deploy decides and
//! whatever is not in the template:
//!
//! - A *case* is one combination of the parameters and conditions that a deploy decides. A claim is
//!   decided in each case, and [`combined`] makes one verdict of them.
//! - An *unread part* is a part of the template whose effect is not in the template, such as a
//!   macro. If it may share the layer, or may be about the subject, the claim is undecided.
//! - Several templates are asked together, since one may attach a policy to the role of another.
//!   [`verdict_of_all`] is the way from a claim to its verdict; one template is a list of one.

mod action;
mod action_question;
mod callers;
mod layer_set;
mod reason;
mod sharing;
mod sharing_question;
mod versions;
mod words;

use super::attachment::attachment_to;
use super::closed_world;
use super::grants::Grants;
use super::kind::SubjectKind;
use super::placeholder::Shown;
use crate::cloudformation::stack_set::{RolledOut, rolled_out};
use crate::cloudformation::unread::Unread;
use crate::cloudformation::{Case, Template, Values, explore};
use crate::iam::provenance::Provenance;
use crate::partial::Text;
use crate::rules::model::{Claim, ClaimKind, Claimed};
use crate::template::lower::{SourceMap, names};
use action::ActionClaim;
use reason::{ActionReason, Callers, Possibility, Reason, Remark, SharingReason};
use sharing::SharingClaim;

/// The answer to a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds, with the reason.
    Holds(Explanation),
    /// It does not hold: a counterexample, and its causes.
    Fails(Explanation, Vec<Cause>),
    /// It is undecided, with the reason.
    Undecided(Explanation),
}

/// Why a claim holds, fails or is undecided. `Display` writes it as a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What decides it.
    reason: Reason,
    /// What the reason leaves out, if anything: the other policies of a principal.
    remark: Option<Remark>,
    /// The callers that the reason is about; `None` for all. A caller makes the requests that a
    /// guardrail allows or denies, and may be in any account.
    callers: Option<Callers>,
    /// The case that the reason is about; `None` for all.
    case: Option<Case>,
    /// The names to write in place of placeholders for values that only a deploy knows.
    names: Shown,
}

/// A cause of a claim's failure. `Display` writes its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A resource that grants access, or a statement of its policy.
    Granting(Provenance),
    /// The account of the claim owns the version.
    OwnersRights,
}

/// What a claim is decided on: a template, and the source that it was compiled from, if known.
pub struct Facts<'s> {
    template: Template,
    /// Who may use which layer version, by the template.
    grants: Grants,
    /// The unread parts that may share a layer or may be about a subject.
    not_read: Vec<Unread>,
    /// Which resources the names of the source have become.
    source_map: Option<&'s SourceMap>,
    /// The templates that its stack sets give to other accounts.
    rolled_out: Vec<Facts<'s>>,
    /// Whether it is one of those. A claim on sharing is about the versions of this account, so it
    /// is not about them.
    is_rolled_out: bool,
    /// If it is a policy in a file of its own, the kind of that policy.
    meant_as: Option<SubjectKind>,
}

impl<'s> Facts<'s> {
    /// A template, with its source if it has one.
    #[must_use]
    pub fn new(template: Template, source_map: Option<&'s SourceMap>) -> Self {
        let parts = rolled_out(&template);
        let mut facts = Self::of_template(template, &parts, source_map);
        for part in parts {
            let mut rolled_out = Self::of_template(part.template, &[], source_map);
            rolled_out.is_rolled_out = true;
            for unread in &mut rolled_out.not_read {
                unread.place = format!("{}.{}", part.id, unread.place);
            }
            facts.rolled_out.push(rolled_out);
        }
        facts
    }

    /// A policy in a file of its own, as a template that contains it.
    #[must_use]
    pub fn of_policy_file(template: Template, kind: SubjectKind) -> Self {
        let mut facts = Self::new(template, None);
        facts.meant_as = Some(kind);
        facts
    }

    /// The live policies of layer versions, as Lambda shows them: grants without a template.
    #[must_use]
    pub fn of_policies(grants: Grants) -> Self {
        let nothing = Template::new(serde_json::Value::Null, &Values::default());
        let mut facts = Self::of_template(nothing, &[], None);
        facts.grants = grants;
        facts
    }

    /// A template alone. A stack set that rolls out one of `parts` is not an unread part: its
    /// content is read.
    fn of_template(
        template: Template,
        parts: &[RolledOut],
        source_map: Option<&'s SourceMap>,
    ) -> Self {
        Self {
            grants: Grants::of_template(&template),
            not_read: closed_world::not_read(&template, parts),
            template,
            source_map,
            rolled_out: Vec::new(),
            is_rolled_out: false,
            meant_as: None,
        }
    }

    /// Whether a claim holds for this template, and for what its stack sets roll out.
    #[must_use]
    pub fn verdict(&self, claim: &Claim) -> Verdict {
        verdict_of_all(std::slice::from_ref(self), claim)
    }

    /// Whether there is a role, user, group or policy with this name.
    #[must_use]
    pub fn has_subject(&self, name: &str) -> bool {
        !self.subject_ids(name).is_empty()
    }
}

/// Whether a claim holds for several templates together.
///
/// It is decided on each template that has what it is about. The others must not have an unread
/// part that may be about it, and must not attach a policy to its subject.
#[must_use]
pub fn verdict_of_all(all: &[Facts<'_>], claim: &Claim) -> Verdict {
    let mut templates = Vec::new();
    for facts in all {
        templates.push(facts);
        templates.extend(&facts.rolled_out);
    }
    let (concerned, others): (Vec<&Facts<'_>>, Vec<&Facts<'_>>) =
        templates.iter().partition(|facts| facts.has(claim));
    let mut verdict = if concerned.is_empty() {
        // The verdict names what the templates do not have.
        worst(all.iter().map(|facts| facts.verdict_alone(claim)))
    } else {
        worst(concerned.iter().map(|facts| facts.verdict_alone(claim)))
    };
    for other in others {
        verdict = verdict.unless(|| other.not_read_about_claim(claim));
    }
    match &claim.kind {
        ClaimKind::Action { subject, .. } => {
            verdict.unless(|| attached_elsewhere(&templates, &subject.value))
        }
        ClaimKind::Use { .. } => verdict,
    }
}

impl Facts<'_> {
    /// Whether the template has what a claim is about, or may have it.
    fn has(&self, claim: &Claim) -> bool {
        match &claim.kind {
            ClaimKind::Action { subject, .. } => self.has_subject(&subject.value),
            ClaimKind::Use { versions, .. } => !self.is_rolled_out && self.has_versions(versions),
        }
    }

    /// Whether a claim holds for this template alone.
    fn verdict_alone(&self, claim: &Claim) -> Verdict {
        match &claim.kind {
            ClaimKind::Action {
                subject,
                verb,
                action,
                set,
            } => ActionClaim::new(self, &subject.value, *verb, *action, set).verdict(),
            ClaimKind::Use {
                only,
                principals,
                member_of,
                can,
                versions,
            } => {
                let claim = SharingClaim {
                    only: *only,
                    principals,
                    member_of: member_of.as_ref(),
                    claimed: if *can {
                        Possibility::Possible
                    } else {
                        Possibility::Impossible
                    },
                    versions,
                };
                claim.verdict(self)
            }
        }
    }

    /// An unread part of a template that does not have what a claim is about. It may be about it by
    /// the name only.
    fn not_read_about_claim(&self, claim: &Claim) -> Option<Reason> {
        match &claim.kind {
            ClaimKind::Action { subject, .. } => self.not_read_about(&[], &[&subject.value]),
            ClaimKind::Use { versions, .. } => match versions {
                Claimed::Layer { layer, .. } => self.not_read_about(&[], &[&layer.value]),
                Claimed::Every => self.not_read_at_all(),
            },
        }
    }

    /// An unread part that may be about one of these resources, by their logical IDs or by their
    /// names in AWS.
    fn not_read_about(&self, ids: &[&str], names: &[&str]) -> Option<Reason> {
        let mut parts = self.not_read.iter();
        parts
            .find(|part| part.concerns(ids, names))
            .map(Reason::not_read)
    }

    /// An unread part, whatever it is about.
    fn not_read_at_all(&self) -> Option<Reason> {
        self.not_read.first().map(Reason::not_read)
    }

    /// The logical IDs of the resources that a claim calls by a name: what a name of the source has
    /// become, or else the resource with this logical ID, or the one that the compiler would make
    /// of the name.
    fn subject_ids(&self, name: &str) -> Vec<String> {
        if let Some(ids) = self.source_map.and_then(|map| map.blocks.get(name)) {
            let own = ids.iter().filter(|id| self.template.resource(id).is_some());
            return own.cloned().collect();
        }
        for id in [name, &names::pascal(name)] {
            if self.template.resource(id).is_some() {
                return vec![id.to_owned()];
            }
        }
        Vec::new()
    }

    /// The names that some resources may have in AWS, if the template gives them. A name is unknown
    /// if it depends on too many cases.
    fn physical_names(&self, ids: &[String]) -> Vec<Text> {
        let mut found = Vec::new();
        for resource in ids.iter().filter_map(|id| self.template.resource(id)) {
            for property in ["RoleName", "UserName", "GroupName", "ManagedPolicyName"] {
                match explore(&self.template, None, |world| resource.text(property, world)) {
                    Ok(cases) => found.extend(cases.into_iter().filter_map(|(_, name)| name)),
                    Err(why) => found.push(Text::unknown(why.to_string(), resource.id)),
                }
            }
        }
        found
    }
}

/// A policy of one template that may be attached to the subject of another. The policies of several
/// templates are not combined, so such a policy may change the answer.
fn attached_elsewhere(templates: &[&Facts<'_>], subject: &str) -> Option<Reason> {
    if templates.len() == 1 {
        return None;
    }
    for own in templates {
        let ids = own.subject_ids(subject);
        if ids.is_empty() {
            continue;
        }
        let names = own.physical_names(&ids);
        for other in templates {
            if std::ptr::eq(*own, *other) {
                continue;
            }
            if let Some(policy) = attachment_to(&names, &own.template, &other.template) {
                return Some(Reason::Action(ActionReason::AttachedElsewhere {
                    policy: policy.to_owned(),
                    subject: subject.to_owned(),
                }));
            }
        }
    }
    None
}

/// The worst of several verdicts: a failure, or else an undecided one. The first of equally bad
/// ones.
fn worst(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
    let mut found = None;
    for verdict in verdicts {
        match (&found, &verdict) {
            (_, Verdict::Fails(..)) => return verdict,
            (None, _) | (Some(Verdict::Holds(_)), Verdict::Undecided(_)) => found = Some(verdict),
            (Some(_), Verdict::Holds(_) | Verdict::Undecided(_)) => {}
        }
    }
    found.unwrap_or_else(|| Verdict::undecided(Reason::Nothing))
}

/// One verdict for all cases of a template: the one that they share, or undecided. Whoever deploys
/// may leave the parameters at their defaults, so a claim that fails with these fails.
///
/// The cases must be complete and exclude each other, as those of [`explore`] are: a claim that
/// holds in each of them then holds for every deploy.
fn combined(cases: Vec<(Case, Verdict)>) -> Verdict {
    let mut undecided = None;
    let mut holds = None;
    let mut fails = None;
    for (case, verdict) in cases {
        match verdict {
            Verdict::Fails(why, by) if case.is_by_default() => {
                return Verdict::Fails(why.in_case(case), by);
            }
            Verdict::Undecided(why) => {
                undecided.get_or_insert(why.in_case(case));
            }
            Verdict::Holds(why) => {
                holds.get_or_insert(why);
            }
            Verdict::Fails(why, by) => {
                fails.get_or_insert((case, why, by));
            }
        }
    }
    match (holds, fails, undecided) {
        (_, None, Some(why)) => Verdict::Undecided(why),
        (Some(why), None, None) => Verdict::Holds(why),
        // It fails in every case, so the reason names none.
        (None, Some((_, why, by)), None) => Verdict::Fails(why, by),
        // It fails in some cases, and not in others.
        (_, Some((case, why, _)), _) => Verdict::Undecided(why.in_case(case)),
        (None, None, None) => Verdict::undecided(Reason::Nothing),
    }
}

impl Verdict {
    fn holds(reason: Reason) -> Self {
        Self::Holds(Explanation::new(reason))
    }

    fn fails(reason: Reason, causes: Vec<Cause>) -> Self {
        Self::Fails(Explanation::new(reason), causes)
    }

    fn undecided(reason: Reason) -> Self {
        Self::Undecided(Explanation::new(reason))
    }

    /// The same verdict, or undecided if it holds and something may change that.
    fn unless(self, may_change: impl FnOnce() -> Option<Reason>) -> Self {
        match self {
            Self::Holds(why) => may_change().map_or(Self::Holds(why), Self::undecided),
            Self::Fails(..) | Self::Undecided(_) => self,
        }
    }

    /// The same verdict for some callers only. A claim that holds must hold for all of them, so its
    /// reason names none.
    fn for_callers(mut self, callers: Callers) -> Self {
        match &mut self {
            Self::Holds(_) => {}
            Self::Fails(why, _) | Self::Undecided(why) => why.callers = Some(callers),
        }
        self
    }

    /// The same verdict, with a remark on what it leaves out.
    fn with_remark(mut self, remark: Option<Remark>) -> Self {
        self.explanation_mut().remark = remark;
        self
    }

    /// The same verdict, with names in place of placeholders.
    fn with_names(mut self, names: Shown) -> Self {
        self.explanation_mut().names = names;
        self
    }

    fn explanation_mut(&mut self) -> &mut Explanation {
        match self {
            Self::Holds(why) | Self::Fails(why, _) | Self::Undecided(why) => why,
        }
    }

    /// Whether the claim is about nobody in this case.
    fn is_about_nobody(&self) -> bool {
        match self {
            Self::Holds(why) => why.reason == Reason::Sharing(SharingReason::Nobody),
            Self::Fails(..) | Self::Undecided(_) => false,
        }
    }
}

impl Explanation {
    fn new(reason: Reason) -> Self {
        Self {
            reason,
            remark: None,
            callers: None,
            case: None,
            names: Shown::default(),
        }
    }

    /// Whether only a deploy knows the name of a layer in the claim.
    #[must_use]
    pub fn is_open_name(&self) -> bool {
        self.reason == Reason::Action(ActionReason::OpenName)
    }

    /// The same for one case only. If there is no other case, the reason does not name it.
    fn in_case(self, case: Case) -> Self {
        Self {
            case: (!case.is_always()).then_some(case),
            ..self
        }
    }
}

impl Cause {
    /// A resource that grants access as a whole.
    fn resource_itself(id: &str) -> Self {
        Self::Granting(Provenance {
            document: id.into(),
            sid: None,
        })
    }

    /// The logical ID of the resource; for a policy that is not in the template, its name.
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        match self {
            Self::Granting(by) => Some(&by.document.resource),
            Self::OwnersRights => None,
        }
    }
}
