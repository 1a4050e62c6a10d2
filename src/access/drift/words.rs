//! The text of differences.

use super::{ComparedVersion, Difference, DriftKind, NotCompared, NotDeployed};
use std::fmt;

impl DriftKind {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Widened => "widened",
            Self::OtherArchive => "other archive",
            Self::OtherVersion => "other version",
            Self::Extra => "extra",
            Self::Missing => "missing",
            Self::Duplicate => "duplicate",
            Self::NotUnderstood => "not understood",
            Self::NotCompared => "not compared",
        }
    }
}

impl fmt::Display for ComparedVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Live(arn) => f.write_str(arn),
            Self::Declared(id) => id.fmt(f),
            Self::InRegion(id, region) => write!(f, "{id} in {region}"),
            Self::Unread(place) => f.write_str(place),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undeclared(who, _) | Self::Missing(who, _) => who.fmt(f),
            Self::NotGrantedYet(who, grant) => {
                write!(
                    f,
                    "{who}; its stack does not have {grant} yet: deploy the template"
                )
            }
            Self::Duplicate { who, others } => match others {
                Some(_) => who.fmt(f),
                None => write!(
                    f,
                    "{who}; `--stack-resources` shows which grant is the stack's own"
                ),
            },
            Self::OtherArchive { live, pinned } => {
                write!(
                    f,
                    "its archive has sha256 {live}, and the source pins {pinned}"
                )
            }
            Self::OtherVersion { grant, other } => {
                write!(f, "a stack has its grant {grant} on {other}")
            }
            Self::NotUnderstood(why, sids) => write!(f, "{why} (statement {})", sids.join(", ")),
            Self::NotCompared(why) => why.fmt(f),
        }
    }
}

impl fmt::Display for NotCompared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownResource => {
                "its live version is unknown: pass the stack's resources with `--stack-resources`"
            }
            Self::UnknownArn => {
                "its live version is unknown: pass the values with `--parameter NAME=VALUE`"
            }
            Self::NothingInRegion => "nothing that is live there was given",
            Self::NoPolicy => {
                "the files have no live policy of this version; if it has none, add \
                `{\"LayerVersionArn\": \"ARN\", \"Policy\": null}`"
            }
            Self::Newer => {
                "a deploy may have published it after the resources of its stack were listed"
            }
            Self::NoRule => "no rule is known to be about this version",
            Self::MayChangeTemplate(part) => {
                return write!(f, "{part}, which may change the whole template");
            }
        })
    }
}

impl fmt::Display for NotDeployed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not deployed in {}", self.what, self.region)
    }
}
