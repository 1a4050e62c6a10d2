//! Where an answer comes from: the policies, and the statements in them.

use std::fmt;

/// The name of a policy document in answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DocumentName {
    /// The logical ID of its resource; for a policy that is not in the template, its name. Empty
    /// for a document that nobody wrote.
    pub resource: String,
    /// Which policy of that resource it is, if the resource is not a policy itself.
    pub part: Option<String>,
}

impl DocumentName {
    /// The name of a policy that is a part of a resource.
    #[must_use]
    pub fn part_of(resource: &str, part: impl Into<String>) -> Self {
        Self {
            resource: resource.to_owned(),
            part: Some(part.into()),
        }
    }

    /// Whether nobody wrote the document: it replaces policies that are not known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.resource.is_empty()
    }
}

impl From<&str> for DocumentName {
    fn from(resource: &str) -> Self {
        Self {
            resource: resource.to_owned(),
            part: None,
        }
    }
}

impl fmt::Display for DocumentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.resource)?;
        match &self.part {
            Some(part) => write!(f, ", {part}"),
            None => Ok(()),
        }
    }
}

/// The cause of an answer: a policy, and the statement of it if one is the cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// The policy.
    pub document: DocumentName,
    /// The `Sid` of the statement, or its number.
    pub sid: Option<String>,
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.document)?;
        match &self.sid {
            Some(sid) => write!(f, ", {sid}"),
            None => Ok(()),
        }
    }
}
