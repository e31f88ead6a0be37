//! `referent-pipeline models fetch` as a person calls it, without a network.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

/// The program, with this folder for its models, and with no proxy of the surroundings.
fn fetch(name: &str, models_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_referent-pipeline"));
    command.args(["models", "fetch", name, "--models-dir"]).arg(models_dir);
    for variable in
        ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"]
    {
        command.env_remove(variable);
    }
    command
}

/// What it says, and whether it ended well.
fn said(command: &mut Command) -> (bool, String) {
    let output = command.output().expect("it starts");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).expect("words"))
}

#[test]
fn a_name_that_nobody_knows_is_answered_with_the_names() {
    let folder = tempfile::tempdir().unwrap();
    let (well, text) = said(&mut fetch("smal", folder.path()));
    assert!(!well && text.contains("\"smal\"") && text.contains("small-q8_0") && text.contains("demo-da"), "{text}");
}

#[test]
fn the_model_of_the_repository_is_here_already() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    let (well, text) = said(&mut fetch("demo-da", &models));
    assert!(well && text.contains("part of Referent, here already and right"), "{text}");
    let (well, text) = said(&mut fetch("demo-da", tempfile::tempdir().unwrap().path()));
    assert!(!well && text.contains("git checkout"), "{text}");
}

#[test]
fn a_file_that_is_not_the_model_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ggml-tiny.bin");
    fs::write(&path, b"mine").unwrap();
    let (well, text) = said(&mut fetch("tiny", folder.path()));
    assert!(!well && text.contains("is not the model tiny") && text.contains("--replace"), "{text}");
    assert_eq!(fs::read(path).unwrap(), b"mine");
}

#[test]
fn the_licence_is_said_first_and_the_proxy_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = fetch("tiny", folder.path());
    command.env("HTTPS_PROXY", format!("http://{}", proxy.local_addr().unwrap()));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(
        line.contains("licence MIT") && line.contains("77.6 MB") && line.contains("https://huggingface.co/"),
        "{line}"
    );
    let (stream, _) = proxy.accept().unwrap();
    let mut asked = String::new();
    BufReader::new(stream).read_line(&mut asked).unwrap();
    assert_eq!(asked, "CONNECT huggingface.co:443 HTTP/1.1\r\n");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!folder.path().join("ggml-tiny.bin").exists());
}
