//! One table of all subjects, printed and written to `bench/results/sign.md`.

use std::{
    env,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{
    floor::{Floor, hex},
    inputs,
};

const ACTIONS: [(&str, &str); 3] =
    [("get", "presigned GET"), ("put", "presigned PUT"), ("post", "POST policy")];

/// Reads criterion's medians out of `results`, runs boto3 if `QDN_PYTHON` names a Python that has it, and reports.
pub(crate) fn write(results: &Path, floor: &Floor) {
    let boto3 = env::var_os("QDN_PYTHON").map(|python| run_boto3(Path::new(&python)));
    if let Some(boto3) = &boto3 {
        for (action, signature) in [("get", floor.get()), ("put", floor.put()), ("post", floor.post())] {
            let theirs = boto3.get(action).and_then(|report| report.get("signature")?.as_str());
            assert_eq!(theirs, Some(hex(&signature).as_str()), "boto3 signed other bytes for {action}");
        }
    }
    let report = table(results, boto3.as_ref());
    println!("{report}");
    let file = repository().join("bench/results/sign.md");
    fs::create_dir_all(file.parent().expect("a folder")).expect("a folder for the report");
    fs::write(&file, report).expect("a report");
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn table(results: &Path, boto3: Option<&Value>) -> String {
    let mut out = String::from(
        "# What a signature costs\n\n\
         Medians on one core, made by `cargo bench -p qdn-sign`. The floor is SHA-256 and HMAC alone, with `sha2` and\n\
         `hmac`, over the very bytes that are signed, the day's key already absorbed. All subjects come to the same\n\
         signatures, which is checked before anything is measured. rusty-s3 has no POST policies.\n\n",
    );
    let _ = writeln!(out, "Processor: {}. boto3: {}.\n", processor(), version(boto3));
    out += "| | floor ns | qdn-sign ns | of the floor | rusty-s3 ns | times faster | boto3 ns | times faster |\n";
    out += "|---|---:|---:|---:|---:|---:|---:|---:|\n";
    for (action, name) in ACTIONS {
        let median = |subject| median(results, action, subject);
        let (floor, ours) = (median("floor").expect("a floor"), median("qdn-sign").expect("a measurement"));
        let _ = write!(out, "| {name} | {floor:.0} | {ours:.0} | {:.2} x |", ours / floor);
        let theirs = boto3.and_then(|report| report.get(action)?.get("ns")?.as_f64());
        for peer in [median("rusty-s3"), theirs] {
            let _ = match peer {
                Some(peer) => write!(out, " {peer:.0} | {:.1} x |", peer / ours),
                None => write!(out, " - | - |"),
            };
        }
        out += "\n";
    }
    out += "\nTargets: at most 1.5 x the floor, at least 5 x faster than rusty-s3 and 100 x faster than boto3.\n\
            How often each allocates is asserted in `crates/sign/tests/allocations.rs`.\n";
    out
}

fn median(results: &Path, action: &str, subject: &str) -> Option<f64> {
    let file = results.join(action).join(subject).join("new/estimates.json");
    let estimates: Value = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    estimates.get("median")?.get("point_estimate")?.as_f64()
}

fn processor() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let value =
        |name| cpuinfo.lines().find(|line| line.starts_with(name))?.split_once(": ").map(|(_, value)| value);
    let instructions = value("flags").is_some_and(|flags| flags.split(' ').any(|flag| flag == "sha_ni"));
    let sha = if instructions { "with" } else { "without" };
    format!("{} ({sha} SHA instructions)", value("model name").unwrap_or("unknown"))
}

fn version(boto3: Option<&Value>) -> &str {
    boto3.and_then(|report| report.get("version")?.as_str()).unwrap_or("not measured")
}

fn run_boto3(python: &Path) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/sign/boto3_ns.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the Python that QDN_PYTHON names");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(inputs::as_json().to_string().as_bytes()).expect("a script that reads");
    drop(stdin);
    let done = child.wait_with_output().expect("a script that ends");
    assert!(done.status.success(), "boto3_ns.py failed");
    serde_json::from_slice(&done.stdout).expect("JSON from boto3_ns.py")
}
