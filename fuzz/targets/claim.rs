//! A claim, on the first line, is decided of what follows: a source, or a template.
#![no_main]

use layershare::internals::access::claim::Facts;
use layershare::internals::cloudformation::Values;
use layershare::internals::cloudformation::{Template, read};
use layershare::internals::pipeline::{compile, compile_to_ask};
use layershare::internals::rules::load::Root;
use layershare::internals::source::{NoFiles, Sources};
use layershare::internals::template::limits::Limits;
use layershare::internals::template::lower::Placement;
use layershare_fuzz::mutate;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use std::hint::black_box;

/// Asks the claim of a template, as `layershare ask` does.
fn ask_template(claim: &str, template: serde_json::Value) {
    let mut sources = Sources::default();
    let compiled = compile_to_ask(
        Root::in_memory("fuzz.yaml", ""),
        claim,
        &NoFiles,
        &mut sources,
    );
    if let Some(claim) = compiled.rules.claims.first() {
        black_box(Facts::new(Template::new(template, &Values::default()), None).verdict(claim));
    }
}

/// Asks the claim of a source, and lets the source claim it itself.
fn ask_source(claim: &str, source: &str) {
    let mut sources = Sources::default();
    let compiled = compile_to_ask(
        Root::in_memory("fuzz.layers", source),
        claim,
        &NoFiles,
        &mut sources,
    );
    if let (Some(claim), Some(lowered)) = (compiled.rules.claims.first(), &compiled.lowered) {
        let json = lowered
            .template
            .json()
            .expect("its own template can be read");
        let facts = Facts::new(
            Template::new(json, &Values::default()),
            Some(&lowered.source_map),
        );
        black_box(facts.verdict(claim));
    }
    let mut sources = Sources::default();
    let root = Root::in_memory("fuzz.layers", format!("{source}\nexpect {claim}\n"));
    compile(
        root,
        &Placement::default(),
        Limits::default(),
        &NoFiles,
        &mut sources,
    );
}

fuzz_target!(|data: &str| {
    let Some((claim, rest)) = data.split_once('\n') else {
        return;
    };
    match read::template(rest.as_bytes()) {
        Ok(template) => ask_template(claim, template),
        Err(_) => ask_source(claim, rest),
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});
