//! Multiparts: their parts, told apart by the boundary (RFC 2046 §5.1).

/// The parts of a multipart.
#[derive(Debug, Default)]
pub(super) struct Parts<'x> {
    /// At most as many as asked for.
    pub(super) bodies: Vec<&'x [u8]>,
    /// Parts beyond those.
    pub(super) beyond: usize,
    /// Whether the last boundary is there: without it the mail may end too early.
    pub(super) is_closed: bool,
}

/// The parts of a body; none where no boundary stands in it. A boundary that the headers forgot
/// is looked for.
pub(super) fn split<'x>(body: &'x [u8], boundary: Option<&str>, most: usize) -> Option<Parts<'x>> {
    let boundary = match boundary {
        Some(boundary) => boundary.trim_end().as_bytes(),
        None => forgotten(body)?,
    };
    let mut found = Parts::default();
    let mut began: Option<usize> = None;
    let mut at = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let end = at;
        at += line.len();
        let Some(is_last) = delimits(line, boundary) else { continue };
        found.add(began.and_then(|began| body.get(began..end)), most);
        began = Some(at);
        if is_last {
            found.is_closed = true;
            return Some(found);
        }
    }
    let open = began?;
    found.add(body.get(open..), most);
    Some(found)
}

impl<'x> Parts<'x> {
    fn add(&mut self, part: Option<&'x [u8]>, most: usize) {
        // The line end before a boundary belongs to it.
        let part = part.map(|part| match part.strip_suffix(b"\n") {
            Some(part) => part.strip_suffix(b"\r").unwrap_or(part),
            None => part,
        });
        match part {
            Some(part) if self.bodies.len() < most => self.bodies.push(part),
            Some(_) => self.beyond += 1,
            None => {}
        }
    }
}

/// Whether a line is the boundary, and the last one. RFC 2046 §5.1.1: spaces may follow it.
fn delimits(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?;
    match rest.trim_ascii() {
        b"" => Some(false),
        b"--" => Some(true),
        _ => None,
    }
}

/// What stands on the first line that looks like a boundary.
fn forgotten(body: &[u8]) -> Option<&[u8]> {
    let mut lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let boundary = lines.find_map(|line| line.strip_prefix(b"--").filter(|rest| rest.len() > 4))?;
    Some(boundary)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(body: &str, boundary: Option<&str>) -> Option<(Vec<String>, bool)> {
        let found = split(body.as_bytes(), boundary, 2)?;
        assert_eq!(found.beyond, 0);
        let text = |part: &&[u8]| String::from_utf8_lossy(part).into_owned();
        Some((found.bodies.iter().map(text).collect(), found.is_closed))
    }

    #[test]
    fn parts_stand_between_boundaries() {
        let both = |one: &str, two: &str| vec![one.to_owned(), two.to_owned()];
        for (body, boundary, expected) in [
            ("--b\na\n--b\nc\n--b--\n", Some("b"), Some((both("a", "c"), true))),
            ("x\r\n--b  \r\na\r\n--b\r\nc\r\n--b--", Some("b"), Some((both("a", "c"), true))),
            ("--b\na\n\n--bb\n--b\nc", Some("b"), Some((both("a\n\n--bb", "c"), false))),
            ("--b\n--b\n--b--\nepilogue\n--b\n", Some("b"), Some((both("", ""), true))),
            ("text\n", Some("b"), None),
            ("--=_abc\na\n--=_abc\nc\n--=_abc--", None, Some((both("a", "c"), true))),
            ("text\n-- \nsignature", None, None),
        ] {
            assert_eq!(parts(body, boundary), expected, "{body:?}");
        }
    }

    #[test]
    fn parts_beyond_the_limit_are_counted() {
        let found = split(b"--b\na\n--b\nc\n--b\nd\n--b\ne\n--b--", Some("b"), 2).unwrap();
        assert_eq!((found.bodies.len(), found.beyond), (2, 2));
    }
}
