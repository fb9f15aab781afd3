//! Durations of calls, loads, the second layer and the bus: quantiles for the page, histograms for Prometheus.

use lazy_layers_engine::observe::{
    Histogram,
    histogram::{self, BUCKETS},
};
use prometheus::proto;

use super::{
    json::{Object, array, number},
    watched::{self, Watched},
};
use crate::{contract::observed::durations, stats::CacheStats};

/// The milliseconds in a microsecond, and in a nanosecond.
const MICROS: f64 = 1e-3;
const NANOS: f64 = 1e-6;

/// Durations, as they were counted.
#[derive(Clone)]
pub(crate) struct Durations {
    buckets: [u64; BUCKETS],
    /// The sum of all, and the longest, in units.
    sum: f64,
    longest: f64,
    /// The milliseconds in a unit.
    unit: f64,
}

#[expect(clippy::cast_precision_loss, reason = "counts and microseconds fit 53 bits")]
impl Durations {
    fn of(histogram: &Histogram) -> Durations {
        let (buckets, micros, longest) = histogram.read();
        Durations { buckets, sum: micros as f64, longest: longest as f64, unit: MICROS }
    }

    /// The durations of the loads of a cache whose events JavaScript counts.
    fn of_loads(watched: &Watched) -> Durations {
        Durations::counted(watched, durations::LOADS, MICROS)
    }

    /// The durations of every 64th of its calls that L1 answered.
    fn of_calls(watched: &Watched) -> Durations {
        Durations::counted(watched, durations::CALLS, NANOS)
    }

    /// The durations that JavaScript counts, from a place in its array on.
    fn counted(watched: &Watched, from: usize, unit: f64) -> Durations {
        let words = watched.durations.lock();
        let of = |at| words.load(from + at);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts")]
        let buckets = std::array::from_fn(|at| of(at) as u64);
        Durations { buckets, sum: of(durations::SUM), longest: of(durations::LONGEST), unit }
    }

    fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    fn add(&mut self, other: &Durations) {
        for (bucket, more) in self.buckets.iter_mut().zip(other.buckets) {
            *bucket += more;
        }
        self.sum += other.sum;
        self.longest = self.longest.max(other.longest);
    }

    /// The milliseconds that at least this share of them did not exceed.
    fn quantile(&self, share: f64) -> f64 {
        let wanted = self.count() as f64 * share;
        let mut before = 0.0;
        for (at, count) in self.buckets.iter().enumerate().filter(|(_, count)| **count > 0) {
            let (begin, end) =
                (at.checked_sub(1).map_or(0, histogram::end) as f64, histogram::end(at) as f64);
            let count = *count as f64;
            if before + count >= wanted {
                let within = begin + (end - begin) * ((wanted - before) / count).max(0.0);
                return within.min(self.longest) * self.unit;
            }
            before += count;
        }
        self.longest * self.unit
    }

    fn json(&self) -> String {
        let count = self.count() as f64;
        if count < 1.0 {
            return "null".to_owned();
        }
        let shown = self.buckets.iter().enumerate().filter(|(_, count)| **count > 0);
        let buckets = shown
            .map(|(at, count)| array([number(histogram::end(at) as f64 * self.unit), number(*count as f64)]));
        Object::default()
            .number("count", count)
            .number("mean", self.sum / count * self.unit)
            .number("p50", self.quantile(0.5))
            .number("p90", self.quantile(0.9))
            .number("p99", self.quantile(0.99))
            .number("p999", self.quantile(0.999))
            .number("max", self.longest * self.unit)
            .raw("buckets", array(buckets))
            .end()
    }
}

/// `api/latency`.
pub(crate) fn json(watched: &Watched) -> String {
    let [second, publishing] = watched.stats.histograms().map(Durations::of);
    let histograms = Object::default()
        .raw("l1", Durations::of_calls(watched).json())
        .raw("l2", second.json())
        .raw("loader", Durations::of_loads(watched).json())
        .raw("publish", publishing.json())
        .end();
    Object::default()
        .text("unit", "ms")
        .number("since", watched.about.started_at)
        .raw("histograms", histograms)
        .end()
}

/// The bounds of the buckets of Prometheus for calls that L1 answers, in seconds.
pub(crate) const BOUNDS_OF_CALLS: &[f64] =
    &[1e-7, 2.5e-7, 5e-7, 1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 1e-3, 1e-2, 0.1];

/// The same for all else.
pub(crate) const BOUNDS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// The latencies of caches with the same name, by layer; those of loads only for caches with a dashboard.
pub(crate) fn of_caches(caches: &[std::sync::Arc<CacheStats>]) -> Vec<(&'static str, Durations)> {
    let mut measured: Vec<(&'static str, Durations)> = Vec::new();
    let mut add = |layer, durations: Durations| match measured.iter_mut().find(|known| known.0 == layer) {
        Some((_, known)) => known.add(&durations),
        None => measured.push((layer, durations)),
    };
    for stats in caches {
        let [second, bus] = stats.circuits().map(|state| state.is_some());
        let [of_second, of_bus] = stats.histograms();
        if second {
            add("l2", Durations::of(of_second));
        }
        if bus {
            add("bus", Durations::of(of_bus));
        }
        if let Some(watched) = watched::find(stats.number) {
            add("loader", Durations::of_loads(&watched));
        }
    }
    measured
}

/// The durations of calls that L1 answered, of caches with the same name; `None` if no call was timed.
pub(crate) fn of_calls(caches: &[std::sync::Arc<CacheStats>]) -> Option<Durations> {
    let timed = caches.iter().filter_map(|stats| watched::find(stats.number));
    let all = timed.map(|watched| Durations::of_calls(&watched)).reduce(|mut all, other| {
        all.add(&other);
        all
    });
    all.filter(|all| all.count() > 0)
}

/// A series of a histogram of Prometheus.
#[expect(clippy::cast_precision_loss, reason = "microseconds fit 53 bits")]
pub(crate) fn series(cache: &str, layer: &str, bounds: &[f64], durations: &Durations) -> proto::Metric {
    const SECONDS: f64 = 1e-3;
    // A bucket that ends at a bound must not miss it by the last bit.
    const SLACK: f64 = 1.0 + 1e-9;
    let label = |name: &str, value: &str| {
        let mut label = proto::LabelPair::default();
        label.set_name(name.to_owned());
        label.set_value(value.to_owned());
        label
    };
    let buckets = bounds.iter().map(|bound| {
        let within = |at: &usize| histogram::end(*at) as f64 * durations.unit * SECONDS <= bound * SLACK;
        let count = (0..BUCKETS).take_while(within).map(|at| durations.buckets[at]).sum();
        let mut bucket = proto::Bucket::default();
        bucket.set_upper_bound(*bound);
        bucket.set_cumulative_count(count);
        bucket
    });
    let mut histogram = proto::Histogram::default();
    histogram.set_sample_count(durations.count());
    histogram.set_sample_sum(durations.sum * durations.unit * SECONDS);
    histogram.set_bucket(buckets.collect());
    let mut metric = proto::Metric::default();
    metric.set_label(vec![label("cache", cache), label("layer", layer)]);
    metric.set_histogram(histogram);
    metric
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn quantiles_are_a_quarter_off_at_most() {
        let histogram = Histogram::default();
        for millis in 1..=1000 {
            histogram.record(Duration::from_millis(millis));
        }
        let durations = Durations::of(&histogram);
        for (share, wanted) in [(0.5, 500.0), (0.9, 900.0), (0.99, 990.0)] {
            let found = durations.quantile(share);
            assert!((found / wanted - 1.0).abs() < 0.25, "{share}: {found}");
        }
        assert!((durations.quantile(1.0) - 1000.0).abs() < 1e-9);
    }

    #[test]
    fn nothing_measured_is_nothing_known() {
        assert_eq!(Durations::of(&Histogram::default()).json(), "null");
    }
}
