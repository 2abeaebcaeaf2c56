//! The architecture, held by tests: what may know what, how long a file may be, what must be written down.

#![allow(clippy::unwrap_used, reason = "a tree that cannot be read fails the test")]

use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;

const FILE_LINES_MAX: usize = 600;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            let made = ["target", "node_modules", ".venv", "dist"].contains(&name.as_str());
            if !made && !name.starts_with('.') {
                files(&path, endings, found);
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
}

fn rust_files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    files(&root().join(folder), &[".rs"], &mut found);
    assert!(!found.is_empty(), "no Rust in {folder}");
    found
}

/// The lines of a folder's code that name one of these crates.
fn mentions(folder: &str, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for path in rust_files(folder) {
        for (index, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if words.iter().any(|word| code.contains(word)) {
                found.push(format!("{}:{}: {}", path.display(), index + 1, line.trim()));
            }
        }
    }
    found
}

#[test]
fn the_domain_knows_neither_http_nor_database_nor_clock() {
    let words =
        ["axum", "rusqlite", "tokio", "serde", "hyper", "reqwest", "crate::http", "crate::db", "::now()"];
    assert_eq!(mentions("crates/app/src/domain", &words), Vec::<String>::new());
}

#[test]
fn sign_and_photo_are_pure() {
    let words =
        ["tokio", "std::fs", "std::net", "SystemTime::now", "Instant::now", "std::env", "std::process"];
    for name in ["sign", "photo"] {
        assert_eq!(mentions(&format!("crates/{name}/src"), &words), Vec::<String>::new());
        let manifest = fs::read_to_string(root().join(format!("crates/{name}/Cargo.toml"))).unwrap();
        let dependencies = manifest.split("[dev-dependencies]").next().unwrap();
        let strange = dependencies.lines().find(|line| line.starts_with("tokio") || line.starts_with("qdn"));
        assert_eq!(strange, None, "{name}");
    }
}

#[test]
fn the_store_knows_nothing_of_the_app() {
    let manifest = fs::read_to_string(root().join("crates/store/Cargo.toml")).unwrap();
    let dependencies = manifest.split("[dev-dependencies]").next().unwrap();
    let ours: Vec<_> = dependencies.lines().filter(|line| line.starts_with("qdn")).collect();
    assert_eq!(ours, ["qdn-sign.workspace = true"]);
}

#[test]
fn no_file_of_code_is_longer_than_600_lines() {
    let mut found = Vec::new();
    files(&root(), &[".rs", ".ts", ".tsx", ".py", ".mjs", ".css", ".sh"], &mut found);
    let long: Vec<_> = found
        .into_iter()
        .filter(|path| !path.ends_with("generated.ts"))
        .filter(|path| fs::read_to_string(path).unwrap().lines().count() > FILE_LINES_MAX)
        .collect();
    assert_eq!(long, Vec::<PathBuf>::new());
}

#[test]
fn every_setting_and_environment_variable_is_documented() {
    let text = fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let command = qdn::cli::Cli::command();
    let serve = command.find_subcommand("serve").unwrap();
    let mut missing = Vec::new();
    for argument in serve.get_arguments() {
        let flag = argument.get_long().map(|long| format!("`--{long}`"));
        let variable = argument.get_env().map(|name| format!("`{}`", name.to_string_lossy()));
        missing.extend([flag, variable].into_iter().flatten().filter(|name| !text.contains(name)));
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn the_walks_in_architecture_md_name_functions_that_exist() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let mut code = String::new();
    let mut pages = Vec::new();
    files(&root().join("web/src"), &[".ts", ".tsx"], &mut pages);
    for path in rust_files("crates").into_iter().chain(pages) {
        code.push_str(&fs::read_to_string(path).unwrap());
    }
    let mut named = 0;
    let mut missing = Vec::new();
    // A function is written as `path/to/file.rs: name()`; every backquoted word that ends in `()` is one.
    for word in text.split('`').skip(1).step_by(2).filter(|word| word.ends_with("()")) {
        let name = word.trim_end_matches("()").rsplit([':', ' ', '.']).next().unwrap();
        named += 1;
        let written =
            ["fn {}(", "fn {}<", "function {}(", "function {}<", "  {}(", "  async {}(", "  async #{}("];
        if !written.iter().any(|form| code.contains(&form.replace("{}", name))) {
            missing.push(word.to_owned());
        }
    }
    assert!(named >= 15, "the walks name only {named} functions");
    assert_eq!(missing, Vec::<String>::new());
}
