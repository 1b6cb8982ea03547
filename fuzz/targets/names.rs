//! Names of folders and files: slugs, paths, and words of a command line.

use facteur::domain::path::{TreePath, spell};
use facteur::domain::shell;
use facteur::domain::slug::{SLUG_BYTES_MAX, Slug};
use unicode_normalization::UnicodeNormalization as _;

use super::{Target, shell_words, steers};

/// Names.
pub const TARGET: Target = Target {
    name: "names",
    check,
    words: &[
        "..",
        "/",
        "./",
        "\\x",
        "\\\\",
        "\\x2e",
        "-",
        "--",
        "&",
        "$(reboot)",
        "`id`",
        "'",
        "\"",
        "'; rm -rf ~; '",
        "\u{202e}",
        "\u{61c}",
        "\u{200d}",
        "\x1b[2J",
        "\r\n",
        "e\u{301}",
        "œ",
        "ß",
        "北",
        "\u{e0041}",
        "~",
        "#",
        "!",
    ],
};

fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    slugs(&text);
    paths(bytes);
    spellings(&text);
}

fn slugs(name: &str) {
    if let Ok(slug) = Slug::parse(name) {
        assert_eq!(slug.as_str(), name);
    }
    let made = Slug::from_name(name);
    let decomposed: String = name.nfd().collect();
    assert_eq!(
        made.as_ref().ok(),
        Slug::from_name(&decomposed).ok().as_ref(),
        "composed and decomposed accents give one slug"
    );
    let Ok(slug) = made else { return };
    let text = slug.as_str();
    assert!((1..=SLUG_BYTES_MAX).contains(&text.len()), "{text}");
    assert_eq!(Slug::parse(text).as_ref(), Ok(&slug));
    assert_eq!(Slug::from_name(text).as_ref(), Ok(&slug), "the slug of a slug is itself");
    let stored = serde_json::to_string(&slug).expect("a slug is JSON");
    assert_eq!(serde_json::from_str::<Slug>(&stored).expect("and is read back"), slug);
}

fn paths(bytes: &[u8]) {
    let Ok(path) = TreePath::from_bytes(bytes) else { return };
    let spelled = path.to_string();
    assert!(!spelled.contains(steers), "{spelled:?}");
    assert_eq!(spelled.parse::<TreePath>().as_ref(), Ok(&path));
    assert!(path.components().all(|name| name != b".." && name != b"." && !name.contains(&0)));
    let joined = path.components().fold(TreePath::root(), |above, name| above.join(name));
    assert_eq!(joined, path);
    // A folder in a command that is shown for copying is this very folder, and nothing else.
    let line = format!("facteur switch on acme {} --app quickbooks", shell::folder(&path));
    let words = shell_words(&line).unwrap_or_else(|| panic!("a shell obeys {line}"));
    assert_eq!(words.len(), 7, "{line}");
    assert!(!words[4].starts_with('-') && !words[4].is_empty(), "an option to us: {line}");
    assert_eq!(words[4].parse::<TreePath>().as_ref(), Ok(&path), "{line}");
}

fn spellings(text: &str) {
    assert!(!spell(text.as_bytes()).contains(steers));
    if !text.contains('\0') {
        assert_eq!(shell_words(&shell::word(text)), Some(vec![text.to_owned()]), "{text:?}");
    }
    if let Ok(path) = text.parse::<TreePath>() {
        assert_eq!(path.to_string().parse::<TreePath>(), Ok(path));
    }
}
