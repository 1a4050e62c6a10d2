//! The source and the files that it includes.

use crate::diagnostic::{Code, Diagnostic};
use crate::english::quote;
use crate::rules::organization::{Organization, OrganizationProblem};
use crate::source::{FileId, Files, PathKind, Sources, Span};
use crate::syntax::ast::{File, Statement, Value};
use crate::syntax::parser;
use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// The source that a template is made from.
#[derive(Clone, Debug)]
pub struct Root {
    /// Its name in messages.
    pub name: String,
    /// Its path; `None` for a source that is not a file, such as standard input.
    pub path: Option<PathBuf>,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl Root {
    /// A source that is not a file. Paths in it start from the current folder.
    pub fn in_memory(name: impl Into<String>, text: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.into(),
            path: None,
            bytes: text.into(),
        }
    }

    /// The folder that paths in the source start from: its own, or the current one.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.path
            .as_deref()
            .and_then(Path::parent)
            .unwrap_or(Path::new(""))
    }
}

/// One file, read.
#[derive(Debug)]
pub struct Unit {
    /// Its text's place among the sources.
    pub file: FileId,
    /// Its tree.
    pub ast: File,
    /// The folder that its paths start from.
    pub folder: PathBuf,
    /// The statement that included it; `None` for the root.
    pub included_at: Option<Span>,
    /// The accounts files that it names, in the order of its statements; `None` for one that cannot
    /// be read.
    pub accounts: Vec<(Span, Option<Arc<Organization>>)>,
    /// Whether it includes something that cannot be read.
    pub lacks_names: bool,
    /// Whether it names an accounts file by a path that cannot be read.
    pub lacks_accounts: bool,
    parent: Option<usize>,
    identity: Option<PathBuf>,
}

impl Unit {
    /// A file that no other one includes.
    fn new(file: FileId, ast: File, folder: PathBuf) -> Self {
        let has = |lost: fn(&Statement) -> bool| ast.statements.iter().any(lost);
        let lacks_names = has(|statement| matches!(statement, Statement::Include(None)));
        let lacks_accounts = has(|statement| matches!(statement, Statement::Accounts(None)));
        Self {
            file,
            ast,
            folder,
            included_at: None,
            accounts: Vec::new(),
            lacks_names,
            lacks_accounts,
            parent: None,
            identity: None,
        }
    }

    /// Whether another file includes it.
    #[must_use]
    pub fn is_included(&self) -> bool {
        self.included_at.is_some()
    }

    /// The path from the folder of the source to the folder of this file, with `/` between folders;
    /// empty if they are the same, and `None` if it was included by an absolute path.
    #[must_use]
    pub fn folder_from(&self, root: &Path) -> Option<String> {
        let below = self.folder.strip_prefix(root).ok()?;
        let names = below.components().map(|component| match component {
            Component::Normal(name) => Some(name.to_string_lossy()),
            Component::ParentDir => Some("..".into()),
            Component::CurDir => Some(".".into()),
            Component::RootDir | Component::Prefix(_) => None,
        });
        let names: Option<Vec<_>> = names.collect();
        Some(names?.join("/"))
    }

    fn has_layers(&self) -> bool {
        let mut statements = self.ast.statements.iter();
        statements.any(|statement| matches!(statement, Statement::Layer(_)))
    }
}

/// The sources that are parts of others: files with layers that another one of these includes. The
/// layers are in the template of that one.
pub fn parts(roots: Vec<Root>, files: &dyn Files) -> HashSet<PathBuf> {
    let mut included: HashMap<PathBuf, HashSet<PathBuf>> = HashMap::new();
    for root in roots {
        let may_include = memchr::memmem::find(&root.bytes, b"include").is_some();
        let (true, Some(path)) = (may_include, &root.path) else {
            continue;
        };
        let own = files.identity(path);
        let units = load(root, files, &mut Sources::default(), &mut Vec::new());
        let with_layers = units.into_iter().skip(1).filter(Unit::has_layers);
        let identities = with_layers.filter_map(|unit| unit.identity);
        included.entry(own).or_default().extend(identities);
    }
    // In a cycle, which is a mistake, no file is a part: somebody must report it.
    let includes = |one: &PathBuf, other: &PathBuf| {
        included
            .get(one)
            .is_some_and(|others| others.contains(other))
    };
    let pairs = included
        .iter()
        .flat_map(|(root, parts)| parts.iter().map(move |part| (root, part)));
    pairs
        .filter(|(root, part)| !includes(part, root))
        .map(|(_, part)| part.clone())
        .collect()
}

/// Replaces the claims of the source by one from outside.
pub fn replace_claims(
    name: &str,
    text: String,
    units: &mut [Unit],
    sources: &mut Sources,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let (_, asked) = add(sources, diagnostics, name, text.into_bytes());
    let is_claim = |statement: &Statement| matches!(statement, Statement::Expect(_));
    if let Some(root) = units.first_mut() {
        root.ast.statements.retain(|statement| !is_claim(statement));
        root.ast
            .statements
            .extend(asked.statements.into_iter().filter(is_claim));
    }
}

/// Leaves only the names of sources: what they declare of accounts, organizations and parameters.
pub fn keep_names(units: &mut [Unit]) {
    for unit in units {
        unit.ast.statements.retain(|statement| match statement {
            Statement::Parameter(_)
            | Statement::Account(_)
            | Statement::Organization(_)
            | Statement::Unit(_)
            | Statement::Accounts(_)
            | Statement::Group(_)
            | Statement::Include(_) => true,
            Statement::Stack(_)
            | Statement::Regions(..)
            | Statement::RollOut(_)
            | Statement::Layer(_)
            | Statement::Restriction(_)
            | Statement::Expect(_) => false,
        });
    }
}

/// Reads the root and everything that it includes, each file once. The root comes first.
pub fn load(
    root: Root,
    files: &dyn Files,
    sources: &mut Sources,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Unit> {
    let folder = root.folder().to_path_buf();
    let (file, ast) = add(sources, diagnostics, &root.name, root.bytes);
    // Most sources include nothing, so this is computed on demand.
    let names_files = !includes(&ast).is_empty() || accounts_files(&ast).next().is_some();
    let path = root.path.filter(|_| names_files);
    let identity = path.map(|path| files.identity(&path));
    let home = identity.as_ref().map(|_| files.identity(&folder));
    let first = Unit {
        identity,
        ..Unit::new(file, ast, folder.clone())
    };
    let mut units = vec![first];
    let mut known: HashMap<PathBuf, usize> = HashMap::new();
    known.extend(units[0].identity.clone().map(|identity| (identity, 0)));
    let mut next = 0;
    while next < units.len() {
        for include in includes(&units[next].ast) {
            let path = units[next].folder.join(&include.text);
            let identity = files.identity(&path);
            if is_outside(&folder, home.as_deref(), &path, &identity) {
                diagnostics.push(outside(&include));
            }
            if let Some(&seen) = known.get(&identity) {
                if is_ancestor(&units, seen, next) {
                    diagnostics.push(cycle(&include, units[seen].included_at));
                }
                continue;
            }
            let Some((file, ast)) = read(&path, &include, files, sources, diagnostics) else {
                units[next].lacks_names = true;
                continue;
            };
            refuse_more(&ast, &include, diagnostics);
            known.insert(identity.clone(), units.len());
            let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
            units.push(Unit {
                included_at: Some(include.span),
                parent: Some(next),
                identity: Some(identity),
                ..Unit::new(file, ast, folder)
            });
        }
        next += 1;
    }
    for unit in &mut units {
        take_accounts(unit, &folder, home.as_deref(), files, diagnostics);
    }
    units
}

/// Reads the accounts files that a file names.
fn take_accounts(
    unit: &mut Unit,
    folder: &Path,
    home: Option<&Path>,
    files: &dyn Files,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for written in accounts_files(&unit.ast) {
        let path = unit.folder.join(&written.text);
        if is_outside(folder, home, &path, &files.identity(&path)) {
            diagnostics.push(outside(written));
        }
        let found = read_accounts(&path, written, files, diagnostics);
        unit.accounts.push((written.span, found));
    }
}

fn accounts_files(ast: &File) -> impl Iterator<Item = &Value> {
    ast.statements.iter().filter_map(|statement| {
        let Statement::Accounts(path) = statement else {
            return None;
        };
        path.as_ref()
    })
}

/// Whether a file is outside the folder of the source. A path that looks inside can still lead
/// outside through a link.
fn is_outside(folder: &Path, home: Option<&Path>, path: &Path, identity: &Path) -> bool {
    let led = identity != path && home.is_some_and(|home| !identity.starts_with(home));
    leaves(folder, path) || led
}

/// The organization that an accounts file lists; `None` if it cannot be read, which is then
/// reported.
fn read_accounts(
    path: &Path,
    written: &Value,
    files: &dyn Files,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Arc<Organization>> {
    let bytes = match readable(path, written, files) {
        Ok(bytes) => bytes,
        Err(problem) => {
            diagnostics.push(
                Diagnostic::error(Code::AccountsUnreadable, written.span, problem)
                    .note("the path is relative to the folder of the file that contains it"),
            );
            return None;
        }
    };
    match Organization::read(&bytes) {
        Ok(organization) => Some(Arc::new(organization)),
        Err(problem) => {
            diagnostics.push(no_accounts(written, &problem));
            None
        }
    }
}

fn no_accounts(written: &Value, problem: &OrganizationProblem) -> Diagnostic {
    const COMMAND: &str = "aws organizations list-accounts";
    let file = quote(&written.text);
    let message = match problem {
        OrganizationProblem::CutOff => format!("{file} ends before the last account"),
        OrganizationProblem::NotJson(..)
        | OrganizationProblem::SomethingElse(..)
        | OrganizationProblem::InvalidId(_)
        | OrganizationProblem::Twice(_)
        | OrganizationProblem::NoState(_)
        | OrganizationProblem::InvisibleName(_) => {
            format!("{file} is not what `{COMMAND}` prints")
        }
    };
    let diagnostic = Diagnostic::error(Code::AccountsUnreadable, written.span, message);
    let diagnostic = match problem {
        OrganizationProblem::NotJson(line, column) => {
            diagnostic.note(format!("it is not JSON: line {line}, column {column}"))
        }
        OrganizationProblem::SomethingElse(line, column) => diagnostic.note(format!(
            "it is JSON, but not a list of accounts: line {line}, column {column}"
        )),
        OrganizationProblem::CutOff => diagnostic
            .note("it has a `NextToken`, so it is cut off; the missing accounts would lose access"),
        OrganizationProblem::InvalidId(number) => diagnostic.note(format!(
            "the `Id` of account {number} of the list is not an account ID"
        )),
        OrganizationProblem::Twice(id) => {
            diagnostic.note(format!("it lists the account {id} twice"))
        }
        OrganizationProblem::NoState(id) => {
            diagnostic.note(format!("the account {id} has neither `State` nor `Status`"))
        }
        OrganizationProblem::InvisibleName(id) => diagnostic.note(format!(
            "the name of the account {id} contains an invisible character"
        )),
    };
    diagnostic.help(match problem {
        OrganizationProblem::CutOff => format!(
            "create it again without `--max-items` and `--no-paginate`: `{COMMAND} --output json`"
        ),
        OrganizationProblem::NotJson(..)
        | OrganizationProblem::SomethingElse(..)
        | OrganizationProblem::InvalidId(_)
        | OrganizationProblem::Twice(_)
        | OrganizationProblem::NoState(_)
        | OrganizationProblem::InvisibleName(_) => {
            format!("create it again: `{COMMAND} --output json`")
        }
    })
}

fn includes(ast: &File) -> Vec<Value> {
    let includes = ast.statements.iter().filter_map(|statement| {
        let Statement::Include(path) = statement else {
            return None;
        };
        path.clone()
    });
    includes.collect()
}

/// Adds a file's text to the sources and parses it.
fn add(
    sources: &mut Sources,
    diagnostics: &mut Vec<Diagnostic>,
    name: &str,
    bytes: Vec<u8>,
) -> (FileId, File) {
    let (text, invalid_at) = match String::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            (
                String::from_utf8_lossy(error.as_bytes()).into_owned(),
                Some(at),
            )
        }
    };
    let file = sources.add(name, text);
    if let Some(at) = invalid_at {
        diagnostics.push(not_utf8(file, at));
        return (file, File::default());
    }
    let (ast, mut found) = parser::parse(file, sources.get(file).text());
    diagnostics.append(&mut found);
    (file, ast)
}

fn not_utf8(file: FileId, at: usize) -> Diagnostic {
    let start = at as u32;
    let span = Span {
        file,
        start,
        end: start + char::REPLACEMENT_CHARACTER.len_utf8() as u32,
    };
    Diagnostic::error(Code::InvalidEncoding, span, "this file is not UTF-8")
        .label("the first invalid byte")
        .help("save the file as UTF-8")
}

fn read(
    path: &Path,
    include: &Value,
    files: &dyn Files,
    sources: &mut Sources,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<(FileId, File)> {
    match readable(path, include, files) {
        Ok(bytes) => Some(add(
            sources,
            diagnostics,
            &path.display().to_string(),
            bytes,
        )),
        Err(problem) => {
            diagnostics.push(
                Diagnostic::error(Code::IncludeUnreadable, include.span, problem).note(
                    "the path of an include is relative to the folder of the file that \
                        contains it",
                ),
            );
            None
        }
    }
}

/// The bytes of a file, or why there are none.
fn readable(path: &Path, written: &Value, files: &dyn Files) -> Result<Vec<u8>, String> {
    let shown = quote(&written.text);
    match files.kind(path) {
        PathKind::Folder => Err(format!("{shown} is a folder")),
        PathKind::Missing => Err(format!("there is no file {shown}")),
        PathKind::File => files
            .read(path)
            .map_err(|error| format!("{shown} cannot be read: {error}")),
    }
}

/// Whether `path` is outside `folder`, judged by its text alone.
fn leaves(folder: &Path, path: &Path) -> bool {
    let inside = path.strip_prefix(folder).unwrap_or(path);
    let mut depth = 0_i64;
    inside.components().any(|component| {
        match component {
            Component::ParentDir => depth -= 1,
            Component::Normal(_) => depth += 1,
            Component::RootDir | Component::Prefix(_) => depth = i64::MIN / 2,
            Component::CurDir => {}
        }
        depth < 0
    })
}

fn outside(include: &Value) -> Diagnostic {
    let message = format!(
        "{} is outside the folder of the source",
        quote(&include.text)
    );
    Diagnostic::remark(Code::IncludeOutside, include.span, message)
        .note("whoever can change that file can change what this template grants")
}

fn is_ancestor(units: &[Unit], candidate: usize, of: usize) -> bool {
    let mut unit = Some(of);
    while let Some(index) = unit {
        if index == candidate {
            return true;
        }
        unit = units[index].parent;
    }
    false
}

fn cycle(include: &Value, first: Option<Span>) -> Diagnostic {
    let message = format!("{} includes itself", quote(&include.text));
    let diagnostic = Diagnostic::error(Code::IncludeCycle, include.span, message)
        .help("put the names that both files need into a third file, and include that one in both");
    match first {
        Some(span) => diagnostic.also(span, "the cycle goes through this include"),
        None => diagnostic.label("this is the file that is being compiled"),
    }
}

/// Refuses an included file that holds more than names and layers.
fn refuse_more(ast: &File, include: &Value, diagnostics: &mut Vec<Diagnostic>) {
    let more = ast.statements.iter().find_map(|statement| match statement {
        Statement::Stack(text) => Some(("a `stack` statement".to_owned(), text.span)),
        Statement::Regions(_, span) => Some(("a `regions` statement".to_owned(), *span)),
        Statement::RollOut(roll_out) => Some(("a `roll out` statement".to_owned(), roll_out.span)),
        Statement::Expect(claim) => Some(("a claim".to_owned(), claim.keyword)),
        Statement::Restriction(restriction) => Some((
            format!("a {}", restriction.kind.keyword()),
            restriction.name.span,
        )),
        Statement::Parameter(_)
        | Statement::Account(_)
        | Statement::Organization(_)
        | Statement::Unit(_)
        | Statement::Accounts(_)
        | Statement::Group(_)
        | Statement::Include(_)
        | Statement::Layer(_) => None,
    });
    if let Some((what, span)) = more {
        let message = format!("{} contains {what}", quote(&include.text));
        diagnostics.push(
            Diagnostic::error(Code::IncludeHoldsMore, include.span, message)
                .also(span, "this would be left out of the template")
                .note(
                    "an included file may only declare names (parameters, accounts, \
                    organizations, units and groups) and layers",
                )
                .help("move the names and layers into a separate file, and include that one"),
        );
    }
}
