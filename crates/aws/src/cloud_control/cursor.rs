//! The cursor of a request: when it was sent, and by which token Cloud Control knows it.

use std::fmt;

use rstack_model::Cursor;

/// A request to Cloud Control, as the journal keeps it. It holds no secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RequestCursor {
    /// The time at which it was sent first, in seconds since 1970 by the service's clock.
    pub(super) sent: u64,
    /// True if it was proven before that no object of its identifier existed.
    pub(super) absent: bool,
    /// The number of requests that failed before this one for reasons that pass.
    pub(super) attempt: u32,
    /// The request token; `None` until the first answer.
    pub(super) request: Option<String>,
}

impl RequestCursor {
    /// The request that a cursor stands for; `None` for a cursor of another driver.
    pub(super) fn parse(cursor: &Cursor) -> Option<Self> {
        let mut out = Self::default();
        let mut sent = None;
        for field in cursor.as_str().split(' ') {
            match field.split_once('=')? {
                ("sent", seconds) => sent = Some(seconds.parse().ok()?),
                ("absent", proven) => out.absent = proven.parse().ok()?,
                ("attempt", number) => out.attempt = number.parse().ok()?,
                ("request", token) => out.request = Some(token.to_owned()),
                _ => return None,
            }
        }
        Some(Self { sent: sent?, ..out })
    }

    /// The cursor.
    pub(super) fn cursor(&self) -> Cursor {
        Cursor::new(self.to_string())
    }

    /// The same request with the token of its answer.
    pub(super) fn answered(&self, request: String) -> Self {
        Self { request: Some(request), ..self.clone() }
    }
}

impl fmt::Display for RequestCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sent={}", self.sent)?;
        if self.absent {
            f.write_str(" absent=true")?;
        }
        if self.attempt > 0 {
            write!(f, " attempt={}", self.attempt)?;
        }
        match &self.request {
            Some(token) => write!(f, " request={token}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        for (cursor, text) in [
            (RequestCursor { sent: 7, ..RequestCursor::default() }, "sent=7"),
            (
                RequestCursor { sent: 7, absent: true, attempt: 2, request: Some("a=/b".into()) },
                "sent=7 absent=true attempt=2 request=a=/b",
            ),
        ] {
            assert_eq!(cursor.to_string(), text);
            assert_eq!(RequestCursor::parse(&cursor.cursor()), Some(cursor));
        }
        for other in ["", "settle", "absent=true", "sent=x", "sent=1 other=2"] {
            assert_eq!(RequestCursor::parse(&Cursor::from(other)), None, "{other}");
        }
    }
}
