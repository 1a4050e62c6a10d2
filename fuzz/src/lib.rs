//! What the fuzz targets share: a source compiled in memory, reports that are held to what every
//! report must be, and a mutator that works on lines and words, since most changes of single bytes
//! make a template that nobody can read.

use layershare::internals::access::Access;
use layershare::internals::access::diff::Diff;
use layershare::internals::diagnostic::render::{Form, render};
use layershare::internals::pipeline::{Compiled, compile};
use layershare::internals::report::{self, MadeFrom};
use layershare::internals::rules::load::Root;
use layershare::internals::source::{NoFiles, Sources};
use layershare::internals::template::Format;
use layershare::internals::template::limits::Limits;
use layershare::internals::template::lower::Placement;
use libfuzzer_sys::fuzzer_mutate;
use std::hint::black_box;

/// Compiles a source that can include nothing, and shows everything that is said about it.
///
/// # Panics
///
/// Where a message is not one line in the short form.
pub fn compiled(source: &[u8]) -> Compiled {
    let mut sources = Sources::default();
    let root = Root::in_memory("fuzz.layers", source);
    let compiled = compile(
        root,
        &Placement::default(),
        Limits::default(),
        &NoFiles,
        &mut sources,
    );
    for form in [Form::Human, Form::Json] {
        black_box(render(form, &compiled.diagnostics, &sources));
    }
    let short = render(Form::Short, &compiled.diagnostics, &sources);
    assert_eq!(
        short.lines().count(),
        compiled.diagnostics.len(),
        "a message is not one \
    line:\n{short}"
    );
    compiled
}

/// The template of a source that compiles, as YAML or JSON.
#[must_use]
pub fn written(compiled: &Compiled, format: Format) -> Option<Vec<u8>> {
    let template = &compiled.lowered.as_ref()?.template;
    let mut bytes = Vec::new();
    template.write(format, &mut bytes);
    Some(bytes)
}

/// Writes the reports of two accesses and of what changes between them.
///
/// # Panics
///
/// Where a report for a terminal holds a character that could move its cursor, or where something
/// differs from itself.
pub fn compare(old: &Access, new: &Access) {
    report_alone(old);
    report_alone(new);
    let diff = Diff::between(old, new);
    let text = report::diff_text(&diff, old, new);
    assert!(
        !moves_the_cursor(&text),
        "a report moves the cursor: {text:?}"
    );
    black_box(report::diff_markdown(&diff, old, new));
    black_box(report::diff_json(&diff, old, new));
}

/// Writes the reports of an access, and of what changes between it and itself, which is nothing.
///
/// # Panics
///
/// As [`compare`].
pub fn report_alone(access: &Access) {
    let text = report::access_text(access);
    assert!(
        !moves_the_cursor(&text),
        "a report moves the cursor: {text:?}"
    );
    black_box(report::access_markdown(access));
    black_box(report::access_html(access, &MadeFrom::default()));
    black_box(report::access_json(access, &MadeFrom::default()));
    let same = Diff::between(access, access);
    assert!(
        same.is_empty() && !same.is_broader(),
        "it differs from itself:\n{}",
        report::diff_text(&same, access, access)
    );
}

/// Whether a text for a terminal has control characters in it besides the ends of its lines.
fn moves_the_cursor(text: &str) -> bool {
    text.chars()
        .any(|character| character.is_control() && character != '\n')
}

/// Changes an input, of which `size` bytes are used: half of the time by the fuzzer's own ways,
/// which know bytes, and half of the time by lines and words. Gives the new size.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut random = Random(u64::from(seed) | 1);
    if random.below(2) == 0 {
        return fuzzer_mutate(data, size, max_size);
    }
    let Ok(text) = std::str::from_utf8(&data[..size]) else {
        return fuzzer_mutate(data, size, max_size);
    };
    let changed = match random.below(2) {
        0 => with_other_lines(text, &mut random),
        _ => with_other_words(text, &mut random),
    };
    let end = changed.len().min(max_size).min(data.len());
    data[..end].copy_from_slice(&changed.as_bytes()[..end]);
    end
}

/// The text with one line taken out, or put, a second time or in the place of another, where
/// another one stands.
fn with_other_lines(text: &str, random: &mut Random) -> String {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    if lines.is_empty() {
        return String::new();
    }
    let (from, to) = (random.below(lines.len()), random.below(lines.len()));
    match random.below(3) {
        0 => {
            lines.remove(from);
        }
        1 => lines.insert(to, lines[from]),
        _ => lines[to] = lines[from],
    }
    lines.concat()
}

/// The text with one of its words in the place of another one.
fn with_other_words(text: &str, random: &mut Random) -> String {
    let is_word = |character: char| !character.is_whitespace() && !"{}[](),\"'".contains(character);
    let mut words: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest
            .find(|character| is_word(character) != is_word(first))
            .unwrap_or(rest.len());
        words.push(&rest[..end]);
        rest = &rest[end..];
    }
    if words.len() > 2 {
        let from = random.below(words.len());
        // Words and what is between them take turns, so that a word takes the place of a word.
        let to = (random.below(words.len()) & !1 | from & 1).min(words.len() - 1);
        words[to] = words[from];
    }
    words.concat()
}

/// Numbers that follow from a seed.
struct Random(u64);

impl Random {
    /// A number below `bound`, which is not 0.
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}
