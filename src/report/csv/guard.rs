//! Texts that a spreadsheet must neither run nor change.

use std::borrow::Cow;

use crate::report::text::shown;

/// First characters that make a spreadsheet take a text for a formula; the last four are the full-width forms.
const FORMULA_STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// What a spreadsheet may take for the end of a cell, quoted or not, if it is told of another delimiter than ours.
const DELIMITERS: [char; 5] = [',', ';', '\t', '\r', '\n'];

/// What may stand in a number, a date or a time beside digits.
const NUMBER_MARKS: &str = " \u{a0}\u{202f}.,:;/\\-+%()'’$€£¥";

/// Words that may do so: the exponent, the `T` of ISO 8601, halves of the day, and months and days of the week in English,
/// German, French, Italian, Spanish, Dutch, the Scandinavian languages, Polish and Portuguese.
const NUMBER_WORDS: &str = "e t am pm \
    jan january januar janvier janv gennaio gen enero ene januari styczeń stycznia sty janeiro \
    feb february februar février févr febbraio febrero februari luty lutego lut fevereiro fev \
    mar march märz mär mars mrz marzo maart mrt marts marzec marca março apr april avril avr aprile abril abr kwiecień \
    kwietnia kwi may mai maggio mag mayo mei maj maja maio jun june juni juin giugno giu junio czerwiec czerwca cze junho \
    jul july juli juillet juil luglio lug julio lipiec lipca lip julho \
    aug august août agosto ago augustus augusti sierpień sierpnia sie \
    sep sept september septembre settembre set septiembre wrzesień września wrz setembro \
    oct october okt oktober octobre ottobre ott octubre październik października paź outubro out \
    nov november novembre noviembre listopad listopada lis novembro \
    dec december dez dezember décembre déc dicembre dic diciembre desember des grudzień grudnia gru dezembro \
    monday mon montag lundi lun lunedì lunes maandag mandag måndag poniedziałek segunda \
    tuesday tue dienstag mardi martedì martes dinsdag tirsdag tisdag wtorek terça \
    wednesday wed mittwoch mercredi mercoledì miércoles woensdag onsdag środa quarta \
    thursday thu donnerstag jeudi giovedì jueves donderdag torsdag czwartek quinta \
    friday fri freitag vendredi venerdì viernes vrijdag fredag piątek sexta \
    saturday sat samstag sonnabend samedi sabato sábado zaterdag lørdag lördag sobota \
    sunday sun sonntag dimanche domenica domingo zondag søndag söndag niedziela feira mo di mi do fr sa so";

/// Truth, in the same languages.
const TRUTH_WORDS: &str = "true false wahr falsch vrai faux vero falso verdadero waar onwaar sann sant usann usant falskt falsk \
    prawda fałsz verdadeiro";

/// What texts are guarded against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Nothing: the text as it is.
    Off,
    /// Being run.
    Formulas,
    /// Being run, and being taken for a number, a date or a truth value, which loses what it was: `00123`, `1-2`, `MAR1`.
    /// Hidden characters are written out as well: a person reads it.
    Retyping,
}

/// A text with a `'` in front, and after each delimiter within it, where that is needed.
///
/// What begins with `'` gets another one, so that one can be taken away everywhere to have the text again.
pub fn guarded(text: &str, guard: Guard) -> Cow<'_, str> {
    // most texts are ids and names, which are one piece and begin with a letter or a digit; every byte is looked at, which
    // takes one instruction for many of them
    let is_delimiter = |byte: u8| DELIMITERS.contains(&char::from(byte));
    let is_one_piece = || !text.bytes().fold(false, |so_far, byte| so_far | is_delimiter(byte));
    if guard == Guard::Formulas && text.starts_with(char::is_alphanumeric) && is_one_piece() {
        return Cow::Borrowed(text);
    }
    let text = match guard {
        Guard::Off => return Cow::Borrowed(text),
        Guard::Formulas => Cow::Borrowed(text),
        Guard::Retyping => readable(text),
    };
    let is_retyped = guard == Guard::Retyping && is_retyped(&text);
    if !is_retyped && !segments(&text).any(is_run) {
        return text;
    }
    let mut guarded = String::with_capacity(text.len() + 2);
    for (index, segment) in segments(&text).enumerate() {
        if is_run(segment) || (index == 0 && is_retyped) {
            guarded.push('\'');
        }
        guarded.push_str(segment);
    }
    Cow::Owned(guarded)
}

/// A text with its hidden characters written out.
fn readable(text: &str) -> Cow<'_, str> {
    if text.is_ascii() && !text.contains(|c: char| c.is_ascii_control()) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(shown(text))
    }
}

/// A text in the pieces that a spreadsheet may make of it, each with the delimiter that ends it.
fn segments(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(DELIMITERS)
}

/// Whether a spreadsheet would run a cell with this text.
fn is_run(text: &str) -> bool {
    // a quote may open or close a cell
    let invisible = |c: char| c.is_whitespace() || matches!(c, '"' | '\u{feff}' | '\u{200b}'..='\u{200d}' | '\u{2060}');
    let first = text.trim_start_matches(|c| invisible(c) && !FORMULA_STARTS.contains(&c)).chars().next();
    text.starts_with('\'') || first.is_some_and(|c| FORMULA_STARTS.contains(&c))
}

/// Whether a text is nothing but digits, with what may stand beside them in a number or a date, or a truth value.
fn is_retyped(text: &str) -> bool {
    let is_one_of = |words: &str, word: &str| words.split_whitespace().any(|known| known == word);
    let mut words = text.split(|c: char| c.is_numeric() || NUMBER_MARKS.contains(c)).filter(|word| !word.is_empty());
    let is_figure = text.contains(char::is_numeric) && words.all(|word| is_one_of(NUMBER_WORDS, &word.to_lowercase()));
    is_figure || is_one_of(TRUTH_WORDS, &text.trim().to_lowercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The text that was guarded.
    fn unguarded(text: &str) -> String {
        segments(text).map(|segment| segment.strip_prefix('\'').unwrap_or(segment)).collect()
    }

    #[test]
    fn formulas_are_guarded_and_the_guard_can_be_undone() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\u{feff}=1", "＝1", "'quoted", "\"=1", "\u{200b}+1"] {
            assert_eq!(guarded(text, Guard::Formulas), format!("'{text}"), "{text:?}");
            assert_eq!(guarded(text, Guard::Off), text);
        }
        for text in ["Acme", "1-2", "a=b", "", " ", "O'Neill", "one, two; three", "Smith, Jones & Partners", "a;b=1"] {
            assert_eq!(guarded(text, Guard::Formulas), text);
        }
    }

    /// A spreadsheet that is told of another delimiter cuts the text in two, whatever quotes there are.
    #[test]
    fn formulas_behind_a_delimiter_are_guarded_as_well() {
        for (text, expected) in [
            ("Acme;=1+1;x", "Acme;'=1+1;x"),
            ("x, =1", "x,' =1"),
            ("x;\"=1", "x;'\"=1"),
            ("=1;=2", "'=1;'=2"),
            ("a;'b", "a;''b"),
        ] {
            assert_eq!(guarded(text, Guard::Formulas), expected);
            assert_eq!(unguarded(expected), text);
        }
    }

    #[test]
    fn what_a_spreadsheet_would_retype_is_guarded_for_it() {
        for text in [
            "00123",
            "1-2",
            "1/2",
            "12:30",
            "MAR1",
            "Mar 1",
            "1 März 2024",
            "1 mei 2024",
            "1e5",
            "TRUE",
            "Wahr",
            "50 %",
            "2024-01-01",
            "12345678901234567890",
            "1234567890123456789012345678901234567890",
            "٣",
            "3 lutego",
            "1,5",
            "2024-01-01T12:00:00",
            "1. Mär",
            "Montag, 1. Januar 2024",
        ] {
            assert_eq!(guarded(text, Guard::Retyping), format!("'{text}"), "{text:?}");
        }
        for text in ["Acme", "3M", "7-Eleven", "1&1 Mail", "Team 1", "Mark 1", "May", "e", "", " ", "Maybelline"] {
            assert_eq!(guarded(text, Guard::Retyping), text);
        }
    }

    #[test]
    fn hidden_characters_are_written_out_where_people_read() {
        assert_eq!(guarded("a\u{202e}b", Guard::Retyping), "a\\u{202e}b");
        assert_eq!(guarded("a\u{202e}b", Guard::Formulas), "a\u{202e}b");
    }

    proptest! {
        #[test]
        fn no_piece_of_a_guarded_text_is_run(text in "[a1ß１٣=+@＝－＠',; \"\t\r\n\u{feff}\u{200b}-]{0,12}") {
            let guarded = guarded(&text, Guard::Formulas);
            prop_assert_eq!(unguarded(&guarded), text.as_str());
            for segment in segments(&guarded) {
                prop_assert!(segment.starts_with('\'') || !is_run(segment), "{}", segment);
            }
            prop_assert_eq!(guarded == text, !segments(&text).any(is_run), "what needs no guard has none");
        }
    }
}
