//! Sizes and durations as people type them.

use chrono::TimeDelta;

use super::complaint::Mistake;

/// Units of a size in bytes; decimal ones are powers of ten.
const SIZE_UNITS: [(&str, u64); 7] = [
    ("", 1),
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
];

const SIZE_REMEDY: &str =
    "write a size such as \"20 MB\" (MB = 1,000,000 bytes; B, kB, MB, GB, KiB, MiB)";

/// Reads a size in bytes: `20 MB`, `512KiB`, `1.5 MB`, `20000000`.
pub(super) fn size(text: &str) -> Result<u64, Mistake> {
    let mistake = || Mistake::new(format!("`{text}` is no size"), SIZE_REMEDY);
    let text = text.trim();
    let unit_at = text.find(|character: char| character.is_ascii_alphabetic());
    let (number, unit) = text.split_at(unit_at.unwrap_or(text.len()));
    let (whole, fraction) = number.trim().split_once('.').unwrap_or((number.trim(), "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // Nine digits behind the point are a billionth of the unit: beyond them nothing counts.
    if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return Err(mistake());
    }
    let (_, factor) = SIZE_UNITS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit.trim()))
        .ok_or_else(mistake)?;
    let places = u32::try_from(fraction.len()).map_err(|_| mistake())?;
    let part = fraction.parse::<u64>().map_err(|_| mistake())? * factor / 10_u64.pow(places);
    let whole = whole.parse::<u64>().ok().and_then(|whole| whole.checked_mul(*factor));
    whole.and_then(|whole| whole.checked_add(part)).ok_or_else(mistake)
}

/// Reads a duration: `5s`, `15m`, `24h`, `5d`, `1h 30m`.
pub(super) fn duration(text: &str) -> Result<TimeDelta, Mistake> {
    humantime::parse_duration(text)
        .ok()
        .and_then(|duration| TimeDelta::from_std(duration).ok())
        .ok_or_else(|| {
            Mistake::new(
                format!("`{text}` is no duration"),
                "write a number and its unit, such as \"5s\", \"15m\", \"24h\" or \"5d\"",
            )
        })
}

/// Spells a duration as [`duration`] reads it.
pub(super) fn spell_duration(duration: TimeDelta) -> String {
    humantime::format_duration(duration.to_std().unwrap_or_default()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_decimal() {
        let cases = [
            ("20 MB", Some(20_000_000)),
            ("20MB", Some(20_000_000)),
            ("20 mb", Some(20_000_000)),
            ("1.5 MB", Some(1_500_000)),
            ("1 GB", Some(1_000_000_000)),
            ("64 KiB", Some(65_536)),
            ("2 MiB", Some(2_097_152)),
            ("20000000", Some(20_000_000)),
            ("7 B", Some(7)),
            ("", None),
            ("MB", None),
            ("-1 MB", None),
            ("1,5 MB", None),
            ("20 Mo", None),
            ("99999999999999999999 MB", None),
            ("1.MB", None),
            ("1.0000000000 MB", None),
            ("é MB", None),
        ];
        for (text, bytes) in cases {
            assert_eq!(size(text).ok(), bytes, "{text}");
        }
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("5s"), Ok(TimeDelta::seconds(5)));
        assert_eq!(duration("15m"), Ok(TimeDelta::minutes(15)));
        assert_eq!(duration("5d"), Ok(TimeDelta::days(5)));
        assert_eq!(spell_duration(TimeDelta::minutes(90)), "1h 30m");
        for text in ["5", "", "five", "-5s", "999999999999999999y"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
