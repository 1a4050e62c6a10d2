//! Archives of layers: each folder below `tests/cases/archives` has a `session.txt`, in which every
//! command is followed by what it prints and by its exit code, and descriptions of the archives,
//! `NAME.zip.txt`, which `support/archive.rs` makes. Archives that lie are made here.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use layershare::internals::archive::{Contents, EntryKind, zip};
use support::archive::{Item, described};

#[test]
fn every_session_is_what_the_program_answers() {
    support::sessions("tests/cases/archives", 19);
}

fn read(file: Vec<u8>) -> Contents {
    let length = file.len() as u64;
    zip::read(file, length).unwrap()
}

/// Why an archive of these entries cannot be read.
fn broken(items: &[Item]) -> String {
    read(support::archive::zip(items)).broken.unwrap().why
}

fn text(name: &str) -> Item {
    Item::new(name, b"text\n", Some(0o100_644))
}

#[test]
fn an_archive_is_what_its_description_says() {
    let contents = read(described(
        "a/: 755 folder\na/b: 640 text\na/c: link b\nd: none empty",
    ));
    assert!(contents.broken.is_none());
    let kinds: Vec<_> = contents.entries.iter().map(|entry| &entry.kind).collect();
    let link = EntryKind::Link("b".to_owned());
    assert_eq!(
        kinds,
        [
            &EntryKind::Folder,
            &EntryKind::File,
            &link,
            &EntryKind::File
        ]
    );
    let modes: Vec<_> = contents.entries.iter().map(|entry| entry.mode).collect();
    assert_eq!(modes, [Some(0o755), Some(0o640), Some(0o777), None]);
    assert_eq!(contents.sha256.map(|digits| digits.len()), Some(64));
}

#[test]
fn what_lies_is_refused() {
    let longer = Item {
        size: 4,
        local_size: 4,
        ..text("a")
    };
    assert_eq!(broken(&[longer]), "has more bytes than the 4 in its header");
    let shorter = Item {
        size: 6,
        local_size: 6,
        ..text("a")
    };
    assert_eq!(broken(&[shorter]), "has 5 bytes, but its header says 6");
    let other_size = Item {
        local_size: 6,
        ..text("a")
    };
    assert!(broken(&[other_size]).contains("contradicts the central directory"));
    let other_name = Item {
        local_name: b"b".to_vec(),
        ..text("a")
    };
    assert_eq!(broken(&[other_name]), "is called `b` in its local header");
    let damaged = Item {
        checksum: 1,
        ..text("a")
    };
    assert!(broken(&[damaged]).contains("damaged"));
    let encrypted = Item {
        flags: 1,
        ..text("a")
    };
    assert!(broken(&[encrypted]).contains("encrypted"));
    let other_method = Item {
        method: 12,
        ..text("a")
    };
    assert!(broken(&[other_method]).contains("12 (BZIP2)"));
    let zeros = Item::zeros("a", 10_000, None);
    let mut cut = zeros.clone();
    cut.stored.truncate(20);
    assert!(broken(&[cut]).contains("damaged"));
    let mut trailing = zeros;
    trailing.stored.extend(b"more");
    assert_eq!(broken(&[trailing]), "has bytes after its end");
}

#[test]
fn bytes_belong_to_one_entry() {
    let same = Item {
        shares: Some(0),
        ..text("a")
    };
    assert!(broken(&[text("a"), same]).contains("shares bytes with another part"));
    // An entry whose bytes hold the header of the next one.
    let inner = support::archive::zip(&[text("b")]);
    let mut nested = support::archive::zip(&[Item::new("a", &inner, Some(0o100_644))]);
    assert!(read(nested.clone()).broken.is_none());
    // The directory is made to have both.
    let offset = memchr::memmem::find(&nested, &inner).unwrap() as u32;
    let start = memchr::memmem::rfind(&nested, b"PK\x01\x02").unwrap();
    let mut second = nested[start..nested.len() - 22].to_vec();
    let real = memchr::memmem::rfind(&inner, b"PK\x01\x02").unwrap();
    second[..46].copy_from_slice(&inner[real..real + 46]);
    second[42..46].copy_from_slice(&offset.to_le_bytes());
    second[46] = b'b';
    let end = nested.split_off(nested.len() - 22);
    nested.extend(&second);
    let mut end = end;
    end[8..12].copy_from_slice(&[2, 0, 2, 0]);
    let size = 2 * second.len() as u32;
    end[12..16].copy_from_slice(&size.to_le_bytes());
    nested.extend(end);
    let why = read(nested).broken.unwrap().why;
    assert!(why.contains("shares bytes with another part"), "{why}");
}

#[test]
fn the_wide_numbers_of_zip64_are_read() {
    let items = [text("a"), Item::zeros("b", 300, Some(0o100_755))];
    let wide = read(support::archive::zip64(&items));
    assert!(wide.broken.is_none());
    let narrow = read(support::archive::zip(&items));
    let facts = |contents: &Contents| -> Vec<_> {
        let entries = contents.entries.iter();
        entries
            .map(|entry| (entry.name.clone(), entry.size, entry.mode, entry.checksum))
            .collect()
    };
    assert_eq!(facts(&wide), facts(&narrow));
    // Numbers that would not fit if they were added are not unzipped.
    let huge = Item {
        size: u64::MAX,
        local_size: u64::MAX,
        ..text("a")
    };
    let contents = read(support::archive::zip64(&[huge.clone(), huge]));
    assert_eq!(contents.unzipped(), u64::MAX);
    assert!(
        contents
            .entries
            .iter()
            .all(|entry| entry.checksum.is_none())
    );
    let other_size = Item {
        local_size: 6,
        ..text("a")
    };
    let broken = read(support::archive::zip64(&[other_size])).broken.unwrap();
    assert!(broken.why.contains("contradicts the central directory"));
}

#[test]
fn there_may_be_more_entries_than_16_bits_count_and_no_more_than_a_limit() {
    let items = |number: usize| -> Vec<Item> {
        let names = (0..number).map(|at| format!("python/{at}.py"));
        names.map(|name| text(&name)).collect()
    };
    let contents = read(support::archive::zip64(&items(70_000)));
    assert!(contents.broken.is_none());
    assert_eq!(contents.files(), 70_000);
    let why = read(support::archive::zip64(&items(100_001)))
        .broken
        .unwrap()
        .why;
    assert!(why.contains("more than 100,000 entries"), "{why}");
}

#[test]
fn a_bomb_is_refused_before_it_is_unzipped() {
    let million = Item::zeros("zeros", 1 << 20, Some(0o100_644));
    let bomb: Vec<Item> = (0..300)
        .map(|number| {
            let name = format!("zeros-{number}").into_bytes();
            Item {
                name: name.clone(),
                local_name: name,
                ..million.clone()
            }
        })
        .collect();
    let contents = read(support::archive::zip(&bomb));
    assert!(contents.broken.is_none());
    assert_eq!(contents.unzipped(), 300 << 20);
    assert!(
        contents
            .entries
            .iter()
            .all(|entry| entry.checksum.is_none())
    );
    // One that claims to be small is unzipped no further than it claims.
    let liar = Item {
        size: 10,
        local_size: 10,
        ..million
    };
    assert_eq!(broken(&[liar]), "has more bytes than the 10 in its header");
}

#[test]
fn no_part_of_an_archive_makes_a_whole() {
    let text = "python/a.so: 644 elf x86_64 glibc 2.28\npython/b: 600 text\nc: link b";
    for whole in [described(text), described(&format!("zip64\n{text}"))] {
        cut_and_changed(&whole);
    }
}

fn cut_and_changed(whole: &[u8]) {
    for length in 0..whole.len() {
        let broken = read(whole[..length].to_vec()).broken;
        assert!(broken.is_some(), "of {length} bytes");
    }
    // What is changed is seen, or changes nothing that is looked at, and never stops the program.
    for at in 0..whole.len() {
        for bit in [1, 0x80] {
            let mut changed = whole.to_vec();
            changed[at] ^= bit;
            read(changed);
        }
    }
}

#[test]
fn what_is_no_archive_is_told() {
    for bytes in [&b""[..], b"text", b"PK\x05\x06", &[0; 100]] {
        let why = read(bytes.to_vec()).broken.unwrap().why;
        assert!(why.contains("is not a zip file"), "{why}");
    }
    assert!(
        read(support::archive::zip(&[]))
            .broken
            .unwrap()
            .why
            .contains("no files")
    );
}
