//! The ARNs of roles and managed policies that a source writes out.

use crate::english::quote;
use crate::rules::formats;
use crate::rules::text::Text;

/// A form of IAM's ARNs.
#[derive(Clone, Copy)]
pub(super) struct IamArn {
    pub(super) what: &'static str,
    pub(super) prefix: &'static str,
    /// Whether the name may hold wildcards.
    pub(super) wild: bool,
}

impl IamArn {
    /// Roles that can be passed.
    pub(super) const ROLES: Self = Self {
        what: "role",
        prefix: "role/",
        wild: true,
    };
    /// A managed policy, one of AWS's own among them.
    pub(super) const POLICY: Self = Self {
        what: "managed policy",
        prefix: "policy/",
        wild: false,
    };

    /// What is wrong with a field, if anything; fields count from 0.
    pub(super) fn field_problem(self, index: usize, field: &Text) -> Option<String> {
        if let Some(name) = field.as_parameter() {
            let fine = match index {
                1 => name == "AWS::Partition",
                4 => true,
                _ => false,
            };
            return (!fine).then(|| format!("`{name}` is not allowed there"));
        }
        let Some(text) = field.as_literal() else {
            let name = field.parameters().next().unwrap_or_default();
            return Some(format!(
                "`{name}` cannot be a part of a field: its value could contain a wildcard"
            ));
        };
        let fine = match index {
            0 => text == "arn",
            1 => formats::layer_version_field_problem(1, text).is_none(),
            2 => text == "iam",
            3 => text.is_empty(),
            4 => formats::is_account_id(text) || (text == "aws" && !self.wild),
            _ => text
                .strip_prefix(self.prefix)
                .is_some_and(|name| self.is_name(name)),
        };
        let what = [
            "`arn`",
            "a partition such as `aws`",
            "`iam`",
            "nothing",
            "an account ID",
            "a name",
        ];
        let what = what.get(index).copied().unwrap_or("nothing");
        (!fine).then(|| match index {
            5 => format!(
                "expected `{}` and a name, found {}",
                self.prefix,
                quote(text)
            ),
            _ => format!("expected {what}, found {}", quote(text)),
        })
    }

    fn is_name(self, name: &str) -> bool {
        formats::role_pattern_problem(name).is_none() && (self.wild || !name.contains(['*', '?']))
    }
}
