//! The contacts, as columns. A cursor is how many rows have been handed out.

use crate::abi::*;
use crate::arrow::{Column, Field, Kind};
use crate::host::{Call, Failure, Outcome};
use crate::settings;

const ROWS_PER_BATCH: usize = 3;

struct Contact {
    id: i64,
    email: Option<&'static str>,
    score: f64,
    is_active: bool,
}

const CONTACTS: [Contact; 6] = [
    Contact { id: 1, email: Some("anna@example.com"), score: 0.5, is_active: true },
    Contact { id: 2, email: Some("bert@example.com"), score: 1.25, is_active: false },
    Contact { id: 3, email: None, score: -3.0, is_active: true },
    Contact { id: 4, email: Some("dora@example.com"), score: 0.0, is_active: false },
    Contact { id: 5, email: Some(""), score: 2.5, is_active: true },
    Contact { id: 6, email: Some("jürgen@example.com"), score: 8.0, is_active: true },
];

pub fn streams() -> &'static str {
    concat!(
        r#"{"streams":[{"name":"contacts","title":"Contacts","primary_key":["id"],"cursor_field":"id","#,
        r#""modes":["full","incremental"],"estimate_rows":6}]}"#
    )
}

pub fn fields(stream: &str) -> Outcome<&'static [Field]> {
    match stream {
        "contacts" => Ok(&[
            Field { name: "id", kind: Kind::Integer, is_nullable: false },
            Field { name: "email", kind: Kind::Text, is_nullable: true },
            Field { name: "score", kind: Kind::Double, is_nullable: false },
            Field { name: "active", kind: Kind::Boolean, is_nullable: false },
        ]),
        _ => Err(Failure::new(CH_E_NOT_FOUND, format!("There is no stream \"{stream}\"; there is: contacts."))),
    }
}

/// One reading.
pub struct Rows {
    next: usize,
}

impl Rows {
    pub fn open(cursor: Option<&str>) -> Outcome<Rows> {
        let Some(cursor) = cursor else { return Ok(Rows { next: 0 }) };
        match settings::integer(cursor, "row").map(usize::try_from) {
            Some(Ok(row)) if row <= CONTACTS.len() => Ok(Rows { next: row }),
            _ => Err(Failure::new(CH_E_CURSOR, "The cursor is not one of these contacts; read them all again.")),
        }
    }

    /// The next rows; None at the end.
    pub fn next(&mut self, call: Call) -> Outcome<Option<(usize, Vec<Column>)>> {
        let rows = &CONTACTS[self.next..CONTACTS.len().min(self.next + ROWS_PER_BATCH)];
        if rows.is_empty() {
            return Ok(None);
        }
        self.next += rows.len();
        call.progress("rows", self.next as i64, CONTACTS.len() as i64);
        let columns = vec![
            Column::Integers(rows.iter().map(|row| Some(row.id)).collect()),
            Column::Texts(rows.iter().map(|row| row.email.map(str::to_string)).collect()),
            Column::Doubles(rows.iter().map(|row| Some(row.score)).collect()),
            Column::Booleans(rows.iter().map(|row| Some(row.is_active)).collect()),
        ];
        Ok(Some((rows.len(), columns)))
    }

    pub fn cursor(&self) -> String {
        format!(r#"{{"row":{}}}"#, self.next)
    }
}
