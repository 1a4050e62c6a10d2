//! The interface for other programs: texts in, templates, messages and answers out.

use crate::access::authored::Authored;
use crate::access::claim::{Facts, Verdict};
use crate::access::{self, diff};
use crate::cloudformation::read::{self, ReadError};
use crate::cloudformation::{Template, Values};
use crate::diagnostic::render::{Form, render};
use crate::diagnostic::{Diagnostic, has_errors};
use crate::pipeline::{Compiled, compile, compile_to_ask};
use crate::report::{self, MadeFrom};
use crate::rules::load::Root;
use crate::source::{Files, NoFiles, Sources};
use crate::syntax::format::format;
use crate::template::Format;
use crate::template::limits::Limits;
use crate::template::lower::{Placement, Shape, SourceMap};
use serde_json::Value as Json;
use std::error::Error;
use std::fmt;
use std::path::Path;

/// A source of the language.
pub struct Source<'f> {
    root: Root,
    files: &'f dyn Files,
}

impl Source<'static> {
    /// A source with a name for messages. It cannot include files.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<Vec<u8>>) -> Self {
        Self {
            root: Root::in_memory(name, text),
            files: &NoFiles,
        }
    }
}

impl<'f> Source<'f> {
    /// A source that is a file at `path`, and finds its includes in `files`.
    #[must_use]
    pub fn among(files: &'f dyn Files, path: &Path, text: impl Into<Vec<u8>>) -> Self {
        Self {
            root: Root {
                name: path.display().to_string(),
                path: Some(path.to_owned()),
                bytes: text.into(),
            },
            files,
        }
    }

    /// Compiles it, for a template in the same folder.
    #[must_use]
    pub fn compile(self) -> Compilation {
        let name = self.root.path.as_deref().and_then(Path::file_name);
        let placement = Placement {
            source_name: name.map_or_else(
                || self.root.name.clone(),
                |name| name.to_string_lossy().into_owned(),
            ),
            source_folder: String::new(),
            shape: Shape::Template,
            format: Format::default(),
        };
        let mut sources = Sources::default();
        let limits = Limits::default();
        let compiled = compile(self.root, &placement, limits, self.files, &mut sources);
        Compilation { compiled, sources }
    }

    /// Its formatted text; `None` if it cannot be parsed.
    #[must_use]
    pub fn format(&self) -> Option<String> {
        format(std::str::from_utf8(&self.root.bytes).ok()?)
    }
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Source").field(&self.root).finish()
    }
}

/// A source, compiled as far as its mistakes allow.
#[derive(Debug)]
pub struct Compilation {
    compiled: Compiled,
    sources: Sources,
}

impl Compilation {
    /// The messages about the source, in its order.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.compiled.diagnostics
    }

    /// The same messages, in a form.
    #[must_use]
    pub fn messages(&self, form: Form) -> String {
        render(form, &self.compiled.diagnostics, &self.sources)
    }

    /// The template; `None` if the source has errors.
    #[must_use]
    pub fn template(&self, format: Format) -> Option<String> {
        let mut written = Vec::new();
        let lowered = self.compiled.lowered.as_ref()?;
        lowered.template.write(format, &mut written);
        String::from_utf8(written).ok()
    }

    /// The access that the template grants; `None` if the source has errors.
    #[must_use]
    pub fn access(&self) -> Option<Access> {
        let lowered = self.compiled.lowered.as_ref()?;
        let template = lowered.template.json()?;
        let authored = Authored::of(&self.compiled.rules, lowered);
        Some(Access {
            access: access::Access::of_template(template.clone(), &Values::default(), authored),
            template,
            source_map: Some(lowered.source_map.clone()),
        })
    }
}

/// The access that a template grants: who may use which layer version, and who may attach which
/// layers.
#[derive(Debug)]
pub struct Access {
    access: access::Access,
    template: Json,
    /// The names of the source and what they compile to, if there is a source.
    source_map: Option<SourceMap>,
}

impl Access {
    /// The access that a CloudFormation template grants, in YAML or JSON, whoever wrote it.
    ///
    /// # Errors
    ///
    /// If the text is not a template.
    pub fn of_template(text: &str) -> Result<Self, ReadError> {
        let template = read::template(text.as_bytes())?;
        let authored = Authored::default();
        Ok(Self {
            access: access::Access::of_template(template.clone(), &Values::default(), authored),
            template,
            source_map: None,
        })
    }

    /// Whether a claim holds, such as `everyone cannot use deps`, written as after `expect`.
    ///
    /// # Errors
    ///
    /// If the claim is invalid, or names nothing in the template.
    pub fn ask(&self, claim: &str) -> Result<Verdict, NotAClaim> {
        let mut sources = Sources::default();
        let compiled = compile_to_ask(
            Root::in_memory("the template", ""),
            claim,
            &NoFiles,
            &mut sources,
        );
        if has_errors(&compiled.diagnostics) {
            return Err(NotAClaim(render(
                Form::Short,
                &compiled.diagnostics,
                &sources,
            )));
        }
        let Some(asked) = compiled.rules.claims.first() else {
            return Err(NotAClaim(format!("`{claim}` is not a claim")));
        };
        let template = Template::new(self.template.clone(), &Values::default());
        Ok(Facts::new(template, self.source_map.as_ref()).verdict(asked))
    }

    /// The changes from this access to `new`.
    #[must_use]
    pub fn diff<'a>(&'a self, new: &'a Self) -> Diff<'a> {
        Diff {
            diff: diff::Diff::between(&self.access, &new.access),
            old: &self.access,
            new: &new.access,
        }
    }

    /// A report for a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        report::access_text(&self.access)
    }

    /// A report in Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        report::access_markdown(&self.access)
    }

    /// A report for programs, in JSON.
    #[must_use]
    pub fn json(&self) -> String {
        report::access_json(&self.access, &MadeFrom::default()).to_string()
    }
}

/// The changes from one access to another one.
#[derive(Debug)]
pub struct Diff<'a> {
    diff: diff::Diff,
    old: &'a access::Access,
    new: &'a access::Access,
}

impl Diff<'_> {
    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.diff.is_empty()
    }

    /// Whether anybody gains anything, or may gain it.
    #[must_use]
    pub fn is_broader(&self) -> bool {
        self.diff.is_broader()
    }

    /// A report for a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        report::diff_text(&self.diff, self.old, self.new)
    }

    /// A report in Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        report::diff_markdown(&self.diff, self.old, self.new)
    }

    /// A report for programs, in JSON.
    #[must_use]
    pub fn json(&self) -> String {
        report::diff_json(&self.diff, self.old, self.new).to_string()
    }
}

/// Why a text is not a claim that can be decided, in messages of one line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAClaim(String);

impl fmt::Display for NotAClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.trim_end())
    }
}

impl Error for NotAClaim {}
