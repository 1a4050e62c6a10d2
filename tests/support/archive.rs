//! Archives made from descriptions, by a writer of zip files that shares nothing with the reader
//! under test. An entry is a line:
//!
//! ```text
//! python/x.cpython-312-x86_64-linux-gnu.so: 644 elf x86_64 glibc 2.28
//! bin/run: 755 script
//! python/libx.so: link libx.so.1
//! python/tests/data: 644 zeros 2000000
//! extensions/ext: none script crlf
//! ```
//!
//! Behind the path stand its permissions (`none`: those of an archive made on Windows) and what it
//! is: `text` (the rest of the line, or nothing in particular), `script`, `script crlf`, `elf
//! MACHINE` with `program`, `glibc 2.N`, `musl` and `object`, `macho`, `windows`, `bytes HEX`,
//! `zeros NUMBER`, `wheel TAG…`, `damaged`, `encrypted`, `renamed NAME` (in the header before its
//! bytes), `claims NUMBER` (its size in the directory), `shared` (the bytes of the first entry),
//! `empty`, `folder`, `link TO` (without permissions) and `pipe`. A first line `zip64` makes an
//! archive with the wide numbers of that format.

use flate2::Crc;

/// An entry of a zip file, and what its headers claim.
#[derive(Clone)]
pub struct Item {
    pub name: Vec<u8>,
    /// The name in the header before its bytes.
    pub local_name: Vec<u8>,
    pub stored: Vec<u8>,
    pub method: u16,
    pub checksum: u32,
    pub size: u64,
    /// The size in the header before its bytes.
    pub local_size: u64,
    pub flags: u16,
    /// The mode of Unix; none for an archive of Windows.
    pub mode: Option<u32>,
    /// The entry whose bytes this one has.
    pub shares: Option<usize>,
}

impl Item {
    pub fn new(name: &str, bytes: &[u8], mode: Option<u32>) -> Self {
        let mut checksum = Crc::new();
        checksum.update(bytes);
        let size = bytes.len() as u64;
        Self {
            name: name.into(),
            local_name: name.into(),
            stored: bytes.to_vec(),
            method: 0,
            checksum: checksum.sum(),
            size,
            local_size: size,
            flags: 0,
            mode,
            shares: None,
        }
    }

    /// An entry that is compressed, of so many zeros.
    pub fn zeros(name: &str, number: usize, mode: Option<u32>) -> Self {
        Self {
            stored: deflated_zeros(number),
            method: 8,
            ..Self::new(name, &vec![0; number], mode)
        }
    }
}

/// So many zeros, deflated by hand: a zero, then copies of 258 bytes from one byte before, then the
/// rest one by one. No library decides which bytes a test is about.
fn deflated_zeros(number: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.add(0b011, 3);
    let mut left = number;
    if left > 0 {
        bits.add_code(0x30, 8);
        left -= 1;
    }
    while left >= 258 {
        bits.add_code(0b1100_0101, 8);
        bits.add_code(0, 5);
        left -= 258;
    }
    for _ in 0..left {
        bits.add_code(0x30, 8);
    }
    bits.add_code(0, 7);
    bits.add(0, 7);
    bits.bytes
}

/// Bits, the first of a byte in its lowest place.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    waiting: u32,
    number: u32,
}

impl Bits {
    fn add(&mut self, value: u32, number: u32) {
        self.waiting |= value << self.number;
        self.number += number;
        while self.number >= 8 {
            self.bytes.push(self.waiting as u8);
            self.waiting >>= 8;
            self.number -= 8;
        }
    }

    /// A code, of which the highest bit comes first.
    fn add_code(&mut self, code: u32, number: u32) {
        self.add(code.reverse_bits() >> (32 - number), number);
    }
}

/// A zip file of these entries.
pub fn zip(items: &[Item]) -> Vec<u8> {
    written(items, false)
}

/// A zip file of these entries, in which the fields of zip64 hold every size and place.
pub fn zip64(items: &[Item]) -> Vec<u8> {
    written(items, true)
}

fn written(items: &[Item], is_wide: bool) -> Vec<u8> {
    let narrow = |number: u64| if is_wide { u32::MAX } else { number as u32 };
    let mut file = Vec::new();
    let mut directory = Vec::new();
    let mut offsets: Vec<u64> = Vec::new();
    for item in items {
        let end = file.len() as u64;
        let offset = item.shares.map_or(end, |other| offsets[other]);
        offsets.push(offset);
        let stored = item.stored.len() as u64;
        if item.shares.is_none() {
            let extra = extra(is_wide, &[item.local_size, stored]);
            file.extend(b"PK\x03\x04\x14\0");
            file.extend(common(item, narrow(stored), narrow(item.local_size)));
            file.extend((item.local_name.len() as u16).to_le_bytes());
            file.extend((extra.len() as u16).to_le_bytes());
            file.extend(&item.local_name);
            file.extend(extra);
            file.extend(&item.stored);
        }
        let extra = extra(is_wide, &[item.size, stored, offset]);
        directory.extend(b"PK\x01\x02\x14");
        directory.push(if item.mode.is_some() { 3 } else { 0 });
        directory.extend([20, 0]);
        directory.extend(common(item, narrow(stored), narrow(item.size)));
        directory.extend((item.name.len() as u16).to_le_bytes());
        directory.extend((extra.len() as u16).to_le_bytes());
        directory.extend([0; 6]);
        directory.extend((item.mode.unwrap_or_default() << 16).to_le_bytes());
        directory.extend(narrow(offset).to_le_bytes());
        directory.extend(&item.name);
        directory.extend(extra);
    }
    let start = file.len() as u64;
    let number = items.len() as u64;
    let length = directory.len() as u64;
    file.extend(&directory);
    if is_wide {
        file.extend(b"PK\x06\x06");
        file.extend(44u64.to_le_bytes());
        file.extend([45, 3, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for field in [number, number, length, start] {
            file.extend(field.to_le_bytes());
        }
        file.extend(b"PK\x06\x07\0\0\0\0");
        file.extend((start + length).to_le_bytes());
        file.extend(1u32.to_le_bytes());
    }
    file.extend(b"PK\x05\x06\0\0\0\0");
    let number = if is_wide { u16::MAX } else { number as u16 };
    file.extend(number.to_le_bytes());
    file.extend(number.to_le_bytes());
    file.extend(narrow(length).to_le_bytes());
    file.extend(narrow(start).to_le_bytes());
    file.extend([0, 0]);
    file
}

/// What the header before the bytes of an entry and its entry in the directory have in common.
fn common(item: &Item, stored: u32, size: u32) -> Vec<u8> {
    let mut common = Vec::new();
    common.extend(item.flags.to_le_bytes());
    common.extend(item.method.to_le_bytes());
    common.extend([0, 0, 0x21, 0]);
    common.extend(item.checksum.to_le_bytes());
    common.extend(stored.to_le_bytes());
    common.extend(size.to_le_bytes());
    common
}

/// The field that has the numbers of zip64.
fn extra(is_wide: bool, numbers: &[u64]) -> Vec<u8> {
    let mut extra = Vec::new();
    if is_wide {
        extra.extend([1, 0, 8 * numbers.len() as u8, 0]);
        for number in numbers {
            extra.extend(number.to_le_bytes());
        }
    }
    extra
}

/// The zip file that a text describes.
pub fn described(text: &str) -> Vec<u8> {
    let lines = text.strip_prefix("zip64\n");
    let items: Vec<Item> = lines.unwrap_or(text).lines().map(item).collect();
    written(&items, lines.is_some())
}

fn item(line: &str) -> Item {
    let (path, rest) = line.split_once(": ").unwrap_or_else(|| panic!("{line}"));
    let (mode, what) = rest.split_once(' ').unwrap_or((rest, ""));
    if mode == "link" {
        return Item::new(path, what.as_bytes(), Some(0o120_777));
    }
    let (kind, arguments) = what.split_once(' ').unwrap_or((what, ""));
    let file_type = match kind {
        "folder" => 0o040_000,
        "pipe" => 0o010_000,
        _ => 0o100_000,
    };
    let mode = (mode != "none").then(|| file_type | u32::from_str_radix(mode, 8).unwrap());
    if kind == "zeros" {
        return Item::zeros(path, arguments.parse().unwrap(), mode);
    }
    let plain = Item::new(path, b"text\n", mode);
    match kind {
        "damaged" => Item {
            checksum: 0,
            ..plain
        },
        "encrypted" => Item { flags: 1, ..plain },
        "renamed" => Item {
            local_name: arguments.into(),
            ..plain
        },
        "claims" => Item {
            size: arguments.parse().unwrap(),
            ..plain
        },
        "shared" => Item {
            shares: Some(0),
            ..plain
        },
        _ => Item::new(path, &bytes(kind, arguments), mode),
    }
}

fn bytes(kind: &str, arguments: &str) -> Vec<u8> {
    match kind {
        "text" => format!("{arguments}\n").into_bytes(),
        "script" if arguments == "crlf" => b"#!/bin/sh\r\nexit 0\r\n".to_vec(),
        "script" => b"#!/bin/sh\nexit 0\n".to_vec(),
        "elf" => elf(arguments),
        "macho" => b"\xcf\xfa\xed\xfe\x07\0\0\x01 and so on".to_vec(),
        "windows" => [b"MZ".as_slice(), &[0x90; 100]].concat(),
        "wheel" => wheel(arguments).into_bytes(),
        "bytes" => hex(arguments),
        "empty" | "folder" | "pipe" => Vec::new(),
        _ => panic!("{kind}"),
    }
}

fn wheel(tags: &str) -> String {
    let tags = tags.split(' ').map(|tag| format!("Tag: {tag}\n"));
    format!(
        "Wheel-Version: 1.0\nGenerator: made up\n{}",
        tags.collect::<String>()
    )
}

fn hex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    let pair = |pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    pairs.map(pair).collect()
}

/// An ELF file with nothing in it but what is looked at: its machine, its interpreter, the
/// libraries and the versions that it needs.
fn elf(words: &str) -> Vec<u8> {
    let words: Vec<&str> = words.split(' ').collect();
    let has = |word: &str| words.contains(&word);
    let machine: u16 = match words[0] {
        "x86_64" => 62,
        "arm64" => 183,
        "i386" => 3,
        other => panic!("{other}"),
    };
    let glibc = words.iter().position(|word| *word == "glibc");
    let glibc = glibc.map(|at| format!("GLIBC_{}", words[at + 1]));
    let needed = if has("musl") {
        "libc.musl-x86_64.so.1"
    } else {
        "libc.so.6"
    };
    let mut strings = b"\0".to_vec();
    let mut add = |text: &str| {
        let at = strings.len() as u32;
        strings.extend(text.as_bytes());
        strings.push(0);
        at
    };
    let needed = add(needed);
    let version = glibc.as_deref().map(&mut add);
    let interpreter = if has("musl") {
        "/lib/ld-musl-x86_64.so.1\0"
    } else {
        "/lib64/ld-linux-x86-64.so.2\0"
    };
    let mut needs = Vec::new();
    if let Some(version) = version {
        needs.extend([1, 0, 1, 0]);
        needs.extend(needed.to_le_bytes());
        needs.extend([16, 0, 0, 0, 0, 0, 0, 0]);
        needs.extend([0; 8]);
        needs.extend(version.to_le_bytes());
        needs.extend([0; 4]);
    }
    let mut dynamic = Vec::new();
    for (tag, value) in [(1u64, u64::from(needed)), (0, 0)] {
        dynamic.extend(tag.to_le_bytes());
        dynamic.extend(value.to_le_bytes());
    }
    let segments = u16::from(has("program"));
    let start = 64 + 56 * usize::from(segments);
    let mut body = Vec::new();
    let mut place = |bytes: &[u8]| {
        body.resize(body.len().next_multiple_of(8), 0);
        let at = start + body.len();
        body.extend(bytes);
        (at as u64, bytes.len() as u64)
    };
    let placed = [&strings, &needs, &dynamic].map(|bytes| place(bytes));
    let named = place(interpreter.as_bytes());
    let table = place(&[]).0;
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let kind: u16 = if has("object") { 1 } else { 3 };
    file.extend(kind.to_le_bytes());
    file.extend(machine.to_le_bytes());
    file.extend([1, 0, 0, 0]);
    file.extend([0; 8]);
    file.extend(if segments == 0 { 0u64 } else { 64 }.to_le_bytes());
    file.extend(table.to_le_bytes());
    file.extend([0; 4]);
    file.extend([64, 0, 56, 0]);
    file.extend(segments.to_le_bytes());
    file.extend([64, 0, 4, 0, 1, 0]);
    if segments > 0 {
        file.extend([3, 0, 0, 0, 4, 0, 0, 0]);
        for number in [named.0, named.0, named.0, named.1, named.1, 1] {
            file.extend(number.to_le_bytes());
        }
    }
    file.extend(&body);
    file.resize(table as usize, 0);
    file.extend([0; 64]);
    let kinds = [
        (3u32, 0u32, 0u32, 0u64),
        (0x6fff_fffe, 1, 1, 0),
        (6, 1, 0, 16),
    ];
    for ((kind, link, info, each), (at, length)) in kinds.into_iter().zip(placed) {
        file.extend([0; 4]);
        // A section without bytes is none.
        file.extend(if length == 0 { 0 } else { kind }.to_le_bytes());
        file.extend([0; 16]);
        file.extend(at.to_le_bytes());
        file.extend(length.to_le_bytes());
        file.extend(link.to_le_bytes());
        file.extend(info.to_le_bytes());
        file.extend(8u64.to_le_bytes());
        file.extend(each.to_le_bytes());
    }
    file
}
