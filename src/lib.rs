//! Layershare compiles rules about the sharing of AWS Lambda layers to CloudFormation templates.
//!
//! ```text
//! .layers text ──syntax──▶ tree ──rules──▶ meaning ──template──▶ YAML, JSON ──access──▶ answers
//! ```
//!
//! Each stage knows the ones before it and none after. Every stage reports to one list of
//! [`Diagnostic`]s; nothing outside [`cli`] prints, reads or writes files, or asks the time.
//!
//! A source compiles to a template, and its mistakes to messages:
//!
//! ```
//! use layershare::{Form, Format, Limits, NoFiles, Placement, Root, Sources, compile, render};
//!
//! let source = "layer deps {\n  version 1 from s3://archives-1/deps-1.zip\n  share with account 123456789012\n}\n";
//! let mut sources = Sources::default();
//! let root = Root::in_memory("shared.layers", source);
//! let compiled = compile(root, &Placement::default(), Limits::default(), &NoFiles, &mut sources);
//! assert_eq!(render(Form::Short, &compiled.diagnostics, &sources), "");
//!
//! let lowered = compiled.lowered.ok_or("the source has mistakes")?;
//! let mut template = Vec::new();
//! lowered.template.write(Format::Yaml, &mut template)?;
//! assert!(String::from_utf8(template)?.contains("Type: AWS::Lambda::LayerVersionPermission"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The names on this page are meant for other programs. The modules are the compiler's own and may
//! change with any version.

// The ground, which every stage may use.
pub mod aws;
pub mod diagnostic;
pub mod english;
pub mod partial;
pub mod pattern;
pub mod source;

// The pipeline, stage by stage.
pub mod syntax;

pub mod rules;

pub mod template;

// What any template grants.
pub mod cloudformation;

pub mod iam;

pub mod access;

// The functions that use layers.
pub mod uses;

pub mod report;

// The program.
pub mod cli;

pub use access::Access;
pub use access::diff::Diff;
pub use cloudformation::Values;
pub use diagnostic::render::{Form, render};
pub use diagnostic::{Code, Diagnostic, Severity};
pub use rules::load::Root;
pub use source::{Files, NoFiles, Sources};
pub use syntax::format::format;
pub use template::Format;
pub use template::limits::Limits;
pub use template::lower::Placement;

use diagnostic::has_errors;
use rules::lint;
use rules::load::{Unit, load, replace_claims};
use rules::model::Rules;
use rules::resolve::resolve;
use source::Span;
use template::limits;
use template::lower::{Lowered, lower};

/// A source, compiled as far as its mistakes allow.
#[derive(Debug)]
pub struct Compiled {
    /// What the source means; incomplete where there are errors.
    pub rules: Rules,
    /// The template; `None` where there are errors.
    pub lowered: Option<Lowered>,
    /// Everything there is to say, in the order of the source.
    pub diagnostics: Vec<Diagnostic>,
    /// A place that stands for the source as a whole.
    pub start: Span,
}

/// Compiles a source: syntax, rules, template, and whether its claims hold. `placement` says where
/// the template will lie.
pub fn compile(
    root: Root,
    placement: &Placement,
    limits: Limits,
    files: &dyn Files,
    sources: &mut Sources,
) -> Compiled {
    let mut diagnostics = Vec::new();
    let units = load(root, files, sources, &mut diagnostics);
    let mut compiled = resolve_and_lower(&units, placement, limits, files, diagnostics);
    if let Some(lowered) = &compiled.lowered {
        access::expect::check(&compiled.rules, lowered, &mut compiled.diagnostics);
    }
    if has_errors(&compiled.diagnostics) {
        compiled.lowered = None;
    }
    in_order(&mut compiled.diagnostics);
    compiled
}

/// Puts diagnostics into the order of the source. What is found in each variant of a layer is one
/// finding.
fn in_order(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.span);
    let mut kept: Vec<Diagnostic> = Vec::with_capacity(diagnostics.len());
    for diagnostic in diagnostics.drain(..) {
        let mut here = kept
            .iter()
            .rev()
            .take_while(|other| other.primary.span == diagnostic.primary.span);
        if here.all(|other| *other != diagnostic) {
            kept.push(diagnostic);
        }
    }
    *diagnostics = kept;
}

/// Compiles a source with `claim` in the place of its own claims, which is left to be decided. An
/// empty source stands for a template that is not made from one.
pub fn compile_to_ask(
    root: Root,
    claim: &str,
    files: &dyn Files,
    sources: &mut Sources,
) -> Compiled {
    let mut diagnostics = Vec::new();
    let mut units = load(root, files, sources, &mut diagnostics);
    replace_claims(
        "the claim",
        format!("expect {claim}\n"),
        &mut units,
        sources,
        &mut diagnostics,
    );
    resolve_and_lower(
        &units,
        &Placement::of_any_size(),
        Limits::default(),
        files,
        diagnostics,
    )
}

fn resolve_and_lower(
    units: &[Unit],
    placement: &Placement,
    limits: Limits,
    files: &dyn Files,
    mut diagnostics: Vec<Diagnostic>,
) -> Compiled {
    let start = Span {
        file: units.first().map(|unit| unit.file).unwrap_or_default(),
        start: 0,
        end: 0,
    };
    let rules = resolve(units, files, &mut diagnostics);
    lint::lint(
        &lint::Context {
            units,
            rules: &rules,
        },
        &mut diagnostics,
    );
    let mut lowered = None;
    if !has_errors(&diagnostics) {
        let made = lower(&rules, placement, &mut diagnostics);
        limits::check(
            &rules,
            &made,
            placement.shape,
            limits,
            start,
            &mut diagnostics,
        );
        // A source of names is there to be included: it can be checked, and makes no template of
        // its own.
        if units
            .first()
            .is_some_and(|root| root.ast.statements.is_empty())
        {
            diagnostics.push(limits::no_resource(start));
        }
        lowered = (!has_errors(&diagnostics)).then_some(made);
    }
    in_order(&mut diagnostics);
    Compiled {
        rules,
        lowered,
        diagnostics,
        start,
    }
}
