//! Whether policies allow an action on the layers of a set: on every one, on none, or on no other.
//!
//! The policies become two lists of allowances. A layer of a `certain` one is allowed; a layer of
//! no `possible` one is denied; between the two, a condition leaves it open. So a claim that
//! something is allowed holds by the certain ones, a claim that nothing is allowed by the possible
//! ones, and a layer that refutes a claim is looked for in the other list.

use super::reason::{ActionReason, Possibility, Reason, SetSide};
use super::{Cause, Verdict};
use crate::iam::allowance::{Allowance, AttachableLayers};
use crate::iam::attach::attachable;
use crate::iam::deny_reason::{DenyReason, deny_reason, right_denied};
use crate::iam::effective::EffectivePolicies;
use crate::iam::provenance::Provenance;
use crate::iam::right::{self, Right};
use crate::pattern::{BudgetExceeded, Pattern};
use crate::rules::model::{HandlingRight, LayerAction};

/// A question about an action on the layers of a set.
pub(super) struct ActionQuestion<'q> {
    policies: &'q EffectivePolicies,
    action: LayerAction,
    /// The set.
    set: &'q [Pattern],
    /// All layers that the question can be about; `None` for any.
    all: Option<Vec<Pattern>>,
    /// What the policies allow.
    allowed: AttachableLayers,
}

impl<'q> ActionQuestion<'q> {
    pub(super) fn new(
        policies: &'q EffectivePolicies,
        action: LayerAction,
        set: &'q [Pattern],
        all: Option<Vec<Pattern>>,
    ) -> Self {
        let allowed = match action {
            LayerAction::Attach => attachable(policies),
            LayerAction::Handle(handled) => right::handled(policies, right_of(handled)),
        };
        Self {
            policies,
            action,
            set,
            all,
            allowed,
        }
    }

    /// Whether the action is possible on every layer of the set. It is if no layer of the set is
    /// beyond all allowances.
    pub(super) fn every_layer_of_the_set(&self) -> Result<Verdict, BudgetExceeded> {
        let Some(doubtful) = self.layer_beyond(&self.allowed.certain)? else {
            return Ok(holds(self.why_all()));
        };
        let Some(denied) = self.layer_beyond(&self.allowed.possible)? else {
            return Ok(self.open(doubtful, Possibility::Possible));
        };
        Ok(self.denies(denied))
    }

    /// Whether the action is possible on no layer of the set.
    pub(super) fn no_layer_of_the_set(&self) -> Result<Verdict, BudgetExceeded> {
        self.no_layer(SetSide::In)
    }

    /// Whether the action is possible on no layer outside the set.
    pub(super) fn no_other_layer(&self) -> Result<Verdict, BudgetExceeded> {
        self.no_layer(SetSide::Out)
    }

    fn no_layer(&self, side: SetSide) -> Result<Verdict, BudgetExceeded> {
        let Some((doubtful, _)) = self.first(&self.allowed.possible, side)? else {
            return Ok(holds(ActionReason::NothingAllowed {
                action: self.action,
                side,
                example: self.example_of_a_denial(side),
            }));
        };
        let Some((layer, allowance)) = self.first(&self.allowed.certain, side)? else {
            return Ok(self.open(doubtful, Possibility::Impossible));
        };
        let by = self.statements_for(&layer, allowance);
        let causes = by.into_iter().map(Cause::Granting).collect();
        Ok(fails(ActionReason::Possible(layer, self.action), causes))
    }

    /// The first layer on one side of the set that one of some allowances includes, and that
    /// allowance.
    fn first<'a>(
        &self,
        allowances: &'a [Allowance],
        side: SetSide,
    ) -> Result<Option<(String, &'a Allowance)>, BudgetExceeded> {
        for allowance in allowances {
            if let Some(layer) = self.layer(allowance, side)? {
                return Ok(Some((layer, allowance)));
            }
        }
        Ok(None)
    }

    /// A layer on one side of the set that an allowance includes.
    fn layer(
        &self,
        allowance: &Allowance,
        side: SetSide,
    ) -> Result<Option<String>, BudgetExceeded> {
        match side {
            SetSide::In => allowance.layer(Some(self.set), &[]),
            SetSide::Out => allowance.layer(self.all.as_deref(), self.set),
        }
    }

    /// A layer of the set that no allowance of a list includes.
    fn layer_beyond(&self, allowances: &[Allowance]) -> Result<Option<String>, BudgetExceeded> {
        self.unlimited().layer_beyond(allowances, Some(self.set))
    }

    /// The allowance of every layer.
    fn unlimited(&self) -> Allowance {
        match self.action {
            LayerAction::Attach => Allowance::default(),
            LayerAction::Handle(handled) => right::every(right_of(handled)),
        }
    }

    /// Some layer on one side of the set, as an example. It is left out if the search for it takes
    /// too many steps: the verdict is certain without it.
    fn example(&self, side: SetSide) -> Option<String> {
        self.layer(&self.unlimited(), side).ok().flatten()
    }

    /// An example, and the reason why the action is denied on it.
    fn example_of_a_denial(&self, side: SetSide) -> Option<(String, DenyReason)> {
        let layer = self.example(side)?;
        let reason = self.deny_reason(&layer)?;
        Some((layer, reason))
    }

    /// Why the action on a layer is denied, if that is certain.
    fn deny_reason(&self, layer: &str) -> Option<DenyReason> {
        match self.action {
            LayerAction::Attach => deny_reason(self.policies, layer),
            LayerAction::Handle(handled) => right_denied(self.policies, right_of(handled), layer),
        }
    }

    /// The statements that allow the action on a layer that an allowance includes.
    fn statements_for(&self, layer: &str, allowance: &Allowance) -> Vec<Provenance> {
        match self.action {
            LayerAction::Attach => allowance.by.clone(),
            LayerAction::Handle(handled) => {
                right::allowed_by(self.policies, right_of(handled), layer)
            }
        }
    }

    /// The statements that allow the action on the layers of the set, all of which are allowed.
    fn statements_for_the_set(&self) -> Vec<Provenance> {
        match self.action {
            LayerAction::Attach => {
                let allowances = self.allowed.certain.iter();
                allowances.flat_map(|one| one.by.clone()).collect()
            }
            LayerAction::Handle(handled) => match self.example(SetSide::In) {
                Some(layer) => right::allowed_by(self.policies, right_of(handled), &layer),
                None => Vec::new(),
            },
        }
    }

    /// Why the action is possible on every layer of the set.
    fn why_all(&self) -> ActionReason {
        let by = self.statements_for_the_set();
        if by.is_empty() {
            ActionReason::NothingDenied(self.action)
        } else {
            ActionReason::AllAllowed(self.action, by)
        }
    }

    /// The failure of a claim that the action is possible on a layer.
    fn denies(&self, layer: String) -> Verdict {
        let action = self.action;
        match self.deny_reason(&layer) {
            Some(DenyReason::Explicit(by)) => fails(
                ActionReason::Denied(layer, action),
                vec![Cause::Granting(by)],
            ),
            Some(missing) => fails(ActionReason::NotAllowed(layer, action, missing), Vec::new()),
            None => fails(ActionReason::Denied(layer, action), Vec::new()),
        }
    }

    /// The action on a layer is between certain and possible, so a claim is undecided, whatever it
    /// says of that layer.
    fn open(&self, layer: String, claimed: Possibility) -> Verdict {
        Verdict::undecided(Reason::Action(ActionReason::Open {
            layer,
            action: self.action,
            claimed,
            doubts: self.allowed.doubts.clone(),
        }))
    }
}

fn holds(reason: ActionReason) -> Verdict {
    Verdict::holds(Reason::Action(reason))
}

fn fails(reason: ActionReason, causes: Vec<Cause>) -> Verdict {
    Verdict::fails(Reason::Action(reason), causes)
}

/// The right that publishing or sharing needs.
pub(super) fn right_of(right: HandlingRight) -> Right {
    match right {
        HandlingRight::Publish => Right::Publish,
        HandlingRight::Share => Right::Share,
    }
}
