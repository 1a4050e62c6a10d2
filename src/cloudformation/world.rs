//! A template in one case, and questions that are asked in every case.
//!
//! A question about a template is asked in a [`World`]. There, every parameter has a value, or none
//! of the values that the template distinguishes, and every condition is true or false. Worlds are
//! decided on demand: when an answer first needs an open parameter, the question is asked again for
//! each of its values. So the number of worlds depends on the answer, and not on the template.

use super::case::{Case, DeployVariable, Setting};
use super::json::written;
use super::parameter::{DeclaredKind, DeclaredParameter};
use super::template::Template;
use super::values::Placeholders;
use crate::partial::{Partial, Text, Unknown, UnknownOrigin};
use serde_json::{Map, Value as Json};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// The most cases that are distinguished for one question.
pub const MOST_CASES: usize = 256;

/// A template in one case.
#[derive(Debug)]
pub struct World<'t> {
    /// The template.
    pub template: &'t Template,
    /// Placeholders for values that only a deploy knows; `None` if they should stay unknown.
    pub(super) placeholders: Option<&'t Placeholders>,
    choices: RefCell<Vec<Branch>>,
    /// The conditions that are decided; `None` while one is being decided.
    pub(super) conditions: RefCell<HashMap<String, Option<bool>>>,
    /// The work that is done, in bytes of text and calls of functions.
    pub(super) work: Cell<usize>,
}

#[derive(Debug)]
struct Branch {
    variable: DeployVariable,
    settings: Vec<Setting>,
    chosen: usize,
}

impl<'t> World<'t> {
    /// A template in a case, whose decisions are those of all worlds that follow from this one.
    fn new(template: &'t Template, placeholders: Option<&'t Placeholders>, case: &Case) -> Self {
        let choice = |(variable, setting): &(DeployVariable, Setting)| Branch {
            variable: variable.clone(),
            settings: vec![setting.clone()],
            chosen: 0,
        };
        Self {
            template,
            placeholders,
            choices: RefCell::new(case.0.iter().map(choice).collect()),
            conditions: RefCell::default(),
            work: Cell::default(),
        }
    }

    /// The earlier decision of this world about a variable.
    pub(super) fn decided(&self, variable: &DeployVariable) -> Option<Setting> {
        let choices = self.choices.borrow();
        let known = choices.iter().find(|choice| choice.variable == *variable)?;
        known.settings.get(known.chosen).cloned()
    }

    /// The earlier decision of this world about a parameter.
    fn decided_about(&self, parameter: &str) -> Option<Setting> {
        let choices = self.choices.borrow();
        let known = choices.iter().find(|choice| {
            matches!(&choice.variable, DeployVariable::Parameter(name) if **name == *parameter)
        })?;
        known.settings.get(known.chosen).cloned()
    }

    /// Decides about a variable: this setting in this world, the others in other worlds.
    pub(super) fn decide(
        &self,
        variable: DeployVariable,
        first: Setting,
        others: impl IntoIterator<Item = Setting>,
    ) -> Setting {
        let mut settings = vec![first.clone()];
        settings.extend(others);
        self.choices.borrow_mut().push(Branch {
            variable,
            settings,
            chosen: 0,
        });
        first
    }

    /// The case of this world, with the decisions so far.
    #[must_use]
    pub fn case(&self) -> Case {
        let choices = self.choices.borrow();
        let settings = choices.iter().filter_map(|choice| {
            Some((
                choice.variable.clone(),
                choice.settings.get(choice.chosen)?.clone(),
            ))
        });
        Case(settings.collect())
    }

    /// Moves on to the next case, and returns whether there is one.
    fn advance(&mut self) -> bool {
        let choices = self.choices.get_mut();
        while let Some(last) = choices.last_mut() {
            last.chosen += 1;
            if last.chosen < last.settings.len() {
                self.conditions.get_mut().clear();
                self.work.set(0);
                return true;
            }
            choices.pop();
        }
        false
    }

    /// The value of a parameter or pseudo parameter, by `Ref`; `None` if the template has no such
    /// parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<Partial> {
        let declared = self.template.parameter(name);
        if declared.is_none() && !name.starts_with("AWS::") {
            return None;
        }
        let kind = declared.map_or(DeclaredKind::Text, |parameter| parameter.kind);
        let value = match self.setting(name, declared) {
            Setting::Is(value, _) => Some(value.to_string()),
            Setting::Other(others) => self
                .placeholders
                .and_then(|placeholders| placeholders.of_parameter(name))
                .and_then(|value| other_than(value, &others, name)),
            Setting::Holds(_) => None,
        };
        let Some(value) = value else {
            let identity =
                declared.map_or_else(|| name.into(), |parameter| parameter.identity.clone());
            let origin = UnknownOrigin::Parameter(name.to_owned());
            return Some(Partial::Text(Text::of(Unknown { origin, identity })));
        };
        Some(match kind {
            DeclaredKind::List => Partial::List(
                value
                    .split(',')
                    .map(|item| Partial::Text(written(item.trim())))
                    .collect(),
            ),
            DeclaredKind::Text | DeclaredKind::LookedUp => Partial::Text(written(&value)),
        })
    }

    /// Whether a text may be this one at some deploy of this case.
    #[must_use]
    pub fn may_be(&self, text: &Text, literal: &str) -> bool {
        let excluded = text.as_parameter().is_some_and(|name| {
            let decided = self.decided_about(name);
            matches!(decided, Some(Setting::Other(others)) if others.iter().any(|it| it == literal))
        });
        !excluded && self.template.may_be(text, literal)
    }

    /// The placeholder for a parameter whose value only a deploy knows.
    #[must_use]
    pub fn placeholder(&self, name: &str) -> Option<&str> {
        self.placeholders?.of_parameter(name)
    }

    /// The decision about a parameter in this world.
    pub(super) fn setting(&self, name: &str, declared: Option<&DeclaredParameter>) -> Setting {
        if let Some(value) = self.template.given(name) {
            return Setting::Is(value.into(), false);
        }
        if self.template.defaults
            && let Some(parameter) =
                declared.filter(|parameter| parameter.kind != DeclaredKind::LookedUp)
            && let Some(default) = &parameter.default
        {
            return Setting::Is(default.as_str().into(), true);
        }
        if let Some(decided) = self.decided_about(name) {
            return decided;
        }
        let mut settings = self.template.settings(name, self.placeholders).into_iter();
        match settings.next() {
            Some(only) if settings.len() == 0 => only,
            Some(first) => self.decide(DeployVariable::Parameter(name.into()), first, settings),
            None => Setting::Other(Arc::default()),
        }
    }
}

/// The placeholder for a parameter that has none of some values: for the region, another one than
/// those that the template distinguishes, if the usual one is among them.
fn other_than(usual: &str, others: &[String], name: &str) -> Option<String> {
    const REGIONS: [&str; 4] = ["eu-central-1", "ap-southeast-2", "sa-east-1", "ca-west-1"];
    let regions = REGIONS.iter().filter(|_| name == "AWS::Region");
    let is_other =
        |value: &&str| name != "AWS::Region" || !others.iter().any(|other| other == value);
    std::iter::once(usual)
        .chain(regions.copied())
        .find(is_other)
        .map(str::to_owned)
}

/// Asks a question in every case that its answer depends on. The cases are disjoint and complete.
///
/// # Errors
///
/// If there are more than [`MOST_CASES`].
pub fn explore<T>(
    template: &Template,
    placeholders: Option<&Placeholders>,
    question: impl FnMut(&World<'_>) -> T,
) -> Result<Vec<(Case, T)>, TooManyCases> {
    explore_within(&WorkBudget::default(), template, placeholders, question)
}

/// Asks a question in every case, like [`explore`], as one of many questions with a common budget.
///
/// # Errors
///
/// If there are more than [`MOST_CASES`], or if the budget is spent.
pub fn explore_within<T>(
    budget: &WorkBudget,
    template: &Template,
    placeholders: Option<&Placeholders>,
    mut question: impl FnMut(&World<'_>) -> T,
) -> Result<Vec<(Case, T)>, TooManyCases> {
    let mut answers = Vec::with_capacity(1);
    let world = World::new(template, placeholders, &Case::default());
    answer(world, &mut question, budget, &mut answers).map(|()| answers)
}

/// The work that all questions about one template may take together. It is in proportion to the
/// resources of the template, and far beyond what a deployed template takes.
#[derive(Debug)]
pub struct WorkBudget {
    left: Cell<usize>,
}

impl Default for WorkBudget {
    /// A budget without end.
    fn default() -> Self {
        Self {
            left: Cell::new(usize::MAX),
        }
    }
}

impl WorkBudget {
    /// The work of a case, beside that of evaluating its values.
    const CASE: usize = 5;

    /// The evaluated values, or bytes of text, that are one unit of work.
    const VALUES: usize = 16;

    /// The budget for a template.
    #[must_use]
    pub fn of(template: &Template) -> Self {
        const LEAST: usize = 100_000;
        const OF_A_RESOURCE: usize = 100;
        let resources = template.json().get("Resources").and_then(Json::as_object);
        Self {
            left: Cell::new(LEAST + OF_A_RESOURCE * resources.map_or(0, Map::len)),
        }
    }

    /// Takes some work away.
    pub fn spend(&self, work: usize) {
        self.left.set(self.left.get().saturating_sub(work));
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.left.get() == 0
    }
}

/// Asks a further question about each answer of an earlier one, in the case of that answer, and in
/// every case into which the further answer splits it.
///
/// # Errors
///
/// If there are more than [`MOST_CASES`].
pub fn explore_further<A, T>(
    template: &Template,
    earlier: &[(Case, A)],
    question: impl Fn(&World<'_>, &A) -> T,
) -> Result<Vec<(Case, T)>, TooManyCases> {
    let mut answers = Vec::with_capacity(earlier.len());
    for (case, known) in earlier {
        let world = World::new(template, None, case);
        let question = |world: &World<'_>| question(world, known);
        answer(world, question, &WorkBudget::default(), &mut answers)?;
    }
    Ok(answers)
}

/// Adds the answers to a question in a world and in those that follow from its decisions.
fn answer<T>(
    mut world: World<'_>,
    mut question: impl FnMut(&World<'_>) -> T,
    budget: &WorkBudget,
    answers: &mut Vec<(Case, T)>,
) -> Result<(), TooManyCases> {
    loop {
        if answers.len() == MOST_CASES {
            return Err(TooManyCases);
        }
        let answer = question(&world);
        answers.push((world.case(), answer));
        let work = WorkBudget::CASE + world.work.get() / WorkBudget::VALUES;
        if !world.advance() {
            return Ok(());
        }
        // What is asked in one case only is answered even if nothing is left.
        budget.spend(work);
        if budget.is_spent() {
            return Err(TooManyCases);
        }
    }
}

/// There are more cases than are distinguished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyCases;

impl fmt::Display for TooManyCases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it depends on too many combinations of parameters, conditions and policies")
    }
}

impl std::error::Error for TooManyCases {}
