//! What the questions about access are asked of: a source, a template, or policies.

use super::disk::{self, Disk};
use super::messages::Messages;
use crate::access::Access;
use crate::access::authored::Authored;
use crate::access::grants::Grants;
use crate::access::kind::Kind;
use crate::access::policy_file::PolicyFile;
use crate::cloudformation::expand::nested::{Child, with_children};
use crate::cloudformation::read::{self, ReadError};
use crate::cloudformation::{Template, Values};
use crate::diagnostic::Diagnostic;
use crate::pipeline::compile;
use crate::report::HashedFile;
use crate::rules::load::Root;
use crate::rules::model::Rules;
use crate::source::Sources;
use crate::template::limits::Limits;
use crate::template::lower::{Lowered, Placement};
use anyhow::{anyhow, bail};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

/// The template that a source compiles to, or that is in a file, and the ARNs of the versions that
/// a source lists although they exist already; `None` where the source has errors, which are then
/// reported.
pub fn template(
    path: &Path,
    values: &Values,
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Option<(Template, Vec<Json>)>> {
    template_of(disk::root(path)?, values, limits, messages)
}

/// What [`template`] gives, of a file that is read already.
pub fn template_of(
    root: Root,
    values: &Values,
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Option<(Template, Vec<Json>)>> {
    let path = PathBuf::from(&root.name);
    let (json, adopted) = if is_source(&root) {
        match compiled(root, limits, messages)? {
            Some((json, _, lowered)) => (json, lowered.source_map.adopted_arns()),
            None => return Ok(None),
        }
    } else {
        (template_in(&root)?, Vec::new())
    };
    check_parameters(&json, values, &path)?;
    Ok(Some((Template::new(json, values), adopted)))
}

/// The template that a file is, as it is written there.
pub fn written_template(root: &Root) -> anyhow::Result<Json> {
    let name = &root.name;
    let json = read::template(&root.bytes)
        .map_err(|error| anyhow!("{name} is not a template: {error}"))?;
    if !json.get("Resources").is_some_and(Json::is_object) {
        bail!("{name} is not a CloudFormation template: it has no `Resources`");
    }
    Ok(json)
}

/// The template that a file is, with those of nested stacks that lie beside it.
pub fn template_in(root: &Root) -> anyhow::Result<Json> {
    template_among(&mut Vec::new(), root)
}

fn template_among(files: &mut Vec<HashedFile>, root: &Root) -> anyhow::Result<Json> {
    let json = written_template(root)?;
    let read = RefCell::new(files);
    Ok(match &root.path {
        Some(path) => with_children(json, path, &|parent: &PathBuf, written| {
            child(parent, written, &mut read.borrow_mut())
        }),
        // Beside what comes by standard input lies nothing.
        None => json,
    })
}

/// The template of a nested stack that lies beside its parent's, if it is there and can be read.
fn child(parent: &Path, written: &str, files: &mut Vec<HashedFile>) -> Option<Child<PathBuf>> {
    let place = parent.parent().unwrap_or(Path::new("")).join(written);
    let bytes = place.is_file().then(|| fs::read(&place).ok())??;
    let template = read::template(&bytes).ok()?;
    files.push(hashed(&place.display().to_string(), &bytes));
    Some(Child { template, place })
}

/// Refuses values for parameters that the template does not have, and values that its declarations
/// do not allow.
pub fn check_parameters(json: &Json, values: &Values, path: &Path) -> anyhow::Result<()> {
    for (parameter, value) in &values.given {
        if parameter.starts_with("AWS::") {
            continue;
        }
        let Some(declared) = json.get("Parameters").and_then(|all| all.get(parameter)) else {
            bail!("{} has no parameter `{parameter}`", path.display());
        };
        let declared = crate::cloudformation::parameter::Parameter::new(declared);
        if declared.kind == crate::cloudformation::parameter::Kind::Text && !declared.allows(value)
        {
            bail!(
                "{} does not allow the value `{value}` for the parameter `{parameter}`",
                path.display()
            );
        }
    }
    Ok(())
}

/// Whether a file is a source of this language: by its name, or else by not being a mapping of YAML
/// or JSON.
pub fn is_source(root: &Root) -> bool {
    match root.path.as_deref().and_then(Path::extension) {
        Some(extension) => extension == "layers",
        None => read::template(&root.bytes).is_err(),
    }
}

/// What a file is that is no source.
pub enum Foreign {
    /// A template.
    Template(Json),
    /// The policies of layer versions.
    Policies(Grants),
    /// A policy of IAM or Organizations by itself, as the template that has it, and what it is
    /// meant as.
    Policy(Json, Kind),
}

/// What a file is that is no source. `meant_as` is what a policy by itself is meant as, where its
/// content does not say.
pub fn foreign(root: &Root, meant_as: Option<Kind>) -> anyhow::Result<Foreign> {
    foreign_among(&mut Vec::new(), root, meant_as)
}

/// What [`foreign`] gives; the files of nested stacks are added to those that were read.
fn foreign_among(
    files: &mut Vec<HashedFile>,
    root: &Root,
    meant_as: Option<Kind>,
) -> anyhow::Result<Foreign> {
    let documents = read::json_documents(&root.bytes);
    if let Ok([document]) = documents.as_deref()
        && let Some(policy) =
            PolicyFile::read(document).map_err(|error| anyhow!("{}: {error}", root.name))?
    {
        let kind = meant_as.unwrap_or_else(|| policy.kind());
        return Ok(Foreign::Policy(
            policy.template(&policy_name(root), kind),
            kind,
        ));
    }
    if meant_as.is_some() {
        bail!(
            "{} is not a policy of IAM or Organizations by itself, so that `--as` says nothing of \
            it",
            root.name
        );
    }
    if let Ok(documents) = &documents
        && !documents.is_empty()
        && documents
            .iter()
            .all(|document| document.get("Policy").is_some() || document.get("Statement").is_some())
    {
        let grants =
            Grants::of_policies(documents).map_err(|error| anyhow!("{}: {error}", root.name))?;
        return Ok(Foreign::Policies(grants));
    }
    Ok(Foreign::Template(template_among(files, root)?))
}

/// What a policy in a file is called: as the file is, as far as a claim can name it.
fn policy_name(root: &Root) -> String {
    let stem = root
        .path
        .as_deref()
        .and_then(Path::file_stem)
        .map(|stem| stem.to_string_lossy().into_owned());
    let is_allowed =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    let name: String = stem
        .unwrap_or_default()
        .chars()
        .filter(|character| is_allowed(*character))
        .collect();
    let name = name.trim_start_matches(|first: char| !first.is_ascii_alphabetic());
    if name.is_empty() {
        "policy".to_owned()
    } else {
        name.to_owned()
    }
}

/// What is read to be asked about access.
pub struct Read {
    /// The access.
    pub access: Access,
    /// The files that it was read from.
    pub files: Vec<HashedFile>,
}

/// What a source, a template or policies let anybody do; `None` where a source has errors, which
/// are then reported.
pub fn access(
    path: &Path,
    values: &Values,
    meant_as: Option<Kind>,
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Option<Read>> {
    let root = disk::root(path)?;
    if is_source(&root) {
        let mut sources = Sources::default();
        let Some((json, rules, lowered)) = compiled_among(&mut sources, root, limits, messages)?
        else {
            return Ok(None);
        };
        check_parameters(&json, values, path)?;
        let files = sources.iter();
        return Ok(Some(Read {
            access: Access::of_template(json, values, Authored::of(&rules, &lowered)),
            files: files
                .map(|source| hashed(source.name(), source.text().as_bytes()))
                .collect(),
        }));
    }
    let mut files = vec![hashed(&root.name, &root.bytes)];
    let access = match foreign_among(&mut files, &root, meant_as)? {
        Foreign::Policies(grants) => Access {
            grants,
            ..Access::default()
        },
        Foreign::Policy(template, kind) => Access::of_policy_file(template, kind),
        Foreign::Template(json) => {
            check_parameters(&json, values, path)?;
            Access::of_template(json, values, Authored::default())
        }
    };
    Ok(Some(Read { access, files }))
}

fn hashed(name: &str, bytes: &[u8]) -> HashedFile {
    let digest = Sha256::digest(bytes);
    HashedFile {
        name: name.to_owned(),
        sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// The template of a source, written and read again: whatever is answered is answered of what is
/// deployed.
fn compiled(
    root: Root,
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Option<(Json, Rules, Lowered)>> {
    compiled_among(&mut Sources::default(), root, limits, messages)
}

fn compiled_among(
    sources: &mut Sources,
    root: Root,
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Option<(Json, Rules, Lowered)>> {
    let compiled = compile(root, &Placement::of_any_size(), limits, &Disk, sources);
    // What else there is to say of a source, `check` and `build` say.
    let mut diagnostics = compiled.diagnostics;
    diagnostics.retain(Diagnostic::is_error);
    messages.diagnostics(&diagnostics, sources);
    match compiled.lowered {
        Some(lowered) if diagnostics.is_empty() => {
            let json = lowered.template.json().ok_or_else(|| {
                anyhow!("this is a bug of layershare: its own template cannot be read")
            })?;
            Ok(Some((json, compiled.rules, lowered)))
        }
        _ => {
            messages.summary(&diagnostics);
            Ok(None)
        }
    }
}

/// The JSON documents in a file, one after the other.
pub fn documents(path: &Path) -> anyhow::Result<Vec<Json>> {
    let root = disk::root(path)?;
    read::json_documents(&root.bytes)
        .map_err(|error: ReadError| anyhow!("{} is not JSON: {error}", root.name))
}
