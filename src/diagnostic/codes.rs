//! The table of codes, each with a page that `layershare explain` prints.

macro_rules! codes {
    ($($variant:ident $name:literal,)*) => {
        /// Which finding a diagnostic is. The name is what users see, look up and search for, and never changes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each variant has a page of its own under docs/codes")]
        pub enum Code { $($variant,)* }

        impl Code {
            /// Every code, by name.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in kebab-case.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The page, in Markdown: what it means, a bad and a good example.
            #[must_use]
            pub fn page(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("../../docs/codes/", $name, ".md")),)* }
            }
        }
    };
}

impl Code {
    /// The code of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }
}

codes! {
    AccountsOnly "accounts-only",
    AdoptedUnshared "adopted-unshared",
    AnyAccount "any-account",
    AwsLayers "aws-layers",
    ConflictingArns "conflicting-arns",
    ConflictingContent "conflicting-content",
    CoveredPattern "covered-pattern",
    DeletedVersion "deleted-version",
    DeprecatedRuntime "deprecated-runtime",
    DuplicateItem "duplicate-item",
    DuplicateLayerName "duplicate-layer-name",
    DuplicateName "duplicate-name",
    DuplicateVersion "duplicate-version",
    DynamicReference "dynamic-reference",
    EveryoneWithoutReason "everyone-without-reason",
    ExpiredShare "expired-share",
    FailedClaim "failed-claim",
    FixedKey "fixed-key",
    FolderInVersion "folder-in-version",
    GroupCycle "group-cycle",
    IncludeCycle "include-cycle",
    IncludeHoldsMore "include-holds-more",
    IncludeOutside "include-outside",
    IncludeUnreadable "include-unreadable",
    InvalidAccount "invalid-account",
    InvalidArn "invalid-arn",
    InvalidClaim "invalid-claim",
    InvalidContent "invalid-content",
    InvalidDate "invalid-date",
    InvalidDefault "invalid-default",
    InvalidDescription "invalid-description",
    InvalidEncoding "invalid-encoding",
    InvalidEscape "invalid-escape",
    InvalidName "invalid-name",
    InvalidOrganization "invalid-organization",
    InvalidParameterName "invalid-parameter-name",
    InvalidPattern "invalid-pattern",
    InvalidTarget "invalid-target",
    InvalidTrust "invalid-trust",
    InvisibleCharacter "invisible-character",
    LogicalIdClash "logical-id-clash",
    LostZero "lost-zero",
    MisplacedRule "misplaced-rule",
    MissingContent "missing-content",
    MissingTrust "missing-trust",
    NamedDescription "named-description",
    NoContent "no-content",
    NoEffect "no-effect",
    NoRules "no-rules",
    NotYet "not-yet",
    ParameterInVersion "parameter-in-version",
    ParameterNotAllowed "parameter-not-allowed",
    ParameterType "parameter-type",
    PatternWithoutAccount "pattern-without-account",
    PolicySize "policy-size",
    RedundantShare "redundant-share",
    RepeatedStatement "repeated-statement",
    RepublishedVersion "republished-version",
    RollingParameter "rolling-parameter",
    ShareWithOwner "share-with-owner",
    SimilarName "similar-name",
    SubjectWithoutId "subject-without-id",
    Syntax "syntax",
    TemplateSize "template-size",
    TextLength "text-length",
    TooMany "too-many",
    UnclosedParameter "unclosed-parameter",
    UndecidedClaim "undecided-claim",
    UnknownArchitecture "unknown-architecture",
    UnknownName "unknown-name",
    UnknownParameter "unknown-parameter",
    UnknownProvider "unknown-provider",
    UnknownRuntime "unknown-runtime",
    UnknownStatement "unknown-statement",
    UnknownVersion "unknown-version",
    UnrestrictedTrust "unrestricted-trust",
    UnterminatedString "unterminated-string",
    Unused "unused",
    VoidedRule "voided-rule",
}
