use super::*;

fn shown(text: &str, language: Language) -> String {
    let tokens = Tokens::new(text, language);
    let (mut from, mut all) = (0, Vec::new());
    while from < tokens.len() {
        match at(&tokens, from) {
            Some(read) => {
                let weak = if read.weak { "~" } else { "" };
                all.push(format!("{weak}{}", read.value));
                from = read.end.max(from + 1);
            }
            None => from += 1,
        }
    }
    all.join(" ")
}

fn danish(text: &str, expected: &str) {
    assert_eq!(shown(text, Language::Danish), expected, "{text}");
}

fn english(text: &str, expected: &str) {
    assert_eq!(shown(text, Language::English), expected, "{text}");
}

#[test]
fn danish_is_read_joined_and_apart() {
    danish("femoghalvfjerds", "75");
    danish("fem og halvfjerds", "75");
    danish("femog halvfjerds", "75");
    danish("fem og halv fjerds", "75");
    danish("fem-og-halvfjerds", "75");
    danish("Halvtredsindstyve", "50");
    danish("halv tres", "50");
    danish("tohundredeogfemoghalvfems", "295");
    danish("to hundrede og fem og halvfems", "295");
    danish("tolv hundrede", "1200");
    danish("nittenhundredefirs", "1980");
    danish("to tusind og fem", "2005");
    danish("tyvetusinde", "20000");
    danish("hundredtusind", "100000");
    danish("en million to hundrede tusind", "1200000");
    danish("syvhundredeogsyvoghalvfjerdstusindesyvhundredeogsyvoghalvfjerds", "777777");
    danish("eet tusinde eethundrede og én", "1101");
    danish("hundrede og 5", "105");
    danish("5 og tyve", "25");
    danish("12 tusind", "12000");
    danish("2 tusind 500", "2500");
}

#[test]
fn danish_numbers_end_where_the_next_begins() {
    danish("mellem fem og tyve", "5 20");
    danish("to hundrede og tre hundrede", "200 300");
    danish("to tusind og tre tusind", "2000 3000");
    danish("tyve fyrre tres firs", "20 40 60 80");
    danish("fem, tyve", "5 20");
    danish("to-tre hundrede", "2 300");
    danish("en mand og et barn", "~1 ~1");
    danish("én mand", "1");
    danish("tusind tak for millioner af hundreder", "");
}

#[test]
fn english_is_read_with_hyphens_and_without() {
    english("twenty-five", "25");
    english("twenty five", "25");
    english("twentyfive", "25");
    english("two hundred and five", "205");
    english("a hundred and ninety-nine thousand", "199000");
    english("a thousand and one", "1001");
    english("twelve hundred", "1200");
    english("nine hundred ninety-nine thousand nine hundred ninety-nine", "999999");
    english("a man and one dog", "~1");
    english("twenty and five", "20 5");
    english("3 hundred thousand", "300000");
}
