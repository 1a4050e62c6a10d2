//! What a deploy decides: the conditions of the template, each under a name that describes it.

use crate::rules::model::{DeployCondition, DeployFacts, Fact};
use crate::source::Span;
use crate::template::model::{TemplateCondition, Test};
use std::collections::HashMap;
use std::sync::Arc;

/// The most conditions that `Fn::And` and `Fn::Or` take (CloudFormation User Guide, condition
/// functions).
const MOST: usize = 10;

/// The conditions that resources of a template depend on, as they are met.
#[derive(Debug, Default)]
pub struct Conditions {
    names: HashMap<DeployCondition, Arc<str>>,
    decisions: Vec<(TemplateCondition, Span)>,
}

impl Conditions {
    /// The name of a condition; `None` for one that always holds. `origin` is the place that
    /// depends on it.
    pub fn name(&mut self, condition: &DeployCondition, origin: Span) -> Option<Arc<str>> {
        if condition.is_always() {
            return None;
        }
        if let Some(name) = self.names.get(condition) {
            return Some(Arc::clone(name));
        }
        for fact in condition.lists().iter().flatten() {
            self.fact(fact, origin);
        }
        let id: Vec<String> = condition.lists().iter().map(id_of).collect();
        let id = id.join("Or");
        let tests: Vec<Test> = condition.lists().iter().map(test_of).collect();
        let test = grouped(tests, Test::Or);
        // One fact has a name of its own already.
        if !matches!(test, Test::Named(_)) {
            let id = id.clone();
            self.decisions
                .push((TemplateCondition { id, test }, origin));
        }
        let name: Arc<str> = id.into();
        self.names.insert(condition.clone(), Arc::clone(&name));
        Some(name)
    }

    fn fact(&mut self, fact: &Fact, origin: Span) {
        let decision = TemplateCondition {
            id: fact_id(fact),
            test: match fact {
                Fact::Switch(name, on) => {
                    Test::Equals(name.clone(), if *on { "true" } else { "false" })
                }
                Fact::Given(name) => Test::Not(Box::new(Test::Equals(name.clone(), ""))),
            },
        };
        if self.decisions.iter().all(|(known, _)| *known != decision) {
            self.decisions.push((decision, origin));
        }
    }

    /// The conditions in the order of their names, each with the place that depends on it.
    pub fn finish(mut self) -> Vec<(TemplateCondition, Span)> {
        self.decisions.sort_by(|(a, _), (b, _)| a.id.cmp(&b.id));
        self.decisions
    }
}

fn fact_id(fact: &Fact) -> String {
    match fact {
        Fact::Switch(name, true) => format!("{name}IsTrue"),
        Fact::Switch(name, false) => format!("{name}IsFalse"),
        Fact::Given(name) => format!("{name}IsGiven"),
    }
}

fn id_of(facts: &DeployFacts) -> String {
    let ids: Vec<String> = facts.iter().map(fact_id).collect();
    ids.join("And")
}

fn test_of(facts: &DeployFacts) -> Test {
    let tests = facts.iter().map(|fact| Test::Named(fact_id(fact)));
    grouped(tests.collect(), Test::And)
}

/// Tests joined by a function that takes only so many.
fn grouped(mut tests: Vec<Test>, join: fn(Vec<Test>) -> Test) -> Test {
    while tests.len() > MOST {
        let groups = tests.chunks(MOST).map(|group| match group {
            [one] => one.clone(),
            several => join(several.to_vec()),
        });
        tests = groups.collect();
    }
    match tests.pop() {
        Some(one) if tests.is_empty() => one,
        Some(last) => {
            tests.push(last);
            join(tests)
        }
        None => join(tests),
    }
}
