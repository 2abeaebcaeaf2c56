//! Requests from web pages of other origins.

use crate::support::{Answer, BUCKET, Server, now, signer};

async fn preflight(server: &Server, origin: &str, method: &str) -> Answer {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", method),
        ("access-control-request-headers", "content-type, x-amz-meta-a"),
    ];
    server.send_url("OPTIONS", &format!("http://{}/{BUCKET}/k", server.address), &headers, "").await
}

async fn server() -> Server {
    Server::start_with(|config| {
        config.cors.allowed_origins = qdn_store::OriginList::new(vec!["https://app.example.com".to_owned()]);
        config.cors.same_host_port = Some(8080);
    })
    .await
}

#[tokio::test]
async fn a_preflight_of_an_allowed_origin_needs_no_signature() {
    let server = server().await;
    for origin in ["https://app.example.com", "http://127.0.0.1:8080"] {
        for method in ["GET", "HEAD", "PUT", "POST"] {
            let answer = preflight(&server, origin, method).await;
            assert_eq!(answer.status, 204);
            assert_eq!(answer.header("access-control-allow-origin"), origin);
            assert_eq!(answer.header("access-control-allow-headers"), "content-type, x-amz-meta-a");
            assert!(answer.header("access-control-allow-methods").contains(method));
            assert_eq!(answer.header("access-control-allow-credentials"), "");
            assert_eq!(answer.header("vary"), "Origin");
        }
    }
}

#[tokio::test]
async fn a_preflight_of_another_origin_or_method_is_refused() {
    let server = server().await;
    for (origin, method) in [
        ("https://evil.example.com", "PUT"),
        ("http://127.0.0.1:8081", "PUT"),
        ("http://127.0.0.2:8080", "PUT"),
        ("null", "PUT"),
        ("https://app.example.com", "DELETE"),
    ] {
        let answer = preflight(&server, origin, method).await;
        assert_eq!(answer.status, 403, "{origin} {method}");
        assert_eq!(answer.header("access-control-allow-methods"), "");
    }
}

#[tokio::test]
async fn answers_and_errors_may_be_read_by_allowed_origins_only() {
    let server = server().await;
    server.put("k", "x").await;
    for (key, status) in [("k", 200), ("none", 404)] {
        let url = signer().presign_get(&server.endpoint(), BUCKET, key, &[], now(), 60);
        let answer = server.send_url("GET", &url, &[("origin", "http://127.0.0.1:8080")], "").await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), "http://127.0.0.1:8080");
        assert!(answer.header("access-control-expose-headers").contains("ETag"));
        let answer = server.send_url("GET", &url, &[("origin", "http://evil.example")], "").await;
        assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (status, ""));
        assert_eq!(answer.header("vary"), "Origin", "caches keep the two apart");
    }
    let unsigned = format!("http://{}/{BUCKET}/k", server.address);
    let answer = server.send_url("GET", &unsigned, &[("origin", "https://app.example.com")], "").await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.header("access-control-allow-origin"), "https://app.example.com");
}
