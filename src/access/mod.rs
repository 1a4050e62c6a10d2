//! What a template grants: who may use which layer version, and which layers may be attached.

pub mod pattern;
