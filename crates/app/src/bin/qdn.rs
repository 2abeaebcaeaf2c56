//! The qdn program.
fn main() {}
