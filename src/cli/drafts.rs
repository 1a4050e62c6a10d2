//! The templates of a folder, made and compared before their turn.

use super::disk;
use super::next;
use super::output::record;
use super::plan::FolderPlan;
use crate::diagnostic::{Code, Diagnostic, has_errors};
use crate::english::quote;
use crate::source::Span;
use crate::template::limits::template_size;
use crate::template::published;
use crate::template::stacks::{Fingerprints, Stack, StackEntry, StackMaker, stack_name};
use std::num::NonZero;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{self, Scope};

/// How many templates a thread is ahead of their turn, so that few are in memory together.
const AHEAD: usize = 8;

/// A template, held against what is in the folder.
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
    /// Its text, if that differs from what is in the folder.
    pub changed: Option<Vec<u8>>,
    /// Whether the template that it would replace is not ours.
    pub is_foreign: bool,
}

/// Calls `each` for every template of a folder in its order. The templates are made by a thread for
/// each processor, which takes more time than everything that is done with them.
pub fn each(
    plan: &FolderPlan<'_>,
    mut each: impl FnMut(Draft) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let all = plan.stacks.count();
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = threads.min(all);
    thread::scope(|scope| {
        // Beside one processor's own work, a thread would only take turns with it.
        let ahead = (0..threads).filter(|_| threads > 1);
        let ahead: Vec<_> = ahead
            .map(|first| self::ahead(plan, scope, first, threads))
            .collect();
        let mut own = None;
        for index in 0..all {
            let draft = ahead.get(index % threads).map(Receiver::recv);
            // Where a system gives no thread, a template is made in its turn, too.
            let draft = match draft {
                Some(Ok(draft)) => draft,
                Some(Err(_)) | None => own.get_or_insert_with(|| Drafter::new(plan)).draft(index),
            };
            if let Some(draft) = draft? {
                each(draft)?;
            }
        }
        Ok(())
    })
}

/// Starts a thread that makes every so many-th template.
fn ahead<'scope>(
    plan: &'scope FolderPlan<'_>,
    scope: &'scope Scope<'scope, '_>,
    first: usize,
    step: usize,
) -> Receiver<anyhow::Result<Option<Draft>>> {
    let (to, from) = sync_channel(AHEAD);
    let make = move || {
        let mut drafter = Drafter::new(plan);
        for index in (first..plan.stacks.count()).step_by(step) {
            // Whoever stops listening needs no more.
            if to.send(drafter.draft(index)).is_err() {
                return;
            }
        }
    };
    let _ = thread::Builder::new().spawn_scoped(scope, make);
    from
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
    /// Writes a template to `written`, and takes it from there if it differs from what is in the
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
            changed: is_changed.then(|| std::mem::take(written)),
            is_foreign,
        })
    }
    /// Holds a template that changes against the existing one, and against those that may have
    /// published its versions already. Whether the existing one is not ours.
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
