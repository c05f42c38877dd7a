//! Who is let in, and by which address: keys, signatures, and what hosts want in place of a model.

use testbed::{Vendor, VendorConfig, Wire};

use crate::client::{WIRES, hello, path, post, request, say_hello, send, vendor};

#[tokio::test]
async fn only_the_vendors_key_opens() {
    let config = VendorConfig {
        key: Some("sk-right-key".to_owned()),
        ..VendorConfig::default()
    };
    let vendor = Vendor::start(config).await.unwrap();
    for (name, value, status) in [
        ("authorization", "Bearer sk-right-key", 200),
        ("x-api-key", "sk-right-key", 200),
        ("x-goog-api-key", "sk-right-key", 200),
        ("authorization", "Bearer sk-wrong", 401),
        ("accept", "*/*", 401),
    ] {
        let body = hello(Wire::OpenAiChat, false).to_string();
        let mut asking = request("POST", path(Wire::OpenAiChat, false), body);
        asking.headers_mut().insert(name, value.parse().unwrap());
        assert_eq!(send(&vendor, asking).await.unwrap().status.as_u16(), status);
    }
    let first = &vendor.requests()[0];
    assert_eq!(first.header("authorization"), Some("Bearer sk-right-key"));
    assert!(!format!("{first:?}").contains("sk-right"));
}

#[tokio::test]
async fn a_request_signed_for_aws_opens_bedrock_and_nothing_else() {
    let config = VendorConfig {
        key: Some("AKIDEXAMPLE".to_owned()),
        ..VendorConfig::default()
    };
    let vendor = Vendor::start(config).await.unwrap();
    let signature = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/us-east-1/bedrock/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date, Signature={signature}"
    );
    for wire in WIRES {
        let body = hello(wire, false).to_string();
        let mut asking = request("POST", path(wire, false), body);
        let headers = asking.headers_mut();
        headers.insert("authorization", authorization.parse().unwrap());
        headers.insert("x-amz-date", "20261122T140000Z".parse().unwrap());
        let heard = send(&vendor, asking).await.unwrap();
        let bedrock = [Wire::Bedrock, Wire::BedrockAnthropic].contains(&wire);
        assert_eq!(
            heard.status.as_u16(),
            if bedrock { 200 } else { 401 },
            "{wire:?}"
        );
    }
    let unsigned = say_hello(&vendor, Wire::Bedrock, false).await;
    assert_eq!(unsigned.status.as_u16(), 403);
    assert!(
        unsigned
            .header("x-amzn-errortype")
            .starts_with("UnrecognizedClientException:")
    );
}

#[tokio::test]
async fn hosts_want_their_version_in_the_body_and_the_model_in_the_path() {
    let vendor = vendor().await;
    for wire in [Wire::BedrockAnthropic, Wire::VertexAnthropic] {
        let good = hello(wire, false);
        let mut other = good.clone();
        other["anthropic_version"] = "2023-06-01".into();
        let mut named = good.clone();
        named["model"] = "m-1".into();
        let mut bare = good.clone();
        bare.as_object_mut().unwrap().remove("anthropic_version");
        for (body, status) in [(good, 200), (other, 400), (named, 400), (bare, 400)] {
            let heard = post(&vendor, path(wire, false), &body).await.unwrap();
            assert_eq!(heard.status.as_u16(), status, "{wire:?} {body}");
        }
    }
    let mut asking = hello(Wire::BedrockAnthropic, true);
    asking["stream"] = true.into();
    let heard = post(&vendor, path(Wire::BedrockAnthropic, true), &asking)
        .await
        .unwrap();
    assert_eq!(heard.status.as_u16(), 400);
}

#[tokio::test]
async fn an_encoded_model_in_the_path_is_named_in_the_books() {
    let vendor = vendor().await;
    let place = "/model/arn%3Aaws%3Abedrock%3A%3A1%3Aprofile%2Fx-v1%3A0/converse";
    post(&vendor, place, &hello(Wire::Bedrock, false))
        .await
        .unwrap();
    assert_eq!(vendor.bill()[0].model, "arn:aws:bedrock::1:profile/x-v1:0");
}
