//! Facts of AWS, apart from the rules that use them: its quotas, and data that changes without
//! notice, with its source and its date.
//!
//! `tests/facts/refresh` rebuilds the data files from packages of registries. This part knows
//! nothing else of the crate.

pub mod arn;
pub mod layers;
pub mod managed;
pub mod oidc;
pub mod quotas;
pub mod regions;
pub mod runtimes;
pub mod sam_policies;
pub mod systems;

use std::cmp::Ordering;

/// A file of facts: comments with its source and its date, then a fact a line, in the order of
/// their letters.
#[derive(Clone, Copy, Debug)]
struct Data(&'static str);

impl Data {
    /// The facts. They are read whenever one is asked for, so their ends are found fast.
    fn lines(self) -> impl Iterator<Item = &'static str> {
        let mut start = 0;
        memchr::memchr_iter(b'\n', self.0.as_bytes())
            .map(move |end| {
                let line = &self.0[start..end];
                start = end + 1;
                line
            })
            .filter(|line| !line.starts_with('#'))
    }

    /// The fact whose first word is `name`: by halves, since the facts are in order.
    fn find(self, name: &str) -> Option<&'static str> {
        let mut rest = self.0;
        while !rest.is_empty() {
            let (half, bytes) = (rest.len() / 2, rest.as_bytes());
            let start = memchr::memrchr(b'\n', &bytes[..half]).map_or(0, |end| end + 1);
            let end = memchr::memchr(b'\n', &bytes[half..])? + half;
            let line = &rest[start..end];
            let word = line.split_once(' ').map_or(line, |(word, _)| word);
            let order = if word.starts_with('#') {
                Ordering::Less
            } else {
                word.cmp(name)
            };
            rest = match order {
                Ordering::Less => &rest[end + 1..],
                Ordering::Greater => &rest[..start],
                Ordering::Equal => return Some(line),
            };
        }
        None
    }

    /// The day on which the facts were gathered, `YYYY-MM-DD`.
    fn as_of(self) -> &'static str {
        self.0
            .lines()
            .find_map(|line| line.strip_prefix("# As of "))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_a_source_and_a_date_and_each_fact_once() {
        for data in [
            layers::DATA,
            managed::DATA,
            oidc::DATA,
            regions::DATA,
            runtimes::DATA,
            sam_policies::DATA,
            systems::DATA,
        ] {
            assert!(data.0.ends_with('\n'));
            let head: Vec<&str> = data
                .0
                .lines()
                .take_while(|line| line.starts_with('#'))
                .collect();
            assert!(
                head.iter().any(|line| line.starts_with("# Source: ")),
                "{head:?}"
            );
            assert!(
                data.as_of().parse::<jiff::civil::Date>().is_ok(),
                "{head:?}"
            );
            let lines: Vec<&str> = data.lines().collect();
            assert!(lines.is_sorted_by(|a, b| a < b), "{head:?}");
            assert!(
                lines.len() > 10 && lines.iter().all(|line| !line.trim().is_empty()),
                "{head:?}"
            );
        }
    }
}
