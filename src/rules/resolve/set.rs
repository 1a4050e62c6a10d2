//! Layer sets: the layers that a rule about attaching is about.

use super::Resolver;
use crate::aws::arn::{Arn, Field, Fields, LAYER_FIELDS, LAYER_VERSION_FIELDS};
use crate::diagnostic::{Code, Diagnostic};
use crate::english::{nearest, quote};
use crate::rules::formats;
use crate::rules::model::{
    Fact, Id, Layer, LayerSet, Layers, Origin, Principal, Releases, SetMember, Spanned,
};
use crate::rules::scope::may_be_missing;
use crate::rules::text::{Part, Text};
use crate::source::Span;
use crate::syntax::ast::{self, HandlingRight, Name, Owner, RestrictionKind, SetItem, Value};
use indexmap::IndexMap;

/// The layers of a source by name, several for the name of a block with variables; `None` if one
/// has a mistake, which has been reported.
pub type DeclaredLayers<'a> = IndexMap<&'a str, Option<Vec<&'a Layer>>>;

/// The account that a rule speaks of without naming it.
///
/// A guardrail applies in many accounts, and there the caller's is meant; IAM fills its policy
/// variable in when a request is judged (IAM User Guide, global condition keys). Everything else is
/// about the stack's account.
pub fn this_account(kind: RestrictionKind) -> Part {
    match kind {
        RestrictionKind::Guardrail => Part::Literal("${aws:PrincipalAccount}".to_owned()),
        RestrictionKind::Role | RestrictionKind::Policy | RestrictionKind::Boundary => {
            stack_account()
        }
    }
}

fn stack_account() -> Part {
    Part::Parameter("AWS::AccountId".to_owned())
}

fn literal(text: &str) -> Part {
    Part::Literal(text.to_owned())
}

/// The ARNs of any version, in any region, of the layers in an account with matching names.
fn any_version(
    account: impl IntoIterator<Item = Part>,
    pattern: impl IntoIterator<Item = Part>,
) -> Text {
    let before = [
        literal("arn:"),
        Part::Parameter("AWS::Partition".to_owned()),
        literal(":lambda:*:"),
    ];
    let between = before.into_iter().chain(account);
    let name = [literal(":layer:")].into_iter().chain(pattern);
    Text::joined(between.chain(name).chain([literal(":*")]))
}

impl Resolver<'_> {
    /// The layers that the items of a set stand for. `layers` are the layers of the source.
    pub fn set(
        &mut self,
        items: &[SetItem],
        kind: RestrictionKind,
        layers: &DeclaredLayers<'_>,
    ) -> LayerSet {
        let mut set = LayerSet::default();
        for item in items {
            match item {
                SetItem::Layer { name, version } => {
                    set.members
                        .extend(self.layer_item(name, version.as_ref(), layers));
                }
                SetItem::From { pattern, owner } => {
                    set.members.extend(self.pattern_item(pattern, owner, kind));
                }
                SetItem::Arn(arn) => set.members.extend(self.arn_item(arn)),
            }
        }
        set
    }

    /// `NAME [version LABEL]`
    fn layer_item(
        &mut self,
        name: &Name,
        label: Option<&Name>,
        layers: &DeclaredLayers<'_>,
    ) -> Vec<SetMember> {
        let Some(named) = layers.get(name.text.as_str()) else {
            self.unknown_layer(name, layers);
            return Vec::new();
        };
        let named = named.as_deref().unwrap_or_default();
        let has_label = |layer: &&&Layer| {
            label.is_none_or(|label| {
                let mut versions = layer.versions().iter();
                versions.any(|version| version.label.value == label.text)
            })
        };
        if let (Some(label), Some(first), None) =
            (label, named.first(), named.iter().find(has_label))
        {
            self.unknown_version(first, label);
        }
        let mut members = Vec::new();
        for layer in named.iter().filter(has_label) {
            let found = match label {
                None => self.any_version_of(layer, name.span),
                Some(label) => self.one_version_of(layer, label).into_iter().collect(),
            };
            members.extend(found.into_iter().map(|layers| SetMember {
                layers,
                declared: Some(layer.name.value.clone()),
                names: None,
                span: name.span,
            }));
        }
        members
    }

    fn unknown_layer(&mut self, name: &Name, layers: &DeclaredLayers<'_>) {
        let word = quote(&name.text);
        if name.text.contains(['*', '?']) {
            return self.report(
                Diagnostic::error(
                    Code::PatternWithoutAccount,
                    name.span,
                    format!("{word} does not say whose layers it matches"),
                )
                .note("without an account, it would match the layers of any AWS account")
                .help(format!(
                    "write `{} from ACCOUNT` or `{0} from this account`",
                    name.text
                )),
            );
        }
        let message = format!("there is no layer {word} in this source");
        let diagnostic = Diagnostic::error(Code::UnknownName, name.span, message);
        if let Some(right) = HandlingRight::from_text(&name.text) {
            let right = right.keyword();
            return self.report(diagnostic.help(format!(
                "for the permission to {right} layers, write a separate rule with their names: \
                `{right} NAME, …`"
            )));
        }
        let near = nearest(&name.text, layers.keys().copied());
        self.report(diagnostic.suggest(
            name.span,
            near,
            "a layer of another source is written `NAME from ACCOUNT`, or as an ARN",
        ));
    }

    /// The ARNs of the versions of a declared layer: those that this stack publishes, and those
    /// that exist already.
    fn any_version_of(&mut self, layer: &Layer, span: Span) -> Vec<Layers> {
        let own = any_version(
            [stack_account()],
            layer.layer_name.value.parts().iter().cloned(),
        );
        let Releases::Listed(versions) = &layer.releases else {
            return vec![Layers::Matching(own)];
        };
        let mut found: Vec<Text> = Vec::new();
        for version in versions {
            let arns = match &version.origin {
                Origin::Published(_) => own.clone(),
                Origin::Adopted(arn) => {
                    if !self.is_fixed(&arn.value, span) {
                        return Vec::new();
                    }
                    let Some(arn) = Arn::of(&arn.value).and_then(Arn::layer_version) else {
                        continue;
                    };
                    any_version(arn.account.parts().to_vec(), arn.name.parts().to_vec())
                }
            };
            if !found.contains(&arns) {
                found.push(arns);
            }
        }
        found.into_iter().map(Layers::Matching).collect()
    }

    fn unknown_version(&mut self, layer: &Layer, label: &Name) {
        let versions = layer.versions();
        let message = format!(
            "the layer {} has no version {}",
            quote(&layer.name.value),
            quote(&label.text)
        );
        let diagnostic = Diagnostic::error(Code::UnknownVersion, label.span, message)
            .also(layer.name.span, "the layer is declared here");
        let labels = versions.iter().map(|version| version.label.value.as_str());
        self.report(match nearest(&label.text, labels) {
            Some(near) => diagnostic.fix(format!("write `{near}`"), label.span, near),
            None if versions.is_empty() => diagnostic
                .note("a layer with `content` has one rolling version")
                .help("remove `version …` to mean every version"),
            None => {
                diagnostic.help("list it in the layer, or remove `version …` to mean every version")
            }
        });
    }

    fn one_version_of(&mut self, layer: &Layer, label: &Name) -> Option<Layers> {
        let mut versions = layer.versions().iter();
        let version = versions.find(|version| version.label.value == label.text)?;
        if let (Origin::Published(_), Some(fact)) = (&version.origin, layer.exists.first()) {
            let (Fact::Switch(switch, _) | Fact::Given(switch)) = fact;
            let message = format!(
                "version {} of {} may not exist",
                quote(&label.text),
                quote(&layer.name.value)
            );
            self.report(
                Diagnostic::error(Code::UnknownVersion, label.span, message)
                    .label(format!("`{switch}` decides whether it exists"))
                    .also(layer.name.span, "the layer is declared here")
                    .help("remove `version …` to mean every version"),
            );
            return None;
        }
        match &version.origin {
            Origin::Adopted(arn) => self
                .is_fixed(&arn.value, label.span)
                .then(|| Layers::Matching(arn.value.clone())),
            Origin::Published(_) => Some(Layers::Published {
                layer: layer.name.value.clone(),
                label: label.text.clone(),
            }),
        }
    }

    /// `PATTERN from OWNER`
    fn pattern_item(
        &mut self,
        pattern: &Name,
        owner: &Owner,
        kind: RestrictionKind,
    ) -> Vec<SetMember> {
        let problem = formats::layer_pattern_problem(&pattern.text);
        if let Some(problem) = problem {
            self.no_layer(pattern, problem);
        }
        let accounts = match owner {
            Owner::ThisAccount => vec![(this_account(kind), None)],
            Owner::Principal(principal) => self.accounts(principal),
        };
        if problem.is_some() {
            return Vec::new();
        }
        let member = |(account, names)| SetMember {
            layers: Layers::Matching(any_version([account], [literal(&pattern.text)])),
            declared: None,
            names,
            span: pattern.span,
        };
        accounts.into_iter().map(member).collect()
    }

    /// The names of layers that patterns stand for: for a layer of this source, its name in AWS.
    pub fn layer_names(
        &mut self,
        patterns: &[Name],
        layers: &DeclaredLayers<'_>,
    ) -> Vec<Spanned<Text>> {
        let mut found = Vec::with_capacity(patterns.len());
        for pattern in patterns {
            let texts = match layers.get(pattern.text.as_str()) {
                Some(Some(named)) => named
                    .iter()
                    .flat_map(|layer| self.names_of_layer(layer, pattern.span))
                    .collect(),
                // Its mistake has been reported.
                Some(None) => Vec::new(),
                None => match formats::layer_pattern_problem(&pattern.text) {
                    None => vec![Text::literal(pattern.text.as_str())],
                    Some(problem) => {
                        self.no_layer(pattern, problem);
                        Vec::new()
                    }
                },
            };
            found.extend(texts.into_iter().map(|value| Spanned {
                value,
                span: pattern.span,
            }));
        }
        found
    }

    /// The names of a declared layer in AWS: of the versions that this stack publishes, and of
    /// those that exist already.
    fn names_of_layer(&mut self, layer: &Layer, span: Span) -> Vec<Text> {
        let arns = self.any_version_of(layer, span);
        let names = arns.iter().filter_map(|arn| match arn {
            Layers::Matching(arn) => {
                let arn = Arn::of(arn)?.layer_version()?;
                Some(arn.name)
            }
            Layers::Published { .. } => None,
        });
        let mut names: Vec<Text> = names.collect();
        names.sort();
        names.dedup();
        names
    }

    fn no_layer(&mut self, pattern: &Name, problem: &'static str) {
        let message = format!("{} matches no layer", quote(&pattern.text));
        self.report(Diagnostic::error(Code::InvalidPattern, pattern.span, message).note(problem));
    }

    /// The accounts that a principal stands for, and the source's names for them. Other principals
    /// are refused: the ARN of a layer names only an account.
    fn accounts(&mut self, principal: &ast::Principal) -> Vec<(Part, Option<std::sync::Arc<str>>)> {
        let mut accounts = Vec::new();
        for (index, span) in self
            .scope
            .expand(std::slice::from_ref(principal), self.diagnostics)
        {
            let what = match self.scope.principal(index) {
                Some(Principal::Account(Id::Literal(id))) => {
                    accounts.push((literal(id), self.scope.names_of(index)));
                    continue;
                }
                Some(Principal::Account(Id::Parameter(name))) => {
                    accounts.push((Part::Parameter(name.clone()), self.scope.names_of(index)));
                    continue;
                }
                Some(Principal::Account(Id::Optional(name))) => {
                    self.diagnostics.push(may_be_missing(name, span));
                    continue;
                }
                Some(Principal::Organization(_)) => "an organization",
                Some(Principal::Everyone) | None => "everyone",
            };
            self.report(
                Diagnostic::error(
                    Code::AccountsOnly,
                    span,
                    format!("{what} cannot be the owner of layers"),
                )
                .note(
                    "`lambda:Layer` contains the ARN of a layer version, which names only an \
                        account",
                )
                .help("list the accounts that own the layers, or put them into a `group`"),
            );
        }
        accounts
    }

    /// An ARN with wildcards or without.
    fn arn_item(&mut self, written: &Value) -> Option<SetMember> {
        let arn = self.scope.text(written, self.diagnostics)?;
        let fields = Fields::of(&arn);
        let problem = fields.placed().find_map(|(field, text)| {
            let problem = formats::layer_pattern_field_problem(field, text.as_literal()?)?;
            Some((field, problem))
        });
        let message = format!("{} is not the ARN of layer versions", quote(&written.text));
        let diagnostic = Diagnostic::error(Code::InvalidArn, written.span, message);
        let diagnostic = match (fields.count(), problem) {
            (LAYER_VERSION_FIELDS, None) => {
                let fixed = self.is_fixed(&arn, written.span);
                let layers = Layers::Matching(arn);
                return fixed.then_some(SetMember {
                    layers,
                    declared: None,
                    names: None,
                    span: written.span,
                });
            }
            (LAYER_FIELDS, None) => diagnostic
                .note("the version at its end is missing, so no layer version has this ARN")
                .fix(
                    "write `:*` for any version",
                    written.span,
                    format!("{}:*", written.text),
                ),
            (LAYER_VERSION_FIELDS, Some((Field::Version, problem))) => diagnostic
                .note(problem)
                .help("it ends in `:*` for any version or in one version's number, as in `:3`"),
            (_, problem) => diagnostic
                .note(problem.map_or_else(
                    || "it does not have the eight fields of such an ARN".to_owned(),
                    |(_, problem)| problem,
                ))
                .help("it is written `arn:PARTITION:lambda:REGION:ACCOUNT:layer:NAME:VERSION`"),
        };
        self.report(diagnostic);
        None
    }

    /// Whether no value of a parameter can widen an ARN in a set: only a parameter of type
    /// `account` is allowed, and only for the account.
    fn is_fixed(&mut self, arn: &Text, span: Span) -> bool {
        let mut fixed = true;
        for (field, text) in Fields::of(arn).placed() {
            for name in text.parameters() {
                let own = matches!(
                    (field, name),
                    (Field::Partition, "AWS::Partition")
                        | (Field::Region, "AWS::Region")
                        | (Field::Account, "AWS::AccountId")
                );
                if own {
                    continue;
                }
                if field == Field::Account && text.as_parameter().is_some() {
                    fixed &= self
                        .scope
                        .account_parameter(name, span, self.diagnostics)
                        .is_some();
                    continue;
                }
                let message = format!("`{name}` cannot be used in a layer set");
                self.report(
                    Diagnostic::error(Code::ParameterNotAllowed, span, message)
                        .note("its value could contain a wildcard and widen the set")
                        .help(
                            "write the ARN out; a parameter of type `account` can stand for its \
                        account",
                        ),
                );
                fixed = false;
            }
        }
        fixed
    }
}
