//! Variables of the Serverless Framework, `${SOURCE:ADDRESS, FALLBACK}`: those that the file itself
//! answers are replaced. The others become parameters, since only a deploy knows them (Serverless
//! Framework documentation, "Variables").

use serde_json::{Map, Value as Json, json};

/// The most levels of variables in variables. The framework's own values seldom have three.
const DEPTH: usize = 16;

/// The most bytes that are read to replace variables, for each byte of the file and in addition. A
/// service in which every function has the same five layers by one variable reads twice its size.
const WORK_PER_BYTE: usize = 16;
const WORK: usize = 65_536;

/// The name of the parameter that stands for everything beyond these limits.
pub const BEYOND: &str = "a variable that is not replaced";

/// The longest text that variables make, in bytes. No property of a function is longer.
const LENGTH: usize = 16_384;

/// The variables of a file.
pub struct Variables<'w> {
    written: &'w Json,
    /// The bytes that may still be read.
    left: usize,
    /// Whether that was not enough.
    is_cut: bool,
    /// The addresses of the variables that are being replaced.
    open: Vec<String>,
    unknown: Map<String, Json>,
}

/// A part of a text.
enum VariablePiece {
    Literal(String),
    Value(Json),
}

impl<'w> Variables<'w> {
    /// The variables of a file that is written like this.
    pub fn new(written: &'w Json) -> Self {
        Self {
            written,
            left: WORK + WORK_PER_BYTE * size(written),
            is_cut: false,
            open: Vec::new(),
            unknown: Map::new(),
        }
    }

    /// The parameters of a template that stand for what only a deploy knows.
    pub fn parameters(&self) -> Map<String, Json> {
        self.unknown.clone()
    }

    /// A value with its variables replaced.
    pub fn value(&mut self, written: &Json) -> Json {
        self.value_at(written, 0)
    }

    fn value_at(&mut self, written: &Json, depth: usize) -> Json {
        if !self.may_read(1, depth) {
            return self.beyond();
        }
        match written {
            Json::String(text) => self.text(text, depth),
            Json::Array(items) => items
                .iter()
                .map(|item| self.value_at(item, depth))
                .collect(),
            Json::Object(map) => match map.get("Fn::Sub") {
                Some(Json::String(text)) if map.len() == 1 => self.substituted(text, None, depth),
                Some(Json::Array(parts)) if map.len() == 1 => match parts.as_slice() {
                    [Json::String(text), Json::Object(values)] => {
                        self.substituted(text, Some(values), depth)
                    }
                    _ => written.clone(),
                },
                _ if !self.may_read(map.keys().map(String::len).sum(), depth) => self.beyond(),
                _ => map
                    .iter()
                    .map(|(key, value)| (key.clone(), self.value_at(value, depth)))
                    .collect(),
            },
            Json::Null | Json::Bool(_) | Json::Number(_) => written.clone(),
        }
    }

    /// Whether this many more bytes may be read. What is written itself is read in any case.
    fn may_read(&mut self, bytes: usize, depth: usize) -> bool {
        if depth == 0 {
            return true;
        }
        self.is_cut |= self.left < bytes;
        self.left = self.left.saturating_sub(bytes);
        !self.is_cut
    }

    /// A text: what its one variable stands for, or one text of all its parts.
    fn text(&mut self, text: &str, depth: usize) -> Json {
        if !self.may_read(text.len(), depth) {
            return self.beyond();
        }
        let mut pieces = self.pieces(text, depth);
        if pieces.len() == 1
            && let Some(VariablePiece::Value(value)) =
                pieces.pop_if(|piece| matches!(piece, VariablePiece::Value(_)))
        {
            return value;
        }
        let mut known = String::new();
        let mut parts: Vec<Json> = Vec::new();
        for piece in pieces {
            match piece {
                VariablePiece::Literal(text) => known.push_str(&text),
                VariablePiece::Value(value) => match word(&value) {
                    Some(text) => known.push_str(&text),
                    None => add_parts(value, &mut known, &mut parts),
                },
            }
            if known.len() > LENGTH {
                return self.beyond();
            }
        }
        if parts.is_empty() {
            return Json::String(known);
        }
        parts.push(Json::String(known));
        json!({ "Fn::Join": ["", parts] })
    }

    /// The text of `Fn::Sub`, in which CloudFormation's own references stay.
    fn substituted(
        &mut self,
        text: &str,
        values: Option<&Map<String, Json>>,
        depth: usize,
    ) -> Json {
        if !self.may_read(text.len(), depth) {
            return self.beyond();
        }
        let mut mapping = Map::new();
        for (name, value) in values.into_iter().flatten() {
            mapping.insert(name.clone(), self.value_at(value, depth));
        }
        let mut written = String::new();
        for piece in self.pieces(text, depth) {
            match piece {
                VariablePiece::Literal(text) => written.push_str(&text),
                VariablePiece::Value(value) => {
                    let name = format!("Variable{}", mapping.len());
                    written.push_str(&format!("${{{name}}}"));
                    mapping.insert(name, value);
                }
            }
            if written.len() > LENGTH {
                return self.beyond();
            }
        }
        if mapping.is_empty() {
            return json!({ "Fn::Sub": written });
        }
        json!({ "Fn::Sub": [written, mapping] })
    }

    /// A text in its literal parts and the values of its variables.
    fn pieces(&mut self, text: &str, depth: usize) -> Vec<VariablePiece> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let (before, from) = rest.split_at(start);
            literal.push_str(before);
            let Some(length) = closed(from) else {
                break;
            };
            let (whole, after) = from.split_at(length);
            let inner = whole.get(2..length - 1).unwrap_or_default();
            rest = after;
            if !is_variable(inner) {
                literal.push_str(whole);
                continue;
            }
            if !literal.is_empty() {
                pieces.push(VariablePiece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(VariablePiece::Value(self.variable(inner, depth)));
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(VariablePiece::Literal(literal));
        }
        pieces
    }

    /// The value of a variable: that of the first of its sources that has one.
    fn variable(&mut self, inner: &str, depth: usize) -> Json {
        for source in alternatives(inner) {
            if let Some(known) = literal(source) {
                return known;
            }
            match source {
                // `--region` replaces it, so that it is always the region of the deploy.
                "self:provider.region" | "aws:region" => return json!({ "Ref": "AWS::Region" }),
                "aws:accountId" => return json!({ "Ref": "AWS::AccountId" }),
                _ => {}
            }
            // `--stage` replaces the stage.
            let address = source
                .strip_prefix("self:")
                .filter(|address| *address != "provider.stage");
            let Some(address) = address else {
                return self.parameter(inner);
            };
            if depth == DEPTH {
                return self.beyond();
            }
            let Json::String(address) = self.text(address, depth + 1) else {
                return if self.is_cut {
                    self.beyond()
                } else {
                    self.parameter(inner)
                };
            };
            if self.open.contains(&address) {
                return self.parameter(inner);
            }
            match self.found(&address) {
                Some(Json::Null) | None => {}
                Some(found) => {
                    self.open.push(address);
                    let value = self.value_at(found, depth + 1);
                    self.open.pop();
                    return value;
                }
            }
        }
        self.parameter(inner)
    }

    /// What stands in the file at an address such as `custom.layers.0`.
    fn found(&self, address: &str) -> Option<&'w Json> {
        let mut here = self.written;
        for step in address.split('.').filter(|step| !step.is_empty()) {
            here = match here {
                Json::Array(items) => items.get(step.parse::<usize>().ok()?)?,
                Json::Object(map) => map.get(step)?,
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => return None,
            };
        }
        Some(here)
    }

    /// What stands for everything beyond the limits.
    fn beyond(&mut self) -> Json {
        self.parameter(BEYOND)
    }

    /// A parameter that stands for what only a deploy knows.
    fn parameter(&mut self, name: &str) -> Json {
        self.unknown
            .entry(name)
            .or_insert_with(|| json!({ "Type": "String" }));
        json!({ "Ref": name })
    }
}

/// The bytes of all texts of a value, and one for each value.
fn size(written: &Json) -> usize {
    match written {
        Json::Null | Json::Bool(_) | Json::Number(_) => 1,
        Json::String(text) => 1 + text.len(),
        Json::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Json::Object(map) => {
            let entries = map.iter().map(|(key, value)| key.len() + size(value));
            1 + entries.sum::<usize>()
        }
    }
}

/// How many bytes a variable takes that begins here, up to its own brace; `None` if it has none.
fn closed(from: &str) -> Option<usize> {
    let mut open = 0_usize;
    for (index, letter) in from.char_indices() {
        match letter {
            '{' => open += 1,
            '}' => {
                open -= 1;
                if open == 0 {
                    return Some(index + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether what stands between `${` and `}` is a variable of the framework, `SOURCE:ADDRESS` or
/// `SOURCE(PARAMETERS)`, and not a reference of CloudFormation.
fn is_variable(inner: &str) -> bool {
    let source = inner.trim_start();
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    let Some(end) = source.find(|letter| !is_name(letter)) else {
        return false;
    };
    let (name, rest) = source.split_at(end);
    !name.is_empty() && (rest.starts_with('(') || rest.starts_with(':') && !rest.starts_with("::"))
}

/// The sources of a variable, between the commas that are not inside anything.
fn alternatives(inner: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut start, mut open) = (0, 0_usize);
    let mut quote = None;
    for (index, letter) in inner.char_indices() {
        match (quote, letter) {
            (Some(mark), _) if letter == mark => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(letter),
            (None, '(' | '{') => open += 1,
            (None, ')' | '}') => open = open.saturating_sub(1),
            (None, ',') if open == 0 => {
                found.push(inner.get(start..index).unwrap_or_default().trim());
                start = index + 1;
            }
            (None, _) => {}
        }
    }
    found.push(inner.get(start..).unwrap_or_default().trim());
    found
}

/// A source that is a value itself: a text in quotes, a number, or a truth value.
fn literal(source: &str) -> Option<Json> {
    for mark in ['\'', '"'] {
        let inside = source
            .strip_prefix(mark)
            .and_then(|rest| rest.strip_suffix(mark));
        if let Some(inside) = inside {
            return Some(Json::String(inside.to_owned()));
        }
    }
    match source {
        "true" => Some(Json::Bool(true)),
        "false" => Some(Json::Bool(false)),
        _ => source.parse::<i64>().ok().map(Json::from),
    }
}

/// Adds a value to the parts of a text, after what is known since the last of them. The parts of a
/// joined text are added one by one; what is beyond the limits, once.
fn add_parts(mut value: Json, known: &mut String, parts: &mut Vec<Json>) {
    let join = value.get_mut("Fn::Join").and_then(Json::as_array_mut);
    let joined = match join.map(Vec::as_mut_slice) {
        Some([Json::String(between), Json::Array(joined)]) if between.is_empty() => {
            std::mem::take(joined)
        }
        _ => vec![value],
    };
    for part in joined {
        if let Json::String(text) = part {
            known.push_str(&text);
            continue;
        }
        let is_said = part["Ref"] == BEYOND && known.is_empty() && parts.last() == Some(&part);
        if !is_said {
            parts.extend([Json::String(std::mem::take(known)), part]);
        }
    }
}

/// A value as a part of a text, if it is a word.
fn word(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(truth) => Some(truth.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}
