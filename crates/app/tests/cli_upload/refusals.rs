//! What does not work is said in a sentence, and never with a secret in it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use crate::support::{Server, assert_listed, photo, qdn, said};

fn assert_refused(output: &Output, sentences: &[&str]) {
    let said = said(output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for sentence in sentences {
        assert!(said.contains(sentence), "{sentence:?} is missing in: {said}");
    }
}

#[test]
fn files_that_are_no_photos_are_named_and_the_others_are_sent() {
    let server = Server::start(&["--photo-bytes-max", "500000"]);
    let good = server.photos(2, 100_000);
    let bad = ["empty.jpg", "notes.jpg", "huge.jpg", "secret.jpg", "folder.jpg", "absent.jpg"];
    let paths = bad.map(|name| server.path(name));
    fs::write(&paths[0], b"").unwrap();
    fs::write(&paths[1], b"not a photo at all").unwrap();
    fs::write(&paths[2], photo(7, 500_001)).unwrap();
    fs::write(&paths[3], photo(8, 1_000)).unwrap();
    fs::set_permissions(&paths[3], fs::Permissions::from_mode(0o000)).unwrap();
    fs::create_dir(&paths[4]).unwrap();
    // The superuser may read everything, whatever the mode says.
    let reads_all = fs::File::open(&paths[3]).is_ok();
    let files: Vec<_> = paths.iter().chain(&good).cloned().collect();
    let output = server.upload(&files).output().unwrap();
    assert_refused(
        &output,
        &[
            "empty.jpg: is empty",
            "notes.jpg: is not a photo",
            "huge.jpg: `size` may be at most 500000 bytes (photo_too_large, request ",
            "folder.jpg: is a folder",
            "absent.jpg: there is no such file",
            if reads_all {
                "5 of 8 files were not uploaded:"
            } else {
                "secret.jpg: may not be read by this user"
            },
        ],
    );
    let stored: Vec<_> = good.iter().chain(reads_all.then_some(&paths[3])).cloned().collect();
    assert_eq!(server.store.posts(), stored.len(), "bytes were sent for a photo that is refused");
    assert_listed(&server.list(), &stored);
}

#[test]
fn an_unknown_job_is_a_sentence() {
    let server = Server::start(&[]);
    let files = server.photos(1, 5_000);
    for (job, sentence) in [
        ("nosuch", "qdn: job nosuch: there is no such job (job_not_found, request "),
        ("no such", "qdn: job no such: `job_id` must be 1 to 64 characters"),
    ] {
        let mut command = qdn();
        command.arg("upload").args(&files).args(["--job", job, "--data"]).arg(server.data());
        assert_refused(&command.output().unwrap(), &[sentence]);
        let mut command = qdn();
        command.args(["photos", "--job", job, "--data"]).arg(server.data());
        assert_refused(&command.output().unwrap(), &[sentence]);
    }
    assert_eq!(server.store.posts(), 0);
}

#[test]
fn a_server_that_is_not_there_is_a_sentence() {
    let mut server = Server::start(&[]);
    let files = server.photos(1, 5_000);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let key = server.command_key();
    let mut command = qdn();
    command.arg("upload").args(&files).args(["--job", "sample", "--server", &format!("http://{closed}")]);
    let output = command.env("QDN_KEY", &key).output().unwrap();
    assert_refused(&output, &[&format!("cannot reach http://{closed}: is `qdn serve` running?")]);
    assert!(!said(&output).contains(&key));
    // Behind a proxy, a server that is down breaks the connection instead.
    server.kill();
    assert_refused(&server.upload(&files).output().unwrap(), &[&format!("lost {}", server.api.origin())]);
    let mut command = qdn();
    command.arg("upload").args(&files).args(["--job", "sample", "--data"]).arg(server.path("nowhere"));
    assert_refused(&command.output().unwrap(), &["there is no qdn installation in "]);
}

#[test]
fn a_key_is_needed_checked_and_never_shown() {
    let server = Server::start(&[]);
    let files = server.photos(1, 5_000);
    let command = |server_url: &str, key: &str| {
        let mut command = qdn();
        command.arg("upload").args(&files).args(["--job", "sample"]).arg("--data").arg(server.data());
        command.env("QDN_SERVER", server_url).env("QDN_KEY", key).output().unwrap()
    };
    // The installation's own key never goes to a server that was named on the command line.
    assert_refused(&command(&server.api.origin(), ""), &["--server needs a key: set QDN_KEY"]);
    let wrong = command(&server.api.origin(), "qdn_sk_wrong-and-secret");
    assert_refused(&wrong, &["x-api-key holds no known key (application_key_unknown, request "]);
    assert!(!said(&wrong).contains("wrong-and-secret"));
    let odd = command(&server.api.origin(), "hush\nhush");
    assert_refused(&odd, &["the key holds characters that no key has"]);
    assert!(!said(&odd).contains("hush"));
    let address = command("https://me:hush@photos.example.com", "k");
    assert_refused(&address, &["--server must be an address such as"]);
    assert!(!said(&address).contains("hush"));
    let help = qdn().args(["upload", "--help"]).env("QDN_KEY", "qdn_sk_hush").output().unwrap();
    assert!(said(&help).contains("QDN_KEY") && !said(&help).contains("hush"), "{}", said(&help));

    let right = command(&server.api.origin(), &server.command_key());
    assert!(right.status.success(), "{}", said(&right));
}

#[test]
fn a_photo_that_staff_deleted_is_not_sent_again() {
    let server = Server::start(&[]);
    let files = server.photos(3, 5_000);
    assert!(server.upload(&files[..2]).status().unwrap().success());
    let listed = server.list();
    let gone = listed.iter().find(|photo| photo["name"] == "photo-00.jpg").unwrap();
    let url = format!("{}/jobs/sample/photos/{}", server.api.origin(), gone["photo_id"].as_str().unwrap());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let delete = http.delete(url).header("x-api-key", server.command_key()).send();
    let deleted = tokio::runtime::Runtime::new().unwrap().block_on(delete).unwrap();
    assert!(deleted.status().is_success(), "{deleted:?}");

    let output = server.upload(&files).output().unwrap();
    assert_refused(
        &output,
        &[
            "photo-00.jpg: was uploaded before and deleted since; it is not sent again",
            "1 uploaded (4.88 KiB), 1 already there, 1 failed",
        ],
    );
    assert_listed(&server.list(), &files[1..]);
}

#[test]
fn a_caption_that_is_too_long_is_refused_once_for_all_photos() {
    let server = Server::start(&[]);
    let files = server.photos(5, 5_000);
    let output = server.upload(&files).args(["--caption", &"x".repeat(2_001)]).output().unwrap();
    assert_refused(&output, &["`caption` may have at most 2000 characters", "0 of 5 photos are safe"]);
    assert_eq!((server.api.posts(), server.store.posts()), (1, 0));
}
