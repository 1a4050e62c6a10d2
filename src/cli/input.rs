//! What the questions about access are asked of: a source, a template, or the policies of layer versions.

use super::disk::{self, Disk};
use super::messages::Messages;
use crate::access::grants::Grants;
use crate::access::report::{Access, Names};
use crate::access::value::Template;
use crate::compile;
use crate::diagnostic::has_errors;
use crate::rules::load::Root;
use crate::rules::model::{Id, Principal};
use crate::syntax::source::Sources;
use crate::template::Format;
use crate::template::limits::Limits;
use crate::template::lower::Placement;
use crate::template::read::{ReadError, read};
use anyhow::{anyhow, bail};
use serde_json::Value as Json;
use std::path::Path;

/// The value of a parameter, as an argument: `NAME=VALUE`.
pub fn parameter(argument: &str) -> Result<(String, String), String> {
    let (name, value) = argument.split_once('=').ok_or("a parameter's value is given as NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// The template that a source compiles to, or that is in a file; `None` where the source has errors, which are then
/// reported.
pub fn template(
    path: &Path,
    parameters: &[(String, String)],
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Option<Template>> {
    let root = disk::root(path)?;
    let json = if is_source(&root) {
        match compiled(root, limits, messages)? {
            Some((json, _)) => json,
            None => return Ok(None),
        }
    } else {
        template_in(&root)?
    };
    check_parameters(&json, parameters, path)?;
    Ok(Some(Template::new(json, parameters)))
}

/// The template that a file is.
pub fn template_in(root: &Root) -> anyhow::Result<Json> {
    let name = &root.name;
    let text = std::str::from_utf8(&root.bytes).map_err(|error| anyhow!("{name} is not UTF-8: {error}"))?;
    let json = read(text).map_err(|error| anyhow!("{name} is not a template: {}", problem(error)))?;
    if !json.get("Resources").is_some_and(Json::is_object) {
        bail!("{name} is not a CloudFormation template: it has no `Resources`");
    }
    Ok(json)
}

/// Refuses values for parameters that the template does not have.
pub fn check_parameters(json: &Json, parameters: &[(String, String)], path: &Path) -> anyhow::Result<()> {
    for (parameter, _) in parameters {
        let declared = json.get("Parameters").is_some_and(|all| all.get(parameter).is_some());
        if !parameter.starts_with("AWS::") && !declared {
            bail!("{} has no parameter `{parameter}`", path.display());
        }
    }
    Ok(())
}

/// Whether a file is a source of this language: by its name, or else by not being a mapping of YAML or JSON.
pub fn is_source(root: &Root) -> bool {
    match root.path.as_deref().and_then(Path::extension) {
        Some(extension) => extension == "layers",
        None => std::str::from_utf8(&root.bytes).is_ok_and(|text| read(text).is_err()),
    }
}

/// What a source, a template or the policies of layer versions let anybody do; `None` where a source has errors, which are
/// then reported.
pub fn access(
    path: &Path,
    parameters: &[(String, String)],
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Option<Access>> {
    let root = disk::root(path)?;
    if is_source(&root) {
        let found = compiled(root, limits, messages)?;
        let Some((json, names)) = found else {
            return Ok(None);
        };
        check_parameters(&json, parameters, path)?;
        return Ok(Some(Access::of_template(json, parameters, names)));
    }
    let policies: Result<Vec<Json>, _> = serde_json::Deserializer::from_slice(&root.bytes).into_iter().collect();
    if let Ok(policies) = policies
        && policies.iter().all(|policy| policy.get("Policy").is_some() || policy.get("Statement").is_some())
        && !policies.is_empty()
    {
        let grants = Grants::of_policies(&policies).map_err(|error| anyhow!("{}: {}", root.name, problem(error)))?;
        return Ok(Some(Access { grants, ..Access::default() }));
    }
    let json = template_in(&root)?;
    check_parameters(&json, parameters, path)?;
    Ok(Some(Access::of_template(json, parameters, Names::new())))
}

/// The template of a source, written and read again: whatever is answered is answered of what is deployed. With it, what
/// the source calls accounts and organizations.
fn compiled(root: Root, limits: Limits, messages: &mut Messages) -> anyhow::Result<Option<(Json, Names)>> {
    let mut sources = Sources::default();
    let compiled = compile(root, &Placement::default(), limits, &Disk, &mut sources);
    messages.diagnostics(&compiled.diagnostics, &sources);
    let lowered = match &compiled.lowered {
        Some(lowered) if !has_errors(&compiled.diagnostics) => lowered,
        _ => {
            messages.summary(&compiled.diagnostics);
            return Ok(None);
        }
    };
    let mut written = Vec::new();
    lowered.template.write(Format::Json, &mut written)?;
    let names = compiled.rules.principals.iter().filter_map(|named| {
        let id = match &named.principal {
            Principal::Account(Id::Literal(id)) | Principal::Organization(Id::Literal(id)) => id.clone(),
            Principal::Account(Id::Parameter(name)) | Principal::Organization(Id::Parameter(name)) => {
                format!("${{{name}}}")
            }
            Principal::Everyone => return None,
        };
        Some((id, named.names.as_deref()?.to_owned()))
    });
    Ok(Some((serde_json::from_slice(&written)?, names.collect())))
}

/// The JSON documents in a file, one behind the other.
pub fn documents(path: &Path) -> anyhow::Result<Vec<Json>> {
    let root = disk::root(path)?;
    let documents: Result<Vec<Json>, _> = serde_json::Deserializer::from_slice(&root.bytes).into_iter().collect();
    documents.map_err(|error| anyhow!("{} is not JSON: {error}", root.name))
}

/// What a reader says of a text that it cannot read.
pub fn problem(error: ReadError) -> String {
    match error {
        ReadError::Syntax(problem) | ReadError::Shape(problem) => problem,
    }
}
