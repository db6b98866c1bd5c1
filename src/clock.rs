//! Times as people write and read them: `10m` ago, `14:30`, local dates.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ZonedDateTime, civil};

/// Reads a point in the past: a duration back from `now` (`10m`, `1h30m ago`), a time of day, a date, or RFC 3339.
///
/// A time of day is the last such moment: `23:00`, asked for at 9 in the morning, is yesterday's.
pub(crate) fn parse_since(text: &str, now: &ZonedDateTime) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    if let Some(time) = time_of_day(text, now) {
        return Ok(time);
    }
    if let Ok(date_time) = text.parse::<civil::DateTime>() {
        return date_time
            .to_zoned_datetime(now.time_zone().clone())
            .map(|zoned| zoned.timestamp())
            .map_err(|error| error.to_string());
    }
    // As we write ages ourselves, and as one says it.
    let duration = text.strip_suffix("ago").map_or(text, str::trim_end);
    let span: Span = duration.parse().map_err(|_| {
        format!("`{text}` is neither a duration (10m, 1h30m, 2d) nor a time (14:30, 2026-01-31, 2026-01-31T14:30:00Z)")
    })?;
    if span.is_negative() {
        return Err(format!("`{text}` is in the future"));
    }
    now.checked_sub(span).map(|then| then.timestamp()).map_err(|_| format!("`{text}` is too long ago"))
}

/// Reads how long something may take: `30s`, `2m`, `1m30s`.
pub(crate) fn parse_length(text: &str) -> Result<Duration, String> {
    let length = text.parse::<SignedDuration>().ok().and_then(|length| Duration::try_from(length).ok());
    length.ok_or_else(|| format!("`{text}` is not a duration such as 30s, 2m or 1m30s"))
}

/// `HH:MM` or `HH:MM:SS`.
fn time_of_day(text: &str, now: &ZonedDateTime) -> Option<Timestamp> {
    let is_clock = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':') && text.contains(':');
    let time: civil::Time = is_clock.then(|| text.parse().ok()).flatten()?;
    let today = now.date().to_datetime(time).to_zoned_datetime(now.time_zone().clone()).ok()?;
    if today <= *now {
        return Some(today.timestamp());
    }
    let yesterday = now.date().yesterday().ok()?;
    Some(yesterday.to_datetime(time).to_zoned_datetime(now.time_zone().clone()).ok()?.timestamp())
}

/// How long ago, in the largest unit that fits: `now`, `42s`, `5m`, `3h`, `12d`.
pub(crate) fn ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(then).as_secs();
    if seconds < 1 { "now".to_owned() } else { format!("{} ago", length(SignedDuration::from_secs(seconds))) }
}

/// A duration in its largest unit.
pub(crate) fn length(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86400),
    }
}

/// A log line's time in `zone`.
pub(crate) fn local(nanoseconds: u64, zone: &TimeZone) -> ZonedDateTime {
    // 2^64 nanoseconds end in the year 2554, well within jiff's range.
    Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or(Timestamp::MAX).to_zoned_datetime(zone.clone())
}

/// A point in time as the protocol has it: nanoseconds since the Unix epoch, 0 for what was before.
pub(crate) fn nanoseconds(time: Timestamp) -> u64 {
    u64::try_from(time.as_nanosecond().max(0)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 9:30 on a winter morning two hours east of Greenwich.
    fn now() -> ZonedDateTime {
        civil::date(2026, 1, 31).at(9, 30, 0, 0).to_zoned_datetime(TimeZone::fixed(jiff::tz::offset(2))).unwrap()
    }

    fn since(text: &str) -> String {
        parse_since(text, &now()).map_or_else(|error| error, |time| time.to_string())
    }

    #[test]
    fn since_takes_durations_and_times_in_local_time() {
        assert_eq!(since("10m"), "2026-01-31T07:20:00Z");
        assert_eq!(since("1h30m"), "2026-01-31T06:00:00Z");
        assert_eq!([since("10m ago"), since("1h 30m  ago")], ["2026-01-31T07:20:00Z", "2026-01-31T06:00:00Z"]);
        assert_eq!(since("2d"), "2026-01-29T07:30:00Z");
        assert_eq!(since("09:00"), "2026-01-31T07:00:00Z");
        assert_eq!(since("09:00:30"), "2026-01-31T07:00:30Z");
        assert_eq!(since("2026-01-30"), "2026-01-29T22:00:00Z");
        assert_eq!(since("2026-01-30 12:00"), "2026-01-30T10:00:00Z");
        assert_eq!(since("2026-01-30T12:00:00Z"), "2026-01-30T12:00:00Z");
        assert_eq!(since("2026-01-30T12:00:00+01:00"), "2026-01-30T11:00:00Z");
    }

    #[test]
    fn a_time_of_day_that_is_still_to_come_is_yesterdays() {
        assert_eq!(since("23:00"), "2026-01-30T21:00:00Z");
    }

    #[test]
    fn what_is_no_time_is_refused_with_examples() {
        for text in ["", "soon", "ago", "-10m ago", "09:00 ago", "10", "25:00", "-10m", "99999999999999d"] {
            assert!(parse_since(text, &now()).is_err(), "{text}");
        }
        assert!(since("soon").contains("10m, 1h30m, 2d"));
    }

    #[test]
    fn ages_are_told_in_their_largest_unit() {
        let now = now().timestamp();
        let ago = |seconds| ago(now - SignedDuration::from_secs(seconds), now);
        assert_eq!([ago(-5), ago(0), ago(59), ago(60)], ["now", "now", "59s ago", "1m ago"]);
        assert_eq!([ago(3599), ago(3600), ago(86399), ago(864_000)], ["59m ago", "1h ago", "23h ago", "10d ago"]);
    }

    #[test]
    fn every_time_the_protocol_can_carry_can_be_shown() {
        assert_eq!(local(u64::MAX, &TimeZone::UTC).year(), 2554);
        assert_eq!(
            nanoseconds(local(1_700_000_000_000_000_000, &TimeZone::UTC).timestamp()),
            1_700_000_000_000_000_000
        );
        assert_eq!(nanoseconds(Timestamp::MIN), 0);
    }
}
