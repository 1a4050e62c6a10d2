//! Answers without the values that stand for what only a deploy tells.

use super::claim::Verdict;
use super::subject::CALLER;
use crate::cloudformation::{Placeholders, Template};

/// What to show instead of each placeholder.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    values: Vec<(String, String)>,
}

impl Shown {
    /// For the placeholders of a template.
    #[must_use]
    pub fn new(template: &Template, placeholders: &Placeholders) -> Self {
        let mut values: Vec<(String, String)> = Vec::new();
        for (id, arn) in placeholders.resources() {
            values.push((arn.to_owned(), format!("${{{id}}}")));
        }
        let parameters = template.parameters().map(|(name, _)| name);
        for name in parameters.chain(["AWS::AccountId", CALLER]) {
            let is_account = |value: &&str| value.len() == 12;
            if let Some(value) = placeholders.of_parameter(name).filter(is_account)
                && template.given(name).is_none()
            {
                values.push((value.to_owned(), format!("${{{name}}}")));
            }
        }
        Self { values }
    }

    /// A text without placeholders.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for (value, name) in &self.values {
            shown = shown.replace(value, name);
        }
        shown
    }

    /// A verdict without placeholders.
    #[must_use]
    pub fn in_verdict(&self, verdict: Verdict) -> Verdict {
        match verdict {
            Verdict::Holds(why) => Verdict::Holds(self.text(&why)),
            Verdict::Fails(why, by) => Verdict::Fails(self.text(&why), by),
            Verdict::Undecided(why) => Verdict::Undecided(self.text(&why)),
        }
    }
}
