//! Who may use which layer version: the sharing in a template, or in the policies that Lambda
//! shows.

pub use super::shared_version::{Denial, GrantedBy, Outlives, SharedVersion};
pub use super::who::{Reach, Who, WhyUnknown, WrittenPrincipal};
use crate::aws::arn::{self, Arn, Field, Fields};
use crate::cloudformation::cases::{AllCases, CasePart};
use crate::cloudformation::read::{self, ReadError};
use crate::cloudformation::{
    Case, Resource, Template, TooManyCases, Values, WorkBudget, World, explore, explore_within,
};
use crate::partial::{Partial, Text};
use crate::rules::formats;
use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value as Json};
use std::collections::HashMap;
use std::fmt;

/// The identity of a layer version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VersionId {
    /// A resource of the template, by its logical ID.
    Resource(String),
    /// An ARN, or the known parts of one.
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

/// Layer versions and their sharing, in the order of the template.
#[derive(Clone, Debug, Default)]
pub struct Grants {
    /// The versions.
    pub versions: IndexMap<VersionId, SharedVersion>,
}

impl Grants {
    /// The sharing in a template.
    #[must_use]
    pub fn of_template(template: &Template) -> Self {
        let mut grants = Self::default();
        let budget = WorkBudget::of(template);
        for resource in template.resources() {
            if resource.kind == "AWS::Lambda::LayerVersion" {
                grants.add_version(template, &resource, &budget);
            }
        }
        let budget = WorkBudget::of(template);
        let mut known = HashMap::new();
        for resource in template.resources() {
            if resource.kind == "AWS::Lambda::LayerVersionPermission" {
                grants.add_permission(template, &resource, &budget, &mut known);
            }
        }
        grants
    }

    /// Adds a version, which another template may share as well if it exists already.
    pub fn merge(&mut self, id: VersionId, version: SharedVersion) {
        match self.versions.get_mut(&id) {
            None => {
                self.versions.insert(id, version);
            }
            Some(known) => {
                for (who, by) in version.grants {
                    known.grants.entry(who).or_default().extend(by);
                }
                known.denials.extend(version.denials);
            }
        }
    }

    fn add_version(&mut self, template: &Template, resource: &Resource<'_>, budget: &WorkBudget) {
        let cases = explore_within(budget, template, None, |world| {
            if !resource.is_made(world) {
                return None;
            }
            let name = resource.text("LayerName", world);
            let name = name.and_then(|name| arn::layer_name(&name));
            Some((name, outlives(resource, world)))
        });
        let mut names: IndexSet<Text> = IndexSet::new();
        let mut decisions = None;
        let mut all_outlive = Outlives {
            removal: true,
            replacement: true,
        };
        match cases {
            Ok(cases) if cases.iter().all(|(_, made)| made.is_none()) => return,
            Ok(cases) => {
                for (name, outlives) in cases.into_iter().filter_map(|(_, made)| made) {
                    all_outlive.removal &= outlives.removal;
                    all_outlive.replacement &= outlives.replacement;
                    names.extend(name);
                }
            }
            Err(why) => {
                names.insert(Text::unknown(why.to_string(), resource.json.to_string()));
                decisions = Some(template.decisions());
                all_outlive = Outlives::default();
            }
        }
        let version = self
            .versions
            .entry(VersionId::Resource(resource.id.to_owned()))
            .or_default();
        version.names = names.into_iter().collect();
        version.decisions = decisions;
        version.outlives = all_outlive;
        version.content = resource
            .json
            .get("Properties")
            .cloned()
            .map(|mut properties| {
                if let Json::Object(map) = &mut properties {
                    map.shift_remove("LayerName");
                }
                properties
            });
    }

    /// Adds versions that exist already, by their ARNs, although nothing shares them.
    pub fn add_unshared(&mut self, template: &Template, arns: &[Json]) {
        for arn in arns {
            let cases = explore(template, None, |world| world.value(arn)).unwrap_or_default();
            for text in cases
                .into_iter()
                .filter_map(|(_, arn)| arn?.as_text().cloned())
            {
                let names = vec![name_in(&text)];
                let version = self.versions.entry(VersionId::Arn(text)).or_default();
                version.names = names;
            }
        }
    }

    fn add_permission(
        &mut self,
        template: &Template,
        resource: &Resource<'_>,
        budget: &WorkBudget,
        known: &mut HashMap<Vec<Case>, AllCases>,
    ) {
        let cases = explore_within(budget, template, None, |world| {
            let made = resource.is_made(world).then(|| permission(resource, world));
            (made, outlives(resource, world))
        });
        let (cases, outlives) = match cases {
            Ok(cases) => {
                let outlives = cases
                    .iter()
                    .fold(Outlives::default(), |all, (_, (_, one))| Outlives {
                        removal: all.removal || one.removal,
                        replacement: all.replacement || one.replacement,
                    });
                (
                    cases
                        .into_iter()
                        .map(|(case, (made, _))| (case, made))
                        .collect(),
                    outlives,
                )
            }
            Err(TooManyCases) => {
                let written = resource.json.to_string();
                let arn = Text::unknown("the version of a grant", written.clone());
                let why = WhyUnknown::TooManyCases(resource.id.to_owned());
                let written = WrittenPrincipal::Undecided(written, template.decisions());
                let who = Who::Unknown(why, written);
                (
                    vec![(Case::default(), Some((VersionId::Arn(arn), who)))],
                    Outlives::default(),
                )
            }
        };
        self.add_cases(resource.id, cases, outlives, known);
    }

    /// Adds a grant that differs between some cases. Other grants may have the same cases.
    fn add_cases(
        &mut self,
        id: &str,
        cases: Vec<(Case, Option<(VersionId, Who)>)>,
        outlives: Outlives,
        known: &mut HashMap<Vec<Case>, AllCases>,
    ) {
        let (all, made): (Vec<Case>, Vec<Option<(VersionId, Who)>>) = cases.into_iter().unzip();
        let same = known.get(&all).cloned();
        let all = same.unwrap_or_else(|| {
            let shared = AllCases::of(all.clone());
            known.insert(all, shared.clone());
            shared
        });
        for ((version, who), places) in with_places(made) {
            let by = GrantedBy {
                id: id.to_owned(),
                when: CasePart::of(all.clone(), &places),
                outlives,
            };
            self.add(version, who, by);
        }
    }

    fn add(&mut self, id: VersionId, who: Who, by: GrantedBy) {
        let version = self
            .versions
            .entry(id)
            .or_insert_with_key(|id| SharedVersion {
                names: match id {
                    // A resource that is not a version of this template may be any version.
                    VersionId::Resource(id) => {
                        vec![Text::unknown(format!("the layer of {id}"), id.as_str())]
                    }
                    VersionId::Arn(arn) => vec![name_in(arn)],
                },
                ..SharedVersion::default()
            });
        version.grants.entry(who).or_default().push(by);
    }

    /// The sharing in the policies of layer versions, as `aws lambda get-layer-version-policy` and
    /// `add-layer-version-permission` print them, or bare.
    ///
    /// # Errors
    ///
    /// An error for anything that is not such a policy.
    pub fn of_policies(policies: &[Json]) -> Result<Self, ReadError> {
        let mut grants = Self::default();
        for policy in policies {
            grants.add_policy(policy)?;
        }
        Ok(grants)
    }

    fn add_policy(&mut self, printed: &Json) -> Result<(), ReadError> {
        if let (Some(Json::String(arn)), Some(Json::Null)) =
            (printed.get("LayerVersionArn"), printed.get("Policy"))
        {
            self.add_without_policy(arn);
            return Ok(());
        }
        let policy = match printed.get("Policy") {
            Some(Json::String(text)) => read::json(text)?,
            Some(policy) => policy.clone(),
            None => printed.clone(),
        };
        if printed.get("Policy").is_some() {
            refuse_other_elements(&policy)?;
        }
        let statements = match policy.get("Statement") {
            Some(Json::Array(statements)) => statements.clone(),
            Some(statement @ Json::Object(_)) => vec![statement.clone()],
            Some(Json::String(printed)) => vec![read::json(printed)?],
            _ => return Err(ReadError::Shape("a policy has a `Statement`".to_owned())),
        };
        for (index, statement) in statements.iter().enumerate() {
            let sid = statement
                .get("Sid")
                .and_then(Json::as_str)
                .map(str::to_owned);
            let id = sid.unwrap_or_else(|| format!("statement {}", index + 1));
            let resources = Partial::from(statement.get("Resource").unwrap_or(&Json::Null));
            if resources.items().is_empty() {
                let why = "the statement of a layer version's policy has a `Resource`";
                return Err(ReadError::Shape(why.to_owned()));
            }
            for resource in resources.items() {
                let arn = resource
                    .as_text()
                    .cloned()
                    .unwrap_or_else(|| Text::unknown("no ARN", resource.to_string()));
                let version = VersionId::Arn(arn);
                for who in granted_by(statement) {
                    let by = GrantedBy {
                        id: id.clone(),
                        when: CasePart::default(),
                        outlives: Outlives::default(),
                    };
                    self.add(version.clone(), who, by);
                }
                if statement.get("Effect").and_then(Json::as_str) != Some("Allow")
                    && let Some(version) = self.versions.get_mut(&version)
                {
                    version.denials.push(Denial {
                        id: id.clone(),
                        identity: identity(statement),
                    });
                }
            }
        }
        Ok(())
    }
}

impl Grants {
    /// Adds a version without a policy. `get-layer-version-policy` prints nothing for it, so the
    /// user declares it.
    fn add_without_policy(&mut self, arn: &str) {
        let arn = Text::literal(arn);
        let version = SharedVersion {
            names: vec![name_in(&arn)],
            ..SharedVersion::default()
        };
        self.versions.entry(VersionId::Arn(arn)).or_insert(version);
    }
}

/// What a grant gives in all cases, each with the places of its cases.
fn with_places(
    made: Vec<Option<(VersionId, Who)>>,
) -> impl Iterator<Item = ((VersionId, Who), Vec<usize>)> {
    let (mut only, mut several) = (None, IndexMap::<_, Vec<usize>>::new());
    if made.len() == 1 {
        // Nearly every grant has one case, and needs no table.
        let made = made.into_iter().flatten().next();
        only = made.map(|made| (made, vec![0]));
    } else {
        for (place, made) in made.into_iter().enumerate() {
            if let Some(made) = made {
                several.entry(made).or_default().push(place);
            }
        }
    }
    only.into_iter().chain(several)
}

/// Refuses a policy with an element that no policy has.
fn refuse_other_elements(policy: &Json) -> Result<(), ReadError> {
    let mut elements = policy.as_object().into_iter().flat_map(Map::keys);
    match elements.find(|element| !["Version", "Id", "Statement"].contains(&element.as_str())) {
        Some(other) => Err(ReadError::Shape(format!(
            "the element `{other}` of a policy is not supported"
        ))),
        None => Ok(()),
    }
}

/// What a permission grants in one case.
fn permission(resource: &Resource<'_>, world: &World<'_>) -> (VersionId, Who) {
    let arn = resource.text("LayerVersionArn", world);
    let arn = arn.unwrap_or_else(|| Text::unknown("no layer version", resource.json.to_string()));
    let id = match arn.as_resource() {
        Some(id) => VersionId::Resource(id.to_owned()),
        None => VersionId::Arn(arn),
    };
    let action = resource.text("Action", world);
    let who = match action.as_ref().map(Text::as_literal) {
        None | Some(Some("lambda:GetLayerVersion")) => who(
            world.template,
            &|text, literal| world.may_be(text, literal),
            resource.text("Principal", world),
            resource.text("OrganizationId", world),
        ),
        Some(action) => {
            let why = WhyUnknown::OtherAction(resource.id.to_owned(), action.map(str::to_owned));
            Who::Unknown(why, WrittenPrincipal::Whole(resource.json.to_string()))
        }
    };
    (id, who)
}

/// Whether a grant stays when its resource is removed (CloudFormation User Guide, `DeletionPolicy`
/// and `UpdateReplacePolicy`).
fn outlives(resource: &Resource<'_>, world: &World<'_>) -> Outlives {
    Outlives {
        removal: retains(resource, "DeletionPolicy", world),
        replacement: retains(resource, "UpdateReplacePolicy", world),
    }
}

fn retains(resource: &Resource<'_>, policy: &str, world: &World<'_>) -> bool {
    match resource.policy(policy, world) {
        Some(policy) => policy.as_literal() != Some("Delete"),
        None => false,
    }
}

/// The name of the layer in the ARN of a version.
fn name_in(arn: &Text) -> Text {
    let fields = Fields::of(arn);
    let is_whole = fields
        .placed()
        .all(|(field, text)| !text.is_empty() || matches!(field, Field::Name | Field::Version));
    let found = fields.arn().and_then(Arn::layer_version);
    match found.filter(|_| is_whole) {
        Some(found) => found.name,
        None => Text::unknown(format!("the layer of {arn}"), format!("{arn:?}")),
    }
}

/// Who a `LayerVersionPermission` is for (Lambda API reference, `AddLayerVersionPermission`).
fn who(
    template: &Template,
    may_be: &dyn Fn(&Text, &str) -> bool,
    principal: Option<Text>,
    organization: Option<Text>,
) -> Who {
    let Some(principal) = principal else {
        return Who::Unknown(WhyUnknown::NoPrincipal, WrittenPrincipal::Missing);
    };
    if let Some(id) = organization {
        return match (principal.as_literal(), id.as_literal()) {
            (None | Some("*"), Some(literal)) if formats::is_organization_id(literal) => {
                Who::Organization(id)
            }
            // An organization that may be empty may be missing.
            (None | Some("*"), None) if !may_be(&id, "") => Who::Organization(id),
            (None | Some("*"), _) => Who::Unknown(
                WhyUnknown::NotAnOrganization(id.clone()),
                WrittenPrincipal::InOrganization(principal, id),
            ),
            (Some(_), _) => Who::Unknown(
                WhyUnknown::OrganizationAndAccount,
                WrittenPrincipal::InOrganization(principal, id),
            ),
        };
    }
    match account_in(&principal) {
        Some(account) if is_own(&account, template) => Who::Owner,
        Some(account) => Who::Account(account),
        None if principal.as_literal() == Some("*") => Who::Everyone,
        None if principal.as_literal().is_some() => Who::Unknown(
            WhyUnknown::NotAnAccount(principal.clone()),
            WrittenPrincipal::Alone(principal),
        ),
        None if is_own(&principal, template) => Who::Owner,
        // A principal that cannot be `*` must be an account, since Lambda accepts nothing else.
        None if !may_be(&principal, "*") => Who::Account(principal),
        None => Who::Unknown(
            WhyUnknown::Open(principal.clone()),
            WrittenPrincipal::Alone(principal),
        ),
    }
}

/// Whether an account is the account of the stack.
fn is_own(account: &Text, template: &Template) -> bool {
    account.as_parameter() == Some("AWS::AccountId")
        || account
            .as_literal()
            .is_some_and(|id| template.given("AWS::AccountId") == Some(id))
}

/// The account of a principal: an account ID, or the ARN of its root user, which mean the same
/// (Lambda Developer Guide, resource-based policies). Parts of the ARN may be unknown.
fn account_in(principal: &Text) -> Option<Text> {
    if principal.as_literal().is_some_and(formats::is_account_id) {
        return Some(principal.clone());
    }
    let account = Arn::of(principal)?.root_account(Text::is)?;
    let is_account = account.as_literal().is_none_or(formats::is_account_id);
    is_account.then_some(account)
}

/// The identity of a statement: the whole statement except its ID.
fn identity(statement: &Json) -> String {
    let mut written = statement.clone();
    if let Json::Object(map) = &mut written {
        map.shift_remove("Sid");
        map.sort_keys();
    }
    written.to_string()
}

/// The elements that Lambda writes into a statement.
const ELEMENTS: [&str; 6] = [
    "Sid",
    "Effect",
    "Principal",
    "Action",
    "Resource",
    "Condition",
];

/// Why a statement is not one that lets somebody use a layer version.
fn problem(statement: &Json) -> Option<WhyUnknown> {
    let mut elements = statement.as_object().into_iter().flat_map(|all| all.keys());
    if let Some(other) = elements.find(|element| !ELEMENTS.contains(&element.as_str())) {
        return Some(WhyUnknown::Element(other.clone()));
    }
    let effect = statement.get("Effect").and_then(Json::as_str);
    let actions = Partial::from(statement.get("Action").unwrap_or(&Json::Null));
    let read = Some("lambda:GetLayerVersion");
    let is_read = matches!(actions.items(), [action] if action.as_literal() == read);
    (effect != Some("Allow") || !is_read).then_some(WhyUnknown::NotExactlyUse)
}

/// Somebody unknown, by a statement of a layer version's policy.
fn unknown(why: WhyUnknown, statement: &Json) -> Who {
    Who::Unknown(why, WrittenPrincipal::Whole(identity(statement)))
}

/// The principals that a statement of a layer version's policy allows to use it.
fn granted_by(statement: &Json) -> Vec<Who> {
    if let Some(problem) = problem(statement) {
        return vec![unknown(problem, statement)];
    }
    let principals = Partial::from(statement.get("Principal").unwrap_or(&Json::Null));
    let principals = match &principals {
        Partial::Map(kinds) if kinds.len() == 1 && kinds.contains_key("AWS") => {
            kinds["AWS"].items().to_vec()
        }
        Partial::Text(_) => vec![principals.clone()],
        Partial::Map(_) | Partial::List(_) | Partial::Null => {
            return vec![unknown(WhyUnknown::NotAccounts, statement)];
        }
    };
    let organization = match statement.get("Condition") {
        None => None,
        Some(condition) => match organization_in(condition) {
            Some(id) => Some(Text::literal(id)),
            None => return vec![unknown(WhyUnknown::Condition, statement)],
        },
    };
    let no_template = Template::new(Json::Null, &Values::default());
    let mut found = Vec::new();
    for principal in principals {
        match who(
            &no_template,
            &|text, literal| no_template.may_be(text, literal),
            principal.as_text().cloned(),
            organization.clone(),
        ) {
            Who::Unknown(why, _) => found.push(unknown(why, statement)),
            known @ (Who::Everyone | Who::Organization(_) | Who::Account(_) | Who::Owner) => {
                found.push(known);
            }
        }
    }
    if found.is_empty() {
        found.push(unknown(WhyUnknown::NoPrincipal, statement));
    }
    found
}

/// The organization of a condition that says `StringEquals aws:PrincipalOrgID` and nothing else.
fn organization_in(condition: &Json) -> Option<&str> {
    let operators = condition
        .as_object()
        .filter(|operators| operators.len() == 1)?;
    let keys = operators
        .get("StringEquals")?
        .as_object()
        .filter(|keys| keys.len() == 1)?;
    let (key, value) = keys.iter().next()?;
    if !key.eq_ignore_ascii_case("aws:PrincipalOrgID") {
        return None;
    }
    match value {
        Json::String(id) => Some(id),
        Json::Array(ids) if ids.len() == 1 => ids.first()?.as_str(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn by_policy(principal: Json, condition: Option<Json>) -> String {
        let mut statement = json!({"Sid": "s", "Effect": "Allow", "Principal": principal,
            "Action": "lambda:GetLayerVersion",
                "Resource": "arn:aws:lambda:us-east-1:111122223333:layer:a:1"});
        if let Some(condition) = condition {
            statement["Condition"] = condition;
        }
        shown(&statement)
    }

    fn shown(statement: &Json) -> String {
        granted_by(statement)
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" and ")
    }

    #[test]
    fn an_account_and_its_root_user_are_the_same() {
        for principal in [
            json!("123456789012"),
            json!({"AWS": "arn:aws-cn:iam::123456789012:root"}),
        ] {
            assert_eq!(by_policy(principal, None), "account 123456789012");
        }
        let several = json!({"AWS": ["123456789012", "*"]});
        assert_eq!(
            by_policy(several, None),
            "account 123456789012 and everyone"
        );
    }

    #[test]
    fn what_is_not_understood_is_unknown_and_never_less() {
        let organization = json!({"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}});
        assert_eq!(by_policy(json!("*"), None), "everyone");
        assert_eq!(
            by_policy(json!({"AWS": "*"}), Some(organization.clone())),
            "organization o-a1b2c3d4e5"
        );
        let unknown = [
            by_policy(json!("123456789012"), Some(organization)),
            by_policy(
                json!("*"),
                Some(json!({"StringLike": {"aws:PrincipalOrgID": "o-*"}})),
            ),
            by_policy(
                json!("*"),
                Some(json!({"StringEquals": {"aws:PrincipalOrgID": "*"}})),
            ),
            by_policy(json!("arn:aws:iam::123456789012:role/x"), None),
            by_policy(json!({"Service": "lambda.amazonaws.com"}), None),
            shown(&json!({"Effect": "Deny", "Principal": "*", "Action": "lambda:GetLayerVersion"})),
            shown(&json!({"Effect": "Allow", "NotPrincipal": "*"})),
        ];
        for who in unknown {
            assert!(who.starts_with("unknown"), "{who}");
        }
    }
}
