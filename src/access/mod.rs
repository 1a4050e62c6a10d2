//! What a template grants: who may use which layer version, and which layers may be attached.
//!
//! All of it is read from a CloudFormation template, whoever wrote it, and never from the rules: what a reviewer is told
//! is what is deployed.

pub mod attach;
pub mod claim;
pub mod diff;
pub mod drift;
pub mod evaluate;
pub mod grants;
pub mod obstacle;
pub mod policy;
pub mod reach;
pub mod report;
pub mod subject;
pub mod value;
pub mod ways;
