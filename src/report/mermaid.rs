//! A picture of who can use what, in Mermaid, within GitHub's limits: at most 500 lines and 50,000
//! characters (<https://mermaid.js.org/config/schema-docs/config.html>, `maxEdges` and
//! `maxTextSize`).

use super::escape::mermaid as escaped;
use super::picture::{Picture, PictureNode};

/// The members of a group that a node names.
const NAMED: usize = 3;

/// The text between the fences of a block.
pub(super) fn text(picture: &Picture) -> String {
    let mut text = "flowchart LR\n".to_owned();
    for (index, node) in picture.who.iter().enumerate() {
        text.push_str(&format!("  w{index}[\"{}\"]\n", label(node)));
    }
    for (index, node) in picture.versions.iter().enumerate() {
        text.push_str(&format!("  v{index}([\"{}\"])\n", label(node)));
    }
    for line in &picture.lines {
        let arrow = if line.is_partial {
            "-. some .->"
        } else {
            "-->"
        };
        text.push_str(&format!("  w{} {arrow} v{}\n", line.who, line.version));
    }
    text
}

fn label(node: &PictureNode) -> String {
    let mut label = escaped(&node.title);
    let named = node.members.iter().take(NAMED);
    named.for_each(|member| label.push_str(&format!("<br>{}", escaped(member))));
    let more = (node.members.len() + node.unnamed).saturating_sub(NAMED);
    if more > 0 {
        label.push_str(&format!("<br>and {more} more"));
    }
    label
}
