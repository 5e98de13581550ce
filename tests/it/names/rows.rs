//! What a sub account or a customer may be called by somebody who means harm, or by somebody with a language of their own.

use subledger::ahasend::wire::display;

/// Longest name that is kept, in characters.
const CHAR_COUNT_MAX: usize = 300;

/// Characters that terminals act on, that XML cannot hold, and lines of their own.
const CONTROLS: &[&str] = &[
    "nul\0byte",
    "\u{1}start of heading",
    "back\u{8}\u{8}\u{8}\u{8}space",
    "\u{1b}[2J\u{1b}[1;31mcleared",
    "\u{1b}]0;title\u{7}bell",
    "\u{9b}31mred",
    "tab\tand\u{7f}delete",
    "noncharacter\u{fffe}",
    "noncharacter\u{ffff}",
    "line\u{2028}separator",
    "next\u{85}line",
];

/// Lines that a reader of the log would take for ours, or a runner for commands of its own.
const COMMANDS: &[&str] = &[
    "Acme\n2024-01-15T02:00:00Z ERROR the archive is gone",
    "Acme\r\nevidence: safe in /dev/null",
    "x\n::error::forged",
    "x\r::add-mask::0",
    "::stop-commands::forever",
    " ::warning::indented",
    "##[error]forged",
    "x ##[add-mask]0",
    "%0A::error::encoded",
];

/// Texts that look like others, or like nothing.
const LOOKS: &[&str] = &[
    "evil\u{202e}gnp.exe",
    "isolate\u{2067}d\u{2069}",
    "mark\u{200f}ed",
    "Twin",
    "Twin\u{200b}",
    "Twin\u{3164}",
    "Tw\u{456}n",
    "\u{feff}Twin",
    "Caf\u{e9}",
    "Cafe\u{301}",
    "Team One",
    "team one",
    "TEAM ONE",
    "\u{c9}",
    "\u{e9}",
    "stra\u{df}e",
    "STRASSE",
    "Ünïcødé 客户 🚀",
    "👩\u{200d}👩\u{200d}👧\u{200d}👦 family",
    "العربية 123",
    "Z\u{351}\u{342}\u{34b}a\u{300}lgo",
];

/// What would be another place if it became part of a path.
const PATHS: &[&str] = &[
    "../../etc/passwd",
    "a/b",
    "C:\\Windows",
    "\\\\server\\share",
    "CON",
    "nul.txt",
    "COM1",
    "trailing.",
    "trailing ",
    ".",
    "..",
    "-rf",
    "~",
    "$HOME",
    "a#1",
    "latest",
];

/// What no sheet of a workbook may be called, if it were called after a customer.
const SHEETS: &[&str] = &["History", "'quoted'", "[a]:*?/\\b", "Summary", "Control", "1!A1", "_x0041_", "<r>rich</r>"];

/// What a spreadsheet would run, or take for something else.
const FORMULAS: &[&str] = &[
    "=HYPERLINK(\"http://x\")",
    "=WEBSERVICE(\"http://x\")",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\u{200b}=1+1",
    "\u{a0}=1+1",
    "\u{feff}=1+1",
    "＝1+1",
    "'=1+1",
    "\"=1+1",
    "Acme;=1+1;x",
    "Acme,=1+1,x",
    "x\";=1+1;\"y",
    "00123",
    "123",
    "12345678901234567890",
    "1e5",
    "1-2",
    "MAR1",
    "TRUE",
    "2019-03-04",
    "http://example.com",
];

/// What a page, a template or a database would take for its own.
const MARKUP: &[&str] = &[
    "<script>alert(1)</script>",
    "</title><img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)>",
    "a & b \"c\" 'd'",
    "&lt;b&gt;",
    "{{7*7}}",
    "javascript:alert(1)",
    "NULL",
    "null",
    "'; DROP TABLE customers; --",
    "%s%n",
    "one, two; three",
];

/// As long as the API lets them be and beyond, and apart only where they are cut.
fn long() -> [String; 5] {
    let wide = "W".repeat(CHAR_COUNT_MAX);
    [wide.clone(), format!("{}X", &wide[1..]), format!("{wide}X"), format!("{wide}Y"), "🚀".repeat(255)]
}

/// Every name.
pub(super) fn all() -> Vec<String> {
    let fixed = [CONTROLS, COMMANDS, LOOKS, PATHS, SHEETS, FORMULAS, MARKUP].concat();
    fixed.into_iter().map(str::to_owned).chain(long()).chain(["", " ", "\u{3000}"].map(str::to_owned)).collect()
}

/// Whether a customer map takes a name. It takes none that would have to be altered: two customers must not become one.
fn is_fit_for_a_map(name: &str) -> bool {
    display(name, CHAR_COUNT_MAX) == name
}

/// The names that a customer map takes; blanks around them are not the names'.
pub(super) fn fit_for_a_map() -> Vec<String> {
    let mut names = all();
    names.retain(|name| is_fit_for_a_map(name) && name.trim() == name && !name.is_empty());
    names
}

/// The names that it does not take.
pub(super) fn unfit_for_a_map() -> Vec<String> {
    let mut names = all();
    names.retain(|name| !is_fit_for_a_map(name));
    names
}
