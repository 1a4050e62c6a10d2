//! A page that needs nothing but itself.

use super::access::AccessRows;
use super::escape::html as escaped;

pub(super) fn access(rows: &AccessRows) -> String {
    let mut body = String::new();
    for version in &rows.public {
        line(
            &mut body,
            &format!(
                "<p class=\"loud\">Everyone, every AWS account there is, can use {}</p>",
                escaped(version)
            ),
        );
    }
    line(
        &mut body,
        "<table><caption>Who can use which \
        layer</caption><tr><th>Layer</th><th>Version</th><th>Can be used by</th></tr>",
    );
    for layer in &rows.layers {
        for (version, who) in &layer.versions {
            let who = if who.is_empty() {
                "nobody but its owner".to_owned()
            } else {
                list(who)
            };
            let (layer, version) = (escaped(&layer.layer), escaped(version));
            line(
                &mut body,
                &format!("<tr><td>{layer}</td><td>{version}</td><td>{who}</td></tr>"),
            );
        }
    }
    line(&mut body, "</table>");
    if !rows.subjects.is_empty() {
        line(
            &mut body,
            "<table><caption>What may be attached</caption><tr><th>By</th><th>Layers</th></tr>",
        );
        for row in &rows.subjects {
            let subject = escaped(&format!("{} {}", row.subject, row.verb));
            line(
                &mut body,
                &format!("<tr><td>{subject}</td><td>{}</td></tr>", list(&row.lines)),
            );
        }
        line(&mut body, "</table>");
    }
    if !rows.not_read.is_empty() {
        line(
            &mut body,
            "<table><caption>Not read: what these do is not in the \
            template</caption><tr><th>Where</th><th>What</th></tr>",
        );
        for (place, what) in &rows.not_read {
            line(
                &mut body,
                &format!(
                    "<tr><td>{}</td><td>{}</td></tr>",
                    escaped(place),
                    escaped(what)
                ),
            );
        }
        line(&mut body, "</table>");
    }
    include_str!("page.html").replace("<!-- body -->", body.trim_end())
}

fn list(items: &[String]) -> String {
    let items: Vec<String> = items
        .iter()
        .map(|item| format!("<li>{}</li>", escaped(item)))
        .collect();
    format!("<ul>{}</ul>", items.concat())
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}
