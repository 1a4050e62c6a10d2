//! What shells and `man` know of the program: completions, and manual pages.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use support::run;

/// The answer to bash when somebody completes the last of these words.
fn completed(folder: &Path, words: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_layershare"))
        .current_dir(folder)
        .env("LAYERSHARE_COMPLETE", "bash")
        .env("_CLAP_COMPLETE_INDEX", words.len().to_string())
        .env("_CLAP_IFS", "\n")
        .args(["--", "layershare"])
        .args(words)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn codes_and_names_that_are_fixed_are_completed() {
    let here = Path::new(".");
    assert_eq!(
        completed(here, &["explain", "everyone-"]),
        ["everyone-without-reason"]
    );
    assert!(completed(here, &["explain", ""]).len() > 50);
    assert_eq!(
        completed(here, &["inspect", "--architecture", "a"]),
        ["arm64"]
    );
    assert!(
        completed(here, &["inspect", "--runtime", "python3.1"]).contains(&"python3.13".to_owned())
    );
    assert_eq!(
        completed(here, &["access", "--format", ""]),
        ["text", "markdown", "json", "html", "svg"]
    );
    assert_eq!(completed(here, &["completions", "po"]), ["powershell"]);
}

#[test]
fn files_are_completed_by_their_endings_and_folders_lead_to_them() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.layers", "a.yaml", "a.json", "a.zip", "a.txt"] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    fs::create_dir(folder.path().join("ab")).unwrap();
    let files = |words: &[&str]| completed(folder.path(), words);
    for command in ["build", "check", "fmt"] {
        assert_eq!(files(&[command, "a"]), ["a.layers", "ab/"], "{command}");
    }
    for command in ["access", "ask", "diff", "drift"] {
        assert_eq!(
            files(&[command, "a"]),
            ["a.json", "a.layers", "a.yaml", "ab/"],
            "{command}"
        );
    }
    assert_eq!(files(&["uses", "a"]), ["a.json", "a.yaml", "ab/"]);
    assert_eq!(files(&["inspect", "a"]), ["a.zip", "ab/"]);
    assert_eq!(
        files(&["drift", "--stack-resources", "a"]),
        ["a.json", "ab/"]
    );
}

#[test]
fn every_shell_gets_a_script_that_asks_the_program() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = run(Path::new("."), &["completions", shell], b"");
        assert!(output.status.success(), "{shell}");
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(script.contains("LAYERSHARE_COMPLETE"), "{shell}: {script}");
        // These functions are called from the part that is ours.
        let function = match shell {
            "bash" => "_clap_complete_layershare() {",
            "zsh" => "function _clap_dynamic_completer_layershare() {",
            _ => continue,
        };
        assert!(script.contains(function), "{shell}: {script}");
    }
}

/// What bash does with typed lines, of which `\t` completes a word.
#[cfg(target_os = "linux")]
fn typed(folder: &Path, lines: &[&str]) -> String {
    use std::io::Write;
    use std::process::Stdio;
    let program = Path::new(env!("CARGO_BIN_EXE_layershare"));
    let mut folders = vec![program.parent().unwrap().to_path_buf()];
    let path = std::env::var_os("PATH").unwrap();
    folders.extend(std::env::split_paths(&path));
    let mut bash = Command::new("bash")
        .args(["--norc", "--noprofile", "-i"])
        .current_dir(folder)
        .env("PATH", std::env::join_paths(folders).unwrap())
        .env("HOME", folder.join("home"))
        .env("INPUTRC", "/dev/null")
        .env("TERM", "dumb")
        .env_remove("HISTFILE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut keys = bash.stdin.take().unwrap();
    writeln!(keys, "source <(layershare completions bash)").unwrap();
    for line in lines {
        writeln!(keys, "{line}").unwrap();
    }
    drop(keys);
    String::from_utf8(bash.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn bash_completes_words_that_it_writes_otherwise_than_they_are_meant() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("home")).unwrap();
    fs::create_dir_all(folder.path().join("sub")).unwrap();
    let grant =
        "account a = 123456789012\nlayer l {\n version 1 from s3://bucket/key\n share with a\n}\n";
    for name in ["with space.layers", "sub/inner.layers", "home/mine.layers"] {
        fs::write(folder.path().join(name), grant).unwrap();
    }
    for (line, expected) in [
        // Each line tries one word and then the value of an option after `=`.
        (
            "layershare ask wi\t'a can use *' --format=j\t",
            r#""answer": "yes""#,
        ),
        (
            "layershare ask with\\ s\t 'a can use *' --format=j\t",
            r#""answer": "yes""#,
        ),
        (
            "layershare ask 'wi\t'a can use *' --format=j\t",
            r#""answer": "yes""#,
        ),
        (
            "layershare ask su\t\t'a can use *' --format=j\t",
            r#""answer": "yes""#,
        ),
        (
            "layershare ask ~/m\t'a can use *' --format=j\t",
            r#""answer": "yes""#,
        ),
        (
            "layershare ask $HOME/m\t 'a can use *' --format=j\t",
            r#""answer": "yes""#,
        ),
        ("layershare exp\teveryone-w\t", "everyone-without-reason"),
    ] {
        let output = typed(folder.path(), &[line]);
        assert!(output.contains(expected), "{line:?}: {output}");
    }
}

#[test]
fn every_command_has_a_manual_page_with_all_its_options() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man/man1");
    let output = run(folder.path(), &["man", "man/man1"], b"");
    assert!(output.status.success(), "{output:?}");
    let help = |words: &[&str]| {
        let output = run(folder.path(), words, b"");
        String::from_utf8(output.stdout).unwrap()
    };
    let all = help(&["--help"]);
    let (_, commands) = all.split_once("Commands:\n").unwrap();
    let names = commands
        .lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .map(|line| line.split_whitespace().next().unwrap());
    let names: Vec<&str> = names.filter(|name| *name != "help").collect();
    assert!(names.len() >= 13, "{names:?}");
    assert_eq!(fs::read_dir(&pages).unwrap().count(), names.len() + 1);
    for name in names {
        let page = fs::read_to_string(pages.join(format!("layershare-{name}.1"))).unwrap();
        let page = page.replace(r"\*(Aq", "'").replace('\\', "");
        let help = help(&[name, "--help"]);
        let about = help.lines().next().unwrap();
        assert!(page.contains(about), "{name}: {about}");
        let options = help
            .split(|c: char| c.is_whitespace() || "[]()`,;".contains(c))
            .filter(|word| word.starts_with("--") && word.len() > 2);
        for option in options {
            assert!(page.contains(option), "{name}: {option}");
        }
    }
}
