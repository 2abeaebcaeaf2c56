//! UTC time as the S3 protocol writes it.

use std::fmt;

use thiserror::Error;

const SECONDS_PER_DAY: i64 = 86_400;
/// 9999-12-31T23:59:59Z, the last second that fits a four-digit year.
const LAST_SECOND: i64 = 253_402_300_799;

/// Seconds since the Unix epoch, UTC, between 1970-01-01 and 9999-12-31.
///
/// Everything outside that range saturates, so that every timestamp can be written with four-digit years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A date that is not of the form `2015-12-30T12:00:00.000Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a UTC time of the form YYYY-MM-DDThh:mm:ss[.fff]Z")]
pub struct InvalidTimestamp;

impl Timestamp {
    /// From whole seconds since the Unix epoch; saturates to the years 1970 to 9999.
    pub const fn from_unix(seconds: i64) -> Self {
        if seconds < 0 {
            Self(0)
        } else if seconds > LAST_SECOND {
            Self(LAST_SECOND)
        } else {
            Self(seconds)
        }
    }

    /// Whole seconds since the Unix epoch.
    pub const fn as_unix(self) -> i64 {
        self.0
    }

    /// This time and `seconds` more (or less, when negative); saturates like [`Timestamp::from_unix`].
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_unix(self.0.saturating_add(seconds))
    }

    /// `20151229T000000Z`, as `X-Amz-Date` carries it.
    pub fn amz_date(self) -> String {
        let mut out = String::with_capacity(16);
        self.push_amz_day(&mut out);
        out.push('T');
        self.push_amz_time(&mut out);
        out
    }

    /// `20151229`, as the credential scope carries it.
    pub fn amz_day(self) -> String {
        let mut out = String::with_capacity(8);
        self.push_amz_day(&mut out);
        out
    }

    /// `2015-12-29T00:00:00Z`, as botocore writes a policy's expiration.
    pub fn rfc3339(self) -> String {
        let mut out = String::with_capacity(20);
        self.push_rfc3339_seconds(&mut out);
        out.push('Z');
        out
    }

    /// `2015-12-29T00:00:00.000Z`, as AWS's documentation writes a policy's expiration.
    pub fn rfc3339_millis(self) -> String {
        let mut out = String::with_capacity(24);
        self.push_rfc3339_seconds(&mut out);
        out.push_str(".000Z");
        out
    }

    /// Reads `X-Amz-Date`: exactly `YYYYMMDDThhmmssZ`.
    pub fn parse_amz_date(text: &str) -> Result<Self, InvalidTimestamp> {
        let [y0, y1, y2, y3, mo0, mo1, d0, d1, b'T', h0, h1, mi0, mi1, s0, s1, b'Z'] = *text.as_bytes()
        else {
            return Err(InvalidTimestamp);
        };
        Self::from_digits([y0, y1, y2, y3], [mo0, mo1], [d0, d1], [[h0, h1], [mi0, mi1], [s0, s1]])
    }

    /// Reads a policy's `expiration`: `YYYY-MM-DDThh:mm:ssZ`, or with a fraction of one to nine digits, which is cut
    /// off (so a policy never lives longer than it says). Other zones, lower-case letters and leap seconds are refused.
    pub fn parse_expiration(text: &str) -> Result<Self, InvalidTimestamp> {
        let (seconds, fraction) = text.as_bytes().split_at_checked(19).ok_or(InvalidTimestamp)?;
        match fraction {
            [b'Z'] => {}
            [b'.', digits @ .., b'Z'] if (1..=9).contains(&digits.len()) => {
                if !digits.iter().all(u8::is_ascii_digit) {
                    return Err(InvalidTimestamp);
                }
            }
            _ => return Err(InvalidTimestamp),
        }
        let [y0, y1, y2, y3, b'-', mo0, mo1, b'-', d0, d1, b'T', h0, h1, b':', mi0, mi1, b':', s0, s1] =
            *seconds
        else {
            return Err(InvalidTimestamp);
        };
        Self::from_digits([y0, y1, y2, y3], [mo0, mo1], [d0, d1], [[h0, h1], [mi0, mi1], [s0, s1]])
    }

    fn from_digits(
        year: [u8; 4],
        month: [u8; 2],
        day: [u8; 2],
        [hour, minute, second]: [[u8; 2]; 3],
    ) -> Result<Self, InvalidTimestamp> {
        let [y, mo, d] = [number(&year)?, number(&month)?, number(&day)?];
        let [h, mi, s] = [number(&hour)?, number(&minute)?, number(&second)?];
        let known = y >= 1970 && (1..=12).contains(&mo) && h < 24 && mi < 60 && s < 60;
        if !known || d < 1 || d > days_in_month(y, mo) {
            return Err(InvalidTimestamp);
        }
        Ok(Self(days_from_civil(y, mo, d) * SECONDS_PER_DAY + h * 3600 + mi * 60 + s))
    }

    /// Days since the Unix epoch: changes exactly when [`Timestamp::amz_day`] does.
    pub(crate) const fn day_number(self) -> i64 {
        self.0 / SECONDS_PER_DAY
    }

    pub(crate) fn push_amz_day(self, out: &mut String) {
        let (year, month, day) = civil_from_days(self.day_number());
        push_two_digits(out, year / 100);
        push_two_digits(out, year % 100);
        push_two_digits(out, month);
        push_two_digits(out, day);
    }

    /// `000000Z`: the part of `X-Amz-Date` after the `T`.
    pub(crate) fn push_amz_time(self, out: &mut String) {
        let [hour, minute, second] = self.time_of_day();
        push_two_digits(out, hour);
        push_two_digits(out, minute);
        push_two_digits(out, second);
        out.push('Z');
    }

    pub(crate) fn push_rfc3339_seconds(self, out: &mut String) {
        let (year, month, day) = civil_from_days(self.day_number());
        push_two_digits(out, year / 100);
        push_two_digits(out, year % 100);
        out.push('-');
        push_two_digits(out, month);
        out.push('-');
        push_two_digits(out, day);
        let [hour, minute, second] = self.time_of_day();
        out.push('T');
        push_two_digits(out, hour);
        out.push(':');
        push_two_digits(out, minute);
        out.push(':');
        push_two_digits(out, second);
    }

    const fn time_of_day(self) -> [i64; 3] {
        let second = self.0 % SECONDS_PER_DAY;
        [second / 3600, second / 60 % 60, second % 60]
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

fn number(digits: &[u8]) -> Result<i64, InvalidTimestamp> {
    digits.iter().try_fold(0, |value, digit| match digit {
        b'0'..=b'9' => Ok(value * 10 + i64::from(digit - b'0')),
        _ => Err(InvalidTimestamp),
    })
}

/// `000102…99`.
const DIGIT_PAIRS: &str = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
                           5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

/// Two decimal digits of a value below 100.
fn push_two_digits(out: &mut String, value: i64) {
    let at = usize::try_from(value % 100).unwrap_or(0) * 2;
    out.push_str(DIGIT_PAIRS.get(at..at + 2).unwrap_or_default());
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar, counting years from March so that the leap
/// day is the last of its year.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let leap_days = shifted_year / 4 - shifted_year / 100 + shifted_year / 400;
    shifted_year * 365 + leap_days + day_of_year - 719_468
}

/// The inverse of [`days_from_civil`] for days at or after the epoch.
const fn civil_from_days(days_since_epoch: i64) -> (i64, i64, i64) {
    let days = days_since_epoch + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_in_all_four_forms() {
        let time = Timestamp::from_unix(1_451_347_200);
        assert_eq!(time.amz_day(), "20151229");
        assert_eq!(time.amz_date(), "20151229T000000Z");
        assert_eq!(time.rfc3339(), "2015-12-29T00:00:00Z");
        assert_eq!(time.rfc3339_millis(), "2015-12-29T00:00:00.000Z");
        assert_eq!(time.plus_seconds(86_399).amz_date(), "20151229T235959Z");
    }

    #[test]
    fn every_day_of_the_calendars_cycle_of_400_years_reads_back_as_it_was_written() {
        for day in 0..146_097 {
            let time = Timestamp::from_unix(day * SECONDS_PER_DAY + day % SECONDS_PER_DAY);
            assert_eq!(Timestamp::parse_amz_date(&time.amz_date()), Ok(time));
            assert_eq!(Timestamp::parse_expiration(&time.rfc3339_millis()), Ok(time));
        }
    }

    #[test]
    fn leap_days_follow_the_gregorian_rule() {
        assert_eq!(Timestamp::from_unix(951_782_400).amz_day(), "20000229");
        assert_eq!(Timestamp::from_unix(1_709_164_800).amz_day(), "20240229");
        assert!(Timestamp::parse_expiration("2100-02-29T00:00:00Z").is_err());
    }

    #[test]
    fn times_outside_the_range_saturate() {
        assert_eq!(Timestamp::from_unix(i64::MIN).rfc3339(), "1970-01-01T00:00:00Z");
        assert_eq!(Timestamp::from_unix(i64::MAX).plus_seconds(i64::MAX).rfc3339(), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn malformed_expirations_are_refused() {
        for text in [
            "",
            "Z",
            "2015-12-30",
            "2015-12-30T12:00:00",
            "2015-12-30T12:00:00.Z",
            "2015-12-30T12:00:00.0000000000Z",
            "2015-12-30T12:00:00.0x0Z",
            "2015-12-30T12:00:00+00:00",
            "2015-12-30t12:00:00z",
            "2015-12-30 12:00:00Z",
            "2015-13-30T12:00:00Z",
            "2015-00-30T12:00:00Z",
            "2015-02-29T12:00:00Z",
            "2015-12-00T12:00:00Z",
            "2015-12-30T24:00:00Z",
            "2015-12-30T12:60:00Z",
            "2015-12-30T12:00:60Z",
            "1969-12-30T12:00:00Z",
            "+015-12-30T12:00:00Z",
            "２015-12-30T12:00:00Z",
            "2015-12-30T12:00:00ZZ",
        ] {
            assert_eq!(Timestamp::parse_expiration(text), Err(InvalidTimestamp), "{text}");
        }
    }

    #[test]
    fn a_fraction_of_a_second_is_cut_off() {
        let cut = Timestamp::parse_expiration("2015-12-30T12:00:00.999999Z");
        assert_eq!(cut, Timestamp::parse_expiration("2015-12-30T12:00:00Z"));
    }
}
