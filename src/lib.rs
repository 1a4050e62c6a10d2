//! Layershare compiles rules for sharing AWS Lambda layers to CloudFormation templates. For any
//! template, it answers who can use and attach which layers.
//!
//! A source compiles to a template, and its mistakes to messages. The template shows who may use
//! which layer version, and whether a claim about that holds:
//!
//! ```
//! use layershare::{Form, Format, Source, Verdict};
//!
//! let source = "
//!     layer deps {
//!       version 1 from s3://archives-1/deps-1.zip
//!       share with account 123456789012
//!     }
//! ";
//! let compiled = Source::new("shared.layers", source).compile();
//! assert_eq!(compiled.messages(Form::Short), "");
//!
//! let template = compiled.template(Format::Yaml).ok_or("the source has mistakes")?;
//! assert!(template.contains("Type: AWS::Lambda::LayerVersionPermission"));
//!
//! let access = compiled.access().ok_or("the source has mistakes")?;
//! let verdict = access.ask("everyone cannot use deps")?;
//! assert!(matches!(verdict, Verdict::Holds(_)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The library reads no files, prints nothing and does not ask for the time: included files come
//! through [`Files`]. The feature `cli`, which is on by default, is the program; a library that
//! depends on this one leaves it out with `default-features = false`. The feature `internals` is
//! for this project's own tests, and its content may change with any version.

#![cfg_attr(
    not(feature = "cli"),
    allow(
        dead_code,
        unused_imports,
        reason = "what only the program uses is dead without it; it is looked for with it"
    )
)]

// The ground floor, which every stage may use.
mod aws;
mod diagnostic;
mod english;
mod partial;
mod pattern;
mod source;

// The pipeline, stage by stage, and as a whole.
mod syntax;

mod rules;

mod template;

// What any template grants.
mod cloudformation;

mod iam;

mod access;

mod pipeline;

// The functions that use layers, and the archives that become layers.
mod uses;

#[cfg(feature = "cli")]
mod archive;

mod report;

// The interfaces: for other programs, and for the user.
mod facade;

#[cfg(feature = "cli")]
mod cli;

#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals;

#[cfg(feature = "cli")]
#[doc(hidden)]
pub use cli::run;

pub use access::claim::{Cause, Explanation, Verdict};
pub use cloudformation::read::ReadError;
pub use diagnostic::render::Form;
pub use diagnostic::{Code, Diagnostic, Severity};
pub use facade::{Access, Compilation, Diff, NotAClaim, Source};
pub use source::{Files, NoFiles};
pub use template::Format;
