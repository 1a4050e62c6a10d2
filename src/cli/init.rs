//! `layershare init`

use super::Outcome;
use super::args::InitArguments;
use super::messages::Messages;
use anyhow::{Context, bail};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

/// The source to start from.
const START: &str = include_str!("init.layers");

/// Writes a source to start from, where nothing is yet.
pub fn run(arguments: &InitArguments, messages: &mut Messages) -> anyhow::Result<Outcome> {
    let path = &arguments.file;
    let mut file = match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("{} exists already, so it is left alone", path.display())
        }
        Err(error) => {
            return Err(error).with_context(|| format!("cannot write {}", path.display()));
        }
    };
    file.write_all(START.as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))?;
    let template = path.with_extension("yaml");
    messages.say(&format!(
        "wrote {}; edit it, then build it:",
        path.display()
    ));
    messages.say(&format!(
        "  layershare build {} -o {}",
        path.display(),
        template.display()
    ));
    Ok(Outcome::Fine)
}
