//! The functions as AWS Lambda takes them: `target/lambda/NAME.zip`, each with one program named `bootstrap`.

use std::env;
use std::ffi::OsString;
use std::fs;

use anyhow::{Context as _, bail};

use crate::run::{command, run, target};
use crate::setup;

/// The functions and the features that each is built of.
const FUNCTIONS: [(&str, &str); 2] = [("qdn-lambda-api", "lambda"), ("qdn-lambda-photo", "lambda,process")];

/// The architectures that Lambda has, as its template names them.
const ARCHITECTURES: [&str; 2] = ["arm64", "x86_64"];

/// Builds both functions with `cargo lambda`, which links them against the C library of Amazon Linux 2023.
pub(crate) fn package(arguments: &[String]) -> anyhow::Result<()> {
    let architecture = match arguments {
        [] => own_architecture(),
        [wanted] if ARCHITECTURES.contains(&wanted.as_str()) => wanted,
        _ => bail!("an architecture is {}", ARCHITECTURES.join(" or ")),
    };
    let tools = setup::python("xtask/requirements-lambda.txt")?;
    // It starts `zig` and `cargo` by their names.
    let bin = tools.parent().context("a Python without a folder")?.to_owned();
    let path = env::var_os("PATH").unwrap_or_default();
    let path: OsString = env::join_paths(std::iter::once(bin.clone()).chain(env::split_paths(&path)))?;
    let folder = target().join("lambda");
    fs::create_dir_all(&folder)?;
    for (name, features) in FUNCTIONS {
        let mut build =
            command(bin.join("cargo-lambda"), &["lambda", "build", "--locked", "--package", "qdn"]);
        build.args(["--profile", "function", "--bin", name, "--no-default-features", "--features", features]);
        build.args(["--output-format", "zip", "--lambda-dir"]).arg(&folder);
        if architecture == "arm64" {
            build.arg("--arm64");
        }
        run(build.env("PATH", &path))?;
        let packed = folder.join(format!("{name}.zip"));
        fs::rename(folder.join(name).join("bootstrap.zip"), &packed)?;
        println!("{} for {architecture}: {} bytes", packed.display(), fs::metadata(&packed)?.len());
    }
    Ok(())
}

/// What this machine builds without another standard library.
fn own_architecture() -> &'static str {
    if env::consts::ARCH == "aarch64" { "arm64" } else { "x86_64" }
}
