//! The answer to a question, in each format.

use super::escape::{cell, terminal};
use crate::access::claim::{Cause, Explanation, Verdict};
use serde_json::{Value as Json, json};

/// The schema of an answer, in docs/schemas.
const SCHEMA: &str = "layershare/ask/1";

/// A question and its answer.
pub struct AnswerReport<'a> {
    /// The claim, as asked.
    pub claim: &'a str,
    /// Whether it holds.
    pub verdict: &'a Verdict,
    /// Whether the parameters had their defaults.
    pub by_defaults: bool,
}

impl AnswerReport<'_> {
    fn word(&self) -> &'static str {
        match self.verdict {
            Verdict::Holds(_) => "yes",
            Verdict::Fails(..) => "no",
            Verdict::Undecided(_) => "undecided",
        }
    }

    fn why(&self) -> &Explanation {
        match self.verdict {
            Verdict::Holds(why) | Verdict::Fails(why, _) | Verdict::Undecided(why) => why,
        }
    }

    fn causes(&self) -> &[Cause] {
        match self.verdict {
            Verdict::Fails(_, causes) => causes,
            Verdict::Holds(_) | Verdict::Undecided(_) => &[],
        }
    }

    /// What the answer depends on, after its word.
    fn condition(&self) -> &'static str {
        if self.by_defaults {
            ", with the defaults of the parameters"
        } else {
            ""
        }
    }

    /// The reason and its causes.
    fn reason(&self) -> String {
        let why = self.why();
        if self.causes().is_empty() {
            return why.to_string();
        }
        let causes: Vec<String> = self.causes().iter().map(Cause::to_string).collect();
        format!("{why} ({})", causes.join("; "))
    }
}

/// For a terminal.
#[must_use]
pub fn answer_text(answer: &AnswerReport<'_>) -> String {
    let line = format!(
        "{}{}: {}",
        answer.word(),
        answer.condition(),
        answer.reason()
    );
    format!("{}\n", terminal(&line))
}

/// For a pull request.
#[must_use]
pub fn answer_markdown(answer: &AnswerReport<'_>) -> String {
    format!(
        "{}\n\n**{}**{}: {}\n",
        cell(answer.claim),
        answer.word(),
        answer.condition(),
        cell(&answer.reason())
    )
}

/// For programs, following `docs/schemas/ask.json`.
#[must_use]
pub fn answer_json(answer: &AnswerReport<'_>) -> Json {
    let causes: Vec<Json> = answer
        .causes()
        .iter()
        .map(|cause| {
            let shown = cause.to_string();
            json!({ "resource": cause.resource(), "shown": shown })
        })
        .collect();
    json!({
        "schema": SCHEMA,
        "claim": answer.claim,
        "answer": answer.word(),
        "why": answer.why().to_string(),
        "causes": causes,
        "by_defaults": answer.by_defaults,
    })
}
