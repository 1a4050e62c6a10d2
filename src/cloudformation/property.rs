//! A resource in one case: whether it is created, and the values of its properties.

use super::template::Resource;
use super::world::World;
use crate::partial::{Partial, Text};

impl Resource<'_> {
    /// Whether it is made.
    #[must_use]
    pub fn is_made(&self, world: &World<'_>) -> bool {
        self.condition()
            .is_none_or(|condition| world.holds(condition))
    }

    /// A property; `None` if it is missing, or removed by `AWS::NoValue`.
    #[must_use]
    pub fn property(&self, name: &str, world: &World<'_>) -> Option<Partial> {
        world.value(self.json.get("Properties")?.get(name)?)
    }

    /// A property that is a text.
    #[must_use]
    pub fn text(&self, name: &str, world: &World<'_>) -> Option<Text> {
        match self.property(name, world)? {
            Partial::Text(text) => Some(text),
            other @ (Partial::List(_) | Partial::Map(_) | Partial::Null) => Some(Text::unknown(
                format!("{name} is not a text"),
                other.to_string(),
            )),
        }
    }

    /// The items of a property that is a list, or the one value that it is.
    #[must_use]
    pub fn items(&self, name: &str, world: &World<'_>) -> Vec<Partial> {
        self.property(name, world)
            .map(|value| value.items().to_vec())
            .unwrap_or_default()
    }

    /// What happens to it when it leaves the template, `DeletionPolicy`, or is replaced,
    /// `UpdateReplacePolicy`.
    #[must_use]
    pub fn policy(&self, name: &str, world: &World<'_>) -> Option<Partial> {
        world.value(self.json.get(name)?)
    }
}
