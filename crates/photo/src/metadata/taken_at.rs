//! When a photo was taken.

use std::fmt;

use exif::{Exif, Tag};

use super::text;

/// A reading of the camera's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime {
    /// 1826 (the first photograph) to 9999.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31, and in that month.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// 0 to 999.
    pub millisecond: u16,
}

/// When the camera says that a photo was taken. `Display` writes it as RFC 3339, without an offset where none is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakenAt {
    /// The time on the camera's clock, where the photo was taken.
    pub local: LocalTime,
    /// How far that clock is ahead of UTC, in minutes, where the camera says so (-840 to 840).
    pub utc_offset_minutes: Option<i16>,
}

impl TakenAt {
    /// Milliseconds since 1970 began in UTC, taking the clock to be `utc_offset_minutes` ahead of it where the camera
    /// does not say.
    pub fn unix_milliseconds(&self, utc_offset_minutes: i16) -> i64 {
        let LocalTime { year, month, day, hour, minute, second, millisecond } = self.local;
        let days = days_since_1970(i64::from(year), i64::from(month), i64::from(day));
        let minutes = (days * 24 + i64::from(hour)) * 60 + i64::from(minute);
        let minutes = minutes - i64::from(self.utc_offset_minutes.unwrap_or(utc_offset_minutes));
        (minutes * 60 + i64::from(second)) * 1000 + i64::from(millisecond)
    }
}

impl fmt::Display for TakenAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LocalTime { year, month, day, hour, minute, second, millisecond } = self.local;
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}")?;
        match self.utc_offset_minutes {
            None => Ok(()),
            Some(0) => f.write_str("Z"),
            Some(offset) => {
                let sign = if offset < 0 { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", offset.abs() / 60, offset.abs() % 60)
            }
        }
    }
}

/// Days of the Gregorian calendar, by Howard Hinnant's `days_from_civil`.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Of the moment of exposure, or else of digitising, or else of the file, each with its own offset and fraction.
pub(super) fn read(exif: &Exif) -> Option<TakenAt> {
    let sources = [
        (Tag::DateTimeOriginal, Tag::OffsetTimeOriginal, Tag::SubSecTimeOriginal),
        (Tag::DateTimeDigitized, Tag::OffsetTimeDigitized, Tag::SubSecTimeDigitized),
        (Tag::DateTime, Tag::OffsetTime, Tag::SubSecTime),
    ];
    sources.into_iter().find_map(|(time, offset, fraction)| {
        let millisecond = text(exif, fraction).and_then(parse_fraction).unwrap_or(0);
        let local = LocalTime { millisecond, ..parse_time(text(exif, time)?)? };
        let utc_offset_minutes = text(exif, offset).and_then(parse_offset);
        Some(TakenAt { local, utc_offset_minutes })
    })
}

fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// `YYYY:MM:DD HH:MM:SS`; some cameras write dashes, or a `T`.
fn parse_time(text: &str) -> Option<LocalTime> {
    let text = text.get(..19)?;
    let separators = [4, 7, 10, 13, 16].map(|at| text.as_bytes().get(at).copied());
    let [Some(b':' | b'-'), Some(b':' | b'-'), Some(b' ' | b'T'), Some(b':'), Some(b':')] = separators else {
        return None;
    };
    let time = LocalTime {
        year: digits(text.get(..4)?)?,
        month: digits(text.get(5..7)?)?,
        day: digits(text.get(8..10)?)?,
        hour: digits(text.get(11..13)?)?,
        minute: digits(text.get(14..16)?)?,
        second: digits(text.get(17..19)?)?,
        millisecond: 0,
    };
    let leap =
        time.year.is_multiple_of(4) && (!time.year.is_multiple_of(100) || time.year.is_multiple_of(400));
    let days = match time.month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    let on_the_clock = time.hour < 24 && time.minute < 60 && time.second < 60;
    (time.year >= 1826 && (1..=days).contains(&time.day) && on_the_clock).then_some(time)
}

/// `+HH:MM`, `-HH:MM` or `Z`, within the 14 hours that the world uses.
fn parse_offset(text: &str) -> Option<i16> {
    let text = text.trim_end_matches('\0').trim();
    if text == "Z" {
        return Some(0);
    }
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, text.get(1..)?),
        b'-' => (-1, text.get(1..)?),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes): (i16, i16) = (digits(hours)?, digits(minutes)?);
    let total = hours.checked_mul(60)?.checked_add(minutes)?;
    (minutes < 60 && total <= 14 * 60).then_some(sign * total)
}

/// Digits behind the decimal point, as many as the camera likes.
fn parse_fraction(text: &str) -> Option<u16> {
    let three: String = text.chars().chain("000".chars()).take(3).collect();
    digits(&three).filter(|_| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Option<TakenAt> {
        parse_time(text).map(|local| TakenAt { local, utc_offset_minutes: None })
    }

    #[test]
    fn times_are_read_and_written() {
        assert_eq!(time("2026:07:04 13:05:09").unwrap().to_string(), "2026-07-04T13:05:09.000");
        let local = LocalTime { millisecond: 250, ..parse_time("2026-07-04T13:05:09").unwrap() };
        let with = |minutes| TakenAt { local, utc_offset_minutes: Some(minutes) }.to_string();
        assert_eq!(with(0), "2026-07-04T13:05:09.250Z");
        assert_eq!(with(-210), "2026-07-04T13:05:09.250-03:30");
        assert_eq!(with(345), "2026-07-04T13:05:09.250+05:45");
    }

    #[test]
    fn a_time_that_never_was_is_none() {
        let none = [
            "0000:00:00 00:00:00",
            "    :  :     :  :  ",
            "2026:02:29 12:00:00",
            "2026:13:01 12:00:00",
            "2026:01:01 24:00:00",
            "2026:01:01 12:60:00",
            "2026:01:01 12:00",
            "2026/01/01 12:00:00",
            "+026:01:01 12:00:00",
            "2026:01:0é 12:00:00",
            "",
        ];
        for text in none {
            assert_eq!(time(text), None, "{text}");
        }
        assert!(time("2024:02:29 12:00:00").is_some());
        assert!(time("2000:02:29 12:00:00").is_some());
        assert!(time("1900:02:29 12:00:00").is_none());
    }

    #[test]
    fn offsets_beyond_the_worlds_are_none() {
        assert_eq!(parse_offset("+02:00"), Some(120));
        assert_eq!(parse_offset("-09:30"), Some(-570));
        assert_eq!(parse_offset("Z"), Some(0));
        for text in ["", "02:00", "+99:99", "+15:00", "+2", "+-2:00", "   :  "] {
            assert_eq!(parse_offset(text), None, "{text}");
        }
    }

    #[test]
    fn fractions_have_any_length() {
        assert_eq!(parse_fraction("5"), Some(500));
        assert_eq!(parse_fraction("05"), Some(50));
        assert_eq!(parse_fraction("123456"), Some(123));
        assert_eq!(parse_fraction(""), None);
        assert_eq!(parse_fraction("é"), None);
    }

    #[test]
    fn moments_are_counted_from_1970() {
        let at = |text| time(text).unwrap().unix_milliseconds(0);
        assert_eq!(at("1970:01:01 00:00:00"), 0);
        assert_eq!(at("2000:03:01 00:00:00"), 951_868_800_000);
        assert_eq!(at("2024:12:31 23:59:59"), 1_735_689_599_000);
        assert_eq!(time("1970:01:01 02:00:00").unwrap().unix_milliseconds(120), 0);
    }
}
