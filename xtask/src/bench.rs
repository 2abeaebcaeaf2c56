//! `cargo xtask bench`: beside the peers, with whatever they need installed first.

use anyhow::bail;

use crate::run::{cargo, command, exists, root, run, target};
use crate::setup;

/// Runs the named benchmarks, or all.
pub(crate) fn bench(names: &[String]) -> anyhow::Result<()> {
    if let Some(unknown) = names.iter().find(|name| !["sign", "photo"].contains(&name.as_str())) {
        bail!("there is no benchmark `{unknown}`, only `sign` and `photo`");
    }
    let wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    if wanted("sign") {
        sign()?;
    }
    if wanted("photo") {
        photo()?;
    }
    Ok(())
}

fn sign() -> anyhow::Result<()> {
    let python = setup::python("tests/requirements.txt")?;
    run(cargo(&["bench", "--package", "qdn-sign"]).env("QDN_PYTHON", python))
}

fn photo() -> anyhow::Result<()> {
    // Without nasm it would be another program that is measured: JPEG without SIMD.
    for (program, package) in [("vipsthumbnail", "libvips-tools"), ("nasm", "nasm"), ("node", "nodejs")] {
        if !exists(program) {
            setup::apt(&[package])?;
        }
    }
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
