//! Millions of delays in a fixed amount of memory.

/// Milliseconds of one bucket.
const WIDTH: f64 = 0.1;
/// Longer delays than ten seconds count as ten seconds.
const BUCKETS: usize = 100_000;

/// Delays in milliseconds, rounded to a tenth.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: Vec<u32>,
    count: u64,
}

impl Histogram {
    /// Adds a delay.
    pub fn add(&mut self, milliseconds: f64) {
        let place = ((milliseconds / WIDTH) as usize).min(BUCKETS - 1);
        if place >= self.buckets.len() {
            self.buckets.resize(place + 1, 0);
        }
        self.buckets[place] = self.buckets[place].saturating_add(1);
        self.count += 1;
    }

    /// The delay that this share of all delays does not exceed; 0 without any.
    pub fn quantile(&self, share: f64) -> f64 {
        let wanted = (self.count as f64 * share).ceil().max(1.0);
        let mut seen = 0.0;
        for (place, count) in self.buckets.iter().enumerate() {
            seen += f64::from(*count);
            if seen >= wanted {
                return (place + 1) as f64 * WIDTH;
            }
        }
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::Histogram;

    #[test]
    fn quantiles_are_those_of_the_delays() {
        let mut delays = Histogram::default();
        assert!(delays.quantile(0.99).abs() < f64::EPSILON);
        (1..=1000).for_each(|place| delays.add(f64::from(place) - 0.05));
        for (share, expected) in [(0.5, 500.0), (0.95, 950.0), (0.99, 990.0), (1.0, 1000.0)] {
            assert!((delays.quantile(share) - expected).abs() < 0.11, "{share}: {}", delays.quantile(share));
        }
        delays.add(1e9);
        assert!(delays.quantile(1.0) <= 10_000.0);
    }
}
