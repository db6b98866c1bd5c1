//! What the processes of services use: processor time, memory, and how many there are.
//!
//! Measured when somebody asks, from `/proc`; nobody asks while no client shows it. All that ask within a moment get the same
//! measurement.

mod processes;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use locald_api::{ServiceId, Usage};

use processes::{Process, Snapshot, ticks_per_second};

/// How long a measurement is as good as a new one. Less than the second after which clients ask again.
const FRESH: Duration = Duration::from_millis(900);
/// Processor time is told as thousandths of one processor.
const THOUSANDTHS: u128 = 1000;

/// Measures, and remembers the last measurement.
#[derive(Debug, Default)]
pub(crate) struct Meter(Mutex<Option<Measured>>);

#[derive(Debug)]
struct Measured {
    at: Instant,
    usage: BTreeMap<ServiceId, Usage>,
    /// The processor time of each process so far, by its number and its beginning.
    ticks: HashMap<(u32, u64), u64>,
}

impl Meter {
    /// What each service uses whose first process has this number. Reads all of `/proc`, so it is for a thread that may wait.
    pub(crate) fn measure(&self, services: &[(ServiceId, u32)]) -> BTreeMap<ServiceId, Usage> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = last.as_ref().filter(|known| known.at.elapsed() < FRESH) {
            let alive = |id: &ServiceId| services.iter().any(|(service, _)| service == id);
            return known.usage.iter().filter(|(id, _)| alive(id)).map(|(id, usage)| (id.clone(), *usage)).collect();
        }
        let measured = compare(&Snapshot::take(), services, last.as_ref(), Instant::now());
        last.insert(measured).usage.clone()
    }
}

fn compare(now: &Snapshot, services: &[(ServiceId, u32)], last: Option<&Measured>, at: Instant) -> Measured {
    let (mut usage, mut ticks) = (BTreeMap::new(), HashMap::new());
    for (service, pid) in services {
        let tree = now.tree_of_run(*pid);
        let used = last.map(|last| {
            let before = |process: &Process| last.ticks.get(&process.identity()).copied().unwrap_or(0);
            let new: u64 = tree.iter().map(|process| process.ticks.saturating_sub(before(process))).sum();
            permille(new, at.duration_since(last.at))
        });
        ticks.extend(tree.iter().map(|process| (process.identity(), process.ticks)));
        let memory = tree.iter().map(|process| process.memory).sum();
        let processes = u32::try_from(tree.len()).unwrap_or(u32::MAX);
        usage.insert(service.clone(), Usage { cpu_permille: used, memory, processes });
    }
    Measured { at, usage, ticks }
}

fn permille(ticks: u64, passed: Duration) -> u32 {
    let used = u128::from(ticks) * 1_000_000_000 / u128::from(ticks_per_second());
    u32::try_from(used * THOUSANDTHS / passed.as_nanos().max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use locald_api::ProjectId;

    use super::*;

    fn id(service: &str) -> ServiceId {
        ServiceId { project: ProjectId("shop-1f".to_owned()), service: service.to_owned() }
    }

    fn process(pid: u32, parent: u32, ticks: u64) -> Process {
        Process { pid, parent, name: format!("p{pid}"), begun: 7, ticks, memory: 100 }
    }

    #[test]
    fn a_service_is_charged_with_all_below_its_reaper_since_the_last_measurement() {
        let hz = ticks_per_second();
        let reaper = Process { name: processes::REAPER.to_owned(), ..process(2, 1, 50) };
        let other = process(9, 1, 1000);
        let first = [reaper.clone(), process(3, 2, 10), process(4, 3, 0), other.clone()];
        let services = [(id("web"), 3)];
        let start = Instant::now();
        let before = compare(&Snapshot::of(first), &services, None, start);
        assert_eq!(before.usage[&id("web")], Usage { cpu_permille: None, memory: 200, processes: 2 });
        // One came from a process that has ended since and was taken over by the reaper.
        let second = [reaper, process(3, 2, 10 + hz), process(4, 3, hz / 2), process(5, 2, 0), other];
        let after = compare(&Snapshot::of(second), &services, Some(&before), start + Duration::from_secs(2));
        assert_eq!(after.usage[&id("web")], Usage { cpu_permille: Some(750), memory: 300, processes: 3 });
    }

    #[test]
    fn a_process_number_that_is_used_again_is_another_process() {
        let start = Instant::now();
        let services = [(id("web"), 3)];
        let before = compare(&Snapshot::of([process(3, 1, 1_000_000)]), &services, None, start);
        let again = Process { begun: 8, ..process(3, 1, 0) };
        let after = compare(&Snapshot::of([again]), &services, Some(&before), start + Duration::from_secs(1));
        assert_eq!(after.usage[&id("web")].cpu_permille, Some(0));
    }

    #[test]
    fn this_process_can_be_measured_and_one_that_is_gone_uses_nothing() {
        let usage = Meter::default().measure(&[(id("this"), std::process::id()), (id("gone"), u32::MAX)]);
        assert!(usage[&id("this")].memory > 100_000 && usage[&id("this")].processes >= 1, "{usage:?}");
        assert_eq!(usage[&id("gone")], Usage { cpu_permille: None, memory: 0, processes: 0 });
    }
}
