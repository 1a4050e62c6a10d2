//! An archive is read and inspected: nothing that it holds stops the program, no message is more
//! than one line in the short form, and what is read is no more than what it claims.
#![no_main]

use layershare::internals::archive::check::check;
use layershare::internals::archive::listing::Listing;
use layershare::internals::archive::{ArchiveTarget, zip};
use layershare::internals::diagnostic::render::{Form, render};
use layershare::internals::source::Sources;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let length = data.len() as u64;
    let contents = zip::read(data.to_vec(), length).expect("memory can be read");
    let mut sources = Sources::default();
    let listing = Listing::new("fuzz.zip", &contents, &mut sources);
    let named = ArchiveTarget {
        runtimes: ["python3.12", "nodejs22.x", "java21", "ruby3.3"]
            .map(str::to_owned)
            .to_vec(),
        architectures: vec!["arm64".to_owned()],
    };
    for target in [ArchiveTarget::default(), named] {
        let found = check(&contents, &target, &listing);
        let short = render(Form::Short, &found, &sources);
        assert_eq!(
            short.lines().count(),
            found.len(),
            "a message is not one line:\n{short}"
        );
    }
});
