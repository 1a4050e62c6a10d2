//! `layershare access`

use super::Outcome;
use super::args::{AccessArguments, AccessFormat};
use super::input::{Reading, together};
use super::messages::Messages;
use super::tree::Tree;
use crate::report::{self, MadeFrom};
use crate::template::limits::Limits;
use std::cell::RefCell;

/// Shows who can use which versions, and which layers may be attached.
pub fn run(
    arguments: &AccessArguments,
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Outcome> {
    let mut reading = Reading::new(
        &Tree::Disk,
        arguments.values.values(),
        arguments.meant_as.map(Into::into),
        limits,
    );
    reading.files = Some(RefCell::default());
    let Some(mut parts) = reading.access(&arguments.files, messages)? else {
        return Ok(Outcome::Findings);
    };
    let stale = reading.add_words(&mut parts);
    for stale in &stale {
        messages.say(&format!("note: {}", stale.sentence()));
    }
    let access = together(parts);
    let made_from = MadeFrom {
        files: reading.read(),
        revision: arguments.revision.clone(),
        stale,
    };
    let text = match arguments.format {
        AccessFormat::Text => report::access_text(&access),
        AccessFormat::Markdown => report::access_markdown(&access),
        AccessFormat::Json => format!("{:#}\n", report::access_json(&access, &made_from)),
        AccessFormat::Html => report::access_html(&access, &made_from),
        AccessFormat::Svg => report::access_svg(&access),
    };
    messages.answer(&text)?;
    Ok(Outcome::Fine)
}
