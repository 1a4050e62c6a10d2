//! Sets of characters, each with an order in which a witness should take them.

/// A set of characters: some of ASCII, and either all others or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    /// Those of ASCII, the best first.
    listed: &'static str,
    bits: u128,
    beyond: bool,
}

/// All characters of ASCII that can be seen, the most readable first.
#[cfg(any(test, feature = "internals"))]
const VISIBLE: &str = "abcdefghijklmnopqrstuvwxyz1234567890ABCDEFGHIJKLMNOPQRSTUVWXYZ\
-_:/.,+=@!\"#$%&'()*;<>?[\\]^`{|}~ ";

impl Class {
    /// Every character there is.
    #[cfg(any(test, feature = "internals"))]
    pub const ALL: Self = Self {
        listed: VISIBLE,
        bits: u128::MAX,
        beyond: true,
    };

    /// These characters of ASCII, the best first.
    pub const fn of(listed: &'static str) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < listed.len() {
            bits |= 1 << listed.as_bytes()[at];
            at += 1;
        }
        Self {
            listed,
            bits,
            beyond: false,
        }
    }

    /// Whether a character is in the set.
    pub fn contains(self, character: char) -> bool {
        if character.is_ascii() {
            self.bits >> u32::from(character) & 1 == 1
        } else {
            self.beyond
        }
    }

    /// The best character of the set that is none of `others`, which are sorted.
    pub fn best_without(self, others: &[char]) -> Option<char> {
        let controls = (0..128_u8)
            .map(char::from)
            .filter(|control| control.is_ascii_control() && self.contains(*control));
        let beyond = ('\u{80}'..=char::MAX).take_while(|_| self.beyond);
        let mut all = self.listed.chars().chain(controls).chain(beyond);
        all.find(|character| others.binary_search(character).is_err())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_character_left_is_found() {
        assert_eq!(Class::ALL.best_without(&[]), Some('a'));
        assert_eq!(Class::ALL.best_without(&['a', 'b', 'd']), Some('c'));
        assert_eq!(Class::of("01").best_without(&['1']), Some('0'));
        assert_eq!(Class::of("10").best_without(&[]), Some('1'));
        assert_eq!(Class::of("01").best_without(&['0', '1']), None);
        let mut ascii: Vec<char> = (0..128_u8).map(char::from).collect();
        assert_eq!(Class::ALL.best_without(&ascii), Some('\u{80}'));
        ascii.retain(|&character| character != '\u{7}');
        assert_eq!(Class::ALL.best_without(&ascii), Some('\u{7}'));
    }

    #[test]
    fn all_is_all() {
        assert!(
            VISIBLE
                .chars()
                .all(|character| Class::ALL.contains(character) && !character.is_ascii_control())
        );
        assert_eq!(VISIBLE.len(), 95);
        assert!(
            Class::ALL.contains('\u{0}')
                && Class::ALL.contains('é')
                && !Class::of("ab").contains('é')
        );
    }
}
