//! Makes whole calls: who they are, what it is about, what they dictate, and everything else that is said.

use crate::chance::Chance;
use crate::numbers;
use crate::people::{self, Person};
use crate::said::{Filling, Said, Truth};
use crate::samples;

const OPENINGS: &[&str] = &[
    "W: (Udbetaling Danmark|Borgerservice|Goddag), du taler med {worker}.\nC: (Hej|Goddag), (jeg hedder|mit navn er|det er) {citizen}.",
    "W: Velkommen, (det er|mit navn er) {worker}, hvad kan jeg hjælpe med?\nC: Ja, hej {worker}, det er {citizen}.",
    "W: Tak fordi du ventede. Hvem taler jeg med?\nC: {citizen}.",
    "C: Hej, er det {worker}?\nW: Ja, det er det. Hvem er du?\nC: Jeg hedder {citizen}, (vi talte sammen i går|jeg ringer om mit brev).",
];
const ASKINGS: &[&str] = &[
    "W: (Må jeg få|Hvad er|Så skal jeg bruge) dit (cpr-nummer|CPR-nummer|personnummer)?\nC: (Ja, det er|Det er|) {cpr}.\nW: (Tak|Tak skal du have|Så er jeg med), {citizen given}.",
    "W: Kan du bekræfte dit cpr-nummer?\nC: {cpr}\nW: Jeg gentager lige, {cpr again}, (passer det|ikke)?\nC: Jo.",
    "C: Mit cpr-nummer er {cpr}, hvis du skal bruge det.\nW: Ja tak.",
    "W: Hvad er dit sagsnummer?\nC: Det har jeg ikke, men mit cpr er {cpr}.",
];
const MATTERS: &[&str] = &[
    "W: Hvilket nummer kan jeg ringe til?\nC: (Du kan ringe på|Det er) {phone}.\nW: {phone again}, (passer det|er det rigtigt)?\nC: Ja.",
    "C: Min nye mail er {email}.\nW: Det noterer jeg.",
    "C: Jeg er flyttet til {address}.\nW: Hvornår flyttede du?\nC: Den 1. maj.",
    "W: Bor du stadig på {address}?\nC: Ja, det gør jeg.",
    "C: Pengene skal ind på {account}.\nW: Det retter jeg i NemKonto.",
    "C: (Min mand|Min samlever|Min bror) hedder {other}, og han (tjener|får) 24.500 kroner om måneden.\nW: Skal {other given} også søge?\nC: Ja, {other given} skal have det samme.",
    "C: Det er {other genitive} lejlighed, jeg bor bare til leje.\nW: Har du en kontrakt?",
    "W: Hvad er din fødselsdato?\nC: Jeg er født den {birth}.",
    "C: Min datters cpr er {cpr}, og hun bor hos mig.",
    "W: Jeg sender det til {citizen given}, altså til {address}.",
];
const ENDINGS: &[&str] = &[
    "W: (Farvel|Hav en god dag|Vi tales ved), {citizen given}.\nC: (Tak, {worker}|Tak for hjælpen, {worker}|Farvel).",
    "C: Tak for hjælpen.\nW: Selv tak.",
    "C: Så ringer jeg i morgen og spørger efter {worker}.\nW: Ja, gør det.",
];

/// One call of 10 to 60 turns.
pub fn call(chance: &mut Chance) -> Said {
    let mut lines = vec![chance.carrier(OPENINGS), chance.carrier(ASKINGS)];
    let ordinary: Vec<&str> = include_str!("ordinary.txt").lines().collect();
    for _ in 0..chance.between(2, 6) {
        for _ in 0..chance.between(1, 5) {
            lines.push(format!("{}: {}", chance.pick(&["C", "W"]), chance.pick(&ordinary)));
        }
        lines.push(chance.carrier(MATTERS));
    }
    lines.push(chance.carrier(ENDINGS));
    let unknown = chance.percent(15);
    let person = |chance: &mut Chance| if unknown { people::unknown(chance) } else { people::known(chance) };
    let (worker, citizen) = (people::known(chance), person(chance));
    let mut other = person(chance);
    let (mut cpr, mut phone) = (String::new(), String::new());
    let spoken = chance.percent(60);
    Said::from_lines(&lines.join("\n"), |slot| {
        let name = |words: String| Filling { truth: Truth { kind: "name", value: words.clone() }, words };
        match slot {
            "worker" => name(worker.given.clone()),
            "citizen" => name(format!("{} {}", citizen.given, citizen.family)),
            "citizen given" => name(citizen.given.clone()),
            "other" => {
                other = if unknown { people::unknown(chance) } else { people::known(chance) };
                name(format!("{} {}", other.given, other.family))
            }
            "other given" => name(other.given.clone()),
            "other genitive" => name(genitive(&other)),
            "cpr" => {
                let words;
                (words, cpr) = if spoken { samples::spoken_cpr(chance) } else { written(chance) };
                Filling { words, truth: samples::truth("cpr", cpr.clone()) }
            }
            "cpr again" => {
                let manner = numbers::manner(chance);
                let words = if spoken { numbers::say(&cpr, manner, chance).join(" ") } else { cpr.clone() };
                Filling { words, truth: samples::truth("cpr", cpr.clone()) }
            }
            "phone" => {
                phone = numbers::digits(b"23456789", 8, chance);
                Filling {
                    words: samples::phone_words(&phone, spoken, chance),
                    truth: samples::truth("phone", phone.clone()),
                }
            }
            "phone again" => Filling {
                words: samples::phone_words(&phone, spoken, chance),
                truth: samples::truth("phone", phone.clone()),
            },
            "email" => samples::email_filling(spoken, chance),
            "account" => samples::account_filling(spoken, chance),
            "birth" => samples::birth_filling(chance),
            _ => samples::address_filling(!unknown, spoken, chance),
        }
    })
}

fn written(chance: &mut Chance) -> (String, String) {
    let value = samples::cpr(false, chance);
    (samples::written_cpr(&value, chance), value)
}

fn genitive(person: &Person) -> String {
    if person.given.ends_with(['s', 'x', 'z']) { format!("{}'", person.given) } else { format!("{}s", person.given) }
}
