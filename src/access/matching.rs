//! Whether two things are the same where a part of one is unknown.

/// Whether something is true: yes, no, or perhaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// It may be.
    Maybe,
}

impl Match {
    /// Whether two values are equal; `None` is a value that is unknown.
    #[must_use]
    pub fn of<T: PartialEq + ?Sized>(one: Option<&T>, other: Option<&T>) -> Self {
        match (one, other) {
            (Some(one), Some(other)) if one == other => Self::Yes,
            (Some(_), Some(_)) => Self::No,
            (None, _) | (_, None) => Self::Maybe,
        }
    }

    /// Whether one of two things is true.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::Maybe, _) | (_, Self::Maybe) => Self::Maybe,
            (Self::No, Self::No) => Self::No,
        }
    }

    /// Whether two things are both true.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            (Self::Maybe, _) | (_, Self::Maybe) => Self::Maybe,
        }
    }
}
