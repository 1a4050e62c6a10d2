//! The names that a template refers to: its parameters and resources, and its conditions.

use super::emit::{self, Scalar, Sink};
use super::model::{Properties, Template, TemplateCondition};
use std::collections::{BTreeSet, HashSet};

/// The conditions that a template depends on, and those that they name.
#[must_use]
pub fn needed_conditions<'a>(
    template: &'a Template,
    all: &'a [TemplateCondition],
) -> HashSet<&'a str> {
    let of_resources = template
        .resources
        .iter()
        .map(|resource| &resource.condition);
    let of_outputs = template.outputs.iter().map(|output| &output.condition);
    let named = of_resources.chain(of_outputs).flatten();
    let mut open: Vec<&str> = named.map(|name| &**name).collect();
    let mut needed = HashSet::new();
    while let Some(name) = open.pop() {
        if needed.insert(name) {
            let decision = all.iter().find(|decision| decision.id == name);
            open.extend(
                decision
                    .into_iter()
                    .flat_map(|decision| decision.test.names()),
            );
        }
    }
    needed
}

/// The references of a template.
#[must_use]
pub fn references(template: &Template) -> BTreeSet<String> {
    let mut names = References::default();
    for resource in &template.resources {
        emit::properties(&mut names, &resource.properties);
    }
    for condition in &template.conditions {
        emit::condition(&mut names, condition);
    }
    for output in &template.outputs {
        names.scalar((&output.value).into(), None);
    }
    names.0
}

/// The references of a resource's properties.
#[must_use]
pub fn of_properties(properties: &Properties) -> BTreeSet<String> {
    let mut names = References::default();
    emit::properties(&mut names, properties);
    names.0
}

/// Collects the references during a walk over a template.
#[derive(Default)]
struct References(BTreeSet<String>);

impl References {
    fn add(&mut self, name: &str) {
        if !self.0.contains(name) {
            self.0.insert(name.to_owned());
        }
    }
}

impl Sink for References {
    fn header(&mut self, _: &[String]) {}

    fn mark(&self, _: &str) -> Option<(&'static str, String)> {
        None
    }

    fn blank(&mut self) {}

    fn comment(&mut self, _: &str) {}

    fn begin_map(&mut self) {}

    fn end_map(&mut self) {}

    fn begin_list(&mut self) {}

    fn end_list(&mut self) {}

    fn key(&mut self, _: &'static str) {}

    fn name(&mut self, _: &str) {}

    fn item(&mut self) {}

    fn scalar(&mut self, scalar: Scalar<'_>, _: Option<&str>) {
        match scalar {
            Scalar::Plain(_) | Scalar::Text(_) | Scalar::Truth(_) => {}
            Scalar::Ref(name) => self.add(name),
            // `${!Name}` stands for itself, and no parameter is called `!Name`.
            Scalar::Sub(text) => text
                .split("${")
                .skip(1)
                .filter_map(|rest| rest.split_once('}'))
                .for_each(|(name, _)| self.add(name)),
        }
    }

    // A template in a text has parameters of its own.
    fn template(&mut self, _: &Template) {}

    fn finish(self) {}
}
