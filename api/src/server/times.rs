//! Metrics of request durations.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use actix_web::http::StatusCode;
use metrics::Histogram;

/// The histograms of an operation, by method and status.
type Known = Vec<(&'static str, StatusCode, Histogram)>;

thread_local! {
    /// Histograms by operation. Looking one up in the registry takes longer than recording a value.
    static TIMES: RefCell<HashMap<String, Known>> = RefCell::default();
}

/// Records the duration of a request.
pub(super) fn count(method: &'static str, operation: &str, status: StatusCode, elapsed: Duration) {
    TIMES.with_borrow_mut(|times| {
        let of_operation = match times.get_mut(operation) {
            Some(known) => known,
            None => times.entry(operation.to_owned()).or_default(),
        };
        let known = of_operation.iter().find(|(of_method, of_status, _)| *of_method == method && *of_status == status);
        if let Some((_, _, histogram)) = known {
            return histogram.record(elapsed.as_secs_f64());
        }
        let histogram = metrics::histogram!(
            "teammate_request_seconds",
            "method" => method,
            "operation" => operation.to_owned(),
            "status" => status.as_str().to_owned(),
        );
        histogram.record(elapsed.as_secs_f64());
        of_operation.push((method, status, histogram));
    });
}
