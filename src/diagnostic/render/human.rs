//! For people: the place, the reasons, what to do. The only file that knows the renderer.

use super::alike::Alike;
use crate::diagnostic::{Fix, Label, Severity};
use crate::source::{FileId, Source, Sources, Span};
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use std::ops::Range;

/// The most bytes of one line that are shown around a place, so that no input makes a message long.
const WINDOW: usize = 240;

/// A message in full, with an empty line after it.
pub fn render(alike: &Alike<'_>, sources: &Sources) -> String {
    let diagnostic = alike.first;
    let places = alike.places(sources);
    let helps = alike.helps(sources);
    let code = diagnostic.code.name();
    let title = level(diagnostic.severity)
        .primary_title(diagnostic.message.as_str())
        .id(code);
    let mut group = Group::with_title(title);
    let labels: Vec<(&Label, AnnotationKind)> =
        std::iter::once((&diagnostic.primary, AnnotationKind::Primary))
            .chain(
                diagnostic
                    .secondary
                    .iter()
                    .map(|label| (label, AnnotationKind::Context)),
            )
            .collect();
    for views in views(&labels, sources) {
        let source = sources.get(views.file());
        group = group.element(views.snippet(source));
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    if let Some(places) = &places {
        group = group.element(Level::NOTE.message(places.as_str()));
    }
    for help in &helps {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let mut groups = vec![group];
    groups.extend(diagnostic.fix.as_ref().map(|fix| patch(fix, sources)));
    let renderer = Renderer::styled().decor_style(DecorStyle::Ascii);
    format!("{}\n\n", renderer.render(&groups))
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    }
}

/// Labels that are shown in one piece of a file.
struct View<'d> {
    labels: Vec<(&'d Label, AnnotationKind)>,
    /// The bytes of the file that are shown.
    shown: Range<usize>,
    line: usize,
}

impl<'d> View<'d> {
    fn of(label: &'d Label, kind: AnnotationKind, sources: &Sources) -> Self {
        let source = sources.get(label.span.file);
        let (shown, line) = window(source, label.span);
        Self {
            labels: vec![(label, kind)],
            shown,
            line,
        }
    }

    fn file(&self) -> FileId {
        self.labels[0].0.span.file
    }

    fn snippet<'s>(&self, source: &'s Source) -> Snippet<'s, Annotation<'s>>
    where
        'd: 's,
    {
        let text = source.text().get(self.shown.clone()).unwrap_or_default();
        let annotations = self.labels.iter().map(|(label, kind)| {
            let start = (label.span.start as usize).clamp(self.shown.start, self.shown.end)
                - self.shown.start;
            let end = (label.span.end as usize).clamp(self.shown.start, self.shown.end)
                - self.shown.start;
            kind.span(start..end.max(start))
                .label(Some(label.text.as_str()).filter(|text| !text.is_empty()))
        });
        Snippet::source(text)
            .path(source.name())
            .line_start(self.line)
            .annotations(annotations)
    }
}

/// The pieces of files to show for these labels. Labels close to each other share a piece; the
/// first label's file comes first.
fn views<'d>(labels: &[(&'d Label, AnnotationKind)], sources: &Sources) -> Vec<View<'d>> {
    /// Bytes between two places up to which one piece shows both, the lines between folded.
    const NEAR: usize = 20_000;
    let mut views: Vec<View<'d>> = Vec::new();
    for &(label, kind) in labels {
        let view = View::of(label, kind, sources);
        let source = sources.get(label.span.file);
        let joined = views.iter_mut().find_map(|other| {
            let range =
                other.shown.start.min(view.shown.start)..other.shown.end.max(view.shown.end);
            let whole_lines = source.text().get(range.clone()).is_some_and(|text| {
                text.len() <= NEAR && text.lines().all(|line| line.len() <= WINDOW)
            });
            (other.file() == label.span.file && whole_lines).then_some((other, range))
        });
        match joined {
            Some((other, range)) => {
                other.shown = range;
                other.line = other.line.min(view.line);
                other.labels.push((label, kind));
            }
            None => views.push(view),
        }
    }
    views
}

/// The lines of a span, or a part of them where they are long, and the number of the first.
fn window(source: &Source, span: Span) -> (Range<usize>, usize) {
    let line = source.position(span.start).line;
    let lines = source.line(line);
    let end = source
        .line(source.position(span.end).line)
        .end
        .max(lines.end);
    if end - lines.start <= WINDOW {
        return (lines.start..end, line);
    }
    let text = source.text();
    let start = floor(
        text,
        (span.start as usize)
            .saturating_sub(WINDOW / 2)
            .max(lines.start),
    );
    let end = floor(text, (start + WINDOW).min(lines.end.max(start)));
    (start..end, line)
}

/// The nearest start of a character at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0)
}

fn patch<'d>(fix: &'d Fix, sources: &'d Sources) -> Group<'d> {
    let source = sources.get(fix.span.file);
    let (shown, line) = window(source, fix.span);
    let start = (fix.span.start as usize).clamp(shown.start, shown.end) - shown.start;
    let end = (fix.span.end as usize).clamp(shown.start, shown.end) - shown.start;
    let text = source.text().get(shown).unwrap_or_default();
    let snippet = Snippet::source(text)
        .path(source.name())
        .line_start(line)
        .patch(Patch::new(start..end, fix.replacement.as_str()));
    Group::with_title(Level::HELP.secondary_title(fix.title.as_str())).element(snippet)
}
