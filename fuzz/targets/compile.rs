//! A source compiles or is reported; what its YAML says, its JSON says too.
#![no_main]

use layershare::internals::cloudformation::read;
use layershare::internals::template::Format;
use layershare_fuzz::{compiled, mutate, written};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use serde_json::Value;

/// Takes out what only JSON has: it has no first line to say who wrote it.
fn without_generator(mut json: Value) -> Value {
    json.as_object_mut()
        .and_then(|template| template.shift_remove("Metadata"))
        .expect("the JSON says who wrote it");
    json
}

/// Takes the bodies out of a template's stack sets. A body is a text in the format of the template.
fn take_bodies(template: &mut Value) -> Vec<Value> {
    let resources = template["Resources"].as_object_mut();
    resources
        .into_iter()
        .flat_map(|resources| resources.values_mut())
        .filter_map(|resource| resource.get_mut("Properties")?.get_mut("TemplateBody"))
        .map(Value::take)
        .map(|body| read::template(body.as_str().unwrap_or_default().as_bytes()))
        .map(|body| body.expect("a body is a template"))
        .collect()
}

fuzz_target!(|source: &[u8]| {
    let compiled = compiled(source);
    let (Some(yaml), Some(json)) = (
        written(&compiled, Format::Yaml),
        written(&compiled, Format::Json),
    ) else {
        return;
    };
    let mut yaml = read::template(&yaml).expect("the YAML is a template");
    let json = serde_json::from_slice(&json).expect("the JSON is JSON");
    let mut json = without_generator(json);
    let bodies: Vec<_> = take_bodies(&mut json)
        .into_iter()
        .map(without_generator)
        .collect();
    assert_eq!(take_bodies(&mut yaml), bodies);
    assert_eq!(yaml, json);
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});
