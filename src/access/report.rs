//! Who can use what and what may be attached, for people and for programs.

use super::attach::attachable;
use super::grants::{Grants, Who};
use super::subject::{Subject, subjects};
use super::value::Template;
use super::ways::Way;
use crate::pattern::Pattern;
use serde_json::{Value as Json, json};
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;

/// What the source calls accounts and organizations, by their IDs.
pub type Names = HashMap<String, String>;

/// A layer, and each of its versions with who can use it.
type LayerRows = (String, Vec<(String, Vec<String>)>);

/// What a template, or the policies of layer versions, let anybody do.
#[derive(Debug, Default)]
pub struct Access {
    /// Who may use which layer version.
    pub grants: Grants,
    /// The roles and policies.
    pub subjects: Vec<Subject>,
    /// Names for IDs.
    pub names: Names,
    /// What is assumed for what only a deploy tells, and what to show instead.
    pub assumed: Vec<(String, String)>,
}

impl Access {
    /// The access that a template gives.
    #[must_use]
    pub fn of_template(json: Json, given: &[(String, String)], names: Names) -> Self {
        let template = Template::new(json, given);
        let grants = Grants::of_template(&template);
        let template = template.assumed();
        let mut assumed: Vec<(String, String)> =
            template.assumed_arns().into_iter().map(|(arn, id)| (arn, format!("${{{id}}}"))).collect();
        if !given.iter().any(|(name, _)| name == "AWS::AccountId") {
            let account = template.parameter("AWS::AccountId").unwrap_or_default().to_owned();
            assumed.push((account, "${AWS::AccountId}".to_owned()));
        }
        Self { grants, subjects: subjects(&template), names, assumed }
    }

    /// A text without the values that are assumed.
    #[must_use]
    pub fn without_assumed(&self, text: &str) -> String {
        let replaced = |text: String, (value, shown): &(String, String)| match value.is_empty() {
            true => text,
            false => text.replace(value, shown),
        };
        self.assumed.iter().fold(text.to_owned(), replaced)
    }

    /// Somebody, with what the source calls them.
    #[must_use]
    pub fn shown(&self, who: &Who) -> String {
        let id = match who {
            Who::Account(id) | Who::Organization(id) => id.to_string(),
            Who::Everyone => return "EVERYONE: every AWS account there is".to_owned(),
            Who::Unknown(_) => String::new(),
        };
        match self.names.get(&id) {
            Some(names) => format!("{who} ({names})"),
            None => who.to_string(),
        }
    }

    /// The versions that everyone can use.
    fn public(&self) -> Vec<String> {
        let versions = self.grants.versions.iter();
        versions
            .filter(|(_, version)| version.grants.contains_key(&Who::Everyone))
            .map(|(id, _)| id.to_string())
            .collect()
    }

    /// The versions of each layer, with who can use them.
    fn layers(&self) -> Vec<LayerRows> {
        let mut layers: Vec<LayerRows> = Vec::new();
        for (id, version) in &self.grants.versions {
            let layer = version.layer.clone().unwrap_or_else(|| "layer without a known name".to_owned());
            let mut who: Vec<&Who> = version.grants.keys().collect();
            who.sort();
            let row = (id.to_string(), who.into_iter().map(|who| self.shown(who)).collect());
            match layers.iter_mut().find(|(name, _)| *name == layer) {
                Some((_, versions)) => versions.push(row),
                None => layers.push((layer, vec![row])),
            }
        }
        layers
    }

    /// What each role and policy lets attach, in sentences.
    fn attach(&self) -> Vec<(String, Vec<String>)> {
        let sentences = |subject: &Subject| {
            let found = attachable(subject);
            let certain =
                |way: &Way| found.certain.iter().any(|one| one.within == way.within && one.outside == way.outside);
            let lines = found.possible.iter().map(|way| self.without_assumed(&sentence(way, certain(way))));
            let mut lines: Vec<String> = lines.collect();
            if lines.is_empty() {
                lines.push("no layer".to_owned());
            }
            lines.extend(found.doubts.iter().map(|doubt| format!("undecided: {doubt}")));
            (format!("{} ({})", subject.name, subject.kind), lines)
        };
        self.subjects.iter().map(sentences).collect()
    }

    /// For a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for version in self.public() {
            line(&mut text, &format!("EVERYONE can use {version}"));
        }
        for (layer, versions) in self.layers() {
            line(&mut text, &format!("\n{layer}"));
            for (version, who) in versions {
                line(&mut text, &format!("  {version}"));
                if who.is_empty() {
                    line(&mut text, "    nobody but its owner");
                }
                who.iter().for_each(|who| line(&mut text, &format!("    {who}")));
            }
        }
        for (subject, lines) in self.attach() {
            line(&mut text, &format!("\n{subject} lets attach"));
            lines.iter().for_each(|sentence| line(&mut text, &format!("  {sentence}")));
        }
        text.trim_start_matches('\n').to_owned()
    }

    /// For a pull request.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = "## Who can use which layer\n\n".to_owned();
        for version in self.public() {
            line(&mut text, &format!("> **EVERYONE**, every AWS account there is, can use {}\n", cell(&version)));
        }
        line(&mut text, "| layer | version | can be used by |\n| --- | --- | --- |");
        for (layer, versions) in self.layers() {
            for (version, who) in versions {
                let who = if who.is_empty() {
                    "nobody but its owner".to_owned()
                } else {
                    who.iter().map(|who| cell(who)).collect::<Vec<_>>().join("<br>")
                };
                line(&mut text, &format!("| {} | {} | {who} |", cell(&layer), cell(&version)));
            }
        }
        line(&mut text, &format!("\n```mermaid\n{}```", self.picture()));
        let attach = self.attach();
        if !attach.is_empty() {
            line(&mut text, "\n## What may be attached\n\n| by | layers |\n| --- | --- |");
            for (subject, lines) in attach {
                let lines: Vec<String> = lines.iter().map(|sentence| cell(sentence)).collect();
                line(&mut text, &format!("| {} | {} |", cell(&subject), lines.join("<br>")));
            }
        }
        text
    }

    /// A picture of who reaches what, in the words of Mermaid.
    fn picture(&self) -> String {
        let mut text = "flowchart LR\n".to_owned();
        let everybody: BTreeSet<&Who> =
            self.grants.versions.values().flat_map(|version| version.grants.keys()).collect();
        let number: HashMap<&Who, usize> = everybody.iter().enumerate().map(|(index, who)| (*who, index)).collect();
        for who in &everybody {
            line(&mut text, &format!("  w{}[\"{}\"]", number[*who], picture_text(&self.shown(who))));
        }
        for (index, (id, version)) in self.grants.versions.iter().enumerate() {
            line(&mut text, &format!("  v{index}([\"{}\"])", picture_text(&id.to_string())));
            for who in everybody.iter().filter(|who| version.grants.contains_key(**who)) {
                line(&mut text, &format!("  w{} --> v{index}", number[*who]));
            }
        }
        text
    }

    /// For programs: `versions`, each with its `id`, its `layer` and the `grants`; and `attach`, the sentences.
    #[must_use]
    pub fn json(&self) -> Json {
        let versions: Vec<Json> = self
            .grants
            .versions
            .iter()
            .map(|(id, version)| {
                let mut who: Vec<(&Who, &Vec<String>)> = version.grants.iter().collect();
                who.sort();
                let grants: Vec<Json> = who.into_iter().map(|(who, by)| self.grant(who, by)).collect();
                json!({ "id": id.to_string(), "layer": version.layer, "grants": grants })
            })
            .collect();
        let attach: Vec<Json> = self
            .attach()
            .into_iter()
            .map(|(subject, layers)| json!({ "subject": subject, "layers": layers }))
            .collect();
        json!({ "versions": versions, "attach": attach })
    }

    /// One grant, for programs.
    #[must_use]
    pub fn grant(&self, who: &Who, by: &[String]) -> Json {
        let (kind, id) = match who {
            Who::Everyone => ("everyone", None),
            Who::Organization(id) => ("organization", Some(id.to_string())),
            Who::Account(id) => ("account", Some(id.to_string())),
            Who::Unknown(why) => ("unknown", Some(why.clone())),
        };
        let names = id.as_ref().and_then(|id| self.names.get(id));
        json!({ "kind": kind, "id": id, "names": names, "by": by })
    }

    /// A page that needs nothing but itself.
    #[must_use]
    pub fn html(&self) -> String {
        let mut body = String::new();
        for version in self.public() {
            line(
                &mut body,
                &format!("<p class=\"loud\">Everyone, every AWS account there is, can use {}</p>", escaped(&version)),
            );
        }
        line(
            &mut body,
            "<table><caption>Who can use which layer</caption><tr><th>Layer</th><th>Version</th><th>Can be used by</th></tr>",
        );
        for (layer, versions) in self.layers() {
            for (version, who) in versions {
                let who = if who.is_empty() { "nobody but its owner".to_owned() } else { list(&who) };
                line(
                    &mut body,
                    &format!("<tr><td>{}</td><td>{}</td><td>{who}</td></tr>", escaped(&layer), escaped(&version)),
                );
            }
        }
        line(&mut body, "</table>");
        let attach = self.attach();
        if !attach.is_empty() {
            line(&mut body, "<table><caption>What may be attached</caption><tr><th>By</th><th>Layers</th></tr>");
            for (subject, lines) in attach {
                line(&mut body, &format!("<tr><td>{}</td><td>{}</td></tr>", escaped(&subject), list(&lines)));
            }
            line(&mut body, "</table>");
        }
        include_str!("report.html").replace("<!-- body -->", body.trim_end())
    }
}

/// What a way lets attach.
fn sentence(way: &Way, certain: bool) -> String {
    let shown = |patterns: &[Pattern]| patterns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let groups: Vec<String> = way.within.iter().map(|group| shown(group)).collect();
    let mut text = if groups.is_empty() { "any layer".to_owned() } else { groups.join(" that are also in ") };
    if !way.outside.is_empty() {
        text.push_str(&format!(" but not {}", shown(&way.outside)));
    }
    if certain { text } else { format!("maybe {text}") }
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// A text in a cell of a Markdown table, with nothing in it that Markdown or HTML would take for a sign.
#[must_use]
pub fn cell(text: &str) -> String {
    let mut cell = String::new();
    for character in text.chars() {
        match character {
            '<' => cell.push_str("&lt;"),
            '>' => cell.push_str("&gt;"),
            '&' => cell.push_str("&amp;"),
            '\n' | '\r' => cell.push(' '),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '~' | '#' | '!' => {
                write!(cell, "&#{};", u32::from(character)).unwrap_or_default();
            }
            _ => cell.push(character),
        }
    }
    cell
}

/// A text in a node of a Mermaid picture: anything but the plainest signs by its number.
fn picture_text(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars() {
        if character.is_ascii_alphanumeric() || " .,:-/()".contains(character) {
            shown.push(character);
        } else {
            write!(shown, "#{};", u32::from(character)).unwrap_or_default();
        }
    }
    shown
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

fn list(items: &[String]) -> String {
    let items: Vec<String> = items.iter().map(|item| format!("<li>{}</li>", escaped(item))).collect();
    format!("<ul>{}</ul>", items.concat())
}
