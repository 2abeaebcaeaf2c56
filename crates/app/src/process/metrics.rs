//! What this process counts, in Prometheus's text format.

use std::fmt;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Bounds of the steps' histogram, in seconds.
const STEP_SECONDS: [f64; 9] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StepName {
    step: String,
}

/// Counters of one process.
pub struct Metrics {
    registry: Registry,
    processed: Counter,
    rejected: Family<Reason, Counter>,
    waiting: Gauge,
    missing: Gauge,
    unrecorded: Gauge,
    log_damaged: Gauge,
    #[cfg(feature = "serve")]
    store: StoreMetrics,
    steps: Family<StepName, Histogram, fn() -> Histogram>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("qdn_photos");
        let processed = Counter::default();
        let rejected = Family::<Reason, Counter>::default();
        let waiting = Gauge::default();
        let (missing, unrecorded, log_damaged) = (Gauge::default(), Gauge::default(), Gauge::default());
        let steps = Family::new_with_constructor((|| Histogram::new(STEP_SECONDS)) as fn() -> Histogram);
        registry.register("processed", "Photos whose renditions were made", processed.clone());
        registry.register("rejected", "Photos that cannot be shown, by reason", rejected.clone());
        registry.register("waiting", "Photos that wait for the processor or are with it", waiting.clone());
        let help = "Photos that the database knows as stored and the bucket lacks, as last compared";
        registry.register("missing", help, missing.clone());
        let help = "Objects with an id of this installation and without a record, as last compared";
        registry.register("unrecorded", help, unrecorded.clone());
        let help = "1 when the database's write-ahead log was found damaged or missing at the start";
        registry.register("database_log_damaged", help, log_damaged.clone());
        #[cfg(feature = "serve")]
        let store = StoreMetrics::register(&mut registry);
        let help = "Time of each step of a photo's processing";
        registry.register_with_unit("step", help, Unit::Seconds, steps.clone());
        Self {
            registry,
            processed,
            rejected,
            waiting,
            missing,
            unrecorded,
            log_damaged,
            #[cfg(feature = "serve")]
            store,
            steps,
        }
    }
}

impl Metrics {
    /// A photo is ready; its steps took so many microseconds.
    pub fn processed(&self, steps: &[(String, u64)]) {
        self.processed.inc();
        for (step, micros) in steps {
            let seconds = std::time::Duration::from_micros(*micros).as_secs_f64();
            self.steps.get_or_create(&StepName { step: step.clone() }).observe(seconds);
        }
    }

    /// A photo cannot be shown.
    pub fn rejected(&self, code: &str) {
        self.rejected.get_or_create(&Reason { reason: code.to_owned() }).inc();
    }

    /// The bucket and the database were compared.
    pub fn compared(&self, missing: u64, unrecorded: u64) {
        self.missing.set(i64::try_from(missing).unwrap_or(i64::MAX));
        self.unrecorded.set(i64::try_from(unrecorded).unwrap_or(i64::MAX));
    }

    /// The database's write-ahead log was damaged or missing at the start.
    pub fn database_log_damaged(&self) {
        self.log_damaged.set(1);
    }

    /// The embedded store, as it is now.
    #[cfg(feature = "serve")]
    pub fn store(&self, condition: &qdn_store::Condition) {
        self.store.set(condition);
    }

    /// All of it, as `application/openmetrics-text` 1.0.
    ///
    /// # Errors
    /// Never in practice: a string takes everything.
    pub fn text(&self, waiting: u64) -> Result<String, fmt::Error> {
        self.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// What the embedded store has repaired and what it cannot use, since the start.
#[cfg(feature = "serve")]
struct StoreMetrics {
    rows_repaired: Gauge,
    lost_objects: Gauge,
    unreadable: Gauge,
    strange_entries: Gauge,
    verifying: Gauge,
}

#[cfg(feature = "serve")]
impl StoreMetrics {
    fn register(registry: &mut Registry) -> Self {
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        Self {
            rows_repaired: gauge(
                "index_rows_repaired",
                "Rows of the index that were made to agree with the files",
            ),
            lost_objects: gauge("lost_objects", "Objects that the index listed and whose file is gone"),
            unreadable: gauge("unreadable_objects", "Objects, and directories of them, that cannot be read"),
            strange_entries: gauge("strange_entries", "Files in the store's folders that it did not make"),
            verifying: gauge("index_verifying", "1 while files and index are compared in the background"),
        }
    }

    fn set(&self, condition: &qdn_store::Condition) {
        let set = |gauge: &Gauge, value: u64| gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        set(
            &self.rows_repaired,
            condition.rows_added + condition.rows_changed + condition.lost_objects.count,
        );
        set(&self.lost_objects, condition.lost_objects.count);
        set(&self.unreadable, condition.unreadable_objects.count + condition.unreadable_directories.count);
        set(&self.strange_entries, condition.strange_entries.count);
        set(&self.verifying, condition.verifying.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_told() {
        let metrics = Metrics::default();
        metrics.processed(&[("decode".to_owned(), 40_000)]);
        metrics.rejected("corrupt");
        metrics.compared(2, 5);
        let text = metrics.text(3).unwrap();
        for line in [
            "qdn_photos_processed_total 1",
            "qdn_photos_rejected_total{reason=\"corrupt\"} 1",
            "qdn_photos_waiting 3",
            "qdn_photos_missing 2",
            "qdn_photos_unrecorded 5",
            "qdn_photos_database_log_damaged 0",
            "qdn_photos_step_seconds_bucket{le=\"0.05\",step=\"decode\"} 1",
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
    }
}
