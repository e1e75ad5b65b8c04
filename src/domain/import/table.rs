//! CSV as trackers and spreadsheets write it: commas, semicolons or tabs, repeated columns, rows that are too short, and
//! texts that spreadsheets would take for formulas.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use super::model::Batch;

/// A table with named columns.
#[derive(Debug)]
pub struct Table {
    headers: Vec<String>,
    /// Columns by name in lower case.
    columns: HashMap<String, Vec<usize>>,
    rows: Vec<(u64, Vec<String>)>,
    /// Whether a quote has no end, as in a file that was cut.
    unclosed: bool,
    /// Names that were asked for.
    used: RefCell<BTreeSet<String>>,
}

/// A row of a table.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    table: &'a Table,
    /// Its line in the file.
    pub line: u64,
    cells: &'a [String],
}

/// The names of the columns, in lower case.
pub fn headers(text: &str) -> Vec<String> {
    let (text, delimiter) = open(text);
    let mut reader = reader(text, delimiter);
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(true) => record.iter().map(|name| name.trim().to_lowercase()).collect(),
        _ => Vec::new(),
    }
}

impl Table {
    /// Reads a text.
    pub fn read(text: &str) -> Self {
        let (text, delimiter) = open(text);
        let mut reader = reader(text, delimiter);
        let mut records = reader.records();
        let headers: Vec<String> = match records.next() {
            Some(Ok(record)) => record.iter().map(|name| name.trim().to_owned()).collect(),
            _ => Vec::new(),
        };
        let mut columns: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, name) in headers.iter().enumerate() {
            columns.entry(name.to_lowercase()).or_default().push(place);
        }
        let rows = records
            .flatten()
            .map(|record| {
                (record.position().map_or(0, csv::Position::line), record.iter().map(plain_cell).collect::<Vec<_>>())
            })
            .filter(|(_, cells)| cells.iter().any(|cell| !cell.trim().is_empty()))
            .collect();
        Self { headers, columns, rows, unclosed: text.matches('"').count() % 2 == 1, used: RefCell::default() }
    }

    /// The rows.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|(line, cells)| Row { table: self, line: *line, cells })
    }

    /// All values of these columns, to learn from them.
    pub fn values<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a str> {
        self.rows().flat_map(|row| names.iter().flat_map(move |name| row.all(name)))
    }

    /// The names of the columns, as written.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().map(String::as_str)
    }

    fn places(&self, name: &str) -> &[usize] {
        let name = name.to_lowercase();
        let places = self.columns.get(&name).map_or(&[][..], Vec::as_slice);
        if !places.is_empty() && !self.used.borrow().contains(&name) {
            self.used.borrow_mut().insert(name);
        }
        places
    }

    /// Marks columns whose loss is none, such as sums and other names of what is taken.
    pub fn ignore(&self, names: &[&str]) {
        self.used.borrow_mut().extend(names.iter().map(|name| name.to_lowercase()));
    }

    /// Notes the values of the columns that were not asked for.
    pub fn report_unused(&self, batch: &mut Batch) {
        if self.unclosed {
            let line = self.rows.last().map_or(1, |(line, _)| *line);
            batch.warn(
                line,
                "the last quote of the table is not closed: rows after it may have become part of this one",
            );
        }
        let used = self.used.borrow();
        for (place, name) in self.headers.iter().enumerate() {
            if used.contains(&name.to_lowercase()) {
                continue;
            }
            for (_, cells) in &self.rows {
                if let Some(value) = cells.get(place).filter(|value| !value.trim().is_empty()) {
                    let name = if name.is_empty() { "without a name" } else { name };
                    batch.not_taken.add(&format!("column {name}"), "Callboard has no field for it", value);
                }
            }
        }
    }
}

impl<'a> Row<'a> {
    /// All filled values of the columns of this name.
    pub fn all(self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let cells = self.cells;
        self.table
            .places(name)
            .iter()
            .filter_map(move |place| cells.get(*place))
            .map(String::as_str)
            .filter(|cell| !cell.trim().is_empty())
    }

    /// The first filled value of these columns, trimmed.
    pub fn get(self, names: &[&str]) -> Option<&'a str> {
        let mut found = None;
        // Every name is looked up, so that it counts as known.
        for name in names {
            found = found.or(self.all(name).next());
        }
        found.map(str::trim)
    }

    /// The same as a text that may be empty.
    pub fn text(self, names: &[&str]) -> String {
        self.get(names).unwrap_or_default().to_owned()
    }
}

/// Without Excel's first line `sep=;`, and the delimiter: what separates most columns in the first line.
fn open(text: &str) -> (&str, u8) {
    let mut text = text;
    let first = text.lines().next().unwrap_or_default();
    if let Some(delimiter) = first.trim().strip_prefix("sep=") {
        text = text.get(first.len()..).unwrap_or_default().trim_start_matches(['\r', '\n']);
        if let [delimiter] = delimiter.as_bytes() {
            return (text, *delimiter);
        }
    }
    let first = text.lines().next().unwrap_or_default();
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut is_quoted = false;
    for byte in first.bytes() {
        is_quoted ^= byte == b'"';
        for (delimiter, count) in &mut counts {
            *count += i32::from(!is_quoted && byte == *delimiter);
        }
    }
    let most = counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| *delimiter);
    (text, most)
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes())
}

/// Exporters put an apostrophe before a text that a spreadsheet would take for a formula.
fn plain_cell(cell: &str) -> String {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r']) => rest.to_owned(),
        _ => cell.to_owned(),
    }
}

/// The items of a cell, separated by commas.
pub fn listed(cell: &str) -> impl Iterator<Item = String> {
    cell.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_and_repeated_columns() {
        for text in [
            "Key,Labels,Labels\nA-1,x,y\n",
            "sep=;\r\nKey;Labels;Labels\r\nA-1;x;y",
            "Key\tLabels\tLabels\nA-1\tx\ty\n\n",
        ] {
            let table = Table::read(text);
            let row = table.rows().next().expect("a row");
            assert_eq!(row.get(&["key"]), Some("A-1"), "{text}");
            assert_eq!(row.all("Labels").collect::<Vec<_>>(), ["x", "y"]);
            assert_eq!(table.rows().count(), 1);
        }
    }

    #[test]
    fn quotes_short_rows_and_formulas() {
        let table = Table::read("a,b,c\n\"x, \"\"y\"\"\nz\",'=1+1\n'quoted',2,3,4\n");
        let rows: Vec<_> =
            table.rows().map(|row| (row.line, row.text(&["a"]), row.text(&["b"]), row.text(&["c"]))).collect();
        let texts = |line: u64, a: &str, b: &str, c: &str| (line, a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(rows, [texts(2, "x, \"y\"\nz", "=1+1", ""), texts(4, "'quoted'", "2", "3")]);
    }
}
