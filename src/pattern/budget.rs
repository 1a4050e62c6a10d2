//! The bound on the work of a search, counted in steps: no clock is asked, so that a question has
//! the same answer on every machine.

/// The steps that a search may take: one moves one state of a pattern by a character, or compares
/// two states.
const STEPS: usize = 9_000_000;

/// The steps that it costs to hold one prefix of a text.
pub const STEPS_TO_HOLD: usize = 6;

/// The patterns are too complex to be decided within the bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetExceeded;

/// The steps that may still be taken.
#[derive(Debug)]
pub struct Budget {
    left: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: STEPS }
    }
}

impl Budget {
    /// A budget for each of `shares` equal parts of what is left.
    pub fn share(&self, shares: usize) -> Self {
        Self {
            left: self.left / shares,
        }
    }

    /// Takes some steps.
    ///
    /// # Errors
    ///
    /// [`BudgetExceeded`] where fewer are left.
    pub fn charge(&mut self, steps: usize) -> Result<(), BudgetExceeded> {
        self.left = self.left.checked_sub(steps).ok_or(BudgetExceeded)?;
        Ok(())
    }
}
