//! The parts of the compiler, for this project's own tests, benchmarks and fuzzing. They are not
//! part of the interface: names may change with any version.

#[cfg(feature = "cli")]
pub mod cli {
    pub use crate::cli::*;
}

pub mod access {
    pub use crate::access::*;
}

#[cfg(feature = "cli")]
pub mod archive {
    pub use crate::archive::*;
}

pub mod aws {
    pub use crate::aws::*;
}

pub mod cloudformation {
    pub use crate::cloudformation::*;
}

pub mod diagnostic {
    pub use crate::diagnostic::*;
}

pub mod english {
    pub use crate::english::*;
}

pub mod iam {
    pub use crate::iam::*;
}

pub mod partial {
    pub use crate::partial::*;
}

pub mod pattern {
    pub use crate::pattern::*;
}

pub mod pipeline {
    pub use crate::pipeline::*;
}

pub mod report {
    pub use crate::report::*;
}

pub mod rules {
    pub use crate::rules::*;
}

pub mod source {
    pub use crate::source::*;
}

pub mod syntax {
    pub use crate::syntax::*;
}

pub mod template {
    pub use crate::template::*;
}

pub mod uses {
    pub use crate::uses::*;
}
