//! One table of all subjects, printed and written to `bench/results/sign.md`.
//!
//! A machine that does other work beside slows each subject down at another time, which would distort the ratios. So
//! all subjects take turns in short rounds, and the best round of each counts: what the work itself costs.

use std::{
    env,
    fmt::Write as _,
    fs,
    hint::black_box,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    Signatures,
    floor::hex,
    inputs::{self, post_conditions},
};

const ROUNDS: usize = 600;
const CALLS_PER_ROUND: u16 = 1000;

/// One row of the table: what is made, its floor, ours, rusty-s3's if it has it, and boto3's name of it.
struct Row<'a> {
    name: &'static str,
    subjects: Vec<Box<dyn Fn() -> Duration + 'a>>,
    boto3: &'static str,
}

/// A round of calls, timed.
fn subject<'a, T>(call: impl Fn() -> T + 'a) -> Box<dyn Fn() -> Duration + 'a> {
    prepared(|| (), move |()| call())
}

/// A round of calls, timed, each of which is handed something that was made before the round.
fn prepared<'a, P, T>(
    prepare: impl Fn() -> P + 'a,
    call: impl Fn(P) -> T + 'a,
) -> Box<dyn Fn() -> Duration + 'a> {
    Box::new(move || {
        let given: Vec<P> = (0..CALLS_PER_ROUND).map(|_| prepare()).collect();
        let start = Instant::now();
        for one in given {
            black_box(call(one));
        }
        start.elapsed()
    })
}

fn rows(signatures: &Signatures) -> Vec<Row<'_>> {
    let floor = &signatures.floor;
    let rusty_put = || signatures.rusty_put();
    vec![
        Row {
            name: "presigned GET",
            subjects: vec![
                subject(|| floor.get()),
                subject(|| signatures.get()),
                subject(|| signatures.rusty_get()),
            ],
            boto3: "get",
        },
        Row {
            name: "presigned PUT: the URL",
            subjects: vec![subject(|| floor.put()), subject(|| signatures.put_url()), subject(rusty_put)],
            boto3: "put",
        },
        Row {
            name: "presigned PUT: the URL and its 4 headers as strings",
            subjects: vec![subject(|| floor.put()), subject(|| signatures.put()), subject(rusty_put)],
            boto3: "put",
        },
        Row {
            name: "POST policy: base64 and signature of a policy's text",
            subjects: vec![subject(|| floor.post()), subject(|| signatures.sign_policy())],
            boto3: "post",
        },
        Row {
            name: "POST form: policy written and signed, 9 fields as strings",
            subjects: vec![
                subject(|| floor.post()),
                prepared(post_conditions, |conditions| signatures.post(conditions)),
            ],
            boto3: "post",
        },
    ]
}

/// The best round of each subject, in nanoseconds per call.
fn measure(rows: &[Row<'_>]) -> Vec<Vec<f64>> {
    let mut best: Vec<Vec<f64>> = rows.iter().map(|row| vec![f64::MAX; row.subjects.len()]).collect();
    for _ in 0..ROUNDS {
        for (row, best) in rows.iter().zip(&mut best) {
            for (subject, best) in row.subjects.iter().zip(best) {
                *best = best.min(subject().as_secs_f64() * 1e9 / f64::from(CALLS_PER_ROUND));
            }
        }
    }
    best
}

/// Measures, runs boto3 if `QDN_PYTHON` names a Python that has it, and reports.
pub(crate) fn write(signatures: &Signatures) {
    let boto3 = env::var_os("QDN_PYTHON").map(|python| run_boto3(Path::new(&python)));
    let floor = &signatures.floor;
    if let Some(boto3) = &boto3 {
        for (action, signature) in [("get", floor.get()), ("put", floor.put()), ("post", floor.post())] {
            let theirs = boto3.get(action).and_then(|report| report.get("signature")?.as_str());
            assert_eq!(theirs, Some(hex(&signature).as_str()), "boto3 signed other bytes for {action}");
        }
    }
    let report = table(&rows(signatures), boto3.as_ref());
    println!("{report}");
    let file = repository().join("bench/results/sign.md");
    fs::create_dir_all(file.parent().expect("a folder")).expect("a folder for the report");
    fs::write(&file, report).expect("a report");
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn table(rows: &[Row<'_>], boto3: Option<&Value>) -> String {
    let mut out = String::from(
        "# What a signature costs\n\n\
         On one core, made by `cargo bench -p qdn-sign`: all subjects take turns in short rounds, and the best round of\n\
         each counts. The floor is SHA-256 and HMAC alone, with `sha2` and `hmac`, over the very bytes that are signed,\n\
         the day's key already absorbed. All subjects come to the same signatures, which is checked before anything is\n\
         measured. rusty-s3 has no POST policies; boto3's is the whole form in both rows. Conditions of a\n\
         form are made beforehand, for boto3 too.\n\n",
    );
    let _ = writeln!(out, "Processor: {}. boto3: {}.\n", processor(), version(boto3));
    out += "| | floor ns | qdn-sign ns | of the floor | rusty-s3 ns | times faster | boto3 ns | times faster |\n";
    out += "|---|---:|---:|---:|---:|---:|---:|---:|\n";
    for (row, best) in rows.iter().zip(measure(rows)) {
        let [floor, ours, peers @ ..] = best.as_slice() else { continue };
        let _ = write!(out, "| {} | {floor:.0} | {ours:.0} | {:.2} x |", row.name, ours / floor);
        let theirs = boto3.and_then(|report| report.get(row.boto3)?.get("ns")?.as_f64());
        for peer in [peers.first().copied(), theirs] {
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
