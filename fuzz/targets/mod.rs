//! What must hold whatever a stranger writes: one function a parser, fed with any bytes.
//!
//! `tests/strangers` runs them as plain tests, `fuzz/fuzz_targets` under cargo-fuzz.

pub mod answers;
pub mod configuration;
pub mod invitations;
pub mod letters;
pub mod mails;
pub mod names;
pub mod received;
pub mod records;
pub mod replies;
pub mod requests;
pub mod robot;
pub mod senders;
pub mod signatures;
pub mod templates;
pub mod views;

/// One target: its name is its corpus's folder.
#[derive(Clone, Copy)]
pub struct Target {
    /// The folder below `fuzz/corpus`.
    pub name: &'static str,
    /// Panics where the rule doesn't hold.
    pub check: fn(&[u8]),
    /// Words that mean something to the parser, for mutations.
    pub words: &'static [&'static str],
}

/// All of them.
pub const TARGETS: [Target; 13] = [
    answers::TARGET,
    configuration::TARGET,
    invitations::TARGET,
    mails::TARGET,
    names::TARGET,
    received::TARGET,
    records::TARGET,
    replies::TARGET,
    requests::TARGET,
    senders::TARGET,
    signatures::TARGET,
    templates::TARGET,
    views::TARGET,
];

/// What a terminal, a mail reader or an editor obeys instead of showing: control characters,
/// and the marks that turn or hide text.
pub fn steers(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// The parts of an input that stands for several texts, a NUL between each two.
pub fn parts<const N: usize>(bytes: &[u8]) -> [String; N] {
    let mut texts = bytes.split(|byte| *byte == 0).map(|part| String::from_utf8_lossy(part));
    std::array::from_fn(|_| texts.next().unwrap_or_default().into_owned())
}

/// The words a POSIX shell makes of a line with no expansion in it; none where the line holds
/// something that a shell would obey.
pub fn shell_words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next()? {
                        '\'' => break,
                        quoted => word.push(quoted),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(letters.next().filter(|next| *next != '\n')?),
            letter if "|&;<>()$`\"*?[]#~%!{}^\n\t\r".contains(letter) => return None,
            letter => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    Some(words)
}
