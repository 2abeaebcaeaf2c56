//! `cargo xtask bench`: beside the peers, with whatever they need installed first.

use anyhow::bail;

use crate::run::{cargo, command, exists, root, run, target};
use crate::setup;

/// Runs the named benchmarks, or all.
pub(crate) fn bench(names: &[String]) -> anyhow::Result<()> {
    const NAMES: [&str; 3] = ["sign", "photo", "arrival"];
    if let Some(unknown) = names.iter().find(|name| !NAMES.contains(&name.as_str())) {
        bail!("there is no benchmark `{unknown}`, only {}", NAMES.join(", "));
    }
    let wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    if wanted("sign") {
        sign()?;
    }
    if wanted("photo") {
        photo()?;
    }
    if wanted("arrival") {
        arrival()?;
    }
    Ok(())
}

fn sign() -> anyhow::Result<()> {
    let python = setup::python("tests/requirements.txt")?;
    run(cargo(&["bench", "--package", "qdn-sign"]).env("QDN_PYTHON", python))
}

/// Installs what is missing of these programs, each with the Debian package that has it.
fn install(programs: &[(&str, &str)]) -> anyhow::Result<()> {
    for (program, package) in programs {
        if !exists(program) {
            setup::apt(&[package])?;
        }
    }
    Ok(())
}

/// Without nasm it would be another program that is measured: JPEG without SIMD.
const NASM: (&str, &str) = ("nasm", "nasm");

/// From the upload to the list, by the whole program.
fn arrival() -> anyhow::Result<()> {
    install(&[NASM])?;
    let python = setup::python("bench/photo/requirements.txt")?;
    run(&mut cargo(&["build", "--release", "--locked", "--package", "qdn"]))?;
    let mut bench = command(&python, &["bench/photo/arrival.py"]);
    bench.arg("--qdn").arg(target().join("release/qdn"));
    bench.arg("--work").arg(target().join("bench-photo"));
    run(bench.arg("--out").arg(root().join("bench/results/arrival.md")))
}

fn photo() -> anyhow::Result<()> {
    install(&[("vipsthumbnail", "libvips-tools"), NASM, ("node", "nodejs")])?;
    setup::npm_packages("bench/photo")?;
    let python = setup::python("bench/photo/requirements.txt")?;
    run(&mut cargo(&[
        "build",
        "--release",
        "--locked",
        "--package",
        "qdn-photo",
        "--example",
        "bench_worker",
    ]))?;
    let mut bench = command(&python, &["bench/photo/run.py"]);
    bench.arg("--qdn").arg(target().join("release/examples/bench_worker"));
    bench.arg("--work").arg(target().join("bench-photo"));
    run(bench.arg("--out").arg(root().join("bench/results/photo.md")))
}
