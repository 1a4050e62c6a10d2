//! `roll out`: what a source says of one account is said of each account of some units.

use super::Resolver;
use crate::aws::arn::Arn;
use crate::diagnostic::{Code, Diagnostic};
use crate::english::quote;
use crate::rules::formats;
use crate::rules::model::{
    Claim, ClaimKind, Id, Layer, LayerSet, Layers, Restriction, RestrictionForm, RollOut,
    SetMember, Spanned, Target,
};
use crate::source::Span;
use crate::syntax::ast;
use indexmap::IndexMap;

impl Resolver<'_> {
    /// `roll out to UNIT, … [in REGION] [by delegated-administrator]`; `first` is the first region
    /// of the source.
    pub fn roll_out(
        &mut self,
        written: &ast::RollOut,
        first: Option<&Spanned<String>>,
        restrictions: &[Restriction],
    ) -> Option<RollOut> {
        let units = self.units(&written.targets);
        self.refuse_nothing_to_roll_out(written.span, restrictions);
        let region = match &written.region {
            Some(region) => self.regions(std::slice::from_ref(region)).pop()?,
            None => first.cloned().or_else(|| {
                let message = "the stacks of a stack set need a region";
                self.report(
                    Diagnostic::error(Code::RollOut, written.span, message)
                        .help("name one: `roll out to … in us-east-1`"),
                );
                None
            })?,
        };
        if region.value.starts_with("cn-") {
            let message = "a stack set cannot reach the accounts of a unit in China";
            self.report(
                Diagnostic::error(Code::RollOut, region.span, message)
                    .note("CloudFormation has no trusted access to AWS Organizations there")
                    .help("leave out `roll out`, and deploy the template in each account"),
            );
        }
        Some(RollOut {
            span: written.span,
            units,
            region: region.value,
            by_delegate: written.by_delegate,
        })
    }

    fn refuse_nothing_to_roll_out(&mut self, span: Span, restrictions: &[Restriction]) {
        if restrictions.iter().any(is_rolled_out) || self.names_only {
            return;
        }
        let message = "there is no role, policy or boundary to roll out";
        let mut diagnostic = Diagnostic::error(Code::RollOut, span, message);
        if let Some(guardrail) = restrictions.first() {
            diagnostic = diagnostic
                .also(guardrail.name.span, "this is a guardrail")
                .note("a guardrail applies to the accounts of its units without a stack set");
        }
        self.report(diagnostic);
    }

    /// Roots and units, each once. Reports everything else.
    fn units(&mut self, written: &[ast::Principal]) -> Vec<Target> {
        let mut targets = Vec::new();
        self.targets(written, &mut targets);
        let mut units: Vec<Target> = Vec::with_capacity(targets.len());
        for target in targets {
            let id = match &target.id {
                Id::Literal(id) if formats::is_unit_id(id) => id,
                Id::Literal(_) | Id::Parameter(_) | Id::Optional(_) => {
                    let message = "a stack set is rolled out to roots and units";
                    self.report(
                        Diagnostic::error(Code::InvalidTarget, target.span, message)
                            .label("this is an account")
                            .help("write the ID of its unit, `ou-…`")
                            .help("for the whole organization, write the ID of its root: `r-…`"),
                    );
                    continue;
                }
            };
            match units.iter().find(|first| first.id == target.id) {
                Some(first) => {
                    let message = format!("{} is listed twice", quote(id));
                    self.report(
                        Diagnostic::warning(Code::DuplicateItem, target.span, message)
                            .also(first.span, "first listed here"),
                    );
                }
                None => units.push(target),
            }
        }
        units
    }

    /// Refuses layers of this source in what is rolled out, and in claims about it: there, their
    /// names would mean layers of other accounts.
    pub fn refuse_own_layers(
        &mut self,
        roll_out: Span,
        restrictions: &[Restriction],
        claims: &[Claim],
        layers: &IndexMap<String, Layer>,
    ) {
        let rolled_out = || restrictions.iter().filter(|one| is_rolled_out(one));
        let sets = rolled_out().flat_map(Restriction::sets);
        let claimed = claims.iter().filter_map(|claim| match &claim.kind {
            ClaimKind::Action { subject, set, .. } => rolled_out()
                .any(|one| one.name.value == subject.value)
                .then_some(set),
            ClaimKind::Use { .. } => None,
        });
        let sets: Vec<&LayerSet> = sets.chain(claimed).collect();
        let mut found = Vec::new();
        for member in sets.into_iter().flat_map(|set| &set.members) {
            let layer = own_layer(member).and_then(|name| layers.get(name));
            found.extend(layer.map(|layer| (member.span, layer, true)));
        }
        for name in rolled_out()
            .flat_map(|one| &one.handling)
            .flat_map(|allowed| &allowed.value.names)
        {
            let mut layers = layers.values();
            let layer = layers.find(|layer| layer.layer_name.value == name.value);
            found.extend(layer.map(|layer| (name.span, layer, false)));
        }
        for (span, layer, is_attached) in found {
            self.report(in_another_account(span, layer, is_attached, roll_out));
        }
    }
}

/// Whether a stack set can make it in other accounts.
fn is_rolled_out(restriction: &Restriction) -> bool {
    match restriction.form {
        RestrictionForm::Role(_) | RestrictionForm::Policy(_) | RestrictionForm::Boundary => true,
        RestrictionForm::Guardrail(_) => false,
    }
}

/// The layer of this source that a member of a set names, if in each account the name means a layer
/// of that account.
fn own_layer(member: &SetMember) -> Option<&str> {
    let declared = member.declared.as_deref()?;
    let is_own = match &member.layers {
        Layers::Published { .. } => true,
        Layers::Matching(arn) => {
            let account = Arn::of(arn).map(|arn| arn.account);
            account.is_some_and(|account| account.as_parameter() == Some("AWS::AccountId"))
        }
    };
    is_own.then_some(declared)
}

/// The message about a layer whose name means, in each other account, a layer of that account:
/// anybody who may publish layers there could publish one with this name.
fn in_another_account(span: Span, layer: &Layer, is_attached: bool, roll_out: Span) -> Diagnostic {
    let message = format!(
        "in another account, {} means a layer of that account",
        quote(&layer.name.value)
    );
    let diagnostic = Diagnostic::error(Code::RollOut, span, message)
        .also(roll_out, "this is rolled out to other accounts");
    if !is_attached {
        return diagnostic
            .note("only the account of a layer can publish and share it")
            .help("move the rule to a source of its own, without `roll out`");
    }
    // `from` matches the names in AWS.
    let name = layer.layer_name.value.as_literal().unwrap_or("NAME");
    diagnostic
        .note("whoever can publish layers there can publish one of this name")
        .help(format!(
            "name the account that publishes it: `{name} from account ID`"
        ))
        .help(format!(
            "if each account has a layer of this name, say so: `{name} from this account`"
        ))
}
