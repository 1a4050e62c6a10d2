//! Policies of IAM and Organizations in files of their own, as security teams keep them and `aws`
//! prints them.

use super::kind::SubjectKind;
use crate::cloudformation::read::{self, ReadError};
use serde_json::{Value as Json, json};

/// A policy in a file.
#[derive(Clone, Debug)]
pub struct PolicyFile {
    /// The document.
    pub document: Json,
    /// The type that the file gives, if it does, as `aws organizations describe-policy` prints it:
    /// `SERVICE_CONTROL_POLICY` or another one.
    organizations_type: Option<String>,
}

impl PolicyFile {
    /// The policy in a JSON document: the policy itself, or the output of
    /// `aws iam get-policy-version`, `get-role-policy` and similar commands, and of
    /// `aws organizations describe-policy`. `None` for anything else, and for the policy of a
    /// resource, whose statements name principals.
    ///
    /// # Errors
    ///
    /// An error if the document is text in another one and is not JSON.
    pub fn read(json: &Json) -> Result<Option<Self>, ReadError> {
        let inner = [
            json.get("PolicyVersion")
                .and_then(|version| version.get("Document")),
            json.get("PolicyDocument"),
            json.get("Policy").and_then(|policy| policy.get("Content")),
        ];
        let document = match inner.into_iter().flatten().next() {
            Some(Json::String(text)) => read::json(text)?,
            Some(document) => document.clone(),
            None => json.clone(),
        };
        let summary = json
            .get("Policy")
            .and_then(|policy| policy.get("PolicySummary"));
        let organizations_type = summary
            .and_then(|summary| summary.get("Type"))
            .and_then(Json::as_str)
            .map(str::to_owned);
        let statements = match document.get("Statement") {
            Some(Json::Array(statements)) => statements.as_slice(),
            Some(statement @ Json::Object(_)) => std::slice::from_ref(statement),
            _ => return Ok(None),
        };
        // Of the policies of Organizations, some name principals.
        let is_policy = statements.iter().all(Json::is_object)
            && (organizations_type.is_some() || !statements.iter().any(names_principals));
        Ok(is_policy.then_some(Self {
            document,
            organizations_type,
        }))
    }

    /// The kind of the policy: from the file, or from its content. A policy that only denies is a
    /// guardrail; one that allows everything and denies something may be a boundary; any other one
    /// is a policy.
    #[must_use]
    pub fn kind(&self) -> SubjectKind {
        if self.organizations_type.is_some() {
            return SubjectKind::Guardrail;
        }
        let statements = match self.document.get("Statement") {
            Some(Json::Array(statements)) => statements.as_slice(),
            Some(statement) => std::slice::from_ref(statement),
            None => &[],
        };
        let denies = statements
            .iter()
            .any(|statement| has(statement, "Effect", "Deny"));
        let mut allows = statements
            .iter()
            .filter(|statement| !has(statement, "Effect", "Deny"))
            .peekable();
        let allows_nothing = allows.peek().is_none();
        match (denies, allows_nothing) {
            (true, true) => SubjectKind::Guardrail,
            (true, false) if allows.all(is_about_everything) => SubjectKind::PerhapsBoundary,
            _ => SubjectKind::Policy,
        }
    }

    /// A template that contains only the policy, under a logical ID.
    #[must_use]
    pub fn template(&self, id: &str, kind: SubjectKind) -> Json {
        let resource = match kind {
            SubjectKind::Guardrail => json!({
                "Type": "AWS::Organizations::Policy",
                "Properties": {
                    "Name": id,
                    "Type": self.organizations_type.as_deref().unwrap_or("SERVICE_CONTROL_POLICY"),
                    "Content": self.document,
                },
            }),
            SubjectKind::Principal
            | SubjectKind::Group
            | SubjectKind::Policy
            | SubjectKind::Boundary
            | SubjectKind::PerhapsBoundary => json!({
                "Type": "AWS::IAM::ManagedPolicy",
                "Properties": { "PolicyDocument": self.document },
            }),
        };
        json!({ "Resources": { id: resource } })
    }
}

/// Whether an element of a statement has a value.
fn has(statement: &Json, key: &str, value: &str) -> bool {
    statement.get(key).and_then(Json::as_str) == Some(value)
}

/// Whether a statement is about every action on everything, always.
fn is_about_everything(statement: &Json) -> bool {
    has(statement, "Action", "*")
        && has(statement, "Resource", "*")
        && statement.get("Condition").is_none()
}

/// Whether a statement names principals.
fn names_principals(statement: &Json) -> bool {
    statement.get("Principal").is_some() || statement.get("NotPrincipal").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(document: Json) -> Option<SubjectKind> {
        let Ok(file) = PolicyFile::read(&document) else {
            unreachable!("the document can be read");
        };
        file.map(|file| file.kind())
    }

    #[test]
    fn what_a_policy_is_follows_from_its_content() {
        let deny = json!({"Effect": "Deny", "Action": "lambda:*", "Resource": "*"});
        let allow = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
        let some = json!({"Effect": "Allow", "Action": "lambda:*", "Resource": "*"});
        let shared = json!({"Effect": "Allow", "Principal": "*", "Action": "lambda:GetLayerVersion",
            "Resource": "*"});
        assert_eq!(
            kind(json!({ "Statement": [deny] })),
            Some(SubjectKind::Guardrail)
        );
        assert_eq!(
            kind(json!({ "Statement": [deny, allow] })),
            Some(SubjectKind::PerhapsBoundary)
        );
        assert_eq!(
            kind(json!({ "Statement": [deny, some] })),
            Some(SubjectKind::Policy)
        );
        assert_eq!(
            kind(json!({ "Statement": allow })),
            Some(SubjectKind::Policy)
        );
        assert_eq!(kind(json!({ "Statement": [shared] })), None);
        let described = json!({"Policy": {"PolicySummary": {"Type": "SERVICE_CONTROL_POLICY"},
            "Content": "{\"Statement\": \
                {\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"}}"}});
        assert_eq!(kind(described), Some(SubjectKind::Guardrail));
    }
}
