//! `layershare access`

use super::Outcome;
use super::args::{AccessArguments, AccessFormat};
use super::input::{self, Read};
use super::messages::Messages;
use crate::report::{self, MadeFrom};
use crate::template::limits::Limits;
use anyhow::Context;
use std::io::{self, Write};

/// Shows who can use what, and what may be attached.
pub fn run(
    arguments: &AccessArguments,
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Outcome> {
    let Some(Read { access, files }) = input::access(
        &arguments.file,
        &arguments.values.values(),
        arguments.meant_as.map(Into::into),
        limits,
        messages,
    )?
    else {
        return Ok(Outcome::Findings);
    };
    let made_from = MadeFrom {
        files,
        revision: arguments.revision.clone(),
    };
    let text = match arguments.format {
        AccessFormat::Text => report::access_text(&access),
        AccessFormat::Markdown => report::access_markdown(&access),
        AccessFormat::Json => format!("{:#}\n", report::access_json(&access, &made_from)),
        AccessFormat::Html => report::access_html(&access, &made_from),
        AccessFormat::Svg => report::access_svg(&access),
    };
    io::stdout()
        .lock()
        .write_all(text.as_bytes())
        .context("cannot write to standard output")?;
    Ok(Outcome::Fine)
}
