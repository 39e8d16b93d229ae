//! The threads on which all engines of the process run, and how a task comes onto them.

use std::pin::Pin;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::{Builder, Runtime};
use tracing::Dispatch;
use tracing::instrument::WithSubscriber;

/// How many threads there are. With one, what many calls need has to wait for it.
const THREADS: usize = 2;

/// Boxed, all are of one type, for each type of task takes the addon some kilobytes of code.
type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How many of the threads are asleep.
static ASLEEP: AtomicUsize = AtomicUsize::new(0);

/// They live as long as the process.
static THEM: LazyLock<Result<Threads, String>> = LazyLock::new(|| {
    let mut threads = Builder::new_multi_thread();
    threads.worker_threads(THREADS).thread_name("fallcast").enable_all();
    threads.on_thread_park(|| {
        ASLEEP.fetch_add(1, Ordering::Relaxed);
    });
    threads.on_thread_unpark(|| {
        ASLEEP.fetch_sub(1, Ordering::Relaxed);
    });
    let runtime = threads.build().map_err(|error| format!("the runtime cannot start: {error}"))?;
    let door = Door::new(&runtime);
    Ok(Threads { runtime, door })
});

struct Threads {
    runtime: Runtime,
    door: Option<Door>,
}

/// Runs a task, its log records going to `log`; the error says why there are no threads.
pub(super) fn spawn(task: impl Future<Output = ()> + Send + 'static, log: Option<Dispatch>) -> Result<(), String> {
    let Threads { runtime, door } = THEM.as_ref().map_err(Clone::clone)?;
    let task: Task = match log {
        Some(log) => Box::pin(task.with_subscriber(log)),
        None => Box::pin(task),
    };
    match door {
        Some(door) if ASLEEP.load(Ordering::Relaxed) == THREADS => door.pass(task),
        _ => drop(runtime.spawn(task)),
    }
    Ok(())
}

#[cfg(unix)]
use door::Door;
#[cfg(not(unix))]
use no_door::Door;

/// A way onto the threads that wakes one of them. When a thread that the runtime wakes for a task finds it, it wakes another,
/// in case there are more; where there is one call at a time, that is a third of all the CPU that a call takes, and delays it.
/// The thread that waits for sockets is woken by what comes in there, and by a pipe.
#[cfg(unix)]
mod door {
    use std::io::{PipeWriter, Write, pipe};
    use std::mem::take;
    use std::os::fd::OwnedFd;
    use std::sync::{Arc, Mutex, PoisonError};

    use tokio::net::unix::pipe::Receiver;
    use tokio::runtime::Runtime;

    use super::Task;

    pub(super) struct Door {
        waiting: Arc<Mutex<Vec<Task>>>,
        bell: PipeWriter,
    }

    impl Door {
        /// Nothing if the system has no pipe left.
        pub(super) fn new(runtime: &Runtime) -> Option<Self> {
            let (heard, bell) = pipe().ok()?;
            let _inside = runtime.enter();
            let heard = Receiver::from_owned_fd(OwnedFd::from(heard)).ok()?;
            let waiting = Arc::new(Mutex::default());
            runtime.spawn(admit(heard, Arc::clone(&waiting)));
            Some(Self { waiting, bell })
        }

        /// Runs a task on the thread that waits for sockets.
        pub(super) fn pass(&self, task: Task) {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.push(task);
            if waiting.len() == 1 {
                // The pipe has room for many bytes and holds one for each time that all was taken; its other end lives as
                // long as the process.
                let _ = (&self.bell).write(&[0]);
            }
        }
    }

    /// Begins the tasks that wait, each time that the bell has rung.
    async fn admit(heard: Receiver, waiting: Arc<Mutex<Vec<Task>>>) {
        while heard.readable().await.is_ok() {
            // What was rung before is answered by what is taken after.
            let _ = heard.try_read(&mut [0; 64]);
            let tasks = take(&mut *waiting.lock().unwrap_or_else(PoisonError::into_inner));
            for task in tasks {
                tokio::spawn(task);
            }
        }
    }
}

/// Where the runtime cannot wait for a pipe.
#[cfg(not(unix))]
mod no_door {
    use tokio::runtime::Runtime;

    use super::Task;

    pub(super) enum Door {}

    impl Door {
        pub(super) fn new(_: &Runtime) -> Option<Self> {
            None
        }

        pub(super) fn pass(&self, _: Task) {
            match *self {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};
    use std::thread::{scope, yield_now};

    use super::{ASLEEP, Ordering, THREADS, spawn};

    fn tell(done: &Sender<()>) {
        let done = done.clone();
        let task = async move {
            let _ = done.send(());
        };
        assert_eq!(spawn(task, None), Ok(()));
    }

    #[test]
    fn every_task_runs_whoever_is_asleep() {
        let (done, ends) = channel();
        for _ in 0..100 {
            tell(&done);
            assert_eq!(ends.recv(), Ok(()));
            while ASLEEP.load(Ordering::Relaxed) < THREADS {
                yield_now();
            }
        }
        scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| (0..500).for_each(|_| tell(&done)));
            }
        });
        assert_eq!(ends.iter().take(2000).count(), 2000);
    }
}
