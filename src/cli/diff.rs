//! `layershare diff`

use super::Outcome;
use super::args::{DiffArguments, DiffFormat};
use super::input::{self, Read};
use super::messages::Messages;
use crate::access::diff::Diff;
use crate::report;
use crate::template::limits::Limits;
use anyhow::Context;
use std::io::{self, Write};

/// Shows what changes from one side to the other.
pub fn run(
    arguments: &DiffArguments,
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Outcome> {
    let mut side = |path| {
        input::access(
            path,
            &arguments.values.values(),
            arguments.meant_as.map(Into::into),
            limits,
            messages,
        )
    };
    let (Some(Read { access: old, .. }), Some(Read { access: new, .. })) =
        (side(&arguments.old)?, side(&arguments.new)?)
    else {
        return Ok(Outcome::Findings);
    };
    let diff = Diff::between(&old, &new);
    let text = match arguments.format {
        DiffFormat::Text => report::diff_text(&diff, &old, &new),
        DiffFormat::Markdown => report::diff_markdown(&diff, &old, &new),
        DiffFormat::Json => format!("{:#}\n", report::diff_json(&diff, &old, &new)),
    };
    io::stdout()
        .lock()
        .write_all(text.as_bytes())
        .context("cannot write to standard output")?;
    let fails = arguments.fail_on.is_some() && diff.is_broader();
    Ok(if fails {
        Outcome::Findings
    } else {
        Outcome::Fine
    })
}
