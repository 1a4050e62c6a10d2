//! The places of the values of a template in its text. [`read`] reads the values without places:
//! places are looked for only if there is something to point to.

use super::read;
use serde::de::{
    DeserializeSeed, EnumAccess, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use std::fmt;
use std::ops::Range;

/// A step on the way from the top of a template to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'s> {
    /// The value of a key.
    Key(&'s str),
    /// An item of a list, counted from 0.
    Item(usize),
}

/// The places of a value and of all that is in it.
#[derive(Debug, Default)]
pub struct Places {
    /// The key, of a value in a mapping.
    key: Option<(String, Option<Range<usize>>)>,
    /// The text, of a value that is a plain or quoted text without escapes.
    text: Option<Range<usize>>,
    children: Vec<Places>,
}

impl Places {
    /// The places in a template; `None` if the text cannot be read.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let node = Node { input: text };
        if text.trim_start().starts_with(['{', '['])
            && let Ok(places) = node.deserialize(&mut serde_json::Deserializer::from_str(text))
        {
            return Some(places);
        }
        read::refuse_depth(text).ok()?;
        node.deserialize(serde_yaml::Deserializer::from_str(text))
            .ok()
    }

    /// The bytes of a value: of the key, if it has one, otherwise of its first text or
    /// key. Of what is not there, as what a
    /// macro or `<<` puts there, those of the nearest value around it.
    #[must_use]
    pub fn find(&self, path: &[Step<'_>]) -> Range<usize> {
        let mut here = self;
        let mut known = 0..0;
        for step in path {
            let child = match *step {
                Step::Key(name) => here.children.iter().find(|child| child.is_called(name)),
                Step::Item(index) => here.children.get(index),
            };
            let Some(child) = child else {
                return known;
            };
            let key = child.key.as_ref().and_then(|(_, place)| place.clone());
            if let Some(place) = key.or_else(|| child.first_text()) {
                known = place;
            }
            here = child;
        }
        known
    }

    fn is_called(&self, name: &str) -> bool {
        self.key.as_ref().is_some_and(|(key, _)| key == name)
    }

    /// The first text or key in a value.
    fn first_text(&self) -> Option<Range<usize>> {
        let mut here = self;
        while here.text.is_none() {
            here = here.children.first()?;
            if let Some((_, Some(key))) = &here.key {
                return Some(key.clone());
            }
        }
        here.text.clone()
    }
}

/// A value of YAML or JSON on its way to its places.
#[derive(Clone, Copy)]
struct Node<'i> {
    input: &'i str,
}

impl Node<'_> {
    /// The place of a text that is lent from the input.
    fn place(self, text: &str) -> Option<Range<usize>> {
        let start = (text.as_ptr() as usize).checked_sub(self.input.as_ptr() as usize)?;
        let place = start..start.checked_add(text.len())?;
        (self.input.get(place.clone()) == Some(text)).then_some(place)
    }
}

impl<'de> DeserializeSeed<'de> for Node<'de> {
    type Value = Places;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Places, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'de> {
    type Value = Places;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Places, E> {
        Ok(Places::default())
    }

    fn visit_none<E>(self) -> Result<Places, E> {
        Ok(Places::default())
    }

    fn visit_some<D: serde::Deserializer<'de>>(self, from: D) -> Result<Places, D::Error> {
        from.deserialize_any(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Places, E> {
        Ok(Places::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Places, E> {
        Ok(Places::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Places, E> {
        Ok(Places::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Places, E> {
        Ok(Places::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Places, E> {
        Ok(Places::default())
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Places, E> {
        Ok(Places {
            text: self.place(text),
            ..Places::default()
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Places, A::Error> {
        let mut children = Vec::new();
        while let Some(child) = from.next_element_seed(self)? {
            children.push(child);
        }
        Ok(Places {
            children,
            ..Places::default()
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Places, A::Error> {
        let mut children = Vec::new();
        while let Some(key) = from.next_key_seed(Key(self))? {
            let value = from.next_value_seed(self)?;
            children.push(Places { key, ..value });
        }
        Ok(Places {
            children,
            ..Places::default()
        })
    }

    /// The value of a tag stands for itself: `!Sub x` is where `x` is.
    fn visit_enum<A: EnumAccess<'de>>(self, from: A) -> Result<Places, A::Error> {
        let (_, tagged) = from.variant::<String>()?;
        tagged.newtype_variant_seed(self)
    }
}

/// The key of a mapping; none that is not text.
struct Key<'i>(Node<'i>);

impl<'de> DeserializeSeed<'de> for Key<'de> {
    type Value = Option<(String, Option<Range<usize>>)>;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Key<'de> {
    type Value = Option<(String, Option<Range<usize>>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some((text.to_owned(), None)))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some((text.to_owned(), self.0.place(text))))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, from: A) -> Result<Self::Value, A::Error> {
        let (_, tagged) = from.variant::<String>()?;
        tagged.newtype_variant::<IgnoredAny>().map(|_| None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'t>(text: &'t str, path: &[Step<'_>]) -> &'t str {
        &text[Places::of(text).unwrap_or_default().find(path)]
    }

    const LAYERS: [Step<'static>; 3] =
        [Step::Key("Resources"), Step::Key("F"), Step::Key("Layers")];

    fn item(index: usize) -> Vec<Step<'static>> {
        [&LAYERS[..], &[Step::Item(index)]].concat()
    }

    #[test]
    fn items_are_found_in_yaml_and_in_json() {
        let yaml = "Resources:\n  F:\n    Layers:\n    - plain\n    - 'quoted'\n    - \
        !Sub \"tagged\"\n    - Fn::Sub: long\n\
                    \x20   - !If [c, {Ref: a}, b]\n    - \"esc\\x41ped\"\n";
        let words: Vec<&str> = (0..5).map(|index| found(yaml, &item(index))).collect();
        assert_eq!(words, ["plain", "quoted", "tagged", "Fn::Sub", "c"]);
        // The key of the list stands for an item whose place is not known.
        assert_eq!(found(yaml, &item(5)), "Layers");
        let json = r#"{"Resources": {"F": {"Layers": ["ü", "b", {"Ref": "c"}]}}}"#;
        let words: Vec<&str> = (0..3).map(|index| found(json, &item(index))).collect();
        assert_eq!(words, ["ü", "b", "Ref"]);
    }

    #[test]
    fn keys_are_found_and_stand_for_what_is_missing() {
        let yaml = "base: &b {Layers: [x]}\nResources: {F: {<<: *b, 1: 2, true: 3}, 'G': *b}\n";
        assert_eq!(found(yaml, &LAYERS), "F");
        assert_eq!(
            found(
                yaml,
                &[
                    Step::Key("Resources"),
                    Step::Key("G"),
                    Step::Key("Layers"),
                    Step::Item(0)
                ]
            ),
            "x"
        );
        assert_eq!(found(yaml, &[Step::Key("Nothing")]), "");
        assert_eq!(found("not: [closed", &LAYERS), "");
    }
}
