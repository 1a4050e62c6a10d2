//! Templates and policies from text: YAML or JSON, ours or anybody's, with every intrinsic function
//! in its long form.
//!
//! YAML is read as CloudFormation and `aws cloudformation package` read it, which is YAML 1.1
//! (CloudFormation User Guide, template formats): `yes` is a truth value, `012345670123` is an
//! octal number, `<<` merges. Nothing is dropped silently: a duplicate key is an error.

use super::place::{Notes, Places};
use serde::de::{
    DeserializeSeed, EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde_json::{Map, Value as Json};
use std::borrow::Cow;
use std::fmt;

/// The function that stands for a number which two readers of YAML read as different numbers.
pub(super) const AMBIGUOUS: &str = "Fn::AmbiguousNumber";

/// How deeply brackets may be nested. Templates have a few levels; both parsers below are quadratic
/// in depth.
const MOST_BRACKETS: usize = 1000;

/// How many list items may begin on one line, one inside the other.
const MOST_DASHES: usize = 100;

/// Why a text is not a template or a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// Neither YAML nor JSON, with the reason.
    Syntax(String),
    /// YAML or JSON, but not the expected content, with the reason.
    Shape(String),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(why) | Self::Shape(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ReadError {}

/// Reads a template, or the output of `aws cloudformation get-template`.
///
/// # Errors
///
/// If the bytes are not text, or not YAML or JSON with a mapping at the top, or a key is duplicate.
pub fn template(bytes: &[u8]) -> Result<Json, ReadError> {
    unwrapped(value(&text(bytes)?, None)?)
}

/// Reads a template like [`template`], and notes the places of its values.
///
/// # Errors
///
/// As [`template`].
pub fn template_with_places(bytes: &[u8]) -> Result<(Json, Places), ReadError> {
    let notes = Notes::default();
    let template = unwrapped(value(&text(bytes)?, Some(&notes))?)?;
    Ok((template, notes.places()))
}

/// The places of the values in a text; `None` if it cannot be read.
#[must_use]
pub fn places(text: &str) -> Option<Places> {
    let notes = Notes::default();
    value(text, Some(&notes)).ok()?;
    Some(notes.places())
}

/// The template that a value is, or that is in what `get-template` prints, as text or JSON.
fn unwrapped(read: Json) -> Result<Json, ReadError> {
    let template = match read.get("TemplateBody") {
        Some(Json::String(body)) if read.get("Resources").is_none() => value(body, None)?,
        Some(body @ Json::Object(_)) if read.get("Resources").is_none() => body.clone(),
        _ => read,
    };
    match template {
        Json::Object(template) => Ok(Json::Object(template)),
        _ => Err(ReadError::Shape("a template is a mapping".to_owned())),
    }
}

/// Reads JSON documents, one after the other, as `aws` prints them into one file.
///
/// # Errors
///
/// If the bytes are not text, are not JSON, or a key is duplicate.
pub fn json_documents(bytes: &[u8]) -> Result<Vec<Json>, ReadError> {
    let text = text(bytes)?;
    let mut documents = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let mut stream =
            serde_json::Deserializer::from_str(rest).into_iter::<&serde_json::value::RawValue>();
        let document = match stream.next() {
            Some(document) => document.map_err(|error| ReadError::Syntax(error.to_string()))?,
            None => break,
        };
        documents.push(json(document.get())?);
        rest = rest
            .get(stream.byte_offset()..)
            .unwrap_or_default()
            .trim_start();
    }
    Ok(documents)
}

/// Reads one JSON value.
///
/// # Errors
///
/// If the text is not JSON, or a key is duplicate.
pub fn json(text: &str) -> Result<Json, ReadError> {
    json_value(text, None)
}

fn json_value(text: &str, notes: Option<&Notes>) -> Result<Json, ReadError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = ReadNode::top(text, notes)
        .deserialize(&mut reader)
        .and_then(|read| reader.end().map(|()| read));
    read.map_err(|error| ReadError::Syntax(error.to_string()))
}

/// The text of a file: UTF-8, or UTF-16 with a byte-order mark, as Windows writes it.
///
/// # Errors
///
/// When it is neither.
pub fn text(bytes: &[u8]) -> Result<Cow<'_, str>, ReadError> {
    let utf16 = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = rest.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        let decoded: Result<String, _> = char::decode_utf16(units).collect();
        decoded
            .map(Cow::Owned)
            .map_err(|_| ReadError::Syntax("it is not UTF-16".to_owned()))
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => std::str::from_utf8(rest)
            .map(Cow::Borrowed)
            .map_err(|error| ReadError::Syntax(format!("it is not UTF-8: {error}"))),
    }
}

/// Reads JSON as JSON, and anything else as YAML.
fn value(text: &str, notes: Option<&Notes>) -> Result<Json, ReadError> {
    if text.trim_start().starts_with(['{', '['])
        && let Ok(read) = json_value(text, notes)
    {
        return Ok(read);
    }
    refuse_depth(text)?;
    let read = ReadNode::top(text, notes).deserialize(serde_yaml::Deserializer::from_str(text));
    read.map_err(|error| ReadError::Syntax(error.to_string()))
}

/// Refuses input that would keep the parser busy: brackets, or items of lists, nested deeper than
/// in any real template. Brackets in texts count as well, so it also refuses some texts that nobody
/// writes.
fn refuse_depth(text: &str) -> Result<(), ReadError> {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if deepest > MOST_BRACKETS || text.lines().any(|line| dashes(line) > MOST_DASHES) {
        return Err(ReadError::Syntax(
            "its values are nested too deeply".to_owned(),
        ));
    }
    Ok(())
}

/// How many items of lists, or explicit keys, begin at the start of a line.
fn dashes(line: &str) -> usize {
    let mut count = 0;
    let mut rest = line.trim_start();
    while let Some(inner) = rest
        .strip_prefix(['-', '?'])
        .filter(|inner| inner.starts_with([' ', '\t']))
    {
        count += 1;
        rest = inner.trim_start();
    }
    count
}

/// A value of YAML or JSON on its way to JSON in its long form.
#[derive(Clone, Copy)]
struct ReadNode<'i> {
    /// The whole text. Scalars are borrowed from it, so the place of a scalar shows whether it is
    /// in quotes. That decides how YAML 1.1 reads it.
    input: &'i str,
    /// Where the places of the values are noted, if they are wanted.
    notes: Option<&'i Notes>,
}

impl<'i> ReadNode<'i> {
    /// The value at the top of a text.
    fn top(input: &'i str, notes: Option<&'i Notes>) -> Self {
        if let Some(notes) = notes {
            notes.clear();
            notes.begin();
        }
        Self { input, notes }
    }

    /// Reads a key and its value, if there is one.
    fn entry<A: MapAccess<'i>>(self, from: &mut A) -> Result<Option<(String, Json)>, A::Error> {
        let Some(key) = from.next_key_seed(self)? else {
            return Ok(None);
        };
        if let Some(notes) = self.notes {
            notes.key();
        }
        let key = key_text(key).map_err(A::Error::custom)?;
        Ok(Some((key, from.next_value_seed(self)?)))
    }

    /// Reads a value of a list or a mapping, if there is one, and notes where it ends.
    fn within<T, E>(self, read: impl FnOnce() -> Result<Option<T>, E>) -> Result<Option<T>, E> {
        let Some(notes) = self.notes else {
            return read();
        };
        let value = notes.begin();
        let read = read()?;
        if read.is_some() {
            notes.end(value);
        } else {
            notes.take_back();
        }
        Ok(read)
    }
}

impl<'de> DeserializeSeed<'de> for ReadNode<'de> {
    type Value = Json;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Json, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ReadNode<'de> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_none<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_some<D: serde::Deserializer<'de>>(self, from: D) -> Result<Json, D::Error> {
        from.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::from(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json, E> {
        if let Some(notes) = self.notes {
            notes.text(self.input, value);
        }
        let start = (value.as_ptr() as usize).wrapping_sub(self.input.as_ptr() as usize);
        let before = start
            .checked_sub(1)
            .and_then(|before| self.input.as_bytes().get(before));
        if matches!(before, Some(b'"' | b'\'')) {
            return Ok(Json::from(value));
        }
        Ok(plain(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = self.within(|| from.next_element_seed(self))? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Json, A::Error> {
        let mut own = Map::new();
        let mut merged = Vec::new();
        while let Some((key, value)) = self.within(|| self.entry(&mut from))? {
            if key == "<<" {
                merged.push(value);
                continue;
            }
            if own.insert(key.clone(), value).is_some() {
                return Err(A::Error::custom(format!(
                    "the key `{key}` appears twice in one mapping"
                )));
            }
        }
        for value in merged {
            merge(&mut own, value).map_err(A::Error::custom)?;
        }
        Ok(Json::Object(own))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, from: A) -> Result<Json, A::Error> {
        let (tag, tagged) = from.variant::<String>()?;
        let value = tagged.newtype_variant_seed(self)?;
        Ok(intrinsic(tag.trim_start_matches('!'), value))
    }
}

/// The value of a plain scalar that is not a text in YAML 1.1 (yaml.org, the types `bool` and `int`
/// of YAML 1.1). In YAML 1.2, such a number is another number or a text, so it depends on the
/// reader.
fn plain(text: &str) -> Json {
    let truth = match text {
        "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    };
    if let Some(truth) = truth {
        return Json::Bool(truth);
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let all = |allowed: fn(char) -> bool| digits.chars().all(allowed);
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return Json::from(text);
    }
    if digits.contains('_')
        && !digits.starts_with('0')
        && all(|digit| digit.is_ascii_digit() || digit == '_')
    {
        let number: Result<i64, _> = text.replace('_', "").parse();
        return number.map_or_else(|_| ambiguous(text), Json::from);
    }
    let is_octal = digits.len() > 1
        && digits.starts_with('0')
        && all(|digit| matches!(digit, '0'..='7' | '_'));
    let is_sexagesimal =
        digits.contains(':') && all(|digit| digit.is_ascii_digit() || digit == ':');
    let other_radix =
        digits.contains('_') && (digits.starts_with("0x") || digits.starts_with("0b"));
    if is_octal || is_sexagesimal || other_radix {
        ambiguous(text)
    } else {
        Json::from(text)
    }
}

fn ambiguous(text: &str) -> Json {
    Json::Object(Map::from_iter([(AMBIGUOUS.to_owned(), Json::from(text))]))
}

/// Merges the value of `<<` into a mapping: a mapping or a list of them. Earlier ones and the
/// mapping's own keys win (yaml.org, the type `merge` of YAML 1.1).
fn merge(own: &mut Map<String, Json>, value: Json) -> Result<(), String> {
    match value {
        Json::Object(more) => {
            for (key, value) in more {
                own.entry(key).or_insert(value);
            }
            Ok(())
        }
        Json::Array(all) => all.into_iter().try_for_each(|each| match each {
            Json::Object(_) => merge(own, each),
            _ => Err("`<<` merges mappings only".to_owned()),
        }),
        _ => Err("`<<` merges mappings only".to_owned()),
    }
}

fn key_text(key: Json) -> Result<String, String> {
    match key {
        Json::String(text) => Ok(text),
        Json::Number(number) => Ok(number.to_string()),
        Json::Bool(value) => Ok(value.to_string()),
        Json::Object(function) if function.contains_key(AMBIGUOUS) => {
            Err("a key is a number that YAML readers read differently: put it in quotes".to_owned())
        }
        Json::Null | Json::Array(_) | Json::Object(_) => Err(format!("a key is a text, not {key}")),
    }
}

/// A tagged YAML value: `!Sub x` becomes `{"Fn::Sub": "x"}`. The tag `!` alone makes its value a
/// text.
fn intrinsic(tag: &str, value: Json) -> Json {
    let value = match value {
        Json::String(text) if tag == "GetAtt" => match text.split_once('.') {
            Some((resource, attribute)) => Json::from(vec![resource, attribute]),
            None => Json::String(text),
        },
        value => value,
    };
    let key = match tag {
        "" => return value,
        "Ref" | "Condition" => tag.to_owned(),
        _ => format!("Fn::{tag}"),
    };
    Json::Object(Map::from_iter([(key, value)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(text: &str) -> Json {
        template(text.as_bytes()).unwrap_or_else(|error| json!(error.to_string()))
    }

    #[test]
    fn yaml_is_read_as_yaml_1_1() {
        let read = read(
            "{a: yes, b: 'yes', c: \"no\", d: Off, e: 123_456_789_012, f: 012345670123, g: '012', \
                h: 089, i: 1:30}",
        );
        let f = json!({ AMBIGUOUS: "012345670123" });
        let i = json!({ AMBIGUOUS: "1:30" });
        let expected = json!({"a": true, "b": "yes", "c": "no", "d": false,
            "e": 123_456_789_012_u64, "f": f, "g": "012",
            "h": "089", "i": i});
        assert_eq!(read, expected);
    }

    #[test]
    fn short_functions_are_lengthened_and_a_bare_tag_says_nothing() {
        let read = read("{a: !Sub x, b: !GetAtt r.A.b, c: ! '*', d: !If [c, !Ref p, {k: !Ref q}]}");
        let expected = json!({"a": {"Fn::Sub": "x"}, "b": {"Fn::GetAtt": ["r", "A.b"]}, "c": "*",
            "d": {"Fn::If": ["c", {"Ref": "p"}, {"k": {"Ref": "q"}}]}});
        assert_eq!(read, expected);
    }

    #[test]
    fn merge_keys_are_unrolled_and_own_keys_win() {
        let read =
            read("base: &b {x: 1, y: 2}\nmore: &m {y: 3, z: 4}\nall: {<<: [*b, *m], x: 0}\n");
        assert_eq!(read.get("all"), Some(&json!({"x": 0, "y": 2, "z": 4})));
    }

    #[test]
    fn a_key_that_stands_twice_is_an_error_in_both_formats() {
        for text in [
            "{a: 1, a: 2}",
            "{\"a\": 1, \"a\": 2}",
            "1: x\n'1': y\n",
            "true: x\n'true': y\n",
        ] {
            assert!(template(text.as_bytes()).is_err(), "{text}");
        }
        assert!(json_documents(b"{\"a\": 1}{\"b\": 1, \"b\": 2}").is_err());
        assert_eq!(
            json_documents(b"{\"a\": 1}\n {\"b\": 2} ").map(|all| all.len()),
            Ok(2)
        );
    }

    #[test]
    fn byte_order_marks_and_utf_16_are_read() {
        let utf16 = |text: &str, mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
            let mut all = mark.to_vec();
            all.extend(text.encode_utf16().flat_map(bytes));
            template(&all)
        };
        let expected = Ok(json!({"a": "ü"}));
        assert_eq!(template("\u{feff}a: ü".as_bytes()), expected);
        assert_eq!(
            utf16("{\"a\": \"ü\"}", [0xff, 0xfe], u16::to_le_bytes),
            expected
        );
        assert_eq!(utf16("a: ü", [0xfe, 0xff], u16::to_be_bytes), expected);
    }

    #[test]
    fn depth_is_refused_before_it_costs_anything() {
        for text in [
            "[".repeat(200_000),
            "- ".repeat(200_000),
            "{\"a\":".repeat(200_000),
            "{a: [".repeat(100_000),
        ] {
            assert!(template(text.as_bytes()).is_err());
        }
    }

    #[test]
    fn what_get_template_prints_is_unwrapped() {
        let text = r#"{"TemplateBody": "Resources: {}", "StagesAvailable": ["Original"]}"#;
        assert_eq!(read(text), json!({"Resources": {}}));
        assert_eq!(
            read(r#"{"TemplateBody": {"Resources": {}}}"#),
            json!({"Resources": {}})
        );
    }
}
