//! A table of lints, each in its own file. A lint finds something allowed but doubtful.

mod adopted_unshared;
mod any_account;
mod aws_layers;
mod covered_pattern;
mod expired_share;
mod fixed_key;
mod named_description;
mod parameter_in_version;
mod redundant_deny;
mod rolling_parameter;
mod share_with_owner;
mod similar_name;
mod voided_rule;

pub use expired_share::expired_shares;

use super::load::Unit;
use super::model::Rules;
use crate::diagnostic::{Code, Diagnostic};

/// The input of lints.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The files of a source, as written.
    pub units: &'a [Unit],
    /// What they mean.
    pub rules: &'a Rules,
}

/// A doubt about a source that compiles.
#[derive(Clone, Copy, Debug)]
pub struct Lint {
    /// The code of everything that it reports.
    pub code: Code,
    /// Looks at a source and reports.
    pub check: fn(&Context<'_>, &mut Vec<Diagnostic>),
}

/// Every lint that does not depend on the day.
pub const LINTS: &[Lint] = &[
    Lint {
        code: Code::AdoptedUnshared,
        check: adopted_unshared::lint,
    },
    Lint {
        code: Code::AnyAccount,
        check: any_account::lint,
    },
    Lint {
        code: Code::AwsLayers,
        check: aws_layers::lint,
    },
    Lint {
        code: Code::CoveredPattern,
        check: covered_pattern::lint,
    },
    Lint {
        code: Code::FixedKey,
        check: fixed_key::lint,
    },
    Lint {
        code: Code::NamedDescription,
        check: named_description::lint,
    },
    Lint {
        code: Code::ParameterInVersion,
        check: parameter_in_version::lint,
    },
    Lint {
        code: Code::NoEffect,
        check: redundant_deny::lint,
    },
    Lint {
        code: Code::RollingParameter,
        check: rolling_parameter::lint,
    },
    Lint {
        code: Code::ShareWithOwner,
        check: share_with_owner::lint,
    },
    Lint {
        code: Code::SimilarName,
        check: similar_name::lint,
    },
    Lint {
        code: Code::VoidedRule,
        check: voided_rule::lint,
    },
];

/// Reports everything doubtful that does not depend on the day.
pub fn lint(context: &Context<'_>, diagnostics: &mut Vec<Diagnostic>) {
    for lint in LINTS {
        let before = diagnostics.len();
        (lint.check)(context, diagnostics);
        debug_assert!(
            diagnostics
                .iter()
                .skip(before)
                .all(|found| found.code == lint.code),
            "a lint reports another code than its own"
        );
    }
}
