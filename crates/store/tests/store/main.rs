//! The store as its clients meet it: real files, real HTTP over the loopback interface.

mod basics;
mod post;
mod support;
