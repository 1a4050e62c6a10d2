//! Equal diagnostics for several places, which are one message for people; and helps that many
//! messages have, which are written once.

use crate::diagnostic::Diagnostic;
use crate::source::Sources;
use indexmap::IndexMap;

/// The most equal diagnostics that are shown separately, and the most messages that repeat the same
/// helps.
const BY_ITSELF: usize = 3;

/// The most other places that are listed.
const PLACES: usize = 50;

/// A diagnostic, and the equal ones.
pub struct Alike<'d> {
    /// The first of them.
    pub first: &'d Diagnostic,
    /// The first message with its helps, if that is another one, which has them in full.
    helped_by: Option<&'d Diagnostic>,
    others: Vec<&'d Diagnostic>,
}

/// Groups of equal diagnostics, each at the place of its first.
pub fn alike(diagnostics: &[Diagnostic]) -> Vec<Alike<'_>> {
    let mut groups: IndexMap<Words<'_>, Vec<&Diagnostic>> = IndexMap::new();
    for diagnostic in diagnostics {
        let words = Words::of(diagnostic);
        groups.entry(words).or_default().push(diagnostic);
    }
    let mut found = Vec::new();
    for group in groups.values() {
        match group.as_slice() {
            [first, others @ ..] if group.len() > BY_ITSELF => found.push(Alike {
                first,
                helped_by: None,
                others: others.to_vec(),
            }),
            few => found.extend(few.iter().map(|first| Alike {
                first,
                helped_by: None,
                others: Vec::new(),
            })),
        }
    }
    found.sort_by_key(|alike| alike.first.primary.span);
    help_once(&mut found);
    found
}

/// Finds the messages with the same helps as many others.
fn help_once(found: &mut [Alike<'_>]) {
    let mut groups: IndexMap<(&'static str, &[String]), Vec<usize>> = IndexMap::new();
    for (index, one) in found.iter().enumerate() {
        // One line is not shorter than a reference to it.
        if one.first.helps.len() > 1 {
            let helps = (one.first.code.name(), one.first.helps.as_slice());
            groups.entry(helps).or_default().push(index);
        }
    }
    for group in groups.into_values().filter(|group| group.len() > BY_ITSELF) {
        let helped_by = group.first().map(|first| found[*first].first);
        for index in group.into_iter().skip(1) {
            found[index].helped_by = helped_by;
        }
    }
}

/// The content of a diagnostic, without its place.
#[derive(PartialEq, Eq, Hash)]
struct Words<'d> {
    code: &'static str,
    severity: &'static str,
    message: &'d str,
    label: &'d str,
    secondary: Vec<&'d str>,
    notes: &'d [String],
    helps: &'d [String],
    fix: Option<(&'d str, &'d str)>,
}

impl<'d> Words<'d> {
    fn of(diagnostic: &'d Diagnostic) -> Self {
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
        Self {
            code: code.name(),
            severity: severity.name(),
            message,
            label: &primary.text,
            secondary: secondary.iter().map(|label| label.text.as_str()).collect(),
            notes,
            helps,
            fix: fix
                .as_ref()
                .map(|fix| (fix.title.as_str(), fix.replacement.as_str())),
        }
    }
}

impl Alike<'_> {
    /// What to do. Where an earlier message says the same in several lines, one line names its
    /// place.
    pub fn helps(&self, sources: &Sources) -> Vec<String> {
        let Some(earlier) = self.helped_by else {
            return self.first.helps.clone();
        };
        let source = sources.get(earlier.primary.span.file);
        let position = source.position(earlier.primary.span.start);
        let (name, line, column) = (source.name(), position.line, position.column);
        vec![format!("the same as at {name}:{line}:{column}")]
    }

    /// The places of the others, as the last note of the first; nothing if there are no others.
    pub fn places(&self, sources: &Sources) -> Option<String> {
        if self.others.is_empty() {
            return None;
        }
        let mut text = format!("the same in {} more places: ", self.others.len());
        let mut file = self.first.primary.span.file;
        for (index, other) in self.others.iter().take(PLACES).enumerate() {
            let span = other.primary.span;
            let source = sources.get(span.file);
            let position = source.position(span.start);
            if index > 0 {
                text.push_str(", ");
            }
            if span.file != file {
                text.push_str(&format!("{}:", source.name()));
                file = span.file;
            }
            text.push_str(&format!("{}:{}", position.line, position.column));
        }
        if self.others.len() > PLACES {
            text.push_str(&format!(" and {} more", self.others.len() - PLACES));
        }
        Some(text)
    }
}
