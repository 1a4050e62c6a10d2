//! A page that needs nothing but itself: no other file, no network, and no script to be read.

use super::MadeFrom;
use super::access::{AccessRows, GrantRow, LayerRow, VersionRow};
use super::escape::html as escaped;
use super::picture::Picture;
use super::svg;
use crate::access::grants::Reach;
use crate::english::count;

/// What the page does not cover, whatever its files.
const NOT_LOOKED_AT: &[&str] = &[
    "What is deployed. This page describes the files below. If somebody deploys something else, or \
        changes a grant by hand, <code>layershare drift</code> shows it.",
    "Grants of these layers in other templates, and layers that are in none of these files.",
    "Whether an account uses the layers that it can use. Its own policies must allow \
    <code>lambda:GetLayerVersion</code>, too.",
    "Functions that already have a version. They keep running without the grant.",
    "Policies elsewhere: those of users, of the organization, and of roles in other templates may \
        allow or forbid more.",
];

pub(super) fn access(rows: &AccessRows, picture: &Picture, made_from: &MadeFrom) -> String {
    let mut body = String::new();
    at_a_glance(rows, &mut body);
    public(rows, &mut body);
    unknown(rows, &mut body);
    if !picture.versions.is_empty() {
        body.push_str(
            "<section aria-labelledby=\"picture\"><h2 id=\"picture\">Picture</h2>\n<p>The tables \
            below say the same in words.</p>\n<div class=\"picture\" tabindex=\"0\" \
            role=\"group\" aria-labelledby=\"picture\">\n",
        );
        body.push_str(&svg::text(picture));
        body.push_str("</div></section>\n");
    }
    body.push_str(include_str!("filter.html"));
    layers(rows, &mut body);
    subjects(rows, &mut body);
    body.push_str("<section aria-labelledby=\"not-covered\">");
    body.push_str(
        "<h2 id=\"not-covered\">What this report does not cover</h2>\n<ul class=\"text\">\n",
    );
    for sentence in NOT_LOOKED_AT {
        body.push_str(&format!("<li>{sentence}</li>\n"));
    }
    body.push_str("</ul></section>\n");
    files(made_from, &mut body);
    include_str!("page.html").replace("<!-- body -->", body.trim_end())
}

/// The numbers that an auditor asks for first.
fn at_a_glance(rows: &AccessRows, body: &mut String) {
    let versions = || rows.layers.iter().flat_map(|layer| &layer.versions);
    let with = |reach: Reach| {
        let has = |version: &&VersionRow| version.grants.iter().any(|grant| grant.reach == reach);
        versions().filter(has).count()
    };
    let numbers = [
        ("layers", rows.layers.len(), ""),
        ("versions", versions().count(), ""),
        ("public versions", with(Reach::Everyone), "loud"),
        (
            "versions with somebody unknown",
            with(Reach::Unknown),
            "unsure",
        ),
        ("roles and policies", rows.subjects.len(), ""),
        ("parts that are not read", rows.not_read.len(), "unsure"),
    ];
    body.push_str("<dl class=\"glance\">\n");
    for (what, number, class) in numbers {
        let class = if number == 0 { "" } else { class };
        body.push_str(&format!(
            "<div class=\"{class}\"><dt>{what}</dt><dd>{number}</dd></div>\n"
        ));
    }
    body.push_str("</dl>\n");
}

fn public(rows: &AccessRows, body: &mut String) {
    body.push_str("<section aria-labelledby=\"public\"><h2 id=\"public\">Public</h2>\n");
    if rows.public.is_empty() {
        body.push_str("<p>No version is shared with everyone.</p></section>\n");
        return;
    }
    body.push_str("<div class=\"box loud\"><p>Everyone, every AWS account, can use:</p>\n");
    let mut items = Vec::new();
    for layer in &rows.layers {
        for version in &layer.versions {
            let grants = version.grants.iter();
            for grant in grants.filter(|grant| grant.reach == Reach::Everyone) {
                let when = &grant.when;
                let (layer, place) = (&layer.layer, &layer.place);
                let name = format!("{layer} {}{place}{when}", version_name(version));
                items.push(format!("<li>{}{}</li>", escaped(&name), reasons(grant)));
            }
        }
    }
    body.push_str(&format!(
        "<ul class=\"text\">{}</ul></div></section>\n",
        items.concat()
    ));
}

/// A version as its layer's table calls it.
fn version_name(version: &VersionRow) -> String {
    match &version.label {
        Some(label) => format!("{label} ({})", version.id),
        None => version.id.clone(),
    }
}

/// The reasons and the last day, after what they are about.
fn reasons(grant: &GrantRow) -> String {
    let mut text = String::new();
    if !grant.because.is_empty() {
        text.push_str(&format!(
            ", because “{}”",
            escaped(&grant.because.join("; "))
        ));
    }
    if let Some(until) = &grant.until {
        text.push_str(&format!(", until {until}"));
    }
    text
}

/// What the files alone do not answer.
fn unknown(rows: &AccessRows, body: &mut String) {
    let mut items = Vec::new();
    for layer in &rows.layers {
        for version in &layer.versions {
            for grant in version
                .grants
                .iter()
                .filter(|grant| grant.reach == Reach::Unknown)
            {
                items.push(format!(
                    "{} {}{}: {}{}",
                    layer.layer,
                    version_name(version),
                    layer.place,
                    grant.who,
                    grant.when
                ));
            }
        }
    }
    for row in &rows.subjects {
        let undecided = row
            .lines
            .iter()
            .filter(|line| line.starts_with("undecided: "));
        items.extend(undecided.map(|line| format!("{}: {line}", row.subject)));
    }
    let not_read = rows.not_read.iter();
    items
        .extend(not_read.map(|(place, what)| {
            format!("{place}: {what}, and its effect is not in the template")
        }));
    body.push_str("<section aria-labelledby=\"unknown\"><h2 id=\"unknown\">Unknown</h2>\n");
    if items.is_empty() {
        body.push_str("<p>The files answer every question.</p></section>\n");
    } else {
        body.push_str("<div class=\"box unsure\"><p>The files alone do not answer these:</p>\n");
        let items: Vec<String> = items
            .iter()
            .map(|item| format!("<li>{}</li>", escaped(item)))
            .collect();
        body.push_str(&format!(
            "<ul class=\"text\">{}</ul></div></section>\n",
            items.concat()
        ));
    }
}

fn layers(rows: &AccessRows, body: &mut String) {
    body.push_str(
        "<section aria-labelledby=\"layers\"><h2 id=\"layers\">Who can use which layer</h2>\n",
    );
    if rows.layers.is_empty() {
        body.push_str("<p>There is no layer version in these files.</p>\n");
    }
    let grants = || rows.layers.iter().flat_map(|layer| &layer.versions);
    let said = |has: fn(&GrantRow) -> bool| grants().any(|version| version.grants.iter().any(has));
    let columns = Columns {
        because: said(|grant| !grant.because.is_empty()),
        until: said(|grant| grant.until.is_some()),
    };
    rows.layers
        .iter()
        .for_each(|layer| table(layer, &columns, body));
    body.push_str("</section>\n");
}

/// The columns after who can use something: those that are not empty.
struct Columns {
    because: bool,
    until: bool,
}

impl Columns {
    fn number(&self) -> usize {
        1 + usize::from(self.because) + usize::from(self.until)
    }
}

/// A layer. The ends of rows and cells are left out, as HTML allows, since there can be thousands.
fn table(layer: &LayerRow, columns: &Columns, body: &mut String) {
    body.push_str(&format!(
        "<table><caption>{} <small>{}</small></caption>\n<thead><tr><th scope=\"col\">Can be used \
        by{}{}</thead>\n",
        escaped(&layer.heading()),
        count(layer.versions.len(), "version"),
        if columns.because {
            "<th scope=\"col\">Because"
        } else {
            ""
        },
        if columns.until {
            "<th scope=\"col\">Until"
        } else {
            ""
        },
    ));
    for version in &layer.versions {
        body.push_str(&format!(
            "<tbody><tr><th scope=\"rowgroup\" colspan=\"{}\">{}\n",
            columns.number(),
            escaped(&version_name(version))
        ));
        if version.grants.is_empty() {
            let number = columns.number();
            body.push_str(&format!(
                "<tr><td colspan=\"{number}\">nobody but its owner\n"
            ));
        }
        for grant in &version.grants {
            let class = match grant.reach {
                Reach::Everyone => " class=\"loud\"",
                Reach::Unknown => " class=\"unsure\"",
                Reach::Organization | Reach::Account | Reach::Owner => "",
            };
            body.push_str(&format!(
                "<tr{class}><td>{}",
                escaped(&format!("{}{}", grant.who, grant.when))
            ));
            if columns.because {
                body.push_str(&format!("<td>{}", escaped(&grant.because.join("; "))));
            }
            if columns.until {
                body.push_str("<td>");
                if let Some(until) = &grant.until {
                    body.push_str(&format!("<time>{until}</time>"));
                }
            }
            body.push('\n');
        }
        body.push_str("</tbody>\n");
    }
    body.push_str("</table>\n");
}

fn subjects(rows: &AccessRows, body: &mut String) {
    if rows.subjects.is_empty() {
        return;
    }
    body.push_str(
        "<section aria-labelledby=\"subjects\"><h2 id=\"subjects\">Roles and \
        policies</h2>\n<table><caption>What they allow with layers</caption>\n<thead><tr><th \
        scope=\"col\">By<th scope=\"col\">Layers</thead>\n<tbody>\n",
    );
    for row in &rows.subjects {
        let lines: Vec<String> = row.lines.iter().map(|line| escaped(line)).collect();
        body.push_str(&format!(
            "<tr><td>{} {}<td>{}\n",
            escaped(&row.subject),
            row.verb,
            lines.join("<br>")
        ));
    }
    body.push_str("</tbody></table></section>\n");
}

fn files(made_from: &MadeFrom, body: &mut String) {
    body.push_str(
        "<section aria-labelledby=\"files\"><h2 id=\"files\">What this page is made \
        from</h2>\n<table><caption>Files</caption>\n<thead><tr><th scope=\"col\">File<th \
        scope=\"col\">SHA-256 of its bytes</thead>\n<tbody>\n",
    );
    for file in &made_from.files {
        let (name, hash) = (escaped(&file.name), &file.sha256);
        body.push_str(&format!("<tr><td>{name}<td><code>{hash}</code>\n"));
    }
    body.push_str("</tbody></table>\n");
    for stale in &made_from.stale {
        let sentence = escaped(&stale.sentence());
        body.push_str(&format!("<p>Note: {sentence}.</p>\n"));
    }
    body.push_str("<p>");
    if let Some(revision) = &made_from.revision {
        body.push_str(&format!("Revision <code>{}</code>. ", escaped(revision)));
    }
    body.push_str(&format!(
        "Made by layershare {}. The same files give the same page.</p></section>\n",
        env!("CARGO_PKG_VERSION")
    ));
}
