//! Whether packages are in folders that the runtimes search (Lambda Developer Guide, "Packaging
//! your layer content", "Layer paths for each Lambda runtime").

use super::ArchiveCheck;
use crate::archive::EntryKind;
use crate::archive::names::{base, folder};
use crate::diagnostic::{Code, Diagnostic};
use crate::english::{list, quote};

/// A language with its own folders for packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Python,
    Node,
    Java,
    Ruby,
}

const LANGUAGES: &[Language] = &[
    Language::Python,
    Language::Node,
    Language::Java,
    Language::Ruby,
];

impl Language {
    fn of_runtime(runtime: &str) -> Option<Self> {
        LANGUAGES
            .iter()
            .copied()
            .find(|language| runtime.starts_with(language.folder()))
    }

    /// The folder of a layer that is for this language. The names of its runtimes begin with it.
    fn folder(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Node => "nodejs",
            Self::Java => "java",
            Self::Ruby => "ruby",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Python => "Python",
            Self::Node => "Node.js",
            Self::Java => "Java",
            Self::Ruby => "Ruby",
        }
    }

    /// The folders in which a runtime looks for packages.
    fn searched(self, runtime: &str) -> Vec<String> {
        let version = runtime.strip_prefix(self.folder()).unwrap_or_default();
        match self {
            Self::Python => vec![
                "python".to_owned(),
                format!("python/lib/python{version}/site-packages"),
            ],
            Self::Node => {
                let major = version.split('.').next().unwrap_or_default();
                vec![
                    "nodejs/node_modules".to_owned(),
                    format!("nodejs/node{major}/node_modules"),
                ]
            }
            Self::Java => vec!["java/lib".to_owned()],
            Self::Ruby => vec![format!("ruby/gems/{version}.0")],
        }
    }

    /// Whether a folder is one in which some version of the language looks for packages.
    fn is_searched_by_some(self, place: &str) -> bool {
        let is_version = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b'.')
        };
        let between = |before: &str, after: &str| {
            place
                .strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(after))
                .is_some_and(is_version)
        };
        match self {
            Self::Python => place == "python" || between("python/lib/python", "/site-packages"),
            Self::Node => place == "nodejs/node_modules" || between("nodejs/node", "/node_modules"),
            Self::Java => place == "java/lib",
            Self::Ruby => between("ruby/gems/", ""),
        }
    }

    /// The folder of packages of this language that a file reveals.
    fn place(self, path: &str) -> Option<&str> {
        match self {
            Self::Python => {
                let (before, _) = path.split_once(".dist-info/")?;
                let is_vendored = before
                    .split('/')
                    .any(|part| part.contains("vendor") || part == "node_modules");
                (!is_vendored).then(|| folder(before))
            }
            Self::Node => {
                let end = match path.find("/node_modules/") {
                    Some(at) => at + "/node_modules".len(),
                    None if path.starts_with("node_modules/") => "node_modules".len(),
                    None => return None,
                };
                path.get(..end)
            }
            Self::Java => {
                let place = folder(path);
                let is_java = place == "java" || place.starts_with("java/") || place == "lib";
                (path.ends_with(".jar") && is_java).then_some(place)
            }
            Self::Ruby => {
                let (before, after) = path.split_once("/specifications/")?;
                after.ends_with(".gemspec").then_some(before)
            }
        }
    }
}

pub fn check(check: &mut ArchiveCheck<'_>) {
    let entries = &check.contents.entries;
    // An extension and a custom runtime find their files themselves.
    let finds_itself = entries
        .iter()
        .any(|entry| entry.name == "bootstrap" || entry.name.starts_with("extensions/"));
    // Paths with `\\` have a finding of their own.
    let has_backslashes = entries.iter().any(|entry| entry.name.contains('\\'));
    if finds_itself || has_backslashes {
        return;
    }
    for language in LANGUAGES.iter().copied() {
        let runtimes: Vec<&str> = check
            .target
            .runtimes
            .iter()
            .map(String::as_str)
            .filter(|runtime| Language::of_runtime(runtime) == Some(language))
            .collect();
        if !runtimes.is_empty() || check.target.runtimes.is_empty() {
            of_language(check, language, &runtimes);
        }
    }
    of_other_languages(check);
}

/// A folder with packages, and the first file that shows it.
struct PackageFolder<'c> {
    path: &'c str,
    shown_by: usize,
}

fn places<'c>(check: &ArchiveCheck<'c>, language: Language) -> Vec<PackageFolder<'c>> {
    let mut places: Vec<PackageFolder<'c>> = Vec::new();
    for (index, entry) in check.contents.entries.iter().enumerate() {
        if entry.kind == EntryKind::Folder {
            continue;
        }
        // Packages of one language may have files of another one in them.
        let mut others = LANGUAGES.iter().filter(|other| **other != language);
        let is_of_other = others.any(|other| is_below(&entry.name, other.folder()));
        if is_of_other {
            continue;
        }
        if let Some(path) = language.place(&entry.name)
            && !places.iter().any(|place| place.path == path)
        {
            places.push(PackageFolder {
                path,
                shown_by: index,
            });
        }
    }
    if places.is_empty() && language == Language::Python {
        places.extend(modules(check));
    }
    places
}

/// Where modules of Python show packages that nothing describes: in the folders of a layer for
/// Python, or at the top of an archive without such a folder.
fn modules<'c>(check: &ArchiveCheck<'c>) -> Vec<PackageFolder<'c>> {
    let entries = &check.contents.entries;
    let mut below: Vec<PackageFolder<'c>> = Vec::new();
    let mut top: Option<PackageFolder<'c>> = None;
    let mut has_folder = false;
    for (index, entry) in entries.iter().enumerate() {
        let path = entry.name.as_str();
        let module = |path| PackageFolder {
            path,
            shown_by: index,
        };
        if path.starts_with("python/") {
            has_folder = true;
            let place = site_packages(path).unwrap_or("python");
            if path.ends_with(".py") && !below.iter().any(|known| known.path == place) {
                below.push(module(place));
            }
        } else if top.is_none() && is_module_at_the_top(path) {
            top = Some(module(""));
        }
    }
    if has_folder {
        below
    } else {
        top.into_iter().collect()
    }
}

fn is_module_at_the_top(path: &str) -> bool {
    path.ends_with(".py")
        && (!path.contains('/') || base(path) == "__init__.py" && !folder(path).contains('/'))
        && !path.starts_with("bin/")
}

/// The folder of one version of Python that a path goes through.
fn site_packages(path: &str) -> Option<&str> {
    let (before, _) = path.split_once("/site-packages/")?;
    let place = path.get(..before.len() + "/site-packages".len())?;
    (place != "python" && Language::Python.is_searched_by_some(place)).then_some(place)
}

fn of_language(check: &mut ArchiveCheck<'_>, language: Language, runtimes: &[&str]) {
    let places = places(check, language);
    if places.is_empty() {
        return;
    }
    let mut lost: Vec<&str> = Vec::new();
    if runtimes.is_empty() {
        let mut places = places.iter();
        if places.any(|place| language.is_searched_by_some(place.path)) {
            return;
        }
    } else {
        let finds = |runtime: &&&str| {
            let searched = language.searched(runtime);
            let mut places = places.iter();
            places.any(|place| searched.iter().any(|own| own == place.path))
        };
        lost.extend(runtimes.iter().filter(|runtime| !finds(runtime)));
        if lost.is_empty() {
            return stray(check, language, &places);
        }
    }
    let (who, looks) = if lost.is_empty() {
        (format!("the runtimes of {}", language.name()), false)
    } else {
        (list(&lost, "and"), lost.len() == 1)
    };
    let (look, not) = if looks {
        ("looks", "does not look")
    } else {
        ("look", "do not look")
    };
    let searched = language.searched(lost.first().unwrap_or(&""));
    let most = if looks { searched.len() } else { 1 };
    let folders: Vec<String> = searched.iter().take(most).map(|one| quote(one)).collect();
    let mut all = places.iter();
    let of_other_version = all.find(|place| language.is_searched_by_some(place.path));
    let Some(place) = of_other_version.or(places.first()) else {
        return;
    };
    let from_outside = place.path.is_empty() && check.contents.zipped.is_some();
    let help = if of_other_version.is_none() && from_outside {
        format!(
            "zip from outside the folder `{}`, so that every path begins with it",
            language.folder()
        )
    } else {
        format!("move them to {}", list(&folders, "or"))
    };
    let message = format!("packages are {}, where {who} {not}", shown(place.path));
    let at = check.at(place.shown_by);
    let warning = match of_other_version {
        Some(_) => Diagnostic::warning(Code::VersionFolder, at, message),
        None => Diagnostic::warning(Code::ArchiveLayout, at, message),
    };
    let label = format!("{who} {look} in {}", list(&folders, "and"));
    check.found.push(warning.label(label).help(help));
}

/// Reports an archive in which every file is for languages that no runtime of the layer has. If
/// there are other files, a program among them may use such packages.
fn of_other_languages(check: &mut ArchiveCheck<'_>) {
    let runtimes = &check.target.runtimes;
    let languages = runtimes.iter().map(|name| Language::of_runtime(name));
    // A custom runtime searches for packages where it likes.
    let Some(languages) = languages.collect::<Option<Vec<Language>>>() else {
        return;
    };
    let other = |path: &str| {
        let mut others = LANGUAGES.iter().filter(|one| !languages.contains(one));
        others.find(|one| is_below(path, one.folder()))
    };
    let entries = check.contents.entries.iter().enumerate();
    let mut files = entries.filter(|(_, entry)| entry.kind != EntryKind::Folder);
    let Some((first, entry)) = files.next() else {
        return;
    };
    let Some(language) = other(&entry.name).filter(|_| !languages.is_empty()) else {
        return;
    };
    if files.any(|(_, entry)| other(&entry.name).is_none()) {
        return;
    }
    let names: Vec<&str> = runtimes.iter().map(String::as_str).collect();
    let (names, name) = (list(&names, "and"), language.name());
    let message = format!("this is for {name}, and the layer is for {names}");
    check.found.push(
        Diagnostic::warning(Code::ArchiveLayout, check.at(first), message)
            .label(format!("only functions in {name} find this"))
            .help(format!("name runtimes of {name}, or move the packages")),
    );
}

fn is_below(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder);
    rest.is_some_and(|rest| rest.starts_with('/'))
}

/// Reports packages at the top of an archive that also has packages in the right place.
fn stray(check: &mut ArchiveCheck<'_>, language: Language, places: &[PackageFolder<'_>]) {
    let Some(place) = places
        .iter()
        .find(|place| place.path.is_empty() || place.path == "node_modules")
    else {
        return;
    };
    let message = format!("a package is {}, where no runtime looks", shown(place.path));
    check.found.push(
        Diagnostic::warning(Code::ArchiveLayout, check.at(place.shown_by), message)
            .label("no function finds this")
            .help(format!("move it below `{}`", language.folder())),
    );
}

fn shown(place: &str) -> String {
    if place.is_empty() {
        "at the top of the archive".to_owned()
    } else {
        format!("in {}", quote(place))
    }
}
