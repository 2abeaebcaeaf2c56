//! The stages of `cargo xtask test`, in the order of what fails fastest.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, bail};

use crate::beside::Beside;
use crate::run::{cargo, command, root, run, target};
use crate::{dynamo, setup};

struct Stage {
    name: &'static str,
    what: &'static str,
    run: fn() -> anyhow::Result<()>,
}

const STAGES: &[Stage] = &[
    Stage { name: "format", what: "rustfmt", run: format },
    Stage { name: "lint", what: "clippy, warnings denied", run: lint },
    Stage { name: "rust", what: "unit, contract and socket tests in Rust", run: rust },
    Stage { name: "web", what: "types, lint and unit tests of the pages; the client is the API's", run: web },
    Stage { name: "sign", what: "every signature beside botocore's and openssl's", run: sign },
    Stage { name: "dynamo", what: "the database contract on DynamoDB", run: dynamo::test },
    Stage { name: "infra", what: "the AWS template: linted, guarded, created", run: infra },
    Stage { name: "api", what: "the HTTP contract: who may what, bad input, uploads", run: api },
    Stage {
        name: "functions",
        what: "the same contract, and the same refusals, through the functions of Lambda",
        run: functions,
    },
    Stage { name: "aws", what: "an upload's way through a local AWS, and every permission", run: aws },
    Stage { name: "clients", what: "boto3, the AWS CLI and a plain client against the store", run: clients },
    Stage { name: "browser", what: "the pages in Chromium", run: browser },
    Stage {
        name: "faults",
        what: "power cuts, kills, full disks, slow clients, in their short form",
        run: faults,
    },
];

/// Those that run beside others when all run: from before the first of `BESIDE_OF` until after the last.
const BESIDE: [&str; 4] = ["dynamo", "infra", "functions", "aws"];
const BESIDE_OF: [&str; 3] = ["sign", "api", "clients"];

/// Runs all stages, or those named.
pub(crate) fn test(names: &[String]) -> anyhow::Result<()> {
    if let Some(unknown) = names.iter().find(|name| !STAGES.iter().any(|stage| stage.name == *name)) {
        bail!("there is no stage `{unknown}`; see `cargo xtask stages`");
    }
    let all = names.is_empty();
    let (mut took, mut beside) = (Vec::new(), None);
    for stage in STAGES {
        let name = stage.name;
        if all && BESIDE_OF.first() == Some(&name) {
            prepare()?;
            beside = Some(Beside::start(&BESIDE)?);
        }
        let wanted = if all { !BESIDE.contains(&name) } else { names.iter().any(|wanted| wanted == name) };
        if !wanted {
            continue;
        }
        println!("\n== {name}: {}", stage.what);
        let started = Instant::now();
        (stage.run)().with_context(|| format!("stage `{name}`"))?;
        took.push(format!("{name} {} s", started.elapsed().as_secs()));
        if BESIDE_OF.last() == Some(&name)
            && let Some(beside) = beside.take()
        {
            beside.finish()?;
        }
    }
    println!("\nall stages passed: {}", took.join(", "));
    Ok(())
}

/// Makes what stages that run at the same time would make both.
fn prepare() -> anyhow::Result<()> {
    for requirements in ["requirements", "requirements-aws", "requirements-awscli"] {
        setup::python(&format!("tests/{requirements}.txt"))?;
    }
    binary().map(|_| ())
}

/// Prints the stages.
pub(crate) fn list() {
    for stage in STAGES {
        println!("{:<11}{}", stage.name, stage.what);
    }
}

fn format() -> anyhow::Result<()> {
    run(&mut cargo(&["fmt", "--all", "--check"]))
}

/// All that is tested, and what no program of ours turns on besides.
const FEATURES: &str = "qdn/lambda,qdn-sign/cloudfront-sha1";

fn lint() -> anyhow::Result<()> {
    run(&mut clippy(&["--all-targets", "--features", "qdn/contract-dynamo,qdn-sign/cloudfront-sha1"]))?;
    // The programs as they are built for use: what tests need turns on features of dependencies. The functions have none of
    // the server's parts.
    let programs = ["--lib", "--bins", "--features"];
    run(&mut clippy(&[&programs[..], &["qdn/lambda"]].concat()))?;
    run(&mut clippy(&[&programs[..], &["qdn/lambda,qdn/process", "--no-default-features"]].concat()))
}

fn clippy(what: &[&str]) -> Command {
    let mut clippy = cargo(&["clippy", "--locked", "--workspace"]);
    clippy.args(what).args(["--", "--deny", "warnings"]);
    clippy
}

fn rust() -> anyhow::Result<()> {
    run(&mut cargo(&["test", "--locked", "--workspace", "--no-fail-fast", "--features", FEATURES]))
}

fn web() -> anyhow::Result<()> {
    setup::npm_packages("web")?;
    let web = root().join("web");
    for script in ["check", "test"] {
        run(command("npm", &["run", script]).current_dir(&web))?;
    }
    let before = std::fs::read_to_string(web.join("src/api/generated.ts"))?;
    run(command("npm", &["run", "api"]).current_dir(&web))?;
    if std::fs::read_to_string(web.join("src/api/generated.ts"))? != before {
        bail!(
            "web/src/api/generated.ts was stale: it is now the client of crates/app/openapi.json, commit it"
        );
    }
    Ok(())
}

/// Seconds of one Python test after which it fails with a trace of every thread, and the run goes on. The slowest needs a
/// tenth of it.
const TEST_SECONDS_MAX: &str = "900";

/// The program under test; the functions and the examples lie beside it. They are those that `cargo test` has built: a build
/// of its own, without the features of dependencies that tests turn on, is most of the dependencies once more.
fn binary() -> anyhow::Result<PathBuf> {
    let programs = ["--features", FEATURES, "--bins", "--example", "oracle"];
    run(cargo(&["build", "--locked", "--workspace"]).args(programs))?;
    Ok(target().join("debug/qdn"))
}

fn pytest(folder: &str) -> anyhow::Result<Command> {
    pytest_with("tests/requirements.txt", folder)
}

/// pytest with the packages of a requirements file.
fn pytest_with(requirements: &str, folder: &str) -> anyhow::Result<Command> {
    let python = setup::python(requirements)?;
    let mut pytest =
        command(&python, &["-m", "pytest", "-q", "--strict-markers", "-p", "no:cacheprovider", folder]);
    pytest.args(["--timeout", TEST_SECONDS_MAX]).env("QDN_PYTHON", &python);
    Ok(pytest)
}

fn sign() -> anyhow::Result<()> {
    let oracle = binary()?.with_file_name("examples").join("oracle");
    run(pytest("tests/sign")?.env("QDN_SIGN_ORACLE", oracle))
}

fn infra() -> anyhow::Result<()> {
    let aws = setup::python("tests/requirements-awscli.txt")?.with_file_name("aws");
    let mut pytest = pytest_with("tests/requirements-aws.txt", "tests/infra")?;
    pytest.env("QDN_CFN_GUARD", setup::cfn_guard()?).env("QDN_AWS_CLI", aws);
    run(pytest.env("QDN_XTASK", std::env::current_exe()?))
}

fn api() -> anyhow::Result<()> {
    run(pytest("tests/api")?.env("QDN_BIN", binary()?))
}

/// What of the API's tests holds for a function too: no listener, no pages, no stream.
const OF_FUNCTIONS: [&str; 7] = [
    "test_bad_input",
    "test_jobs",
    "test_permissions",
    "test_photos",
    "test_renditions",
    "test_uploads",
    "test_ways_in",
];

fn functions() -> anyhow::Result<()> {
    let ministack = setup::python("tests/requirements-aws.txt")?.with_file_name("ministack");
    let mut pytest = pytest("tests/api/test_shortcuts.py")?;
    pytest.args(OF_FUNCTIONS.map(|name| format!("tests/api/{name}.py")));
    run(pytest.env("QDN_FACE", "function").env("QDN_MINISTACK", ministack).env("QDN_BIN", binary()?))
}

fn aws() -> anyhow::Result<()> {
    let folder = binary()?.with_file_name("");
    let mut pytest = pytest_with("tests/requirements-aws.txt", "tests/aws")?;
    for (variable, name) in [("QDN_LAMBDA_API", "qdn-lambda-api"), ("QDN_LAMBDA_PHOTO", "qdn-lambda-photo")] {
        pytest.env(variable, folder.join(name));
    }
    run(&mut pytest)
}

fn clients() -> anyhow::Result<()> {
    let awscli = setup::python("tests/requirements-awscli.txt")?;
    let aws = awscli.with_file_name("aws");
    run(pytest("tests/clients")?.env("QDN_BIN", binary()?).env("QDN_AWS_CLI", aws))
}

fn browser() -> anyhow::Result<()> {
    let chromium = setup::chromium()?;
    setup::npm_packages("tests/browser")?;
    run(command("npm", &["run", "check"]).current_dir(root().join("tests/browser")))?;
    let binary = binary()?;
    let mut npm = command("npm", &["test"]);
    npm.current_dir(root().join("tests/browser"));
    run(npm.env("QDN_BIN", binary).env("QDN_CHROMIUM", chromium))
}

fn faults() -> anyhow::Result<()> {
    run(pytest("tests/faults")?.env("QDN_BIN", binary()?))?;
    run(&mut full_phones()?)
}

/// Browsers whose profile lies on a loop device that runs full.
fn full_phones() -> anyhow::Result<Command> {
    let chromium = setup::chromium()?;
    setup::npm_packages("tests/browser")?;
    let mut npm = command("npm", &["run", "full-phone"]);
    npm.current_dir(root().join("tests/browser")).env("QDN_BIN", binary()?).env("QDN_CHROMIUM", chromium);
    Ok(npm)
}

/// Full phones at random moments: as many runs as the first argument says, fifty without one. The second is the seed of an
/// earlier run.
pub(crate) fn random_full_phones(arguments: &[String]) -> anyhow::Result<()> {
    let mut npm = full_phones()?;
    npm.env("QDN_FULL_PHONE_RUNS", arguments.first().map_or("50", String::as_str));
    if let Some(seed) = arguments.get(1) {
        npm.env("QDN_FULL_PHONE_SEED", seed);
    }
    run(npm.args(["--", "--grep", "random runs"]))
}

/// The long form of the fault tests.
pub(crate) fn long_faults(arguments: &[String]) -> anyhow::Result<()> {
    let mut pytest = pytest("tests/faults")?;
    // Hours are what the long form is for.
    pytest.args(["--timeout", "0"]).args(arguments);
    run(pytest.env("QDN_BIN", binary()?).env("QDN_FAULTS", "long"))
}

/// Writes the description of the API, and the client that is made of it.
pub(crate) fn write_openapi() -> anyhow::Result<()> {
    // Built as the other tests are: with other features it would be most of the dependencies once more.
    let test = ["test", "--workspace", "--features", FEATURES, "--test", "openapi"];
    run(cargo(&test).env("QDN_WRITE_OPENAPI", "1"))?;
    setup::npm_packages("web")?;
    run(command("npm", &["run", "api"]).current_dir(root().join("web")))
}
