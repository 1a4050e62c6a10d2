//! The functions of templates and the layers that they use: findings before a deploy, and who uses
//! a layer.
//!
//! A finding is an error if Lambda refuses the function, and a warning if Lambda accepts it and it
//! probably fails later. Values that only a deploy knows are neither: they are listed as unknown,
//! once.

pub mod catalog;
pub mod cdk;
mod check;
pub mod deployer;
mod function;
pub mod local;
pub mod loss;
mod product;
pub mod question;
mod reference;
pub mod serverless;
mod sizes;
pub mod unknown;

use crate::aws::arn::{Fields, LAYER_VERSION_FIELDS};
use crate::cloudformation::Template;
use crate::cloudformation::expand::is_expanded;
use crate::cloudformation::handed::Receivers;
use crate::cloudformation::place::{Places, Step};
use crate::cloudformation::unread::{Extent, unread};
use crate::diagnostic::{Code, Diagnostic};
use crate::english::{count, list, quote};
use crate::source::{FileId, Span};
use catalog::Catalog;
use deployer::Deployer;
use function::{Function, LayerEntry};
use indexmap::IndexMap;
use local::Unzipped;
use serde_json::Value as Json;
use serverless::Service;
use std::collections::BTreeSet;
use std::path::PathBuf;
use unknown::{UnknownFact, WhenUsed};

/// Where functions are deployed, if known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeployTarget {
    /// The region.
    pub region: Option<String>,
    /// The account.
    pub account: Option<String>,
    /// The organization that the account is in.
    pub organization: Option<String>,
}

/// How the functions of a file are written.
#[derive(Debug)]
pub enum WrittenAs {
    /// As a template that CloudFormation deploys as it is.
    Plain,
    /// As a template, before CloudFormation expands it.
    Template(Json),
    /// As a service of the Serverless Framework.
    Service(Box<Service>),
}

impl WrittenAs {
    /// How a file is written, and the template that it is or stands for.
    #[must_use]
    pub fn new(json: Json) -> (Self, Json) {
        match Service::new(&json) {
            Some(mut service) => {
                let template = std::mem::take(&mut service.template);
                (Self::Service(Box::new(service)), template)
            }
            None if is_expanded(&json) => (Self::Template(json.clone()), json),
            None => (Self::Plain, json),
        }
    }
}

/// A file with functions.
#[derive(Debug)]
pub struct FunctionFile<'f> {
    /// The file as it is written.
    pub written: &'f WrittenAs,
    /// The template that it is or stands for.
    pub template: &'f Template,
    /// The file that it is in.
    pub id: FileId,
    /// The text of that file.
    pub text: &'f str,
    /// Where its functions are deployed.
    pub target: DeployTarget,
    /// The folder of the file, from which the paths in it start.
    pub folder: PathBuf,
    places: &'f Places,
}

impl<'f> FunctionFile<'f> {
    /// What is in a file.
    #[must_use]
    pub fn new(
        written: &'f WrittenAs,
        template: &'f Template,
        id: FileId,
        text: &'f str,
        places: &'f Places,
        target: DeployTarget,
    ) -> Self {
        Self {
            written,
            template,
            id,
            text,
            target,
            folder: PathBuf::new(),
            places,
        }
    }

    /// The same file, which is in this folder.
    #[must_use]
    pub fn in_folder(mut self, folder: PathBuf) -> Self {
        self.folder = folder;
        self
    }

    /// The functions in it.
    fn functions(&self) -> impl Iterator<Item = Function<'f>> {
        let (written, template) = (self.written, self.template);
        template.resources().filter_map(|resource| match written {
            WrittenAs::Plain => Function::new(resource, template.json()),
            WrittenAs::Template(written) => Function::new(resource, written),
            WrittenAs::Service(service) => Function::of_service(resource, service),
        })
    }

    /// The place of a value; the start of the file if it cannot be found.
    fn span(&self, path: &[Step<'_>]) -> Span {
        let found = self.places.find(self.text, path);
        Span {
            file: self.id,
            start: found.start as u32,
            end: found.end as u32,
        }
    }

    /// The place of a layer in the list of a function.
    fn layer(&self, function: &Function<'_>, entry: LayerEntry) -> Span {
        let mut path = function.list(entry.is_global);
        path.extend(entry.item.map(Step::Item));
        self.span(&path)
    }
}

/// A function and its layers.
#[derive(Debug)]
pub struct Row {
    /// Its name in the file: its logical ID in a template.
    pub function: String,
    /// The place of its name.
    pub span: Span,
    /// Its layers, in their order.
    pub layers: Vec<UsedLayerRow>,
}

/// A layer of a function.
#[derive(Debug, PartialEq, Eq)]
pub struct UsedLayerRow {
    /// The ARN of the version as far as it is known, or the logical ID of the layer in the same
    /// template.
    pub version: String,
    /// The cases in which the function has it; `None` for all.
    pub when: Option<WhenUsed>,
    /// The product of AWS that it is, if it is one.
    pub product: Option<&'static str>,
}

/// What is known beyond the files with functions.
pub struct Known<'k> {
    /// About layers.
    pub catalog: &'k Catalog,
    /// Who deploys the functions.
    pub deployer: Option<&'k Deployer>,
    /// The sizes of archives.
    pub unzipped: &'k Unzipped<'k>,
}

/// The functions of some templates, and the findings about them.
#[derive(Debug, Default)]
pub struct Uses {
    /// The functions that have layers.
    pub rows: Vec<Row>,
    /// The findings, in the order of the files.
    pub diagnostics: Vec<Diagnostic>,
    /// The unknown facts, each once, with their functions.
    pub unknown: IndexMap<UnknownFact, Vec<String>>,
    /// The layers of one file whose region is written out, if the region of the stack is open.
    fixed: BTreeSet<(Span, String)>,
    /// The layers of one file that are the newest value of an SSM parameter.
    dynamic: BTreeSet<Span>,
}

impl Uses {
    /// Adds the functions of a file.
    pub fn add(&mut self, file: &FunctionFile<'_>, known: &Known<'_>) {
        let start = self.diagnostics.len();
        let mut about = Vec::new();
        for function in file.functions() {
            check::Check {
                file,
                known,
                function: &function,
            }
            .run(self);
            about.resize(self.diagnostics.len() - start, function.name);
        }
        let found = self.diagnostics.split_off(start);
        self.diagnostics.extend(each_once(found, about));
        self.diagnostics
            .extend(fixed_regions(&std::mem::take(&mut self.fixed)));
        self.diagnostics
            .extend(dynamic_layers(&std::mem::take(&mut self.dynamic)));
        self.diagnostics.extend(wrong_names(file));
        let added = self.diagnostics.get_mut(start..).unwrap_or_default();
        added.sort_by_key(|diagnostic| diagnostic.primary.span);
        for part in unread(&Receivers::new(file.template)) {
            if part.extent != Extent::Template {
                continue;
            }
            for diagnostic in added.iter_mut() {
                diagnostic.notes.push(format!(
                    "this describes the template before {} changes it",
                    part.kind
                ));
            }
            let about = self.unknown.entry(UnknownFact::ChangesOf(part.kind));
            about.or_default().push(part.place);
        }
    }

    /// Adds something that is unknown about a function.
    fn add_unknown(&mut self, fact: UnknownFact, function: &str) {
        let about = self.unknown.entry(fact).or_default();
        if !about.iter().any(|known| known == function) {
            about.push(function.to_owned());
        }
    }
}

/// The most functions that a message names.
const NAMED: usize = 5;

/// The findings about functions, in the order of the file. If several functions have a layer by a
/// loop or by `Globals`, each finding about that layer is given once.
fn each_once(found: Vec<Diagnostic>, about: Vec<&str>) -> Vec<Diagnostic> {
    let mut found: Vec<(Diagnostic, &str)> = found.into_iter().zip(about).collect();
    found.sort_by_key(|(diagnostic, _)| diagnostic.primary.span);
    let mut kept: Vec<(Diagnostic, Vec<&str>)> = Vec::new();
    for (diagnostic, function) in found {
        let here = kept
            .iter_mut()
            .rev()
            .take_while(|(known, _)| known.primary.span == diagnostic.primary.span);
        let same = here.into_iter().find(|(known, functions)| {
            let first = functions.first().copied().unwrap_or_default();
            *known == of_other(&diagnostic, function, first)
        });
        match same {
            Some((_, functions)) => functions.push(function),
            None => kept.push((diagnostic, vec![function])),
        }
    }
    let with_others = |(diagnostic, functions): (Diagnostic, Vec<&str>)| {
        let mut others: Vec<String> = functions.iter().skip(1).map(|name| quote(name)).collect();
        if others.is_empty() {
            return diagnostic;
        }
        if others.len() > NAMED {
            let more = count(others.len() - NAMED + 1, "other function");
            others.truncate(NAMED - 1);
            others.push(more);
        }
        diagnostic.note(format!("the same applies to {}", list(&others, "and")))
    };
    kept.into_iter().map(with_others).collect()
}

/// A finding about a function as it would be about another one.
fn of_other(diagnostic: &Diagnostic, function: &str, other: &str) -> Diagnostic {
    let mut diagnostic = diagnostic.clone();
    let (function, other) = (format!("`{function}`"), format!("`{other}`"));
    diagnostic.message = diagnostic.message.replace(&function, &other);
    diagnostic
}

/// AWS's error for a layer in another region.
const DENIED: &str = "AWS refuses this with `no resource-based policy allows the \
                      lambda:GetLayerVersion action`, although no permission is missing";

/// The note, once for each file, about written-out regions of layers.
fn fixed_regions(fixed: &BTreeSet<(Span, String)>) -> Option<Diagnostic> {
    let (first, region) = fixed.first()?;
    let diagnostic = Diagnostic::remark(
        Code::LayerRegion,
        *first,
        "this template can be deployed to one region only",
    )
    .label(format!("this layer is in {region}"))
    .note(format!("in another region, {DENIED}"))
    .help("pass the region of the stack with `--region`, to check that its layers are there");
    let others: BTreeSet<&str> = fixed
        .iter()
        .skip(1)
        .map(|(_, other)| other.as_str())
        .collect();
    let others: Vec<&str> = others.into_iter().collect();
    Some(match fixed.len() - 1 {
        0 => diagnostic,
        1 => diagnostic.note(format!("another layer is in {}", list(&others, "and"))),
        more => diagnostic.note(format!(
            "{more} other layers are in {}",
            list(&others, "and")
        )),
    })
}

/// The note, once for each file, about layers that are the newest value of an SSM parameter. An
/// update with the same template does not read it again (CloudFormation's public roadmap, issue
/// 844).
fn dynamic_layers(found: &BTreeSet<Span>) -> Option<Diagnostic> {
    let first = found.first()?;
    let diagnostic = Diagnostic::remark(
        Code::DynamicLayer,
        *first,
        "a new value of this SSM parameter does not update the function",
    )
    .label("read again only when the template changes")
    .help(
        "use a parameter of the template with the type `AWS::SSM::Parameter::Value<String>`, \
         which every update reads, or name the value that is meant: `{{resolve:ssm:NAME:3}}`",
    );
    Some(match found.len() - 1 {
        0 => diagnostic,
        more => diagnostic.note(format!(
            "the same applies to {}",
            count(more, "other layer")
        )),
    })
}

/// The layers that a template publishes under the ARN of a version.
fn wrong_names(file: &FunctionFile<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for resource in file.template.resources() {
        let properties = resource.json.get("Properties");
        let name = properties.and_then(|all| all.get("LayerName")?.as_str());
        let is_wrong = |name: &&str| {
            name.starts_with("arn:") && Fields::of(*name).count() == LAYER_VERSION_FIELDS
        };
        if resource.kind != "AWS::Lambda::LayerVersion" || !name.as_ref().is_some_and(is_wrong) {
            continue;
        }
        let path = ["Resources", resource.id, "Properties", "LayerName"].map(Step::Key);
        let message = format!(
            "the name of `{}` is the ARN of a layer version",
            resource.id
        );
        found.push(
            Diagnostic::error(Code::NotALayerName, file.span(&path), message)
                .label("Lambda gives the version its number")
                .help(
                    "write the name of the layer only; to use a version that exists, write its \
                     ARN in `Layers` of a function",
                ),
        );
    }
    found
}
