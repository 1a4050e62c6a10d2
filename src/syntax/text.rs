//! What stands inside words and quoted texts: escapes, and `${Name}`.

/// A part of a text that may refer to parameters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Text that stands for itself.
    Literal(String),
    /// `${Name}`: the value of a parameter, or of a pseudo parameter such as `AWS::Region`.
    Parameter(String),
}

/// Why a text cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextError {
    /// A backslash before something that is no escape; holds what stands there.
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

/// The character that an escape stands for and the length of the escape behind its backslash.
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
        let (name, behind) = rest[at + 2..].split_once('}').ok_or(TextError::Unclosed)?;
        if name.is_empty()
            || !name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b':')
        {
            return Err(TextError::ParameterName(name.to_owned()));
        }
        parts.push(Part::Parameter(name.to_owned()));
        rest = behind;
    }
    literal.push_str(rest);
    if !literal.is_empty() || parts.is_empty() {
        parts.push(Part::Literal(literal));
    }
    Ok(parts)
}

/// Whether CloudFormation could find a dynamic reference in a text, `{{resolve:SERVICE:KEY}}`, and
/// fill it in at the deploy (CloudFormation User Guide, "Get values stored in other services using
/// dynamic references").
///
/// A parameter in the text may be empty, so that what stands around it comes together. Blanks and
/// case make no difference here, although CloudFormation's own form has neither.
#[must_use]
pub fn has_dynamic_reference(text: &str) -> bool {
    if !text.contains('{') {
        return false;
    }
    let mut literal = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${") {
        literal.push_str(before);
        rest = behind.split_once('}').map_or("", |(_, behind)| behind);
    }
    literal.push_str(rest);
    // What follows an escaped `${` is skipped with it above; so the text is looked at as it stands
    // as well.
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
