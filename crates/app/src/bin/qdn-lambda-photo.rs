//! The photo processor as a function in AWS Lambda.

use std::process::ExitCode;

use qdn::lambda::{photo, start};
use qdn::process;

fn main() -> ExitCode {
    // Its own worker, which may die of a photo, is the same program, started by itself.
    match process::bytes_max_of(std::env::args()).map(process::run_child) {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(_)) => ExitCode::FAILURE,
        None => start(photo::run),
    }
}
