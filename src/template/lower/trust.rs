//! Who may assume a role.

use crate::rules::model::{Id, Trust};
use crate::template::model::{
    Condition, Effect, Key, PrincipalElement, Remarked, Resources, Statement, Value, Values,
};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The statements of a trust policy: accounts, organizations, services, and each identity
/// provider's subjects.
pub(super) fn trust(trust: &[Trust]) -> Vec<Statement> {
    let (mut accounts, mut organizations, mut services) = (Vec::new(), Vec::new(), Vec::new());
    let mut subjects: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for trusted in trust {
        match trusted {
            Trust::Account(id, names) => {
                accounts.push((
                    id.clone(),
                    Remarked {
                        value: root(id),
                        remark: names.clone(),
                    },
                ));
            }
            Trust::Organization(id, names) => {
                organizations.push((
                    id.clone(),
                    Remarked {
                        value: id_value(id),
                        remark: names.clone(),
                    },
                ));
            }
            Trust::Service(name) => services.push(name.as_str()),
            Trust::Oidc { provider, subject } => {
                subjects.entry(provider).or_default().push(subject);
            }
        }
    }
    let mut statements = Vec::new();
    if !accounts.is_empty() {
        statements.push(trusted(
            "TrustAccounts",
            "AWS",
            Values::Many(in_order(accounts)),
            ASSUME,
            Vec::new(),
        ));
    }
    if !organizations.is_empty() {
        statements.extend(trusted_organizations(Values::Many(in_order(organizations))));
    }
    services.sort_unstable();
    if !services.is_empty() {
        let services = Values::list(services.into_iter().map(Value::string).collect());
        statements.push(trusted(
            "TrustServices",
            "Service",
            services,
            ASSUME,
            Vec::new(),
        ));
    }
    for (number, (provider, subjects)) in (1..).zip(subjects) {
        statements.push(trusted_tokens(provider, subjects, number));
    }
    statements
}

/// An ID as a value of the template.
pub fn id_value(id: &Id) -> Value {
    match id {
        Id::Literal(id) => Value::string(id.as_str()),
        Id::Parameter(name) | Id::Optional(name) => Value::Ref(name.as_str().into()),
    }
}

/// The statements that trust the accounts of organizations.
///
/// A principal `*` would open the role to everybody in its own account, with or without a
/// permission to assume it: within one account, either policy is enough (IAM User Guide,
/// `Principal`, "All principals"). So the role's own account is left out of it and trusted by its
/// root user, which leaves it to the account's own policies who may assume the role; and only while
/// the account is in one of the organizations.
fn trusted_organizations(organizations: Values) -> [Statement; 2] {
    let inside = Condition::new(
        "StringEquals",
        Key::Known("aws:PrincipalOrgID"),
        organizations,
    );
    let own = Values::One(Value::Ref("AWS::AccountId".into()));
    let another = Condition::new("StringNotEquals", Key::Known("aws:PrincipalAccount"), own);
    let root = Value::Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root".into());
    [
        trusted(
            "TrustOtherAccountsOfOrganizations",
            "AWS",
            Values::text("*"),
            ASSUME,
            vec![inside.clone(), another],
        ),
        trusted(
            "TrustThisAccountOfOrganizations",
            "AWS",
            Values::One(root),
            ASSUME,
            vec![inside],
        ),
    ]
}

const ASSUME: &[&str] = &["sts:AssumeRole"];

fn trusted(
    sid: impl Into<Cow<'static, str>>,
    kind: &'static str,
    principals: Values,
    actions: &'static [&'static str],
    conditions: Vec<Condition>,
) -> Statement {
    let principal = Some(PrincipalElement { kind, principals });
    Statement {
        sid: sid.into(),
        effect: Effect::Allow,
        principal,
        actions,
        resources: Resources::None,
        conditions,
    }
}

fn in_order(mut values: Vec<(Id, Remarked)>) -> Vec<Remarked> {
    values.sort_by(|(a, _), (b, _)| a.cmp(b));
    values.into_iter().map(|(_, value)| value).collect()
}

/// The ARN of an account's root user, which stands for the account.
fn root(id: &Id) -> Value {
    Value::Sub(match id {
        Id::Literal(id) => format!("arn:${{AWS::Partition}}:iam::{id}:root").into(),
        Id::Parameter(name) | Id::Optional(name) => {
            format!("arn:${{AWS::Partition}}:iam::${{{name}}}:root").into()
        }
    })
}

/// The statement that trusts the tokens of an identity provider for AWS, of these subjects.
fn trusted_tokens(provider: &str, mut subjects: Vec<&str>, number: usize) -> Statement {
    subjects.sort_unstable();
    subjects.dedup();
    let key = |claim: &str| Key::Provider(format!("{provider}:{claim}"));
    let subjects = Values::list(subjects.into_iter().map(Value::string).collect());
    let conditions = vec![
        Condition::new(
            "StringEquals",
            key("aud"),
            Values::text("sts.amazonaws.com"),
        ),
        Condition::new("StringLike", key("sub"), subjects),
    ];
    let arn = format!("arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:oidc-provider/{provider}");
    let sid = if number == 1 {
        Cow::Borrowed("TrustTokens")
    } else {
        Cow::Owned(format!("TrustTokens{number}"))
    };
    let provider = Values::One(Value::Sub(arn.into()));
    trusted(
        sid,
        "Federated",
        provider,
        &["sts:AssumeRoleWithWebIdentity"],
        conditions,
    )
}
