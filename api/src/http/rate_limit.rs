//! Limits the requests per second and caller (W7). Members and API clients are counted by their token, all others by
//! network address.

use std::net::IpAddr;
use std::num::NonZeroU32;

use actix_web::http::header::{HeaderName, HeaderValue};
use domain::principal::Principal;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::error::{Error, ErrorCode, Result};

/// The source whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// A signed-in member or API client.
    Principal(Principal),
    /// A network address without a valid token.
    Address(IpAddr),
    /// A network address at operations that need no sign-in and can be abused to send e-mail or to guess passwords and
    /// tokens.
    UnauthenticatedPost(IpAddr),
}

/// Requests per minute and address at such operations.
const UNAUTHENTICATED_POSTS_PER_MINUTE: u32 = 60;

type Limiter = RateLimiter<Source, DashMapStateStore<Source>, DefaultClock, StateInformationMiddleware>;

/// The counters of all sources.
pub struct RateLimits {
    per_second: NonZeroU32,
    requests: Limiter,
    unauthenticated_posts: Limiter,
}

/// The remaining allowance after an admitted request.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    per_second: u32,
    remaining: u32,
}

impl RateLimits {
    /// Allows this number of requests per second and caller, and bursts of the same size.
    #[must_use]
    pub fn new(per_second: NonZeroU32) -> Self {
        let posts = Quota::per_minute(NonZeroU32::new(UNAUTHENTICATED_POSTS_PER_MINUTE).unwrap_or(NonZeroU32::MIN));
        Self {
            per_second,
            requests: RateLimiter::dashmap(Quota::per_second(per_second)).with_middleware(),
            unauthenticated_posts: RateLimiter::dashmap(posts).with_middleware(),
        }
    }

    /// Counts a request. Fails with `rate_limited` if the limit is exceeded.
    pub fn count(&self, source: Source) -> Result<Allowance> {
        // Each limit has a policy of its own, so that clients know how long to wait and how fast they may send.
        let (limiter, policy, quota, window) = match source {
            Source::UnauthenticatedPost(_) => {
                (&self.unauthenticated_posts, "per-address", UNAUTHENTICATED_POSTS_PER_MINUTE, 60)
            }
            Source::Principal(_) | Source::Address(_) => (&self.requests, "default", self.per_second.get(), 1),
        };
        match limiter.check_key(&source) {
            Ok(state) => {
                Ok(Allowance { per_second: self.per_second.get(), remaining: state.remaining_burst_capacity() })
            }
            Err(until) => {
                let wait = until.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
                Err(Error::new(ErrorCode::RateLimited, format!("Wait {wait} second(s), then send the request again."))
                    .header("retry-after", wait.to_string())
                    .header("ratelimit-policy", format!("\"{policy}\";q={quota};w={window}"))
                    .header("ratelimit", format!("\"{policy}\";r=0;t={wait}")))
            }
        }
    }

    /// Drops the counters of sources that have sent nothing for a while.
    pub fn forget_quiet(&self) {
        self.requests.retain_recent();
        self.unauthenticated_posts.retain_recent();
    }
}

impl Allowance {
    /// The `RateLimit` and `RateLimit-Policy` headers (IETF draft).
    #[must_use]
    pub fn headers(self) -> [(HeaderName, HeaderValue); 2] {
        let value = |text: String| HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("\"default\""));
        [
            (HeaderName::from_static("ratelimit-policy"), value(format!("\"default\";q={};w=1", self.per_second))),
            (HeaderName::from_static("ratelimit"), value(format!("\"default\";r={};t=1", self.remaining))),
        ]
    }
}
