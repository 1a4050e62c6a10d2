//! `layershare diff`

use super::Outcome;
use super::args::{DiffArguments, ReportFormat};
use super::input::{Reading, policy_name};
use super::messages::Messages;
use super::tree::{Revision, Tree};
use crate::access::diff::Diff;
use crate::access::{Access, several};
use crate::report;
use crate::template::limits::Limits;
use anyhow::bail;
use std::cell::RefCell;
use std::path::PathBuf;

/// Shows the changes from one side to the other.
pub fn run(
    arguments: &DiffArguments,
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Outcome> {
    let mut side = |tree: &Tree, paths: &[PathBuf]| -> anyhow::Result<_> {
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
    let (old, new) = match (&arguments.base, arguments.paths.as_slice()) {
        (None, [old, new]) => (
            side(&Tree::Disk, std::slice::from_ref(old))?,
            side(&Tree::Disk, std::slice::from_ref(new))?,
        ),
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
            (side(&base, &old)?, side(&Tree::Disk, &new)?)
        }
    };
    let (Some((old, _)), Some((new, places))) = (old, new) else {
        return Ok(Outcome::Findings);
    };
    let (mut old, mut new) = together(old, new);
    lend_names(&mut old, &new);
    lend_names(&mut new, &old);
    let diff = Diff::between(&old, &new);
    let text = match arguments.format {
        ReportFormat::Text => report::diff_text(&diff, &old, &new),
        ReportFormat::Markdown => report::diff_markdown(&diff, &old, &new),
        ReportFormat::Json => format!("{:#}\n", report::diff_json(&diff, &old, &new)),
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
