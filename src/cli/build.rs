//! `layershare build`

use super::args::BuildArguments;
use super::disk::{self, Disk};
use super::messages::Messages;
use super::{Outcome, next};
use crate::cloudformation::{Template, Values, read};
use crate::diagnostic::has_errors;
use crate::english::{count, thousands};
use crate::rules::load::Root;
use crate::source::Sources;
use crate::template::Format;
use crate::template::limits::{Limits, no_resource, template_size};
use crate::template::lower::{Lowered, Placement};
use crate::template::published::{self, Earlier};
use crate::{Compiled, compile};
use anyhow::{Context, bail};
use similar::TextDiff;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Compiles a source and writes, prints or compares its template.
pub fn run(
    arguments: &BuildArguments,
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Outcome> {
    let root = disk::root(&arguments.file)?;
    if arguments.check && arguments.output.as_deref().is_some_and(disk::is_stdin) {
        bail!("`--check` compares with a file, and `-o -` names none");
    }
    let output = arguments
        .output
        .as_deref()
        .filter(|output| !disk::is_stdin(output));
    let placement = placement(&root, output)?;
    let mut sources = Sources::default();
    let source = root.path.clone();
    let mut compiled = compile(root, &placement, limits, &Disk, &mut sources);
    if compiled
        .lowered
        .as_ref()
        .is_some_and(|lowered| lowered.template.resources.is_empty())
    {
        compiled.diagnostics.push(no_resource(compiled.start));
    }
    let earlier = output.map(disk::existing).transpose()?.flatten();
    let is_foreign = match (output, &earlier) {
        (Some(output), Some(earlier)) => keep_published(&mut compiled, earlier, output, arguments)?,
        _ => false,
    };
    let format = arguments.format.into();
    let bytes = compiled
        .lowered
        .as_ref()
        .map_or(0, |lowered| written_bytes(lowered, format));
    compiled
        .diagnostics
        .extend(template_size(bytes, limits, compiled.start));
    compiled
        .diagnostics
        .sort_by_key(|diagnostic| diagnostic.primary.span);
    messages.diagnostics(&compiled.diagnostics, &sources);
    messages.summary(&compiled.diagnostics);
    let lowered = match &compiled.lowered {
        Some(lowered) if !has_errors(&compiled.diagnostics) => lowered,
        _ => return Ok(Outcome::Findings),
    };
    if let Some(output) = output.filter(|_| is_foreign && !arguments.replace) {
        bail!(
            "layershare did not write {}, so it is left alone; choose another name, or build with \
            `--replace`",
            output.display()
        );
    }
    match output {
        None => print(lowered, format),
        Some(output) if arguments.check => {
            compare(lowered, format, output, earlier.as_deref(), messages)
        }
        Some(output) => {
            disk::replace(output, |file| lowered.template.write(format, file))?;
            let resources = count(lowered.template.resources.len(), "resource");
            messages.say(&format!(
                "wrote {}: {resources}, {} bytes",
                output.display(),
                thousands(bytes)
            ));
            next::steps(&lowered.template, output, source.as_deref(), bytes)
                .iter()
                .for_each(|line| messages.say(line));
            Ok(Outcome::Fine)
        }
    }
}

/// Where the source lies, seen from the template.
fn placement(root: &Root, output: Option<&Path>) -> anyhow::Result<Placement> {
    let source_name = root.path.as_deref().and_then(Path::file_name);
    let source_name = source_name.map_or_else(
        || "standard input".to_owned(),
        |name| name.to_string_lossy().into(),
    );
    let mut source_folder = PathBuf::new();
    if let Some(output) = output {
        let folder = output.parent().unwrap_or(Path::new(""));
        let same = folder == root.folder();
        if !same {
            let here = std::env::current_dir().context("cannot tell the current folder")?;
            source_folder = pathdiff::diff_paths(here.join(root.folder()), here.join(folder))
                .unwrap_or_default();
        }
    }
    let source_folder = source_folder.to_string_lossy().replace('\\', "/");
    Ok(Placement {
        source_name,
        source_folder,
    })
}

/// Compares with the template that is there, and reports what a deploy would do to the versions in
/// it. Gives whether another program or a person wrote that template.
fn keep_published(
    compiled: &mut Compiled,
    earlier: &[u8],
    output: &Path,
    arguments: &BuildArguments,
) -> anyhow::Result<bool> {
    let Some(lowered) = &compiled.lowered else {
        return Ok(false);
    };
    for label in &arguments.republish {
        if !lowered.listed.iter().any(|version| version.label == *label) {
            bail!("no version of this source has the label `{label}` that `--republish` names");
        }
    }
    let mut written = Vec::new();
    lowered
        .template
        .write(arguments.format.into(), &mut written)?;
    if written == earlier || earlier.is_empty() {
        return Ok(false);
    }
    let template = read::template(earlier)
        .ok()
        .filter(|template| template.get("Resources").is_some());
    let Some(template) = template else {
        bail!(
            "{} is not a CloudFormation template, so it is left alone; remove it, or choose \
            another name",
            output.display()
        );
    };
    let deployed = Template::new(template.clone(), &Values::default())
        .json()
        .clone();
    let earlier = Earlier::new(earlier, &template, deployed);
    published::check(
        &earlier,
        lowered,
        &arguments.republish,
        compiled.start,
        &mut compiled.diagnostics,
    );
    Ok(!earlier.is_marked)
}

/// The bytes of the template in that form.
fn written_bytes(lowered: &Lowered, format: Format) -> usize {
    let mut counter = Counter(0);
    match lowered.template.write(format, &mut counter) {
        Ok(()) => counter.0,
        Err(_) => usize::MAX,
    }
}

/// Counts what is written and keeps nothing.
struct Counter(usize);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn print(lowered: &Lowered, format: Format) -> anyhow::Result<Outcome> {
    lowered
        .template
        .write(format, io::stdout().lock())
        .context("cannot write to standard output")?;
    Ok(Outcome::Fine)
}

/// Shows how the template at `output` differs from what the source says.
fn compare(
    lowered: &Lowered,
    format: Format,
    output: &Path,
    earlier: Option<&[u8]>,
    messages: &mut Messages,
) -> anyhow::Result<Outcome> {
    let mut written = Vec::new();
    lowered.template.write(format, &mut written)?;
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
        String::from_utf8_lossy(&written),
    );
    let diff = TextDiff::from_lines(earlier.as_ref(), written.as_ref());
    let name = output.display().to_string();
    let shown = diff
        .unified_diff()
        .header(&name, "what the source says")
        .to_string();
    io::stdout()
        .write_all(shown.as_bytes())
        .context("cannot write to standard output")?;
    messages.say(&format!(
        "{name} is not what the source says: build it again"
    ));
    Ok(Outcome::Findings)
}
