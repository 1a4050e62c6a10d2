//! Who may use which layer version: the sharing in a template, or in the policies that Lambda shows.

use super::value::{Resource, Template, Text};
use crate::rules::formats;
use crate::template::read::ReadError;
use indexmap::IndexMap;
use serde_json::Value as Json;
use std::fmt;

/// Somebody who may use a layer version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// Every AWS account there is.
    Everyone,
    /// Every account of the organization with this ID.
    Organization(Text),
    /// The account with this ID.
    Account(Text),
    /// Somebody who is not known, and why.
    Unknown(String),
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("everyone"),
            Self::Organization(id) => write!(f, "organization {id}"),
            Self::Account(id) => write!(f, "account {id}"),
            Self::Unknown(why) => write!(f, "unknown: {why}"),
        }
    }
}

/// What a layer version is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VersionId {
    /// A resource of the template, by its logical ID.
    Resource(String),
    /// An ARN, or what is known of one.
    Arn(Text),
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resource(id) => f.write_str(id),
            Self::Arn(arn) => write!(f, "{arn}"),
        }
    }
}

/// A layer version and its sharing.
#[derive(Clone, Debug, Default)]
pub struct Version {
    /// The name of its layer, where it is known.
    pub layer: Option<String>,
    /// Who may use it, each with what grants it: logical IDs of the template, or statement IDs of the policy.
    pub grants: IndexMap<Who, Vec<String>>,
}

/// Layer versions and their sharing, in the order of the template.
#[derive(Clone, Debug, Default)]
pub struct Grants {
    /// The versions.
    pub versions: IndexMap<VersionId, Version>,
}

impl Grants {
    /// The sharing in a template.
    #[must_use]
    pub fn of_template(template: &Template) -> Self {
        let mut grants = Self::default();
        for resource in template.resources() {
            if resource.kind == "AWS::Lambda::LayerVersion" && is_made(template, &resource) != Some(false) {
                let name = resource.property("LayerName").map(|name| template.text(name));
                let layer = name.as_ref().and_then(Text::as_literal).map(layer_name);
                grants.versions.entry(VersionId::Resource(resource.id.to_owned())).or_default().layer = layer;
            }
        }
        for resource in template.resources() {
            if resource.kind == "AWS::Lambda::LayerVersionPermission" {
                grants.add_permission(template, &resource);
            }
        }
        grants
    }

    fn add_permission(&mut self, template: &Template, resource: &Resource<'_>) {
        let text = |name| resource.property(name).map(|value| template.text(value));
        let who = match is_made(template, resource) {
            Some(false) => return,
            Some(true) => who(text("Principal"), text("OrganizationId")),
            None => Who::Unknown(format!("whether `{}` is made depends on a condition", resource.id)),
        };
        let arn = text("LayerVersionArn").unwrap_or_else(|| Text::unknown("no layer version is named"));
        let id = match arn.as_resource() {
            Some(id) => VersionId::Resource(id.to_owned()),
            None => VersionId::Arn(arn),
        };
        self.add(id, who, resource.id.to_owned());
    }

    fn add(&mut self, id: VersionId, who: Who, by: String) {
        let version = self.versions.entry(id).or_insert_with_key(|id| Version {
            layer: match id {
                VersionId::Resource(_) => None,
                VersionId::Arn(arn) => arn.to_string().rsplit(':').nth(1).map(str::to_owned),
            },
            grants: IndexMap::new(),
        });
        version.grants.entry(who).or_default().push(by);
    }

    /// The sharing in the policies of layer versions, as `aws lambda get-layer-version-policy` prints them or bare.
    ///
    /// # Errors
    ///
    /// What is not such a policy.
    pub fn of_policies(policies: &[Json]) -> Result<Self, ReadError> {
        let mut grants = Self::default();
        for policy in policies {
            grants.add_policy(policy)?;
        }
        Ok(grants)
    }

    fn add_policy(&mut self, printed: &Json) -> Result<(), ReadError> {
        let shape = |what: &str| ReadError::Shape(what.to_owned());
        let bare;
        let policy = match printed.get("Policy") {
            Some(Json::String(text)) => {
                bare = serde_json::from_str(text).map_err(|error| ReadError::Syntax(error.to_string()))?;
                &bare
            }
            Some(_) => return Err(shape("`Policy` is not a text")),
            None => printed,
        };
        let statements = match policy.get("Statement") {
            Some(Json::Array(statements)) => statements.iter().collect(),
            Some(statement @ Json::Object(_)) => vec![statement],
            _ => return Err(shape("a policy has a `Statement`")),
        };
        for (index, statement) in statements.into_iter().enumerate() {
            let resource = statement.get("Resource").and_then(Json::as_str);
            let arn = resource.ok_or_else(|| shape("the statement of a layer version's policy has one `Resource`"))?;
            let sid = statement.get("Sid").and_then(Json::as_str).map(str::to_owned);
            let by = sid.unwrap_or_else(|| format!("statement {}", index + 1));
            self.add(VersionId::Arn(Text::literal(arn)), granted_by(statement), by);
        }
        Ok(())
    }

    /// Whether anybody or anything in it is not known.
    #[must_use]
    pub fn has_unknown(&self) -> bool {
        self.versions.values().any(|version| version.grants.keys().any(|who| matches!(who, Who::Unknown(_))))
    }
}

/// Whether a resource is made: `None` where a condition that is not known decides.
fn is_made(template: &Template, resource: &Resource<'_>) -> Option<bool> {
    resource.condition.map_or(Some(true), |condition| template.holds(condition))
}

/// The name of a layer, which a template may give by its ARN (CloudFormation's registry, `AWS::Lambda::LayerVersion`).
fn layer_name(written: &str) -> String {
    written.rsplit(':').next().unwrap_or(written).to_owned()
}

/// Who a `LayerVersionPermission` is for (Lambda API reference, `AddLayerVersionPermission`).
fn who(principal: Option<Text>, organization: Option<Text>) -> Who {
    let Some(principal) = principal else {
        return Who::Unknown("no principal is named".to_owned());
    };
    match (principal.as_literal(), organization) {
        (Some("*"), None) => Who::Everyone,
        (Some("*"), Some(id)) if id.as_literal().is_none_or(formats::is_organization_id) => Who::Organization(id),
        (Some("*"), Some(id)) => Who::Unknown(format!("`{id}` is not an organization ID")),
        (_, Some(_)) => Who::Unknown("an organization goes with the principal `*` only".to_owned()),
        (Some(literal), None) => match account_of(literal) {
            Some(id) => Who::Account(Text::literal(id)),
            None => Who::Unknown(format!("`{literal}` is not an account")),
        },
        (None, None) => Who::Account(account_in(principal)),
    }
}

/// The account of an ID or of the ARN of its root user, which say the same (Lambda Developer Guide, resource-based
/// policies).
fn account_of(principal: &str) -> Option<&str> {
    if formats::is_account_id(principal) {
        return Some(principal);
    }
    let fields: Vec<&str> = principal.split(':').collect();
    match fields.as_slice() {
        ["arn", partition, "iam", "", id, "root"] if partition.starts_with("aws") => {
            Some(*id).filter(|id| formats::is_account_id(id))
        }
        _ => None,
    }
}

/// The account in a principal of which not all is known: `arn:${AWS::Partition}:iam::ID:root` says it all the same.
fn account_in(principal: Text) -> Text {
    let shown = principal.to_string();
    let id = shown.strip_suffix(":root").and_then(|rest| rest.rsplit_once("::")).map(|(_, id)| id);
    match id.filter(|id| shown.starts_with("arn:") && formats::is_account_id(id)) {
        Some(id) => Text::literal(id),
        None => principal,
    }
}

/// Who a statement of a layer version's policy lets use it.
fn granted_by(statement: &Json) -> Who {
    let unknown = |what: &str| Who::Unknown(what.to_owned());
    let said = |name: &str| statement.get(name).and_then(Json::as_str);
    let known = ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"];
    if let Some(other) = statement.as_object().and_then(|all| all.keys().find(|key| !known.contains(&key.as_str()))) {
        return Who::Unknown(format!("`{other}` is not looked into"));
    }
    if said("Effect") != Some("Allow") || said("Action") != Some("lambda:GetLayerVersion") {
        return unknown("it does not allow `lambda:GetLayerVersion`");
    }
    let principal = match statement.get("Principal") {
        Some(Json::String(principal)) => principal.as_str(),
        Some(Json::Object(kinds)) if kinds.len() == 1 => match kinds.get("AWS").and_then(Json::as_str) {
            Some(principal) => principal,
            None => return unknown("its principal is not one account"),
        },
        _ => return unknown("its principal is not one account"),
    };
    let organization = match statement.get("Condition") {
        None => None,
        Some(condition) => match organization_in(condition) {
            Some(id) => Some(Text::literal(id)),
            None => return unknown("its condition is not looked into"),
        },
    };
    who(Some(Text::literal(principal)), organization)
}

/// The organization of a condition that says `StringEquals aws:PrincipalOrgID` and nothing else.
fn organization_in(condition: &Json) -> Option<&str> {
    let operators = condition.as_object().filter(|operators| operators.len() == 1)?;
    let keys = operators.get("StringEquals")?.as_object().filter(|keys| keys.len() == 1)?;
    let (key, value) = keys.iter().next()?;
    key.eq_ignore_ascii_case("aws:PrincipalOrgID").then(|| value.as_str())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn by_policy(principal: Json, condition: Option<Json>) -> String {
        let mut statement = json!({"Sid": "s", "Effect": "Allow", "Principal": principal,
            "Action": "lambda:GetLayerVersion", "Resource": "arn:aws:lambda:us-east-1:111122223333:layer:a:1"});
        if let Some(condition) = condition {
            statement["Condition"] = condition;
        }
        granted_by(&statement).to_string()
    }

    #[test]
    fn an_account_and_its_root_user_are_the_same() {
        for principal in [json!("123456789012"), json!({"AWS": "arn:aws-cn:iam::123456789012:root"})] {
            assert_eq!(by_policy(principal, None), "account 123456789012");
        }
        let text = Text::unknown("x");
        assert_eq!(account_in(text.clone()), text);
    }

    #[test]
    fn what_is_not_understood_is_unknown_and_never_less() {
        let organization = json!({"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}});
        assert_eq!(by_policy(json!("*"), None), "everyone");
        assert_eq!(by_policy(json!({"AWS": "*"}), Some(organization.clone())), "organization o-a1b2c3d4e5");
        let unknown = [
            by_policy(json!("123456789012"), Some(organization)),
            by_policy(json!("*"), Some(json!({"StringLike": {"aws:PrincipalOrgID": "o-*"}}))),
            by_policy(json!("*"), Some(json!({"StringEquals": {"aws:PrincipalOrgID": "*"}}))),
            by_policy(json!("arn:aws:iam::123456789012:role/x"), None),
            by_policy(json!({"Service": "lambda.amazonaws.com"}), None),
            granted_by(&json!({"Effect": "Deny", "Principal": "*", "Action": "lambda:GetLayerVersion"})).to_string(),
            granted_by(&json!({"Effect": "Allow", "NotPrincipal": "*"})).to_string(),
        ];
        for who in unknown {
            assert!(who.starts_with("unknown: "), "{who}");
        }
    }
}
