//! How the live sharing differs from the declared sharing.

mod words;

use super::closed_world;
use super::grants::{GrantedBy, Grants, SharedVersion, VersionId, Who, WhyUnknown};
use crate::aws::arn::Arn;
use crate::cloudformation::Template;
use crate::cloudformation::stack_set::rolled_out;
use crate::cloudformation::unread::{Extent, Unread};
use crate::cloudformation::unread_kind::UnreadKind;
use crate::partial::Text;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What is wrong with the sharing of one layer version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DriftKind {
    /// Everyone may use it, and the template does not declare that.
    Widened,
    /// Its archive is not the one that the source pins.
    OtherArchive,
    /// The stack has its grants on another version.
    OtherVersion,
    /// Somebody may use it, and the template does not declare that.
    Extra,
    /// Somebody may not use it, although the template declares that.
    Missing,
    /// Somebody has more than one grant: removing one would not revoke access.
    Duplicate,
    /// A statement that is not supported.
    NotUnderstood,
    /// There is no counterpart to compare with.
    NotCompared,
}

/// One difference between what is declared and what is live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriftFinding {
    /// What it is about.
    pub version: ComparedVersion,
    /// What differs.
    pub difference: Difference,
    /// The resource that declares it: the missing grant, or the version; for an adopted version,
    /// one of its grants.
    pub resource: Option<String>,
}

/// What is compared: a version, or what may be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ComparedVersion {
    /// A live version, by its ARN.
    Live(String),
    /// A declared version whose ARN is unknown.
    Declared(VersionId),
    /// A declared version, in a region without anything to compare with.
    InRegion(VersionId, String),
    /// An unread part of a template, by its place.
    Unread(String),
}

/// What differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Somebody may use the version by these statements, and the template does not declare it.
    Undeclared(Who, Vec<String>),
    /// Somebody may not use the version, and this grant of the template declares it; without one,
    /// its name is unknown.
    Missing(Who, Option<String>),
    /// The same, and the stack that published the version does not have this grant yet.
    NotGrantedYet(Who, String),
    /// Somebody has several grants.
    Duplicate {
        /// Who.
        who: Who,
        /// The statements that are not the stack's own; `None` if it is unknown which one is.
        others: Option<Vec<String>>,
    },
    /// The archive is another one.
    OtherArchive {
        /// The SHA-256 of the live archive.
        live: String,
        /// The one that the source pins.
        pinned: String,
    },
    /// A stack has this grant on another version.
    OtherVersion {
        /// The logical ID of the grant.
        grant: String,
        /// The ARN of the other version.
        other: String,
    },
    /// These statements let somebody unknown use it.
    NotUnderstood(WhyUnknown, Vec<String>),
    /// There is nothing to compare with.
    NotCompared(NotCompared),
}

/// Why something is not compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotCompared {
    /// The ARN of a resource is unknown.
    UnknownResource,
    /// Parts of an ARN are unknown.
    UnknownArn,
    /// Nothing that is live in a region was given.
    NothingInRegion,
    /// The live policy of a version was not given.
    NoPolicy,
    /// The version may be newer than the list of the stack's resources.
    Newer,
    /// No rule is known to be about the version.
    NoRule,
    /// A part like this may change the whole template.
    MayChangeTemplate(UnreadKind),
}

/// A command that fixes a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DriftCommand<'f> {
    /// Removes a statement from the policy of a version.
    Remove {
        /// The version.
        arn: &'f str,
        /// The statement ID.
        sid: &'f str,
    },
    /// Adds a grant to the policy of a version.
    Add {
        /// The version.
        arn: &'f str,
        /// The principal.
        who: &'f Who,
        /// The statement ID.
        sid: &'f str,
    },
}

impl DriftFinding {
    fn new(version: ComparedVersion, difference: Difference) -> Self {
        Self {
            version,
            difference,
            resource: None,
        }
    }

    fn live(arn: &str, difference: Difference) -> Self {
        Self::new(ComparedVersion::Live(arn.to_owned()), difference)
    }

    fn not_compared(version: ComparedVersion, why: NotCompared) -> Self {
        Self::new(version, Difference::NotCompared(why))
    }

    /// The kind of difference.
    #[must_use]
    pub fn kind(&self) -> DriftKind {
        match &self.difference {
            Difference::Undeclared(Who::Everyone, _) => DriftKind::Widened,
            Difference::Undeclared(..) => DriftKind::Extra,
            Difference::Missing(..) | Difference::NotGrantedYet(..) => DriftKind::Missing,
            Difference::Duplicate { .. } => DriftKind::Duplicate,
            Difference::OtherArchive { .. } => DriftKind::OtherArchive,
            Difference::OtherVersion { .. } => DriftKind::OtherVersion,
            Difference::NotUnderstood(..) => DriftKind::NotUnderstood,
            Difference::NotCompared(_) => DriftKind::NotCompared,
        }
    }

    /// The commands that fix it.
    #[must_use]
    pub fn commands(&self) -> Vec<DriftCommand<'_>> {
        let ComparedVersion::Live(arn) = &self.version else {
            return Vec::new();
        };
        match &self.difference {
            Difference::Undeclared(_, sids) => removed(arn, sids),
            Difference::Duplicate { others, .. } => removed(arn, others.iter().flatten()),
            Difference::Missing(who, grant) => {
                let sid = grant.as_deref().unwrap_or("layershare");
                vec![DriftCommand::Add { arn, who, sid }]
            }
            // The deploy grants it. A grant that is added by hand would stay alongside it, and
            // outlive it.
            Difference::NotGrantedYet(..)
            | Difference::OtherArchive { .. }
            | Difference::OtherVersion { .. }
            | Difference::NotUnderstood(..)
            | Difference::NotCompared(_) => Vec::new(),
        }
    }
}

fn removed<'f>(arn: &'f str, sids: impl IntoIterator<Item = &'f String>) -> Vec<DriftCommand<'f>> {
    let mut commands = Vec::new();
    for sid in sids {
        commands.push(DriftCommand::Remove { arn, sid });
    }
    commands
}

/// The physical IDs of the resources of stacks, by logical ID, one for each region. The physical ID
/// of a layer version is its ARN; that of a permission is the version's ARN, `#` and the Sid
/// (CloudFormation User Guide, return values).
pub type PhysicalIds = BTreeMap<String, Vec<String>>;

/// A stack, or a version of one, that is declared for a region and does not exist there yet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotDeployed {
    /// Its name, for people.
    pub what: String,
    /// For a version, the name of its layer where that is known.
    pub layer: Option<String>,
    /// The region.
    pub region: String,
}

/// The result of comparing live sharing with declared sharing.
#[derive(Debug, Default)]
pub struct Drift {
    /// Every difference, the widest first.
    pub findings: Vec<DriftFinding>,
    /// The number of versions that were compared.
    pub compared: usize,
    /// The unshared versions without a live policy.
    pub not_seen: Vec<String>,
    /// What does not exist yet, and therefore has no sharing to compare.
    pub not_deployed: Vec<NotDeployed>,
    /// The parts of the templates that may share the versions and are not read.
    pub not_read: Vec<Unread>,
}

impl Drift {
    /// Adds the parts of a template that are not read. A macro may change the whole template, so it
    /// is a finding. Another part may only add grants, which are live and compared.
    pub fn add_not_read(&mut self, template: &Template, declared: &Grants) {
        for part in closed_world::not_read(template, &rolled_out(template)) {
            match part.extent {
                Extent::Template => self.findings.push(DriftFinding::not_compared(
                    ComparedVersion::Unread(part.place),
                    NotCompared::MayChangeTemplate(part.kind),
                )),
                Extent::Handed(_) if declared.versions.iter().any(|one| may_share(&part, one)) => {
                    self.not_read.push(part);
                }
                Extent::Handed(_) => {}
            }
        }
    }
}

/// Whether a part that is not read may share a version.
fn may_share(part: &Unread, (id, version): (&VersionId, &SharedVersion)) -> bool {
    let names: Vec<String> = version.names.iter().map(Text::to_string).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match id {
        VersionId::Resource(id) => part.concerns(&[id], &names),
        VersionId::Arn(_) => part.concerns(&[], &names),
    }
}

/// Compares. All principals in `declared` must be known. `archives` are the SHA-256 of live
/// archives, in hexadecimal digits, by the ARNs of their versions. `declared` does not have what is
/// `not_deployed`.
#[must_use]
pub fn drift(
    declared: &Grants,
    live: &Grants,
    physical: &PhysicalIds,
    archives: &BTreeMap<String, String>,
    not_deployed: Vec<NotDeployed>,
) -> Drift {
    let live = live.versions.iter();
    let live: BTreeMap<String, _> = live.map(|(id, one)| (id.to_string(), one)).collect();
    let matched = matched(declared, &live, physical);
    let own: HashSet<&str> = physical.values().flatten().map(String::as_str).collect();
    let known: HashSet<&str> = matched.values().flatten().map(String::as_str).collect();
    let mut drift = Drift {
        not_deployed,
        ..Drift::default()
    };
    for (id, version) in &declared.versions {
        if let VersionId::Arn(arn) = id {
            drift.findings.extend(other_version(arn, version, physical));
        }
        match matched.get(id) {
            None => drift.findings.push(DriftFinding {
                resource: declares(id, version),
                ..DriftFinding::not_compared(ComparedVersion::Declared(id.clone()), why_unknown(id))
            }),
            Some(arns) => {
                for arn in arns {
                    let begun = drift.findings.len();
                    compare_one(arn, version, &live, (&own, physical), &mut drift);
                    drift.findings.extend(other_archive(arn, version, archives));
                    for finding in drift.findings.iter_mut().skip(begun) {
                        let resource = finding.resource.take();
                        finding.resource = resource.or_else(|| declares(id, version));
                    }
                }
                drift.findings.extend(other_regions(id, version, arns));
            }
        }
    }
    for (arn, version) in &live {
        if known.contains(arn.as_str()) {
            continue;
        }
        if is_newer(arn, &drift.not_deployed, &known) {
            if !version.grants.is_empty() || !version.denials.is_empty() {
                let version = ComparedVersion::Live(arn.clone());
                let newer = DriftFinding::not_compared(version, NotCompared::Newer);
                drift.findings.push(newer);
            }
            continue;
        }
        unmatched(arn, version, declared, &matched, &mut drift.findings);
    }
    drift.findings.sort_by_cached_key(|finding| {
        let (version, difference) = (&finding.version, &finding.difference);
        (finding.kind(), version.to_string(), difference.to_string())
    });
    drift
}

/// The regions of a version in which nothing live was given.
fn other_regions(id: &VersionId, version: &SharedVersion, arns: &[String]) -> Vec<DriftFinding> {
    let mut found = Vec::new();
    for region in &version.regions {
        if arns.iter().all(|arn| account(arn).0 != region.as_str()) {
            found.push(DriftFinding {
                resource: declares(id, version),
                ..DriftFinding::not_compared(
                    ComparedVersion::InRegion(id.clone(), region.clone()),
                    NotCompared::NothingInRegion,
                )
            });
        }
    }
    found
}

/// Why the live version of a declared one is not found.
fn why_unknown(id: &VersionId) -> NotCompared {
    match id {
        VersionId::Resource(_) => NotCompared::UnknownResource,
        VersionId::Arn(_) => NotCompared::UnknownArn,
    }
}

/// Compares one version in one region.
fn compare_one(
    arn: &str,
    declared: &SharedVersion,
    live: &BTreeMap<String, &SharedVersion>,
    stacks: (&HashSet<&str>, &PhysicalIds),
    drift: &mut Drift,
) {
    match live.get(arn) {
        Some(live) => {
            drift.compared += 1;
            compare(arn, declared, live, stacks, &mut drift.findings);
        }
        None if declared.grants.keys().all(|who| *who == Who::Owner) => {
            drift.not_seen.push(arn.to_owned());
        }
        None => drift.findings.push(DriftFinding::not_compared(
            ComparedVersion::Live(arn.to_owned()),
            NotCompared::NoPolicy,
        )),
    }
}

/// A live archive that is not the one that the source pins.
fn other_archive(
    arn: &str,
    declared: &SharedVersion,
    archives: &BTreeMap<String, String>,
) -> Option<DriftFinding> {
    let (pinned, live) = (declared.sha256.as_ref()?, archives.get(arn)?);
    if pinned == live {
        return None;
    }
    let difference = Difference::OtherArchive {
        live: live.clone(),
        pinned: pinned.clone(),
    };
    Some(DriftFinding::live(arn, difference))
}

/// Whether a stack has this grant on a version, or one whose version is unknown.
fn has_grant(grant: &str, arn: &str, physical: &PhysicalIds) -> bool {
    let mut deployed = physical.get(grant).into_iter().flatten();
    deployed.any(|id| id.split_once('#').is_none_or(|(version, _)| version == arn))
}

/// A version that is listed by its ARN, while a stack has its grants on another one: the ARN has
/// another number than the version that this stack published, or shared until now.
fn other_version(
    arn: &Text,
    declared: &SharedVersion,
    physical: &PhysicalIds,
) -> Option<DriftFinding> {
    for by in declared.grants.values().flatten() {
        let deployed = physical.get(&by.id).map_or(&[][..], Vec::as_slice);
        let mut versions = deployed.iter().filter_map(|id| Some(id.split_once('#')?.0));
        if let Some(other) = versions.find(|other| has_other_number(arn, other)) {
            return Some(DriftFinding {
                version: ComparedVersion::Declared(VersionId::Arn(arn.clone())),
                difference: Difference::OtherVersion {
                    grant: by.id.clone(),
                    other: other.to_owned(),
                },
                resource: Some(by.id.clone()),
            });
        }
    }
    None
}

/// What declares a version: its resource, or the first of its grants.
fn declares(id: &VersionId, version: &SharedVersion) -> Option<String> {
    match id {
        VersionId::Resource(id) => Some(id.clone()),
        VersionId::Arn(_) => {
            let mut grants = version.grants.values().flatten();
            grants.next().map(|by| by.id.clone())
        }
    }
}

/// The ARNs of each version of the templates, one for each region, from the template or from the
/// stacks' resources. Nothing is guessed.
fn matched<'s>(
    declared: &'s Grants,
    live: &BTreeMap<String, &SharedVersion>,
    physical: &PhysicalIds,
) -> HashMap<&'s VersionId, Vec<String>> {
    let mut matched: HashMap<&VersionId, Vec<String>> = HashMap::new();
    for id in declared.versions.keys() {
        let arns = match id {
            VersionId::Resource(id) => physical.get(id).cloned().unwrap_or_default(),
            VersionId::Arn(arn) => match arn.as_literal() {
                Some(arn) => vec![arn.to_owned()],
                None => one_in_each_region(live.keys().filter(|live| may_be(arn, live))),
            },
        };
        if !arns.is_empty() {
            matched.insert(id, arns);
        }
    }
    matched
}

/// ARNs, if no two are in one region.
fn one_in_each_region<'a>(arns: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut regions = HashSet::new();
    let mut found = Vec::new();
    for arn in arns {
        if !regions.insert(account(arn).0) {
            return Vec::new();
        }
        found.push(arn.clone());
    }
    found
}

/// Whether a text with an unknown partition, region or account may be this ARN.
fn may_be(text: &Text, arn: &str) -> bool {
    with_its_number(text, arn) == Some(true)
}

/// Whether an ARN is that of the same layer, and has another number.
fn has_other_number(text: &Text, arn: &str) -> bool {
    with_its_number(text, arn) == Some(false)
}

/// Whether an ARN has the number of a text, if it may be of the same layer.
fn with_its_number(text: &Text, arn: &str) -> Option<bool> {
    let (declared, found): (Arn<Text>, Arn<&str>) = (Arn::of(text)?, Arn::of(arn)?);
    let (declared_kind, kind) = (declared.resource.first()?, *found.resource.first()?);
    let is_alike = field_may_be(&declared.prefix, found.prefix)
        && field_may_be(&declared.service, found.service)
        && field_may_be(declared_kind, kind);
    let (declared, found) = (declared.layer_version()?, found.layer_version()?);
    let is_of_same_layer = is_alike
        && field_may_be(&declared.partition, found.partition)
        && field_may_be(&declared.region, found.region)
        && field_may_be(&declared.account, found.account)
        && declared.name.is(found.name);
    is_of_same_layer.then(|| declared.version.is(found.version))
}

/// Whether a field of an ARN has a value or may have it.
fn field_may_be(field: &Text, text: &str) -> bool {
    field.as_literal().is_none_or(|known| known == text)
}

/// Compares the sharing of one version. `own` are the physical IDs of the stack's resources.
fn compare(
    arn: &str,
    declared: &SharedVersion,
    live: &SharedVersion,
    (own, physical): (&HashSet<&str>, &PhysicalIds),
    findings: &mut Vec<DriftFinding>,
) {
    for (who, by) in &declared.grants {
        if *who != Who::Owner && !live.grants.contains_key(who) {
            let grant = by.first().map(|by| by.id.clone());
            let difference = match &grant {
                Some(grant) if own.contains(arn) && !has_grant(grant, arn, physical) => {
                    Difference::NotGrantedYet(who.clone(), grant.clone())
                }
                Some(_) | None => Difference::Missing(who.clone(), grant.clone()),
            };
            findings.push(DriftFinding {
                resource: grant,
                ..DriftFinding::live(arn, difference)
            });
        }
    }
    for (who, by) in &live.grants {
        let difference = match who {
            Who::Unknown(why, _) => Difference::NotUnderstood(why.clone(), sids(by)),
            Who::Owner => continue,
            Who::Everyone | Who::Organization(_) | Who::Account(_)
                if !declared.grants.contains_key(who) =>
            {
                Difference::Undeclared(who.clone(), sids(by))
            }
            Who::Everyone | Who::Organization(_) | Who::Account(_) if by.len() > 1 => {
                Difference::Duplicate {
                    who: who.clone(),
                    others: others(arn, by, own),
                }
            }
            Who::Everyone | Who::Organization(_) | Who::Account(_) => continue,
        };
        findings.push(DriftFinding::live(arn, difference));
    }
}

fn sids(by: &[GrantedBy]) -> Vec<String> {
    by.iter().map(|by| by.id.clone()).collect()
}

/// The statements among several for one principal that are not the stack's own. That one is to be
/// kept, since it is deleted with its rule; only its physical ID distinguishes it from the others.
fn others(arn: &str, by: &[GrantedBy], own: &HashSet<&str>) -> Option<Vec<String>> {
    let mut grants = by.iter();
    let kept = grants.find(|by| own.contains(format!("{arn}#{}", by.id).as_str()))?;
    let mut others = sids(by);
    others.retain(|sid| *sid != kept.id);
    Some(others)
}

/// A live version that is not in the template. Its sharing outlived its rule if the template has
/// the layer and every version in the template is known to be another one.
fn unmatched(
    arn: &str,
    live: &SharedVersion,
    declared: &Grants,
    matched: &HashMap<&VersionId, Vec<String>>,
    findings: &mut Vec<DriftFinding>,
) {
    let is_known = declared
        .versions
        .values()
        .any(|version| is_of_same_layer(version, live));
    let all_matched = declared
        .versions
        .iter()
        .all(|(id, version)| !is_of_same_layer(version, live) || matched.contains_key(id));
    let mut places = matched
        .values()
        .flatten()
        .map(|arn| account(arn))
        .peekable();
    let is_here = places.peek().is_none() || places.any(|own| own == account(arn));
    let is_ours = is_known && all_matched && is_here;
    if is_ours {
        return compare(
            arn,
            &SharedVersion::default(),
            live,
            (&HashSet::new(), &PhysicalIds::new()),
            findings,
        );
    }
    findings.push(DriftFinding::not_compared(
        ComparedVersion::Live(arn.to_owned()),
        NotCompared::NoRule,
    ));
}

/// Whether a live version may be one that is not deployed as far as the stack's resources show: it
/// is newer than every known version of its layer in its region.
fn is_newer(arn: &str, not_deployed: &[NotDeployed], known: &HashSet<&str>) -> bool {
    let number = |arn: &str| fields(arn).and_then(|(.., number)| number.parse::<u64>().ok());
    let Some((region, name, _)) = fields(arn) else {
        return false;
    };
    let is_its = |one: &NotDeployed| one.layer.as_deref() == Some(name) && one.region == region;
    not_deployed.iter().any(is_its)
        && known
            .iter()
            .filter(|known| fields(known).is_some_and(|of| (of.0, of.1) == (region, name)))
            .all(|known| number(known) < number(arn))
}

/// The region and the account of an ARN.
fn account(arn: &str) -> (&str, &str) {
    Arn::of(arn).map_or(("", ""), |arn| (arn.region, arn.account))
}

/// The region, the layer's name and the number in the ARN of a layer version.
fn fields(arn: &str) -> Option<(&str, &str, &str)> {
    let arn = Arn::of(arn)?.layer_version()?;
    Some((arn.region, arn.name, arn.version))
}

/// Whether two versions are known to be of one layer.
fn is_of_same_layer(one: &SharedVersion, other: &SharedVersion) -> bool {
    one.layer().is_some() && one.layer() == other.layer()
}
