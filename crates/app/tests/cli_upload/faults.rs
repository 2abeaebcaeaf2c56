//! Runs that are cut short, servers that go away, files that do not hold still.

use std::fs;
use std::time::Duration;

use crate::support::{Server, assert_listed, name_of, photo, said, signal, wait_for};

#[test]
fn a_killed_run_is_finished_by_the_next_one_and_nothing_is_doubled() {
    let server = Server::start(&[]);
    let files = server.photos(24, 400_000);
    // 9.6 MB at 2 MB/s.
    server.store.set_rate(2_000_000);
    let mut process = server.upload(&files).spawn().unwrap();
    wait_for("some photos", || (server.list().len() >= 6).then_some(()));
    process.kill().unwrap();
    process.wait().unwrap();
    // What the killed process had left in the kernel's buffers still arrives.
    server.store.set_rate(0);
    wait_for("the connections to end", || (server.store.open() == 0).then_some(()));
    let before = server.list();
    assert!(before.len() >= 6 && before.len() < 24, "{} photos when killed", before.len());

    let sent_bytes = server.store.sent_bytes();
    let output = server.upload(&files).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let after = server.list();
    assert_listed(&after, &files);
    for photo in &before {
        let same = after.iter().find(|other| other["photo_id"] == photo["photo_id"]).unwrap();
        assert_eq!(same["uploaded_at"], photo["uploaded_at"]);
    }
    // Only what was missing travelled, with a little for the forms around it.
    let missing = u64::try_from(24 - before.len()).unwrap();
    let sent = server.store.sent_bytes() - sent_bytes;
    assert!(sent < missing * 404_000, "{sent} bytes for {missing} photos");
    assert!(said(&output).contains(&format!("{missing} uploaded")), "{}", said(&output));
}

#[test]
fn an_interrupted_run_says_what_is_safe() {
    let server = Server::start(&[]);
    let files = server.photos(20, 200_000);
    server.store.set_rate(400_000);
    let process = server.upload(&files).spawn().unwrap();
    wait_for("some photos", || (server.list().len() >= 3).then_some(()));
    signal(&process, "INT");
    let output = process.wait_with_output().unwrap();
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("qdn: stopped; ") && said.contains("of 20 photos are safe on the server"),
        "{said}"
    );
    assert!(said.contains("running the same command again"), "{said}");
    let safe = said.lines().filter(|line| line.ends_with(": uploaded")).count();
    assert!(safe >= 2 && said.contains(&format!("stopped; {safe} of 20")), "{said}");
    server.store.set_rate(0);
    assert!(server.upload(&files).status().unwrap().success());
    assert_listed(&server.list(), &files);
}

#[test]
fn a_server_that_is_killed_and_comes_back_is_survived() {
    let mut server = Server::start(&[]);
    let files = server.photos(16, 300_000);
    server.store.set_rate(1_500_000);
    let process = server.upload(&files).spawn().unwrap();
    wait_for("some photos", || (server.list().len() >= 3).then_some(()));
    server.kill();
    std::thread::sleep(Duration::from_secs(2));
    server.store.set_rate(0);
    server.run();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("trying again"), "the kill was not noticed: {}", said(&output));
    assert!(said(&output).contains("16 uploaded"), "{}", said(&output));
    assert_listed(&server.list(), &files);
}

#[test]
fn a_file_that_changes_while_it_is_sent_fails_alone() {
    let server = Server::start(&[]);
    // More than the kernel's buffers hold, so that the program is still reading when the file changes.
    let mut files = server.photos(2, 30_000_000);
    server.store.set_rate(4_000_000);
    let process = server.upload(&files).args(["--parallel", "1"]).spawn().unwrap();
    wait_for("the first bytes", || (server.store.sent_bytes() > 500_000).then_some(()));
    // The same size: only the bytes and the time are other ones.
    fs::write(&files[0], photo(99, 30_000_000)).unwrap();
    server.store.set_rate(0);
    let output = process.wait_with_output().unwrap();
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("photo-00.jpg: changed while it was being sent"), "{said}");
    assert!(said.contains("1 uploaded (28.61 MiB), 1 failed"), "{said}");
    let changed = files.remove(0);
    assert_listed(&server.list(), &files);

    // The changed one is simply another photo, and the next run sends it.
    files.insert(0, changed);
    assert!(server.upload(&files).status().unwrap().success());
    assert_listed(&server.list(), &files);
}

#[test]
fn a_server_that_stays_away_ends_the_run_with_a_list() {
    let mut server = Server::start(&[]);
    let files = server.photos(10, 300_000);
    server.store.set_rate(600_000);
    let process = server.upload(&files).spawn().unwrap();
    wait_for("some photos", || (server.list().len() >= 2).then_some(()));
    server.kill();
    let output = process.wait_with_output().unwrap();
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("of 10 photos are safe on the server"), "{said}");
    // Eight tries each, of those that were on their way; the rest is not tried against a server that is gone.
    assert!(said.contains("(tried 8 times)") && said.contains(" not sent"), "{said}");
    let tried = files.iter().filter(|file| said.contains(&format!("{}: lost", name_of(file)))).count();
    // The four that were on their way, and one for each of the first two that were given up.
    assert!((4..=6).contains(&tried), "{tried} photos were tried: {said}");
    server.store.set_rate(0);
    server.run();
    assert!(server.upload(&files).status().unwrap().success());
    assert_listed(&server.list(), &files);
}
