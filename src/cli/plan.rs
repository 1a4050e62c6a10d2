//! What is known about a folder before its templates are made.

use super::args::{BuildArguments, FormatArgument};
use super::disk;
use super::moving::{Takeover, single_templates, templates};
use super::output::{published_in, refuse_unknown_labels, regions, stem_of};
use super::stage::LazyStage;
use crate::template::mark::source_of;
use crate::template::published::Earlier;
use crate::template::stacks::{
    GUARDRAILS, MANIFEST, RESTRICTIONS, ROLL_OUT, SourceStacks, StackEntry, StackScope, stack_name,
};
use anyhow::{Context, bail};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// A folder that is about to be built.
pub struct FolderPlan<'a> {
    pub arguments: &'a BuildArguments,
    pub folder: &'a Path,
    pub base: &'a str,
    pub regions: Vec<String>,
    pub extension: &'static str,
    pub stacks: SourceStacks<'a>,
    pub record: Record,
    pub takeover: Takeover,
    /// Why the source cannot move from its single template as it is.
    pub blocked: Option<String>,
    /// The logical IDs of all templates, if the source moves.
    pub moving: BTreeSet<String>,
    pub output: FolderOutput,
}

/// The destination of the files.
pub enum FolderOutput {
    /// To the disk, together.
    Disk(LazyStage),
    /// Nowhere: they are compared with the existing ones.
    Compared,
}

impl<'a> FolderPlan<'a> {
    pub fn new(
        arguments: &'a BuildArguments,
        folder: &'a Path,
        sources: &Path,
        base: &'a str,
        stacks: SourceStacks<'a>,
    ) -> anyhow::Result<Self> {
        let source = &stacks.placement.source_name;
        let extension = extension(arguments.format);
        let mut record = Record::read(folder, source, &stacks, extension)?;
        record.single = single_templates(folder, sources, source, base)?;
        let mut moving = BTreeSet::new();
        if !record.single.is_empty() {
            stacks.each(|stack| {
                let resources = stack.lowered.template.resources.iter();
                moving.extend(resources.map(|resource| resource.id.clone()));
            });
        }
        let takeover = Takeover::of(&record.single, &moving, stacks.is_rolled_out());
        let (takeover, blocked) = match takeover {
            Ok(takeover) => (takeover, None),
            Err(why) => (Takeover::No, Some(why)),
        };
        refuse_unknown_labels(&arguments.republish, stacks.rules)?;
        Ok(Self {
            arguments,
            folder,
            base,
            regions: regions(stacks.rules),
            extension,
            stacks,
            record,
            takeover,
            blocked,
            moving,
            output: if arguments.check {
                FolderOutput::Compared
            } else {
                FolderOutput::Disk(LazyStage::new())
            },
        })
    }
}

fn extension(format: FormatArgument) -> &'static str {
    match format {
        FormatArgument::Yaml => "yaml",
        FormatArgument::Json => "json",
    }
}

/// The content of the folder.
pub struct Record {
    /// The bytes of the list of stacks.
    pub manifest: Option<Vec<u8>>,
    /// The content of the list.
    pub entries: Vec<StackEntry>,
    /// The templates of layers that left the source.
    pub left: Vec<Left>,
    /// The templates outside of the folder that hold the whole source, with their names.
    pub single: Vec<(String, Earlier)>,
}

/// The template of something that left the source.
pub struct Left {
    pub entry: StackEntry,
    pub earlier: Earlier,
}

impl Record {
    fn read(
        folder: &Path,
        source: &str,
        stacks: &SourceStacks<'_>,
        extension: &str,
    ) -> anyhow::Result<Self> {
        let list = folder.join(MANIFEST);
        let manifest = disk::existing(&list)?;
        let entries = match &manifest {
            Some(bytes) => entries(bytes, &list)?,
            None => Vec::new(),
        };
        let mut record = Self {
            manifest,
            entries,
            left: Vec::new(),
            single: Vec::new(),
        };
        let own: HashMap<String, StackScope> = stacks
            .names()
            .map(|(stem, scope)| (format!("{stem}.{extension}"), scope))
            .collect();
        let files = templates(folder)?;
        // A renamed source keeps its layers.
        let is_known = files
            .iter()
            .any(|file| own.get(file) == Some(&StackScope::Region) && folder.join(file).exists());
        if !is_known {
            refuse_other_source(folder, &files, source)?;
        }
        for file in files.into_iter().filter(|file| !own.contains_key(file)) {
            let path = folder.join(&file);
            let earlier = disk::existing(&path)?.and_then(|bytes| published_in(&bytes));
            let Some(earlier) = earlier.filter(|earlier| earlier.is_marked) else {
                continue;
            };
            let stem = stem_of(&path);
            if stacks.names().any(|(own, _)| own == stem) {
                bail!(
                    "{} has another format: build with its `--format`, or remove it after the \
                        others are built",
                    path.display()
                );
            }
            record.push_left(file, &stem, source, earlier);
        }
        Ok(record)
    }

    fn push_left(&mut self, file: String, stem: &str, source: &str, earlier: Earlier) {
        let known = self.entries.iter().find(|entry| entry.template == file);
        let entry = known.cloned().unwrap_or_else(|| StackEntry {
            name: stack_name(&stem_of(Path::new(source)), Some(stem)),
            template: file,
            scope: match stem {
                RESTRICTIONS => StackScope::Account,
                GUARDRAILS | ROLL_OUT => StackScope::Organization,
                _ => StackScope::Region,
            },
            regions: Vec::new(),
            capabilities: Vec::new(),
            parameters: Vec::new(),
            package: false,
            bucket: false,
            rolls_out: None,
        });
        self.left.push(Left { entry, earlier });
    }

    /// The name that the stack of a template has.
    pub fn name(&self, template: &str) -> Option<String> {
        let mut entries = self.entries.iter();
        let entry = entries.find(|entry| entry.template == template)?;
        Some(entry.name.clone())
    }
}

/// Refuses a folder that was built from another source.
fn refuse_other_source(folder: &Path, files: &[String], source: &str) -> anyhow::Result<()> {
    for file in files {
        let path = folder.join(file);
        let text = disk::existing(&path)?.unwrap_or_default();
        if let Some(other) = source_of(&text).filter(|other| other != source) {
            bail!(
                "{} was built from {other}, and a folder has one source: choose another folder; if \
                that is the old name of this source, remove the template first",
                path.display()
            );
        }
    }
    Ok(())
}

/// The stacks that a list has.
fn entries(bytes: &[u8], list: &Path) -> anyhow::Result<Vec<StackEntry>> {
    serde_json::from_slice(bytes).with_context(|| {
        format!(
            "{} is not a list of stacks that layershare wrote; remove it, or choose another folder",
            list.display()
        )
    })
}
