//! Project chores: `cargo xtask test`, `bench`, `openapi`, `faults`, `fuzz`, `package`, `deploy`, `pages`, `key`.

mod bench;
mod beside;
mod deploy;
mod dynamo;
mod fuzz;
mod package;
mod run;
mod setup;
mod stages;

use std::process::ExitCode;

use anyhow::bail;

const HELP: &str = "\
cargo xtask test [STAGE…]   everything that must pass, or only some stages
cargo xtask stages          the stages of `test`
cargo xtask openapi         write crates/app/openapi.json and the TypeScript client made of it
cargo xtask bench [NAME…]   the benchmarks, sign, photo and arrival; writes bench/results/
cargo xtask faults          the long form of the fault tests (power cuts, kills, full disks)
cargo xtask full-phone [RUNS] [SEED]   browsers on a disk that runs full at random moments; fifty runs, or as said
cargo xtask package [ARCH]   the functions for AWS Lambda, for this machine's architecture, or x86_64, or arm64
cargo xtask deploy [ARG…]   on AWS: packs the functions, `sam deploy` with these arguments, the pages, and their key
cargo xtask pages           on AWS: builds the pages and puts them into the stack's bucket
cargo xtask key             on AWS: makes the pages' key known; the first time, shows a link for staff
cargo xtask fuzz [TARGET] [SECONDS]   fuzzes the photo processor: all targets a minute each, or as said
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> anyhow::Result<()> {
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", arguments),
    };
    match command {
        "test" => stages::test(rest),
        "stages" => {
            stages::list();
            Ok(())
        }
        "openapi" => stages::write_openapi(),
        "bench" => bench::bench(rest),
        "faults" => stages::long_faults(rest),
        "full-phone" => stages::random_full_phones(rest),
        "package" => package::package(rest),
        "deploy" => deploy::deploy(rest),
        "pages" => deploy::pages(),
        "key" => deploy::set_up(),
        "fuzz" => fuzz::fuzz(rest),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => bail!("there is no `{other}`\n\n{HELP}"),
    }
}
