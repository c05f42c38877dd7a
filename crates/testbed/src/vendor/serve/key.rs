//! Who may ask: a vendor with a key of its own takes it in any of the places where vendors do.
//!
//! A request signed for AWS proves nothing here, as the fake vendor has no secret to check it with:
//! the key is taken for the access key's id, and what was signed is only looked at for its form.

use http::HeaderMap;
use http::request::Parts;

use crate::vendor::wire::Wire;

/// What a signature's header opens with.
const ALGORITHM: &str = "AWS4-HMAC-SHA256 ";
/// Hexadecimal digits of a signature.
const SIGNATURE_DIGITS: usize = 64;
/// Characters of `YYYYMMDD` and of `YYYYMMDDTHHMMSSZ`.
const DATE_CHARS: usize = 8;
const TIME_CHARS: usize = 16;

/// Whether the request carries `key`.
pub(crate) fn opens(key: &str, wire: Wire, parts: &Parts) -> bool {
    let header = |name: &str| header(&parts.headers, name);
    let bearer = header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let query = parts.uri.query().unwrap_or_default();
    let in_query = query.split('&').find_map(|pair| pair.strip_prefix("key="));
    let carried = [
        bearer,
        header("x-api-key"),
        header("x-goog-api-key"),
        in_query,
    ];
    carried.contains(&Some(key)) || (wire.is_signed() && signed(key, &parts.headers))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Whether the request has the form of one signed with the access key `key` for Bedrock.
fn signed(key: &str, headers: &HeaderMap) -> bool {
    let time = header(headers, "x-amz-date").unwrap_or_default();
    let Some(fields) = header(headers, "authorization").and_then(|it| it.strip_prefix(ALGORITHM))
    else {
        return false;
    };
    let field = |name: &str| {
        let mut fields = fields.split(',');
        fields.find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='))
    };
    let scope: Vec<&str> = field("Credential").unwrap_or_default().split('/').collect();
    let [id, date, region, "bedrock", "aws4_request"] = scope[..] else {
        return false;
    };
    let names: Vec<&str> = field("SignedHeaders")
        .unwrap_or_default()
        .split(';')
        .collect();
    let signature = field("Signature").unwrap_or_default();
    id == key
        && !region.is_empty()
        && date.len() == DATE_CHARS
        && time.len() == TIME_CHARS
        && time.starts_with(date)
        && ["host", "x-amz-date"].iter().all(|it| names.contains(it))
        && names.is_sorted()
        && signature.len() == SIGNATURE_DIGITS
        && signature.bytes().all(|digit| digit.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(authorization: &str, time: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", authorization.parse().unwrap());
        headers.insert("x-amz-date", time.parse().unwrap());
        headers
    }

    #[test]
    fn a_signature_is_taken_by_its_form() {
        let signature = "0f".repeat(32);
        let scope = "AKID/20261122/us-east-1/bedrock/aws4_request";
        let good = format!(
            "AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=content-type;host;x-amz-date, \
             Signature={signature}"
        );
        let time = "20261122T140000Z";
        assert!(signed("AKID", &headers(&good, time)));
        assert!(signed("AKID", &headers(&good.replace(", ", ","), time)));
        assert!(!signed("OTHER", &headers(&good, time)));
        assert!(!signed("AKID", &headers(&good, "20261123T140000Z")));
        for (right, wrong) in [
            ("/bedrock/", "/s3/"),
            ("aws4_request", "aws4"),
            ("host;", ""),
            ("0f0f", "0f0"),
            ("AWS4-HMAC", "HMAC"),
            ("content-type;host", "host;content-type"),
        ] {
            let bad = good.replacen(right, wrong, 1);
            assert!(!signed("AKID", &headers(&bad, time)), "{bad}");
        }
    }
}
