//! `share …`

use super::Resolver;
use super::layer::Labelled;
use crate::diagnostic::{Code, Diagnostic};
use crate::english::{nearest, quote};
use crate::rules::model::{
    DeployCondition, DeployFacts, Fact, Grant, Id, Principal, Spanned, Suppressed, Why, is_possible,
};
use crate::rules::scope::PrincipalUse;
use crate::source::Span;
use crate::syntax::ast::{Name, Share, Value};
use foldhash::{HashMap, HashMapExt};
use jiff::civil::Date;
use std::sync::Arc;

/// A share rule, resolved.
struct ShareRule {
    /// The versions it is about, as indices; `None` for all.
    versions: Option<Vec<usize>>,
    members: Vec<PrincipalUse>,
    why: Option<Arc<Why>>,
    suppressed: Vec<Suppressed>,
    /// The condition for it to be in effect, including the condition for its layer to exist; `None`
    /// if that is never.
    facts: Option<DeployFacts>,
}

/// A principal of a grant.
#[derive(Clone, Copy)]
struct GrantedPrincipal<'a> {
    who: PrincipalUse,
    /// Why.
    why: Option<&'a Arc<Why>>,
    suppressed: &'a [Suppressed],
    /// The condition.
    facts: &'a DeployFacts,
}

impl Resolver<'_> {
    /// The grants of each of `versions`, or those of the rolling version if there are none. Unless
    /// these are `complete`, a label among those that could not be read is not a mistake.
    pub fn grants(
        &mut self,
        shares: &[&Share],
        versions: &[Labelled<'_>],
        complete: bool,
        exists: &DeployFacts,
    ) -> Vec<Arc<[Grant]>> {
        let labels: HashMap<&str, usize> = versions
            .iter()
            .enumerate()
            .map(|(index, version)| (version.label.text.as_str(), index))
            .collect();
        let rules: Vec<ShareRule> = shares
            .iter()
            .map(|share| self.rule(share, &labels, complete, exists))
            .collect();
        let rules: Vec<&ShareRule> = rules.iter().filter(|rule| rule.facts.is_some()).collect();
        let count = versions.len().max(1);
        if rules.iter().all(|rule| rule.versions.is_none()) {
            return vec![self.merge(&rules).into(); count];
        }
        let mut of_versions: Vec<Vec<&ShareRule>> = vec![Vec::new(); count];
        for rule in rules {
            match &rule.versions {
                None => of_versions.iter_mut().for_each(|own| own.push(rule)),
                Some(indices) => indices
                    .iter()
                    .for_each(|&index| of_versions[index].push(rule)),
            }
        }
        let mut grants: Vec<Arc<[Grant]>> = Vec::with_capacity(of_versions.len());
        for (index, own) in of_versions.iter().enumerate() {
            // Most versions have the rules of the one before.
            let before = index.checked_sub(1);
            let same = before.filter(|&before| are_same(&of_versions[before], own));
            grants.push(match same {
                Some(before) => Arc::clone(&grants[before]),
                None => self.merge(own).into(),
            });
        }
        grants
    }

    fn rule(
        &mut self,
        share: &Share,
        labels: &HashMap<&str, usize>,
        complete: bool,
        exists: &DeployFacts,
    ) -> ShareRule {
        let versions = match &share.newest {
            Some(number) => Some(self.newest(number, labels.len(), complete)),
            None => (!share.versions.is_empty()).then(|| {
                share
                    .versions
                    .iter()
                    .filter_map(|label| self.version_index(label, labels, complete))
                    .collect()
            }),
        };
        let mut members = self.scope.expand(&share.principals, self.diagnostics);
        members.retain(|&(index, span)| !self.leave_out(index, span));
        let because = share
            .because
            .as_ref()
            .and_then(|because| self.because(because));
        let until = share.until.as_ref().and_then(|until| self.until(until));
        self.check_members(share, &members);
        let suppressed = self.suppressed(&share.suppressed, because.as_deref());
        let text = match (&because, until) {
            (None, None) => None,
            (Some(because), None) => Some(because.clone()),
            (None, Some(until)) => Some(format!("until {until}")),
            (Some(because), Some(until)) => Some(format!("{because} (until {until})")),
        };
        let why = text.map(|text| Why {
            text: text.into(),
            because: because.into_iter().collect(),
            until,
        });
        ShareRule {
            versions,
            members,
            why: why.map(Arc::new),
            suppressed,
            facts: self.facts(share, exists),
        }
    }

    /// The condition for a rule to be in effect; `None` if it never is.
    fn facts(&mut self, share: &Share, exists: &DeployFacts) -> Option<DeployFacts> {
        let mut facts = DeployFacts::new();
        let mut last = None;
        for (switch, on) in [(&share.when, true), (&share.unless, false)] {
            if let Some(word) = switch {
                let name = self.scope.switch(word, self.diagnostics)?;
                facts.insert(Fact::Switch(name, on));
                last = Some(word.span);
            }
        }
        let is_ever = is_possible(&facts);
        facts.extend(exists.iter().cloned());
        if is_possible(&facts) || !is_possible(exists) {
            return Some(facts);
        }
        // A rule that can be in effect may be meant for the other variants of its layer.
        if let Some(span) = last.filter(|_| !is_ever || !self.is_variant) {
            self.report(
                Diagnostic::error(Code::NoEffect, span, "this rule is never in effect").note(
                    "the rule and its layer need one switch to be on and off at the same time",
                ),
            );
        }
        None
    }

    /// The last versions of a list of so many.
    fn newest(&mut self, number: &Name, listed: usize, complete: bool) -> Vec<usize> {
        let is_number = number.text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number || number.text.bytes().all(|byte| byte == b'0') {
            let message = format!("{} is not a number of versions", quote(&number.text));
            self.report(
                Diagnostic::error(Code::InvalidWindow, number.span, message)
                    .help("share one or more versions, as in `share newest 1 with …`"),
            );
            return Vec::new();
        }
        // A number that does not fit is more than anybody lists.
        let most = number.text.parse().unwrap_or(usize::MAX);
        if listed == 0 && complete {
            self.report(
                Diagnostic::error(
                    Code::InvalidWindow,
                    number.span,
                    "this layer lists no versions",
                )
                .note("a layer with `content` has one rolling version")
                .help("remove `newest`, or list the layer's versions"),
            );
        }
        (listed.saturating_sub(most)..listed).collect()
    }

    /// Whether an account gets no grant because it is inactive. This is reported once for each.
    fn leave_out(&mut self, index: u32, span: Span) -> bool {
        let Some(account) = self.scope.inactive(index) else {
            return false;
        };
        let shown = account.shown().map_or_else(|| account.id.clone(), quote);
        let message = format!(
            "the account {shown} is {}, and gets no grant",
            account.state
        );
        if self.left_out.insert(index) {
            self.report(
                Diagnostic::warning(Code::InactiveAccount, span, message)
                    .note("the accounts file says so")
                    .help("remove it from the rule, or make a new list if it is active again"),
            );
        }
        true
    }

    fn version_index(
        &mut self,
        label: &Name,
        labels: &HashMap<&str, usize>,
        complete: bool,
    ) -> Option<usize> {
        let index = labels.get(label.text.as_str()).copied();
        if index.is_some() || !complete {
            return index;
        }
        let message = format!("this layer has no version {}", quote(&label.text));
        let diagnostic = Diagnostic::error(Code::UnknownVersion, label.span, message);
        let mut known: Vec<&str> = labels.keys().copied().collect();
        known.sort_unstable();
        let diagnostic = match nearest(&label.text, known.iter().copied()) {
            Some(near) => diagnostic.fix(format!("write `{near}`"), label.span, near),
            None if known.is_empty() => diagnostic
                .note("a layer with `content` has one rolling version")
                .help("remove `version …`, or list the layer's versions"),
            None => diagnostic.help("list it first: `version LABEL from s3://BUCKET/KEY`"),
        };
        self.report(diagnostic);
        None
    }

    fn because(&mut self, written: &Value) -> Option<String> {
        let because = self.scope.literal(written, "a reason", self.diagnostics)?;
        if because.trim().is_empty() {
            self.report(
                Diagnostic::error(
                    Code::EveryoneWithoutReason,
                    written.span,
                    "this reason is empty",
                )
                .help("give the reason, for the reviewers of the template"),
            );
            return None;
        }
        Some(because.trim().to_owned())
    }

    fn until(&mut self, written: &Value) -> Option<Date> {
        let shape = written.text.len() == 10;
        match written.text.parse::<Date>() {
            Ok(date) if shape => {
                self.deadlines.push(Spanned {
                    value: date,
                    span: written.span,
                });
                Some(date)
            }
            _ => {
                let message = format!("{} is not a date", quote(&written.text));
                self.report(
                    Diagnostic::error(Code::InvalidDate, written.span, message)
                        .help("a date is written `YYYY-MM-DD`, as in `2027-01-31`"),
                );
                None
            }
        }
    }

    /// Looks for everyone without a reason, and for redundant members of the rule.
    fn check_members(&mut self, share: &Share, members: &[PrincipalUse]) {
        let everyone = members
            .iter()
            .find(|member| self.scope.principal(member.0) == Some(&Principal::Everyone));
        if let Some(&(_, span)) = everyone {
            if share.because.is_none() {
                self.report(
                    Diagnostic::error(
                        Code::EveryoneWithoutReason,
                        span,
                        "sharing with everyone \
                    needs a reason",
                    )
                    .label("every AWS account could use this layer")
                    .help(
                        "add `because \"…\"` to this rule, or share with an account or an \
                        organization",
                    ),
                );
            }
            if let Some(&(_, other)) = members.iter().find(|member| member.1 != span) {
                self.report(
                    Diagnostic::warning(
                        Code::RedundantShare,
                        other,
                        "this adds nothing to `everyone`",
                    )
                    .also(span, "`everyone` is already in this rule"),
                );
            }
            return;
        }
        // If one place in the rule leads to all of them, none is redundant.
        if members.iter().all(|member| member.1 == members[0].1) {
            return;
        }
        let mut seen = HashMap::with_capacity(members.len());
        for &(index, span) in members {
            let first = *seen.entry(index).or_insert(span);
            if first != span {
                let who = self.describe(index);
                self.report(
                    Diagnostic::warning(
                        Code::RedundantShare,
                        span,
                        format!("{who} is in this rule twice"),
                    )
                    .also(first, "it is already included here"),
                );
                return;
            }
        }
    }

    fn describe(&self, index: u32) -> String {
        use crate::rules::model::Id::{Literal, Optional, Parameter};
        match self.scope.principal(index) {
            Some(Principal::Account(Literal(id))) => format!("the account {id}"),
            Some(Principal::Organization(Literal(id))) => format!("the organization {id}"),
            Some(
                Principal::Account(Parameter(name) | Optional(name))
                | Principal::Organization(Parameter(name) | Optional(name)),
            ) => {
                format!("`${{{name}}}`")
            }
            Some(Principal::Everyone) | None => "everyone".to_owned(),
        }
    }

    /// One grant for each principal, with the reasons of all its rules. It is in effect if one of
    /// them is.
    fn merge(&self, rules: &[&ShareRule]) -> Vec<Grant> {
        let mut granted: Vec<GrantedPrincipal<'_>> = Vec::new();
        for rule in rules {
            let Some(facts) = &rule.facts else {
                continue;
            };
            granted.extend(rule.members.iter().map(|&who| GrantedPrincipal {
                who,
                why: rule.why.as_ref(),
                suppressed: &rule.suppressed,
                facts,
            }));
        }
        granted.sort_by(|a, b| a.who.0.cmp(&b.who.0).then_with(|| a.why.cmp(&b.why)));
        let mut grants: Vec<Grant> = Vec::with_capacity(granted.len());
        for chunk in granted.chunk_by(|a, b| a.who.0 == b.who.0) {
            let first = chunk.iter().map(|one| one.who).min_by_key(|who| who.1);
            grants.extend(first.map(|(principal, span)| Grant {
                principal,
                condition: self.condition(principal, chunk),
                why: together(chunk),
                suppressed: suppressed_by(chunk),
                span,
            }));
        }
        grants
    }

    /// When one of several rules that lead to a principal is in effect.
    fn condition(&self, principal: u32, granted: &[GrantedPrincipal<'_>]) -> DeployCondition {
        let given = match self.scope.principal(principal) {
            Some(
                Principal::Account(Id::Optional(name))
                | Principal::Organization(Id::Optional(name)),
            ) => Some(Fact::Given(name.clone())),
            Some(Principal::Account(_) | Principal::Organization(_) | Principal::Everyone)
            | None => None,
        };
        if given.is_none() && granted.iter().any(|one| one.facts.is_empty()) {
            return DeployCondition::default();
        }
        DeployCondition::any(granted.iter().map(|one| {
            let mut facts = one.facts.clone();
            facts.extend(given.clone());
            facts
        }))
    }
}

/// Whether two lists have the same rules.
fn are_same(one: &[&ShareRule], other: &[&ShareRule]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| std::ptr::eq(*a, *b))
}

/// The findings that several rules suppress, each once.
fn suppressed_by(granted: &[GrantedPrincipal<'_>]) -> Option<Arc<[Suppressed]>> {
    let all = granted.iter().flat_map(|one| one.suppressed);
    let mut all: Vec<Suppressed> = all.cloned().collect();
    all.sort_unstable();
    all.dedup_by(|a, b| a.tool == b.tool && a.rule == b.rule);
    (!all.is_empty()).then(|| all.into())
}

/// The terms of one grant from several rules: it ends with the last of them.
fn together(granted: &[GrantedPrincipal<'_>]) -> Option<Arc<Why>> {
    let mut all: Vec<&Arc<Why>> = granted.iter().filter_map(|one| one.why).collect();
    all.dedup();
    let is_endless = granted.iter().any(|one| one.why.is_none());
    match all.as_slice() {
        [] => None,
        [why] if !is_endless || why.until.is_none() => Some(Arc::clone(why)),
        several => {
            let texts: Vec<&str> = several.iter().map(|why| &*why.text).collect();
            let ends = several.iter().map(|why| why.until);
            let until = ends.reduce(|one, other| one.zip(other).map(|(a, b)| a.max(b)));
            let mut because: Vec<String> =
                several.iter().flat_map(|why| why.because.clone()).collect();
            because.dedup();
            Some(Arc::new(Why {
                text: texts.join("; ").into(),
                because,
                until: until.flatten().filter(|_| !is_endless),
            }))
        }
    }
}
