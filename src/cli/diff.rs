//! `layershare diff`

use super::Outcome;
use super::args::{DiffArguments, ReportFormat, TargetArguments};
use super::input::{Reading, policy_name};
use super::messages::Messages;
use super::place::InputPlaces;
use super::tree::{Revision, Tree};
use super::uses::functions;
use crate::access::diff::Diff;
use crate::access::{Access, several};
use crate::report::{self, Losses};
use crate::source::Sources;
use crate::template::limits::Limits;
use crate::uses::loss::{self, SharingChange};
use anyhow::bail;
use std::cell::RefCell;
use std::path::PathBuf;

/// What one side gives, with the names of its stacks; `None` if a source has errors.
type Side = Option<(Vec<(String, Access)>, InputPlaces)>;

/// Shows the changes from one side to the other.
pub fn run(
    arguments: &DiffArguments,
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Outcome> {
    let (Some((old, _)), Some((new, places))) = sides(arguments, limits, messages)? else {
        return Ok(Outcome::Findings);
    };
    let (mut old, mut new) = together(old, new);
    lend_names(&mut old, &new);
    lend_names(&mut new, &old);
    let diff = Diff::between(&old, &new);
    let losses = losses(arguments, &old, &new, &diff, messages)?;
    let text = match arguments.format {
        ReportFormat::Text => {
            let losses = losses.map(|losses| report::losses_text(&losses, &old));
            report::diff_text(&diff, &old, &new) + &losses.unwrap_or_default()
        }
        ReportFormat::Markdown => {
            let losses = losses.map(|losses| report::losses_markdown(&losses, &old));
            report::diff_markdown(&diff, &old, &new) + &losses.unwrap_or_default()
        }
        ReportFormat::Json => {
            let mut json = report::diff_json(&diff, &old, &new);
            if let Some(losses) = losses {
                json["functions"] = report::losses_json(&losses, &old);
            }
            format!("{json:#}\n")
        }
    };
    messages.answer(&text)?;
    let fails = arguments.fail_on.is_some() && diff.is_broader();
    if fails {
        let found = report::broader(&diff, &new, &places);
        messages.reported(&found, &places.sources);
    }
    Ok(if fails {
        Outcome::Findings
    } else {
        Outcome::Fine
    })
}

/// The old and the new side.
fn sides(
    arguments: &DiffArguments,
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<(Side, Side)> {
    let mut side = |tree: &Tree, paths: &[PathBuf]| -> anyhow::Result<Side> {
        let mut reading = Reading::new(
            tree,
            arguments.values.values(),
            arguments.meant_as.map(Into::into),
            limits,
        );
        if let (None, [_, new]) = (&arguments.base, arguments.paths.as_slice()) {
            reading.policy_name = Some(policy_name(Some(new)));
        }
        reading.places = arguments.fail_on.map(|_| RefCell::default());
        let access = reading.access(paths, messages)?;
        Ok(access.map(|access| (access, reading.placed())))
    };
    match (&arguments.base, arguments.paths.as_slice()) {
        (None, [old, new]) => Ok((
            side(&Tree::Disk, std::slice::from_ref(old))?,
            side(&Tree::Disk, std::slice::from_ref(new))?,
        )),
        (None, _) => bail!("`diff` needs two sides, OLD and NEW, or a revision with `--base`"),
        (Some(base), paths) => {
            let base = Tree::Revision(Revision::new(base)?);
            let here = [PathBuf::from(".")];
            let paths = if paths.is_empty() { &here } else { paths };
            let (old, new) = (there(&base, paths), there(&Tree::Disk, paths));
            if let Some(nowhere) = paths
                .iter()
                .find(|path| !old.contains(path) && !new.contains(path))
            {
                bail!(
                    "{} exists neither here nor in the revision",
                    nowhere.display()
                );
            }
            Ok((side(&base, &old)?, side(&Tree::Disk, &new)?))
        }
    }
}

/// The functions that lose a layer, in the files of `--uses`; `None` without them.
fn losses(
    arguments: &DiffArguments,
    old: &Access,
    new: &Access,
    diff: &Diff,
    messages: &mut Messages,
) -> anyhow::Result<Option<Losses>> {
    let TargetArguments {
        region,
        account,
        organization,
    } = &arguments.target;
    if arguments.uses.is_empty() {
        if region.is_some() || account.is_some() || organization.is_some() {
            bail!(
                "`--region`, `--account` and `--organization` are about the functions of `--uses`"
            );
        }
        return Ok(None);
    }
    let mut sources = Sources::default();
    let read = functions(&arguments.uses, &arguments.target, &mut sources, messages)?;
    let change = SharingChange {
        old: &old.grants,
        new: &new.grants,
        diff,
    };
    let found = read.iter().map(|read| read.file(&sources));
    let losses = found
        .flat_map(|file| loss::losses(&file, &change))
        .collect();
    Ok(Some(Losses { losses, sources }))
}

/// The paths that exist.
fn there(tree: &Tree, paths: &[PathBuf]) -> Vec<PathBuf> {
    let is_there = |path: &&PathBuf| tree.has(path);
    paths.iter().filter(is_there).cloned().collect()
}

/// Adds the names that only the other side has: a template alone has none, and the old or the new
/// source knows the name of a principal that leaves.
fn lend_names(to: &mut Access, from: &Access) {
    let mut names = from.authored.names.clone();
    names.extend(to.authored.names.drain());
    to.authored.names = names;
}

/// Both sides, with the logical IDs that are ambiguous on either called alike.
fn together(old: Vec<(String, Access)>, new: Vec<(String, Access)>) -> (Access, Access) {
    let mut ambiguous = several::ambiguous(old.iter().map(|(_, access)| access));
    ambiguous.append(&mut several::ambiguous(
        new.iter().map(|(_, access)| access),
    ));
    (
        several::together(old, &ambiguous),
        several::together(new, &ambiguous),
    )
}
