//! What a connection knows of the head of a request while it arrives: where it ends, which the parser does not tell, and
//! whether its URI is too long, which the parser reports like any other mistake.

use memchr::memmem;

/// The longest URI that the parser takes.
const PARSER_URI_MAX: usize = 65_534;

/// The head that is arriving.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// Octets since the last line feed.
    unbroken: usize,
    /// Whether anything of the head has arrived.
    is_begun: bool,
    /// Whether a line of the head is complete.
    has_line: bool,
    /// The longest request line since the last request.
    longest: usize,
    /// The last octets that were read.
    tail: [u8; 4],
}

impl Head {
    /// The number of octets before the head. Empty lines before a request line are ignored (RFC 9112 section 2.2); the
    /// parser would look at them again each time.
    pub(super) fn before(&self, octets: &[u8]) -> usize {
        if self.is_begun { 0 } else { octets.iter().take_while(|octet| matches!(octet, b'\r' | b'\n')).count() }
    }

    /// Notes octets of the head.
    pub(super) fn read(&mut self, octets: &[u8]) {
        self.is_begun |= !octets.is_empty();
        let kept = self.tail.len().saturating_sub(octets.len());
        let from = self.tail.len() - kept;
        self.tail.copy_within(from.., 0);
        let new = octets.get(octets.len().saturating_sub(self.tail.len())..).unwrap_or_default();
        self.tail[kept..].copy_from_slice(new);
        let Some(last) = octets.iter().rposition(|octet| *octet == b'\n') else {
            self.unbroken += octets.len();
            return;
        };
        if self.unbroken > 0 && !self.has_line {
            let first = octets.iter().position(|octet| *octet == b'\n').unwrap_or_default();
            self.longest = self.longest.max(self.unbroken + first);
        }
        self.has_line = true;
        self.unbroken = octets.len() - last - 1;
    }

    /// The position behind the first empty line in further octets, which ends a head; `None` if there is none.
    pub(super) fn end_in(&self, octets: &[u8]) -> Option<usize> {
        let mut seam = [0; 6];
        let start = octets.get(..octets.len().min(2)).unwrap_or_default();
        seam[..4].copy_from_slice(&self.tail);
        seam[4..4 + start.len()].copy_from_slice(start);
        let at_seam = (1..=start.len()).find(|count| {
            let head = &seam[..4 + count];
            head.ends_with(b"\n\r\n") || head.ends_with(b"\n\n")
        });
        let within = [b"\n\r\n".as_slice(), b"\n\n"].into_iter();
        let within = within.filter_map(|end| memmem::find(octets, end).map(|at| at + end.len())).min();
        at_seam.or(within)
    }

    /// Forgets the last request. What has arrived of the next one counts.
    pub(super) fn next(&mut self) {
        (self.longest, self.has_line, self.is_begun, self.tail) = (0, false, false, [0; 4]);
    }

    /// Whether the last octets that were read end a head.
    pub(super) fn is_complete(&self) -> bool {
        self.tail.ends_with(b"\n\r\n") || self.tail.ends_with(b"\n\n")
    }

    /// Whether the parser refuses the head because of its URI.
    pub(super) fn has_long_uri(&self) -> bool {
        self.longest > PARSER_URI_MAX || (!self.has_line && self.unbroken > PARSER_URI_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(parts: &[&[u8]]) -> Head {
        let mut head = Head::default();
        for part in parts {
            head.read(part);
        }
        head
    }

    #[test]
    fn a_request_line_is_told_from_a_header_line() {
        let long = vec![b'a'; PARSER_URI_MAX];
        assert!(head(&[b"GET /", &long, b" HTTP/1.1\r\n"]).has_long_uri());
        assert!(head(&[b"GET /", &long]).has_long_uri());
        assert!(!head(&[b"GET / HTTP/1.1\r\nX: ", &long, b"\r\n"]).has_long_uri());
        assert!(!head(&[b"GET / HTTP/1.1\r\nX: ", &long]).has_long_uri());
    }

    #[test]
    fn the_end_of_a_head_is_found_wherever_it_is_cut() {
        let octets = b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n\r\n";
        for cut in 0..28 {
            let (start, rest) = octets.split_at(cut);
            assert_eq!(
                head(&[start]).end_in(rest).map(|end| end + cut),
                Some(if cut < 27 { 27 } else { octets.len() }),
                "{cut}"
            );
        }
        assert_eq!(head(&[b"GET / HTTP/1.1\n"]).end_in(b"\nGET"), Some(1));
        assert_eq!(head(&[]).end_in(b"GET / HTTP/1.1\r\n"), None);
        assert_eq!(head(&[]).before(b"\r\n\n\rGET"), 4);
        assert_eq!(head(&[b"GET / HTTP/1.1\r\n"]).before(b"\r\n"), 0);
    }

    #[test]
    fn a_head_is_complete_at_its_empty_line() {
        assert!(head(&[b"GET / HTTP/1.1\r\n\r\n"]).is_complete());
        assert!(head(&[b"GET / HTTP/1.1\r", b"\n", b"\r", b"\n"]).is_complete());
        assert!(head(&[b"GET / HTTP/1.1\n\n"]).is_complete());
        assert!(!head(&[b"GET / HTTP/1.1\r\n"]).is_complete());
        assert!(!head(&[b"GET / HTTP/1.1\r\n\r\n", b"G"]).is_complete());
    }
}
