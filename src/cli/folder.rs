//! `layershare build … -o FOLDER/`: a template for each stack.

use super::archives::check_local;
use super::args::BuildArguments;
use super::disk::{self, Disk};
use super::drafts::{self, Draft};
use super::messages::Messages;
use super::moving::Takeover;
use super::output::{compare, not_ours, source_folder, source_name, stem_of};
use super::plan::{FolderOutput, FolderPlan, Left};
use super::{Outcome, next, stage};
use crate::diagnostic::{Code, Diagnostic, has_errors};
use crate::english::{count, quote};
use crate::pipeline::{Compiled, compile_for_stacks, in_order};
use crate::report::word;
use crate::rules::load::Root;
use crate::source::{Sources, Span};
use crate::template::fingerprints::Fingerprints;
use crate::template::limits::{Limits, no_resource};
use crate::template::lower::{Placement, Shape};
use crate::template::published::moved;
use crate::template::stacks::{MANIFEST, SourceStacks, StackEntry, StackScope, stack_name};
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
    let work = plan.map(|plan| Work::begin(plan, &mut diagnostics));
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
    plan: FolderPlan<'a>,
    entries: Vec<StackEntry>,
    /// The indexes of the entries whose templates change.
    changed: Vec<usize>,
    /// The files that change, with their texts if they are only compared.
    files: Vec<(String, Vec<u8>)>,
    /// The names of the stacks.
    names: HashSet<String>,
    /// A name that two stacks would have.
    repeated: Option<String>,
    /// A template that this program did not write.
    foreign: Option<PathBuf>,
}

impl<'a> Work<'a> {
    /// Makes every template, and keeps those that differ from the existing ones.
    fn begin(plan: FolderPlan<'a>, diagnostics: &mut Vec<Diagnostic>) -> anyhow::Result<Self> {
        let start = plan.stacks.span;
        if plan.takeover != Takeover::No {
            for (template, earlier) in &plan.record.single {
                moved::check(earlier, template, &plan.moving, start, diagnostics);
            }
        }
        let drafts = drafts::all(&plan)?;
        if drafts.iter().all(|draft| draft.resources == 0) {
            diagnostics.push(no_resource(start));
        }
        let mut work = Self {
            plan,
            entries: Vec::new(),
            changed: Vec::new(),
            files: Vec::new(),
            names: HashSet::new(),
            repeated: None,
            foreign: None,
        };
        let mut ids = Fingerprints::default();
        for mut draft in drafts {
            diagnostics.append(&mut draft.diagnostics);
            ids.append(std::mem::take(&mut draft.ids));
            work.keep(draft);
        }
        work.plan.stacks.refuse_equal_ids(ids, diagnostics);
        for left in &work.plan.record.left {
            diagnostics.push(work.left(left, start));
            work.entries.push(left.entry.clone());
        }
        Ok(work)
    }

    /// Keeps a template, which may differ from the existing one.
    fn keep(&mut self, draft: Draft) {
        if draft.is_foreign {
            let path = || self.plan.folder.join(&draft.file);
            self.foreign.get_or_insert_with(path);
        }
        if draft.is_changed {
            let in_list = draft.entry.is_some();
            self.changed.extend(in_list.then_some(self.entries.len()));
            self.files
                .push((draft.file, draft.compared.unwrap_or_default()));
        }
        if let Some(entry) = draft.entry {
            if !self.names.insert(entry.name.clone()) {
                self.repeated.get_or_insert_with(|| entry.name.clone());
            }
            self.entries.push(entry);
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
        let is_changed = self.plan.record.manifest.as_deref() != Some(&manifest);
        match std::mem::replace(&mut self.plan.output, FolderOutput::Compared) {
            FolderOutput::Compared => {
                let manifest = is_changed.then(|| (MANIFEST.to_owned(), manifest));
                self.files.extend(manifest);
                self.compare(messages)
            }
            FolderOutput::Disk(stage) => {
                if is_changed {
                    stage::add(&stage, self.plan.folder, MANIFEST, &manifest)?;
                    self.files.push((MANIFEST.to_owned(), Vec::new()));
                }
                if let Some(stage) = stage.into_inner() {
                    let names = self.files.iter().map(|(name, _)| name.as_str());
                    stage?.finish(&names.collect::<Vec<_>>())?;
                }
                self.say(messages);
                Ok(Outcome::Fine)
            }
        }
    }

    /// Shows how the files differ.
    fn compare(&self, messages: &mut Messages) -> anyhow::Result<Outcome> {
        let mut outcome = Outcome::Fine;
        for (file, written) in &self.files {
            let path = self.plan.folder.join(file);
            let earlier = disk::existing(&path)?;
            if compare(written, &path, earlier.as_deref(), messages)? != Outcome::Fine {
                outcome = Outcome::Findings;
            }
        }
        Ok(outcome)
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
