//! How endpoints are doing.

/// How an endpoint is doing, for its place in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It serves.
    Well,
    /// It failed a moment ago, or fails often.
    Shaky,
    /// It is left alone until then, in microseconds since 1970.
    Resting {
        /// When it may be asked again.
        until: i64,
    },
}
