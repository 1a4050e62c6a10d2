//! The places of the values of a template in its text, noted while [`read`](super::read) reads it.

use std::cell::RefCell;
use std::ops::Range;

/// A step on the way from the top of a template to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'s> {
    /// The value of a key.
    Key(&'s str),
    /// An item of a list, counted from 0.
    Item(usize),
}

/// The places of the values in a text. A template has many values, and few of them are looked for.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The values, each before those that are in it.
    values: Vec<Value>,
}

/// The places of a value.
#[derive(Clone, Copy, Debug, Default)]
struct Value {
    /// The key, of a value in a mapping.
    key: Option<TextPlace>,
    /// The text, of a value that is one.
    text: Option<TextPlace>,
    /// The index after the last value in it.
    next: u32,
}

/// A plain or quoted text without escapes: from its first byte to the one after its last.
#[derive(Clone, Copy, Debug)]
struct TextPlace(u32, u32);

impl TextPlace {
    fn range(self) -> Range<usize> {
        self.0 as usize..self.1 as usize
    }
}

impl Places {
    /// The bytes of a value in the text that was read: of its key, if it has one, otherwise of its
    /// first text or key. A value that is not in the text, such as what a macro or `<<` adds, has
    /// the bytes of the nearest value around it.
    #[must_use]
    pub fn find(&self, text: &str, path: &[Step<'_>]) -> Range<usize> {
        let mut here = 0;
        let mut known = 0..0;
        for step in path {
            let child = match *step {
                Step::Key(name) => self
                    .children(here)
                    .find(|child| self.is_called(*child, text, name)),
                Step::Item(index) => self.children(here).nth(index),
            };
            let Some(child) = child else {
                return known;
            };
            let key = self.values.get(child).and_then(|child| child.key);
            if let Some(place) = key.or_else(|| self.first_text(child)) {
                known = place.range();
            }
            here = child;
        }
        known
    }

    /// The values directly in a value.
    fn children(&self, of: usize) -> impl Iterator<Item = usize> {
        let next = |index: usize| self.values.get(index).map(|value| value.next as usize);
        let end = next(of).unwrap_or_default();
        let is_inside = move |child: &usize| *child < end;
        std::iter::successors(Some(of + 1).filter(is_inside), move |child| {
            next(*child).filter(is_inside)
        })
    }

    fn is_called(&self, value: usize, text: &str, name: &str) -> bool {
        let key = self.values.get(value).and_then(|value| value.key);
        key.is_some_and(|key| text.get(key.range()) == Some(name))
    }

    /// The first text or key in a value.
    fn first_text(&self, of: usize) -> Option<TextPlace> {
        let mut here = of;
        loop {
            let value = self.values.get(here)?;
            let key = value.key.filter(|_| here > of);
            if let Some(place) = key.or(value.text) {
                return Some(place);
            }
            here = self.children(here).next()?;
        }
    }
}

/// The places of a text that is being read.
#[derive(Debug, Default)]
pub(super) struct Notes(RefCell<Places>);

impl Notes {
    /// Begins a value, and gives its index.
    pub fn begin(&self) -> usize {
        let values = &mut self.0.borrow_mut().values;
        values.push(Value::default());
        values.len() - 1
    }

    /// Ends a value.
    pub fn end(&self, value: usize) {
        let values = &mut self.0.borrow_mut().values;
        let next = values.len() as u32;
        if let Some(value) = values.get_mut(value) {
            value.next = next;
        }
    }

    /// Removes the value that began last, since there is no such value.
    pub fn take_back(&self) {
        self.0.borrow_mut().values.pop();
    }

    /// Notes where a text lies in the input, for the value that began last. A copied text has no
    /// place.
    pub fn text(&self, input: &str, text: &str) {
        let start = (text.as_ptr() as usize).wrapping_sub(input.as_ptr() as usize);
        let end = start.wrapping_add(text.len());
        if let Some(value) = self.0.borrow_mut().values.last_mut() {
            let is_lent = input.get(start..end) == Some(text);
            value.text = is_lent.then_some(TextPlace(start as u32, end as u32));
        }
    }

    /// Makes the text of the value that began last its key.
    pub fn key(&self) {
        if let Some(value) = self.0.borrow_mut().values.last_mut() {
            value.key = value.text.take();
        }
    }

    /// Removes all notes.
    pub fn clear(&self) {
        self.0.borrow_mut().values.clear();
    }

    /// The noted places, of a text that is read to its end.
    pub fn places(self) -> Places {
        self.end(0);
        self.0.into_inner()
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    fn found<'t>(text: &'t str, path: &[Step<'_>]) -> &'t str {
        let places = read::places(text).unwrap_or_default();
        &text[places.find(text, path)]
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
