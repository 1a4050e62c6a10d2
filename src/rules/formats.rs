//! The forms of AWS's names and IDs, each with the source of its rule.

use crate::aws::arn::Field;
use crate::aws::quotas;
use crate::english::quote;
use base64::Engine;
use base64::prelude::BASE64_STANDARD as STANDARD;

/// The architectures that Lambda has (Lambda API reference, `PublishLayerVersion`).
pub const ARCHITECTURES: [&str; 2] = ["arm64", "x86_64"];

/// Whether `id` is an account ID: 12 digits.
///
/// The pattern that CloudFormation's registry ships for a layer permission's principal is not
/// anchored, so neither it nor a linter refuses a thirteenth digit.
#[must_use]
pub fn is_account_id(id: &str) -> bool {
    id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// The pattern of [`is_account_id`], as a template parameter's `AllowedPattern`.
pub const ACCOUNT_PATTERN: &str = "^[0-9]{12}$";

/// Whether a text is the SHA-256 of something, in hexadecimal digits.
#[must_use]
pub fn is_sha256(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 64 && text.bytes().all(is_digit)
}

/// The hexadecimal digits of a SHA-256 in base64, as Lambda writes it (Lambda API reference,
/// `LayerVersionContentOutput`, `CodeSha256`).
#[must_use]
pub fn sha256_of_base64(text: &str) -> Option<String> {
    let bytes = STANDARD
        .decode(text)
        .ok()
        .filter(|bytes| bytes.len() == 32)?;
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Whether `id` is an organization ID: `o-` and 10 to 32 lower-case letters and digits
/// (Organizations API reference, `Organization.Id`).
#[must_use]
pub fn is_organization_id(id: &str) -> bool {
    id.strip_prefix("o-")
        .is_some_and(|rest| (10..=32).contains(&rest.len()) && is_lower_alphanumeric(rest))
}

/// The pattern of [`is_organization_id`], as a template parameter's `AllowedPattern`.
pub const ORGANIZATION_PATTERN: &str = "^o-[a-z0-9]{10,32}$";

/// The pattern of an account ID that may be missing.
pub const OPTIONAL_ACCOUNT_PATTERN: &str = "^([0-9]{12})?$";

/// The pattern of an organization ID that may be missing.
pub const OPTIONAL_ORGANIZATION_PATTERN: &str = "^(o-[a-z0-9]{10,32})?$";

/// Whether `id` has the look of an organizational unit or a root, which Lambda cannot share with.
#[must_use]
pub fn is_unit_id(id: &str) -> bool {
    id.starts_with("ou-") || id.starts_with("r-")
}

fn is_lower_alphanumeric(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// Whether `name` is a layer's name: 1 to 140 letters, digits, `-` and `_` (Lambda API reference,
/// `PublishLayerVersion`).
#[must_use]
pub fn is_layer_name(name: &str) -> bool {
    (1..=quotas::LAYER_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// The most characters of a parameter that stands in the name of a layer.
pub const LAYER_NAME_PART: usize = 64;

/// What a parameter in the name of a layer may hold, as CloudFormation checks it: neither
/// nothing, nor a wildcard of IAM.
pub const LAYER_NAME_PART_PATTERN: &str = "^[a-zA-Z0-9_-]{1,64}$";

/// Whether a parameter that stands in the name of a layer may hold this.
#[must_use]
pub fn is_layer_name_part(text: &str) -> bool {
    is_layer_name(text) && text.len() <= LAYER_NAME_PART
}

/// Whether something of `name` is left in a logical ID, which is made of letters and digits.
#[must_use]
pub fn has_letters_or_digits(name: &str) -> bool {
    name.contains(|c: char| c.is_ascii_alphanumeric())
}

/// Whether `name` is one that a source may declare: a letter, then letters, digits, `-` and `_`; at
/// most 100.
#[must_use]
pub fn is_alias(name: &str) -> bool {
    name.len() <= 100
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// Whether `label` can label a version: letters, digits, `.`, `-`, `_` and `+`, at most 64.
#[must_use]
pub fn is_label(label: &str) -> bool {
    (1..=64).contains(&label.len())
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_+".contains(&byte))
}

/// Whether `name` is a template parameter's name: 1 to 255 letters and digits (CloudFormation User
/// Guide, Parameters).
#[must_use]
pub fn is_parameter_name(name: &str) -> bool {
    (1..=quotas::PARAMETER_NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The pseudo parameters whose value is a text (CloudFormation User Guide, Pseudo parameters).
pub const PSEUDO_PARAMETERS: &[&str] = &[
    "AWS::AccountId",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// What is wrong with a bucket's name, if anything (S3 User Guide, bucket naming rules).
#[must_use]
pub fn bucket_problem(name: &str) -> Option<&'static str> {
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    let edge = |byte: Option<&u8>| {
        byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    if !(3..=63).contains(&name.len()) {
        Some("a bucket's name has 3 to 63 characters")
    } else if !name.bytes().all(plain) {
        Some("a bucket's name is made of lower-case letters, digits, `.` and `-`")
    } else if !edge(name.as_bytes().first())
        || !edge(name.as_bytes().last())
        || name.as_bytes().windows(2).any(|pair| pair == b"..")
    {
        Some(
            "a bucket's name begins and ends with a letter or a digit and has no two dots in a row",
        )
    } else {
        None
    }
}

/// The most characters of an SSM parameter's name that fit in every region. Systems Manager allows
/// 1,011 with the ARN before the name, at most
/// `arn:aws-iso-f:ssm:us-isof-south-1:123456789012:parameter/` (Systems Manager API reference,
/// `PutParameter`, `Name`).
const SSM_NAME: usize = 1011 - "arn:aws-iso-f:ssm:us-isof-south-1:123456789012:parameter/".len();

/// What is wrong with the name of an SSM parameter, if anything (Systems Manager API reference,
/// `PutParameter`).
#[must_use]
pub fn ssm_name_problem(name: &str) -> Option<&'static str> {
    let first = name.trim_start_matches('/').to_ascii_lowercase();
    if !(1..=SSM_NAME).contains(&name.len()) {
        Some("the name of an SSM parameter has 1 to 954 characters: AWS allows 1,011 with its ARN")
    } else if !name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_.-/".contains(&byte))
    {
        Some("the name of an SSM parameter is made of letters, digits, `_`, `.`, `-` and `/`")
    } else if name.contains('/') && !name.starts_with('/') {
        Some("the name of an SSM parameter that contains a `/` begins with `/`")
    } else if name.ends_with('/') || name.contains("//") {
        Some("no level of an SSM parameter's name is empty")
    } else if name.matches('/').count() > 15 {
        Some("the name of an SSM parameter has at most 15 levels")
    } else if first.starts_with("aws") || first.starts_with("ssm") {
        Some("the name of an SSM parameter begins neither with `aws` nor with `ssm`")
    } else {
        None
    }
}

/// Whether `name` can be the name of an SSM parameter that exists, AWS's own included.
#[must_use]
pub fn is_ssm_reference(name: &str) -> bool {
    (1..=2048).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.-/".contains(&byte))
}

/// Whether a text can be a field of the ARN of a layer version (Lambda API reference,
/// `LayerVersionArn`).
#[must_use]
pub fn is_layer_version_field(field: Field, text: &str) -> bool {
    match field {
        Field::Prefix => text == "arn",
        Field::Partition => is_partition(text),
        Field::Service => text == "lambda",
        Field::Region => is_region(text),
        Field::Account => is_account_id(text),
        Field::Resource => text == "layer",
        Field::Name => is_layer_name(text),
        Field::Version => is_version_number(text),
    }
}

/// What a field of the ARN of a layer version must be, and what it is instead.
#[must_use]
pub fn expected_field(field: Field, found: &str) -> String {
    let expected = match field {
        Field::Prefix => "`arn`",
        Field::Partition => "a partition such as `aws`",
        Field::Service => "`lambda`",
        Field::Region => "a region such as `us-east-1`",
        Field::Account => "an account ID",
        Field::Resource => "`layer`",
        Field::Name => "a layer name",
        Field::Version => "a version number",
    };
    format!("expected {expected}, found {}", quote(found))
}

/// What is wrong with one literal field of the ARN of a layer version, if anything.
#[must_use]
pub fn layer_version_field_problem(field: Field, text: &str) -> Option<String> {
    (!is_layer_version_field(field, text)).then(|| expected_field(field, text))
}

/// Whether this is a partition, such as `aws-cn`.
#[must_use]
pub fn is_partition(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.starts_with("aws") && bytes.all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

/// What is wrong with one literal field of the ARN of layer versions with wildcards in it, if
/// anything.
///
/// An account is written out or is any account, since no pattern of digits means a set of accounts.
/// A version is a number or any version, since `3*` means 3, 30 and 300.
#[must_use]
pub fn layer_pattern_field_problem(field: Field, text: &str) -> Option<String> {
    if !text.contains(['*', '?']) {
        return layer_version_field_problem(field, text);
    }
    match field {
        Field::Partition | Field::Region | Field::Account | Field::Version if text == "*" => None,
        Field::Region => {
            let fine = |byte: u8| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-*?".contains(&byte)
            };
            (!text.bytes().all(fine)).then(|| format!("no region matches {}", quote(text)))
        }
        Field::Account => Some(format!(
            "expected an account ID or `*`, found {}",
            quote(text)
        )),
        Field::Name => layer_pattern_problem(text).map(str::to_owned),
        Field::Version => Some(format!(
            "expected a version number or `*`, found {}",
            quote(text)
        )),
        Field::Prefix | Field::Partition | Field::Service | Field::Resource => {
            layer_version_field_problem(field, text)
        }
    }
}

/// What is wrong with a pattern for the names of layers, in which `*` stands for any characters and
/// `?` for one.
#[must_use]
pub fn layer_pattern_problem(pattern: &str) -> Option<&'static str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_*?".contains(&byte);
    if !pattern.bytes().all(plain) {
        Some("a layer's name is made of letters, digits, `-` and `_`, so this matches none")
    } else if !(1..=quotas::LAYER_NAME)
        .contains(&pattern.bytes().filter(|byte| *byte != b'*').count())
        && pattern != "*"
    {
        Some("a layer's name has 1 to 140 characters, so this matches none")
    } else {
        None
    }
}

/// What is wrong with a pattern for the names of functions (Lambda API reference, `FunctionName`).
#[must_use]
pub fn function_pattern_problem(pattern: &str) -> Option<&'static str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_*?".contains(&byte);
    if pattern.is_empty() || !pattern.bytes().all(plain) {
        Some("a function's name is made of letters, digits, `-` and `_`, so this matches none")
    } else if pattern.bytes().filter(|byte| *byte != b'*').count() > quotas::FUNCTION_NAME {
        Some("a function's name has at most 64 characters, so this matches none")
    } else {
        None
    }
}

fn is_iam_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte)
}

/// Whether `name` can name something of IAM that has at most `most` characters: 64 for roles and
/// users, 128 for policies and groups (IAM API reference).
#[must_use]
pub fn is_iam_name(name: &str, most: usize) -> bool {
    (1..=most).contains(&name.len()) && name.bytes().all(is_iam_name_byte)
}

/// What is wrong with a pattern for the names of roles, a path before them included.
#[must_use]
pub fn role_pattern_problem(pattern: &str) -> Option<&'static str> {
    let plain = |byte: u8| is_iam_name_byte(byte) || b"/*?".contains(&byte);
    if pattern.is_empty() || !pattern.bytes().all(plain) {
        Some("a role's name is made of letters, digits and `_+=,.@-`, so this matches none")
    } else if pattern.starts_with('/') {
        Some("the path of a role is written without the first `/`, as in `teams/deployer`")
    } else {
        None
    }
}

/// Whether `path` is the path of a role: it begins and ends with `/` and has at most 512
/// characters, all of them of ASCII and none a blank (IAM API reference, `CreateRole`).
#[must_use]
pub fn is_role_path(path: &str) -> bool {
    (1..=quotas::PATH).contains(&path.len())
        && path.starts_with('/')
        && path.ends_with('/')
        && path.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether `path` is the path of a managed policy: as that of a role, but made of letters, digits
/// and `.,+@=_-` between its slashes, none of which follow each other (IAM API reference,
/// `CreatePolicy`).
#[must_use]
pub fn is_policy_path(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/.,+@=_-".contains(&byte);
    is_role_path(path) && path.bytes().all(plain) && !path.contains("//")
}

/// Whether a guardrail can apply to `id`: the ID of a root, a unit or an account (CloudFormation's
/// registry, `AWS::Organizations::Policy`, `TargetIds`; the pattern there is not anchored).
#[must_use]
pub fn is_target_id(id: &str) -> bool {
    let within = |text: &str, least: usize| {
        (least..=32).contains(&text.len()) && is_lower_alphanumeric(text)
    };
    if let Some(root) = id.strip_prefix("r-") {
        return within(root, 4);
    }
    match id.strip_prefix("ou-").and_then(|unit| unit.split_once('-')) {
        Some((root, unit)) => within(root, 4) && within(unit, 8),
        None => is_account_id(id),
    }
}

/// Whether `name` is that of an AWS service, as a role's trust policy names it.
#[must_use]
pub fn is_service(name: &str) -> bool {
    let short = name
        .strip_suffix(".cn")
        .unwrap_or(name)
        .strip_suffix(".amazonaws.com")
        .unwrap_or_default();
    !short.is_empty()
        && short
            .split('.')
            .all(|part| !part.is_empty() && !part.starts_with('-') && !part.ends_with('-'))
        && short
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte))
}

/// Whether `provider` is the address of an OpenID Connect provider as IAM knows it: a host and
/// maybe a path, without `https://` (IAM User Guide, OIDC identity providers).
#[must_use]
pub fn is_oidc_provider(provider: &str) -> bool {
    let (host, path) = provider.split_once('/').unwrap_or((provider, "path"));
    let in_host =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    let in_path = |byte: u8| byte.is_ascii_alphanumeric() || b"/._~-".contains(&byte);
    provider.len() <= 244
        && host.contains('.')
        && host.split('.').all(|part| !part.is_empty())
        && host.bytes().all(in_host)
        && !path.is_empty()
        && path.bytes().all(in_path)
}

/// Whether `number` is the number of a layer version: counted from 1, without leading zeros.
#[must_use]
pub fn is_version_number(number: &str) -> bool {
    (1..=18).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && !number.starts_with('0')
}

/// Whether `region` has the look of a region: lower-case words, then a number, as in
/// `us-gov-west-1`.
#[must_use]
pub fn is_region(region: &str) -> bool {
    let Some((words, number)) = region.rsplit_once('-') else {
        return false;
    };
    words.contains('-')
        && words
            .split('-')
            .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()))
        && (1..=2).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_anchored_at_both_ends() {
        assert!(is_account_id("012345678901"));
        for wrong in [
            "",
            "12345678901",
            "1234567890123",
            "12345678901x",
            "x123456789012",
            "１２３４５６７８９０１２",
            "*",
        ] {
            assert!(!is_account_id(wrong), "{wrong}");
        }
        assert!(is_organization_id("o-a1b2c3d4e5"));
        for wrong in [
            "o-a1b2c3d4e",
            "o-A1b2c3d4e5",
            "xo-a1b2c3d4e5",
            "o-a1b2c3d4e5-",
            "ou-ab12-cdefghij",
            "*",
            "",
        ] {
            assert!(!is_organization_id(wrong), "{wrong}");
        }
    }

    #[test]
    fn regions_are_told_from_other_words() {
        for right in [
            "us-east-1",
            "us-gov-west-1",
            "eusc-de-east-1",
            "ap-southeast-4",
            "us-iso-east-1",
        ] {
            assert!(is_region(right), "{right}");
        }
        for wrong in [
            "useast1",
            "us-east",
            "*",
            "us-east-",
            "-1",
            "us--1",
            "us-east-123",
        ] {
            assert!(!is_region(wrong), "{wrong}");
        }
    }

    #[test]
    fn names_of_ssm_parameters_follow_their_rules() {
        assert_eq!(ssm_name_problem("/layers/my-deps"), None);
        for wrong in [
            "",
            "layers/x",
            "/layers/",
            "/a//b",
            "/aws/x",
            "SsmThing",
            "/a b",
            &"/a".repeat(16),
        ] {
            assert!(ssm_name_problem(wrong).is_some(), "{wrong}");
        }
        assert_eq!(ssm_name_problem(&"n".repeat(954)), None);
        assert!(ssm_name_problem(&"n".repeat(955)).is_some());
    }

    #[test]
    fn policies_have_paths_of_fewer_characters_than_roles() {
        for both in ["/", "/teams/platform/", "/a.b,c+d@e=f_g-h/"] {
            assert!(is_role_path(both) && is_policy_path(both), "{both}");
        }
        for role in ["/team:one/", "/a//b/", "/a*b/"] {
            assert!(is_role_path(role) && !is_policy_path(role), "{role}");
        }
        for neither in ["", "teams/", "/teams", "/a b/", "/é/"] {
            assert!(
                !is_role_path(neither) && !is_policy_path(neither),
                "{neither}"
            );
        }
    }
}
