//! Formatting is done in one go, and the formatted source means what the source meant.
#![no_main]

use layershare::internals::diagnostic::has_errors;
use layershare::internals::source::Sources;
use layershare::internals::syntax::format::format;
use layershare::internals::syntax::parser::parse;
use layershare::internals::template::Format;
use layershare_fuzz::{compiled, mutate, written};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

fuzz_target!(|source: &str| {
    let formatted = format(source);
    let file = Sources::default().add("fuzz.layers", source);
    // What cannot be parsed is never written; it only must not panic.
    if has_errors(&parse(file, source).1) {
        return;
    }
    let formatted = formatted.expect("the formatter trusts its own work");
    assert_eq!(
        format(&formatted).as_ref(),
        Some(&formatted),
        "formatting takes two goes"
    );
    let (before, after) = (compiled(source.as_bytes()), compiled(formatted.as_bytes()));
    assert_eq!(
        written(&before, Format::Yaml),
        written(&after, Format::Yaml)
    );
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});
