//! Facts from the paths in an archive.

/// The last part of a path.
pub fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// The folder of a path, without the `/` at its end.
pub fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Whether a path is a shared library or a module by its name: `x.so`, `x.so.1.2` or `x.node`.
pub fn is_library(path: &str) -> bool {
    let base = base(path);
    let is_versioned = base.split_once(".so.").is_some_and(|(_, version)| {
        !version.is_empty()
            && version
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
    });
    base.ends_with(".so") || base.ends_with(".node") || is_versioned
}

/// The name of a library before its `.so`, which its links share.
pub fn library_stem(path: &str) -> Option<&str> {
    let (stem, _) = base(path).split_once(".so")?;
    (is_library(path) && stem.starts_with("lib")).then_some(stem)
}

/// The words by which packages name systems and machines.
const PLATFORMS: &[&str] = &[
    "32",
    "386",
    "64",
    "aarch64",
    "amd64",
    "android",
    "arm",
    "arm64",
    "armhf",
    "armv6",
    "armv7",
    "armv7l",
    "cygwin",
    "darwin",
    "freebsd",
    "gnu",
    "gnueabihf",
    "i386",
    "i686",
    "ia32",
    "intel",
    "linux",
    "linuxmusl",
    "loong64",
    "mac",
    "macos",
    "macosx",
    "manylinux",
    "mips64el",
    "msvc",
    "musl",
    "musleabihf",
    "osx",
    "ppc64",
    "ppc64le",
    "riscv64",
    "s390x",
    "universal",
    "universal2",
    "win",
    "win32",
    "win64",
    "windows",
    "x64",
    "x86",
];

/// A path without the words for systems and machines: files for several of them that do the same
/// have the same key.
pub fn without_platform(path: &str) -> String {
    let lower = path.to_ascii_lowercase();
    let words = lower.split(['/', '-', '_', '.', '+']);
    let kept: Vec<&str> = words
        .filter(|word| PLATFORMS.binary_search(word).is_err())
        .collect();
    kept.join("/")
}

/// The version of CPython in the name of a module: `3.12` of `x.cpython-312-x86_64-linux-gnu.so`. A
/// build without the global lock is another one.
pub fn python_of_module(path: &str) -> Option<String> {
    let (_, after) = base(path).split_once(".cpython-")?;
    let tag = after.split(['-', '.']).next()?;
    python_of_tag(tag)
}

/// The version that digits such as `312` or `37m` stand for.
fn python_of_tag(tag: &str) -> Option<String> {
    let (major, minor) = tag.split_at_checked(1)?;
    let minor = minor.strip_suffix('m').unwrap_or(minor);
    let number: String = minor.chars().take_while(char::is_ascii_digit).collect();
    let build = minor.get(number.len()..)?;
    (major == "3" && !number.is_empty()).then(|| format!("3.{number}{build}"))
}

/// The name of a module without its build: the text before the first `.` of its last part, with its
/// folder.
pub fn module_stem(path: &str) -> &str {
    let start = path.len() - base(path).len();
    let end = path
        .get(start..)
        .and_then(|base| base.find('.'))
        .map_or(path.len(), |dot| start + dot);
    path.get(..end).unwrap_or(path)
}

/// Whether a wheel with this tag, `PYTHON-ABI-PLATFORM`, can be used by a version of CPython.
pub fn wheel_fits(tag: &str, python: &str) -> bool {
    let mut parts = tag.split('-');
    let (Some(pythons), Some(abis)) = (parts.next(), parts.next()) else {
        return true;
    };
    let minor = |version: &str| {
        version
            .strip_prefix("3.")
            .and_then(|minor| minor.parse().ok())
    };
    let Some(own): Option<u32> = minor(python) else {
        return true;
    };
    pythons.split('.').any(|named| {
        if named == "py3" || named == "py2.py3" {
            return true;
        }
        if let Some(least) = named.strip_prefix("py3") {
            return least.parse::<u32>().is_ok_and(|least| least <= own);
        }
        let built = named.strip_prefix("cp3");
        let Some(built) = built.and_then(|minor| minor.parse::<u32>().ok()) else {
            return false;
        };
        let is_stable = abis.split('.').any(|abi| abi == "abi3");
        let is_free = abis.split('.').all(|abi| abi.ends_with('t'));
        // A wheel of no ABI runs on later versions, too.
        let is_any = abis.split('.').any(|abi| abi == "none");
        !is_free && (built == own || (is_stable || is_any) && built <= own)
    })
}

/// Whether a wheel with this tag is for Linux, or for any system.
pub fn wheel_is_for_linux(tag: &str) -> bool {
    let platforms = tag.rsplit('-').next().unwrap_or_default();
    platforms
        .split('.')
        .any(|platform| platform == "any" || platform.contains("linux"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_platforms_are_in_order() {
        assert!(PLATFORMS.is_sorted());
    }

    #[test]
    fn files_for_several_platforms_have_the_same_key() {
        let linux = without_platform("@img/sharp-linux-x64/lib/sharp-linux-x64.node");
        assert_eq!(
            linux,
            without_platform("@img/sharp-darwin-arm64/lib/sharp-darwin-arm64.node")
        );
        assert_ne!(
            linux,
            without_platform("@img/sharp-linux-x64/lib/vips.node")
        );
    }

    #[test]
    fn libraries_and_modules_are_known_by_their_names() {
        for library in ["a/libx.so", "libx.so.1", "libx.so.1.2.3", "x.node"] {
            assert!(is_library(library), "{library}");
        }
        for other in ["x.so.txt", "x.sofa", "so", "x.so.", "libx.so.1.gz"] {
            assert!(!is_library(other), "{other}");
        }
        let module = "numpy/core/_multiarray.cpython-310-x86_64-linux-gnu.so";
        assert_eq!(python_of_module(module).as_deref(), Some("3.10"));
        assert_eq!(module_stem(module), "numpy/core/_multiarray");
        assert_eq!(
            python_of_module("x.cpython-37m-x86_64-linux-gnu.so").as_deref(),
            Some("3.7")
        );
        assert_eq!(
            python_of_module("x.cpython-313t-x86_64-linux-gnu.so").as_deref(),
            Some("3.13t")
        );
        assert_eq!(python_of_module("x.abi3.so"), None);
    }

    #[test]
    fn wheels_fit_the_pythons_of_their_tags() {
        assert!(wheel_fits("py3-none-any", "3.12"));
        assert!(wheel_fits("py2.py3-none-any", "3.12"));
        assert!(wheel_fits("cp37-abi3-manylinux_2_17_x86_64", "3.12"));
        assert!(!wheel_fits("cp313-abi3-manylinux_2_17_x86_64", "3.12"));
        assert!(wheel_fits("cp312-cp312-manylinux_2_17_x86_64", "3.12"));
        assert!(!wheel_fits("cp310-cp310-manylinux_2_17_x86_64", "3.12"));
        assert!(!wheel_fits("cp312-cp312t-manylinux_2_17_x86_64", "3.12"));
        assert!(!wheel_fits("py2-none-any", "3.12"));
        assert!(wheel_is_for_linux(
            "py3-none-manylinux1_x86_64.musllinux_1_1_x86_64"
        ));
        assert!(!wheel_is_for_linux("cp312-cp312-macosx_11_0_arm64"));
    }
}
