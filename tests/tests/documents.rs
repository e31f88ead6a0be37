//! The documents for an authority say what the sources have: a list that lacks a table is worse than none.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn path(of: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(of)
}

fn read(file: &str) -> String {
    std::fs::read_to_string(path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Every file with this ending below a folder.
fn all(folder: &str, ending: &str) -> Vec<String> {
    let (mut texts, mut open) = (Vec::new(), vec![path(folder)]);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                texts.push(std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    texts
}

/// Each of these stands in the document as code.
fn check(document: &str, what: &str, names: &BTreeSet<String>, at_least: usize) {
    assert!(names.len() >= at_least, "{what}: {names:?}");
    let text = read(document);
    let missing: Vec<_> = names.iter().filter(|name| !text.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "{document} says nothing of these {what}: {missing:?}");
}

#[test]
fn every_table_is_in_the_inventory_of_data() {
    let migrations = all("notes-api/migrations", ".sql").concat();
    let named = migrations.split("CREATE TABLE ").skip(1).filter_map(|rest| rest.split_whitespace().next());
    let tables: BTreeSet<String> = named.map(str::to_owned).collect();
    check("docs/privacy/data-inventory.md", "tables", &tables, 26);
    let document = read("docs/privacy/data-inventory.md");
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let dropped: Vec<_> = rows.filter(|row| !tables.contains(*row)).collect();
    assert!(dropped.is_empty(), "tables that are in the inventory and no more in the database: {dropped:?}");
}

#[test]
fn every_label_of_a_metric_is_in_the_inventory_of_data() {
    let mut labels = BTreeSet::new();
    for program in ["agent/src", "identity/src", "notes-api/src", "pipeline/src", "telemetry/src"] {
        for source in all(program, ".rs") {
            for metric in ["counter!(", "gauge!(", "histogram!("] {
                for call in source.split(metric).skip(1) {
                    let arguments = call.split(')').next().unwrap_or_default();
                    let before = arguments.match_indices("=>").map(|(at, _)| &arguments[..at]);
                    let named = before.filter_map(|text| text.rsplit('"').nth(1));
                    labels.extend(named.map(str::to_owned));
                }
            }
        }
    }
    check("docs/privacy/data-inventory.md", "labels", &labels, 10);
}

#[test]
fn every_library_of_cryptography_is_in_the_inventory_of_keys() {
    let known = [
        "aes",
        "aes-gcm",
        "blake2",
        "blake3",
        "chacha20",
        "chacha20poly1305",
        "curve25519-dalek",
        "ed25519",
        "ed25519-dalek",
        "getrandom",
        "hkdf",
        "hmac",
        "hpke",
        "jsonwebtoken",
        "md-5",
        "ml-kem",
        "p256",
        "p384",
        "poly1305",
        "rand",
        "rand_chacha",
        "rcgen",
        "ring",
        "rsa",
        "rustls",
        "rustls-webpki",
        "sha1",
        "sha2",
        "sha3",
        "subtle",
        "x25519-dalek",
        "x509-parser",
        "zeroize",
    ];
    let lock = read("Cargo.lock");
    let there =
        known.iter().filter(|name| lock.contains(&format!("\nname = \"{name}\"\n"))).map(|name| (*name).to_owned());
    check("docs/security/inventories.md", "libraries", &there.collect(), 15);
}

#[test]
fn every_key_that_names_an_address_is_in_the_inventory_of_connections() {
    let wanted = ["pipeline", "notes_api", "urls", "base_url", "otlp", "database", "http", "enrol"];
    let sources =
        ["agent/src/config.rs", "notes-api/src/config.rs", "notes-api/src/config/tls.rs", "pipeline/src/config.rs"]
            .map(read)
            .into_iter()
            .chain(all("pipeline/src/config", ".rs"))
            .chain([read("telemetry/src/config.rs")])
            .collect::<String>();
    let keys: BTreeSet<String> = wanted.iter().map(|key| (*key).to_owned()).collect();
    for key in &keys {
        assert!(sources.contains(&format!("{key}:")), "no configuration has the key {key} any more");
    }
    check("docs/security/inventories.md", "keys", &keys, wanted.len());
}

#[test]
fn the_units_of_the_servers_let_them_do_nothing_but_their_work() {
    let both = [
        "Type=exec",
        "DynamicUser=yes",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "PrivateDevices=yes",
        "MemoryDenyWriteExecute=yes",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
        "SystemCallFilter=@system-service",
        "SystemCallFilter=~@privileged @resources",
        "CapabilityBoundingSet=",
        "LimitCORE=0",
        "MemorySwapMax=0",
        "UMask=0077",
    ];
    let start = [
        ("notes-api", "ExecStart=/usr/bin/referent-notes-api --config /etc/referent/notes-api.toml"),
        ("pipeline", "ExecStart=/usr/bin/referent-pipeline serve --config /etc/referent/pipeline.toml"),
    ];
    for (program, start) in start {
        let unit = read(&format!("packaging/systemd/referent-{program}.service"));
        for line in both.iter().chain([&start]) {
            assert!(unit.lines().any(|found| found == *line), "referent-{program}.service: {line}");
        }
        let settings = unit.lines().filter(|line| !line.starts_with('#') && !line.is_empty() && !line.starts_with('['));
        assert!(settings.into_iter().all(|line| line.contains('=')), "every line is a setting");
    }
}

#[test]
fn what_a_lawyer_has_not_read_says_so() {
    let folder = std::fs::read_dir(path("docs/privacy")).unwrap().map(|entry| entry.unwrap().path());
    let documents: Vec<_> = folder.filter(|path| path.extension().is_some_and(|ending| ending == "md")).collect();
    assert!(documents.len() >= 6, "{documents:?}");
    for document in documents {
        let text = std::fs::read_to_string(&document).unwrap();
        let head: String = text.lines().take(6).collect();
        assert!(head.contains("**DRAFT") || head.contains("**UDKAST"), "{}", document.display());
    }
}
