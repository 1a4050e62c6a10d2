//! The common facts about the programs and libraries in an archive.

use super::Contents;
use super::binary::What;
use super::names::python_of_module;
use std::collections::{BTreeMap, BTreeSet};

/// The targets of an archive.
#[derive(Debug, Default)]
pub struct ArchiveFacts {
    /// How many programs and libraries it has for each machine.
    pub machines: BTreeMap<&'static str, usize>,
    /// The versions of Python that its modules are built for.
    pub pythons: BTreeSet<String>,
    /// The newest version of glibc that anything in it needs: `2.N`.
    pub glibc: Option<u32>,
}

impl ArchiveFacts {
    /// The facts from the files of an archive.
    #[must_use]
    pub fn of(contents: &Contents) -> Self {
        let mut facts = Self::default();
        for entry in &contents.entries {
            let What::Elf(elf) = &entry.what else {
                continue;
            };
            if elf.is_loaded {
                *facts.machines.entry(elf.machine.name()).or_default() += 1;
                facts.glibc = facts.glibc.max(elf.glibc);
                facts.pythons.extend(python_of_module(&entry.name));
            }
        }
        facts
    }
}
