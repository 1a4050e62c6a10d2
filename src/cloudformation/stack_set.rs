//! Stack sets whose template is written in their `TemplateBody`: what they roll out, and to which
//! accounts. Other stack sets stay unread.
//!
//! What is rolled out is a template of its own: in it, `AWS::AccountId` is each account that gets
//! it.

use super::json::{function, mentions, object, scalar};
use super::parameter::{DeclaredKind, DeclaredParameter};
use super::read;
use super::template::{Resource, Template};
use super::values::Values;
use serde_json::{Map, Value as Json};

/// The template that a stack set rolls out.
#[derive(Debug)]
pub struct RolledOut {
    /// The logical ID of the stack set.
    pub id: String,
    /// The template.
    pub template: Template,
    /// All that is written of the stack set.
    pub identity: String,
    /// The accounts that get it.
    pub to: Vec<Recipient>,
}

/// Accounts that get a stack from a stack set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// One account.
    Account(String),
    /// The accounts of a root or unit.
    Unit(String),
    /// The accounts that join a root or unit later.
    JoinsUnit(String),
    /// The accounts that have left a root or unit since.
    LeftUnit(String),
}

/// The recipients that only the first list has. If that is a unit, the accounts that join it are
/// not listed as well.
pub fn beyond<'a>(
    some: &'a [Recipient],
    others: &'a [Recipient],
) -> impl Iterator<Item = &'a Recipient> {
    some.iter().filter(move |one| {
        let is_said = match one {
            Recipient::JoinsUnit(id) => {
                let unit = Recipient::Unit(id.clone());
                some.contains(&unit) && !others.contains(&unit)
            }
            Recipient::Account(_) | Recipient::Unit(_) | Recipient::LeftUnit(_) => false,
        };
        !is_said && !others.contains(one)
    })
}

/// Types of resources that affect more than the accounts that get them: a change of these accounts
/// would change who can use a layer. A stack set with one of them stays unread.
const NOT_HERE: [&str; 4] = [
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::LayerVersionPermission",
    "AWS::Organizations::Policy",
    "AWS::SSO::PermissionSet",
];

/// The properties that say nothing about the template, nor about who gets it (CloudFormation's
/// registry).
const UNIMPORTANT: [&str; 9] = [
    "AdministrationRoleARN",
    "CallAs",
    "Capabilities",
    "Description",
    "ExecutionRoleName",
    "ManagedExecution",
    "OperationPreferences",
    "StackSetName",
    "Tags",
];

/// The templates that the stack sets of a template roll out, as far as they are in it.
#[must_use]
pub fn rolled_out(template: &Template) -> Vec<RolledOut> {
    let sets = template
        .resources()
        .filter(|resource| resource.kind == "AWS::CloudFormation::StackSet");
    sets.filter_map(|set| rolled_out_by(&set, template))
        .collect()
}

/// Whether a stack set of a template rolls out exactly these bytes.
#[must_use]
pub fn is_rolled_out(template: &Json, bytes: &[u8]) -> bool {
    object(template.get("Resources")).any(|(_, resource)| {
        let properties = resource.get("Properties");
        let body = properties.and_then(|all| all.get("TemplateBody"));
        resource.get("Type").and_then(Json::as_str) == Some("AWS::CloudFormation::StackSet")
            && body.and_then(Json::as_str).map(str::as_bytes) == Some(bytes)
    })
}

fn rolled_out_by(set: &Resource<'_>, template: &Template) -> Option<RolledOut> {
    let is_plain = set.condition().is_none() && !mentions(set.json, &|key| key == "Fn::Transform");
    let properties = set.json.get("Properties")?.as_object()?;
    let known = |name: &str| UNIMPORTANT.contains(&name) || IMPORTANT.contains(&name);
    if !is_plain || !properties.keys().all(|name| known(name)) {
        return None;
    }
    let body = read::template(properties.get("TemplateBody")?.as_str()?.as_bytes()).ok()?;
    if !body.get("Resources").is_some_and(Json::is_object) {
        return None;
    }
    let (body, values) = with_values(body, properties.get("Parameters"), template)?;
    let rolled_out = Template::new(body, &values);
    if rolled_out
        .resources()
        .any(|resource| NOT_HERE.contains(&resource.kind))
    {
        return None;
    }
    Some(RolledOut {
        id: set.id.to_owned(),
        identity: set.json.to_string(),
        template: rolled_out,
        to: accounts(properties)?,
    })
}

/// The properties that say what is rolled out, and who gets it.
const IMPORTANT: [&str; 5] = [
    "AutoDeployment",
    "Parameters",
    "PermissionModel",
    "StackInstancesGroup",
    "TemplateBody",
];

/// A template with the values that its stack set gives its parameters: texts, and parameters of
/// the same name. `None` if there are others.
fn with_values(
    mut body: Json,
    given: Option<&Json>,
    template: &Template,
) -> Option<(Json, Values)> {
    let mut values = Values {
        given: Vec::new(),
        defaults: template.defaults,
    };
    let mut open = Map::new();
    let given = match given {
        None => &[][..],
        Some(given) => given.as_array()?,
    };
    for one in given {
        let name = one.get("ParameterKey")?.as_str()?;
        let value = one.get("ParameterValue")?;
        if let Some(text) = scalar(value) {
            values.given.push((name.to_owned(), text));
            continue;
        }
        if function(value) != Some(("Ref", &Json::from(name))) {
            return None;
        }
        if let Some(text) = template.given(name) {
            values.given.push((name.to_owned(), text.to_owned()));
            continue;
        }
        let declared = template.json().get("Parameters")?.get(name)?;
        if DeclaredParameter::new(declared).kind != DeclaredKind::Text {
            return None;
        }
        open.insert(name.to_owned(), declared.clone());
    }
    let all = match body.get_mut("Parameters") {
        None => return Some((body, values)),
        Some(all) => all.as_object_mut()?,
    };
    for (name, declared) in all {
        if let Some(outer) = open.get(name) {
            declared.clone_from(outer);
        } else if !values.given.iter().any(|(given, _)| given == name)
            && let Some(default) = declared.get("Default").and_then(scalar)
        {
            values.given.push((name.clone(), default));
        }
    }
    Some((body, values))
}

/// The accounts that get a stack; `None` if the template does not name them.
fn accounts(properties: &Map<String, Json>) -> Option<Vec<Recipient>> {
    let is_on = |name: &str| {
        let automatic = properties.get("AutoDeployment");
        let value = automatic.and_then(|all| all.get(name)).and_then(scalar);
        value.is_some_and(|value| value.eq_ignore_ascii_case("true"))
    };
    let is_open =
        object(properties.get("AutoDeployment")).any(|(_, value)| scalar(value).is_none());
    let groups = properties.get("StackInstancesGroup")?.as_array()?;
    if is_open || groups.is_empty() {
        return None;
    }
    let mut found = Vec::new();
    for group in groups {
        let only = ["DeploymentTargets", "Regions"];
        let mut keys = group.as_object()?.keys();
        let regions = group.get("Regions")?.as_array()?;
        if !keys.all(|key| only.contains(&key.as_str())) || regions.is_empty() {
            return None;
        }
        for target in targets(group.get("DeploymentTargets")?)? {
            found.push(target.clone());
            let Recipient::Unit(unit) = target else {
                continue;
            };
            if is_on("Enabled") {
                found.push(Recipient::JoinsUnit(unit.clone()));
            }
            if is_on("RetainStacksOnAccountRemoval") {
                found.push(Recipient::LeftUnit(unit));
            }
        }
    }
    Some(found)
}

/// The units and accounts of one group; `None` if they are not all written there, or leave some
/// accounts out.
fn targets(targets: &Json) -> Option<Vec<Recipient>> {
    let targets = targets.as_object()?;
    let list = |name: &str| match targets.get(name) {
        None => Some(Vec::new()),
        Some(list) => list.as_array()?.iter().map(scalar).collect(),
    };
    let (units, accounts) = (list("OrganizationalUnitIds")?, list("Accounts")?);
    let known = ["AccountFilterType", "Accounts", "OrganizationalUnitIds"];
    let is_known = targets.keys().all(|key| known.contains(&key.as_str()));
    let filter = targets.get("AccountFilterType").map(Json::as_str);
    let accounts = match filter {
        Some(Some("NONE")) if !units.is_empty() => Vec::new(),
        None if units.is_empty() || accounts.is_empty() => accounts,
        Some(Some("UNION")) => accounts,
        _ => return None,
    };
    if !is_known || (units.is_empty() && accounts.is_empty()) {
        return None;
    }
    let units = units.into_iter().map(Recipient::Unit);
    let accounts = accounts.into_iter().map(Recipient::Account);
    Some(units.chain(accounts).collect())
}
