//! The output of a build: the existing template, and how it differs.

use super::Outcome;
use super::messages::Messages;
use crate::cloudformation::{Template, Values, read};
use crate::rules::load::Root;
use crate::rules::model::{Layer, Origin, Releases, Rules};
use crate::template::published::Earlier;
use anyhow::{Context, bail};
use similar::TextDiff;
use std::io::{self, Write};
use std::path::Path;

/// Why a template of another program or a person is not overwritten.
pub fn not_ours(output: &Path) -> String {
    format!(
        "layershare did not write {}, so it is left alone; choose another name, or build with \
        `--replace`",
        output.display()
    )
}

/// The regions that a source is for.
pub fn regions(rules: &Rules) -> Vec<String> {
    let regions = rules.regions.iter();
    regions.map(|region| region.value.clone()).collect()
}

/// The file name of the source, as its template has it.
pub fn source_name(root: &Root) -> String {
    root.path.as_deref().and_then(Path::file_name).map_or_else(
        || "standard input".to_owned(),
        |name| name.to_string_lossy().into(),
    )
}

/// The name of a file without its extension.
pub fn stem_of(path: &Path) -> String {
    path.file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// The path from the folder of a template to that of the source; empty if they are the same.
pub fn source_folder(root: &Root, folder: &Path) -> anyhow::Result<String> {
    if folder == root.folder() {
        return Ok(String::new());
    }
    let here = std::env::current_dir().context("cannot determine the current folder")?;
    let path = pathdiff::diff_paths(here.join(root.folder()), here.join(folder));
    Ok(path
        .unwrap_or_default()
        .to_string_lossy()
        .replace('\\', "/"))
}

/// Refuses a label to republish that no published version has.
pub fn refuse_unknown_labels(republish: &[String], rules: &Rules) -> anyhow::Result<()> {
    let is_published = |label: &str, layer: &Layer| match &layer.releases {
        Releases::Listed(versions) => versions.iter().any(|version| {
            version.label.value == label && matches!(version.origin, Origin::Published(_))
        }),
        Releases::Rolling(_) => false,
    };
    for label in republish {
        if !rules.layers.iter().any(|layer| is_published(label, layer)) {
            bail!("no version of this source has the label `{label}` that `--republish` names");
        }
    }
    Ok(())
}

/// The existing template, as the record of what is published; `None` if there is none.
pub fn record(earlier: &[u8], output: &Path) -> anyhow::Result<Option<Earlier>> {
    if earlier.is_empty() {
        return Ok(None);
    }
    match published_in(earlier) {
        Some(earlier) => Ok(Some(earlier)),
        None => bail!(
            "{} is not a CloudFormation template, so it is left alone; remove it, or choose \
            another name",
            output.display()
        ),
    }
}

/// The versions that a template publishes; `None` for anything else.
pub fn published_in(text: &[u8]) -> Option<Earlier> {
    let template = read::template(text).ok()?;
    template.get("Resources")?;
    let deployed = Template::new(template.clone(), &Values::default())
        .json()
        .clone();
    Some(Earlier::new(text, &template, deployed))
}

/// Shows how the template at `output` differs from the source.
pub fn compare(
    written: &[u8],
    output: &Path,
    earlier: Option<&[u8]>,
    messages: &mut Messages,
) -> anyhow::Result<Outcome> {
    let Some(earlier) = earlier else {
        messages.say(&format!(
            "{} does not exist yet: build it",
            output.display()
        ));
        return Ok(Outcome::Findings);
    };
    if earlier == written {
        return Ok(Outcome::Fine);
    }
    let (earlier, written) = (
        String::from_utf8_lossy(earlier),
        String::from_utf8_lossy(written),
    );
    let diff = TextDiff::from_lines(earlier.as_ref(), written.as_ref());
    let name = output.display().to_string();
    let shown = diff
        .unified_diff()
        .header(&name, "from the source")
        .to_string();
    io::stdout()
        .write_all(shown.as_bytes())
        .context("cannot write to standard output")?;
    messages.say(&format!("{name} does not match the source: build it again"));
    Ok(Outcome::Findings)
}
