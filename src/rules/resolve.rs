//! From trees to rules: the meaning of every statement, with every mistake in it reported.

mod claim;
mod content;
mod iam_arn;
mod layer;
mod region;
mod restriction;
mod roll_out;
mod runtime;
mod set;
mod share;
mod suppress;
mod trust;
mod variants;

use super::load::Unit;
use super::model::{Grant, Layer, Releases, Restriction, Rules, Spanned, is_possible};
use super::scope::Scope;
use super::text::Text;
use crate::aws::arn::Arn;
use crate::aws::quotas::TEMPLATE_DESCRIPTION_BYTES;
use crate::diagnostic::{Code, Diagnostic, has_errors};
use crate::english::{quote, thousands};
use crate::source::{Files, Span};
use crate::syntax::ast::{self, RestrictionKind, Statement};
use crate::syntax::keyword::Keyword;
use indexmap::IndexMap;
use jiff::civil::Date;
use restriction::Names;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

/// The state of this stage.
struct Resolver<'a> {
    scope: Scope,
    diagnostics: &'a mut Vec<Diagnostic>,
    deadlines: Vec<Spanned<Date>>,
    /// The inactive accounts that are already reported.
    left_out: HashSet<u32>,
    files: &'a dyn Files,
    /// The folder of the file that is being resolved.
    folder: &'a Path,
    /// The path to it from the folder of the source; `None` if no relative path leads there.
    from_source: Option<String>,
    /// Whether the layer that is being resolved is a variant.
    is_variant: bool,
    /// Whether there are only claims, about a template that is not made from this source.
    names_only: bool,
}

/// The declaration of a `layer` block.
struct Block {
    span: Span,
    /// The names of its layers: its own, or those of its variants.
    layers: Vec<String>,
}

/// The blocks, by their names, and the layers, by theirs: one a block, or one for each value of its
/// variable.
type DeclaredBlocks<'a> = (IndexMap<&'a str, Block>, IndexMap<String, Layer>);

/// The meaning of the files of a source, the root first. If any error is reported, the rules are
/// incomplete.
pub fn resolve(units: &[Unit], files: &dyn Files, diagnostics: &mut Vec<Diagnostic>) -> Rules {
    let Some(root) = units.first() else {
        return Rules::default();
    };
    let scope = Scope::gather(units, diagnostics);
    let mut statements = units.iter().flat_map(|unit| &unit.ast.statements);
    let names_only = !statements.any(makes_a_resource);
    let mut resolver = Resolver {
        scope,
        diagnostics,
        deadlines: Vec::new(),
        left_out: HashSet::new(),
        files,
        folder: &root.folder,
        from_source: None,
        is_variant: false,
        names_only,
    };
    let mut rules = Rules::default();
    let roll_out = resolver.declarations(&root.ast, &mut rules);
    let (blocks, mut layers) = resolver.layers(units, &root.folder);
    resolver.refuse_conflicts(&blocks, &layers, &rules.regions);
    let names = names(&root.ast, &blocks, &layers);
    let restrictions = resolver.restrictions(&root.ast, &names);
    let claims = resolver.claims(&root.ast, &names);
    if let Some(written) = roll_out {
        resolver.refuse_own_layers(written.span, &restrictions, &claims, &layers);
        rules.roll_out = resolver.roll_out(written, rules.regions.first(), &restrictions);
    }
    let Resolver {
        mut scope,
        diagnostics,
        mut deadlines,
        ..
    } = resolver;
    scope.report_units(diagnostics);
    if units.iter().any(|unit| unit.lacks_names) {
        // The file that cannot be read has been reported, and may declare what looks unknown.
        diagnostics.retain(|diagnostic| !MAY_BE_ELSEWHERE.contains(&diagnostic.code));
    }
    // A name may look unused only because its use has a mistake, or because the source is for
    // others to include.
    if !has_errors(diagnostics) && !names_only {
        scope.report_unused(diagnostics);
    }
    layers.sort_unstable_keys();
    rules.layers = layers.into_values().collect();
    rules.restrictions = restrictions;
    rules.claims = claims;
    // A rule of a layer with variables is read once for each of its values.
    deadlines.sort_by_key(|deadline| deadline.span);
    deadlines.dedup_by_key(|deadline| deadline.span);
    rules.deadlines = deadlines;
    rules.organization = scope.accounts();
    let (parameters, principals, rank) = scope.finish();
    rules.parameters = parameters;
    rules.principals = principals;
    rules
        .layers
        .iter_mut()
        .for_each(|layer| order_grants(layer, &rank));
    rules
}

/// The mistakes that may be none if another file declares the name, or names an accounts file.
const MAY_BE_ELSEWHERE: [Code; 3] = [
    Code::MissingAccounts,
    Code::UnknownName,
    Code::UnknownParameter,
];

fn same_name(name: &str, block: &str, span: Span) -> Diagnostic {
    let message = format!(
        "two variants of {} have the name {}",
        quote(block),
        quote(name)
    );
    Diagnostic::error(Code::DuplicateLayerName, span, message)
        .note(
            "without `name`, the name joins the values with `-`, and leaves out their dots, since \
            AWS does not accept them",
        )
        .help("write a `name` that uses every variable and differs for every combination of values")
}

fn makes_a_resource(statement: &Statement) -> bool {
    matches!(statement, Statement::Layer(_) | Statement::Restriction(_))
}

/// The names that the restrictions and the claims of a source can use.
fn names<'a>(
    file: &'a ast::File,
    blocks: &'a IndexMap<&str, Block>,
    layers: &'a IndexMap<String, Layer>,
) -> Names<'a> {
    let mut names = Names {
        layers: IndexMap::new(),
        roles: Vec::new(),
        boundaries: Vec::new(),
        subjects: Vec::new(),
    };
    for (&name, block) in blocks {
        let variants = block.layers.iter().map(|layer| layers.get(layer));
        names.layers.insert(name, variants.collect());
        for name in &block.layers {
            let layer = layers.get(name).map(|layer| vec![layer]);
            names.layers.insert(name, layer);
        }
    }
    for statement in &file.statements {
        let Statement::Restriction(declared) = statement else {
            continue;
        };
        let name = declared.name.text.as_str();
        names.subjects.push(name);
        match declared.kind {
            RestrictionKind::Role => names.roles.push(name),
            RestrictionKind::Boundary => names.boundaries.push(name),
            RestrictionKind::Policy | RestrictionKind::Guardrail => {}
        }
    }
    names
}

/// Renumbers the grants' principals and puts them into the principals' order. Versions that share
/// their grants go on doing so.
fn order_grants(layer: &mut Layer, rank: &[u32]) {
    match &mut layer.releases {
        Releases::Listed(versions) => {
            for alike in versions.chunk_by_mut(|a, b| Arc::ptr_eq(&a.grants, &b.grants)) {
                if let [first, others @ ..] = alike {
                    order(Arc::make_mut(&mut first.grants), rank);
                    for other in others {
                        other.grants = Arc::clone(&first.grants);
                    }
                }
            }
        }
        Releases::Rolling(rolling) => order(Arc::make_mut(&mut rolling.grants), rank),
    }
}

fn order(grants: &mut [Grant], rank: &[u32]) {
    for grant in &mut *grants {
        grant.principal = rank[grant.principal as usize];
    }
    grants.sort_by_key(|grant| grant.principal);
}

impl<'a> Resolver<'a> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn repeated(&mut self, statement: Keyword, span: Span, first: Span) {
        self.report(
            Diagnostic::error(
                Code::RepeatedStatement,
                span,
                format!("`{statement}` is repeated"),
            )
            .label("repeated here")
            .also(first, "first given here"),
        );
    }

    fn duplicate(&mut self, what: Keyword, name: &ast::Name, first: Span) {
        let message = format!("the {what} {} is declared twice", quote(&name.text));
        self.report(
            Diagnostic::error(Code::DuplicateName, name.span, message)
                .label("declared again here")
                .also(first, "first declared here")
                .help(format!("put all its statements into one `{what}`")),
        );
    }

    /// The roles, policies, boundaries and guardrails, by name.
    fn restrictions(&mut self, file: &ast::File, names: &Names<'_>) -> Vec<Restriction> {
        let mut first: HashMap<(Keyword, &str), Span> = HashMap::new();
        let mut restrictions = Vec::new();
        for statement in &file.statements {
            let Statement::Restriction(declared) = statement else {
                continue;
            };
            let key = (declared.kind.keyword(), declared.name.text.as_str());
            match first.get(&key) {
                Some(&span) => self.duplicate(key.0, &declared.name, span),
                None => {
                    first.insert(key, declared.name.span);
                    restrictions.extend(self.restriction(declared, names));
                }
            }
        }
        restrictions.sort_by(|a, b| a.name.value.cmp(&b.name.value));
        restrictions
    }

    fn description(&mut self, text: &ast::Value) -> Option<Spanned<String>> {
        let description = self
            .scope
            .literal(text, "a stack's description", self.diagnostics)?;
        self.check_length(
            &description,
            text.span,
            description.len(),
            TEMPLATE_DESCRIPTION_BYTES,
            "bytes",
        );
        Some(Spanned {
            value: description,
            span: text.span,
        })
    }

    /// Reports a text that is longer than AWS takes.
    fn check_length(&mut self, text: &str, span: Span, length: usize, most: usize, unit: &str) {
        if length > most {
            self.report(
                Diagnostic::error(
                    Code::TextLength,
                    span,
                    format!("the text {} is too long", quote(text)),
                )
                .label(format!(
                    "{} {unit}; the limit is {}",
                    thousands(length),
                    thousands(most)
                )),
            );
        }
    }

    /// The layers that a block declares: one, or one for each combination of its variables' values.
    fn block(&mut self, declared: &ast::Layer, layers: &mut IndexMap<String, Layer>) -> Block {
        let mut block = Block {
            span: declared.name.span,
            layers: Vec::new(),
        };
        self.is_variant = !declared.variables.is_empty();
        let (mut found, mut twice) = (Vec::new(), Vec::new());
        for (variant, mut own) in variants::variants(declared, self.diagnostics) {
            let outer = self.diagnostics.len();
            let name = &variant.layer.name;
            if block.layers.contains(&name.text) {
                twice.push(same_name(&name.text, &declared.name.text, name.span));
            }
            if let Some(layer) = self.layer(&variant.layer, variant.meaning(declared)) {
                layers.entry(name.text.clone()).or_insert(layer);
            }
            let resolved = self.diagnostics.split_off(outer).into_iter();
            own.extend(resolved.map(|one| variants::without_wrong_fix(one, &variant.written_out)));
            found.push((name.text.clone(), own));
            block.layers.push(name.text.clone());
        }
        self.diagnostics.extend(variants::merged(found));
        self.diagnostics.append(&mut twice);
        block
    }

    /// Refuses two blocks that declare a layer of one name, or one block whose name is that of
    /// another one's layer: a rule would not say which is meant.
    fn refuse_shared_declarations(&mut self, blocks: &IndexMap<&str, Block>) {
        let mut first: HashMap<&str, (&str, Span)> = HashMap::new();
        for (&name, block) in blocks {
            let layers = block.layers.iter().map(String::as_str);
            for declared in layers.chain([name]) {
                match first.get(declared) {
                    Some(&(other, span)) if other != name => {
                        let declared = ast::Name {
                            text: declared.to_owned(),
                            span: block.span,
                        };
                        self.duplicate(Keyword::Layer, &declared, span);
                    }
                    Some(_) => {}
                    None => {
                        first.insert(declared, (name, block.span));
                    }
                }
            }
        }
    }

    /// Refuses two layers that publish under one name: their versions would count as one layer's.
    fn refuse_shared_names(&mut self, layers: &IndexMap<String, Layer>) {
        let mut names: HashMap<&Text, &Layer> = HashMap::new();
        let mut open: Vec<usize> = Vec::new();
        for (index, layer) in layers.values().enumerate() {
            let name = &layer.layer_name;
            let Some(first) = names.get(&name.value) else {
                names.insert(&name.value, layer);
                open.extend(name.value.as_literal().is_none().then_some(index));
                continue;
            };
            let block = |layer: &Layer| layer.variant.as_ref().map(|variant| variant.of.clone());
            let diagnostic = match block(layer) {
                Some(of) if block(first).as_ref() == Some(&of) => {
                    same_name(&name.value.to_string(), &of, name.span)
                }
                _ => {
                    let message = format!(
                        "two layers have the name {}",
                        quote(&name.value.to_string())
                    );
                    Diagnostic::error(Code::DuplicateLayerName, name.span, message)
                        .also(first.layer_name.span, "the other one")
                }
            };
            self.report(
                diagnostic.note("Lambda would count the versions of both as versions of one layer"),
            );
        }
        self.refuse_names_that_meet(&open, layers);
    }

    /// Refuses two layers whose names may be one, by the values of their parameters.
    fn refuse_names_that_meet(&mut self, open: &[usize], layers: &IndexMap<String, Layer>) {
        for &index in open {
            let name = &layers[index].layer_name;
            let met = layers.values().enumerate().find(|(other_index, other)| {
                let other = &other.layer_name.value;
                // Of two names with parameters, the second is reported; equal ones have been.
                let is_asked = other.as_literal().is_some() || *other_index < index;
                is_asked && *other != name.value && name.value.may_equal(other)
            });
            let Some((_, met)) = met else {
                continue;
            };
            let message = format!(
                "the names {} and {} may be the same",
                quote(&met.layer_name.value.to_string()),
                quote(&name.value.to_string())
            );
            self.report(
                Diagnostic::error(Code::DuplicateLayerName, name.span, message)
                    .also(met.layer_name.span, "the other one")
                    .note("Lambda would count the versions of both as versions of one layer")
                    .help("use the same parameters in both names, and literal text for the rest"),
            );
        }
    }

    /// The layers of all files, by their blocks and by their names. Other statements use them, and
    /// are resolved after them.
    fn layers(&mut self, units: &'a [Unit], source: &Path) -> DeclaredBlocks<'a> {
        let mut blocks: IndexMap<&str, Block> = IndexMap::new();
        let mut layers: IndexMap<String, Layer> = IndexMap::new();
        for unit in units {
            self.folder = &unit.folder;
            self.from_source = unit.folder_from(source);
            for statement in &unit.ast.statements {
                let Statement::Layer(declared) = statement else {
                    continue;
                };
                if let Some(first) = blocks.get(declared.name.text.as_str()) {
                    self.duplicate(Keyword::Layer, &declared.name, first.span);
                }
                let block = self.block(declared, &mut layers);
                blocks.entry(&declared.name.text).or_insert(block);
            }
        }
        (blocks, layers)
    }

    /// The description and the regions of the source, and its first `roll out`.
    fn declarations(&mut self, file: &'a ast::File, rules: &mut Rules) -> Option<&'a ast::RollOut> {
        let mut regions = None;
        let mut roll_out: Option<&ast::RollOut> = None;
        for statement in &file.statements {
            match statement {
                Statement::Stack(text) => {
                    let description = self.description(text);
                    match &rules.description {
                        Some(first) => self.repeated(Keyword::Stack, text.span, first.span),
                        None => rules.description = description,
                    }
                }
                Statement::Regions(names, span) => match regions {
                    Some(first) => self.repeated(Keyword::Regions, *span, first),
                    None => {
                        regions = Some(*span);
                        rules.regions = self.regions(names);
                    }
                },
                Statement::RollOut(written) => match roll_out {
                    Some(first) => self.repeated(Keyword::Roll, written.span, first.span),
                    None => roll_out = Some(written),
                },
                Statement::Layer(_)
                | Statement::Parameter(_)
                | Statement::Account(_)
                | Statement::Organization(_)
                | Statement::Unit(_)
                | Statement::Accounts(_)
                | Statement::Group(_)
                | Statement::Include(_)
                | Statement::Restriction(_)
                | Statement::Expect(_) => {}
            }
        }
        roll_out
    }

    /// Refuses two SSM parameters with one name: the deploy could not create the second. Layers
    /// that never exist at the same time may share a name.
    fn refuse_shared_parameters(&mut self, layers: &IndexMap<String, Layer>) {
        let mut names: HashMap<&Text, Vec<(&Layer, Span)>> = HashMap::new();
        let mut reported = HashSet::new();
        for layer in layers.values() {
            let of_versions = layer.versions().iter();
            let of_versions = of_versions.filter_map(|version| version.publish.as_ref());
            for name in layer.publish.iter().chain(of_versions) {
                let before = names.entry(&name.value).or_default();
                let first = before.iter().find(|(other, _)| {
                    is_possible(&other.exists.union(&layer.exists).cloned().collect())
                });
                if let Some((other, first)) = first
                    && reported.insert(name.span)
                {
                    let text = quote(&name.value.to_string());
                    let message = format!("two SSM parameters would have the name {text}");
                    let diagnostic = Diagnostic::error(Code::DuplicateName, name.span, message)
                        .help("give each SSM parameter its own name");
                    let (one, two) = (quote(&other.name.value), quote(&layer.name.value));
                    self.report(if *first == name.span {
                        diagnostic.note(format!("they are those of the layers {one} and {two}"))
                    } else {
                        diagnostic.also(*first, "the other one")
                    });
                }
                before.push((layer, name.span));
            }
        }
    }

    /// Refuses layers that cannot be in one stack.
    fn refuse_conflicts(
        &mut self,
        blocks: &IndexMap<&str, Block>,
        layers: &IndexMap<String, Layer>,
        regions: &[Spanned<String>],
    ) {
        self.scope.check_layer_names(self.diagnostics);
        self.refuse_shared_declarations(blocks);
        self.refuse_shared_names(layers);
        self.refuse_shared_parameters(layers);
        self.refuse_conflicting_arns(layers);
        self.refuse_other_regions(regions, layers.values());
    }

    /// Refuses ARNs that cannot all be of the account and region that one stack lives in.
    fn refuse_conflicting_arns(&mut self, layers: &IndexMap<String, Layer>) {
        let mut first: [Option<(String, Span)>; 3] = [None, None, None];
        for arn in layers.values().flat_map(Layer::adopted) {
            let Some(parts) = Arn::of(&arn.value) else {
                continue;
            };
            let fields = [
                ("partition", &parts.partition),
                ("region", &parts.region),
                ("account", &parts.account),
            ];
            for (place, (what, field)) in fields.into_iter().enumerate() {
                let Some(found) = field.as_literal() else {
                    continue;
                };
                match &first[place] {
                    None => first[place] = Some((found.to_owned(), arn.span)),
                    Some((other, _)) if other == found => {}
                    Some((other, span)) => {
                        let message =
                            format!("this layer version is in another {what} than the first one");
                        let diagnostic = Diagnostic::error(
                            Code::ConflictingArns,
                            arn.span,
                            message,
                        )
                        .label(quote(found))
                        .also(*span, quote(other))
                        .note("a stack shares the layers of its own account, in its own region")
                        .help("write a separate source for each account and region");
                        self.diagnostics.push(diagnostic);
                    }
                }
            }
        }
    }
}
