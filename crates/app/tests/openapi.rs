//! The checked-in description of the API is the one that the handlers give. The TypeScript client is made of it.

#[test]
fn openapi_json_is_what_the_handlers_say() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let current = qdn::http::openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("QDN_WRITE_OPENAPI").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == current, "crates/app/openapi.json is stale: run `cargo xtask openapi`");
}
