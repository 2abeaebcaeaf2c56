//! Says what Cargo hides of a dependency's warnings: that JPEG will be slow.

use std::env;
use std::process::{Command, Stdio};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=PATH");
    let target = env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    // Elsewhere the C compiler assembles the SIMD code itself.
    let needed = ["x86", "x86_64"].contains(&target.as_str());
    let found = Command::new("nasm").arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if needed && found.is_err() {
        println!(
            "cargo::warning=nasm is not installed: photos take about twice as long (apt-get install nasm)"
        );
    }
}
