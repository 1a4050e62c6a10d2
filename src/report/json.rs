//! Reports for programs.

use super::MadeFrom;
use super::access::{AccessRows, if_words, why};
use super::diff::{ShownChange, attach_changes, kind};
use crate::access::Access;
use crate::access::diff::{Comes, Diff, Note, Prominence, UseChange};
use crate::access::grants::{GrantedBy, VersionId, Who};
use crate::access::part_change::How;
use serde_json::{Value as Json, json};

/// The schemas of an access and of a difference, in docs/schemas. The version of a schema stays the
/// same when fields are added; it increases when a field is removed or changes its meaning.
const ACCESS_SCHEMA: &str = "layershare/access/1";
const DIFF_SCHEMA: &str = "layershare/diff/1";

pub(super) fn access(access: &Access, rows: &AccessRows, made_from: &MadeFrom) -> Json {
    let mut versions = Vec::new();
    for (id, version) in &access.grants.versions {
        let mut who: Vec<(&Who, &Vec<GrantedBy>)> = version.grants.iter().collect();
        who.sort_by_key(|(who, _)| *who);
        let grants: Vec<Json> = who
            .into_iter()
            .map(|(who, by)| grant(access, who, by))
            .collect();
        let id = id.to_string();
        let label = access.authored.labels.get(&id);
        versions.push(json!({
            "id": id,
            "layer": version.layer(),
            "label": label,
            "regions": version.regions,
            "grants": grants,
        }));
    }
    let attach: Vec<Json> = rows
        .subjects
        .iter()
        .map(|row| json!({ "subject": row.subject, "verb": row.verb, "layers": row.lines }))
        .collect();
    let not_read: Vec<Json> = rows
        .not_read
        .iter()
        .map(|(place, what)| json!({ "place": place, "what": what }))
        .collect();
    let files: Vec<Json> = made_from
        .files
        .iter()
        .map(|file| json!({ "name": file.name, "sha256": file.sha256 }))
        .collect();
    let stale: Vec<Json> = made_from
        .stale
        .iter()
        .map(|stale| json!({ "source": stale.source, "templates": stale.templates }))
        .collect();
    json!({
        "schema": ACCESS_SCHEMA,
        "made_from": { "files": files, "revision": made_from.revision, "stale": stale },
        "versions": versions,
        "attach": attach,
        "not_read": not_read,
    })
}

fn who_json(access: &Access, who: &Who) -> Json {
    let (kind, id) = match who {
        Who::Everyone => ("everyone", None),
        Who::Organization(id) => ("organization", Some(id.to_string())),
        Who::Account(id) => ("account", Some(id.to_string())),
        Who::Owner => ("owner", None),
        Who::Unknown(why, _) => ("unknown", Some(why.to_string())),
    };
    let names = id.as_ref().and_then(|id| access.authored.names.get(id));
    json!({ "kind": kind, "id": id, "names": names })
}

fn grant(access: &Access, who: &Who, by: &[GrantedBy]) -> Json {
    let mut grant = who_json(access, who);
    let words = if_words(by);
    let ids: Vec<&str> = by.iter().map(|by| by.id.as_str()).collect();
    grant["by"] = json!(ids);
    grant["when"] = json!(words.strip_prefix(", if "));
    let (because, until) = why(access, by);
    grant["because"] = json!(because);
    grant["until"] = json!(until.map(|until| until.to_string()));
    grant
}

pub(super) fn diff(diff: &Diff, old: &Access, new: &Access) -> Json {
    let wider = attach_changes(&diff.wider, new);
    let narrower = attach_changes(&diff.narrower, old);
    json!({
        "schema": DIFF_SCHEMA,
        "broader": diff.is_broader(),
        "gained": diff.gained.iter().map(|change| use_change(change, new)).collect::<Vec<_>>(),
        "lost": diff.lost.iter().map(|change| use_change(change, old)).collect::<Vec<_>>(),
        "wider": wider.iter().map(attach_change).collect::<Vec<_>>(),
        "narrower": narrower.iter().map(attach_change).collect::<Vec<_>>(),
        "notes": diff.notes.iter().map(|one| note(one, new)).collect::<Vec<_>>(),
        "not_read": diff.not_read.iter().map(|change| {
            let (was_there, is_gone) = match change.how {
                How::New => (false, false),
                How::Changed => (true, false),
                How::Gone { .. } => (true, true),
            };
            let (place, what) = (&change.place, change.kind.to_string());
            json!({ "place": place, "what": what, "was_there": was_there, "is_gone": is_gone })
        }).collect::<Vec<_>>(),
    })
}

fn use_change(change: &UseChange, access: &Access) -> Json {
    let is_foreign = match change.prominence {
        Prominence::ForeignOrganization | Prominence::ForeignAccount => true,
        Prominence::Everyone | Prominence::Unknown | Prominence::Known => false,
    };
    json!({
        "version": change.version.to_string(),
        "who": who_json(access, &change.who),
        "when": change.when.as_ref().map(ToString::to_string),
        "foreign": is_foreign,
        "with_version": change.with_version,
    })
}

fn attach_change(shown: &ShownChange<'_>) -> Json {
    let comes = shown.change.comes.map(|comes| match comes {
        Comes::Comes => "new",
        Comes::Goes => "gone",
    });
    json!({
        "subject": shown.change.subject,
        "kind": kind(&shown.change.what),
        "what": shown.what,
        "when": shown.change.when.as_ref().map(ToString::to_string),
        "subject_is": comes,
    })
}

fn note(note: &Note, access: &Access) -> Json {
    let of_grant = |kind: &str, who, version: &VersionId, grant| {
        let who = who_json(access, who);
        json!({ "kind": kind, "who": who, "version": version.to_string(), "grant": grant })
    };
    match note {
        Note::Outlives(who, version, grant) => of_grant("outlives", who, version, grant),
        Note::NoLongerOutlives(who, version, grant) => {
            of_grant("no-longer-outlives", who, version, grant)
        }
        Note::Kept(who, version, grant) => of_grant("kept", who, version, grant),
        Note::Republished(version, who) => {
            let who: Vec<Json> = who.iter().map(|who| who_json(access, who)).collect();
            json!({ "kind": "republished", "version": version.to_string(), "who": who })
        }
    }
}
