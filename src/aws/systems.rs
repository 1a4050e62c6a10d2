//! The systems that runtimes run on, and their C library.

use super::Data;

pub(super) const DATA: Data = Data(include_str!("systems.txt"));

/// A system of Lambda.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum System {
    /// Amazon Linux 1, 2018.03.
    AmazonLinux1,
    /// Amazon Linux 2.
    AmazonLinux2,
    /// Amazon Linux 2023.
    AmazonLinux2023,
}

impl System {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AmazonLinux1 => "Amazon Linux 1",
            Self::AmazonLinux2 => "Amazon Linux 2",
            Self::AmazonLinux2023 => "Amazon Linux 2023",
        }
    }

    /// The second number of its glibc, whose first is 2 (Amazon Linux 2023 User Guide, "Improved
    /// toolchain: gcc, binutils, and glibc",
    /// <https://docs.aws.amazon.com/linux/al2023/ug/glibc-gcc-and-binutils.html>, for 2 and 2023).
    /// That of 1 is not documented there, and not confirmed.
    #[must_use]
    pub fn glibc(self) -> u32 {
        match self {
            Self::AmazonLinux1 => 17,
            Self::AmazonLinux2 => 26,
            Self::AmazonLinux2023 => 34,
        }
    }
}

/// The system of a runtime; `None` if it is unknown.
#[must_use]
pub fn of_runtime(runtime: &str) -> Option<System> {
    let (_, name) = DATA.find(runtime)?.split_once(' ')?;
    match name {
        "al1" => Some(System::AmazonLinux1),
        "al2" => Some(System::AmazonLinux2),
        "al2023" => Some(System::AmazonLinux2023),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::runtimes;

    #[test]
    fn every_runtime_but_the_custom_one_has_a_system() {
        for (runtime, _) in runtimes::all() {
            assert_eq!(
                of_runtime(runtime).is_some(),
                runtime != "custom",
                "{runtime}"
            );
        }
        assert_eq!(of_runtime("python3.1"), None);
        assert_eq!(of_runtime("python3.11"), Some(System::AmazonLinux2));
        assert_eq!(of_runtime("python3.12"), Some(System::AmazonLinux2023));
    }
}
