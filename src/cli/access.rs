//! `layershare access` and `layershare diff`

use super::input;
use super::messages::Messages;
use super::{AccessArguments, DiffArguments, Outcome, Report};
use crate::access::diff::Diff;
use crate::report;
use crate::template::limits::Limits;
use anyhow::{Context, bail};
use std::io::{self, Write};

/// Shows who can use what, and what may be attached.
pub fn access(arguments: &AccessArguments, limits: Limits, messages: &mut Messages) -> anyhow::Result<Outcome> {
    let Some(access) = input::access(
        &arguments.file,
        &arguments.values.values(),
        arguments.meant_as.map(Into::into),
        limits,
        messages,
    )?
    else {
        return Ok(Outcome::Findings);
    };
    print(&match arguments.format {
        Report::Text => report::access_text(&access),
        Report::Markdown => report::access_markdown(&access),
        Report::Json => format!("{:#}\n", report::access_json(&access)),
        Report::Html => report::access_html(&access),
    })?;
    Ok(Outcome::Fine)
}

/// Shows what changes from one side to the other.
pub fn diff(arguments: &DiffArguments, limits: Limits, messages: &mut Messages) -> anyhow::Result<Outcome> {
    if arguments.format == Report::Html {
        bail!("a difference is shown as text, Markdown or JSON");
    }
    let mut side =
        |path| input::access(path, &arguments.values.values(), arguments.meant_as.map(Into::into), limits, messages);
    let (Some(old), Some(new)) = (side(&arguments.old)?, side(&arguments.new)?) else {
        return Ok(Outcome::Findings);
    };
    let diff = Diff::between(&old, &new);
    print(&match arguments.format {
        Report::Markdown => report::diff_markdown(&diff, &old, &new),
        Report::Json => format!("{:#}\n", report::diff_json(&diff, &old, &new)),
        Report::Text | Report::Html => report::diff_text(&diff, &old, &new),
    })?;
    let fails = arguments.fail_on.is_some() && diff.is_broader();
    Ok(if fails { Outcome::Findings } else { Outcome::Fine })
}

fn print(text: &str) -> anyhow::Result<()> {
    io::stdout().lock().write_all(text.as_bytes()).context("cannot write to standard output")
}
