//! Builds the web pages with npm, into `OUT_DIR/web`, where the program embeds them. Cargo runs this again only when
//! the sources changed.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// What the pages are made of; `node_modules` is not.
const SOURCES: &[&str] = &[
    "src",
    "public",
    "dashboard",
    "track",
    "capture",
    "package.json",
    "package-lock.json",
    "vite.config.ts",
    "vite",
    "tsconfig.json",
];

fn main() -> Result<(), Box<dyn Error>> {
    let web = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../web");
    for source in SOURCES {
        let path = web.join(source);
        if path.exists() {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var("OUT_DIR")?).join("web");
    if npm_version().is_none() {
        return Err("npm was not found. The web pages are built with Node.js 20 or newer and npm: \
            install both (Debian: apt-get install nodejs npm; or nodejs.org) and run this command again."
            .into());
    }
    if needs_install(&web)? {
        npm(&web, &["ci", "--no-audit", "--no-fund"])?;
        fs::copy(web.join("package-lock.json"), installed_lock(&web))?;
    }
    npm(&web, &["run", "build", "--", "--outDir", &out.display().to_string(), "--emptyOutDir"])
}

fn npm_version() -> Option<String> {
    let output = Command::new("npm").arg("--version").output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A copy of the lock file that the installed packages belong to.
fn installed_lock(web: &Path) -> PathBuf {
    web.join("node_modules/.qdn-installed-lock.json")
}

fn needs_install(web: &Path) -> Result<bool, Box<dyn Error>> {
    let wanted = fs::read(web.join("package-lock.json"))?;
    Ok(fs::read(installed_lock(web)).ok() != Some(wanted))
}

fn npm(web: &Path, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let output = Command::new("npm").args(arguments).current_dir(web).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("`npm {}` failed:\n{}", arguments.join(" "), String::from_utf8_lossy(&said)).into())
}
