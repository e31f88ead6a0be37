//! A folder of `NAME.toml`: what changed since the last look, and whether it is right.
//!
//! In: a folder, and a caller who looks from time to time. Out: [`News`], each once. Promised: A3; what stands in a file
//! counts, not its time; a file that is gone, and a folder that cannot be read, are told and take nothing away. Not done
//! here: no clock; and what was good before is the caller's to keep.

use crate::file::parse;
use crate::mistake::Mistake;
use referent_proto::AreaSettings;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// An area's file is a few thousand bytes. Whatever is far larger is something else.
const LARGEST: u64 = 256 * 1024;

/// The folder, and what was found in it.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    files: BTreeMap<String, File>,
}

#[derive(Debug)]
struct File {
    found: Found,
    is_told: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Found {
    Text(String),
    Unreadable(String),
    Gone,
}

/// What the caller has not heard yet of one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct News {
    /// The area.
    pub area: String,
    /// Its file.
    pub file: PathBuf,
    /// The settings, whole and right, or what is wrong.
    pub what: Result<AreaSettings, Trouble>,
}

/// Why a file gives no settings. Tell the person who wrote it; keep what was good before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// It says something wrong; at least one.
    Mistakes(Vec<Mistake>),
    /// The system does not let it be read, or it is no text.
    Unreadable(String),
    /// It was there before.
    Gone,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mistakes(mistakes) => {
                let all: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
                f.write_str(&all.join("; "))
            }
            Self::Unreadable(why) => write!(f, "cannot be read: {why}"),
            Self::Gone => f.write_str("is gone; put it back, or restart this program to do without the area"),
        }
    }
}

impl Folder {
    /// A folder that was not looked into yet.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), files: BTreeMap::new() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The first look: nobody waits for a second one, and everything is told.
    pub fn first_look(&mut self) -> std::io::Result<Vec<News>> {
        self.look_at_all()?;
        Ok(self.tell())
    }

    /// What was found twice in a row now, and not told yet.
    pub fn look(&mut self) -> std::io::Result<Vec<News>> {
        let changed = self.look_at_all()?;
        Ok(self.tell_but(&changed))
    }

    /// The news of this area could not be used: tell them again at the next look.
    pub fn again(&mut self, area: &str) {
        if let Some(file) = self.files.get_mut(area) {
            file.is_told = false;
        }
    }

    /// Reads every file; which ones are not what they were.
    fn look_at_all(&mut self) -> std::io::Result<Vec<String>> {
        let mut now: BTreeMap<String, Found> = BTreeMap::new();
        for entry in std::fs::read_dir(&self.path)? {
            let file = entry?.path();
            if let Some(area) = area_of(&file) {
                now.insert(area, found(&file));
            }
        }
        for area in self.files.keys() {
            now.entry(area.clone()).or_insert(Found::Gone);
        }
        let mut changed = Vec::new();
        for (area, found) in now {
            if self.files.get(&area).is_none_or(|file| file.found != found) {
                changed.push(area.clone());
                self.files.insert(area, File { found, is_told: false });
            }
        }
        Ok(changed)
    }

    fn tell(&mut self) -> Vec<News> {
        self.tell_but(&[])
    }

    fn tell_but(&mut self, changed: &[String]) -> Vec<News> {
        let mut news = Vec::new();
        for (area, file) in &mut self.files {
            if file.is_told || changed.contains(area) {
                continue;
            }
            file.is_told = true;
            let what = match &file.found {
                Found::Text(text) => parse(area, text).map_err(Trouble::Mistakes),
                Found::Unreadable(why) => Err(Trouble::Unreadable(why.clone())),
                Found::Gone => Err(Trouble::Gone),
            };
            news.push(News { area: area.clone(), file: self.path.join(format!("{area}.toml")), what });
        }
        news
    }
}

/// `NAME` of `NAME.toml`; files of editors begin with a dot.
fn area_of(file: &Path) -> Option<String> {
    let name = file.file_stem()?.to_str()?;
    let is_toml = file.extension().is_some_and(|extension| extension == "toml");
    (is_toml && !name.starts_with('.')).then(|| name.to_owned())
}

fn found(file: &Path) -> Found {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        std::fs::File::open(file)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    match read() {
        Ok(bytes) if bytes.len() as u64 > LARGEST => {
            Found::Unreadable(format!("it has more than {} kB, and an area's file has a few", LARGEST / 1024))
        }
        Ok(bytes) => String::from_utf8(bytes)
            .map_or_else(|_| Found::Unreadable("it is no text in UTF-8".to_owned()), Found::Text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Found::Gone,
        Err(error) => Found::Unreadable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "language = \"da\"\n[[sections]]\nid = \"a\"\nheading = \"A\"\n";

    /// What a look tells, one word an area.
    fn told(news: std::io::Result<Vec<News>>) -> String {
        let word = |news: News| match news.what {
            Ok(area) => format!("{}={}", news.area, area.sections[0].heading),
            Err(Trouble::Mistakes(mistakes)) => format!("{}:line {}", news.area, mistakes[0].line),
            Err(Trouble::Gone) => format!("{}:gone", news.area),
            Err(Trouble::Unreadable(why)) => format!("{}:{why}", news.area),
        };
        news.unwrap().into_iter().map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_file_is_believed_at_the_second_look() {
        let place = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(place.path().join(name), text).unwrap();
        write("a.toml", GOOD);
        write("b.toml", "language = 1\n");
        write("README.md", "no area");
        write(".c.toml", "an editor's");
        let mut folder = Folder::at(place.path());
        let check = |folder: &mut Folder, expected: &str| assert_eq!(told(folder.look()), expected);
        assert_eq!(told(folder.first_look()), "a=A b:line 1");
        check(&mut folder, "");
        // Half of it, and the rest a moment later.
        write("a.toml", "language = \"da\"\n[[sections]]\nid");
        check(&mut folder, "");
        write("a.toml", &GOOD.replace("\"A\"", "\"B\""));
        check(&mut folder, "");
        check(&mut folder, "a=B");
        check(&mut folder, "");
        write("b.toml", GOOD);
        check(&mut folder, "");
        check(&mut folder, "b=A");
        // An editor that writes anew has the file gone for a moment.
        std::fs::remove_file(place.path().join("a.toml")).unwrap();
        check(&mut folder, "");
        write("a.toml", GOOD);
        check(&mut folder, "");
        check(&mut folder, "a=A");
        std::fs::remove_file(place.path().join("b.toml")).unwrap();
        check(&mut folder, "");
        check(&mut folder, "b:gone");
        check(&mut folder, "");
        folder.again("a");
        check(&mut folder, "a=A");
    }

    #[test]
    fn what_cannot_be_read_is_told_and_a_missing_folder_is_an_error() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("a.toml"), [0xff, 0xfe]).unwrap();
        std::fs::write(place.path().join("b.toml"), "#".repeat(300_000)).unwrap();
        std::fs::create_dir(place.path().join("c.toml")).unwrap();
        let news = Folder::at(place.path()).first_look().unwrap();
        let said: Vec<String> = news.into_iter().map(|news| news.what.unwrap_err().to_string()).collect();
        assert!(said[0].contains("UTF-8") && said[1].contains("256 kB"), "{said:?}");
        assert!(said[2].starts_with("cannot be read: "), "{said:?}");
        assert!(Folder::at(&place.path().join("nowhere")).look().is_err());
    }
}
