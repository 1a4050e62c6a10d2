//! `layershare live`: the script that collects what is live, for `drift`.

use super::Outcome;
use super::args::LiveArguments;
use super::input::Reading;
use super::messages::Messages;
use super::tree::Tree;
use crate::access::grants::Grants;
use crate::cloudformation::Values;
use crate::english::quote;
use crate::report::word;
use crate::rules::formats;
use crate::template::limits::Limits;
use anyhow::{Context, bail};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

const BEGIN: &str = "\
#!/bin/sh
# Reads the sharing that is live, by the AWS CLI, and changes nothing. `layershare live` wrote it.
#
#   sh live.sh > live.json         8 calls at a time; `sh live.sh 16` makes 16
#   layershare drift FILE live.json

# `stack NAME REGION LAYER…`. Where no region is named, it is that of the AWS CLI. If a stack has
# another name, change it here.
";

const SCRIPT: &str = include_str!("live.sh");

/// The layers of each stack in each region. The region is `None` if nothing names it.
type Stacks = BTreeMap<(String, Option<String>), BTreeSet<String>>;

/// Prints the script.
pub fn run(
    arguments: &LiveArguments,
    limits: Limits,
    messages: &mut Messages,
) -> anyhow::Result<Outcome> {
    let mut reading = Reading::new(&Tree::Disk, Values::default(), None, limits);
    reading.is_about_deployed = true;
    let Some(templates) = reading.templates(Vec::new(), &arguments.files, messages)? else {
        return Ok(Outcome::Findings);
    };
    let mut stacks = Stacks::new();
    for (file, declared) in templates {
        let mut grants = Grants::of_template(&declared.template);
        grants.add_unshared(&declared.template, &declared.adopted);
        if grants.versions.is_empty() {
            continue;
        }
        let name = reading.stack_of(file.as_ref());
        let known = grants
            .versions
            .values()
            .filter_map(|version| version.layer());
        // The script asks for the versions of these layers. It also finds each version among the
        // resources of the stack, so a layer whose name only a deploy knows needs no place here.
        let known: BTreeSet<String> = known
            .filter(|layer| formats::is_layer_name(layer))
            .map(str::to_owned)
            .collect();
        let places: Vec<Option<String>> = if declared.regions.is_empty() {
            vec![None]
        } else {
            declared.regions.into_iter().map(Some).collect()
        };
        for place in places {
            if let Some(region) = place
                .as_deref()
                .filter(|region| !formats::is_region(region))
            {
                bail!("{file}: {} is not a region", quote(region));
            }
            let stack = stacks.entry((name.clone(), place)).or_default();
            stack.extend(known.iter().cloned());
        }
    }
    if stacks.is_empty() {
        bail!("no layer version is published or shared here, so there is nothing to collect");
    }
    print(&stacks).context("cannot write to standard output")?;
    Ok(Outcome::Fine)
}

fn print(stacks: &Stacks) -> io::Result<()> {
    let mut to = io::stdout().lock();
    to.write_all(BEGIN.as_bytes())?;
    writeln!(to, "stacks() {{")?;
    for ((name, region), layers) in stacks {
        let region = word(region.as_deref().unwrap_or_default());
        write!(to, "  stack {} {region}", word(name))?;
        for layer in layers {
            write!(to, " {}", word(layer))?;
        }
        writeln!(to)?;
    }
    writeln!(to, "}}\n")?;
    to.write_all(SCRIPT.as_bytes())?;
    to.flush()
}
