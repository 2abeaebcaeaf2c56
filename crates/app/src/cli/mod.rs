//! The command line.

mod client;
mod job;
mod key;
mod link;
mod photos;
mod process;
mod serve;
mod store;
mod upload;

use std::path::{Path, PathBuf};
use std::pin::Pin;

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand};

use crate::db::Sqlite;
use crate::operations::OperationError;
use crate::serve::database_path;

/// The photo system for field-service businesses.
#[derive(Parser)]
#[command(name = "qdn", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the API, the pages and the photo store
    Serve(Box<serve::ServeArguments>),
    /// Add and list jobs
    #[command(subcommand)]
    Job(job::JobCommand),
    /// Make, list and revoke links for staff, crews and customers
    #[command(subcommand)]
    Link(link::LinkCommand),
    /// Upload photos to a job of a running server; run it again to go on where it stopped
    Upload(upload::UploadArguments),
    /// List the photos of a job of a running server
    Photos(photos::PhotosArguments),
    /// Make, list and revoke application keys
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Have a running server make the renditions of a job's photos, or of all
    Process(process::ProcessArguments),
    /// Look at photos for the server that started this program
    #[command(hide = true)]
    PhotoWorker(PhotoWorkerArguments),
    /// Look after the photo store
    #[command(subcommand)]
    Store(store::StoreCommand),
}

/// What a photo worker is told.
#[derive(clap::Args)]
struct PhotoWorkerArguments {
    /// The largest photo, in bytes
    #[arg(long)]
    bytes_max: u64,
}

/// Where the installation's data is.
#[derive(clap::Args)]
pub(crate) struct DataArgument {
    /// Folder of the database, the keys and the photos
    #[arg(long = "data", env = "QDN_DATA", default_value = "qdn-data", value_name = "DIR")]
    data: PathBuf,
}

impl DataArgument {
    /// Opens the database of an installation that exists.
    async fn open_db(&self) -> anyhow::Result<Sqlite> {
        let path = existing(&self.data, &database_path(&self.data))?;
        Sqlite::open(&path, None).await.with_context(|| format!("opening {}", path.display()))
    }
}

/// A path that must be there already: a mistyped folder must not become a new installation.
fn existing(data: &Path, path: &Path) -> anyhow::Result<PathBuf> {
    if !path.exists() {
        bail!(
            "there is no qdn installation in {}; start one with `qdn serve`, or name its folder with --data",
            data.display()
        );
    }
    Ok(path.to_owned())
}

/// Does what the command line says.
///
/// # Errors
/// A sentence for the person at the terminal.
pub fn run(cli: Cli) -> anyhow::Result<()> {
    let doing: Pin<Box<dyn Future<Output = anyhow::Result<()>>>> = match cli.command {
        // It is to have no thread and no open file that it does not need.
        Command::PhotoWorker(arguments) => return Ok(crate::process::run_child(arguments.bytes_max)?),
        Command::Store(command) => return store::run(command),
        Command::Serve(arguments) => Box::pin(serve::run(*arguments)),
        Command::Job(command) => Box::pin(job::run(command)),
        Command::Link(command) => Box::pin(link::run(command)),
        Command::Upload(arguments) => Box::pin(upload::run(arguments)),
        Command::Photos(arguments) => Box::pin(photos::run(arguments)),
        Command::Key(command) => Box::pin(key::run(command)),
        Command::Process(arguments) => Box::pin(process::run(arguments)),
    };
    tokio::runtime::Runtime::new().context("starting the program's threads")?.block_on(doing)
}

/// Prints a line for the person or program at the other end of standard output.
fn say(line: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}").context("writing to standard output")
}

/// A refusal in the words of the command line.
fn by_flag(error: OperationError) -> anyhow::Error {
    match error {
        OperationError::Field { field, rule } => anyhow::anyhow!("--{field} {rule}"),
        error => error.into(),
    }
}

/// A text for a terminal: control characters, which older versions kept, are shown by their escapes.
fn printable(text: &str) -> String {
    text.chars().fold(String::new(), |mut line, character| {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
        line
    })
}
