//! Roles, policies, boundaries and guardrails.

use super::trust::{id_value, trust};
use super::{Lowered, names, value};
use crate::aws::quotas::{GUARDRAIL_WARNED, MANAGED_POLICY};
use crate::rules::layer_pattern;
use crate::rules::model::{
    Allow, AllowedHandling, Attachments, BoundaryReference, Deny, FunctionRight, Handled,
    HandlingRight, LayerSet, Layers, Restriction, RestrictionForm, Rules, Spanned, Target,
};
use crate::rules::text::{Part, Text};
use crate::template::measure::Lengths;
use crate::template::model::{
    Condition, Document, Effect, Key, ManagedPolicy, Properties, Remarked, Resource, Resources,
    Role, ServiceControlPolicy, Statement, Value, Values,
};
use crate::template::split::split;
use std::sync::Arc;

/// The actions that can attach a layer, and the only ones that know `lambda:Layer` (Service
/// Authorization Reference, AWS Lambda).
const ATTACH: &[&str] = &[
    "lambda:CreateFunction",
    "lambda:UpdateFunctionConfiguration",
];

/// The actions that configure an existing function.
const UPDATE: &[&str] = &["lambda:UpdateFunctionConfiguration"];

/// The action that attaching a layer also needs.
const READ: &[&str] = &["lambda:GetLayerVersion"];

/// The actions that publish a version of a layer.
const PUBLISH: &[&str] = &["lambda:PublishLayerVersion"];

/// The actions that change and show the sharing of a version.
const SHARE: &[&str] = &[
    "lambda:AddLayerVersionPermission",
    "lambda:GetLayerVersionPolicy",
    "lambda:RemoveLayerVersionPermission",
];

/// The actions that change the sharing of a version.
const CHANGE_SHARES: &[&str] = &[
    "lambda:AddLayerVersionPermission",
    "lambda:RemoveLayerVersionPermission",
];

const LAYER: Key = Key::Known("lambda:Layer");

/// Adds the resources of all roles, policies, boundaries and guardrails.
pub fn lower(rules: &Rules, lowered: &mut Lowered) {
    for restriction in &rules.restrictions {
        let statements = statements(restriction);
        let made: Vec<Properties> = match &restriction.form {
            RestrictionForm::Role(role) => {
                vec![self::role(restriction, role, Document { statements })]
            }
            RestrictionForm::Boundary => vec![managed_policy(
                restriction,
                &Attachments::default(),
                Document { statements },
                1,
            )],
            RestrictionForm::Policy(attachments) => {
                let lengths = Lengths::longest(&lowered.template);
                let parts = split(statements, MANAGED_POLICY, &lengths);
                let numbered = parts.into_iter().zip(1..);
                numbered
                    .map(|(part, number)| managed_policy(restriction, attachments, part, number))
                    .collect()
            }
            RestrictionForm::Guardrail(targets) => {
                let lengths = Lengths::longest(&lowered.template);
                let parts = split(statements, GUARDRAIL_WARNED, &lengths);
                parts
                    .into_iter()
                    .zip(1..)
                    .map(|(part, number)| guardrail(restriction, targets, part, number))
                    .collect()
            }
        };
        let parts = made.len();
        let mut ids = Vec::with_capacity(parts);
        for (properties, number) in made.into_iter().zip(1..) {
            let comment = (parts > 1).then(|| Arc::from(format!("part {number} of {parts}")));
            let id = match number {
                1 => names::pascal(&restriction.name.value),
                _ => format!("{}{number}", names::pascal(&restriction.name.value)),
            };
            ids.push(id.clone());
            let resource = Resource {
                id,
                comment,
                condition: None,
                depends_on: None,
                policies: None,
                suppressed: None,
                properties,
            };
            lowered.push(resource, restriction.name.span);
        }
        lowered
            .source_map
            .blocks
            .insert(restriction.name.value.clone(), ids);
    }
}

fn role(
    restriction: &Restriction,
    role: &crate::rules::model::Role,
    policy: Document,
) -> Properties {
    let boundary = role.boundary.as_ref().map(|boundary| match boundary {
        BoundaryReference::Declared(name) => Value::Ref(names::pascal(name).into()),
        BoundaryReference::Existing(arn) => value(arn),
    });
    Properties::Role(Box::new(Role {
        name: physical_name(restriction, 1),
        description: description(restriction),
        path: path(restriction),
        boundary,
        managed: role.managed.iter().map(|arn| value(&arn.value)).collect(),
        trust: Document {
            statements: trust(&role.trust),
        },
        policy,
    }))
}

fn managed_policy(
    restriction: &Restriction,
    attachments: &Attachments,
    document: Document,
    number: usize,
) -> Properties {
    let texts = |names: &[String]| {
        sorted(names)
            .into_iter()
            .map(Value::string)
            .collect::<Vec<_>>()
    };
    let declared = sorted(&attachments.declared_roles)
        .into_iter()
        .map(|name| Value::Ref(names::pascal(name).into()));
    Properties::ManagedPolicy(Box::new(ManagedPolicy {
        name: physical_name(restriction, number),
        description: description(restriction),
        path: path(restriction),
        roles: declared.chain(texts(&attachments.roles)).collect(),
        users: texts(&attachments.users),
        groups: texts(&attachments.groups),
        document,
    }))
}

fn guardrail(
    restriction: &Restriction,
    targets: &[Target],
    document: Document,
    number: usize,
) -> Properties {
    let mut targets: Vec<&Target> = targets.iter().collect();
    targets.sort_by(|a, b| a.id.cmp(&b.id));
    targets.dedup_by(|a, b| a.id == b.id);
    let target = |target: &Target| Remarked {
        value: id_value(&target.id),
        remark: target.names.clone(),
    };
    let own = || numbered(&Text::literal(restriction.name.value.as_str()), number);
    Properties::ServiceControlPolicy(Box::new(ServiceControlPolicy {
        name: physical_name(restriction, number).unwrap_or_else(own),
        description: description(restriction),
        targets: targets.into_iter().map(target).collect(),
        document,
    }))
}

fn sorted(names: &[String]) -> Vec<&str> {
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.sort_unstable();
    names
}

fn physical_name(restriction: &Restriction, number: usize) -> Option<Value> {
    restriction
        .physical_name
        .as_ref()
        .map(|name| numbered(&name.value, number))
}

/// The name of a part: the first has the name itself.
fn numbered(name: &Text, number: usize) -> Value {
    match number {
        1 => value(name),
        _ => value(&Text::joined(
            name.parts()
                .iter()
                .cloned()
                .chain([Part::Literal(format!("-{number}"))]),
        )),
    }
}

fn description(restriction: &Restriction) -> Option<String> {
    restriction
        .description
        .as_ref()
        .map(|description| description.value.clone())
}

fn path(restriction: &Restriction) -> Option<String> {
    restriction.path.as_ref().map(|path| path.value.clone())
}

/// The statements of the rules, in a fixed order: Allow, then Deny.
fn statements(restriction: &Restriction) -> Vec<Statement> {
    let mut statements = Vec::new();
    if matches!(restriction.form, RestrictionForm::Boundary) {
        // A boundary grants nothing, but it must allow everything else.
        statements.push(statement(
            "AllowWhatIsNotDenied",
            Effect::Allow,
            &["*"],
            vec![],
        ));
    }
    if let Some(allowed) = &restriction.allow {
        allow(&allowed.value, &restriction.functions, &mut statements);
    }
    allow_reading(&restriction.reads, &mut statements);
    allow_handling(&restriction.handling, &mut statements);
    if !restriction.pass_roles.is_empty() {
        statements.push(pass_roles(&restriction.pass_roles));
    }
    deny(&restriction.denies, &restriction.exempt, &mut statements);
    deny_handling(restriction, &mut statements);
    statements
}

fn statement(
    sid: &'static str,
    effect: Effect,
    actions: &'static [&'static str],
    conditions: Vec<Condition>,
) -> Statement {
    Statement {
        sid: sid.into(),
        effect,
        principal: None,
        actions,
        resources: Resources::These(Values::text("*")),
        conditions,
    }
}

fn allow(allow: &Allow, functions: &[Spanned<String>], statements: &mut Vec<Statement>) {
    let functions = match functions {
        [] => Values::text("*"),
        patterns => patterns_of(patterns, "lambda:*:${AWS::AccountId}:function:"),
    };
    let actions = |right: FunctionRight| match right {
        FunctionRight::CreateAndUpdate => ATTACH,
        FunctionRight::Update => UPDATE,
    };
    match allow {
        Allow::None(right) => {
            let no_layer = Condition::new("Null", LAYER, Values::text("true"));
            let only = statement(
                "AllowFunctionsWithoutLayers",
                Effect::Allow,
                actions(*right),
                vec![no_layer],
            );
            statements.push(Statement {
                resources: Resources::These(functions),
                ..only
            });
        }
        Allow::Layers(right, set) => {
            // Without layers `ForAllValues` holds as well, and functions without layers are meant
            // to be allowed.
            let every_layer = Condition::new("ForAllValues:StringLike", LAYER, layers(set));
            let attach = statement(
                "AllowTheseLayersOnly",
                Effect::Allow,
                actions(*right),
                vec![every_layer],
            );
            statements.push(Statement {
                resources: Resources::These(functions),
                ..attach
            });
            let read = statement("AllowReadingThem", Effect::Allow, READ, Vec::new());
            statements.push(Statement {
                resources: Resources::These(layers(set)),
                ..read
            });
        }
    }
}

fn pass_roles(roles: &[Spanned<Text>]) -> Statement {
    let mut roles: Vec<&Text> = roles.iter().map(|role| &role.value).collect();
    roles.sort();
    roles.dedup();
    let to_lambda = Condition::new(
        "StringEquals",
        Key::Known("iam:PassedToService"),
        Values::text("lambda.amazonaws.com"),
    );
    let pass = statement(
        "AllowPassRole",
        Effect::Allow,
        &["iam:PassRole"],
        vec![to_lambda],
    );
    Statement {
        resources: Resources::These(Values::list(roles.into_iter().map(value).collect())),
        ..pass
    }
}

/// The layers that may be read, in addition to those that may be attached.
fn allow_reading(reads: &[Spanned<LayerSet>], statements: &mut Vec<Statement>) {
    let members: Vec<_> = reads
        .iter()
        .flat_map(|read| read.value.members.iter().cloned())
        .collect();
    if !members.is_empty() {
        let read = statement("AllowToRead", Effect::Allow, READ, Vec::new());
        statements.push(Statement {
            resources: Resources::These(layers(&LayerSet { members })),
            ..read
        });
    }
}

/// The layers of the stack's account that may be published and shared.
fn allow_handling(handling: &[Spanned<AllowedHandling>], statements: &mut Vec<Statement>) {
    let own = || Part::Parameter("AWS::AccountId".to_owned());
    let mut add = |sid, actions, right: HandlingRight, form: HandlingRight| {
        let allowed = handling.iter().filter(|one| one.value.right == right);
        let names = allowed.flat_map(|one| &one.value.names);
        let arns = arns(names.map(|name| layer_pattern::handled(form, own(), &name.value)));
        if !arns.is_empty() {
            let allow = statement(sid, Effect::Allow, actions, Vec::new());
            statements.push(Statement {
                resources: Resources::These(arns),
                ..allow
            });
        }
    };
    add(
        "AllowToPublish",
        PUBLISH,
        HandlingRight::Publish,
        HandlingRight::Publish,
    );
    // A version is read by the ARN that it is shared by.
    add(
        "AllowToReadWhatIsPublished",
        READ,
        HandlingRight::Publish,
        HandlingRight::Share,
    );
    add(
        "AllowToShare",
        SHARE,
        HandlingRight::Share,
        HandlingRight::Share,
    );
}

/// The layers of any account that may not be published or shared: a guardrail applies in many
/// accounts.
fn deny_handling(restriction: &Restriction, statements: &mut Vec<Statement>) {
    for (right, actions, [all, others, these]) in [
        (
            HandlingRight::Publish,
            PUBLISH,
            [
                "DenyPublishing",
                "DenyPublishingOthers",
                "DenyPublishingThese",
            ],
        ),
        (
            HandlingRight::Share,
            CHANGE_SHARES,
            ["DenySharing", "DenySharingOthers", "DenySharingThese"],
        ),
    ] {
        let mut add = |sid, resources| {
            let deny = statement(sid, Effect::Deny, actions, spared(&restriction.exempt));
            statements.push(Statement { resources, ..deny });
        };
        let arns = |names: &[&Spanned<Text>]| {
            let every = || Part::Literal("*".to_owned());
            arns(
                names
                    .iter()
                    .map(|name| layer_pattern::handled(right, every(), &name.value)),
            )
        };
        let denied = || {
            restriction
                .denied_handling
                .iter()
                .filter(move |denied| denied.value.right == right)
                .map(|denied| &denied.value.layers)
        };
        if denied().any(|layers| matches!(layers, Handled::All)) {
            add(all, Resources::These(Values::text("*")));
        }
        for layers in denied() {
            if let Handled::AllBut(names) = layers {
                let names: Vec<_> = names.iter().collect();
                add(others, Resources::AllBut(arns(&names)));
            }
        }
        let listed = denied().filter_map(|layers| match layers {
            Handled::Named(names) => Some(names),
            Handled::All | Handled::AllBut(_) => None,
        });
        let listed: Vec<_> = listed.flatten().collect();
        if !listed.is_empty() {
            add(these, Resources::These(arns(&listed)));
        }
    }
}

/// ARNs in the order of their letters, each once.
fn arns(arns: impl Iterator<Item = Text>) -> Values {
    let mut arns: Vec<Text> = arns.collect();
    arns.sort();
    arns.dedup();
    Values::list(arns.iter().map(value).collect())
}

/// The condition that exempts roles from a Deny, if any.
fn spared(exempt: &[Spanned<String>]) -> Vec<Condition> {
    if exempt.is_empty() {
        return Vec::new();
    }
    let spared = patterns_of(exempt, "iam::*:role/");
    vec![Condition::new(
        "ArnNotLike",
        Key::Known("aws:PrincipalArn"),
        spared,
    )]
}

/// The Deny statements, always with `ForAnyValue`. It is true as soon as one of the layers matches,
/// and never without layers. With `ForAllValues`, one good layer would cover for a bad one (IAM
/// User Guide, multivalued context keys).
fn deny(denies: &[Spanned<Deny>], exempt: &[Spanned<String>], statements: &mut Vec<Statement>) {
    let mut add = |sid, condition: Condition| {
        let mut conditions = vec![condition];
        conditions.extend(spared(exempt));
        statements.push(statement(sid, Effect::Deny, ATTACH, conditions));
    };
    let kinds = || denies.iter().map(|deny| &deny.value);
    if kinds().any(|deny| matches!(deny, Deny::All)) {
        add(
            "DenyEveryLayer",
            Condition::new("Null", LAYER, Values::text("false")),
        );
    }
    for deny in kinds() {
        if let Deny::AllExcept(set) = deny {
            add(
                "DenyAllOtherLayers",
                Condition::new("ForAnyValue:StringNotLike", LAYER, layers(set)),
            );
        }
    }
    let listed = kinds().filter_map(|deny| {
        if let Deny::Layers(set) = deny {
            Some(set)
        } else {
            None
        }
    });
    let members: Vec<_> = listed.flat_map(|set| set.members.iter().cloned()).collect();
    if !members.is_empty() {
        add(
            "DenyTheseLayers",
            Condition::new(
                "ForAnyValue:StringLike",
                LAYER,
                layers(&LayerSet { members }),
            ),
        );
    }
}

/// The ARNs of a set in the order of their letters, each once.
fn layers(set: &LayerSet) -> Values {
    let mut members: Vec<(String, Remarked)> = Vec::with_capacity(set.members.len());
    for member in &set.members {
        let (key, value) = match &member.layers {
            Layers::Matching(arn) => (arn.to_string(), value(arn)),
            Layers::Published { layer, label } => {
                let id = names::version(layer, label);
                (id.clone(), Value::Ref(id.into()))
            }
        };
        members.push((
            key,
            Remarked {
                value,
                remark: member.names.clone(),
            },
        ));
    }
    // If one of two equal values has a name, that one stays.
    members
        .sort_by(|(a, first), (b, second)| a.cmp(b).then_with(|| second.remark.cmp(&first.remark)));
    members.dedup_by(|(a, _), (b, _)| a == b);
    Values::Many(members.into_iter().map(|(_, value)| value).collect())
}

/// ARNs in the stack's partition that end in one of the patterns.
fn patterns_of(patterns: &[Spanned<String>], before: &str) -> Values {
    let mut patterns: Vec<&str> = patterns
        .iter()
        .map(|pattern| pattern.value.as_str())
        .collect();
    patterns.sort_unstable();
    patterns.dedup();
    let arn =
        |pattern: &str| Value::Sub(format!("arn:${{AWS::Partition}}:{before}{pattern}").into());
    Values::list(patterns.into_iter().map(arn).collect())
}
