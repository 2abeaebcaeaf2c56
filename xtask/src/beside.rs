//! Stages that run beside others, since all of them wait more than they compute: a process of its own for them, whose output
//! is shown once it has ended.

use std::env;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command};

use anyhow::{Context as _, bail};

use crate::run::target;

/// A process that runs some stages. It ends with this value.
pub(crate) struct Beside {
    child: Child,
    log: PathBuf,
    names: String,
}

impl Beside {
    /// Starts `cargo xtask test` with these stages.
    pub(crate) fn start(names: &[&str]) -> anyhow::Result<Self> {
        let log = target().join("stages-beside.log");
        let file = File::create(&log).with_context(|| log.display().to_string())?;
        let names_shown = names.join(", ");
        println!("\n== beside what follows: {names_shown}; their output goes to {}", log.display());
        let mut stages = Command::new(env::current_exe()?);
        let child = stages.arg("test").args(names).stdout(file.try_clone()?).stderr(file).spawn()?;
        Ok(Self { child, log, names: names_shown })
    }

    /// Waits for its end, and shows what it said.
    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        let status = self.child.wait()?;
        println!("\n== {}", self.names);
        println!("{}", fs::read_to_string(&self.log)?);
        if !status.success() {
            bail!("the stages {} failed: {status}", self.names);
        }
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // One that has ended already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
