//! A template is read, reported and compared with itself and with another one, which may follow below a line `---`.
#![no_main]

use layershare::access::Aliases;
use layershare::cloudformation::read;
use layershare::{Access, Values};
use layershare_fuzz::{compare, mutate};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

const BETWEEN: &[u8] = b"\n---\n";

/// The access that a template gives, under the values and under the defaults of its parameters.
fn access(template: &[u8]) -> Option<[Access; 2]> {
    let json = read::template(template).ok()?;
    let defaults = Values { defaults: true, ..Values::default() };
    Some([Values::default(), defaults].map(|values| Access::of_template(json.clone(), &values, Aliases::new())))
}

fuzz_target!(|data: &[u8]| {
    let between = data.windows(BETWEEN.len()).position(|window| window == BETWEEN);
    let (old, new) = match between {
        Some(at) => (&data[..at], &data[at + BETWEEN.len()..]),
        None => (data, data),
    };
    if let (Some([old, old_by_default]), Some([new, new_by_default])) = (access(old), access(new)) {
        compare(&old, &new);
        compare(&old_by_default, &new_by_default);
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| { mutate(data, size, max_size, seed) });
