//! The functions of a template or of a service are listed and checked, against a catalogue that is
//! the template itself; nothing that it holds stops the program, and no message is more than one
//! line in the short form.
#![no_main]

use layershare::internals::cloudformation::{Template, Values, read};
use layershare::internals::diagnostic::render::{Form, render};
use layershare::internals::report;
use layershare::internals::source::Sources;
use layershare::internals::uses::catalog::Catalog;
use layershare::internals::uses::deployer::Deployer;
use layershare::internals::uses::question::{Wanted, users};
use layershare::internals::uses::{DeployTarget, FunctionFile, Known, Uses, WrittenAs};
use layershare_fuzz::mutate;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use std::hint::black_box;

fuzz_target!(|data: &[u8]| {
    let (Ok((written, places)), Ok(text)) = (read::template_with_places(data), read::text(data))
    else {
        return;
    };
    let mut sources = Sources::default();
    let id = sources.add("fuzz.yaml", text);
    let published = Template::new(written.clone(), &Values::default());
    let (written, json) = WrittenAs::new(written);
    let template = Template::new(json, &Values::default());
    let deployer = Deployer::new("Role", std::iter::once(published.clone()));
    let mut catalog = Catalog::default();
    catalog.add_template("fuzz.yaml".to_owned(), published, &[]);
    let target = DeployTarget {
        region: Some("eu-west-2".to_owned()),
        account: Some("111122223333".to_owned()),
        organization: Some("o-a1b2c3d4e5".to_owned()),
    };
    for target in [DeployTarget::default(), target] {
        let text = sources.get(id).text();
        let file = FunctionFile::new(&written, &template, id, text, &places, target);
        let mut uses = Uses::default();
        let known = Known {
            catalog: &catalog,
            deployer: deployer.as_ref(),
            unzipped: &|path| Some(path.as_os_str().len() as u64 * 20_000_000),
        };
        uses.add(&file, &known);
        let short = render(Form::Short, &uses.diagnostics, &sources);
        assert_eq!(
            short.lines().count(),
            uses.diagnostics.len(),
            "a message is not one line:\n{short}"
        );
        black_box(report::uses_text(&uses, &sources));
        black_box(report::uses_markdown(&uses, &sources));
        black_box(report::uses_json(&uses, &sources));
        let wanted = Wanted {
            layer: "deps".to_owned(),
            number: Some("3".to_owned()),
        };
        black_box(users(&file, &wanted));
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});
