use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::football::{Answers, Match, Question};
use crate::request::RawOptions;

#[tokio::test]
async fn no_more_are_read_at_once_than_there_are_places_and_none_on_an_async_worker() {
    let readers = Arc::new(Readers { places: Arc::new(Semaphore::new(2)) });
    let (begun, begins) = mpsc::channel();
    let (end, ends) = mpsc::channel::<()>();
    let ends = Arc::new(std::sync::Mutex::new(ends));
    let readings: Vec<_> = (0..8)
        .map(|_| {
            let (readers, begun, ends) = (Arc::clone(&readers), begun.clone(), Arc::clone(&ends));
            tokio::spawn(async move {
                let reading = move || {
                    begun.send(thread::current().id()).expect("the test listens");
                    ends.lock().expect("a lock").recv().expect("the test ends it");
                };
                readers.read(reading).await;
            })
        })
        .collect();
    let next = |begins: mpsc::Receiver<thread::ThreadId>| {
        tokio::task::spawn_blocking(move || (begins.recv().expect("a reading begins"), begins))
    };
    let mut begins = begins;
    for index in 0..8 {
        let id;
        (id, begins) = next(begins).await.expect("a thread");
        assert_ne!(id, thread::current().id());
        if index > 0 {
            assert_eq!(readers.places.available_permits(), 0);
            assert!(begins.try_recv().is_err(), "a third at once");
            end.send(()).expect("a reading waits");
        }
    }
    end.send(()).expect("the last one waits");
    for reading in readings {
        reading.await.expect("a reading");
    }
    assert_eq!(readers.places.available_permits(), 2);
}

#[tokio::test]
async fn a_reading_that_nobody_waits_for_keeps_its_place_to_its_end() {
    let readers = Arc::new(Readers { places: Arc::new(Semaphore::new(1)) });
    let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
    let (end, ends) = mpsc::channel::<()>();
    let reading = tokio::spawn({
        let readers = Arc::clone(&readers);
        async move {
            let reading = move || {
                begun.send(()).expect("the test listens");
                ends.recv().expect("the test ends it");
            };
            readers.read(reading).await;
        }
    });
    begins.recv().await.expect("it begins");
    reading.abort();
    assert!(reading.await.expect_err("it was given up").is_cancelled());
    assert_eq!(readers.places.available_permits(), 0);
    end.send(()).expect("it goes on");
    readers.read(|| ()).await;
}

/// A provider that answers one request with a score for `m1` in a long reply.
fn provider() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        let (mut connection, _) = listener.accept().expect("a client");
        let mut request = Vec::new();
        let mut piece = [0; 4096];
        while !request.ends_with(b"}") {
            let length = connection.read(&mut piece).expect("a request");
            request.extend_from_slice(&piece[..length]);
        }
        let answer = json!([{ "match_id": "m1", "home_score": 2, "away_score": 1 }]).to_string();
        let content = format!("{}{answer}", " ".repeat(LONG));
        let body = json!({ "choices": [{ "message": { "content": content } }] }).to_string();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        connection.write_all((head + &body).as_bytes()).expect("a reply");
    });
    url
}

fn engine() -> Arc<Engine> {
    let model = json!({
        "id": "a", "provider": "p", "upstreamModel": "a", "promptUsdPer1M": 1, "completionUsdPer1M": 1,
    });
    let config = json!({
        "builtinCatalog": false, "models": [model], "providers": [{ "id": "p", "baseUrl": provider() }],
    });
    Arc::new(Engine::new(&config, &|_| None).expect("a configuration"))
}

async fn predict(engine: &Arc<Engine>, options: Value, abort: &CancellationToken) -> Result<Answers, EngineError> {
    let game = Match { id: "m1".into(), home_team: "Betis".into(), away_team: "Getafe".into(), ..Match::default() };
    let request = Question { model_id: "a".into(), items: vec![game], ..Question::default() };
    let options = RawOptions { deadline_ms: options["deadlineMs"].as_f64(), ..RawOptions::default() };
    engine.call(request, options)?.run(abort).await
}

#[tokio::test]
async fn the_deadline_and_the_signal_race_the_reading() {
    let abort = CancellationToken::new();
    let answered = predict(&engine(), json!({}), &abort).await;
    assert!(answered.is_ok(), "{answered:?}");

    // Nothing can be read while others have all places.
    let engine_late = engine();
    let all = u32::try_from(engine_late.readers.places.available_permits()).expect("few");
    let held = Arc::clone(&engine_late.readers.places).acquire_many_owned(all).await.expect("all places");
    let late = predict(&engine_late, json!({ "deadlineMs": 300 }), &abort).await;
    assert!(matches!(late, Err(EngineError::DeadlineExceeded(_))), "{late:?}");
    drop(held);
    assert_eq!(engine_late.ledger().reserved().0, 0, "the reservation is given back");

    let engine_closed = engine();
    let held = Arc::clone(&engine_closed.readers.places).acquire_many_owned(all).await.expect("all places");
    let closed = tokio::join!(predict(&engine_closed, json!({}), &abort), async {
        // The call waits for a place.
        engine_closed.close().await;
    });
    assert!(matches!(closed.0, Err(EngineError::Closed(_))), "{:?}", closed.0);
    drop(held);
}

#[tokio::test]
async fn an_end_while_a_long_reply_is_read_tells_its_status() {
    // However busy the machine is, one of these is long enough for the reply to come.
    for deadline in [300, 3_000, 20_000] {
        let engine = engine();
        let all = u32::try_from(engine.readers.places.available_permits()).expect("few");
        let _held = Arc::clone(&engine.readers.places).acquire_many_owned(all).await.expect("all places");
        let late = predict(&engine, json!({ "deadlineMs": deadline }), &CancellationToken::new()).await;
        let Err(EngineError::DeadlineExceeded(history)) = late else { panic!("{late:?}") };
        if let Some(status) = history.attempts[0].status {
            return assert_eq!(status, 200);
        }
    }
    panic!("no end told a status");
}
