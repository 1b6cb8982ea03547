//! Strangers' text made harmless for a terminal: file names, servers' words, the tools' reasons.

use serde_json::Value;

use super::words::say;
use crate::domain::path::spell;

/// A text with its control characters and the marks that turn or hide text spelled as `\xNN`;
/// line feeds stay. A spelling that is in it already stays as it is.
pub fn clean(text: &str) -> String {
    let line = |line: &str| {
        let parts: Vec<String> = line.split('\\').map(|part| spell(part.as_bytes())).collect();
        parts.join("\\")
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// A whole answer with each of its texts and names cleaned; line feeds only stay in TOML.
pub(super) fn cleaned(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(clean(text).replace('\n', " ")),
        Value::Array(items) => Value::Array(items.iter().map(cleaned).collect()),
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(key, value)| match value {
                    Value::String(text) if key == "toml" => (key.clone(), clean(text).into()),
                    value => (clean(key).replace('\n', " "), cleaned(value)),
                })
                .collect(),
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// The JSON document of `--json`: the same value, with what could steer a terminal as `\uNNNN`.
pub fn json(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).expect("a JSON value can be written");
    let mut safe = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        let steers = character != '\n' && character != '\\' && {
            let mut buffer = [0; 4];
            let bytes = character.encode_utf8(&mut buffer).as_bytes();
            spell(bytes).as_bytes() != bytes
        };
        if steers {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                say(&mut safe, format_args!("\\u{unit:04x}"));
            }
        } else {
            safe.push(character);
        }
    }
    safe.push('\n');
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_steers_a_terminal_is_spelled() {
        let cases = [
            ("reçu \\xe9.pdf", "reçu \\xe9.pdf"),
            ("a\x1b[31mb", "a\\x1b[31mb"),
            ("a\u{9b}31mb\u{7f}", "a\\xc2\\x9b31mb\\x7f"),
            ("fdp\u{202e}exe\r", "fdp\\xe2\\x80\\xaeexe\\x0d"),
            ("one\ntwo\t", "one\ntwo\\x09"),
        ];
        for (text, expected) in cases {
            assert_eq!(clean(text), expected);
        }
    }

    #[test]
    fn one_field_is_one_line() {
        let value = serde_json::json!([{"a": "x\ny", "toml": "x\ny", "n": 1}]);
        assert_eq!(cleaned(&value), serde_json::json!([{"a": "x y", "toml": "x\ny", "n": 1}]));
    }

    proptest! {
        #[test]
        fn json_is_the_same_value_and_steers_nothing(text in "\\PC*|[\\x00-\\u{a0}\u{2028}\u{202e}]*") {
            let value = serde_json::json!({ "text": text });
            let printed = json(&value);
            prop_assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), value);
            let steers = |letter: char| letter.is_control() && letter != '\n';
            prop_assert!(!printed.contains(steers), "{}", printed.escape_debug());
            prop_assert!(!clean(&text).contains(steers));
        }
    }
}
