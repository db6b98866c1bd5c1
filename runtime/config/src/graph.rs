//! What services want of each other, made whole: every name is known, none waits for itself, and conditions are filled in.

use std::collections::{BTreeMap, BTreeSet};

use crate::fault::{Invalid, quoted};
use crate::interpolate::ServiceReference;
use crate::name::ServiceName;
use crate::nearest::nearest;
use crate::reader::Reader;
use crate::service::Service;
use crate::settings::depends_on::{Condition, Dependency, Wanted, Why};
use crate::settings::kind::Kind;

/// Fills in the dependencies of each service from what is written for it; reports names that are unknown, and cycles.
///
/// `known` are the names of all services, of those too that have faults and are missing from `services`.
pub(crate) fn connect(
    reader: &mut Reader,
    services: &mut [Service],
    wanted: &BTreeMap<ServiceName, Vec<Wanted>>,
    known: &BTreeSet<&str>,
) {
    let others: BTreeMap<ServiceName, (usize, Condition, Kind)> = services
        .iter()
        .enumerate()
        .map(|(index, it)| (it.name.clone(), (index, default_condition(it), it.kind)))
        .collect();
    for (name, wanted) in wanted.iter().flat_map(|(name, wanted)| wanted.iter().map(move |it| (name, it))) {
        if wanted.on == name.as_str() {
            if wanted.why == Why::Listed {
                let invalid = Invalid::new(format!("service {} depends on itself", quoted(&wanted.on)), "itself");
                reader.fault(wanted.at, invalid);
            }
        } else if !known.contains(wanted.on.as_str()) {
            reader.fault(wanted.at, unknown(name, wanted, known));
        } else if let Some((on, (_, condition, kind))) = others.get_key_value(wanted.on.as_str()) {
            if wanted.why == Why::Referred && *kind == Kind::Worker {
                let message = format!("{} is a worker and has no address", quoted(&wanted.on));
                reader.fault(wanted.at, Invalid::new(message, "listens on nothing"));
            } else if wanted.why != Why::Declined
                && let Some((index, ..)) = others.get(name)
            {
                let condition = wanted.condition.unwrap_or(*condition);
                services[*index].depends_on.push(Dependency { on: on.clone(), condition, timeout: wanted.timeout });
            }
        }
    }
    refuse_cycles(reader, wanted);
}

/// Reports references to ports that the services meant do not have.
pub(crate) fn check_ports(reader: &mut Reader, services: &[Service], references: &[ServiceReference]) {
    let by_name: BTreeMap<&str, &Service> = services.iter().map(|service| (service.name.as_str(), service)).collect();
    for reference in references {
        // Of one that is unknown, has faults, or is a worker, something else is wrong.
        let service = by_name.get(reference.service.as_str()).filter(|service| service.kind != Kind::Worker);
        let Some((service, port)) = service.zip(reference.port.as_deref()) else { continue };
        let names = || service.ports.iter().map(|it| it.name.as_str());
        if names().all(|name| name != port) {
            let message = format!("service `{}` has no port that is named {}", service.name, quoted(port));
            let invalid = Invalid::new(message, "not one of its `ports`");
            reader.fault(
                reference.place,
                match nearest(port, names()) {
                    Some(name) => invalid.with_help(format!("did you mean `{name}`?")),
                    None => invalid,
                },
            );
        }
    }
}

/// What is waited for where nothing is said: as much as can be known of the other service.
fn default_condition(service: &Service) -> Condition {
    if service.is_asked() { Condition::Healthy } else { Condition::Started }
}

fn unknown(service: &ServiceName, wanted: &Wanted, known: &BTreeSet<&str>) -> Invalid {
    let verb = if wanted.why == Why::Referred { "refers to" } else { "depends on" };
    let message = format!("service `{service}` {verb} {}, which is not defined", quoted(&wanted.on));
    let invalid = Invalid::new(message, "not a service of this project");
    let others = known.iter().copied().filter(|name| *name != service.as_str());
    match nearest(&wanted.on, others) {
        Some(name) => invalid.with_help(format!("did you mean `{name}`?")),
        None => invalid,
    }
}

/// Where a service stands in the search for cycles.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// On the way from the service that the search began at.
    Open,
    Done,
}

/// Reports each cycle once, at the wish that closes it. The way is kept on the heap: a project may be a thousand deep.
fn refuse_cycles(reader: &mut Reader, wanted: &BTreeMap<ServiceName, Vec<Wanted>>) {
    let mut marks: BTreeMap<&str, Mark> = BTreeMap::new();
    for start in wanted.keys().map(ServiceName::as_str) {
        if marks.contains_key(start) {
            continue;
        }
        let mut way: Vec<(&str, &[Wanted])> = vec![(start, &wanted[start])];
        marks.insert(start, Mark::Open);
        while let Some((name, rest)) = way.last_mut() {
            let Some((next, after)) = rest.split_first() else {
                marks.insert(name, Mark::Done);
                way.pop();
                continue;
            };
            *rest = after;
            if next.why == Why::Declined {
                continue;
            }
            let Some((next_name, wishes)) = wanted.get_key_value(next.on.as_str()) else { continue };
            match marks.get(next_name.as_str()) {
                Some(Mark::Done) => {}
                Some(Mark::Open) if next_name.as_str() == *name => {} // itself, which is told already
                Some(Mark::Open) => {
                    let from = way.iter().position(|(name, _)| *name == next_name.as_str()).unwrap_or_default();
                    let mut path: Vec<&str> = way[from..].iter().map(|(name, _)| *name).collect();
                    path.push(next_name.as_str());
                    let invalid = Invalid::new(
                        format!("services wait for each other: {}", shortened(&path)),
                        "closes the circle",
                    );
                    let help =
                        format!("write `depends_on.{next_name} = false` where its address is all that is needed");
                    let referred = next.why == Why::Referred;
                    reader.fault(next.at, if referred { invalid.with_help(help) } else { invalid });
                }
                None => {
                    marks.insert(next_name.as_str(), Mark::Open);
                    way.push((next_name.as_str(), wishes));
                }
            }
        }
    }
}

/// `a -> b -> a`; of a long way its two ends.
fn shortened(path: &[&str]) -> String {
    const ENDS: usize = 8;
    if path.len() <= 2 * ENDS {
        return path.join(" -> ");
    }
    format!("{} -> … -> {}", path[..ENDS].join(" -> "), path[path.len() - ENDS..].join(" -> "))
}

#[cfg(test)]
#[path = "graph_tests.rs"]
mod tests;
