//! On AWS: the stack, and the pages in its bucket.

use std::io::IsTerminal as _;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::package::package;
use crate::run::{command, root, run, target};
use crate::setup;

/// File names under here carry the hash of their content.
const ASSETS: &str = "assets";
/// The copies that the program serves itself; CloudFront compresses on its own.
const COPIES: [&str; 4] = ["--exclude", "*.br", "--exclude", "*.gz"];

/// Packs the functions, deploys the stack, puts the pages into its bucket and makes their key known.
pub(crate) fn deploy(arguments: &[String]) -> anyhow::Result<()> {
    package(&[architecture()?])?;
    let stack = ["--stack-name".to_owned(), stack()];
    let mut sam = command("sam", &["deploy", "--config-file", "infra/samconfig.toml"]);
    run(sam.args(stack).args(arguments))?;
    pages()?;
    set_up()
}

/// The architecture that the functions are deployed for, as `infra/samconfig.toml` says.
fn architecture() -> anyhow::Result<String> {
    const NAME: &str = "\"Architecture=";
    let path = root().join("infra/samconfig.toml");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let named = text.split_once(NAME).and_then(|(_, rest)| rest.split_once('"'));
    let (architecture, _) = named.with_context(|| format!("{} names no Architecture", path.display()))?;
    Ok(architecture.to_owned())
}

/// Builds the pages and puts them into the stack's bucket: first what they need, then they. Assets of earlier releases stay,
/// since a page that is open may still ask for one.
pub(crate) fn pages() -> anyhow::Result<()> {
    let bucket = output("PagesBucketName")?;
    let folder = target().join("pages");
    let folder = folder.to_str().context("the target folder's name is no text")?;
    setup::npm_packages("web")?;
    run(command("npm", &["run", "build", "--", "--outDir", folder]).current_dir(root().join("web")))?;

    let (from, to) = (format!("{folder}/{ASSETS}"), format!("s3://{bucket}/{ASSETS}"));
    let mut assets = aws(&["s3", "sync", &from, &to, "--no-progress"]);
    run(assets.args(COPIES).args(["--cache-control", "public, max-age=31536000, immutable"]))?;

    let to = format!("s3://{bucket}");
    let mut others = aws(&["s3", "sync", folder, &to, "--no-progress", "--delete"]);
    others.args(COPIES).args(["--exclude", "assets/*", "--exclude", "*.webmanifest"]);
    run(others.args(["--cache-control", "no-cache"]))?;

    // The AWS CLI does not know this type.
    let mut manifests = aws(&["s3", "cp", folder, &to, "--no-progress", "--recursive"]);
    manifests.args(["--exclude", "*", "--include", "*.webmanifest"]);
    run(manifests.args(["--cache-control", "no-cache", "--content-type", "application/manifest+json"]))?;
    println!("the pages are at {}", output("SiteUrl")?);
    Ok(())
}

/// Makes the pages' key known to the API. The first time, the answer holds a link for staff.
pub(crate) fn set_up() -> anyhow::Result<()> {
    let function = output("PhotoFunctionName")?;
    let (event, answer) = (target().join("setup.json"), target().join("setup-answer.json"));
    std::fs::write(&event, r#"{"qdn":"setup"}"#).with_context(|| event.display().to_string())?;
    let mut invoke = aws(&["lambda", "invoke", "--function-name", &function, "--query", "FunctionError"]);
    // Both versions of the AWS CLI send a file's bytes as they are.
    invoke.arg("--payload").arg(format!("fileb://{}", event.display())).args(["--output", "text"]);
    let done = invoke.arg(&answer).output().context("cannot start the AWS CLI, `aws`")?;
    if !done.status.success() {
        bail!("{function} cannot be invoked: {}", String::from_utf8_lossy(&done.stderr).trim());
    }
    let said = std::fs::read_to_string(&answer).with_context(|| answer.display().to_string())?;
    // It may hold a link that opens everything.
    std::fs::remove_file(&answer).with_context(|| answer.display().to_string())?;
    if String::from_utf8_lossy(&done.stdout).trim() != "None" {
        bail!("{function} cannot make the pages' key known: {said}");
    }
    println!("the pages' key is known to the API");
    if !said.contains("#t=") {
        return Ok(());
    }
    if std::io::stdout().is_terminal() {
        println!("a first link for staff: {said}");
    } else {
        // A log keeps what is printed.
        println!("a first link for staff is shown on a terminal only; docs/operations.md makes another");
    }
    Ok(())
}

/// The stack's name.
fn stack() -> String {
    std::env::var("QDN_STACK").unwrap_or_else(|_| "qdn".to_owned())
}

/// The AWS CLI.
fn aws(arguments: &[&str]) -> Command {
    command(std::env::var_os("QDN_AWS_CLI").unwrap_or_else(|| "aws".into()), arguments)
}

/// One output of the stack.
fn output(name: &str) -> anyhow::Result<String> {
    let (stack, query) = (stack(), format!("Stacks[0].Outputs[?OutputKey=='{name}'].OutputValue"));
    let arguments =
        ["cloudformation", "describe-stacks", "--stack-name", &stack, "--query", &query, "--output", "text"];
    let done = aws(&arguments).output().context("cannot start the AWS CLI, `aws`")?;
    let value = String::from_utf8_lossy(&done.stdout).trim().to_owned();
    if !done.status.success() || value.is_empty() {
        bail!("the stack {stack} has no output {name}: {}", String::from_utf8_lossy(&done.stderr).trim());
    }
    Ok(value)
}
