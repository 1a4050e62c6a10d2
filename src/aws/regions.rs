//! The regions of AWS. A few are added each year.

use super::Data;

pub(super) const DATA: Data = Data(include_str!("regions.txt"));

/// Every known region, in the order of their letters.
pub fn all() -> impl Iterator<Item = &'static str> {
    DATA.lines()
}

/// The day of the data, `YYYY-MM-DD`.
#[must_use]
pub fn as_of() -> &'static str {
    DATA.as_of()
}

/// The known regions that differ from this name in their number only.
pub fn numbered_otherwise(name: &str) -> impl Iterator<Item = &'static str> {
    let place = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    all().filter(move |known| {
        known
            .strip_prefix(place)
            .is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_of_one_place_differ_in_their_number() {
        let near: Vec<&str> = numbered_otherwise("us-west-9").collect();
        assert_eq!(near, ["us-west-1", "us-west-2"]);
        assert_eq!(numbered_otherwise("us-wst-1").count(), 0);
        assert_eq!(numbered_otherwise("").count(), 0);
    }
}
