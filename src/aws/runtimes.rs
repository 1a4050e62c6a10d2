//! The runtimes that Lambda knows. The list moves several times a year.

use super::Data;

pub(super) const DATA: Data = Data(include_str!("runtimes.txt"));

/// How long AWS supports a runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// On the day of the data it was supported, up to a day that AWS has published.
    Dated,
    /// AWS has published no day: it is new, or its support does not end.
    Undated,
    /// On the day of the data it was supported no longer.
    Deprecated,
}

/// Every known runtime.
pub fn all() -> impl Iterator<Item = (&'static str, Support)> {
    DATA.lines().map(runtime)
}

/// The runtime of a line.
fn runtime(line: &'static str) -> (&'static str, Support) {
    match line.split_once(' ') {
        None => (line, Support::Dated),
        Some((name, "deprecated")) => (name, Support::Deprecated),
        Some((name, _)) => (name, Support::Undated),
    }
}

/// The support of a runtime; `None` for one that is not known.
#[must_use]
pub fn support(name: &str) -> Option<Support> {
    DATA.find(name).map(|line| runtime(line).1)
}

/// The day of the data, `YYYY-MM-DD`.
#[must_use]
pub fn as_of() -> &'static str {
    DATA.as_of()
}

/// The newest runtime of the same language whose support has an end that is known. One without is
/// not recommended: it may be so new that not every region has it.
#[must_use]
pub fn successor(name: &str) -> Option<&'static str> {
    let language = |name: &'static str| name.trim_end_matches(|c: char| !c.is_ascii_alphabetic());
    let stem: String = name.chars().take_while(char::is_ascii_alphabetic).collect();
    let mut newest: Option<(&str, Vec<u32>)> = None;
    for (known, support) in all() {
        let same = known.starts_with(&stem) || language(known) == stem;
        let version = version(known);
        if same
            && support == Support::Dated
            && newest.as_ref().is_none_or(|(_, best)| *best < version)
        {
            newest = Some((known, version));
        }
    }
    newest.map(|(name, _)| name)
}

/// The numbers in a runtime's name: those of its version.
fn version(name: &str) -> Vec<u32> {
    let digits = name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    digits
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_successor_is_the_newest_of_the_language_that_has_dates() {
        assert_eq!(successor("python3.9"), Some("python3.14"));
        assert_eq!(successor("nodejs4.3-edge"), Some("nodejs24.x"));
        assert_eq!(successor("provided"), Some("provided.al2023"));
        assert_eq!(successor("go1.x"), None);
    }

    #[test]
    fn runtimes_are_told_apart_by_their_support() {
        assert_eq!(support("python3.15"), Some(Support::Undated));
        assert_eq!(support("python3.14"), Some(Support::Dated));
        assert_eq!(support("python2.7"), Some(Support::Deprecated));
        assert_eq!(support("python9"), None);
        assert_eq!(support("#"), None);
        for (name, known) in all() {
            assert_eq!(support(name), Some(known), "{name}");
        }
    }
}
