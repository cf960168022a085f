//! Telemetry: what a run exports about itself, as OpenTelemetry over OTLP (HTTP, protobuf).
//!
//! Owns the names of spans and metrics. Guarantees that a run goes on when nobody takes them, and that nothing is
//! exported but ids of tenant and run, names of services and steps, counts and times. Without an address nothing is
//! made and nothing is sent.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use highwater_auth::host;
use opentelemetry::metrics::{Counter, Histogram, MeterProvider as _};
use opentelemetry::trace::{
    Span as _, SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{
    MetricExporter, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tokio::runtime::Handle;
use url::Url;

use crate::{Error, Record};

/// Name of what is exported.
const SCOPE: &str = "highwater";
/// Time that a collector of telemetry is given.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where telemetry goes, and as whose.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address of the collector, without the path of a signal.
    pub endpoint: String,
    /// Name of this service.
    pub service: String,
    /// Version of this program.
    pub version: String,
    /// Whether headers go along that may hold a secret (`OTEL_EXPORTER_OTLP_HEADERS`).
    pub headers: bool,
}

/// A run that is being exported. One a process.
#[derive(Debug)]
pub struct Telemetry {
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
    tracer: SdkTracer,
    run: Context,
    begun: SystemTime,
}

/// What requests are counted with, wherever they are made.
struct Requests {
    tracer: SdkTracer,
    parent: Context,
    sent: Counter<u64>,
    took: Histogram<f64>,
    waits: Counter<u64>,
    waited: Counter<f64>,
}

static REQUESTS: OnceLock<Requests> = OnceLock::new();

/// Begins to export a run, on the current runtime.
///
/// # Errors
/// [`Error::Observe`] when the address cannot be meant.
pub fn start(
    settings: &Settings,
    run: &Record,
    http: reqwest::Client,
    begun: SystemTime,
) -> Result<Telemetry, Error> {
    let wrong = |error: &dyn fmt::Display| Error::Observe(error.to_string());
    check(settings)?;
    let base = settings.endpoint.trim_end_matches('/');
    let client = Client { http, runtime: Handle::current() };
    let spans = SpanExporter::builder()
        .with_http()
        .with_http_client(client.clone())
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(PATIENCE)
        .with_endpoint(format!("{base}/v1/traces"))
        .build()
        .map_err(|error| wrong(&error))?;
    let numbers = MetricExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(PATIENCE)
        .with_endpoint(format!("{base}/v1/metrics"))
        .build()
        .map_err(|error| wrong(&error))?;
    let resource = Resource::builder()
        .with_service_name(settings.service.clone())
        .with_attribute(KeyValue::new("service.version", settings.version.clone()))
        .build();
    let traces = SdkTracerProvider::builder()
        .with_resource(resource.clone())
        .with_batch_exporter(spans)
        .build();
    let metrics = SdkMeterProvider::builder()
        .with_resource(resource)
        .with_reader(PeriodicReader::builder(numbers).build())
        .build();
    let tracer = traces.tracer(SCOPE);
    let span = tracer
        .span_builder("run")
        .with_start_time(begun)
        .with_attributes(about(run))
        .start(&tracer);
    let run = Context::new().with_span(span);
    Ok(Telemetry { traces, metrics, tracer, run, begun })
}

/// Plain http is for whoever is near; it takes no secret along.
fn check(settings: &Settings) -> Result<(), Error> {
    let url = Url::parse(&settings.endpoint).map_err(|error| {
        Error::Observe(format!(
            "`otlp` is no address ({error}): write one such as http://127.0.0.1:4318"
        ))
    })?;
    match url.scheme() {
        "https" => Ok(()),
        "http" if host::is_loopback(&url) || !settings.headers => Ok(()),
        "http" => Err(Error::Observe(
            "OTEL_EXPORTER_OTLP_HEADERS may hold a secret and goes over https alone: change `otlp`"
                .to_owned(),
        )),
        _ => Err(Error::Observe("`otlp` is an address with http or https".to_owned())),
    }
}

fn about(run: &Record) -> [KeyValue; 2] {
    [
        KeyValue::new("highwater.tenant", run.tenant.clone()),
        KeyValue::new("highwater.run", run.run.clone()),
    ]
}

/// A step under way.
#[derive(Debug)]
pub struct Step(Context);

impl Step {
    /// Ends the step; `failure` says why it failed, if it did.
    pub fn end(self, failure: Option<&str>) {
        if let Some(reason) = failure {
            self.0.span().set_status(Status::error(reason.to_owned()));
        }
        self.0.span().end();
    }
}

impl Telemetry {
    /// Begins a step; requests from now on are of it.
    pub fn step(&self, name: &'static str) -> Step {
        let span = self.tracer.span_builder(name).start_with_context(&self.tracer, &self.run);
        let context = self.run.with_span(span);
        if name == "collect" {
            let meter = self.metrics.meter(SCOPE);
            // A process makes one run: what was set first stays.
            let _ = REQUESTS.set(Requests {
                tracer: self.tracer.clone(),
                parent: context.clone(),
                sent: meter.u64_counter("highwater.requests").build(),
                took: meter.f64_histogram("highwater.request.duration").with_unit("s").build(),
                waits: meter.u64_counter("highwater.waits").build(),
                waited: meter.f64_counter("highwater.wait.time").with_unit("s").build(),
            });
        }
        Step(context)
    }

    /// Ends the export with how the run ended and how its results stand; `age` is that of the newest snapshot, in
    /// seconds. Waits for the collector, but not long.
    pub fn end(self, run: &Record, age: Option<i64>, now: SystemTime) {
        let meter = self.metrics.meter(SCOPE);
        let tenant = KeyValue::new("highwater.tenant", run.tenant.clone());
        let outcome = KeyValue::new("highwater.outcome", run.outcome.word());
        let took = now.duration_since(self.begun).unwrap_or_default().as_secs_f64();
        meter.u64_counter("highwater.runs").build().add(1, &[tenant.clone(), outcome.clone()]);
        meter
            .f64_histogram("highwater.run.duration")
            .with_unit("s")
            .build()
            .record(took, &[tenant.clone(), outcome.clone()]);
        let gauge = |name: &'static str| meter.u64_gauge(name).build();
        gauge("highwater.gaps").record(run.gaps as u64, std::slice::from_ref(&tenant));
        if let Some(age) = age {
            let age = u64::try_from(age).unwrap_or(0);
            gauge("highwater.snapshot.age").record(age, std::slice::from_ref(&tenant));
        }
        let levels = gauge("highwater.level");
        for (model, level) in &run.levels {
            let model = KeyValue::new("highwater.model", model.clone());
            levels.record(u64::from(*level), &[tenant.clone(), model]);
        }
        let span = self.run.span();
        span.set_attribute(outcome);
        if let Some(error) = &run.error {
            span.set_status(Status::error(error.clone()));
        }
        span.end();
        let shut = [self.metrics.shutdown().err(), self.traces.shutdown().err()];
        for error in shut.into_iter().flatten() {
            tracing::warn!(%error, "telemetry was not exported");
        }
    }
}

/// Counts an answered request, and shows it as a span of the step that collects.
pub fn answered(service: &'static str, status: u16, bytes: u64, took: Duration, now: SystemTime) {
    let Some(requests) = REQUESTS.get() else { return };
    let attributes = [
        KeyValue::new("highwater.service", service),
        KeyValue::new("http.response.status_code", i64::from(status)),
    ];
    requests.sent.add(1, &attributes);
    requests.took.record(took.as_secs_f64(), &attributes[..1]);
    let mut span = requests
        .tracer
        .span_builder("request")
        .with_kind(SpanKind::Client)
        .with_start_time(now - took)
        .with_attributes(attributes)
        .start_with_context(&requests.tracer, &requests.parent);
    let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
    span.set_attribute(KeyValue::new("http.response.body.size", bytes));
    span.end_with_timestamp(now);
}

/// Counts a wait.
pub fn waited(service: &'static str, time: Duration) {
    let Some(requests) = REQUESTS.get() else { return };
    let service = [KeyValue::new("highwater.service", service)];
    requests.waits.add(1, &service);
    requests.waited.add(time.as_secs_f64(), &service);
}

/// Sends with our client, on our runtime: exporters wait on threads of their own.
#[derive(Clone)]
struct Client {
    http: reqwest::Client,
    runtime: Handle,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, HttpError> {
        let http = self.http.clone();
        let sent = self.runtime.spawn(async move {
            let request = reqwest::Request::try_from(request)?;
            let answer = http.execute(request).await?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            Ok::<_, reqwest::Error>((status, headers, answer.bytes().await?))
        });
        let (status, headers, bytes) = sent.await?.map_err(reqwest::Error::without_url)?;
        let mut answer = http::Response::builder().status(status).body(bytes)?;
        *answer.headers_mut() = headers;
        Ok(answer)
    }
}

/// Settings from variables of the environment over those of the configuration; none where nobody named a collector.
pub fn settings(
    configured: Option<&str>,
    variables: &BTreeMap<String, String>,
    version: &str,
) -> Option<Settings> {
    let told = |name: &str| variables.get(name).filter(|text| !text.is_empty());
    if told("OTEL_SDK_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true")) {
        return None;
    }
    let endpoint = told("OTEL_EXPORTER_OTLP_ENDPOINT").map(String::as_str).or(configured)?;
    Some(Settings {
        endpoint: endpoint.to_owned(),
        service: told("OTEL_SERVICE_NAME").cloned().unwrap_or_else(|| SCOPE.to_owned()),
        version: version.to_owned(),
        headers: told("OTEL_EXPORTER_OTLP_HEADERS").is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn variables_go_before_the_configuration_and_nothing_means_nothing() {
        assert!(settings(None, &variables(&[]), "1").is_none());
        let found = settings(Some("http://a:1"), &variables(&[]), "1").unwrap();
        assert_eq!((found.endpoint.as_str(), found.service.as_str()), ("http://a:1", "highwater"));
        let told = variables(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://b:2"),
            ("OTEL_SERVICE_NAME", "hw"),
        ]);
        let found = settings(Some("http://a:1"), &told, "1").unwrap();
        assert_eq!((found.endpoint.as_str(), found.service.as_str()), ("http://b:2", "hw"));
        let off = variables(&[("OTEL_SDK_DISABLED", "true")]);
        assert!(settings(Some("http://a:1"), &off, "1").is_none());
    }

    #[test]
    fn headers_travel_over_https_or_stay_here() {
        let of = |endpoint: &str, headers| {
            check(&Settings {
                endpoint: endpoint.to_owned(),
                service: String::new(),
                version: String::new(),
                headers,
            })
        };
        assert!(of("http://collector:4318", false).is_ok());
        assert!(of("http://collector:4318", true).is_err());
        assert!(of("http://127.0.0.1:4318", true).is_ok());
        assert!(of("https://collector.contoso.example", true).is_ok());
        assert!(of("collector", false).is_err());
    }
}
