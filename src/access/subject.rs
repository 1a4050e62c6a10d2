//! The roles, users, groups, policies, boundaries and guardrails of a template, and the policies
//! that govern each.

use super::applicability::Applicability;
use super::attachment::{
    ACCESS_KEY, ADDITION, ATTACHED, ATTACHMENTS, Attached, GROUP, GUARDRAIL, MANAGED_POLICY,
    NamedIdentities, PERMISSION_SET, ROLE, USER, credentials, inline_name, is_named, is_same_name,
    members, named_by_principals, only_one_of_a_name,
};
use super::caller::{Caller, distinguishing};
use super::document::{Documents, allows_everything, document, not_certain, unknown_document};
use super::kind::SubjectKind;
use super::matching::Match;
use super::placeholder::CALLER;
use super::region::with_regions;
use super::request::{pseudo, request};
use crate::aws::arn::Arn;
use crate::cloudformation::{
    Case, Decisions, Placeholders, Resource, Template, TooManyCases, WorkBudget, World,
    explore_within,
};
use crate::iam::attach::is_about_layers;
use crate::iam::document::{Document, Effect, Statement};
use crate::iam::effective::{EffectivePolicies, allow_everything};
use crate::iam::evaluate::{ContextValues, Request};
use crate::iam::gap::PolicyGap;
use crate::iam::provenance::DocumentName;
use crate::partial::{Partial, Text};
use std::collections::HashSet;

/// The work that a document takes beside looking at who it is for.
const OF_A_DOCUMENT: usize = 10;

/// A principal or a policy in one case.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Its logical ID.
    pub id: String,
    /// What it is.
    pub kind: SubjectKind,
    /// The policies that govern what it may attach; for a policy, the policy alone.
    pub policies: EffectivePolicies,
    /// Who and what it applies to.
    pub applicability: Applicability,
}

impl Subject {
    /// The name of a role or user, if it is known.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        let principal = self.policies.request.context.get("aws:principalarn")?;
        let ContextValues::Known(arns) = principal else {
            return None;
        };
        arns.first()?.rsplit('/').next()
    }

    /// The same for callers in one account, about which nothing else is known.
    #[must_use]
    pub fn called_from(&self, account: &str) -> Self {
        let mut subject = self.clone();
        let context = &mut subject.policies.request.context;
        context.insert(
            CALLER.to_ascii_lowercase(),
            ContextValues::Known(vec![account.to_owned()]),
        );
        if let Some(ContextValues::Anybody(arn)) = context.get_mut("aws:principalarn")
            && let Some(fields) = Arn::of(arn.as_str())
        {
            *arn = Arn { account, ..fields }.to_string();
        }
        subject
    }
}

/// A resource that is a subject, in every case.
#[derive(Clone, Debug)]
pub struct SubjectCases {
    /// Its logical ID.
    pub id: String,
    /// The type of the resource.
    pub type_name: String,
    /// The subject in each case; `None` in a case that does not create it. An error if there are
    /// too many cases.
    pub cases: Result<Vec<(Case, Option<Subject>)>, TooManyCases>,
    /// The resource as written, if there are too many cases.
    pub identity: String,
    /// All that decides about it, if there are too many cases.
    pub decisions: Option<Decisions>,
}

/// The roles and policies of a template.
#[derive(Debug)]
pub struct Subjects<'t> {
    template: &'t Template,
    /// The policies that are attached to something by their own properties.
    attached: Attached<'t>,
    /// The resources that add users to groups.
    additions: Attached<'t>,
    /// The managed policies that something has as its boundary.
    boundaries: HashSet<&'t str>,
    /// The managed policies that something has as a policy.
    policies: HashSet<&'t str>,
    /// The guardrails that distinguish principals.
    distinguishing: Vec<Resource<'t>>,
    /// The kind of a policy in a file of its own.
    meant_as: Option<SubjectKind>,
    /// The managed policies that a source declares as boundaries.
    declared: HashSet<String>,
    /// The identities and managed policies by their names.
    named: NamedIdentities<'t>,
    /// The access keys of users.
    keys: Attached<'t>,
    /// The work that is left for all subjects together.
    budget: WorkBudget,
    /// The documents that are read already.
    documents: Documents,
}

impl<'t> Subjects<'t> {
    /// Looks through a template. `meant_as` is the kind of a policy in a file of its own.
    #[must_use]
    pub fn new(template: &'t Template, meant_as: Option<SubjectKind>) -> Self {
        Self {
            template,
            attached: Attached::new(template, &ATTACHED),
            additions: Attached::new(template, &[ADDITION]),
            boundaries: named_by_principals("PermissionsBoundary", template),
            policies: named_by_principals("ManagedPolicyArns", template),
            distinguishing: distinguishing(template),
            meant_as,
            declared: HashSet::new(),
            named: NamedIdentities::new(template),
            keys: Attached::new(template, &[ACCESS_KEY]),
            budget: WorkBudget::default(),
            documents: Documents::default(),
        }
    }

    /// The same within a budget for all subjects of the template.
    #[must_use]
    pub fn within_a_budget(self) -> Self {
        Self {
            budget: WorkBudget::of(self.template),
            ..self
        }
    }

    /// The same, with the boundaries that the source of the template declares.
    #[must_use]
    pub fn declaring(self, boundaries: &HashSet<String>) -> Self {
        Self {
            declared: boundaries.clone(),
            ..self
        }
    }

    /// Every subject in every case. One that the budget leaves out is undecided.
    #[must_use]
    pub fn all(&self, placeholders: &Placeholders) -> Vec<SubjectCases> {
        let mut found = Vec::new();
        for resource in self.template.resources() {
            if !Self::is_subject(&resource) {
                continue;
            }
            let cases = self.in_cases(&resource, placeholders);
            found.push(SubjectCases {
                id: resource.id.to_owned(),
                type_name: resource.kind.to_owned(),
                decisions: cases.is_err().then(|| self.template.decisions()),
                cases,
                identity: resource.json.to_string(),
            });
        }
        // A resource that is not a subject in any case is left out.
        found.retain(|subject| match &subject.cases {
            Ok(cases) => cases.iter().any(|(_, subject)| subject.is_some()),
            Err(_) => true,
        });
        found
    }

    /// A subject in every case, within the budget.
    fn in_cases(
        &self,
        resource: &Resource<'_>,
        placeholders: &Placeholders,
    ) -> Result<Vec<(Case, Option<Subject>)>, TooManyCases> {
        self.has_work_left()?;
        let subject = |world: &World<'_>| self.subject(resource, world);
        let (budget, template) = (&self.budget, self.template);
        let mut found = explore_within(budget, template, Some(placeholders), subject)?;
        let policies = found
            .iter()
            .filter_map(|(_, subject)| Some(&subject.as_ref()?.policies));
        if let Some(placeholders) = with_regions(policies, placeholders, &[]) {
            found = explore_within(budget, template, Some(&placeholders), subject)?;
        }
        self.has_work_left()?;
        Ok(found)
    }

    fn has_work_left(&self) -> Result<(), TooManyCases> {
        (!self.budget.is_spent()).then_some(()).ok_or(TooManyCases)
    }

    fn is_subject(resource: &Resource<'_>) -> bool {
        matches!(
            resource.kind,
            ROLE | USER | GROUP | GUARDRAIL | PERMISSION_SET
        ) || ATTACHED.contains(&resource.kind)
    }

    /// A resource in one case; `None` if that case does not create it, or if it is not a separate
    /// subject.
    #[must_use]
    pub fn subject(&self, resource: &Resource<'_>, world: &World<'_>) -> Option<Subject> {
        if !resource.is_made(world) {
            return None;
        }
        let mut subject = match resource.kind {
            ROLE | USER => self.principal(resource, world),
            GROUP => self.group(resource, world),
            PERMISSION_SET => self.permission_set(resource, world),
            GUARDRAIL => guardrail(resource, world)?,
            MANAGED_POLICY => self.managed_policy(resource, world),
            _ => self.inline_policy(resource, world)?,
        };
        subject.applicability = Applicability::of(
            resource,
            subject.kind,
            &subject.policies,
            world,
            &self.documents,
        );
        self.budget.spend(subject.policies.statements().count());
        if resource.kind == GROUP {
            let additions = self.counted(self.additions.perhaps_to(resource));
            let members = members(resource, additions, world);
            self.budget.spend(members.len());
            subject.applicability.members = members;
        }
        if resource.kind == USER {
            let keys = self.counted(self.keys.perhaps_to(resource));
            subject.applicability.credentials = credentials(resource, keys, world);
        }
        if matches!(resource.kind, ROLE | USER) {
            let below = &self.distinguishing;
            self.budget.spend(below.len() * OF_A_DOCUMENT);
            let below = if self.budget.is_spent() {
                &[]
            } else {
                below.as_slice()
            };
            subject.applicability.caller =
                Caller::of(resource, &subject.policies, below, world, &self.documents);
        }
        Some(subject)
    }

    /// Some resources, as long as the budget lasts.
    fn counted<'r>(
        &self,
        all: impl Iterator<Item = &'r Resource<'t>>,
    ) -> impl Iterator<Item = &'r Resource<'t>>
    where
        't: 'r,
    {
        all.take_while(|_| {
            self.budget.spend(1);
            !self.budget.is_spent()
        })
    }

    fn principal(&self, resource: &Resource<'_>, world: &World<'_>) -> Subject {
        let mut policies = EffectivePolicies {
            request: request(resource, world),
            ..EffectivePolicies::default()
        };
        let mut own = self.own_documents(resource, world);
        if resource.kind == USER {
            own.extend(self.of_groups(resource, world));
        }
        policies.levels.push(own);
        if let Some(boundary) = resource.text("PermissionsBoundary", world) {
            policies.levels.push(vec![self.managed(&boundary, world)]);
        }
        subject(resource, SubjectKind::Principal, policies)
    }

    fn group(&self, resource: &Resource<'_>, world: &World<'_>) -> Subject {
        let levels = vec![self.own_documents(resource, world)];
        let request = request(resource, world);
        subject(
            resource,
            SubjectKind::Group,
            EffectivePolicies {
                levels,
                request,
                ..EffectivePolicies::default()
            },
        )
    }

    /// A permission set of IAM Identity Center, which becomes a role in each account that it is
    /// assigned in.
    fn permission_set(&self, resource: &Resource<'_>, world: &World<'_>) -> Subject {
        let mut own = Vec::new();
        if let Some(inline) = resource.property("InlinePolicy", world) {
            let name = DocumentName::part_of(resource.id, "inline policy");
            own.push(self.documents.of_value(name, Some(inline)));
        }
        for arn in resource.items("ManagedPolicies", world) {
            let arn = arn
                .as_text()
                .cloned()
                .unwrap_or_else(|| Text::unknown("a policy", arn.to_string()));
            own.push(self.managed(&arn, world));
        }
        for reference in resource.items("CustomerManagedPolicyReferences", world) {
            own.push(customer_managed(&reference));
        }
        let mut policies = EffectivePolicies {
            levels: vec![own],
            request: request(resource, world),
            ..EffectivePolicies::default()
        };
        if let Some(boundary) = resource.property("PermissionsBoundary", world) {
            let document = match boundary.get("ManagedPolicyArn").and_then(Partial::as_text) {
                Some(arn) => self.managed(arn, world),
                None => customer_managed(&boundary),
            };
            policies.levels.push(vec![document]);
        }
        subject(resource, SubjectKind::Principal, policies)
    }

    /// A managed policy alone. It is a boundary if something has it as its boundary, or if the
    /// source says so. It may be one if it allows everything except some layers and is attached to
    /// nothing.
    fn managed_policy(&self, resource: &Resource<'_>, world: &World<'_>) -> Subject {
        let document = self.documents.of_policy(resource, "PolicyDocument", world);
        let is_attached = self.policies.contains(&resource.id)
            || ["Roles", "Users", "Groups"]
                .iter()
                .any(|list| !resource.items(list, world).is_empty());
        let is_boundary =
            self.boundaries.contains(&resource.id) || self.declared.contains(resource.id);
        let reads_like_one =
            allows_everything(&document) && document.statements.iter().any(denies_layers);
        let found = if is_attached {
            SubjectKind::Policy
        } else if is_boundary {
            SubjectKind::Boundary
        } else if reads_like_one {
            SubjectKind::PerhapsBoundary
        } else {
            SubjectKind::Policy
        };
        let kind = self.meant_as.unwrap_or(found);
        let request = request(resource, world);
        let levels = vec![vec![document]];
        subject(
            resource,
            kind,
            EffectivePolicies {
                levels,
                request,
                ..EffectivePolicies::default()
            },
        )
    }

    /// An inline policy alone, if its principal is not in the template. Other inline policies are
    /// part of their principal.
    fn inline_policy(&self, resource: &Resource<'_>, world: &World<'_>) -> Option<Subject> {
        let mut is_elsewhere = false;
        for (list, name, kind) in ATTACHMENTS {
            for target in resource.items(list, world) {
                let target = target.as_text().cloned().unwrap_or_default();
                is_elsewhere |= !self.is_in_template(&target, name, kind, world);
            }
        }
        if !is_elsewhere {
            return None;
        }
        let mut document = self.documents.of_policy(resource, "PolicyDocument", world);
        if self.shares_its_name(resource, world) {
            document = not_certain(document, &PolicyGap::SameName);
        }
        let levels = vec![vec![document]];
        let request = request(resource, world);
        Some(subject(
            resource,
            SubjectKind::Policy,
            EffectivePolicies {
                levels,
                request,
                ..EffectivePolicies::default()
            },
        ))
    }

    /// Whether another inline policy of one of its principals has its name.
    fn shares_its_name(&self, policy: &Resource<'_>, world: &World<'_>) -> bool {
        let targets = |policy: &Resource<'_>| {
            let mut all = Vec::new();
            for (list, _, kind) in ATTACHMENTS {
                let items = policy.items(list, world);
                all.extend(items.into_iter().map(|target| (kind, target)));
            }
            all
        };
        let (name, own) = (inline_name(policy, world), targets(policy));
        name.is_some()
            && self
                .counted(self.attached.perhaps_called(policy))
                .any(|other| {
                    other.id != policy.id
                        && other.is_made(world)
                        && is_same_name(inline_name(other, world).as_ref(), name.as_ref())
                        && targets(other).iter().any(|target| own.contains(target))
                })
    }

    fn is_in_template(&self, target: &Text, name: &str, kind: &str, world: &World<'_>) -> bool {
        if let Some(own) = target
            .as_resource()
            .and_then(|id| self.template.resource(id))
            && own.kind == kind
        {
            return own.is_made(world);
        }
        self.counted(self.named.perhaps_called(kind, target))
            .filter(|resource| resource.is_made(world))
            .any(|resource| resource.text(name, world).as_ref() == Some(target))
    }

    /// The documents of a role, user or group: inline policies, managed policies, and policies that
    /// other resources attach to it.
    fn own_documents(&self, resource: &Resource<'_>, world: &World<'_>) -> Vec<Document> {
        let mut own = Vec::new();
        let inline = resource.items("Policies", world);
        for (index, policy) in inline.iter().enumerate() {
            let name = policy.get("PolicyName").and_then(Partial::as_text);
            let shown = name.map_or_else(|| (index + 1).to_string(), ToString::to_string);
            let document = self.documents.of_value(
                DocumentName::part_of(resource.id, format!("policy {shown}")),
                policy.get("PolicyDocument").cloned(),
            );
            own.push((name.cloned(), document));
        }
        own.extend(self.attached_to(resource, world));
        let mut own = only_one_of_a_name(own);
        for arn in resource.items("ManagedPolicyArns", world) {
            let arn = arn
                .as_text()
                .cloned()
                .unwrap_or_else(|| Text::unknown("a policy", arn.to_string()));
            own.push(self.managed(&arn, world));
        }
        own
    }

    /// The policies of the template that are attached to a principal by their own properties, or
    /// may be, with the names of the inline ones.
    fn attached_to(
        &self,
        principal: &Resource<'_>,
        world: &World<'_>,
    ) -> Vec<(Option<Text>, Document)> {
        let mut found = Vec::new();
        for policy in self.counted(self.attached.perhaps_to(principal)) {
            let mut attached = Match::No;
            for (list, name, kind) in ATTACHMENTS
                .iter()
                .filter(|(_, _, kind)| *kind == principal.kind)
            {
                let own = principal.text(name, world);
                for target in policy.items(list, world) {
                    let target = target
                        .as_text()
                        .cloned()
                        .unwrap_or_else(|| Text::unknown(*kind, target.to_string()));
                    let named = is_named(&target, principal, own.as_ref(), self.template);
                    attached = attached.or(named);
                }
            }
            if attached == Match::No || !policy.is_made(world) {
                continue;
            }
            // The documents of a principal are compared with each other.
            self.budget.spend(OF_A_DOCUMENT + found.len());
            let mut document = self.documents.of_policy(policy, "PolicyDocument", world);
            if attached == Match::Maybe {
                document = not_certain(document, &PolicyGap::MayBeAttached);
            }
            found.push((inline_name(policy, world), document));
        }
        found
    }

    /// The policies of the groups that a user is in.
    fn of_groups(&self, user: &Resource<'_>, world: &World<'_>) -> Vec<Document> {
        let mut found = Vec::new();
        for group in user.items("Groups", world) {
            let name = group
                .as_text()
                .cloned()
                .unwrap_or_else(|| Text::unknown("a group", group.to_string()));
            found.extend(self.of_group(&name, world));
        }
        let own = user.text("UserName", world);
        for addition in self.counted(self.additions.perhaps_to(user)) {
            for member in addition.items("Users", world) {
                let member = member
                    .as_text()
                    .cloned()
                    .unwrap_or_else(|| Text::unknown("a user", member.to_string()));
                let is_member = is_named(&member, user, own.as_ref(), self.template);
                let Some(group) = addition
                    .text("GroupName", world)
                    .filter(|_| is_member != Match::No && addition.is_made(world))
                else {
                    continue;
                };
                for mut document in self.of_group(&group, world) {
                    if is_member == Match::Maybe {
                        document = not_certain(document, &PolicyGap::MayBeMember);
                    }
                    found.push(document);
                }
            }
        }
        found
    }

    fn of_group(&self, name: &Text, world: &World<'_>) -> Vec<Document> {
        let own = name.as_resource().and_then(|id| self.template.resource(id));
        let referred = own.filter(|group| group.kind == GROUP && group.is_made(world));
        let group = referred.or_else(|| {
            self.counted(self.named.perhaps_called(GROUP, name))
                .find(|group| {
                    group.is_made(world) && group.text("GroupName", world).as_ref() == Some(name)
                })
                .copied()
        });
        match group {
            Some(group) => {
                let own = self.own_documents(&group, world);
                self.budget.spend(own.len() * OF_A_DOCUMENT);
                own
            }
            None => {
                vec![unknown_document(
                    format!("group {name}").as_str(),
                    PolicyGap::GroupElsewhere,
                    &Partial::Text(name.clone()),
                )]
            }
        }
    }

    /// The document of a managed policy: one of the template, or one of AWS's that is known.
    fn managed(&self, arn: &Text, world: &World<'_>) -> Document {
        if let Some(resource) = self.policy_of(arn, world) {
            return self.documents.of_policy(&resource, "PolicyDocument", world);
        }
        match arn.as_literal().and_then(|arn| self.documents.managed(arn)) {
            Some(document) => document,
            None => {
                let why = PolicyGap::ContentElsewhere;
                unknown_document(arn.to_string().as_str(), why, &Partial::Text(arn.clone()))
            }
        }
    }

    /// The managed policy of the template with an ARN, found by `Ref` or by its name.
    fn policy_of(&self, arn: &Text, world: &World<'_>) -> Option<Resource<'t>> {
        if let Some(id) = arn.as_resource() {
            return self
                .template
                .resource(id)
                .filter(|resource| resource.kind == MANAGED_POLICY);
        }
        // A policy of another account, or of AWS itself, may have the same name.
        let (account, name) = arn.as_literal()?.split_once(":policy/")?;
        if !account.ends_with(&format!(":{}", pseudo("AWS::AccountId", world))) {
            return None;
        }
        let own = Text::literal(name.rsplit('/').next().unwrap_or(name));
        for resource in self.counted(self.named.perhaps_called(MANAGED_POLICY, &own)) {
            if !resource.is_made(world) {
                continue;
            }
            let (path, own) = (
                resource.text("Path", world),
                resource.text("ManagedPolicyName", world),
            );
            let path = path.unwrap_or_else(|| Text::literal("/"));
            if let (Some(path), Some(own)) =
                (path.as_literal(), own.as_ref().and_then(Text::as_literal))
                && format!("{path}{own}") == format!("/{name}")
            {
                return Some(*resource);
            }
        }
        None
    }
}

/// Whether a statement makes a policy a boundary: it denies only layers.
fn denies_layers(statement: &Statement) -> bool {
    statement.effect == Effect::Deny
        && !statement.conditions.is_empty()
        && statement.conditions.iter().all(is_about_layers)
}

fn subject(resource: &Resource<'_>, kind: SubjectKind, policies: EffectivePolicies) -> Subject {
    Subject {
        id: resource.id.to_owned(),
        kind,
        policies,
        applicability: Applicability::default(),
    }
}

/// A service control policy, or a policy of unknown type. `FullAWSAccess` is assumed to be attached
/// as well.
fn guardrail(resource: &Resource<'_>, world: &World<'_>) -> Option<Subject> {
    let mut content = document(resource.id, resource.property("Content", world).as_ref());
    match resource.text("Type", world).as_ref().map(Text::as_literal) {
        Some(Some("SERVICE_CONTROL_POLICY")) => {}
        // Resource control policies do not reach layers (Service Authorization Reference, supported
        // services), and policies of other types are about other things.
        Some(Some(_)) => return None,
        None | Some(None) => {
            content = not_certain(content, &PolicyGap::UnknownType);
        }
    }
    Some(guardrail_of(resource.id, content, request(resource, world)))
}

/// A service control policy with this document, for such a caller.
#[must_use]
pub fn guardrail_of(id: &str, content: Document, request: Request) -> Subject {
    let levels = vec![vec![allow_everything()]];
    let policies = EffectivePolicies {
        levels,
        guardrails: vec![content],
        request,
    };
    Subject {
        id: id.to_owned(),
        kind: SubjectKind::Guardrail,
        policies,
        applicability: Applicability::default(),
    }
}

/// A managed policy of which each account has its own.
fn customer_managed(reference: &Partial) -> Document {
    let name = reference
        .get("Name")
        .map_or_else(|| reference.to_string(), ToString::to_string);
    unknown_document(name.as_str(), PolicyGap::OfEachAccount, reference)
}
