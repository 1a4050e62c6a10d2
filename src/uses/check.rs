//! The findings about the layers of one function.

use super::catalog::{Compatible, Shared, UnsharedBy, compatible};
use super::function::{Function, LayerEntry, Use};
use super::product::product;
use super::reference::{LayerReference, ReferenceProblem};
use super::unknown::{UnknownFact, WhenUsed};
use super::{DENIED, FunctionFile, Known, Row, UsedLayerRow, Uses};
use crate::access::claim::Verdict;
use crate::aws::arn::LayerVersionArn;
use crate::aws::quotas;
use crate::cloudformation::case::Case;
use crate::cloudformation::cases::AllCases;
use crate::cloudformation::{TooManyCases, World, explore, explore_further};
use crate::diagnostic::{Code, Diagnostic};
use crate::english::{count, list, quote};
use crate::partial::Text;
use crate::rules::formats::expected_field;
use crate::source::Span;
use serde_json::json;
use std::collections::BTreeSet;

/// The layers of a function in one case.
type InCase = (Case, Vec<Use>);

/// The questions about a function.
pub struct Check<'c> {
    pub file: &'c FunctionFile<'c>,
    pub known: &'c Known<'c>,
    pub function: &'c Function<'c>,
}

impl Check<'_> {
    /// Adds the findings about the function.
    pub fn run(&self, uses: &mut Uses) {
        let cases = match self.layers() {
            Ok(cases) => cases,
            Err(TooManyCases) => {
                uses.add_unknown(UnknownFact::TooManyCases, self.name());
                return;
            }
        };
        if cases.iter().all(|(_, layers)| layers.is_empty()) {
            return;
        }
        uses.rows.push(self.row(&cases));
        self.add_unknown(&cases, uses);
        self.ask(&cases, uses, |world, layers| self.of_case(world, layers));
        self.add_regions(&cases, uses);
        let all = cases.iter().flat_map(|(_, layers)| layers);
        if all.into_iter().any(|layer| self.may_be_incompatible(layer)) {
            self.ask(&cases, uses, |world, layers| {
                self.of_architectures(world, layers)
            });
            self.ask(&cases, uses, |world, layers| {
                self.of_runtimes(world, layers)
            });
        }
    }

    fn name(&self) -> &str {
        self.function.name
    }

    /// The layers of the function in each case that creates it.
    fn layers(&self) -> Result<Vec<InCase>, TooManyCases> {
        let function = self.function;
        let answers = explore(self.file.template, None, |world| {
            let is_made = function.resource.is_made(world);
            is_made.then(|| function.layers(world))
        })?;
        let made = |(case, layers): (Case, Option<Vec<Use>>)| Some((case, layers?));
        Ok(answers.into_iter().filter_map(made).collect())
    }

    /// Asks a question about the layers in every case, and adds each finding with the cases that
    /// have it.
    fn ask(
        &self,
        cases: &[InCase],
        uses: &mut Uses,
        question: impl Fn(&World<'_>, &[Use]) -> Vec<Diagnostic>,
    ) {
        let answers = explore_further(self.file.template, cases, |world, layers| {
            question(world, layers)
        });
        let cases = match answers {
            Ok(answers) => answers,
            Err(TooManyCases) => {
                uses.add_unknown(UnknownFact::TooManyCases, self.name());
                return;
            }
        };
        let all = AllCases::of(cases.iter().map(|(case, _)| case.clone()).collect());
        let mut found: Vec<(Diagnostic, Vec<Case>)> = Vec::new();
        for (case, diagnostics) in cases {
            for diagnostic in diagnostics {
                match found.iter_mut().find(|(known, _)| *known == diagnostic) {
                    Some((_, in_cases)) => in_cases.push(case.clone()),
                    None => found.push((diagnostic, vec![case.clone()])),
                }
            }
        }
        for (mut diagnostic, in_cases) in found {
            if let Some(when) = WhenUsed::of(&in_cases, &all) {
                diagnostic = diagnostic.note(format!("this applies if {when}"));
            }
            uses.diagnostics.push(diagnostic);
        }
    }

    fn row(&self, cases: &[InCase]) -> Row {
        let all = AllCases::of(cases.iter().map(|(case, _)| case.clone()).collect());
        let mut layers: Vec<(&Use, Vec<Case>)> = Vec::new();
        for (case, in_case) in cases {
            for layer in in_case {
                match layers
                    .iter_mut()
                    .find(|(known, _)| known.text == layer.text)
                {
                    Some((_, in_cases)) if in_cases.last() == Some(case) => {}
                    Some((_, in_cases)) => in_cases.push(case.clone()),
                    None => layers.push((layer, vec![case.clone()])),
                }
            }
        }
        let mut rows = Vec::new();
        for (layer, in_cases) in layers {
            let version = layer.shown();
            rows.push(UsedLayerRow {
                version,
                when: WhenUsed::of(&in_cases, &all),
                product: product(&layer.layer),
            });
        }
        Row {
            function: self.name().to_owned(),
            span: self.file.span(&self.function.place),
            layers: rows,
        }
    }

    fn add_unknown(&self, cases: &[InCase], uses: &mut Uses) {
        for layer in cases.iter().flat_map(|(_, layers)| layers) {
            if layer.is_dynamic() {
                uses.dynamic.insert(self.at(layer.entry));
            }
            if layer.layer == LayerReference::Unknown {
                uses.add_unknown(layer.unknown_value(), self.name());
            }
            if let Some((deployer, Verdict::Undecided(why))) = self.may_attach(layer) {
                let fact = UnknownFact::MayAttach {
                    deployer: deployer.to_owned(),
                    version: layer.text.to_string(),
                    why: Box::new(why),
                };
                uses.add_unknown(fact, self.name());
            }
            if let (LayerReference::Version(arn), Some(account)) =
                (&layer.layer, &self.file.target.account)
                && let Shared::Unknown(why) = self.shared(layer, arn, account)
            {
                let fact = UnknownFact::MayUse {
                    account: account.clone(),
                    version: layer.text.to_string(),
                    why,
                };
                uses.add_unknown(fact, self.name());
            }
        }
    }

    fn shared(&self, layer: &Use, arn: &LayerVersionArn<Text>, account: &str) -> Shared {
        let (Some(version), Some(name), Some(owner)) = (
            layer.text.as_literal(),
            arn.name.as_literal(),
            arn.account.as_literal(),
        ) else {
            return Shared::NotListed;
        };
        if owner == account {
            return Shared::Yes;
        }
        self.known.catalog.shared(
            version,
            name,
            account,
            self.file.target.organization.as_deref(),
        )
    }

    /// The findings that do not depend on region, runtime and architecture.
    fn of_case(&self, world: &World<'_>, layers: &[Use]) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for (index, layer) in layers.iter().enumerate() {
            match &layer.layer {
                LayerReference::Wrong(problem) => found.push(self.not_a_version(layer, problem)),
                LayerReference::Version(arn) => {
                    found.extend(self.missing(layer, arn));
                    found.extend(self.not_shared(layer, arn));
                    found.extend(self.not_attachable(layer));
                }
                LayerReference::Resource(_) | LayerReference::Unknown => {}
            }
            let before = layers.get(..index).unwrap_or_default();
            if let Some(same) = before
                .iter()
                .find(|other| self.is_same_layer(layer, other, world))
            {
                found.push(self.twice(layer, same));
            }
        }
        found.extend(self.too_many(layers));
        found.extend(self.too_large(world, layers));
        let package = self.function.resource.text("PackageType", world);
        if package.as_ref().and_then(Text::as_literal) == Some("Image")
            && let Some(first) = layers.iter().find(|layer| layer.is_one(self.file.template))
        {
            found.push(self.on_image(first));
        }
        found
    }

    pub(super) fn at(&self, entry: LayerEntry) -> Span {
        self.file.layer(self.function, entry)
    }

    fn not_a_version(&self, layer: &Use, problem: &ReferenceProblem) -> Diagnostic {
        let shown = layer.text.to_string();
        let span = self.at(layer.entry);
        let function = self.name();
        let message = format!("a layer of `{function}` is not the ARN of a layer version");
        let error = Diagnostic::error(Code::NotALayerVersion, span, message);
        let form = "such an ARN is `arn:aws:lambda:REGION:ACCOUNT:layer:NAME:NUMBER`";
        match problem {
            ReferenceProblem::NotAnArn => error
                .label(format!("{} is not an ARN", quote(&shown)))
                .help(form),
            ReferenceProblem::NoNumber => error
                .label("this is the ARN of a layer, without a version number")
                .help(
                    "add `:` and the number of a version; `aws lambda list-layer-versions` lists \
                them",
                ),
            ReferenceProblem::Number(number) => error
                .label(format!("{} is not the number of a version", quote(number)))
                .note("Lambda has no name for the newest version")
                .help(
                    "write the number, or use a parameter of the template with the type \
                    `AWS::SSM::Parameter::Value<String>`; `publish to` in the source of the layer \
                    writes its value",
                ),
            ReferenceProblem::Field(field, found) => {
                error.label(expected_field(*field, found)).help(form)
            }
            ReferenceProblem::Parts(number) => error
                .label(format!("it has {number} parts, and such an ARN has 8"))
                .help(form),
        }
    }

    fn missing(&self, layer: &Use, arn: &LayerVersionArn<Text>) -> Option<Diagnostic> {
        let (known, number) = layer.text.as_literal()?.rsplit_once(':')?;
        let numbers = self.known.catalog.numbers(known)?;
        let number: u64 = number.parse().ok()?;
        let newest = numbers.last().copied().unwrap_or_default();
        if number == newest {
            return None;
        }
        let span = self.at(layer.entry);
        let name = &arn.name;
        if !numbers.contains(&number) {
            let was = if number > newest {
                "is not published"
            } else {
                "was deleted"
            };
            let message = format!("version {number} of `{name}` does not exist");
            return Some(
                Diagnostic::error(Code::MissingVersion, span, message)
                    .label(format!("this version {was}"))
                    .note(format!(
                        "the list of versions in the catalogue ends with {newest}"
                    ))
                    .help("use a version from the list"),
            );
        }
        let message = format!("`{name}` has a newer version: {newest}");
        Some(
            Diagnostic::remark(Code::NewerVersion, span, message)
                .label(format!("this is version {number}")),
        )
    }

    fn not_shared(&self, layer: &Use, arn: &LayerVersionArn<Text>) -> Option<Diagnostic> {
        let account = self.file.target.account.as_ref()?;
        let at = || self.at(layer.entry);
        let help =
            "ask the owner of the layer to share this version with the account or its organization";
        match self.shared(layer, arn, account) {
            Shared::NotByPolicy => {
                let message = format!(
                    "account {account} may not use this version of `{}`",
                    arn.name
                );
                Some(
                    Diagnostic::error(Code::VersionNotShared, at(), message)
                        .label("the policy of this version does not share it with the account")
                        .help(help),
                )
            }
            Shared::NotByTemplate(UnsharedBy {
                file,
                is_of_version,
            }) => {
                let (what, label) = if is_of_version {
                    (
                        "this version of ",
                        "nothing there shares it with the account",
                    )
                } else {
                    (
                        "",
                        "nothing there shares a version of this layer with the account",
                    )
                };
                let message = format!(
                    "`{file}` does not share {what}`{}` with account {account}",
                    arn.name
                );
                Some(
                    Diagnostic::warning(Code::VersionNotShared, at(), message)
                        .label(label)
                        .note("another template, or somebody by hand, may have shared it")
                        .help(help),
                )
            }
            Shared::Yes | Shared::Unknown(_) | Shared::NotListed => None,
        }
    }

    /// Whether the one who deploys may attach a layer, if both are known.
    fn may_attach(&self, layer: &Use) -> Option<(&str, Verdict)> {
        let deployer = self.known.deployer?;
        match &layer.layer {
            LayerReference::Version(_) => {
                let version = layer.text.as_literal()?;
                let verdict = deployer.may_attach(version, self.at(layer.entry));
                Some((deployer.name(), verdict))
            }
            // Only the deploy knows its number, and most policies name no numbers.
            LayerReference::Resource(_) | LayerReference::Wrong(_) | LayerReference::Unknown => {
                None
            }
        }
    }

    fn not_attachable(&self, layer: &Use) -> Option<Diagnostic> {
        let (deployer, Verdict::Fails(why, by)) = self.may_attach(layer)? else {
            return None;
        };
        let message = format!("`{deployer}` may not attach a layer of `{}`", self.name());
        let causes: Vec<String> = by.iter().map(ToString::to_string).collect();
        let error = Diagnostic::error(Code::LayerNotAllowed, self.at(layer.entry), message)
            .label("the deploy of this layer fails")
            .note(match causes.as_slice() {
                [] => why.to_string(),
                causes => format!("{why}: denied by {}", causes.join("; ")),
            });
        Some(error.help(format!(
            "use a layer that `{deployer}` may attach, or allow this one in its policies"
        )))
    }

    /// Whether two entries are versions of one layer, or the same version.
    fn is_same_layer(&self, one: &Use, other: &Use, world: &World<'_>) -> bool {
        match (&one.layer, &other.layer) {
            (LayerReference::Version(one), LayerReference::Version(other)) => {
                one.layer() == other.layer()
            }
            (LayerReference::Resource(one), LayerReference::Resource(other)) if one == other => {
                true
            }
            (LayerReference::Resource(one), LayerReference::Resource(other)) => {
                let name = |id: &str| self.file.template.resource(id)?.text("LayerName", world);
                name(one).is_some() && name(one) == name(other)
            }
            (LayerReference::Unknown, LayerReference::Unknown) => {
                one.text == other.text && one.is_one(self.file.template)
            }
            (
                LayerReference::Version(_)
                | LayerReference::Resource(_)
                | LayerReference::Unknown
                | LayerReference::Wrong(_),
                _,
            ) => false,
        }
    }

    fn twice(&self, layer: &Use, same: &Use) -> Diagnostic {
        let (span, first) = (self.at(layer.entry), self.at(same.entry));
        let message = if layer.text == same.text {
            format!("`{}` has the same layer version twice", self.name())
        } else {
            format!("`{}` has two versions of one layer", self.name())
        };
        let mut error = Diagnostic::error(Code::LayerTwice, span, message)
            .label("the second one")
            .help("keep one of them");
        if first != span {
            error = error.also(first, "the first one");
        }
        self.with_globals(error)
    }

    /// Adds the note that layers of `Globals` come first: at the function, nobody sees them.
    fn with_globals(&self, diagnostic: Diagnostic) -> Diagnostic {
        if self.function.globals == 0 {
            return diagnostic;
        }
        let number = count(self.function.globals, "layer");
        diagnostic.note(format!(
            "`Globals` has {number}: SAM adds the layers of the function to them"
        ))
    }

    fn too_many(&self, layers: &[Use]) -> Option<Diagnostic> {
        let mut certain = layers
            .iter()
            .filter(|layer| layer.is_one(self.file.template));
        let number = certain.clone().count();
        let first = certain.nth(quotas::FUNCTION_LAYERS)?;
        let message = format!("`{}` has {}", self.name(), count(number, "layer"));
        let error = Diagnostic::error(Code::TooManyLayers, self.at(first.entry), message)
            .label("this one is too many")
            .note(format!(
                "Lambda allows at most {} layers for a function",
                quotas::FUNCTION_LAYERS
            ))
            .help("publish several of them as one layer");
        Some(self.with_globals(error))
    }

    fn on_image(&self, first: &Use) -> Diagnostic {
        let message = format!(
            "`{}` is a container image, which cannot have layers",
            self.name()
        );
        let error = Diagnostic::error(Code::LayersOnImage, self.at(first.entry), message)
            .label("Lambda refuses this layer")
            .help("copy the files of the layer into the image, below `/opt`");
        self.with_globals(error)
    }

    /// Adds the findings about regions that are written out in the ARNs of layers.
    fn add_regions(&self, cases: &[InCase], uses: &mut Uses) {
        if let Some(given) = &self.file.target.region {
            self.ask(cases, uses, |_, layers| self.of_other_region(layers, given));
            return;
        }
        self.ask(cases, uses, |world, layers| {
            self.of_two_regions(world, layers)
        });
        let mut entries: Vec<FixedRegion> = Vec::new();
        // If this is undecided, the earlier questions have reported it.
        let answers = explore_further(self.file.template, cases, |world, layers| {
            fixed_regions(world, layers)
        })
        .unwrap_or_default();
        for fixed in answers.into_iter().flat_map(|(_, fixed)| fixed) {
            let is_like = |known: &&mut FixedRegion| {
                known.entry == fixed.entry && known.region == fixed.region
            };
            match entries.iter_mut().find(is_like) {
                Some(known) => known.others.extend(fixed.others),
                None => entries.push(fixed),
            }
        }
        for fixed in entries {
            if fixed.others.is_empty() {
                uses.fixed.insert((self.at(fixed.entry), fixed.region));
            } else {
                uses.diagnostics.push(self.wrong_elsewhere(&fixed));
            }
        }
    }

    fn wrong_elsewhere(&self, fixed: &FixedRegion) -> Diagnostic {
        let region = &fixed.region;
        let message = format!(
            "a layer of `{}` is in {region}, whatever the region of the stack",
            self.name()
        );
        let shown: Vec<&str> = fixed.others.iter().take(3).map(String::as_str).collect();
        let more = fixed.others.len() - shown.len();
        let more = if more > 0 {
            format!(", and for {}", count(more, "other"))
        } else {
            String::new()
        };
        Diagnostic::warning(Code::LayerRegion, self.at(fixed.entry), message)
            .label(format!("this layer is in {region}"))
            .note(format!(
                "the template has values for {}{more}: a stack there cannot have this layer",
                list(&shown, "and")
            ))
            .help("choose the layer by region, with a mapping, or pass the region with `--region`")
    }

    fn of_other_region(&self, layers: &[Use], given: &str) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for layer in layers {
            let Some(region) = written_region(layer).filter(|region| *region != given) else {
                continue;
            };
            let message = format!(
                "a layer of `{}` is in {region}, and the function is in {given}",
                self.name()
            );
            found.push(
                Diagnostic::error(Code::LayerRegion, self.at(layer.entry), message)
                    .label(format!("this layer is in {region}"))
                    .note(DENIED)
                    .help(format!(
                        "use a version of the layer that is published in {given}"
                    )),
            );
        }
        found
    }

    fn of_two_regions(&self, world: &World<'_>, layers: &[Use]) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let mut first: Option<(&Use, &str)> = None;
        for layer in layers {
            let Some(region) = written_region(layer) else {
                continue;
            };
            let (other, known) = *first.get_or_insert((layer, region));
            // If the region of the stack is known, the layers are compared with it.
            if known != region && stack_region(world).is_none() {
                let message = format!("the layers of `{}` are in two regions", self.name());
                found.push(
                    Diagnostic::error(Code::LayerRegion, self.at(layer.entry), message)
                        .label(format!("this one is in {region}"))
                        .also(self.at(other.entry), format!("this one is in {known}"))
                        .note("a function and all of its layers are in one region")
                        .note(DENIED),
                );
            }
        }
        found
    }

    /// Whether the compatibility of a layer is declared anywhere.
    fn may_be_incompatible(&self, layer: &Use) -> bool {
        match &layer.layer {
            LayerReference::Resource(_) => true,
            LayerReference::Version(_) => self.catalog_says(layer).is_some(),
            LayerReference::Wrong(_) | LayerReference::Unknown => false,
        }
    }

    fn catalog_says(&self, layer: &Use) -> Option<(Compatible, String)> {
        match &layer.layer {
            LayerReference::Version(arn) => self
                .known
                .catalog
                .compatible(&layer.text.to_string(), arn.name.as_literal()?),
            LayerReference::Resource(_) | LayerReference::Wrong(_) | LayerReference::Unknown => {
                None
            }
        }
    }

    /// The declared compatibility of a layer, and its origin.
    fn compatible(&self, layer: &Use, world: &World<'_>) -> Option<(Compatible, String)> {
        match &layer.layer {
            LayerReference::Resource(id) => {
                let says = compatible(self.file.template.resource(id)?, world)?;
                Some((says, format!("`{id}`")))
            }
            LayerReference::Version(_) => self.catalog_says(layer),
            LayerReference::Wrong(_) | LayerReference::Unknown => None,
        }
    }

    fn of_architectures(&self, world: &World<'_>, layers: &[Use]) -> Vec<Diagnostic> {
        let own = self.function.resource.items("Architectures", world);
        let own = match own.as_slice() {
            [] => DEFAULT_ARCHITECTURE,
            [only] => only.as_literal().unwrap_or_default(),
            _ => "",
        };
        let mut found = Vec::new();
        for layer in layers {
            let Some((says, by)) = self.compatible(layer, world) else {
                continue;
            };
            if own.is_empty()
                || says.architectures.is_empty()
                || says.architectures.iter().any(|named| named == own)
            {
                continue;
            }
            let message = format!(
                "`{}` runs on {own}, and a layer of it does not name {own}",
                self.name()
            );
            let named = list(&says.architectures, "and");
            found.push(
                Diagnostic::warning(Code::LayerArchitecture, self.at(layer.entry), message)
                    .label(format!("this layer is for {named}, as {by} says"))
                    .note(
                        "Lambda does not check it: programs and libraries for another architecture \
                        fail when they run",
                    )
                    .help("use a version that is built for the architecture of the function"),
            );
        }
        found
    }

    fn of_runtimes(&self, world: &World<'_>, layers: &[Use]) -> Vec<Diagnostic> {
        let own = self.function.resource.text("Runtime", world);
        let Some(own) = own.as_ref().and_then(Text::as_literal) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for layer in layers {
            let Some((says, by)) = self.compatible(layer, world) else {
                continue;
            };
            if says.runtimes.is_empty() || says.runtimes.iter().any(|named| named == own) {
                continue;
            }
            let message = format!(
                "`{}` runs on {own}, and a layer of it does not name {own}",
                self.name()
            );
            let named = list(&says.runtimes, "and");
            found.push(
                Diagnostic::warning(Code::LayerRuntime, self.at(layer.entry), message)
                    .label(format!("this layer is for {named}, as {by} says"))
                    .note("Lambda does not check it: packages for another runtime may fail to load")
                    .help(format!("use a version that names {own}")),
            );
        }
        found
    }
}

/// A layer whose region is written out.
struct FixedRegion {
    entry: LayerEntry,
    region: String,
    /// The regions for which the template has values, without that of the layer.
    others: BTreeSet<String>,
}

/// The architecture of a function that names none (Lambda API reference, `CreateFunction`).
const DEFAULT_ARCHITECTURE: &str = "x86_64";

/// The layers whose region is written out and is not that of the stack in this case, as far as that
/// is known.
fn fixed_regions(world: &World<'_>, layers: &[Use]) -> Vec<FixedRegion> {
    let mut found = Vec::new();
    for layer in layers {
        let Some(region) = written_region(layer) else {
            continue;
        };
        let own = stack_region(world);
        if own.as_deref() != Some(region) {
            let (entry, region) = (layer.entry, region.to_owned());
            found.push(FixedRegion {
                entry,
                region,
                others: own.into_iter().collect(),
            });
        }
    }
    found
}

/// The region in the ARN of a layer, if known.
fn written_region(layer: &Use) -> Option<&str> {
    match &layer.layer {
        LayerReference::Version(arn) => arn.region.as_literal(),
        LayerReference::Resource(_) | LayerReference::Wrong(_) | LayerReference::Unknown => None,
    }
}

/// The region of the stack, if known in this case.
fn stack_region(world: &World<'_>) -> Option<String> {
    let own = world.value(&json!({ "Ref": "AWS::Region" }))?;
    own.as_literal().map(str::to_owned)
}
