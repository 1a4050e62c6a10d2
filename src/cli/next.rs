//! What to do after a build: the commands that deploy the template.

use crate::access::drift::word;
use crate::aws::quotas::INLINE_TEMPLATE_BYTES;
use crate::template::model::Template;
use std::path::Path;

/// The commands that bring a written template to AWS, for people to copy.
pub fn steps(
    template: &Template,
    output: &Path,
    source: Option<&Path>,
    bytes: usize,
) -> Vec<String> {
    let mut lines = vec!["next:".to_owned()];
    let shown = word(&output.display().to_string());
    let large = bytes > INLINE_TEMPLATE_BYTES;
    let mut deployed = shown.clone();
    if template.needs_package() {
        deployed = word(&output.with_extension("packaged.yaml").display().to_string());
        lines.push(format!(
            "  aws cloudformation package --template-file {shown} --s3-bucket BUCKET \
            --output-template-file {deployed}"
        ));
    }
    let mut deploy = format!(
        "  aws cloudformation deploy --template-file {deployed} --stack-name {}",
        stack_name(source.unwrap_or(output))
    );
    if large {
        deploy.push_str(" --s3-bucket BUCKET");
    }
    if let Some(capability) = template.capability() {
        deploy.push_str(&format!(" --capabilities {capability}"));
    }
    let mut overrides = template
        .parameters
        .iter()
        .filter(|parameter| parameter.default.is_none())
        .peekable();
    if overrides.peek().is_some() {
        deploy.push_str(" --parameter-overrides");
        overrides.for_each(|parameter| deploy.push_str(&format!(" {}=VALUE", parameter.name)));
    }
    lines.push(deploy);
    if large {
        lines.push(
            "  (above 51,200 bytes CloudFormation reads a template from a bucket only)".to_owned(),
        );
    }
    lines
}

/// A stack's name from a file's: letters, digits and dashes, a letter first, at most 128
/// (CloudFormation API reference, `CreateStack`).
fn stack_name(path: &Path) -> String {
    let stem = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default();
    let plain: String = stem
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(120)
        .collect();
    let name = plain.trim_matches('-');
    match name.chars().next() {
        Some(first) if first.is_ascii_alphabetic() => name.to_owned(),
        Some(_) => format!("layers-{name}"),
        None => "layers".to_owned(),
    }
}
