//! The values that a deploy gives to parameters and resources: the known ones, and placeholders for
//! the others while a question is decided.

use std::collections::HashMap;

/// The known values of parameters.
#[derive(Clone, Debug, Default)]
pub struct Values {
    /// These parameters, pseudo parameters among them, have these values.
    pub given: Vec<(String, String)>,
    /// Whether every other parameter has its default, if it has one.
    pub defaults: bool,
}

impl Values {
    /// These values, and whatever the template allows for the other parameters.
    #[must_use]
    pub fn given(given: &[(String, String)]) -> Self {
        Self {
            given: given.to_vec(),
            defaults: false,
        }
    }
}

/// Placeholders for values that only a deploy knows, while a question about every deploy is
/// decided. They occur nowhere in the template, so an answer holds for every deploy whose values
/// the template does not name.
#[derive(Clone, Debug, Default)]
pub struct Placeholders {
    /// By the name of the parameter or pseudo parameter.
    parameters: HashMap<String, String>,
    /// The values of `Ref` of resources, by logical ID.
    resources: HashMap<String, String>,
    /// Values that the question distinguishes in addition, for parameters that hold an account.
    pub(super) accounts: Vec<String>,
    /// Regions that the question distinguishes in addition.
    pub(super) regions: Vec<String>,
}

impl Placeholders {
    /// Adds the value of a parameter or pseudo parameter.
    pub fn parameter(&mut self, name: &str, value: String) {
        self.parameters.insert(name.to_owned(), value);
    }

    /// Adds the value of a resource.
    pub fn resource(&mut self, id: &str, value: String) {
        self.resources.insert(id.to_owned(), value);
    }

    /// Adds an account that a parameter may hold, since the question is about it.
    pub fn account(&mut self, id: &str) {
        if !self.accounts.iter().any(|known| known == id) {
            self.accounts.push(id.to_owned());
        }
    }

    /// Adds a region that the stack may be in, since policies or the question name it.
    pub fn region(&mut self, name: &str) {
        if !self.regions.iter().any(|known| known == name) {
            self.regions.push(name.to_owned());
        }
    }

    /// The placeholder for a parameter or pseudo parameter.
    #[must_use]
    pub fn of_parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// The placeholder for a resource.
    #[must_use]
    pub fn of_resource(&self, id: &str) -> Option<&str> {
        self.resources.get(id).map(String::as_str)
    }

    /// Every resource with a placeholder, by logical ID.
    #[must_use]
    pub fn resources(&self) -> Vec<(&str, &str)> {
        let mut all: Vec<(&str, &str)> = self
            .resources
            .iter()
            .map(|(id, value)| (id.as_str(), value.as_str()))
            .collect();
        all.sort_unstable();
        all
    }
}
