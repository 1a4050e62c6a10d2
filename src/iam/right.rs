//! What policies allow with layers in requests that name the layer as their resource: reading,
//! publishing and sharing.

use super::allowance::{Allowance, Among, AttachableLayers, product, simplify, tidy};
use super::document::{Document, Effect, Element, Statement};
use super::doubt::{Doubt, TooManyAllowances, UnknownValue};
use super::effective::{Bound, EffectivePolicies, LAYER_KEY, is_unclear};
use super::evaluate::{
    Answer, ContextValues, Request, all_hold, counts, names_action, resource_pattern,
};
use super::provenance::Provenance;
use crate::pattern::Pattern;

/// An action on a layer, other than attaching it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Reading a version.
    Read,
    /// Publishing a version.
    Publish,
    /// Sharing a version with somebody.
    Share,
}

impl Right {
    /// The rights whose holders change what others can use.
    pub const HANDLING: [Self; 2] = [Self::Publish, Self::Share];

    /// The action. Each is about one type of resource, and none has a condition key of its own
    /// (Service Authorization Reference, AWS Lambda; `tests/iam/facts.mjs`).
    #[must_use]
    pub fn action(self) -> &'static str {
        match self {
            Self::Read => "lambda:GetLayerVersion",
            Self::Publish => "lambda:PublishLayerVersion",
            Self::Share => "lambda:AddLayerVersionPermission",
        }
    }

    /// Its resource.
    #[must_use]
    pub fn among(self) -> Among {
        match self {
            Self::Publish => Among::Layers,
            Self::Read | Self::Share => Among::LayerVersions,
        }
    }
}

/// The meaning of policies for a right.
pub(super) struct RightAnalysis<'a> {
    pub policies: &'a EffectivePolicies,
    pub right: Right,
    pub bound: Bound,
}

/// The layers to which a right can be exercised.
#[must_use]
pub fn handled(policies: &EffectivePolicies, right: Right) -> AttachableLayers {
    let mut found = AttachableLayers {
        doubts: doubts(policies, right),
        ..AttachableLayers::default()
    };
    match allowances(policies, Bound::Lower, right) {
        Ok(certain) => found.certain = certain,
        Err(TooManyAllowances) => found.doubts.push(Doubt::Allowances),
    }
    match allowances(policies, Bound::Upper, right) {
        Ok(possible) => found.possible = possible,
        Err(TooManyAllowances) => {
            found.doubts.push(Doubt::Allowances);
            // A condition that is not distinguished excludes nothing.
            found.possible.push(every(right));
        }
    }
    found.tidy_doubts();
    found
}

/// The allowance of every layer.
#[must_use]
pub fn every(right: Right) -> Allowance {
    Allowance {
        among: right.among(),
        ..Allowance::default()
    }
}

/// Every allowance of the policies.
///
/// # Errors
///
/// An error if there are too many.
pub fn allowances(
    policies: &EffectivePolicies,
    bound: Bound,
    right: Right,
) -> Result<Vec<Allowance>, TooManyAllowances> {
    let analysis = RightAnalysis {
        policies,
        right,
        bound,
    };
    // A statement that is not understood may be a Deny.
    if bound == Bound::Lower && policies.documents().any(is_unclear) {
        return Ok(Vec::new());
    }
    let mut found = analysis.allowances()?;
    found.iter_mut().for_each(simplify);
    tidy(&mut found);
    Ok(found)
}

/// The statements that allow a right to a layer for certain.
#[must_use]
pub fn allowed_by(policies: &EffectivePolicies, right: Right, arn: &str) -> Vec<Provenance> {
    let analysis = RightAnalysis {
        policies,
        right,
        bound: Bound::Lower,
    };
    let mut found = Vec::new();
    for (document, statement) in policies.statements() {
        if statement.effect == Effect::Allow
            && !document.name.is_empty()
            && analysis.about(document, statement, arn) == Some(true)
        {
            found.push(document.provenance(statement));
        }
    }
    found
}

/// Why the meaning of the policies for a right is not completely known: each statement with its
/// unknown part.
#[must_use]
pub fn doubts(policies: &EffectivePolicies, right: Right) -> Vec<Doubt> {
    let mut found = Vec::new();
    for document in policies.documents() {
        if let Some(problem) = &document.problem {
            let place = Provenance {
                document: document.name.clone(),
                sid: None,
            };
            let why = Doubt::Gap(problem.why.clone());
            found.push(Doubt::In(place, Box::new(why)));
        }
        for statement in document.statements.iter() {
            let why = unclear(policies, right, document, statement);
            let place = document.provenance(statement);
            found.extend(why.map(|why| Doubt::In(place, Box::new(why))));
        }
    }
    found
}

/// The unknown part of a statement that may matter for a right.
#[must_use]
pub fn unclear(
    policies: &EffectivePolicies,
    right: Right,
    document: &Document,
    statement: &Statement,
) -> Option<Doubt> {
    let analysis = RightAnalysis {
        policies,
        right,
        bound: Bound::Upper,
    };
    match analysis.concerns(statement, document) {
        Answer::Unknown(why) => Some(why),
        Answer::Yes => resources(statement, document, &policies.request).unknown,
        Answer::No => None,
    }
}

/// Whether a statement is not about the action of a right.
#[must_use]
pub fn is_unrelated(statement: &Statement, right: Right) -> bool {
    statement.problem.is_none() && names_action(&statement.actions, right.action()) == Answer::No
}

impl RightAnalysis<'_> {
    /// Every way in which the policies allow the right.
    pub fn allowances(&self) -> Result<Vec<Allowance>, TooManyAllowances> {
        let mut found = vec![every(self.right)];
        for level in &self.policies.levels {
            found = product(found, &self.allowed(level))?;
        }
        for (document, statement) in self.policies.statements() {
            if self.has_effect(statement, document, Effect::Deny) {
                for allowance in &mut found {
                    self.take(allowance, statement, document);
                }
            }
        }
        Ok(found)
    }

    /// The layers that a level allows: those that its statements list, and everything outside the
    /// lists of exceptions.
    fn allowed(&self, level: &[Document]) -> Vec<Allowance> {
        let widest = self.bound.widens(Effect::Allow);
        let mut listed = Vec::new();
        let mut found = Vec::new();
        for document in level {
            if document.problem.is_some() && widest {
                listed.push(Pattern::new("*"));
            }
            for statement in document.statements.iter() {
                if !self.has_effect(statement, document, Effect::Allow) {
                    continue;
                }
                let resources = resources(statement, document, &self.policies.request);
                if statement.resources.negated {
                    found.extend(resources.excepted(widest).map(|outside| Allowance {
                        outside,
                        ..every(self.right)
                    }));
                } else {
                    listed.extend(resources.listed(widest));
                }
            }
        }
        if !listed.is_empty() {
            found.push(Allowance {
                within: vec![listed],
                ..every(self.right)
            });
        }
        found
    }

    /// Removes from an allowance what a Deny denies.
    fn take(&self, allowance: &mut Allowance, statement: &Statement, document: &Document) {
        let widest = self.bound.widens(Effect::Deny);
        let resources = resources(statement, document, &self.policies.request);
        if !statement.resources.negated {
            allowance.outside.extend(resources.listed(widest));
        } else if let Some(exempted) = resources.excepted(widest) {
            allowance.within.push(exempted);
        }
    }

    /// Whether a statement has that effect and counts.
    fn has_effect(&self, statement: &Statement, document: &Document, effect: Effect) -> bool {
        statement.effect == effect
            && self
                .bound
                .counts(&self.concerns(statement, document), effect)
    }

    /// Whether a statement is about exercising the right on some layer. No such request has a
    /// `lambda:Layer` (Service Authorization Reference, AWS Lambda).
    pub fn concerns(&self, statement: &Statement, document: &Document) -> Answer {
        if let Some(problem) = &statement.problem {
            return Answer::Unknown(Doubt::Gap(problem.why.clone()));
        }
        let request = || {
            let mut request = self.policies.request.clone();
            let none = ContextValues::Known(Vec::new());
            request.context.insert(LAYER_KEY.to_owned(), none);
            request
        };
        names_action(&statement.actions, self.right.action())
            .and(|| match statement.conditions.as_slice() {
                [] => Answer::Yes,
                _ => all_hold(statement, &request(), document.has_variables, |_| true),
            })
            .and(|| counts(statement))
    }

    /// Whether a statement is about the right on a layer; `None` if that is unknown.
    pub fn about(&self, document: &Document, statement: &Statement, arn: &str) -> Option<bool> {
        match self.concerns(statement, document) {
            Answer::No => Some(false),
            Answer::Unknown(_) => None,
            Answer::Yes => {
                let resources = resources(statement, document, &self.policies.request);
                let is_listed = resources.known.iter().any(|pattern| pattern.matches(arn));
                (is_listed || resources.unknown.is_none())
                    .then_some(is_listed != statement.resources.negated)
            }
        }
    }
}

/// The patterns of a statement's resources. Some may be unknown.
struct ResourcePatterns {
    known: Vec<Pattern>,
    /// Why some are unknown, if any are.
    unknown: Option<Doubt>,
}

impl ResourcePatterns {
    /// The patterns of `Resource`, at the least or at the most.
    fn listed(self, most: bool) -> Vec<Pattern> {
        if most && self.unknown.is_some() {
            vec![Pattern::new("*")]
        } else {
            self.known
        }
    }

    /// The patterns of `NotResource`, if the statement is treated as widely as possible; `None` if
    /// it may be about nothing, and is treated so.
    fn excepted(self, most: bool) -> Option<Vec<Pattern>> {
        (most || self.unknown.is_none()).then_some(self.known)
    }
}

/// The resources of a statement as patterns.
fn resources(statement: &Statement, document: &Document, request: &Request) -> ResourcePatterns {
    let mut found = ResourcePatterns {
        known: Vec::new(),
        unknown: None,
    };
    for text in &statement.resources.patterns {
        match resource_pattern(text, request, document.has_variables) {
            Ok(Some(pattern)) => found.known.push(pattern),
            // A text without a value matches nothing; AWS does not document whether then everything
            // differs from it.
            Ok(None) if statement.resources.negated => {
                let value = UnknownValue::WithoutValue(text.clone());
                found.unknown = Some(Doubt::Element(Element::NotResource, value));
            }
            Ok(None) => {}
            Err(value) => {
                found.unknown = Some(Doubt::Element(statement.resource_element(), value));
            }
        }
    }
    found
}
