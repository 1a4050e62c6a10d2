//! Who deploys the functions, and which layers they may attach.

use crate::access::claim::{Facts, Verdict, verdict_of_all};
use crate::cloudformation::Template;
use crate::rules::model::{
    Claim, ClaimKind, LayerAction, LayerSet, Layers, SetMember, Spanned, Verb,
};
use crate::rules::text::Text;
use crate::source::Span;
use std::cell::RefCell;
use std::collections::HashMap;

/// Who deploys the functions: a role, a user or a policy of a template.
pub struct Deployer {
    name: String,
    facts: Vec<Facts<'static>>,
    /// What is known already: many functions have the same few layers.
    verdicts: RefCell<HashMap<String, Verdict>>,
}

impl Deployer {
    /// The one with this name: its logical ID, or its name in the source of a template. `None` if
    /// no template has it.
    #[must_use]
    pub fn new(name: &str, templates: impl Iterator<Item = Template>) -> Option<Self> {
        let facts: Vec<Facts<'static>> = templates
            .map(|template| Facts::new(template, None))
            .collect();
        facts
            .iter()
            .any(|facts| facts.has_subject(name))
            .then(|| Self {
                name: name.to_owned(),
                facts,
                verdicts: RefCell::default(),
            })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it may attach a version, and read it, by its own policies. `span` is the place of
    /// the version.
    #[must_use]
    pub fn may_attach(&self, version: &str, span: Span) -> Verdict {
        if let Some(known) = self.verdicts.borrow().get(version) {
            return known.clone();
        }
        let verdict = verdict_of_all(&self.facts, &self.can_attach(version, span));
        let mut verdicts = self.verdicts.borrow_mut();
        verdicts.insert(version.to_owned(), verdict.clone());
        verdict
    }

    /// The claim that it can attach a version.
    fn can_attach(&self, version: &str, span: Span) -> Claim {
        let version = SetMember {
            layers: Layers::Matching(Text::literal(version)),
            declared: None,
            names: None,
            span,
        };
        let kind = ClaimKind::Action {
            subject: Spanned {
                value: self.name.clone(),
                span,
            },
            verb: Verb::Can,
            action: LayerAction::Attach,
            set: LayerSet {
                members: vec![version],
            },
        };
        Claim { span, kind }
    }
}
