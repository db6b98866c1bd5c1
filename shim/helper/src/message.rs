//! What is asked of the helper and what it answers: one message each, of closed types, bounded in every part.
//!
//! Each begins with four octets that say what this is and, in little-endian order, the version of the protocol, which all versions
//! have there; then a verb, then its fields.

use crate::name::HostName;
use crate::port::Port;
use crate::version::Version;

/// The longest message.
pub(crate) const MAX_MESSAGE: usize = 64 << 10;
/// The most names in one request.
pub const MAX_NAMES: usize = 1024;
/// The most descriptors in one answer: each port for two families.
pub(crate) const MAX_SOCKETS: usize = 2 * Port::ALL.len();
/// The longest text in an answer, in octets.
const MAX_TEXT: usize = 1000;

const MAGIC: [u8; 4] = *b"lcld";

/// What is asked, by whoever speaks this version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The version of the protocol.
    pub protocol: u16,
    /// The act.
    pub verb: Verb,
}

/// An act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    /// Say how you are.
    SelfCheck,
    /// Open these ports on the addresses of loopback, and hand them over.
    Bind(Vec<Port>),
    /// These are the caller's names in the hosts file, and none besides. None at all: the block goes.
    Hosts(Vec<HostName>),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Of [`Verb::SelfCheck`].
    Checked(Check),
    /// Of [`Verb::Bind`]. The sockets come with it, in this order.
    Bound {
        /// Those that were opened.
        sockets: Vec<Bound>,
        /// Those that could not be opened, and the system's number for why (errno(3)).
        failed: Vec<(Port, i32)>,
    },
    /// Of [`Verb::Hosts`].
    Hosts(HostsChange),
    /// Nothing was done.
    Refused(Refusal),
}

/// How the helper is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What it is.
    pub version: Version,
    /// For whom it takes the caller.
    pub caller: u32,
    /// Where it records what it does.
    pub audit: String,
    /// What is wrong with it; nothing if all is well.
    pub faults: Vec<String>,
}

/// A socket that listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Its port.
    pub port: Port,
    /// Whether it is at `::1` and not at `127.0.0.1`.
    pub is_v6: bool,
}

/// What became of the hosts file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostsChange {
    /// It was so already.
    None,
    /// Another file took its place.
    Replaced,
    /// It was written over, because nothing can take its place.
    Overwritten,
}

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The request is of a version that this helper does not speak.
    Protocol(Version),
    /// The request is none.
    Malformed,
    /// The helper does not run as root, or as root by way of a mode bit (setuid).
    NotRoot,
    /// The act failed.
    Failed(String),
}

/// A message that breaks off or does not make sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// A request with more names than one message holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the message is malformed")
    }
}

impl std::error::Error for Malformed {}

impl std::fmt::Display for TooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "more than {MAX_NAMES} names, or longer ones than fit into {} KiB", MAX_MESSAGE >> 10)
    }
}

impl std::error::Error for TooLarge {}

impl Request {
    /// The byte form.
    pub fn encode(&self) -> Result<Vec<u8>, TooLarge> {
        let mut out = head(self.protocol);
        match &self.verb {
            Verb::SelfCheck => out.push(0),
            Verb::Bind(ports) => {
                out.extend([1, ports.len() as u8]);
                out.extend(ports.iter().flat_map(|port| port.number().to_le_bytes()));
            }
            Verb::Hosts(names) => {
                if names.len() > MAX_NAMES {
                    return Err(TooLarge);
                }
                out.push(2);
                out.extend((names.len() as u16).to_le_bytes());
                for name in names {
                    write_text(&mut out, name.as_str());
                }
            }
        }
        if out.len() > MAX_MESSAGE { Err(TooLarge) } else { Ok(out) }
    }

    /// The version of the protocol that a message is of, whatever follows.
    pub(crate) fn protocol_of(bytes: &[u8]) -> Result<u16, Malformed> {
        Reader::new(bytes).head()
    }

    /// Reads the byte form.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut input = Reader::new(bytes);
        let protocol = input.head()?;
        let verb = match input.u8()? {
            0 => Verb::SelfCheck,
            1 => Verb::Bind(input.ports()?),
            2 => Verb::Hosts(input.names()?),
            _ => return Err(Malformed),
        };
        input.end()?;
        Ok(Self { protocol, verb })
    }
}

impl Answer {
    /// How many descriptors come with it.
    pub(crate) fn sockets(&self) -> usize {
        match self {
            Self::Bound { sockets, .. } => sockets.len(),
            Self::Checked(_) | Self::Hosts(_) | Self::Refused(_) => 0,
        }
    }

    /// The byte form.
    pub(crate) fn encode(&self, protocol: u16) -> Vec<u8> {
        let mut out = head(protocol);
        match self {
            Self::Checked(Check { version, caller, audit, faults }) => {
                out.push(0);
                write_version(&mut out, version);
                out.extend(caller.to_le_bytes());
                write_text(&mut out, audit);
                out.push(faults.len() as u8);
                for fault in faults {
                    write_text(&mut out, fault);
                }
            }
            Self::Bound { sockets, failed } => {
                out.extend([1, sockets.len() as u8]);
                for Bound { port, is_v6 } in sockets {
                    out.extend(port.number().to_le_bytes());
                    out.push(u8::from(*is_v6));
                }
                out.push(failed.len() as u8);
                for (port, errno) in failed {
                    out.extend(port.number().to_le_bytes());
                    out.extend(errno.to_le_bytes());
                }
            }
            Self::Hosts(change) => out.extend([2, *change as u8]),
            Self::Refused(refusal) => {
                out.push(3);
                match refusal {
                    Refusal::Protocol(version) => {
                        out.push(0);
                        write_version(&mut out, version);
                    }
                    Refusal::Malformed => out.push(1),
                    Refusal::NotRoot => out.push(2),
                    Refusal::Failed(why) => {
                        out.push(3);
                        write_text(&mut out, why);
                    }
                }
            }
        }
        out
    }

    /// Reads the byte form.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut input = Reader::new(bytes);
        input.head()?;
        let answer = match input.u8()? {
            0 => {
                let (version, caller, audit) = (input.version()?, input.u32()?, input.text()?);
                let faults = (0..input.u8()?).map(|_| input.text()).collect::<Result<_, _>>()?;
                Self::Checked(Check { version, caller, audit, faults })
            }
            1 => {
                let bound = |input: &mut Reader<'_>| {
                    let port = input.port()?;
                    let is_v6 = match input.u8()? {
                        0 => false,
                        1 => true,
                        _ => return Err(Malformed),
                    };
                    Ok(Bound { port, is_v6 })
                };
                let failed = |input: &mut Reader<'_>| Ok((input.port()?, input.i32()?));
                Self::Bound { sockets: input.few(MAX_SOCKETS, bound)?, failed: input.few(Port::ALL.len(), failed)? }
            }
            2 => Self::Hosts(match input.u8()? {
                0 => HostsChange::None,
                1 => HostsChange::Replaced,
                2 => HostsChange::Overwritten,
                _ => return Err(Malformed),
            }),
            3 => Self::Refused(match input.u8()? {
                0 => Refusal::Protocol(input.version()?),
                1 => Refusal::Malformed,
                2 => Refusal::NotRoot,
                3 => Refusal::Failed(input.text()?),
                _ => return Err(Malformed),
            }),
            _ => return Err(Malformed),
        };
        input.end()?;
        Ok(answer)
    }
}

fn head(protocol: u16) -> Vec<u8> {
    [&MAGIC[..], &protocol.to_le_bytes()].concat()
}

/// Text behind its length; what is too long is cut.
fn write_text(out: &mut Vec<u8>, text: &str) {
    let mut end = text.len().min(MAX_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    out.extend((end as u16).to_le_bytes());
    out.extend(&text.as_bytes()[..end]);
}

fn write_version(out: &mut Vec<u8>, version: &Version) {
    write_text(out, &version.release);
    out.extend(version.protocol.start().to_le_bytes());
    out.extend(version.protocol.end().to_le_bytes());
}

/// Takes fields off the front of a message.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn new(message: &'a [u8]) -> Self {
        Self(message)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*head)
    }

    fn head(&mut self) -> Result<u16, Malformed> {
        if self.array()? == MAGIC { self.u16() } else { Err(Malformed) }
    }

    fn u8(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_le_bytes)
    }

    fn i32(&mut self) -> Result<i32, Malformed> {
        self.array().map(i32::from_le_bytes)
    }

    fn text(&mut self) -> Result<String, Malformed> {
        let length = usize::from(self.u16()?);
        let (head, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        let text = std::str::from_utf8(head).map_err(|_| Malformed)?;
        if length <= MAX_TEXT { Ok(text.to_owned()) } else { Err(Malformed) }
    }

    fn version(&mut self) -> Result<Version, Malformed> {
        Ok(Version { release: self.text()?, protocol: self.u16()?..=self.u16()? })
    }

    fn port(&mut self) -> Result<Port, Malformed> {
        Port::from_number(self.u16()?).ok_or(Malformed)
    }

    fn few<T>(
        &mut self,
        most: usize,
        mut each: impl FnMut(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        let count = usize::from(self.u8()?);
        if count > most {
            return Err(Malformed);
        }
        (0..count).map(|_| each(self)).collect()
    }

    /// Ports in order, each once, and at least one.
    fn ports(&mut self) -> Result<Vec<Port>, Malformed> {
        let ports = self.few(Port::ALL.len(), Self::port)?;
        if !ports.is_empty() && ports.is_sorted_by(|one, next| one < next) { Ok(ports) } else { Err(Malformed) }
    }

    fn names(&mut self) -> Result<Vec<HostName>, Malformed> {
        let count = usize::from(self.u16()?);
        if count > MAX_NAMES {
            return Err(Malformed);
        }
        (0..count).map(|_| self.text()?.parse().map_err(|_| Malformed)).collect()
    }

    /// Fails unless everything was read.
    fn end(self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ports() -> impl Strategy<Value = Vec<Port>> {
        prop_oneof![Just(vec![Port::Http]), Just(vec![Port::Https]), Just(Port::ALL.to_vec())]
    }

    fn names() -> impl Strategy<Value = Vec<HostName>> {
        proptest::collection::vec("[a-z0-9]{1,9}(\\.[a-z]{1,5})?\\.(localhost|test)", 0..9)
            .prop_map(|names| names.into_iter().map(|name| name.parse().unwrap()).collect())
    }

    fn request() -> impl Strategy<Value = Request> {
        let verb = prop_oneof![Just(Verb::SelfCheck), ports().prop_map(Verb::Bind), names().prop_map(Verb::Hosts)];
        (any::<u16>(), verb).prop_map(|(protocol, verb)| Request { protocol, verb })
    }

    fn version() -> impl Strategy<Value = Version> {
        (".{0,9}", any::<(u16, u16)>()).prop_map(|(release, (first, last))| Version { release, protocol: first..=last })
    }

    fn answer() -> impl Strategy<Value = Answer> {
        let port = prop_oneof![Just(Port::Http), Just(Port::Https)];
        let bound = (port.clone(), any::<bool>()).prop_map(|(port, is_v6)| Bound { port, is_v6 });
        let (sockets, failed) =
            (proptest::collection::vec(bound, 0..=4), proptest::collection::vec((port, any::<i32>()), 0..=2));
        let check = (version(), any::<u32>(), ".{0,20}", proptest::collection::vec(".{0,20}", 0..4));
        prop_oneof![
            check.prop_map(|(version, caller, audit, faults)| Answer::Checked(Check {
                version,
                caller,
                audit,
                faults
            })),
            (sockets, failed).prop_map(|(sockets, failed)| Answer::Bound { sockets, failed }),
            prop_oneof![Just(HostsChange::None), Just(HostsChange::Replaced), Just(HostsChange::Overwritten)]
                .prop_map(Answer::Hosts),
            prop_oneof![
                version().prop_map(Refusal::Protocol),
                Just(Refusal::Malformed),
                Just(Refusal::NotRoot),
                ".{0,50}".prop_map(Refusal::Failed)
            ]
            .prop_map(Answer::Refused),
        ]
    }

    proptest! {
        #[test]
        fn a_request_reads_back_as_it_was_and_never_in_part(request in request()) {
            let bytes = request.encode().unwrap();
            prop_assert_eq!(Request::decode(&bytes), Ok(request));
            for cut in 0..bytes.len() {
                prop_assert_eq!(Request::decode(&bytes[..cut]), Err(Malformed), "cut at {}", cut);
            }
        }

        #[test]
        fn an_answer_reads_back_as_it_was_and_never_in_part(answer in answer()) {
            let bytes = answer.encode(1);
            prop_assert_eq!(Answer::decode(&bytes), Ok(answer));
            for cut in 0..bytes.len() {
                prop_assert_eq!(Answer::decode(&bytes[..cut]), Err(Malformed), "cut at {}", cut);
            }
        }

        #[test]
        fn what_is_read_from_garbage_is_within_the_bounds(
            noise in proptest::collection::vec(any::<u8>(), 0..200), verb in 0u8..4, has_head in any::<bool>(),
        ) {
            let bytes = if has_head { [&head(1)[..], &[verb], &noise].concat() } else { noise };
            let _ = Answer::decode(&bytes);
            if let Ok(request) = Request::decode(&bytes) {
                match &request.verb {
                    Verb::Bind(ports) => prop_assert!(!ports.is_empty() && ports.len() <= 2),
                    Verb::Hosts(names) => prop_assert!(names.len() <= MAX_NAMES),
                    Verb::SelfCheck => {}
                }
                // There is one way to say each thing.
                prop_assert_eq!(request.encode().unwrap(), bytes);
            }
        }
    }

    #[test]
    fn ports_and_verbs_outside_of_the_lists_are_malformed() {
        let ask = |rest: &[u8]| Request::decode(&[&head(1), rest].concat());
        assert_eq!(ask(&[1, 1, 80, 0]).unwrap().verb, Verb::Bind(vec![Port::Http]));
        for port in [0u16, 22, 79, 81, 444, 8080] {
            assert_eq!(ask(&[&[1, 1][..], &port.to_le_bytes()].concat()), Err(Malformed));
        }
        assert_eq!(ask(&[1, 0]), Err(Malformed), "no port at all");
        assert_eq!(ask(&[1, 2, 80, 0, 80, 0]), Err(Malformed), "one port twice");
        for verb in 3..=u8::MAX {
            assert_eq!(ask(&[verb]), Err(Malformed));
        }
    }

    #[test]
    fn more_names_than_a_message_holds_are_told_before_anything_is_sent() {
        let many = |count: usize, length: usize| {
            let name: HostName = format!("{}.localhost", "a".repeat(length)).parse().unwrap();
            Request { protocol: 1, verb: Verb::Hosts(vec![name; count]) }.encode()
        };
        assert!(many(MAX_NAMES, 20).is_ok());
        assert_eq!(many(MAX_NAMES + 1, 1), Err(TooLarge));
        assert_eq!(many(MAX_NAMES, 63), Err(TooLarge));
    }
}
