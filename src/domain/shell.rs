//! Words of a command that is shown for copying: a shell takes each for what it is.

use super::path::TreePath;

/// A text as one word of a POSIX shell, quoted where it must be: nothing in it is obeyed.
pub fn word(text: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "-_./@+,:".contains(letter);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A folder or document of a company as one word, which is no option either.
pub fn folder(path: &TreePath) -> String {
    let spelled = path.to_string();
    match spelled.as_str() {
        "" => ".".to_owned(),
        option if option.starts_with('-') => word(&format!("./{option}")),
        other => word(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_obey_is_quoted() {
        let cases = [
            ("Achats/2026", "Achats/2026"),
            ("Reçus", "Reçus"),
            ("", "''"),
            ("Achats 2025", "'Achats 2025'"),
            ("$(reboot)", "'$(reboot)'"),
            ("'; rm -rf ~; '", "''\\''; rm -rf ~; '\\'''"),
            ("`id`", "'`id`'"),
            ("~root", "'~root'"),
        ];
        for (text, quoted) in cases {
            assert_eq!(word(text), quoted);
        }
    }

    #[test]
    fn a_folder_is_never_an_option() {
        let folder_of = |text: &str| folder(&text.parse().unwrap());
        assert_eq!(folder_of(""), ".");
        assert_eq!(folder_of("--app"), "./--app");
        assert_eq!(folder_of("-x y\\x0a"), "'./-x y\\x0a'");
    }
}
