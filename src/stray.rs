//! What to do about a service that listens elsewhere than it was told.

use locald_api::ServiceStatus;

/// The line that makes the port on which the service listens its own. Absent where it listens as it was told, and where several run
/// beside each other under one name: they cannot all have it.
pub(crate) fn advice(service: &ServiceStatus) -> Option<String> {
    let port = service.stray_port?;
    let name = &service.name;
    let is_one_of_several = name.contains('.');
    (!is_one_of_several).then(|| format!("`port = {port}` under `[services.{name}]` makes {port} its own port"))
}

#[cfg(test)]
mod tests {
    use locald_api::ServiceState;

    use super::*;
    use crate::sample;

    #[test]
    fn only_who_listens_elsewhere_and_may_have_that_port_is_advised() {
        let web = |name, stray_port| ServiceStatus { stray_port, ..sample::service("shop", name, ServiceState::Ready) };
        let expected = "`port = 9999` under `[services.web]` makes 9999 its own port";
        assert_eq!(advice(&web("web", Some(9999))).as_deref(), Some(expected));
        assert_eq!((advice(&web("web", None)), advice(&web("web.2", Some(9999)))), (None, None));
    }
}
