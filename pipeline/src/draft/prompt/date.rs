//! When a call began, as a person would say it: on the clock of the caller's wall.
//!
//! In: UTC milliseconds and the offset from UTC. Out: day, weekday and time. Pure; no time zone is looked up.

use referent_proto::call::Started;

/// A moment as the clock on the caseworker's wall showed it.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Date {
    pub(super) year: i64,
    month: usize,
    pub(super) day: i64,
    weekday: usize,
    pub(super) hour: i64,
    pub(super) minute: i64,
}

impl Date {
    pub(super) fn name<'n>(&self, weekdays: &[&'n str; 7]) -> &'n str {
        weekdays[self.weekday]
    }

    pub(super) fn month_name<'n>(&self, months: &[&'n str; 12]) -> &'n str {
        months[self.month - 1]
    }
}

/// Days since 1970 to a date of the proleptic Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date
/// algorithms", `civil_from_days`).
pub(super) fn date(started: Started) -> Date {
    let seconds = started.utc_ms.div_euclid(1000) + i64::from(started.utc_offset_s);
    let days = seconds.div_euclid(86_400);
    let of_day = seconds.rem_euclid(86_400);
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    Date {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month: usize::try_from(month).expect("1 to 12"),
        day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
        weekday: usize::try_from((days + 3).rem_euclid(7)).expect("0 to 6"),
        hour: of_day / 3600,
        minute: of_day / 60 % 60,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_callers_wall() {
        let check = |utc_ms, utc_offset_s, expected: &str| {
            let date = date(Started { utc_ms, utc_offset_s });
            let name = date.name(&["mon", "tue", "wed", "thu", "fri", "sat", "sun"]);
            let shown =
                format!("{name} {}-{:02}-{:02} {:02}:{:02}", date.year, date.month, date.day, date.hour, date.minute);
            assert_eq!(shown, expected);
        };
        check(0, 0, "thu 1970-01-01 00:00");
        check(1_747_039_320_000, 7200, "mon 2025-05-12 10:42");
        check(1_709_164_800_000, 0, "thu 2024-02-29 00:00");
        check(1_735_686_000_000, 3600, "wed 2025-01-01 00:00");
        check(-1000, 0, "wed 1969-12-31 23:59");
    }
}
