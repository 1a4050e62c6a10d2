//! A picture of who reaches what, in the words of Mermaid.

use super::access::shown;
use super::escape::mermaid as escaped;
use crate::access::Access;
use crate::access::grants::Who;
use std::collections::{BTreeSet, HashMap};

pub(super) fn picture(access: &Access) -> String {
    let mut text = "flowchart LR\n".to_owned();
    let versions = &access.grants.versions;
    let everybody: BTreeSet<&Who> = versions
        .values()
        .flat_map(|version| version.grants.keys())
        .collect();
    let number: HashMap<&Who, usize> = everybody
        .iter()
        .enumerate()
        .map(|(index, who)| (*who, index))
        .collect();
    for who in &everybody {
        text.push_str(&format!(
            "  w{}[\"{}\"]\n",
            number[*who],
            escaped(&shown(access, who))
        ));
    }
    for (index, (id, version)) in versions.iter().enumerate() {
        text.push_str(&format!("  v{index}([\"{}\"])\n", escaped(&id.to_string())));
        for who in everybody
            .iter()
            .filter(|who| version.grants.contains_key(**who))
        {
            text.push_str(&format!("  w{} --> v{index}\n", number[*who]));
        }
    }
    text
}
