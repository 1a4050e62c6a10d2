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
    /// A managed policy that reads like a permissions boundary, and that nothing of the template
    /// has. Somebody may have it as a policy, which grants what it allows.
    PerhapsBoundary,
    /// A service control policy: it grants nothing.
    Guardrail,
}

impl SubjectKind {
    /// Whether it only restricts: its Allow statements grant nothing.
    #[must_use]
    pub fn only_restricts(self) -> bool {
        match self {
            Self::Boundary | Self::Guardrail => true,
            Self::Principal | Self::Group | Self::Policy | Self::PerhapsBoundary => false,
        }
    }

    /// Whether it can be read as a boundary.
    #[must_use]
    pub fn may_be_boundary(self) -> bool {
        match self {
            Self::Boundary | Self::PerhapsBoundary => true,
            Self::Principal | Self::Group | Self::Policy | Self::Guardrail => false,
        }
    }

    /// Whether others have it, so that removing it lifts what it forbids for them.
    #[must_use]
    pub fn is_held_by_others(self) -> bool {
        match self {
            Self::Group
            | Self::Policy
            | Self::Boundary
            | Self::PerhapsBoundary
            | Self::Guardrail => true,
            Self::Principal => false,
        }
    }
}
