//! The words of the language: one closed set, from which the parser, its messages and the reserved
//! names come.
//!
//! Keywords are contextual: a layer may be named `share`. Each place that accepts one of several
//! words has its own enum, which is matched without a wildcard. So a new word that is forgotten
//! somewhere does not compile.

use std::fmt;

/// The keywords that are possible at one place.
pub trait Choice: Copy {
    /// All of them, in the order in which messages list them.
    fn all() -> Vec<Self>;

    /// The choice that a keyword is; `None` for a keyword that has no meaning at this place.
    fn of(keyword: Keyword) -> Option<Self>;

    /// The keyword.
    fn keyword(self) -> Keyword;
}

macro_rules! keywords {
    ($($keyword:ident $text:literal,)*) => {
        /// A word that has a meaning by its place.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Keyword {
            $(#[doc = concat!("`", $text, "`")] $keyword,)*
        }

        impl Keyword {
            /// Every keyword, for tests.
            #[cfg(any(test, feature = "internals"))]
            pub const ALL: &[Self] = &[$(Self::$keyword,)*];

            /// The word.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self { $(Self::$keyword => $text,)* }
            }

            /// The word in backquotes, as messages show it.
            #[must_use]
            pub fn quoted(self) -> &'static str {
                match self { $(Self::$keyword => concat!("`", $text, "`"),)* }
            }

            /// The keyword that is written like this.
            #[must_use]
            pub fn from_text(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$keyword),)*
                    _ => None,
                }
            }
        }
    };
}

/// Makes an enum of the keywords that are possible in one place. A variant with a field stands for
/// all keywords of the choice in the field.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident: $($keyword:ident $(($field:ident: $inner:ident))?,)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $(#[doc = concat!("`", stringify!($keyword), "`, or a choice of that name.")]
            $keyword $(($inner))?,)*
        }

        impl Choice for $name {
            fn all() -> Vec<Self> {
                [$(choice!(@all $keyword $($inner)?)),*].concat()
            }

            fn of(keyword: Keyword) -> Option<Self> {
                $(choice!(@of keyword $keyword $($inner)?);)*
                None
            }

            fn keyword(self) -> Keyword {
                match self {
                    $(Self::$keyword $(($field))? => choice!(@keyword $keyword $($field)?),)*
                }
            }
        }
    };
    (@all $keyword:ident) => { vec![Self::$keyword] };
    (@all $variant:ident $inner:ident) => {
        $inner::all().into_iter().map(Self::$variant).collect::<Vec<Self>>()
    };
    (@of $found:ident $keyword:ident) => {
        if $found == Keyword::$keyword {
            return Some(Self::$keyword);
        }
    };
    (@of $found:ident $variant:ident $inner:ident) => {
        if let Some(inner) = $inner::of($found) {
            return Some(Self::$variant(inner));
        }
    };
    (@keyword $keyword:ident) => { Keyword::$keyword };
    (@keyword $variant:ident $field:ident) => { $field.keyword() };
}

keywords! {
    Stack "stack",
    Regions "regions",
    Roll "roll",
    Out "out",
    Parameter "parameter",
    Account "account",
    Organization "organization",
    Group "group",
    Include "include",
    Layer "layer",
    For "for",
    Role "role",
    Policy "policy",
    Boundary "boundary",
    Guardrail "guardrail",
    Unit "unit",
    Accounts "accounts",
    Expect "expect",
    Everyone "everyone",
    Name "name",
    Description "description",
    Runtimes "runtimes",
    Architectures "architectures",
    License "license",
    Version "version",
    Content "content",
    OldVersions "old-versions",
    Keep "keep",
    Delete "delete",
    Share "share",
    Publish "publish",
    At "at",
    From "from",
    ObjectVersion "object-version",
    Sha256 "sha256",
    With "with",
    Because "because",
    Until "until",
    When "when",
    Unless "unless",
    Exists "exists",
    Newest "newest",
    Suppress "suppress",
    Guard "guard",
    CfnNag "cfn-nag",
    Checkov "checkov",
    CfnLint "cfn-lint",
    Optional "optional",
    Allowed "allowed",
    Pattern "pattern",
    Label "label",
    Hidden "hidden",
    By "by",
    Reference "reference",
    DelegatedAdministrator "delegated-administrator",
    To "to",
    Allow "allow",
    None "none",
    Deny "deny",
    All "all",
    Except "except",
    Functions "functions",
    Exempt "exempt",
    Trust "trust",
    Service "service",
    Oidc "oidc",
    Subject "subject",
    PassRole "pass-role",
    Managed "managed",
    Attach "attach",
    User "user",
    Apply "apply",
    Path "path",
    This "this",
    Only "only",
    In "in",
    Can "can",
    Cannot "cannot",
    Use "use",
    Read "read",
    Update "update",
}

choice! {
    /// The first word of a statement at the outermost level.
    StatementKeyword:
    Stack,
    Regions,
    Roll,
    Parameter,
    Account,
    Organization,
    Group,
    Include,
    Layer,
    Role,
    Policy,
    Boundary,
    Guardrail,
    Unit,
    Accounts,
    Expect,
}

choice! {
    /// The first word of a statement in the body of a parameter.
    ParameterKeyword:
    Allowed,
    Pattern,
    Label,
    Hidden,
}

choice! {
    /// The first word of a statement in the body of a layer.
    LayerKeyword:
    Name,
    Property(property: PropertyKeyword),
    Version,
    Content,
    OldVersions,
    Exists,
    Share,
    Publish,
}

choice! {
    /// The first word of a property of a layer version.
    PropertyKeyword:
    Description,
    Runtimes,
    Architectures,
    License,
}

choice! {
    /// What happens to a layer's old versions.
    OldVersionsKeyword:
    Keep,
    Delete,
}

choice! {
    /// The first word of a statement in the body of a role, policy, boundary or guardrail.
    RuleKeyword:
    Allow,
    Deny,
    Functions,
    Exempt,
    Trust,
    PassRole,
    Managed,
    Boundary,
    Attach,
    Apply,
    Name,
    Path,
    Description,
}

choice! {
    /// A tool that judges templates, whose findings can be suppressed.
    #[derive(PartialOrd, Ord)]
    ToolKeyword:
    Guard,
    CfnNag,
    Checkov,
    CfnLint,
}

choice! {
    /// A word that names a principal, or introduces an ID.
    PrincipalKeyword:
    Everyone,
    Account,
    Organization,
    Unit,
}

impl fmt::Display for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl Keyword {
    /// Whether a statement can begin with this word, at any level. Every other one continues a
    /// statement.
    #[must_use]
    pub fn begins_statement(self) -> bool {
        StatementKeyword::of(self).is_some()
            || ParameterKeyword::of(self).is_some()
            || LayerKeyword::of(self).is_some()
            || RuleKeyword::of(self).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_keyword_is_found_by_its_text() {
        for &keyword in Keyword::ALL {
            assert_eq!(Keyword::from_text(keyword.text()), Some(keyword));
            assert_eq!(keyword.quoted(), format!("`{keyword}`"));
        }
    }

    #[test]
    fn every_choice_is_found_by_its_keyword() {
        for choice in LayerKeyword::all() {
            assert_eq!(LayerKeyword::of(choice.keyword()), Some(choice));
        }
        assert_eq!(
            LayerKeyword::of(Keyword::License),
            Some(LayerKeyword::Property(PropertyKeyword::License))
        );
        assert_eq!(LayerKeyword::of(Keyword::With), None);
    }

    #[test]
    fn words_that_continue_a_statement_begin_none() {
        let clauses = [
            "with",
            "because",
            "until",
            "when",
            "unless",
            "from",
            "at",
            "to",
            "object-version",
            "sha256",
            "can",
            "cannot",
            "except",
        ];
        for clause in clauses {
            assert!(
                Keyword::from_text(clause).is_some_and(|keyword| !keyword.begins_statement()),
                "{clause}"
            );
        }
        assert!(Keyword::License.begins_statement() && Keyword::Allow.begins_statement());
    }
}
