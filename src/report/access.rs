//! The content of a report on access, independent of its format.

use super::applies::{self, recipients};
use crate::access::Access;
use crate::access::grants::{GrantedBy, Reach, SharedVersion, Who};
use crate::access::kind::SubjectKind;
use crate::access::subject::{Subject, SubjectCases};
use crate::access::trust::TrustedPrincipal;
use crate::cloudformation::cases::{AllCases, CasePart, SomeCases};
use crate::iam::allowance::{Allowance, Among, AttachableLayers};
use crate::iam::attach::{attachable, is_about_layers, is_unrelated};
use crate::iam::document::{Effect, Quantifier};
use crate::iam::effective::EffectivePolicies;
use crate::iam::right::{self, Right};
use crate::partial::UnknownOrigin;
use crate::pattern::Pattern;
use crate::rules::model::Why;
use indexmap::IndexMap;
use jiff::civil::Date;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

/// The content of a report.
pub(super) struct AccessRows {
    /// The versions that everyone can use.
    pub public: Vec<String>,
    /// The layers, each with its versions and who can use them.
    pub layers: Vec<LayerRow>,
    /// The roles and policies, each with the layers that it allows attaching or forbids.
    pub subjects: Vec<SubjectRow>,
    /// The unread parts: their places and descriptions.
    pub not_read: Vec<(String, String)>,
}

/// A layer.
pub(super) struct LayerRow {
    /// Its name.
    pub layer: String,
    /// The regions that it is in, as the end of a sentence; nothing where they are unknown.
    pub place: String,
    pub versions: Vec<VersionRow>,
}

impl LayerRow {
    /// Its name and its regions.
    pub fn heading(&self) -> String {
        format!("{}{}", self.layer, self.place)
    }
}

/// A version of a layer.
pub(super) struct VersionRow {
    /// Its logical ID or ARN.
    pub id: String,
    /// The source's name for it.
    pub label: Option<String>,
    /// Who can use it, the most prominent first.
    pub grants: Vec<GrantRow>,
}

/// Somebody who can use a version.
pub(super) struct GrantRow {
    pub reach: Reach,
    /// The principal, and the source's name for it.
    pub who: String,
    /// In which cases, as the end of a sentence; empty if in all.
    pub when: String,
    /// The reasons that the source gives.
    pub because: Vec<String>,
    /// The last day that the source gives.
    pub until: Option<String>,
}

impl GrantRow {
    fn new(access: &Access, who: &Who, by: &[GrantedBy]) -> Self {
        let (because, until) = why(access, by);
        Self {
            reach: who.reach(),
            who: shown(access, who),
            when: if_words(by),
            because,
            until: until.map(|until| until.to_string()),
        }
    }

    /// The whole, in the words of a source.
    pub fn sentence(&self) -> String {
        let mut text = format!("{}{}", self.who, self.when);
        if !self.because.is_empty() {
            let reasons = self.because.join("; ");
            text.push_str(&format!(", because \"{reasons}\""));
        }
        if let Some(until) = &self.until {
            text.push_str(&format!(", until {until}"));
        }
        text
    }
}

/// A role or policy in some cases.
pub(super) struct SubjectRow {
    /// Its logical ID, its type, and in which cases.
    pub subject: String,
    /// The verb of the lines: *allows attaching*.
    pub verb: &'static str,
    /// What it does so to.
    pub lines: Vec<String>,
}

impl AccessRows {
    pub fn of(access: &Access) -> Self {
        Self {
            public: public(access),
            layers: layers(access),
            subjects: subjects(access),
            not_read: access
                .not_read
                .iter()
                .map(|part| (part.place.clone(), part.kind.to_string()))
                .collect(),
        }
    }
}

/// What the subjects may do.
fn subjects(access: &Access) -> Vec<SubjectRow> {
    let searched = Searched::default();
    let subjects = access.subjects.iter();
    subjects
        .flat_map(|subject| rows(subject, access, &searched))
        .collect()
}

/// Whether layers are in the allowances that were looked at: many subjects have the same ones.
#[derive(Default)]
struct Searched {
    are_empty: RefCell<HashMap<SearchedPatterns, bool>>,
}

/// The patterns of an allowance.
type SearchedPatterns = (Among, Vec<Vec<Pattern>>, Vec<Pattern>);

impl Searched {
    /// Whether an allowance is known to have no layer.
    fn is_empty(&self, allowance: &Allowance) -> bool {
        let (within, outside) = (allowance.within.clone(), allowance.outside.clone());
        let mut all = self.are_empty.borrow_mut();
        let known = all.entry((allowance.among, within, outside));
        *known.or_insert_with(|| allowance.layer(None, &[]) == Ok(None))
    }

    /// Whether a pattern matches any layer version, or may.
    fn matches_a_layer(&self, pattern: &Pattern) -> bool {
        let allowance = Allowance {
            within: vec![vec![pattern.clone()]],
            ..Allowance::default()
        };
        !self.is_empty(&allowance)
    }
}

/// The versions that everyone can use, or may.
fn public(access: &Access) -> Vec<String> {
    let mut found = Vec::new();
    for (id, version) in &access.grants.versions {
        if let Some(by) = version.grants.get(&Who::Everyone) {
            found.push(format!("{id}{}", if_words(by)));
        }
    }
    found
}

fn layers(access: &Access) -> Vec<LayerRow> {
    let mut layers: IndexMap<(String, String), Vec<VersionRow>> = IndexMap::new();
    for (id, version) in &access.grants.versions {
        let mut grants: Vec<(&Who, &Vec<GrantedBy>)> = version.grants.iter().collect();
        grants.sort_by_key(|(who, _)| *who);
        let id = id.to_string();
        let row = VersionRow {
            label: access.authored.labels.get(&id).cloned(),
            id,
            grants: grants
                .into_iter()
                .map(|(who, by)| GrantRow::new(access, who, by))
                .collect(),
        };
        let mut place = String::new();
        if !version.regions.is_empty() {
            place = format!(", in {}", version.regions.join(", "));
        }
        let layer = (layer_name(version), place);
        layers.entry(layer).or_default().push(row);
    }
    layers
        .into_iter()
        .map(|((layer, place), versions)| LayerRow {
            layer,
            place,
            versions,
        })
        .collect()
}

/// The name of a version's layer, in words.
pub(super) fn layer_name(version: &SharedVersion) -> String {
    match version.names.as_slice() {
        [] => "a layer whose name CloudFormation generates".to_owned(),
        [name]
            if name
                .as_unknown()
                .is_some_and(|unknown| matches!(unknown.origin, UnknownOrigin::Other(_))) =>
        {
            "a layer whose name is unknown".to_owned()
        }
        names => names
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" or "),
    }
}

/// The reasons and the last day of some grants: the latest day counts.
pub(super) fn why(access: &Access, by: &[GrantedBy]) -> (Vec<String>, Option<Date>) {
    let whys: Vec<Option<&Arc<Why>>> = by
        .iter()
        .map(|by| access.authored.why.get(&by.id))
        .collect();
    let mut because: Vec<String> = Vec::new();
    for reason in whys.iter().flatten().flat_map(|why| &why.because) {
        if !because.contains(reason) {
            because.push(reason.clone());
        }
    }
    let ends = whys.iter().map(|why| why.and_then(|why| why.until));
    let until = ends.reduce(|one, other| one.zip(other).map(|(a, b)| a.max(b)));
    (because, until.flatten())
}

/// A principal, with the source's name for it.
pub(super) fn shown(access: &Access, who: &Who) -> String {
    let id = match who {
        Who::Account(id) | Who::Organization(id) => id.to_string(),
        Who::Everyone => return "EVERYONE: every AWS account".to_owned(),
        Who::Owner | Who::Unknown(..) => return who.to_string(),
    };
    match access.authored.names.get(&id) {
        Some(alias) => format!("{who} ({alias})"),
        None => who.to_string(),
    }
}

/// In which cases some grants grant something, as the end of a sentence; nothing where in all.
pub(super) fn if_words(by: &[GrantedBy]) -> String {
    if by.iter().any(GrantedBy::is_always) {
        return String::new();
    }
    let words = by
        .iter()
        .filter_map(|by| Some(SomeCases::of(&by.when)?.to_string()));
    let mut words: Vec<String> = words.collect();
    words.dedup();
    if words.is_empty() {
        String::new()
    } else {
        format!(", if {}", words.join(", or "))
    }
}

/// The permissions of a subject in each case; cases with the same permissions are one row.
fn rows(subject: &SubjectCases, access: &Access, searched: &Searched) -> Vec<SubjectRow> {
    let mut made = subject.cases.iter().flatten();
    let to = made.find_map(|(_, subject)| Some(&subject.as_ref()?.applicability.rolled_out_to));
    let mut name = format!("{} ({})", subject.id, subject.type_name);
    if let Some(to) = to.filter(|to| !to.is_empty()) {
        name.push_str(&format!(", rolled out to {},", recipients(to)));
    }
    let cases = match &subject.cases {
        Ok(cases) => cases,
        Err(why) => {
            return vec![SubjectRow {
                subject: name,
                verb: ALLOWS_ATTACHING,
                lines: vec![format!("undecided: {why}")],
            }];
        }
    };
    let mut alike: IndexMap<(&'static str, Vec<String>), Vec<usize>> = IndexMap::new();
    for (place, (_, subject)) in cases.iter().enumerate() {
        let Some(subject) = subject else {
            continue;
        };
        for (verb, lines) in lines(subject, searched) {
            let lines: Vec<String> = lines.iter().map(|line| access.shown.text(line)).collect();
            let places = alike.entry((verb, lines)).or_default();
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
    }
    let all = AllCases::of(cases.iter().map(|(case, _)| case.clone()).collect());
    let row = |((verb, lines), places): ((&'static str, Vec<String>), Vec<usize>)| {
        let when = SomeCases::of(&CasePart::of(all.clone(), &places));
        let when = when.map_or_else(String::new, |words| format!(", if {words},"));
        SubjectRow {
            subject: format!("{name}{when}"),
            verb,
            lines,
        }
    };
    alike.into_iter().map(row).collect()
}

const ALLOWS_ATTACHING: &str = "allows attaching";
const CAN_BE_ASSUMED_BY: &str = "can be assumed by";
const FORBIDS: &str = "forbids attaching";
const ANY_LAYER: &str = "any layer";

/// The layers that a subject allows attaching or forbids, in sentences, by the verb before them.
fn lines(subject: &Subject, searched: &Searched) -> Vec<(&'static str, Vec<String>)> {
    let policies = &subject.policies;
    let has = |effect: Effect| {
        policies
            .statements()
            .any(|(_, statement)| statement.effect == effect && !is_unrelated(statement))
    };
    let is_unknown = policies
        .documents()
        .any(|document| document.problem.is_some());
    let is_part = matches!(subject.kind, SubjectKind::Policy | SubjectKind::Group);
    let mut found = Vec::new();
    if !is_part || has(Effect::Allow) || is_unknown {
        found.push((ALLOWS_ATTACHING, allowed(&attachable(policies), searched)));
    } else if has(Effect::Deny) {
        found.push((
            FORBIDS,
            forbidden(&attachable(&policies.whatever_is_allowed()), searched),
        ));
    }
    if let Some((_, lines)) = found.first_mut() {
        let remarks = defeated(policies);
        lines.splice(0..0, remarks);
    }
    let handling: Vec<_> = Right::HANDLING
        .into_iter()
        .filter_map(|right| handled(subject, right, searched))
        .collect();
    // A guardrail grants nothing: one that restricts only other rights says nothing of attaching.
    if subject.kind == SubjectKind::Guardrail && !handling.is_empty() {
        found.retain(|(_, lines)| *lines != [ANY_LAYER]);
    }
    found.extend(handling);
    let applicability = &subject.applicability;
    let trusts = applicability.trusts.iter().filter_map(trusted);
    let trusts: Vec<String> = trusts.collect();
    if applicability.says_something && !trusts.is_empty() {
        found.push((CAN_BE_ASSUMED_BY, trusts));
    }
    found
}

/// The layers that a subject allows publishing or sharing, or forbids, and the verb before them;
/// nothing for one that has nothing to do with it.
fn handled(
    subject: &Subject,
    right: Right,
    searched: &Searched,
) -> Option<(&'static str, Vec<String>)> {
    let policies = &subject.policies;
    let says = |effect: Effect| {
        policies.statements().any(|(document, statement)| {
            // The stand-in for unknown policies has no name.
            statement.effect == effect
                && !document.name.is_empty()
                && !right::is_unrelated(statement, right)
        })
    };
    let (allows, forbids) = match right {
        Right::Read => return None,
        Right::Publish => ("allows publishing", "forbids publishing"),
        Right::Share => ("allows sharing", "forbids sharing"),
    };
    let whatever_is_allowed = || right::handled(&policies.whatever_is_allowed(), right);
    match subject.kind {
        SubjectKind::Principal
        | SubjectKind::Policy
        | SubjectKind::Group
        | SubjectKind::PerhapsBoundary
            if says(Effect::Allow) =>
        {
            Some((allows, allowed(&right::handled(policies, right), searched)))
        }
        SubjectKind::Principal
        | SubjectKind::Policy
        | SubjectKind::Group
        | SubjectKind::PerhapsBoundary
        | SubjectKind::Boundary
        | SubjectKind::Guardrail => {
            says(Effect::Deny).then(|| (forbids, forbidden(&whatever_is_allowed(), searched)))
        }
    }
}

/// Who may assume a role; `None` for AWS's services, which do not attach layers.
fn trusted(trust: &TrustedPrincipal) -> Option<String> {
    if trust.kind == "Service" {
        return None;
    }
    let who = applies::trusted(trust);
    let is_anybody = trust.kind == "AWS" && trust.principal.as_literal() == Some("*");
    let own_account = "; principals in the role's own account need no other permission";
    Some(match trust.effect {
        Effect::Deny => format!("not {who}"),
        Effect::Allow if is_anybody && trust.condition.is_none() => format!("EVERYONE: {who}"),
        Effect::Allow if is_anybody && !trust.leaves_out_own_account() => {
            format!("{who}{own_account}")
        }
        Effect::Allow => who,
    })
}

fn allowed(found: &AttachableLayers, searched: &Searched) -> Vec<String> {
    let mut lines = Vec::new();
    for allowance in &found.possible {
        // An allowance that no layer version matches allows nothing.
        if searched.is_empty(allowance) {
            continue;
        }
        let mut certain = found.certain.iter();
        let is_certain = certain.any(|one| has_same_layers(one, allowance));
        lines.push(sentence(allowance, is_certain, searched));
    }
    if lines.is_empty() {
        lines.push("no layer".to_owned());
    }
    lines.extend(
        found
            .doubts
            .iter()
            .map(|doubt| format!("undecided: {doubt}")),
    );
    lines
}

/// Whether two allowances are about the same layers, by their patterns.
fn has_same_layers(one: &Allowance, other: &Allowance) -> bool {
    one.within == other.within && one.outside == other.outside
}

fn forbidden(found: &AttachableLayers, searched: &Searched) -> Vec<String> {
    let mut lines = Vec::new();
    match found.certain.as_slice() {
        [] if found.possible.is_empty() => lines.push("every layer".to_owned()),
        [escape] => {
            for group in &escape.within {
                lines.push(format!("every layer but {}", patterns(group)));
            }
            if searched.is_empty(escape) {
                lines = vec!["every layer".to_owned()];
            } else if !escape.outside.is_empty() {
                lines.push(patterns(&escape.outside));
            }
        }
        escapes => lines.extend(
            escapes
                .iter()
                .map(|escape| format!("every layer but {}", sentence(escape, true, searched))),
        ),
    }
    if lines.is_empty() {
        lines.push("no layer".to_owned());
    }
    let may_escape = found.possible.iter().any(|escape| {
        !found.certain.iter().any(|one| has_same_layers(one, escape)) && !searched.is_empty(escape)
    });
    if may_escape {
        lines = lines
            .into_iter()
            .map(|line| format!("maybe {line}"))
            .collect();
    }
    lines.extend(
        found
            .doubts
            .iter()
            .map(|doubt| format!("undecided: {doubt}")),
    );
    lines
}

/// The statements that deny with `ForAllValues`, and so fail to keep layers out.
fn defeated(policies: &EffectivePolicies) -> Vec<String> {
    let mut found = Vec::new();
    for (document, statement) in policies
        .statements()
        .filter(|(_, statement)| statement.effect == Effect::Deny)
    {
        let is_defeated = |quantifier| {
            statement
                .conditions
                .iter()
                .any(|one| is_about_layers(one) && one.quantifier == quantifier)
        };
        if is_defeated(Quantifier::All) {
            found.push(format!(
                "DOES NOT HOLD: {} denies with `ForAllValues`: any layer can be attached \
                    together with one that it does not deny",
                document.provenance(statement)
            ));
        }
    }
    found
}

/// The layers of an allowance, in words.
fn sentence(allowance: &Allowance, is_certain: bool, searched: &Searched) -> String {
    let groups: Vec<String> = allowance
        .within
        .iter()
        .map(|group| patterns(group))
        .collect();
    let mut text = if groups.is_empty() {
        ANY_LAYER.to_owned()
    } else {
        groups.join(" that are also in ")
    };
    let mut outside = allowance.outside.clone();
    outside.retain(|pattern| searched.matches_a_layer(pattern));
    if !outside.is_empty() {
        text.push_str(&format!(" but not {}", patterns(&outside)));
    }
    if is_certain {
        text
    } else {
        format!("maybe {text}")
    }
}

fn patterns(patterns: &[Pattern]) -> String {
    patterns
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
