//! The runtimes that Lambda knows: dated data, since the list moves several times a year.

use crate::diagnostic::{Code, Diagnostic, nearest, quote};
use crate::rules::model::Spanned;

const DATA: &str = include_str!("runtimes.txt");

/// The known runtimes, each with whether it is deprecated.
fn known() -> impl Iterator<Item = (&'static str, bool)> {
    DATA.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut words = line.split(' ');
        words.next().map(|name| (name, words.next() == Some("deprecated")))
    })
}

/// The day of the data.
fn as_of() -> &'static str {
    DATA.lines().find_map(|line| line.strip_prefix("# As of ")).unwrap_or_default()
}

/// What is doubtful about a runtime, if anything. Never an error: the list may be behind, and Lambda itself takes
/// deprecated runtimes when a layer is published.
pub fn doubt(runtime: &Spanned<String>) -> Option<Diagnostic> {
    let name = runtime.value.as_str();
    match known().find(|(known, _)| *known == name) {
        Some((_, false)) => None,
        Some((_, true)) => {
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
            Some(match nearest(name, known().filter(|known| !known.1).map(|known| known.0)) {
                Some(near) => diagnostic.fix(format!("write `{near}`"), runtime.span, near),
                None => diagnostic,
            })
        }
    }
}

/// The supported runtime of the same language with the highest version.
fn successor(name: &str) -> Option<&'static str> {
    let language = |name: &'static str| name.trim_end_matches(|c: char| !c.is_ascii_alphabetic());
    let stem: String = name.chars().take_while(char::is_ascii_alphabetic).collect();
    let version = |name: &str| -> Vec<u32> {
        let digits = name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        digits.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
    };
    known()
        .filter(|(known, deprecated)| !deprecated && (known.starts_with(&stem) || language(known) == stem))
        .map(|(known, _)| known)
        .max_by_key(|known| version(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_sorted_and_dated() {
        let names: Vec<&str> = known().map(|known| known.0).collect();
        assert!(names.is_sorted());
        assert!(as_of().parse::<jiff::civil::Date>().is_ok());
    }

    #[test]
    fn the_successor_is_the_newest_of_the_language() {
        assert_eq!(successor("python3.9"), Some("python3.15"));
        assert_eq!(successor("nodejs4.3-edge"), Some("nodejs26.x"));
        assert_eq!(successor("provided"), Some("provided.al2023"));
        assert_eq!(successor("go1.x"), None);
    }
}
