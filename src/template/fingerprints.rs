//! Whether logical IDs are all different, without a table of them.

use super::model::{Parameter, Template, TemplateCondition};
use foldhash::fast::FixedState;
use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use std::hash::BuildHasher;

/// Numbers that stand for the logical IDs of several templates. Different IDs seldom have one
/// number.
#[derive(Debug, Default)]
pub struct Fingerprints {
    numbers: Vec<u64>,
    /// The conditions of each template. Several templates may depend on the same one.
    conditions: Vec<TemplateCondition>,
}

impl Fingerprints {
    /// The fingerprints of one template, without its parameters.
    #[must_use]
    pub fn of(template: &Template) -> Self {
        let mut all = Self::default();
        all.numbers
            .reserve_exact(template.resources.len() + template.outputs.len());
        for resource in &template.resources {
            all.add(&resource.id);
        }
        for output in &template.outputs {
            all.add(&output.id);
        }
        all.conditions.clone_from(&template.conditions);
        all
    }

    /// Adds the fingerprints of parameters, which several templates may have.
    pub fn add_parameters(&mut self, parameters: &[Parameter]) {
        for parameter in parameters {
            self.add(&parameter.name);
        }
    }

    /// Adds the fingerprints of another template.
    pub fn append(&mut self, other: Self) {
        self.numbers.extend(other.numbers);
        self.conditions.extend(other.conditions);
    }

    fn add(&mut self, id: &str) {
        self.numbers.push(number_of(id));
    }

    /// Whether all fingerprints are different. Then all IDs are different, too.
    #[must_use]
    pub fn are_distinct(mut self) -> bool {
        let mut known = HashMap::new();
        for condition in &self.conditions {
            if known.insert(&condition.id, condition) != Some(condition) {
                self.numbers.push(number_of(&condition.id));
            }
        }
        let mut seen = HashSet::with_capacity(self.numbers.len());
        self.numbers.into_iter().all(|number| seen.insert(number))
    }
}

fn number_of(id: &str) -> u64 {
    FixedState::default().hash_one(id)
}
