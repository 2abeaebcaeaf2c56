//! What the tests and benchmarks need and install themselves: a Python environment, npm packages, Chromium.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::run::{command, exists, root, run, target};

/// A Python environment in the target folder with the pinned packages of a requirements file. Made anew when the
/// file changes. Returns its `python`.
pub(crate) fn python(requirements: &str) -> anyhow::Result<PathBuf> {
    let wanted = fs::read_to_string(root().join(requirements)).with_context(|| requirements.to_owned())?;
    let folder = target().join("venv").join(Path::new(requirements).with_extension(""));
    let (python, stamp) = (folder.join("bin/python"), folder.join("qdn-requirements.txt"));
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    if !exists("python3") {
        apt(&["python3"])?;
    }
    let path = folder.to_string_lossy().into_owned();
    let mut venv = command("python3", &["-m", "venv", "--clear", &path]);
    if run(&mut venv).is_err() {
        apt(&["python3-venv"])?;
        run(&mut venv)?;
    }
    run(&mut command(&python, &["-m", "pip", "install", "--quiet", "--requirement", requirements]))?;
    fs::write(&stamp, wanted)?;
    Ok(python)
}

/// The packages of a folder's lock file.
pub(crate) fn npm_packages(folder: &str) -> anyhow::Result<()> {
    let (lock, stamp) = (
        root().join(folder).join("package-lock.json"),
        root().join(folder).join("node_modules/.qdn-installed-lock.json"),
    );
    let wanted = fs::read(&lock).with_context(|| lock.display().to_string())?;
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    run(command("npm", &["ci", "--no-audit", "--no-fund"]).current_dir(root().join(folder)))?;
    Ok(fs::copy(&lock, &stamp).map(|_| ())?)
}

/// cfn-guard, whose program is in an npm package.
pub(crate) fn cfn_guard() -> anyhow::Result<PathBuf> {
    npm_packages("tests/infra")?;
    let folder = root().join("tests/infra/node_modules/@cdklabs/cdk-validator-cfnguard/bin");
    let system = if cfg!(target_os = "macos") { "macos" } else { "ubuntu" };
    Ok(folder.join(system).join(std::env::consts::ARCH).join("cfn-guard"))
}

/// Chromium, Debian's.
pub(crate) fn chromium() -> anyhow::Result<PathBuf> {
    let path = PathBuf::from("/usr/bin/chromium");
    if !path.exists() {
        apt(&["chromium"])?;
    }
    Ok(path)
}

/// Debian packages by name. Whoever may not install them is told what to ask for.
pub(crate) fn apt(packages: &[&str]) -> anyhow::Result<()> {
    let names = packages.join(" ");
    if !exists("apt-get") {
        bail!("this needs {names}; install that and run this again");
    }
    let update = run(&mut command("apt-get", &["update", "-qq"]));
    let mut install = command("apt-get", &["install", "--yes", "--quiet", "--no-install-recommends"]);
    install.args(packages).env("DEBIAN_FRONTEND", "noninteractive");
    update.and_then(|()| run(&mut install)).with_context(|| {
        format!("this needs {names}: run `sudo apt-get install {names}` and then this again")
    })
}
