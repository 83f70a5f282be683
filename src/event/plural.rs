//! Plurals as Momentum forms them. Its odd results are kept: two services that disagree on a plural never meet.

/// The plural of `word`, which is the whole kebab-case name: inside a compound the word lists do not apply.
///
/// ```text
/// order   orders          category       categories
/// payment payments        order-status   order-statuses
/// ```
///
/// One letter, a word that is listed as unchanging, as uncountable or as an irregular plural, and one that ends as some
/// plurals do (`looks_plural`) stay as they are.
pub(crate) fn pluralise(word: &str) -> String {
    let word = word.trim();
    if word.chars().nth(1).is_none() || is_plural(word) {
        return word.to_owned();
    }
    if let Ok(at) = IRREGULAR.binary_search_by_key(&word, |(singular, _)| singular) {
        return IRREGULAR[at].1.to_owned();
    }
    by_ending(word)
}

/// Whether a word is to stay as it is: it is in a list, or it ends as plurals do.
fn is_plural(word: &str) -> bool {
    contains(&UNCHANGING, word)
        || contains(&UNCOUNTABLE, word)
        || IRREGULAR.iter().any(|(_, plural)| *plural == word)
        || looks_plural(word)
}

/// By its ending alone; so some singulars are taken for plurals, as Momentum takes them.
fn looks_plural(word: &str) -> bool {
    let sibilant = ends(word, &["xes", "zes", "ches", "shes"]);
    let vowel = word.len() > 3 && ends(word, &["ies", "ves", "ses", "oes"]);
    sibilant || vowel || word.strip_suffix('s').is_some_and(|stem| stem.len() >= 2 && ends(stem, &PLURAL_STEMS))
}

/// Momentum's rule for `us` is not here: it gives what every other word in `s` gets.
fn by_ending(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("is").filter(|stem| !stem.is_empty()) {
        return format!("{stem}es");
    }
    if let Some(stem) = word.strip_suffix('y') {
        return if ends(stem, &["a", "e", "i", "o", "u"]) { format!("{word}s") } else { format!("{stem}ies") };
    }
    if word.ends_with('o') {
        return if contains(&TAKES_ES, word) { format!("{word}es") } else { format!("{word}s") };
    }
    if ends(word, &["s", "x", "z", "ch", "sh"]) {
        return format!("{word}es");
    }
    match word.strip_suffix("fe").or_else(|| word.strip_suffix('f')) {
        Some(stem) if !contains(&KEEPS_F, word) => format!("{stem}ves"),
        _ => format!("{word}s"),
    }
}

fn contains(list: &[&str], word: &str) -> bool {
    list.binary_search(&word).is_ok()
}

fn ends(word: &str, endings: &[&str]) -> bool {
    endings.iter().any(|ending| word.ends_with(ending))
}

/// What may stand before the `s` of a word that counts as plural already.
#[rustfmt::skip]
const PLURAL_STEMS: [&str; 31] = [
    "al", "an", "ar", "at", "ce", "de", "el", "en", "er", "et", "ge", "il", "in", "it", "le", "me", "ne", "ol",
    "on", "or", "ot", "pe", "re", "se", "te", "ul", "un", "ut", "ve", "we", "ze",
];

/// Words in `o` that take `es`.
#[rustfmt::skip]
const TAKES_ES: [&str; 12] = [
    "domino", "echo", "embargo", "hero", "mango", "mosquito", "potato", "tomato", "tornado", "torpedo", "veto",
    "volcano",
];

/// Words in `f` or `fe` that keep it.
#[rustfmt::skip]
const KEEPS_F: [&str; 11] = [
    "belief", "cafe", "chef", "chief", "cliff", "giraffe", "proof", "reef", "roof", "safe", "strife",
];

/// Words whose plural is the same word.
#[rustfmt::skip]
const UNCHANGING: [&str; 41] = [
    "aircraft", "apparatus", "bass", "bison", "buffalo", "carp", "chassis", "chinese", "cod", "corps",
    "crossroads", "deer", "elk", "fish", "gallows", "grouse", "headquarters", "hovercraft", "innings", "japanese",
    "maltese", "means", "moose", "offspring", "perch", "pike", "portuguese", "precis", "salmon", "series", "sheep",
    "shrimp", "spacecraft", "species", "squid", "staff", "swine", "swiss", "trout", "vietnamese", "watercraft",
];

/// Words without a plural.
#[rustfmt::skip]
const UNCOUNTABLE: [&str; 104] = [
    "accounting", "advice", "aluminum", "anger", "art", "bacon", "baggage", "beauty", "beef", "brass", "bread",
    "bronze", "butter", "cheese", "chocolate", "coffee", "cold", "copper", "cotton", "courage", "currency",
    "dancing", "darkness", "education", "electricity", "employment", "energy", "equipment", "evidence", "flour",
    "fog", "fun", "furniture", "garbage", "glass", "gold", "gravity", "happiness", "hardware", "hate", "health",
    "heat", "homework", "honesty", "honey", "housework", "humidity", "information", "intelligence", "iron", "jam",
    "knowledge", "laughter", "leisure", "lightning", "love", "luggage", "machinery", "meat", "milk", "money",
    "music", "paper", "pasta", "patience", "pepper", "plastic", "poetry", "pollution", "pork", "poverty", "power",
    "pride", "progress", "rain", "recreation", "research", "rice", "rubbish", "sadness", "salt", "silk", "silver",
    "singing", "snow", "software", "steel", "sugar", "sunshine", "tea", "thunder", "time", "traffic",
    "transportation", "underwear", "warmth", "water", "wealth", "weather", "wind", "wisdom", "wood", "wool",
    "work",
];

/// Singular and plural of the irregular words.
#[rustfmt::skip]
const IRREGULAR: [(&str, &str); 64] = [
    ("addendum", "addenda"),
    ("alga", "algae"),
    ("alumnus", "alumni"),
    ("antenna", "antennae"),
    ("appendix", "appendices"),
    ("axis", "axes"),
    ("bacillus", "bacilli"),
    ("bacterium", "bacteria"),
    ("bureau", "bureaux"),
    ("cactus", "cacti"),
    ("child", "children"),
    ("consortium", "consortia"),
    ("corpus", "corpora"),
    ("criterion", "criteria"),
    ("curriculum", "curricula"),
    ("datum", "data"),
    ("diagnosis", "diagnoses"),
    ("die", "dice"),
    ("ellipsis", "ellipses"),
    ("erratum", "errata"),
    ("focus", "foci"),
    ("foot", "feet"),
    ("formula", "formulae"),
    ("fungus", "fungi"),
    ("genus", "genera"),
    ("goose", "geese"),
    ("gymnasium", "gymnasia"),
    ("hippopotamus", "hippopotami"),
    ("hypothesis", "hypotheses"),
    ("index", "indices"),
    ("larva", "larvae"),
    ("louse", "lice"),
    ("man", "men"),
    ("matrix", "matrices"),
    ("medium", "media"),
    ("memorandum", "memoranda"),
    ("millennium", "millennia"),
    ("mouse", "mice"),
    ("nebula", "nebulae"),
    ("nucleus", "nuclei"),
    ("oasis", "oases"),
    ("octopus", "octopuses"),
    ("opus", "opera"),
    ("ox", "oxen"),
    ("penny", "pence"),
    ("person", "people"),
    ("phenomenon", "phenomena"),
    ("plateau", "plateaux"),
    ("platypus", "platypuses"),
    ("radius", "radii"),
    ("rhinoceros", "rhinoceroses"),
    ("stimulus", "stimuli"),
    ("stratum", "strata"),
    ("syllabus", "syllabi"),
    ("symposium", "symposia"),
    ("synopsis", "synopses"),
    ("tableau", "tableaux"),
    ("thesis", "theses"),
    ("tooth", "teeth"),
    ("vertebra", "vertebrae"),
    ("vertex", "vertices"),
    ("viscus", "viscera"),
    ("vita", "vitae"),
    ("woman", "women"),
];

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_plural_of_the_vectors_is_momentums() {
        let file: Value = serde_json::from_str(include_str!("../../integration-tests/vectors/plurals.json")).unwrap();
        let cases = file["cases"].as_array().unwrap();
        assert_eq!(cases.len(), 122);
        for case in cases {
            let word = case["word"].as_str().unwrap();
            assert_eq!(pluralise(word), case["plural"].as_str().unwrap(), "{word}, {}", case["rule"]);
        }
    }

    #[test]
    fn the_odd_words_of_the_specification_stay_odd() {
        for (word, plural) in [
            ("metadata", "metadatas"),
            ("tariff", "tarifves"),
            ("news", "newses"),
            ("sms", "smses"),
            ("payments", "paymentses"),
            ("settings", "settingses"),
            ("analytics", "analyticses"),
            ("lens", "lens"),
            ("sales-person", "sales-persons"),
            ("  order ", "orders"),
            ("é", "é"),
            ("x", "x"),
        ] {
            assert_eq!(pluralise(word), plural, "{word}");
        }
    }

    #[test]
    fn the_word_lists_are_sorted_so_that_the_search_finds_their_words() {
        for list in [&PLURAL_STEMS[..], &TAKES_ES, &KEEPS_F, &UNCHANGING, &UNCOUNTABLE] {
            assert!(list.is_sorted());
        }
        assert!(IRREGULAR.is_sorted());
    }
}
