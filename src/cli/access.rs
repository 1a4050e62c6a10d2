//! `layershare access` and `layershare diff`

use super::input;
use super::messages::Messages;
use super::{AccessArguments, DiffArguments, Outcome, Report};
use crate::access::diff::Diff;
use crate::template::limits::Limits;
use anyhow::{Context, bail};
use std::io::{self, Write};

/// Shows who can use what, and what may be attached.
pub fn access(arguments: &AccessArguments, limits: Limits, messages: &mut Messages) -> anyhow::Result<Outcome> {
    let Some(access) = input::access(&arguments.file, &arguments.parameters, limits, messages)? else {
        return Ok(Outcome::Findings);
    };
    print(&match arguments.format {
        Report::Text => access.text(),
        Report::Markdown => access.markdown(),
        Report::Json => format!("{:#}\n", access.json()),
        Report::Html => access.html(),
    })?;
    Ok(Outcome::Fine)
}

/// Shows what changes from one side to the other.
pub fn diff(arguments: &DiffArguments, limits: Limits, messages: &mut Messages) -> anyhow::Result<Outcome> {
    if arguments.format == Report::Html {
        bail!("a difference is shown as text, Markdown or JSON");
    }
    let mut side = |path| input::access(path, &arguments.parameters, limits, messages);
    let (Some(old), Some(new)) = (side(&arguments.old)?, side(&arguments.new)?) else {
        return Ok(Outcome::Findings);
    };
    let diff = Diff::between(&old, &new);
    print(&match arguments.format {
        Report::Markdown => diff.markdown(&old, &new),
        Report::Json => format!("{:#}\n", diff.json(&old, &new)),
        Report::Text | Report::Html => diff.text(&old, &new),
    })?;
    let fails = arguments.fail_on.is_some() && diff.is_broader();
    Ok(if fails { Outcome::Findings } else { Outcome::Fine })
}

fn print(text: &str) -> anyhow::Result<()> {
    io::stdout().lock().write_all(text.as_bytes()).context("cannot write to standard output")
}
