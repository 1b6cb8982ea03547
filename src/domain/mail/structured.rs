//! Structured header fields (RFC 5322 §3.2): words and quoted strings, comments left out.

/// Bytes of a field; a longer one says nothing.
const FIELD_BYTES_MAX: usize = 20_000;

/// A piece of a structured field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// Letters between spaces, specials, comments and quoted strings.
    Word(String),
    /// What stands between double quotes, without them.
    Quoted(String),
    /// One of the characters that part words here.
    Special(char),
}

impl Token {
    /// The text of a word or of a quoted string.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Word(text) | Self::Quoted(text) => Some(text),
            Self::Special(_) => None,
        }
    }

    /// Whether it is this word, in any case.
    pub fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Word(text) if text.eq_ignore_ascii_case(word))
    }
}

/// Takes an unfolded field apart. None where a comment or a quoted string has no end, or the
/// field is too long: then nobody can say what is which.
pub fn tokens(value: &str, specials: &str) -> Option<Vec<Token>> {
    if value.len() > FIELD_BYTES_MAX {
        return None;
    }
    let mut found = Vec::new();
    let mut word = String::new();
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        let part = match letter {
            '(' => skip_comment(&mut letters).map(|()| None)?,
            '"' => Some(Token::Quoted(quoted(&mut letters)?)),
            letter if letter.is_whitespace() => None,
            letter if specials.contains(letter) => Some(Token::Special(letter)),
            letter => {
                word.push(letter);
                continue;
            }
        };
        if !word.is_empty() {
            found.push(Token::Word(std::mem::take(&mut word)));
        }
        found.extend(part);
    }
    if !word.is_empty() {
        found.push(Token::Word(word));
    }
    Some(found)
}

/// Comments nest (RFC 5322 §3.2.2).
fn skip_comment(letters: &mut std::str::Chars<'_>) -> Option<()> {
    let mut depth = 1_usize;
    while depth > 0 {
        match letters.next()? {
            '(' => depth += 1,
            ')' => depth -= 1,
            '\\' => drop(letters.next()?),
            _ => {}
        }
    }
    Some(())
}

fn quoted(letters: &mut std::str::Chars<'_>) -> Option<String> {
    let mut text = String::new();
    loop {
        match letters.next()? {
            '"' => return Some(text),
            '\\' => text.push(letters.next()?),
            letter => text.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Token {
        Token::Word(text.to_owned())
    }

    #[test]
    fn comments_part_words_and_quotes_hide_specials() {
        let found = tokens("a(b (c\\) d) e)f=\"x;\\\"y\" ; g", ";=").unwrap();
        let quoted = Token::Quoted("x;\"y".to_owned());
        let [equals, semicolon] = ['=', ';'].map(Token::Special);
        assert_eq!(found, [word("a"), word("f"), equals, quoted, semicolon, word("g")]);
        assert_eq!(tokens(" \t", ""), Some(Vec::new()));
    }

    #[test]
    fn what_has_no_end_says_nothing() {
        for value in ["a (b", "a \"b", "(a (b)", "a \"b\\\"", "\"\\", &"a".repeat(20_001)] {
            assert_eq!(tokens(value, ";"), None, "{value}");
        }
    }
}
