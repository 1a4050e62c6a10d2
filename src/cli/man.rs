//! `layershare man`

use super::Outcome;
use super::args::{Arguments, ManArguments};
use anyhow::Context;
use clap::CommandFactory;

/// Writes a manual page for the program, and one for each of its commands.
pub fn run(arguments: &ManArguments) -> anyhow::Result<Outcome> {
    let folder = &arguments.folder;
    std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Arguments::command(), folder))
        .with_context(|| format!("cannot write into {}", folder.display()))?;
    Ok(Outcome::Fine)
}
