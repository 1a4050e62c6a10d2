//! The source and the files that it includes.

use crate::diagnostic::{Code, Diagnostic};
use crate::english::quote;
use crate::source::{FileId, Files, PathKind, Sources, Span};
use crate::syntax::ast::{File, Statement, Value};
use crate::syntax::parser;
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

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
    parent: Option<usize>,
    identity: Option<PathBuf>,
}

impl Unit {
    /// Whether another file includes it.
    #[must_use]
    pub fn is_included(&self) -> bool {
        self.included_at.is_some()
    }
}

/// Puts a claim from outside in the place of the source's own.
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

/// Reads the root and everything that it includes, each file once. The root comes first.
pub fn load(
    root: Root,
    files: &dyn Files,
    sources: &mut Sources,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Unit> {
    let folder = root.folder().to_path_buf();
    let (file, ast) = add(sources, diagnostics, &root.name, root.bytes);
    // Most sources include nothing, and then nobody asks.
    let path = root.path.filter(|_| !includes(&ast).is_empty());
    let identity = path.map(|path| files.identity(&path));
    let home = identity.as_ref().map(|_| files.identity(&folder));
    let first = Unit {
        file,
        ast,
        folder: folder.clone(),
        included_at: None,
        parent: None,
        identity,
    };
    let mut units = vec![first];
    let mut known: HashMap<PathBuf, usize> = HashMap::new();
    known.extend(units[0].identity.clone().map(|identity| (identity, 0)));
    let mut next = 0;
    while next < units.len() {
        for include in includes(&units[next].ast) {
            let path = units[next].folder.join(&include.text);
            let identity = files.identity(&path);
            // A path that stays inside by its letters can still lead outside, by a link.
            let led = identity != path
                && home
                    .as_ref()
                    .is_some_and(|home| !identity.starts_with(home));
            if leaves(&folder, &path) || led {
                diagnostics.push(outside(&include));
            }
            if let Some(&seen) = known.get(&identity) {
                if is_ancestor(&units, seen, next) {
                    diagnostics.push(cycle(&include, units[seen].included_at));
                }
                continue;
            }
            let Some((file, ast)) = read(&path, &include, files, sources, diagnostics) else {
                continue;
            };
            refuse_more(&ast, &include, diagnostics);
            known.insert(identity.clone(), units.len());
            let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
            let included_at = Some(include.span);
            units.push(Unit {
                file,
                ast,
                folder,
                included_at,
                parent: Some(next),
                identity: Some(identity),
            });
        }
        next += 1;
    }
    units
}

fn includes(ast: &File) -> Vec<Value> {
    let includes = ast
        .statements
        .iter()
        .filter_map(|statement| match statement {
            Statement::Include(path) => Some(path.clone()),
            Statement::Stack(_)
            | Statement::Parameter(_)
            | Statement::Account(_)
            | Statement::Organization(_)
            | Statement::Group(_)
            | Statement::Layer(_)
            | Statement::Restriction(_)
            | Statement::Expect(_) => None,
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
        .label("the first byte that does not fit")
        .help("save the file as UTF-8")
}

fn read(
    path: &Path,
    include: &Value,
    files: &dyn Files,
    sources: &mut Sources,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<(FileId, File)> {
    let problem = match files.kind(path) {
        PathKind::Folder => format!("{} is a folder", quote(&include.text)),
        PathKind::Missing => format!("there is no file {}", quote(&include.text)),
        PathKind::File => match files.read(path) {
            Ok(bytes) => {
                return Some(add(
                    sources,
                    diagnostics,
                    &path.display().to_string(),
                    bytes,
                ));
            }
            Err(error) => format!("{} cannot be read: {error}", quote(&include.text)),
        },
    };
    diagnostics.push(
        Diagnostic::error(Code::IncludeUnreadable, include.span, problem)
            .note("the path of an include starts from the folder of the file that has it"),
    );
    None
}

/// Whether `path` lies outside `folder`, by its letters alone.
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
        Some(span) => diagnostic.also(span, "it is included here, on the way"),
        None => diagnostic.label("this is the file that is being compiled"),
    }
}

/// Refuses an included file that holds more than names.
fn refuse_more(ast: &File, include: &Value, diagnostics: &mut Vec<Diagnostic>) {
    let more = ast.statements.iter().find_map(|statement| match statement {
        Statement::Stack(text) => Some(("a `stack` statement".to_owned(), text.span)),
        Statement::Layer(layer) => Some(("a layer".to_owned(), layer.name.span)),
        Statement::Expect(claim) => Some(("a claim".to_owned(), claim.keyword)),
        Statement::Restriction(restriction) => Some((
            format!("a {}", restriction.kind.keyword()),
            restriction.name.span,
        )),
        Statement::Parameter(_)
        | Statement::Account(_)
        | Statement::Organization(_)
        | Statement::Group(_)
        | Statement::Include(_) => None,
    });
    if let Some((what, span)) = more {
        let message = format!("{} holds {what}", quote(&include.text));
        diagnostics.push(
            Diagnostic::error(Code::IncludeHoldsMore, include.span, message)
                .also(span, "this would be left out of the template")
                .note(
                    "an included file gives its names: parameters, accounts, organizations and \
                groups",
                )
                .help("move the names into a file of their own, and include that one"),
        );
    }
}
