//! A reader of finished pages: it takes a page apart without trusting who wrote it.
//!
//! It knows only what our templates write: lower-case tags, attributes in double quotes, five entities. Everything
//! else, comments included, is refused as it stands.

/// A piece of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// An element begins.
    Element(String),
    /// One of its attributes, with its value unescaped.
    Attribute(String, String),
    /// Text, unescaped, and whether it stands in a `<bdi>`.
    Text { text: String, is_name: bool },
    /// The contents of a `<style>`, as they are.
    Style(String),
}

const DOCTYPE: &str = "<!DOCTYPE html>";
/// Elements without an end.
const VOID: [&str; 1] = ["meta"];

/// The pieces of a page in order, or the text that cannot be understood.
pub(super) fn pieces(page: &str) -> Result<Vec<Piece>, String> {
    let rest = page.strip_prefix(DOCTYPE).ok_or_else(|| head(page))?;
    let mut scan = Scan { rest, open: Vec::new(), pieces: Vec::new() };
    while !scan.rest.is_empty() {
        scan.step()?;
    }
    match scan.open.pop() {
        None => Ok(scan.pieces),
        Some(element) => Err(format!("<{element}>")),
    }
}

struct Scan<'p> {
    rest: &'p str,
    open: Vec<String>,
    pieces: Vec<Piece>,
}

impl<'p> Scan<'p> {
    fn step(&mut self) -> Result<(), String> {
        match self.rest.strip_prefix('<') {
            None => self.text(),
            Some(rest) => match rest.strip_prefix('/') {
                Some(rest) => self.close(rest),
                None => self.element(rest),
            },
        }
    }

    fn text(&mut self) -> Result<(), String> {
        let text = self.until("<");
        let is_name = self.open.iter().any(|element| element == "bdi");
        let piece = Piece::Text { text: unescaped(text)?, is_name };
        self.pieces.push(piece);
        Ok(())
    }

    fn close(&mut self, rest: &'p str) -> Result<(), String> {
        let (name, rest) = rest.split_once('>').ok_or_else(|| head(self.rest))?;
        if self.open.pop().is_none_or(|open| open != name) {
            return Err(head(self.rest));
        }
        self.rest = rest;
        Ok(())
    }

    fn element(&mut self, rest: &'p str) -> Result<(), String> {
        let refused = || head(self.rest);
        let end = rest.find(|c: char| !is_word(c)).ok_or_else(refused)?;
        let (element, mut rest) = rest.split_at(end);
        if element.is_empty() {
            return Err(refused());
        }
        let mut found = vec![Piece::Element(element.to_owned())];
        while let Some(attribute) = rest.strip_prefix(' ') {
            let (name, after) = attribute.split_once("=\"").ok_or_else(refused)?;
            let (value, after) = after.split_once('"').ok_or_else(refused)?;
            if name.is_empty() || !name.chars().all(is_word) {
                return Err(refused());
            }
            found.push(Piece::Attribute(name.to_owned(), unescaped(value)?));
            rest = after;
        }
        self.rest = rest.strip_prefix('>').ok_or_else(refused)?;
        self.pieces.append(&mut found);
        if element == "style" {
            let css = self.until("</style>").to_owned();
            self.pieces.push(Piece::Style(css));
        }
        if !VOID.contains(&element) {
            self.open.push(element.to_owned());
        }
        Ok(())
    }

    /// Takes everything before `end`, or everything.
    fn until(&mut self, end: &str) -> &'p str {
        let (before, rest) = self.rest.split_at(self.rest.find(end).unwrap_or(self.rest.len()));
        self.rest = rest;
        before
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-'
}

/// Text with its entities turned back. One that we never write is refused: a browser may read it in its own way.
fn unescaped(text: &str) -> Result<String, String> {
    const ENTITIES: [(&str, char); 5] =
        [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"'), ("&#39;", '\'')];
    let (mut plain, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('&') {
        let (before, entity) = rest.split_at(at);
        let known = ENTITIES.iter().find(|(written, _)| entity.starts_with(written));
        let (written, meant) = known.ok_or_else(|| text.to_owned())?;
        plain.push_str(before);
        plain.push(*meant);
        rest = &entity[written.len()..];
    }
    Ok(plain + rest)
}

/// The beginning of what could not be understood.
fn head(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_comes_apart_into_elements_attributes_and_texts() {
        let page = "<!DOCTYPE html><p class=\"a&amp;b\">x &lt;<bdi>&quot;y&quot;</bdi></p><style>p>a{}</style>";
        let text = |text: &str, is_name| Piece::Text { text: text.to_owned(), is_name };
        let expected = vec![
            Piece::Element("p".to_owned()),
            Piece::Attribute("class".to_owned(), "a&b".to_owned()),
            text("x <", false),
            Piece::Element("bdi".to_owned()),
            text("\"y\"", true),
            Piece::Element("style".to_owned()),
            Piece::Style("p>a{}".to_owned()),
        ];
        assert_eq!(pieces(page), Ok(expected));
    }

    #[test]
    fn what_our_templates_never_write_is_refused() {
        for body in [
            "<!-- Beta -->",
            "<p>Beta",
            "</p>",
            "<p></b></p>",
            "<p title='Beta'></p>",
            "<p hidden></p>",
            "<p  class=\"a\"></p>",
            "<p class=\"a\"",
            "<p>&copy;</p>",
            "<p>&#x42;</p>",
            "<p>a & b</p>",
            "<?xml?>",
            "< p></p>",
            "<style>p{}",
        ] {
            assert!(pieces(&format!("<!DOCTYPE html>{body}")).is_err(), "{body}");
        }
        assert!(pieces("<p></p>").is_err());
    }
}
