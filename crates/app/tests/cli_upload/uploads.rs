//! What works, and what it costs.

use std::collections::BTreeMap;
use std::fs;

use crate::support::{Server, assert_listed, name_of, photo, qdn, said, wait_for};

#[test]
fn twelve_photos_are_sent_four_at_once_and_a_second_run_sends_nothing() {
    let server = Server::start(&[]);
    let files = server.photos(12, 300_000);
    server.store.set_rate(4_000_000);
    let output = server.upload(&files).args(["--phase", "before", "--caption", "Garage"]).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("12 uploaded (3.43 MiB)"), "{}", said(&output));
    assert_eq!(server.store.open_peak(), 4);
    let listed = server.list();
    assert_listed(&listed, &files);
    for photo in &listed {
        assert_eq!((&photo["phase"], &photo["caption"]), (&"before".into(), &"Garage".into()));
    }

    let (sent_bytes, posts) = (server.store.sent_bytes(), server.store.posts());
    assert_eq!(posts, 12);
    let times = |listed: &[serde_json::Value]| -> BTreeMap<String, String> {
        listed.iter().map(|photo| (photo["photo_id"].to_string(), photo["uploaded_at"].to_string())).collect()
    };
    let output = server.upload(&files).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("0 uploaded (0 B), 12 already there"), "{}", said(&output));
    assert_eq!(said(&output).matches(": already there").count(), 12);
    assert_eq!((server.store.sent_bytes(), server.store.posts()), (sent_bytes, posts));
    assert_eq!(times(&server.list()), times(&listed));
}

#[test]
fn the_same_bytes_under_two_names_are_sent_once() {
    let server = Server::start(&[]);
    let mut files = server.photos(1, 10_000);
    let copy = server.path("copy.jpeg");
    fs::copy(&files[0], &copy).unwrap();
    files.push(copy);
    let output = server.upload(&files).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("1 uploaded (9.77 KiB), 1 the same as another one"), "{}", said(&output));
    assert!(said(&output).contains("copy.jpeg: the same photo as"), "{}", said(&output));
    assert_listed(&server.list(), &files[..1]);
}

#[test]
fn many_photos_are_granted_in_few_calls() {
    let server = Server::start(&[]);
    let files = server.photos(150, 2_000);
    // All hashes are there long before the first photos are sent.
    server.store.set_rate(60_000);
    let output = server.upload(&files).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!((server.list().len(), server.store.posts()), (150, 150));
    assert!(server.api.posts() <= 10, "{} calls for 150 grants", server.api.posts());
}

#[test]
fn grants_that_grow_old_on_a_slow_link_are_asked_for_again() {
    let server = Server::start(&["--upload-expires-seconds", "8"]);
    let files = server.photos(10, 200_000);
    // 2 MB at 100 KB/s: twenty seconds, with grants of eight.
    server.store.set_rate(100_000);
    let output = server.upload(&files).args(["--parallel", "1"]).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_listed(&server.list(), &files);
    assert!(!said(&output).contains("trying again"), "{}", said(&output));
    assert!(server.api.posts() >= 4, "{} calls for grants", server.api.posts());
}

#[test]
fn a_server_that_asks_to_wait_is_obeyed() {
    let server = Server::start(&["--requests-per-minute-max", "60"]);
    let files = server.photos(1, 5_000);
    let spend = || {
        let mut command = qdn();
        command.args(["photos", "--job", "nosuch", "--server", &server.api.origin()]);
        command.env("QDN_KEY", server.command_key()).output().unwrap()
    };
    // Spent faster than they come back, one a second, since several ask at once.
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..12 {
                    spend();
                }
            });
        }
    });
    let output = server.upload(&files).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_listed(&server.list(), &files);
    let log = fs::read_to_string(server.path("server.log")).unwrap();
    assert!(log.contains("\"status\":429"), "the limit was never reached");
}

#[test]
fn photos_are_listed_in_columns() {
    let server = Server::start(&[]);
    let list = || {
        let output = qdn().args(["photos", "--job", "sample", "--data"]).arg(server.data()).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(list(), "no photos yet\n");
    let files = server.photos(3, 2_048);
    assert!(server.upload(&files).args(["--phase", "after"]).status().unwrap().success());
    let text = list();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines[0].starts_with("UPLOADED") && lines[0].ends_with("NAME"), "{text}");
    let at = lines[0].find("NAME").unwrap();
    for file in &files {
        let line = lines.iter().find(|line| line.ends_with(name_of(file))).unwrap();
        assert_eq!(&line[at..], name_of(file), "{text}");
        assert!(line.contains("2.00 KiB  after"), "{text}");
    }
}

#[test]
fn memory_stays_flat_with_large_photos() {
    let server = Server::start(&[]);
    let peak_kib = |files: &[std::path::PathBuf]| {
        let mut process = server.upload(files).args(["--parallel", "8"]).spawn().unwrap();
        let status = format!("/proc/{}/status", process.id());
        let mut peak = 0;
        wait_for("the upload", || {
            let text = fs::read_to_string(&status).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kib = line.map(|line| line.trim().trim_end_matches(" kB").parse::<u64>().unwrap());
            peak = peak.max(kib.unwrap_or_default());
            process.try_wait().unwrap()
        });
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        peak
    };
    let small = server.photos(8, 500_000);
    let small_kib = peak_kib(&small);
    let large: Vec<_> = (0..8)
        .map(|number| {
            let path = server.path(&format!("large-{number}.jpg"));
            fs::write(&path, photo(100 + number, 50 << 20)).unwrap();
            path
        })
        .collect();
    let large_kib = peak_kib(&large);
    println!("peak: 8 x 0.5 MB {small_kib} KiB, 8 x 50 MB {large_kib} KiB");
    assert!(small_kib > 1_000, "nothing was measured");
    assert!(
        large_kib < small_kib + 16_384,
        "{small_kib} KiB with small photos, {large_kib} KiB with large ones"
    );
    assert_eq!(server.list().len(), 16);
}
