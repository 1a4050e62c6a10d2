//! The data of a diagnostic for the forms of services, without its sources.

use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::source::{Position, Sources, Span};
use std::collections::BTreeMap;

/// A place in a file.
#[derive(Clone, Debug)]
pub struct Place {
    /// The path with forward slashes, without `./` at its start.
    pub file: String,
    /// Where it begins.
    pub start: Position,
    /// After its last character.
    pub end: Position,
    /// The columns of start and end in bytes, from 1.
    pub byte_columns: (usize, usize),
}

impl Place {
    fn new(span: Span, sources: &Sources) -> Self {
        let source = sources.get(span.file);
        let (start, end) = (source.position(span.start), source.position(span.end));
        let bytes = |offset: u32, line| offset as usize - source.line(line).start + 1;
        let byte_columns = (bytes(span.start, start.line), bytes(span.end, end.line));
        let file = source.name().replace('\\', "/");
        let file = file.strip_prefix("./").unwrap_or(&file).to_owned();
        Self {
            file,
            start,
            end,
            byte_columns,
        }
    }

    /// The path as a reference in a URI.
    pub fn uri(&self) -> String {
        let mut uri = String::from(if self.file.starts_with('/') {
            "file://"
        } else {
            ""
        });
        for byte in self.file.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                    uri.push(byte.into());
                }
                _ => uri.push_str(&format!("%{byte:02X}")),
            }
        }
        uri
    }
}

/// A change that fixes a finding.
#[derive(Clone, Debug)]
pub struct Change {
    /// What it does.
    pub title: String,
    /// The place of the replaced text.
    pub place: Place,
    /// The text that replaces it.
    pub replacement: String,
}

/// One finding.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which one.
    pub code: Code,
    /// How much it weighs.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What is there, why, and what to do: a line each.
    pub details: Vec<String>,
    /// Where.
    pub place: Place,
    /// Other places, and what is there.
    pub related: Vec<(Place, String)>,
    /// What to do, ready to be applied.
    pub fix: Option<Change>,
    /// The text at the place.
    text: String,
}

impl Finding {
    /// The finding of a diagnostic.
    pub fn new(diagnostic: &Diagnostic, sources: &Sources) -> Self {
        let Diagnostic {
            code,
            severity,
            message,
            primary,
            secondary,
            notes,
            helps,
            fix,
        } = diagnostic;
        let mut details = Vec::new();
        if !primary.text.is_empty() {
            details.push(primary.text.clone());
        }
        details.extend(notes.iter().map(|note| format!("note: {note}")));
        details.extend(helps.iter().map(|help| format!("help: {help}")));
        details.extend(fix.iter().map(|fix| format!("help: {}", fix.title)));
        let related = secondary
            .iter()
            .map(|label| (Place::new(label.span, sources), label.text.clone()));
        let text = sources
            .get(primary.span.file)
            .text()
            .get(primary.span.range())
            .unwrap_or_default();
        Self {
            code: *code,
            severity: *severity,
            message: message.clone(),
            details,
            place: Place::new(primary.span, sources),
            related: related.collect(),
            fix: fix.as_ref().map(|fix| Change {
                title: fix.title.clone(),
                place: Place::new(fix.span, sources),
                replacement: fix.replacement.clone(),
            }),
            text: text.to_owned(),
        }
    }

    /// The message and its details, a line each.
    pub fn full_text(&self) -> String {
        let mut text = self.message.clone();
        for detail in &self.details {
            text.push('\n');
            text.push_str(detail);
        }
        text
    }
}

/// A fingerprint for each finding, by which a service recognizes it in the next run. It depends on
/// the message, the text and the file, and not on the line, which moves when lines are added above.
/// Repeats are numbered, so that each has its own fingerprint.
pub fn fingerprints(findings: &[Finding]) -> Vec<String> {
    let mut seen: BTreeMap<u64, usize> = BTreeMap::new();
    let mut words = Vec::new();
    for finding in findings {
        let hash = hash(&[finding.code.name(), &finding.place.file, &finding.text]);
        let repeats = seen.entry(hash).or_default();
        words.push(format!("{hash:016x}-{repeats}"));
        *repeats += 1;
    }
    words
}

/// FNV-1a with 64 bits, which is the same on every machine and in every version of Rust.
fn hash(parts: &[&str]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in parts.join("\0").bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash
}
