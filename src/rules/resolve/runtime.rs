//! What is doubtful about a runtime.

use crate::aws::runtimes::{Support, all, as_of, successor, support};
use crate::diagnostic::{Code, Diagnostic};
use crate::english::{nearest, quote};
use crate::rules::model::Spanned;

/// What is doubtful about a runtime, if anything. Never an error: the list may be behind, and Lambda itself takes
/// deprecated runtimes when a layer is published.
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
        None => {
            let message = format!("{} is no runtime that was known on {}", quote(name), as_of());
            let diagnostic = Diagnostic::warning(Code::UnknownRuntime, runtime.span, message)
                .note("Lambda refuses to publish a layer version with a runtime that it does not know");
            let supported = all().filter(|(_, support)| *support != Support::Deprecated).map(|(known, _)| known);
            Some(match nearest(name, supported) {
                Some(near) => diagnostic.fix(format!("write `{near}`"), runtime.span, near),
                None => diagnostic,
            })
        }
    }
}
