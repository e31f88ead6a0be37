//! The program as a process: its first line, its last, and what it refuses to begin with.

use crate::given::Kept;
use crate::postgres::Cluster;
use insta::assert_snapshot;
use referent_notes_api::store::OpenError;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

pub(crate) fn start(folder: &Path, config: &str) -> Child {
    let file = folder.join("config.toml");
    std::fs::write(&file, config).unwrap();
    Command::new(env!("CARGO_BIN_EXE_referent-notes-api"))
        .arg("--config")
        .arg(file)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

pub(crate) fn config(folder: &Path) -> String {
    let database = folder.join("notes.db");
    format!("http = \"127.0.0.1:0\"\ngrpc = \"127.0.0.1:0\"\ndatabase = \"sqlite://{}\"\n", database.display())
}

/// Its last sentence.
fn refused(folder: &Path, config: &str) -> String {
    let output = start(folder, config).wait_with_output().unwrap();
    assert!(!output.status.success());
    assert!(output.stdout.is_empty(), "it was never ready");
    let said = String::from_utf8(output.stderr).unwrap();
    said.lines().last().expect("a sentence").to_owned()
}

#[test]
fn it_says_one_line_and_stops_cleanly_with_an_open_stream() {
    let folder = tempfile::tempdir().unwrap();
    let token_file = folder.path().join("token");
    std::fs::write(&token_file, "an old one, readable by all").unwrap();
    let config = format!("{}access_token_file = \"{}\"\n", config(folder.path()), token_file.display());
    let mut child = start(folder.path(), &config);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&ready["ready"], &ready["token"]), (&true.into(), &serde_json::Value::Null), "{line}");
    let token = std::fs::read_to_string(&token_file).unwrap();
    assert_eq!(token.trim().len(), 64);
    assert_eq!(std::fs::metadata(&token_file).unwrap().permissions().mode() & 0o777, 0o600);

    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert!(core.split_whitespace().any(|word| word == "0"), "no core dumps: {core}");

    let http = ready["http"].as_str().unwrap();
    let mut connection = std::net::TcpStream::connect(http).unwrap();
    let body = format!("{{\"token\":\"{}\"}}", token.trim());
    let length = body.len();
    write!(
        connection,
        "POST /v1/session HTTP/1.1\r\nHost: {http}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answers = BufReader::new(connection.try_clone().unwrap());
    let cookie = loop {
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "an answer with a cookie");
        if let Some(cookie) = line.strip_prefix("set-cookie: ") {
            break cookie.split(';').next().unwrap().to_owned();
        }
    };
    write!(connection, "GET /v1/events HTTP/1.1\r\nHost: {http}\r\nCookie: {cookie}\r\n\r\n").unwrap();
    let mut seen = String::new();
    while !seen.contains("text/event-stream") {
        assert_ne!(answers.read_line(&mut seen).unwrap(), 0, "{seen}");
    }

    let terminated = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().unwrap();
    assert!(terminated.success());
    let output = child.wait_with_output().unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{log}");
    assert!(!log.contains(token.trim()), "the log does not hold the token");
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "", "one line is all it says");
}

#[test]
fn what_it_refuses_is_one_sentence_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let good = config(folder.path());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let said = refused(folder.path(), &good.replacen("127.0.0.1:0", &format!("127.0.0.1:{port}"), 1));
    assert!(said.contains(&format!("another program has port {port}")), "{said}");
    let said = refused(folder.path(), &good.replacen("127.0.0.1:0", "0.0.0.0:0", 1));
    assert!(said.contains("0.0.0.0:0") && said.contains("loopback"), "{said}");
    let said = refused(folder.path(), &format!("{good}colour = \"red\"\n"));
    assert!(said.contains("config.toml") && said.contains("colour"), "{said}");
    std::fs::write(folder.path().join("notes.db"), "this is no database, and it is long enough to be looked at")
        .unwrap();
    let said = refused(folder.path(), &good);
    assert!(said.contains("notes.db") && said.contains("check that"), "{said}");
    let said = refused(folder.path(), &good.replace("notes.db", "nowhere/notes.db"));
    assert!(said.contains("nowhere/notes.db") && said.contains("cannot be opened"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_would_forget_is_refused() {
    let Some(cluster) = Cluster::start().unwrap() else {
        crate::say("skipped: PostgreSQL is not installed (apt-get install postgresql)");
        return;
    };
    let url = cluster.url();
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    let change = async |sql: &'static str| {
        sqlx::query(sql).execute(&pool).await.unwrap();
    };
    let refused = async || match Kept::open(&url).await {
        Err(OpenError::Forgetful { setting }) => setting,
        other => panic!("{:?}", other.err()),
    };
    change("ALTER DATABASE postgres SET synchronous_commit = off").await;
    assert_eq!(refused().await, "synchronous_commit");
    change("ALTER DATABASE postgres RESET synchronous_commit").await;
    change("ALTER SYSTEM SET fsync = off").await;
    change("SELECT pg_reload_conf()").await;
    // The reload is heard a moment later.
    while sqlx::query_scalar::<_, String>("SHOW fsync").fetch_one(&pool).await.unwrap() == "on" {
        tokio::task::yield_now().await;
    }
    assert_eq!(refused().await, "fsync");
}

#[test]
fn every_route_is_described() {
    let document: serde_json::Value = serde_json::from_str(&referent_notes_api::api::openapi_json()).unwrap();
    let routes: Vec<String> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().iter().map(move |(method, operation)| {
                let answers: Vec<&str> =
                    operation["responses"].as_object().unwrap().keys().map(String::as_str).collect();
                format!("{method} {path} -> {}", answers.join(" "))
            })
        })
        .collect();
    assert_snapshot!("routes", routes.join("\n"));
    assert_snapshot!("openapi", referent_notes_api::api::openapi_json());
}
