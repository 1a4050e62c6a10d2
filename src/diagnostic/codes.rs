//! The table of codes: name, severity and meaning, and for each a page that `layershare explain`
//! prints.

use super::Severity;
use crate::english::list;

macro_rules! codes {
    ($($variant:ident $name:literal [$($severity:ident),+] $summary:literal,)*) => {
        /// The kind of a diagnostic. Users see, look up and search for its name, which never
        /// changes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each has a page under docs/codes")]
        pub enum Code { $($variant,)* }

        impl Code {
            /// Every code, by name.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in kebab-case.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Its severity; several if it depends on the finding.
            #[must_use]
            pub fn severities(self) -> &'static [Severity] {
                match self { $(Self::$variant => &[$(Severity::$severity),+],)* }
            }

            /// What it means, in a few words.
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self { $(Self::$variant => $summary,)* }
            }

            /// The page, in Markdown: what it means, a bad and a good example.
            #[must_use]
            pub fn page(self) -> &'static str {
                match self {
                    $(Self::$variant => include_str!(concat!("../../docs/codes/", $name, ".md")),)*
                }
            }
        }
    };
}

impl Code {
    /// The words for its severities: `error`, or `error or warning`.
    #[must_use]
    pub fn severity_names(self) -> String {
        let names: Vec<&str> = self
            .severities()
            .iter()
            .map(|severity| severity.name())
            .collect();
        list(&names, "or")
    }

    /// The code of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }
}

codes! {
    AccountsOnly "accounts-only" [Error] "a rule about attaching names an organization or everyone",
    AccountsUnreadable "accounts-unreadable" [Error] "the accounts file is not a whole list of \
    accounts",
    AdoptedUnshared "adopted-unshared" [Warning] "a version that exists already is listed and \
    never shared",
    AmbiguousAccount "ambiguous-account" [Error] "several accounts have the same name",
    AmbiguousRule "ambiguous-rule" [Error] "a rule can be read in two ways",
    AnyAccount "any-account" [Warning] "an allowlist includes layers of every AWS account",
    ArchiveLayout "archive-layout" [Warning] "packages are in a folder that the runtime does not \
        search",
    AwsLayers "aws-layers" [Note] "an allowlist leaves out the layers that AWS publishes",
    BrokenArchive "broken-archive" [Error] "an archive is unreadable or inconsistent",
    BroaderAccess "broader-access" [Error] "somebody gains access through a change, or may gain it",
    CarriageReturn "carriage-return" [Warning] "the first line of a script has a Windows line \
        ending",
    ConflictingArns "conflicting-arns" [Error] "ARNs of several accounts, regions or partitions in \
    one source",
    ConflictingContent "conflicting-content" [Error] "a layer has both `content` and listed \
    versions",
    CoveredPattern "covered-pattern" [Warning] "an item of a set is covered by another one",
    DeletedVersion "deleted-version" [Error] "a deploy would delete a version that may be in use",
    DeprecatedRuntime "deprecated-runtime" [Warning] "Lambda no longer supports the runtime",
    DriftedSharing "drifted-sharing" [Error] "live sharing does not match the rules",
    DuplicateItem "duplicate-item" [Warning] "a list has the same item twice",
    DuplicateLayerName "duplicate-layer-name" [Error] "two layers have the same name in AWS",
    DuplicateName "duplicate-name" [Error] "a name is declared twice",
    DuplicateVersion "duplicate-version" [Error] "a layer lists a label twice",
    DuplicatedLibrary "duplicated-library" [Warning] "libraries are copies of each other",
    DynamicLayer "dynamic-layer" [Note] "a new value of an SSM parameter does not update a \
        function",
    DynamicReference "dynamic-reference" [Error] "a text contains a dynamic reference of \
        CloudFormation",
    EmptyUnit "empty-unit" [Error] "a unit has no active account",
    EveryoneWithoutReason "everyone-without-reason" [Error] "a share with everyone gives no reason",
    ExpiredShare "expired-share" [Error] "the last day of a share is over",
    FailedClaim "failed-claim" [Error] "a claim does not hold",
    FileClash "file-clash" [Error] "two files of a folder would have one name",
    FixedKey "fixed-key" [Warning] "the address of an archive does not change with its content",
    FolderInVersion "folder-in-version" [Error] "a listed version is made from a folder",
    ForeignBinary "foreign-binary" [Warning] "a library is not for Linux",
    FunctionSize "function-size" [Error, Warning] "a function and its layers are too large",
    FrozenUnit "frozen-unit" [Note] "a unit stands for the accounts that the accounts file lists",
    GroupCycle "group-cycle" [Error] "a group contains itself",
    InactiveAccount "inactive-account" [Warning] "an inactive account is left out",
    IncludeCycle "include-cycle" [Error] "a file includes itself",
    IncludeHoldsMore "include-holds-more" [Error] "an included file contains more than names",
    IncludeOutside "include-outside" [Note] "an included file is outside the folder of the source",
    IncludeUnreadable "include-unreadable" [Error] "an included file cannot be read",
    InvalidAccount "invalid-account" [Error] "this is not an account ID",
    InvalidAllowedValue "invalid-allowed-value" [Error] "a value that is allowed does not fit its \
        parameter",
    InvalidArn "invalid-arn" [Error] "this is not a valid ARN",
    InvalidClaim "invalid-claim" [Error] "a claim has a wrong `in` or `version`, or the source has \
        no layers",
    InvalidContent "invalid-content" [Error] "content is neither an S3 address nor a relative path",
    InvalidDate "invalid-date" [Error] "this is not a date",
    InvalidDefault "invalid-default" [Error] "a default does not fit its parameter's type",
    InvalidDescription "invalid-description" [Error] "a description has characters that IAM \
    refuses",
    InvalidEncoding "invalid-encoding" [Error] "a source is not UTF-8",
    InvalidEscape "invalid-escape" [Error] "a quoted text has an unknown escape",
    InvalidName "invalid-name" [Error] "a name has characters that AWS or the language refuses",
    InvalidOrganization "invalid-organization" [Error] "this is not an organization ID",
    InvalidParameterName "invalid-parameter-name" [Error] "this cannot be the name of an SSM \
        parameter",
    InvalidPattern "invalid-pattern" [Error] "a pattern matches nothing, or exempts everybody",
    InvalidRegion "invalid-region" [Error] "this is not a region, or it is in another partition",
    InvalidSha256 "invalid-sha256" [Error] "this is not the SHA-256 of an archive",
    InvalidTarget "invalid-target" [Error] "a guardrail applies to something other than roots, \
    units and accounts",
    InvalidTrust "invalid-trust" [Error] "this is not a service or an identity provider",
    InvalidUnit "invalid-unit" [Error] "this is not the ID of a unit or a root",
    InvalidSuppression "invalid-suppression" [Error] "`suppress` names an unknown tool or rule",
    InvalidWindow "invalid-window" [Error] "a share of the newest versions has no valid number",
    InvisibleCharacter "invisible-character" [Error] "a source contains an invisible character",
    LayerArchitecture "layer-architecture" [Warning] "a layer does not name the architecture of a \
    function",
    LayerNotAllowed "layer-not-allowed" [Error] "the role that deploys a function may not attach \
        its layer",
    LayerRegion "layer-region" [Error, Warning, Note] "a function and its layer are in different \
    regions",
    LayerRuntime "layer-runtime" [Warning] "a layer does not name the runtime of a function",
    LayerTwice "layer-twice" [Error] "a function has two versions of one layer",
    LayersOnImage "layers-on-image" [Error] "a function in a container image has layers",
    LeftTemplate "left-template" [Warning] "a layer left the source, but its template and its \
        stack remain",
    LogicalIdClash "logical-id-clash" [Error] "two names give the same logical ID",
    LostGrants "lost-grants" [Error, Warning] "a deploy, or a move to a folder, would delete \
        grants that the source does not revoke",
    LostZero "lost-zero" [Warning] "packaging could drop the leading zero of an ID",
    MisplacedRule "misplaced-rule" [Error] "a statement belongs in another kind of block",
    MissingAccounts "missing-accounts" [Error] "a unit or an account name needs an accounts file",
    MissingContent "missing-content" [Warning] "the local file or folder does not exist yet",
    MissingTrust "missing-trust" [Error] "a role trusts nobody",
    MissingVersion "missing-version" [Error] "a function uses a version that does not exist",
    NamedDescription "named-description" [Warning] "a changed description would replace a policy \
    that has a name",
    NeedlessFiles "needless-files" [Note] "tests and caches take up space in a layer",
    NeedsFolder "needs-folder" [Note] "the source is too large for one template",
    NewerVersion "newer-version" [Note] "a layer has a newer version than a function uses",
    NoContent "no-content" [Error] "a layer has no version",
    NoEffect "no-effect" [Error, Warning] "a statement, or the whole source, has no effect",
    NoRules "no-rules" [Error] "a policy, boundary or guardrail neither allows nor denies",
    NotALayerName "not-a-layer-name" [Error] "a layer is published under the ARN of a version",
    NotALayerVersion "not-a-layer-version" [Error] "a layer of a function is not the ARN of a \
    version",
    NotExecutable "not-executable" [Warning] "a program lacks the permission to execute",
    OneRegion "one-region" [Error] "something works in one region only, and the \
    source is for several",
    OtherLibc "other-libc" [Warning] "a library needs another C library than Lambda has",
    OtherStack "other-stack" [Error] "a set names a version that another stack of the folder \
        publishes",
    ParameterInVersion "parameter-in-version" [Note] "the content of a listed version depends on a \
    parameter",
    ParameterNotAllowed "parameter-not-allowed" [Error] "a parameter is not allowed here",
    ParameterType "parameter-type" [Error] "a parameter's type does not fit its use",
    PatternWithoutAccount "pattern-without-account" [Error] "a pattern does not say whose layers \
    it matches",
    PolicySize "policy-size" [Error, Warning] "a policy is longer than its quota",
    PythonAbi "python-abi" [Warning] "a package is built for another Python",
    RedundantShare "redundant-share" [Warning] "a principal is in the rule already",
    RepeatedStatement "repeated-statement" [Error] "a statement that is allowed only once is \
        repeated",
    RepublishedVersion "republished-version" [Error] "a build would publish a version a second \
    time",
    RollOut "roll-out" [Error] "something cannot be rolled out to other accounts",
    RollingParameter "rolling-parameter" [Warning] "each new archive revokes a parameter's access \
    to earlier versions",
    SameArchive "same-archive" [Error] "several versions have the same archive",
    ShareWithOwner "share-with-owner" [Warning] "a layer is shared with the account that owns it",
    SimilarName "similar-name" [Warning] "two names differ only in case, `-` or `_`",
    SubjectWithoutId "subject-without-id" [Note] "a subject names a GitHub repository without its \
    IDs",
    SuppressedWithoutReason "suppressed-without-reason" [Error] "a finding is suppressed without \
        a reason",
    Syntax "syntax" [Error] "the source does not follow the grammar",
    TemplateSize "template-size" [Error] "the template is larger than CloudFormation accepts",
    TextLength "text-length" [Error] "a text is longer than AWS accepts",
    TooMany "too-many" [Error, Warning] "there are more of something than AWS accepts",
    TooManyLayers "too-many-layers" [Error] "a function has more layers than Lambda allows",
    UnclosedParameter "unclosed-parameter" [Error] "a `${` has no `}`",
    UnclosedVariable "unclosed-variable" [Error] "a `<` or `>` belongs to no variable",
    UndecidedClaim "undecided-claim" [Error] "a claim cannot be decided from the template",
    UnknownArchitecture "unknown-architecture" [Error] "Lambda has no such architecture",
    UnknownName "unknown-name" [Error] "nothing with this name is declared",
    UnknownParameter "unknown-parameter" [Error] "no parameter with this name is declared",
    UnknownProvider "unknown-provider" [Warning] "a wildcard trusts an identity provider that may \
    be shared",
    UnknownRegion "unknown-region" [Warning] "the list of regions does not have this one",
    UnknownRuntime "unknown-runtime" [Warning] "the list of runtimes does not have this one",
    UnknownStatement "unknown-statement" [Error] "no statement begins with this word here",
    UnknownVariable "unknown-variable" [Error] "no variable with this name is declared here",
    UnknownVersion "unknown-version" [Error] "the layer has no version with this label",
    UnreadableEntry "unreadable-entry" [Warning] "functions cannot read a file of a layer",
    UnlistedAccount "unlisted-account" [Note] "the accounts file does not list an account",
    UnrestrictedTrust "unrestricted-trust" [Error] "anybody could assume the role",
    UnsafeEntry "unsafe-entry" [Error, Warning] "a path or a link of an archive is unsafe",
    UnterminatedString "unterminated-string" [Error] "a quoted text has no closing quote",
    Unused "unused" [Warning] "a name is declared and never used",
    UnzippedSize "unzipped-size" [Error, Warning] "a layer is too large, or leaves little space \
        for the function",
    VersionFolder "version-folder" [Warning] "packages are in the folder of another runtime \
        version",
    VersionNotShared "version-not-shared" [Error, Warning] "a version is not shared with the \
    account of the function",
    VoidedRule "voided-rule" [Warning] "another statement makes the rule pointless",
    WrongArchitecture "wrong-architecture" [Warning] "a library is for another architecture",
    WrongArchive "wrong-archive" [Error] "an archive is not the one that the source pins",
}
