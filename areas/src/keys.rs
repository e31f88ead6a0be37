//! Reads the keys of a TOML file one by one, and remembers every mistake instead of stopping at the first.
//!
//! In: the tree of a file, whose parts know where they stand. Out: values with their lines; mistakes into [`Mistakes`].
//! Promised: a key that nobody asked for is a mistake, named with the keys that are known there. Not done here: what the
//! values mean.

use crate::mistake::{Mistake, shown};
use crate::problem::Problem;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What is wrong so far, and the text that it is wrong in.
pub(crate) struct Mistakes<'t> {
    text: &'t str,
    all: Vec<Mistake>,
}

/// A value, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Told<T> {
    pub(crate) value: T,
    pub(crate) key: String,
    pub(crate) span: Range<usize>,
}

impl<T> Told<T> {
    /// Another value in the same place.
    pub(crate) fn with<U>(&self, value: U) -> Told<U> {
        Told { value, key: self.key.clone(), span: self.span.clone() }
    }
}

impl<'t> Mistakes<'t> {
    pub(crate) fn in_text(text: &'t str) -> Self {
        Self { text, all: Vec::new() }
    }

    /// The value is there, and wrong.
    pub(crate) fn wrong<T>(&mut self, told: &Told<T>, problem: Problem) {
        let found = shown(self.text.get(told.span.clone()).unwrap_or_default());
        self.add(told.span.start, told.key.clone(), found, problem);
    }

    /// Something that should stand at `at` does not.
    pub(crate) fn missing(&mut self, at: usize, key: String, problem: Problem) {
        self.add(at, key, String::new(), problem);
    }

    /// The file is no TOML there.
    pub(crate) fn no_toml(&mut self, error: &toml::de::Error) {
        let at = error.span().map_or(0, |span| span.start);
        let line = self.text.get(..at.min(self.text.len())).unwrap_or_default().matches('\n').count();
        let found = shown(self.text.lines().nth(line).unwrap_or_default().trim());
        let said = error.message().replace('\n', ", ");
        self.add(at, String::new(), found, Problem::NoToml { said });
    }

    fn add(&mut self, at: usize, key: String, found: String, problem: Problem) {
        let before = self.text.get(..at.min(self.text.len())).unwrap_or_default();
        self.all.push(Mistake { line: before.matches('\n').count() + 1, key, found, problem });
    }

    /// In the order of the file.
    pub(crate) fn into_sorted(mut self) -> Vec<Mistake> {
        self.all.sort_by_key(|one| one.line);
        self.all
    }
}

/// One table of the file, while it is read.
pub(crate) struct Table<'a, 't> {
    entries: &'a DeTable<'t>,
    /// How its keys begin: `style.`, `sections[2].`; empty for the whole file.
    path: String,
    /// Where it stands.
    at: usize,
    known: Vec<&'static str>,
}

impl<'a, 't> Table<'a, 't> {
    pub(crate) fn whole(entries: &'a DeTable<'t>) -> Self {
        Self { entries, path: String::new(), at: 0, known: Vec::new() }
    }

    /// Where a mistake about what is not there belongs.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// How a key of this table is called in a mistake.
    pub(crate) fn name(&self, key: &str) -> String {
        format!("{}{key}", self.path)
    }

    /// Whether somebody wrote the key, whatever stands there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Whether a list stands there.
    pub(crate) fn is_list(&self, key: &str) -> bool {
        self.entries.get(key).is_some_and(|value| value.get_ref().is_array())
    }

    fn value(&mut self, key: &'static str) -> Option<Told<&'a DeValue<'t>>> {
        self.known.push(key);
        let value: &Spanned<DeValue<'t>> = self.entries.get(key)?;
        Some(Told { value: value.get_ref(), key: self.name(key), span: value.span() })
    }

    pub(crate) fn string(&mut self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Option<Told<String>> {
        let told = self.value(key)?;
        let text = told.value.as_str().map(|text| told.with(text.to_owned()));
        if text.is_none() {
            mistakes.wrong(&told, Problem::NoText);
        }
        text
    }

    pub(crate) fn boolean(&mut self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Option<Told<bool>> {
        let told = self.value(key)?;
        let truth = told.value.as_bool().map(|truth| told.with(truth));
        if truth.is_none() {
            mistakes.wrong(&told, Problem::NeitherTrueNorFalse);
        }
        truth
    }

    /// A whole number within the range.
    pub(crate) fn number(
        &mut self,
        key: &'static str,
        (least, most): (u32, u32),
        mistakes: &mut Mistakes<'_>,
    ) -> Option<u32> {
        let told = self.value(key)?;
        let number =
            told.value.as_integer().and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok());
        let fits =
            number.and_then(|number| u32::try_from(number).ok()).filter(|number| (least..=most).contains(number));
        if fits.is_none() {
            mistakes.wrong(&told, Problem::NoNumber { least, most });
        }
        fits
    }

    /// A list of texts; those that are none are mistakes.
    pub(crate) fn strings(
        &mut self,
        key: &'static str,
        mistakes: &mut Mistakes<'_>,
    ) -> Option<Told<Vec<Told<String>>>> {
        let told = self.value(key)?;
        let Some(list) = told.value.as_array() else {
            mistakes.wrong(&told, Problem::NoList);
            return None;
        };
        let mut texts = Vec::new();
        for entry in list {
            let entry = Told { value: entry.get_ref(), key: told.key.clone(), span: entry.span() };
            match entry.value.as_str() {
                Some(text) => texts.push(entry.with(text.to_owned())),
                None => mistakes.wrong(&entry, Problem::NoText),
            }
        }
        Some(told.with(texts))
    }

    /// The table `[key]`.
    pub(crate) fn table(&mut self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Option<Table<'a, 't>> {
        let told = self.value(key)?;
        let Some(entries) = told.value.as_table() else {
            mistakes.wrong(&told, Problem::NoTable { key });
            return None;
        };
        Some(Table { entries, path: format!("{}.", told.key), at: told.span.start, known: Vec::new() })
    }

    /// The tables `[[key]]`, in order.
    pub(crate) fn tables(&mut self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Vec<Table<'a, 't>> {
        let Some(told) = self.value(key) else { return Vec::new() };
        let Some(list) = told.value.as_array() else {
            mistakes.wrong(&told, Problem::NoListOfTables { key });
            return Vec::new();
        };
        let mut tables = Vec::new();
        for (index, entry) in list.iter().enumerate() {
            let path = format!("{}[{}]", told.key, index + 1);
            let at = entry.span().start;
            if let Some(entries) = entry.get_ref().as_table() {
                tables.push(Table { entries, path: format!("{path}."), at, known: Vec::new() });
            } else {
                let told = Told { value: (), key: path, span: entry.span() };
                mistakes.wrong(&told, Problem::NoTableInList { key });
            }
        }
        tables
    }

    /// What nobody asked for is a mistake.
    pub(crate) fn finish(self, mistakes: &mut Mistakes<'_>) {
        for key in self.entries.keys() {
            if !self.known.contains(&key.get_ref().as_ref()) {
                let problem = Problem::UnknownKey { known: self.known.clone() };
                mistakes.missing(key.span().start, self.name(&shown(key.get_ref())), problem);
            }
        }
    }
}
