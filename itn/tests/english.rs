//! English phrases that a reader of numbers goes wrong on. The day of the call is Thursday 4 June 2026.

mod support;

use jiff::civil::date;
use referent_itn::Language;

fn check(table: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (text, expected) in table {
        let found = support::shown(text, Language::English, Some(date(2026, 6, 4)));
        if found != *expected {
            wrong.push(format!("{text:?}\n   expected {expected:?}\n   found    {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), table.len(), wrong.join("\n"));
}

#[test]
fn numbers() {
    check(&[
        ("twenty-five", "25"),
        ("twenty five people", "25"),
        ("two hundred and five", "205"),
        ("a hundred", "100"),
        ("a thousand and one", "1001"),
        ("twelve hundred", "1200"),
        ("one million two hundred thousand", "1200000"),
        ("12,500", "12500"),
        ("12,500.50", "12500.5"),
        ("12.5", "12.5"),
        ("3 hundred thousand", "300000"),
        ("two and a half", "2.5"),
        ("three point five", "3.5"),
        ("zero point zero five", "0.05"),
        ("half a million", "500000"),
        ("two thirds", "2/3"),
        ("three quarters of the rent", "0.75"),
        ("one half", "0.5"),
        ("a quarter of it", "0.25"),
        ("1.5 million", "1500000"),
        ("twice", "~2x"),
        ("one of them", "~1"),
        ("between five and twenty", "5 20"),
        ("five, six or seven", "5 6 7"),
        ("1/2", "~--02-01 0.5"),
    ]);
}

#[test]
fn what_is_no_number() {
    check(&[
        ("someone", ""),
        ("the weight", ""),
        ("often", ""),
        ("thousand thanks", ""),
        ("you may go", ""),
        ("they march on", ""),
        ("a sixpack", ""),
        ("tennis", ""),
        ("millions of people", ""),
        ("I won too", ""),
        ("", ""),
    ]);
}

#[test]
fn amounts_and_durations() {
    check(&[
        ("500 kroner", "500kr"),
        ("DKK 12,500.50", "12500.5kr"),
        ("five hundred kroner", "500kr"),
        ("$50", "50Dollars"),
        ("£1,250", "1250Pounds"),
        ("fifty percent", "50%"),
        ("37.5 %", "37.5%"),
        ("fifty per cent", "50%"),
        ("fourteen days", "14Day"),
        ("a fortnight", "~1Fortnight"),
        ("two to three weeks", "2Week 3Week"),
        ("an hour and a half", "1.5Hour"),
        ("half an hour", "0.5Hour"),
        ("two and a half hours", "2.5Hour"),
        ("one week", "~1Week"),
        ("six months", "6Month"),
        ("85 square metres", "85SquareMetres"),
    ]);
}

#[test]
fn dates() {
    check(&[
        ("3 May 2026", "2026-05-03"),
        ("3rd of May", "--05-03"),
        ("the third of May", "--05-03"),
        ("May 3rd, 2026", "2026-05-03"),
        ("May third", "--05-03"),
        ("the twenty-first of June nineteen eighty-five", "1985-06-21"),
        ("on June 4th twenty twenty-six", "2026-06-04"),
        ("2026-05-03", "2026-05-03"),
        ("13/5/2026", "2026-05-13"),
        ("in May", "--05--"),
        ("since 1985", "1985"),
        ("week 32", "w32"),
        ("the first quarter", "q1"),
        ("the end of May", "--05--End"),
        ("tomorrow", "2026-06-05|+1d"),
        ("the day after tomorrow", "2026-06-06|+2d"),
        ("yesterday", "2026-06-03|-1d"),
        ("in two weeks", "2026-06-18|w25|+14d"),
        ("two years ago", "2024-06-04|2024|2024-06--|-24m"),
        ("on Friday", "2026-06-05"),
        ("last Friday", "2026-05-29|2026-05-22"),
        ("next Monday", "2026-06-08|2026-06-15"),
        ("next week", "w24|+7d"),
        ("last year", "2025|-12m"),
    ]);
}

#[test]
fn times() {
    check(&[
        ("half past two", "2:30|"),
        ("quarter to eleven", "10:45|"),
        ("a quarter past ten", "10:15|"),
        ("ten past eight", "8:10|"),
        ("twenty minutes to five", "4:40|"),
        ("2:30 pm", "14:30"),
        ("2 pm", "14:00"),
        ("two thirty p.m.", "14:30"),
        ("two o'clock", "2:00|"),
        ("two o'clock in the afternoon", "14:00"),
        ("14:30", "14:30"),
        ("at two thirty", "2:30|"),
        ("noon", "12:00"),
    ]);
}

#[test]
fn digits() {
    check(&[
        ("oh seven double three", "#0733"),
        ("two zero four zero", "#2040"),
        ("29 38 47 56", "#29384756"),
        ("case 24-1234", "#241234"),
        ("twenty-nine thirty-eight forty-seven fifty-six", "#29384756"),
    ]);
}
