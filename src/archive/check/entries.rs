//! Paths, links, permissions, and files that do not belong in a layer.

use super::{ArchiveCheck, and_others, bytes};
use crate::archive::binary::What;
use crate::archive::names::{base, folder, library_stem};
use crate::archive::{ArchiveEntry, EntryKind};
use crate::diagnostic::{Code, Diagnostic};
use crate::english::quote;
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};

pub fn check(check: &mut ArchiveCheck<'_>) {
    paths(check);
    twice(check);
    links(check);
    executables(check);
    unreadable(check);
    duplicates(check);
    needless(check);
}

/// Why a path is not in the archive's own folder.
fn outside(path: &str) -> Option<&'static str> {
    let mut characters = path.chars();
    let drive = characters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && characters.next() == Some(':');
    if path.starts_with(['/', '\\']) || drive {
        Some("an absolute path")
    } else if path.split(['/', '\\']).any(|part| part == "..") {
        Some("this path leaves the folder of the layer")
    } else if path.chars().any(char::is_control) {
        Some("a path with a control character")
    } else {
        None
    }
}

fn paths(check: &mut ArchiveCheck<'_>) {
    let mut unsafe_: IndexMap<&str, Vec<usize>> = IndexMap::new();
    let mut backslashes = Vec::new();
    for (index, entry) in check.contents.entries.iter().enumerate() {
        let why = if entry.kind == EntryKind::Special {
            Some("a device, a socket or a pipe")
        } else {
            outside(&entry.name)
        };
        if let Some(why) = why {
            unsafe_.entry(why).or_default().push(index);
        } else if entry.name.contains('\\') {
            backslashes.push(index);
        }
    }
    for (why, found) in unsafe_ {
        let Some(first) = found.first() else { continue };
        let message = format!("{} cannot be in a layer", quote(base(check.name(*first))));
        let diagnostic = Diagnostic::error(Code::UnsafeEntry, check.at(*first), message)
            .label(why)
            .help("make the archive again, from inside the folder of the layer");
        check.found.push(and_others(diagnostic, found.len()));
    }
    if let Some(first) = backslashes.first() {
        let message = "a path has `\\` between its folders";
        let found = Diagnostic::warning(Code::UnsafeEntry, check.at(*first), message)
            .label("Lambda treats this as the name of one file")
            .help("make the archive with a program that writes `/` between folders");
        check.found.push(and_others(found, backslashes.len()));
    }
}

fn twice(check: &mut ArchiveCheck<'_>) {
    let mut seen = HashMap::new();
    for (index, entry) in check.contents.entries.iter().enumerate() {
        if entry.kind == EntryKind::Folder {
            continue;
        }
        if let Some(first) = seen.insert(entry.name.as_str(), index) {
            let message = format!("{} is in the archive twice", quote(base(&entry.name)));
            check.found.push(
                Diagnostic::warning(Code::UnsafeEntry, check.at(index), message)
                    .label("the second one")
                    .also(check.at(first), "the first one")
                    .note("AWS does not document which of them a function gets"),
            );
            return;
        }
    }
}

fn links(check: &mut ArchiveCheck<'_>) {
    let entries = &check.contents.entries;
    let all: HashSet<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    let is_link = |entry: &&ArchiveEntry| matches!(entry.kind, EntryKind::Link(_));
    let links: HashSet<&str> = entries
        .iter()
        .filter(is_link)
        .map(|entry| entry.name.as_str())
        .collect();
    if links.is_empty() {
        return;
    }
    let mut below = Vec::new();
    let mut elsewhere: IndexMap<&str, Vec<(usize, &str)>> = IndexMap::new();
    for (index, entry) in entries.iter().enumerate() {
        let mut above = folder(&entry.name);
        while !above.is_empty() && !links.contains(above) {
            above = folder(above);
        }
        if !above.is_empty() {
            below.push((index, above));
        }
        let EntryKind::Link(to) = &entry.kind else {
            continue;
        };
        if let Some(absolute) = to.strip_prefix('/') {
            // A layer is unzipped into `/opt`.
            let own = absolute.strip_prefix("opt/");
            if own.is_none_or(|own| !all.contains(own)) {
                let why = "points outside the layer";
                elsewhere.entry(why).or_default().push((index, to));
            }
        } else if leaves(folder(&entry.name), to) {
            let why = "leaves the folder of the layer";
            elsewhere.entry(why).or_default().push((index, to));
        }
    }
    if let Some((first, link)) = below.first() {
        let message = format!("{} is below a link", quote(base(check.name(*first))));
        let found = Diagnostic::error(Code::UnsafeEntry, check.at(*first), message)
            .label("where this is written depends on the link")
            .note(format!("{} is the link", quote(link)));
        check.found.push(and_others(found, below.len()));
    }
    for (why, found) in elsewhere {
        let Some((first, to)) = found.first() else {
            continue;
        };
        let message = format!("the link {} {why}", quote(base(check.name(*first))));
        let diagnostic = Diagnostic::warning(Code::UnsafeEntry, check.at(*first), message)
            .label(format!("it points to {}", quote(to)))
            .help("make it point to a file of the layer, with a relative path");
        check.found.push(and_others(diagnostic, found.len()));
    }
}

/// Whether a relative path from a folder leads out of the archive.
fn leaves(folder: &str, to: &str) -> bool {
    let mut depth = folder.split('/').filter(|part| !part.is_empty()).count();
    for part in to.split('/') {
        match part {
            "" | "." => {}
            ".." if depth == 0 => return true,
            ".." => depth -= 1,
            _ => depth += 1,
        }
    }
    false
}

/// Whether Lambda or a function runs a file by its place: all files in `extensions`, `bootstrap`,
/// and what is a program in `bin`.
fn is_run(entry: &ArchiveEntry) -> bool {
    if entry.kind != EntryKind::File || base(&entry.name).starts_with('.') {
        return false;
    }
    let is_program = match &entry.what {
        What::Elf(elf) => elf.is_loaded && !base(&entry.name).contains(".so"),
        What::Script { .. } => true,
        What::Unread
        | What::Empty
        | What::MachO
        | What::Windows
        | What::Text
        | What::Wheel(_)
        | What::Other => false,
    };
    match folder(&entry.name) {
        "extensions" => true,
        "bin" => is_program,
        "" => entry.name == "bootstrap" && is_program,
        _ => false,
    }
}

fn executables(check: &mut ArchiveCheck<'_>) {
    let run = check.contents.entries.iter().enumerate();
    let run: Vec<(usize, &ArchiveEntry)> = run.filter(|(_, entry)| is_run(entry)).collect();
    let plain: Vec<_> = run
        .iter()
        .filter(|(_, entry)| entry.mode.is_none_or(|mode| mode & 0o111 == 0))
        .collect();
    if let Some((first, entry)) = plain.first() {
        let message = format!("{} cannot be executed", quote(base(&entry.name)));
        let label = match entry.mode {
            Some(mode) => format!("its permissions are {mode:03o}"),
            None => "the archive contains no permissions for it".to_owned(),
        };
        let mut found =
            Diagnostic::warning(Code::NotExecutable, check.at(*first), message).label(label);
        if entry.mode.is_none() {
            found = found.note("programs on Windows make such archives");
        }
        found = found.help(format!("run `chmod 755 {}` before you zip it", entry.name));
        check.found.push(and_others(found, plain.len()));
    }
    let is_carried = |entry: &ArchiveEntry| {
        entry.what
            == What::Script {
                has_carriage_return: true,
            }
    };
    let carried: Vec<_> = run.iter().filter(|(_, entry)| is_carried(entry)).collect();
    if let Some((first, entry)) = carried.first() {
        let message = format!(
            "the first line of {} ends with a carriage return",
            quote(base(&entry.name))
        );
        let found = Diagnostic::warning(Code::CarriageReturn, check.at(*first), message)
            .label("Linux looks for an interpreter whose name ends with it, and does not find one")
            .help("write the file with Linux line endings, and configure git to keep them");
        check.found.push(and_others(found, carried.len()));
    }
}

fn unreadable(check: &mut ArchiveCheck<'_>) {
    let is_closed = |entry: &ArchiveEntry| {
        let Some(mode) = entry.mode else { return false };
        match entry.kind {
            EntryKind::File => mode & 0o004 == 0,
            EntryKind::Folder => mode & 0o001 == 0,
            EntryKind::Link(_) | EntryKind::Special => false,
        }
    };
    let all = check.contents.entries.iter().enumerate();
    let closed: Vec<(usize, &ArchiveEntry)> = all.filter(|(_, entry)| is_closed(entry)).collect();
    let Some((first, entry)) = closed.first() else {
        return;
    };
    let mode = entry.mode.unwrap_or_default();
    let name = entry.name.trim_end_matches('/');
    let message = format!("functions may not read {}", quote(base(name)));
    let found = Diagnostic::warning(Code::UnreadableEntry, check.at(*first), message)
        .label(format!("its permissions are {mode:03o}"))
        .note("a function runs as a user that does not own the files of its layers")
        .help("let everybody read it: mode 644 for files, 755 for folders and programs");
    check.found.push(and_others(found, closed.len()));
}

/// Libraries that were links before something made copies of them.
fn duplicates(check: &mut ArchiveCheck<'_>) {
    let mut known: HashMap<(&str, &str, u64, u32), usize> = HashMap::new();
    let mut copies = Vec::new();
    for (index, entry) in check.contents.entries.iter().enumerate() {
        let (Some(stem), Some(checksum)) = (library_stem(&entry.name), entry.checksum) else {
            continue;
        };
        if entry.kind != EntryKind::File || entry.size == 0 {
            continue;
        }
        let key = (folder(&entry.name), stem, entry.size, checksum);
        match known.get(&key) {
            Some(first) => copies.push((*first, index, entry.size)),
            None => {
                known.insert(key, index);
            }
        }
    }
    let Some((first, second, _)) = copies.first().copied() else {
        return;
    };
    let wasted: u64 = copies.iter().map(|copy| copy.2).sum();
    let message = format!("{} are copies of libraries", bytes(wasted));
    let found = Diagnostic::warning(Code::DuplicatedLibrary, check.at(second), message)
        .label("this has the same bytes")
        .also(check.at(first), "as this")
        .help("keep links as links: `zip --symlinks`");
    check.found.push(and_others(found, copies.len()));
}

/// The bytes from which caches and tests are reported.
const WORTH: u64 = 1 << 20;

/// Reports large caches and tests. Modules that are compiled for a Python of the layer are not a
/// cache: Python cannot write to a layer, so without them it would compile them at every start.
fn needless(check: &mut ArchiveCheck<'_>) {
    let pythons: Vec<String> = check
        .target
        .runtimes
        .iter()
        .filter_map(|runtime| runtime.strip_prefix("python3."))
        .map(|minor| format!(".cpython-3{minor}."))
        .collect();
    let mut needless: u64 = 0;
    let mut largest: Option<(usize, u64)> = None;
    for (index, entry) in check.contents.entries.iter().enumerate() {
        if !is_needless(&entry.name, &pythons) {
            continue;
        }
        needless = needless.saturating_add(entry.size);
        if largest.is_none_or(|(_, size)| size < entry.size) {
            largest = Some((index, entry.size));
        }
    }
    let Some((index, _)) = largest.filter(|_| needless >= WORTH) else {
        return;
    };
    let message = format!("{} are tests and caches", bytes(needless));
    check.found.push(
        Diagnostic::remark(Code::NeedlessFiles, check.at(index), message)
            .label("the largest of them")
            .help("remove them, to save space and start faster"),
    );
}

fn is_needless(path: &str, pythons: &[String]) -> bool {
    let is_cache = |part: &str| matches!(part, ".cache" | ".git" | ".pytest_cache" | ".mypy_cache");
    let mut parts = path.split('/').rev();
    let base = parts.next().unwrap_or_default();
    if parts.any(|part| matches!(part, "tests" | "test") || is_cache(part)) {
        return true;
    }
    base.ends_with(".pyc")
        && path.contains("/__pycache__/")
        && !pythons.is_empty()
        && !pythons.iter().any(|python| base.contains(python.as_str()))
}
