//! The list of known models: `manifest.toml`, parsed once and trusted afterwards.
//!
//! In: the manifest that is compiled into the program, and the folder where the files lie. Out: `Model`s that can be
//! listed and found by name. The manifest on disk is never read: what a program trusts was decided when it was built.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::verify::{self, ModelError, ModelPath, Sha256};

/// The models that this version knows, and the folder in which it looks for them.
#[derive(Debug)]
pub struct Manifest {
    dir: PathBuf,
    models: Vec<Model>,
}

/// One entry of the manifest.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    pub name: String,
    pub kind: Kind,
    /// Below the folder of models; `ggml-NAME.bin` where the manifest does not say.
    file: Option<String>,
    /// Where it can be fetched; `None` for a model that is part of the repository.
    pub url: Option<String>,
    pub bytes: u64,
    pub sha256: Sha256,
    /// An SPDX identifier.
    pub licence: String,
    /// ISO 639-1 codes, or `*` where the model has no language of its own or very many.
    pub languages: Vec<String>,
    pub published_wer: Vec<PublishedWer>,
}

/// What a model is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Turns speech into text.
    Speech,
    /// Tells speech from everything else.
    Vad,
}

/// A word error rate that somebody has published for exactly these weights.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedWer {
    pub dataset: String,
    /// Can exceed 100: invented words count too.
    pub percent: f64,
    pub source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawManifest {
    model: Vec<Model>,
}

impl Manifest {
    /// The models of this version, with `dir` as the folder of their files.
    ///
    /// # Errors
    /// `NoFolder` when `dir` is not a folder.
    ///
    /// # Panics
    /// When the manifest in the program does not parse, which a test rules out.
    pub fn load(dir: &Path) -> Result<Self, ModelError> {
        if !dir.is_dir() {
            return Err(ModelError::NoFolder { dir: dir.to_owned() });
        }
        let RawManifest { model: models } =
            toml::from_str(include_str!("../manifest.toml")).expect("the built-in manifest is well formed");
        Ok(Self { dir: dir.to_owned(), models })
    }

    /// Every known model, in the order of the manifest: the built-in one, then from small to large.
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    pub fn find(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.name == name)
    }

    /// Like `find`, for a name that a person typed.
    ///
    /// # Errors
    /// `Unknown`, with the names that there are.
    pub fn known(&self, name: &str) -> Result<&Model, ModelError> {
        self.find(name).ok_or_else(|| self.unknown(name))
    }

    /// Where the file of `model` is, or would be once fetched.
    pub fn path_of(&self, model: &Model) -> PathBuf {
        self.dir.join(model.file.clone().unwrap_or_else(|| format!("ggml-{}.bin", model.name)))
    }

    /// Where the file of a model is, by its name or, if it has none here, by its path.
    pub fn file_of(&self, name_or_path: &str) -> PathBuf {
        self.find(name_or_path).map_or_else(|| PathBuf::from(name_or_path), |model| self.path_of(model))
    }

    /// The command that puts the file where it is expected.
    pub fn how_to_get(&self, model: &Model) -> String {
        let path = self.path_of(model);
        match &model.url {
            Some(url) => format!(
                "referent-pipeline models fetch --replace --models-dir '{}' {}, or without it: curl --fail --location \
                 --output '{}' '{url}'",
                self.dir.display(),
                model.name,
                path.display()
            ),
            None => format!("git checkout -- '{}'", path.display()),
        }
    }

    /// Reads the whole file once and gives leave to load it, if its sum is right.
    ///
    /// `name_or_path` is a name of the manifest, or the path of a file. The path of a listed file is held to the
    /// manifest; any other needs `PATH.sha256` beside it, as `sha256sum FILE > FILE.sha256` writes it.
    pub fn verify(&self, name_or_path: &str) -> Result<ModelPath, ModelError> {
        let path = Path::new(name_or_path);
        if let Some(model) = self.find(name_or_path).or_else(|| self.listed_at(path)) {
            return verify::against_manifest(model, self.path_of(model), self.how_to_get(model));
        }
        if looks_like_a_path(name_or_path) {
            return verify::against_sum_beside_it(path);
        }
        Err(self.unknown(name_or_path))
    }

    fn unknown(&self, name: &str) -> ModelError {
        let known = self.models.iter().map(|model| model.name.as_str()).collect::<Vec<_>>().join(", ");
        ModelError::Unknown { name: name.to_owned(), known }
    }

    fn listed_at(&self, path: &Path) -> Option<&Model> {
        let path = path.canonicalize().ok()?;
        self.models.iter().find(|model| self.path_of(model).canonicalize().is_ok_and(|listed| listed == path))
    }
}

/// A name never holds a slash and never ends in `.bin`; a path that means a file does one or the other.
fn looks_like_a_path(name_or_path: &str) -> bool {
    let path = Path::new(name_or_path);
    path.components().count() > 1 || path.extension().is_some_and(|extension| extension == "bin") || path.exists()
}
