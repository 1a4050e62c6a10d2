//! The pipeline on one page: load, resolve, lint, lower, check limits and claims. Each stage
//! continues after a mistake, so that one run reports them all.

use crate::access::expect;
use crate::diagnostic::{Diagnostic, has_errors};
use crate::rules::common::CommonNames;
use crate::rules::lint;
use crate::rules::load::{Root, Unit, keep_names, load, replace_claims};
use crate::rules::model::Rules;
use crate::rules::resolve::resolve;
use crate::source::{Files, Sources, Span};
use crate::template::limits::{self, Limits};
use crate::template::lower::{Lowered, Placement, lower, roll_out};

/// A source, compiled as far as its mistakes allow.
#[derive(Debug)]
pub struct Compiled {
    /// The meaning of the source; incomplete if there are errors.
    pub rules: Rules,
    /// The template; `None` if there are errors.
    pub lowered: Option<Lowered>,
    /// All messages, in the order of the source.
    pub diagnostics: Vec<Diagnostic>,
    /// The place of the source as a whole.
    pub start: Span,
}

/// Compiles a source: syntax, rules, template and claims. `placement` has the future path of the
/// template.
pub fn compile(
    root: Root,
    placement: &Placement,
    limits: Limits,
    files: &dyn Files,
    sources: &mut Sources,
) -> Compiled {
    let mut diagnostics = Vec::new();
    let units = load(root, files, sources, &mut diagnostics);
    let mut compiled = resolve_and_lower(units, placement, limits, files, diagnostics);
    decide_claims(&mut compiled);
    in_order(&mut compiled.diagnostics);
    compiled
}

/// Compiles a source for a folder, whose stacks are then made one at a time: everything but its
/// templates.
pub fn compile_for_stacks(
    root: Root,
    placement: &Placement,
    limits: Limits,
    files: &dyn Files,
    sources: &mut Sources,
) -> Compiled {
    let mut diagnostics = Vec::new();
    let units = load(root, files, sources, &mut diagnostics);
    let (mut compiled, is_empty) = resolve_and_lint(units, files, diagnostics);
    // A claim is about all stacks together.
    if is_empty || !compiled.rules.claims.is_empty() {
        lower_whole(&mut compiled, is_empty, placement, limits);
        decide_claims(&mut compiled);
        compiled.lowered = None;
    }
    in_order(&mut compiled.diagnostics);
    compiled
}

/// Decides the claims of a source. There is no template if one does not hold.
fn decide_claims(compiled: &mut Compiled) {
    if let Some(lowered) = &compiled.lowered {
        expect::check(&compiled.rules, lowered, &mut compiled.diagnostics);
    }
    if has_errors(&compiled.diagnostics) {
        compiled.lowered = None;
    }
}

/// Puts diagnostics into the order of the source. What is found in each variant of a layer is one
/// finding.
pub fn in_order(diagnostics: &mut Vec<Diagnostic>) {
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

/// Compiles a source with `claim` in place of its own claims, without deciding it.
pub fn compile_to_ask(
    root: Root,
    claim: &str,
    files: &dyn Files,
    sources: &mut Sources,
) -> Compiled {
    let mut diagnostics = Vec::new();
    let units = load(root, files, sources, &mut diagnostics);
    with_claim(units, claim, files, sources, diagnostics)
}

/// Compiles a claim about templates, with the names of the sources that they were made from.
pub fn compile_to_ask_by_names(
    names: &CommonNames,
    claim: &str,
    files: &dyn Files,
    sources: &mut Sources,
) -> Compiled {
    let mut diagnostics = Vec::new();
    let units = names.units(sources, &mut diagnostics);
    with_claim(units, claim, files, sources, diagnostics)
}

/// What a source declares of accounts and organizations, whatever is wrong with the rest of it.
pub fn names_of(root: Root, files: &dyn Files, sources: &mut Sources) -> Rules {
    let mut diagnostics = Vec::new();
    let mut units = load(root, files, sources, &mut diagnostics);
    keep_names(&mut units);
    resolve(&units, files, &mut diagnostics)
}

fn with_claim(
    mut units: Vec<Unit>,
    claim: &str,
    files: &dyn Files,
    sources: &mut Sources,
    mut diagnostics: Vec<Diagnostic>,
) -> Compiled {
    replace_claims(
        "the claim",
        format!("expect {claim}\n"),
        &mut units,
        sources,
        &mut diagnostics,
    );
    resolve_and_lower(
        units,
        &Placement::of_any_size(),
        Limits::default(),
        files,
        diagnostics,
    )
}

fn resolve_and_lower(
    units: Vec<Unit>,
    placement: &Placement,
    limits: Limits,
    files: &dyn Files,
    diagnostics: Vec<Diagnostic>,
) -> Compiled {
    let (mut compiled, is_empty) = resolve_and_lint(units, files, diagnostics);
    lower_whole(&mut compiled, is_empty, placement, limits);
    in_order(&mut compiled.diagnostics);
    compiled
}

/// Makes the one template of a source.
fn lower_whole(compiled: &mut Compiled, is_empty: bool, placement: &Placement, limits: Limits) {
    let Compiled {
        rules,
        lowered,
        diagnostics,
        start,
    } = compiled;
    if has_errors(diagnostics) {
        return;
    }
    let mut made = lower(rules, placement, diagnostics);
    let shape = placement.shape;
    limits::check(rules, &made, shape, limits, *start, diagnostics);
    roll_out(rules, placement.format, &mut made, diagnostics);
    diagnostics.extend(is_empty.then(|| limits::no_resource(*start)));
    *lowered = (!has_errors(diagnostics)).then_some(made);
}

/// The meaning of a source, not lowered yet, and whether it has only names.
fn resolve_and_lint(
    units: Vec<Unit>,
    files: &dyn Files,
    mut diagnostics: Vec<Diagnostic>,
) -> (Compiled, bool) {
    let start = Span {
        file: units.first().map(|unit| unit.file).unwrap_or_default(),
        start: 0,
        end: 0,
    };
    let rules = resolve(&units, files, &mut diagnostics);
    lint::lint(
        &lint::Context {
            units: &units,
            rules: &rules,
        },
        &mut diagnostics,
    );
    // A source that has only names is for others to include: it can be checked, and compiles to no
    // template.
    let is_empty = units
        .first()
        .is_some_and(|root| root.ast.statements.is_empty());
    let compiled = Compiled {
        rules,
        lowered: None,
        diagnostics,
        start,
    };
    // `units` is dropped here: the template takes its place in memory.
    (compiled, is_empty)
}
