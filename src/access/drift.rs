//! How the sharing that is live differs from the sharing that a template says.

use super::grants::{Grants, Version, VersionId, Who};
use super::value::{Piece, Text};
use crate::rules::formats::LAYER_VERSION_FIELDS;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What is wrong with the sharing of one layer version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Everyone may use it, and the template does not say so.
    Widened,
    /// Somebody may use it, and the template does not say so.
    Extra,
    /// Somebody may not use it, though the template says so.
    Missing,
    /// Somebody is granted it more than once: the removal of one grant would not revoke.
    Duplicate,
    /// A statement that is not looked into.
    NotUnderstood,
    /// There is nothing to compare it with.
    NotCompared,
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Widened => "widened",
            Self::Extra => "extra",
            Self::Missing => "missing",
            Self::Duplicate => "duplicate",
            Self::NotUnderstood => "not understood",
            Self::NotCompared => "not compared",
        }
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub kind: Kind,
    /// The layer version: its ARN, or the logical ID where that is not known.
    pub version: String,
    /// Who it is about, or why it cannot be told.
    pub about: String,
    /// The commands that mend it.
    pub commands: Vec<String>,
}

/// What a stack's resources are called once they are there: physical IDs by logical IDs. That of a layer version is its
/// ARN, that of a permission the same with `#` and the Sid behind it (CloudFormation User Guide, return values).
pub type PhysicalIds = HashMap<String, String>;

/// Every difference, the widest first. Everybody in `said` must be known.
#[must_use]
pub fn drift(said: &Grants, live: &Grants, physical: &PhysicalIds) -> Vec<Finding> {
    let live: BTreeMap<String, &Version> =
        live.versions.iter().map(|(id, version)| (id.to_string(), version)).collect();
    let matched = matched(said, &live, physical);
    let own: HashSet<&str> = physical.values().map(String::as_str).collect();
    let mut findings = Vec::new();
    for (id, version) in &said.versions {
        match matched.get(id) {
            Some(arn) => compare(arn, version, live.get(arn).copied(), &own, &mut findings),
            None => findings.push(Finding {
                kind: Kind::NotCompared,
                version: id.to_string(),
                about: "which live version this is cannot be told".to_owned(),
                commands: Vec::new(),
            }),
        }
    }
    for (arn, version) in &live {
        if !matched.values().any(|known| known == arn) {
            unmatched(arn, version, said, &matched, &mut findings);
        }
    }
    findings.sort_by(|a, b| (a.kind, &a.version, &a.about).cmp(&(b.kind, &b.version, &b.about)));
    findings
}

/// The ARN of each version of the template: as it is said, as it is given, or by the order of a layer's versions, where
/// as many are live as are said.
fn matched<'s>(
    said: &'s Grants,
    live: &BTreeMap<String, &Version>,
    physical: &PhysicalIds,
) -> HashMap<&'s VersionId, String> {
    let mut matched: HashMap<&VersionId, String> = HashMap::new();
    for id in said.versions.keys() {
        let arn = match id {
            VersionId::Resource(id) => physical.get(id).cloned(),
            VersionId::Arn(arn) => match arn.as_literal() {
                Some(arn) => Some(arn.to_owned()),
                None => only(live.keys().filter(|live| may_be(arn, live))).cloned(),
            },
        };
        matched.extend(arn.map(|arn| (id, arn)));
    }
    let mut rest: BTreeMap<&str, (Vec<&VersionId>, Vec<&str>)> = BTreeMap::new();
    for (id, version) in &said.versions {
        if let (Some(layer), false) = (&version.layer, matched.contains_key(id)) {
            rest.entry(layer).or_default().0.push(id);
        }
    }
    for (arn, version) in live {
        let layer = version.layer.as_deref().and_then(|layer| rest.get_mut(layer));
        if let (Some((_, live)), false) = (layer, matched.values().any(|known| known == arn)) {
            live.push(arn);
        }
    }
    for (ids, mut arns) in rest.into_values() {
        arns.sort_by_key(|arn| number(arn));
        if ids.len() == arns.len() {
            matched.extend(ids.into_iter().zip(arns.into_iter().map(str::to_owned)));
        }
    }
    matched
}

/// The only item, if there is one and no other.
fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next();
    if items.next().is_some() { None } else { first }
}

/// Whether a text of which not all is known may be this ARN. What is not known stands for one field at the most.
fn may_be(text: &Text, arn: &str) -> bool {
    let mut said = vec![String::new()];
    let mut open = vec![false];
    for piece in text.pieces() {
        match piece {
            Piece::Literal(text) => {
                for (index, part) in text.split(':').enumerate() {
                    if index > 0 {
                        said.push(String::new());
                        open.push(false);
                    }
                    said.iter_mut().last().into_iter().for_each(|last| last.push_str(part));
                }
            }
            _ => open.iter_mut().last().into_iter().for_each(|last| *last = true),
        }
    }
    let fields: Vec<&str> = arn.split(':').collect();
    fields.len() == said.len()
        && fields.iter().zip(said.iter().zip(open)).all(|(field, (said, open))| open || field == said)
}

/// The number of a version, by its ARN.
fn number(arn: &str) -> u64 {
    arn.rsplit(':').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// Compares the sharing of one version. `live` is none where nobody may use it, or where its policy was not given; `own`
/// are the physical IDs of the stack's resources.
fn compare(arn: &str, said: &Version, live: Option<&Version>, own: &HashSet<&str>, findings: &mut Vec<Finding>) {
    let nothing = Version::default();
    let live = live.unwrap_or(&nothing);
    for (who, by) in &said.grants {
        if !live.grants.contains_key(who) {
            let sid = by.first().map_or("layershare", String::as_str);
            findings.push(finding(Kind::Missing, arn, who, add(arn, who, sid).into_iter().collect()));
        }
    }
    for (who, by) in &live.grants {
        let removed = |sids: &[String]| sids.iter().map(|sid| remove(arn, sid)).collect();
        match who {
            Who::Unknown(why) => findings.push(Finding {
                kind: Kind::NotUnderstood,
                version: arn.to_owned(),
                about: format!("{why} (statement {})", by.join(", ")),
                commands: Vec::new(),
            }),
            _ if !said.grants.contains_key(who) => {
                let kind = if *who == Who::Everyone { Kind::Widened } else { Kind::Extra };
                findings.push(finding(kind, arn, who, removed(by)));
            }
            _ if by.len() > 1 => findings.push(duplicate(arn, who, by, own)),
            _ => {}
        }
    }
}

/// Somebody is granted a version more than once. The stack's own grant is the one to keep, since it is the one that goes
/// with its rule; without the physical IDs it cannot be told from the others.
fn duplicate(arn: &str, who: &Who, by: &[String], own: &HashSet<&str>) -> Finding {
    let is_own = |sid: &&String| own.contains(format!("{arn}#{sid}").as_str());
    let Some(kept) = by.iter().find(is_own) else {
        let mut finding = finding(Kind::Duplicate, arn, who, Vec::new());
        finding.about.push_str("; the stack's list of resources tells which grant is its own");
        return finding;
    };
    finding(Kind::Duplicate, arn, who, by.iter().filter(|sid| *sid != kept).map(|sid| remove(arn, sid)).collect())
}

/// A live version that is none of the template's: its sharing outlived its rule, if the layer is the template's.
fn unmatched(
    arn: &str,
    live: &Version,
    said: &Grants,
    matched: &HashMap<&VersionId, String>,
    findings: &mut Vec<Finding>,
) {
    let mut own = said.versions.iter().filter(|(_, version)| version.layer.is_some() && version.layer == live.layer);
    let all_known = own.clone().all(|(id, _)| matched.contains_key(id));
    if own.next().is_some() && all_known {
        return compare(arn, &Version::default(), Some(live), &HashSet::new(), findings);
    }
    findings.push(Finding {
        kind: Kind::NotCompared,
        version: arn.to_owned(),
        about: "no rule is known to be about this version".to_owned(),
        commands: Vec::new(),
    });
}

fn finding(kind: Kind, arn: &str, who: &Who, commands: Vec<String>) -> Finding {
    Finding { kind, version: arn.to_owned(), about: who.to_string(), commands }
}

/// The region, the layer's name and the number in the ARN of a layer version.
fn fields(arn: &str) -> Option<(&str, &str, &str)> {
    let fields: Vec<&str> = arn.split(':').collect();
    match fields.as_slice() {
        [_, _, _, region, _, _, name, number] if fields.len() == LAYER_VERSION_FIELDS => Some((region, name, number)),
        _ => None,
    }
}

/// The options that both commands have.
fn common(arn: &str) -> String {
    let (region, name, number) = fields(arn).unwrap_or_default();
    format!("--region {} --layer-name {} --version-number {}", word(region), word(name), word(number))
}

fn remove(arn: &str, sid: &str) -> String {
    format!("aws lambda remove-layer-version-permission {} --statement-id {}", common(arn), word(sid))
}

fn add(arn: &str, who: &Who, sid: &str) -> Option<String> {
    let principal = match who {
        Who::Everyone => "--principal '*'".to_owned(),
        Who::Organization(id) => format!("--principal '*' --organization-id {}", word(id.as_literal()?)),
        Who::Account(id) => format!("--principal {}", word(id.as_literal()?)),
        Who::Unknown(_) => return None,
    };
    let action = "--action lambda:GetLayerVersion";
    let sid = word(sid.get(..100).unwrap_or(sid));
    Some(format!("aws lambda add-layer-version-permission {} --statement-id {sid} {action} {principal}", common(arn)))
}

/// A text as one word of a shell.
#[must_use]
pub fn word(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:@".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
