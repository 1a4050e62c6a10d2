//! The policy templates of the AWS Serverless Application Model (SAM).

use super::Data;

pub(super) const DATA: Data = Data(include_str!("sam_policies.txt"));

/// Whether a policy template of SAM is known to say nothing of layers, by its name.
#[must_use]
pub fn is_harmless(name: &str) -> bool {
    DATA.lines().any(|known| known == name)
}
