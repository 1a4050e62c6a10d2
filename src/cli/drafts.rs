//! The templates of a folder, made and compared with what is there.

use super::disk;
use super::next;
use super::output::record;
use super::plan::{FolderOutput, FolderPlan};
use super::stage::add;
use crate::diagnostic::{Code, Diagnostic, has_errors};
use crate::english::quote;
use crate::source::Span;
use crate::template::fingerprints::Fingerprints;
use crate::template::limits::template_size;
use crate::template::published;
use crate::template::stacks::{Stack, StackEntry, StackMaker, stack_name};
use std::num::NonZero;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A template, compared with what is in the folder.
pub struct Draft {
    /// The name of its file.
    pub file: String,
    /// Its stack in the list; `None` if a stack set deploys it.
    pub entry: Option<StackEntry>,
    /// The number of its resources.
    pub resources: usize,
    /// Its logical IDs.
    pub ids: Fingerprints,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether it differs from what is in the folder.
    pub is_changed: bool,
    /// Its text, if it is only compared and differs.
    pub compared: Option<Vec<u8>>,
    /// Whether the template that it would replace is not ours.
    pub is_foreign: bool,
}

/// Makes every template of a folder, on all processors. They come in the order of their stacks.
pub fn all(plan: &FolderPlan<'_>) -> anyhow::Result<Vec<Draft>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut drafter = Drafter::new(plan);
        let indexes = std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)));
        let indexes = indexes.take_while(|index| *index < plan.stacks.count());
        let made = indexes.map(|index| (index, drafter.draft(index)));
        made.collect::<Vec<_>>()
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let mut made = thread::scope(|scope| {
        let others = 1..threads.min(plan.stacks.count());
        // If the system gives no thread, the others do its work.
        let others = others.filter_map(|_| thread::Builder::new().spawn_scoped(scope, work).ok());
        let others: Vec<_> = others.collect();
        let mut made = work();
        for other in others {
            made.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        made
    });
    made.sort_by_key(|(index, _)| *index);
    let made = made.into_iter().map(|(_, draft)| draft.transpose());
    made.flatten().collect()
}

/// What makes the templates of a folder, with memory that all of them use.
struct Drafter<'a> {
    plan: &'a FolderPlan<'a>,
    maker: StackMaker<'a>,
    written: Vec<u8>,
    earlier: Vec<u8>,
}

impl<'a> Drafter<'a> {
    fn new(plan: &'a FolderPlan<'_>) -> Self {
        Self {
            plan,
            maker: plan.stacks.maker(),
            written: Vec::new(),
            earlier: Vec::new(),
        }
    }

    /// Makes the template that has this place among all.
    fn draft(&mut self, index: usize) -> anyhow::Result<Option<Draft>> {
        let Self {
            plan,
            maker,
            written,
            earlier,
        } = self;
        let mut found = Vec::new();
        let draft = maker.with(index, &mut found, |stack, found| {
            plan.draft(stack, written, earlier, found)
        });
        let draft = draft.transpose()?;
        Ok(draft.map(|draft| Draft {
            diagnostics: found,
            ..draft
        }))
    }
}

impl FolderPlan<'_> {
    /// Writes a template to `written`, and to where it goes if it differs from what is in the
    /// folder.
    fn draft(
        &self,
        stack: &Stack,
        written: &mut Vec<u8>,
        earlier: &mut Vec<u8>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> anyhow::Result<Draft> {
        let template = &stack.lowered.template;
        let file = format!("{}.{}", stack.stem, self.extension);
        let path = self.folder.join(&file);
        written.clear();
        template.write(self.stacks.placement.format, written);
        let bytes = written.len();
        let of_size = template_size(bytes, Some(&stack.stem), self.stacks.limits, stack.span);
        diagnostics.extend(of_size);
        let exists = disk::read_to(&path, earlier)?;
        let is_changed = !exists || written != earlier;
        let mut is_foreign = false;
        if is_changed && !has_errors(diagnostics) {
            is_foreign = self.check_published(stack, &path, earlier, diagnostics)?;
        }
        let mut compared = None;
        if is_changed {
            match &self.output {
                FolderOutput::Compared => compared = Some(written.clone()),
                FolderOutput::Disk(stage) => add(stage, self.folder, &file, written)?,
            }
        }
        let entry = if stack.is_rolled_out {
            diagnostics.extend(self.deployed_before(&file, stack.span));
            None
        } else {
            Some(self.entry(stack, &file, bytes))
        };
        Ok(Draft {
            file,
            entry,
            resources: template.resources.len(),
            ids: Fingerprints::of(template),
            diagnostics: Vec::new(),
            is_changed,
            compared,
            is_foreign,
        })
    }
    /// Compares a template that changes with the existing one, and with those that may have
    /// published its versions already. Returns whether this program did not write the existing one.
    fn check_published(
        &self,
        stack: &Stack,
        path: &Path,
        earlier: &[u8],
        diagnostics: &mut Vec<Diagnostic>,
    ) -> anyhow::Result<bool> {
        let (lowered, meant) = (&stack.lowered, &self.arguments.republish);
        let record = record(earlier, path)?;
        if let Some(record) = &record {
            published::check(record, lowered, meant, self.stacks.span, diagnostics);
        }
        let whole = stack_name(self.base, None);
        let left = self.record.left.iter().map(|left| {
            let entry = &left.entry;
            (entry.template.as_str(), entry.name.as_str(), &left.earlier)
        });
        let single = self.record.single.iter();
        let single = single.map(|(name, earlier)| (name.as_str(), whole.as_str(), earlier));
        for (template, name, earlier) in left.chain(single) {
            published::check_other(earlier, template, name, lowered, meant, diagnostics);
        }
        Ok(record.is_some_and(|record| !record.is_marked))
    }

    /// A stack of the list.
    fn entry(&self, stack: &Stack, file: &str, bytes: usize) -> StackEntry {
        let part = (self.takeover.stem() != Some(&stack.stem)).then_some(stack.stem.as_str());
        let name = self.record.name(file);
        StackEntry::new(
            name.unwrap_or_else(|| stack_name(self.base, part)),
            file.to_owned(),
            stack.scope,
            &self.regions,
            &stack.lowered.template,
            bytes,
        )
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
}
