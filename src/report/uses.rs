//! The functions that use layers, in each format.

use super::escape::{cell, line as escaped};
use crate::source::{Sources, Span};
use crate::uses::question::User;
use crate::uses::{UsedLayerRow, Uses};
use serde_json::{Value as Json, json};

/// The schemas of both reports, in docs/schemas.
const USES_SCHEMA: &str = "layershare/uses/1";
const USERS_SCHEMA: &str = "layershare/users/1";

pub(super) fn place(span: Span, sources: &Sources) -> String {
    let source = sources.get(span.file);
    format!("{}:{}", source.name(), source.position(span.start).line)
}

fn layer_words(layer: &UsedLayerRow) -> String {
    let product = layer
        .product
        .map(|product| format!(" ({product} of AWS)"))
        .unwrap_or_default();
    let when = layer
        .when
        .as_ref()
        .map(|when| format!(", if {when}"))
        .unwrap_or_default();
    format!("{}{product}{when}", layer.version)
}

/// The functions and their layers, for a terminal. Findings are messages.
#[must_use]
pub fn uses_text(uses: &Uses, sources: &Sources) -> String {
    let mut text = String::new();
    for row in &uses.rows {
        line(
            &mut text,
            &format!("{} ({})", row.function, place(row.span, sources)),
        );
        for layer in &row.layers {
            line(&mut text, &format!("  {}", layer_words(layer)));
        }
    }
    if uses.rows.is_empty() {
        text.push_str("no function has a layer\n");
    }
    if !uses.unknown.is_empty() {
        text.push_str("\nunknown\n");
        for (what, about) in &uses.unknown {
            line(&mut text, &format!("  {what} ({})", about.join(", ")));
        }
    }
    text
}

/// The functions, their layers and the findings, for a pull request.
#[must_use]
pub fn uses_markdown(uses: &Uses, sources: &Sources) -> String {
    let mut text = "## Layers of functions\n\n".to_owned();
    if !uses.diagnostics.is_empty() {
        text.push_str("| where | what | code |\n| --- | --- | --- |\n");
        for found in &uses.diagnostics {
            let (where_, code) = (place(found.primary.span, sources), found.code.name());
            let what = format!(
                "{}: {}: {}",
                found.severity.name(),
                found.message,
                found.primary.text
            );
            text.push_str(&format!(
                "| {} | {} | {code} |\n",
                cell(&where_),
                cell(&what)
            ));
        }
        text.push('\n');
    }
    text.push_str("| function | layers |\n| --- | --- |\n");
    for row in &uses.rows {
        let layers: Vec<String> = row
            .layers
            .iter()
            .map(|layer| cell(&layer_words(layer)))
            .collect();
        let function = format!("{} ({})", row.function, place(row.span, sources));
        text.push_str(&format!(
            "| {} | {} |\n",
            cell(&function),
            layers.join("<br>")
        ));
    }
    if !uses.unknown.is_empty() {
        text.push_str("\n### Unknown\n\n");
        for (what, about) in &uses.unknown {
            text.push_str(&format!(
                "- {}\n",
                cell(&format!("{what} ({})", about.join(", ")))
            ));
        }
    }
    text
}

/// The functions, their layers and what is wrong with them, for programs, as
/// `docs/schemas/uses.json` says.
#[must_use]
pub fn uses_json(uses: &Uses, sources: &Sources) -> Json {
    let functions: Vec<Json> = uses
        .rows
        .iter()
        .map(|row| {
            let layers: Vec<Json> = row
                .layers
                .iter()
                .map(|layer| {
                    json!({
                        "version": layer.version,
                        "when": layer.when.as_ref().map(ToString::to_string),
                        "product": layer.product,
                    })
                })
                .collect();
            with_place(
                json!({ "function": row.function, "layers": layers }),
                row.span,
                sources,
            )
        })
        .collect();
    let findings: Vec<Json> = uses
        .diagnostics
        .iter()
        .map(|found| {
            let (code, severity) = (found.code.name(), found.severity.name());
            let (message, label) = (&found.message, &found.primary.text);
            let finding =
                json!({ "code": code, "severity": severity, "message": message, "label": label });
            with_place(finding, found.primary.span, sources)
        })
        .collect();
    let unknown: Vec<Json> = uses
        .unknown
        .iter()
        .map(|(what, about)| json!({ "what": what.to_string(), "functions": about }))
        .collect();
    json!({
        "schema": USES_SCHEMA,
        "functions": functions,
        "findings": findings,
        "unknown": unknown,
    })
}

pub(super) fn with_place(mut json: Json, span: Span, sources: &Sources) -> Json {
    let source = sources.get(span.file);
    let position = source.position(span.start);
    json["file"] = json!(source.name());
    json["line"] = json!(position.line);
    json["column"] = json!(position.column);
    json
}

fn user_words(user: &User) -> String {
    let verb = if user.is_certain {
        "uses"
    } else {
        "may use it"
    };
    let when = user
        .when
        .as_ref()
        .map(|when| format!(", if {when}"))
        .unwrap_or_default();
    if user.is_certain {
        format!("{} {verb} {}{when}", user.function, user.version)
    } else {
        format!("{} {verb}: {}{when}", user.function, user.version)
    }
}

/// Who uses a layer, for a terminal.
#[must_use]
pub fn users_text(users: &[User], sources: &Sources) -> String {
    let mut text = String::new();
    for user in users {
        line(
            &mut text,
            &format!("{}: {}", place(user.span, sources), user_words(user)),
        );
    }
    if text.is_empty() {
        "no function uses it\n".to_owned()
    } else {
        text
    }
}

/// Who uses a layer, for a pull request.
#[must_use]
pub fn users_markdown(users: &[User], sources: &Sources) -> String {
    let mut text = "## Functions that use it\n\n".to_owned();
    for user in users {
        let shown = format!("{}: {}", place(user.span, sources), user_words(user));
        text.push_str(&format!("- {}\n", cell(&shown)));
    }
    if users.is_empty() {
        text.push_str("No function uses it.\n");
    }
    text
}

/// Who uses a layer, for programs, following `docs/schemas/users.json`.
#[must_use]
pub fn users_json(users: &[User], sources: &Sources) -> Json {
    let one = |user: &User| {
        let (version, certain) = (&user.version, user.is_certain);
        let json = json!({
            "function": user.function,
            "version": version.to_string(),
            "certain": certain,
            "when": user.when.as_ref().map(ToString::to_string),
        });
        with_place(json, user.span, sources)
    };
    let functions: Vec<Json> = users.iter().map(one).collect();
    json!({ "schema": USERS_SCHEMA, "functions": functions })
}

fn line(text: &mut String, line: &str) {
    text.push_str(&escaped(line));
    text.push('\n');
}
