//! `referent-pipeline seal-key new` as a person calls it.

use referent_seal::PublicKey;
use referent_seal::open::PrivateKey;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

#[test]
fn a_new_key_is_a_private_file_and_lines_for_the_agents() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("keys");
    let mut ids = Vec::new();
    for _ in 0..2 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_referent-pipeline"));
        let output = command.args(["seal-key", "new", "--dir"]).arg(&dir).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let table: toml::Table = text.parse().expect("it can be pasted into a configuration");
        let of = |key: &str| table["seal"][key].as_str().unwrap().to_owned();
        let public = PublicKey::from_text(&of("public_key")).unwrap();
        let file = dir.join(format!("{}.key", of("key_id")));
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let secret = std::fs::read_to_string(&file).unwrap();
        assert_eq!(PrivateKey::from_text(&secret).unwrap().public(), &public);
        assert_eq!(of("key_id"), public.id().to_string());
        assert!(!text.contains(secret.trim()) && output.stderr.is_empty(), "the secret is shown nowhere");
        ids.push(public.id());
    }
    assert_ne!(ids[0], ids[1]);
    assert_eq!(std::fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
    let keys = referent_pipeline::open::Keys::load(Some(&dir));
    assert!(keys.is_ok(), "workers take what was made: {keys:?}");
}
