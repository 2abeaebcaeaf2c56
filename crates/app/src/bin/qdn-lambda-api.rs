//! The API as a function in AWS Lambda.

use std::process::ExitCode;

use qdn::lambda::{api, start};

fn main() -> ExitCode {
    start(api::run)
}
