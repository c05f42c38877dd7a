//! What every served dialect shares of OpenRouter: the routing fields of a request, the base error body.
