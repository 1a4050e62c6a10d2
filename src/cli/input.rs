//! The input of questions about access: a source, a template, or policies.

use super::ahead::{Ahead, Input, is_source};
use super::beside::SourcesBeside;
use super::built::{BuiltTemplate, SourceWords};
use super::declared::{DeclaredTemplate, NamedTemplate};
use super::disk;
use super::messages::Messages;
use super::output::{regions, stem_of};
use super::place::{InputPlace, InputPlaces};
use super::tree::Tree;
use crate::access::authored::{Authored, add_names};
use crate::access::grants::Grants;
use crate::access::kind::SubjectKind;
use crate::access::policy_file::PolicyFile;
use crate::access::{Access, several};
use crate::cloudformation::expand::nested::{Child, with_children};
use crate::cloudformation::place::Places;
use crate::cloudformation::read::{self, ReadError};
use crate::cloudformation::stack_set::is_rolled_out;
use crate::cloudformation::{Template, Values};
use crate::diagnostic::Diagnostic;
use crate::pipeline::compile;
use crate::report::{HashedFile, StaleTemplates, word};
use crate::rules::load::Root;
use crate::rules::model::Rules;
use crate::source::{Files, PathKind, Sources};
use crate::template::limits::Limits;
use crate::template::lower::{Lowered, Placement};
use crate::template::stacks::{MANIFEST, StackEntry, stack_name};
use crate::uses::cdk;
use crate::uses::serverless::Service;
use anyhow::{Context, anyhow, bail};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// How inputs are read.
pub struct Reading<'a> {
    /// Where the inputs are read from.
    pub tree: &'a Tree,
    /// The values of parameters.
    pub values: Values,
    /// The kind of a policy in a file of its own, if its content does not show it.
    pub meant_as: Option<SubjectKind>,
    /// The name of a policy in a file of its own, if it is not the name of the file: the two sides
    /// of a difference are one policy, whatever the names of their files.
    pub policy_name: Option<String>,
    /// The sizes beyond which nothing is compiled.
    pub limits: Limits,
    /// Whether a template stands for its source even if the source gives more access by now: what
    /// is deployed is the template.
    pub is_about_deployed: bool,
    /// The texts that messages point into.
    pub sources: RefCell<Sources>,
    /// The lists of stacks that are read, by their folders.
    lists: RefCell<BTreeMap<PathBuf, Vec<StackEntry>>>,
    /// The sources that the templates were made from, where they lie beside these.
    pub beside: SourcesBeside,
    /// The files that are read, where somebody asks for them.
    pub files: Option<RefCell<Vec<HashedFile>>>,
    /// The places in each input, if somebody asks for them.
    pub places: Option<RefCell<Vec<InputPlace>>>,
}

/// The kind of a file.
pub enum Given {
    /// A source: its template and its words.
    Source(Json, Box<Rules>, Box<Lowered>),
    /// Something else.
    Foreign(Foreign),
}

impl<'a> Reading<'a> {
    /// Reads inputs of this tree, with these values and limits.
    pub fn new(
        tree: &'a Tree,
        values: Values,
        meant_as: Option<SubjectKind>,
        limits: Limits,
    ) -> Self {
        Self {
            tree,
            values,
            meant_as,
            policy_name: None,
            limits,
            is_about_deployed: false,
            sources: RefCell::default(),
            lists: RefCell::default(),
            beside: SourcesBeside::default(),
            files: None,
            places: None,
        }
    }

    /// Every file that was read, with its hash, if they are asked for.
    pub fn read(self) -> Vec<HashedFile> {
        self.files.map(RefCell::into_inner).unwrap_or_default()
    }

    /// The places in the inputs, if they are asked for.
    pub fn placed(self) -> InputPlaces {
        let inputs = self.places.map(RefCell::into_inner).unwrap_or_default();
        InputPlaces::new(self.sources.into_inner(), inputs)
    }

    fn note(&self, name: &str, bytes: &[u8]) {
        if let Some(files) = &self.files {
            let mut files = files.borrow_mut();
            if !files.iter().any(|file| file.name == name) {
                files.push(hashed(name, bytes));
            }
        }
    }

    /// Remembers the text of a file that is not a source, to point into it.
    fn place(&self, root: &Root) {
        if let Some(places) = &self.places {
            let text = read::text(&root.bytes).unwrap_or_default();
            let file = self.sources.borrow_mut().add(root.name.as_str(), text);
            let place = InputPlace::new(root.name.clone(), file, None);
            places.borrow_mut().push(place);
        }
    }

    /// Reads every file, those below folders too, and returns the result for each, with its name.
    /// `None` if a source has errors, which are then reported.
    pub fn each<T>(
        &self,
        paths: &[PathBuf],
        messages: &mut Messages,
        make: impl FnMut(Given, &[String]) -> anyhow::Result<T>,
    ) -> anyhow::Result<Option<Vec<(String, T)>>> {
        self.each_input(self.inputs(paths)?, messages, make)
    }

    /// The result of [`Self::each`] for files that are already read.
    pub fn each_of<T>(
        &self,
        roots: Vec<Root>,
        messages: &mut Messages,
        make: impl FnMut(Given, &[String]) -> anyhow::Result<T>,
    ) -> anyhow::Result<Option<Vec<(String, T)>>> {
        let inputs = roots.into_iter().map(Input::named).collect();
        self.each_input(inputs, messages, make)
    }

    fn each_input<T>(
        &self,
        inputs: Vec<Input>,
        messages: &mut Messages,
        mut make: impl FnMut(Given, &[String]) -> anyhow::Result<T>,
    ) -> anyhow::Result<Option<Vec<(String, T)>>> {
        let mut found = Vec::with_capacity(inputs.len());
        let mut known = BTreeSet::new();
        let children = RefCell::new(BTreeSet::new());
        let mut has_errors = false;
        let mut names = Vec::with_capacity(inputs.len());
        let all = inputs.len();
        for (index, input) in Ahead::new(inputs).enumerate() {
            messages.progress("reading", index, all);
            let Input {
                root,
                in_folder,
                parsed,
            } = input;
            let name = root.name.clone();
            names.push(name.clone());
            let place = root.path.as_deref().map(|path| self.tree.identity(path));
            self.beside.add(&root, self.tree);
            let given = if is_source(&root) {
                let Some(given) = self.compiled(root, messages)? else {
                    has_errors = true;
                    continue;
                };
                given
            } else if in_folder {
                let Some(json) = self.template_below(&root, parsed, &children)? else {
                    continue;
                };
                self.place(&root);
                Given::Foreign(Foreign::Template(json))
            } else {
                self.place(&root);
                self.note(&root.name, &root.bytes);
                Given::Foreign(self.foreign(&root, &children)?)
            };
            if let Given::Source(json, ..) | Given::Foreign(Foreign::Template(json)) = &given {
                known.append(&mut check_values(json, &self.values, &name)?);
            }
            let regions = match &given {
                Given::Source(_, rules, _) => regions(rules),
                Given::Foreign(_) => self.regions_beside(Path::new(&name)),
            };
            let made = make(given, &regions).with_context(|| name.clone())?;
            found.push((name, place.filter(|_| in_folder), made));
        }
        self.say_broken(messages);
        if has_errors {
            return Ok(None);
        }
        refuse_unknown_parameters(&self.values, &known, &names)?;
        // The template of a nested stack is a part of its parent's.
        let children = children.into_inner();
        found.retain(|(_, place, _)| place.as_ref().is_none_or(|place| !children.contains(place)));
        let found = found.into_iter().map(|(name, _, made)| (name, made));
        Ok(Some(found.collect()))
    }

    /// The template that a file below a folder is, if it is one.
    fn template_below(
        &self,
        root: &Root,
        parsed: Option<Result<Json, ReadError>>,
        children: &RefCell<BTreeSet<PathBuf>>,
    ) -> anyhow::Result<Option<Json>> {
        let name = &root.name;
        let json = match parsed.unwrap_or_else(|| read::template(&root.bytes)) {
            Ok(json) => json,
            // Anything but a mapping is not a template, and is not meant as one.
            Err(ReadError::Shape(_)) => return Ok(None),
            // An unreadable file may be one.
            Err(error @ ReadError::Syntax(_)) => bail!("{name} is not a template: {error}"),
        };
        if !json.get("Resources").is_some_and(Json::is_object) {
            return Ok(None);
        }
        self.note(name, &root.bytes);
        children.borrow_mut().extend(self.rolled_out(&json, root));
        Ok(Some(self.with_nested(json, root, children)))
    }

    /// The file beside a template that its stack set rolls out: it is read already.
    pub fn rolled_out(&self, template: &Json, root: &Root) -> Option<PathBuf> {
        let path = root.path.as_deref()?;
        let file = self.entry_of(path)?.rolls_out?.template;
        let place = path.parent().unwrap_or(Path::new("")).join(file);
        let bytes = self.tree.read(&place).ok()?;
        is_rolled_out(template, &bytes).then(|| self.tree.identity(&place))
    }

    /// A template with those of its local nested stacks.
    fn with_nested(&self, json: Json, root: &Root, children: &RefCell<BTreeSet<PathBuf>>) -> Json {
        let child = |parent: &PathBuf, written: &str| {
            let place = parent.parent().unwrap_or(Path::new("")).join(written);
            if self.tree.kind(&place) != PathKind::File {
                return None;
            }
            let bytes = self.tree.read(&place).ok()?;
            let template = read::template(&bytes).ok()?;
            self.note(&place.display().to_string(), &bytes);
            children.borrow_mut().insert(self.tree.identity(&place));
            Some(Child { place, template })
        };
        match &root.path {
            Some(path) => with_children(json, path, &child),
            // Standard input has no neighboring files.
            None => json,
        }
    }

    /// The access that sources, templates or policies give, each separately; `None` if a source has
    /// errors, which are then reported.
    pub fn access(
        &self,
        paths: &[PathBuf],
        messages: &mut Messages,
    ) -> anyhow::Result<Option<Vec<(String, Access)>>> {
        let found = self.each(paths, messages, |given, regions| {
            let mut access = match given {
                Given::Source(json, rules, lowered) => {
                    Access::of_template(json, &self.values, Authored::of(&rules, &lowered))
                }
                Given::Foreign(Foreign::Policies(grants)) => Access {
                    grants,
                    ..Access::default()
                },
                Given::Foreign(Foreign::Policy(json, kind)) => Access::of_policy_file(json, kind),
                Given::Foreign(Foreign::Template(json)) => {
                    Access::of_template(json, &self.values, Authored::default())
                }
            };
            for version in access.grants.versions.values_mut() {
                version.regions = regions.to_vec();
            }
            Ok(access)
        })?;
        // The names are those of all templates, and once is enough.
        Ok(found.map(|mut found| {
            self.join_sources(&mut found);
            if let Some((_, first)) = found.first_mut() {
                let note = |name: &str, text: &[u8]| self.note(name, text);
                let mut names = self.beside.names(self.tree, &note);
                add_names(&mut names, std::mem::take(&mut first.authored.names));
                first.authored.names = names;
            }
            found
        }))
    }

    /// Adds the reasons, last days and labels that the sources of built templates give. Returns the
    /// templates that their sources do not build today: these words are not about them.
    pub fn add_words(&self, parts: &mut [(String, Access)]) -> Vec<StaleTemplates> {
        // Reasons, last days and labels are about layers.
        let with_layers = parts.iter();
        let with_layers = with_layers.filter(|(_, part)| !part.grants.versions.is_empty());
        let templates: Vec<BuiltTemplate> = with_layers
            .map(|(name, _)| BuiltTemplate {
                name: name.clone(),
                path: PathBuf::from(name),
                is_of_folder: self.entry_of(Path::new(name)).is_some(),
            })
            .collect();
        let SourceWords { mut words, stale } =
            self.beside.words(&templates, self.tree, self.limits);
        for (name, part) in parts {
            if let Some(words) = words.remove(name) {
                part.authored.extend(words, &|id| id);
            }
        }
        stale
    }

    /// The templates in files, or compiled from them, each with the ARNs of the adopted versions of
    /// its source; `None` if a source has errors, which are then reported.
    pub fn templates(
        &self,
        roots: Vec<Root>,
        folders: &[PathBuf],
        messages: &mut Messages,
    ) -> anyhow::Result<Option<Vec<NamedTemplate>>> {
        let mut inputs: Vec<Input> = roots.into_iter().map(Input::named).collect();
        inputs.extend(self.inputs(folders)?);
        self.each_input(inputs, messages, |given, regions| {
            self.template(given, regions.to_vec())
        })
    }

    fn template(&self, given: Given, regions: Vec<String>) -> anyhow::Result<DeclaredTemplate> {
        let (json, adopted, pinned) = match given {
            Given::Source(json, _, lowered) => {
                let map = lowered.source_map;
                (json, map.adopted_arns(), map.pinned())
            }
            Given::Foreign(Foreign::Template(json)) => (json, Vec::new(), HashMap::new()),
            Given::Foreign(Foreign::Policies(_) | Foreign::Policy(..)) => {
                bail!("this is neither a source nor a template")
            }
        };
        Ok(DeclaredTemplate {
            template: Template::new(json, &self.values),
            adopted,
            pinned,
            regions,
        })
    }

    /// The regions that the list of stacks beside a template names for it.
    fn regions_beside(&self, template: &Path) -> Vec<String> {
        let entry = self.entry_of(template);
        entry.map(|entry| entry.regions).unwrap_or_default()
    }

    /// The name of the stack of a template or a source: as the list beside it has it, or else as a
    /// build would name it.
    pub fn stack_of(&self, file: &Path) -> String {
        let entry = self.entry_of(file);
        entry.map_or_else(|| stack_name(&stem_of(file), None), |entry| entry.name)
    }

    /// What the list of stacks beside a template says of it.
    fn entry_of(&self, template: &Path) -> Option<StackEntry> {
        let folder = template.parent().map(Path::to_path_buf).unwrap_or_default();
        let name = template.file_name().and_then(OsStr::to_str)?;
        let mut lists = self.lists.borrow_mut();
        let list = lists.entry(folder).or_insert_with_key(|folder| {
            let bytes = self.tree.read(&folder.join(MANIFEST)).unwrap_or_default();
            serde_json::from_slice::<Vec<StackEntry>>(&bytes).unwrap_or_default()
        });
        list.iter().find(|entry| entry.template == name).cloned()
    }

    /// The template of a source, written and read again: every answer is about what is deployed.
    fn compiled(&self, root: Root, messages: &mut Messages) -> anyhow::Result<Option<Given>> {
        let mut sources = self.sources.borrow_mut();
        let before = sources.iter().count();
        let name = root.name.clone();
        let compiled = compile(
            root,
            &Placement::of_any_size(),
            self.limits,
            self.tree,
            &mut sources,
        );
        for source in sources.iter().skip(before) {
            self.note(source.name(), source.text().as_bytes());
        }
        // `check` and `build` report everything else about a source.
        let mut diagnostics = compiled.diagnostics;
        diagnostics.retain(Diagnostic::is_error);
        messages.diagnostics(&diagnostics, &sources);
        match compiled.lowered {
            Some(lowered) if diagnostics.is_empty() => {
                let json = lowered.template.json().ok_or_else(|| {
                    anyhow!("this is a bug of layershare: its own template cannot be read")
                })?;
                if let Some(places) = &self.places {
                    let origins = Some(lowered.places());
                    let place = InputPlace::new(name, compiled.start.file, origins);
                    places.borrow_mut().push(place);
                }
                Ok(Some(Given::Source(
                    json,
                    Box::new(compiled.rules),
                    Box::new(lowered),
                )))
            }
            _ => {
                messages.summary(&diagnostics);
                Ok(None)
            }
        }
    }

    /// The kind of a file that is not a source.
    fn foreign(
        &self,
        root: &Root,
        children: &RefCell<BTreeSet<PathBuf>>,
    ) -> anyhow::Result<Foreign> {
        let documents = read::json_documents(&root.bytes);
        // A template stays one, whatever stands beside its resources.
        let documents = documents.ok().filter(|all| !all.iter().any(is_template));
        if let Some([document]) = documents.as_deref()
            && let Some(policy) =
                PolicyFile::read(document).map_err(|error| anyhow!("{}: {error}", root.name))?
        {
            let kind = self.meant_as.unwrap_or_else(|| policy.kind());
            let own = || policy_name(root.path.as_deref());
            let name = self.policy_name.clone().unwrap_or_else(own);
            return Ok(Foreign::Policy(policy.template(&name, kind), kind));
        }
        if self.meant_as.is_some() {
            bail!(
                "{} is not a policy of IAM or Organizations, so `--as` does not apply to it",
                root.name
            );
        }
        if let Some(documents) = &documents
            && !documents.is_empty()
            && documents.iter().all(|document| {
                document.get("Policy").is_some() || document.get("Statement").is_some()
            })
        {
            let grants = Grants::of_policies(documents)
                .map_err(|error| anyhow!("{}: {error}", root.name))?;
            return Ok(Foreign::Policies(grants));
        }
        let json = written_template(root)?;
        Ok(Foreign::Template(self.with_nested(json, root, children)))
    }
}

/// Whether a document is a template, or what `aws cloudformation get-template` prints.
pub fn is_template(document: &Json) -> bool {
    document.get("Resources").is_some() || document.get("TemplateBody").is_some()
}

/// Whether a file may have a mapping `Resources`: that stands in it, perhaps in UTF-16, or with
/// escapes.
pub fn may_have_resources(bytes: &[u8]) -> bool {
    if memchr::memmem::find(bytes, b"Resources").is_some() {
        return true;
    }
    let is_written_otherwise = bytes.contains(&0) || bytes.contains(&b'\\');
    is_written_otherwise && read::template(bytes).is_ok_and(|json| json.get("Resources").is_some())
}

/// The access that several files give together.
pub fn together(parts: Vec<(String, Access)>) -> Access {
    let ambiguous = several::ambiguous(parts.iter().map(|(_, access)| access));
    several::together(parts, &ambiguous)
}

/// The template that a file is, as it is written there.
pub fn written_template(root: &Root) -> anyhow::Result<Json> {
    let name = &root.name;
    let json = read::template(&root.bytes)
        .map_err(|error| anyhow!("{name} is not a template: {error}"))?;
    if !json.get("Resources").is_some_and(Json::is_object) {
        refuse_assembly(&json, root)?;
        refuse_other_output(&json, name)?;
        bail!("{name} is not a CloudFormation template: it has no `Resources`");
    }
    Ok(json)
}

/// Refuses the list of a cloud assembly, and says what to name instead.
fn refuse_assembly(json: &Json, root: &Root) -> anyhow::Result<()> {
    let templates = cdk::templates(json);
    let (Some(first), Some(path)) = (templates.first(), root.path.as_deref()) else {
        return Ok(());
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    let instead = match folder.display().to_string() {
        here if here.is_empty() => ".".to_owned(),
        folder => folder,
    };
    bail!(
        "{} lists the stacks of the AWS CDK: name its folder, {}, or a template, such as {}",
        root.name,
        word(&instead),
        word(&folder.join(first).display().to_string())
    )
}

/// Refuses what is about a stack and has no template, and says what to name instead.
fn refuse_other_output(json: &Json, name: &str) -> anyhow::Result<()> {
    let has = |key: &str| json.get(key).is_some();
    if has("Changes") && has("ChangeSetId") {
        bail!(
            "{name} lists the changes of a change set, without their values: name the output of \
                `aws cloudformation get-template --change-set-name …`"
        );
    }
    if has("StackResourceSummaries") || has("StackResources") {
        bail!(
            "{name} lists the resources of a stack, without their properties: name the output of \
                `aws cloudformation get-template`; `drift --stack-resources` reads this list"
        );
    }
    if Service::is(json) {
        bail!(
            "{name} is a service of the Serverless Framework, which makes the template: name the \
                template in `.serverless` that `serverless package` writes; `layershare uses` \
                reads this file"
        );
    }
    Ok(())
}

/// A file with functions, as it is written, and its places: a template, or a service of the
/// Serverless Framework.
pub fn written_functions(root: &Root) -> anyhow::Result<(Json, Places)> {
    let name = &root.name;
    let (json, places) = read::template_with_places(&root.bytes)
        .map_err(|error| anyhow!("{name} is not a template: {error}"))?;
    if !has_functions(&json) {
        refuse_assembly(&json, root)?;
        bail!(
            "{name} is neither a CloudFormation template, with `Resources`, nor a `serverless.yml` \
            for AWS"
        );
    }
    Ok((json, places))
}

/// A file below a folder, what is written there, and its places, if it may have functions.
pub fn functions_below(path: &Path) -> anyhow::Result<Option<(Root, Json, Places)>> {
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    let is_read = ["yaml", "yml", "json", "template"]
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known));
    if !is_read || Tree::Disk.is_packaged(path) {
        return Ok(None);
    }
    let root = disk::root(path)?;
    let has = |word: &str| memchr::memmem::find(&root.bytes, word.as_bytes()).is_some();
    let may_have = may_have_resources(&root.bytes) || has("service") && has("provider");
    if !may_have {
        return Ok(None);
    }
    match read::template_with_places(&root.bytes) {
        Ok((json, places)) if has_functions(&json) => Ok(Some((root, json, places))),
        Ok(_) | Err(ReadError::Shape(_)) => Ok(None),
        // What cannot be read may be one.
        Err(error @ ReadError::Syntax(_)) => bail!("{} is not a template: {error}", root.name),
    }
}

fn has_functions(json: &Json) -> bool {
    json.get("Resources").is_some_and(Json::is_object) || Service::is(json)
}

/// Refuses values for parameters that a template does not have, and values that its declarations do
/// not allow.
pub fn check_parameters(json: &Json, values: &Values, name: &str) -> anyhow::Result<()> {
    let known = check_values(json, values, name)?;
    refuse_unknown_parameters(values, &known, &[name.to_owned()])
}

/// Refuses values that a template's declarations do not allow; returns the names of those that it
/// has parameters for.
fn check_values(json: &Json, values: &Values, name: &str) -> anyhow::Result<BTreeSet<String>> {
    let mut known = BTreeSet::new();
    for (parameter, value) in &values.given {
        let Some(declared) = json.get("Parameters").and_then(|all| all.get(parameter)) else {
            continue;
        };
        let declared = crate::cloudformation::parameter::DeclaredParameter::new(declared);
        if declared.kind == crate::cloudformation::parameter::DeclaredKind::Text
            && !declared.allows(value)
        {
            bail!("{name} does not allow the value `{value}` for the parameter `{parameter}`");
        }
        known.insert(parameter.clone());
    }
    Ok(known)
}

/// Refuses values for parameters that nothing has.
fn refuse_unknown_parameters(
    values: &Values,
    known: &BTreeSet<String>,
    files: &[String],
) -> anyhow::Result<()> {
    let mut given = values.given.iter().map(|(parameter, _)| parameter);
    match given.find(|name| !name.starts_with("AWS::") && !known.contains(*name)) {
        None => Ok(()),
        Some(unknown) => match files {
            [only] => bail!("{only} has no parameter `{unknown}`"),
            _ => bail!("none of these has a parameter `{unknown}`"),
        },
    }
}

/// The kind of a file that is not a source.
pub enum Foreign {
    /// A template.
    Template(Json),
    /// The policies of layer versions.
    Policies(Grants),
    /// A policy of IAM or Organizations in a file of its own, as a template that contains it, and
    /// its kind.
    Policy(Json, SubjectKind),
}

/// The name of a policy in a file: that of the file, in a form that a claim can contain.
pub fn policy_name(path: Option<&Path>) -> String {
    let stem = path
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

fn hashed(name: &str, bytes: &[u8]) -> HashedFile {
    let digest = Sha256::digest(bytes);
    HashedFile {
        name: name.to_owned(),
        sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// The JSON documents in a file, one after the other.
pub fn documents(path: &Path) -> anyhow::Result<Vec<Json>> {
    let root = disk::root(path)?;
    read::json_documents(&root.bytes)
        .map_err(|error: ReadError| anyhow!("{} is not JSON: {error}", root.name))
}
