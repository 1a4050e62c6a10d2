//! `layershare inspect`

use super::Outcome;
use super::archives::contents;
use super::args::{InspectArguments, ReportFormat};
use super::messages::Messages;
use crate::archive::ArchiveTarget;
use crate::archive::check::check;
use crate::archive::listing::Listing;
use crate::diagnostic::has_errors;
use crate::report::{self, Inspected};
use crate::source::Sources;
use anyhow::Context;

/// Shows the content of archives and the findings.
pub fn run(arguments: &InspectArguments, messages: &mut Messages) -> anyhow::Result<Outcome> {
    let target = ArchiveTarget {
        runtimes: arguments.runtimes.clone(),
        architectures: arguments.architectures.clone(),
    };
    let mut sources = Sources::default();
    let mut inspected = Vec::new();
    for (index, path) in arguments.files.iter().enumerate() {
        messages.progress("inspecting", index, arguments.files.len());
        let name = path.display().to_string();
        let contents = contents(path).with_context(|| format!("cannot read {name}"))?;
        let listing = Listing::new(&name, &contents, &mut sources);
        let diagnostics = check(&contents, &target, &listing);
        inspected.push(Inspected {
            name,
            contents,
            diagnostics,
        });
    }
    let report = match arguments.format {
        ReportFormat::Text => report::inspect_text(&inspected),
        ReportFormat::Markdown => report::inspect_markdown(&inspected, &sources),
        ReportFormat::Json => format!("{:#}\n", report::inspect_json(&inspected, &sources)),
    };
    messages.answer(&report)?;
    let all: Vec<_> = inspected
        .into_iter()
        .flat_map(|one| one.diagnostics)
        .collect();
    messages.diagnostics(&all, &sources);
    messages.summary(&all);
    Ok(if has_errors(&all) {
        Outcome::Findings
    } else {
        Outcome::Fine
    })
}
