//! `layershare build … -o FOLDER/`: a template for each stack.

use super::archives::check_local;
use super::args::{BuildArguments, FormatArgument};
use super::disk::{self, Disk};
use super::drafts::{Draft, DraftChange, Drafts};
use super::messages::Messages;
use super::moving::{Takeover, single_templates, templates};
use super::output::{
    compare, not_ours, published_in, record, refuse_unknown_labels, regions, source_folder,
    source_name, stem_of,
};
use super::stage::Stage;
use super::{Outcome, next};
use crate::diagnostic::{Code, Diagnostic, has_errors};
use crate::english::{count, quote};
use crate::pipeline::{Compiled, compile};
use crate::report::word;
use crate::rules::load::Root;
use crate::source::{Sources, Span};
use crate::template::Format;
use crate::template::limits::{Limits, no_resource, template_size};
use crate::template::lower::{Lowered, Placement, Shape};
use crate::template::mark::source_of;
use crate::template::published::{self, Earlier, moved};
use crate::template::stacks::{
    GUARDRAILS, MANIFEST, RESTRICTIONS, ROLL_OUT, Stack, StackEntry, StackScope, split, stack_name,
};
use anyhow::{Context, bail};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Compiles a source and writes or compares the templates of its stacks.
pub fn build(
    arguments: &BuildArguments,
    root: Root,
    folder: &Path,
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Outcome> {
    let placement = Placement {
        source_name: source_name(&root),
        source_folder: source_folder(&root, folder)?,
        shape: Shape::Folder,
        format: arguments.format.into(),
    };
    let base = stem_of(root.path.as_deref().unwrap_or(folder));
    let mut sources = Sources::default();
    let top = root.folder().to_path_buf();
    let Compiled {
        rules,
        lowered,
        mut diagnostics,
        start,
    } = compile(root, &placement, limits, &Disk, &mut sources);
    diagnostics.extend(check_local(&rules, &top, &mut sources)?);
    let regions = regions(&rules);
    // The stacks take their place in memory.
    drop(rules);
    let mut work = None;
    if let Some(lowered) = lowered {
        if lowered.template.resources.is_empty() {
            diagnostics.push(no_resource(start));
        }
        work = Some(Work::begin(
            arguments,
            folder,
            &top,
            &base,
            regions,
            lowered,
            &mut diagnostics,
        )?);
    }
    if let Some(work) = &mut work {
        work.stacks(limits, start, &mut diagnostics)?;
    }
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.span);
    messages.diagnostics(&diagnostics, &sources);
    messages.summary(&diagnostics);
    match work {
        Some(work) if !has_errors(&diagnostics) => work.finish(messages),
        _ => Ok(Outcome::Findings),
    }
}

/// A folder that is being built.
struct Work<'a> {
    arguments: &'a BuildArguments,
    folder: &'a Path,
    base: &'a str,
    regions: Vec<String>,
    format: Format,
    extension: &'static str,
    stacks: Vec<Stack>,
    record: Record,
    takeover: Takeover,
    /// Why the source cannot move from its single template as it is.
    blocked: Option<String>,
    entries: Vec<StackEntry>,
    /// The indexes of the entries whose templates change.
    changed: Vec<usize>,
    /// A template that this program did not write.
    foreign: Option<PathBuf>,
    output: FolderOutput,
}

/// The destination of the files.
enum FolderOutput {
    /// To the disk, together; nothing yet if there is no stage.
    Disk(Option<Stage>),
    /// Nowhere: they are compared with the existing ones.
    Compared(Vec<(PathBuf, Vec<u8>)>),
}

impl<'a> Work<'a> {
    fn begin(
        arguments: &'a BuildArguments,
        folder: &'a Path,
        sources: &Path,
        base: &'a str,
        regions: Vec<String>,
        lowered: Lowered,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> anyhow::Result<Self> {
        let source = lowered.template.source.clone();
        let stacks = split(lowered, diagnostics);
        let extension = extension(arguments.format);
        let mut record = Record::read(folder, &source, &stacks, extension)?;
        record.single = single_templates(folder, sources, &source, base)?;
        let (takeover, blocked) = match Takeover::of(&record.single, &stacks) {
            Ok(takeover) => (takeover, None),
            Err(why) => (Takeover::No, Some(why)),
        };
        refuse_unknown_labels(
            &arguments.republish,
            stacks.iter().flat_map(|stack| &stack.lowered.listed),
        )?;
        Ok(Self {
            arguments,
            folder,
            base,
            regions,
            format: arguments.format.into(),
            extension,
            stacks,
            record,
            takeover,
            blocked,
            entries: Vec::new(),
            changed: Vec::new(),
            foreign: None,
            output: if arguments.check {
                FolderOutput::Compared(Vec::new())
            } else {
                FolderOutput::Disk(None)
            },
        })
    }

    /// Compares every template with the existing one, and keeps those that differ.
    fn stacks(
        &mut self,
        limits: Limits,
        start: Span,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> anyhow::Result<()> {
        let mut names = HashSet::new();
        if self.takeover != Takeover::No {
            for (template, earlier) in &self.record.single {
                moved::check(earlier, template, &self.stacks, start, diagnostics);
            }
        }
        let stacks = std::mem::take(&mut self.stacks);
        let drafts = Drafts {
            stacks: &stacks,
            folder: self.folder,
            format: self.format,
            extension: self.extension,
        };
        drafts.each(|stack, draft| {
            let Draft { bytes, change } = draft;
            let of_size = template_size(bytes, Some(&stack.stem), limits, stack.span);
            diagnostics.extend(of_size);
            let file = drafts.file(stack);
            let is_changed = change.is_some();
            if let Some(change) = change {
                self.one(stack, &file, &change, start, diagnostics)?;
            }
            if stack.is_rolled_out {
                diagnostics.extend(self.deployed_before(&file, stack.span));
                return Ok(());
            }
            let name = self.record.name(&file);
            let part = (self.takeover.stem() != Some(&stack.stem)).then_some(stack.stem.as_str());
            let name = name.unwrap_or_else(|| stack_name(self.base, part));
            refuse_repeated(&name, &mut names)?;
            let entry = StackEntry::new(
                name,
                file,
                stack.scope,
                &self.regions,
                &stack.lowered.template,
                bytes,
            );
            if is_changed {
                self.changed.push(self.entries.len());
            }
            self.entries.push(entry);
            Ok(())
        })?;
        // The program ends soon. Freeing every template piece by piece takes longer than comparing
        // it.
        std::mem::forget(stacks);
        for left in &self.record.left {
            diagnostics.push(self.left(left, start));
            self.entries.push(left.entry.clone());
        }
        Ok(())
    }

    /// Keeps a template that differs from the existing one.
    fn one(
        &mut self,
        stack: &Stack,
        file: &str,
        change: &DraftChange,
        start: Span,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> anyhow::Result<()> {
        let path = self.folder.join(file);
        let meant = &self.arguments.republish;
        let record = match &change.earlier {
            Some(earlier) => record(earlier, &path)?,
            None => None,
        };
        if let Some(record) = record {
            published::check(&record, &stack.lowered, meant, start, diagnostics);
            if !record.is_marked {
                self.foreign.get_or_insert(path.clone());
            }
        }
        let whole = stack_name(self.base, None);
        let left = self.record.left.iter().map(|left| {
            let entry = &left.entry;
            (entry.template.as_str(), entry.name.as_str(), &left.earlier)
        });
        let single = self.record.single.iter();
        let single = single.map(|(name, earlier)| (name.as_str(), whole.as_str(), earlier));
        for (template, name, earlier) in left.chain(single) {
            let lowered = &stack.lowered;
            published::check_other(earlier, template, name, lowered, meant, diagnostics);
        }
        self.add(file, &change.written)
    }

    /// The warning about the stack of a template that a stack set deploys from now on.
    fn deployed_before(&self, file: &str, span: Span) -> Option<Diagnostic> {
        let mut entries = self.record.entries.iter();
        let entry = entries.find(|entry| entry.template == file)?;
        let message = format!("the stack {} stays as it is", quote(&entry.name));
        let delete = next::delete(&entry.name, &entry.regions);
        Some(
            Diagnostic::warning(Code::LeftTemplate, span, message)
                .label("from now on a stack set deploys this")
                .note(
                    "in an account that has both, the stack set fails on names that exist already",
                )
                .help(format!("to delete the stack: {delete}")),
        )
    }

    fn add(&mut self, file: &str, written: &[u8]) -> anyhow::Result<()> {
        match &mut self.output {
            FolderOutput::Compared(files) => {
                files.push((self.folder.join(file), written.to_vec()));
                Ok(())
            }
            FolderOutput::Disk(stage) => match stage {
                Some(stage) => stage.add(file, written),
                None => stage.insert(Stage::new(self.folder)?).add(file, written),
            },
        }
    }

    /// The message about a template whose layer is no longer in the source.
    fn left(&self, left: &Left, start: Span) -> Diagnostic {
        let path = self.folder.join(&left.entry.template);
        let what = match left.entry.scope {
            StackScope::Region => "the source no longer has its layer",
            StackScope::Account => "the source no longer has a role, policy or boundary",
            StackScope::Organization if left.entry.rolls_out.is_some() => {
                "the source no longer has a `roll out`"
            }
            StackScope::Organization => "the source no longer has a guardrail",
        };
        let shown = word(&path.display().to_string());
        Diagnostic::warning(
            Code::LeftTemplate,
            start,
            format!(
                "{} and its stack stay as they are",
                quote(&path.display().to_string())
            ),
        )
        .label(what)
        .note("everything in it stays in effect, grants too, until you delete the stack")
        .help(format!(
            "to delete the stack: {}",
            next::delete(&left.entry.name, &left.entry.regions)
        ))
        .help(format!("then remove the template: rm {shown}"))
    }

    /// Writes or compares the files that differ.
    fn finish(mut self, messages: &mut Messages) -> anyhow::Result<Outcome> {
        if let Some(path) = self.foreign.as_ref().filter(|_| !self.arguments.replace) {
            bail!(not_ours(path));
        }
        if let Some(why) = &self.blocked {
            bail!("{why}");
        }
        let mut manifest = serde_json::to_vec_pretty(&self.entries)?;
        manifest.push(b'\n');
        if self.record.manifest.as_deref() != Some(&manifest) {
            self.add(MANIFEST, &manifest)?;
        }
        match std::mem::replace(&mut self.output, FolderOutput::Disk(None)) {
            FolderOutput::Compared(files) => {
                let mut outcome = Outcome::Fine;
                for (path, written) in files {
                    let earlier = disk::existing(&path)?;
                    if compare(&written, &path, earlier.as_deref(), messages)? != Outcome::Fine {
                        outcome = Outcome::Findings;
                    }
                }
                Ok(outcome)
            }
            FolderOutput::Disk(stage) => {
                if let Some(stage) = stage {
                    stage.finish()?;
                }
                self.say(messages);
                Ok(Outcome::Fine)
            }
        }
    }

    fn say(&self, messages: &mut Messages) {
        let all = count(self.entries.len(), "template");
        let folder = self.folder.display();
        if self.changed.is_empty() {
            messages.say(&format!("{folder} is up to date: {all}"));
            return self.say_end(messages);
        }
        messages.say(&format!(
            "wrote {} of {all} in {folder}",
            self.changed.len()
        ));
        let last = self.last();
        let entries = self.changed.iter().map(|&changed| &self.entries[changed]);
        let entries = entries.filter(|entry| last.is_none_or(|last| last.name != entry.name));
        let entries: Vec<&StackEntry> = entries.collect();
        self.say_compare(messages);
        if !entries.is_empty() {
            messages.say("next:");
        }
        for entry in entries.iter().take(SHOWN) {
            self.say_deploy(entry, messages);
        }
        if entries.len() > SHOWN {
            messages.say(&format!(
                "  and {} more: {} has them all",
                entries.len() - SHOWN,
                self.folder.join(MANIFEST).display()
            ));
        }
        self.say_end(messages);
    }

    fn say_deploy(&self, entry: &StackEntry, messages: &mut Messages) {
        let template = self.folder.join(&entry.template);
        for line in next::deploy(entry, &template) {
            messages.say(&line);
        }
    }

    /// How to compare the ARNs of a move with the stack that published the versions.
    fn say_compare(&self, messages: &mut Messages) {
        if self.takeover == Takeover::No || self.record.single.is_empty() {
            return;
        }
        messages.say("first, see that each ARN has the number of its version, in every region:");
        let stack = stack_name(self.base, None);
        for line in next::compare(&stack, &self.regions, self.folder) {
            messages.say(&line);
        }
    }

    /// The stack that takes over from a single template, if one does.
    fn last(&self) -> Option<&StackEntry> {
        let stem = self.takeover.stem()?;
        let mut entries = self.entries.iter();
        entries.find(|entry| stem_of(Path::new(&entry.template)) == stem)
    }

    /// How the move from a single template ends.
    fn say_end(&self, messages: &mut Messages) {
        let single = self.record.single.iter();
        let shown: Vec<String> = single.map(|(name, _)| word(name)).collect();
        if self.takeover == Takeover::No || shown.is_empty() {
            return;
        }
        messages.say(
            "last, after every other stack is deployed in every region: the grants of the single \
            template go",
        );
        match self.last() {
            Some(entry) => self.say_deploy(entry, messages),
            None => {
                let name = stack_name(self.base, None);
                messages.say(&format!("  {}", next::delete(&name, &self.regions)));
            }
        }
        messages.say(&format!("  rm {}", shown.join(" ")));
    }
}

/// How many stacks the commands are shown of.
const SHOWN: usize = 5;

fn extension(format: FormatArgument) -> &'static str {
    match format {
        FormatArgument::Yaml => "yaml",
        FormatArgument::Json => "json",
    }
}

/// The content of the folder.
struct Record {
    /// The bytes of the list of stacks.
    manifest: Option<Vec<u8>>,
    /// The content of the list.
    entries: Vec<StackEntry>,
    /// The templates of layers that left the source.
    left: Vec<Left>,
    /// The templates outside of the folder that hold the whole source, with their names.
    single: Vec<(String, Earlier)>,
}

/// The template of something that left the source.
struct Left {
    entry: StackEntry,
    earlier: Earlier,
}

impl Record {
    fn read(
        folder: &Path,
        source: &str,
        stacks: &[Stack],
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
            .iter()
            .map(|stack| (format!("{}.{extension}", stack.stem), stack.scope))
            .collect();
        let mut of_others = None;
        let mut is_known = false;
        for file in templates(folder)? {
            let path = folder.join(&file);
            let Some(line) = disk::first_line(&path)? else {
                continue;
            };
            let other = source_of(&line).filter(|other| other != source);
            of_others = of_others.or(other.map(|other| (path.clone(), other)));
            if let Some(scope) = own.get(file.as_str()) {
                // A renamed source keeps its layers.
                is_known |= *scope == StackScope::Region;
                continue;
            }
            let earlier = disk::existing(&path)?.and_then(|bytes| published_in(&bytes));
            let Some(earlier) = earlier.filter(|earlier| earlier.is_marked) else {
                continue;
            };
            let stem = stem_of(&path);
            if stacks.iter().any(|stack| stack.stem == stem) {
                bail!(
                    "{} has another format: build with its `--format`, or remove it after the \
                        others are built",
                    path.display()
                );
            }
            record.push_left(file, &stem, source, earlier);
        }
        if let (Some((path, other)), false) = (of_others, is_known) {
            bail!(
                "{} was built from {other}, and a folder has one source: choose another folder; if \
                that is the old name of this source, remove the template first",
                path.display()
            );
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
    fn name(&self, template: &str) -> Option<String> {
        let mut entries = self.entries.iter();
        let entry = entries.find(|entry| entry.template == template)?;
        Some(entry.name.clone())
    }
}

fn refuse_repeated(name: &str, names: &mut HashSet<String>) -> anyhow::Result<()> {
    if names.insert(name.to_owned()) {
        return Ok(());
    }
    bail!(
        "two stacks would have the name {}: give one of the layers a shorter name",
        quote(name)
    )
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
