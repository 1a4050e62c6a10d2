//! `s3://BUCKET/KEY`, local paths, and the ARNs of versions that exist.

use super::Resolver;
use crate::aws::arn::{Fields, LAYER_FIELDS, LAYER_VERSION_FIELDS};
use crate::aws::quotas;
use crate::diagnostic::{Code, Diagnostic};
use crate::english::quote;
use crate::rules::formats;
use crate::rules::model::{Content, Spanned};
use crate::rules::text::Text;
use crate::source::{PathKind, Span};
use crate::syntax::ast::{self, Value};

/// An archive, and the pin of its bytes.
pub struct Archive {
    pub content: Spanned<Content>,
    pub sha256: Option<Spanned<String>>,
}

impl Resolver<'_> {
    /// The content of a version, and the pin of its bytes. A `listed` version is never a folder.
    pub fn archive(&mut self, content: &ast::Content, listed: bool) -> Option<Archive> {
        let sha256 = content.sha256.as_ref().map(|written| self.sha256(written));
        let archive = Archive {
            content: self.content(content, listed)?,
            sha256: match sha256 {
                Some(pinned) => Some(pinned?),
                None => None,
            },
        };
        if let (Some(pinned), Content::Local(path)) = (&archive.sha256, &archive.content.value)
            && self.files.kind(&self.folder.join(path)) == PathKind::Folder
        {
            self.report(
                Diagnostic::error(
                    Code::InvalidSha256,
                    pinned.span,
                    "a folder cannot be pinned",
                )
                .also(archive.content.span, "this is a folder")
                .help("build a zip file once and name that"),
            );
        }
        Some(archive)
    }

    /// The SHA-256 of an archive, in hexadecimal digits.
    fn sha256(&mut self, written: &Value) -> Option<Spanned<String>> {
        let text = self.scope.text(written, self.diagnostics)?;
        let digits = text.as_literal().unwrap_or(&written.text);
        let span = written.span;
        if formats::is_sha256(digits) {
            let value = digits.to_owned();
            return Some(Spanned { value, span });
        }
        let message = format!("{} is not a SHA-256", quote(digits));
        let lower = digits.to_ascii_lowercase();
        let meant = formats::is_sha256(&lower).then_some(lower);
        let meant = meant.or_else(|| formats::sha256_of_base64(digits));
        self.report(
            Diagnostic::error(Code::InvalidSha256, span, message)
                .note("a SHA-256 has 64 digits, `0` to `9` and `a` to `f`")
                .suggest(
                    span,
                    meant.as_deref(),
                    "`sha256sum` prints it, and so does `layershare inspect`",
                ),
        );
        None
    }

    fn content(&mut self, content: &ast::Content, listed: bool) -> Option<Spanned<Content>> {
        let location = self.scope.text(&content.location, self.diagnostics)?;
        let object_version = match &content.object_version {
            Some(value) => Some(self.scope.text(value, self.diagnostics)?),
            None => None,
        };
        let span = content.location.span;
        let location = match location.strip_prefix("s3://") {
            Ok(address) => {
                let by_reference = content.by_reference;
                if let Some(reference) = by_reference.filter(|_| object_version.is_none()) {
                    self.report(no_object_version(reference, span));
                    return None;
                }
                let value = self.s3(
                    &content.location,
                    address,
                    object_version,
                    by_reference.is_some(),
                )?;
                return Some(Spanned { value, span });
            }
            Err(location) => location,
        };
        if let Some(value) = &content.object_version {
            self.report(
                Diagnostic::error(
                    Code::InvalidContent,
                    value.span,
                    "only an S3 object has an `object-version`",
                )
                .also(span, "this is not an S3 address"),
            );
            return None;
        }
        if let Some(reference) = content.by_reference {
            self.report(
                Diagnostic::error(
                    Code::InvalidContent,
                    reference,
                    "only an S3 object can be used by reference",
                )
                .also(span, "this is not an S3 address"),
            );
            return None;
        }
        let path = self.local(&content.location, &location, listed)?;
        Some(Spanned {
            value: Content::Local(path),
            span,
        })
    }

    fn s3(
        &mut self,
        written: &Value,
        address: Text,
        object_version: Option<Text>,
        by_reference: bool,
    ) -> Option<Content> {
        let Some((bucket, key)) = address
            .split_at_slash()
            .filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty())
        else {
            let message = format!(
                "{} is not the address of an S3 object",
                quote(&written.text)
            );
            self.report(
                Diagnostic::error(Code::InvalidContent, written.span, message)
                    .help("an S3 object is written `s3://BUCKET/KEY`"),
            );
            return None;
        };
        let problem = bucket.as_literal().and_then(formats::bucket_problem);
        let problem = problem
            .or((key.shortest() > quotas::OBJECT_KEY_BYTES)
                .then_some("a key has at most 1,024 bytes"));
        if let Some(problem) = problem {
            let message = format!(
                "{} is not the address of an S3 object",
                quote(&written.text)
            );
            self.report(
                Diagnostic::error(Code::InvalidContent, written.span, message).note(problem),
            );
            return None;
        }
        Some(Content::S3 {
            bucket,
            key,
            object_version,
            by_reference,
        })
    }

    /// A path that starts from the source's folder.
    fn local(&mut self, written: &Value, location: &Text, listed: bool) -> Option<String> {
        let Some(path) = location.as_literal() else {
            let message = format!(
                "{} is neither an S3 address nor a path",
                quote(&written.text)
            );
            self.report(
                Diagnostic::error(Code::InvalidContent, written.span, message)
                    .note(
                        "`aws cloudformation package` looks for local files before any parameter \
                    has a value",
                    )
                    .help("write `s3://${Bucket}/KEY`, or a path without parameters"),
            );
            return None;
        };
        if !(path.starts_with("./") || path.starts_with("../")) {
            self.report(not_local(written, path));
            return None;
        }
        if path.contains('\\') || path.chars().any(char::is_control) {
            let message = format!("not every machine can read the path {}", quote(path));
            self.report(
                Diagnostic::error(Code::InvalidContent, written.span, message)
                    .help("write `/` between folders, and no control characters"),
            );
            return None;
        }
        self.check_local(written, path, listed);
        let path = self.seen_from_source(path);
        if path.is_none() {
            let message = format!(
                "the path {} works on this machine only",
                quote(&written.text)
            );
            self.report(
                Diagnostic::error(Code::InvalidContent, written.span, message)
                    .note("this file is included by an absolute path")
                    .help("include it by a path that is relative to the source's folder"),
            );
        }
        path
    }

    /// A path of the file that is being resolved, as a path of the source.
    fn seen_from_source(&self, path: &str) -> Option<String> {
        let folder = self.from_source.as_deref()?;
        if folder.is_empty() {
            return Some(path.to_owned());
        }
        let begin = if folder.starts_with("..") { "" } else { "./" };
        let path = path.strip_prefix("./").unwrap_or(path);
        Some(format!("{begin}{folder}/{path}"))
    }

    fn check_local(&mut self, written: &Value, path: &str, listed: bool) {
        let kind = self.files.kind(&self.folder.join(path));
        let folder = kind == PathKind::Folder || path.ends_with('/');
        let archive = [".zip", ".jar"]
            .iter()
            .any(|ending| path.to_ascii_lowercase().ends_with(ending));
        if listed && (folder || !archive) {
            let what = if folder { "a folder" } else { "not a zip file" };
            self.report(
                Diagnostic::error(
                    Code::FolderInVersion,
                    written.span,
                    format!("{} is {what}", quote(path)),
                )
                .note(
                    "`aws cloudformation package` would zip it, with the times of its files, \
                        and every \
                           checkout would replace a version that is already published",
                )
                .help(
                    "build a zip file once and name that, or use `content` for a rolling \
                    layer",
                ),
            );
        } else if kind == PathKind::Missing {
            self.report(
                Diagnostic::warning(
                    Code::MissingContent,
                    written.span,
                    format!("{} does not exist yet", quote(path)),
                )
                .note(
                    "`aws cloudformation package` will need it; the path is relative to the \
                        folder of this file",
                ),
            );
        }
    }

    /// The ARN of a layer version that exists.
    pub fn arn(&mut self, written: &Value) -> Option<Spanned<Text>> {
        let arn = self.scope.text(written, self.diagnostics)?;
        let fields = Fields::of(&arn);
        let whole = arn.as_parameter().is_some();
        let problem = fields.placed().find_map(|(field, text)| {
            formats::layer_version_field_problem(field, text.as_literal()?)
        });
        let problem = match fields.count() {
            LAYER_FIELDS if problem.is_none() => {
                Some("the version number at the end is missing".to_owned())
            }
            LAYER_VERSION_FIELDS => problem,
            _ => problem
                .or_else(|| Some("it does not have the eight fields of such an ARN".to_owned())),
        };
        if let Some(problem) = problem.filter(|_| !whole) {
            let message = format!("{} is not the ARN of a layer version", quote(&written.text));
            self.report(
                Diagnostic::error(Code::InvalidArn, written.span, message)
                    .note(problem)
                    .help("it is written `arn:PARTITION:lambda:REGION:ACCOUNT:layer:NAME:VERSION`"),
            );
            return None;
        }
        Some(Spanned {
            value: arn,
            span: written.span,
        })
    }
}

/// Lambda asks for the version of an object that it reads where it is (Lambda Developer Guide,
/// "Self-managed storage").
fn no_object_version(reference: Span, location: Span) -> Diagnostic {
    Diagnostic::error(
        Code::InvalidContent,
        reference,
        "`by reference` needs the version of the S3 object",
    )
    .also(location, "this object may change")
    .note(
        "Lambda makes no copy: it reads this version of the object for as long as the layer \
        version exists",
    )
    .help("write `object-version ID` before it; the bucket must keep versions")
}

fn not_local(written: &Value, path: &str) -> Diagnostic {
    let message = format!("{} is neither an S3 address nor a local path", quote(path));
    let diagnostic = Diagnostic::error(Code::InvalidContent, written.span, message);
    if path.starts_with('/') || path.get(1..2) == Some(":") {
        diagnostic
            .note("an absolute path works on this machine only")
            .help("write the path relative to the source's folder: `./…` or `../…`")
    } else if path.contains("://") || path.is_empty() {
        diagnostic
            .help("a layer's archive is an S3 object, `s3://BUCKET/KEY`, or a local file, `./PATH`")
    } else {
        diagnostic.fix("begin a local path with `./`", written.span.before(), "./")
    }
}
