//! The ARNs of roles and managed policies that a source writes out.

use crate::aws::arn::Field;
use crate::english::quote;
use crate::rules::formats;
use crate::rules::text::Text;

/// A form of IAM's ARNs.
#[derive(Clone, Copy)]
pub(super) struct IamArn {
    pub(super) what: &'static str,
    pub(super) prefix: &'static str,
    /// What is expected in the last field.
    expected: &'static str,
    /// Whether the name may hold wildcards.
    pub(super) wild: bool,
}

impl IamArn {
    /// Roles that can be passed.
    pub(super) const ROLES: Self = Self {
        what: "role",
        prefix: "role/",
        expected: "`role/` and a name",
        wild: true,
    };
    /// A managed policy, one of AWS's own among them.
    pub(super) const POLICY: Self = Self {
        what: "managed policy",
        prefix: "policy/",
        expected: "`policy/` and a name",
        wild: false,
    };

    /// What is wrong with one of its fields, if anything.
    pub(super) fn field_problem(self, field: Field, written: &Text) -> Option<String> {
        if let Some(name) = written.as_parameter() {
            let is_fine = match field {
                Field::Partition => name == "AWS::Partition",
                Field::Account => true,
                Field::Prefix
                | Field::Service
                | Field::Region
                | Field::Resource
                | Field::Name
                | Field::Version => false,
            };
            return (!is_fine).then(|| format!("`{name}` is not allowed there"));
        }
        let Some(text) = written.as_literal() else {
            let name = written.parameters().next().unwrap_or_default();
            return Some(format!(
                "`{name}` cannot be a part of a field: its value could contain a wildcard"
            ));
        };
        let is_named = text
            .strip_prefix(self.prefix)
            .is_some_and(|name| self.is_name(name));
        let (is_fine, expected) = match field {
            Field::Prefix => (text == "arn", "`arn`"),
            Field::Partition => (formats::is_partition(text), "a partition such as `aws`"),
            Field::Service => (text == "iam", "`iam`"),
            Field::Region => (text.is_empty(), "nothing"),
            Field::Account => (
                formats::is_account_id(text) || (text == "aws" && !self.wild),
                "an account ID",
            ),
            Field::Resource => (is_named, self.expected),
            // It has no more fields.
            Field::Name | Field::Version => (false, "nothing"),
        };
        (!is_fine).then(|| format!("expected {expected}, found {}", quote(text)))
    }

    fn is_name(self, name: &str) -> bool {
        formats::role_pattern_problem(name).is_none() && (self.wild || !name.contains(['*', '?']))
    }
}
