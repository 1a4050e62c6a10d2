//! `layershare uses`

use super::Outcome;
use super::ahead::is_source;
use super::archives::contents;
use super::args::{ReportFormat, TargetArguments, UsesArguments};
use super::declared::NamedTemplate;
use super::disk;
use super::input::{self, Reading};
use super::messages::Messages;
use super::tree::Tree;
use crate::cloudformation::place::Places;
use crate::cloudformation::{Template, Values, read};
use crate::diagnostic::has_errors;
use crate::report;
use crate::rules::load::Root;
use crate::source::{FileId, Sources};
use crate::template::limits::Limits;
use crate::uses::catalog::Catalog;
use crate::uses::deployer::Deployer;
use crate::uses::question::{User, Wanted, users};
use crate::uses::{DeployTarget, FunctionFile, Known, Uses, WrittenAs, cdk};
use anyhow::{anyhow, bail};
use serde_json::Value as Json;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Shows the layers of functions and the findings, or the functions that use a layer.
pub fn run(
    arguments: &UsesArguments,
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Outcome> {
    let mut sources = Sources::default();
    let read = functions(&arguments.files, &arguments.target, &mut sources, messages)?;
    let files: Vec<FunctionFile<'_>> = read.iter().map(|read| read.file(&sources)).collect();
    if let Some(layer) = &arguments.of {
        let wanted = Wanted {
            layer: layer.clone(),
            number: arguments.version.clone(),
        };
        return answer(&files, &wanted, arguments.format, &sources, messages);
    }
    let Some(catalog) = catalog(&arguments.catalog, limits, messages)? else {
        return Ok(Outcome::Findings);
    };
    let deployer = match &arguments.deployer {
        Some(name) => Some(deployer(name, &read, &catalog)?),
        None => None,
    };
    let sizes = RefCell::new(HashMap::new());
    let known = Known {
        catalog: &catalog,
        deployer: deployer.as_ref(),
        unzipped: &|path| {
            let mut sizes = sizes.borrow_mut();
            *sizes
                .entry(path.to_path_buf())
                .or_insert_with(|| unzipped(path))
        },
    };
    let mut uses = Uses::default();
    for file in &files {
        uses.add(file, &known);
    }
    messages.answer(&match arguments.format {
        ReportFormat::Text => report::uses_text(&uses, &sources),
        ReportFormat::Markdown => report::uses_markdown(&uses, &sources),
        ReportFormat::Json => format!("{:#}\n", report::uses_json(&uses, &sources)),
    })?;
    messages.diagnostics(&uses.diagnostics, &sources);
    messages.summary(&uses.diagnostics);
    Ok(if has_errors(&uses.diagnostics) {
        Outcome::Findings
    } else {
        Outcome::Fine
    })
}

/// The bytes of a local archive or folder when it is unzipped.
fn unzipped(path: &Path) -> Option<u64> {
    let contents = contents(path).ok()?;
    contents.broken.is_none().then(|| contents.unzipped())
}

/// Who deploys the functions, by name.
fn deployer(name: &str, read: &[ReadFile], catalog: &Catalog) -> anyhow::Result<Deployer> {
    let templates = read.iter().map(|read| &read.template);
    let templates = templates.chain(catalog.templates()).cloned();
    Deployer::new(name, templates).ok_or_else(|| {
        anyhow!("there is no role, user or policy `{name}` in the files or in the catalogue")
    })
}

fn answer(
    files: &[FunctionFile<'_>],
    wanted: &Wanted,
    format: ReportFormat,
    sources: &Sources,
    messages: &mut Messages,
) -> anyhow::Result<Outcome> {
    let found: Vec<User> = files.iter().flat_map(|file| users(file, wanted)).collect();
    messages.answer(&match format {
        ReportFormat::Text => report::users_text(&found, sources),
        ReportFormat::Markdown => report::users_markdown(&found, sources),
        ReportFormat::Json => format!("{:#}\n", report::users_json(&found, sources)),
    })?;
    Ok(if found.iter().any(|user| user.is_certain) {
        Outcome::Findings
    } else if found.is_empty() {
        Outcome::Fine
    } else {
        Outcome::Undecided
    })
}

/// A file with functions.
pub(super) struct ReadFile {
    written: WrittenAs,
    template: Template,
    id: FileId,
    places: Places,
    target: DeployTarget,
    folder: PathBuf,
}

impl ReadFile {
    /// The file, with its text.
    pub fn file<'f>(&'f self, sources: &'f Sources) -> FunctionFile<'f> {
        let text = sources.get(self.id).text();
        FunctionFile::new(
            &self.written,
            &self.template,
            self.id,
            text,
            &self.places,
            self.target.clone(),
        )
        .in_folder(self.folder.clone())
    }
}

/// The files with functions that some paths name. A folder stands for those below it.
pub(super) fn functions(
    paths: &[PathBuf],
    target: &TargetArguments,
    sources: &mut Sources,
    messages: &mut Messages,
) -> anyhow::Result<Vec<ReadFile>> {
    let target = DeployTarget {
        region: target.region.clone(),
        account: target.account.clone(),
        organization: target.organization.clone(),
    };
    let mut found = Vec::new();
    for path in paths {
        if disk::is_stdin(path) || !path.is_dir() {
            let root = disk::root(path)?;
            let (written, places) = input::written_functions(&root)?;
            found.push((root, written, places));
            continue;
        }
        let before = found.len();
        for path in Tree::Disk.files_below(path)? {
            found.extend(input::functions_below(&path)?);
        }
        if found.len() == before {
            bail!(
                "there is no template and no `serverless.yml` in {}",
                path.display()
            );
        }
    }
    let mut manifests = Manifests::default();
    let all = found.len();
    let mut read = Vec::with_capacity(all);
    for (index, (root, json, places)) in found.into_iter().enumerate() {
        messages.progress("reading", index, all);
        let text = read::text(&root.bytes).map_err(|error| anyhow!("{}: {error}", root.name))?;
        let id = sources.add(root.name.as_str(), text);
        let (written, json) = WrittenAs::new(json);
        let target = match &written {
            // The option `--region` of the framework replaces the region of the file.
            WrittenAs::Service(service) => or(&target, &service.target),
            WrittenAs::Plain | WrittenAs::Template(_) => or(&manifests.target(&root), &target),
        };
        let template = Template::new(json, &values(&target));
        read.push(ReadFile {
            written,
            template,
            id,
            places,
            target,
            folder: root.folder().to_path_buf(),
        });
    }
    Ok(read)
}

/// A target; another one fills in what it leaves open.
fn or(target: &DeployTarget, other: &DeployTarget) -> DeployTarget {
    let DeployTarget {
        region,
        account,
        organization,
    } = target.clone();
    DeployTarget {
        region: region.or_else(|| other.region.clone()),
        account: account.or_else(|| other.account.clone()),
        organization: organization.or_else(|| other.organization.clone()),
    }
}

/// The values that the deploy to a target gives to a template.
fn values(target: &DeployTarget) -> Values {
    let region = target.region.clone();
    let account = target.account.clone();
    let given: Vec<(String, String)> = [("AWS::Region", region), ("AWS::AccountId", account)]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect();
    Values::given(&given)
}

/// The manifests of the CDK's assemblies that are read, by their folders.
#[derive(Default)]
struct Manifests(BTreeMap<PathBuf, Option<Json>>);

impl Manifests {
    /// Where a template is deployed, as the manifest beside it says.
    fn target(&mut self, root: &Root) -> DeployTarget {
        let Some(path) = &root.path else {
            return DeployTarget::default();
        };
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        let manifest = self.0.entry(folder).or_insert_with_key(|folder| {
            let bytes = std::fs::read(folder.join(cdk::MANIFEST)).ok()?;
            read::json(&read::text(&bytes).ok()?).ok()
        });
        let name = path.file_name().and_then(OsStr::to_str);
        match (manifest, name) {
            (Some(manifest), Some(name)) => cdk::target(manifest, name),
            _ => DeployTarget::default(),
        }
    }
}

/// The layers in the files of a catalogue; `None` if a source has errors, which are then reported.
fn catalog(
    paths: &[PathBuf],
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Option<Catalog>> {
    // The layers are in another stack, which has its own values.
    let reading = Reading::new(&Tree::Disk, Values::default(), None, limits);
    let mut catalog = Catalog::default();
    let mut folders = Vec::new();
    for (index, path) in paths.iter().enumerate() {
        messages.progress("reading", index, paths.len());
        if path.is_dir() {
            add_printed_below(path, &mut catalog)?;
            folders.push(path.clone());
            continue;
        }
        let root = disk::root(path)?;
        let name = root.name.clone();
        let documents = if is_source(&root) {
            Vec::new()
        } else {
            read::json_documents(&root.bytes).unwrap_or_default()
        };
        let printed = add_printed(&name, &documents, &mut catalog)?;
        if printed == 0 {
            let Some(found) = reading.templates(vec![root], &[], messages)? else {
                return Ok(None);
            };
            add_templates(found, &mut catalog);
        } else if printed < documents.len() {
            return Err(anyhow!(
                "{name} contains something that is neither a list of versions nor a policy"
            ));
        }
    }
    let Some(found) = reading.templates(Vec::new(), &folders, messages)? else {
        return Ok(None);
    };
    add_templates(found, &mut catalog);
    Ok(Some(catalog))
}

/// Adds the sources and templates of a catalogue.
fn add_templates(found: Vec<NamedTemplate>, catalog: &mut Catalog) {
    for (name, declared) in found {
        catalog.add_template(name, declared.template, &declared.adopted);
    }
}

/// Adds what `aws lambda` printed into a file; gives how many documents these are.
fn add_printed(name: &str, documents: &[Json], catalog: &mut Catalog) -> anyhow::Result<usize> {
    let mut printed = 0;
    for document in documents {
        let is_printed = catalog
            .add_printed(document)
            .map_err(|error| anyhow!("{name}: {error}"))?;
        printed += usize::from(is_printed);
    }
    Ok(printed)
}

/// Adds what `aws lambda` printed into the files below a folder. Other files there may be anything.
fn add_printed_below(folder: &Path, catalog: &mut Catalog) -> anyhow::Result<()> {
    for path in Tree::Disk.files_below(folder)? {
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let root = disk::root(&path)?;
        let documents = read::json_documents(&root.bytes).unwrap_or_default();
        let is_about_layers = |document: &&Json| {
            document.get("LayerVersions").is_some()
                || document.get("LayerVersionArn").is_some()
                || document.get("Policy").is_some_and(Json::is_string)
        };
        let documents: Vec<Json> = documents.iter().filter(is_about_layers).cloned().collect();
        add_printed(&root.name, &documents, catalog)?;
    }
    Ok(())
}
