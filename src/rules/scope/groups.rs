//! Groups: who is in them, by way of other groups too.

use super::{PrincipalUse, Referent, Scope};
use crate::diagnostic::{Code, Diagnostic};
use crate::english::quote;
use crate::rules::model::Principal;
use crate::source::Span;
use crate::syntax::ast;
use indexmap::IndexMap;
use std::collections::HashSet;
use std::sync::Arc;

/// A declared group.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) members: Vec<(Referent, Span)>,
    /// The last expansion that visited it, so that none visits a group twice.
    seen: u32,
    expanded: Option<Arc<[PrincipalUse]>>,
    /// The ID of the unit whose accounts these are, and the place that says it.
    unit: Option<(String, Span)>,
    /// The message that some accounts of the unit are left out, until it is reported.
    left_out: Option<Diagnostic>,
}

impl Group {
    /// The group of a unit. The accounts of the unit become its members when something leads to
    /// them; `left_out` is the message to report then.
    pub(super) fn of_unit(id: String, span: Span, left_out: Option<Diagnostic>) -> Self {
        Self {
            unit: Some((id, span)),
            left_out,
            ..Self::default()
        }
    }

    /// Takes the message to report if the group stands for the accounts of its unit.
    pub(super) fn take_left_out(&mut self) -> Option<Diagnostic> {
        self.left_out.take()
    }

    /// The ID of the unit whose accounts these are, and the place that says it.
    pub(super) fn unit(&self) -> Option<(&str, Span)> {
        self.unit.as_ref().map(|(id, span)| (id.as_str(), *span))
    }
}

/// Somebody that a guardrail may apply to.
pub enum TargetPrincipal {
    /// A principal, by its index.
    Principal(u32),
    /// A unit or a root, by its ID, and the source's name for it.
    Unit(String, Option<String>),
}

/// How far the search for cycles has come with a group.
#[derive(Clone, Copy)]
enum SearchState {
    /// Not examined yet.
    New,
    /// On the path from the group that the search began with.
    Open,
    /// Free of cycles, with everything in it.
    Done,
}

impl Scope {
    /// Reports groups that contain themselves, and takes the offending members out.
    ///
    /// A depth-first search with an explicit path instead of recursion: groups may be nested as
    /// deep as a source is long.
    pub(super) fn break_cycles(
        &mut self,
        declared: &[Option<&ast::Group>],
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let mut states = vec![SearchState::New; self.groups.len()];
        for root in 0..self.groups.len() {
            let mut path = vec![(root, 0)];
            while let Some((group, next)) = path.pop() {
                states[group] = SearchState::Open;
                let Some(&(referent, span)) = self.groups[group].members.get(next) else {
                    states[group] = SearchState::Done;
                    continue;
                };
                path.push((group, next + 1));
                let Referent::Group(inner) = referent else {
                    continue;
                };
                let inner = inner as usize;
                match states[inner] {
                    SearchState::New => path.push((inner, 0)),
                    SearchState::Done => {}
                    SearchState::Open => {
                        // A unit is in no cycle.
                        diagnostics.extend(declared[inner].map(|group| cycle(group, span)));
                        self.groups[group].members.remove(next);
                        // The member after the removed one is in its place now.
                        if let Some(top) = path.last_mut() {
                            top.1 = next;
                        }
                    }
                }
            }
        }
    }

    /// Everybody that a list of principals leads to, with the place in the list that does; each is
    /// listed once for each such place.
    pub fn expand(
        &mut self,
        principals: &[ast::Principal],
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Vec<PrincipalUse> {
        let mut members = Vec::new();
        for principal in principals {
            match self.member(principal, diagnostics) {
                None => {}
                Some((Referent::Principal(index), span)) => members.push((index, span)),
                Some((Referent::Group(group), span)) => {
                    let expanded = self.expand_group(group);
                    members.extend(expanded.iter().map(|&(index, _)| (index, span)));
                }
            }
        }
        members
    }

    /// The targets of a guardrail that a principal stands for, with their places in the list. A
    /// unit is a target itself, and not its accounts.
    pub fn targets(
        &mut self,
        principal: &ast::Principal,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Vec<(TargetPrincipal, Span)> {
        let Some((referent, span)) = self.member_of(principal, diagnostics) else {
            return Vec::new();
        };
        let named = match principal {
            ast::Principal::Named(name) => Some(name.text.clone()),
            ast::Principal::Everyone(_)
            | ast::Principal::Account(_)
            | ast::Principal::AccountCalled(_)
            | ast::Principal::Organization(_)
            | ast::Principal::Unit(_) => None,
        };
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        let mut open = vec![(referent, named)];
        while let Some((referent, named)) = open.pop() {
            match referent {
                Referent::Principal(index) => found.push((TargetPrincipal::Principal(index), span)),
                Referent::Group(index) => {
                    let group = &self.groups[index as usize];
                    if let Some((id, _)) = group.unit() {
                        found.push((TargetPrincipal::Unit(id.to_owned(), named), span));
                    } else if seen.insert(index) {
                        open.extend(group.members.iter().map(|(inner, _)| (*inner, None)));
                    }
                }
            }
        }
        found
    }

    /// The principals that each declared name stands for, in order; none where that is a mistake.
    pub fn meanings(&mut self) -> Vec<(String, Vec<Principal>)> {
        let names = self.names.iter();
        let names: Vec<(String, Option<Referent>)> = names
            .map(|(name, declared)| (name.clone(), declared.referent))
            .collect();
        let mut meanings = Vec::with_capacity(names.len());
        for (name, referent) in names {
            let indexes: Vec<u32> = match referent {
                None => Vec::new(),
                Some(Referent::Principal(index)) => vec![index],
                Some(Referent::Group(group)) => {
                    let members = self.expand_group(group);
                    members.iter().map(|&(index, _)| index).collect()
                }
            };
            let principals = indexes.into_iter().filter_map(|one| self.principal(one));
            let mut principals: Vec<Principal> = principals.cloned().collect();
            principals.sort();
            meanings.push((name, principals));
        }
        meanings
    }

    /// Everybody in a group and in its groups, once each.
    fn expand_group(&mut self, group: u32) -> Arc<[PrincipalUse]> {
        if let Some(expanded) = &self.groups[group as usize].expanded {
            return Arc::clone(expanded);
        }
        self.expansions += 1;
        let mut found: IndexMap<u32, Span> = IndexMap::new();
        let mut open = vec![group];
        while let Some(group) = open.pop() {
            self.take_accounts_of(group);
            let group = &mut self.groups[group as usize];
            if std::mem::replace(&mut group.seen, self.expansions) == self.expansions {
                continue;
            }
            for &(referent, span) in &group.members {
                match referent {
                    Referent::Principal(index) => {
                        found.entry(index).or_insert(span);
                    }
                    Referent::Group(inner) => open.push(inner),
                }
            }
        }
        let expanded: Arc<[PrincipalUse]> = found.into_iter().collect();
        self.groups[group as usize].expanded = Some(Arc::clone(&expanded));
        expanded
    }
}

fn cycle(group: &ast::Group, span: Span) -> Diagnostic {
    let message = format!("the group {} contains itself", quote(&group.name.text));
    Diagnostic::error(Code::GroupCycle, span, message)
        .label("this closes the cycle")
        .also(group.name.span, "the group is declared here")
}
