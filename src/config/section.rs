//! One table of routes.toml as typed; asking for its keys checks their types.

use std::cell::RefCell;
use std::ops::RangeInclusive;

use chrono::TimeDelta;
use toml::de::{DeTable, DeValue};

use super::complaint::{Mistake, did_you_mean};
use super::sheet::{Place, Sheet, Typed};
use super::units;

/// Words of keys that would hold a secret.
const SECRET_WORDS: [&str; 8] =
    ["password", "passwd", "passphrase", "pwd", "secret", "token", "api_key", "credential"];

/// A table that was typed, or one left out, which is the same as an empty one.
pub(super) struct Section<'a> {
    pub(super) sheet: &'a Sheet,
    pub(super) place: Place,
    table: Option<&'a DeTable<'a>>,
    asked: RefCell<Vec<&'static str>>,
}

/// A key and a value as typed, where the keys are the firm's own.
pub(super) struct Entry<'a> {
    pub(super) key: &'a str,
    pub(super) place: Place,
    value: &'a DeValue<'a>,
}

impl<'a> Section<'a> {
    /// The whole file.
    pub(super) fn top(sheet: &'a Sheet, table: &'a DeTable<'a>) -> Self {
        let place = Place { line: 1, key: String::new() };
        Self { sheet, place, table: Some(table), asked: RefCell::default() }
    }

    fn below(sheet: &'a Sheet, place: Place, table: Option<&'a DeTable<'a>>) -> Self {
        Self { sheet, place, table, asked: RefCell::default() }
    }

    /// Where a key is, or would be.
    pub(super) fn place_of(&self, key: &str) -> Place {
        self.place_within(&[key])
    }

    /// Where a key some sections below is, or would be.
    pub(super) fn place_within(&self, keys: &[&str]) -> Place {
        let mut place = self.place.clone();
        let mut table = self.table;
        for key in keys {
            let typed = table.and_then(|table| table.get_key_value(*key));
            if let Some((key, _)) = typed {
                place.line = self.sheet.line(key.span().start);
            }
            if !place.key.is_empty() {
                place.key.push('.');
            }
            place.key.push_str(key);
            table = typed.and_then(|(_, value)| value.get_ref().as_table());
        }
        place
    }

    /// Whether a key was typed.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// Complains when a key that must be there isn't.
    pub(super) fn require(&self, key: &str, remedy: impl Into<String>) {
        if !self.has(key) {
            let problem = format!("`{key}` is missing");
            self.sheet.missing(&self.place, Mistake::new(problem, remedy));
        }
    }

    fn look(&self, key: &'static str) -> Option<Entry<'a>> {
        self.asked.borrow_mut().push(key);
        let (key, value) = self.table?.get_key_value(key)?;
        let key = key.get_ref().as_ref();
        Some(Entry { key, place: self.place_of(key), value: value.get_ref() })
    }

    fn read<T>(
        &self,
        key: &'static str,
        expected: &str,
        pick: impl FnOnce(&'a DeValue<'a>) -> Option<Result<T, Mistake>>,
    ) -> Option<Typed<T>> {
        self.look(key)?.read(self.sheet, expected, pick)
    }

    /// A text of one line.
    pub(super) fn text(&self, key: &'static str) -> Option<Typed<&'a str>> {
        self.parsed(key, Ok)
    }

    /// A text that means something.
    pub(super) fn parsed<T>(
        &self,
        key: &'static str,
        parse: impl FnOnce(&'a str) -> Result<T, Mistake>,
    ) -> Option<Typed<T>> {
        self.look(key)?.parsed(self.sheet, parse)
    }

    /// Texts in brackets that mean something.
    pub(super) fn list<T>(
        &self,
        key: &'static str,
        parse: impl Fn(&'a str) -> Result<T, Mistake>,
    ) -> Option<Vec<T>> {
        let expected = "write a list of texts: [\"…\", \"…\"]";
        let items = self.read(key, expected, |value| Some(Ok(value.as_array()?)))?;
        let read = |item: &'a toml::Spanned<DeValue<'a>>| {
            let line = self.sheet.line(item.span().start);
            let place = Place { line, key: items.place.key.clone() };
            let entry = Entry { key, place, value: item.get_ref() };
            entry.parsed(self.sheet, &parse).map(|typed| typed.value)
        };
        // All are read before one that means nothing spoils the list.
        let read: Vec<Option<T>> = items.value.iter().map(read).collect();
        read.into_iter().collect()
    }

    /// Texts in brackets, whatever they mean.
    pub(super) fn texts(&self, key: &'static str) -> Option<Vec<String>> {
        self.list(key, |text| Ok(text.to_owned()))
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, key: &'static str) -> Option<bool> {
        let expected = "write true or false, without quotes";
        self.read(key, expected, |value| Some(Ok(value.as_bool()?))).map(|typed| typed.value)
    }

    /// A whole number within a range.
    pub(super) fn number(&self, key: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        let expected = format!("write a whole number from {} to {}", range.start(), range.end());
        let typed = self.read(key, &expected, |value| {
            let number = whole_number(value)?;
            let fits = u32::try_from(number).ok().filter(|number| range.contains(number));
            let problem = || Mistake::new(format!("{number} is out of range"), &expected);
            Some(fits.ok_or_else(problem))
        })?;
        Some(typed.value)
    }

    /// A size in bytes within a range: a text with its unit or a plain number.
    pub(super) fn size(&self, key: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        let typed = self.read(key, "write a size such as \"20 MB\"", |value| {
            if let Some(text) = value.as_str() {
                return Some(units::size(text));
            }
            let number = whole_number(value)?;
            Some(u64::try_from(number).map_err(|_| {
                Mistake::new(format!("{number} is no size"), "write a size such as \"20 MB\"")
            }))
        })?;
        if !range.contains(&typed.value) {
            let problem = format!("{} bytes is out of range", typed.value);
            let remedy = format!("write a size from {} to {} bytes", range.start(), range.end());
            self.sheet.complain(&typed.place, Mistake::new(problem, remedy));
        }
        Some(typed.value)
    }

    /// A duration within a range.
    pub(super) fn duration(
        &self,
        key: &'static str,
        range: &RangeInclusive<TimeDelta>,
    ) -> Option<TimeDelta> {
        Some(self.look(key)?.duration(self.sheet, range)?.value)
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let typed = self.parsed(key, |text| {
            let found = words.iter().find(|(word, _)| *word == text);
            found.map(|(_, meaning)| *meaning).ok_or_else(|| {
                let quoted: Vec<String> =
                    words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
                let remedy = format!("write {}", quoted.join(" or "));
                Mistake::new(format!("`{text}` is none of the choices"), remedy)
            })
        })?;
        Some(typed.value)
    }

    /// A table below this one; an empty one when it was left out.
    pub(super) fn section(&self, key: &'static str) -> Section<'a> {
        let left_out = || Section::below(self.sheet, self.place_of(key), None);
        self.optional(key).unwrap_or_else(left_out)
    }

    /// A table below this one that means something by being there.
    pub(super) fn optional(&self, key: &'static str) -> Option<Section<'a>> {
        let entry = self.look(key)?;
        let expected = format!("write it as a section: [{}]", entry.place.key);
        entry.section(self.sheet, &expected)
    }

    /// Tables in double brackets, one after the other.
    pub(super) fn sections(&self, key: &'static str) -> Vec<Section<'a>> {
        let name = self.place_of(key).key;
        let expected = format!("write each as a section of its own: [[{name}]]");
        let list = self.read(key, &expected, |value| Some(Ok(value.as_array()?)));
        let Some(list) = list else { return Vec::new() };
        let read = |item: &'a toml::Spanned<DeValue<'a>>| {
            let line = self.sheet.line(item.span().start);
            let entry =
                Entry { key, place: Place { line, key: name.clone() }, value: item.get_ref() };
            entry.section(self.sheet, &expected)
        };
        list.value.iter().filter_map(read).collect()
    }

    /// Every key of a table whose keys are the firm's own, in the order they were typed.
    pub(super) fn entries(&self) -> Vec<Entry<'a>> {
        let mut entries: Vec<(usize, Entry<'a>)> = Vec::new();
        for (key, value) in self.table.into_iter().flat_map(DeTable::iter) {
            let name = key.get_ref().as_ref();
            let entry = Entry { key: name, place: self.place_of(name), value: value.get_ref() };
            entries.push((key.span().start, entry));
        }
        entries.sort_by_key(|(at, _)| *at);
        entries.into_iter().map(|(_, entry)| entry).collect()
    }

    /// Complains of every key that nobody asked for.
    pub(super) fn close(self) {
        let asked = self.asked.take();
        for entry in self.entries().iter().filter(|entry| !asked.contains(&entry.key)) {
            self.sheet.complain(&entry.place, unknown_key(&self.place.key, entry.key, &asked));
        }
    }
}

impl<'a> Entry<'a> {
    fn read<T>(
        self,
        sheet: &Sheet,
        expected: &str,
        pick: impl FnOnce(&'a DeValue<'a>) -> Option<Result<T, Mistake>>,
    ) -> Option<Typed<T>> {
        let outcome = pick(self.value).unwrap_or_else(|| {
            let found = self.value.type_str();
            let article = if found.starts_with(['a', 'i']) { "an" } else { "a" };
            Err(Mistake::new(format!("{article} {found} cannot stand here"), expected))
        });
        match outcome {
            Ok(value) => Some(Typed { value, place: self.place }),
            Err(mistake) => {
                sheet.complain(&self.place, mistake);
                None
            }
        }
    }

    /// A text of one line that means something.
    pub(super) fn parsed<T>(
        self,
        sheet: &Sheet,
        parse: impl FnOnce(&'a str) -> Result<T, Mistake>,
    ) -> Option<Typed<T>> {
        self.read(sheet, "write a text in \"quotes\"", |value| {
            let text = value.as_str()?;
            if text.contains(char::is_control) {
                let problem = "it holds a line feed or another control character";
                return Some(Err(Mistake::new(problem, "write it on one line, without it")));
            }
            Some(parse(text))
        })
    }

    /// A duration within a range.
    pub(super) fn duration(
        self,
        sheet: &Sheet,
        range: &RangeInclusive<TimeDelta>,
    ) -> Option<Typed<TimeDelta>> {
        let expected = "write a duration in quotes, with its unit, such as \"5s\" or \"15m\"";
        self.read(sheet, expected, |value| Some(duration_within(value.as_str()?, range)))
    }

    /// A table.
    pub(super) fn section(self, sheet: &'a Sheet, expected: &str) -> Option<Section<'a>> {
        let typed = self.read(sheet, expected, |value| Some(Ok(value.as_table()?)))?;
        Some(Section::below(sheet, typed.place, Some(typed.value)))
    }
}

/// Reads a duration and holds it against its limits.
fn duration_within(text: &str, range: &RangeInclusive<TimeDelta>) -> Result<TimeDelta, Mistake> {
    let duration = units::duration(text)?;
    if range.contains(&duration) {
        return Ok(duration);
    }
    let [shortest, longest] = [range.start(), range.end()].map(|end| units::spell_duration(*end));
    let remedy = format!("write a duration from \"{shortest}\" to \"{longest}\"");
    Err(Mistake::new(format!("`{text}` is out of range"), remedy))
}

fn whole_number(value: &DeValue<'_>) -> Option<i128> {
    let integer = value.as_integer()?;
    i128::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn unknown_key(section: &str, key: &str, known: &[&'static str]) -> Mistake {
    let folded = key.to_lowercase().replace('-', "_");
    if SECRET_WORDS.iter().any(|word| folded.contains(word)) {
        let place = known.iter().find(|key| key.starts_with("client_secret"));
        let place = place.unwrap_or(&"password_file");
        let remedy = format!(
            "move it to a file that the robot alone can read, name that file in `{place}`, and change the secret: copies of this file may have it"
        );
        return Mistake::new("a secret stands in this file", remedy);
    }
    let section = if section.is_empty() { "the file".to_owned() } else { format!("[{section}]") };
    let remedy = match did_you_mean(key, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("{section} has: {}", known.join(", ")),
    };
    Mistake::new(format!("{section} has no key `{key}`"), remedy)
}
