//! Durations of calls, loads, the second layer and the bus: quantiles for the page, histograms for Prometheus.

use lazy_layers_engine::observe::histogram::{self, BUCKETS};
use prometheus::proto;

use super::{
    json::{Object, array, number},
    watched::Watched,
};
use crate::totals::durations::{Durations, Timed};

/// Durations for the page.
struct Shown<'a>(&'a Durations);

#[expect(clippy::cast_precision_loss, reason = "counts and microseconds fit 53 bits")]
impl Shown<'_> {
    /// The milliseconds that at least this share of them did not exceed.
    fn quantile(&self, share: f64) -> f64 {
        let wanted = self.0.count() as f64 * share;
        let mut before = 0.0;
        for (at, count) in self.0.buckets.iter().enumerate().filter(|(_, count)| **count > 0) {
            let (begin, end) =
                (at.checked_sub(1).map_or(0, histogram::end) as f64, histogram::end(at) as f64);
            let count = *count as f64;
            if before + count >= wanted {
                let within = begin + (end - begin) * ((wanted - before) / count).max(0.0);
                return within.min(self.0.longest) * self.0.unit;
            }
            before += count;
        }
        self.0.longest * self.0.unit
    }

    fn json(&self) -> String {
        let count = self.0.count() as f64;
        if count < 1.0 {
            return "null".to_owned();
        }
        let shown = self.0.buckets.iter().enumerate().filter(|(_, count)| **count > 0);
        let buckets = shown.map(|(at, count)| {
            array([number(histogram::end(at) as f64 * self.0.unit), number(*count as f64)])
        });
        Object::default()
            .number("count", count)
            .number("mean", self.0.sum / count * self.0.unit)
            .number("p50", self.quantile(0.5))
            .number("p90", self.quantile(0.9))
            .number("p99", self.quantile(0.99))
            .number("p999", self.quantile(0.999))
            .number("max", self.0.longest * self.0.unit)
            .raw("buckets", array(buckets))
            .end()
    }
}

/// `api/latency`.
pub(crate) fn json(watched: &Watched) -> String {
    let of = |timed| {
        watched.stats.durations(timed).map_or("null".to_owned(), |durations| Shown(&durations).json())
    };
    let histograms = Object::default()
        .raw("l1", of(Timed::Calls))
        .raw("l2", of(Timed::SecondLayer))
        .raw("loader", of(Timed::Loads))
        .raw("publish", of(Timed::Bus))
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

    use lazy_layers_engine::observe::Histogram;

    use super::*;

    #[test]
    fn quantiles_are_a_quarter_off_at_most() {
        let histogram = Histogram::default();
        for millis in 1..=1000 {
            histogram.record(Duration::from_millis(millis));
        }
        let durations = Durations::of(&histogram);
        for (share, wanted) in [(0.5, 500.0), (0.9, 900.0), (0.99, 990.0)] {
            let found = Shown(&durations).quantile(share);
            assert!((found / wanted - 1.0).abs() < 0.25, "{share}: {found}");
        }
        assert!((Shown(&durations).quantile(1.0) - 1000.0).abs() < 1e-9);
    }

    #[test]
    fn nothing_measured_is_nothing_known() {
        assert_eq!(Shown(&Durations::of(&Histogram::default())).json(), "null");
    }
}
