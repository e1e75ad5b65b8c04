//! `callboard bench compare`: two runs side by side.

use std::path::PathBuf;

use clap::Args;

use super::page;
use super::results::{Better, Measurement, Run, newest_two};
use crate::Result;

/// The noise of numbers that were measured only once, and the least noise of any other.
const LEAST_NOISE: f64 = 0.05;

/// Flags of `callboard bench compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// The results to compare with. Defaults to the second newest of the folder.
    pub old: Option<PathBuf>,
    /// The results to judge. Defaults to the newest of the folder.
    pub new: Option<PathBuf>,
    /// The folder of saved results.
    #[arg(long, default_value = "target/bench")]
    pub folder: PathBuf,
}

/// Prints the comparison.
pub fn run(args: CompareArgs) -> Result<()> {
    let (old, new) = match (args.old, args.new) {
        (Some(old), Some(new)) => (old, new),
        (Some(old), None) => (old, newest_two(&args.folder)?.1),
        (None, _) => newest_two(&args.folder)?,
    };
    print!("{}", compared(&Run::load(&old)?, &Run::load(&new)?));
    Ok(())
}

/// The page of the comparison.
fn compared(old: &Run, new: &Run) -> String {
    let mut out = format!("\nold: {}\nnew: {}\n", page::heading(old), page::heading(new));
    if (old.cores, &old.build, &old.settings) != (new.cores, &new.build, &new.settings) {
        out.push_str("The runs differ in machine, build or flags: their numbers say little about each other.\n");
    }
    let (mut better, mut worse, mut equal) = (0, 0, 0);
    for group in page::groups(&[new, old]) {
        out.push_str(&format!("\n{group:<56}{:>12}{:>12}{:>10}{:>9}\n", "old", "new", "change", "noise"));
        let in_group = |run: &'_ Run| -> Vec<Measurement> {
            run.measurements.iter().filter(|one| one.group == group).cloned().collect()
        };
        let (before, after) = (in_group(old), in_group(new));
        for one in &after {
            let name = short_name(one);
            let shown = page::number(one.value, &one.unit);
            let Some(earlier) = before.iter().find(|earlier| earlier.name == one.name && earlier.unit == one.unit)
            else {
                out.push_str(&format!("  {name:<54}{:>12}{shown:>12}   only in the new one\n", ""));
                continue;
            };
            let judged = Change::between(earlier, one);
            match judged.verdict {
                Some(true) => better += 1,
                Some(false) => worse += 1,
                None => equal += 1,
            }
            out.push_str(&format!(
                "  {name:<54}{:>12}{shown:>12}{:>10}{:>9}{}\n",
                page::number(earlier.value, &earlier.unit),
                judged.percent(),
                format!("{:.0} %", judged.noise * 100.0),
                match judged.verdict {
                    Some(true) => "  better",
                    Some(false) => "  WORSE",
                    None => "",
                }
            ));
        }
        for one in
            before.iter().filter(|one| !after.iter().any(|later| later.name == one.name && later.unit == one.unit))
        {
            let shown = page::number(one.value, &one.unit);
            out.push_str(&format!("  {:<54}{shown:>12}{:>12}   only in the old one\n", short_name(one), ""));
        }
    }
    out.push_str(&format!(
        "\n{better} better, {worse} worse, {equal} within the noise. Noise is the distance between the lowest and the highest \
         repetition,\nin percent of the median, in the noisier of the two runs; at least {:.0} %, which also stands for numbers \
         measured once.\n",
        LEAST_NOISE * 100.0
    ));
    out
}

/// Its line and column; a column's name has the unit.
fn short_name(one: &Measurement) -> String {
    match (one.column.as_str(), one.unit.as_str()) {
        ("", unit) => format!("{} ({unit})", one.line),
        (column, _) => format!("{}: {column}", one.line),
    }
}

struct Change {
    /// `None` if the old value is 0.
    share: Option<f64>,
    noise: f64,
    /// Whether the new value is better; `None` within the noise.
    verdict: Option<bool>,
}

impl Change {
    fn between(old: &Measurement, new: &Measurement) -> Self {
        let noise = [old.spread(), new.spread()].into_iter().flatten().fold(LEAST_NOISE, f64::max);
        let share = (old.value.abs() > f64::EPSILON).then(|| (new.value - old.value) / old.value.abs());
        let differs = share.map_or(new.value.abs() > f64::EPSILON, |share| share.abs() > noise);
        let verdict = differs.then(|| (new.value > old.value) == (new.better == Better::Higher));
        Self { share, noise, verdict }
    }

    fn percent(&self) -> String {
        self.share.map_or_else(|| "from 0".to_owned(), |share| format!("{:+.1} %", share * 100.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(better: Better, repetitions: &[f64]) -> Measurement {
        Measurement {
            name: "x".to_owned(),
            group: String::new(),
            line: String::new(),
            column: String::new(),
            unit: "1/s".to_owned(),
            value: super::super::results::median(repetitions),
            better,
            aim: None,
            repetitions: repetitions.to_vec(),
        }
    }

    #[test]
    fn a_change_counts_beyond_the_noise_of_the_noisier_run() {
        let verdict =
            |better, old: &[f64], new: &[f64]| Change::between(&measured(better, old), &measured(better, new)).verdict;
        let steady: &[f64] = &[99.0, 100.0, 101.0];
        assert_eq!(verdict(Better::Higher, steady, &[119.0, 120.0, 121.0]), Some(true));
        assert_eq!(verdict(Better::Lower, steady, &[119.0, 120.0, 121.0]), Some(false));
        assert_eq!(verdict(Better::Higher, steady, &[110.0, 120.0, 140.0]), None);
        assert_eq!(verdict(Better::Higher, &[80.0, 100.0, 120.0], &[120.0]), None);
        assert_eq!(verdict(Better::Lower, &[100.0], &[104.0]), None);
        assert_eq!(verdict(Better::Lower, &[100.0], &[90.0]), Some(true));
        assert_eq!(verdict(Better::Lower, &[0.0], &[0.0]), None);
        assert_eq!(verdict(Better::Lower, &[0.0], &[3.0]), Some(false));
    }
}
