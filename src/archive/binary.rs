//! The kind of a file by its bytes: a program or a library, for which system and which
//! architecture.

use object::read::elf::{Dyn, FileHeader, ProgramHeader, SectionHeader, VerneedIterator};
use object::{Endianness, ReadRef, elf};

/// The kind of a file by its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum What {
    /// Not inspected.
    #[default]
    Unread,
    /// It has no bytes.
    Empty,
    /// A program, a library or an object of Linux.
    Elf(Elf),
    /// A program or a library of macOS.
    MachO,
    /// A program or a library of Windows.
    Windows,
    /// A text whose first line names its interpreter.
    Script {
        /// Whether that line ends with a carriage return.
        has_carriage_return: bool,
    },
    /// Another text.
    Text,
    /// The tags of a Python wheel: `PYTHON-ABI-PLATFORM`.
    Wheel(Vec<String>),
    /// Anything else.
    Other,
}

/// The content of an ELF file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elf {
    /// The machine.
    pub machine: Machine,
    /// Whether it is a program or a library, and no object or core.
    pub is_loaded: bool,
    /// The newest version of glibc that it needs: `2.N`.
    pub glibc: Option<u32>,
    /// Whether it needs the C library musl.
    pub is_musl: bool,
    /// Whether all of it was read.
    pub is_whole: bool,
}

/// The machine that an ELF file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Machine {
    /// What Lambda calls `x86_64`.
    X86_64,
    /// What Lambda calls `arm64`.
    Arm64,
    /// One that Lambda does not have.
    Foreign(&'static str),
}

impl Machine {
    /// Its name, as Lambda has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
            Self::Foreign(name) => name,
        }
    }

    fn of(machine: elf::Machine) -> Self {
        match machine {
            elf::EM_X86_64 => Self::X86_64,
            elf::EM_AARCH64 => Self::Arm64,
            elf::EM_386 => Self::Foreign("32-bit x86"),
            elf::EM_ARM => Self::Foreign("32-bit ARM"),
            elf::EM_PPC64 => Self::Foreign("POWER"),
            elf::EM_S390 => Self::Foreign("s390x"),
            elf::EM_RISCV => Self::Foreign("RISC-V"),
            _ => Self::Foreign("another architecture"),
        }
    }
}

/// The number of bytes at the start of a file that show its kind.
pub const HEAD: usize = 4096;

/// The kind of a file. `bytes` are all of its bytes, or its first ones without `is_whole`.
#[must_use]
pub fn what(bytes: &[u8], is_whole: bool) -> What {
    if bytes.is_empty() {
        return What::Empty;
    }
    if bytes.starts_with(&elf::ELFMAG) {
        return of_elf(bytes, is_whole).map_or(What::Other, What::Elf);
    }
    if is_mach_o(bytes) {
        return What::MachO;
    }
    if bytes.starts_with(b"MZ") && bytes.len() > 64 {
        return What::Windows;
    }
    let head = bytes.get(..HEAD).unwrap_or(bytes);
    if head.starts_with(b"#!") {
        let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
        return What::Script {
            has_carriage_return: line.ends_with(b"\r"),
        };
    }
    let is_text = |byte: &u8| *byte >= b' ' || matches!(byte, b'\t' | b'\n' | b'\r');
    if head.iter().all(is_text) {
        What::Text
    } else {
        What::Other
    }
}

/// Whether bytes begin like a program or a library of macOS. One for several machines begins like a
/// Java class; the next number tells them apart: how many machines there are, or the version of the
/// class, which is 45 or more.
fn is_mach_o(bytes: &[u8]) -> bool {
    match bytes.get(..8) {
        Some([0xca, 0xfe, 0xba, 0xbe | 0xbf, 0, 0, 0, machines]) => *machines < 45,
        Some([0xcf | 0xce, 0xfa, 0xed, 0xfe, ..] | [0xfe, 0xed, 0xfa, 0xcf | 0xce, ..]) => true,
        Some(_) | None => false,
    }
}

/// The tags in the `WHEEL` of an installed package.
#[must_use]
pub fn wheel_tags(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let tags = text.lines().filter_map(|line| line.strip_prefix("Tag:"));
    tags.map(|tag| tag.trim().to_owned()).collect()
}

fn of_elf(bytes: &[u8], is_whole: bool) -> Option<Elf> {
    match elf::FileClass(*bytes.get(4)?) {
        elf::ELFCLASS64 => read::<elf::FileHeader64<Endianness>>(bytes, is_whole),
        elf::ELFCLASS32 => read::<elf::FileHeader32<Endianness>>(bytes, is_whole),
        _ => None,
    }
}

fn read<H: FileHeader<Endian = Endianness>>(bytes: &[u8], is_whole: bool) -> Option<Elf> {
    let header = H::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let mut found = Elf {
        machine: Machine::of(header.e_machine(endian)),
        is_loaded: matches!(header.e_type(endian), elf::ET_EXEC | elf::ET_DYN),
        glibc: None,
        is_musl: false,
        is_whole,
    };
    if !is_whole {
        return Some(found);
    }
    for segment in header.program_headers(endian, bytes).unwrap_or_default() {
        if let Ok(Some(interpreter)) = segment.interpreter(endian, bytes) {
            found.is_musl |= memchr::memmem::find(interpreter, b"/ld-musl-").is_some();
        }
    }
    let Ok(sections) = header.sections(endian, bytes) else {
        return Some(found);
    };
    if let Ok(Some((needs, strings))) = sections.gnu_verneed(endian, bytes)
        && let Ok(strings) = sections.strings(endian, bytes, strings)
    {
        found.glibc = newest(needs, endian, strings);
    }
    for section in sections.iter() {
        let Ok(Some((dynamic, strings))) = section.dynamic(endian, bytes) else {
            continue;
        };
        let Ok(strings) = sections.strings(endian, bytes, strings) else {
            continue;
        };
        for entry in dynamic {
            if entry.tag(endian) == elf::DT_NEEDED
                && let Ok(name) = entry.string(endian, strings)
            {
                found.is_musl |= name.starts_with(b"libc.musl-") || name == b"libc.so";
            }
        }
    }
    Some(found)
}

/// The newest version of glibc among those that a file needs.
fn newest<'data, H: FileHeader<Endian = Endianness>, R: ReadRef<'data>>(
    mut needs: VerneedIterator<'data, H>,
    endian: Endianness,
    strings: object::StringTable<'data, R>,
) -> Option<u32> {
    let mut newest = None;
    while let Ok(Some((_, mut versions))) = needs.next() {
        while let Ok(Some(version)) = versions.next() {
            let name = version.name(endian, strings).unwrap_or_default();
            newest = newest.max(glibc(name));
        }
    }
    newest
}

/// The second number of the version of glibc that a symbol's version names.
fn glibc(name: &[u8]) -> Option<u32> {
    let name = std::str::from_utf8(name).ok()?.strip_prefix("GLIBC_")?;
    // Relative relocations in short came with glibc 2.36, and their version has no number.
    if name == "ABI_DT_RELR" {
        return Some(36);
    }
    name.strip_prefix("2.")?.split('.').next()?.parse().ok()
}
