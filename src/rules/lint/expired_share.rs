//! An expired share. The template does not change with the calendar: somebody has to remove the
//! rule.

use crate::diagnostic::{Code, Diagnostic};
use crate::rules::model::Rules;
use jiff::civil::Date;

/// Reports the rules whose last day is before `as_of`.
pub fn expired_shares(rules: &Rules, as_of: Date, diagnostics: &mut Vec<Diagnostic>) {
    for deadline in rules
        .deadlines
        .iter()
        .filter(|deadline| deadline.value < as_of)
    {
        diagnostics.push(
            Diagnostic::error(Code::ExpiredShare, deadline.span, "this share has expired")
                .label(format!(
                    "its last day was {}, and the date of this check is {as_of}",
                    deadline.value
                ))
                .note("the date revokes nothing: the template does not change with the calendar")
                .help("remove the rule, build and deploy, or give it a later date"),
        );
    }
}
