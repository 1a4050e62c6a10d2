//! The template as JSON in ASCII, with the long forms of the intrinsic functions.

use super::Format;
use super::emit::{Scalar, Sink};
use super::mark::{KEY, mark};
use super::model::Template;
use serde::Serialize;
use serde_json::ser::Formatter;
use std::io::{self, Write};

/// A JSON writer.
pub struct Json<'a> {
    to: &'a mut Vec<u8>,
    /// For each open mapping and list, whether something is in it.
    open: Vec<bool>,
}

impl<'a> Json<'a> {
    /// A writer at the start of a document.
    pub fn new(to: &'a mut Vec<u8>) -> Self {
        Self {
            to,
            open: Vec::new(),
        }
    }

    fn put(&mut self, text: &str) {
        self.to.extend_from_slice(text.as_bytes());
    }

    fn put_string(&mut self, text: &str) {
        let mut serializer = serde_json::Serializer::with_formatter(&mut *self.to, Ascii);
        // A text can be written, and memory takes everything.
        text.serialize(&mut serializer).unwrap_or_default();
    }

    fn new_line(&mut self) {
        self.put("\n");
        for _ in 0..self.open.len() {
            self.put("  ");
        }
    }

    /// Begins an entry of the innermost mapping or list.
    fn begin_entry(&mut self) {
        if let Some(filled) = self.open.last_mut()
            && std::mem::replace(filled, true)
        {
            self.put(",");
        }
        self.new_line();
    }

    fn end(&mut self, bracket: &str) {
        if self.open.pop() == Some(true) {
            self.new_line();
        }
        self.put(bracket);
    }
}

/// Escapes everything beyond ASCII: aws-cli reads a template in the encoding of the machine.
struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: Write + ?Sized>(
        &mut self,
        to: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if fragment.is_ascii() {
            return to.write_all(fragment.as_bytes());
        }
        for c in fragment.chars() {
            if c.is_ascii() {
                write!(to, "{c}")?;
                continue;
            }
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(to, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

impl Sink for Json<'_> {
    fn header(&mut self, _: &[String]) {}

    fn mark(&self, source: &str) -> Option<(&'static str, String)> {
        Some((KEY, mark(source)))
    }

    fn blank(&mut self) {}

    fn comment(&mut self, _: &str) {}

    fn begin_map(&mut self) {
        self.put("{");
        self.open.push(false);
    }

    fn end_map(&mut self) {
        self.end("}");
    }

    fn begin_list(&mut self) {
        self.put("[");
        self.open.push(false);
    }

    fn end_list(&mut self) {
        self.end("]");
    }

    fn key(&mut self, key: &'static str) {
        self.name(key);
    }

    fn name(&mut self, name: &str) {
        self.begin_entry();
        self.put_string(name);
        self.put(": ");
    }

    fn item(&mut self) {
        self.begin_entry();
    }

    fn scalar(&mut self, scalar: Scalar<'_>, _: Option<&str>) {
        let (function, text) = match scalar {
            Scalar::Truth(truth) => return self.put(if truth { "true" } else { "false" }),
            Scalar::Plain(text) => (None, text),
            Scalar::Text(text) => (None, text),
            Scalar::Ref(name) => (Some("Ref"), name),
            Scalar::Sub(text) => (Some("Fn::Sub"), text),
        };
        if let Some(function) = function {
            self.put("{ ");
            self.put_string(function);
            self.put(": ");
        }
        self.put_string(text);
        if function.is_some() {
            self.put(" }");
        }
    }

    fn template(&mut self, template: &Template) {
        let mut written = Vec::new();
        template.write(Format::Json, &mut written);
        self.put_string(&String::from_utf8_lossy(&written));
    }

    fn finish(mut self) {
        self.put("\n");
    }
}
