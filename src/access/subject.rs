//! Who or what a question about attaching is about: a role with all that it has, or one policy by itself.

use super::evaluate::{Request, Values};
use super::policy::{Document, Names};
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
    let found = template.resources().filter_map(|resource| match resource.kind {
        ROLE => Some(role(&resource, template)),
        POLICY => {
            let document = document(&resource, "PolicyDocument", template);
            let attached = ["Roles", "Users", "Groups"].iter().any(|list| resource.property(list).is_some());
            let restricts = !attached && allows_everything(&document);
            Some(Subject { levels: vec![vec![document]], restricts, ..named(&resource, template) })
        }
        GUARDRAIL => {
            let all =
                json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
            let administrator = Document::read("whatever else is allowed", &all, template);
            let guardrails = vec![document(&resource, "Content", template)];
            let levels = vec![vec![administrator]];
            Some(Subject { levels, guardrails, restricts: true, ..named(&resource, template) })
        }
        _ => None,
    });
    found.collect()
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
    let mut request = Request::default();
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
    for key in ["aws:principalorgid", "aws:username", "aws:userid", "aws:sourceip"] {
        request.context.insert(key.to_owned(), Values::Unknown);
    }
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
        let document = managed(&template.text(arn), template);
        subject.doubts.extend(document.problem.iter().map(|why| format!("{}: {why}", document.name)));
        own.push(document);
    }
    for policy in template.resources().filter(|policy| matches!(policy.kind, POLICY | "AWS::IAM::Policy")) {
        let mut roles = items(&policy, "Roles", template).into_iter().map(|role| template.text(role));
        let name = resource.property("RoleName").map(|name| template.text(name));
        if roles.any(|role| role.as_resource() == Some(resource.id) || Some(&role) == name.as_ref()) {
            own.push(document(&policy, "PolicyDocument", template));
        }
    }
    subject.levels.push(own);
    if let Some(boundary) = resource.property("PermissionsBoundary") {
        let boundary = managed(&template.text(boundary), template);
        subject.doubts.extend(boundary.problem.iter().map(|why| format!("{}: {why}", boundary.name)));
        subject.levels.push(vec![boundary]);
    }
    subject
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
