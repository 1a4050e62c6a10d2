//! The next steps after a build: the commands that deploy its templates.

use crate::english::list;
use crate::report::word;
use crate::template::stacks::StackEntry;
use std::path::Path;

/// The commands that bring a written template to AWS, for people to copy.
pub fn steps(stack: &StackEntry, template: &Path) -> Vec<String> {
    let mut lines = vec!["next:".to_owned()];
    lines.extend(deploy(stack, template));
    if stack.bucket {
        lines.push(
            "    (CloudFormation reads a template above 51,200 bytes only from a \
                bucket)"
                .to_owned(),
        );
    }
    lines
}

/// The commands that deploy one stack.
pub fn deploy(stack: &StackEntry, template: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    let shown = word(&template.display().to_string());
    let mut deployed = shown.clone();
    let bucket = match stack.regions.len() {
        0 | 1 => " --s3-bucket BUCKET",
        _ => " --s3-bucket BUCKET-\"$region\"",
    };
    if stack.package {
        deployed = word(
            &template
                .with_extension("packaged.yaml")
                .display()
                .to_string(),
        );
        lines.push(format!(
            "aws cloudformation package --template-file {shown}{bucket} --output-template-file \
            {deployed}"
        ));
    }
    let mut deploy = format!(
        "aws cloudformation deploy --template-file {deployed} --stack-name {}",
        word(&stack.name)
    );
    if stack.bucket {
        deploy.push_str(bucket);
    }
    for capability in &stack.capabilities {
        deploy.push_str(&format!(" --capabilities {}", word(capability)));
    }
    let mut required = stack
        .parameters
        .iter()
        .filter(|parameter| parameter.required)
        .peekable();
    if required.peek().is_some() {
        deploy.push_str(" --parameter-overrides");
        required.for_each(|parameter| {
            deploy.push_str(&format!(" {}=VALUE", word(&parameter.name)));
        });
    }
    lines.push(deploy);
    let mut lines = in_regions(&stack.regions, lines);
    if let Some(rolls_out) = &stack.rolls_out {
        lines.push(format!(
            "    (each account of {} gets its stack set, except the organization's management \
            account)",
            list(&rolls_out.units, "and")
        ));
    }
    lines
}

/// The commands that compare what a folder declares with the grants that an old stack has.
pub fn compare(stack: &str, regions: &[String], folder: &Path) -> Vec<String> {
    let list = format!(
        "aws cloudformation list-stack-resources --output json --stack-name {}",
        word(stack)
    );
    let mut lines = in_regions(regions, vec![list]);
    if let Some(last) = lines.last_mut() {
        last.push_str(" > old.json");
    }
    let folder = word(&folder.display().to_string());
    lines.extend([
        format!("  layershare live {folder} > live.sh"),
        "  sh live.sh > live.json".to_owned(),
        format!("  layershare drift {folder} old.json live.json"),
    ]);
    lines
}

/// The command that deletes a stack, in all of its regions.
pub fn delete(stack: &str, regions: &[String]) -> String {
    let command = format!(
        "aws cloudformation delete-stack --stack-name {}",
        word(stack)
    );
    let lines = in_regions(regions, vec![command]);
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_start()).collect();
    lines.join(" ").replace(" done", "; done")
}

/// Commands of `aws`, for each of some regions.
fn in_regions(regions: &[String], commands: Vec<String>) -> Vec<String> {
    match regions {
        [] => commands
            .into_iter()
            .map(|line| format!("  {line}"))
            .collect(),
        [region] => commands
            .into_iter()
            .map(|line| format!("  {line} --region {}", word(region)))
            .collect(),
        regions => {
            let names: Vec<String> = regions.iter().map(|region| word(region)).collect();
            let mut lines = vec![format!("  for region in {}; do", names.join(" "))];
            lines.extend(
                commands
                    .into_iter()
                    .map(|line| format!("    {line} --region \"$region\"")),
            );
            lines.push("  done".to_owned());
            lines
        }
    }
}
