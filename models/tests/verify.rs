//! What may be loaded and what not, and what each refusal tells the person who has to mend it.

use std::fs;
use std::path::{Path, PathBuf};

use referent_models::{Kind, Manifest, ModelError};

/// The folder of models of this repository.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn empty() -> (tempfile::TempDir, Manifest) {
    let dir = tempfile::tempdir().expect("a folder");
    let manifest = Manifest::load(dir.path()).expect("it is a folder");
    (dir, manifest)
}

#[test]
fn every_entry_is_whole_and_named_once() {
    let (_dir, manifest) = empty();
    for (i, model) in manifest.models().iter().enumerate() {
        assert!(manifest.models()[..i].iter().all(|earlier| earlier.name != model.name), "{} twice", model.name);
        assert!(model.bytes > 100_000, "{}", model.name);
        assert!(!model.licence.is_empty() && !model.languages.is_empty(), "{}", model.name);
        assert!(model.url.as_ref().is_none_or(|url| url.starts_with("https://")), "{}", model.name);
        assert!(model.url.is_some() || manifest.find(&model.name).is_some_and(|m| m.name == "demo-da"));
        for wer in &model.published_wer {
            assert!(wer.percent > 0.0 && wer.percent < 200.0 && !wer.source.is_empty(), "{}", model.name);
        }
    }
    for name in ["tiny", "base", "small", "medium", "large-v3", "large-v3-turbo", "large-v3-turbo-q5_0"] {
        assert_eq!(manifest.find(name).unwrap().kind, Kind::Speech);
    }
    assert_eq!(manifest.find("silero-v6.2.0").unwrap().kind, Kind::Vad);
}

#[test]
fn the_embedded_model_is_what_the_manifest_says_by_name_and_by_path() {
    let manifest = Manifest::load(&repository()).unwrap();
    let by_name = manifest.verify("demo-da").unwrap();
    let path = repository().join("demo-da/ggml-demo-da.bin");
    let by_path = manifest.verify(path.to_str().unwrap()).unwrap();
    assert_eq!(by_name, by_path);
    assert_eq!(by_name.as_path(), path);
    assert_eq!((by_name.name(), by_name.kind()), ("demo-da", Some(Kind::Speech)));
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let error = Manifest::load(Path::new("/no/such/folder")).unwrap_err().to_string();
    assert!(error.contains("/no/such/folder") && error.contains("models_dir"), "{error}");
}

#[test]
fn a_missing_model_comes_with_the_command_that_fetches_it() {
    let (dir, manifest) = empty();
    let error = manifest.verify("tiny").unwrap_err();
    let expected = format!(
        "curl --fail --location --output '{}' 'https://huggingface.co/ggerganov/whisper.cpp/resolve/main/ggml-tiny.bin'",
        dir.path().join("ggml-tiny.bin").display()
    );
    assert!(matches!(error, ModelError::Missing { .. }) && error.to_string().ends_with(&expected), "{error}");
}

#[test]
fn an_unknown_name_is_answered_with_the_known_ones() {
    let (_dir, manifest) = empty();
    let error = manifest.verify("medum").unwrap_err().to_string();
    assert!(error.contains("\"medum\"") && error.contains("medium") && error.contains("demo-da"), "{error}");
}

#[test]
fn a_model_that_was_cut_off_or_changed_is_refused() {
    let (dir, manifest) = empty();
    let mut bytes = fs::read(repository().join("demo-da/ggml-demo-da.bin")).unwrap();
    let path = dir.path().join("demo-da/ggml-demo-da.bin");
    fs::create_dir(dir.path().join("demo-da")).unwrap();

    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    assert!(matches!(manifest.verify("demo-da"), Err(ModelError::WrongSize { found: 18_213_500, .. })));

    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let error = manifest.verify("demo-da").unwrap_err();
    assert!(matches!(error, ModelError::WrongSum { .. }), "{error}");
    assert!(error.to_string().contains("d2c9ee17"), "it says which sum was expected: {error}");
    // The path of a listed file is held to the manifest, whatever sum somebody puts beside it.
    fs::write(dir.path().join("demo-da/ggml-demo-da.bin.sha256"), EMPTY).unwrap();
    assert!(matches!(manifest.verify(path.to_str().unwrap()), Err(ModelError::WrongSum { .. })));
}

/// SHA-256 of nothing, as sha256sum writes it.
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  other-name.bin\n";

#[test]
fn a_file_of_ones_own_needs_its_sum_beside_it() {
    let (dir, manifest) = empty();
    let path = dir.path().join("own.bin");
    let sum = dir.path().join("own.bin.sha256");
    let verify = || manifest.verify(path.to_str().unwrap());

    assert!(matches!(verify(), Err(ModelError::NoSuchFile { .. })));
    fs::write(&path, b"").unwrap();
    let error = verify().unwrap_err();
    assert!(matches!(error, ModelError::NoSum { .. }) && error.to_string().contains("sha256sum"), "{error}");
    for bad in ["", "hello", &EMPTY[1..]] {
        fs::write(&sum, bad).unwrap();
        assert!(matches!(verify(), Err(ModelError::BadSum { .. })), "{bad:?}");
    }
    fs::write(&sum, EMPTY).unwrap();
    let verified = verify().unwrap();
    assert_eq!((verified.name(), verified.kind()), ("own.bin", None));
    fs::write(&path, b"x").unwrap();
    assert!(matches!(verify(), Err(ModelError::WrongSum { .. })));
}
