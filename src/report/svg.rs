//! A self-contained picture of who can use what, in light and in dark.

use super::escape::html as escaped;
use super::picture::{Picture, PictureNode, shortened};
use crate::access::grants::Reach;
use crate::english::count;
use std::fmt::Write;

/// How wide a box is, and the space for the lines between the two columns.
const BOX: usize = 320;
const SPACE: usize = 220;
const WIDTH: usize = 2 * BOX + SPACE;

/// The space above the boxes, and between two of them.
const TOP: usize = 40;
const GAP: usize = 10;

/// The characters that fit into a box.
const CHARACTERS: usize = 38;

/// A box in its column.
struct Placed<'p> {
    node: &'p PictureNode,
    x: usize,
    y: usize,
    height: usize,
}

impl Placed<'_> {
    fn middle(&self) -> usize {
        self.y + self.height / 2
    }
}

/// The picture as one element, with a title and a description for those who do not see it.
pub(super) fn text(picture: &Picture) -> String {
    let heights = [
        column_height(&picture.who),
        column_height(&picture.versions),
    ];
    let tallest = heights.into_iter().max().unwrap_or_default();
    let who = placed(&picture.who, 0, TOP + (tallest - heights[0]) / 2);
    let versions = placed(
        &picture.versions,
        BOX + SPACE,
        TOP + (tallest - heights[1]) / 2,
    );
    let height = TOP + tallest + GAP;
    let mut svg = String::new();
    // Writing to a string cannot fail.
    let mut line = |text: std::fmt::Arguments<'_>| writeln!(svg, "{text}").unwrap_or_default();
    line(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
        width=\"{WIDTH}\" height=\"{height}\" role=\"img\" aria-labelledby=\"p-title p-text\">"
    ));
    line(format_args!(
        "<title id=\"p-title\">Who can use which layer</title>\n<desc id=\"p-text\">{}</desc>",
        description(picture)
    ));
    line(format_args!("{}", include_str!("picture.css").trim_end()));
    line(format_args!(
        "<rect class=\"p-ground\" width=\"{WIDTH}\" height=\"{height}\"/>"
    ));
    let right = BOX + SPACE;
    line(format_args!(
        "<text class=\"p-head\" x=\"0\" y=\"24\">Who</text><text class=\"p-head\" x=\"{right}\" \
        y=\"24\">can use</text>"
    ));
    // The loudest lines are drawn last, above the others.
    for one in picture.lines.iter().rev() {
        let (Some(from), Some(to)) = (who.get(one.who), versions.get(one.version)) else {
            continue;
        };
        let (x1, y1, x2, y2) = (BOX, from.middle(), BOX + SPACE, to.middle());
        let bend = BOX + SPACE / 2;
        let partial = if one.is_partial { " p-some" } else { "" };
        line(format_args!(
            "<path class=\"p-line p-{}{partial}\" d=\"M{x1} {y1}C{bend} {y1} {bend} {y2} {x2} \
            {y2}\"/>",
            name(from.node.reach)
        ));
    }
    for one in who.iter().chain(&versions) {
        line(format_args!("{}", shape(one)));
    }
    svg.push_str("</svg>\n");
    svg
}

fn name(reach: Option<Reach>) -> &'static str {
    reach.map_or("nobody", Reach::name)
}

fn height(node: &PictureNode) -> usize {
    if node.members.is_empty() { 30 } else { 46 }
}

fn column_height(nodes: &[PictureNode]) -> usize {
    nodes.iter().map(|node| height(node) + GAP).sum()
}

fn placed(nodes: &[PictureNode], x: usize, top: usize) -> Vec<Placed<'_>> {
    let mut y = top;
    let place = |node| {
        let one = Placed {
            node,
            x,
            y,
            height: height(node),
        };
        y += one.height + GAP;
        one
    };
    nodes.iter().map(place).collect()
}

fn shape(placed: &Placed<'_>) -> String {
    let Placed { node, x, y, height } = placed;
    let mut all = node.members.join(", ");
    if node.unnamed > 0 {
        all.push_str(&format!(" and {} more", node.unnamed));
    }
    let whole = if node.members.is_empty() {
        escaped(&node.title)
    } else {
        format!("{}: {}", escaped(&node.title), escaped(&all))
    };
    let mut text = format!(
        "<g><title>{whole}</title><rect class=\"p-box p-{}\" x=\"{}\" y=\"{y}\" width=\"{}\" \
        height=\"{height}\" rx=\"6\"/><text x=\"{}\" y=\"{}\"{}>{}</text>",
        name(node.reach),
        x + 1,
        BOX - 2,
        x + 12,
        y + 20,
        if node.members.is_empty() {
            ""
        } else {
            " class=\"p-group\""
        },
        escaped(&shortened(&node.title, CHARACTERS))
    );
    if !node.members.is_empty() {
        let names = escaped(&listed(node));
        let (x, y) = (x + 12, y + 37);
        text.push_str(&format!(
            "<text class=\"p-small\" x=\"{x}\" y=\"{y}\">{names}</text>"
        ));
    }
    text + "</g>"
}

/// As many members as fit into a line, and how many there are beyond.
fn listed(node: &PictureNode) -> String {
    let all = node.members.len() + node.unnamed;
    let mut text = String::new();
    for (index, member) in node.members.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        let rest = format!(" and {} more", all - index);
        let length = text.chars().count() + separator.len() + member.chars().count();
        if index > 0 && length + rest.len() > CHARACTERS + 6 {
            return text + &rest;
        }
        text.push_str(separator);
        text.push_str(&shortened(member, CHARACTERS - 8));
    }
    if node.unnamed > 0 {
        text.push_str(&format!(" and {} more", node.unnamed));
    }
    text
}

/// A sentence that describes the picture.
fn description(picture: &Picture) -> String {
    let public: Vec<String> = picture
        .lines
        .iter()
        .filter(|line| {
            picture
                .who
                .get(line.who)
                .is_some_and(|who| who.reach == Some(Reach::Everyone))
        })
        .filter_map(|line| picture.versions.get(line.version))
        .map(|version| version.title.clone())
        .collect();
    let mut text = format!(
        "On the left {}, on the right {}; a line means that the one on the left can use the one on \
            the right.",
        count(picture.who.len(), "entry"),
        count(picture.versions.len(), "entry")
    );
    if !public.is_empty() {
        text.push_str(&format!(" Everyone can use {}.", public.join(", ")));
    }
    escaped(&text)
}
