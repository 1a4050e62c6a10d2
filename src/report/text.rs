//! Reports for a terminal.

use super::access::AccessRows;
use super::diff::DiffSentences;
use super::escape::line as escaped;

pub(super) fn access(rows: &AccessRows) -> String {
    let mut text = String::new();
    for version in &rows.public {
        line(&mut text, "", &format!("EVERYONE can use {version}"));
    }
    for layer in &rows.layers {
        text.push('\n');
        line(&mut text, "", &layer.heading());
        for version in &layer.versions {
            line(&mut text, "  ", &version.id);
            if version.grants.is_empty() {
                line(&mut text, "    ", "nobody but its owner");
            }
            for grant in &version.grants {
                line(&mut text, "    ", &grant.sentence());
            }
        }
    }
    for row in &rows.subjects {
        text.push('\n');
        line(&mut text, "", &format!("{} {}", row.subject, row.verb));
        row.lines
            .iter()
            .for_each(|sentence| line(&mut text, "  ", sentence));
    }
    if !rows.not_read.is_empty() {
        text.push('\n');
        line(
            &mut text,
            "",
            "not read: the effect of these is not in the template",
        );
        for (place, what) in &rows.not_read {
            line(&mut text, "  ", &format!("{place}: {what}"));
        }
    }
    text.trim_start_matches('\n').to_owned()
}

pub(super) fn diff(sentences: &DiffSentences) -> String {
    let mut text = String::new();
    let groups = [
        ("!! ", &sentences.loud),
        ("+ ", &sentences.gained),
        ("- ", &sentences.lost),
        ("  ", &sentences.notes),
    ];
    for (sign, sentences) in groups {
        for sentence in sentences {
            line(&mut text, sign, sentence);
        }
    }
    if text.is_empty() {
        "nobody gains or loses anything\n".to_owned()
    } else {
        text
    }
}

fn line(text: &mut String, before: &str, line: &str) {
    text.push_str(before);
    text.push_str(&escaped(line));
    text.push('\n');
}
