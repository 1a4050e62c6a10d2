//! What is doubtful about a runtime.

use crate::aws::runtimes::{Support, all, as_of, successor, support};
use crate::diagnostic::{Code, Diagnostic};
use crate::english::{nearest, quote};
use crate::rules::model::Spanned;

/// A doubt about a runtime, if any. It is never an error: the list may be out of date, and Lambda
/// accepts deprecated runtimes when a layer is published.
pub fn doubt(runtime: &Spanned<String>) -> Option<Diagnostic> {
    let name = runtime.value.as_str();
    match support(name) {
        Some(Support::Dated | Support::Undated) => None,
        Some(Support::Deprecated) => {
            let message = format!("the runtime `{name}` is deprecated as of {}", as_of());
            let diagnostic = Diagnostic::warning(Code::DeprecatedRuntime, runtime.span, message);
            Some(match successor(name) {
                Some(newer) => diagnostic.help(format!("the newest of its kind is `{newer}`")),
                None => diagnostic,
            })
        }
        None => Some(unknown(runtime)),
    }
}

fn unknown(runtime: &Spanned<String>) -> Diagnostic {
    let name = runtime.value.as_str();
    let message = format!("unknown runtime {} (list of {})", quote(name), as_of());
    let diagnostic = Diagnostic::warning(Code::UnknownRuntime, runtime.span, message)
        .note("Lambda refuses to publish a layer version with a runtime that it does not know");
    // Another version would be a guess: in a misspelled name, the digits show which one is meant.
    let same_version = all().filter(|(known, support)| {
        *support != Support::Deprecated && digits(known) == digits(name)
    });
    if let Some(near) = nearest(name, same_version.map(|(known, _)| known)) {
        return diagnostic.fix(format!("write `{near}`"), runtime.span, near);
    }
    let is_known_language = all().any(|(known, _)| letters(known) == letters(name));
    match successor(name) {
        Some(newest) if is_known_language => {
            diagnostic.help(format!("the newest of its kind is `{newest}`"))
        }
        Some(_) | None => diagnostic,
    }
}

/// The digits of a runtime's name.
fn digits(name: &str) -> String {
    name.chars().filter(char::is_ascii_digit).collect()
}

/// The letters that a runtime's name begins with: its language.
fn letters(name: &str) -> &str {
    name.split(|c: char| !c.is_ascii_alphabetic())
        .next()
        .unwrap_or_default()
}
