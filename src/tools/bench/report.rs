//! The tables a measurement run prints.

/// Lines under headings, printed at the end.
#[derive(Debug, Default)]
pub struct Report {
    lines: Vec<String>,
}

impl Report {
    /// Begins a table.
    pub fn heading(&mut self, text: &str) {
        self.lines.push(format!("\n{text}"));
        eprintln!("measuring: {text}");
    }

    /// A value beside its yardstick, and what the one is of the other.
    pub fn ratio(&mut self, name: &str, value: f64, yardstick: f64) {
        let ratio = value / yardstick.max(f64::MIN_POSITIVE);
        self.lines.push(format!("  {name:<44} {value:>10.1} {yardstick:>10.1}   ratio {ratio:.2}"));
    }

    /// A value by itself.
    pub fn line(&mut self, name: &str, value: &str) {
        self.lines.push(format!("  {name:<44} {value}"));
    }

    /// Prints what was added since the last time.
    pub fn print(&mut self) {
        for line in self.lines.drain(..) {
            println!("{line}");
        }
    }
}
