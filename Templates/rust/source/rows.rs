//! Begin here: the rows. As it stands there is one stream, "numbers", with as many rows as the setting says.

use crate::abi::*;
use crate::arrow::{Column, Field, Kind};
use crate::host::{Call, Failure, Outcome};
use crate::settings;

const ROWS_PER_BATCH: i64 = 4096;
const DEFAULT_ROWS: i64 = 10_000;

/// What there is to read, as JSON: {"streams":[{"name","title","primary_key","cursor_field","modes","estimate_rows"}]}.
pub fn streams(json: &str) -> Outcome<String> {
    Ok(format!(
        r#"{{"streams":[{{"name":"numbers","title":"Numbers","primary_key":["number"],"cursor_field":"number","modes":["full","incremental"],"estimate_rows":{}}}]}}"#,
        row_count(json)
    ))
}

/// The columns of a stream.
pub fn fields(stream: &str) -> Outcome<&'static [Field]> {
    match stream {
        "numbers" => Ok(&[
            Field { name: "number", kind: Kind::Integer, is_nullable: false },
            Field { name: "label", kind: Kind::Text, is_nullable: false },
        ]),
        _ => Err(Failure::new(CH_E_NOT_FOUND, format!("There is no stream \"{stream}\"; there is: numbers."))),
    }
}

/// One reading of a stream.
pub struct Rows {
    next: i64,
    end: i64,
}

impl Rows {
    /// From the start, or from where the reading ended whose cursor this is. A cursor that is not yours is CH_E_CURSOR: then the host
    /// reads everything again.
    pub fn open(json: &str, _stream: &str, cursor: Option<&str>) -> Outcome<Rows> {
        let end = row_count(json) + 1;
        let last = match cursor {
            None => 0,
            Some(cursor) => match settings::integer(cursor, "number") {
                Some(number) if (0..end).contains(&number) => number,
                _ => return Err(Failure::new(CH_E_CURSOR, "The place to go on from is none of these numbers; read them all again.")),
            },
        };
        Ok(Rows { next: last + 1, end })
    }

    /// The next rows, one `Column` for each field; None at the end. About 10,000 rows or 8 MB are best.
    pub fn next(&mut self, call: Call) -> Outcome<Option<(usize, Vec<Column>)>> {
        let numbers = self.next..self.end.min(self.next + ROWS_PER_BATCH);
        if numbers.is_empty() {
            return Ok(None);
        }
        self.next = numbers.end;
        call.progress("rows", self.next - 1, self.end - 1);
        let labels = numbers.clone().map(|number| Some(format!("row {number}"))).collect();
        let length = (numbers.end - numbers.start) as usize;
        Ok(Some((length, vec![Column::Integers(numbers.map(Some).collect()), Column::Texts(labels)])))
    }

    /// JSON of yours that covers exactly the rows handed out so far.
    pub fn cursor(&self) -> String {
        format!(r#"{{"number":{}}}"#, self.next - 1)
    }
}

/// A real test of the connection; tell each step.
pub fn check(_json: &str, call: Call) -> Outcome<()> {
    call.step("count", true, 0.0, "it can count");
    Ok(())
}

fn row_count(json: &str) -> i64 {
    settings::integer(json, "rows").unwrap_or(DEFAULT_ROWS).clamp(0, 1_000_000_000_000)
}
