//! A policy in a file of its own is read, as what it is or is said to be, reported and compared
//! with itself. So are the live policies of layer versions.
#![no_main]

use layershare::internals::access::Access;
use layershare::internals::access::grants::Grants;
use layershare::internals::access::kind::SubjectKind;
use layershare::internals::access::policy_file::PolicyFile;
use layershare::internals::cloudformation::read;
use layershare_fuzz::{mutate, report_alone};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use std::hint::black_box;

fuzz_target!(|data: &[u8]| {
    let Ok(documents) = read::json_documents(data) else {
        return;
    };
    for document in &documents {
        if let Ok(Some(policy)) = PolicyFile::read(document) {
            black_box(policy.kind());
            for kind in [
                SubjectKind::Guardrail,
                SubjectKind::Boundary,
                SubjectKind::Policy,
            ] {
                let access = Access::of_policy_file(policy.template("Policy", kind), kind);
                report_alone(&access);
            }
        }
    }
    if let Ok(grants) = Grants::of_policies(&documents) {
        let access = Access {
            grants,
            ..Access::default()
        };
        report_alone(&access);
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});
