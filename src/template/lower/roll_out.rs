//! `roll out`: the roles, policies and boundaries of a source as the template of a stack set.

use super::{Lowered, ROLL_OUT, id_value};
use crate::aws::quotas::INLINE_TEMPLATE_BYTES;
use crate::diagnostic::{Code, Diagnostic};
use crate::english::thousands;
use crate::rules::model::{RollOut, Rules};
use crate::template::Format;
use crate::template::model::{
    Parameter, Properties, Remarked, Resource, StackSet, StackSetParameter, Template, Value,
};
use crate::template::references::{needed_conditions, references};

/// The remark above a stack set (CloudFormation User Guide, service-managed permissions).
const NOT_IN_MANAGEMENT: &str = "CloudFormation deploys no stack set to the management account";

/// Moves what exists once in an account to the template of a stack set. `format` is the form that
/// its size is measured in.
pub fn roll_out(
    rules: &Rules,
    format: Format,
    lowered: &mut Lowered,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let Some(roll_out) = &rules.roll_out else {
        return;
    };
    let mut body = Template {
        source: lowered.template.source.clone(),
        description: lowered.template.description.clone(),
        ..Template::default()
    };
    let resources = std::mem::take(&mut lowered.template.resources);
    let origins = std::mem::take(&mut lowered.origins);
    for (resource, origin) in resources.into_iter().zip(origins) {
        match &resource.properties {
            Properties::Role(_) | Properties::ManagedPolicy(_) => {
                body.resources.push(resource);
                lowered.rolled_out_origins.push(origin);
            }
            Properties::LayerVersion(_)
            | Properties::Permission(_)
            | Properties::SsmParameter(_)
            | Properties::ServiceControlPolicy(_)
            | Properties::StackSet(_) => lowered.push(resource, origin),
        }
    }
    let named = references(&body);
    let parameters = lowered.template.parameters.iter();
    let parameters = parameters.filter(|parameter| named.contains(&parameter.name));
    body.parameters = parameters.cloned().map(given_by_the_stack_set).collect();
    let needed = needed_conditions(&body, &lowered.template.conditions);
    let conditions = lowered.template.conditions.iter();
    let conditions = conditions.filter(|condition| needed.contains(condition.id.as_str()));
    body.conditions = conditions.cloned().collect();
    diagnostics.extend(too_large(&body, format, roll_out));
    refuse_clash(lowered, roll_out, diagnostics);
    let stack_set = StackSet {
        by_delegate: roll_out.by_delegate,
        capability: body.capability(),
        parameters: body.parameters.iter().map(passed_on).collect(),
        units: units(roll_out),
        region: roll_out.region.clone(),
        body,
    };
    let resource = Resource {
        id: ROLL_OUT.to_owned(),
        comment: Some(NOT_IN_MANAGEMENT.into()),
        condition: None,
        depends_on: None,
        policies: None,
        suppressed: None,
        properties: Properties::StackSet(Box::new(stack_set)),
    };
    lowered.push(resource, roll_out.span);
}

fn units(roll_out: &RollOut) -> Vec<Remarked> {
    let mut units: Vec<Remarked> = roll_out
        .units
        .iter()
        .map(|unit| Remarked {
            value: id_value(&unit.id),
            remark: unit.names.clone(),
        })
        .collect();
    units.sort_by(|a, b| id(a).cmp(id(b)));
    units
}

fn id(unit: &Remarked) -> &str {
    match &unit.value {
        Value::String(id) | Value::Ref(id) | Value::Sub(id) => id,
    }
}

/// A parameter whose value comes from the stack set, so that no console asks for it. What is looked
/// up in the account of the stack set is a text in the others.
fn given_by_the_stack_set(parameter: Parameter) -> Parameter {
    let parameter = Parameter {
        label: None,
        ..parameter
    };
    if parameter.kind.starts_with("AWS::SSM::Parameter::Value") {
        return Parameter {
            kind: "String",
            default: None,
            ..parameter
        };
    }
    parameter
}

fn passed_on(parameter: &Parameter) -> StackSetParameter {
    StackSetParameter {
        name: parameter.name.clone(),
        value: Value::Ref(parameter.name.as_str().into()),
    }
}

/// Reports a template that is too large: a stack set has it in the request, without a bucket.
fn too_large(body: &Template, format: Format, roll_out: &RollOut) -> Option<Diagnostic> {
    let mut written = Vec::new();
    body.write(format, &mut written);
    (written.len() > INLINE_TEMPLATE_BYTES).then(|| {
        let message = format!(
            "the template that is rolled out has {} bytes; the limit is {}",
            thousands(written.len()),
            thousands(INLINE_TEMPLATE_BYTES)
        );
        Diagnostic::error(Code::TemplateSize, roll_out.span, message)
            .note("the template of a stack set is part of its resource, and not in a bucket")
            .help("put some of the roles, policies and boundaries into a source of their own")
    })
}

/// Refuses something else with the logical ID of the stack set.
fn refuse_clash(lowered: &Lowered, roll_out: &RollOut, diagnostics: &mut Vec<Diagnostic>) {
    let template = &lowered.template;
    let resources = template.resources.iter().map(|resource| &resource.id);
    let parameters = template.parameters.iter().map(|parameter| &parameter.name);
    let conditions = template.conditions.iter().map(|condition| &condition.id);
    let outputs = template.outputs.iter().map(|output| &output.id);
    let mut all = resources.chain(parameters).chain(conditions).chain(outputs);
    if all.any(|id| id == ROLL_OUT) {
        let message = format!("two things would have the logical ID `{ROLL_OUT}`");
        diagnostics.push(
            Diagnostic::error(Code::LogicalIdClash, roll_out.span, message)
                .label("the stack set has it")
                .help("rename the layer, the parameter or the guardrail whose name makes it"),
        );
    }
}
