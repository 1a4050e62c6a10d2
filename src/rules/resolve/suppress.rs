//! `suppress TOOL RULE, …`

use super::Resolver;
use crate::diagnostic::{Code, Diagnostic};
use crate::english::{list, nearest, quote};
use crate::rules::model::Suppressed;
use crate::syntax::ast::{Name, Suppress};
use crate::syntax::keyword::{Choice, Keyword, ToolKeyword};

impl Resolver<'_> {
    /// The findings of other tools that a rule suppresses.
    pub fn suppressed(&mut self, said: &[Suppress], because: Option<&str>) -> Vec<Suppressed> {
        let mut suppressed = Vec::new();
        for Suppress { tool, rules } in said {
            let Some(because) = because else {
                self.report(
                    Diagnostic::error(
                        Code::SuppressedWithoutReason,
                        tool.span,
                        "suppressing a finding needs a reason",
                    )
                    .note("whoever looks for the finding must learn why it is intended")
                    .help("add `because \"…\"` to this rule"),
                );
                return Vec::new();
            };
            let Some(known) = Keyword::from_text(&tool.text).and_then(ToolKeyword::of) else {
                self.report(unknown_tool(tool));
                continue;
            };
            for rule in rules {
                if !is_rule(known, &rule.text) {
                    self.report(not_a_rule(known, rule));
                }
                suppressed.push(Suppressed {
                    tool: known,
                    rule: rule.text.clone(),
                    because: because.to_owned(),
                });
            }
        }
        suppressed
    }
}

fn unknown_tool(tool: &Name) -> Diagnostic {
    let message = format!("unknown tool {}", quote(&tool.text));
    let tools = ToolKeyword::all();
    let near = match tool.text.as_str() {
        "cfn-guard" | "cfn_guard" => Some(Keyword::Guard.text()),
        other => nearest(other, tools.iter().map(|tool| tool.keyword().text())),
    };
    let names: Vec<&str> = tools.iter().map(|tool| tool.keyword().quoted()).collect();
    Diagnostic::error(Code::InvalidSuppression, tool.span, message).suggest(
        tool.span,
        near,
        format!("the tools are {}", list(&names, "and")),
    )
}

/// The form that the names of a tool's rules have, and an example.
fn form(tool: ToolKeyword) -> (&'static str, &'static str) {
    match tool {
        ToolKeyword::Guard => (
            "capital letters, digits and underscores",
            "LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED",
        ),
        ToolKeyword::CfnNag => ("`F` or `W` and a number", "W24"),
        ToolKeyword::Checkov => ("capital letters, digits and underscores", "CKV_AWS_45"),
        ToolKeyword::CfnLint => ("`E`, `W` or `I` and four digits", "W3005"),
    }
}

fn is_rule(tool: ToolKeyword, rule: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match tool {
        ToolKeyword::Guard | ToolKeyword::Checkov => {
            let is_allowed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
            rule.starts_with(|first: char| first.is_ascii_uppercase())
                && rule.bytes().all(is_allowed)
        }
        ToolKeyword::CfnNag => rule.strip_prefix(['F', 'W']).is_some_and(is_number),
        ToolKeyword::CfnLint => {
            let number = rule.strip_prefix(['E', 'W', 'I']);
            number.is_some_and(|number| is_number(number) && number.len() == 4)
        }
    }
}

fn not_a_rule(tool: ToolKeyword, rule: &Name) -> Diagnostic {
    let name = tool.keyword();
    let (form, example) = form(tool);
    let message = format!("{} is not a rule of {name}", quote(&rule.text));
    Diagnostic::error(Code::InvalidSuppression, rule.span, message)
        .note(format!("the name of a rule of {name} has {form}"))
        .help(format!("write for example `suppress {name} {example}`"))
}
