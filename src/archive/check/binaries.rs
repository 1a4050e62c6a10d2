//! Programs and libraries: for which system, machine, Python and C library they are made.

use super::{ArchiveCheck, and_others};
use crate::archive::binary::{Elf, Machine, What};
use crate::archive::names::{
    base, folder, is_library, module_stem, python_of_module, wheel_fits, wheel_is_for_linux,
    without_platform,
};
use crate::archive::{ArchiveEntry, EntryKind};
use crate::aws::systems::{self, System};
use crate::diagnostic::{Code, Diagnostic};
use crate::english::{list, quote};
use indexmap::IndexMap;
use std::collections::BTreeSet;

pub fn check(check: &mut ArchiveCheck<'_>) {
    let groups = groups(check);
    let has_foreign = foreign(check, &groups);
    machines(check, &groups);
    let has_modules = modules(check);
    wheels(check, has_foreign, has_modules);
    libc(check);
}

/// Files that are the same for several systems and machines.
type Groups = IndexMap<String, Vec<usize>>;

fn groups(check: &ArchiveCheck<'_>) -> Groups {
    let mut groups = Groups::new();
    for (index, entry) in check.contents.entries.iter().enumerate() {
        if is_candidate(entry) {
            let key = without_platform(&entry.name);
            groups.entry(key).or_default().push(index);
        }
    }
    groups
}

/// Whether a file is meant to be loaded or run.
fn is_candidate(entry: &ArchiveEntry) -> bool {
    if entry.kind != EntryKind::File {
        return false;
    }
    let is_program = !base(&entry.name).contains('.') || is_in_bin(&entry.name);
    match &entry.what {
        What::Elf(elf) => elf.is_loaded,
        What::MachO => is_library(&entry.name) || is_program,
        What::Windows => is_library(&entry.name) || is_in_bin(&entry.name),
        What::Text | What::Empty | What::Script { .. } | What::Other => is_library(&entry.name),
        What::Unread | What::Wheel(_) => false,
    }
}

fn is_in_bin(path: &str) -> bool {
    matches!(folder(path), "bin" | "extensions")
}

fn elf(entry: &ArchiveEntry) -> Option<&Elf> {
    match &entry.what {
        What::Elf(elf) => Some(elf),
        What::Unread
        | What::Empty
        | What::MachO
        | What::Windows
        | What::Script { .. }
        | What::Text
        | What::Wheel(_)
        | What::Other => None,
    }
}

/// Reports libraries that are not for Linux, without a counterpart that is. Returns whether there
/// are any.
fn foreign(check: &mut ArchiveCheck<'_>, groups: &Groups) -> bool {
    let mut found: IndexMap<&str, Vec<usize>> = IndexMap::new();
    for members in groups.values() {
        let mut entries = members.iter().filter_map(|index| check.entry(*index));
        if entries.any(|entry| elf(entry).is_some()) {
            continue;
        }
        let Some(first) = members.first() else {
            continue;
        };
        let Some(entry) = check.entry(*first) else {
            continue;
        };
        let what = match &entry.what {
            What::MachO => "is built for macOS",
            What::Windows => "is built for Windows",
            What::Text => "is a text file, perhaps in place of a link",
            What::Empty => "is empty",
            What::Script { .. } => "is a script",
            What::Other => "is not a Linux library",
            What::Elf(_) | What::Unread | What::Wheel(_) => continue,
        };
        found.entry(what).or_default().push(*first);
    }
    let has_foreign = !found.is_empty();
    for (what, files) in found {
        let Some(first) = files.first() else { continue };
        let is_of_other_system = what.ends_with("macOS") || what.ends_with("Windows");
        let wrong = if is_of_other_system {
            "is not for Linux"
        } else {
            "is not a Linux library"
        };
        let message = format!("{} {wrong}", quote(base(check.name(*first))));
        let mut diagnostic = Diagnostic::warning(Code::ForeignBinary, check.at(*first), message)
            .label(format!("this {what}"));
        if is_of_other_system {
            diagnostic = diagnostic.help(
                "build the layer on Linux, or in a Linux container; `pip` takes `--platform`, \
                `npm` takes `--os` and `--cpu`",
            );
        }
        check.found.push(and_others(diagnostic, files.len()));
    }
    has_foreign
}

/// Files for another architecture than the layer's, without a counterpart for the right one.
fn machines(check: &mut ArchiveCheck<'_>, groups: &Groups) {
    let mut found: IndexMap<(Option<&str>, Machine), Vec<usize>> = IndexMap::new();
    for members in groups.values() {
        let of_linux: Vec<(usize, Machine)> = members
            .iter()
            .filter_map(|index| Some((*index, elf(check.entry(*index)?)?.machine)))
            .collect();
        let Some((first, machine)) = of_linux.first().copied() else {
            continue;
        };
        let has = |name: &str| of_linux.iter().any(|(_, machine)| machine.name() == name);
        if check.target.architectures.is_empty() {
            if !has("x86_64") && !has("arm64") {
                found.entry((None, machine)).or_default().push(first);
            }
            continue;
        }
        for wanted in &check.target.architectures {
            if !has(wanted) {
                let key = (Some(wanted.as_str()), machine);
                found.entry(key).or_default().push(first);
            }
        }
    }
    for ((wanted, machine), files) in found {
        let Some(first) = files.first() else { continue };
        let name = quote(base(check.name(*first)));
        let message = match wanted {
            Some(wanted) => format!("{name} does not run on {wanted}"),
            None => format!("{name} does not run on Lambda"),
        };
        let named = list(&check.target.architectures, "and");
        let label = format!("this is built for {}", machine.name());
        let mut diagnostic =
            Diagnostic::warning(Code::WrongArchitecture, check.at(*first), message).label(label);
        diagnostic = match wanted {
            Some(_) => diagnostic.note(format!("the layer is for {named}")),
            None => diagnostic.note("Lambda has x86_64 and arm64"),
        };
        diagnostic = diagnostic
            .help("build the layer for the architecture, or publish a layer for each architecture");
        check.found.push(and_others(diagnostic, files.len()));
    }
}

/// The versions of Python that the layer is for: `3.12`.
fn pythons(check: &ArchiveCheck<'_>) -> Vec<String> {
    let runtimes = check.target.runtimes.iter();
    runtimes
        .filter_map(|runtime| runtime.strip_prefix("python"))
        .filter(|version| version.starts_with("3."))
        .map(str::to_owned)
        .collect()
}

/// The version of Python that the folder of a file is for; `None` if it is for all.
fn python_of_folder(path: &str) -> Option<&str> {
    path.strip_prefix("python/lib/python")?
        .split_once("/site-packages/")
        .map(|(version, _)| version)
}

/// Reports modules that are built for another Python than the layer's. Returns whether there are
/// any.
fn modules(check: &mut ArchiveCheck<'_>) -> bool {
    let mut stems: IndexMap<&str, Vec<(usize, Option<String>)>> = IndexMap::new();
    for (index, entry) in check.contents.entries.iter().enumerate() {
        let is_module = entry.kind == EntryKind::File && entry.name.ends_with(".so");
        if is_module && entry.name.starts_with("python/") {
            let python = python_of_module(&entry.name);
            let stem = module_stem(&entry.name);
            stems.entry(stem).or_default().push((index, python));
        }
    }
    let mut found: IndexMap<(String, Vec<String>), Vec<usize>> = IndexMap::new();
    for python in pythons(check) {
        for builds in stems.values() {
            let seen: Vec<_> = builds
                .iter()
                .filter(|(index, _)| {
                    python_of_folder(check.name(*index)).is_none_or(|own| own == python)
                })
                .collect();
            let Some((first, _)) = seen.first() else {
                continue;
            };
            // A file that names no Python is for all of them.
            let fits = |built: &Option<String>| built.as_ref().is_none_or(|built| *built == python);
            if seen.iter().any(|(_, built)| fits(built)) {
                continue;
            }
            let built: BTreeSet<String> =
                seen.iter().filter_map(|(_, built)| built.clone()).collect();
            let key = (python.clone(), built.into_iter().collect());
            found.entry(key).or_default().push(*first);
        }
    }
    let has_some = !found.is_empty();
    for ((python, built), files) in found {
        let Some(first) = files.first() else { continue };
        let message = format!(
            "{} cannot be imported by Python {python}",
            quote(base(module_stem(check.name(*first))))
        );
        let built = list(&built, "and");
        let found = Diagnostic::warning(Code::PythonAbi, check.at(*first), message)
            .label(format!("this is built for Python {built}"))
            .note(format!("the layer is for python{python}"))
            .help(format!(
                "install the packages with Python {python}, or use `pip` with `--python-version \
                {python} --only-binary :all:`"
            ));
        check.found.push(and_others(found, files.len()));
    }
    has_some
}

/// The findings from the tags of wheels, if no file has them already.
fn wheels(check: &mut ArchiveCheck<'_>, has_foreign: bool, has_modules: bool) {
    let pythons = pythons(check);
    let mut of_python: IndexMap<String, Vec<usize>> = IndexMap::new();
    let mut of_system = Vec::new();
    for (index, entry) in check.contents.entries.iter().enumerate() {
        let What::Wheel(tags) = &entry.what else {
            continue;
        };
        if tags.is_empty() || !entry.name.starts_with("python/") {
            continue;
        }
        if !has_foreign && !tags.iter().any(|tag| wheel_is_for_linux(tag)) {
            of_system.push(index);
        }
        for python in &pythons {
            let is_seen = python_of_folder(&entry.name).is_none_or(|own| own == python);
            if is_seen && !has_modules && !tags.iter().any(|tag| wheel_fits(tag, python)) {
                of_python.entry(python.clone()).or_default().push(index);
            }
        }
    }
    let package = |index: usize| {
        let folder = folder(check.name(index));
        quote(base(folder).trim_end_matches(".dist-info"))
    };
    let tags = |index: usize| match check.entry(index).map(|entry| &entry.what) {
        Some(What::Wheel(tags)) => quote(tags.first().map_or("", String::as_str)),
        _ => String::new(),
    };
    let mut found = Vec::new();
    for (python, files) in of_python {
        let Some(first) = files.first().copied() else {
            continue;
        };
        let message = format!("{} is not for Python {python}", package(first));
        let diagnostic = Diagnostic::warning(Code::PythonAbi, check.at(first), message)
            .label(format!("the wheel is {}", tags(first)))
            .note(format!("the layer is for python{python}"));
        found.push(and_others(diagnostic, files.len()));
    }
    if let Some(first) = of_system.first().copied() {
        let message = format!("{} is not for Linux", package(first));
        let diagnostic = Diagnostic::warning(Code::ForeignBinary, check.at(first), message)
            .label(format!("the wheel is {}", tags(first)));
        found.push(and_others(diagnostic, of_system.len()));
    }
    check.found.extend(found);
}

/// A library that needs a newer glibc than the system of its runtimes has.
struct NeedsGlibc<'c> {
    /// The minor version of the glibc that it needs.
    needed: u32,
    /// The entry in the archive.
    index: usize,
    system: System,
    /// The runtimes that load it, and have this system.
    runtimes: Vec<&'c str>,
}

/// Libraries that need another C library than the systems of the runtimes have.
fn libc(check: &mut ArchiveCheck<'_>) {
    let entries = &check.contents.entries;
    let brings = |name: &str| {
        entries
            .iter()
            .any(|entry| base(&entry.name).starts_with(name))
    };
    let (brings_glibc, brings_musl) = (brings("libc.so.6"), brings("libc.musl-"));
    let mut musl = Vec::new();
    let mut newer = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let Some(elf) = elf(entry).filter(|elf| elf.is_loaded && entry.kind == EntryKind::File)
        else {
            continue;
        };
        let named = &check.target.architectures;
        let is_own = named.is_empty() || named.iter().any(|name| name == elf.machine.name());
        if !is_own {
            continue;
        }
        if elf.is_musl && !brings_musl {
            musl.push(index);
        }
        let Some(needed) = elf.glibc.filter(|_| !brings_glibc) else {
            continue;
        };
        let runtimes = runtimes_of(check, &entry.name);
        let oldest = runtimes
            .iter()
            .filter_map(|runtime| systems::of_runtime(runtime))
            .min();
        let system = match oldest {
            Some(system) => system,
            None if check.target.runtimes.is_empty() => System::AmazonLinux2023,
            None => continue,
        };
        if needed > system.glibc() {
            let on_it = runtimes
                .into_iter()
                .filter(|runtime| systems::of_runtime(runtime) == Some(system))
                .collect();
            newer.push(NeedsGlibc {
                needed,
                index,
                system,
                runtimes: on_it,
            });
        }
    }
    check.found.extend(newer_glibc(check, &newer));
    check.found.extend(only_musl(check, musl));
}

/// Reports the library that needs the newest glibc, of those for which the system of their
/// runtimes is too old.
fn newer_glibc(check: &ArchiveCheck<'_>, newer: &[NeedsGlibc<'_>]) -> Option<Diagnostic> {
    let NeedsGlibc {
        needed,
        index,
        system,
        runtimes,
    } = newer.iter().max_by_key(|need| need.needed)?;
    let message = format!(
        "{} needs glibc 2.{needed}, and {} has 2.{}",
        quote(base(check.name(*index))),
        system.name(),
        system.glibc()
    );
    let mut found = Diagnostic::warning(Code::OtherLibc, check.at(*index), message)
        .label("the runtime cannot load this");
    if check.target.runtimes.is_empty() {
        found = found.note("no Lambda runtime has a newer one");
    } else if !runtimes.is_empty() {
        let verb = if runtimes.len() == 1 { "runs" } else { "run" };
        found = found.note(format!(
            "{} {verb} on {}",
            list(runtimes, "and"),
            system.name()
        ));
    }
    let found = found.help("build it on the system of the runtime, or name newer runtimes");
    Some(and_others(found, newer.len()))
}

/// Reports the first library that needs musl and has no counterpart for glibc.
fn only_musl(check: &ArchiveCheck<'_>, mut musl: Vec<usize>) -> Option<Diagnostic> {
    let groups = groups(check);
    let is_alone = |index: &usize| {
        groups.values().any(|members| {
            members.contains(index)
                && members
                    .iter()
                    .filter_map(|member| elf(check.entry(*member)?))
                    .all(|elf| elf.is_musl)
        })
    };
    musl.retain(is_alone);
    let first = musl.first()?;
    let message = format!(
        "{} needs the C library musl, which Lambda does not have",
        quote(base(check.name(*first)))
    );
    let found = Diagnostic::warning(Code::OtherLibc, check.at(*first), message)
        .label("the runtime cannot load this")
        .help("use a build for glibc: a `manylinux` wheel, or `npm` with `--libc glibc`");
    Some(and_others(found, musl.len()))
}

/// The runtimes that load a file: a module that is built for one Python is loaded by that only.
fn runtimes_of<'c>(check: &ArchiveCheck<'c>, path: &str) -> Vec<&'c str> {
    let only = python_of_module(path).or_else(|| python_of_folder(path).map(str::to_owned));
    let all = check.target.runtimes.iter().map(String::as_str);
    match only {
        Some(python) => all
            .filter(|runtime| runtime.strip_prefix("python") == Some(python.as_str()))
            .collect(),
        None => all.collect(),
    }
}
