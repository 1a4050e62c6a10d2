//! The content of words and quoted texts: escapes, and `${Name}`.

use super::ast::Value;
use crate::diagnostic::{Code, Diagnostic};

/// A part of a text that may refer to parameters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Text that stands for itself.
    Literal(String),
    /// `${Name}`: the value of a parameter, or of a pseudo parameter such as `AWS::Region`.
    Parameter(String),
}

/// A part of a text in the body of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrittenPiece<'t> {
    /// Text that stands for itself.
    Literal(&'t str),
    /// `<name>`: the value of a variable, which is known when the source is compiled.
    Variable(&'t str),
}

/// Why a text cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextError {
    /// A backslash that does not begin an escape; with the text after it.
    Escape(String),
    /// `${` without its `}`.
    Unclosed,
    /// `${…}` around something that cannot be a parameter's name; holds it.
    ParameterName(String),
}

/// Undoes the escapes of a quoted text, which is given with its quotes.
///
/// # Errors
///
/// The first escape that the language does not have.
pub fn unescape(quoted: &str) -> Result<String, TextError> {
    let inner = quoted.strip_prefix('"').unwrap_or(quoted);
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        text.push_str(&rest[..at]);
        let (c, length) = escape(&rest[at + 1..])?;
        text.push(c);
        rest = &rest[at + 1 + length..];
    }
    text.push_str(rest);
    Ok(text)
}

/// The character of an escape, and the length of the escape after its backslash.
fn escape(rest: &str) -> Result<(char, usize), TextError> {
    let unknown = || TextError::Escape(format!("\\{}", rest.chars().take(12).collect::<String>()));
    match rest.as_bytes().first() {
        Some(b'"') => Ok(('"', 1)),
        Some(b'\\') => Ok(('\\', 1)),
        Some(b'n') => Ok(('\n', 1)),
        Some(b't') => Ok(('\t', 1)),
        Some(b'u') => {
            let digits = rest[1..]
                .strip_prefix('{')
                .and_then(|rest| rest.split_once('}'))
                .ok_or_else(unknown)?
                .0;
            let plain = (1..=6).contains(&digits.len())
                && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            let number = plain
                .then(|| u32::from_str_radix(digits, 16).ok())
                .flatten();
            let c = number.and_then(char::from_u32).ok_or_else(unknown)?;
            Ok((c, digits.len() + 3))
        }
        _ => Err(unknown()),
    }
}

/// The parts of a text: literals, with `$${` read as `${`, and parameters.
///
/// # Errors
///
/// The first `${` that is not closed or does not hold a name.
pub fn parts(text: &str) -> Result<Vec<Part>, TextError> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('$') {
            literal.push_str(&rest[..at]);
            literal.push('{');
            rest = &rest[at + 2..];
            continue;
        }
        literal.push_str(&rest[..at]);
        if !literal.is_empty() {
            parts.push(Part::Literal(std::mem::take(&mut literal)));
        }
        let (name, after) = rest[at + 2..].split_once('}').ok_or(TextError::Unclosed)?;
        if name.is_empty()
            || !name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b':')
        {
            return Err(TextError::ParameterName(name.to_owned()));
        }
        parts.push(Part::Parameter(name.to_owned()));
        rest = after;
    }
    literal.push_str(rest);
    if !literal.is_empty() || parts.is_empty() {
        parts.push(Part::Literal(literal));
    }
    Ok(parts)
}

/// The pieces of a text in the body of a layer: literals, with `<<name>` read as `<name>`, and
/// variables. Any other `<` stands for itself.
#[must_use]
pub fn pieces(text: &str) -> Vec<WrittenPiece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut from = 0;
    while let Some(offset) = memchr::memchr(b'<', &rest.as_bytes()[from..]) {
        let at = from + offset;
        if let Some(name) = variable_at(&rest[at..]) {
            pieces.push(WrittenPiece::Literal(&rest[..at]));
            pieces.push(WrittenPiece::Variable(name));
            rest = &rest[at + name.len() + 2..];
            from = 0;
        } else if let Some(name) = variable_at(&rest[at + 1..]) {
            pieces.push(WrittenPiece::Literal(&rest[..at]));
            rest = &rest[at + 1..];
            from = name.len() + 2;
        } else {
            from = at + 1;
        }
    }
    pieces.push(WrittenPiece::Literal(rest));
    pieces
}

/// The name in the `<name>` that a text begins with.
fn variable_at(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('<')?;
    let end = rest.bytes().position(|byte| !is_in_variable_name(byte))?;
    let name = &rest[..end];
    (rest[end..].starts_with('>') && is_variable_name(name)).then_some(name)
}

/// Whether a variable can have this name: a letter, then letters, digits, `-` and `_`.
#[must_use]
pub fn is_variable_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(is_in_variable_name)
}

fn is_in_variable_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// Whether a word contains a `<` or `>` that is not part of a `<name>` or of its escape.
#[must_use]
pub fn has_stray_bracket(word: &str) -> bool {
    let bracket = |text: &str| text.contains(['<', '>']);
    if !bracket(word) {
        return false;
    }
    pieces(word).into_iter().any(|piece| match piece {
        WrittenPiece::Variable(_) => false,
        // An escape is a literal of its own that begins with the name.
        WrittenPiece::Literal(text) => match variable_at(text) {
            Some(name) => bracket(&text[name.len() + 2..]),
            None => bracket(text),
        },
    })
}

/// Reports a text in which CloudFormation could find a dynamic reference.
#[must_use]
pub fn dynamic_reference(value: &Value) -> Option<Diagnostic> {
    has_dynamic_reference(&value.text).then(|| {
        Diagnostic::error(
            Code::DynamicReference,
            value.span,
            "this text contains a dynamic reference",
        )
        .label("CloudFormation would replace this with another text at the deploy")
        .note("a reviewer could not read what is deployed, nor the compiler decide what it grants")
        .help("write the text out, or use a parameter where one is allowed: `${Name}`")
    })
}

/// Whether CloudFormation could find a dynamic reference in a text, `{{resolve:SERVICE:KEY}}`, and
/// fill it in at the deploy (CloudFormation User Guide, "Get values stored in other services using
/// dynamic references").
///
/// A parameter in the text may be empty, so the text around it may join. White space and case make
/// no difference here, although CloudFormation's own form has neither.
fn has_dynamic_reference(text: &str) -> bool {
    if !text.contains('{') {
        return false;
    }
    let mut literal = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        literal.push_str(before);
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    literal.push_str(rest);
    // The loop above skips the text after an escaped `${`, so the text is also checked as written.
    [literal.as_str(), text].into_iter().any(|text| {
        let plain = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| c.to_ascii_lowercase());
        plain.collect::<String>().contains("{{resolve:")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Part {
        Part::Literal(text.to_owned())
    }

    fn parameter(name: &str) -> Part {
        Part::Parameter(name.to_owned())
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(
            unescape(r#""a \"b\" \\ \n\t \u{e9}""#).as_deref(),
            Ok("a \"b\" \\ \n\t é")
        );
        assert_eq!(
            unescape(r#""\d""#),
            Err(TextError::Escape("\\d".to_owned()))
        );
        assert_eq!(
            unescape(r#""\u{d800}""#),
            Err(TextError::Escape("\\u{d800}".to_owned()))
        );
        assert_eq!(
            unescape(r#""\u{+41}""#),
            Err(TextError::Escape("\\u{+41}".to_owned()))
        );
    }

    #[test]
    fn dynamic_references_are_found_in_whatever_form() {
        for with in [
            "{{resolve:ssm:/a}}",
            "a {{ Resolve:ssm:/a",
            "{${Empty}{resolve:ssm:/a}}",
            "{{res${Empty}olve:ssm:/a}}",
            "$${{{resolve:ssm:/a}}",
        ] {
            assert!(has_dynamic_reference(with), "{with}");
        }
        for without in [
            "",
            "resolve:ssm",
            "{resolve:ssm}",
            "{{ssm:/a}}",
            "${Resolve}",
        ] {
            assert!(!has_dynamic_reference(without), "{without}");
        }
    }

    #[test]
    fn variables_and_literals_are_told_apart() {
        use WrittenPiece::{Literal, Variable};
        assert_eq!(
            pieces("sdk-<arch>.zip"),
            [Literal("sdk-"), Variable("arch"), Literal(".zip")]
        );
        assert_eq!(
            pieces("<<arch>, <a><b"),
            [
                Literal(""),
                Literal("<arch>, "),
                Variable("a"),
                Literal("<b")
            ]
        );
        for text in ["a < b", "<>", "<1>", "< a>", "<a b>", "<", "<<", ">"] {
            assert_eq!(pieces(text), [Literal(text)]);
            assert!(has_stray_bracket(text), "{text}");
        }
        for text in ["", "a", "<a>", "<<a>", "x<a>y<b-2>z", "<<a>x<b>"] {
            assert!(!has_stray_bracket(text), "{text}");
        }
        for text in ["<a", "<a>>", "<<<a>", "<<a><", "a>"] {
            assert!(has_stray_bracket(text), "{text}");
        }
    }

    #[test]
    fn parameters_and_literals_are_told_apart() {
        assert_eq!(
            parts("s3://${Bucket}/k"),
            Ok(vec![literal("s3://"), parameter("Bucket"), literal("/k")])
        );
        assert_eq!(parts("${AWS::Region}"), Ok(vec![parameter("AWS::Region")]));
        assert_eq!(parts("a$${b}"), Ok(vec![literal("a${b}")]));
        assert_eq!(parts(""), Ok(vec![literal("")]));
        assert_eq!(parts("${a"), Err(TextError::Unclosed));
        assert_eq!(parts("${}"), Err(TextError::ParameterName(String::new())));
        assert_eq!(
            parts("${a-b}"),
            Err(TextError::ParameterName("a-b".to_owned()))
        );
    }
}
