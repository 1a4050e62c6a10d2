//! A source compiles or is reported; what its YAML says, its JSON says too.
#![no_main]

use layershare::internals::cloudformation::read;
use layershare::internals::template::Format;
use layershare_fuzz::{compiled, mutate, written};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

fuzz_target!(|source: &[u8]| {
    let compiled = compiled(source);
    let (Some(yaml), Some(json)) = (
        written(&compiled, Format::Yaml),
        written(&compiled, Format::Json),
    ) else {
        return;
    };
    let mut json: serde_json::Value = serde_json::from_slice(&json).expect("the JSON is JSON");
    // JSON has no first line to say who wrote it.
    json.as_object_mut()
        .and_then(|template| template.shift_remove("Metadata"))
        .expect(
            "the JSON \
    says who wrote it",
        );
    assert_eq!(read::template(&yaml).expect("the YAML is a template"), json);
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});
