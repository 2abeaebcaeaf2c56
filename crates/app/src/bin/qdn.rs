//! The qdn program: the server and its command line.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    // Whatever we make is for its owner only: customers' addresses stand in the database.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let cli = qdn::cli::Cli::parse();
    qdn::telemetry::start();
    match qdn::cli::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The last line of a program that gives up is for a person.
            eprintln!("qdn: {error:#}");
            ExitCode::FAILURE
        }
    }
}
