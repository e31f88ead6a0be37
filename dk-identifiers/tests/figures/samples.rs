//! Makes utterances with one identifier each: what it is, how it is said, and what is said around it.

use crate::chance::Chance;
use crate::numbers::{self, Manner, digits, say};
use crate::people;
use crate::said::{Filling, Said, Truth};

const ANY: &[u8] = b"0123456789";

pub fn truth(kind: &'static str, value: impl Into<String>) -> Truth {
    Truth { kind, value: value.into() }
}

/// Ten digits with a day that no real number has; `real` gives a day of the calendar, made at run time.
pub fn cpr(real: bool, chance: &mut Chance) -> String {
    let day = chance.between(1, 28) + if real { 0 } else { 60 };
    let (month, year) = (chance.between(1, 12), chance.below(100));
    // Centuries that nobody who calls was born in are left out.
    let seventh: &[u8] = if year < 37 {
        b"0123456789"
    } else if year < 58 {
        b"01234567849"
    } else {
        b"012349"
    };
    format!("{day:02}{month:02}{year:02}{}", digits(seventh, 4, chance))
}

fn join_groups(groups: &[String], pause: usize, chance: &mut Chance) -> String {
    let mut text = String::new();
    for (at, group) in groups.iter().enumerate() {
        if at > 0 {
            text.push(' ');
            if chance.percent(pause) {
                text.push_str(chance.choose("(~øh|~øhm|~og|~så|~ja|~vent ~lige|~lad ~mig ~se)").as_str());
                text.push(' ');
            }
        }
        text.push_str(group);
        if at + 1 < groups.len() && chance.percent(25) {
            text.push(',');
        }
    }
    text
}

pub fn written_cpr(value: &str, chance: &mut Chance) -> String {
    let (a, b) = value.split_at(6);
    match chance.below(9) {
        0..=3 => format!("{a}-{b}"),
        4 => format!("{a}{b}"),
        5 => format!("{a} {b}"),
        6 => format!("{}-{}-{}-{b}", &a[..2], &a[2..4], &a[4..]),
        7 => format!("{} {} {} {b}", &a[..2], &a[2..4], &a[4..]),
        _ => format!("{a} - {b}"),
    }
}

pub fn spoken_cpr(chance: &mut Chance) -> (String, String) {
    let by_date = chance.percent(15);
    let value = cpr(by_date, chance);
    let (day, month) = (value[..2].parse::<usize>().expect("digits"), value[2..4].parse::<usize>().expect("digits"));
    if by_date {
        let year = numbers::word(value[4..6].parse().expect("digits"));
        let year =
            if value[4..6].starts_with('0') { say(&value[4..6], Manner::Singles, chance).join(" ") } else { year };
        let month =
            if chance.percent(50) { numbers::ordinal(month).to_owned() } else { numbers::MONTHS[month].to_owned() };
        let join = if month == "maj" || numbers::MONTHS.contains(&month.as_str()) { " " } else { " ~i " };
        let head = format!("~den {}{join}{month} {year}", numbers::ordinal(day));
        let manner = numbers::manner(chance);
        let tail = say(&value[6..], manner, chance).join(" ");
        let between = chance.choose("(,| ~og ~så| ~og ~de ~sidste ~fire ~er| ~streg| ~bindestreg)");
        return (format!("{head}{between} {tail}"), value);
    }
    let manner = numbers::manner(chance);
    let mut groups = say(&value[..6], manner, chance);
    let tail = say(&value[6..], if chance.percent(70) { manner } else { numbers::manner(chance) }, chance);
    if chance.percent(12) {
        // Said wrong, and put right.
        let wrong = groups.clone();
        let upto = chance.between(1, wrong.len());
        let sorry = chance.choose(
            "(~nej, ~undskyld|~nej ~undskyld|~nej|~undskyld, ~nej|~rettelse|~nej, ~det ~var ~forkert|~nej ~vent)",
        );
        let said: Vec<String> = wrong[..upto].to_vec();
        groups = [vec![said.join(" ") + ", " + &sorry], groups].concat();
    }
    let between = chance.choose("(|,| ~øh| ~og ~så| ~bindestreg| ~streg| ~og ~de ~sidste ~fire ~er|.)");
    let head = join_groups(&groups, 8, chance);
    let tail = join_groups(&tail, 8, chance);
    if chance.percent(20) {
        let turn = chance.choose("(\nW: ~ja\nC: |\nW: ~mm\nC: |\nW: ~Ja, ~og ~så?\nC: |\nW: ~Ja, ~og ~de ~sidste ~fire?\nC: |\nW: ~okay\nC: ~det ~er )");
        return (format!("{head}{turn}{tail}"), value);
    }
    (format!("{head}{between} {tail}"), value)
}

const CPR_CARRIERS: &[&str] = &[
    "W: (Må jeg få dit CPR-nummer|Hvad er dit cpr-nummer|Så skal jeg lige bruge dit personnummer|Kan du oplyse dit fødselsnummer)?\nC: (Ja, det er|Det er|Ja, den er|Jo, det er|Øh, ja, det er|Selvfølgelig, det er|) {cpr}.",
    "C: (Hej|Goddag), (mit|mit eget) (cpr-nummer|CPR|personnummer) er {cpr}(.|, og jeg ringer om min boligstøtte.|, hvis du kan slå mig op.)",
    "C: (Du får lige mit|Her er mit|Jeg har mit) (cpr nummer|CPR-nummer|nummer) {cpr}(.| hvis du skal bruge det.)",
    "C: (Min søns|Min datters|Min mands|Hendes|Hans) (cpr|cpr-nummer|CPR-nummer) (er|lyder|det er) {cpr}.",
    "W: (Jeg har noteret|Så har jeg|Jeg gentager lige|Det var altså) {cpr}, (er det rigtigt|passer det|ikke også)?",
    "C: (Det er|Ja|Jamen det er|Jo) {cpr}, (det har jeg haft hele livet|som jeg også skrev|ikke nul|det er rigtigt nok).",
    "C: Jeg er født {cpr}(.|, så jeg fylder snart tres.)",
    "W: Og barnets nummer?\nC: (Vent lige, det er|Nu skal du høre|Jeg læser det op) {cpr}.",
    "C: {cpr}",
    "C: Ja {cpr}\nW: Tak skal du have.",
    "W: (Det står i sagen som|I systemet står der) {cpr}(, men det er vist ikke dig.|.)",
    "C: (Skriv bare|Prøv at slå op på|Sagen ligger på) {cpr}(, så finder du mig.| så kan du se den.|.)",
];

pub fn cpr_written(chance: &mut Chance) -> Said {
    let carrier = chance.carrier(CPR_CARRIERS);
    Said::from_lines(&carrier, |_| {
        let value = cpr(false, chance);
        Filling { words: written_cpr(&value, chance), truth: truth("cpr", value) }
    })
}

pub fn cpr_spoken(chance: &mut Chance) -> Said {
    let carrier = chance.carrier(CPR_CARRIERS);
    Said::from_lines(&carrier, |_| {
        let (words, value) = spoken_cpr(chance);
        Filling { words, truth: truth("cpr", value) }
    })
}

/// The last four alone, where the talk says so.
pub fn cpr_last_four(chance: &mut Chance) -> Said {
    const CARRIERS: &[&str] = &[
        "W: (Kan du sige|Hvad er|Og så|Må jeg få) de (sidste fire|fire sidste)( cifre| tal|) (i dit cpr-nummer|i CPR-nummeret|)?\nC: (Ja, det er|Det er|) {four}.",
        "C: De (sidste fire|fire sidste)( cifre| tal|) (er|det er) {four}.",
        "C: (Jeg er født den femte marts|Det er fra halvtreds), og de sidste fire( cifre|) er {four}.",
    ];
    let carrier = chance.carrier(CARRIERS);
    Said::from_lines(&carrier, |_| {
        let value = digits(ANY, 4, chance);
        let manner = numbers::manner(chance);
        let words = if chance.percent(50) { value.clone() } else { say(&value, manner, chance).join(" ") };
        Filling { words, truth: truth("cpr", value) }
    })
}

pub fn phone_words(value: &str, spoken: bool, chance: &mut Chance) -> String {
    let pairs = [&value[..2], &value[2..4], &value[4..6], &value[6..]];
    if spoken {
        let manner = numbers::manner(chance);
        let groups = say(value, manner, chance);
        let words = join_groups(&groups, 6, chance);
        return if chance.percent(10) {
            format!("~plus {} {words}", chance.choose("(femogfyrre|fire fem)"))
        } else {
            words
        };
    }
    match chance.below(7) {
        0 => value.to_owned(),
        1 | 2 => pairs.join(" "),
        3 => format!("{} {}", &value[..4], &value[4..]),
        4 => format!("+45 {}", pairs.join(" ")),
        5 => pairs.join("-"),
        _ => format!("+45{value}"),
    }
}

const PHONE_CARRIERS: &[&str] = &[
    "W: (Hvilket nummer kan jeg ringe til|Hvilket telefonnummer skal vi bruge|Hvad er dit telefonnummer)?\nC: (Du kan ringe på|Det er|Prøv|Ja, det er|) {phone}.",
    "C: (Du kan|I kan) (ringe til mig|fange mig|træffe mig|få fat i mig) på {phone}( hele dagen| efter klokken fire|).",
    "C: (Mit|Min) (telefonnummer|mobilnummer|mobil|nummer) er {phone}.",
    "C: (Min kones|Min søns|Hendes) (mobil|telefon|nummer) (er|det er) {phone}, hvis jeg ikke tager den.",
    "W: (Jeg siger det lige igen|Jeg gentager|Det var), {phone}, (passer det|ikke)?",
    "C: Send en sms til {phone}(.| når I har kigget på det.)",
    "C: (Skriv|Notér) {phone} som (kontakt|mit nye nummer).",
    "W: Ring direkte til mig på {phone} (i morgen|inden torsdag), (så hjælper jeg|så ser vi på det).",
    "C: {phone}, det er fastnet.",
    "W: Det gamle nummer er {phone}, er det stadig rigtigt?",
];

pub fn phone(spoken: bool, chance: &mut Chance) -> Said {
    let carrier = chance.carrier(PHONE_CARRIERS);
    Said::from_lines(&carrier, |_| {
        let value = digits(b"23456789", 8, chance);
        Filling { words: phone_words(&value, spoken, chance), truth: truth("phone", value) }
    })
}

pub fn account(spoken: bool, chance: &mut Chance) -> Said {
    const CARRIERS: &[&str] = &[
        "W: (Hvilken konto|Hvad er registrerings- og kontonummer|Hvor skal pengene hen)?\nC: (Det er|Ja, det er|) {account}.",
        "C: (Mit|Vores) kontonummer er {account}.",
        "C: Kan I sætte pengene ind på (konto|kontoen) {account}?",
        "C: Jeg har fået ny konto, (det er|den hedder|nummeret er) {account}.",
        "W: Vi har registreret {account} som NemKonto.",
    ];
    let carrier = chance.carrier(CARRIERS);
    Said::from_lines(&carrier, |_| account_filling(spoken, chance))
}

pub fn account_filling(spoken: bool, chance: &mut Chance) -> Filling {
    let (reg, number) = (digits(b"123456789", 4, chance), {
        let count = chance.between(7, 10);
        digits(ANY, count, chance)
    });
    let words = if spoken {
        let manner = numbers::manner(chance);
        let between = chance.choose("(| ~og ~så| ~og ~kontonummer| ~konto|,)");
        let (reg, number) = (say(&reg, manner, chance), say(&number, manner, chance));
        let prefix = chance.choose("(|~reg ~nummer |~registreringsnummer )");
        format!("{prefix}{}{between} {}", join_groups(&reg, 4, chance), join_groups(&number, 4, chance))
    } else {
        match chance.below(5) {
            0 => format!("{reg} {number}"),
            1 => format!("{reg}-{number}"),
            2 => format!("~reg. ~nr. {reg} ~konto {number}"),
            3 => format!("{reg}{number}"),
            _ => format!("~reg. {reg}, ~kontonr. {} {}", &number[..3], &number[3..]),
        }
    };
    Filling { words, truth: truth("account", reg + &number) }
}

pub fn iban(chance: &mut Chance) -> Said {
    let carrier = chance.choose(
        "(C: Min IBAN er {iban}.|C: Det er en udenlandsk overførsel, {iban}.|W: Vi har IBAN {iban}, er det rigtigt?)",
    );
    Said::from_lines(&carrier, |_| {
        let value = digits(ANY, 16, chance);
        let words = match chance.below(3) {
            0 => format!("DK{} {} {} {} {}", &value[..2], &value[2..6], &value[6..10], &value[10..14], &value[14..]),
            1 => format!("DK{value}"),
            _ => {
                let manner = numbers::manner(chance);
                format!("~d ~k {}", say(&value, manner, chance).join(" "))
            }
        };
        Filling { words, truth: truth("account", value) }
    })
}

pub fn cvr(chance: &mut Chance) -> Said {
    let carrier = chance.choose("(C: (Firmaets|Vores|Min arbejdsgivers) (CVR-nummer|cvr|CVR) er {cvr}.|W: Og (CVR-nummeret|cvr nummer)?\nC: (Det er|) {cvr}.|C: Jeg har enkeltmandsvirksomhed, CVR {cvr}.)");
    Said::from_lines(&carrier, |_| {
        let value = digits(b"1234", 8, chance);
        let manner = numbers::manner(chance);
        let words = if chance.percent(50) {
            phone_words(&value, false, chance).replace("+45 ", "").replace("+45", "")
        } else {
            say(&value, manner, chance).join(" ")
        };
        Filling { words, truth: truth("cvr", value) }
    })
}

pub fn plate(chance: &mut Chance) -> Said {
    let carrier = chance.choose("(C: (Nummerpladen|Min nummerplade|Registreringsnummeret på bilen) er {plate}.|C: Bilen hedder {plate}.|W: Har bilen nummerplade {plate}?|C: Det er en Toyota med pladen {plate}.)");
    Said::from_lines(&carrier, |_| {
        let letter = |chance: &mut Chance| char::from(*chance.pick(b"ABCDEHJKLMNPRSTUVXYZ"));
        let (a, b, number) = (letter(chance), letter(chance), digits(b"23456789", 5, chance));
        let words = match chance.below(4) {
            0 => format!("{a}{b} {} {}", &number[..2], &number[2..]),
            1 => format!("{a}{b}{number}"),
            2 => format!("{a} {b} {}", say(&number, Manner::Singles, chance).join(" ")).to_lowercase(),
            _ => format!(
                "{a} {b} {} {}",
                numbers::word(number[..2].parse().expect("digits")),
                numbers::small(number[2..].parse().expect("digits"), chance)
            )
            .to_lowercase(),
        };
        Filling { words, truth: truth("plate", number) }
    })
}

pub fn email(spoken: bool, chance: &mut Chance) -> Said {
    const CARRIERS: &[&str] = &[
        "C: (Min|Min nye) (mail|e-mail|mailadresse|e-mailadresse) er {email}.",
        "W: Hvad er din (mail|e-mail|mailadresse)?\nC: (Det er|Den hedder|Ja, det er|) {email}.",
        "C: (Skriv til|Send det til|Du kan maile til|I kan skrive på) {email}(.| så ser jeg det.)",
        "C: Jeg kan nås på {email} (hele ugen|efter ferien).",
        "W: Jeg har noteret {email}, er det rigtigt?",
        "C: Min søns mail, det er {email}, han læser den.",
    ];
    let carrier = chance.carrier(CARRIERS);
    Said::from_lines(&carrier, |_| email_filling(spoken, chance))
}

pub fn email_filling(spoken: bool, chance: &mut Chance) -> Filling {
    let person = if chance.percent(80) { people::known(chance) } else { people::unknown(chance) };
    let plain = |name: &str| -> String {
        let folded = name.to_lowercase().replace('æ', "ae").replace('ø', "oe").replace('å', "aa");
        folded.chars().filter(char::is_ascii_lowercase).collect()
    };
    let (given, family) = (plain(&person.given), plain(&person.family));
    let number = chance.between(1, 99).to_string();
    let parts: Vec<String> = match chance.below(6) {
        0 => vec![given, ".".into(), family],
        1 => vec![given, family],
        2 => vec![given, number],
        3 => vec![given, "_".into(), family],
        4 => vec![given, "-".into(), family, number],
        _ => vec![given, ".".into(), family, number],
    };
    let provider = people::provider(chance);
    let value = format!("{}@{provider}", parts.concat());
    if !spoken {
        return Filling { words: value.clone(), truth: truth("email", value) };
    }
    let mut words = Vec::new();
    for part in &parts {
        words.push(match part.as_str() {
            "." => chance.choose("(~punktum|~punktum|~prik)"),
            "_" => chance.choose("(~underscore|~understreg|~bundstreg)"),
            "-" => chance.choose("(~bindestreg|~streg|~minus)"),
            part if part.bytes().all(|byte| byte.is_ascii_digit()) => {
                if chance.percent(50) {
                    numbers::word(part.parse().expect("digits"))
                } else {
                    part.to_owned()
                }
            }
            part => part.to_owned(),
        });
    }
    words.push(chance.choose("(~snabel-a|~snabel ~a|~snabela|~snabel-a)"));
    let (host, end) = provider.rsplit_once('.').expect("a host ends");
    words.push(host.replace('-', " ~bindestreg "));
    words.push(chance.choose("(~punktum|~punktum|~prik|~dot)"));
    words.push(format!("~{}", if end == "dk" { chance.choose("(dk|d ~k)") } else { end.to_owned() }));
    Filling { words: words.join(" "), truth: truth("email", value) }
}

pub fn name(known: bool, chance: &mut Chance) -> Said {
    const CARRIERS: &[&str] = &[
        "C: (Hej|Goddag|Ja, goddag), (jeg hedder|mit navn er|det er|du taler med) {full}(.|, og jeg ringer om min pension.)",
        "W: (Udbetaling Danmark|Borgerservice|Velkommen), (du taler med|det er|mit navn er) {given}(.|, hvad kan jeg hjælpe med?)",
        "W: Hvem taler jeg med?\nC: (Det er|Du taler med|Jeg hedder|) {full}.",
        "C: (Min mand|Min kone|Min søn|Min datter|Min far|Min samlever) (hedder|han hedder|hun hedder) {full}.",
        "C: Jeg ringer (for|på vegne af) (min mor|min far|min nabo) {full}.",
        "C: (Jeg talte med|Jeg har snakket med) {given} i går(, og hun lovede at ringe.|.)",
        "W: (Tak|Hej|Godmorgen|Farvel), {given}.",
        "C: {genitive} (far|mor|læge) har (sagt|skrevet) det.",
        "C: Det var {genitive} (lejlighed|bil|brev), ikke min.",
        "W: Taler jeg med {full}?",
        "C: Min (sagsbehandler|læge|rådgiver|udlejer) (hedder|er) {full}.",
        "C: (Fru|Hr.) {family} (har ringet|bor her ikke mere).",
        "C: (Kontrakten|Aftalen|Brevet) er (underskrevet|skrevet under) af {full}.",
        "C: Børnene hedder {given} og {given}.",
        "W: (Jeg stiller dig om til|Du skal tale med|Jeg giver dig) {full}.",
        "C: (Hils|Sig tak til) {given} fra mig.",
        "C: Det er (min bror|min søster|naboen) {given}, der hjælper mig.",
        "C: Jeg blev gift med {full} i (maj|2019).",
        "W: {full} står som (kontaktperson|værge) på sagen.",
        "C: {full} her, (jeg ringer igen|vi talte sammen i går).",
    ];
    let carrier = chance.carrier(CARRIERS);
    Said::from_lines(&carrier, |slot| {
        let person = if known { people::known(chance) } else { people::unknown(chance) };
        let words = match slot {
            "full" => format!("{} {}", person.given, person.family),
            "given" => person.given,
            "genitive" if person.given.ends_with(['s', 'x', 'z']) => format!("{}'", person.given),
            "genitive" => format!("{}s", person.given),
            _ => person.family,
        };
        let value = words.clone();
        Filling { words, truth: Truth { kind: "name", value } }
    })
}

pub fn address(known: bool, spoken: bool, chance: &mut Chance) -> Said {
    const CARRIERS: &[&str] = &[
        "C: (Jeg bor|Vi bor|Han bor) på {address}.",
        "W: Hvad er din adresse?\nC: (Det er|Jeg bor på|) {address}.",
        "C: (Min|Vores) (nye adresse|adresse) er {address}.",
        "C: Jeg er flyttet (til|fra) {address} (i maj|den første juni|for en uge siden).",
        "W: (Bor du stadig på|Jeg sender skemaet til|Er adressen stadig) {address}?",
        "C: Lejligheden på {address} er (for dyr|for stor|fraflyttet).",
        "C: (Send|Kan I sende) (brevet|det) til {address}.",
        "W: I systemet (står|har vi) {address}, passer det?",
        "C: Min mor er kommet på plejehjem, {address}.",
    ];
    let carrier = chance.carrier(CARRIERS);
    Said::from_lines(&carrier, |_| address_filling(known, spoken, chance))
}

pub fn address_filling(known: bool, spoken: bool, chance: &mut Chance) -> Filling {
    let street = if known { people::street(chance) } else { people::unknown_street(chance) };
    let number = chance.between(1, 240);
    let (code, town) = people::town(chance);
    let mut words = vec![street.to_owned()];
    if spoken {
        if chance.percent(15) {
            words.push("~nummer".into());
        }
        words.push(numbers::small(number, chance));
        if chance.percent(20) {
            words.push(chance.choose("(a|b|c|d)"));
        }
        match chance.below(5) {
            0 => words.push(chance.choose("(første|anden|tredje|fjerde) ~sal ~til (venstre|højre)")),
            1 => words.push(chance.choose("(stuen|anden sal|tredje sal)")),
            _ => {}
        }
        match chance.below(4) {
            0 => {
                let thousands = numbers::word(code[..1].parse().expect("a digit"));
                let rest: usize = code[1..].parse().expect("digits");
                words.push(if rest == 0 {
                    format!("{thousands} ~tusind {town}")
                } else {
                    format!("{thousands} ~tusind {} {town}", numbers::small(rest, chance))
                });
            }
            1 => {
                let manner = numbers::manner(chance);
                words.push(format!("{} {town}", say(code, manner, chance).join(" ")));
            }
            2 => words.push(format!("~i {town}")),
            _ => {}
        }
    } else {
        words.push(match chance.below(4) {
            0 => format!("{number}{}", chance.pick(&["A", "B", "C", "D"])),
            1 => format!("{number} {}", chance.pick(&["A", "B", "c", "d"])),
            _ => number.to_string(),
        });
        match chance.below(5) {
            0 => words.push(chance.choose(", (1|2|3|4). (tv|th|mf).").trim_end_matches('.').to_owned()),
            1 => words.push(chance.choose("(st.|1.|2. sal|stuen) (th|tv)")),
            _ => {}
        }
        match chance.below(4) {
            0 | 1 => words.push(format!(", {code} {town}")),
            2 => words.push(format!("~i {town}")),
            _ => {}
        }
    }
    let words = words.join(" ").replace(" ,", ",");
    let value = words.replace('~', "");
    Filling { words, truth: Truth { kind: "address", value } }
}

pub fn birth_date(chance: &mut Chance) -> Said {
    let carrier = chance.choose("(C: (Jeg er født|Han er født|Min datter er født|Barnet er født) (den|) {date}.|W: Hvad er din fødselsdato?\nC: (Det er|) den {date}.|C: Min fødselsdag er den {date}.)");
    Said::from_lines(&carrier, |_| birth_filling(chance))
}

pub fn birth_filling(chance: &mut Chance) -> Filling {
    let (day, month, year) = (chance.between(1, 28), chance.between(1, 12), chance.between(1935, 2024));
    let words = match chance.below(6) {
        0 => format!("{day}. {} {year}", numbers::MONTHS[month]),
        1 => format!("{day:02}.{month:02}.{year}"),
        2 => format!("{day}/{month} {year}"),
        3 => format!("{day:02}-{month:02}-{year}"),
        4 => format!("{} {} {}", numbers::ordinal(day), numbers::MONTHS[month], numbers::year(year, chance)),
        _ => format!("{} ~i {} {}", numbers::ordinal(day), numbers::ordinal(month), numbers::year(year, chance)),
    };
    Filling { words, truth: truth("birth date", format!("{day}. {} {year}", numbers::MONTHS[month])) }
}
