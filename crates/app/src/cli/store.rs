//! `qdn store check`.

use anyhow::bail;
use clap::{Args, Subcommand};
use qdn_store::check::CheckReport;

use super::{DataArgument, say};
use crate::serve::store_path;

#[derive(Subcommand)]
pub(super) enum StoreCommand {
    /// Compare the files with the listing index; with --repair while no server runs
    Check(CheckArguments),
}

#[derive(Args)]
pub(super) struct CheckArguments {
    #[command(flatten)]
    data: DataArgument,
    /// Rebuild the index from the files, and set damaged files aside
    #[arg(long)]
    repair: bool,
    /// Read every photo and compare it with its checksum
    #[arg(long)]
    deep: bool,
}

pub(super) fn run(command: StoreCommand) -> anyhow::Result<()> {
    let StoreCommand::Check(arguments) = command;
    let root = super::existing(&arguments.data.data, &store_path(&arguments.data.data))?;
    let report = qdn_store::check(&root, arguments.repair, arguments.deep)?;
    print(&report)?;
    if !report.is_clean() && !report.repaired {
        bail!("the store is not clean; stop the server and run this with --repair");
    }
    if report.unreadable.count > 0 {
        bail!("some files cannot be read; look at the disk, at permissions and at what is named above");
    }
    Ok(())
}

fn print(report: &CheckReport) -> anyhow::Result<()> {
    say(&format!("{} objects, {} bytes", report.objects, report.bytes))?;
    for (what, findings) in [
        ("files that the index does not know", &report.orphans),
        ("rows of the index without a file", &report.ghosts),
        ("rows that say something else than their file", &report.stale),
        ("files with a damaged end", &report.corrupt_trailers),
        ("files and directories that cannot be read", &report.unreadable),
        ("photos whose bytes changed on the disk", &report.corrupt_bodies),
        ("entries that are not part of the store (they do no harm)", &report.strange_entries),
    ] {
        if findings.count > 0 {
            say(&format!("{}: {}", what, findings.count))?;
        }
        for name in &findings.named {
            say(&format!("  {name}"))?;
        }
    }
    if report.index_unreadable {
        say("the index could not be read")?;
    }
    if report.repaired {
        say("the index now says what the files say")?;
    }
    Ok(())
}
