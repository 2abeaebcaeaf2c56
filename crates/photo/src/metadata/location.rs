//! Where a photo was taken.

use exif::{Exif, In, Rational, Tag, Value};

use super::text;

/// A position in WGS 84. Private: it is the customer's home.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Location {
    /// Degrees north, -90 to 90.
    pub latitude: f64,
    /// Degrees east, -180 to 180.
    pub longitude: f64,
    /// Metres above the sea.
    pub altitude: Option<f64>,
}

pub(super) fn read(exif: &Exif) -> Option<Location> {
    let latitude = degrees(exif, Tag::GPSLatitude, Tag::GPSLatitudeRef, "N", "S")?;
    let longitude = degrees(exif, Tag::GPSLongitude, Tag::GPSLongitudeRef, "E", "W")?;
    // Cameras without reception write zeros.
    let nowhere = latitude == 0.0 && longitude == 0.0;
    let on_earth = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
    (on_earth && !nowhere).then(|| Location { latitude, longitude, altitude: altitude(exif) })
}

/// Degrees, minutes and seconds (EXIF 2.32, 4.6.6), or fewer of them.
fn degrees(exif: &Exif, tag: Tag, sign: Tag, positive: &str, negative: &str) -> Option<f64> {
    let Value::Rational(parts) = &exif.get_field(tag, In::PRIMARY)?.value else { return None };
    let units = [1.0, 60.0, 3600.0];
    let parts = parts.iter().zip(units).map(|(part, unit)| number(*part).map(|part| part / unit));
    let sum = parts.sum::<Option<f64>>()?;
    match text(exif, sign)? {
        reference if reference == positive => Some(sum),
        reference if reference == negative => Some(-sum),
        _ => None,
    }
}

fn altitude(exif: &Exif) -> Option<f64> {
    let Value::Rational(parts) = &exif.get_field(Tag::GPSAltitude, In::PRIMARY)?.value else { return None };
    let metres = number(*parts.first()?)?;
    let below = exif.get_field(Tag::GPSAltitudeRef, In::PRIMARY).and_then(|field| field.value.get_uint(0));
    let altitude = if below == Some(1) { -metres } else { metres };
    // From the Dead Sea to beyond any aeroplane.
    (-1_000.0..=50_000.0).contains(&altitude).then_some(altitude)
}

/// Seconds without a denominator are written by cameras that have none; a quotient by zero is no number.
fn number(rational: Rational) -> Option<f64> {
    match (rational.num, rational.denom) {
        (0, 0) => Some(0.0),
        (_, 0) => None,
        (num, denom) => Some(f64::from(num) / f64::from(denom)),
    }
}
