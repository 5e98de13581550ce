//! Reads Rust as text: just enough to find names, `use` trees and functions, with their lines.

/// The source with comments, literals and test-only items blanked, and every line in its place.
pub(super) fn code_only(text: &str) -> String {
    without_test_items(without_comments_and_literals(text))
}

/// Every path that the code names, with its line: all words, and `use` trees written out.
pub(super) fn names(code: &str) -> Vec<(usize, String)> {
    let mut names = words(code);
    for start in keywords(code, "use") {
        let tree = code[start + "use".len()..].split(';').next().unwrap_or_default();
        names.extend(use_paths(tree).into_iter().map(|path| (start, path)));
    }
    let with_line = |(start, name)| (line_at(code, start), name);
    names.into_iter().map(with_line).collect()
}

/// The line of every function, and how many lines it has from there to its closing brace.
pub(super) fn functions(code: &str) -> Vec<(usize, usize)> {
    let measure = |start| {
        let lines = code[start..item_end(code, start)].lines().count();
        (line_at(code, start), lines)
    };
    keywords(code, "fn").into_iter().map(measure).collect()
}

fn line_at(code: &str, offset: usize) -> usize {
    code[..offset].matches('\n').count() + 1
}

/// Names and paths as they stand in the code, with their offsets.
fn words(code: &str) -> Vec<(usize, String)> {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut words = Vec::new();
    let mut offset = 0;
    for part in code.split_inclusive(|letter| !is_name(letter) && letter != ':') {
        let word = part.trim_matches(|letter| !is_name(letter));
        if !word.is_empty() {
            words.push((offset, word.to_owned()));
        }
        offset += part.len();
    }
    words
}

/// Where a keyword opens an item; `use` in `impl Trait + use<'a>` and `fn` in `fn(u8)` do not.
fn keywords(code: &str, keyword: &str) -> Vec<usize> {
    let opens_item = |start: &usize| code[start + keyword.len()..].starts_with(' ');
    let found = words(code).into_iter().filter(|(_, word)| word == keyword);
    found.map(|(start, _)| start).filter(opens_item).collect()
}

/// The paths of a `use` tree: `a::{b as x, c::{self, D}}` is `a::b`, `a::c::self` and `a::c::D`.
fn use_paths(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((prefix, rest)) = tree.split_once('{') else {
        return Vec::from_iter(tree.split_whitespace().next().map(str::to_owned));
    };
    let mut depth = 0;
    let branches = rest.strip_suffix('}').unwrap_or(rest).split(|letter| {
        depth += i32::from(letter == '{') - i32::from(letter == '}');
        letter == ',' && depth == 0
    });
    let below = branches.flat_map(use_paths);
    below.map(|path| format!("{}{path}", prefix.trim())).collect()
}

/// Where an item ends: after its semicolon if it has no body, else after its closing brace.
fn item_end(code: &str, start: usize) -> usize {
    let mut depth = 0;
    for (offset, letter) in code[start..].char_indices() {
        depth += i32::from(matches!(letter, '(' | '[' | '{'));
        depth -= i32::from(matches!(letter, ')' | ']' | '}'));
        if depth < 0 || (depth == 0 && matches!(letter, ';' | '}')) {
            return start + offset + 1;
        }
    }
    code.len()
}

/// The same length and the same lines, with nothing on them.
fn blank(text: &str) -> String {
    let blanked = |byte| if byte == b'\n' { '\n' } else { ' ' };
    text.bytes().map(blanked).collect()
}

fn without_test_items(mut code: String) -> String {
    const MARK: &str = "#[cfg(test)]";
    while let Some(start) = code.find(MARK) {
        let end = item_end(&code, start + MARK.len());
        code.replace_range(start..end, &blank(&code[start..end]));
    }
    code
}

fn without_comments_and_literals(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    while let Some(letter) = text[code.len()..].chars().next() {
        let rest = &text[code.len()..];
        match comment_or_literal_len(rest) {
            0 => code.push(letter),
            length => code.push_str(&blank(&rest[..length])),
        }
    }
    code
}

/// The length of the comment or literal that `rest` starts with; 0 if it starts with code.
fn comment_or_literal_len(rest: &str) -> usize {
    let until = |opening: usize, closing: &str| {
        let end = rest[opening..].find(closing);
        end.map_or(rest.len(), |end| opening + end + closing.len())
    };
    let hashes = rest.bytes().skip(1).take_while(|byte| *byte == b'#').count();
    match rest.as_bytes() {
        [b'/', b'/', ..] => rest.find('\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => until(2, "*/"),
        [b'r', tail @ ..] if tail.get(hashes) == Some(&b'"') => until(hashes + 2, &format!("\"{}", "#".repeat(hashes))),
        [b'"', ..] | [b'\'', b'\\', ..] => quoted_len(rest),
        [b'\'', ..] => {
            let letter = rest[1..].chars().next().map_or(0, char::len_utf8);
            // Without a quote after one letter it is a lifetime.
            let is_char = rest[1 + letter..].starts_with('\'');
            if is_char { letter + 2 } else { 0 }
        }
        _ => 0,
    }
}

fn quoted_len(rest: &str) -> usize {
    let mut letters = rest.char_indices();
    let quote = letters.next().map(|(_, letter)| letter);
    while let Some((offset, letter)) = letters.next() {
        if letter == '\\' {
            letters.next();
        } else if Some(letter) == quote {
            return offset + 1;
        }
    }
    rest.len()
}

#[test]
fn comments_literals_and_tests_are_blanked_in_place() {
    let cases = [
        ("a // b\nc", "a     \nc"),
        ("a /* b\n */ c", "a     \n    c"),
        (r#"f("// \" x", 'y', '\'', '"')"#, "f(         ,    ,     ,    )"),
        (r##"r#"a " b"# r"c\" d"##, "                 d"),
        ("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}"),
        ("\"é\" x", "     x"),
        ("#[cfg(test)]\nmod t { fn f() {} } b", "            \n                    b"),
        ("#[cfg(test)]\nmod t; b", "            \n       b"),
    ];
    for (text, expected) in cases {
        assert_eq!(code_only(text), expected, "{text}");
    }
}

#[test]
fn use_trees_are_written_out() {
    let code = "use crate::{\n    a,\n    b::{self, C as D},\n};\nuse std::fs as files;\nf::g(use<'a>)";
    let paths: Vec<(usize, String)> = names(code).into_iter().filter(|(_, name)| name.contains("::")).collect();
    let expected = [(6, "f::g"), (1, "crate::a"), (1, "crate::b::self"), (1, "crate::b::C"), (5, "std::fs")];
    assert_eq!(paths[1..], expected.map(|(line, path)| (line, path.to_owned())));
}

#[test]
fn functions_are_measured_to_their_closing_brace() {
    let code = "fn a(x: [u8; 2]) -> u8 {\n    if x { 1 }\n}\ntrait T { fn b(); }\ntype F = fn(u8);";
    assert_eq!(functions(code), [(1, 3), (4, 1)]);
}
