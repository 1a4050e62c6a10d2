//! `layer NAME for VARIABLE in WORD, …`: one layer for each combination of values, with the values
//! written out. Places stay those of the source.

mod write;

use crate::diagnostic::{Code, Diagnostic};
use crate::english::{count, list, quote, thousands};
use crate::rules::{formats, model};
use crate::source::Span;
use crate::syntax::ast::{Layer, LayerStatement, Variable};
use crate::syntax::keyword::Keyword;
use crate::syntax::text::is_variable_name;
use indexmap::{IndexMap, IndexSet};
use std::borrow::Cow;
use std::collections::HashSet;

/// The most variants of one layer. Each published one is a resource, and a template has at most
/// 500.
const MOST: usize = 1_000;

/// The most variants that a message names.
const MOST_NAMED: usize = 3;

/// A layer with the values of its variables written out.
pub struct FilledLayer<'a> {
    /// The layer.
    pub layer: Cow<'a, Layer>,
    /// The value of each variable.
    pub values: Vec<(&'a str, &'a str)>,
    /// The places with a variable: their text in the source is not the text that is compiled.
    pub written_out: HashSet<Span>,
}

impl FilledLayer<'_> {
    /// Its data as one of several; `None` for a layer without variables.
    pub fn meaning(&self, declared: &Layer) -> Option<model::Variant> {
        let values = self.values.iter();
        let values = values.map(|&(name, value)| (name.to_owned(), value.to_owned()));
        (!declared.variables.is_empty()).then(|| model::Variant {
            of: declared.name.text.clone(),
            values: values.collect(),
        })
    }
}

/// The layers that a block declares. Mistakes in the variables themselves and unused variables are
/// reported; the findings about a variant are returned with it.
pub fn variants<'a>(
    declared: &'a Layer,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<(FilledLayer<'a>, Vec<Diagnostic>)> {
    let is_plain = |statement: &LayerStatement| match statement {
        LayerStatement::Version(version) => version.labels.len() == 1,
        LayerStatement::Exists(exists) => exists.values.is_empty(),
        LayerStatement::Name(_)
        | LayerStatement::Property(_)
        | LayerStatement::Content(_)
        | LayerStatement::OldVersions(_)
        | LayerStatement::Share(_)
        | LayerStatement::Publish(_) => true,
    };
    let is_plain = declared.variables.is_empty()
        && !declared.has_variables
        && declared.statements.iter().all(is_plain);
    if is_plain {
        let variant = FilledLayer {
            layer: Cow::Borrowed(declared),
            values: Vec::new(),
            written_out: HashSet::new(),
        };
        return vec![(variant, Vec::new())];
    }
    let variables = checked(&declared.variables, diagnostics);
    let mut used = HashSet::new();
    let mut variants = Vec::new();
    for values in combinations(&variables, declared.name.span, diagnostics) {
        let written = write::layer(declared, &values, &variables, &mut used);
        let variant = FilledLayer {
            layer: Cow::Owned(written.layer),
            values,
            written_out: written.places,
        };
        variants.push((variant, written.found));
    }
    // A variable may look unused only because its use is misspelt.
    let mut found = variants.iter().flat_map(|(_, found)| found);
    let is_misspelt = found.any(|one| one.code == Code::UnknownVariable);
    for variable in &declared.variables {
        let name = variable.name.text.as_str();
        if declared.complete
            && !variants.is_empty()
            && !is_misspelt
            && variables.contains_key(name)
            && !used.contains(name)
        {
            let message = format!("nothing uses the variable {}", quote(name));
            diagnostics.push(
                Diagnostic::warning(Code::Unused, variable.name.span, message)
                    .note("the variants differ only in their names"),
            );
        }
    }
    variants
}

/// The values of each variable, each once.
fn checked<'a>(
    declared: &'a [Variable],
    diagnostics: &mut Vec<Diagnostic>,
) -> IndexMap<&'a str, Vec<&'a str>> {
    let mut variables: IndexMap<&str, (Span, Vec<&str>)> = IndexMap::new();
    for Variable { name, values } in declared {
        let word = quote(&name.text);
        if !is_variable_name(&name.text) {
            let message = format!("{word} cannot name a variable");
            diagnostics.push(
                Diagnostic::error(Code::InvalidName, name.span, message).note(
                    "a variable's name begins with a letter and is made of letters, digits, `-` \
                    and `_`",
                ),
            );
            continue;
        }
        if name.text == Keyword::Version.text() {
            let message = "`version` cannot name a variable";
            diagnostics.push(
                Diagnostic::error(Code::InvalidName, name.span, message)
                    .note("`<version>` stands for the label of a version"),
            );
            continue;
        }
        if let Some(&(first, _)) = variables.get(name.text.as_str()) {
            let message = format!("the variable {word} is declared twice");
            diagnostics.push(
                Diagnostic::error(Code::DuplicateName, name.span, message)
                    .label("declared again here")
                    .also(first, "first declared here"),
            );
            continue;
        }
        let mut seen: IndexMap<&str, Span> = IndexMap::new();
        for value in values {
            if !formats::is_label(&value.text) {
                let message = format!("{} cannot be the value of a variable", quote(&value.text));
                diagnostics.push(Diagnostic::error(Code::InvalidName, value.span, message).note(
                    "a value is made of letters, digits, `.`, `-`, `_` and `+`, at most 64 of them",
                ));
            } else if let Some(&first) = seen.get(value.text.as_str()) {
                let message = format!("{} is listed twice", quote(&value.text));
                diagnostics.push(
                    Diagnostic::warning(Code::DuplicateItem, value.span, message)
                        .also(first, "first listed here"),
                );
            } else {
                seen.insert(&value.text, value.span);
            }
        }
        let values = seen.into_keys().collect();
        variables.insert(&name.text, (name.span, values));
    }
    variables
        .into_iter()
        .map(|(name, (_, values))| (name, values))
        .collect()
}

/// Every combination of values, in the order in which they are listed.
fn combinations<'a>(
    variables: &IndexMap<&'a str, Vec<&'a str>>,
    span: Span,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Vec<(&'a str, &'a str)>> {
    let number = variables
        .values()
        .try_fold(1_usize, |number, values| number.checked_mul(values.len()))
        .unwrap_or(usize::MAX);
    if number > MOST {
        let message = format!(
            "this stands for {}; the limit is {}",
            count(number, "layer"),
            thousands(MOST)
        );
        diagnostics.push(
            Diagnostic::error(Code::TooMany, span, message)
                .note("there is one for each combination of the variables' values"),
        );
        return Vec::new();
    }
    let mut combinations = vec![Vec::new()];
    for (&name, values) in variables {
        combinations = combinations
            .into_iter()
            .flat_map(|before: Vec<(&str, &str)>| {
                values.iter().map(move |&value| {
                    let mut combination = before.clone();
                    combination.push((name, value));
                    combination
                })
            })
            .collect();
    }
    combinations
}

/// The findings about all variants, as one list. A mistake with one remedy is reported once for
/// each place, however many texts the place stands for. If not all variants have it, those that do
/// are named.
pub fn merged(found: Vec<(String, Vec<Diagnostic>)>) -> Vec<Diagnostic> {
    let all = found.len();
    let mut mistakes: IndexMap<_, Mistake> = IndexMap::new();
    for (name, diagnostics) in found {
        for diagnostic in diagnostics {
            let place = (diagnostic.primary.span, diagnostic.code);
            let key = (place, diagnostic.notes.clone(), diagnostic.helps.clone());
            let mistake = mistakes.entry(key).or_insert_with(|| Mistake {
                first: diagnostic.clone(),
                messages: IndexSet::new(),
                variants: IndexSet::new(),
            });
            mistake.messages.insert(diagnostic.message);
            mistake.variants.insert(name.clone());
        }
    }
    mistakes
        .into_values()
        .map(|mistake| mistake.reported(all))
        .collect()
}

/// A mistake at one place, and what has it.
struct Mistake {
    first: Diagnostic,
    /// One for each text that the place stands for.
    messages: IndexSet<String>,
    variants: IndexSet<String>,
}

impl Mistake {
    /// The first text's message, with how many others there are and which of `all` variants have
    /// the mistake.
    fn reported(self, all: usize) -> Diagnostic {
        let Self {
            mut first,
            messages,
            variants,
        } = self;
        let others = messages.len() - 1;
        if others > 0 {
            let texts = count(others, "more text");
            first = first.note(format!(
                "this place stands for {texts} with the same mistake"
            ));
        }
        if variants.len() == all {
            return first;
        }
        let named = variants.iter().take(MOST_NAMED);
        let mut named: Vec<String> = named.map(|name| quote(name)).collect();
        if variants.len() > MOST_NAMED {
            named.push(format!("{} more", variants.len() - MOST_NAMED));
        }
        let noun = if variants.len() == 1 {
            "variant"
        } else {
            "variants"
        };
        first.note(format!("this is in the {noun} {}", list(&named, "and")))
    }
}

/// Turns the fix of a text with a variable into a help: applied, it would replace the variable by
/// its value.
pub fn without_wrong_fix(mut diagnostic: Diagnostic, written_out: &HashSet<Span>) -> Diagnostic {
    if let Some(fix) = diagnostic
        .fix
        .take_if(|fix| written_out.contains(&fix.span))
    {
        diagnostic.helps.push(fix.title);
    }
    diagnostic
}
