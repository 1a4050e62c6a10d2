//! The order of the house: which part of `src` may name which, and what the documents say of the
//! code.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

mod support;

use layershare::internals::diagnostic::{Code, Severity};
use layershare::internals::iam::document::OPERATORS;
use layershare::internals::rules::lint::{Context, LINTS};
use layershare::internals::rules::load::{Root, load};
use layershare::internals::rules::resolve::resolve;
use layershare::internals::source::{NoFiles, Sources};
use layershare::internals::syntax::keyword::Keyword;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use support::top;

/// Every part of `src`, the lowest first, and the parts that it may name by `crate::…`. A part
/// names lower ones only, so that no circle can come about. A new part gets a row.
const FLOORS: &[(&str, &[&str])] = &[
    ("source", &[]),
    ("english", &["source"]),
    ("aws", &[]),
    ("pattern", &["aws"]),
    ("partial", &["aws"]),
    ("diagnostic", &["source", "english"]),
    ("syntax", &["source", "english", "diagnostic"]),
    (
        "rules",
        &[
            "source",
            "english",
            "aws",
            "pattern",
            "diagnostic",
            "syntax",
        ],
    ),
    (
        "template",
        &["source", "english", "aws", "diagnostic", "rules"],
    ),
    ("cloudformation", &["aws", "partial"]),
    ("iam", &["aws", "pattern", "partial"]),
    (
        "access",
        &[
            "source",
            "aws",
            "pattern",
            "partial",
            "diagnostic",
            "syntax",
            "rules",
            "template",
            "cloudformation",
            "iam",
        ],
    ),
    (
        "uses",
        &[
            "source",
            "english",
            "aws",
            "pattern",
            "partial",
            "diagnostic",
            "rules",
            "cloudformation",
            "access",
        ],
    ),
    ("archive", &["source", "english", "aws", "diagnostic"]),
    (
        "report",
        &[
            "source",
            "english",
            "aws",
            "pattern",
            "diagnostic",
            "partial",
            "diagnostic",
            "rules",
            "cloudformation",
            "iam",
            "access",
            "uses",
            "archive",
        ],
    ),
    (
        "pipeline",
        &["source", "diagnostic", "rules", "template", "access"],
    ),
    (
        "facade",
        &[
            "source",
            "diagnostic",
            "syntax",
            "rules",
            "template",
            "cloudformation",
            "access",
            "report",
            "pipeline",
        ],
    ),
    ("lib", &[]),
    (
        "cli",
        &[
            "source",
            "english",
            "aws",
            "diagnostic",
            "syntax",
            "rules",
            "template",
            "cloudformation",
            "access",
            "uses",
            "archive",
            "report",
            "pipeline",
        ],
    ),
    (
        "internals",
        &[
            "source",
            "english",
            "aws",
            "pattern",
            "partial",
            "diagnostic",
            "syntax",
            "rules",
            "template",
            "cloudformation",
            "iam",
            "access",
            "uses",
            "archive",
            "report",
            "pipeline",
            "cli",
        ],
    ),
    ("main", &[]),
];

/// A file of `src`.
struct Module {
    /// Its path below `src`.
    path: String,
    /// Its place in the crate: `["rules", "resolve", "layer"]`.
    place: Vec<String>,
    /// Its text without comments and unit tests.
    code: String,
}

fn modules() -> Vec<Module> {
    let mut modules = Vec::new();
    let mut folders = vec![top().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                modules.push(module(&path));
            }
        }
    }
    modules.sort_by(|a, b| a.path.cmp(&b.path));
    modules
}

fn module(path: &Path) -> Module {
    let below = path.strip_prefix(top().join("src")).unwrap();
    let mut place: Vec<String> = below
        .with_extension("")
        .iter()
        .map(|part| part.to_str().unwrap().to_owned())
        .collect();
    if place.len() > 1 && place.last().is_some_and(|last| last == "mod") {
        place.pop();
    }
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let code: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    Module {
        path: below.to_str().unwrap().to_owned(),
        place,
        code: code.join("\n"),
    }
}

/// The paths that a module imports or names in full, each as its names from the crate on.
fn named(module: &Module) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (start, _) in module.code.match_indices("crate::") {
        found.push(names(&module.code[start + "crate::".len()..]));
    }
    for line in module.code.split(';') {
        let Some((_, mut path)) = line.rsplit_once("use super::") else {
            continue;
        };
        let mut place = module.place.clone();
        place.pop();
        while let Some(rest) = path.strip_prefix("super::") {
            place.pop();
            path = rest;
        }
        for part in parts(path) {
            let mut whole = place.clone();
            whole.extend(names(part));
            found.push(whole);
        }
    }
    found
}

/// The parts of `{a::b, c}`, or the path itself.
fn parts(path: &str) -> Vec<&str> {
    match path.trim().strip_prefix('{') {
        Some(list) => list
            .trim_end_matches(['}', '\n', ' '])
            .split(',')
            .map(str::trim)
            .collect(),
        None => vec![path.trim()],
    }
}

/// The names of a path: `a::b::{c, d}` gives `a` and `b`.
fn names(path: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = path;
    loop {
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        if end > 0 {
            names.push(rest[..end].to_owned());
        }
        match rest[end..].strip_prefix("::") {
            Some(after) if end > 0 => rest = after,
            _ => return names,
        }
    }
}

#[test]
fn every_part_names_lower_ones_only() {
    let modules = modules();
    for (index, (part, below)) in FLOORS.iter().enumerate() {
        for lower in *below {
            assert!(
                FLOORS[..index].iter().any(|(floor, _)| floor == lower),
                "{part} names {lower}, which is above it"
            );
        }
        assert!(
            modules.iter().any(|module| module.place[0] == *part),
            "there is no {part} in src"
        );
    }
    let parts: BTreeSet<&str> = modules
        .iter()
        .map(|module| module.place[0].as_str())
        .collect();
    for module in &modules {
        let part = module.place[0].as_str();
        let Some((_, below)) = FLOORS.iter().find(|(floor, _)| *floor == part) else {
            panic!("{part} has no row in the table of floors");
        };
        for path in named(module) {
            let Some(first) = path.first() else { continue };
            // What is no module is declared by the crate itself.
            let named = if parts.contains(first.as_str()) {
                first.as_str()
            } else {
                "lib"
            };
            assert!(
                named == part || below.contains(&named),
                "src/{} names {named}",
                module.path
            );
        }
    }
}

/// The two modules beside each other, with all that is in them, of which the first imports from the
/// second; `None` where one file is inside the module of the other, which is one thing with it.
fn siblings<'m>(from: &'m [String], to: &'m [String]) -> Option<(&'m [String], &'m [String])> {
    let common = from.iter().zip(to).take_while(|(a, b)| a == b).count();
    Some((from.get(..=common)?, to.get(..=common)?))
}

#[test]
fn no_modules_import_each_other_in_a_circle() {
    let modules = modules();
    let paths: Vec<(&Module, Vec<String>)> = modules
        .iter()
        .flat_map(|module| named(module).into_iter().map(move |path| (module, path)))
        .collect();
    let mut imports = BTreeSet::new();
    for (module, path) in &paths {
        let file = modules
            .iter()
            .filter(|other| path.starts_with(&other.place))
            .max_by_key(|other| other.place.len());
        imports.extend(file.and_then(|file| siblings(&module.place, &file.place)));
    }
    assert!(
        imports.len() > 50,
        "only {} imports were found",
        imports.len()
    );
    // What imports nothing is in no circle, and neither is what imports only that. What is left
    // over imports each other.
    while let Some(free) = imports
        .iter()
        .map(|&(_, to)| to)
        .find(|to| !imports.iter().any(|(from, _)| from == to))
    {
        imports.retain(|&(_, to)| to != free);
    }
    let circles: Vec<(String, String)> = imports
        .iter()
        .map(|(from, to)| (from.join("/"), to.join("/")))
        .collect();
    assert!(
        circles.is_empty(),
        "modules or folders that import each other in a circle: {circles:#?}"
    );
}

/// The files whose types may have the names of other types, each with the reason. Among them, a
/// name means one thing, too.
const OTHER_STAGES: [(&str, &str); 4] = [
    (
        "syntax/ast",
        "what is written; `rules::model` has what it means",
    ),
    (
        "template/model",
        "the template that is written; nothing that reads templates names it",
    ),
    (
        "rules/text",
        "the texts of a source; `partial` has those of any template",
    ),
    (
        "facade",
        "the names for other programs, which see no others",
    ),
];

#[test]
fn a_type_name_means_one_thing() {
    let mut declared: BTreeMap<(&str, String), Vec<String>> = BTreeMap::new();
    let modules = modules();
    for module in &modules {
        let stages = OTHER_STAGES.iter().map(|(stage, _)| *stage);
        let stage = stages
            .into_iter()
            .find(|stage| module.path.starts_with(stage));
        for line in module.code.lines() {
            let words: Vec<&str> = line.split_whitespace().take(3).collect();
            let declaration = match words.as_slice() {
                [visibility, rest @ ..] if visibility.starts_with("pub") => rest,
                all => all,
            };
            if line.starts_with(' ') {
                continue;
            }
            if let ["struct" | "enum" | "trait" | "type", name, ..] = declaration {
                let name = names(name).remove(0);
                let places = declared
                    .entry((stage.unwrap_or_default(), name))
                    .or_default();
                places.push(module.path.clone());
            }
        }
    }
    assert!(
        declared.len() > 400,
        "only {} types were found",
        declared.len()
    );
    declared.retain(|_, places| places.len() > 1);
    assert!(
        declared.is_empty(),
        "a type has the name of another one; call one of them by what it is: {declared:#?}"
    );
    for (stage, reason) in OTHER_STAGES {
        assert!(
            modules.iter().any(|module| module.path.starts_with(stage)),
            "no file is {stage}, {reason}"
        );
    }
}

/// Beyond a hundred columns, rustfmt leaves a whole statement as it is.
#[test]
fn no_line_is_longer_than_a_hundred_columns() {
    let mut folders: Vec<PathBuf> = ["src", "tests", "benches", "fuzz/src", "fuzz/targets"]
        .iter()
        .map(|folder| top().join(folder))
        .collect();
    let mut long = Vec::new();
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files += 1;
                let text = fs::read_to_string(&path).unwrap();
                let lines = text.lines().enumerate();
                let beyond = lines.filter(|(_, line)| line.chars().count() > 100);
                long.extend(beyond.map(|(index, _)| format!("{}:{}", path.display(), index + 1)));
            }
        }
    }
    assert!(files > 100, "only {files} files were found");
    assert!(long.is_empty(), "lines of more than 100 columns: {long:#?}");
}

/// The longest function of `src`, in lines without comments.
const LONGEST_FUNCTION: usize = 60;

/// The most closures with names in a hundred functions, in the parts that decide about security. A
/// function says what it takes, and can be read without what is around it.
const NAMED_CLOSURES: usize = 5;

/// A function: its name, and its lines without comments.
struct Function<'m> {
    name: String,
    lines: Vec<&'m str>,
}

/// The functions of a module, as rustfmt lays them out: one ends with a brace as far in as it
/// begins.
fn functions(module: &Module) -> Vec<Function<'_>> {
    let lines: Vec<&str> = module.code.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let Some((before, after)) = code.split_once("fn ") else {
            continue;
        };
        let words = ["pub", "pub(super)", "pub(crate)", "const"];
        if !before.split_whitespace().all(|word| words.contains(&word)) {
            continue;
        }
        let indent = &line[..line.len() - code.len()];
        let is_end = |line: &&str| {
            let rest = line.strip_prefix(indent).unwrap_or(" ");
            rest == "}" || (!rest.starts_with(' ') && rest.ends_with([';', '}']))
        };
        let length = lines[start..].iter().position(is_end);
        found.push(Function {
            name: names(after).remove(0),
            lines: lines[start..=start + length.unwrap()].to_vec(),
        });
    }
    found
}

#[test]
fn functions_are_short() {
    let mut long = Vec::new();
    let mut all = 0;
    for module in &modules() {
        for function in functions(module) {
            all += 1;
            let lines = function.lines.len();
            if lines > LONGEST_FUNCTION {
                long.push(format!(
                    "src/{}: {}, {lines} lines",
                    module.path, function.name
                ));
            }
        }
    }
    assert!(all > 1500, "only {all} functions were found");
    assert!(
        long.is_empty(),
        "functions of more than {LONGEST_FUNCTION} lines: {long:#?}"
    );
}

#[test]
fn few_closures_have_names_where_security_is_decided() {
    for part in ["access", "iam"] {
        let modules = modules();
        let (mut all, mut named) = (0, Vec::new());
        for module in modules.iter().filter(|module| module.place[0] == part) {
            all += functions(module).len();
            let lines: Vec<&str> = module.code.lines().map(str::trim).collect();
            for (index, line) in lines.iter().enumerate() {
                let Some(rest) = line.strip_prefix("let ") else {
                    continue;
                };
                // A long closure is on the next line.
                let value = match rest.split_once('=') {
                    Some((_, "")) => lines.get(index + 1).copied().unwrap_or_default(),
                    Some((_, value)) => value.trim_start(),
                    None => continue,
                };
                if value.trim_start_matches("move ").starts_with('|') {
                    named.push(format!("src/{}: {line}", module.path));
                }
            }
        }
        assert!(all > 100, "only {all} functions were found in src/{part}");
        assert!(
            named.len() * 100 < NAMED_CLOSURES * all,
            "src/{part} has {} closures with names in {all} functions, and {NAMED_CLOSURES} in 100 \
            are too many; make some a function or a loop: {named:#?}",
            named.len()
        );
    }
}

#[test]
fn every_file_is_on_the_page_of_the_architecture() {
    let page = fs::read_to_string(top().join("docs/architecture.md")).unwrap();
    let mut missing = Vec::new();
    for module in modules() {
        let (part, name) = (&module.place[0], module.place.last().unwrap());
        let rows = page.lines().filter(|line| line.starts_with("| `src/"));
        let row: String = rows
            .filter(|row| {
                row.contains(&format!("`src/{part}/`")) || row.contains(&format!("`src/{part}.rs`"))
            })
            .collect();
        // `lint/*` on the page stands for every file in it.
        let folder = module.place.iter().rev().nth(1).map_or("", String::as_str);
        let names = [
            format!("`{name}`"),
            format!("`{name}/`"),
            format!("`{name}/*`"),
            format!("`{folder}/*`"),
        ];
        let is_named = module.place.len() == 1 || names.iter().any(|name| row.contains(name));
        if row.is_empty() || !is_named {
            missing.push(module.path);
        }
    }
    assert!(
        missing.is_empty(),
        "not in a row of docs/architecture.md: {missing:#?}"
    );
}

#[test]
fn every_test_is_on_the_page_of_the_tests() {
    let page = fs::read_to_string(top().join("tests/README.md")).unwrap();
    for file in support::files("tests", "rs") {
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(
            page.contains(&format!("`{name}`")),
            "{name} is not in tests/README.md"
        );
    }
}

/// The rules of the grammar in the manual, each with what it is made of.
fn grammar() -> BTreeMap<String, String> {
    let manual = fs::read_to_string(top().join("docs/language.md")).unwrap();
    let (_, section) = manual.split_once("\n## Grammar\n").unwrap();
    let block = section.split("```").nth(1).unwrap();
    let mut rules: BTreeMap<String, String> = BTreeMap::new();
    let mut last = String::new();
    for line in block.lines() {
        match line.split_once(" = ") {
            Some((name, made_of)) if !line.starts_with(' ') => {
                name.trim().split('(').next().unwrap().clone_into(&mut last);
                rules.insert(last.clone(), made_of.to_owned());
            }
            _ => rules.entry(last.clone()).or_default().push_str(line),
        }
    }
    rules
}

#[test]
fn every_rule_of_the_grammar_is_a_function_of_the_parser() {
    // A file is read by `parse`, a value by the cursor.
    let elsewhere = ["file", "value"];
    // Functions that read no rule by themselves: they repeat another one, or report.
    let helpers = [
        "comma_separated",
        "values",
        "set_from",
        "set_item_from",
        "misplaced",
        "named_account",
    ];
    let mut functions = BTreeSet::new();
    for module in modules() {
        if module.path.starts_with("syntax/parser/") && !module.path.ends_with("cursor.rs") {
            for function in module.code.split("fn ").skip(1) {
                let name = names(function).remove(0);
                let signature = function.split('{').next().unwrap();
                if signature.contains("-> Parsed<") && !helpers.contains(&name.as_str()) {
                    functions.insert(name);
                }
            }
        }
    }
    let rules = grammar()
        .into_keys()
        .filter(|rule| !elsewhere.contains(&rule.as_str()) && !rule.is_empty());
    let rules: BTreeSet<String> = rules.map(|rule| rule.replace('-', "_")).collect();
    assert_eq!(rules, functions);
}

#[test]
fn every_keyword_is_in_the_grammar() {
    let mut words = BTreeSet::new();
    for made_of in grammar().values() {
        let quoted = made_of.split('"').skip(1).step_by(2);
        let is_word = |word: &&str| {
            word.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        words.extend(quoted.filter(is_word).map(str::to_owned));
    }
    let keywords = Keyword::ALL.iter().map(|keyword| keyword.text());
    let keywords: BTreeSet<String> = keywords.map(str::to_owned).collect();
    assert_eq!(words, keywords);
}

#[test]
fn every_condition_operator_is_in_the_manual_and_judged_by_the_other_evaluator() {
    let read = |path: &str| fs::read_to_string(top().join(path)).unwrap();
    let pages = [
        ("docs/policy-evaluation.md", '`'),
        ("tests/iam/decisions.py", '"'),
    ];
    for (page, quote) in pages {
        let text = read(page);
        // The manual mentions the negated forms together.
        for operator in OPERATORS.iter().filter(|operator| !operator.negated) {
            assert!(
                text.contains(&format!("{quote}{}{quote}", operator.name)),
                "{page} has no {}",
                operator.name
            );
        }
    }
}

/// The variants of an enum of `src/cli/args.rs`, as a user writes them.
fn choices(name: &str) -> Vec<String> {
    let text = fs::read_to_string(top().join("src/cli/args.rs")).unwrap();
    let (_, after) = text.split_once(&format!("enum {name} {{\n")).unwrap();
    let (body, _) = after.split_once("\n}").unwrap();
    let variants = body.lines().filter_map(|line| line.strip_prefix("    "));
    let variants = variants.filter(|line| line.starts_with(char::is_uppercase));
    let found: Vec<String> = variants
        .map(|line| names(line).remove(0).to_lowercase())
        .collect();
    assert!(found.len() > 2, "{name} has {found:?}");
    found
}

#[test]
fn every_command_and_format_is_in_the_manual() {
    let manual = fs::read_to_string(top().join("docs/commands.md")).unwrap();
    let rows: Vec<&str> = manual
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    for command in choices("Command") {
        let first = format!("| `{command} ");
        assert!(
            rows.iter().any(|row| row.starts_with(&first)),
            "docs/commands.md has no row of the command {command}"
        );
    }
    for choice in ["AccessFormat", "ReportFormat", "MessageFormat"] {
        for format in choices(choice) {
            let quoted = format!("`{format}`");
            let mut cells = rows.iter().filter_map(|row| row.split(" | ").next());
            assert!(
                cells.any(|cell| cell.contains(&quoted)),
                "docs/commands.md has no row of the format {format} ({choice})"
            );
        }
    }
}

#[test]
fn codes_weigh_what_their_table_says() {
    let makers = [
        ("error", Severity::Error),
        ("warning", Severity::Warning),
        ("remark", Severity::Note),
    ];
    let mut made: BTreeMap<String, BTreeSet<Severity>> = BTreeMap::new();
    for module in modules() {
        for (maker, severity) in makers {
            for after in module.code.split(&format!("Diagnostic::{maker}(")).skip(1) {
                let Some(code) = after.trim_start().strip_prefix("Code::") else {
                    panic!(
                        "src/{}: `Diagnostic::{maker}` is not called with the name of a code",
                        module.path
                    )
                };
                made.entry(names(code).remove(0))
                    .or_default()
                    .insert(severity);
            }
        }
    }
    for code in Code::ALL {
        let listed: BTreeSet<Severity> = code.severities().iter().copied().collect();
        assert_eq!(
            made.get(&format!("{code:?}")),
            Some(&listed),
            "{}",
            code.name()
        );
    }
}

#[test]
fn every_lint_reports_its_own_code() {
    let mut silent: BTreeSet<&str> = LINTS.iter().map(|lint| lint.code.name()).collect();
    let cases: Vec<PathBuf> = ["report", "compile"]
        .iter()
        .flat_map(|folder| support::files(&format!("tests/cases/{folder}"), "layers"))
        .collect();
    let pages = Code::ALL
        .iter()
        .filter_map(|code| code.page().split("```layers\n").nth(1)?.split("```").next());
    let sources = cases
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .chain(pages.map(str::to_owned));
    for source in sources {
        let (mut sources, mut mistakes) = (Sources::default(), Vec::new());
        let root = Root::in_memory("test.layers", source);
        let units = load(root, &NoFiles, &mut sources, &mut mistakes);
        let rules = resolve(&units, &NoFiles, &mut mistakes);
        for lint in LINTS {
            let mut found = Vec::new();
            (lint.check)(
                &Context {
                    units: &units,
                    rules: &rules,
                },
                &mut found,
            );
            for diagnostic in found {
                assert_eq!(diagnostic.code, lint.code);
                silent.remove(lint.code.name());
            }
        }
    }
    assert!(silent.is_empty(), "no case shows {silent:?}");
}

#[test]
fn editors_know_every_keyword_and_no_other_word() {
    let folder = top().join("editors/vscode");
    let read = |name: &str| -> serde_json::Value {
        serde_json::from_str(&fs::read_to_string(folder.join(name)).unwrap()).unwrap()
    };
    let package = read("package.json");
    assert_eq!(package["version"], env!("CARGO_PKG_VERSION"));
    let grammar = read(
        package["contributes"]["grammars"][0]["path"]
            .as_str()
            .unwrap(),
    );
    for (rule, begins) in [("statement", true), ("word", false)] {
        let written = grammar["repository"][rule]["match"].as_str().unwrap();
        let (_, rest) = written.split_once("(?:").unwrap();
        let (words, _) = rest.split_once(')').unwrap();
        let all = Keyword::ALL.iter().copied();
        let mut keywords: Vec<&str> = all
            .filter(|keyword| keyword.begins_statement() == begins)
            .map(Keyword::text)
            .collect();
        keywords.sort_unstable();
        assert_eq!(
            words,
            keywords.join("|"),
            "the words of the rule `{rule}` in editors/vscode"
        );
    }
}
