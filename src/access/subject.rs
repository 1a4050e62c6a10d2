//! Who or what a question about attaching is about: a role with all that it has, or one policy by itself.

use super::evaluate::{Request, Values};
use super::policy::{Document, Names};
use super::reach::{Reach, reach};
use super::value::{Resource, Template, Text};
use crate::pattern::Pattern;
use serde_json::{Value as Json, json};

/// A role, or a policy.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// Its logical ID.
    pub name: String,
    /// The type of its resource.
    pub kind: String,
    /// Of each level, one document must allow: what it has, and its boundary.
    pub levels: Vec<Vec<Document>>,
    /// What only denies.
    pub guardrails: Vec<Document>,
    /// What is known of every request of its.
    pub request: Request,
    /// The layers of its own account.
    pub own_layers: Option<Pattern>,
    /// Whether it only takes away: without it, more could be attached.
    pub restricts: bool,
    /// Whom and what it is about, beside the layers.
    pub reach: Reach,
    /// What is not known of it.
    pub doubts: Vec<String>,
}

/// What policies of AWS's own allow that matters here (AWS Managed Policy Reference). Nothing of them is denied.
const MANAGED: &[(&str, &[&str])] = &[
    ("AdministratorAccess", &["*"]),
    ("PowerUserAccess", &["lambda:*"]),
    ("AWSLambda_FullAccess", &["lambda:*"]),
    ("AWSLambda_ReadOnlyAccess", &["lambda:Get*", "lambda:List*"]),
    ("AWSLambdaBasicExecutionRole", &["logs:*"]),
    ("AWSLambdaVPCAccessExecutionRole", &["logs:*", "ec2:*"]),
    ("AWSXRayDaemonWriteAccess", &["xray:*"]),
];

const ROLE: &str = "AWS::IAM::Role";
const POLICY: &str = "AWS::IAM::ManagedPolicy";
const GUARDRAIL: &str = "AWS::Organizations::Policy";

/// Every role and policy of a template, whose unknown values are [assumed](Template::assumed).
#[must_use]
pub fn subjects(template: &Template) -> Vec<Subject> {
    let found = template.resources().filter_map(|resource| {
        let mut subject = subject(&resource, template)?;
        subject.reach = reach(&resource, &subject, template);
        subject.doubts = subject.all().flat_map(doubts).collect();
        Some(subject)
    });
    found.collect()
}

fn subject(resource: &Resource<'_>, template: &Template) -> Option<Subject> {
    match resource.kind {
        ROLE => Some(role(resource, template)),
        POLICY => {
            let document = document(resource, "PolicyDocument", template);
            let attached = ["Roles", "Users", "Groups"].iter().any(|list| resource.property(list).is_some());
            let restricts = !attached && allows_everything(&document);
            Some(Subject { levels: vec![vec![document]], restricts, ..named(resource, template) })
        }
        GUARDRAIL => {
            let all =
                json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
            let administrator = Document::read("whatever else is allowed", &all, template);
            let guardrails = vec![document(resource, "Content", template)];
            let levels = vec![vec![administrator]];
            Some(Subject { levels, guardrails, restricts: true, ..named(resource, template) })
        }
        _ => None,
    }
}

impl Subject {
    /// The account that it is assumed to be in.
    #[must_use]
    pub fn own_account(&self) -> String {
        match self.request.context.get("aws:principalaccount") {
            Some(Values::Known(values)) => values.first().cloned().unwrap_or_default(),
            _ => String::new(),
        }
    }

    /// Every document.
    pub fn all(&self) -> impl Iterator<Item = &Document> {
        self.levels.iter().flatten().chain(&self.guardrails)
    }
}

/// Why some of a document is not understood.
fn doubts(document: &Document) -> Vec<String> {
    let whole = document.problem.iter().map(|why| format!("{}: {why}", document.name));
    let parts = document.statements.iter().filter_map(|statement| {
        statement.problem.as_ref().map(|why| format!("{}, {}: {why}", document.name, statement.sid))
    });
    whole.chain(parts).collect()
}

/// Whether a document allows everything that it does not deny, as a permissions boundary does.
fn allows_everything(document: &Document) -> bool {
    let is_all = |names: &Names| !names.negated && names.patterns.iter().any(|one| one.as_literal() == Some("*"));
    document.statements.iter().any(|statement| {
        !statement.denies
            && statement.conditions.is_empty()
            && is_all(&statement.actions)
            && is_all(&statement.resources)
    })
}

fn named(resource: &Resource<'_>, template: &Template) -> Subject {
    let account = template.parameter("AWS::AccountId").unwrap_or_default().to_owned();
    let partition = template.parameter("AWS::Partition").unwrap_or("aws");
    let mut request = Request { is_open: true, ..Request::default() };
    // Whoever asks is somebody whom no rule spares, unless it is a role that may be called anything.
    let principal = match resource.kind {
        ROLE => match resource.property("RoleName").map(|name| template.text(name)) {
            Some(name) if name.as_literal().is_some() => {
                let path =
                    resource.property("Path").map_or_else(|| "/".to_owned(), |path| template.text(path).to_string());
                Values::Known(vec![format!("arn:{partition}:iam::{account}:role{path}{name}")])
            }
            _ => Values::Unknown,
        },
        _ => Values::Known(vec![format!("arn:{partition}:iam::{account}:user/anybody")]),
    };
    request.context.insert("aws:principalarn".to_owned(), principal);
    request.context.insert("aws:principalaccount".to_owned(), Values::Known(vec![account.clone()]));
    let own_layers = Some(Pattern::new(&format!("arn:*:lambda:*:{account}:layer:*:*")));
    Subject { name: resource.id.to_owned(), kind: resource.kind.to_owned(), request, own_layers, ..Subject::default() }
}

fn document(resource: &Resource<'_>, property: &str, template: &Template) -> Document {
    let json = resource.property(property).cloned().unwrap_or_default();
    let mut document = Document::read(resource.id, &json, template);
    if resource.condition.is_some_and(|condition| template.holds(condition) != Some(true)) {
        document.problem = Some("whether it is there depends on a condition".to_owned());
    }
    document
}

fn role(resource: &Resource<'_>, template: &Template) -> Subject {
    let mut subject = named(resource, template);
    let mut own: Vec<Document> = Vec::new();
    for (index, inline) in items(resource, "Policies", template).into_iter().enumerate() {
        let json = inline.get("PolicyDocument").cloned().unwrap_or_default();
        let name =
            inline.get("PolicyName").map_or_else(|| (index + 1).to_string(), |name| template.text(name).to_string());
        own.push(Document::read(&format!("{}, policy {name}", resource.id), &json, template));
    }
    for arn in items(resource, "ManagedPolicyArns", template) {
        own.push(managed(&template.text(arn), template));
    }
    own.extend(attached(resource, template));
    subject.levels.push(own);
    if let Some(boundary) = resource.property("PermissionsBoundary") {
        subject.levels.push(vec![managed(&template.text(boundary), template)]);
    }
    subject
}

/// The policies of the template that are attached to a role, or may be.
fn attached(role: &Resource<'_>, template: &Template) -> Vec<Document> {
    let name = role.property("RoleName").map(|name| template.text(name));
    let mut found = Vec::new();
    for policy in template.resources() {
        let roles = match policy.kind {
            POLICY | "AWS::IAM::Policy" => items(&policy, "Roles", template),
            "AWS::IAM::RolePolicy" => items(&policy, "RoleName", template),
            _ => continue,
        };
        let roles: Vec<Text> = roles.into_iter().map(|role| template.text(role)).collect();
        let is_it =
            |text: &Text| text.as_resource() == Some(role.id) || (name.is_some() && Some(text) == name.as_ref());
        // A name that only the deploy tells may be this role's, unless that is known and so is the other.
        let may_be = |text: &Text| {
            let known = text.as_literal().is_some() || text.as_resource().is_some();
            let own = name.as_ref().and_then(Text::as_literal).is_some();
            !known || (text.as_literal().is_some() && name.is_some() && !own)
        };
        if roles.iter().any(is_it) {
            found.push(document(&policy, "PolicyDocument", template));
        } else if roles.iter().any(may_be) {
            let mut document = document(&policy, "PolicyDocument", template);
            document.problem = Some("whether it is attached to the role is not known before a deploy".to_owned());
            found.push(document);
        }
    }
    found
}

fn items<'t>(resource: &Resource<'t>, property: &str, template: &'t Template) -> Vec<&'t Json> {
    resource.property(property).map(|value| template.items(value)).unwrap_or_default()
}

/// The document of a managed policy: one of the template, or one of AWS's that is known.
fn managed(arn: &Text, template: &Template) -> Document {
    if let Some(id) = arn.as_resource()
        && let Some(resource) = template.resources().find(|resource| resource.id == id && resource.kind == POLICY)
    {
        return document(&resource, "PolicyDocument", template);
    }
    let shown = arn.to_string();
    let name = shown.rsplit('/').next().unwrap_or_default();
    let known = MANAGED.iter().find(|(known, _)| *known == name && shown.contains(":iam::aws:policy/"));
    match known {
        Some((name, actions)) => {
            let json =
                json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": actions, "Resource": "*"}});
            Document::read(name, &json, template)
        }
        None => Document {
            name: shown,
            problem: Some("what this policy says is not in the template".to_owned()),
            ..Document::default()
        },
    }
}
