//! Files written into a mail's text by old programs: `begin 644 facture.pdf` … `end`.

/// One of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Embedded {
    pub(super) name: String,
    /// Its bytes. Err, in words: it is damaged.
    pub(super) bytes: Result<Vec<u8>, String>,
}

/// The files in a text, at most `most`. Prose that merely begins like one is none.
pub(super) fn files(text: &[u8], most: usize) -> Vec<Embedded> {
    let mut found = Vec::new();
    let mut lines =
        text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    while found.len() < most {
        let Some(name) = lines.by_ref().find_map(begins) else { break };
        let mut bytes = Vec::new();
        let mut read = 0;
        let ended = loop {
            match lines.next() {
                Some(b"end") => break true,
                Some(line) if decoded(line, &mut bytes).is_some() => read += 1,
                Some(_) | None => break false,
            }
        };
        if ended {
            found.push(Embedded { name, bytes: Ok(bytes) });
        } else if read > 0 {
            let because = "it is damaged: its uuencoded text ends too early".to_owned();
            found.push(Embedded { name, bytes: Err(because) });
        }
    }
    found
}

/// The one file of a body that is said to be uuencoded.
pub(super) fn only_file(body: &[u8]) -> Result<Vec<u8>, String> {
    let first = files(body, 1).into_iter().next();
    first.map_or_else(
        || Err("it is damaged: no uuencoded text is in it".to_owned()),
        |file| file.bytes,
    )
}

/// The name on a first line: `begin`, a mode of three or four octal digits, a name.
fn begins(line: &[u8]) -> Option<String> {
    let rest = line.strip_prefix(b"begin ")?;
    let space = rest.iter().position(|byte| *byte == b' ')?;
    let (mode, name) = rest.split_at(space);
    let is_mode =
        (3..=4).contains(&mode.len()) && mode.iter().all(|byte| (b'0'..=b'7').contains(byte));
    let name = super::headers::text(name).trim().to_owned();
    (is_mode && !name.is_empty()).then_some(name)
}

/// Decodes one line: its length, then four letters for three bytes; none when it is no such line.
fn decoded(line: &[u8], bytes: &mut Vec<u8>) -> Option<()> {
    let (length, letters) = line.split_first()?;
    let length = usize::from(value(*length)?);
    let mut values = letters.iter().map(|letter| value(*letter));
    let start = bytes.len();
    while bytes.len() - start < length {
        // Some programs, and some servers, take the spaces at the end of a line away.
        let mut next = || values.next().unwrap_or(Some(0));
        let [a, b, c, d] = [next()?, next()?, next()?, next()?];
        bytes.extend([a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
    }
    let is_right = letters.len() <= length.div_ceil(3) * 4 + 1;
    if !is_right {
        bytes.truncate(start);
        return None;
    }
    bytes.truncate(start + length);
    Some(())
}

/// Six bits; a space and a backquote are both nought.
fn value(letter: u8) -> Option<u8> {
    (b' '..=b'`').contains(&letter).then(|| (letter - b' ') & 0x3f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_in_the_text() {
        let text = b"Bonjour,\r\n\r\nbegin 644 note \xe9t\xe9.txt\r\n%2&5L;&\\\r\n`\r\nend\r\nbegin 0755 a\n#86)C\n \nend\n";
        let found = files(text, 10);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(
            (found[0].name.as_str(), found[0].bytes.as_deref()),
            ("note été.txt", Ok(&b"Hello"[..]))
        );
        assert_eq!(found[1].bytes.as_deref(), Ok(&b"abc"[..]));
        assert_eq!(only_file(text).unwrap(), b"Hello");
    }

    #[test]
    fn prose_is_no_file_and_a_cut_one_is_damaged() {
        assert_eq!(files(b"begin 123 things\nthat are lower case\n", 9), []);
        assert_eq!(files(b"begin with a story\nend\n", 9), []);
        let cut = files(b"begin 644 a.pdf\n%2&5L;&\\\nlower case", 9);
        assert!(cut[0].bytes.as_ref().unwrap_err().contains("damaged"));
        assert!(only_file(b"").is_err());
    }
}
