//! The kind of a subject: a principal, or a policy alone.

/// What a subject is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectKind {
    /// A role, a user, or a permission set: it has policies.
    Principal,
    /// A group, whose policies its members have.
    Group,
    /// A policy that principals have, in addition to others.
    Policy,
    /// A managed policy that serves as a permissions boundary: it grants nothing.
    Boundary,
    /// A service control policy: it grants nothing.
    Guardrail,
}

impl SubjectKind {
    /// Whether it only restricts: its Allow statements grant nothing.
    #[must_use]
    pub fn only_restricts(self) -> bool {
        match self {
            Self::Boundary | Self::Guardrail => true,
            Self::Principal | Self::Group | Self::Policy => false,
        }
    }

    /// Whether others have it, so that removing it lifts what it forbids for them.
    #[must_use]
    pub fn is_held_by_others(self) -> bool {
        match self {
            Self::Group | Self::Policy | Self::Boundary | Self::Guardrail => true,
            Self::Principal => false,
        }
    }
}
