//! The text, read by a parser of the format.

use prometheus_parse::{LineInfo, Scrape, Value};

use super::*;

fn parse(text: &str) -> Scrape {
    for line in text.lines() {
        let is_understood = line == "# EOF" || !matches!(LineInfo::parse(line), LineInfo::Ignored | LineInfo::Empty);
        assert!(is_understood, "{line}");
    }
    Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).expect("lines in memory can be read")
}

/// The value of the one sample of that name with these labels and no others.
fn value(scrape: &Scrape, name: &str, labels: &[(&str, &str)]) -> Value {
    let is_meant = |sample: &&prometheus_parse::Sample| {
        let has = |(label, value): &(&str, &str)| sample.labels.get(label) == Some(value);
        sample.metric == name && sample.labels.len() == labels.len() && labels.iter().all(has)
    };
    let mut samples = scrape.samples.iter().filter(is_meant);
    let sample = samples.next().unwrap_or_else(|| panic!("no {name} with {labels:?}"));
    assert_eq!(samples.next(), None, "{name} with {labels:?} comes once");
    sample.value.clone()
}

/// A call for `a` that `b` answered, and one that nobody did.
fn recorder() -> Recorder {
    let recorder = Recorder::default();
    count(&recorder, "a", 100, &Ok(through_b(FailureKind::Timeout)));
    let failed = vec![attempt("a", Some(FailureKind::Network), 0)];
    count(&recorder, "a", 100, &Err(EngineError::AllAttemptsFailed(Box::new(history(failed, Vec::new())))));
    recorder
}

fn gauges() -> Gauges {
    let model = |id: &str, disabled| ModelGauge { model_id: id.to_owned(), provider_id: "p".to_owned(), disabled };
    Gauges {
        active_models: 41,
        spent: NanoUsd::micro(1_500_000),
        reserved: NanoUsd::micro(1),
        uncertain: NanoUsd(1_500),
        daily_budget: Some(NanoUsd::micro(5_000_000)),
        fleet_up: Some(true),
        models: vec![model("a", true), model("b", false)],
    }
}

#[test]
fn a_parser_reads_the_counts_back() {
    let scrape = parse(&recorder().text(gauges()));
    let of = |name, labels: &[_]| value(&scrape, name, labels);

    let route = [("original", "a"), ("model", "b"), ("reason", "timeout"), ("task", "predict")];
    let unanswered = [("original", "a"), ("model", ""), ("reason", "network"), ("task", "predict")];
    assert_eq!(of("fallcast_calls_total", &route), Value::Untyped(1.0));
    assert_eq!(of("fallcast_calls_total", &unanswered), Value::Untyped(1.0));
    assert_eq!(of("fallcast_call_cost_usd_total", &route), Value::Untyped(0.000_31));
    assert_eq!(of("fallcast_call_original_cost_usd_total", &route), Value::Untyped(0.0001));

    let a = [("model", "a"), ("provider", "p")];
    assert_eq!(of("fallcast_attempts_total", &a), Value::Untyped(2.0));
    let failed = |kind| [("model", "a"), ("provider", "p"), ("kind", kind)];
    assert_eq!(of("fallcast_attempt_failures_total", &failed("timeout")), Value::Untyped(1.0));
    assert_eq!(of("fallcast_attempt_failures_total", &failed("network")), Value::Untyped(1.0));
    assert_eq!(of("fallcast_attempt_cost_usd_total", &a), Value::Untyped(0.000_01));

    let prompt = [("version", "v1"), ("model", "a"), ("overrides", "")];
    assert_eq!(of("fallcast_prompt_attempts_total", &prompt), Value::Untyped(2.0));
    let failed = [("version", "v1"), ("model", "a"), ("overrides", ""), ("kind", "timeout")];
    assert_eq!(of("fallcast_prompt_failures_total", &failed), Value::Untyped(1.0));

    let Value::Histogram(buckets) = of("fallcast_attempt_duration_seconds", &a) else { panic!("a histogram") };
    let reached = |seconds: f64| buckets.iter().find(|bucket| bucket.less_than >= seconds).map(|bucket| bucket.count);
    assert_eq!((reached(0.5), reached(1.0), reached(f64::INFINITY)), (Some(0.0), Some(2.0), Some(2.0)));
    assert_eq!(of("fallcast_attempt_duration_seconds_sum", &a), Value::Untyped(2.0));
    assert_eq!(of("fallcast_attempt_duration_seconds_count", &a), Value::Untyped(2.0));
}

#[test]
fn a_parser_reads_each_kind_of_token_back() {
    let recorder = Recorder::default();
    let usage =
        Usage { prompt_tokens: 7, completion_tokens: 5, cached_tokens: 3, reasoning_tokens: 2, estimated: false };
    recorder.attempted(&Attempt { retries: 1, usage: Some(usage), ..attempt("a", None, 0) });
    let scrape = parse(&recorder.text(Gauges::default()));
    for (name, count) in [
        ("fallcast_prompt_tokens_total", 7.0),
        ("fallcast_completion_tokens_total", 5.0),
        ("fallcast_cached_prompt_tokens_total", 3.0),
        ("fallcast_reasoning_tokens_total", 2.0),
        ("fallcast_attempt_retries_total", 1.0),
    ] {
        assert_eq!(value(&scrape, name, &[("model", "a"), ("provider", "p")]), Value::Untyped(count), "{name}");
    }
}

#[test]
fn the_overrides_of_a_prompt_are_one_label() {
    let recorder = Recorder::default();
    let overrides = vec!["calm".to_owned(), "brief".to_owned()];
    recorder.attempted(&Attempt { overrides, ..attempt("a", Some(FailureKind::Timeout), 0) });
    let text = recorder.text(Gauges::default());
    // The parser takes a comma for the end of a label, within quotes too.
    for sample in [
        "fallcast_prompt_attempts_total{version=\"v1\",model=\"a\",overrides=\"calm,brief\"} 1",
        "fallcast_prompt_failures_total{version=\"v1\",model=\"a\",overrides=\"calm,brief\",kind=\"timeout\"} 1",
    ] {
        assert!(text.lines().any(|line| line == sample), "{text}");
    }
}

#[test]
fn a_parser_reads_the_gauges_back() {
    let scrape = parse(&Recorder::default().text(gauges()));
    let of = |name, labels: &[_]| value(&scrape, name, labels);
    assert_eq!(of("fallcast_active_models", &[]), Value::Gauge(41.0));
    assert_eq!(of("fallcast_budget_spent_usd", &[]), Value::Gauge(1.5));
    assert_eq!(of("fallcast_budget_reserved_usd", &[]), Value::Gauge(0.000_001));
    assert_eq!(of("fallcast_budget_uncertain_usd", &[]), Value::Gauge(0.000_001_5));
    assert_eq!(of("fallcast_budget_daily_usd", &[]), Value::Gauge(5.0));
    assert_eq!(of("fallcast_fleet_up", &[]), Value::Gauge(1.0));
    assert_eq!(of("fallcast_model_disabled", &[("model", "a"), ("provider", "p")]), Value::Gauge(1.0));
    assert_eq!(of("fallcast_model_disabled", &[("model", "b"), ("provider", "p")]), Value::Gauge(0.0));

    let without = parse(&Recorder::default().text(Gauges { daily_budget: None, ..gauges() }));
    assert!(without.samples.iter().all(|sample| sample.metric != "fallcast_budget_daily_usd"));
}

#[test]
fn quotes_backslashes_and_line_breaks_stay_inside_their_label() {
    let recorder = Recorder::default();
    recorder.attempted(&attempt("a \"b\" \\ c\nd", None, 0));
    let scrape = parse(&recorder.text(Gauges::default()));
    let escaped = r#"a \"b\" \\ c\nd"#;
    let sample = scrape.samples.iter().find(|sample| sample.metric == "fallcast_prompt_attempts_total");
    let model = sample.and_then(|sample| sample.labels.get("model")).expect("the sample has a model");
    // The parser takes quotes off the ends and leaves escapes as they are.
    assert_eq!(model, escaped);
}

#[test]
fn the_families_are_declared_once_and_the_text_ends() {
    let text = recorder().text(gauges());
    assert!(text.ends_with("\n# EOF\n"));
    let types: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE fallcast_")).collect();
    assert_eq!(
        types,
        [
            "calls counter",
            "call_cost_usd counter",
            "call_original_cost_usd counter",
            "attempts counter",
            "attempt_failures counter",
            "attempt_retries counter",
            "attempt_cost_usd counter",
            "prompt_tokens counter",
            "completion_tokens counter",
            "cached_prompt_tokens counter",
            "reasoning_tokens counter",
            "attempt_duration_seconds histogram",
            "prompt_attempts counter",
            "prompt_failures counter",
            "cost_warnings counter",
            "active_models gauge",
            "budget_spent_usd gauge",
            "budget_reserved_usd gauge",
            "budget_uncertain_usd gauge",
            "budget_daily_usd gauge",
            "fleet_up gauge",
            "model_disabled gauge",
        ]
    );
    assert_eq!(text.lines().filter(|line| line.starts_with("# HELP fallcast_")).count(), types.len());
}
