//! Reads single settings. They come as one flat JSON object, which the host has checked against the schema, so this is all the JSON that a
//! small connector needs. Whatever is not as it should be counts as missing.
#![allow(dead_code)]

use std::iter::Peekable;
use std::str::Chars;

/// The text of a setting.
pub fn text(json: &str, name: &str) -> Option<String> {
    let mut value = find(json, name)?;
    read_text(&mut value)
}

/// A whole number.
pub fn integer(json: &str, name: &str) -> Option<i64> {
    let mut value = find(json, name)?;
    let mut digits = String::new();
    while let Some(character) = value.next_if(|next| matches!(next, '-' | '0'..='9')) {
        digits.push(character);
    }
    skip_space(&mut value);
    if matches!(value.peek(), Some(',' | '}')) { digits.parse().ok() } else { None }
}

/// `text` as JSON.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\0'..='\u{1f}' => quoted.push_str(&format!("\\u{:04x}", character as u32)),
            _ => quoted.push(character),
        }
    }
    quoted + "\""
}

/// Where the value of a setting begins.
fn find<'a>(json: &'a str, wanted: &str) -> Option<Peekable<Chars<'a>>> {
    let mut rest = json.chars().peekable();
    skip_space(&mut rest);
    rest.next_if_eq(&'{')?;
    loop {
        skip_space(&mut rest);
        let name = read_text(&mut rest);
        skip_space(&mut rest);
        rest.next_if_eq(&':')?;
        skip_space(&mut rest);
        if name.as_deref() == Some(wanted) {
            return Some(rest);
        }
        skip_value(&mut rest)?;
        rest.next_if_eq(&',')?;
    }
}

fn skip_space(rest: &mut Peekable<Chars>) {
    while rest.next_if(|next| matches!(next, ' ' | '\t' | '\r' | '\n')).is_some() {}
}

/// Up to the comma or brace behind the value.
fn skip_value(rest: &mut Peekable<Chars>) -> Option<()> {
    let mut depth = 0;
    loop {
        match *rest.peek()? {
            '"' => {
                read_text(rest);
                continue;
            }
            ',' | '}' if depth == 0 => return Some(()),
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            _ => {}
        }
        rest.next();
    }
}

/// A JSON text; None when it is none, does not end, or holds what is no character. Goes on behind it.
fn read_text(rest: &mut Peekable<Chars>) -> Option<String> {
    rest.next_if_eq(&'"')?;
    let mut text = String::new();
    let mut is_sound = true;
    loop {
        let plain = match rest.next()? {
            '"' => return is_sound.then_some(text),
            '\\' => match rest.next()? {
                'b' => Some('\u{8}'),
                'f' => Some('\u{c}'),
                'n' => Some('\n'),
                'r' => Some('\r'),
                't' => Some('\t'),
                'u' => read_escape(rest),
                other => Some(other),
            },
            other => Some(other),
        };
        match plain {
            Some('\0') | None => is_sound = false,
            Some(character) => text.push(character),
        }
    }
}

/// The four digits behind \u, and the second half of a pair.
fn read_escape(rest: &mut Peekable<Chars>) -> Option<char> {
    let high = hex4(rest)?;
    if !(0xD800..0xDC00).contains(&high) {
        return char::from_u32(high);
    }
    rest.next_if_eq(&'\\')?;
    rest.next_if_eq(&'u')?;
    let low = hex4(rest)?;
    if (0xDC00..0xE000).contains(&low) { char::from_u32(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)) } else { None }
}

fn hex4(rest: &mut Peekable<Chars>) -> Option<u32> {
    let mut value = 0;
    for _ in 0..4 {
        value = value * 16 + rest.next_if(|next| next.is_ascii_hexdigit())?.to_digit(16)?;
    }
    Some(value)
}
