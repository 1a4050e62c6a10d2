//! `layershare build … -o FOLDER/`: a template for each stack.

use super::archives::check_local;
use super::args::BuildArguments;
use super::disk::{self, Disk};
use super::drafts::{self, Draft};
use super::messages::Messages;
use super::moving::Takeover;
use super::output::{compare, not_ours, source_folder, source_name, stem_of};
use super::plan::{FolderPlan, Left};
use super::stage::Stage;
use super::{Outcome, next};
use crate::diagnostic::{Code, Diagnostic, has_errors};
use crate::english::{count, quote};
use crate::pipeline::{Compiled, compile_for_stacks, in_order};
use crate::report::word;
use crate::rules::load::Root;
use crate::source::{Sources, Span};
use crate::template::limits::{Limits, no_resource};
use crate::template::lower::{Placement, Shape};
use crate::template::published::moved;
use crate::template::stacks::{
    Fingerprints, MANIFEST, SourceStacks, StackEntry, StackScope, stack_name,
};
use anyhow::bail;
use std::collections::HashSet;
use std::mem::ManuallyDrop;
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
        mut diagnostics,
        start,
        ..
    } = compile_for_stacks(root, &placement, limits, &Disk, &mut sources);
    let is_understood = !has_errors(&diagnostics);
    diagnostics.extend(check_local(&rules, &top, &mut sources)?);
    // The program ends soon. Freeing all rules piece by piece takes as long as many templates.
    let rules = ManuallyDrop::new(rules);
    let plan = if is_understood {
        let stacks = SourceStacks::new(&rules, &placement, limits, start, &mut diagnostics);
        Some(FolderPlan::new(arguments, folder, &top, &base, stacks)?)
    } else {
        None
    };
    let work = plan.as_ref();
    let work = work.map(|plan| Work::begin(plan, &mut diagnostics));
    let work = work.transpose()?;
    in_order(&mut diagnostics);
    messages.diagnostics(&diagnostics, &sources);
    messages.summary(&diagnostics);
    match work {
        Some(work) if !has_errors(&diagnostics) => work.finish(messages),
        _ => Ok(Outcome::Findings),
    }
}

/// A folder that is being built.
struct Work<'a> {
    plan: &'a FolderPlan<'a>,
    entries: Vec<StackEntry>,
    /// The names of the stacks.
    names: HashSet<String>,
    /// A name that two stacks would have.
    repeated: Option<String>,
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
    /// Makes every template, and keeps those that differ from the existing ones.
    fn begin(plan: &'a FolderPlan<'a>, diagnostics: &mut Vec<Diagnostic>) -> anyhow::Result<Self> {
        let start = plan.stacks.span;
        if plan.takeover != Takeover::No {
            for (template, earlier) in &plan.record.single {
                moved::check(earlier, template, &plan.moving, start, diagnostics);
            }
        }
        let mut work = Self {
            plan,
            entries: Vec::new(),
            names: HashSet::new(),
            repeated: None,
            changed: Vec::new(),
            foreign: None,
            output: if plan.arguments.check {
                FolderOutput::Compared(Vec::new())
            } else {
                FolderOutput::Disk(None)
            },
        };
        let mut ids = Fingerprints::default();
        let mut resources = 0;
        drafts::each(plan, |mut draft| {
            diagnostics.append(&mut draft.diagnostics);
            ids.append(std::mem::take(&mut draft.ids));
            resources += draft.resources;
            work.keep(draft)
        })?;
        if resources == 0 {
            diagnostics.push(no_resource(start));
        }
        plan.stacks.refuse_equal_ids(ids, diagnostics);
        for left in &plan.record.left {
            diagnostics.push(work.left(left, start));
            work.entries.push(left.entry.clone());
        }
        Ok(work)
    }

    /// Keeps a template that differs from the existing one.
    fn keep(&mut self, draft: Draft) -> anyhow::Result<()> {
        if draft.is_foreign {
            let path = || self.plan.folder.join(&draft.file);
            self.foreign.get_or_insert_with(path);
        }
        if let Some(written) = draft.changed {
            let in_list = draft.entry.is_some();
            self.changed.extend(in_list.then_some(self.entries.len()));
            self.add(&draft.file, written)?;
        }
        if let Some(entry) = draft.entry {
            if !self.names.insert(entry.name.clone()) {
                self.repeated.get_or_insert_with(|| entry.name.clone());
            }
            self.entries.push(entry);
        }
        Ok(())
    }

    fn add(&mut self, file: &str, written: Vec<u8>) -> anyhow::Result<()> {
        let folder = self.plan.folder;
        match &mut self.output {
            FolderOutput::Compared(files) => {
                files.push((folder.join(file), written));
                Ok(())
            }
            FolderOutput::Disk(stage) => match stage {
                Some(stage) => stage.add(file, &written),
                None => stage.insert(Stage::new(folder)?).add(file, &written),
            },
        }
    }

    /// The message about a template whose layer is no longer in the source.
    fn left(&self, left: &Left, start: Span) -> Diagnostic {
        let path = self.plan.folder.join(&left.entry.template);
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
        if let Some(name) = &self.repeated {
            bail!(
                "two stacks would have the name {}: give one of the layers a shorter name",
                quote(name)
            );
        }
        if let Some(path) = self
            .foreign
            .as_ref()
            .filter(|_| !self.plan.arguments.replace)
        {
            bail!(not_ours(path));
        }
        if let Some(why) = &self.plan.blocked {
            bail!("{why}");
        }
        let mut manifest = serde_json::to_vec_pretty(&self.entries)?;
        manifest.push(b'\n');
        if self.plan.record.manifest.as_deref() != Some(&manifest) {
            self.add(MANIFEST, manifest)?;
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
        let folder = self.plan.folder.display();
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
                self.plan.folder.join(MANIFEST).display()
            ));
        }
        self.say_end(messages);
    }

    fn say_deploy(&self, entry: &StackEntry, messages: &mut Messages) {
        let template = self.plan.folder.join(&entry.template);
        for line in next::deploy(entry, &template) {
            messages.say(&line);
        }
    }

    /// How to compare the ARNs of a move with the stack that published the versions.
    fn say_compare(&self, messages: &mut Messages) {
        if self.plan.takeover == Takeover::No || self.plan.record.single.is_empty() {
            return;
        }
        messages.say("first, see that each ARN has the number of its version, in every region:");
        let stack = stack_name(self.plan.base, None);
        for line in next::compare(&stack, &self.plan.regions, self.plan.folder) {
            messages.say(&line);
        }
    }

    /// The stack that takes over from a single template, if one does.
    fn last(&self) -> Option<&StackEntry> {
        let stem = self.plan.takeover.stem()?;
        let mut entries = self.entries.iter();
        entries.find(|entry| stem_of(Path::new(&entry.template)) == stem)
    }

    /// How the move from a single template ends.
    fn say_end(&self, messages: &mut Messages) {
        let single = self.plan.record.single.iter();
        let shown: Vec<String> = single.map(|(name, _)| word(name)).collect();
        if self.plan.takeover == Takeover::No || shown.is_empty() {
            return;
        }
        messages.say(
            "last, after every other stack is deployed in every region: the grants of the single \
            template go",
        );
        match self.last() {
            Some(entry) => self.say_deploy(entry, messages),
            None => {
                let name = stack_name(self.plan.base, None);
                messages.say(&format!("  {}", next::delete(&name, &self.plan.regions)));
            }
        }
        messages.say(&format!("  rm {}", shown.join(" ")));
    }
}

/// How many stacks the commands are shown of.
const SHOWN: usize = 5;
